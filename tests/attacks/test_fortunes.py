"""No fortune is lost: whoever dials, or has the exchange dial, comes to an end of what is allowed."""

import json
import time
import xml.etree.ElementTree as ElementTree
from itertools import count
from urllib.parse import urlencode

import pytest
from twilio.request_validator import RequestValidator

import timer
import voice
from tests.attacks.test_circles import OFFICE, answers_at
from tests.conftest import AUTH_TOKEN, BASE
from tests.integration.calls import WANTED, Desk
from tests.integration.conftest import AIKO, BEN, LINES, OutgoingLeg, event_of, incoming, open_session
from toritsugi.adapters import event_bus
from toritsugi.limits import switch, usage
from toritsugi.masking import in_conference

SIDS = (f"CA{number:032x}" for number in count(0, 1000))


@pytest.fixture
def allowed(cloud):
    """Sets limits as the owner does."""
    return lambda **limits: switch.set_limits(limits)


def used(scope=usage.EXCHANGE):
    return usage.read_usage(time.time(), scope)


# ---- calls by the API ------------------------------------------------------------------------------------------------


def test_of_sixty_calls_of_four_hours_a_days_money_pays_for_a_few(desk, clock):
    answers = [desk.asks("POST", "/api/calls", WANTED | {"minutes": 240}) for _ in range(60)]
    made = [status for status, _ in answers if status == 201]
    assert 0 < len(made) <= 10
    status, said = answers[-1]
    assert (status, said["code"], said["limit"]) == (429, 20429, "yen_a_day")
    assert said["until"] == "2026-11-22T00:00:00Z"


def test_a_call_that_was_refused_uses_nothing(desk, clock, allowed):
    allowed(calls_at_once=1)
    assert desk.asks("POST", "/api/calls", WANTED)[0] == 201
    before = used()
    assert desk.asks("POST", "/api/calls", WANTED)[0] == 429
    assert used() == before


def test_a_request_that_comes_again_is_counted_once(desk, clock, allowed):
    allowed(calls_at_once=1)
    first, again = (desk.asks("POST", "/api/calls", WANTED, Idempotency_Key="one") for _ in range(2))
    assert (first[0], again[0], first[1]["sid"]) == (201, 201, again[1]["sid"])
    assert (used()["calls_at_once"], used()["calls_a_day"]) == (1, 2)


def test_somebody_who_is_added_is_counted(desk, clock):
    call = desk.calls()
    assert call.asks("POST", "/participants", {"number": "+819033330003"})[0] == 201
    assert used()["calls_a_day"] == 3


# ---- strangers at a reception ----------------------------------------------------------------------------------------


def dials(twilio, caller, line):
    """The TwiML with which a call is answered."""
    return twilio.calls(line, caller, next(SIDS))


def test_of_a_hundred_calls_at_once_by_one_stranger_three_are_transferred(twilio, clock):
    answers_at(OFFICE, "+81312345678")
    answers = [dials(twilio, AIKO, OFFICE) for _ in range(100)]
    assert sum(answer.find("Dial") is not None for answer in answers) == 3
    assert "回線が混み合って" in answers[-1].find("Say").text
    assert answers[-1].find("Record") is not None  # and what the caller wants to say is not lost


def test_strangers_together_get_as_many_transfers_as_the_line_has(twilio, clock, allowed):
    allowed(calls_an_hour_per_line=7)
    answers_at(OFFICE, "+81312345678")
    answers = [dials(twilio, f"+8190111100{n:02}", OFFICE) for n in range(100)]
    assert sum(answer.find("Dial") is not None for answer in answers) == 7
    clock.shift(3600)
    assert dials(twilio, AIKO, OFFICE).find("Dial") is not None


def test_who_has_hung_up_may_be_transferred_again(twilio, clock, allowed):
    allowed(calls_at_once_per_caller=1)
    answers_at(OFFICE, "+81312345678")
    sid = next(SIDS)
    first = twilio.calls(OFFICE, AIKO, sid).find("Dial")
    assert dials(twilio, AIKO, OFFICE).find("Dial") is None
    clock.shift(60)
    path = first.get("action").removeprefix("https://exchange.example.com")
    over = {"CallStatus": "completed", "DialCallStatus": "completed", "DialCallDuration": "30"}
    twilio.send(voice.handler, path, incoming(AIKO, OFFICE, sid) | over)
    assert dials(twilio, AIKO, OFFICE).find("Dial") is not None


# ---- masked calls ----------------------------------------------------------------------------------------------------


def dismissed(cloud):
    """The calls that timer.py has to end, with what they hear."""
    bodies = [message.body for message in cloud.queues.named["Timers"].messages]
    return [json.loads(body)["dismiss"]["sentence"] for body in bodies if "dismiss" in body]


