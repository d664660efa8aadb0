"""Lists in the order of time: which stretch of one is asked for, in which order, and how far a page looks.

What is listed has a place in its list: the second in which it was made, more digits of it perhaps, and its SID.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from pynamodb.attributes import UnicodeAttribute
from pynamodb.exceptions import QueryError

from toritsugi.foundation.errors import RequestRefused

MONTH = r"20\d\d-(?:0[1-9]|1[0-2])"
MONTHS_BACK = 24
MAX_LOOKED_AT = 1_000  # places, for one page of what was asked for
LOOK = 100  # places at once: as many rows as one BatchGetItem reads

DAY = re.compile(r"20\d\d-\d\d-\d\d")
MOMENT = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)")
BEHIND_ALL = "~"  # what begins alike is before it

ListedRow = TypeVar("ListedRow")


# ---- stretches -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stretch:
    """All that was made from the second `since` on, before the second `until`; the newest first, or the oldest."""

    since: int
    until: int
    newest_first: bool = True

    def not_before(self, second: float) -> "Stretch":
        """What of it was made since then."""
        return replace(self, since=max(self.since, int(second)))

    def bounds(self, after: str | None) -> tuple[str, str]:
        """The first and the last place of what is left of it behind a place."""
        first, last = f"{self.since:010}", f"{self.until:010}"
        if after and self.newest_first:
            last = min(last, just_before(after))
        elif after:
            first = max(first, after + BEHIND_ALL)
        return first, last

    def months(self, after: str | None) -> list[str]:
        """The months of what is left of it behind a place, in its order."""
        first, last = month_of(self.since), month_of(self.until - 1)
        if after and self.newest_first:
            last = min(last, month_of(int(after[:10])))
        elif after:
            first = max(first, month_of(int(after[:10])))
        months = []
        while last >= first:
            months.append(last)
            last = month_before(last)
        return months if self.newest_first else months[::-1]


def read_stretch(since: str | None, until: str | None, month: str | None, newest_first: bool, now: float) -> Stretch:
    """The stretch that a request asks for. Raises RequestRefused 422.

    It is of two years at most, for each month is a partition of its own. What is left out: until this month is over,
    and from two years before the end.
    """
    if month and until:
        raise wrong_combination("month", "it says back from which month, as `to` does: leave one of them out")
    end = end_of_day(until) if until else end_of_month(month or month_of(now))
    earliest = start_of_month(months_before(month_of(end - 1), MONTHS_BACK - 1))
    begin = start_of_day(since) if since else earliest
    if begin >= end:
        raise wrong_combination("from", "it is after the end, so nothing can be in between")
    if begin < earliest:
        raise wrong_combination("from", f"a list is of {MONTHS_BACK} months at most: begin later, or say `to`")
    return Stretch(begin, end, newest_first)


def check_moment(text: str) -> str:
    """The text, if it is a day or a moment. Raises ValueError."""
    start_of_day(text)
    return text


def start_of_day(text: str) -> int:
    """The first second of a day, by UTC, or that of a moment. Raises ValueError."""
    try:
        if DAY.fullmatch(text):
            return int(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp())
        if MOMENT.fullmatch(text):
            return int(datetime.fromisoformat(text).timestamp())
    except ValueError:
        pass
    form = "2026-11-21, or a moment like 2026-11-21T09:30:00Z or 2026-11-21T18:30:00%2B09:00"
    raise ValueError(f"it is no day like {form}, as it stands in an address")


def end_of_day(text: str) -> int:
    """The second after a day, or after a moment: both count whole. Raises ValueError."""
    return start_of_day(text) + (86_400 if DAY.fullmatch(text) else 1)


def month_of(second: float) -> str:
    """2026-11, by UTC."""
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m}"


def month_before(month: str) -> str:
    """The month before, both written like 2026-01."""
    year, number = int(month[:4]), int(month[5:])
    return f"{year}-{number - 1:02}" if number > 1 else f"{year - 1}-12"


def months_before(month: str, number: int) -> str:
    for _ in range(number):
        month = month_before(month)
    return month


def start_of_month(month: str) -> int:
    return int(datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC).timestamp())


def end_of_month(month: str) -> int:
    """The second after a month."""
    following = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC) + timedelta(days=31)
    return int(following.replace(day=1).timestamp())


def sid_at(place: str) -> str:
    """The SID of what is listed there."""
    return place.partition("#")[2]


def just_before(place: str) -> str:
    """A text that is before this place, and behind all places that are."""
    return place[:-1] + chr(ord(place[-1]) - 1) + BEHIND_ALL


def wrong_combination(parameter: str, why: str) -> RequestRefused:
    """The refusal (20001) of a parameter that goes with no other, or with not all."""
    wrong = [{"pointer": f"/{parameter}", "detail": why}]
    return RequestRefused(20001, f"/{parameter}: {why}", 422, errors=wrong)


# ---- pages -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Listing:
    """Where a list lies: in one partition of an index, whose range key is `listed_as`; or None: in one for each month.

    An index may lag, so the rows themselves are read before anything of them is believed.
    """

    index: Any
    listed_as: UnicodeAttribute
    partition: str | None = None

    def look(self, stretch: Stretch, after: str | None, most: int) -> tuple[list[str], bool]:
        """The next places of a stretch, each once, and whether there may be more."""
        first, last = stretch.bounds(after)
        places: list[str] = []
        for partition in [self.partition] if self.partition else stretch.months(after):
            if first <= last:  # DynamoDB refuses what ends before it begins
                places += self.query(partition, first, last, stretch.newest_first, most + 1 - len(places))
            if len(places) > most:
                break
        return list(dict.fromkeys(places[:most])), len(places) > most

    def query(self, partition: str, first: str, last: str, newest_first: bool, most: int) -> list[str]:
        """The places of a partition, from the first to the last, or back."""
        within = self.listed_as.between(first, last)
        try:
            rows = self.index.query(partition, within, scan_index_forward=not newest_first, limit=most)
            return [str(row.listed_as) for row in rows]
        except QueryError as error:
            if error.cause_response_code == "ValidationException" and "index" in str(error.cause_response_message):
                raise being_built() from None
            raise


def read_listed(
    listing: Listing,
    stretch: Stretch,
    after: str | None,
    most: int,
    look_up: Callable[[list[str]], Mapping[str, ListedRow]],
    lets: Callable[[ListedRow], bool],
) -> tuple[list[ListedRow], str | None]:
    """A page of those rows of a list that a filter lets through, and where the next page begins; None at the end.

    `look_up` gives the rows there are, by their SIDs. Where few are let through, a page has looked at a thousand
    places, is short, and not the last. Raises RequestRefused.
    """
    found: list[ListedRow] = []
    looked, size, last = 0, most, after
    while True:
        places, more = listing.look(stretch, after, size)
        there = look_up([sid_at(place) for place in places]) if places else {}
        for place in places:
            row = there.get(sid_at(place))
            if row is None or not lets(row):
                continue
            if len(found) == most:
                return found, last
            found.append(row)
            last = place
        looked, size = looked + len(places), LOOK
        if not more:
            return found, None
        after = places[-1]
        if len(found) == most or looked >= MAX_LOOKED_AT:
            return found, after


def being_built() -> RequestRefused:
    """The refusal (20503) of a list whose index an upgrade has brought: CloudFormation does not wait until it is built.

    Until then DynamoDB says "Cannot read from backfilling global secondary index", or that there is none.
    https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1075
    """
    return RequestRefused(20503, "This list is being built, after an upgrade. Please try again in a few minutes", 503)
