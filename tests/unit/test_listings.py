"""Which stretch of a list is asked for, and that pages of one lead through it, each place once, either way round."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toritsugi.foundation import listings
from toritsugi.foundation.errors import RequestRefused
from toritsugi.foundation.listings import MAX_LOOKED_AT, Listing, Stretch, month_of, read_listed, read_stretch, sid_at

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC).timestamp()


def moment(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def stretch(since=None, until=None, month=None):
    found = read_stretch(since, until, month, True, NOW)
    return tuple(datetime.fromtimestamp(one, UTC).isoformat()[:19] for one in (found.since, found.until))


# ---- from and to -----------------------------------------------------------------------------------------------------


def test_what_is_not_said_is_two_years_until_the_end_of_this_month():
    assert stretch() == ("2024-12-01T00:00:00", "2026-12-01T00:00:00")
    assert stretch(month="2026-01") == ("2024-02-01T00:00:00", "2026-02-01T00:00:00")


@pytest.mark.parametrize(
    ("since", "until", "first", "last"),
    [
        ("2026-11-01", "2026-11-30", "2026-11-01T00:00:00", "2026-12-01T00:00:00"),
        ("2026-11-21", "2026-11-21", "2026-11-21T00:00:00", "2026-11-22T00:00:00"),
        ("2026-11-21T09:30:00Z", "2026-11-21T09:30:00Z", "2026-11-21T09:30:00", "2026-11-21T09:30:01"),
        ("2026-11-21T09:30:00+09:00", "2026-11-21T09:30:59.999+09:00", "2026-11-21T00:30:00", "2026-11-21T00:31:00"),
        ("2026-11-21T09:30Z", None, "2026-11-21T09:30:00", "2026-12-01T00:00:00"),
    ],
)
def test_a_day_and_a_moment_count_whole(since, until, first, last):
    assert stretch(since, until) == (first, last)


@pytest.mark.parametrize(
    "text",
    ["yesterday", "2026-11", "2026-02-30", "2026-11-21T09:30:00", "2026-11-21T09:30:00 09:00", "20261121", "", "1"],
)
def test_what_is_no_day_is_told_what_one_looks_like(text):
    with pytest.raises(ValueError, match="2026-11-21T18:30:00%2B09:00"):
        listings.check_moment(text)


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"since": "2026-11-22", "until": "2026-11-21"}, "/from"),
        ({"since": "2027-01-01"}, "/from"),
        ({"since": "2024-11-30"}, "/from"),
        ({"until": "2026-11-22", "month": "2026-11"}, "/month"),
    ],
)
def test_what_does_not_go_together_is_refused_by_name(said, named):
    with pytest.raises(RequestRefused) as refused:
        read_stretch(said.get("since"), said.get("until"), said.get("month"), True, NOW)
    assert (refused.value.status, [one["pointer"] for one in refused.value.more["errors"]]) == (422, [named])


def test_two_years_may_lie_further_back():
    assert stretch("2019-01-01", "2020-12-31") == ("2019-01-01T00:00:00", "2021-01-01T00:00:00")


# ---- pages -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shelf(Listing):
    """A list in memory, by months or in one piece; what was asked of it is counted."""

    places: tuple[str, ...] = ()
    asked: list[int] | None = None

    def query(self, partition, first, last, newest_first, most):
        assert most > 0
        if self.asked is not None:
            self.asked.append(most)
        there = [one for one in self.places if first <= one <= last and partition in ("all", month_of(int(one[:10])))]
        return sorted(there, reverse=newest_first)[:most]


def walk(shelf, over, most, lets=lambda row: True):
    """Every page, from the first to the last."""
    pages, after = [], None
    for _ in range(200):
        page, after = read_listed(shelf, over, after, most, lambda sids: {sid: sid for sid in sids}, lets)
        pages.append(page)
        if after is None:
            return pages
    raise AssertionError("the pages have no end")


MOMENTS = st.integers(moment("2025-12-20"), moment("2026-03-10"))


@given(
    seconds=st.lists(MOMENTS, max_size=30) | st.lists(MOMENTS, min_size=15, max_size=30),
    digits=st.sampled_from(["", "000", "999"]),
    ends=st.tuples(MOMENTS, MOMENTS).map(sorted),
    newest_first=st.booleans(),
    most=st.integers(1, 7),
    partition=st.sampled_from([None, "all"]),
    unwanted=st.sets(st.integers(0, 29), max_size=15),
    twice=st.booleans(),
)
def test_pages_hold_each_that_is_wanted_once_in_order(
    seconds, digits, ends, newest_first, most, partition, unwanted, twice
):
    made = [f"{second}{digits}#KB{number:02}" for number, second in enumerate(seconds)]
    over = Stretch(ends[0], ends[1] + 1, newest_first)
    pages = walk(
        Shelf(None, None, partition, tuple(made * (1 + twice))), over, most, lambda sid: int(sid[2:]) not in unwanted
    )
    right = [one for one in made if ends[0] <= int(one[:10]) <= ends[1] and int(one[-2:]) not in unwanted]
    assert [sid for page in pages for sid in page] == [sid_at(one) for one in sorted(right, reverse=newest_first)]
    assert all(len(page) == most for page in pages[:-1])


def test_a_page_looks_at_a_thousand_places_and_says_where_to_go_on():
    made = tuple(f"{moment('2026-01-01') + number}#KB{number:04}" for number in range(2_500))
    over, asked = Stretch(moment("2026-01-01"), moment("2026-02-01"), newest_first=False), []
    pages = walk(Shelf(None, None, None, made, asked), over, 10, lambda sid: sid == "KB2499")
    assert pages == [[], [], ["KB2499"]]
    assert sum(asked[:11]) <= MAX_LOOKED_AT + 130


def test_without_a_filter_a_page_is_one_question():
    made = tuple(f"{moment('2026-01-01') + number}#KB{number:04}" for number in range(200))
    over, asked = Stretch(moment("2026-01-01"), moment("2026-02-01")), []
    read_listed(Shelf(None, None, "all", made, asked), over, None, 50, lambda sids: dict.fromkeys(sids, 1), bool)
    assert asked == [51]
