"""What a story is made of: moments, SIDs that belong to it, and what could not be asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Moment:
    """At this second `who` (a table, a log, Twilio) knows that `what` has happened; `facts` say more."""

    at: float
    who: str
    what: str
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Sid:
    """It belongs to the story: its lines in the log do and, where it `is_read`, what is known of it as well."""

    sid: str
    is_read: bool = True


@dataclass(frozen=True)
class Untold:
    """Somebody who could not be asked, and why."""

    why: str


Findings = Iterator[Moment | Sid | Untold]
