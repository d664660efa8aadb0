"""No fortune is lost through sessions: their calls come to an end of what is allowed, too."""

import json
import time
import xml.etree.ElementTree as ElementTree
from urllib.parse import urlencode

import pytest
from twilio.request_validator import RequestValidator

import timer
import voice
from tests.attacks.fortunes import SIDS, dials, used
from tests.attacks.test_circles import OFFICE, answers_at
from tests.conftest import AUTH_TOKEN, BASE
from tests.integration.calls import WANTED
from tests.integration.conftest import AIKO, BEN, OutgoingLeg, event_of, incoming, open_session
from toritsugi.adapters import event_bus
from toritsugi.callers import changes
from toritsugi.limits import switch
from toritsugi.masking import in_conference


def dismissed(cloud):
    """The calls that timer.py has to end, with what they hear."""
    return [json.loads(body)["dismiss"]["sentence"] for body in bodies(cloud) if "dismiss" in body]


def bodies(cloud):
    """What lies in the queue of timers."""
    return [message.body for message in cloud.queues.named["Timers"].messages]


@pytest.mark.thorough
def test_of_a_hundred_calls_at_once_in_one_session_three_are_put_through(twilio, service, cloud, clock):
    _, lines = open_session(service)
    legs = [OutgoingLeg(twilio, AIKO, lines[AIKO], next(SIDS)) for _ in range(100)]
    for leg in legs:
        leg.reports("initiated")
    assert dismissed(cloud) == ["limit reached"] * 97
    assert [json.loads(body)["dismiss"]["leg_sid"] for body in bodies(cloud)] == [leg.sid for leg in legs[3:]]
    for leg in legs:
        leg.reports("completed")
    OutgoingLeg(twilio, AIKO, lines[AIKO], next(SIDS)).reports("initiated")
    assert len(dismissed(cloud)) == 97


def test_news_in_the_reverse_order_lets_nobody_past_the_limit(twilio, service, cloud, clock):
    _, lines = open_session(service)
    legs = []
    for _ in range(9):
        legs.append(OutgoingLeg(twilio, AIKO, lines[AIKO], next(SIDS)))
        clock.shift(1)
    for leg in reversed(legs):
        leg.reports("initiated")
    assert dismissed(cloud) == ["limit reached"] * 6


def test_a_session_that_is_full_is_told_once(twilio, service, cloud, clock, allowed):
    allowed(calls_at_once_per_caller=1)
    _, lines = open_session(service)
    for _ in range(4):
        OutgoingLeg(twilio, AIKO, lines[AIKO], next(SIDS)).reports("initiated")
    told = [event.detail["data"] for event in cloud.events if event.what == "limit.reached"]
    assert [(one["limit"], one["most"]) for one in told] == [("calls_at_once_per_caller", 1)]


def test_whoever_is_refused_hears_it_in_their_own_language(twilio, service, cloud, clock, allowed):
    allowed(calls_at_once_per_caller=1)
    changes.keep_caller(AIKO, {"name": "Aiko", "language": "en-US"})
    _, lines = open_session(service)
    for _ in range(2):
        OutgoingLeg(twilio, AIKO, lines[AIKO], next(SIDS)).reports("initiated")
    [message] = [body for body in map(json.loads, bodies(cloud)) if "dismiss" in body]
    assert message["dismiss"]["language"] == "en-US"


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
