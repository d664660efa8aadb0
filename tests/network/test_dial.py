"""<Dial>: who rings, who is put through, what is told to whom when it is over."""

import pytest

from tests.network.conftest import AIKO, BEN, CARLA, LINE

EVENTS = "initiated ringing answered completed"


def dialing(network, inside=f"<Number>{BEN}</Number>", **attributes):
    """A line that dials, says goodbye at its action, and is told of every event of its legs at /status."""
    attributes = {"callerId": LINE, "action": "/after"} | attributes
    written = " ".join(f'{name}="{value}"' for name, value in attributes.items())
    network.app.on("/voice", f"<Dial {written}>{inside}</Dial>")
    network.app.on("/after", "<Say>Goodbye</Say>")
    return network.line()


def ends(network):
    """What the action was told."""
    (params,) = network.app.asked("/after")
    return {name: params[name] for name in ("DialCallStatus", "DialBridged", "CallStatus")}


def test_the_action_is_told_how_it_went_and_the_caller_goes_on(network, app, aiko, ben):
    aiko.dials(dialing(network))
    ben.answers()
    network.forward(12)
    ben.hangs_up()
    assert ends(network) == {"DialCallStatus": "completed", "DialBridged": "true", "CallStatus": "in-progress"}
    (params,) = app.asked("/after")
    assert params["DialCallSid"] == network.leg_to(BEN)["sid"]
    assert params["DialCallDuration"] == "12"
    assert aiko.words == ["ring", "say Goodbye"]
    network.forward(1)
    assert aiko.state == "idle"


def test_a_busy_telephone_is_busy_at_once(network, aiko, ben):
    ben.behaves(answers="busy")
    aiko.dials(dialing(network))
    assert ends(network)["DialCallStatus"] == "busy"
    assert network.leg_to(BEN)["status"] == "busy"


def test_somebody_who_is_talking_already_is_busy(network, aiko, ben):
    aiko.seen()
    ben.dials(AIKO)
    aiko.answers()
    network.phone(CARLA).dials(dialing(network))
    assert ends(network)["DialCallStatus"] == "busy"


def test_somebody_who_rejects_is_busy(network, aiko, ben):
    aiko.dials(dialing(network))
    ben.rejects()
    assert ends(network)["DialCallStatus"] == "busy"


def test_nobody_answers_for_the_timeout_and_about_five_seconds(network, aiko, ben):
    aiko.dials(dialing(network, timeout=10))
    network.forward(14)
    assert ben.state == "ringing"
    network.forward(1)
    assert ben.state == "idle"
    assert ends(network) == {"DialCallStatus": "no-answer", "DialBridged": "false", "CallStatus": "in-progress"}
    assert network.leg_to(BEN)["billed_minutes"] == 0


def test_a_timeout_under_five_seconds_is_five(network, aiko, ben):
    aiko.dials(dialing(network, timeout=1))
    network.forward(9)
    assert ben.state == "ringing"
    network.forward(1)
    assert ben.state == "idle"


def test_a_number_that_is_none_fails_without_a_leg(network, app, aiko):
    aiko.dials(dialing(network, "<Number>+81</Number>"))
    assert ends(network)["DialCallStatus"] == "failed"
    assert "DialCallSid" not in app.asked("/after")[0]
    assert network.webhooks("/voice")[0]["error"]["code"] == 13223


def test_a_caller_id_that_the_account_does_not_own_fails_and_the_log_says_why(network, aiko, ben):
    ben.behaves(answers="at once")
    aiko.dials(dialing(network, callerId="+815099999999"))
    assert ben.state == "idle"
    assert ends(network)["DialCallStatus"] == "failed"
    assert network.webhooks("/voice")[0]["error"]["code"] == 13214


def test_a_number_of_the_accounts_own_cannot_be_dialed_yet_and_the_log_says_so(network, aiko):
    aiko.dials(dialing(network, f"<Number>{LINE}</Number>"))
    assert ends(network)["DialCallStatus"] == "failed"
    assert "does not build it yet" in network.webhooks("/voice")[0]["error"]["message"]


def test_the_callee_sees_the_caller_unless_another_number_is_shown(network, app, aiko, ben):
    app.on("/voice", f"<Dial>{BEN}</Dial>")
    aiko.dials(network.line())
    assert ben.seen()["shows"] == AIKO


def test_a_caller_who_hides_the_number_is_anonymous_everywhere(network, app, aiko, ben):
    app.on("/voice", f"<Dial>{BEN}</Dial>")
    aiko.behaves(withheld=True).dials(network.line())
    assert ben.seen()["shows"] == "anonymous"
    (params,) = app.asked("/voice")
    assert (params["From"], params["Caller"], params["FromCountry"]) == ("anonymous", "anonymous", "")


