"""DynamoDB's operations on rows, answered by moto itself: no request is written, signed, sent and read for one.

Those were half of what such a call took, and this machine makes thousands of them in a test run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError
from moto.core.exceptions import ServiceException
from moto.dynamodb.responses import DynamoHandler
from werkzeug.exceptions import HTTPException

from local.aws.template import ACCOUNT, REGION

OPERATIONS = {
    "GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan",
    "BatchGetItem", "BatchWriteItem", "TransactGetItems", "TransactWriteItems",
}  # fmt: skip

requested = False


@contextmanager
def by_requests() -> Iterator[None]:
    """Inside, they are asked by requests all the same, for somebody listens on the wire."""
    global requested
    before, requested = requested, True
    try:
        yield
    finally:
        requested = before


def are_answered_directly(client: Any, operation: str) -> bool:
    """Whether nothing is lost by it: for the tables of boto3, botocore translates what they say and are told."""
    translated = "Resource" in (client.meta.config.user_agent_extra or "")
    return (
        client.meta.service_model.service_name == "dynamodb"
        and operation in OPERATIONS
        and not (requested or translated)
    )


def answer(client: Any, operation: str, request: dict[str, Any]) -> dict[str, Any]:
    """What a client is answered. Raises the ClientError that it would raise."""
    handler = DynamoHandler()
    handler.current_account, handler.region = ACCOUNT, REGION
    handler.params = handler.body = over_the_wire(request)
    try:
        found = getattr(handler, xform_name(operation))().result
    except (HTTPException, ServiceException) as refused:
        raise refusal(client, operation, refused) from None
    known = client.meta.service_model.operation_model(operation).output_shape.members
    answered = {name: said for name, said in found.items() if name in known and said is not None}
    return {
        **over_the_wire(answered),
        "ResponseMetadata": {"HTTPStatusCode": 200, "HTTPHeaders": {}, "RetryAttempts": 0},
    }


def over_the_wire(said: dict[str, Any]) -> Any:
    """A copy of what is said, for neither side sees what the other changes afterwards."""
    return json.loads(json.dumps(said))


def refusal(client: Any, operation: str, refused: Any) -> ClientError:
    """The error that a client of AWS makes of moto's."""
    if isinstance(refused, ServiceException):
        said = {"__type": refused.code, "Message": refused.message}
    else:
        said = json.loads(refused.description)
    code = str(said.pop("__type")).rpartition("#")[2]
    message = said.pop("Message", None) or said.pop("message", "")
    error = {"Code": code, "Message": message}
    answered = {
        **said,
        "Error": error,
        "ResponseMetadata": {"HTTPStatusCode": 400, "HTTPHeaders": {}, "RetryAttempts": 0},
    }
    kind: type[ClientError] = client.exceptions.from_code(code)
    return kind(answered, operation)
