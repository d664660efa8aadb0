"""How a session goes on and ends: its expiry is changed, it is closed, opened again, cleaned up, deleted.

Whatever ends here has ended already for every caller: a route says itself when it stops connecting.
"""

import time
from collections.abc import Iterator, Sequence
from typing import Any

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from toritsugi.foundation import config
from toritsugi.foundation.errors import RequestRefused, not_found
from toritsugi.foundation.forms import Form, invalid_parameter
from toritsugi.foundation.logs import log
from toritsugi.foundation.retention import DAY_SECONDS
from toritsugi.foundation.transactions import (
    MAX_TRIES,
    refusals,
    set_or_remove,
    update_if,
    write_transaction,
)
from toritsugi.limits.usage import Tell
from toritsugi.lines.directory import Entry
from toritsugi.masking.claims import expiry_of, read_date_expiry, routes_at, routes_from, shared_by
from toritsugi.masking.demand import note_held
from toritsugi.masking.interactions import slide_routes
from toritsugi.masking.message_interactions import forget_what_happened
from toritsugi.masking.pins import is_as_opened, is_of_participant, is_untaken, pin_at, pin_of, pin_taken, resting
from toritsugi.masking.pool import PoolNumber, have_calls_look, is_usable, pool_entry
from toritsugi.masking.requests import read_label
from toritsugi.masking.routes import Route, forget_at, free_from, is_connecting, is_held, is_over
from toritsugi.masking.services import MAX_TTL
from toritsugi.masking.sessions import (
    DELETED_REASON,
    Participant,
    Session,
    SessionEntry,
    SessionName,
    find_with_people,
    forget_people,
    has_same_people,
    is_as_read,
    is_unclosed,
    is_undeleted,
    pairs_of,
    present,
    read_session,
    session_is_open,
    session_name_entry,
)
from toritsugi.masking.terms import TERM_FIELDS, read_terms

LATE_CLEANUP_SECONDS = 180  # a timer fires within a minute, and what then fails is repeated within two


def change_session(service_sid: str, session_sid: str, form: Form, tell: Tell | None = None) -> Session:
    """The session as changed: closed, opened again, or with another expiry or label. Raises RequestRefused.

    With `tell` it is noted how many numbers the people of a session hold that is opened again.
    """
    status = form.choice("Status", ("open", "in-progress", "closed"))
    if status == "closed":
        check_rest_stays(form)
    for tried in range(MAX_TRIES):  # whatever is not as it was read is read again
        session, people = read_session(service_sid, session_sid)
        closed = session.is_closed(time.time())
        if status == "closed" and closed and tried:
            return session  # somebody else was faster, and it is closed as was asked for
        if status == "closed" and not closed:
            done = close_session(session, people, "api")
        elif status == "in-progress" and closed:
            done = reopen(session, people, form, tell)
        elif status and status != session.status:
            raise wrong_status()
        elif closed:
            raise wrong_status() if status else RequestRefused(80607, "Session is closed and cannot be updated")
        else:
            done = change_open(session, people, form)
        if done:
            return read_session(service_sid, session_sid)[0]
    raise session_is_busy()


def check_rest_stays(form: Form) -> None:
    """Raises RequestRefused 80701 where a form that closes a session changes more of it: it would not be done.

    A closed session cannot be updated. https://www.twilio.com/docs/api/errors/80607
    """
    for name in ("Label", *TERM_FIELDS):
        if name in form:
            raise invalid_parameter(name, "a Session that is closed is not changed; say it when you open it again")
    for name in ("Ttl", "DateExpiry"):
        if name in form:
            raise invalid_parameter(name, "a Session that is closed has no end to come; say it when you open it again")


def session_is_busy() -> RequestRefused:
    """The refusal (80503) after the last try."""
    return RequestRefused(80503, "The Session was being changed by other requests. Please try again")


def wrong_status() -> RequestRefused:
    """The refusal (80608) of a status that the session cannot be set to."""
    return RequestRefused(
        80608, "A closed Session can be set to in-progress, and one that is not to closed; nothing else"
    )


