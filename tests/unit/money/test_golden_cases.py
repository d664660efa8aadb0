"""What things cost, beside what they cost when somebody reckons it by hand."""

from decimal import Decimal

import pytest

from tests.unit.money.golden import CASES, EXACTLY, card_of, things_of
from toritsugi.money.pricing import price, sum_up


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_it_costs_what_it_costs_by_hand(case):
    card = card_of(case["card"])
    lines = price(things_of(case), card, tax=case.get("tax", False))
    total = sum_up(lines, card.currency)
    assert abs(total.amount - Decimal(case["total"])) <= EXACTLY / 100, case["how"]
    assert [line.what for line in total.unknown] == case.get("unknown", [])
    if "lines" in case:
        assert [[line.what, *map(str, map(shorter, (line.quantity, line.rate, line.amount)))] for line in lines] == [
            [what, *map(str, map(shorter, map(Decimal, figures)))] for what, *figures in case["lines"]
        ]


def shorter(amount):
    """Without noughts at the end, of which nobody knows how many there are."""
    return amount.normalize()


def test_there_are_sixty_cases_and_no_two_of_one_name():
    names = [case["name"] for case in CASES]
    assert len(names) == len(set(names)) >= 60
    assert all(case["how"] for case in CASES)
