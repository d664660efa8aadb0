"""The calls of a session in which two have talked, counted where its terms ask for it: each once, however often told.

After the last that it allows no other goes through; or the session is closed.
"""

import time

from pynamodb.expressions.update import Action

from toritsugi.foundation.transactions import MAX_TRIES, refusals, set_or_remove, write_transaction
from toritsugi.masking.claims import routes_at, terms_of_person
from toritsugi.masking.lifecycle import end_session, ending
from toritsugi.masking.routes import Route, is_connecting
from toritsugi.masking.sessions import (
    Participant,
    Session,
    find_with_people,
    is_as_read,
    is_unclosed,
    is_undeleted,
    present,
)

CALL_MADE = "call-made"  # the reason of a session that was closed after a call


def count_call(session_sid: str, call_sid: str) -> Session | None:
    """The session, in which the call counts from now on; None where it did already, or nothing is counted."""
    for _ in range(MAX_TRIES):
        session, people = find_with_people(session_sid)
        if session is None or session.is_deleted or not is_counted(session, call_sid):
            return None
        if note_call_made(session, people, call_sid):
            return session
    raise RuntimeError("other requests were at the same session, again and again")


def is_counted(session: Session, call_sid: str) -> bool:
    """Whether the terms of a session count this call, which they have not yet."""
    asked = {"max_calls", "close_after_call"} & (session.terms or {}).keys()
    return bool(asked) and call_sid not in (session.calls_made or ())


def note_call_made(session: Session, people: list[Participant], call_sid: str) -> bool:
    """Whether the call counts now, with all that follows from it; not if the session was not as read."""
    now, as_read = int(time.time()), is_as_read(session)
    counted: list[Action] = [Session.calls_made.add({call_sid})]
    if session.is_closed(now):
        with refusals() as places, write_transaction() as transaction:
            transaction.update(session, counted, condition=is_undeleted() & as_read)
        return not places
    if session.terms.get("close_after_call"):
        return end_session(session, people, [*ending(now, CALL_MADE), *counted], is_unclosed() & as_read)
    session.calls_made = {*(session.calls_made or ()), call_sid}
    with refusals() as places, write_transaction() as transaction:
        transaction.update(session, counted, condition=is_unclosed() & as_read)
        for person in present(people):
            spent = [set_or_remove(Route.terms, terms_of_person(session, person))]
            for route in routes_at(person):
                transaction.update(route, spent, condition=is_connecting(session.session_sid, now))
    return not places
