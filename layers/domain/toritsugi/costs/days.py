"""The sums of a day: what Twilio's usage has of it, and what is known of each call and text; one row, kept for ever.

No person is in it. A day is one of GMT, as all of Twilio's usage is.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from pynamodb.attributes import BooleanAttribute, UnicodeAttribute

from toritsugi.costs.records import Cost, CostsByMonth
from toritsugi.foundation import config
from toritsugi.foundation.listings import start_of_day
from toritsugi.foundation.retention import DAY_SECONDS
from toritsugi.foundation.tables import Table
from toritsugi.money.bills import TOTAL_CATEGORY, Billed, CategoryUse, Comparison, compare_billed
from toritsugi.money.usual_range import RANGE_DAYS, UsualRange, usual_range

DAY_KEY = "day#"  # begins the key of a day's row: no SID of Twilio's does


@dataclass(frozen=True, kw_only=True)
class DaySums:
    """What was used on a day by Twilio's categories, and what is known one by one: of what, by line, by service.

    `expected` is what was estimated of that of which there are only sums.
    """

    currency: str = ""
    used: Mapping[str, CategoryUse] = field(default_factory=dict)
    known: Mapping[str, Comparison] = field(default_factory=dict)
    by_line: Mapping[str, Comparison] = field(default_factory=dict)
    by_service: Mapping[str, Comparison] = field(default_factory=dict)
    expected: Mapping[str, Decimal | None] = field(default_factory=dict)

    @property
    def total(self) -> Decimal:
        """What the day did cost at Twilio."""
        return self.used.get(TOTAL_CATEGORY, CategoryUse()).price


class DayOfCosts(Table):
    """The row of a day; `unusual`: somebody was told that it is out of its usual range."""

    class Meta:
        table_name = config.COSTS_TABLE

    sid = UnicodeAttribute(hash_key=True)
    sums = UnicodeAttribute()  # compressed, for there may be many lines
    unusual = BooleanAttribute(default=False)

    @property
    def day(self) -> date:
        return date.fromisoformat(self.sid.removeprefix(DAY_KEY))

    @property
    def read(self) -> DaySums:
        """What it says."""
        said = json.loads(zlib.decompress(base64.b64decode(self.sums)))
        comparisons = ("known", "by_line", "by_service")
        return DaySums(
            currency=said["currency"],
            used={name: CategoryUse(one[0], *map(Decimal, one[1:])) for name, one in said["used"].items()},
            expected={name: None if one is None else Decimal(one) for name, one in said["expected"].items()},
            **{name: {key: read_comparison(one) for key, one in said[name].items()} for name in comparisons},
        )


def write_sums(sums: DaySums) -> str:
    """The sums as a row has them."""
    said: dict[str, Any] = {
        "currency": sums.currency,
        "used": {name: [one.count, f"{one.usage:f}", f"{one.price:f}"] for name, one in sums.used.items()},
        "expected": {name: None if one is None else f"{one:f}" for name, one in sums.expected.items()},
    }
    for name in ("known", "by_line", "by_service"):
        said[name] = {key: write_comparison(one) for key, one in getattr(sums, name).items()}
    return base64.b64encode(zlib.compress(json.dumps(said, separators=(",", ":")).encode())).decode()


def write_comparison(one: Comparison) -> list[Any]:
    return [
        one.count,
        f"{one.quantity:f}",
        f"{one.estimate:f}",
        f"{one.amount:f}",
        one.without_estimate,
        one.without_amount,
    ]


def read_comparison(said: list[Any]) -> Comparison:
    count, quantity, estimate, amount, without_estimate, without_amount = said
    return Comparison(
        count=count,
        quantity=Decimal(quantity),
        estimate=Decimal(estimate),
        amount=Decimal(amount),
        without_estimate=without_estimate,
        without_amount=without_amount,
    )


# ---- a day is summed up ----------------------------------------------------------------------------------------------


def sum_up_known(day: date) -> dict[str, dict[str, Comparison]]:
    """What is known one by one of a day: of what, by line and by service, as `DaySums` has them."""
    found: dict[str, dict[str, list[Billed]]] = {"known": {}, "by_line": {}, "by_service": {}}
    for row in list_costs_of_day(day):
        billed = Billed(what=row.what, quantity=row.quantity, estimate=row.estimate, amount=row.amount)
        keys = {"known": row.what, "by_line": row.line, "by_service": row.service_sid}
        for name, key in keys.items():
            if key:
                found[name].setdefault(key, []).append(billed)
    return {name: {key: compare_billed(things) for key, things in one.items()} for name, one in found.items()}


def list_costs_of_day(day: date) -> Iterable[CostsByMonth]:
    """The costs of what began on a day, with what sums need."""
    first = start_of_day(day.isoformat())
    within = CostsByMonth.listed_as.between(f"{first:010}", f"{first + DAY_SECONDS:010}")
    rows: Iterable[Any] = Cost.made_in.query(f"{day:%Y-%m}", within)
    return rows


def keep_day(day: date, sums: DaySums, unusual: bool) -> None:
    """Keeps the sums of a day, in place of what was known before."""
    DayOfCosts(f"{DAY_KEY}{day}", sums=write_sums(sums), unusual=unusual).save()


# ---- days that are known ---------------------------------------------------------------------------------------------


def find_days(days: Iterable[date]) -> dict[date, DayOfCosts]:
    """Those of these days that were summed up."""
    found = DayOfCosts.batch_get([f"{DAY_KEY}{day}" for day in days], consistent_read=True)
    return {row.day: row for row in found}


def find_usual_range(day: date, currency: str) -> UsualRange | None:
    """The range of a day by the four weeks before it; None where too few of them are known in this currency."""
    before = [day - timedelta(days) for days in range(RANGE_DAYS, 0, -1)]
    known = find_days(before)
    sums = [known[one].read for one in before if one in known]
    return usual_range([one.total for one in sums if one.currency == currency])


def add_days(days: Iterable[DaySums]) -> DaySums:
    """The sums of several days, of which all are in one currency."""
    days = list(days)
    used: defaultdict[str, CategoryUse] = defaultdict(CategoryUse)
    expected: dict[str, Decimal | None] = {}
    for day in days:
        for name, use in day.used.items():
            used[name] += use
        for name, amount in day.expected.items():
            so_far = expected.get(name, Decimal(0))
            expected[name] = None if amount is None or so_far is None else so_far + amount
    added = {name: add_comparisons(getattr(day, name) for day in days) for name in ("known", "by_line", "by_service")}
    return DaySums(currency=days[0].currency if days else "", used=dict(used), expected=expected, **added)


def add_comparisons(days: Iterable[Mapping[str, Comparison]]) -> dict[str, Comparison]:
    found: defaultdict[str, Comparison] = defaultdict(Comparison)
    for day in days:
        for name, one in day.items():
            found[name] += one
    return dict(found)
