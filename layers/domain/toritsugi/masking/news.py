"""What is told of masked sessions and of the calls and texts in them. Who the people are stands in no event."""

from collections.abc import Iterator
from dataclasses import dataclass

from toritsugi.foundation.call_status import FINAL
from toritsugi.foundation.events import News
from toritsugi.foundation.forms import date
from toritsugi.masking.interactions import Interaction
from toritsugi.masking.message_interactions import interaction_sid_of, status_of_proxy
from toritsugi.masking.sessions import Session, SessionEntry
from toritsugi.messages.news import news_of_message
from toritsugi.messages.records import Message

TEXT_IS_OVER = ("delivered", "undelivered", "failed", "canceled")


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
class ExhaustedNews:
    """Of the `numbers` that would do for one person of a country, so many are `used` in sessions of theirs.

    `refused`: a session was not made for want of one. What is known of it stands under `path`.
    """

    service_sid: str
    iso_country: str
    mode: str
    numbers: int
    used: int
    refused: bool
    path: str


@dataclass(frozen=True)
class InteractionNews:
    """A call or a text in a session; `type` says which. `duration` is that of a call in seconds, when it is over.

    A text that a program has sent is from no participant.
    """

    sid: str
    session_sid: str
    type: str
    status: str
    duration: int | None
    inbound_participant_sid: str | None
    outbound_participant_sid: str
    recording_sid: str | None


EVENTS_OF_SESSIONS = {
    "session.opened": "A session was made, or opened again",
    "session.in-progress": "The first call of a session begins",
    "session.closed": "A session is over: closed, expired, or deleted",
}
EVENTS_OF_EXPIRY = {"session.expiring": "A session ends soon, by its ttl or date of expiry"}
EVENTS_OF_POOLS = {"number.exhausted": "The numbers for somebody's next session are nearly used up, or are"}
EVENTS_OF_INTERACTIONS = {
    "interaction.started": "A masked call begins, or a text goes on to the other",
    "interaction.updated": "A masked call or text has come further, or the call's recording is there",
    "interaction.completed": "A masked call is over, whether anybody answered or not; or a text has arrived, or not",
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
        "voice",
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


def news_of_text(before: Message | None, now: Message | None) -> Iterator[News]:
    """What the change of a text tells: of itself, and of the interaction that it is in a session.

    A text of a former release does not say who is to get it, and tells of itself alone.
    """
    yield from news_of_message(before, now)
    if not now or not now.session_sid or not now.participant_sid:
        return
    sid, was, status = interaction_sid_of(now), before and status_of_proxy(before), status_of_proxy(now)
    people = now.inbound_participant_sid, now.participant_sid
    facts = InteractionNews(sid, now.session_sid, "message", status, None, *people, None)
    if not before:
        yield News("interaction.started", sid, facts)
    if status in TEXT_IS_OVER and was not in TEXT_IS_OVER:
        yield News("interaction.completed", sid, facts)
    elif before and was != status:
        yield News("interaction.updated", sid, facts)
