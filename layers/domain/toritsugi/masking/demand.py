"""How many numbers a service needs: as many as the most sessions that one person is in at once, by country and mode.

Whoever is given a number was looked at in all that would do, so it is known how many of those they hold; whoever has
numbers back, in a session that is opened again or by a new telephone, is looked at for it. From the second on that is
noted, where it is more than on that day before; so is what was refused for want of a number. A row for each service and
day, in which no person stands, goes by itself a month later.
"""

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from toritsugi.foundation import config
from toritsugi.foundation.errors import RequestRefused
from toritsugi.foundation.forms import date
from toritsugi.foundation.logs import log
from toritsugi.foundation.retention import DAY_SECONDS
from toritsugi.foundation.tables import connection
from toritsugi.foundation.transactions import WriteOutcome, carry_out
from toritsugi.limits.usage import Tell
from toritsugi.lines.directory import look_up_entries
from toritsugi.lines.numbers import country_of, family_of
from toritsugi.masking.candidates import LineSearch, compatible, serves
from toritsugi.masking.pool import PoolNumber, read_usable
from toritsugi.masking.requests import ParticipantRequest
from toritsugi.masking.routes import Route, list_routes
from toritsugi.masking.sessions import MODES, Participant, Session

WANT_OF_NUMBERS = (80201, 80202, 80203, 80205, 80206, 80207, 80208)  # the codes of creations that lacked one
NEARLY_ALL = 0.8  # of the numbers that would do for a person, from where on it is told
KEPT_DAYS = 30

MAX_LINES_LOOKED_AT, MAX_PAIRS_LOOKED_AT, MAX_PEOPLE_LOOKED_AT = 100, 20_000, 20

_noted: dict[tuple[str, ...], int] = {}  # the most of a day, as far as this process knows


# ---- it is noted where numbers are given -----------------------------------------------------------------------------


@contextmanager
def noted(
    service_sid: str,
    mode: str,
    wanted: Sequence[ParticipantRequest],
    searches: Sequence[LineSearch],
    tell: Tell | None,
) -> Iterator[None]:
    """Inside, these people are given numbers, or refused. Whoever has nobody to `tell` notes nothing either."""
    try:
        yield
    except RequestRefused as refusal:
        if tell and wanted and refusal.code in WANT_OF_NUMBERS:
            note_want(service_sid, mode, wanted, searches, tell)
        raise
    if tell:
        note_given(service_sid, mode, searches, tell)


def note_given(service_sid: str, mode: str, searches: Sequence[LineSearch], tell: Tell) -> None:
    """These people were given numbers: one who holds several of those that would do is noted, and nearly all told."""
    for search in searches:
        if not search.wanted.is_explicit:
            kind = demand_kind(search.wanted.identifier, mode)
            note_most(service_sid, kind, len(search.taken) + 1, len(search.numbers), tell)


def note_held(session: Session, people: Sequence[Participant], tell: Tell | None) -> None:
    """These people are in the session from now on, over lines that were chosen before: noted as if they were new.

    It is read for that how many they hold: the pool in one query, and each telephone's routes in another.
    """
    if tell is None:
        return
    now = time.time()
    try:
        service, pool = read_usable(session.service_sid)
        for person in people:
            wanted = ParticipantRequest(person.identifier, more_identifiers=tuple(person.numbers[1:]))
            with suppress(RequestRefused):  # none of the pool is for the next session of such a person
                numbers = compatible(pool, wanted, session.mode, service.geo_match_level)
                used = count_sessions(person.numbers, {number.phone_number for number in numbers}, now)
                note_most(session.service_sid, demand_kind(person.identifier, session.mode), used, len(numbers), tell)
    except Exception:
        log.warning("a demand was not noted", service_sid=session.service_sid, exc_info=True)


def count_sessions(telephones: Sequence[str], lines: set[str], now: float) -> int:
    """In how many sessions somebody with these telephones is over these lines."""
    routes = [route for number in telephones for route in list_routes(number) if route.line in lines]
    return len({route.session_sid for route in routes if route.connects(now)})


def note_most(service_sid: str, kind: str, used: int, numbers: int, tell: Tell) -> None:
    """Somebody uses so many of the numbers that would do for them: from two on it is noted, and nearly all told."""
    if used < 2:
        return
    now = time.time()
    try:
        raise_to(service_sid, f"most {kind}", used, now)
        if used >= NEARLY_ALL * numbers:
            tell_once(service_sid, kind, (numbers, used, False), now, tell)
    except Exception:
        log.warning("a demand was not noted", service_sid=service_sid, exc_info=True)


