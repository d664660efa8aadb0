"""Another telephone for somebody in a session: their line stays, and so does all that they did.

It is one transaction. From that moment on the new number is put through and the old one hears that the session has
ended, and whoever is on the other side reaches the new one. Calls that run go on.
"""

import time
from contextlib import suppress
from dataclasses import replace

from pynamodb.expressions.update import Action

from toritsugi.foundation.errors import RequestRefused
from toritsugi.foundation.forms import Form
from toritsugi.foundation.sids import check_sid
from toritsugi.foundation.transactions import refusals, write_transaction
from toritsugi.masking.candidates import LineSearch
from toritsugi.masking.claims import (
    MAX_CLAIM_TRIES,
    PoolChanged,
    check_is_new,
    choices,
    give_digits,
    overtaken_by_claims,
    route_at,
    route_of,
    search_for,
    shared_by,
    takes,
    without_pool,
)
from toritsugi.masking.lifecycle import leaving
from toritsugi.masking.pool import PoolNumber, hold, read_usable
from toritsugi.masking.requests import ParticipantRequest, read_participant
from toritsugi.masking.routes import Route, is_connecting
from toritsugi.masking.services import Service
from toritsugi.masking.sessions import (
    OtherNumber,
    Participant,
    Session,
    is_as_read,
    other_number_entry,
    present_from,
    read_session,
    session_is_open,
)


def change_number(service_sid: str, session_sid: str, sid: str, form: Form) -> Participant:
    """The participant, whose number is the wanted one by now, over the line that they have. Twice is once.

    Raises RequestRefused as for whoever joins, and leaves everything as it was.
    """
    check_sid(sid, "KP", 80405)
    wanted = read_participant(form)
    for _ in range(MAX_CLAIM_TRIES):
        service, pool = read_usable(service_sid)
        with suppress(PoolChanged):
            if person := renumber(session_sid, sid, wanted, service, pool):
                return person
    raise overtaken_by_claims()


def renumber(
    session_sid: str, sid: str, wanted: ParticipantRequest, service: Service, pool: list[PoolNumber]
) -> Participant | None:
    """The participant, who has the wanted number by now; None, if the session was not as read.

    Raises RequestRefused, PoolChanged.
    """
    session, everybody = read_session(service.service_sid, session_sid)
    person, *others = present_from(session, everybody, sid)
    if session.is_closed(time.time()):
        raise RequestRefused(80607, "Session is closed and cannot be updated")
    if person.identifier == wanted.identifier:
        return person
    check_is_new(everybody, wanted)
    over_the_same = replace(wanted, proxy_identifier_sid=person.proxy_identifier_sid)
    search = search_for(over_the_same, session, service, pool)
    [number] = next(choices([search], service.number_selection_behavior))
    return save_number(session, person, others[0] if others else None, search, number)


def save_number(
    session: Session, person: Participant, partner: Participant | None, search: LineSearch, number: PoolNumber
) -> Participant | None:
    """The participant with the number of the search, all at once; None, if something was not as read.

    Raises PoolChanged.
    """
    now, former = int(time.time()), person.identifier
    ended = route_at(person)
    person.identifier, person.date_updated = search.wanted.identifier, now
    give_digits([person], [search])
    changes = int(session.renumbered or 0) + 1
    counted: list[Action] = [Session.renumbered.set(changes), Session.date_updated.set(now)]
    held = is_connecting(session.session_sid, now)
    with refusals() as refused, write_transaction() as transaction:
        transaction.save(route_of(session, person, partner, search.turn), condition=takes(search, person, session))
        transaction.save(OtherNumber(session.session_sid, other_number_entry(changes), identifier=former))
        transaction.save(person, condition=Participant.identifier == former)
        transaction.update(session, counted, condition=session_is_open(now) & is_as_read(session))
        transaction.update(ended, [*leaving(now, session), Route.shows.remove()], condition=held)
        if partner:
            transaction.update(route_at(partner), [Route.partner.set(person.identifier)], condition=held)
        checks = hold(transaction, [number], now, shared_by([person]))
    return None if without_pool(refused, checks, 6 if partner else 5) else person
