"""Writes that may lose: of one row on a condition, or of several, all or nothing.

An answer of DynamoDB's can be lost after it has written. Then botocore asks again by itself, and what we have written
is in our own way. A transaction has a token for that, which botocore makes up and keeps when it asks again: DynamoDB
answers it as before. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html

A write of one row has none, and as a transaction would cost twice as much. So each leaves a mark of its own in the row:
what bears our mark we have written. The values would not tell, for a twin may write the same ones in the same moment.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from pynamodb.attributes import Attribute
from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from toritsugi.foundation.tables import Table, connection

CONDITION_FAILED = "ConditionalCheckFailed"  # somebody was before us
CONFLICT = "TransactionConflict"  # somebody is at it in this very moment

MAX_TRIES = 5


# ---- one row ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class WriteOutcome:
    """Whether a condition `held`, and the row: as it is now if it did, else as it was, empty where there was none."""

    held: bool
    row: Mapping[str, Any]
    asked_again: bool = False


def update_if(item: Table, actions: Sequence[Action], condition: Condition) -> bool:
    """Whether the condition held; then, and only then, the item has changed, in the table and in hand.

    Any error but a failed condition comes through.
    """
    mark = make_mark()
    marked = [*actions, Table.mark.set(mark)]
    request = item.get_update_kwargs_from_instance(marked, condition, return_values_on_condition_failure="ALL_OLD")
    outcome = carry_out("update_item", request | {"ReturnValues": "ALL_NEW"})
    ours = outcome.held or is_marked(outcome.row, mark)
    if ours:
        item.deserialize(dict(outcome.row))
    return ours


def save_if(item: Table, condition: Condition | None = None) -> bool:
    """Whether the condition held (that of the item's edition, if it has one); then, and only then, it is stored.

    Any error but a failed condition comes through.
    """
    item.mark = make_mark()
    request = item.get_save_kwargs_from_instance(condition, return_values_on_condition_failure="ALL_OLD")
    outcome = carry_out("put_item", request)
    return outcome.held or is_marked(outcome.row, item.mark)


def delete_if(item: Table, condition: Condition) -> bool:
    """Whether the condition held; then, and only then, the item is gone. All other errors come through.

    What is gone bears no mark. When botocore had to ask again we take it for ours: it is gone, as was wanted.
    """
    request = item.get_delete_kwargs_from_instance(condition, "ALL_OLD", add_version_condition=False)
    outcome = carry_out("delete_item", request)
    return outcome.held or (outcome.asked_again and not outcome.row)


def carry_out(operation: str, request: Mapping[str, Any], tries: int = MAX_TRIES) -> WriteOutcome:
    """What comes of a conditional write of one row; PynamoDB drops what a failure brings along.

    Any error but a failed condition comes through; that a transaction is at the row only when it is so several times.
    """
    try:
        answer = getattr(connection().client, operation)(**request)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "TransactionConflictException" and tries > 1:  # nothing was done, and botocore does not ask again
            return carry_out(operation, request, tries - 1)
        if code != "ConditionalCheckFailedException":
            raise
        asked_again = error.response.get("ResponseMetadata", {}).get("RetryAttempts", 0) > 0
        return WriteOutcome(False, error.response.get("Item", {}), asked_again)
    return WriteOutcome(True, answer.get("Attributes", {}))


def make_mark() -> str:
    """A mark that no other write has."""
    return secrets.token_urlsafe(9)


def is_marked(row: Mapping[str, Any], mark: str) -> bool:
    """Whether the row, as DynamoDB writes it, bears this mark."""
    return bool(row.get("mark") == {"S": mark})


# ---- several, all or nothing -----------------------------------------------------------------------------------------


def write_transaction() -> TransactWrite:
    """A transaction: at the end of its `with` block it is carried out, whole or not at all."""
    return TransactWrite(connection=connection())


@contextmanager
def refusals() -> Iterator[dict[int, str]]:
    """What `lost` says of the transaction inside, filled in when it ends; empty when it was carried out."""
    places: dict[int, str] = {}
    try:
        yield places
    except TransactWriteError as error:
        places.update(reasons_of(error))


def reasons_of(error: TransactWriteError) -> dict[int, str]:
    """Why a transaction was canceled: the place of each item that was the reason, and its code.

    Places count condition checks first, then deletes, puts and updates. Raises the error itself when the cause was
    neither a condition nor another transaction on the same item.
    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
    """
    codes = {place: reason.code for place, reason in enumerate(error.cancellation_reasons) if reason}
    places = {place: code for place, code in codes.items() if code in (CONDITION_FAILED, CONFLICT)}
    if not places:
        raise error
    return places


def set_or_remove(attribute: Attribute[Any], value: Any) -> Action:
    """Sets the attribute, or removes it where the value is None: an absent one is how we say never, or not yet."""
    return attribute.remove() if value is None else attribute.set(value)
