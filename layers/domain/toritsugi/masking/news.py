"""What is told of masked sessions and of the calls in them. Who the people are stands in no event."""

from collections.abc import Iterator
from dataclasses import dataclass

from toritsugi.foundation.call_status import FINAL
from toritsugi.foundation.events import News
from toritsugi.foundation.forms import date
from toritsugi.masking.interactions import Interaction
from toritsugi.masking.sessions import Session, SessionEntry


@dataclass(frozen=True)
class SessionNews:
    """A session. `closed_reason` says why it is closed, where it is."""

    sid: str
    service_sid: str
    status: str
    closed_reason: str | None
    path: str


@dataclass(frozen=True)
class ExpiryNews:
    """A session that ends soon: its time is over at `expires_at`, and with its grace period at `closes_at`.

    Not if somebody calls or writes in it before `expires_at` and it slides by that, or if its expiry is changed.
    """

    sid: str
    service_sid: str
    status: str
    expires_at: str | None
    closes_at: str | None
    path: str


@dataclass(frozen=True)
class InteractionNews:
    """A call in a session, from one participant to the other; `duration` in seconds, when it is over."""

    sid: str
    session_sid: str
    status: str
    duration: int | None
    inbound_participant_sid: str
    outbound_participant_sid: str
    recording_sid: str | None


EVENTS_OF_SESSIONS = {
    "session.opened": "A session was made, or opened again",
    "session.in-progress": "The first call of a session begins",
    "session.closed": "A session is over: closed, expired, or deleted",
}
EVENTS_OF_EXPIRY = {"session.expiring": "A session ends soon, by its ttl or date of expiry"}
EVENTS_OF_INTERACTIONS = {
    "interaction.started": "A masked call begins",
    "interaction.updated": "A masked call has come further, or its recording is there",
    "interaction.completed": "A masked call is over, whether anybody answered or not",
}


def news_of_session(before: SessionEntry | None, now: SessionEntry | None) -> Iterator[News]:
    """What the change of a session, or of a call in it, tells."""
    if isinstance(now, Interaction):
        yield from news_of_interaction(before if isinstance(before, Interaction) else None, now)
    if not isinstance(now, Session):
        return
    was = before.status if isinstance(before, Session) else None
    path = f"/v1/Services/{now.service_sid}/Sessions/{now.session_sid}"
    facts = SessionNews(now.session_sid, now.service_sid, now.status, now.closed_reason, path)
    if was in (None, "closed") and now.status != "closed":
        yield News("session.opened", now.session_sid, facts)
    if was != now.status == "in-progress":
        yield News("session.in-progress", now.session_sid, facts)
    if now.warned_for is not None and isinstance(before, Session) and before.warned_for != now.warned_for:
        over, closed = date(now.lapses_at), date(now.expires_at)
        expiry = ExpiryNews(now.session_sid, now.service_sid, now.status, over, closed, path)
        yield News("session.expiring", now.session_sid, expiry)
    if was not in (None, "closed") and now.status == "closed":
        yield News("session.closed", now.session_sid, facts)


def news_of_interaction(before: Interaction | None, now: Interaction) -> Iterator[News]:
    facts = InteractionNews(
        now.sid,
        now.session_sid,
        now.status,
        None if now.duration is None else int(now.duration),
        now.inbound_participant_sid,
        now.outbound_participant_sid,
        now.recording_sid,
    )
    if not before:
        yield News("interaction.started", now.sid, facts)
    if now.status in FINAL and not (before and before.status in FINAL):
        yield News("interaction.completed", now.sid, facts)
    elif before and (before.status, before.recording_sid) != (now.status, now.recording_sid):
        yield News("interaction.updated", now.sid, facts)