def change_open(session: Session, people: list[Participant], form: Form) -> bool:
    """Whether session and routes are as the form asks for, all at once; not if they were not as read."""
    now = int(time.time())
    condition = session_is_open(now) & is_as_read(session)
    if "Ttl" in form or "DateExpiry" in form:  # otherwise its end stays, which a call has moved, or did not any more
        read_expiry(session, form, session.last_sign)
    session.label, session.terms = read_label(form, session.label), read_terms(form, session.terms, session.through)
    actions = [
        set_or_remove(Session.date_expiry, session.date_expiry),
        set_or_remove(Session.expires_at, session.expires_at),
        set_or_remove(Session.label, session.label),
        set_or_remove(Session.terms, session.terms),
        Session.ttl.set(session.ttl),
        Session.date_updated.set(now),
    ]
    with refusals() as places, write_transaction() as transaction:
        transaction.update(session, actions, condition=condition)
        for route in (route for person in present(people) for route in routes_from(session, person, None)):
            moved = [
                set_or_remove(Route.expires_at, route.expires_at),
                set_or_remove(Route.free_from, route.free_from),
                set_or_remove(Route.ttl, route.ttl),
                set_or_remove(Route.terms, route.terms),
            ]
            transaction.update(route, moved, condition=is_connecting(session.session_sid, now))
    return not places


def prolong_session(session_sid: str, since: float, until: float) -> bool:
    """Whether session and routes last until then, which lasted until `since` at least.

    Not if the session has ended, is to last longer already, or was set to end before that.
    """
    now = int(time.time())
    for _ in range(MAX_TRIES):
        session, people = find_with_people(session_sid)
        if session is None or session.is_closed(now):
            return False
        if session.expires_at is None or not since <= session.expires_at < until:
            return False
        later: list[Action] = [Session.expires_at.set(until), Session.date_updated.set(now)]
        if not session.slides:
            later.append(Session.date_expiry.set(until - (session.grace or 0)))
        with refusals() as places, write_transaction() as transaction:
            transaction.update(session, later, condition=session_is_open(now) & is_as_read(session))
            slide_routes(transaction, session_sid, pairs_of(present(people)), until, now)
        if not places:
            return True
    return False


def read_expiry(session: Session, form: Form, since: int) -> None:
    """Sets ttl and dates of the session as the form says, what it does not mention stays; a ttl counts from `since`."""
    ttl = form.integer("Ttl", 0, MAX_TTL)
    date_expiry = read_date_expiry(form, time.time())
    session.ttl = session.ttl if ttl is None else ttl
    session.date_expiry = session.date_expiry if date_expiry is None else date_expiry
    session.expires_at = expiry_of(session.ttl, session.date_expiry, since, session.grace)


def close_session(session: Session, people: list[Participant], reason: str) -> bool:
    """Whether the session and its routes have ended; not if it was closed, or its people are others by now.

    It is one transaction, so that no crash leaves a closed session connecting.
    """
    return end_session(session, people, ending(int(time.time()), reason), is_unclosed())


def end_session(
    session: Session,
    people: list[Participant],
    actions: list[Action],
    condition: Condition,
    gone: Sequence[SessionEntry | SessionName] = (),
) -> bool:
    """Whether that was done to the session, its routes and PINs have ended, and whatever is to be gone with it is.

    Not if the condition fails, or if its people are others by now.
    """
    now, there, sid = int(time.time()), present(people), session.session_sid
    held = [(route, leaving(now, session), is_held(sid)) for person in there for route in routes_at(person)]
    pins = [(pin_at(one), resting(now, session), is_of_participant(one)) for one in there if one.pin_entry]
    hanging: list[tuple[Entry, list[Action], Condition]] = [*held, *pins]
    while True:
        with refusals() as places, write_transaction() as transaction:
            for entry in gone:
                transaction.delete(entry)
            transaction.update(session, actions, condition=condition & has_same_people(session))
            for entry_of_person, changes, still_its in hanging:
                transaction.update(entry_of_person, changes, condition=still_its)
        if not places:
            return True
        if len(gone) in places:
            return False
        # a route can move on after its expiry, and is somebody else's then
        hanging = [one for place, one in enumerate(hanging, len(gone) + 1) if place not in places]


def ending(moment: float, reason: str) -> list[Action]:
    """What closes a session at this moment, in seconds since 1970, for this reason."""
    return [
        Session.status.set("closed"),
        Session.closed_reason.set(reason),
        Session.date_ended.set(moment),
        Session.date_updated.set(moment),
    ]


