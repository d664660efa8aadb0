"""The log, from which telephone numbers are struck out, whoever put them in, and however they are written.

Each line carries the id that AWS gave the invocation, and the SIDs that it is about: by those `toritsugi trace` tells a
call's story.
"""

import re
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import wraps
from typing import Any, TypeVar

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

DIGIT = "[0-9\uff10-\uff19]"  # also of full width
BETWEEN = "[ \u00a0\u3000().\uff08\uff09\uff0e\\-\u2010-\u2015\u2212\uff0d\u30fc]"  # spaces, brackets, all hyphens
# Seven digits to fifteen, not inside a word: a SID is hexadecimal, and may hold as many in a row.
OUTSIDE, INSIDE = "(?<![0-9A-Za-z\uff10-\uff19])", "(?![0-9A-Za-z\uff10-\uff19])"
NUMBER = rf"{OUTSIDE}(?:\+|\uff0b|%2B)?[(\uff08]?{DIGIT}(?:{BETWEEN}{{0,2}}{DIGIT}){{6,14}}{INSIDE}"
NOT_NUMBERS = (
    r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b",  # the id of a request
    r"\b1-[0-9a-f]{8}-[0-9a-f]{24}\b",  # of a trace
    r"-(?:expiry|timer)-\d{10}\b",  # the end of a schedule's name: its second
    r"\b(?:19|20)\d\d-[01]\d-[0-3]\d(?:[T ][0-2]\d(?::[0-5]\d){1,2}(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)?",  # a date
    r"\b\d{1,9}(?:\.\d+)? ?(?:ms|s|seconds|minutes|bytes)\b",  # a duration, a size
)
FOUND = re.compile("|".join([*(f"(?:{kept})" for kept in NOT_NUMBERS), f"(?P<number>{NUMBER})"]))

# What Lambda and Powertools write, where no number of anybody's can be.
OWN_FIELDS = {"level", "location", "timestamp", "service", "function_arn", "function_request_id", "xray_trace_id"}


def strike_out(value: Any) -> Any:
    """The value without any telephone number in it. What is a number to JSON, a duration or a count, stays."""
    if isinstance(value, str):
        return FOUND.sub(lambda found: "(number)" if found["number"] else found[0], value)
    if isinstance(value, dict):
        return {strike_out(name): strike_out(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set):
        return [strike_out(inner) for inner in value]
    return value if value is None or isinstance(value, int | float) else strike_out(str(value))


# What the invocation that runs is about. Of a context, and not of the process, for on a developer's machine several run
# in one.
THREAD: ContextVar[Mapping[str, str]] = ContextVar("thread", default={})  # noqa: B039  nobody changes it


class Discreet(LambdaPowertoolsFormatter):
    """Powertools' JSON lines, with every telephone number left out, in messages and tracebacks alike."""

    def serialize(self, log: Any) -> str:
        whole = log | {**THREAD.get(), **log}
        return super().serialize({name: one if name in OWN_FIELDS else strike_out(one) for name, one in whole.items()})


# Without a time as RFC 3339 has it, Lambda takes every line for INFO, errors too, and gives it a time of its own:
# https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
log = Logger(logger_formatter=Discreet(serialize_stacktrace=False, use_rfc3339=True, utc=True))


# ---- the thread ------------------------------------------------------------------------------------------------------

# SIDs that stand in paths and in what Twilio sends, by the first letters, and what the log calls them.
LOGGED_AS = {
    "CA": "call_sid",
    "KB": "bridge_sid",
    "KC": "session_sid",
    "KM": "message_id",
    "SM": "message_sid",
    "MM": "message_sid",
    "RE": "recording_sid",
}
SID_IN_TEXT = re.compile(f"(?<![0-9A-Za-z])({'|'.join(LOGGED_AS)})[0-9a-f]{{32}}(?![0-9A-Za-z])")

Handled = TypeVar("Handled")


def traced(handle: Callable[[Any, Any], Handled]) -> Callable[[Any, Any], Handled]:
    """A Lambda handler whose lines in the log all carry its invocation's id; one that fails says so, too.

    Lambda writes a line of its own about that, which knows the id alone.
    """

    @wraps(handle)
    def handler(event: Any, context: Any) -> Handled:
        before = THREAD.set({"function_request_id": getattr(context, "aws_request_id", "")})
        try:
            return handle(event, context)
        except Exception as failure:
            log.exception("not done", reason=type(failure).__name__)
            raise
        finally:
            THREAD.reset(before)

    return handler


def follow(*texts: str, **sids: str | None) -> None:
    """From now on the invocation is about these, too: the SIDs in texts, such as a path, and those that are named."""
    found = {LOGGED_AS[sid[1]]: sid[0] for text in texts for sid in SID_IN_TEXT.finditer(text)}
    THREAD.set({**THREAD.get(), **found, **{name: sid for name, sid in sids.items() if sid}})
