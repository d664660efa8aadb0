"""Other telephones for somebody in a session: their line stays, and so does all that they did.

It is one transaction. From that moment on a new number is put through and an old one hears that the session has ended,
and whoever is on the other side reaches the new one. Calls that run go on.
"""

import time
from contextlib import suppress

from pynamodb.expressions.update import Action

from toritsugi.foundation.errors import RequestRefused
from toritsugi.foundation.forms import Form, invalid_parameter
from toritsugi.foundation.sids import check_sid
from toritsugi.foundation.transactions import refusals, write_transaction
from toritsugi.limits.usage import Tell
from toritsugi.masking.candidates import LineSearch
from toritsugi.masking.claims import (
    MAX_CLAIM_TRIES,
    PoolChanged,
    check_is_new,
    check_rings,
    choices,
    give_digits,
    overtaken_by_claims,
    route_of,
    routes_at,
    search_for,
    shared_by,
    takes,
    team_of,
    without_pool,
)
from toritsugi.masking.demand import note_held
from toritsugi.masking.lifecycle import leaving
from toritsugi.masking.pool import PoolNumber, hold, read_usable
from toritsugi.masking.requests import TELEPHONES, ParticipantRequest, check_identifier, read_more
from toritsugi.masking.routes import Route, is_connecting
from toritsugi.masking.services import Service
from toritsugi.masking.sessions import (
    OtherNumber,
    Participant,
    Session,
    is_as_read,
    other_number_entry,
    other_numbers,
    present_from,
    read_session,
    session_is_open,
)
from toritsugi.masking.teams import WAYS_TO_RING


def change_numbers(service_sid: str, session_sid: str, sid: str, form: Form, tell: Tell | None = None) -> Participant:
    """The participant, whose numbers are as the form wants them by now, over the line that they have. Twice is once.

    With `tell` it is noted how many numbers they hold now. Raises RequestRefused as for whoever joins, and leaves
    everything as it was.
    """
    check_sid(sid, "KP", 80405)
    if not any(name in form for name in TELEPHONES):
        raise invalid_parameter("Identifier", "nothing is said that is to change")
    for _ in range(MAX_CLAIM_TRIES):
        service, pool = read_usable(service_sid)
        with suppress(PoolChanged):
            if person := renumber(session_sid, sid, form, service, pool, tell):
                return person
    raise overtaken_by_claims()


def read_telephones(form: Form, person: Participant) -> ParticipantRequest:
    """The participant with the numbers that a form wants; what it does not mention stays. Raises RequestRefused."""
    first = form.text("Identifier", most=191)
    more = read_more(form) if "MoreIdentifiers" in form else tuple(person.numbers[1:])
    rings = form.choice("Rings", WAYS_TO_RING) or (person.rings if more else None)
    named = person.identifier if first is None else first
    line_sid = person.proxy_identifier_sid
    return check_identifier(
        ParticipantRequest(named, proxy_identifier_sid=line_sid, more_identifiers=more, rings=rings)
    )


def renumber(
    session_sid: str, sid: str, form: Form, service: Service, pool: list[PoolNumber], tell: Tell | None
) -> Participant | None:
    """The participant, who has the wanted numbers by now; None, if the session was not as read.

    Raises RequestRefused, PoolChanged.
    """
    session, everybody = read_session(service.service_sid, session_sid)
    person, *others = present_from(session, everybody, sid)
    if session.is_closed(time.time()):
        raise RequestRefused(80607, "Session is closed and cannot be updated")
    wanted = read_telephones(form, person)
    if (person.numbers, person.rings) == (wanted.numbers, wanted.rings):
        return person
    check_rings(session, wanted)
    check_is_new([one for one in everybody if one.sid != sid], wanted)
    search = search_for(wanted, session, service, pool)
    search.wanted = wanted.without(person.numbers)
    if keeps_some(person, wanted):
        search.allowed_digits = [int(person.digit or 1)]
    if search.wanted.numbers:
        next(choices([search], service.number_selection_behavior))
    changed = save_numbers(session, person, others[0] if others else None, wanted, search)
    if changed:
        note_held(session, [changed], tell)
    return changed


def keeps_some(person: Participant, wanted: ParticipantRequest) -> bool:
    """Whether one of their telephones stays, and with it their digit."""
    return not {*person.numbers}.isdisjoint(wanted.numbers)


def save_numbers(
    session: Session, person: Participant, partner: Participant | None, wanted: ParticipantRequest, search: LineSearch
) -> Participant | None:
    """The participant with the wanted numbers, all at once; None, if something was not as read.

    The search is for those that are new. Raises PoolChanged.
    """
    now, before, formerly = int(time.time()), person.numbers, routes_at(person)
    if not keeps_some(person, wanted):
        give_digits([person], [search])
    person.identifier, person.rings, person.date_updated = wanted.identifier, wanted.rings, now
    person.more_identifiers = [*wanted.more_identifiers] or None
    added = [route_of(session, person, partner, search.turn, number) for number in search.wanted.numbers]
    changes, met = int(session.renumbered or 0) + 1, routes_at(partner) if partner else []
    others = others_of(person, before, changes)
    counted: list[Action] = [Session.renumbered.set(changes), Session.date_updated.set(now)]
    ended = [*leaving(now, session), Route.shows.remove()]
    held = is_connecting(session.session_sid, now)
    with refusals() as refused, write_transaction() as transaction:
        for route in added:
            transaction.save(route, condition=takes(search, person, session))
        for other in others:
            transaction.save(other)
        transaction.save(person, condition=Participant.identifier == before[0])
        transaction.update(session, counted, condition=session_is_open(now) & is_as_read(session))
        for route in formerly:
            changed = [team_of(person, partner)] if route.number in person.numbers else ended
            transaction.update(route, changed, condition=held)
        for route in met:
            meets = [Route.partner.set(person.identifier), team_of(partner, person)]
            transaction.update(route, meets, condition=held)
        checks = hold(transaction, search.ready[:1], now, shared_by([person]))
    writes = len(added) + len(others) + 2 + len(formerly) + len(met)
    return None if without_pool(refused, checks, writes) else person


def others_of(person: Participant, before: list[str], changes: int) -> list[OtherNumber]:
    """What is kept of the further numbers of a team, and of a number that was the first before this change.

    Who was reached by a number as the first is found by it for good: what was written went to them.
    """
    others = other_numbers(person)
    if person.identifier != before[0]:
        others.append(OtherNumber(person.session_sid, other_number_entry(changes), identifier=before[0]))
    return others
