"""The log says what has happened, and to nobody's number, however that is written."""

import json
import logging
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toritsugi.foundation.logs import Discreet, log, strike_out

WIDE = str.maketrans("0123456789+-() ", "０１２３４５６７８９＋－（）\u3000")

WRITTEN = [
    "09012345678",
    "+819012345678",
    "%2B819012345678",
    "090-1234-5678",
    "+81 90 1234 5678",
    "+81-90-1234-5678",
    "(090) 1234-5678",
    "（090）1234－5678",
    "+81 (0)90-1234-5678",
    "03.1234.5678",
    "1234567",
    "123-4567",
    "12345678",
    "1234 5678",
    "０９０－１２３４－５６７８",
    "０９０１２３４５６７８",
]
PLACES = [
    "{}",
    "call from {}.",
    "{} is busy",
    "<sip:{}@example.com>",
    'said "{}"',
    "/api/callers/{}",
    "From={}&To={}",
    "{},{}",
]


@pytest.mark.parametrize("number", WRITTEN)
@pytest.mark.parametrize("place", PLACES)
def test_a_number_is_struck_out_as_people_write_it(place, number):
    assert strike_out(place.format(number, number)) == place.format("(number)", "(number)")


separators = st.sampled_from(["", "", "", "-", " ", ") ", " (", "‐", "－", "\u00a0", "."])
numbers = st.tuples(
    st.sampled_from(["", "+", "%2B", "("]),
    st.lists(st.tuples(st.sampled_from("0123456789"), separators), min_size=7, max_size=15),
    st.booleans(),
)


@given(
    numbers, st.sampled_from(["", "call ", "(", "to: ", "「", "\n"]), st.sampled_from(["", ".", " hung up", "」", "\n"])
)
def test_of_whatever_number_no_digit_is_left(drawn, before, after):
    sign, digits, wide = drawn
    number = sign + "".join(digit + separator for digit, separator in digits).rstrip(" -(.\u00a0‐－")
    text = before + (number.translate(WIDE) if wide and sign != "%2B" else number) + after
    kept = strike_out(text)
    assert not re.search(r"\d", kept.replace("%2B", "")), (text, kept)


SIDS = st.tuples(
    st.sampled_from(["CA", "AC", "KB", "KC", "SK", "RE", "SM"]), st.text("0123456789abcdef", min_size=32, max_size=32)
).map("".join)
KEPT = {
    "sid": SIDS,
    "digits only": st.text("0123456789", min_size=32, max_size=32).map(lambda digits: f"CA{digits}"),
    "request": st.uuids().map(str),
    "moment": st.datetimes().map(lambda at: f"{2000 + at.year % 90}{at.isoformat()[4:]}Z"),
    "day": st.dates().map(lambda at: f"{2000 + at.year % 90}{at.isoformat()[4:]}"),
    "hour": st.times().map(lambda at: at.strftime("%H:%M:%S")),
    "duration": st.floats(0, 1e6).map(lambda seconds: f"{seconds:.3f} s"),
    "milliseconds": st.integers(0, 99_999_999).map(lambda some: f"{some} ms"),
    "count": st.integers(0, 999_999).map(str),
    "schedule": st.tuples(SIDS, st.integers(1_700_000_000, 1_999_999_999)).map(lambda of: f"{of[0]}-expiry-{of[1]}"),
}


@given(
    st.data(), st.sampled_from(sorted(KEPT)), st.sampled_from(["{}", "after {}", "{}: it went on", "[{}]", "sid={}"])
)
def test_ids_times_and_durations_stay_as_they_are(data, kind, place):
    text = place.format(data.draw(KEPT[kind]))
    assert strike_out(text) == text


@given(st.integers() | st.floats(allow_nan=False) | st.booleans() | st.none())
def test_what_is_a_number_to_json_stays(value):
    assert strike_out({"seconds": [value]}) == {"seconds": [value]}


def test_a_line_of_the_log_has_no_number_in_any_of_its_fields():
    record = logging.LogRecord("log", logging.INFO, "file", 1, "call from 090-1234-5678", (), None)
    record.caller = {"+819012345678": ["(090) 1234-5678", ("12345678",)]}
    record.failure = ValueError("no route to 0312345678")
    line = json.loads(Discreet(service="toritsugi").format(record))
    assert line["message"] == "call from (number)"
    assert line["caller"] == {"(number)": ["(number)", ["(number)"]]}
    assert line["failure"] == "no route to (number)"
    assert line["timestamp"].startswith("20")


def test_a_line_has_a_level_and_a_time_that_lambda_understands():
    """https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html"""
    record = logging.LogRecord("toritsugi", logging.ERROR, "voice.py", 1, "call failed", None, None)
    written = json.loads(log.registered_formatter.format(record))
    assert written["level"] == "ERROR"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", written["timestamp"])
    assert datetime.fromisoformat(written["timestamp"]).tzinfo == UTC
