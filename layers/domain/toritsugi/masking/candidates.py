"""Which lines would do for a person, and which of them are free.

A person is offered the lines in an order of their own, always the same, so nothing has to be counted to spread people
over the pool, and whoever comes back finds the lines they know.
"""

import hashlib
from dataclasses import dataclass, field

from toritsugi.foundation.errors import RequestRefused
from toritsugi.lines.directory import DirectoryKey, Entry, look_up_entries
from toritsugi.lines.lines import Line, line_key
from toritsugi.lines.numbers import country_of, family_of
from toritsugi.masking.pool import PoolNumber
from toritsugi.masking.requests import ParticipantRequest
from toritsugi.masking.routes import Route, route_key

MAX_KEYS = 100  # of one BatchGetItem


@dataclass
class LineSearch:
    """The search for one person's line: `numbers` would do, in this person's own order, `ready` are free."""

    wanted: ParticipantRequest
    numbers: list[PoolNumber]
    ready: list[PoolNumber] = field(default_factory=list)
    quarantined: set[str] = field(default_factory=set)


def default_mode(pool: list[PoolNumber]) -> str:
    """The widest mode that some number of the pool serves: in Japan, where numbers have no SMS, that is voice alone."""
    if any(number.voice and number.sms for number in pool) or not any(number.voice or number.sms for number in pool):
        return "voice-and-message"
    return "voice-only" if any(number.voice for number in pool) else "message-only"


def compatible(pool: list[PoolNumber], wanted: ParticipantRequest, mode: str) -> list[PoolNumber]:
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


def chosen(pool: list[PoolNumber], wanted: ParticipantRequest) -> PoolNumber:
    """The number that the client has named. Raises RequestRefused when it is not in the pool."""
    for number in pool:
        if number.phone_number == wanted.proxy_identifier or number.sid == wanted.proxy_identifier_sid:
            return number
    if wanted.proxy_identifier:
        raise RequestRefused(80605, "The ProxyIdentifier is not a phone number of this Service")
    raise RequestRefused(80601, "The ProxyIdentifierSid is not a phone number of this Service")


def serves(number: PoolNumber, mode: str) -> bool:
    """Whether the line can do all that a session of this mode needs of it."""
    return (number.voice or mode == "message-only") and (number.sms or mode == "voice-only")


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
        for search, batch in zip(searches, batches, strict=True):
            if not search.ready:
                rank(search, batch, memories, behavior, now)
        if all(search.ready for search in searches):
            return
    raise in_use(next(search for search in searches if not search.ready))


def rank(
    search: LineSearch, batch: list[PoolNumber], memories: dict[DirectoryKey, Entry], behavior: str, now: int
) -> None:
    """Fills `ready` with those numbers of a batch that are free for this person, the best first.

    Those in quarantine come last. Before that, `prefer-sticky` puts the numbers that the person has had,
    `avoid-sticky` those that they have not.
    """
    order = []
    for place, number in enumerate(batch):
        memory = memories.get(route_key(search.wanted.identifier, number.phone_number))
        assert memory is None or isinstance(memory, Route)  # noqa: S101  for mypy: nothing else has such a key
        if memory and memory.connects(now):
            continue
        waits = memory is not None and (memory.free_from is None or memory.free_from > now)
        if waits:
            search.quarantined.add(number.phone_number)
        order.append((waits, (memory is None) == (behavior == "prefer-sticky"), place, number))
    search.ready = [number for *_, number in sorted(order, key=lambda item: item[:3])]


def in_use(search: LineSearch) -> RequestRefused:
    """The refusal when no line is free: 80604 for one that the client has named, else 80208."""
    if search.wanted.is_explicit:
        return RequestRefused(80604, "The ProxyIdentifier is already in use with this Identifier")
    return RequestRefused(80208, "All compatible phone numbers are in use by this Participant in other Sessions")
