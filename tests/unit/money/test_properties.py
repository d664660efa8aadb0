"""What holds of every price: it grows with the seconds, is the sum of its parts, and is never below its roundings."""

from dataclasses import replace
from decimal import Decimal
from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.money.golden import card_of
from toritsugi.money.pricing import PricedCall, PricedRecording, PricedText, price, sum_up
from toritsugi.money.rates import Wanted, What, rate_for

CARD = card_of("hand")

NUMBERS = st.sampled_from(["+819012345678", "+819011234567", "+81312345678", "+815012345678", "+14155550100"])
SECONDS = st.integers(0, 20_000)
CALLS = st.builds(
    PricedCall,
    to=NUMBERS,
    shows=st.one_of(st.just(""), NUMBERS),
    seconds=st.one_of(st.none(), SECONDS),
    conference_seconds=st.one_of(st.none(), SECONDS),
    detects_machines=st.booleans(),
    count=st.integers(0, 5),
)
THINGS = st.one_of(
    CALLS,
    st.builds(PricedRecording, seconds=SECONDS),
    st.builds(PricedText, to=NUMBERS, segments=st.integers(1, 10)),
)


def total(*things, tax=False):
    return sum_up(price(things, CARD, tax=tax), CARD.currency).amount


@given(CALLS.filter(lambda call: call.seconds is not None), st.integers(0, 500))
def test_what_takes_longer_never_costs_less(call, more):
    longer = replace(call, seconds=call.seconds + more)
    assert total(call) <= total(longer)
    assert total(replace(call, seconds=None)) <= total(call)


@given(CALLS, SECONDS)
def test_a_longer_stay_in_a_conference_never_costs_less(call, more):
    stays = replace(call, conference_seconds=call.conference_seconds or 0)
    assert total(stays) <= total(replace(stays, conference_seconds=stays.conference_seconds + more))


@given(st.lists(THINGS, max_size=8), st.integers(0, 8))
def test_a_whole_costs_what_its_parts_cost(things, place):
    assert total(*things) == total(*things[:place]) + total(*things[place:])
    assert total(*things) == sum(map(total, things))


@given(st.lists(THINGS, max_size=8))
def test_the_order_makes_no_difference(things):
    assert total(*things) == total(*reversed(things))


@given(st.lists(THINGS, max_size=8))
def test_a_line_is_its_quantity_times_its_rate_and_tax_a_tenth_of_them_all(things):
    lines = price(things, CARD)
    assert all(line.amount == line.quantity * line.rate for line in lines)
    assert total(*things, tax=True) == total(*things) * Decimal("1.1")


@given(st.lists(CALLS.filter(lambda call: call.seconds is not None), max_size=8))
def test_a_price_is_never_below_the_minutes_that_have_begun_nor_a_minute_above(calls):
    rates = [rate_for(CARD, Wanted(What.OUTGOING_CALL, call.to, call.shows)).rate for call in calls]
    bare = [replace(call, conference_seconds=None, detects_machines=False) for call in calls]
    exact = sum(Decimal(call.seconds) / 60 * rate * call.count for call, rate in zip(calls, rates, strict=True))
    minutes = sum(max(1, ceil(call.seconds / 60)) * rate * call.count for call, rate in zip(calls, rates, strict=True))
    assert total(*calls) >= total(*bare) == minutes >= exact
    assert minutes <= exact + sum(rate * call.count for call, rate in zip(calls, rates, strict=True))
