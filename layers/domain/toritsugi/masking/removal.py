"""How somebody is taken out of a session, a number out of its pool, and a service away with all that is in it.

A service is gone from one moment on. Its sessions and numbers go after that, one by one, by whoever is told to go on:
what was done stays done, and what was not is found again.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from pynamodb.expressions.update import Action

from toritsugi.bridges import commands as bridges
from toritsugi.foundation import addresses
from toritsugi.foundation.errors import RequestRefused
from toritsugi.foundation.transactions import MAX_TRIES, refusals, write_transaction
from toritsugi.foundation.types import Json
from toritsugi.lines.lines import find_line
from toritsugi.masking import pool
from toritsugi.masking.claims import routes_at, team_of
from toritsugi.masking.interactions import running
from toritsugi.masking.lifecycle import delete_whole_session, expire_session, leaving, session_is_busy
from toritsugi.masking.pins import is_of_participant, pin_at, resting
from toritsugi.masking.pool import PoolNumber
from toritsugi.masking.routes import SETTLED_SECONDS, Route, is_connecting, live_routes
from toritsugi.masking.services import Service
from toritsugi.masking.sessions import (
    Participant,
    Session,
    get_present,
    has_same_people,
    is_undeleted,
    session_is_open,
)

NOT_THE_ACCOUNTS = 80301  # a number that it has no longer
PATIENCE_SECONDS = 86_400  # for numbers of a service that Twilio does not move


class NumbersAtTwilio(Protocol):
    """What Twilio is asked about numbers."""

    def get_owned_number(self, phone_number: str | None, number_sid: str | None) -> Json: ...

    def point(self, owned: Json, webhooks: dict[str, str]) -> None: ...

    def only(self, webhooks: dict[str, str], kinds: Iterable[str]) -> dict[str, str]: ...


# ---- out of a session ------------------------------------------------------------------------------------------------


def remove_participant(service_sid: str, session_sid: str, sid: str) -> Session:
    """The session, which this participant has left. They stay listed, and their line leads nowhere.

    Whoever is left waits for another. Raises RequestRefused 20404, 80503.
    """
    for _ in range(MAX_TRIES):
        session, people = get_present(service_sid, session_sid, sid)
        if session.status != "closed" and session.is_closed(time.time()):
            expire_session(session_sid, time.time())
        elif take_out(session, *people):
            return session
    raise session_is_busy()


def take_out(session: Session, person: Participant, partner: Participant | None = None) -> bool:
    """Whether the person has left the session, all at once; not if it was not as read."""
    now, closed = int(time.time()), session.status == "closed"
    unchanged = is_undeleted() & (Session.status == "closed") if closed else session_is_open(now)
    counted: list[Action] = [Session.removed.set((session.removed or 0) + 1), Session.date_updated.set(now)]
    marked: list[Action] = [Participant.date_deleted.set(now), Participant.date_updated.set(now)]
    alone: list[Action] = [Route.partner.remove(), Route.partner_sid.remove(), Route.shows.remove()]
    with refusals() as places, write_transaction() as transaction:
        transaction.update(session, counted, condition=unchanged & has_same_people(session))
        transaction.update(person, marked, condition=Participant.entry.exists())
        if not closed:
            held = is_connecting(session.session_sid, now)
            for route in routes_at(person):
                transaction.update(route, leaving(now, session), condition=held)
            if person.pin_entry:
                transaction.update(pin_at(person), resting(now, session), condition=is_of_participant(person))
            for route in routes_at(partner) if partner else ():
                transaction.update(route, [*alone, team_of(partner, None)], condition=held)
    return not places


def delete_session_and_calls(service: Service, session_sid: str, hang_up: Callable[[str], None]) -> Session:
    """The session, gone with all that was in it, and with its calls, where the service wants that."""
    calls = running(session_sid) if service.close_ends_calls else []  # nobody knows them when the session is gone
    session = delete_whole_session(service.service_sid, session_sid)
    if service.close_ends_calls:
        end_calls(session, calls, hang_up)
    return session


def end_calls(session: Session, calls: list[str], hang_up: Callable[[str], None]) -> None:
    """Hangs up these calls, and those that the exchange has made for the session."""
    for call_sid in calls:
        hang_up(call_sid)
    for bridge_sid in session.bridges or ():
        bridges.finish(bridge_sid, "session-ended", time.time())


# ---- out of a pool ---------------------------------------------------------------------------------------------------


def take_number_out(
    number: PoolNumber, twilio: NumbersAtTwilio, is_used: Callable[[PoolNumber, float], bool] = pool.is_in_use
) -> None:
    """Takes a number out of its pool, and gives its calls back to where they went before.

    Raises RequestRefused 80611 while somebody is reached over it, 80613, 20409.
    """
    untouched = number.moved_at is None
    pool.begin_move(number, int(time.time()))
    try:
        if is_used(number, time.time()):
            raise RequestRefused(
                80611, "The phone number is in use by active Sessions. Reserve it, and remove it when they have ended"
            )
        owned = find_owned(number, twilio)
    except Exception:
        (pool.bring_in if untouched else pool.leave_out)(number)
        raise
    try:
        give_number_back(number, owned, twilio)
    except Exception:
        pool.leave_out(number)  # nobody knows where its calls go now
        raise


def find_owned(number: PoolNumber, twilio: NumbersAtTwilio) -> Json | None:
    """The number as Twilio knows it; None of one that the account has given up. Raises RequestRefused 80613."""
    try:
        return twilio.get_owned_number(None, number.sid)
    except RequestRefused as refusal:
        if refusal.code != NOT_THE_ACCOUNTS:
            raise
        return None


def give_number_back(number: PoolNumber, owned: Json | None, twilio: NumbersAtTwilio) -> None:
    """Takes a number out of its pool, and gives its calls back to where they went before.

    They stay where they are if the number has a reception, or somebody has pointed it elsewhere. Raises RequestRefused
    80613, 20409.
    """
    turned = False
    for _ in range(MAX_TRIES):
        line = find_line(number.phone_number)
        if owned and line and not line.reception and comes_here(owned):
            twilio.point(owned, twilio.only(line.former, addresses.kinds_here(owned["webhooks"])))
            turned = True
        elif owned and line and line.reception and turned:  # which has come meanwhile
            twilio.point(owned, addresses.entrances(owned["capabilities"]))
        if pool.remove_as_seen(number, line):
            return
        owned = find_owned(number, twilio)
    raise pool.moving()


def comes_here(owned: Json) -> bool:
    """Whether a number's calls or texts come to us."""
    return bool(addresses.kinds_here(owned["webhooks"]))


