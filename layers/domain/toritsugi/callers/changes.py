"""How one caller is written down, changed and forgotten; and that somebody wants no messages, or wants them again."""

import time
from collections.abc import Mapping
from typing import Any

from toritsugi.callers import index
from toritsugi.callers.caller import Caller, OptOut, caller_key, find_caller, opt_out_key
from toritsugi.foundation.errors import RequestRefused, not_found
from toritsugi.foundation.preconditions import NO_PRECONDITION, Precondition
from toritsugi.foundation.transactions import delete_if, save_if

MAX_CALLER_TRIES = 5


def keep_caller(number: str, said: Mapping[str, Any], expected: Precondition = NO_PRECONDITION) -> bool:
    """Writes down who calls from a number, of whom everything is said. Whether nobody was known there before.

    Raises RequestRefused 20409, 20412.
    """
    for _ in range(MAX_CALLER_TRIES):
        before = find_caller(number)
        expected.check(before.tag if before else None)
        if save_if(filled_in(before or new_caller(number), said)):
            return before is None
    raise overtaken_by_others()


def change_caller(number: str, said: Mapping[str, Any], expected: Precondition = NO_PRECONDITION) -> None:
    """Changes what is said of a caller, and leaves the rest. Raises RequestRefused 20404, 20409, 20412."""
    for _ in range(MAX_CALLER_TRIES):
        before = find_caller(number)
        if before is None:
            raise unknown(number)
        expected.check(before.tag)
        if save_if(filled_in(before, said)):
            return
    raise overtaken_by_others()


def forget_caller(number: str, expected: Precondition = NO_PRECONDITION) -> None:
    """Nobody is known at this number any more; that no messages are wanted there is not forgotten.

    Raises RequestRefused 20404, 20409, 20412.
    """
    for _ in range(MAX_CALLER_TRIES):
        before = find_caller(number)
        if before is None:
            raise unknown(number)
        expected.check(before.tag)
        if delete_if(before, Caller.edition == before.edition):
            return
    raise overtaken_by_others()


def forget_caller_if_known(number: str) -> bool:
    """Whether somebody was known at this number, who is not any more."""
    return delete_if(Caller(*caller_key(number)), Caller.entry.exists())


def opt_out(number: str) -> None:
    """From now on no messages are wanted at this number, if they were until now."""
    save_if(OptOut(*opt_out_key(number), at=int(time.time())), OptOut.entry.does_not_exist())


def opt_in(number: str) -> None:
    """Messages are wanted again."""
    OptOut(*opt_out_key(number)).delete()


def new_caller(number: str) -> Caller:
    """Somebody of whom nothing is known but the number; not stored yet."""
    return Caller(*caller_key(number), date_created=int(time.time()))


def filled_in(caller: Caller, said: Mapping[str, Any]) -> Caller:
    """The caller, with what is said, and on the right shelf; not stored yet."""
    for name, value in said.items():
        setattr(caller, name, value)
    caller.date_updated = int(time.time())
    index.lay(caller)
    return caller


def unknown(number: str) -> RequestRefused:
    """The refusal (20404) of a number of which nobody has said who calls from it."""
    return not_found(f"/api/callers/{number}")


def overtaken_by_others() -> RequestRefused:
    """The refusal (20409) of a change which others were faster with, several times over."""
    return RequestRefused(20409, "Others are changing this caller at this moment. Please try again", 409)
