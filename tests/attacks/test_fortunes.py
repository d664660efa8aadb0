"""No fortune is lost: whoever dials, or has the exchange dial, comes to an end of what is allowed."""

import time

import timer
import voice
from tests.attacks.fortunes import SIDS, dials, used
from tests.attacks.test_circles import OFFICE, answers_at
from tests.integration.calls import WANTED
from tests.integration.conftest import AIKO, BEN, LINES, incoming
from toritsugi.limits import usage

# ---- calls by the API ------------------------------------------------------------------------------------------------


def test_of_sixty_calls_of_four_hours_a_days_money_pays_for_a_few(desk, clock):
    answers = [desk.asks("POST", "/api/calls", WANTED | {"minutes": 240}) for _ in range(60)]
    made = [status for status, _ in answers if status == 201]
    assert 0 < len(made) <= 10
    status, said = answers[-1]
    assert (status, said["code"], said["limit"]) == (429, 20429, "yen_a_day")
    assert said["retry_at"] == "2026-11-22T00:00:00Z"


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


def test_each_call_counts_on_the_line_that_it_shows(desk, clock, allowed):
    allowed(calls_a_day_per_line=1)
    people = [{"number": AIKO, "shows": LINES[0]}, {"number": BEN, "shows": LINES[1]}]
    call = desk.calls(parties=people)
    assert [used(line)["calls_a_day"] for line in (*LINES[:2], usage.EXCHANGE)] == [1, 1, 2]
    more = {"number": "+819033330003", "shows": LINES[1]}
    status, said = call.asks("POST", "/participants", more)
    assert (status, said["limit"]) == (429, "calls_a_day_per_line")
    assert call.asks("POST", "/participants", more | {"shows": LINES[2]})[0] == 201
    assert used()["calls_a_day"] == 3


def test_somebody_added_to_a_call_that_ends_meanwhile_uses_nothing(desk, wire, clock):
    call = desk.calls()

    def ends(operation, _request, carry):
        if operation == "UpdateItem" and "reserved_yen" in str(_request) and used()["calls_a_day"] == 3:
            call.asks("DELETE", "")
            timer.look(call.sid, time.time(), "message")
        return carry()

    with wire.has(ends):
        call.asks("POST", "/participants", {"number": "+819033330003"})
    assert used() == used() | {"calls_at_once": 0, "calls_a_day": 2, "yen_a_day": 0}


# ---- strangers at a reception ----------------------------------------------------------------------------------------


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


def ends_transfer(twilio, answer, sid, seconds, **more):
    """Twilio tells that the transfer of this answer is over."""
    path = answer.find("Dial").get("action").removeprefix("https://exchange.example.com")
    over = {"CallStatus": "completed", "DialCallStatus": "completed", "DialCallDuration": str(seconds)}
    twilio.send(voice.handler, path, incoming(AIKO, OFFICE, sid) | over | more)


def test_a_transfer_has_cost_what_its_minutes_cost_and_nothing_if_nobody_answered(twilio, clock):
    answers_at(OFFICE, "+819012345678")
    sid = next(SIDS)
    answer = twilio.calls(OFFICE, AIKO, sid)
    assert used()["yen_a_day"] == 89  # as long as nobody knows: three minutes to a mobile, at 29.6
    ends_transfer(twilio, answer, sid, 29 * 60 + 1)
    assert used()["yen_a_day"] == 888
    answer = twilio.calls(OFFICE, AIKO, sid)
    ends_transfer(twilio, answer, sid, 0, CallStatus="in-progress", DialCallStatus="no-answer")
    assert used()["yen_a_day"] == 888


def test_rings_of_callers_who_hide_their_number_use_no_money_up(twilio, clock, allowed):
    allowed(yen_a_day=200)
    answers_at(OFFICE, "+819012345678")
    for _ in range(20):
        sid = next(SIDS)
        answer = twilio.calls(OFFICE, "anonymous", sid)
        assert answer.find("Dial") is not None
        ends_transfer(twilio, answer, sid, 0, From="anonymous", DialCallStatus="no-answer")
