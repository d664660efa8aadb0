"""What goes wrong on purpose, and only where and as often as it was asked to."""

import pytest
from twilio.base.exceptions import TwilioRestException

from tests.network.conftest import BEN, START

ERROR = "say An application error has occurred. Goodbye."
EVENTS = "initiated ringing answered completed"


@pytest.fixture
def line(network, app):
    app.on("/voice", f'<Dial><Number statusCallback="/status" statusCallbackEvent="{EVENTS}">{BEN}</Number></Dial>')
    return network.line()


def sequence(app):
    return [params["SequenceNumber"] for params in app.asked("/status")]


def whole_call(network, aiko, ben, line):
    aiko.dials(line)
    ben.answers()
    network.forward(5)
    ben.hangs_up()
    network.settle()


def test_duplicated_callbacks_share_their_token(network, app, aiko, ben, line):
    network.faults(duplicate={"match": "/status", "times": 1})
    whole_call(network, aiko, ben, line)
    assert sequence(app) == ["0", "0", "1", "2", "3"]
    tokens = [one["headers"]["i-twilio-idempotency-token"] for one in app.requests if one["path"] == "/status"]
    assert tokens[0] == tokens[1] != tokens[2]


def test_of_duplicated_twiml_the_second_answer_counts(network, app, aiko):
    app.on("/voice", "<Say>First</Say>", "<Say>Second</Say>")
    network.faults(duplicate={"match": "/voice"})
    aiko.dials(network.line())
    assert aiko.words == ["say Second"]
    assert len({one["headers"]["i-twilio-idempotency-token"] for one in app.requests}) == 1
    assert [one["attempt"] for one in network.webhooks()] == [1, 2]


def test_reordered_callbacks_are_swapped(network, app, aiko, ben, line):
    network.faults(reorder={"match": "/status", "times": 1})
    whole_call(network, aiko, ben, line)
    assert sequence(app) == ["1", "0", "2", "3"]


def test_every_callback_may_be_reordered_and_none_is_lost(network, app, aiko, ben, line):
    network.faults(reorder={})
    whole_call(network, aiko, ben, line)
    assert sequence(app) == ["1", "0", "3", "2"]


def test_a_delayed_callback_comes_after_the_end_of_the_call(network, app, aiko, ben, line):
    network.faults(delay={"match": "/status", "seconds": 60, "times": 1})
    whole_call(network, aiko, ben, line)
    assert sequence(app) == []
    network.forward(60)
    assert sequence(app) == ["0", "1", "2", "3"]


def test_a_delayed_answer_leaves_the_caller_waiting(network, app, aiko):
    app.on("/voice", "<Say>Hello</Say>")
    network.faults(delay={"match": "/voice", "seconds": 3})
    aiko.dials(network.line())
    assert aiko.state == "dialing"
    network.forward(3)
    assert aiko.words == ["say Hello"]


def test_an_answer_after_fifteen_seconds_is_too_late(network, app, aiko):
    app.on("/voice", "<Say>Hello</Say>")
    network.faults(delay={"match": "/voice", "seconds": 20})
    aiko.dials(network.line())
    network.forward(14)
    assert aiko.words == []
    network.forward(1)
    assert aiko.words == [ERROR]
    assert network.webhooks()[0]["error"]["code"] == 11200


def test_lost_callbacks_never_arrive(network, app, aiko, ben, line):
    network.faults(lose={"match": "/status", "times": 2})
    whole_call(network, aiko, ben, line)
    assert sequence(app) == ["2", "3"]
    assert [entry["status"] for entry in network.webhooks("/status")] == [None, None, 204, 204]


def test_a_refused_connection_is_tried_again_once(network, app, aiko):
    app.on("/voice", "<Say>Hello</Say>")
    network.faults(connection_refused={"match": "/voice", "times": 1})
    aiko.dials(network.line())
    assert aiko.words == ["say Hello"]
    assert [entry["attempt"] for entry in network.webhooks()] == [1, 2]


def test_rest_may_say_too_many_requests(network):
    network.faults(rest_429={"match": "/Calls", "times": 1})
    with pytest.raises(TwilioRestException) as refused:
        network.twilio.calls("CA0").fetch()
    assert (refused.value.status, refused.value.code) == (429, 20429)
    assert network.twilio.calls.list() == []


def test_rest_may_fail_after_it_has_done_its_work(network, ben, line):
    network.faults(rest_500_after_applying={"match": "/Calls.json", "times": 1})
    with pytest.raises(TwilioRestException) as failed:
        network.twilio.calls.create(to=BEN, from_=line, url=network.url("/voice"))
    assert failed.value.status == 500
    network.settle()
    assert ben.state == "ringing"


def calling_ben(network, app, line, seen):
    """A handler of the application that makes a call, and notes the time of its answer and what was told before."""

    def handle(_):
        told = {"status_callback": network.url("/status"), "status_callback_event": EVENTS.split()}
        call = network.twilio.calls.create(
            to=BEN, from_=line, twiml="<Response><Pause length='60'/></Response>", **told
        )
        seen.append((call.sid, network.world.clock.now(), len(app.asked("/status"))))
        return "<Say>I am calling him</Say>"

    return handle


def test_a_handler_whose_own_request_is_answered_late_is_not_waited_for_in_vain(network, app, aiko, ben, line):
    seen = []
    app.on("/voice", calling_ben(network, app, line, seen))
    network.faults(rest_answers_late={"match": "Calls.json"})
    aiko.dials(line)
    assert aiko.words == ["say I am calling him"]
    assert seen == [(app.asked("/status")[0]["CallSid"], START, 2)]


def test_an_answer_may_come_seconds_late_and_the_clock_does_not_wait_for_who_asked(network, app, aiko, ben, line):
    seen = []
    app.on("/voice", "<Pause length='5'/><Redirect>/call</Redirect>")
    app.on("/call", calling_ben(network, app, line, seen))
    ben.behaves(answers="at once", after=2)
    network.faults(rest_answers_late={"match": "Calls.json", "seconds": 3})
    aiko.dials(line)
    network.forward(7.5)
    assert (aiko.words, sequence(app), seen) == (["ring"], ["0", "1", "2"], [])
    network.forward(1)
    assert aiko.words == ["ring", "say I am calling him"]
    assert seen[0][1:] == (START + 8, 3)


@pytest.mark.parametrize(
    "faults",
    [
        {"earthquake": {}},
        {"recording_not_ready": {"seconds": 1}},
        {"announcement_fails": {"seconds": 1}},
        {"lose": {"match": "("}},
        {"lose": {"times": -1}},
        {"lose": {"often": 3}},
        {"delay": {}},
        {"lose": 3},
        [],
    ],
)
def test_a_fault_that_cannot_be_is_refused_and_changes_nothing(network, faults):
    network.faults(lose={"times": 3})
    status, words = network.refusal("PUT", "/faults", faults)
    assert status == 400
    assert words
    assert network.call("GET", "/faults") == {"lose": {"times": 3}}
