"""What something will cost before it is: its range, its curve, what would be cheaper, and what was assumed."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.unit.money.golden import CASES, card_of, scenario_of
from toritsugi.foundation.errors import RequestRefused
from toritsugi.money.currencies import ExchangeRate
from toritsugi.money.estimates import PriceTerms, Spread, estimate
from toritsugi.money.pricing import PricedNumber
from toritsugi.money.rates import shipped_card
from toritsugi.money.scenarios import (
    Conference,
    MaskedCall,
    ReceptionCall,
    TextMessage,
    VCall,
    WholeMonth,
    telephone_of,
)

TODAY = date(2026, 11, 28)
TWILIO = PriceTerms(card=shipped_card(), today=TODAY, tax=False)
HAND = PriceTerms(card=card_of("hand"), today=TODAY, tax=False)
LANDLINE, BY_BROWSER, TOLL_FREE = map(telephone_of, ("landline", "browser", "toll-free"))


def savings(scenario, terms=TWILIO):
    return {way.name: way.saving for way in estimate(scenario, terms).alternatives}


def assumed(scenario, terms=TWILIO, **more):
    return {one.name: one.text for one in estimate(scenario, terms, **more).assumptions}


@pytest.mark.parametrize("case", [case for case in CASES if "scenario" in case], ids=lambda case: case["name"])
def test_a_total_is_the_sum_of_its_lines_and_no_alternative_costs_more(case):
    terms = PriceTerms(card=card_of(case["card"]), today=TODAY)
    found = estimate(scenario_of(case["scenario"]), terms)
    assert found.total.amount == sum(line.amount for line in found.lines if line.amount is not None)
    assert all(way.total.amount + way.saving == found.total.amount for way in found.alternatives)
    assert all(way.saving > 0 for way in found.alternatives)
    assert all(one.text for one in found.assumptions)


def test_a_call_of_a_length_that_is_not_known_is_a_range():
    found = estimate(VCall(), TWILIO, Spread(30, 100, 400))
    assert (found.low.amount, found.total.amount, found.high.amount) == (
        Decimal("0.37"),
        Decimal("0.74"),
        Decimal("2.59"),
    )
    assert estimate(VCall(seconds=100), TWILIO).low is None


def test_a_spread_goes_up_and_is_of_calls():
    with pytest.raises(RequestRefused, match="seconds: p10, p50 and p90"):
        Spread(100, 50, 200)
    with pytest.raises(RequestRefused, match="seconds: of a text there are none"):
        estimate(TextMessage(), TWILIO, Spread(1, 2, 3))


def test_the_curve_goes_up_minute_by_minute():
    curve = estimate(MaskedCall(seconds=61), HAND).curve
    assert curve[:3] == ((1, 8), (2, 16), (3, 24))
    assert len(curve) == 10
    assert estimate(MaskedCall(seconds=3600), HAND).curve[-1] == (120, 960)
    assert estimate(TextMessage(), TWILIO).curve == ()


def test_a_curve_begins_where_the_call_can_be_so_short():
    reception = ReceptionCall(seconds=300, transfer_to=LANDLINE, transfer_seconds=121)
    assert estimate(reception, HAND).curve[0] == (3, Decimal(12))


def test_what_is_cheaper_says_what_it_saves_the_most_first():
    conference = Conference(seconds=601, record=True, detect_machines=True)
    found = savings(conference)
    assert list(found.values()) == sorted(found.values(), reverse=True)
    assert found == {
        "party-1-calls": 11 * Decimal("0.175") + 22 * Decimal("0.0018") + 2 * Decimal("0.0075"),
        "party-1-by-browser": 11 * Decimal("0.181") + Decimal("0.0075"),
        "party-2-by-browser": 11 * Decimal("0.181") + Decimal("0.0075"),
        "before-the-minute": 2 * Decimal("0.1868") + Decimal("0.0025"),
        "no-conference": 22 * Decimal("0.0018"),
        "no-recording": 11 * Decimal("0.0025"),
        "no-detection": 2 * Decimal("0.0075"),
    }


def test_a_masked_call_is_cheaper_with_a_browser_and_with_a_number_that_is_not_toll_free():
    assert savings(MaskedCall(line=TOLL_FREE, seconds=60)) == {
        "line-050": Decimal("0.268"),
        "callee-by-browser": Decimal("0.181"),
    }
    assert savings(MaskedCall(callee=BY_BROWSER, seconds=60)) == {}


def test_what_is_of_no_known_price_is_not_called_cheaper():
    """A card without conferences has a total without them, which is less, and no saving."""
    kddi = PriceTerms(card=shipped_card("kddi-2021"), today=TODAY)
    names = {way.name for way in estimate(VCall(seconds=120), kddi).alternatives}
    assert "party-1-by-browser" not in names
    assert "party-1-calls" in names


def test_a_transfer_is_cheaper_to_a_browser():
    reception = ReceptionCall(seconds=120, transfer_to=LANDLINE, transfer_seconds=60)
    assert savings(reception) == {"transfer-to-browser": Decimal("0.0706")}


def test_a_text_is_cheaper_without_the_one_character_that_makes_it_three():
    ways = estimate(TextMessage(body="It’s " + "a" * 150), TWILIO).alternatives
    assert [(way.name, way.saving) for way in ways] == [("no-foreign-characters", Decimal("0.178"))]
    assert "’" in ways[0].text
    assert savings(TextMessage(body="こんにちは。今日は良い天気です" * 10)) == {}


def test_a_month_has_the_alternatives_of_its_parts():
    month = WholeMonth(parts=((MaskedCall(seconds=60), 100), (TextMessage(), 20)), numbers=(PricedNumber(to="+8150"),))
    assert savings(month) == {"0-callee-by-browser": Decimal("18.1")}


def test_a_recorded_month_has_free_storage_once():
    calls = MaskedCall(seconds=60, record=True, kept_months=Decimal(3))
    [storage] = [line for line in estimate(WholeMonth(parts=((calls, 5000),)), TWILIO).lines if "storage" in line.what]
    assert (storage.quantity, storage.amount) == (5000, Decimal("2.5"))


def test_what_was_assumed_is_said():
    said = assumed(MaskedCall(seconds=61))
    assert said["card"] == "Rates are those of Twilio's list prices for Japan, as of 2026-11-21."
    assert said["third-party"] == "Copied from the seller by others, not read there: Japan, 050, Japan, mobile."
    assert said["without-tax"] == "No tax is added."
    assert said["kind-of-telephone"].startswith("A 050 number")
    assert set(said) == {
        "card",
        "third-party",
        "without-tax",
        "whole-minutes",
        "answered-together",
        "kind-of-telephone",
    }


def test_what_nobody_knows_is_said_with_the_reason():
    found = estimate(MaskedCall(callee=telephone_of("+14155550100"), seconds=60), TWILIO)
    assert not found.total.is_complete
    assert assumed(MaskedCall(callee=telephone_of("+14155550100"), seconds=60))["unknown"] == (
        "Not in the total, because nobody knows its rate: outgoing-call. "
        "The card twilio-jp-2026-11 has no rate for this: outgoing-call to +14155550100."
    )


def test_an_old_card_and_one_that_has_ended_warn():
    later = replace(TWILIO, today=date(2027, 2, 20))
    assert assumed(VCall(), later)["card-is-old"] == "The card twilio-jp-2026-11 is 91 days old: get a newer one."
    kddi = assumed(VCall(), PriceTerms(card=shipped_card("kddi-2021"), today=TODAY))
    assert kddi["card-has-ended"] == "Since 2023-05-01 nobody gets the rates of kddi-2021 any more."
    assert kddi["no-tax"] == "No tax is added: the card kddi-2021 names none."
    assert "card-is-old" not in kddi


def test_nobody_answers_and_nothing_is_paid():
    found = estimate(VCall(answered=False), TWILIO)
    assert (found.lines, found.total.amount) == ((), 0)
    assert assumed(VCall(answered=False))["not-answered"] == "Nobody answers, so nothing is paid."


def test_dollars_become_yen_by_the_rate_that_is_given_line_by_line():
    exchange = ExchangeRate("USD", "JPY", Decimal("150"), date(2026, 11, 27))
    terms = replace(TWILIO, tax=True, exchange=exchange)
    found = estimate(VCall(seconds=61), terms)
    assert (found.total.amount, found.total.currency) == (Decimal("122.1"), "JPY")
    assert [line.amount for line in found.lines] == [Decimal("55.5"), Decimal("55.5"), Decimal("11.1")]
    assert all(line.amount == line.quantity * line.rate for line in found.lines)
    assert assumed(VCall(), terms)["exchange-rate"] == "USD 1 is JPY 150, as of 2026-11-27."


@pytest.mark.parametrize("text", ["fax", "09012345678", "+", "+0312345678", "", "+81-3-1234-5678"])
def test_who_is_neither_a_number_nor_a_kind_is_refused(text):
    with pytest.raises(RequestRefused, match="parties: a number in E"):
        telephone_of(text)


def test_what_cannot_be_is_refused():
    for make, field in (
        (lambda: VCall(parties=(LANDLINE,)), "parties"),
        (lambda: VCall(parties=(LANDLINE,) * 3), "parties"),
        (lambda: Conference(parties=(LANDLINE,) * 11), "parties"),
        (lambda: ReceptionCall(seconds=10, voicemail_seconds=11), "voicemail_seconds"),
        (lambda: ReceptionCall(seconds=10, transfer_to=LANDLINE), "transfer_to"),
        (lambda: ReceptionCall(seconds=10, transfer_seconds=5), "transfer_to"),
        (lambda: TextMessage(to=LANDLINE), "to"),
        (lambda: estimate(MaskedCall(seconds=-1), TWILIO), "seconds"),
    ):
        with pytest.raises(RequestRefused) as refusal:
            make()
        assert refusal.value.message.startswith(f"{field}: ")
