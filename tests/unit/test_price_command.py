"""`toritsugi price`, typed where there is no exchange: nobody is called, and nothing is asked of anybody."""

import json
from datetime import date
from decimal import Decimal

import pytest
from typer.testing import CliRunner

from command.__main__ import app
from command.amounts import read_exchange, read_length, write_amount
from command.refusals import Refused
from toritsugi.foundation.errors import RequestRefused


def types(*words):
    return CliRunner().invoke(app, ["price", *words], catch_exceptions=False)


def prices(*words):
    said = types(*words, "--json", "--no-tax")
    assert said.exit_code == 0, said.output
    return json.loads(said.stdout)


@pytest.mark.parametrize(
    ("words", "kind", "amount"),
    [
        (["mobile", "61s", "--card", "kddi-2021"], "masked-call", "34.4"),
        (["mobile", "mobile", "61s", "--card", "kddi-2021"], "v-call", "64.8"),
        (["landline", "10m", "--card", "kddi-2021"], "masked-call", "64"),
        (["+819011110001", "mobile", "1m", "--exchange", "150@2026-11-28"], "v-call", "55.5"),
        (["mobile", "landline", "1m", "--conference"], "conference", "0.2632"),
        (["mobile", "--text", "Hello"], "text", "0.089"),
        (["mobile", "1m", "--from", "browser"], "masked-call", "0.189"),
    ],
)
def test_a_price_is_that_of_the_engine(words, kind, amount):
    found = prices(*words)
    assert (found["kind"], found["total"]["amount"]) == (kind, amount)


def test_people_read_the_lines_the_total_and_what_was_assumed():
    said = types("mobile", "landline", "61s").stdout
    for part in (
        "$0.185 ",
        "$0.0746",
        "2 minute",
        "cheaper",
        "Each leg is rounded up",
        "Twilio's list prices for Japan",
    ):
        assert part in said, said


def test_yen_below_one_are_written():
    said = types("mobile", "61s", "--card", "kddi-2021", "--no-tax").stdout
    assert "¥16.2" in said
    assert "¥34.4" in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["10m"], "Say who"),
        (["mobile", "10m", "landline"], "Say who"),
        (["mobile", "10m", "--text", "Hello"], "A text goes to one"),
        (["mobile", "--conference"], "A conference has two people"),
        (["mobile", "--exchange", "150"], "150@2026-11-28"),
        (["mobile", "--exchange", "0@2026-11-28"], "more than 0"),
        (["mobile", "--card", "kddi-2021", "--exchange", "150@2026-11-28"], "is in yen"),
        (["mobile", "--line", "browser"], "A browser has no number"),
        (["fax"], "a number in E.164"),
        (["mobile", "--card", "plivo"], "there is none of this name"),
    ],
)
def test_what_says_nothing_is_refused_in_a_sentence(words, says):
    with pytest.raises((Refused, RequestRefused), match=says):
        types(*words)


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        ("5.4", "JPY", "¥5.4"),
        ("64.0", "JPY", "¥64"),
        ("1234567", "JPY", "¥1,234,567"),
        ("5.43216", "JPY", "¥5.4322"),
        ("0", "JPY", "¥0"),
        ("0.0746", "USD", "$0.0746"),
        ("4.75", "USD", "$4.75"),
        ("0.5", "USD", "$0.50"),
        ("980", "USD", "$980.00"),
        ("-12.5", "USD", "-$12.50"),
        ("1E+3", "JPY", "¥1,000"),
        ("1.5", "EUR", "€1.50"),
    ],
)
def test_an_amount_has_as_many_digits_as_it_needs(amount, currency, written):
    assert write_amount(Decimal(amount), currency) == written


@pytest.mark.parametrize(("text", "seconds"), [("10m", 600), ("90s", 90), ("1h30m", 5400), ("", None), ("10", None)])
def test_a_length_is_read(text, seconds):
    assert read_length(text) == seconds


def test_an_exchange_rate_has_its_date():
    assert read_exchange("150.5@2026-11-28") == (Decimal("150.5"), date(2026, 11, 28))
    with pytest.raises(Refused, match="has its date"):
        read_exchange("150@2026-13-28")
