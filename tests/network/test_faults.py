"""Facts of what goes wrong on purpose: PUT /faults."""

import pytest
from requests.exceptions import ConnectionError as NoConnection
from requests.exceptions import ReadTimeout
from starlette.responses import Response

from tests.network.running import Local
from tests.network.town import ALL_EVENTS, BEN, LINE, MORNING, SORRY, alone, refusal

HELLO = "<Say>Hello</Say>"


def watched(town):
    """Aiko calls Ben, and /status is told of everything."""
    number = f'<Number statusCallback="/status" statusCallbackEvent="{ALL_EVENTS}">{BEN}</Number>'
    town.answers("/voice", f"<Dial>{number}</Dial>")
    return town.aiko.dials()


def tokens(town, path):
    return [asked.headers["i-twilio-idempotency-token"] for asked in town.asked(path)]


def test_a_duplicated_callback_comes_twice_with_the_same_parameters_and_token(town):
    town.goes_wrong(duplicate={"match": "/status", "times": 1})
    watched(town)
    first, second, third = town.asked("/status")
    assert (first.params, tokens(town, "/status")[0]) == (second.params, tokens(town, "/status")[1])
    assert (third["CallStatus"], tokens(town, "/status")[2] != tokens(town, "/status")[1]) == ("ringing", True)


def test_of_a_duplicated_twiml_request_the_second_answer_is_executed(town):
    town.goes_wrong(duplicate={"match": "/voice"})
    town.answers("/voice", "<Say>Thrown away</Say>", HELLO)
    town.aiko.dials()
    assert (len(town.asked("/voice")), len(set(tokens(town, "/voice")))) == (2, 1)
    assert (town.aiko.words, [entry["attempt"] for entry in town.log()]) == (["Hello"], [1, 2])


def test_reordered_callbacks_are_swapped_and_keep_their_sequence_numbers(town):
    town.goes_wrong(reorder={"match": "/status", "times": 1})
    watched(town)
    town.ben.rejects()
    assert [(asked["SequenceNumber"], asked["CallStatus"]) for asked in town.asked("/status")] == [
        ("1", "ringing"),
        ("0", "initiated"),
        ("2", "busy"),
    ]


def test_every_callback_may_be_reordered_and_none_is_lost(town):
    town.goes_wrong(reorder={})
    watched(town)
    town.ben.answers()
    town.ben.hangs_up()
    assert [asked["SequenceNumber"] for asked in town.asked("/status")] == ["1", "0", "3", "2"]


def test_a_callback_may_come_late_after_the_call_has_ended(town):
    town.goes_wrong(delay={"match": "/status", "seconds": 30, "times": 1})
    watched(town)
    town.ben.rejects()
    assert (town.aiko.state, town.statuses()) == ("idle", [])
    town.forward(30)
    assert town.statuses() == ["initiated", "ringing", "busy"]


def test_a_lost_callback_never_comes(town):
    town.goes_wrong(lose={"match": "/status", "times": 1})
    watched(town)
    town.ben.rejects()
    town.forward(60)
    assert town.statuses() == ["ringing", "busy"]
    assert [(entry["status"], bool(entry["error"])) for entry in town.log("/status")] == [
        (None, True),
        (204, False),
        (204, False),
    ]


def test_a_lost_twiml_request_costs_the_time_limit_and_the_application_error(town):
    town.goes_wrong(lose={"match": "/voice"})
    town.aiko.dials()
    town.forward(14.9)
    assert town.aiko.words == []
    town.forward(0.2)
    assert (town.asked("/voice"), town.aiko.words) == ([], [SORRY])


def test_a_refused_connection_is_tried_once_more(town):
    town.goes_wrong(connection_refused={"match": "/voice", "times": 1})
    town.answers("/voice", HELLO)
    town.aiko.dials()
    assert [entry["error"] and entry["error"]["code"] for entry in town.log()] == [11205, None]
    assert town.aiko.words == ["Hello"]


@pytest.mark.parametrize(("fragment", "heard"), [("", SORRY), ("#rc=2&rp=5xx", SORRY), ("#rc=2&rp=4xx,5xx", "Hello")])
def test_a_request_that_a_gateway_turns_away_comes_again_where_its_address_says_so(town, fragment, heard):
    town.has_line(voice_url=town.at(f"/voice{fragment}"))
    town.goes_wrong(throttled={"match": "/voice", "times": 2})
    town.answers("/voice", HELLO)
    town.aiko.dials()
    assert town.aiko.words == [heard]
    assert town.log()[0]["error"]["message"].startswith("Answered 429")