def test_of_a_hundred_calls_at_once_in_one_session_three_are_put_through(twilio, service, cloud, clock):
    _, lines = open_session(service)
    legs = [OutgoingLeg(twilio, AIKO, lines[AIKO], next(SIDS)) for _ in range(100)]
    for leg in legs:
        leg.reports("initiated")
    assert dismissed(cloud) == ["limit reached"] * 97
    for leg in legs:
        leg.reports("completed")
    OutgoingLeg(twilio, AIKO, lines[AIKO], next(SIDS)).reports("initiated")
    assert len(dismissed(cloud)) == 97


def test_a_leg_that_is_told_twice_is_counted_once(twilio, service, cloud, clock, allowed):
    allowed(calls_at_once=5)
    _, lines = open_session(service)
    leg = OutgoingLeg(twilio, AIKO, lines[AIKO], next(SIDS))
    leg.reports("initiated", "initiated", "ringing", "initiated")
    assert used() == used() | {"calls_at_once": 1, "calls_a_day": 1}
    leg.reports("completed", "completed", "initiated")
    assert used() == used() | {"calls_at_once": 0, "calls_a_day": 1}


def test_the_exchanges_limit_ends_the_leg_and_then_refuses_without_one(twilio, service, cloud, clock, allowed):
    allowed(calls_an_hour=1)
    _, lines = open_session(service)
    first, second = (OutgoingLeg(twilio, AIKO, lines[AIKO], next(SIDS)) for _ in range(2))
    first.reports("initiated")
    assert dismissed(cloud) == []
    second.reports("initiated")
    assert dismissed(cloud) == ["limit reached"]
    answer = dials(twilio, BEN, lines[BEN])
    assert (answer.find("Dial"), "混み合って" in answer.find("Say").text) == (None, True)
    clock.shift(3600)
    assert dials(twilio, BEN, lines[BEN]).find("Dial") is not None


def test_a_lines_limit_leaves_other_lines_alone(twilio, service, cloud, clock, allowed):
    allowed(calls_an_hour_per_line=1)
    _, lines = open_session(service)
    for _ in range(2):
        OutgoingLeg(twilio, AIKO, lines[AIKO], next(SIDS)).reports("initiated")
    assert dismissed(cloud) == ["limit reached"]
    assert dials(twilio, AIKO, lines[AIKO]).find("Dial") is None  # it is the line that Ben sees
    assert dials(twilio, BEN, lines[BEN]).find("Dial") is not None


def test_a_limit_that_was_raised_counts_at_once_though_a_process_remembers_the_old_one(
    twilio, service, desk, cloud, clock, allowed
):
    allowed(calls_a_day_per_line=1)
    _, lines = open_session(service)
    first, second, third = (OutgoingLeg(twilio, AIKO, lines[AIKO], next(SIDS)) for _ in range(3))
    first.reports("initiated")
    second.reports("initiated")
    assert dials(twilio, AIKO, lines[AIKO]).find("Dial") is None
    old = switch._remembered
    desk.asks("PATCH", "/api/limits", {"calls_a_day_per_line": 5000})
    switch._remembered = old  # as another process still has it
    third.reports("initiated")
    assert dismissed(cloud) == ["limit reached"]
    assert dials(twilio, AIKO, lines[AIKO]).find("Dial") is not None


def test_what_was_counted_is_given_back_whatever_the_limits_are_by_then(twilio, service, cloud, clock, allowed):
    _, lines = open_session(service)
    leg = OutgoingLeg(twilio, AIKO, lines[AIKO], f"CA{50:032x}")
    leg.reports("initiated")
    assert used()["calls_at_once"] == 50
    allowed(calls_at_once=40)
    leg.reports("completed")
    assert used()["calls_at_once"] == 0


def test_a_call_over_an_hours_border_leaves_nothing_behind(twilio, service, cloud, clock, allowed):
    allowed(calls_at_once=1)
    clock.shift(3599 - time.time() % 3600)
    _, lines = open_session(service)
    leg = OutgoingLeg(twilio, AIKO, lines[AIKO], next(SIDS))
    clock.shift(2)
    leg.reports("initiated", "completed")
    assert used()["calls_at_once"] == 0
    OutgoingLeg(twilio, AIKO, lines[AIKO], next(SIDS)).reports("initiated")
    assert dismissed(cloud) == []


def test_little_money_does_not_close_the_exchange_before_it_is_spent(twilio, service, cloud, clock, allowed):
    allowed(yen_a_day=4000)
    _, lines = open_session(service)
    OutgoingLeg(twilio, AIKO, lines[AIKO], f"CA{50:032x}").reports("initiated")
    assert dismissed(cloud) == []


def test_a_message_that_begins_a_conference_twice_ends_none(service, cloud, clock, allowed):
    allowed(calls_at_once=1)
    session, _ = open_session(service)
    sid = session.fetch().sid
    caller = session.participants.list()[0].sid
    for _ in range(2):
        in_conference.begin_bridge("CA" + "1" * 32, sid, caller, time.time(), event_bus.tell)
    assert used()["calls_at_once"] == 1


