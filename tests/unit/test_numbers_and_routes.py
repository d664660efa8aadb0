"""Telephone numbers, where they lead, and for how long: facts in, decisions out, nothing stored."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toritsugi.foundation.durations import MAX_CALL_SECONDS
from toritsugi.foundation.errors import (
    CallerUnreadable,
    CallerWithheld,
    CallsNotAllowed,
    LineUnknown,
    NoSession,
    PartnerMissing,
    RequestRefused,
    SessionEnded,
)
from toritsugi.lines import numbers
from toritsugi.lines.lines import Line
from toritsugi.masking import routes
from toritsugi.masking.candidates import compatible, default_mode, preference
from toritsugi.masking.claims import expiry_of
from toritsugi.masking.pool import PoolNumber
from toritsugi.masking.requests import ParticipantRequest
from toritsugi.masking.routes import Route
from toritsugi.masking.sessions import Session

AIKO, BEN, LINE = "+819011110001", "+819022220002", "+815010000001"
NOW = 1_800_000_000.0


def a_route(**more):
    facts = {"session_sid": "KC1", "participant_sid": "KP1", "partner": BEN, "partner_sid": "KP2", "shows": LINE}
    return Route(AIKO, f"route#{LINE}", **{**facts, "mode": "voice-only", **more})


def a_number(phone_number=LINE, **more):
    facts = {"sid": "PN" + phone_number[1:].zfill(32), "phone_number": phone_number, "friendly_name": "", "mms": False}
    able = {"voice": True, "sms": False, "reserved": False, "date_created": 0, "date_updated": 0}
    return PoolNumber("KS1", "number#", **{**facts, **able, "country": numbers.country_of(phone_number) or "", **more})


# ---- callers and countries -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["anonymous", "ANONYMOUS", "+266696687", "Restricted", "", "  ", "Unavailable", "+7378742833"]
)
def test_who_hides_is_withheld(text):
    with pytest.raises(CallerWithheld):
        numbers.read_caller(text)


@pytest.mark.parametrize(
    "text",
    [
        "81901111",
        "+0901111",
        "+81 90 1111",
        "+81901111a",
        "+12345",
        "+1234567890123456",
        "+８１９０１１１１",
        "+8190111\n",
    ],
)
def test_what_is_no_number_is_unreadable(text):
    with pytest.raises(CallerUnreadable):
        numbers.read_caller(text)


@given(st.from_regex(r"\+[1-9][0-9]{9,14}", fullmatch=True).filter(lambda n: n not in numbers.WITHHELD_NUMBERS))
def test_a_number_in_e164_is_read_as_it_is(text):
    assert numbers.read_caller(text) == text


@given(st.text())
def test_whatever_a_caller_sends_is_a_number_or_refused(text):
    with contextlib.suppress(CallerWithheld, CallerUnreadable):
        assert numbers.is_e164(numbers.read_caller(text))


@pytest.mark.parametrize(
    ("number", "country"),
    [(AIKO, "JP"), ("+16175550100", "US"), ("+442079460100", "GB"), ("+81", None), ("Aiko", None)],
)
def test_a_number_tells_its_country(number, country):
    assert numbers.country_of(number) == country


# ---- connecting ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "connects"),
    [
        ({}, True),
        ({"expires_at": NOW + 1}, True),
        ({"expires_at": NOW + 0.001}, True),
        ({"expires_at": NOW}, False),
        ({"expires_at": NOW - 1}, False),
        ({"ended_at": NOW}, False),
        ({"ended_at": NOW - 1, "expires_at": NOW + 1}, False),
    ],
)
def test_a_route_connects_until_it_ends_and_not_in_that_moment(facts, connects):
    assert a_route(**facts).connects(NOW) == connects


@pytest.mark.parametrize(
    ("line", "route", "why"),
    [
        (None, a_route(), LineUnknown),
        (Line(LINE, "line"), None, NoSession),
        (Line(LINE, "line"), a_route(expires_at=NOW), SessionEnded),
        (Line(LINE, "line"), a_route(ended_at=NOW, mode="message-only", partner=None), SessionEnded),
        (Line(LINE, "line"), a_route(mode="message-only", partner=None), CallsNotAllowed),
        (Line(LINE, "line"), a_route(partner=None), PartnerMissing),
    ],
)
def test_the_first_reason_why_not_is_the_one_that_is_told(line, route, why):
    with pytest.raises(why):
        routes.choose_route(line, route, NOW)


@given(st.floats(0.01, 20_000), st.one_of(st.none(), st.integers(1, 20_000)))
def test_a_call_never_outlasts_its_session_nor_four_hours(left, ttl):
    seconds = routes.seconds_left(a_route(expires_at=NOW + left, ttl=ttl), NOW)
    assert 1 <= seconds <= MAX_CALL_SECONDS
    assert seconds <= max(1, ttl if ttl else left)


def test_a_call_of_a_session_without_end_may_last_four_hours():
    assert routes.seconds_left(a_route(), NOW) == MAX_CALL_SECONDS


# ---- choosing --------------------------------------------------------------------------------------------------------


def test_a_person_is_drawn_to_the_numbers_in_an_order_of_their_own_that_never_changes():
    pool = [a_number(f"+81501000{n:04}") for n in range(30)]
    orders = {
        person: [number.phone_number for number in compatible(pool, ParticipantRequest(person), "voice-only")]
        for person in (AIKO, BEN)
    }
    assert orders[AIKO] != orders[BEN]
    assert sorted(orders[AIKO]) == sorted(orders[BEN])
    assert [n.phone_number for n in compatible(pool[::-1], ParticipantRequest(AIKO), "voice-only")] == orders[AIKO]
    assert preference(AIKO, LINE) == preference(AIKO, LINE)


@pytest.mark.parametrize(
    ("pool", "mode", "code"),
    [
        ([], "voice-only", 80205),
        ([a_number(voice=False, sms=True)], "voice-only", 80201),
        ([a_number()], "voice-and-message", 80202),
        ([a_number("+16175550100")], "voice-only", 80203),
        ([a_number(reserved=True)], "voice-only", 80207),
    ],
)
def test_the_first_reason_why_no_number_will_do_is_the_one_that_is_told(pool, mode, code):
    with pytest.raises(RequestRefused) as refusal:
        compatible(pool, ParticipantRequest(AIKO), mode)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("pool", "mode"),
    [
        ([], "voice-and-message"),
        ([a_number()], "voice-only"),
        ([a_number(voice=False, sms=True)], "message-only"),
        ([a_number(), a_number(sms=True)], "voice-and-message"),
    ],
)
def test_the_mode_is_the_widest_that_some_number_can_serve(pool, mode):
    assert default_mode(pool, []) == mode


@pytest.mark.parametrize("grace", [0, 30])
@pytest.mark.parametrize(
    ("ttl", "date", "end"), [(0, None, None), (60, None, 160), (0, 500, 500), (60, 500, 500), (600, 500, 500)]
)
def test_a_date_overrides_a_ttl_and_without_either_there_is_no_end(ttl, date, end, grace):
    assert expiry_of(ttl, date, 100, grace) == (None if end is None else end + grace)


def test_a_sessions_ttl_counts_from_its_last_sign_of_life():
    session = Session("KC1", "session", date_created=100)
    assert session.last_sign == 100
    session.date_last_interaction = 300
    session.date_reopened = 200
    assert session.last_sign == 300
