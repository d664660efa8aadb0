"""How people get their numbers: a claim on every pair (person, line), all in one transaction, so no pair ever leads to
two places.

Two people may be given the same line, and one line serves many sessions: only a pair is exclusive. A person is offered
the lines in an order of their own, always the same, so nothing has to be counted to spread people over the pool, and
whoever comes back finds the lines they know.
"""

import hashlib
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from toritsugi.directory import Entry, Key, look_up
from toritsugi.errors import RequestRefused
from toritsugi.forms import Form, invalid
from toritsugi.numbers import Line, PoolNumber, country_of, family_of, is_e164, line_key, read_pool
from toritsugi.routes import Route, free_from, is_free, is_held, is_over, route_key
from toritsugi.services import LONGEST_TTL, Service
from toritsugi.sessions.records import (
    MODES,
    Participant,
    Session,
    SessionName,
    is_as_read,
    is_open,
    name_entry,
    participant_entry,
    read_session,
)
from toritsugi.transactions import FAILED, refusals, write

MOST_PEOPLE = 2
MOST_TRIES = 8
MOST_KEYS = 100  # of one BatchGetItem

Arm = Callable[[str, float], None]


@dataclass(frozen=True)
class Wanted:
    """A participant as a client asks for one."""

    identifier: str
    friendly_name: str | None = None
    proxy_identifier: str | None = None
    proxy_identifier_sid: str | None = None

    @property
    def is_explicit(self) -> bool:
        return bool(self.proxy_identifier or self.proxy_identifier_sid)


@dataclass
class Search:
    """The search for one person's line. `numbers` would do, in this person's own order; `ready` are known to be
    free.
    """

    wanted: Wanted
    numbers: list[PoolNumber]
    ready: list[PoolNumber] = field(default_factory=list)
    quarantined: set[str] = field(default_factory=set)


# ---- what is asked for -----------------------------------------------------------------------------------------------


def read_participants(form: Form) -> list[Wanted]:
    """The participants of a session to be created: a repeated field, each a JSON object. Raises RequestRefused."""
    people = []
    for text in form.getlist("Participants"):
        try:
            fields = json.loads(text)
        except ValueError:
            raise invalid("Participants", "each must be a JSON object") from None
        if not isinstance(fields, dict) or not all(
            isinstance(value, str) for value in fields.values() if value is not None
        ):
            raise invalid("Participants", "each must be a JSON object of texts")
        said = {name.replace("_", "").lower(): value for name, value in fields.items()}
        names = ("identifier", "friendlyname", "proxyidentifier", "proxyidentifiersid")
        people.append(check(Wanted(*(said.get(name) or None for name in names))))  # type: ignore[arg-type]
    if len(people) > MOST_PEOPLE:
        raise too_many()
    if len({person.identifier for person in people}) < len(people):
        raise RequestRefused(80103, "Participant has already been added to Session")
    return people


def read_participant(form: Form) -> Wanted:
    """A participant to be added. Raises RequestRefused."""
    return check(
        Wanted(
            form.text("Identifier", most=191) or "",
            form.text("FriendlyName", most=255),
            form.text("ProxyIdentifier", most=255),
            form.text("ProxyIdentifierSid", most=34),
        )
    )


def check(wanted: Wanted) -> Wanted:
    if not wanted.identifier:
        raise invalid("Identifier", "a participant needs one")
    if not is_e164(wanted.identifier) or country_of(wanted.identifier) is None:
        raise RequestRefused(
            80404, "The participant's Identifier must be a telephone number in E.164 that can be reached"
        )
    if len(wanted.friendly_name or "") > 255:
        raise invalid("FriendlyName", "it is longer than 255 characters")
    return wanted


def default_mode(pool: list[PoolNumber]) -> str:
    """The widest mode that some number of the pool can serve: in Japan, where numbers have no SMS, that is voice
    alone.
    """
    if any(number.voice and number.sms for number in pool) or not any(number.voice or number.sms for number in pool):
        return "voice-and-message"
    return "voice-only" if any(number.voice for number in pool) else "message-only"


