"""Calls that the exchange does not make, and rings nobody for."""

import pytest

from tests.stories.rooms import LINE


def refusal(desk, aiko, ben, line):
    answer = desk.request("POST", "/api/calls", {"parties": [aiko.number, ben.number], "from": line})
    return answer.status_code, answer.json()["code"], answer.json()["detail"]


def test_nobody_is_called_from_a_number_that_is_somebody_elses(desk, aiko, ben, clock):
    line = "+815010000018"  # no other test's: what Twilio said of a line is remembered
    assert refusal(desk, aiko, ben, line) == (400, 80606, "The phone number is not owned by the account")
    clock.forward(seconds=10)
    aiko.is_idle()


def test_nobody_is_called_from_a_number_without_a_voice(desk, box, aiko, ben, clock):
    line = "+815010000019"
    able = {"voice": False, "sms": True, "mms": False}
    box.call("POST", "/numbers", {"phone_number": line, "capabilities": able})
    assert refusal(desk, aiko, ben, line) == (400, 21210, f"{line} cannot make calls")
    clock.forward(seconds=10)
    aiko.is_idle()


@pytest.mark.parametrize("number", ["+8190", "ben", "+999123456789"])
def test_nobody_is_added_under_a_number_that_is_none(desk, aiko, ben, clock, number):
    desk.owns(LINE)
    bridge = desk.calls(aiko, ben, line=LINE)
    answer = desk.request("POST", f"{bridge.path}/participants", {"number": number})
    assert answer.status_code in (400, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    clock.forward(seconds=1)
    for person in (aiko, ben):
        person.rings(showing=LINE)
    bridge.end()
    aiko.is_idle()


def test_asked_for_twice_it_rings_once(desk, aiko, ben, clock, box):
    desk.owns(LINE)
    wanted = {"parties": [aiko.number, ben.number], "from": LINE}
    asked = [desk.asks("POST", "/api/calls", wanted, **{"Idempotency-Key": "parcel-1"})["sid"] for _ in range(2)]
    clock.forward(seconds=5)
    for person in (aiko, ben):
        person.rings(showing=LINE)
    assert (len(set(asked)), len(box.calls())) == (1, 2)
    desk.does("DELETE", f"/api/calls/{asked[0]}")


def test_a_masked_call_that_is_too_many_stops_ringing_and_the_next_caller_hears_why(desk, aiko, ben, clock):
    desk.opens(LINE)
    session = desk.brings_together(aiko, ben)
    desk.asks("PATCH", "/api/limits", {"calls_an_hour": 1})
    aiko.dials(session.line_of(aiko))
    ben.rings(showing=session.line_of(ben))
    aiko.hangs_up()
    aiko.dials(session.line_of(aiko))
    ben.was_called(showing=session.line_of(ben))
    ben.is_idle()
    aiko.is_idle()
    aiko.dials(session.line_of(aiko))
    aiko.hears("混み合って")
