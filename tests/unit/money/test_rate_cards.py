"""Rate cards: what can be written in one, what is refused, and which of its rates counts."""

import json
from datetime import date
from decimal import Decimal

import pytest

from toritsugi.foundation.errors import RequestRefused
from toritsugi.money.rates import (
    DEFAULT_CARD,
    SHIPPED_CARDS,
    Wanted,
    What,
    rate_card_of,
    rate_card_to_json,
    rate_for,
    read_rate_card,
    shipped_card,
)

CARD = {
    "name": "acme-2026",
    "as_of": "2026-11-01",
    "currency": "JPY",
    "source": "a contract",
    "rates": [{"what": "browser-call", "rate": "0.5"}],
}


def with_rate(**row):
    return CARD | {"rates": [{"what": "outgoing-call", "rate": "1"} | row]}


@pytest.mark.parametrize("name", SHIPPED_CARDS)
def test_a_shipped_card_is_read_and_written_without_loss(name):
    card = shipped_card(name)
    assert card.name == name
    assert rate_card_of(rate_card_to_json(card)) == card
    assert read_rate_card(json.dumps(rate_card_to_json(card))) == card


@pytest.mark.parametrize("name", SHIPPED_CARDS)
def test_each_rate_of_a_shipped_card_says_where_it_is_from_and_of_when(name):
    for rate in shipped_card(name).rates:
        assert rate.source.startswith("https://")
        assert date(2018, 1, 1) <= rate.as_of <= date(2026, 11, 28)
        assert rate.certainty in ("published", "third-party", "unverified")
        assert rate.rate is not None or rate.note


def test_history_is_never_the_default():
    assert shipped_card().name == DEFAULT_CARD
    assert shipped_card().ended_on is None
    assert shipped_card("kddi-2021").ended_on == date(2023, 5, 1)


def test_an_amount_is_a_decimal_to_the_last_digit():
    card = rate_card_of(with_rate(rate="0.100000000003"))
    assert card.rates[0].rate == Decimal("0.100000000003")


def test_a_rate_has_what_its_card_says_for_all_unless_it_says_otherwise():
    rows = [{"what": "browser-call", "rate": "1"}, {"what": "conference", "rate": "2", "as_of": "2020-02-02"}]
    card = rate_card_of(CARD | {"certainty": "own", "country": "JP", "rates": rows})
    assert [(one.source, one.certainty, one.country) for one in card.rates] == [("a contract", "own", "JP")] * 2
    assert [one.as_of for one in card.rates] == [date(2026, 11, 1), date(2020, 2, 2)]


@pytest.mark.parametrize(
    ("document", "field", "form"),
    [
        ([], "card", "an object of JSON"),
        ({}, "as_of", "it is missing"),
        (CARD | {"rates": []}, "rates", "one at least"),
        (CARD | {"rates": ["1"]}, "rates/0", "an object"),
        (CARD | {"currency": "yen"}, "currency", "JPY or USD"),
        (CARD | {"currency": 3}, "currency", "a text"),
        (CARD | {"name": "../x"}, "name", "small letters"),
        (CARD | {"as_of": "November"}, "as_of", "2026-11-28"),
        (CARD | {"ended_on": 2023}, "ended_on", "2026-11-28"),
        (CARD | {"country": "Japan"}, "country", "as JP"),
        (CARD | {"price": "1"}, "price", "no such field, but"),
        (CARD | {"source": ""}, "rates/0/source", "where the figure is from"),
        (with_rate(rate=0.1), "rates/0/rate", "in quotes"),
        (with_rate(rate=0), "rates/0/rate", "in quotes"),
        (with_rate(rate="1e3"), "rates/0/rate", 'as "0.0746"'),
        (with_rate(rate="-1"), "rates/0/rate", "a decimal number"),
        (with_rate(rate="NaN"), "rates/0/rate", "a decimal number"),
        (with_rate(rate="１"), "rates/0/rate", "a decimal number"),
        (with_rate(rate=None), "rates/0/note", "why the rate is not known"),
        (with_rate(free=100), "rates/0/free", "in quotes"),
        (with_rate(what="fax"), "rates/0/what", "outgoing-call, incoming-call"),
        (with_rate(certainty="sure"), "rates/0/certainty", "own, published"),
        (with_rate(as_of="soon"), "rates/0/as_of", "a date"),
        (with_rate(destination_prefixes="81"), "rates/0/destination_prefixes", "a list"),
        (with_rate(destination_prefixes=["+81"]), "rates/0/destination_prefixes", "without +"),
        (with_rate(destination_prefixes=["ALL"]), "rates/0/destination_prefixes", "no beginning of a number"),
        (with_rate(origination_prefixes=["EEA"]), "rates/0/origination_prefixes", "EEA is no beginning"),
        (with_rate(is_overridden="yes"), "rates/0/is_overridden", "true or false"),
        (with_rate(country=81), "rates/0/country", "a text"),
        (with_rate(prefix="81"), "rates/0/prefix", "no such field, but"),
        (CARD | {"rates": CARD["rates"] * 2}, "rates/1", "the same as rates/0"),
    ],
)
def test_what_is_wrong_is_named_with_its_place_and_the_right_form(document, field, form):
    with pytest.raises(RequestRefused) as refusal:
        rate_card_of(document)
    assert refusal.value.message.startswith(f"{field}: ")
    assert form in refusal.value.message


def test_what_is_no_json_is_refused():
    with pytest.raises(RequestRefused, match="card: this is no JSON"):
        read_rate_card("{")


def test_a_card_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(RequestRefused, match="kddi-2021, twilio-jp-2026-11"):
        shipped_card("kddi-2020")


def test_two_rates_may_be_for_one_prefix_if_their_origins_differ():
    rows = [
        {"what": "outgoing-call", "rate": rate, "destination_prefixes": ["8190"], "origination_prefixes": [origin]}
        for rate, origin in (("3", "ALL"), ("2", "81"), ("1", "8150"))
    ]
    card = rate_card_of(CARD | {"rates": rows})
    found = [rate_for(card, Wanted(What.OUTGOING_CALL, "+8190", origin)).rate for origin in ("", "+813", "+81501")]
    assert found == [3, 2, 1]


def test_a_rate_for_something_else_is_none():
    card = rate_card_of(CARD)
    assert rate_for(card, Wanted(What.BROWSER_CALL)).rate == Decimal("0.5")
    assert rate_for(card, Wanted(What.CONFERENCE)) is None


def test_where_several_would_do_the_dearest_counts_and_what_is_known_before_what_is_not():
    rows = [
        {"what": "speech", "rate": None, "voice": "new", "note": "not known"},
        {"what": "speech", "rate": "2", "voice": "neural"},
        {"what": "speech", "rate": "1", "voice": "standard"},
    ]
    card = rate_card_of(CARD | {"rates": rows})
    found = [rate_for(card, Wanted(What.SPEECH, voice=voice)).rate for voice in ("", "neural", "standard", "new")]
    assert found == [2, 2, 1, None]
    assert rate_for(card, Wanted(What.SPEECH, voice="singing")) is None
