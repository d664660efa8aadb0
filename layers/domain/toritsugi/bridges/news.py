"""What is told of calls that the exchange makes: that they were asked for, that people talk, and that it is over."""

from collections.abc import Iterator
from dataclasses import dataclass

from toritsugi.bridges.records import Bridge
from toritsugi.foundation.events import News


@dataclass(frozen=True)
class CallNews:
    """A call that the exchange makes. `end_reason` says why it is over, where it is."""

    sid: str
    line: str
    through: str
    session_sid: str | None
    end_reason: str | None
    path: str


EVENTS_OF_CALLS = {
    "call.created": "A call that the exchange makes was asked for, or a masked call begins through a conference",
    "call.connected": "People talk: the call's time runs",
    "call.ended": "The call is over",
}


def news_of_bridge(before: Bridge | None, now: Bridge | None) -> Iterator[News]:
    """What the change of a bridge tells."""
    if not now:
        return
    path = f"/api/calls/{now.bridge_sid}"
    facts = CallNews(now.bridge_sid, now.line, now.through, now.session_sid, now.end_reason, path)
    if not before:
        yield News("call.created", now.bridge_sid, facts)
    if now.deadline is not None and (not before or before.deadline is None):
        yield News("call.connected", now.bridge_sid, facts)
    if now.is_over and not (before and before.is_over):
        yield News("call.ended", now.bridge_sid, facts)
