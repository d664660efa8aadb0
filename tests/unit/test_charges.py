"""What `yen_a_day` counts is what a rate card says, in yen that have begun, and never too little."""

import json
from dataclasses import asdict
from datetime import date
from decimal import ROUND_CEILING, Decimal

import pytest

from toritsugi.foundation.errors import RequestRefused
from toritsugi.limits import charges
from toritsugi.limits.limits import DEAREST_CALL_YEN
from toritsugi.money.currencies import ExchangeRate
from toritsugi.money.rates import Wanted, What, rate_card_of, rate_for, shipped_card
from toritsugi.tariffs.charging import SHIPPED_EXCHANGE, charges_of, exchange_of

MOBILE, LANDLINE = "+819012345678", "+81312345678"
EURO = ExchangeRate("EUR", "JPY", Decimal("171.5"), date(2026, 11, 28))


def card(currency="EUR", *rates):
    rows = [{"what": what, "rate": rate, "note": "?", **more} for what, rate, more in rates]
    said = {"name": "acme-2026", "as_of": "2026-11-01", "currency": currency, "source": "a contract", "rates": rows}
    return rate_card_of(said)


def japan(*more, currency="EUR"):
    return card(
        currency,
        ("outgoing-call", "0.05", {"destination_prefixes": ["81"]}),
        ("outgoing-call", "0.121", {"destination_prefixes": ["8180", "8190"]}),
        *more,
    )


def test_what_ships_with_the_limits_is_what_the_shipped_card_says():
    made = charges_of(shipped_card(), SHIPPED_EXCHANGE)
    assert charges.shipped_charges() == made, f"write into {charges.SHIPPED.name}: {json.dumps(asdict(made))}"


@pytest.mark.parametrize("number", [LANDLINE, "+815012345678", "+817012345678", "+818012345678", MOBILE])
def test_a_call_costs_what_the_card_says_in_yen_that_have_begun(number):
    table = charges.shipped_charges().minute
    rate = rate_for(shipped_card(), Wanted(What.OUTGOING_CALL, number)).rate * SHIPPED_EXCHANGE.rate
    for minutes in (1, 3, 30, 240):
        said = charges.yen_at(charges.rate_at(table, number), minutes)
        assert 0 <= said - (rate * minutes).to_integral_value(ROUND_CEILING) <= minutes / 100 + 1


def test_a_part_of_a_yen_is_not_rounded_up_each_minute():
    table = charges_of(card("JPY", ("outgoing-call", "5.4", {"destination_prefixes": ["81"]})), None).minute
    assert [charges.yen_at(charges.rate_at(table, LANDLINE), minutes) for minutes in (1, 2, 5, 10)] == [6, 11, 27, 54]


def test_what_a_card_does_not_know_counts_as_its_dearest():
    unknown = ("outgoing-call", None, {"destination_prefixes": ["8160"]})
    table = charges_of(japan(unknown), EURO).minute
    dearest = charges.rate_at(table, MOBILE)
    assert [charges.rate_at(table, number) for number in ("+816012345678", "+870772001234")] == [dearest, dearest]
    assert charges.rate_at(table, LANDLINE) < dearest


def test_of_several_rates_for_the_same_beginning_the_dearest_counts():
    carriers = [("outgoing-text", rate, {"destination_prefixes": ["81"], "carrier": rate}) for rate in ("0.02", "0.09")]
    assert charges_of(japan(*carriers), EURO).text == {"": 1544}


def test_of_what_a_card_has_no_rate_at_all_the_shipped_one_counts():
    assert charges_of(japan(), EURO).text[""] == charges.shipped_charges().text[""] > 0


def test_a_table_does_not_say_twice_what_a_shorter_beginning_says():
    longer = ("outgoing-call", "0.05", {"destination_prefixes": ["813", "816"]})
    assert charges_of(japan(longer), EURO).minute.keys() == {"", "81", "8180", "8190"}


def test_a_card_in_another_currency_needs_a_rate_of_exchange():
    with pytest.raises(RequestRefused, match="in EUR"):
        charges_of(japan(), SHIPPED_EXCHANGE)
    assert exchange_of(charges_of(japan(), EURO)) == EURO
    assert exchange_of(charges_of(japan(currency="JPY"), None)) is None


def test_by_which_calls_are_counted_is_no_less_than_a_usual_call_to_a_mobile_costs():
    rate = charges.rate_at(charges.shipped_charges().minute, MOBILE)
    assert charges.yen_at(rate, charges.USUAL_MINUTES) <= DEAREST_CALL_YEN