# ---- which numbers would do ------------------------------------------------------------------------------------------


def compatible(pool: list[PoolNumber], wanted: Wanted, mode: str) -> list[PoolNumber]:
    """The numbers that would do for this person, in this person's own order. Raises RequestRefused when none would."""
    numbers = [chosen(pool, wanted)] if wanted.is_explicit else pool
    if not numbers:
        raise RequestRefused(80205, "The Service has no phone numbers")
    able = [number for number in numbers if serves(number, mode)]
    if not able and mode != "message-only" and not any(number.voice for number in numbers):
        raise RequestRefused(80201, "No compatible phone number has voice")
    if not able:
        raise RequestRefused(80202, "No compatible phone number has messaging")
    if wanted.is_explicit:
        return able
    country = family_of(country_of(wanted.identifier))
    near = [number for number in able if family_of(number.country) == country]
    if not near:
        raise RequestRefused(80203, f"No compatible phone number for the country {country}")
    free = [number for number in near if not number.reserved]
    if not free:
        raise RequestRefused(80207, "All compatible phone numbers are marked as reserved")
    return sorted(free, key=lambda number: preference(wanted.identifier, number.phone_number))


def chosen(pool: list[PoolNumber], wanted: Wanted) -> PoolNumber:
    """The number that the client has named. Raises RequestRefused when it is not in the pool."""
    for number in pool:
        if number.phone_number == wanted.proxy_identifier or number.sid == wanted.proxy_identifier_sid:
            return number
    if wanted.proxy_identifier:
        raise RequestRefused(80605, "The ProxyIdentifier is not a phone number of this Service")
    raise RequestRefused(80601, "The ProxyIdentifierSid is not a phone number of this Service")


def serves(number: PoolNumber, mode: str) -> bool:
    return (number.voice or mode == "message-only") and (number.sms or mode == "voice-only")


def preference(identifier: str, number: str) -> bytes:
    """How little this person is drawn to this number: an order of each person's own, over which the crowd is spread
    evenly.
    """
    return hashlib.blake2b(f"{identifier}{number}".encode(), digest_size=8).digest()


def rank(search: Search, memories: dict[Key, Entry], behavior: str, now: int) -> None:
    """Fills `ready` with the numbers that are free for this person, the best first.

    Those in quarantine come last. Before that, `prefer-sticky` puts the numbers that the person has had,
    `avoid-sticky` those that they have not.
    """
    order = []
    for place, number in enumerate(search.numbers):
        memory = memories.get(route_key(search.wanted.identifier, number.phone_number))
        assert memory is None or isinstance(memory, Route)  # noqa: S101  for mypy: nothing else has such a key
        if memory and memory.connects(now):
            continue
        waits = memory is not None and (memory.free_from is None or memory.free_from > now)
        if waits:
            search.quarantined.add(number.phone_number)
        order.append((waits, (memory is None) == (behavior == "prefer-sticky"), place, number))
    search.ready = [number for *_, number in sorted(order, key=lambda item: item[:3])]


def look_around(searches: list[Search], behavior: str, now: int) -> None:
    """Finds free numbers for everybody: one round trip, unless somebody's first fifty are all taken.

    Raises RequestRefused 80208 (80604 for a number that was asked for) when all are, and 80402 for a person who is a
    line.
    """
    step = MOST_KEYS // len(searches) - 1
    everything = [search.numbers for search in searches]
    at = 0
    while True:
        for search, numbers in zip(searches, everything, strict=True):
            search.numbers = numbers[at : at + step]
        people = [search.wanted.identifier for search in searches]
        pairs = [route_key(s.wanted.identifier, number.phone_number) for s in searches for number in s.numbers]
        memories = look_up([*pairs, *(line_key(person) for person in people)])
        if any(isinstance(memories.get(line_key(person)), Line) for person in people):
            raise RequestRefused(
                80402, "A phone number of a Service cannot be a Participant: its calls would go round in circles"
            )
        for search in searches:
            if not search.ready:
                rank(search, memories, behavior, now)
        at += step
        if all(search.ready for search in searches) or at >= max(len(numbers) for numbers in everything):
            break
    for search, numbers in zip(searches, everything, strict=True):
        search.numbers = numbers
        if not search.ready:
            raise in_use(search)


