"""What the account has used and what that costs, in Twilio's REST API: by category, and by days of GMT.

https://www.twilio.com/docs/usage/api/usage-record
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.network.billing.bill import Usage, day
from local.network.billing.categories import CATEGORIES, TOTAL
from local.network.billing.monthly import months_later
from local.network.dates import iso
from local.network.refusals import Refused, not_built
from local.network.rest import endpoints
from local.network.rest.endpoints import only, page, truth_of
from local.network.twiml.grammar import words
from local.network.world import World

Period = tuple[date, date]  # its first and its last day

KNOWN = sorted(CATEGORIES)
OFFSET = re.compile(r"[+-]\d{1,4}(?=days?$)")


# ---- which days --------------------------------------------------------------------------------------------------


def today(world: World) -> date:
    return day(world.clock.now())


def asked(world: World, form: dict[str, list[str]]) -> Period:
    """The days that are asked for; all of the account's if none are."""
    first, last = (day_of(form.get(name, [""])[-1], today(world)) for name in ("StartDate", "EndDate"))
    first, last = first or day(world.created_at), last or today(world)
    if last < first:
        raise Refused(400, f"EndDate is {last}, which is before StartDate, {first}.", 20001)
    return first, last


def day_of(text: str, now: date) -> date | None:
    """`2027-01-15`, or so many days from now: `-30days`. A plus may have become a blank on its way."""
    try:
        if offset := OFFSET.match(text.replace(" ", "+")):
            return now + timedelta(int(offset[0]))
        return date.fromisoformat(text) if text else None
    except (ValueError, OverflowError) as error:
        raise Refused(400, f"{text!r} is no date: YYYY-MM-DD, or -30days for 30 days ago.", 20001) from error


def steps(world: World, form: dict[str, list[str]], following: Callable[[date], date]) -> list[Period]:
    """One period after another within the days that are asked for, and within the life of the account."""
    first, last = asked(world, form)
    first, last = max(first, day(world.created_at)), min(last, today(world))
    found = []
    while first <= last:
        after = following(first)
        found.append((first, min(after - timedelta(1), last)))
        first = after
    return found


def next_day(first: date) -> date:
    return first + timedelta(1)


def next_month(first: date) -> date:
    return months_later(first.replace(day=1), 1)


def next_year(first: date) -> date:
    return date(first.year + 1, 1, 1)


def last_month(world: World) -> Period:
    this = today(world).replace(day=1)
    return months_later(this, -1), this - timedelta(1)


Periods = Callable[[World, dict[str, list[str]]], list[Period]]

# By their name: the periods, the earliest first, each of which has a record of its own.
PERIODS: dict[str, Periods] = {
    "AllTime": lambda world, form: [asked(world, form)],
    "Daily": lambda world, form: steps(world, form, next_day),
    "Monthly": lambda world, form: steps(world, form, next_month),
    "Yearly": lambda world, form: steps(world, form, next_year),
    "Today": lambda world, _: [(today(world), today(world))],
    "Yesterday": lambda world, _: [(today(world) - timedelta(1),) * 2],
    "ThisMonth": lambda world, _: [(today(world).replace(day=1), today(world))],
    "LastMonth": lambda world, _: [last_month(world)],
}
CHOSEN = ("AllTime", "Daily", "Monthly", "Yearly")  # of these the days can be chosen


# ---- what was used in them ---------------------------------------------------------------------------------------


async def list_records(world: World, request: Request, form: dict[str, list[str]]) -> Response:
    """A record of each category, or of the one that is asked for, for each period: the latest first (unverified)."""
    name = request.path_params.get("period", "AllTime")
    if name not in PERIODS:
        raise endpoints.missing(request)
    days = words("StartDate EndDate") if name in CHOSEN else frozenset()
    wishes = only(form, days | words("Category IncludeSubaccounts PageSize Page PageToken"))
    truth_of(wishes, "IncludeSubaccounts", default=True)  # of which there are none
    category = wishes.get("Category")
    if category and category not in KNOWN:
        raise Refused(400, f"Category is one of {', '.join(KNOWN)}; this network knows no {category!r}.", 20001)
    found = [
        record(world, request, one, period, used)
        for period, sums in reversed(list(summed(world, PERIODS[name](world, form))))
        for one, used in sums.items()
        if category in (None, "", one)
    ]
    return page(request, form, "usage_records", found)


def summed(world: World, periods: list[Period]) -> Iterator[tuple[Period, dict[str, Usage]]]:
    """What was used in each of these periods, by category."""
    starts = [first for first, _ in periods]
    leaves: list[dict[str, Usage]] = [defaultdict(Usage) for _ in periods]
    for on, name, usage in world.bill.lines():
        place = bisect_right(starts, on) - 1
        if place >= 0 and on <= periods[place][1]:
            leaves[place][name].add(usage)
    for period, used in zip(periods, leaves, strict=True):
        used["recordingstorage"].add(Usage(*world.bill.shelf.stored(period[1])))
        yield period, {name: total(used, CATEGORIES[name].parts or (name,)) for name in KNOWN}


def total(used: dict[str, Usage], names: tuple[str, ...]) -> Usage:
    found = Usage()
    for name in names:
        found.add(used[name])
    return found


def record(world: World, request: Request, name: str, period: Period, used: Usage) -> dict[str, Any]:
    """Of the total the usage is the price, and there is nothing to count."""
    unit, price = world.bill.prices.price_unit.lower(), plain(used.price)
    category = CATEGORIES[name]
    days = {"StartDate": str(period[0]), "EndDate": str(period[1])}
    start = f"/2010-04-01/Accounts/{world.account_sid}/Usage/Records"
    others = {re.sub(r"(?<!^)(?=[A-Z])", "_", one).lower(): f"{start}/{one}.json?Category={name}" for one in PERIODS}
    return {
        "account_sid": world.account_sid,
        "api_version": "2010-04-01",
        "as_of": iso(world.clock.now())[:19] + "+00:00",
        "category": name,
        "count": None if name == TOTAL else str(used.count),
        "count_unit": category.count_unit,
        "description": category.description,
        "end_date": days["EndDate"],
        "price": price,
        "price_unit": unit,
        "start_date": days["StartDate"],
        "subresource_uris": others,
        "uri": f"{request.url.path}?{urlencode({'Category': name} | days)}",
        "usage": price if name == TOTAL else str(used.usage),
        "usage_unit": unit if name == TOTAL else category.usage_unit,
    }


def plain(amount: Decimal) -> str:
    """`0.37`, without zeros that say nothing."""
    return f"{amount.normalize():f}" if amount else "0"


async def triggers(_: World, __: Request, ___: dict[str, list[str]]) -> Response:
    raise Refused(501, not_built("A trigger of usage"))


def routes() -> list[Route]:
    return endpoints.routes(
        [
            ("GET", "/Usage/Records.json", list_records),
            ("GET", "/Usage/Records/{period}.json", list_records),
            ("GET", "/Usage/Triggers.json", triggers),
            ("POST", "/Usage/Triggers.json", triggers),
        ]
    )
