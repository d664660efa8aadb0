"""Rate cards are pulled from Twilio's Pricing API, kept, compared, and used by estimates; a pull that fails goes on."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client

from command import rates
from command.checks import prices
from command.refusals import Refused
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN
from tests.integration.calls import WANTED
from tests.integration.conftest import AIKO, NOON
from tests.unit.test_twilio_prices import MESSAGING, NUMBERS, VOICE
from toritsugi.foundation.errors import RequestRefused
from toritsugi.money.card_changes import compare_cards
from toritsugi.money.currencies import ExchangeRate
from toritsugi.tariffs import pulled_cards


class PricingApi(HttpClient):
    """Twilio's Pricing API: what it answers by path, and which countries it fails for."""

    def __init__(self):
        self.asked, self.fails, self.voice = [], set(), VOICE

    def request(self, method, url, *_, **__):
        path = urlsplit(url).path
        self.asked.append(path)
        country = path.rpartition("/")[2]
        if country in self.fails:
            return Response(500, json.dumps({"code": 20500, "message": "not today", "status": 500}))
        products = {"/v2/Voice": self.voice, "/v1/Messaging": MESSAGING, "/v1/PhoneNumbers": NUMBERS}
        told = products.get(path.partition("/Countries")[0])
        if told is None or country == "XX" or (country == "KR" and "Messaging" in path):
            return Response(404, json.dumps({"code": 20404, "message": "not found", "status": 404}))
        return Response(200, json.dumps({"country": country, "iso_country": country, "url": url, **told}))

    @property
    def countries(self):
        return list(dict.fromkeys(path.rpartition("/")[2] for path in self.asked))


@pytest.fixture
def pricing():
    return PricingApi()


@pytest.fixture
def paying(pricing):
    return Client(ACCOUNT_SID, AUTH_TOKEN, http_client=pricing)


def pulls(paying, *countries, now=NOON, going_on=None):
    pulling = rates.Pull(paying, now, going_on)
    pulling.add_all([country for country in countries if country not in pulling.known])
    card = pulling.card()
    pulled_cards.keep_card(card, pulling.known, now.timestamp())
    return card


def test_a_card_that_is_pulled_is_kept_and_estimates_use_it(desk, paying):
    card = pulls(paying, "JP")
    assert pulled_cards.find_newest_card() == card
    status, found = desk.asks(
        "POST", "/api/estimates", {"kind": "v-call", "parties": [AIKO, "landline"], "seconds": 60}
    )
    assert (status, found["card"]) == (200, card.name)
    assert [line["rate"] for line in found["lines"]][:2] == ["0.185", "0.07"]
    assert desk.asks("POST", "/api/estimates", {"kind": "v-call", "card": "kddi-2021"})[1]["card"] == "kddi-2021"


def test_old_cards_stay_and_what_has_changed_is_said(cloud, paying, pricing):
    old = pulls(paying, "JP", now=NOON - timedelta(days=40))
    dearer = VOICE["outbound_prefix_prices"][1] | {"current_price": "0.1906"}
    pricing.voice = VOICE | {"outbound_prefix_prices": [VOICE["outbound_prefix_prices"][0], dearer]}
    new = pulls(paying, "JP")
    assert [row.card.name for row in pulled_cards.list_cards()] == [new.name, old.name]
    assert pulled_cards.get_card(old.name) == old
    changed = [one.text for one in compare_cards(old, new)]
    assert changed == [f"Outbound Minute - Japan - Mobile: +3 % since {new.as_of}"]
    assert rates.card_before(new, pulled_cards.list_cards()) == old


def test_a_pull_that_fails_goes_on_where_it_stopped(cloud, paying, pricing, capsys):
    pricing.fails = {"US"}
    with pytest.raises(TwilioRestException):
        pulls(paying, "JP", "US")
    assert "stopped  behind JP: the same command goes on from there" in capsys.readouterr().err
    assert pulled_cards.find_newest_card() is None
    pricing.fails, pricing.asked = set(), []
    card = pulls(paying, "JP", "US", going_on=pulled_cards.find_unfinished())
    assert pricing.countries == ["US"]
    assert {rate.country for rate in card.rates} >= {"JP", "US"}
    assert pulled_cards.find_unfinished() is None


