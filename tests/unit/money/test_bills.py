"""What was paid beside what was estimated: for one thing, for many, and for all that is on a bill."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.money.golden import card_of
from toritsugi.money.bills import (
    FOLLOWED,
    SUMMED,
    Billed,
    CategoryUse,
    Comparison,
    compare_billed,
    expected_of_sums,
    whole_bill,
)
from toritsugi.money.rates import rate_card_of

CARD = card_of("hand")


def call(estimate="20", amount="20", minutes=2, what="outgoing-call"):
    known = {"estimate": estimate, "amount": amount}
    return Billed(
        what=what, quantity=Decimal(minutes), **{name: text and Decimal(text) for name, text in known.items()}
    )


def used(**prices):
    return {name.replace("_", "-"): CategoryUse(1, Decimal(1), Decimal(price)) for name, price in prices.items()}


def lines_of(bill):
    return {line.name: line for line in bill.lines}


def test_the_difference_is_what_was_paid_beyond_the_estimate():
    compared = compare_billed([call(), call("20", "21.5")])
    assert (compared.count, compared.quantity, compared.difference) == (2, 4, Decimal("1.5"))


@pytest.mark.parametrize(("lacks", "which"), [(call(None), "without_estimate"), (call(amount=None), "without_amount")])
def test_there_is_no_difference_while_one_of_the_two_is_not_known(lacks, which):
    compared = compare_billed([call(), lacks])
    assert compared.difference is None
    assert getattr(compared, which) == 1


def test_what_costs_nothing_is_known_and_what_nobody_has_said_is_not():
    assert compare_billed([call("0", "0")]).difference == 0
    assert compare_billed([]) == Comparison()


def test_the_rest_of_a_call_stands_by_its_name():
    usage = used(
        calls_outbound="20", answering_machine_detection="0.5", amazon_polly="1", tts_google="2", totalprice="23.5"
    )
    lines = lines_of(whole_bill(usage, {"outgoing-call": compare_billed([call()])}, {}))
    assert (lines["machine-detection"].amount, lines["speech"].amount) == (Decimal("0.5"), 3)
    assert (lines["outgoing-call"].gap, lines["unknown"].amount) == (0, 0)


def test_what_nobody_has_a_name_for_is_unknown_and_a_gap():
    bill = whole_bill(used(calls_outbound="20", totalprice="27"), {"outgoing-call": compare_billed([call()])}, {})
    assert (lines_of(bill)["unknown"].amount, bill.gap, bill.total) == (7, 7, 27)


def test_calls_that_the_sum_has_and_nobody_knows_are_a_gap():
    bill = whole_bill(used(calls_outbound="60", totalprice="60"), {"outgoing-call": compare_billed([call()])}, {})
    assert (lines_of(bill)["outgoing-call"].gap, bill.gap) == (40, 40)


AMOUNTS = st.decimals(0, 1000, places=4)
CATEGORIES = [one for names in (FOLLOWED, SUMMED) for categories in names.values() for one in categories]


@given(
    st.dictionaries(st.sampled_from([*CATEGORIES, "something-new"]), AMOUNTS), AMOUNTS, st.lists(AMOUNTS, max_size=4)
)
def test_whatever_twilio_sums_up_the_lines_are_its_total_and_single_things_with_gaps_are(sums, more, calls):
    usage = used(**sums) | {"totalprice": CategoryUse(price=sum(sums.values(), more))}
    known = {"outgoing-call": compare_billed([call(amount=str(one)) for one in calls])}
    bill = whole_bill(usage, known, {})
    assert sum(line.amount for line in bill.lines) == bill.total
    alone = sum(line.amount for line in bill.lines if line.told is None)
    assert known["outgoing-call"].amount + alone + bill.gap == bill.total


@given(st.lists(st.builds(call, AMOUNTS.map(str), AMOUNTS.map(str)), max_size=6), st.integers(0, 6))
def test_days_are_added_as_their_things_would_be(things, place):
    assert compare_billed(things[:place]) + compare_billed(things[place:]) == compare_billed(things)


def test_what_there_are_only_sums_of_is_expected_by_the_card_if_that_has_one_rate():
    rates = [
        {"what": "machine-detection", "rate": "0.5"},
        {"what": "speech", "voice": "Polly.Takumi", "rate": "1"},
        {"what": "speech", "voice": "Polly.Mizuki", "rate": "2"},
        {"what": "conference", "rate": None, "note": "not known"},
    ]
    card = rate_card_of({"name": "one", "as_of": "2026-11-01", "currency": "JPY", "source": "ours", "rates": rates})
    usage = {name: CategoryUse(3, Decimal(3)) for name in ("answering-machine-detection", "amazon-polly")}
    expected = expected_of_sums(usage | {"calls-globalconference": CategoryUse(1, Decimal(1))}, card)
    assert (expected["machine-detection"], expected["speech"], expected["conference"]) == (Decimal("1.5"), None, None)
    assert (expected["recording"], expected["failed-text"]) == (0, 0)


def test_a_failed_text_that_was_paid_was_not_expected():
    assert expected_of_sums(used(failed_message_processing_fee="1"), CARD)["failed-text"] is None
