"""Facts of the Pricing API, through Twilio's own library, and of the list behind it, which everybody can change.

https://www.twilio.com/docs/voice/pricing https://www.twilio.com/docs/messaging/api/pricing
"""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from twilio.rest import Client

from local.network.billing import prices
from tests.network.running import Local
from tests.network.town import BEN, LINE, refusal

SPECS = Path(__file__).parents[3] / "shared" / "specs"
LANDLINE = "+81312345678"
ALASKA, TEXAS = "+19075550100", "+15125550100"
TO_MOBILES = {"destination_prefixes": ["8170", "8180", "8190"], "current_price": "20"}
TO_JAPAN = {"destination_prefixes": ["81"], "current_price": "8"}


@pytest.fixture
def pricing(town):
    return town.twilio.pricing


def by_name(rows):
    return {row["friendly_name"].rpartition(" - ")[2]: row["current_price"] for row in rows}


def by_type(rows):
    return {row["number_type"]: row["current_price"] for row in rows}


def minute(pricing, number, **origin):
    """What a minute to this number costs."""
    (row,) = pricing.v2.voice.numbers(number).fetch(**origin).outbound_call_prices
    return row["current_price"]


def refused(town, **wishes):
    """What is said of prices that make no sense."""
    answer = town.http.put("/prices", json=wishes)
    assert answer.status_code == 400
    return answer.json()["error"]


# ---- what a country costs ----------------------------------------------------------------------------------------


def test_a_country_lists_calls_by_prefix_and_by_type_of_number(pricing):
    japan = pricing.v2.voice.countries("JP").fetch()
    assert (japan.country, japan.iso_country, japan.price_unit) == ("Japan", "JP", "USD")
    assert by_name(japan.outbound_prefix_prices) == {"Japan": "0.0746", "Mobile": "0.185"}
    assert by_type(japan.inbound_call_prices) == {"local": "0.01", "national": "0.01", "toll free": "0.278"}


def test_an_older_version_has_prefixes_and_says_nothing_of_origins(pricing):
    landlines, mobiles = pricing.v1.voice.countries("JP").fetch().outbound_prefix_prices
    assert (landlines["prefixes"], mobiles["prefixes"]) == (["81"], ["8170", "8180", "8190"])
    assert landlines.keys() == {"prefixes", "friendly_name", "base_price", "current_price"}


def test_texts_are_listed_by_carrier_and_numbers_by_the_month(pricing):
    texts, numbers = pricing.v1.messaging.countries("US").fetch(), pricing.v1.phone_numbers.countries("US").fetch()
    (carrier,) = texts.outbound_sms_prices
    assert by_type(carrier["prices"]) == {"local": "0.0083", "toll free": "0.0083"}
    assert by_type(texts.inbound_sms_prices) == {"local": "0.0083", "toll free": "0.0083"}
    assert by_type(numbers.phone_number_prices) == {"local": "1.15", "toll free": "2.15"}


@pytest.mark.parametrize("product", ["v2.voice", "v1.voice", "v1.messaging", "v1.phone_numbers"])
def test_countries_come_in_pages_whose_addresses_lead_on(pricing, product):
    version, name = product.split(".")
    countries = getattr(getattr(pricing, version), name).countries
    assert [one.iso_country for one in countries.list(page_size=2)] == ["CA", "JP", "US"]
    page = countries.page(page_size=2)
    assert ([one.iso_country for one in page], page.previous_page_url) == (["CA", "JP"], None)
    assert [one.iso_country for one in page.next_page()] == ["US"]


def test_the_address_of_a_country_leads_to_it(town, pricing):
    first = next(iter(pricing.v1.messaging.countries.list()))
    answer = town.http.get(first.url, auth=(town.world.account_sid, town.world.auth_token))
    assert answer.json()["iso_country"] == first.iso_country


@pytest.mark.parametrize("code", ["FR", "XX"])
def test_a_country_without_prices_is_not_found(pricing, code):
    assert refusal(pricing.v2.voice.countries(code).fetch) == (404, 20404)


def test_prices_are_for_who_has_the_password(town):
    stranger = Client(town.world.account_sid, "0" * 32, http_client=Local(town.world.address))
    assert refusal(stranger.pricing.v2.voice.countries("JP").fetch) == (401, 20003)


# ---- what one number costs ---------------------------------------------------------------------------------------


def test_the_longest_prefix_of_a_number_wins(pricing):
    assert (minute(pricing, BEN), minute(pricing, LANDLINE)) == ("0.185", "0.0746")