def note_want(
    service_sid: str, mode: str, wanted: Sequence[ParticipantRequest], searches: Sequence[LineSearch], tell: Tell
) -> None:
    """One of these people could be given no number: the first who was not looked for, or for whom none was found."""
    now, found = time.time(), len(searches) == len(wanted)
    search = next((search for search in searches if not search.ready), None) if found else None
    person = search.wanted if search else wanted[min(len(searches), len(wanted) - 1)]
    kind, used = demand_kind(person.identifier, mode), len(search.taken) if search else 0
    try:
        change_tally(service_sid, now, "ADD #name :n", f"refused {kind}", 1)
        raise_to(service_sid, f"wanted {kind}", used + 1, now)
        tell_once(service_sid, kind, (len(search.numbers) if search else 0, used, True), now, tell)
    except Exception:
        log.warning("a demand was not noted", service_sid=service_sid, exc_info=True)


def demand_kind(number: str, mode: str) -> str:
    """What is told apart: the country of a person, or the first of its family, and the mode of the session."""
    return f"{family_of(country_of(number)) or '-'} {mode}"


def raise_to(service_sid: str, name: str, most: int, now: float) -> None:
    """The day's row says at least so many. It costs nothing where this process knows that it does."""
    key = service_sid, name, day_of(now)
    if _noted.get(key, 0) >= most:
        return
    lower = "attribute_not_exists(#name) OR #name < :n"
    outcome = change_tally(service_sid, now, "SET #name = :n", name, most, ConditionExpression=lower)
    if len(_noted) >= 1000:
        _noted.clear()
    _noted[key] = most if outcome.held else tally_in(outcome.row, name)


def tell_once(service_sid: str, kind: str, facts: tuple[int, int, bool], now: float, tell: Tell) -> None:
    """Has the owner told once a day that the numbers are nearly used up, or are."""
    key = service_sid, f"told {kind}", day_of(now)
    if key in _noted:
        return
    first = "attribute_not_exists(#name)"
    outcome = change_tally(service_sid, now, "SET #name = :n", f"told {kind}", int(now), ConditionExpression=first)
    _noted[key] = 1
    if outcome.held:
        country, mode = kind.split(" ")
        known = dict(zip(("numbers", "used", "refused"), facts, strict=True))
        path = f"/v1/Services/{service_sid}/PoolForecast"
        tell(
            "number.exhausted", {"service_sid": service_sid, "iso_country": country, "mode": mode, "path": path} | known
        )


def change_tally(service_sid: str, now: float, action: str, name: str, number: int, **more: str) -> WriteOutcome:
    """Changes one number in the day's row of a service."""
    keep, expires = "SET #expires = :expires", {"N": str(int(now) + (KEPT_DAYS + 1) * DAY_SECONDS)}
    request = {
        "TableName": config.USAGE_TABLE,
        "Key": {"scope": {"S": scope_of(service_sid)}, "day": {"S": day_of(now)}},
        "UpdateExpression": f"{action}, #expires = :expires" if action.startswith("SET") else f"{keep} {action}",
        "ExpressionAttributeNames": {"#name": name, "#expires": "expires_at"},
        "ExpressionAttributeValues": {":n": {"N": str(number)}, ":expires": expires},
        "ReturnValues": "ALL_NEW",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        **more,
    }
    return carry_out("update_item", request)


def scope_of(service_sid: str) -> str:
    return f"pool {service_sid}"


def day_of(now: float) -> str:
    return f"{datetime.fromtimestamp(now, UTC):%Y-%m-%d}"


def tally_in(row: Mapping[str, Any], name: str) -> int:
    return int(row.get(name, {"N": "0"})["N"])


# ---- how many are needed ---------------------------------------------------------------------------------------------


@dataclass
class Demand:
    """The numbers of a kind that a service has, and what people wanted of them: `most` at once, of one person."""

    numbers: list[PoolNumber] = field(default_factory=list)
    most_now: int = 0
    days: dict[str, tuple[int, int, int]] = field(default_factory=dict)  # by day: most, wanted, refused

    @property
    def most(self) -> int:
        return max([1, self.most_now, *(most for most, _, _ in self.days.values())])

    @property
    def needed(self) -> int:
        return max([self.most, *(wanted for _, wanted, _ in self.days.values())])


