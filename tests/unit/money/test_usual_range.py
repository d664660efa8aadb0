"""The usual range of a day's cost: by four weeks before it, robust to a single day, and none of too few."""

from decimal import Decimal

import pytest

from toritsugi.money.usual_range import usual_range


def days(*amounts):
    return [Decimal(amount) for amount in amounts]


WEEKS = days(100, 110, 95, 105, 100, 20, 10) * 4


def test_a_week_must_be_known():
    assert usual_range(days(1, 1, 1, 1, 1, 1)) is None
    assert usual_range(days(1, 1, 1, 1, 1, 1, 1)) is not None


@pytest.mark.parametrize(("amount", "usual"), [(0, True), (10, True), (110, True), (200, True), (400, False)])
def test_weekends_are_usual_and_several_times_a_working_day_is_not(amount, usual):
    assert usual_range(WEEKS).has(Decimal(amount)) is usual


def test_one_strange_day_makes_no_other_usual():
    assert not usual_range([*WEEKS, Decimal(5000)]).has(Decimal(5000))


def test_what_is_longer_ago_than_four_weeks_counts_no_more():
    assert usual_range([*days(*[9] * 28), *WEEKS]) == usual_range(WEEKS)


def test_where_all_days_are_alike_a_little_more_is_usual_and_twice_as_much_is_not():
    alike = usual_range(days(*[100] * 28))
    assert (alike.low, alike.high) == (25, 175)
    assert not alike.has(Decimal(200))
    assert not alike.has(Decimal(0))


def test_where_nothing_was_paid_anything_is_unusual():
    assert not usual_range(days(*[0] * 28)).has(Decimal("0.01"))
