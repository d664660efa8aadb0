"""Which lines would do for a person, and which of them are free.

A person is offered the lines in an order of their own, always the same, so nothing has to be counted to spread people
over the pool, and whoever comes back finds the lines they know.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from toritsugi.foundation.errors import RequestRefused
from toritsugi.foundation.forms import invalid_parameter
from toritsugi.lines import destinations
from toritsugi.lines.area_codes import find_area_code, find_area_codes
from toritsugi.lines.directory import DirectoryKey, Entry, look_up_entries
from toritsugi.lines.lines import Line, line_key
from toritsugi.lines.numbers import country_of, family_of, is_e164
from toritsugi.masking.pool import PoolNumber
from toritsugi.masking.requests import ParticipantRequest
from toritsugi.masking.routes import DIGITS, Route, list_routes, route_key

MAX_KEYS = 100  # of one BatchGetItem


@dataclass
class LineSearch:
    """The search for one person's line: `numbers` would do, in this person's own order, `ready` are free.

    Those in `quarantined` may be taken before their quarantine is over. Those in `taken` connect the person in other
    sessions. It is the person's `turn`th line. A search that `shares` may find such, too; they are `ready` with one of
    the `digits`, one of those that are `allowed_digits`, and all others with the first.
    """

    wanted: ParticipantRequest
    numbers: list[PoolNumber]
    level: str = "country"
    ready: list[PoolNumber] = field(default_factory=list)
    quarantined: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)
    turn: float = 1
    shares: bool = False
    digits: dict[str, int] = field(default_factory=dict)
    allowed_digits: Sequence[int] = DIGITS

    @property
    def asks_all(self) -> bool:
        """Whether somebody may have several sessions over one of the numbers."""
        return self.shares or any(number.has_choices for number in self.numbers)


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
    if mode == "message-only" and (landlines := [*filter(destinations.is_landline, wanted.numbers)]):
        raise RequestRefused(
            80616, f"{landlines[0]} is a landline, where no text arrives, and the Session is for texts"
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
    """The number that the client has named. Raises RequestRefused when it is not in the pool, or two are named."""
    said = wanted.proxy_identifier, wanted.proxy_identifier_sid
    for number in pool:
        if number.phone_number == said[0] or number.sid == said[1]:
            if all(said) and said != (number.phone_number, number.sid):
                raise invalid_parameter("ProxyIdentifierSid", "it is not that of the ProxyIdentifier")
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

    Where people may have several sessions over one number, it is one more for each of them.
    Raises RequestRefused 80208 (80604 for a number that was asked for) when all are, and 80402 for whoever is a line.
    """
    people = [number for search in searches for number in search.wanted.numbers]
    most, asks_all = max(len(search.numbers) for search in searches), any(search.asks_all for search in searches)
    step = most if asks_all else MAX_KEYS // len(people) - 1
    for at in range(0, most, step):
        batches = [search.numbers[at : at + step] for search in searches]
        pairs = [
            route_key(who, number.phone_number)
            for search, batch in zip(searches, batches, strict=True)
            for who in search.wanted.numbers
            for number in batch
        ]
        memories = look_up_entries([*([] if asks_all else pairs), *map(line_key, people)])
        for person in people if asks_all else ():
            memories |= {(route.number, route.entry): route for route in list_routes(person)}
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


def remembered(
    search: LineSearch, batch: list[PoolNumber], memories: Mapping[DirectoryKey, Entry]
) -> dict[str, list[Route]]:
    """What is known of this person at those numbers, by number: one route, or one for each telephone and digit."""
    found: dict[str, list[Route]] = {}
    numbers = {number.phone_number for number in batch}
    for (who, _), route in memories.items():
        if isinstance(route, Route) and who in search.wanted.numbers and route.line in numbers:
            found.setdefault(route.line, []).append(route)
    return found


def sessions_in_common(known: list[dict[str, list[Route]]]) -> set[str]:
    """The latest sessions at some number in which all of these people were: in a new one nobody reaches a stranger."""
    sids = [{route.session_sid for at_number in routes.values() for route in at_number} for routes in known]
    return set.intersection(*sids) if len(sids) > 1 else set()


def rank(
    search: LineSearch,
    batch: list[PoolNumber],
    known: Mapping[str, list[Route]],
    behavior: str,
    now: int,
    reunion: set[str],
) -> None:
    """Fills `ready` with those numbers of a batch that are free for this person, the best first.

    Those in quarantine come last, the one first that was released longest ago. Before that, `prefer-sticky` puts the
    numbers that the person has had, the latest first, `avoid-sticky` those that they have not, and then the oldest. A
    quarantine keeps a number from strangers: who prefers sticky numbers meets the same people over the same ones. Last
    of all come the numbers over which the person has another session, if they may be shared, the fewest sessions first.
    """
    sticky, order = behavior == "prefer-sticky", []
    search.digits = {}
    for place, number in enumerate(batch):
        routes = known.get(number.phone_number, [])
        live = {route.digit for route in routes if route.connects(now)}
        if not routes:
            order.append(((0, sticky, 0.0, 0.0), place, number))
        elif not live:
            latest = max(routes, key=lambda route: (route.released_at, route.turn or 0))
            rests = any(route.rests(now) for route in routes)
            again = sticky and latest.session_sid in reunion
            age = (latest.released_at, latest.turn or 0)
            if rests:
                search.quarantined.add(number.phone_number)
            late = (-age[0], -age[1]) if sticky and (again or not rests) else age
            order.append(((int(rests and not again), not sticky, *late), place, number))
        else:
            search.taken.add(number.phone_number)
            digit = choose_digit(search, number, routes, now) if search.shares else None
            if digit:
                search.digits[number.phone_number] = digit
                order.append(((2, False, float(len(live)), 0.0), place, number))
    turns = [(route.turn or 0) + 1 for routes in known.values() for route in routes]
    search.turn = max([search.turn, *turns])
    search.ready = [number for *_, number in sorted(order, key=lambda item: item[:2])]


def choose_digit(search: LineSearch, number: PoolNumber, routes: list[Route], now: int) -> int | None:
    """The digit with which one more session may be reached: the first that leads to none, and that does not rest.

    None, if each leads to one. A team has one digit on all its telephones.
    """
    live = {route.digit for route in routes if route.connects(now)}
    free = [digit for digit in search.allowed_digits if digit not in live]
    rested_until = dict.fromkeys(free, 0.0)
    for route in routes:
        if route.digit in free and route.rests(now):
            rested_until[route.digit] = max(rested_until[route.digit], route.released_at)
    best = min(free, key=lambda digit: rested_until[digit], default=None)
    if best and rested_until[best]:
        search.quarantined.add(number.phone_number)
    return best


def in_use(search: LineSearch) -> RequestRefused:
    """The refusal when no line is free: 80604 for one that the client has named, 80206 in an area, else 80208."""
    if search.wanted.is_explicit:
        return RequestRefused(80604, "The ProxyIdentifier is already in use with this Identifier")
    if find_area_codes(search.wanted.identifier, search.level):
        return no_number_near(search.wanted)
    return RequestRefused(80208, "All compatible phone numbers are in use by this Participant in other Sessions")