def test_the_first_of_several_to_answer_wins_and_the_others_stop_ringing(network, app, aiko, ben):
    carla = network.phone(CARLA)
    inside = f'<Number statusCallback="/status">{BEN}</Number><Number statusCallback="/status">{CARLA}</Number>'
    aiko.dials(dialing(network, inside))
    assert (ben.state, carla.state) == ("ringing", "ringing")
    carla.answers()
    assert (ben.state, carla.state) == ("idle", "talking")
    assert aiko.seen()["talking_with"] == [CARLA]
    assert [(params["To"], params["CallStatus"]) for params in app.asked("/status")] == [(BEN, "canceled")]


def test_two_who_answer_at_the_same_moment_do_not_both_win(network, aiko, ben):
    carla = network.phone(CARLA).behaves(answers="at once", after=2)
    ben.behaves(answers="at once", after=2)
    aiko.dials(dialing(network, f"<Number>{BEN}</Number><Number>{CARLA}</Number>"))
    network.forward(2)
    assert sorted([ben.state, carla.state]) == ["idle", "talking"]
    assert sorted(network.leg_to(number)["billed_minutes"] for number in (BEN, CARLA)) == [0, 1]


def test_sequential_numbers_ring_one_after_the_other(network, aiko, ben):
    carla = network.phone(CARLA)
    aiko.dials(dialing(network, f"<Number>{BEN}</Number><Number>{CARLA}</Number>", sequential="true", timeout=5))
    assert (ben.state, carla.state) == ("ringing", "idle")
    network.forward(10)
    assert (ben.state, carla.state) == ("idle", "ringing")


def test_a_whisper_is_heard_by_the_callee_alone_before_the_two_are_put_through(network, app, aiko, ben):
    app.on("/whisper", "<Say>A call for you</Say>")
    sid = aiko.dials(dialing(network, f'<Number url="/whisper">{BEN}</Number>'))
    ben.answers()
    assert (ben.words, aiko.words) == (["say A call for you"], ["ring"])
    assert ben.seen()["talking_with"] == []
    aiko.says("is anybody there?")
    network.forward(1)
    assert ben.seen()["talking_with"] == [AIKO]
    assert "speech is anybody there?" not in ben.words
    (params,) = app.asked("/whisper")
    assert params["ParentCallSid"] == sid
    assert params["CallSid"] == network.leg_to(BEN)["sid"]
    assert (params["Direction"], params["CallStatus"]) == ("outbound-dial", "in-progress")
    assert (params["From"], params["To"]) == (LINE, BEN)


def test_a_callee_who_accepts_by_a_key_is_put_through_and_one_who_does_not_is_not(network, app, aiko, ben):
    whisper = '<Gather numDigits="1" timeout="3" action="/accept"><Say>Press 1</Say></Gather><Hangup/>'
    app.on("/whisper", whisper)
    app.on("/accept", "")
    line = dialing(network, f'<Number url="/whisper">{BEN}</Number>')
    ben.behaves(answers="at once", presses="1")
    aiko.dials(line)
    assert aiko.seen()["talking_with"] == [BEN]
    aiko.hangs_up()
    app.requests.clear()
    ben.behaves(answers="at once")
    aiko.dials(line)
    network.forward(5)
    assert ends(network) == {"DialCallStatus": "completed", "DialBridged": "false", "CallStatus": "in-progress"}


@pytest.mark.parametrize("verb", ["<Dial>+819033330003</Dial>", "<Redirect>/voice</Redirect>", "<Pause/>"])
def test_a_whisper_that_does_more_than_speak_and_ask_is_refused(network, app, aiko, ben, verb):
    app.on("/whisper", verb)
    ben.behaves(answers="at once")
    aiko.dials(dialing(network, f'<Number url="/whisper">{BEN}</Number>'))
    (whisper,) = network.webhooks("/whisper")
    assert whisper["error"]["code"] == (13201 if "Dial" in verb else 12200)
    network.forward(5)
    assert ends(network)["DialBridged"] == "false"


def test_a_caller_who_hangs_up_while_the_other_side_rings_cancels_that_leg(network, app, aiko, ben):
    aiko.dials(dialing(network, f'<Number statusCallback="/status">{BEN}</Number>'))
    aiko.hangs_up()
    assert (aiko.state, ben.state) == ("idle", "idle")
    assert network.leg_to(BEN)["status"] == "canceled"
    assert [params["CallStatus"] for params in app.asked("/status")] == ["canceled"]
    assert ends(network) == {"DialCallStatus": "canceled", "DialBridged": "false", "CallStatus": "completed"}


def test_a_caller_who_hangs_up_ends_the_conversation_and_the_actions_answer_is_not_executed(network, aiko, ben):
    sid = aiko.dials(dialing(network))
    ben.answers()
    network.forward(61)
    aiko.hangs_up()
    assert ben.state == "idle"
    assert ends(network) == {"DialCallStatus": "completed", "DialBridged": "true", "CallStatus": "completed"}
    assert [network.leg(sid)["billed_minutes"], network.leg_to(BEN)["billed_minutes"]] == [2, 2]
    assert [verb["verb"] for verb in network.leg(sid)["executed"]] == ["Dial"]


