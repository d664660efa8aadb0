"""How a person is erased from what was masked: the sessions in which they were, and the routes that remember them.

A session goes as a whole, for whatever it says of the other is about this person, too. But whoever was one of a team
was rung, and nothing more: their number goes.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from pynamodb.expressions.update import Action

from toritsugi.foundation.transactions import (
    MAX_TRIES,
    delete_if,
    refusals,
    set_or_remove,
    update_if,
    write_transaction,
)
from toritsugi.lines.directory import Entry
from toritsugi.masking.claims import routes_at
from toritsugi.masking.interactions import Interaction
from toritsugi.masking.lifecycle import delete_as_read, expire_session, forget_session, session_is_busy
from toritsugi.masking.message_interactions import MessageInteraction, list_all, with_messages
from toritsugi.masking.pins import is_of_participant, pin_at
from toritsugi.masking.routes import Route, is_held
from toritsugi.masking.sessions import (
    DELETED_REASON,
    Participant,
    PersonEntry,
    Session,
    find_other_numbers,
    find_with_people,
    forget_people,
    has_same_people,
)


@dataclass(frozen=True)
class SessionTraces:
    """What a session has left elsewhere: the SIDs of its calls, of its texts, and of what was recorded."""

    calls: set[str]
    texts: set[str]
    recordings: set[str]


def find_sessions_of(number: str) -> list[str]:
    """The SIDs of the sessions in which this person is or was, also by another number that they had then."""
    return sorted({entry.session_sid for entry in PersonEntry.by_number.query(number)})


def find_live(session_sids: Iterable[str]) -> list[str]:
    """Those of these sessions that have not ended."""
    now, keys = time.time(), [(sid, "session") for sid in session_sids]
    return [one.session_sid for one in Session.batch_get(keys, consistent_read=True) if not one.is_closed(now)]


def find_traces(session_sid: str) -> SessionTraces:
    """What a session has left elsewhere."""
    happened = with_messages(list_all(session_sid))
    spoken = [one for one, _ in happened if isinstance(one, Interaction)]
    calls = {sid for one in spoken for sid in (one.inbound_call_sid, one.outbound_call_sid) if sid}
    sent = {message.sid for _, message in happened if message and message.sid}
    came = {one.inbound_message_sid for one, _ in happened if isinstance(one, MessageInteraction)} - {None}
    return SessionTraces(calls, sent | came, {one.recording_sid for one in spoken if one.recording_sid})


def erase_session(session_sid: str) -> None:
    """Nothing is left of a session that has ended. Raises RequestRefused 80503 where it is being changed.

    Its people are gone in the moment in which it is for everybody; what it did, which names no number, after that, by
    cleanup.py if need be.
    """
    for _ in range(MAX_TRIES):
        session, people = find_with_people(session_sid)
        if session is None:
            return forget_people(session_sid)
        if session.status != "closed":  # past its expiry, and not written down yet
            expire_session(session_sid, time.time())
            continue
        nobody = [Route.partner.remove(), Route.partner_sid.remove(), Route.shows.remove()]
        for person in people:
            for route in routes_at(person):
                update_if(route, nobody, is_held(session_sid))
            if person.pin_entry:
                delete_if(pin_at(person), is_of_participant(person))
        if session.closed_reason == DELETED_REASON or delete_as_read(session, people):
            return forget_session(session)
    raise session_is_busy()


def leave_team(session_sid: str, number: str) -> bool:
    """Whether the number was one of a team's alone, and is no more; of who else was in a session all of it goes.

    Raises RequestRefused 80503 where the session is being changed.
    """
    for _ in range(MAX_TRIES):
        session, people = find_with_people(session_sid)
        kept = find_other_numbers(session_sid, number)
        was_first = any(one.identifier == number for one in people) or not all(one.of_team for one in kept)
        if session is None or was_first or not kept:
            return False
        counted: list[Action] = [Session.renumbered.set((session.renumbered or 0) + 1)]
        with refusals() as places, write_transaction() as transaction:
            for one in kept:
                transaction.delete(one)
            for person in (one for one in people if number in one.numbers):
                more = [one for one in person.numbers[1:] if one != number]
                left: list[Action] = [set_or_remove(Participant.more_identifiers, more or None)]
                transaction.update(person, left, condition=Participant.entry.exists())
            over = Session.entry.exists() & ((Session.status == "closed") | (Session.expires_at <= int(time.time())))
            transaction.update(session, counted, condition=over & has_same_people(session))
        if not places:
            return True
    raise session_is_busy()


def forget_routes(number: str) -> int:
    """How many routes of a person were forgotten; one that connects stays, for its session has just been opened."""
    now = int(time.time())
    over = Route.ended_at.exists() | (Route.expires_at <= now)
    routes = [one for one in Entry.query(number, consistent_read=True) if isinstance(one, Route)]
    return sum(delete_if(route, over) for route in routes)
