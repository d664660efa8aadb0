"""A masked session's calls through a bridge: they begin only while it is open, and end when it ends.

A bridge asks its session at every look, and before anybody is put through. The session knows its bridges, so whoever
changes it can have them look at once.
"""

import time
from collections.abc import Mapping
from functools import partial

from pynamodb.expressions.condition import Condition, size
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from toritsugi import words
from toritsugi.bridges import commands, uses
from toritsugi.bridges.bounds import DELETED_SESSION, UNBOUNDED, Bounds
from toritsugi.bridges.records import Bridge, BridgeEntry, Party, party_key
from toritsugi.callers.caller import find_languages
from toritsugi.foundation.errors import RequestRefused, SessionEnded
from toritsugi.foundation.transactions import MAX_TRIES, set_or_remove, update_if
from toritsugi.limits import charges, switch, usage
from toritsugi.masking.claims import terms_of_person
from toritsugi.masking.masked_legs import MaskedLeg
from toritsugi.masking.routes import Route, is_connecting
from toritsugi.masking.services import get_service
from toritsugi.masking.sessions import (
    Participant,
    Session,
    get_with_people,
    is_as_read,
    pairs_of,
    present,
    session_is_open,
)
from toritsugi.masking.terms import check_terms, show_terms


def bounds_of(session_sid: str | None) -> Bounds:
    """What a bridge's session allows it now, in one round trip; without a session everything."""
    if session_sid is None:
        return UNBOUNDED
    try:
        session = Session.get(session_sid, "session", consistent_read=True)
    except Session.DoesNotExist:
        return DELETED_SESSION
    if session.is_deleted:
        return DELETED_SESSION
    connects_until = session.date_ended if session.status == "closed" else session.expires_at
    return Bounds(connects_until, None if session.calls_outlive_expiry else session.expires_at)


# ---- a bridge of a session -------------------------------------------------------------------------------------------


def keep_enrolled(bridge: Bridge, entries: list[BridgeEntry], now: float, tell: usage.Tell) -> Bridge:
    """The bridge of a session, kept if the session is open, in one transaction with it; or the one that was there.

    Raises RequestRefused 80607 where the session has ended, 20429 where it has as many calls as it may have, and what
    keep_bridge raises.
    """
    most = switch.remembered_limits().calls_at_once_per_caller

    def enrol(transaction: TransactWrite) -> None:
        actions: list[Action] = [Session.bridges.add({bridge.bridge_sid})]
        condition = session_is_open(int(time.time())) & has_room(most)
        transaction.update(Session(bridge.session_sid, "session"), actions, condition=condition)

    bridge.enrolled = True
    for _ in range(MAX_TRIES):
        if kept := commands.keep_bridge_with(bridge, entries, enrol):
            return kept
        if not bounds_of(bridge.session_sid).connects(time.time()):  # by now it may have ended later than this began
            raise RequestRefused(80607, "The session is closed", 409)
        if is_full(Session.get(bridge.session_sid, "session", consistent_read=True), most):
            raise usage.session_reached(str(bridge.session_sid), most, now, tell)
    raise RequestRefused(20409, "Others are changing the session at the same time. Please try again", 409)


def has_room(most: int) -> Condition:
    """The condition that the session has fewer calls through bridges than the most that it may have; 0: no limit."""
    if not most:
        return Session.entry.exists()
    return Session.bridges.does_not_exist() | (size(Session.bridges) < most)  # type: ignore[no-untyped-call]


def is_full(session: Session, most: int) -> bool:
    """Whether the session has as many calls through bridges as it may have."""
    return bool(most) and len(session.bridges or ()) >= most


def forget_bridge(session_sid: str, bridge_sid: str) -> Session | None:
    """The session, which need not know this bridge any more, for it is over; None without one. Twice is once."""
    session = Session(session_sid, "session")
    return session if update_if(session, [Session.bridges.delete({bridge_sid})], Session.entry.exists()) else None


def begin_bridge(
    call_sid: str, session_sid: str, caller_sid: str, began: float, tell: usage.Tell, unconfirmed: bool = False
) -> str:
    """Keeps the bridge of a masked call, whose caller is there already; its SID. Twice is once.

    Whoever is called is told where the caller's number is `unconfirmed`. The session slides in the same transaction, as
    with every call. Raises SessionEnded where it is over, LimitReached where as much was called as is allowed.
    """
    if commands.find_bridge(commands.bridge_sid_of(call_sid)):  # the message has come again
        return commands.bridge_sid_of(call_sid)
    now, found = time.time(), switch.find_switch()
    switch.check_stop(found)
    limits = switch.limits_of(found)
    _, caller, callee = get_two(session_sid, caller_sid)
    yen = charges.yen_of_call(callee.identifier, charges.USUAL_MINUTES)
    use = usage.Use(caller.proxy_identifier, running=1, calls=1, yen=yen)
    with usage.reserved(use, limits, now, tell):
        most = limits.calls_at_once_per_caller
        new = keep_begun(call_sid, session_sid, caller_sid, began, use, most, tell, unconfirmed)
    if not new:
        usage.release(use, now)
    return commands.bridge_sid_of(call_sid)