def in_use(search: Search) -> RequestRefused:
    if search.wanted.is_explicit:
        return RequestRefused(80604, "The ProxyIdentifier is already in use with this Identifier")
    return RequestRefused(80208, "All compatible phone numbers are in use by this Participant in other Sessions")


# ---- the claim -------------------------------------------------------------------------------------------------------


def claim(searches: list[Search], behavior: str, commit: Callable[[list[PoolNumber]], dict[int, str]]) -> None:
    """Chooses and commits until it holds. `commit` says which places of its transaction were lost; those below the
    number of people are their pairs, and for such a pair the next number is tried. Raises RequestRefused 80623 after
    several lost races.
    """
    for _ in range(MOST_TRIES):
        if not all(search.ready for search in searches):
            look_around(searches, behavior, int(time.time()))
        if not (places := commit([search.ready[0] for search in searches])):
            return
        for place, search in enumerate(searches):
            if place in places:
                del search.ready[0]
    raise RequestRefused(
        80623, "Other requests for the same Participant were faster, several times over. Please try again", 409
    )


def open_session(service_sid: str, form: Form, arm: Arm) -> tuple[Session, list[Participant]]:
    """A new session with up to two participants, and its schedule armed. Raises RequestRefused, with nothing left
    behind.
    """
    service, pool = read_pool(service_sid)
    wanted = read_participants(form)
    session = draw_up(service, pool, form)
    searches = [Search(person, compatible(pool, person, session.mode)) for person in wanted]
    people: list[Participant] = []

    def commit(numbers: list[PoolNumber]) -> dict[int, str]:
        pairs = zip(wanted, numbers, strict=True)
        people[:] = [enrol(session, person, number, place) for place, (person, number) in enumerate(pairs)]
        session.participants = len(people)
        others = [people[1 - i] if len(people) > 1 else None for i in range(len(people))]
        with refusals() as places, write() as transaction:
            for person, other, search in zip(people, others, searches, strict=True):
                transaction.save(route_of(session, person, other), condition=takes(search, person, session))
            transaction.save(session)
            for person in people:
                transaction.save(person)
            if session.unique_name:
                name = SessionName(service_sid, name_entry(session.unique_name), named=session.session_sid)
                untaken = SessionName.entry.does_not_exist() | (SessionName.named == session.session_sid)
                transaction.save(name, condition=untaken)
        if places.get(2 * len(people) + 1) == FAILED:
            raise RequestRefused(80603, "The UniqueName belongs to another Session of this Service")
        return places

    claim(searches, service.number_selection_behavior, commit)
    if session.expires_at is not None:
        arm(session.session_sid, session.expires_at)
    return session, people


def add_participant(service_sid: str, session_sid: str, form: Form) -> Participant:
    """One more participant in a session. Raises RequestRefused, with nothing left behind."""
    wanted = read_participant(form)
    service, pool = read_pool(service_sid)
    added: list[Participant] = []
    search: list[Search] = []

    def commit(numbers: list[PoolNumber]) -> dict[int, str]:
        now = int(time.time())
        session, present = join(service_sid, session_sid, wanted, now)
        person = enrol(session, wanted, numbers[0], session.participants)
        partner = present[0] if present else None
        with refusals() as places, write() as transaction:
            transaction.save(route_of(session, person, partner), condition=takes(search[0], person, session))
            transaction.save(person)
            joined: list[Action] = [Session.participants.set(len(present) + 1), Session.date_updated.set(now)]
            transaction.update(session, joined, condition=is_open(now) & is_as_read(session))
            if partner:
                other = route_of(session, partner, person)
                meet: list[Action] = [
                    Route.partner.set(other.partner),
                    Route.partner_sid.set(other.partner_sid),
                    Route.shows.set(other.shows),
                ]
                transaction.update(other, meet, condition=is_held(session_sid) & Route.ended_at.does_not_exist())
        added[:] = [person]
        return places

    session, _ = join(service_sid, session_sid, wanted, int(time.time()))
    search.append(Search(wanted, compatible(pool, wanted, session.mode)))
    claim(search, service.number_selection_behavior, commit)
    return added[0]


