"""What the owner pays instead of a card's rates, and what is not the same from one card to the next."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from tests.unit.money.golden import card_of
from toritsugi.foundation.errors import RequestRefused
from toritsugi.money.card_changes import compare_cards, days_too_old
from toritsugi.money.discounts import discounted_card, read_discounts
from toritsugi.money.pricing import PricedCall, price
from toritsugi.money.rates import What, rate_card_of, rate_card_to_json, shipped_card

HAND = card_of("hand")


def line_of(number, *discounts, card=HAND):
    [line] = price(
        [PricedCall(to=number, seconds=60)], discounted_card(card, read_discounts(list(discounts))), tax=False
    )
    return line


def test_a_part_less_is_less_of_all_that_it_is_on_and_marked():
    discount = {"what": "outgoing-call", "percent": "25"}
    found = [line_of(number, discount) for number in ("+819012345678", "+81312345678", "+14155550100")]
    assert [line.amount for line in found] == [Decimal("7.5"), Decimal("2.25"), Decimal("1.5")]
    assert {(line.is_overridden, line.certainty) for line in found} == {(True, "own")}


def test_a_rate_of_ones_own_for_a_prefix_leaves_all_others_alone():
    discount = {"what": "outgoing-call", "rate": "6", "destination_prefix": "8190"}
    found = [line_of(number, discount) for number in ("+819012345678", "+818012345678", "+819011345678")]
    assert [(line.amount, line.is_overridden) for line in found] == [(6, True), (10, False), (20, False)]


def test_a_longer_prefix_than_the_card_has_is_a_rate_by_itself():
    discount = {"what": "outgoing-call", "percent": "50", "destination_prefix": "813"}
    assert [line_of(number, discount).amount for number in ("+81312345678", "+81612345678")] == [Decimal("1.5"), 3]


def test_what_the_card_does_not_know_can_be_told_and_what_it_has_not_as_well():
    for number, prefix in (("+81120123456", "81120"), ("+442071838750", "44")):
        line = line_of(number, {"what": "outgoing-call", "rate": "4", "destination_prefix": prefix})
        assert (line.amount, line.is_overridden, line.why_unknown) == (4, True, "")


def test_of_what_nobody_knows_a_part_is_not_known_either():
    for prefix in ("81120", "44"):
        discount = {"what": "outgoing-call", "percent": "10", "destination_prefix": prefix}
        with pytest.raises(RequestRefused, match="discounts/0: the card hand has no rate for this"):
            line_of("+81120123456", discount)


def test_two_discounts_follow_each_other_and_the_card_still_says_what_it_said():
    rows = [{"what": "browser-call", "percent": "10"}, {"what": "browser-call", "percent": "10"}]
    card = discounted_card(HAND, read_discounts(rows))
    [rate] = [rate for rate in card.rates if rate.what is What.BROWSER_CALL]
    assert (rate.rate, rate.list_rate) == (Decimal("0.405"), Decimal("0.5"))
    assert rate_card_of(rate_card_to_json(card)) == card


def test_a_type_of_number_has_a_discount_of_its_own():
    card = discounted_card(HAND, read_discounts([{"what": "number", "rate": "90", "number_type": "national"}]))
    assert [rate.rate for rate in card.rates if rate.what is What.NUMBER] == [90, 1500]


@pytest.mark.parametrize(
    ("rows", "field", "form"),
    [
        ({}, "discounts", "a list"),
        ([{"percent": "5"}], "discounts/0/what", "missing"),
        ([{"what": "fax", "percent": "5"}], "discounts/0/what", "one of outgoing-call"),
        ([{"what": "speech"}], "discounts/0/percent", "give it, or a rate"),
        ([{"what": "speech", "percent": "5", "rate": "1"}], "discounts/0/percent", "not both"),
        ([{"what": "speech", "percent": "101"}], "discounts/0/percent", "100 at most"),
        ([{"what": "speech", "percent": 5}], "discounts/0/percent", "in quotes"),
        ([{"what": "speech", "rate": "1", "destination_prefix": "+81"}], "discounts/0/destination_prefix", "without +"),
    ],
)
def test_a_discount_that_is_wrong_is_named(rows, field, form):
    with pytest.raises(RequestRefused) as refusal:
        read_discounts(rows)
    assert refusal.value.message.startswith(f"{field}: ")
    assert form in refusal.value.message


CHANGES = {
    "Japan, mobile": (Decimal("10.3"), "Japan, mobile: +3 % since 2026-11-28"),
    "Japan": (Decimal("2.9"), "Japan: -3.3 % since 2026-11-28"),
    "browser": (Decimal("0"), "browser: -100 % since 2026-11-28"),
    "North America": (None, "North America: not known any more since 2026-11-28"),
    "Japan, toll-free": (Decimal("5"), "Japan, toll-free: known, 5 since 2026-11-28"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_became_dearer_or_cheaper_is_said_once_in_words(name):
    after, said = CHANGES[name]
    calls = (What.OUTGOING_CALL, What.BROWSER_CALL)
    rates = [replace(one, rate=after) if one.name == name and one.what in calls else one for one in HAND.rates]
    new = replace(HAND, as_of=date(2026, 11, 28), rates=tuple(rates))
    assert [change.text for change in compare_cards(HAND, new)] == [said]


def test_what_is_new_or_gone_is_said_too_and_what_is_the_same_is_not():
    fewer = replace(HAND, rates=tuple(rate for rate in HAND.rates if rate.name != "recording"))
    assert [change.text for change in compare_cards(fewer, HAND)] == ["recording: new since 2026-11-01"]
    assert [change.text for change in compare_cards(HAND, fewer)] == ["recording: no more since 2026-11-01"]
    assert compare_cards(HAND, HAND) == ()


def test_a_card_is_too_old_after_ninety_days():
    day = HAND.as_of
    assert [days_too_old(HAND, day + timedelta(days)) for days in (0, 90, 91, 400)] == [None, None, 91, 400]


def test_cards_in_two_currencies_are_not_compared():
    with pytest.raises(RequestRefused, match="currency: hand is in JPY, twilio-jp-2026-11 in USD"):
        compare_cards(HAND, shipped_card())