# ---- a whole service -------------------------------------------------------------------------------------------------


def list_session_sids(service_sid: str) -> Iterator[str]:
    """The sessions of a service, also those whose deletion was not finished. The index of them may lag."""
    for key in Session.of_service.query(service_sid):
        yield key.session_sid


def delete_if_there(service: Service, session_sid: str, hang_up: Callable[[str], None]) -> Session | None:
    """The session, gone with all that was in it; None, if it was gone already."""
    try:
        return delete_session_and_calls(service, session_sid, hang_up)
    except RequestRefused as refusal:
        if refusal.status != 404:
            raise
        return None


def is_number_gone(number: PoolNumber, twilio: NumbersAtTwilio, deleted_at: float) -> bool:
    """Whether a number of a service that is going has left its pool; if not, it may be tried again after a while.

    Raises RequestRefused where that has been tried for a day.
    """

    def is_used(number: PoolNumber, now: float) -> bool:
        return bool(live_routes(number.phone_number, now))

    try:
        take_number_out(number, twilio, is_used)
    except RequestRefused:
        if time.time() > deleted_at + PATIENCE_SECONDS:
            raise
        return False
    return True


def seconds_until_settled(service: Service, now: float) -> int:
    """How long sessions may turn up that were made while the service went: no list may show them before."""
    return max(0, int((service.deleted_at or now) + SETTLED_SECONDS - now))
