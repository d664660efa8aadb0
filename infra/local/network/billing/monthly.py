"""What is paid by the month: numbers from the day on which they were bought, and recordings that are kept.

https://www.twilio.com/docs/phone-numbers/pricing https://support.twilio.com/hc/en-us/articles/223183228
"""

from __future__ import annotations

import calendar
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

Moment = TypeVar("Moment", date, datetime)

FREE_MINUTES = 10_000  # that are kept for nothing
SMALLEST = Decimal("0.00001")  # what an average of a month is rounded to


@dataclass
class Lease:
    """A number that the account has or had."""

    number: str
    begun_at: datetime
    ended_at: datetime | None = None

    def due(self) -> Iterator[datetime]:
        """When it is paid: at its beginning and in each following month, as long as there is time."""
        for months in itertools.count():
            moment = months_later(self.begun_at, months)
            if self.ended_at and months and moment >= self.ended_at:
                return
            yield moment


class Leases:
    """The numbers of the account, and those that it has given back."""

    def __init__(self) -> None:
        self.all: list[Lease] = []

    def begin(self, number: str, at: float) -> None:
        self.all.append(Lease(number, datetime.fromtimestamp(at, UTC)))

    def end(self, number: str, at: float) -> None:
        for lease in self.all:
            if lease.number == number and lease.ended_at is None:
                lease.ended_at = datetime.fromtimestamp(at, UTC)

    def fees(self, since: float, until: float) -> Iterator[tuple[date, str]]:
        """On which day which number was paid, between these two moments."""
        first, last = (datetime.fromtimestamp(moment, UTC) for moment in (since, until))
        for lease in self.all:
            for moment in itertools.takewhile(lambda moment: moment <= last, lease.due()):
                if moment >= first:
                    yield moment.date(), lease.number


class Shelf:
    """The recordings that are kept, and the minutes that they last."""

    def __init__(self) -> None:
        self.changes: dict[date, tuple[int, int]] = {}

    def put(self, on: date, minutes: int, count: int = 1) -> None:
        """One more is kept; or, with negative numbers, one less."""
        had_count, had_minutes = self.changes.get(on, (0, 0))
        self.changes[on] = had_count + count, had_minutes + minutes

    def stored(self, on: date) -> tuple[int, int]:
        """How many are kept in the end of this day, and how many minutes."""
        changes = [change for day, change in self.changes.items() if day <= on]
        return sum(count for count, _ in changes), sum(minutes for _, minutes in changes)

    def costs(self, until: date, fee: Decimal) -> Iterator[tuple[date, Decimal]]:
        """What is paid at the end of each month that is over before this day, for the average of what was kept."""
        if not self.changes:
            return
        month, kept = min(self.changes).replace(day=1), 0
        while (following := months_later(month, 1)) <= until:
            days, total = (following - month).days, 0
            for day in range(days):
                kept += self.changes.get(month + timedelta(day), (0, 0))[1]
                total += kept
            beyond = Decimal(total) / days - FREE_MINUTES
            if beyond > 0:
                yield following - timedelta(1), (beyond * fee).quantize(SMALLEST)
            month = following


def months_later(moment: Moment, months: int) -> Moment:
    """The same day so many months later, or the last one of a month that has no such day."""
    years, month = divmod(moment.month - 1 + months, 12)
    year, month = moment.year + years, month + 1
    return moment.replace(year=year, month=month, day=min(moment.day, calendar.monthrange(year, month)[1]))