def test_the_time_limit_hangs_up_the_called_party_and_the_caller_goes_on(network, aiko, ben):
    ben.behaves(answers="at once", after=4)
    aiko.dials(dialing(network, timeLimit=60))
    network.forward(63)
    assert ben.state == "talking"
    network.forward(1)
    assert (ben.state, aiko.state) == ("idle", "talking")
    assert aiko.words[-1] == "say Goodbye"


def test_a_star_ends_the_dial_only_if_it_may_and_only_from_the_caller(network, aiko, ben):
    ben.behaves(answers="at once")
    aiko.dials(dialing(network, hangupOnStar="true"))
    ben.presses("*")
    assert aiko.words[-1] == "tone *"
    assert aiko.seen()["talking_with"] == [BEN]
    aiko.presses("*")
    assert (ben.state, aiko.state) == ("idle", "talking")
    assert ends(network)["DialCallStatus"] == "completed"


def test_a_star_while_it_rings_cancels_the_leg(network, aiko, ben):
    aiko.dials(dialing(network, hangupOnStar="true"))
    aiko.presses("*")
    assert ben.state == "idle"
    assert ends(network)["DialCallStatus"] == "canceled"


def test_with_answer_on_bridge_the_caller_pays_from_the_bridge_on(network, aiko, ben):
    sid = aiko.dials(dialing(network, answerOnBridge="true"))
    assert aiko.state == "dialing"
    network.forward(20)
    ben.answers()
    assert aiko.state == "talking"
    assert aiko.heard[0]["second"] is None
    network.forward(50)
    aiko.hangs_up()
    assert network.leg(sid)["seconds"] == 50
    assert network.leg(sid)["billed_minutes"] == 1


def test_with_answer_on_bridge_and_nobody_there_the_caller_was_never_answered(network, app, aiko, ben):
    app.on("/voice", f'<Dial answerOnBridge="true">{BEN}</Dial>')
    ben.behaves(answers="never")
    sid = aiko.dials(network.line())
    network.forward(35)
    assert aiko.state == "idle"
    assert (network.leg(sid)["status"], network.leg(sid)["billed_minutes"]) == ("no-answer", 0)


def test_digits_are_sent_to_the_callee_after_the_answer(network, aiko, ben):
    aiko.dials(dialing(network, f'<Number sendDigits="ww12">{BEN}</Number>'))
    ben.answers()
    assert ben.words == []
    network.forward(1)
    assert ben.words == ["tone 12"]
    assert aiko.seen()["talking_with"] == [BEN]


def test_status_callbacks_come_in_order_with_everything_in_them(network, app, aiko, ben):
    number = f'<Number statusCallback="/status" statusCallbackEvent="{EVENTS}">{BEN}</Number>'
    sid = aiko.dials(dialing(network, number))
    network.forward(3)
    ben.answers()
    network.forward(61)
    ben.hangs_up()
    told = app.asked("/status")
    assert [params["CallStatus"] for params in told] == ["initiated", "ringing", "in-progress", "completed"]
    assert [params["SequenceNumber"] for params in told] == ["0", "1", "2", "3"]
    assert {params["CallbackSource"] for params in told} == {"call-progress-events"}
    assert [params["Timestamp"] for params in told[1:3]] == [
        "Fri, 15 Jan 2027 08:00:00 +0000",
        "Fri, 15 Jan 2027 08:00:03 +0000",
    ]
    assert {params["ParentCallSid"] for params in told} == {sid}
    assert ["CallDuration" in params for params in told] == [False, False, False, True]
    assert (told[3]["CallDuration"], told[3]["Duration"], told[3]["SipResponseCode"]) == ("61", "2", "200")
    assert all(request["signed"] for request in app.requests)


def test_a_machine_speaks_its_greeting_to_whoever_is_put_through(network, aiko, ben):
    ben.behaves(answers="machine", greeting="I am not at home, leave a message")
    aiko.dials(dialing(network))
    assert aiko.words == ["ring", "speech I am not at home, leave a message"]
    assert aiko.heard[1]["from"] == BEN


def test_the_number_hears_of_the_end_of_its_call(network, app, aiko):
    app.on("/voice", "<Say>Hello</Say>")
    line = network.line(status_callback=network.url("/ended"))
    aiko.dials(line)
    assert app.asked("/ended") == []
    network.forward(1)
    (params,) = app.asked("/ended")
    assert (params["CallStatus"], params["CallDuration"], params["SequenceNumber"]) == ("completed", "1", "0")
    assert params["From"] == AIKO
