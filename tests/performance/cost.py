"""What AWS bills for a call: metered operations at list prices, in dollars per million calls.

Prices of us-east-1 on 2026-11-21, without any free tier. How long a warm request takes on Lambda cannot be measured
here, so it is assumed, and said: most of it is one round trip to DynamoDB, or one to Twilio.

https://aws.amazon.com/api-gateway/pricing/ https://aws.amazon.com/lambda/pricing/ https://aws.amazon.com/sqs/pricing/
https://aws.amazon.com/dynamodb/pricing/on-demand/ https://aws.amazon.com/cloudwatch/pricing/
https://aws.amazon.com/eventbridge/pricing/
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tests.performance.meter import Meter

PRICES_OF = "2026-11-21"
MILLION, GB = 1e6, 1e9

HTTP_API = 1.00 / MILLION  # a request
LAMBDA = 0.20 / MILLION  # an invocation
LAMBDA_GB_SECOND = 0.0000133334  # arm64
WRITE_UNIT, READ_UNIT = 0.625 / MILLION, 0.125 / MILLION
LOGS = 0.50 / GB
SQS = 0.40 / MILLION  # a request
SCHEDULER = 1.00 / MILLION  # a schedule that fires

SQS_REQUESTS = 3  # of each message: it is sent, received and deleted

MEMORY_GB = 0.5
ASSUMED_SECONDS = 0.020  # that a warm request takes
ASSUMED_CARRIER_SECONDS = 0.250  # that a request to Twilio takes, from Tokyo to the United States and back
PLATFORM_LOG_BYTES = 350  # START, END and REPORT, which Lambda writes itself unless it is told not to

# What the access log fills in for a request of ours.
LOGGED = {
    "routeKey": "POST /status/{proxy+}",
    "status": "200",
    "responseLatency": "1234",
    "integration.requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
    "integrationErrorMessage": "-",
}


@dataclass(frozen=True)
class Webhook:
    """One request of Twilio's, with what it did to DynamoDB and how much it logged."""

    name: str
    meter: Meter
    log_bytes: int
    logged_by_aws: int = PLATFORM_LOG_BYTES

    @property
    def logged(self) -> int:
        """Bytes that are written down of it, by whomever."""
        return self.log_bytes + self.logged_by_aws

    def dollars(self, seconds: float = ASSUMED_SECONDS) -> dict[str, float]:
        """What this one request costs, by what it is for."""
        return {
            "HTTP API": HTTP_API,
            "Lambda": LAMBDA + seconds * MEMORY_GB * LAMBDA_GB_SECOND,
            "DynamoDB": self.meter.write_units * WRITE_UNIT + self.meter.read_units * READ_UNIT,
            "logs": self.logged * LOGS,
        }


@dataclass(frozen=True)
class Share:
    """One function's share of a conference: its `requests` over HTTP, its `invocations` in all, what it has asked for,
    and the seconds that it has `slept` until something was due. A schedule becomes a message, too.
    """

    requests: int
    invocations: int
    meter: Meter
    messages: int
    schedules: int
    carrier: int
    slept: float
    log_bytes: int

    @property
    def seconds(self) -> float:
        """How long its invocations take on Lambda, by what is assumed."""
        return self.invocations * ASSUMED_SECONDS + self.carrier * ASSUMED_CARRIER_SECONDS + self.slept

    def dollars(self) -> dict[str, float]:
        """What it costs, by what it is for."""
        return {
            "HTTP API": self.requests * HTTP_API,
            "Lambda": self.invocations * LAMBDA + self.seconds * MEMORY_GB * LAMBDA_GB_SECOND,
            "DynamoDB": self.meter.write_units * WRITE_UNIT + self.meter.read_units * READ_UNIT,
            "SQS": self.messages * SQS_REQUESTS * SQS,
            "Scheduler": self.schedules * SCHEDULER,
            "logs": self.log_bytes * LOGS,
        }


def logged_by_aws(template: dict[str, Any]) -> int:
    """The bytes that AWS itself writes down of each request to an exchange of this template."""
    format = template["Resources"]["Exchange"]["Properties"]["AccessLogSettings"]["Format"]
    line = re.sub(r"\$context\.([\w.]+)", lambda name: LOGGED[name[1]], format)
    quiet = template["Globals"]["Function"].get("LoggingConfig", {}).get("SystemLogLevel") == "WARN"
    return len(line) + (0 if quiet else PLATFORM_LOG_BYTES)


def per_million(webhooks: Iterable[Webhook], seconds: float = ASSUMED_SECONDS) -> dict[str, float]:
    """What a million calls cost that consist of these webhooks, by what it is for."""
    return total(webhook.dollars(seconds) for webhook in webhooks)


def total(bills: Iterable[dict[str, float]]) -> dict[str, float]:
    """What a million calls cost of which each is billed all this."""
    whole: dict[str, float] = {}
    for bill in bills:
        for purpose, dollars in bill.items():
            whole[purpose] = whole.get(purpose, 0) + dollars * MILLION
    return whole