def join(service_sid: str, session_sid: str, wanted: Wanted, now: int) -> tuple[Session, list[Participant]]:
    """The session and who is in it, if this person may still join. Raises RequestRefused."""
    session, people = read_session(service_sid, session_sid)
    present = [person for person in people if person.date_deleted is None]
    if session.is_closed(now):
        raise RequestRefused(80607, "Session is closed and cannot be updated")
    for person in people:
        if person.identifier == wanted.identifier and person.date_deleted is None:
            raise RequestRefused(80103, "Participant has already been added to Session")
        if person.identifier == wanted.identifier:
            raise RequestRefused(
                80612, "This Identifier was a Participant of the Session before, and cannot be added again"
            )
    if len(present) >= MOST_PEOPLE:
        raise too_many()
    return session, present


def draw_up(service: Service, pool: list[PoolNumber], form: Form) -> Session:
    """The session that the form describes, not stored yet."""
    now = time.time()
    date_expiry = read_date_expiry(form, now)
    said = form.integer("Ttl", 0, LONGEST_TTL)
    ttl = service.default_ttl if said is None else said
    status = form.choice("Status", ("open", "in-progress")) or "open"
    return Session(
        "KC" + uuid.uuid4().hex,
        "session",
        service_sid=service.service_sid,
        listed_as=f"{now:017.6f}",
        unique_name=form.text("UniqueName", most=191) or None,
        status=status,
        mode=form.choice("Mode", MODES) or default_mode(pool),
        ttl=ttl,
        date_expiry=date_expiry,
        expires_at=expiry(ttl, date_expiry, int(now)),
        date_created=int(now),
        date_updated=int(now),
        date_started=int(now) if status == "in-progress" else None,
        quarantine=service.quarantine,
        calls_outlive_expiry=service.calls_outlive_expiry,
    )


def read_date_expiry(form: Form, now: float) -> int | None:
    date_expiry = form.moment("DateExpiry")
    if date_expiry is not None and date_expiry <= now:
        raise invalid("DateExpiry", "it is past")
    return date_expiry


def expiry(ttl: float, date_expiry: float | None, since: float) -> float | None:
    """When a session ends that last did something at `since`: a date overrides a ttl. None: never."""
    if date_expiry is not None:
        return date_expiry
    return since + ttl if ttl else None


def enrol(session: Session, wanted: Wanted, number: PoolNumber, place: float) -> Participant:
    now = int(time.time())
    sid = "KP" + uuid.uuid4().hex
    return Participant(
        session.session_sid,
        participant_entry(sid),
        sid=sid,
        place=place,
        identifier=wanted.identifier,
        friendly_name=wanted.friendly_name,
        proxy_identifier=number.phone_number,
        proxy_identifier_sid=number.sid,
        date_created=now,
        date_updated=now,
    )


def route_of(session: Session, person: Participant, partner: Participant | None) -> Route:
    """Where this person's calls to their line go, in this session."""
    return Route(
        *route_key(person.identifier, person.proxy_identifier),
        session_sid=session.session_sid,
        participant_sid=person.sid,
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
    )


def route_at(person: Participant) -> Route:
    """Where this person's route lies; nothing of what is in it."""
    return Route(*route_key(person.identifier, person.proxy_identifier))


def takes(search: Search, person: Participant, session: Session) -> Condition:
    """On what condition this person's pair may be taken: strictly, or as one that still is in quarantine."""
    condition = is_over if person.proxy_identifier in search.quarantined else is_free
    return condition(int(time.time()), session.session_sid)


def too_many() -> RequestRefused:
    return RequestRefused(80609, "A Session may have at most 2 participants")
