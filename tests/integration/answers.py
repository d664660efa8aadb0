"""DynamoDB's answers, below botocore: one may be lost or refused on its way, and botocore asks again by itself."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import botocore.endpoint
from botocore.exceptions import ReadTimeoutError
from moto.core.models import botocore_stubber

from local.aws import rows

READS = ("BatchGetItem", "GetItem", "Query", "Scan")
CARRIED_OUT = 200

Answer = tuple[int, dict[str, str], Any]
Ask = Callable[[], Answer]
Trouble = Callable[[Ask], Answer]


def lost(ask: Ask) -> Answer:
    """It is carried out, and nobody hears of it."""
    ask()
    raise ReadTimeoutError(endpoint_url="https://dynamodb.example.com")


def throttled(_ask: Ask) -> Answer:
    """It is not carried out."""
    return refusal("ThrottlingException")


def conflicting(_ask: Ask) -> Answer:
    """It is not carried out, for a transaction is at the same item."""
    return refusal("TransactionConflictException")


def refusal(name: str) -> Answer:
    return 400, {}, json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{name}"})


def after(deed: Callable[[], object]) -> Trouble:
    """It is not carried out, and before it is sent again somebody else is at it."""

    def refuse(ask: Ask) -> Answer:
        deed()
        return throttled(ask)

    return refuse


@contextlib.contextmanager
def answers(*troubles: Trouble) -> Iterator[list[str]]:
    """Each write in this block has the next of these troubles, and later ones get through. What was sent, as often as
    it was.

    A transaction that is sent again under the same token is answered as it was before, as DynamoDB promises and moto
    does not. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
    """
    left, sent, known = list(troubles), [], {}
    untouched, endpoint_time = botocore_stubber.process_request, botocore.endpoint.time

    def answer(request: Any) -> Answer:
        service, _, operation = str(request.headers.get("X-Amz-Target", b"").decode()).partition(".")
        if not service.startswith("DynamoDB"):
            return untouched(request)
        sent.append(operation)
        token = json.loads(request.body).get("ClientRequestToken")

        def ask() -> Answer:
            said = known.get(token) or untouched(request)
            if token and said[0] == CARRIED_OUT:
                known[token] = said
            return said

        return left.pop(0)(ask) if left and operation not in READS else ask()

    botocore_stubber.process_request = answer
    botocore.endpoint.time = SimpleNamespace(sleep=lambda _seconds: None)  # before botocore asks again
    try:
        with rows.by_requests():
            yield sent
    finally:
        botocore_stubber.process_request, botocore.endpoint.time = untouched, endpoint_time
    assert not left, "a trouble that was asked for did not strike"