def test_a_number_of_ours_says_what_a_call_to_it_costs_and_a_strange_one_does_not(pricing):
    ours, strange = pricing.v2.voice.numbers(LINE).fetch(), pricing.v2.voice.numbers(BEN).fetch()
    assert ours.inbound_call_price == {"number_type": "national", "base_price": "0.01", "current_price": "0.01"}
    assert set(strange.inbound_call_price.values()) == {None}
    assert pricing.v1.voice.numbers(LINE).fetch().outbound_call_price["current_price"] == "0.0746"


def test_among_rows_of_one_prefix_the_longest_origin_wins_and_the_rest_of_the_world_comes_last(town, pricing):
    near = {"destination_prefixes": ["1"], "origination_prefixes": ["1", "1512"], "current_price": "1"}
    nearest = {"destination_prefixes": ["1"], "origination_prefixes": ["1907"], "current_price": "2"}
    others = {"destination_prefixes": ["1"], "origination_prefixes": ["ROW"], "current_price": "3"}
    nobody = {"outbound_prefix_prices": []}
    town.costs(countries={"US": {"outbound_prefix_prices": [others, near, nearest]}, "CA": nobody})
    assert minute(pricing, TEXAS, origination_number=ALASKA) == "2"
    assert minute(pricing, TEXAS, origination_number=TEXAS) == "1"
    assert minute(pricing, TEXAS, origination_number=LINE) == "3"
    everything = pricing.v2.voice.numbers(TEXAS).fetch()
    assert [row["current_price"] for row in everything.outbound_call_prices] == ["3", "1", "2"]


def test_a_longer_prefix_that_is_for_other_origins_leaves_a_number_to_a_shorter_one(town, pricing):
    from_home = {"destination_prefixes": ["8190"], "origination_prefixes": ["81"], "current_price": "5"}
    town.costs(countries={"JP": {"outbound_prefix_prices": [from_home, TO_JAPAN]}})
    assert minute(pricing, BEN, origination_number=LINE) == "5"
    assert minute(pricing, BEN, origination_number=TEXAS) == "8"


@pytest.mark.parametrize(("number", "status"), [("hello", 400), ("+33123456789", 404)])
def test_a_number_that_is_none_or_has_no_price_is_refused(pricing, number, status):
    assert refusal(pricing.v2.voice.numbers(number).fetch)[0] == status


def test_prices_of_trunks_are_refused_by_name(pricing):
    assert refusal(pricing.v2.countries("JP").fetch)[0] == 501


# ---- a list of one's own -----------------------------------------------------------------------------------------


def test_round_prices_take_the_place_of_those_that_are_shipped_list_by_list(town, pricing):
    town.costs(countries={"JP": {"outbound_prefix_prices": [TO_JAPAN, TO_MOBILES]}})
    assert (minute(pricing, BEN), minute(pricing, LANDLINE)) == ("20", "8")
    assert by_type(pricing.v2.voice.countries("JP").fetch().inbound_call_prices)["national"] == "0.01"
    town.costs()
    assert minute(pricing, BEN) == "0.185"


def test_a_country_that_is_not_shipped_gets_prices_and_the_others_keep_theirs(town, pricing):
    town.costs(countries={"FR": {"outbound_prefix_prices": [{"destination_prefixes": ["33"], "current_price": "1.5"}]}})
    assert [one.iso_country for one in pricing.v2.voice.countries.list()] == ["CA", "FR", "JP", "US"]
    assert (minute(pricing, "+33123456789"), minute(pricing, BEN)) == ("1.5", "0.185")


def test_what_twilio_says_of_a_country_can_be_put_here_as_it_is(town):
    prices = town.get("/prices")["countries"]["JP"]
    said = town.http.get("/v2/Voice/Countries/JP", auth=(town.world.account_sid, town.world.auth_token)).json()
    lists = {name: said[name] for name in ("outbound_prefix_prices", "inbound_call_prices")}
    town.costs(countries={"JP": lists})
    for row in prices["outbound_prefix_prices"] + prices["inbound_call_prices"]:
        del row["source"]
    assert town.get("/prices")["countries"]["JP"] == prices


def test_an_account_in_yen_pays_the_shipped_prices_at_its_rate_and_its_own_as_they_are(town, pricing):
    town.costs(price_unit="JPY", exchange_rate="150", countries={"JP": {"outbound_prefix_prices": [TO_JAPAN]}})
    japan = pricing.v2.voice.countries("JP").fetch()
    assert (japan.price_unit, minute(pricing, BEN)) == ("JPY", "8")
    assert Decimal(by_type(japan.inbound_call_prices)["national"]) == Decimal("1.5")
    assert Decimal(town.get("/prices")["fees"]["recording_minute"]) == Decimal("0.375")


