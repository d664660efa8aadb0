"""The claim: pairs of person and line, all in one transaction, so that no pair ever leads to two places.

Two people may be given the same line, and one line serves many sessions: only a pair is exclusive.
"""

import time
import uuid
from collections.abc import Iterator
from contextlib import suppress

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from toritsugi.foundation.errors import RequestRefused
from toritsugi.foundation.forms import Form, invalid_parameter
from toritsugi.foundation.transactions import refusals, set_or_remove, write_transaction
from toritsugi.limits.usage import Tell
from toritsugi.lines.identity import REFUSE
from toritsugi.masking.candidates import LineSearch, compatible, default_mode, look_around
from toritsugi.masking.demand import noted
from toritsugi.masking.pins import choose_pins, give_pin, is_untaken, pin_of, pin_taken
from toritsugi.masking.pool import PoolNumber, hold, read_usable
from toritsugi.masking.requests import (
    MAX_PARTICIPANTS,
    ParticipantRequest,
    check_strictness,
    read_label,
    read_participant,
    read_participants,
    too_many,
)
from toritsugi.masking.routes import Route, free_from, is_free, is_held, is_over, route_key
from toritsugi.masking.services import CHOSEN, MAX_TTL, Service
from toritsugi.masking.sessions import (
    MODES,
    Participant,
    Session,
    SessionName,
    is_as_read,
    is_named,
    other_numbers,
    participant_entry,
    present,
    read_session,
    session_is_open,
    session_name_entry,
    side_of,
)
from toritsugi.masking.teams import write_team
from toritsugi.masking.terms import Terms, read_terms, terms_of_calls

MAX_CLAIM_TRIES = 8


class SessionIsThere(Exception):
    """The session that was to be made is there already: whoever asks for it again was faster."""


class PoolChanged(Exception):
    """A number has left the pool since that was read, or was reserved: whoever is to be given one looks again.

    A PIN that was drawn may be somebody's at that number, too.
    """


def choices(searches: list[LineSearch], behavior: str) -> Iterator[list[PoolNumber]]:
    """A number for each search, and others for those that lost theirs: as often as is worth trying.

    Raises RequestRefused 80208 where none is free, 80623 after several lost races.
    """
    for _ in range(MAX_CLAIM_TRIES):
        if not all(search.ready for search in searches):
            look_around(searches, behavior, int(time.time()))
        yield [search.ready[0] for search in searches]
    raise overtaken_by_claims()


def drop_lost(searches: list[LineSearch], lost: set[int]) -> None:
    """A pair of each of these searches is somebody else's: for them the next number is tried."""
    for place, search in enumerate(searches):
        if place in lost:
            del search.ready[0]


def overtaken_by_claims() -> RequestRefused:
    """The refusal (80623) after the last try."""
    return RequestRefused(
        80623, "Other requests for the same Participant were faster, several times over. Please try again", 409
    )


def open_session(
    service_sid: str, form: Form, tell: Tell | None = None, *, sid: str | None = None
) -> tuple[Session, list[Participant]]:
    """A new session with up to two participants, and perhaps with this SID.

    With `tell` it is noted how many numbers its people hold, and the owner told where these are nearly all.
    Raises RequestRefused, SessionIsThere, and leaves nothing then.
    """
    for _ in range(MAX_CLAIM_TRIES):
        service, pool = read_usable(service_sid)
        wanted = read_participants(form)
        session = new_session(service, pool, wanted, form)
        session.session_sid = sid or session.session_sid
        with suppress(PoolChanged):
            return session, claim_session(session, wanted, service, pool, tell)
    raise overtaken_by_claims()


def try_session(service_sid: str, form: Form) -> tuple[Session, list[Participant]]:
    """The session and its people as they would be made now: nothing is stored. Raises RequestRefused as that would."""
    service, pool = read_usable(service_sid)
    wanted = read_participants(form)
    session = new_session(service, pool, wanted, form)
    if session.unique_name and is_named(service_sid, session.unique_name):
        raise session_name_taken()
    return session, assign(session, wanted, service, pool)


