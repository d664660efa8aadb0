"""What Twilio's Pricing API says, as a rate card has it: in the shapes of its specification."""

from datetime import date
from decimal import Decimal

from toritsugi.money.rates import Wanted, What, rate_card_of, rate_card_to_json, rate_for, shipped_card
from toritsugi.tariffs.twilio_prices import CountryPrices, RateReader, card_of_countries

TODAY = date(2026, 11, 28)

VOICE = {
    "price_unit": "usd",
    "outbound_prefix_prices": [
        {
            "friendly_name": "Outbound Minute - Japan",
            "base_price": "0.0746",
            "current_price": "0.07",
            "origination_prefixes": ["ALL"],
            "destination_prefixes": ["81"],
        },
        {
            "friendly_name": "Outbound Minute - Japan - Mobile",
            "base_price": "0.185",
            "current_price": "0.185",
            "origination_prefixes": ["ALL"],
            "destination_prefixes": ["8170", "8180", "8190"],
        },
    ],
    "inbound_call_prices": [
        {"number_type": "toll free", "base_price": "0.278", "current_price": "0.278"},
        {"number_type": "national", "base_price": "0.01", "current_price": None},
    ],
}
MESSAGING = {
    "price_unit": "USD",
    "outbound_sms_prices": [
        {"carrier": "NTT", "mcc": "440", "mnc": mnc, "prices": [{"number_type": "local", "current_price": price}]}
        for mnc, price in (("10", "0.08"), ("11", "0.09"))
    ]
    + [{"carrier": "Other", "mcc": "440", "mnc": "", "prices": [{"number_type": "local", "current_price": "0.1"}]}],
    "inbound_sms_prices": [],
}
NUMBERS = {"price_unit": "USD", "phone_number_prices": [{"number_type": "national", "current_price": "4.50"}]}


def japan(voice=VOICE, messaging=MESSAGING, numbers=NUMBERS):
    return CountryPrices("JP", "81", voice, messaging, numbers)


def card(prices=None, currency="USD"):
    reader = RateReader(prices or japan(), TODAY)
    return card_of_countries(reader.rates(), ["JP"], currency, TODAY, shipped_card())


def test_the_rates_of_an_account_are_those_that_it_pays_now():
    found = card()
    assert rate_for(found, Wanted(What.OUTGOING_CALL, "+81312345678")).rate == Decimal("0.07")
    assert rate_for(found, Wanted(What.OUTGOING_CALL, "+81312345678")).list_rate == Decimal("0.0746")
    assert rate_for(found, Wanted(What.OUTGOING_CALL, "+819011110001")).rate == Decimal("0.185")
    assert rate_for(found, Wanted(What.NUMBER, "+815012345678", number_type="national")).rate == Decimal("4.50")
    assert (found.name, found.currency, found.as_of) == ("twilio-2026-11-28", "USD", TODAY)


def test_a_type_is_written_with_a_dash_and_a_price_that_is_not_there_is_not_known():
    found = card()
    assert rate_for(found, Wanted(What.INCOMING_CALL, "+81120123456", number_type="toll-free")).rate == Decimal("0.278")
    assert rate_for(found, Wanted(What.INCOMING_CALL, "+815012345678", number_type="national")).rate is None


def test_of_two_networks_of_one_carrier_the_dearer_counts():
    found = card()
    assert rate_for(found, Wanted(What.OUTGOING_TEXT, "+819011110001", carrier="NTT")).rate == Decimal("0.09")
    assert rate_for(found, Wanted(What.OUTGOING_TEXT, "+819011110001", carrier="KDDI")).rate == Decimal("0.1")


def test_what_twilio_does_not_tell_is_of_the_shipped_card_with_its_own_date_and_source():
    shipped = rate_for(shipped_card(), Wanted(What.DETECTION))
    assert rate_for(card(), Wanted(What.DETECTION)) == shipped
    assert shipped.as_of != TODAY


def test_of_a_country_that_was_pulled_nothing_is_of_the_shipped_card():
    found = card(japan(messaging=None))
    assert rate_for(found, Wanted(What.OUTGOING_TEXT, "+819011110001")) is None


def test_in_another_currency_what_is_shipped_is_not_known_but_for_the_tax():
    found = card(currency="JPY")
    missing = rate_for(found, Wanted(What.CONFERENCE))
    assert (missing.rate, "in USD alone: 0.0018" in missing.note) == (None, True)
    assert rate_for(found, Wanted(What.TAX)).rate == rate_for(shipped_card(), Wanted(What.TAX)).rate


def test_what_cannot_be_read_is_left_out_and_said():
    odd = {
        "friendly_name": "?",
        "current_price": "0.1",
        "destination_prefixes": ["81x"],
        "origination_prefixes": ["EEA"],
    }
    reader = RateReader(japan({**VOICE, "outbound_prefix_prices": [odd]}, None, None), TODAY)
    assert [one.what for one in reader.rates()] == [What.INCOMING_CALL] * 2
    assert reader.unread == ["JP: destination_prefixes 81x", "JP: origination_prefixes EEA"]


def test_a_card_is_read_again_as_it_was_written():
    assert rate_card_of(rate_card_to_json(card())) == card()