def test_a_discount_stands_beside_the_price_of_everybody(town, pricing):
    town.costs(countries={"JP": {"outbound_prefix_prices": [TO_JAPAN | {"base_price": "10"}]}})
    (row,) = pricing.v2.voice.countries("JP").fetch().outbound_prefix_prices
    assert (row["base_price"], row["current_price"]) == ("10", "8")


@pytest.mark.parametrize(
    ("wishes", "named"),
    [
        ({"colour": "red"}, "colour"),
        ({"price_unit": "yen"}, "price_unit"),
        ({"price_unit": "JPY"}, "exchange_rate"),
        ({"exchange_rate": "150"}, "exchange_rate"),
        ({"price_unit": "JPY", "exchange_rate": "0"}, "exchange_rate"),
        ({"delay": -1}, "delay"),
        ({"delay": True}, "delay"),
        ({"countries": []}, "countries"),
        ({"countries": {"XX": {}}}, "XX"),
        ({"countries": {"JP": {"sms": []}}}, "outbound_sms_prices"),
        ({"countries": {"JP": {"outbound_prefix_prices": {}}}}, "outbound_prefix_prices"),
        ({"countries": {"JP": {"outbound_prefix_prices": [{"current_price": "1"}]}}}, "destination_prefixes"),
        (
            {"countries": {"JP": {"outbound_prefix_prices": [{"destination_prefixes": ["ALL"]}]}}},
            "destination_prefixes",
        ),
        ({"countries": {"JP": {"outbound_prefix_prices": [{"destination_prefixes": [[]]}]}}}, "destination_prefixes"),
        ({"countries": {"JP": {"outbound_prefix_prices": [{"destination_prefixes": ["81"]}]}}}, "current_price"),
        ({"countries": {"JP": {"inbound_call_prices": [{"current_price": "1"}]}}}, "number_type"),
        ({"countries": {"JP": {"outbound_sms_prices": [{"carrier": "a"}]}}}, "prices"),
        ({"fees": {"tea": "1"}}, "tea"),
        ({"fees": {"recording_minute": "-1"}}, "recording_minute"),
        ({"fees": {"recording_minute": "NaN"}}, "recording_minute"),
    ],
)
def test_prices_that_make_no_sense_are_refused_by_name_and_change_nothing(town, wishes, named):
    before = town.get("/prices")
    assert named in refused(town, **wishes)
    assert town.get("/prices") == before


def test_every_price_that_is_shipped_has_a_source_and_the_list_has_a_date():
    def rows(said):
        if isinstance(said, list):
            return [row for one in said for row in rows(one)]
        if not isinstance(said, dict):
            return []
        own = [said] if "current_price" in said else []
        return own + [row for one in said.values() for row in rows(one)]

    shipped = prices.shipped()
    assert len(rows(shipped)) > 30
    assert [row for row in rows(shipped) if not row.get("source")] == []
    assert shipped["as_of"] == "2026-10-04"


@pytest.mark.skipif(not SPECS.exists(), reason="Twilio's description of its API is not on this machine")
@pytest.mark.parametrize(
    ("spec", "path", "schema"),
    [
        ("pricing_v2", "/v2/Voice/Countries/JP", "pricing.v2.voice.voice_country-instance"),
        ("pricing_v2", f"/v2/Voice/Numbers/{LINE}", "pricing.v2.voice.voice_number"),
        ("pricing_v1", "/v1/Voice/Countries/JP", "pricing.v1.voice.voice_country-instance"),
        ("pricing_v1", f"/v1/Voice/Numbers/{LINE}", "pricing.v1.voice.voice_number"),
        ("pricing_v1", "/v1/Messaging/Countries/JP", "pricing.v1.messaging.messaging_country-instance"),
        ("pricing_v1", "/v1/PhoneNumbers/Countries/JP", "pricing.v1.phone_number.phone_number_country-instance"),
    ],
)
def test_prices_have_exactly_the_fields_of_twilios_specification(town, spec, path, schema):
    schemas = json.loads((SPECS / f"twilio_{spec}.json").read_text())["components"]["schemas"]

    def check(said, wanted):
        if wanted["type"] == "array":
            for one in said:
                check(one, wanted["items"])
        elif wanted["type"] == "object":
            assert said.keys() == wanted["properties"].keys()
            for name, value in said.items():
                if value is not None:
                    check(value, wanted["properties"][name])
        else:
            assert isinstance(said, str)  # of amounts the specification says that it overrides "number" by it

    answer = town.http.get(path, auth=(town.world.account_sid, town.world.auth_token))
    check(answer.json(), schemas[schema])
