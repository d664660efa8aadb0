"""Who is called, and by whom: what came of a call that we asked for, and the masked call that becomes a bridge."""

from collections.abc import Callable

from toritsugi.bridges import life
from toritsugi.bridges.records import Party, party_key, update_if
from toritsugi.errors import RequestRefused
from toritsugi.interactions import Leg
from toritsugi.routes import LONGEST_CALL_SECONDS, RING_SECONDS
from toritsugi.services import find_service
from toritsugi.sessions.records import Participant, Session, SessionEntry
from toritsugi.voices import language_of

Seal = Callable[[str, str], str]


def note_call(party: Party, attempt: int, call_sid: str) -> None:
    """Keeps the CallSid of a call that was made; its callbacks may have told it already."""
    update_if(party, [Party.call_sid.set(call_sid)], Party.attempts == attempt)


def note_refusal(party: Party, attempt: int, why: str) -> None:
    """Keeps why a call was not made."""
    update_if(party, [Party.refused.set(why[:500])], Party.attempts == attempt)


def read_people(session_sid: str) -> tuple[Session, list[Participant]]:
    """An open session and its participants, by its SID alone. Raises RequestRefused 404."""
    entries = list(SessionEntry.query(session_sid, SessionEntry.entry >= "participant#", consistent_read=True))
    sessions = [entry for entry in entries if isinstance(entry, Session)]
    if not sessions:
        raise RequestRefused(20404, "There is no such session", 404)
    people = [entry for entry in entries if isinstance(entry, Participant)]
    present = [person for person in people if person.date_deleted is None]
    return sessions[0], sorted(present, key=lambda person: person.place)


def begin(call_sid: str, session_sid: str, caller_sid: str, began: float, seal: Seal) -> str:
    """Keeps the bridge of a masked call, whose caller is there already; its SID. Twice is once."""
    session, people = read_people(session_sid)
    caller = next(person for person in people if person.sid == caller_sid)
    callee = next(person for person in people if person.sid != caller_sid)
    service = find_service(session.service_sid)
    until = int(began + session.ttl) if session.slides else session.expires_at
    deadline = min(until or began + LONGEST_CALL_SECONDS, began + LONGEST_CALL_SECONDS)
    leg = Leg(session_sid, caller.sid, callee.sid, int(began))
    if session.slides and until:
        sealed = seal(caller.identifier + caller.proxy_identifier, call_sid)
        leg = Leg(session_sid, caller.sid, callee.sid, int(began), int(until), sealed)
    sid = life.sid_of(call_sid)
    bridge, entries = life.for_session(
        call_sid,
        began,
        deadline,
        enlist(sid, 1, caller, began),
        enlist(sid, 2, callee, began, leg.path),
        int(service.warn_before_end),
        line=caller.proxy_identifier,
        session_sid=session_sid,
        service_sid=session.service_sid,
        extension_minutes=service.extension_minutes,
        extension_times=service.extension_times if service.extension_minutes else 0,
    )
    bridge.ring_seconds = RING_SECONDS
    life.keep(bridge, entries)
    return sid


def enlist(bridge_sid: str, place: int, person: Participant, now: float, report_to: str | None = None) -> Party:
    return Party(
        *party_key(bridge_sid, place),
        place=place,
        number=person.identifier,
        shows=person.proxy_identifier,
        name=person.friendly_name,
        language=language_of(person.identifier),
        report_to=report_to,
        date_created=now,
    )
