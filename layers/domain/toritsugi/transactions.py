"""All or nothing: DynamoDB's transactions, and why one was canceled. Ground: any noun may stand on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pynamodb.attributes import Attribute
from pynamodb.exceptions import TransactWriteError, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from toritsugi.tables import connection

FAILED = "ConditionalCheckFailed"  # somebody was before us
CONFLICT = "TransactionConflict"  # somebody is at it in this very moment


def write() -> TransactWrite:
    """A transaction: at the end of its `with` block it is carried out, whole or not at all."""
    return TransactWrite(connection=connection())


@contextmanager
def refusals() -> Iterator[dict[int, str]]:
    """What `lost` says of the transaction inside, filled in when it ends; empty when it was carried out."""
    places: dict[int, str] = {}
    try:
        yield places
    except TransactWriteError as error:
        places.update(lost(error))


def lost(error: TransactWriteError) -> dict[int, str]:
    """Why a transaction was canceled: the place of each item that was why (condition checks, deletes, puts, updates),
    and its code.

    Raises the error itself when the cause was neither a condition nor another transaction on the same item.
    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
    """
    codes = {place: reason.code for place, reason in enumerate(error.cancellation_reasons) if reason}
    places = {place: code for place, code in codes.items() if code in (FAILED, CONFLICT)}
    if not places:
        raise error
    return places


def update_if(item: Model, actions: list[Action], condition: Condition) -> bool:
    """Whether the condition held, and the item was updated."""
    try:
        item.update(actions, condition=condition)
    except UpdateError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise
        return False
    return True


def put(attribute: Attribute[Any], value: Any) -> Action:
    """Sets the attribute, or removes it where the value is None: an absent one is how we say never, or not yet."""
    return attribute.remove() if value is None else attribute.set(value)
