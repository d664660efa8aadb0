"""Writes that may lose: of one row on a condition, or of several, all or nothing.

Only a condition that failed is a no. Whatever else is in the way passes, and is tried again here: see conflicts.

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
from functools import partial
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError
from pynamodb.attributes import Attribute
from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from toritsugi.foundation import conflicts
from toritsugi.foundation.tables import Table, connection

CONDITION_FAILED = "ConditionalCheckFailed"  # somebody was before us

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

    Any error but a failed condition comes through, Contended after several conflicts.
    """
    held, row = update_marked(item, actions, condition)
    if held:
        item.deserialize(dict(row))
    return held


def update_or_read(item: Table, actions: Sequence[Action], condition: Condition) -> bool | None:
    """The same, but the item is in hand as it is in the table where the condition failed, too; None: there is none."""
    held, row = update_marked(item, actions, condition)
    if not row:
        return None
    item.deserialize(dict(row))
    return held


def update_marked(item: Table, actions: Sequence[Action], condition: Condition) -> tuple[bool, Mapping[str, Any]]:
    """Whether the condition held, and the row: see WriteOutcome."""
    mark = make_mark()
    marked = [*actions, Table.mark.set(mark)]
    request = item.get_update_kwargs_from_instance(marked, condition, return_values_on_condition_failure="ALL_OLD")
    outcome = carry_out("update_item", request | {"ReturnValues": "ALL_NEW"})
    return outcome.held or is_marked(outcome.row, mark), outcome.row


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


def carry_out(operation: str, request: Mapping[str, Any]) -> WriteOutcome:
    """What comes of a conditional write of one row; PynamoDB drops what a failure brings along.

    Any error but a failed condition comes through, Contended after several conflicts.
    """
    try:
        answer = conflicts.tried_again(partial(getattr(connection().client, operation), **request))
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
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


class Transaction(TransactWrite):
    """One that is tried again while another is at its rows, whatever else it is refused for in that moment.

    After a cancellation nothing was done, and the next try is another transaction. One that still is in progress is
    ours, and is asked after by its token.
    """

    def _commit(self) -> Any:
        self.take_another_token(set())
        return conflicts.tried_again(super()._commit, self.take_another_token)

    def take_another_token(self, codes: set[str]) -> None:
        if conflicts.IN_PROGRESS not in codes:
            self._client_request_token = str(uuid4())


def write_transaction() -> Transaction:
    """A transaction: at the end of its `with` block it is carried out, whole or not at all.

    Raises Contended where others are at its rows, however often it is tried.
    """
    return Transaction(connection=connection())


@contextmanager
def refusals() -> Iterator[set[int]]:
    """The places of the transaction inside whose conditions failed, filled in when it ends; none: it was carried out.

    Places count condition checks first, then deletes, puts and updates. Any other error comes through.
    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
    """
    places: set[int] = set()
    try:
        yield places
    except TransactWriteError as error:
        places.update(failed_places(error))


def failed_places(error: TransactWriteError) -> set[int]:
    """Where a transaction was refused; raises the error itself where anything but a condition was the reason."""
    codes = {place: reason.code for place, reason in enumerate(error.cancellation_reasons) if reason}
    if set(codes.values()) != {CONDITION_FAILED}:
        raise error
    return set(codes)


def set_or_remove(attribute: Attribute[Any], value: Any) -> Action:
    """Sets the attribute, or removes it where the value is None: an absent one is how we say never, or not yet."""
    return attribute.remove() if value is None else attribute.set(value)