def assign(
    session: Session, wanted: list[ParticipantRequest], service: Service, pool: list[PoolNumber]
) -> list[Participant]:
    """These people with the numbers that they would be given now, without a PIN. Raises RequestRefused."""
    check_rings(session, *wanted)
    choose_pins([person.pin for person in wanted], takes_pins(service, session))
    searches = [search_for(person, session, service, pool) for person in wanted]
    numbers = next(choices(searches, service.number_selection_behavior))
    given = enumerate(zip(wanted, numbers, strict=True))
    people = [enrol(session, person, number, place, None) for place, (person, number) in given]
    give_digits(people, searches)
    return people


def claim_session(
    session: Session,
    wanted: list[ParticipantRequest],
    service: Service,
    pool: list[PoolNumber],
    tell: Tell | None,
) -> list[Participant]:
    """The participants of a session that is stored by now, with it. Raises RequestRefused, PoolChanged."""
    check_rings(session, *wanted)
    searches = list[LineSearch]()
    pins = choose_pins([person.pin for person in wanted], takes_pins(service, session))
    with noted(service.service_sid, session.mode, wanted, searches, None if session.status == "closed" else tell):
        for person in wanted:
            searches.append(search_for(person, session, service, pool))
        for numbers in choices(searches, service.number_selection_behavior):
            given = enumerate(zip(wanted, numbers, pins, strict=True))
            people = [enrol(session, person, number, place, pin) for place, (person, number, pin) in given]
            give_digits(people, searches)
            session.participants = len(people)
            if not (lost := save_session(session, people, searches, numbers)):
                return people
            drop_lost(searches, lost)
        raise overtaken_by_claims()


def search_for(wanted: ParticipantRequest, session: Session, service: Service, pool: list[PoolNumber]) -> LineSearch:
    """The search for a line for this person. Raises RequestRefused where none would do.

    A session that takes texts shares no line: whoever writes could not say which is meant.
    """
    level, shares = service.geo_match_level, service.several_sessions == CHOSEN and session.mode == "voice-only"
    return LineSearch(wanted, compatible(pool, wanted, session.mode, level), level, shares=shares)


def give_digits(people: list[Participant], searches: list[LineSearch]) -> None:
    """Those who have another session over their line press a digit for this one."""
    for person, search in zip(people, searches, strict=True):
        digit = search.digits.get(person.proxy_identifier, 1)
        person.digit = digit if digit > 1 else None


def shared_by(people: list[Participant]) -> set[str]:
    """The lines over which these people have more sessions than one."""
    return {person.proxy_identifier for person in people if person.digit}


def save_session(
    session: Session, people: list[Participant], searches: list[LineSearch], numbers: list[PoolNumber]
) -> set[int]:
    """Stores a session with its people and their routes; or says for which of the people a pair was refused.

    One that is closed from the beginning has no routes, and claims none before it is opened. Raises RequestRefused
    80603, 80604 for a PIN, PoolChanged, SessionIsThere.
    """
    others = [people[1 - i] if len(people) > 1 else None for i in range(len(people))]
    claims = [] if session.status == "closed" else [*zip(people, others, searches, strict=True)]
    with_pin = [(person, search.wanted) for person, _, search in claims if person.pin_entry]
    whose = [place for place, (person, *_) in enumerate(claims) for _ in person.numbers]
    entries = [entry for person in people for entry in (person, *other_numbers(person))]
    with refusals() as refused, write_transaction() as transaction:
        for person, other, search in claims:
            for route in routes_from(session, person, other, search.turn):
                transaction.save(route, condition=takes(search, person, session))
        transaction.save(session, condition=Session.entry.does_not_exist())
        for entry in entries:
            transaction.save(entry)
        if session.unique_name:
            name = SessionName(session.service_sid, session_name_entry(session.unique_name), named=session.session_sid)
            transaction.save(name, condition=SessionName.entry.does_not_exist())
        for person, _ in with_pin:
            transaction.save(pin_of(session, person), condition=is_untaken(int(time.time())))
        checks = hold(transaction, numbers, int(time.time()), shared_by(people))
    name_place = len(whose) + 1 + len(entries)
    pin_place = name_place + bool(session.unique_name)
    places = without_pool(refused, checks, pin_place + len(with_pin))
    if len(whose) in places:
        raise SessionIsThere
    if name_place in places and session.unique_name:
        raise session_name_taken()
    check_pins([wanted for place, (_, wanted) in enumerate(with_pin, pin_place) if place in places])
    return {whose[place] for place in places}


