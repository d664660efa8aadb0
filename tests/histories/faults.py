"""What may go wrong at a call, of AWS or of Twilio: the process ends, the answer is lost, others are at it, too much is
asked for, time is up. Each either carries the call out or does not, and answers or raises as the real client would.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import requests
from botocore.exceptions import ClientError, ReadTimeoutError

from tests.histories.actors import Died
from tests.histories.tables import canceled, failed

Carry = Callable[[], Any]


@dataclass(frozen=True)
class Call:
    """A call that an actor makes: of dynamodb, sqs, scheduler, s3, events, ssm or twilio."""

    service: str
    operation: str
    request: Any
    carry: Carry

    @property
    def is_read(self) -> bool:
        return self.operation in ("GetItem", "BatchGetItem", "Query", "Scan", "GetParameters", "GET")


Fault = Callable[[Call], Any]


def crash_before(_: Call) -> Any:
    raise Died


def crash_after(call: Call) -> Any:
    with suppress(ClientError):
        call.carry()
    raise Died


def lost_answer(call: Call) -> Any:
    """It was carried out, and botocore asks again: the same, so of a transaction it gets the same answer."""
    try:
        answer = call.carry()
    except ClientError:
        return call.carry()
    return answer if call.operation == "TransactWriteItems" else call.carry()


def time_out_before(call: Call) -> Any:
    raise timed_out(call)


def time_out_after(call: Call) -> Any:
    with suppress(ClientError):
        call.carry()
    raise timed_out(call)


def timed_out(call: Call) -> Exception:
    if call.service == "twilio":
        return requests.exceptions.ReadTimeout("on purpose")
    return ReadTimeoutError(endpoint_url=f"https://{call.service}.example.com")


def throttled(call: Call) -> Any:
    raise failed(call.operation, "ThrottlingException", "Rate exceeded")


def conflict(call: Call) -> Any:
    """Another transaction is at the first item in this very moment."""
    if call.operation != "TransactWriteItems":
        raise failed(call.operation, "TransactionConflictException", "Transaction is ongoing for the item")
    raise canceled([{"Code": "TransactionConflict"}, *[{"Code": "None"}] * (len(call.request["TransactItems"]) - 1)])


def unprocessed(call: Call) -> Any:
    """Of a batch only the first half is done."""
    asked = call.request["RequestItems"]
    left = {}
    for name, said in asked.items():
        many = said["Keys"] if isinstance(said, dict) else said
        half = (len(many) + 1) // 2
        rest, many[half:] = many[half:], []
        if rest:
            left[name] = {**said, "Keys": rest} if isinstance(said, dict) else rest
    answer = call.carry()
    return answer | {"UnprocessedKeys" if call.operation == "BatchGetItem" else "UnprocessedItems": left}


def refused(_: Call) -> Any:
    """Twilio has something against it."""
    return 400, {"code": 21220, "message": "on purpose", "status": 400}


def broken(_: Call) -> Any:
    """Twilio has a bad day."""
    return 503, {"code": 20503, "message": "on purpose", "status": 503}


def faults_of(call: Call) -> list[Fault]:
    """Which can strike this call."""
    if call.service == "twilio":
        return [crash_before, crash_after, time_out_before, time_out_after, refused, broken]
    if call.is_read:
        return [crash_before, throttled, time_out_before] + [unprocessed] * (call.operation == "BatchGetItem")
    found: list[Fault] = [crash_before, crash_after, lost_answer, time_out_before, time_out_after, throttled]
    if call.operation == "BatchWriteItem":
        return [*found, unprocessed]
    return found + [conflict] * (call.service == "dynamodb")
