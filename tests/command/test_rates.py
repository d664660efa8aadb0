"""`toritsugi rates`: an operator pulls what the account pays, sees it, and prices by it."""

import base64
import zlib
from datetime import date, timedelta

import httpx
import pytest

LANDLINES = {"friendly_name": "Japan", "destination_prefixes": ["81"], "current_price": "0.0746"}
MOBILES = {"friendly_name": "Japan, mobile", "destination_prefixes": ["8170", "8180", "8190"], "current_price": "0.185"}


def costs(exchange, *rates):
    """From now on calls to Japan cost so much at Twilio; without rates as usual."""
    wishes = {"countries": {"JP": {"outbound_prefix_prices": rates}}} if rates else {}
    prices = f"{exchange.network.url}/prices"
    httpx.put(prices, json=wishes, trust_env=False, verify=False, timeout=300).raise_for_status()


@pytest.fixture
def aged(exchange):
    """A card that was pulled 100 days ago, and none since."""
    costs(exchange, LANDLINES, MOBILES)
    today = exchange.succeeds("rates", "pull", "JP")["card"].removeprefix("twilio-")
    then = str(date.fromisoformat(today) - timedelta(days=100))
    rows, directory = exchange.client("dynamodb"), {"TableName": exchange.resource("DirectoryTable")}
    key = {"number": {"S": "rates"}}
    row = rows.get_item(**directory, Key=key | {"entry": {"S": f"card#{today}"}})["Item"]
    text = zlib.decompress(base64.b64decode(row["document"]["S"])).decode().replace(today, then)
    document = base64.b64encode(zlib.compress(text.encode())).decode()
    old = row | {"entry": {"S": f"card#{then}"}, "document": {"S": document}}
    rows.delete_item(**directory, Key=key | {"entry": row["entry"]})
    rows.put_item(**directory, Item=old)
    yield f"twilio-{then}"
    rows.delete_item(**directory, Key=key | {"entry": old["entry"]})
    costs(exchange)


def test_rates_are_pulled_listed_shown_and_used(exchange):
    pulled = exchange.succeeds("rates", "pull", "JP", "US", "--exchange", "150@2026-11-28")
    assert (pulled["countries"], pulled["currency"], pulled["unread"]) == (["JP", "US"], "USD", [])
    assert exchange.succeeds("rates", "list")[0]["name"] == pulled["card"]
    shown = exchange.succeeds("rates", "show")
    assert (shown["name"], len(shown["rates"])) == (pulled["card"], pulled["rates"])
    priced = exchange.succeeds("price", "mobile", "61s", "--stage", exchange.stage)
    assert priced["card"] == pulled["card"]
    assert "own" in {line["certainty"] for line in priced["lines"]}
    counts_by = exchange.succeeds("limits", "show")["charges"]
    assert (counts_by["card"], counts_by["exchange"]["rate"]) == (pulled["card"], "150")
    assert f"counted by the rate card {pulled['card']}, USD 1 being ¥150" in exchange.types("limits", "show").out


def test_one_card_is_compared_with_none(exchange):
    exchange.succeeds("rates", "pull")
    said = exchange.types("rates", "compare")
    assert (said.code, "No card was pulled before" in said.err) == (1, True), said.err


def test_an_old_card_stays_and_what_has_changed_since_is_said(exchange, aged):
    costs(exchange, LANDLINES, MOBILES | {"current_price": "0.1906"})
    said = exchange.types("rates", "pull", "JP")
    assert "Japan, mobile: +3 % since 20" in said.out, said
    assert [card["name"] for card in exchange.succeeds("rates", "list")][1] == aged
    compared = exchange.succeeds("rates", "compare")
    assert (compared["old"], [one["after"] for one in compared["changes"]]) == (aged, ["0.1906"])


def test_a_card_that_is_older_than_ninety_days_is_warned_of(exchange, aged):
    assert f"{aged} is 100 days old" in exchange.types("rates", "list").err
    assert f"The card {aged} is 100 days old" in exchange.types("price", "mobile", "--stage", exchange.stage).out


def test_a_country_that_there_is_not_is_refused_in_a_sentence(exchange):
    said = exchange.types("rates", "pull", "Japan")
    assert (said.code, "JAPAN is no country" in said.err) == (1, True), said.err