def session_name_taken() -> RequestRefused:
    """The refusal (80603) of a name that another session has."""
    return RequestRefused(80603, "The UniqueName belongs to another Session of this Service")


def check_pins(taken: list[ParticipantRequest]) -> None:
    """Raises RequestRefused 80604 where the PIN of one of these was theirs, and PoolChanged where it was drawn."""
    if any(wanted.pin for wanted in taken):
        raise pin_taken()
    if taken:
        raise PoolChanged


def without_pool(refused: set[int], checks: int, others: int) -> set[int]:
    """Which of a transaction's `others` were refused, by their places after the checks of the pool.

    Raises PoolChanged where a number is not as it was read: they are checked before all others, or updated after them.
    """
    places = {place - checks for place in refused}
    if not places <= set(range(others)):
        raise PoolChanged
    return places


def join_session(
    service_sid: str, session_sid: str, form: Form, tell: Tell | None = None, *, sid: str | None = None
) -> Participant:
    """One more participant in a session, noted likewise, and perhaps with this SID.

    Raises RequestRefused, and leaves nothing.
    """
    check_strictness(form)
    wanted = read_participant(form)
    for _ in range(MAX_CLAIM_TRIES):
        service, pool = read_usable(service_sid)
        with suppress(PoolChanged):
            return claim_place(session_sid, wanted, service, pool, tell, sid)
    raise overtaken_by_claims()


def try_joining(service_sid: str, session_sid: str, form: Form) -> tuple[Session, list[Participant]]:
    """The session, and who would join it now: nothing is stored. Raises RequestRefused as that would."""
    check_strictness(form)
    wanted = read_participant(form)
    service, pool = read_usable(service_sid)
    session, _ = get_joinable(service_sid, session_sid, wanted, int(time.time()))
    return session, assign(session, [wanted], service, pool)


def claim_place(
    session_sid: str,
    wanted: ParticipantRequest,
    service: Service,
    pool: list[PoolNumber],
    tell: Tell | None,
    sid: str | None,
) -> Participant:
    """The participant, who is in the session by now. Raises RequestRefused, PoolChanged."""
    session, _ = get_joinable(service.service_sid, session_sid, wanted, int(time.time()))
    check_rings(session, wanted)
    searches, [pin] = list[LineSearch](), choose_pins([wanted.pin], takes_pins(service, session))
    with noted(service.service_sid, session.mode, [wanted], searches, tell):
        searches.append(search_for(wanted, session, service, pool))
        for numbers in choices(searches, service.number_selection_behavior):
            now = int(time.time())
            session, people = get_joinable(service.service_sid, session_sid, wanted, now)
            person = enrol(session, wanted, numbers[0], session.participants, pin, sid)
            person.side = free_side(person, present(people))
            give_digits([person], searches)
            if not (lost := save_participant(session, person, present(people), searches[0], numbers, now)):
                return person
            drop_lost(searches, lost)
        raise overtaken_by_claims()


def save_participant(
    session: Session,
    person: Participant,
    others: list[Participant],
    search: LineSearch,
    numbers: list[PoolNumber],
    now: int,
) -> set[int]:
    """Stores somebody who joins the others; or says what was refused: 0 for one of their pairs, 1 for anything else.

    Raises RequestRefused 80604 for a PIN, PoolChanged.
    """
    partner, pairs, with_pin = others[0] if others else None, len(person.numbers), bool(person.pin_entry)
    with refusals() as refused, write_transaction() as transaction:
        for own in routes_from(session, person, partner, search.turn):
            transaction.save(own, condition=takes(search, person, session))
        for entry in (person, *other_numbers(person)):
            transaction.save(entry)
        if with_pin:
            transaction.save(pin_of(session, person), condition=is_untaken(now))
        joined: list[Action] = [Session.participants.set(session.participants + 1), Session.date_updated.set(now)]
        transaction.update(session, joined, condition=session_is_open(now) & is_as_read(session))
        met = routes_from(session, partner, person) if partner else list[Route]()
        for other in met:
            meet: list[Action] = [
                Route.partner.set(other.partner),
                Route.partner_sid.set(other.partner_sid),
                Route.shows.set(other.shows),
                team_of(partner, person),
            ]
            held = is_held(session.session_sid) & Route.ended_at.does_not_exist()
            transaction.update(other, meet, condition=held)
        checks = hold(transaction, numbers, now, shared_by([person]))
    places = without_pool(refused, checks, 2 * pairs + with_pin + 1 + len(met))
    check_pins([search.wanted] if with_pin and 2 * pairs in places else [])
    return {int(place >= pairs) for place in places}