def leaving(moment: float, session: Session) -> list[Action]:
    """What ends a route of the session at this moment, in seconds since 1970: its line is free after the quarantine."""
    return [
        Route.ended_at.set(moment),
        set_or_remove(Route.free_from, free_from(moment, session.quarantine)),
        *forgetting_partner(moment, session),
    ]


def forgetting_partner(moment: float, session: Session) -> list[Action]:
    """What a route that has ended then needs no more: it connects to nobody, and one day is not remembered itself."""
    return [
        Route.live_on.remove(),
        Route.partner.remove(),
        Route.partner_sid.remove(),
        Route.terms.remove(),
        Route.team.remove(),
        set_or_remove(Route.forget_at, forget_at(moment, session.quarantine)),
    ]


def reopen(session: Session, people: list[Participant], form: Form, tell: Tell | None) -> bool:
    """Whether its pairs were claimed again, as if they were new; not if the session was not as read.

    Raises RequestRefused 80604 when somebody else has one of the pairs or PINs by now, and 80605 when a line has left
    the pool.
    """
    now = int(time.time())
    over = is_undeleted() & ((Session.status == "closed") | (Session.expires_at <= now)) & is_as_read(session)
    read_expiry(session, form, now)
    session.label, session.terms = read_label(form, session.label), read_terms(form, session.terms, session.through)
    if session.lapses_at is not None and session.lapses_at <= now:
        raise RequestRefused(
            80701, "'DateExpiry' is invalid: it is past, so the Session needs a new one to be opened again"
        )
    actions = [
        Session.status.set("in-progress"),
        Session.date_updated.set(now),
        Session.date_reopened.set(now),
        Session.date_started.set(Session.date_started | now),
        Session.ttl.set(session.ttl),
        set_or_remove(Session.date_expiry, session.date_expiry),
        set_or_remove(Session.expires_at, session.expires_at),
        set_or_remove(Session.label, session.label),
        set_or_remove(Session.terms, session.terms),
        Session.closed_reason.remove(),
        Session.date_ended.remove(),
    ]
    there = present(people)
    with_pin = [person for person in there if person.pin_entry]
    others = [there[1 - i] if len(there) > 1 else None for i in range(len(there))]
    routes = [
        route for person, other in zip(there, others, strict=True) for route in routes_from(session, person, other)
    ]
    own_place = len(routes) + len(with_pin)
    with refusals() as places, write_transaction() as transaction:
        for route in routes:
            transaction.save(route, condition=is_over(now, session.session_sid))
        for person in with_pin:
            untaken = is_untaken(now) | is_of_participant(person)
            transaction.save(pin_of(session, person, opened_at=now), condition=untaken)
        transaction.update(session, actions, condition=over)
        give_again(transaction, session, there, now)
    if own_place in places:
        return False
    if any(place < len(routes) for place in places):
        raise RequestRefused(
            80604, "The ProxyIdentifier of a Participant is in use with their Identifier by another Session"
        )
    if any(place < own_place for place in places):
        raise pin_taken()
    if places:
        raise RequestRefused(80605, "The ProxyIdentifier of a Participant is not a phone number of this Service")
    note_held(session, there, tell)
    return True


def give_again(transaction: TransactWrite, session: Session, people: list[Participant], now: int) -> None:
    """Has a transaction fail if a line of these people has left the pool; it is written down as given to them."""
    for sid, line in {person.proxy_identifier_sid: person.proxy_identifier for person in people}.items():
        number = PoolNumber(session.service_sid, pool_entry(sid), sid=sid, phone_number=line)
        given: list[Action] = [PoolNumber.given_at.set(now)]
        if line in shared_by(people):
            given.append(have_calls_look(transaction, number))
        transaction.update(number, given, condition=is_usable())


