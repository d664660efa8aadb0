"""The switch and the limits: they are turned by whoever may, and somebody hears of it."""

import pytest

from tests.attacks.fortunes import dials
from tests.attacks.test_circles import OFFICE, answers_at
from tests.integration.calls import WANTED, Desk
from tests.integration.conftest import AIKO, LINES, open_session
from tests.integration.test_receptions_api import owned

# ---- they are turned -------------------------------------------------------------------------------------------------


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


def test_of_two_changes_in_the_same_moment_none_is_lost(desk, wire):
    def overtaken(operation, _request, carry):
        if operation == "TransactWriteItems" and not others:
            with wire.has(lambda _operation, _request, carry: carry()):
                others.append(desk.asks("PATCH", "/api/limits", {"calls_an_hour": 8}))
        return carry()

    others = []
    with wire.has(overtaken):
        _, seen = desk.asks("PATCH", "/api/limits", {"calls_a_day": 7})
    assert (seen["limits"]["calls_a_day"], seen["limits"]["calls_an_hour"], len(others)) == (7, 8, 1)


@pytest.mark.parametrize(
    "wrong", [{"calls_a_week": 1}, {"calls_a_day": -1}, {"calls_a_day": "7"}, {"calls_a_day": 1.5}]
)
def test_what_is_no_limit_is_refused_by_name(desk, wrong):
    status, said = desk.asks("PATCH", "/api/limits", wrong)
    assert (status, said["errors"][0]["pointer"]) == (422, f"/{next(iter(wrong))}")


CALLS = {"calls_at_once_per_line": 1, "calls_at_once": 1} | dict.fromkeys(
    ("calls_an_hour_per_line", "calls_a_day_per_line", "calls_an_hour", "calls_a_day"), 2
)


@pytest.mark.parametrize(("limit", "most"), CALLS.items(), ids=CALLS)
def test_every_limit_of_calls_refuses_what_is_beyond_by_its_name(desk, clock, allowed, limit, most):
    allowed(**{limit: most})
    first, second = (desk.asks("POST", "/api/calls", WANTED) for _ in range(2))  # of two legs each
    assert (first[0], second[0], second[1]["limit"]) == (201, 429, limit)


# ---- somebody hears of it --------------------------------------------------------------------------------------------


def test_a_limit_that_is_reached_is_told_once(desk, cloud, clock, allowed):
    allowed(calls_at_once=1)
    for _ in range(5):
        desk.asks("POST", "/api/calls", WANTED)
    told = [event.detail["data"] for event in cloud.events if event.what == "limit.reached"]
    assert [one["limit"] for one in told] == ["calls_at_once"]


def test_a_line_that_is_full_is_named(desk, cloud, clock, allowed):
    allowed(calls_a_day_per_line=1)
    desk.asks("POST", "/api/calls", WANTED)
    [told] = [event.detail["data"] for event in cloud.events if event.what == "limit.reached"]
    assert told["line_sid"] == owned(LINES[0])["sid"]


def test_more_than_is_usual_is_told_once_and_refused_never(desk, cloud, clock, allowed):
    allowed(unusual_an_hour=3)
    assert {desk.asks("POST", "/api/calls", WANTED)[0] for _ in range(4)} == {201}
    told = [event.detail["data"] for event in cloud.events if event.what == "calls.unusual"]
    assert told == [{"begun": 4, "usual": 3}]


def test_a_desk_without_the_scope_turns_no_switch(cloud):
    from toritsugi.foundation import api_keys

    api_keys.create_key("SK" + "b" * 32, "secret", ("calls:write", "limits:read"))
    assert Desk("SK" + "b" * 32).asks("POST", "/api/limits/stop", {})[0] == 403
    assert LINES
