"""AWS for histories, beside its tables: queues, schedules, files and the bus, as far as a handler sees them.

What they bring (a message, a schedule that fires) comes to whom the world says.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

from local.aws import Template
from tests.conftest import AUTH_TOKEN, BASE, OWN_SECRET
from tests.histories.tables import Tables, failed

Deliver = Callable[[str, str, float], None]  # to what, what is said, in how many seconds


class Aws:
    """All of it. `deliver` is given what a queue or a schedule brings: which, the text, and the seconds until then."""

    def __init__(self, template: Template, deliver: Deliver) -> None:
        self.tables = Tables(schemas(template))
        self.deliver = deliver
        self.schedules: set[str] = set()
        self.files: dict[str, bytes] = {}
        self.events: list[dict[str, Any]] = []
        self.settings = {"public-base-url": BASE, "auth-tokens": AUTH_TOKEN, "own-secrets": OWN_SECRET}

    def call(self, service: str, operation: str, request: dict[str, Any]) -> Any:
        """What an operation answers. Raises ClientError, and ValueError for what is not built."""
        if service == "dynamodb":
            return self.tables.call(operation, request)
        answer: Callable[[dict[str, Any]], Any] | None = {
            "SendMessage": self.send_message,
            "CreateSchedule": self.create_schedule,
            "PutObject": self.put_object,
            "DeleteObject": self.delete_object,
            "PutEvents": self.put_events,
            "GetParameters": self.get_parameters,
        }.get(operation)
        if answer is None:
            raise ValueError(f"histories know no {operation} of {service}")
        return answer(request)

    def send_message(self, request: dict[str, Any]) -> dict[str, Any]:
        self.deliver(request["QueueUrl"].rpartition("/")[2], request["MessageBody"], request.get("DelaySeconds", 0))
        return {"MessageId": "1"}

    def create_schedule(self, request: dict[str, Any]) -> dict[str, Any]:
        from toritsugi.foundation import clients

        name, target = request["Name"], request["Target"]
        if name in self.schedules:
            known = clients.aws_client("scheduler").exceptions
            raise known.ConflictException({"Error": {"Code": "ConflictException"}}, "CreateSchedule")
        self.schedules.add(name)
        due = datetime.fromisoformat(request["ScheduleExpression"][3:-1]).replace(tzinfo=UTC)
        left = due.timestamp() - datetime.now(UTC).timestamp()
        self.deliver(f"schedule {name} {target['Arn'].rpartition(':')[2]}", target["Input"], max(0, left))
        return {"ScheduleArn": name}

    def put_object(self, request: dict[str, Any]) -> dict[str, Any]:
        content = request["Body"].read()
        request["Body"].seek(0)  # for botocore, which may send it again
        if base64.b64encode(hashlib.sha256(content).digest()).decode() != request["ChecksumSHA256"]:
            raise failed("PutObject", "BadDigest")
        self.files[request["Key"]] = content
        return {}

    def delete_object(self, request: dict[str, Any]) -> dict[str, Any]:
        self.files.pop(request["Key"], None)
        return {}

    def put_events(self, request: dict[str, Any]) -> dict[str, Any]:
        self.events += [json.loads(entry["Detail"]) for entry in request["Entries"]]
        return {"FailedEntryCount": 0, "Entries": []}

    def get_parameters(self, request: dict[str, Any]) -> dict[str, Any]:
        known = {name: self.settings.get(name.rpartition("/")[2]) for name in request["Names"]}
        values = {name: value for name, value in known.items() if value is not None}
        return {"Parameters": [{"Name": k, "Value": v} for k, v in values.items()], "InvalidParameters": []}


@cache
def schemas(template: Template) -> dict[str, dict[str, Any]]:
    """The tables of a template, by name."""
    return {template.name(name): table for name, table in template.of_type("AWS::DynamoDB::Table").items()}