def test_a_call_that_the_api_has_ended_gives_back_what_it_did_not_take(desk, cloud, clock):
    call = desk.calls(minutes=240)
    assert used()["yen_a_day"] > 10_000
    call.asks("DELETE", "")
    timer.look(call.sid, time.time(), "message")
    timer.look(call.sid, time.time(), "again")
    assert (used()["calls_at_once"], used()["yen_a_day"]) == (0, 0)


def test_extensions_are_paid_for_beforehand(desk, clock, allowed):
    allowed(yen_a_day=1000)
    extension = {"minutes": 60, "times": 10}
    assert desk.asks("POST", "/api/calls", WANTED | {"minutes": 1, "extension": extension})[0] == 429


def test_a_question_that_twilio_asks_again_is_counted_once(twilio, clock):
    answers_at(OFFICE, "+81312345678")
    fields = incoming(AIKO, OFFICE, next(SIDS))
    for _ in range(3):
        answer = asks_again(twilio, "/voice", fields)
    assert used(AIKO)["calls_at_once"] == 1
    path = (
        ElementTree.fromstring(answer["body"]).find("Dial").get("action").removeprefix("https://exchange.example.com")
    )
    for _ in range(3):
        asks_again(twilio, path, fields | {"CallStatus": "completed", "DialCallStatus": "no-answer"})
    assert used(AIKO)["calls_at_once"] == 0


def asks_again(twilio, path, fields):
    """The answer to a request that bears the same token each time."""
    url = BASE + path.partition("#")[0]
    signature = RequestValidator(AUTH_TOKEN).compute_signature(url, fields)
    headers = {"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded"}
    token = {"I-Twilio-Idempotency-Token": path.partition("#")[0]}
    return voice.handler(event_of("POST", url, urlencode(fields), headers | token), None)


# ---- the switch ------------------------------------------------------------------------------------------------------


def test_a_stopped_exchange_dials_and_writes_nothing_and_says_so(twilio, service, desk, clock):
    _, lines = open_session(service)
    answers_at(OFFICE, "+81312345678")
    status, seen = desk.asks("POST", "/api/limits/stop", {"why": "a strange bill"})
    assert (status, seen["stopped"]["why"]) == (200, "a strange bill")
    for answer in (dials(twilio, AIKO, lines[AIKO]), dials(twilio, AIKO, OFFICE)):
        assert (answer.find("Dial"), "おつなぎできません" in answer.find("Say").text) == (None, True)
    assert desk.asks("POST", "/api/calls", WANTED)[0] == 503
    assert desk.asks("POST", "/api/limits/start", {})[1]["stopped"] is None
    assert dials(twilio, AIKO, lines[AIKO]).find("Dial") is not None


def test_limits_are_shown_changed_and_taken_back(desk):
    _, before = desk.asks("GET", "/api/limits")
    _, seen = desk.asks("PATCH", "/api/limits", {"calls_a_day": 7})
    assert seen["limits"] == before["limits"] | {"calls_a_day": 7}
    _, seen = desk.asks("PATCH", "/api/limits", {"calls_a_day": None})
    assert seen["limits"] == before["limits"]


@pytest.mark.parametrize(
    "wrong", [{"calls_a_week": 1}, {"calls_a_day": -1}, {"calls_a_day": "7"}, {"calls_a_day": 1.5}]
)
def test_what_is_no_limit_is_refused_by_name(desk, wrong):
    status, said = desk.asks("PATCH", "/api/limits", wrong)
    assert (status, said["errors"][0]["pointer"]) == (422, f"/{next(iter(wrong))}")


# ---- somebody hears of it --------------------------------------------------------------------------------------------


def test_a_limit_that_is_reached_is_told_once(desk, cloud, clock, allowed):
    allowed(calls_at_once=1)
    for _ in range(5):
        desk.asks("POST", "/api/calls", WANTED)
    told = [event.detail for event in cloud.events if event.what == "limit reached"]
    assert [one["limit"] for one in told] == ["calls_at_once"]


def test_more_than_is_usual_is_told_once_and_refused_never(desk, cloud, clock, allowed):
    allowed(unusual_an_hour=3)
    assert {desk.asks("POST", "/api/calls", WANTED)[0] for _ in range(4)} == {201}
    told = [event.detail for event in cloud.events if event.what == "unusual calls"]
    assert told == [{"begun": 4, "usual": 3}]


def test_a_desk_without_the_scope_turns_no_switch(cloud):
    from toritsugi.foundation import api_keys

    api_keys.create_key("SK" + "b" * 32, "secret", ("calls:write", "limits:read"))
    assert Desk("SK" + "b" * 32).asks("POST", "/api/limits/stop", {})[0] == 403
    assert LINES
