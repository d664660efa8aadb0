"""Conflicts: another transaction is at the same row in this very moment. That is no answer, so it is asked again.

DynamoDB refuses whoever comes second, having done nothing, and botocore does not ask again by itself:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-conflict-handling
"""

import random
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from botocore.exceptions import ClientError
from pynamodb.exceptions import PynamoDBException

from toritsugi.foundation.errors import Contended

MAX_CONFLICT_TRIES = 5
LONGEST_WAIT_SECONDS = 0.005  # before the second try, and twice as long before each further one: 75 ms at the very most

CONFLICTS = {"TransactionConflict", "TransactionConflictException"}
IN_PROGRESS = "TransactionInProgressException"  # our own, which we ask after: it may be carried out yet
# Of what a transaction was canceled for, these say nothing of the rows.
PASSING = {*CONFLICTS, IN_PROGRESS, "ThrottlingError", "ProvisionedThroughputExceeded"}

Written = TypeVar("Written")


def tried_again(write: Callable[[], Written], between: Callable[[set[str]], None] = lambda _: None) -> Written:
    """What comes of a write, which is tried again while others are in its way; `between` hears why.

    Raises Contended where a conflict does not pass, and every other error as it is.
    """
    for tries_left in reversed(range(MAX_CONFLICT_TRIES)):
        try:
            return write()
        except (ClientError, PynamoDBException) as error:
            codes = codes_of(error)
            if not codes & PASSING:
                raise
            if not tries_left and codes & CONFLICTS:
                raise Contended from error
            if not tries_left:
                raise
            between(codes)
            wait(MAX_CONFLICT_TRIES - tries_left)
    raise AssertionError("the last try answers or raises")


def wait(tried: int) -> None:
    """Lets the others finish; those who wait for each other do not come back in the same moment."""
    time.sleep(random.uniform(0, LONGEST_WAIT_SECONDS * 2 ** (tried - 1)))  # noqa: S311  no secret


def codes_of(error: Exception) -> set[str]:
    """Why DynamoDB refused a write: its code, and those of all the rows for which a transaction was canceled."""
    return set(find_codes(error))


def find_codes(error: Exception) -> Iterator[str]:
    cause: Any = getattr(error, "cause", None) or error
    answer = getattr(cause, "response", None) or {}
    yield answer.get("Error", {}).get("Code", "")
    for reason in getattr(error, "cancellation_reasons", ()):
        if reason:
            yield reason.code
