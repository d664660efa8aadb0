"""What is told of limits; once in an hour, where it happens."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LimitNews:
    """A limit that was reached: one of ours, at its `most`, perhaps of one line; or one of Twilio's, by its code."""

    limit: str
    until: str
    most: int | None = None
    line_sid: str | None = None
    code: int | None = None


@dataclass(frozen=True)
class UnusualNews:
    """How many calls and texts have begun in this hour, and above how many somebody should look."""

    begun: int
    usual: int


EVENTS_OF_LIMITS = {"limit.reached": "As much was called, or written, as is allowed: the rest of it is refused"}
EVENTS_OF_UNUSUAL_CALLS = {"calls.unusual": "More calls and texts have begun in an hour than is usual"}
