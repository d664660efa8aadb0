"""The report of a month: every line of its bill beside the estimate, and what none explains; by line and service."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from toritsugi.costs.days import DaySums, add_days, find_days
from toritsugi.foundation.errors import RequestRefused
from toritsugi.money.bills import WholeBill, whole_bill


@dataclass(frozen=True)
class DayOfReport:
    """A day of a report, and what it did cost; None: it was not summed up."""

    day: date
    total: Decimal | None
    unusual: bool


@dataclass(frozen=True)
class MonthReport:
    """A month: its days, its sums, and its bill."""

    month: str
    days: tuple[DayOfReport, ...]
    sums: DaySums
    bill: WholeBill


def report_of_month(month: str) -> MonthReport:
    """The report of a month, such as 2026-11, as far as its days were summed up. Raises RequestRefused 20404, 20409."""
    days = list(days_of_month(month))
    rows = find_days(days)
    read = {day: row.read for day, row in rows.items()}
    if not read:
        raise RequestRefused(20404, f"Of {month} no day was summed up", 404)
    if len(currencies := {sums.currency for sums in read.values()}) > 1:
        raise RequestRefused(20409, f"{month} was paid in {' and '.join(sorted(currencies))}, which have no sum", 409)
    sums = add_days(read.values())
    shown = tuple(
        DayOfReport(one, read[one].total, rows[one].unusual) if one in rows else unknown_day(one) for one in days
    )
    return MonthReport(month, shown, sums, whole_bill(sums.used, sums.known, sums.expected))


def unknown_day(day: date) -> DayOfReport:
    return DayOfReport(day, None, unusual=False)


def days_of_month(month: str) -> Iterator[date]:
    first = date.fromisoformat(f"{month}-01")
    for day in range(1, calendar.monthrange(first.year, first.month)[1] + 1):
        yield first.replace(day=day)