def expire_session(session_sid: str, now: float) -> float | None:
    """Writes down that the session has ended at its expiry, or that it is warned of. When to come back, if at all.

    A deletion that was not finished, is; and a session that has ended so long ago that it is not kept is deleted.
    """
    for _ in range(MAX_TRIES):
        session, people = find_with_people(session_sid)
        if session is not None and session.is_deleted and session.status == "closed":
            if session.closed_reason == DELETED_REASON or delete_as_read(session, people):
                forget_session(session)
            return None
        if session is None or session.status == "closed" or session.expires_at is None:
            return None
        if session.expires_at > now:
            if session.warns_at is None or session.warns_at > now:
                return session.due_at
            note_warning(session)
            continue  # so that what it is now says when to come back
        seen = session.expires_at
        # first what hangs on it: after a crash, whoever comes next finds the session still open
        end_what_hangs(session, present(people), seen)
        if update_if(session, ending(seen, session.expiry_reason), is_unclosed() & is_as_read(session)):
            log_if_late(session_sid, now - seen)
            return None
    return None


def log_if_late(session_sid: str, seconds: float) -> None:
    """Says in the log that a session was closed so long after its end: no caller is harmed, but timers are not well."""
    if seconds > LATE_CLEANUP_SECONDS:
        log.warning("closed late", session_sid=session_sid, seconds=int(seconds))


def note_warning(session: Session) -> bool:
    """Whether the session is warned of from now on, that is its expiry as it was read: the table's stream tells it."""
    return update_if(session, [Session.warned_for.set(session.expires_at)], is_unclosed() & is_as_read(session))


def end_what_hangs(session: Session, people: list[Participant], seen: float) -> None:
    """The routes and PINs of a session have ended at the expiry that was seen, unless they have moved on."""
    still_its = is_held(session.session_sid) & (Route.expires_at == seen)
    over = [Route.ended_at.set(seen), *forgetting_partner(seen, session)]
    for person in people:
        for route in routes_at(person):
            update_if(route, over, still_its)
        if person.pin_entry:
            update_if(pin_at(person), resting(seen, session), is_as_opened(person, session))


def find_overdue(now: float, after: dict[str, Any] | None) -> Iterator[tuple[list[str], dict[str, Any] | None]]:
    """Yields page by page the sessions that nobody has ended yet, and where the next page begins.

    They are past their expiry and stored as open, or their deletion was not finished, or they are not kept any longer.
    """
    overdue = (Session.status != "closed") & (Session.expires_at <= now) | (Session.closed_reason == DELETED_REASON)
    if days := config.SESSION_RETENTION:
        overdue |= (Session.status == "closed") & (Session.date_ended <= now - days * DAY_SECONDS)
    pages = Session.scan(overdue, last_evaluated_key=after).page_iter
    for page in pages:
        yield [item["session_sid"]["S"] for item in page["Items"]], pages.last_evaluated_key


def delete_whole_session(service_sid: str, session_sid: str) -> Session:
    """The session, gone with its people, its interactions and its name; its routes remember that it has ended.

    It is gone for everybody from one moment on. What it did is forgotten after that, by whoever comes next if need be.
    Raises RequestRefused.
    """
    for _ in range(MAX_TRIES):
        session, people = find_with_people(session_sid)
        if session is None or session.service_sid != service_sid or session.is_past_retention:
            raise not_found(f"/Services/{service_sid}/Sessions/{session_sid}")
        if session.is_deleted or delete_as_read(session, people):
            gone = find_with_people(session_sid)[0] or session  # with every bridge that it had in that moment
            forget_session(gone)
            return gone
    raise session_is_busy()


def delete_as_read(session: Session, people: list[Participant]) -> bool:
    """Whether nobody finds the session any more; not if it was not as read.

    Those who were taken out of it, of whom there may be any number, go with what it did.
    """
    gone: list[SessionEntry | SessionName] = [*present(people)]
    if session.unique_name:
        gone.append(SessionName(session.service_sid, session_name_entry(session.unique_name)))
    actions = [*ending(int(time.time()), DELETED_REASON), Session.unique_name.remove()]
    closed = session.status == "closed"
    same = (Session.status == "closed") & (Session.date_ended == session.date_ended)
    condition = same & is_undeleted() if closed else is_unclosed()
    return end_session(session, [] if closed else people, actions, condition, gone)


def forget_session(session: Session) -> None:
    """Forgets what a deleted session did, to which nothing can be added any more, and then the session."""
    forget_what_happened(session.session_sid)
    forget_people(session.session_sid)
    session.delete()