def test_what_twilio_does_not_sell_in_a_country_is_not_in_the_card(cloud, paying):
    card = pulls(paying, "KR")
    assert "outgoing-text" not in {rate.what for rate in card.rates if rate.country == "KR"}
    assert "outgoing-call" in {rate.what for rate in card.rates if rate.country == "KR"}


def test_a_country_that_twilio_does_not_know_is_refused(cloud, paying):
    with pytest.raises(Refused, match="names no prices of XX"):
        pulls(paying, "XX")
    with pytest.raises(Refused, match="is no country"):
        rates.read_countries(["JP", "Japan"])


def test_an_account_has_one_currency(cloud, paying, pricing):
    pulling = rates.Pull(paying, NOON, None)
    pulling.add("JP")
    pricing.voice = VOICE | {"price_unit": "JPY"}
    with pytest.raises(Refused, match="no card has both"):
        pulling.add("US")


def test_a_card_that_nobody_has_is_refused_with_those_that_there_are(cloud, paying):
    card = pulls(paying, "JP")
    with pytest.raises(RequestRefused, match=card.name):
        pulled_cards.get_card("twilio-2020-01-01")


@pytest.mark.parametrize(("days", "state"), [(0, "ok"), (90, "ok"), (91, "warn")])
def test_the_doctor_warns_of_a_card_that_is_old(cloud, paying, days, state):
    pulls(paying, "JP", now=datetime.now(UTC) - timedelta(days=days))
    (finding,) = prices.rate_card(None)
    assert finding.state == state


def test_the_doctor_says_where_no_card_was_pulled(cloud):
    (finding,) = prices.rate_card(None)
    assert (finding.state, "toritsugi rates pull" in finding.says) == ("ok", True)


# ---- what yen a day count --------------------------------------------------------------------------------------------


def counted(desk):
    """By which card yen are counted, what one of its currency is, and how many were."""
    found = desk.asks("GET", "/api/limits")[1]
    exchange = found["charges"]["exchange"]
    return found["charges"]["card"], exchange and exchange["rate"], found["used"]["yen_a_day"]


def test_a_card_that_is_pulled_is_what_yen_a_day_count_by(desk, paying):
    assert counted(desk) == ("twilio-jp-2026-11", "160", 0)
    card = pulls(paying, "JP")
    rates.counts_by(card, ExchangeRate("USD", "JPY", Decimal(150), date(2026, 11, 28)))
    desk.asks("POST", "/api/calls", WANTED | {"parties": [AIKO, "+81312345678"], "minutes": 10})
    assert counted(desk) == (card.name, "150", 278 + 105)  # 10 minutes at 27.75, and at 10.5


def test_what_a_dollar_is_stays_until_it_is_said_anew(desk, paying):
    rates.counts_by(pulls(paying, "JP"), ExchangeRate("USD", "JPY", Decimal(150), date(2026, 11, 28)))
    rates.counts_by(pulls(paying, "JP"), None)
    assert counted(desk)[1] == "150"


def test_an_account_that_pays_in_yen_needs_no_rate_of_exchange(desk, paying, pricing):
    pricing.voice = VOICE | {"price_unit": "JPY"}
    card = pulls(paying, "JP")
    rates.counts_by(card, None)
    assert counted(desk) == (card.name, None, 0)


def test_of_a_currency_of_which_nobody_says_what_it_is_the_card_before_counts(desk, paying, pricing, capsys):
    pricing.voice = VOICE | {"price_unit": "EUR"}
    rates.counts_by(pulls(paying, "JP"), None)
    assert "say --exchange, what 1 EUR is in yen" in capsys.readouterr().err
    assert counted(desk) == ("twilio-jp-2026-11", "160", 0)