def get_joinable(
    service_sid: str, session_sid: str, wanted: ParticipantRequest, now: int
) -> tuple[Session, list[Participant]]:
    """The session and its people, also who was taken out, if this person may still join. Raises RequestRefused."""
    session, people = read_session(service_sid, session_sid)
    if session.is_closed(now):
        raise RequestRefused(80607, "Session is closed and cannot be updated")
    check_is_new(people, wanted)
    if len(present(people)) >= MAX_PARTICIPANTS:
        raise too_many()
    return session, people


def check_rings(session: Session, *wanted: ParticipantRequest) -> None:
    """Raises RequestRefused 80701 for a team in a session whose calls go through a conference, which rings one."""
    if session.through != "dial" and any(person.more_identifiers for person in wanted):
        raise invalid_parameter("MoreIdentifiers", "only calls that go Through a dial can ring several numbers")


def check_is_new(people: list[Participant], wanted: ParticipantRequest) -> None:
    """Raises RequestRefused 80103 where one of these people has the wanted number, 80612 where they have left."""
    for person in people:
        known = {*person.numbers} & {*wanted.numbers}
        if known and person.date_deleted is None:
            raise RequestRefused(80103, "Participant has already been added to Session")
        if known:
            raise RequestRefused(
                80612, "This Identifier was a Participant of the Session before, and cannot be added again"
            )


def new_session(service: Service, pool: list[PoolNumber], wanted: list[ParticipantRequest], form: Form) -> Session:
    """The session that the form describes, not stored yet."""
    now = time.time()
    check_strictness(form)
    date_expiry = read_date_expiry(form, now)
    said = form.integer("Ttl", 0, MAX_TTL)
    ttl = service.default_ttl if said is None else said
    status = form.choice("Status", ("open", "in-progress", "closed")) or "open"
    return Session(
        "KC" + uuid.uuid4().hex,
        "session",
        service_sid=service.service_sid,
        listed_as=f"{now:017.6f}",
        unique_name=form.unique_name() or None,
        label=read_label(form),
        status=status,
        mode=form.choice("Mode", MODES) or default_mode(pool, wanted),
        ttl=ttl,
        date_expiry=date_expiry,
        expires_at=expiry_of(ttl, date_expiry, int(now), service.grace_period),
        date_created=int(now),
        date_updated=int(now),
        date_started=int(now) if status == "in-progress" else None,
        date_ended=int(now) if status == "closed" else None,
        closed_reason="api" if status == "closed" else None,
        quarantine=service.quarantine,
        calls_outlive_expiry=service.calls_outlive_expiry,
        through=service.through,
        extends=bool(service.extension_minutes),
        recorded=service.record or None,
        unconfirmed_callers=None if service.unconfirmed_callers == REFUSE else service.unconfirmed_callers,
        tells_answer=bool(service.callback_url) or None,
        grace=service.grace_period or None,
        ended_sentence=service.ended_sentence,
        warn_before_expiry=service.warn_before_expiry or None,
        terms=read_terms(form, service.terms, service.through),
    )


def read_date_expiry(form: Form, now: float) -> int | None:
    """The DateExpiry in seconds since 1970; None without one. Raises RequestRefused 80701 when it is past."""
    date_expiry = form.moment("DateExpiry")
    if date_expiry is not None and date_expiry <= now:
        raise invalid_parameter("DateExpiry", "it is past")
    return date_expiry


