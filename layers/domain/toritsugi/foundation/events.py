"""Events: what has happened, as the owner's other systems are told it, in the envelope that CloudEvents has for them.

An event says what has happened, to what, and where that can be read; and no number and no word of anybody's. So none
of the queues, logs and lists through which it goes holds anything that would have to be erased.
https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
"""

import hashlib
import secrets
import time
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from toritsugi.foundation import config
from toritsugi.foundation.forms import date

SCHEMAS_PATH = "/api/events/schemas"
VERSION = 1  # of all schemas: one that loses a field, or changes its meaning, would be the next beside this one


@dataclass(frozen=True)
class Event:
    """Something of this `type`, such as call.ended, that has happened to a `subject`, and the facts.

    Of one subject the events are told in their order.
    """

    sid: str
    type: str
    subject: str
    at: float
    data: dict[str, Any]


def new_event(type: str, subject: str, facts: Any, at: float | None = None, seed: str = "") -> Event:
    """An event of now, or of that moment, with the facts of a dataclass or a dictionary; the same for the same seed."""
    moment = time.time() if at is None else at
    data = facts if isinstance(facts, dict) else asdict(facts)
    return Event(
        timed_sid("KE", moment, f"{type} {seed}" if seed else secrets.token_hex(16)), type, subject, moment, data
    )


def timed_sid(kind: str, at: float, seed: str) -> str:
    """A SID that stands in a list where its moment does: a time in milliseconds, and then a hash of the seed."""
    return f"{kind}{int(at * 1000):012x}{hashlib.sha256(seed.encode()).hexdigest()[:20]}"


def first_sid(kind: str, at: float) -> str:
    """What stands in a list before all SIDs of that moment."""
    return f"{kind}{int(at * 1000):012x}"


def as_envelope(event: Event) -> dict[str, Any]:
    """The event as everybody is sent it, whichever way."""
    exchange = config.settings().public_base_url
    return {
        "specversion": "1.0",
        "id": event.sid,
        "source": exchange,
        "type": event.type,
        "subject": event.subject,
        "time": date(event.at),
        "datacontenttype": "application/json",
        "dataschema": f"{exchange}{SCHEMAS_PATH}/{event.type}.v{VERSION}",
        "data": event.data,
    }


class News(NamedTuple):
    """What a row of a table has to tell when it has changed: the type of an event, its subject, and the facts."""

    type: str
    subject: str
    facts: Any
