"""Which lines would do for a person, and which of them are free.

A person is offered the lines in an order of their own, always the same, so nothing has to be counted to spread people
over the pool, and whoever comes back finds the lines they know.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from toritsugi.foundation.errors import RequestRefused
from toritsugi.lines import destinations
from toritsugi.lines.area_codes import find_area_code, find_area_codes
from toritsugi.lines.directory import DirectoryKey, Entry, look_up_entries
from toritsugi.lines.lines import Line, line_key
from toritsugi.lines.numbers import country_of, family_of, is_e164
from toritsugi.masking.pool import PoolNumber
from toritsugi.masking.requests import ParticipantRequest
from toritsugi.masking.routes import Route, route_key

MAX_KEYS = 100  # of one BatchGetItem


@dataclass
class LineSearch:
    """The search for one person's line: `numbers` would do, in this person's own order, `ready` are free.

    Those in `quarantined` may be taken before their quarantine is over. Those in `taken` connect the person in other
    sessions. It is the person's `turn`th line.
    """

    wanted: ParticipantRequest
    numbers: list[PoolNumber]
    level: str = "country"
    ready: list[PoolNumber] = field(default_factory=list)
    quarantined: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)
    turn: float = 1


# ---- which would do --------------------------------------------------------------------------------------------------


def default_mode(pool: list[PoolNumber], wanted: Sequence[ParticipantRequest]) -> str:
    """The widest mode that some number serves for each of these people: in Japan, where numbers have no SMS, voice."""
    offers = [offered(pool, person) for person in wanted] or [pool]
    for mode in ("voice-and-message", "voice-only", "message-only"):
        if all(any(serves(number, mode) for number in numbers) for numbers in offers):
            return mode
    return "voice-and-message"


def offered(pool: list[PoolNumber], wanted: ParticipantRequest) -> list[PoolNumber]:
    """The numbers that this person may be given in any mode; of a pool without such, all. Raises RequestRefused."""
    if wanted.is_explicit:
        return [chosen(pool, wanted)]
    country = family_of(country_of(wanted.identifier))
    return [number for number in pool if family_of(number.country) == country and not number.reserved] or pool


def compatible(
    pool: list[PoolNumber], wanted: ParticipantRequest, mode: str, level: str = "country"
) -> list[PoolNumber]:
    """The numbers that would do for this person, in this person's own order. Raises RequestRefused when none would."""
    if mode == "message-only" and destinations.is_landline(wanted.identifier):
        raise RequestRefused(
            80616, f"{wanted.identifier} is a landline, where no text arrives, and the Session is for texts"
        )
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
    if codes := find_area_codes(wanted.identifier, level):
        near = [number for number in near if find_area_code(number.phone_number) in codes]
        if not near:
            raise no_number_near(wanted)
    free = [number for number in near if not number.reserved]
    if not free:
        raise RequestRefused(80207, "All compatible phone numbers are marked as reserved")
    return sorted(free, key=lambda number: preference(wanted.identifier, number.phone_number))


def chosen(pool: list[PoolNumber], wanted: ParticipantRequest) -> PoolNumber:
    """The number that the client has named. Raises RequestRefused when it is not in the pool."""
    for number in pool:
        if number.phone_number == wanted.proxy_identifier or number.sid == wanted.proxy_identifier_sid:
            return number
    if wanted.proxy_identifier and not is_e164(wanted.proxy_identifier):
        raise RequestRefused(80304, "The ProxyIdentifier is no phone number, and there are no other channels here")
    if wanted.proxy_identifier:
        raise RequestRefused(80605, "The ProxyIdentifier is not a phone number of this Service")
    raise RequestRefused(80601, "The ProxyIdentifierSid is not a phone number of this Service")


def no_number_near(wanted: ParticipantRequest) -> RequestRefused:
    """The refusal (80206) where none in the area will do."""
    return RequestRefused(
        80206, f"No phone number for {wanted.identifier} meets the GeoMatchLevel of the Service, or is free"
    )


def serves(number: PoolNumber, mode: str) -> bool:
    """Whether the line can do all that a session of this mode needs of it."""
    return (number.voice or mode == "message-only") and (number.sms or mode == "voice-only")