def expiry_of(ttl: float, date_expiry: float | None, since: float, grace: float | None) -> float | None:
    """When a session ends that last did something at `since`: a date overrides a ttl. None: never."""
    if date_expiry is not None:
        return date_expiry + (grace or 0)
    return since + ttl + (grace or 0) if ttl else None


def takes_pins(service: Service, session: Session) -> bool:
    """Whether participants have a PIN, by which calls are led to them, and no texts."""
    return service.pin_entry and session.mode != "message-only"


def enrol(
    session: Session,
    wanted: ParticipantRequest,
    number: PoolNumber,
    place: float,
    pin: str | None,
    sid: str | None = None,
) -> Participant:
    """A new participant of the session, on this line, perhaps with a PIN, and with this SID; not stored yet."""
    now = int(time.time())
    sid = sid or "KP" + uuid.uuid4().hex
    person = Participant(
        session.session_sid,
        participant_entry(sid),
        sid=sid,
        place=place,
        identifier=wanted.identifier,
        more_identifiers=[*wanted.more_identifiers] or None,
        rings=wanted.rings,
        friendly_name=wanted.friendly_name,
        proxy_identifier=number.phone_number,
        proxy_identifier_sid=number.sid,
        date_created=now,
        date_updated=now,
    )
    if pin:
        give_pin(person, pin)
    return person


def free_side(person: Participant, others: list[Participant]) -> int | None:
    """The side that nobody else has; None where that follows from when this person came."""
    side = 3 - side_of(others[0]) if others else 1
    return None if side == side_of(person) else side


def routes_from(
    session: Session, person: Participant, partner: Participant | None, turn: float | None = None
) -> list[Route]:
    """Where this person's calls to their line go in this session, from each of their telephones."""
    return [route_of(session, person, partner, turn, number) for number in person.numbers]


def route_of(
    session: Session,
    person: Participant,
    partner: Participant | None,
    turn: float | None = None,
    number: str | None = None,
) -> Route:
    """The same from this one telephone, or their first."""
    return Route(
        *route_key(number or person.identifier, person.proxy_identifier, person.digit),
        session_sid=session.session_sid,
        participant_sid=person.sid,
        turn=turn,
        partner=partner.identifier if partner else None,
        partner_sid=partner.sid if partner else None,
        shows=partner.proxy_identifier if partner else None,
        mode=session.mode,
        ttl=session.ttl if session.slides else None,
        expires_at=session.expires_at,
        free_from=free_from(session.expires_at, session.quarantine),
        live_on=person.proxy_identifier,
        quarantine=session.quarantine,
        calls_outlive_expiry=session.calls_outlive_expiry,
        through=session.through,
        extends=session.extends,
        recorded=session.recorded,
        unconfirmed_callers=session.unconfirmed_callers,
        tells_answer=session.tells_answer,
        grace=session.grace,
        ended_sentence=session.ended_sentence,
        terms=terms_of_person(session, person),
        team=team_between(person, partner),
    )


def terms_of_person(session: Session, person: Participant) -> Terms | None:
    """What this person's calls need of the session's terms; None where they go as usual."""
    made = len(session.calls_made or ())
    return terms_of_calls(session.terms, session.label, person.friendly_name, side_of(person), made)


def team_between(person: Participant | None, partner: Participant | None) -> str | None:
    """What this person's routes know of a team, where one of the two is one."""
    mine, theirs = (one.numbers[1:] if one else [] for one in (person, partner))
    return write_team(bool(mine), partner.rings if partner else None, theirs)


def team_of(person: Participant | None, partner: Participant | None) -> Action:
    """What makes a route of this person know that."""
    return set_or_remove(Route.team, team_between(person, partner))


def routes_at(person: Participant) -> list[Route]:
    """Where this person's routes lie; nothing of what is in them."""
    return [Route(*pair) for pair in person.pairs]


def takes(search: LineSearch, person: Participant, session: Session) -> Condition:
    """On what condition this person's pair may be taken: strictly, or as one that still is in quarantine."""
    condition = is_over if person.proxy_identifier in search.quarantined else is_free
    return condition(int(time.time()), session.session_sid)