def test_a_delay_counts_against_the_time_of_the_telephone(town):
    town.goes_wrong(delay={"match": "/voice", "seconds": 3})
    town.answers("/voice", HELLO)
    town.aiko.dials()
    town.forward(2.9)
    assert (town.aiko.state, town.aiko.words) == ("dialing", [])
    town.forward(0.1)
    assert town.aiko.words == ["Hello"]


def test_rest_may_say_too_many_requests_and_do_nothing(town):
    town.goes_wrong(rest_429={"match": "Calls", "times": 1})
    assert refusal(town.twilio.calls.create, to=BEN, from_=LINE, twiml="<Response/>") == (429, 20429)
    town.forward(5)
    assert (town.ben.state, town.twilio.calls.list()) == ("idle", [])


def test_rest_may_fail_after_it_has_done_the_work(town):
    town.goes_wrong(rest_500_after_applying={"match": "Calls", "times": 1})
    assert refusal(town.twilio.calls.create, to=BEN, from_=LINE, twiml="<Response/>")[0] == 500
    town.forward(0)
    assert town.ben.state == "ringing"


def test_rest_may_be_reset_before_anything_is_done(town):
    town.goes_wrong(rest_reset={"match": "Calls", "times": 1})
    with pytest.raises(NoConnection, match="reset by peer"):
        town.twilio.calls.create(to=BEN, from_=LINE, twiml="<Response/>")
    town.forward(5)
    assert (town.ben.state, town.twilio.calls.list()) == ("idle", [])


def test_rest_may_be_reset_after_it_has_done_the_work(town):
    town.goes_wrong(rest_reset_after_applying={"match": "Calls", "times": 1})
    with pytest.raises(NoConnection, match="reset by peer"):
        town.twilio.calls.create(to=BEN, from_=LINE, twiml="<Response/>")
    town.forward(0)
    assert (town.ben.state, len(town.twilio.calls.list())) == ("ringing", 1)


def test_rest_may_forget_connections_that_have_rested_and_knows_all_others():
    with alone() as town:
        town.has_line()
        town.goes_wrong(rest_forgets={"seconds": 60})
        assert town.twilio.calls.list() == []
        town.forward(59)
        assert town.twilio.calls.list() == []
        town.forward(60)
        with pytest.raises(NoConnection, match="reset by peer"):
            town.twilio.calls.list()
        assert town.twilio.calls.list() == []


def test_rest_may_be_slower_than_who_asks_is_patient():
    with alone() as town:
        town.has_line()
        town.goes_wrong(rest_slow={"match": "Calls", "seconds": 86400})
        impatient = Local(town.world.address)
        with pytest.raises(ReadTimeout):
            impatient.request(
                "GET",
                f"{town.world.address}/2010-04-01/Accounts/{town.world.account_sid}/Calls.json",
                auth=(town.world.account_sid, town.world.auth_token),
                timeout=0.5,
            )
        impatient.session.close()


def calling_ben(town, seen):
    """A handler of the application that makes a call, and notes when it was answered and what it was told before."""

    def handle(_):
        told = {"status_callback": town.at("/status"), "status_callback_event": ALL_EVENTS.split()}
        call = town.twilio.calls.create(to=BEN, from_=LINE, twiml='<Response><Pause length="60"/></Response>', **told)
        seen.append((call.sid, town.world.clock.now() - MORNING, len(town.asked("/status"))))
        return "<Say>I am calling him</Say>"

    return handle


def test_a_handler_whose_own_request_is_answered_late_is_not_waited_for_in_vain():
    with alone() as town:
        seen = []
        town.has_line()
        town.answers("/voice", calling_ben(town, seen))
        town.goes_wrong(rest_answers_late={"match": "Calls.json"})
        town.aiko.dials()
        assert town.aiko.words == ["I am calling him"]
        assert seen == [(town.asked("/status")[0]["CallSid"], 0, 2)]


def test_an_answer_may_come_seconds_late_and_the_clock_does_not_wait_for_who_asked():
    with alone() as town:
        seen = []
        town.has_line()
        town.answers("/voice", "<Pause length='5'/><Redirect>/call</Redirect>")
        town.answers("/call", calling_ben(town, seen))
        town.ben.behaves("at once", after=2)
        town.goes_wrong(rest_answers_late={"match": "Calls.json", "seconds": 3})
        town.aiko.dials()
        town.forward(7.5)
        assert (town.aiko.words, town.statuses(), seen) == ([], ["initiated", "ringing", "in-progress"], [])
        town.forward(1)
        assert (town.aiko.words, seen[0][1:]) == (["I am calling him"], (8, 3))


