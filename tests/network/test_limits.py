"""Facts of how long a call lasts, and of what can be changed while it does.

https://www.twilio.com/docs/voice/api/call-resource#update-a-call-resource
"""

import pytest

from tests.network.town import ALL_EVENTS, BEN, CARLA, LINE, refusal

LONG = '<Response><Pause length="3600"/></Response>'
AGAIN = '<Response><Say>Hello again</Say><Pause length="3600"/></Response>'


def talking(town, **wishes):
    """Ben has answered a call that lasts a minute."""
    town.ben.behaves("at once")
    call = town.twilio.calls.create(to=BEN, from_=LINE, twiml=LONG, **({"time_limit": 60} | wishes))
    town.forward(0)
    return call


def dialed(town, attributes=""):
    """Aiko talks with Ben; what follows a <Dial> is told at /after."""
    town.ben.behaves("at once")
    town.answers("/voice", f'<Dial action="/after" {attributes}>{BEN}</Dial>')
    town.answers("/after", "<Say>Goodbye</Say>")
    sid = town.aiko.dials()
    return town.twilio.calls(sid), town.twilio.calls(town.leg_to(BEN)["sid"])


def ends_after(town, person):
    """The second from now in which this person's call ends."""
    for second in range(1, 200):
        town.forward(1)
        if person.state == "idle":
            return second
    raise AssertionError(f"{person.number} still talks after {second} s.")


# ---- the time limit of a running call -------------------------------------------------------------------------------


@pytest.mark.parametrize(("passed", "limit", "left"), [(50, 120, 70), (10, 30, 20), (10, 11, 1), (59, 60, 1)])
def test_a_new_limit_counts_from_the_answer_and_not_from_the_change(town, passed, limit, left):
    call = talking(town)
    town.forward(passed)
    call.update(time_limit=limit)
    assert ends_after(town, town.ben) == left
    assert call.fetch().duration == str(limit)


@pytest.mark.parametrize("limit", [10, 30])
def test_a_limit_that_has_passed_already_ends_the_call_at_once(town, limit):
    call = talking(town, status_callback=town.at("/status"))
    town.forward(30)
    call.update(time_limit=limit)
    town.forward(0)
    assert (town.ben.state, call.fetch().duration, town.statuses()) == ("idle", "30", ["completed"])


def test_a_limit_that_is_set_while_it_rings_counts_from_the_answer_too(town):
    call = town.twilio.calls.create(to=BEN, from_=LINE, twiml=LONG)
    town.forward(20)
    call.update(time_limit=40)
    town.ben.answers()
    assert ends_after(town, town.ben) == 40


def test_a_limit_can_be_moved_again_and_again_and_the_last_counts(town):
    call = talking(town)
    for limit in (120, 20, 90):
        call.update(time_limit=limit)
    assert ends_after(town, town.ben) == 90


def test_somebody_who_called_us_can_be_limited_too(town):
    caller, _ = dialed(town)
    town.forward(10)
    caller.update(time_limit=15)
    assert ends_after(town, town.aiko) == 5
    assert town.ben.state == "idle"


def test_the_limit_of_a_leg_of_dial_ends_that_leg_and_the_caller_goes_on(town):
    _, leg = dialed(town, 'timeLimit="60"')
    town.forward(10)
    leg.update(time_limit=90)
    town.forward(79)
    assert town.aiko.talks_with == [BEN]
    town.forward(1)
    assert (town.ben.state, town.aiko.words) == ("idle", ["Goodbye"])
    assert town.asked("/after")[0]["DialCallDuration"] == "90"


def test_a_limit_outlasts_the_twiml_that_was_running_when_it_was_set(town):
    call = talking(town)
    call.update(time_limit=20)
    call.update(twiml=AGAIN)
    assert ends_after(town, town.ben) == 20


@pytest.mark.parametrize("limit", ["0", "-5", "soon", "1.5"])
def test_what_is_no_limit_is_refused(town, limit):
    assert refusal(talking(town).update, time_limit=limit)[0] == 400
    assert ends_after(town, town.ben) == 60


# ---- several changes at once ----------------------------------------------------------------------------------------


def test_limit_twiml_and_status_callback_change_together(town):
    call = talking(town, status_callback=town.at("/status"), status_callback_event=ALL_EVENTS.split())
    town.forward(5)
    call.update(time_limit=10, twiml=AGAIN, status_callback=town.at("/other"), status_callback_method="GET")
    town.forward(0)
    assert town.ben.words == ["Hello again"]
    assert ends_after(town, town.ben) == 5
    assert town.statuses() == ["initiated", "ringing", "in-progress"]
    assert [(told.method, told["CallStatus"]) for told in town.asked("/other")] == [("GET", "completed")]


def test_a_leg_in_dial_leaves_it_when_it_is_given_new_twiml_and_keeps_its_new_limit(town):
    caller, _ = dialed(town)
    town.forward(10)
    caller.update(time_limit=30, twiml=AGAIN)
    town.forward(0)
    assert (town.ben.state, town.aiko.words) == ("idle", ["Hello again"])
    assert ends_after(town, town.aiko) == 20


def test_a_leg_of_dial_reports_to_the_new_address(town):
    _, leg = dialed(town)
    leg.update(status_callback=town.at("/other"))
    town.ben.hangs_up()
    assert town.statuses("/other") == ["completed"]


def test_ending_a_call_wins_over_everything_else_that_is_asked_at_once(town):
    call = talking(town)
    call.update(status="completed", time_limit=90, twiml=AGAIN)
    town.forward(0)
    assert (town.ben.state, town.ben.words, call.fetch().status) == ("idle", [], "completed")


def test_a_refused_change_changes_nothing_at_all(town):
    call = talking(town)
    assert refusal(call.update, time_limit=90, twiml="<Response>") == (400, 12100)
    assert ends_after(town, town.ben) == 60


def test_which_events_are_told_cannot_be_changed_in_a_running_call(town):
    form = {"StatusCallback": town.at("/other"), "StatusCallbackEvent": "ringing"}
    answer = town.rest("POST", f"/Calls/{talking(town).sid}.json", data=form)
    assert (answer.status_code, "StatusCallbackEvent" in answer.json()["message"]) == (400, True)


def test_two_calls_are_limited_each_for_itself(town):
    one = talking(town, time_limit=100)
    town.carla.behaves("at once")
    town.twilio.calls.create(to=CARLA, from_=LINE, twiml=LONG, time_limit=100)
    town.forward(2)
    one.update(time_limit=50)
    town.forward(60)
    assert (town.ben.state, town.carla.state) == ("idle", "talking")
