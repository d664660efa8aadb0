"""The whole yen by which limits count are those of the shipped card, at a dollar that is dear: never too few."""

from decimal import ROUND_CEILING, Decimal

import pytest

from toritsugi.limits.charges import YEN_A_DOLLAR, yen_a_minute, yen_a_text
from toritsugi.money.rates import Wanted, What, rate_for, shipped_card

COARSE = {What.OUTGOING_CALL: yen_a_minute, What.OUTGOING_TEXT: yen_a_text}


@pytest.mark.parametrize("what", COARSE)
@pytest.mark.parametrize("number", ["+81312345678", "+815012345678", "+817012345678", "+818012345678", "+819012345678"])
def test_a_limit_counts_what_the_card_says_in_yen_that_have_begun(what, number):
    rate = rate_for(shipped_card(), Wanted(what, number)).rate
    assert COARSE[what](number) == (rate * YEN_A_DOLLAR).to_integral_value(ROUND_CEILING)


def test_what_the_card_does_not_know_counts_as_much_as_the_dearest_that_it_knows_at_least():
    known = [rate.rate for rate in shipped_card().rates if rate.what is What.OUTGOING_CALL and rate.rate]
    assert yen_a_minute("+870772001234") >= max(known) * YEN_A_DOLLAR
    assert yen_a_minute("+816012345678") >= Decimal(30)