def keep_begun(
    call_sid: str,
    session_sid: str,
    caller_sid: str,
    began: float,
    reserved: usage.Use,
    most: int,
    tell: usage.Tell,
    unconfirmed: bool,
) -> bool:
    """Whether the bridge is new; it is kept. Raises SessionEnded, LimitReached."""
    now = time.time()
    for _ in range(MAX_TRIES):
        session, caller, callee = get_two(session_sid, caller_sid)
        bridge, entries = new_masked_bridge(session, caller, callee, call_sid, began, unconfirmed)
        uses.note_reserved(bridge, reserved, now)
        follow = partial(
            slide, session=session, people=[caller, callee], bridge_sid=bridge.bridge_sid, began=began, now=int(now),
            most=most,
        )  # fmt: skip
        if kept := commands.keep_bridge_with(bridge, entries, follow):
            return kept is bridge
        if session.is_closed(now):
            raise SessionEnded
        if is_full(session, most):
            raise usage.session_reached(session_sid, most, now, tell)
    raise RuntimeError("other requests were at the same session, again and again")


def get_two(session_sid: str, caller_sid: str) -> tuple[Session, Participant, Participant]:
    """The session, who calls in it, and who is called. Raises SessionEnded where it was deleted since then."""
    try:
        session, everybody = get_with_people(session_sid)
        people = present(everybody)
        caller = next(person for person in people if person.sid == caller_sid)
        callee = next(person for person in people if person.sid != caller_sid)
    except (RequestRefused, StopIteration):
        raise SessionEnded from None
    return session, caller, callee


def new_masked_bridge(
    session: Session, caller: Participant, callee: Participant, call_sid: str, began: float, unconfirmed: bool
) -> tuple[Bridge, list[BridgeEntry]]:
    """The bridge of a masked call, which lasts as long as its session's terms say, but no longer than the session.

    Raises CallRefused where they allow no call any more.
    """
    service, sid = get_service(session.service_sid), commands.bridge_sid_of(call_sid)
    terms = show_terms(terms_of_person(session, caller))
    check_terms(terms)
    languages = find_languages([caller.identifier, callee.identifier])
    ends_at = None if session.calls_outlive_expiry else until(session, began)
    leg = MaskedLeg(session.session_sid, caller.sid, callee.sid, int(began))
    called = participant_party(sid, 2, callee, languages, began, leg.path)
    bridge, entries = commands.for_session(
        call_sid,
        began,
        began + terms["max_call_seconds"],
        Bounds(ends_at=ends_at),
        participant_party(sid, 1, caller, languages, began),
        called,
        int(service.warn_before_end),
        line=caller.proxy_identifier,
        session_sid=session.session_sid,
        service_sid=session.service_sid,
        extension_minutes=service.extension_minutes,
        extension_times=service.extension_times if service.extension_minutes else 0,
    )
    bridge.ring_seconds, bridge.enrolled, bridge.accept = terms["ring_seconds"], True, terms["accept_by_key"]
    called.with_unconfirmed, called.whisper = unconfirmed or None, terms["whisper"]
    return bridge, entries


def slide(
    transaction: TransactWrite,
    session: Session,
    people: list[Participant],
    bridge_sid: str,
    began: float,
    now: int,
    most: int,
) -> None:
    """The session knows its bridge, and its expiry follows this call, if it slides."""
    later = until(session, began)
    actions: list[Action] = [Session.bridges.add({bridge_sid}), set_or_remove(Session.expires_at, later)]
    condition = session_is_open(now) & is_as_read(session) & has_room(most)
    transaction.update(session, actions, condition=condition)
    if later is None or later == session.expires_at:
        return
    for pair in pairs_of(people):
        moved: list[Action] = [Route.expires_at.set(later), Route.free_from.set(Route.quarantine + later)]
        transaction.update(Route(*pair), moved, condition=is_connecting(session.session_sid, now))


def until(session: Session, began: float) -> float | None:
    """When the session expires, counting a call that began then; None: never."""
    slid, expires_at = session.slid_to(began), session.expires_at
    return expires_at if slid is None else slid


def participant_party(
    bridge_sid: str,
    place: int,
    person: Participant,
    languages: Mapping[str, str],
    now: float,
    report_to: str | None = None,
) -> Party:
    """A participant as one of the people of a bridge. `languages` are those that the directory knows, by number."""
    entry = languages.get(person.identifier)
    return Party(
        *party_key(bridge_sid, place),
        place=place,
        number=person.identifier,
        shows=person.proxy_identifier,
        name=person.friendly_name,
        language=words.choose_language(entry, person.identifier, person.proxy_identifier),
        report_to=report_to,
        date_created=now,
    )