def test_a_fault_strikes_only_what_it_matches(town):
    town.goes_wrong(lose={"match": "/other"}, rest_429={"match": "IncomingPhoneNumbers"})
    town.answers("/voice", HELLO)
    town.aiko.dials()
    assert (town.aiko.words, len(town.twilio.calls.list())) == (["Hello"], 1)


def test_a_fault_strikes_only_so_many_times(town):
    town.goes_wrong(connection_refused={"match": "/voice", "times": 2})
    town.has_line(voice_url=town.at("/voice#rc=5"))
    town.answers("/voice", HELLO)
    town.aiko.dials()
    assert [entry["attempt"] for entry in town.log()] == [1, 2, 3]


@pytest.mark.parametrize("ends", [{}, {"reorder": {"match": "/status"}}])
def test_putting_faults_replaces_all_of_them(town, ends):
    town.goes_wrong(lose={"match": "/voice"})
    town.goes_wrong(**ends)
    town.answers("/voice", HELLO)
    town.aiko.dials()
    assert town.aiko.words == ["Hello"]


@pytest.mark.parametrize(
    "faults",
    [
        {"earthquake": {}},
        {"lose": {"mach": "x"}},
        {"recording_not_ready": {"seconds": 1}},
        {"announcement_fails": {"seconds": 3}},
        {"rest_answers_late": {"seconds": -1}},
        {"rest_answers_late": {"seconds": "3"}},
        {"first_leg_drops": {"number": BEN}},
        {"first_leg_drops": {"match": "+81"}},
        {"lose": {"match": "("}},
        {"lose": {"match": 7}},
        {"lose": {"match": "a{99999999999999999999}"}},
        {"lose": {"match": "(" * 5000}},
        {"lose": {"times": -1}},
        {"lose": {"times": 1.5}},
        {"lose": {"times": True}},
        {"delay": {}},
        {"delay": {"match": "x"}},
        {"delay": {"match": "x", "seconds": -1}},
        {"delay": {"match": "x", "seconds": "3"}},
        {"lose": []},
        {"lose": None},
        {"lose": 3},
        [],
        "lose",
    ],
)
def test_a_fault_that_cannot_be_is_refused_and_the_others_stay(town, faults):
    town.goes_wrong(lose={"match": "/voice"})
    answer = town.http.put("/faults", json=faults)
    assert (answer.status_code, list(answer.json()), bool(answer.json()["error"])) == (400, ["error"], True)
    assert town.get("/faults") == {"lose": {"match": "/voice"}}
    town.aiko.dials()
    assert town.asked("/voice") == []


def test_a_slow_failing_and_lost_application_is_one_fault_after_the_other(town):
    """Several faults may strike one request: the first attempt is refused, the second one comes late."""
    town.goes_wrong(
        connection_refused={"match": "/voice", "times": 1}, delay={"match": "/voice", "seconds": 2, "times": 1}
    )
    town.answers("/voice", Response("<Response><Say>Hello</Say></Response>", media_type="text/xml"))
    town.aiko.dials()
    town.forward(1.9)
    assert town.aiko.words == []
    town.forward(0.2)
    assert town.aiko.words == ["Hello"]


def test_what_is_still_on_its_way_when_the_world_ends_never_arrives_in_the_next_one(town):
    town.goes_wrong(delay={"match": "/status", "seconds": 60})
    town.answers(
        "/voice", f'<Dial><Number statusCallback="/status" statusCallbackEvent="ringing">{BEN}</Number></Dial>'
    )
    town.aiko.dials()
    town.ask("DELETE", "/world")
    town.forward(120)
    assert (town.statuses(), town.log("/status")) == ([], [])


def test_a_callback_that_nothing_can_be_swapped_with_comes_all_the_same(town):
    town.goes_wrong(reorder={"match": "/status"})
    town.answers(
        "/voice", f'<Dial><Number statusCallback="/status" statusCallbackEvent="ringing">{BEN}</Number></Dial>'
    )
    town.aiko.dials()
    town.ben.rejects()
    assert town.statuses() == ["ringing"]