def forecast(service_sid: str, pool: list[PoolNumber], now: float) -> tuple[dict[str, Demand], bool]:
    """What is known of each kind of number, and whether that is of all who are in sessions at this moment.

    It looks at a hundred numbers and 20,000 pairs of person and number at most, by an index that may lag; and of those
    who seem to hold the most, at the pairs themselves.
    """
    demands: defaultdict[str, Demand] = defaultdict(Demand)
    usable = [number for number in pool if number.moved_at is None and not number.reserved]
    for number in usable:
        for mode in MODES:
            if serves(number, mode):
                demands[f"{family_of(number.country) or '-'} {mode}"].numbers.append(number)
    for row in read_days(service_sid, now):
        for kind in {name.partition(" ")[2] for name in row if " " in name}:
            counts = (tally_in(row, f"most {kind}"), tally_in(row, f"wanted {kind}"), tally_in(row, f"refused {kind}"))
            demands[kind].days[row["day"]["S"]] = counts
    places_of, complete = find_holders(usable)
    for demand in demands.values():
        demand.most_now, certain = count_busiest(places_of, {number.phone_number for number in demand.numbers}, now)
        complete &= certain
    return dict(sorted(demands.items())), complete


def read_days(service_sid: str, now: float) -> list[dict[str, Any]]:
    """What was noted of a service, of the days that are kept, in one query."""
    request = {
        "TableName": config.USAGE_TABLE,
        "KeyConditionExpression": "#scope = :scope AND #day >= :since",
        "ExpressionAttributeNames": {"#scope": "scope", "#day": "day"},
        "ExpressionAttributeValues": {
            ":scope": {"S": scope_of(service_sid)},
            ":since": {"S": day_of(now - KEPT_DAYS * DAY_SECONDS)},
        },
    }
    found: list[dict[str, Any]] = connection().client.query(**request)["Items"]
    return found


def find_holders(numbers: Sequence[PoolNumber]) -> tuple[dict[str, list[Route]], bool]:
    """The keys of the routes over these numbers by person, as an index says, and whether that is all of them."""
    places_of: defaultdict[str, list[Route]] = defaultdict(list)
    pairs = 0
    for number in numbers[:MAX_LINES_LOOKED_AT]:
        for route in Route.live.query(number.phone_number, limit=MAX_PAIRS_LOOKED_AT - pairs):
            places_of[route.number].append(route)
            pairs += 1
        if pairs >= MAX_PAIRS_LOOKED_AT:
            return places_of, False
    return places_of, len(numbers) <= MAX_LINES_LOOKED_AT


def count_busiest(places_of: Mapping[str, Sequence[Route]], lines: set[str], now: float) -> tuple[int, bool]:
    """In how many sessions over these lines the busiest person is now, and whether that is certain."""
    held = {person: [one for one in theirs if one.line in lines] for person, theirs in places_of.items()}
    ranked, most = sorted(held, key=lambda person: -len(held[person])), 0
    for person in ranked[:MAX_PEOPLE_LOOKED_AT]:
        if len(held[person]) <= most:
            return most, True
        found = look_up_entries([(one.number, one.entry) for one in held[person]]).values()
        most = max(most, sum(isinstance(route, Route) and route.connects(now) for route in found))
    return most, len(ranked) <= MAX_PEOPLE_LOOKED_AT or len(held[ranked[MAX_PEOPLE_LOOKED_AT]]) <= most


def show_forecast(service_sid: str, pool: list[PoolNumber], base: str, now: float) -> dict[str, Any]:
    """The forecast of a service as the REST API writes it."""
    demands, complete = forecast(service_sid, pool, now)
    return {
        "service_sid": service_sid,
        "account_sid": config.TWILIO_ACCOUNT_SID,
        "since": date(now - KEPT_DAYS * DAY_SECONDS),
        "complete": complete,
        "forecasts": [show_demand(kind, demand) for kind, demand in demands.items()],
        "url": f"{base}/v1/Services/{service_sid}/PoolForecast",
    }


def show_demand(kind: str, demand: Demand) -> dict[str, Any]:
    country, mode = kind.split(" ")
    return {
        "iso_country": country,
        "mode": mode,
        "numbers": len(demand.numbers),
        "numbers_needed": demand.needed,
        "most_at_once": demand.most,
        "most_at_once_now": demand.most_now,
        "refused": sum(refused for _, _, refused in demand.days.values()),
        "days": [
            {"date": day, "most_at_once": max(1, most), "refused": refused}
            for day, (most, _, refused) in sorted(demand.days.items())
        ],
    }