# ---- which are free --------------------------------------------------------------------------------------------------


def preference(identifier: str, number: str) -> bytes:
    """How little this person is drawn to this number: an order of each one's own, so that a crowd spreads evenly."""
    return hashlib.blake2b(f"{identifier}{number}".encode(), digest_size=8).digest()


def look_around(searches: list[LineSearch], behavior: str, now: int) -> None:
    """Finds free numbers for everybody: one round trip, unless somebody's first fifty are all taken.

    Raises RequestRefused 80208 (80604 for a number that was asked for) when all are, and 80402 for whoever is a line.
    """
    people = [search.wanted.identifier for search in searches]
    step = MAX_KEYS // len(searches) - 1
    for at in range(0, max(len(search.numbers) for search in searches), step):
        batches = [search.numbers[at : at + step] for search in searches]
        pairs = [
            route_key(who, number.phone_number) for who, batch in zip(people, batches, strict=True) for number in batch
        ]
        memories = look_up_entries([*pairs, *map(line_key, people)])
        if any(isinstance(memories.get(line_key(person)), Line) for person in people):
            raise RequestRefused(
                80402, "A phone number of a Service as Participant: its calls would go round in circles"
            )
        known = [remembered(search, batch, memories) for search, batch in zip(searches, batches, strict=True)]
        reunion = sessions_in_common(known)
        for search, batch, routes in zip(searches, batches, known, strict=True):
            if not search.ready:
                rank(search, batch, routes, behavior, now, reunion)
        if all(search.ready for search in searches):
            return
    raise in_use(next(search for search in searches if not search.ready))


def remembered(search: LineSearch, batch: list[PoolNumber], memories: Mapping[DirectoryKey, Entry]) -> dict[str, Route]:
    """What is known of this person at those numbers, by number."""
    found = {
        number.phone_number: memories.get(route_key(search.wanted.identifier, number.phone_number)) for number in batch
    }
    return {number: route for number, route in found.items() if isinstance(route, Route)}


def sessions_in_common(known: list[dict[str, Route]]) -> set[str]:
    """The latest sessions at some number in which all of these people were: in a new one nobody reaches a stranger."""
    sids = [{route.session_sid for route in routes.values()} for routes in known]
    return set.intersection(*sids) if len(sids) > 1 else set()


def rank(
    search: LineSearch,
    batch: list[PoolNumber],
    known: Mapping[str, Route],
    behavior: str,
    now: int,
    reunion: set[str],
) -> None:
    """Fills `ready` with those numbers of a batch that are free for this person, the best first.

    Those in quarantine come last, the one first that was released longest ago. Before that, `prefer-sticky` puts the
    numbers that the person has had, the latest first, `avoid-sticky` those that they have not, and then the oldest. A
    quarantine keeps a number from strangers: who prefers sticky numbers meets the same people over the same ones.
    """
    sticky, order = behavior == "prefer-sticky", []
    for place, number in enumerate(batch):
        route = known.get(number.phone_number)
        if route is None:
            order.append(((False, sticky, 0.0, 0.0), place, number))
        elif not route.connects(now):
            rests = route.free_from is None or route.free_from > now
            again = sticky and route.session_sid in reunion
            age = (route.released_at, route.turn or 0)
            if rests:
                search.quarantined.add(number.phone_number)
            late = (-age[0], -age[1]) if sticky and (again or not rests) else age
            order.append(((rests and not again, not sticky, *late), place, number))
        else:
            search.taken.add(number.phone_number)
    search.turn = max([search.turn, *((route.turn or 0) + 1 for route in known.values())])
    search.ready = [number for *_, number in sorted(order, key=lambda item: item[:2])]


def in_use(search: LineSearch) -> RequestRefused:
    """The refusal when no line is free: 80604 for one that the client has named, 80206 in an area, else 80208."""
    if search.wanted.is_explicit:
        return RequestRefused(80604, "The ProxyIdentifier is already in use with this Identifier")
    if find_area_codes(search.wanted.identifier, search.level):
        return no_number_near(search.wanted)
    return RequestRefused(80208, "All compatible phone numbers are in use by this Participant in other Sessions")
