"""What numbers cost: each by the month from the day on which it was bought; of each that is known which sums tell."""

from datetime import date
from decimal import Decimal

import pytest

from toritsugi.costs.numbers import LeasedNumber, costs_of_numbers
from toritsugi.money.rates import shipped_card

CARD = shipped_card()
NUMBER, OTHER, TOLL_FREE = "+815010000001", "+81312345678", "+81120123456"  # 4.75, 4.75, and nobody knows


def rented(number, since="2026-01-31", sid=1):
    return LeasedNumber(f"PN{sid:032x}", number, date.fromisoformat(since))


@pytest.mark.parametrize(
    ("since", "day", "due"),
    [
        ("2026-11-05", "2026-11-05", True),
        ("2026-11-05", "2026-12-05", True),
        ("2026-11-05", "2026-12-06", False),
        ("2026-11-05", "2026-10-05", False),
        ("2026-01-31", "2026-02-28", True),
        ("2026-01-31", "2026-03-28", False),
        ("2026-01-31", "2026-03-31", True),
    ],
)
def test_a_month_begins_on_the_day_on_which_it_was_bought_or_on_the_last(since, day, due):
    assert rented(NUMBER, since).is_due(date.fromisoformat(day)) is due


def amounts(numbers, paid):
    costs = costs_of_numbers(numbers, date(2026, 3, 31), CARD, Decimal(paid))
    return [(cost.line, cost.estimate, cost.amount) for cost in costs]


def test_if_all_have_cost_what_was_estimated_each_has():
    found = amounts([rented(NUMBER), rented(OTHER, sid=2)], "9.5")
    assert found == [(NUMBER, Decimal("4.75"), Decimal("4.75")), (OTHER, Decimal("4.75"), Decimal("4.75"))]


def test_of_one_alone_the_sum_is_what_it_has_cost():
    assert amounts([rented(TOLL_FREE)], "25") == [(TOLL_FREE, None, Decimal(25))]


def test_of_several_that_have_cost_something_else_nobody_knows_which():
    assert [amount for _, _, amount in amounts([rented(NUMBER), rented(OTHER, sid=2)], "9.6")] == [None, None]


def test_whoever_pays_for_none_of_them_has_no_row():
    assert amounts([rented(NUMBER, "2026-03-30")], "0") == []
