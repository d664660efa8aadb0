"""Facts of answering-machine detection.

https://www.twilio.com/docs/voice/answering-machine-detection
"""

import pytest

from tests.network.town import ALL_EVENTS, BEN, CARLA, ENDED, LINE, STANDARD, refusal

GREETING = (
    "You have reached Ben. Please leave a message after the tone, and I will call you back as soon as I can."  # 7 s
)
KNOWN = {"AnsweredBy", "MachineDetectionDuration"}


def calling(town, answers="at once", mode="Enable", **wishes):
    """Ben is called, and whoever answers is to hear Hello."""
    settings = {"greeting": GREETING} if answers == "machine" else {}
    town.ben.behaves(answers, **settings)
    town.answers("/hello", '<Say>Hello</Say><Pause length="60"/>')
    call = town.twilio.calls.create(
        to=BEN, from_=LINE, **({"url": town.at("/hello"), "machine_detection": mode} | wishes)
    )
    town.forward(0)
    return call


def in_background(town, **wishes):
    return {"async_amd": "true", "async_amd_status_callback": town.at("/who")} | wishes


def verdicts(town, path="/hello"):
    return [(asked["AnsweredBy"], asked["MachineDetectionDuration"]) for asked in town.asked(path)]


# ---- before anything else -------------------------------------------------------------------------------------------


def test_a_person_waits_in_silence_until_it_is_known_that_it_is_one(town):
    calling(town)
    town.forward(1.9)
    assert (town.ben.state, town.ben.heard, town.asked("/hello")) == ("talking", [], [])
    town.forward(0.2)
    assert (town.ben.words, verdicts(town)) == (["Hello"], [("human", "2000")])


def test_twiml_that_was_given_inline_waits_too(town):
    calling(town, url=None, twiml="<Response><Say>Hello</Say></Response>")
    town.forward(1.9)
    assert town.ben.words == []
    town.forward(0.2)
    assert town.ben.words == ["Hello"]


def test_without_detection_nobody_waits_and_nothing_is_said_of_who_answered(town):
    calling(town, machine_detection=None)
    (asked,) = town.asked("/hello")
    assert set(asked.params) == STANDARD


def test_a_machine_is_known_when_it_has_spoken_for_longer_than_a_person_would(town):
    calling(town, "machine")
    town.forward(2.3)
    assert town.asked("/hello") == []
    town.forward(0.2)
    assert verdicts(town) == [("machine_start", "2400")]


def test_the_end_of_the_message_can_be_waited_for(town):
    calling(town, "machine", "DetectMessageEnd")
    seconds = len(GREETING) / 15 + 1.2
    town.forward(seconds - 0.1)
    assert town.asked("/hello") == []
    town.forward(0.2)
    assert verdicts(town) == [("machine_end_silence", str(round(seconds * 1000)))]


def test_waiting_for_the_end_of_a_message_a_person_does_not_wait_longer(town):
    calling(town, mode="DetectMessageEnd")
    town.forward(2.1)
    assert verdicts(town) == [("human", "2000")]


def test_a_machine_that_says_nothing_stays_unknown(town):
    calling(town)
    town.ben.hangs_up()
    town.ben.behaves("machine")
    town.twilio.calls.create(to=BEN, from_=LINE, url=town.at("/hello"), machine_detection="Enable")
    town.forward(6.1)
    assert verdicts(town) == [("unknown", "5000")]


def test_when_there_was_no_time_to_listen_it_is_unknown(town):
    calling(town, "machine", "DetectMessageEnd", machine_detection_timeout=4)
    town.forward(4.1)
    assert verdicts(town) == [("unknown", "4000")]


@pytest.mark.parametrize(
    ("answers", "wishes", "milliseconds"),
    [
        ("at once", {"machine_detection_speech_end_threshold": 3000}, "3800"),
        ("machine", {"machine_detection_speech_threshold": 5000}, "5000"),
    ],
)
def test_how_long_it_takes_can_be_tuned(town, answers, wishes, milliseconds):
    calling(town, answers, **wishes)
    town.forward(10)
    assert [duration for _, duration in verdicts(town)] == [milliseconds]


def test_the_silence_that_is_waited_out_can_be_tuned(town):
    town.ben.behaves("machine")
    wishes = {"machine_detection": "Enable", "machine_detection_silence_timeout": 2000}
    town.twilio.calls.create(to=BEN, from_=LINE, url=town.at("/hello"), **wishes)
    town.forward(2.1)
    assert verdicts(town) == [("unknown", "2000")]


def test_the_call_and_its_status_callbacks_say_who_answered_once_it_is_known(town):
    call = calling(town, status_callback=town.at("/status"), status_callback_event=ALL_EVENTS.split())
    assert call.fetch().answered_by is None
    town.forward(3)
    assert call.fetch().answered_by == "human"
    town.ben.hangs_up()
    *before, last = town.asked("/status")
    assert [one["CallStatus"] for one in before] == ["initiated", "ringing", "in-progress"]
    assert not any(KNOWN & set(one.params) for one in before)
    assert set(last.params) == STANDARD | ENDED | KNOWN | {"SipResponseCode"}
    assert last["AnsweredBy"] == "human"


def test_who_hangs_up_while_we_listen_is_never_asked_about(town):
    call = calling(town)
    town.forward(1)
    town.ben.hangs_up()
    town.forward(10)
    assert (town.asked("/hello"), call.fetch().status, call.fetch().answered_by) == ([], "completed", None)


def test_the_time_of_listening_is_part_of_the_call(town):
    call = calling(town, time_limit=5)
    town.forward(10)
    assert call.fetch().duration == "5"


def test_who_is_called_with_keys_to_press_is_not_listened_to(town):
    calling(town, send_digits="1")
    (asked,) = town.asked("/hello")
    assert not KNOWN & set(asked.params)


@pytest.mark.parametrize(
    "wishes",
    [
        {"machine_detection": "Enabled"},
        {"machine_detection": "true"},
        {"machine_detection_timeout": 2},
        {"machine_detection_timeout": 60},
        {"machine_detection_speech_threshold": 999},
        {"machine_detection_speech_threshold": 6001},
        {"machine_detection_speech_end_threshold": 499},
        {"machine_detection_speech_end_threshold": 5001},
        {"machine_detection_silence_timeout": 1999},
        {"machine_detection_silence_timeout": 10001},
        {"machine_detection_silence_timeout": "long"},
    ],
)
def test_what_cannot_be_listened_for_is_refused(town, wishes):
    wishes = {"url": town.at("/hello"), "machine_detection": "Enable"} | wishes
    assert refusal(town.twilio.calls.create, to=BEN, from_=LINE, **wishes) == (400, 21234)
    town.forward(1)
    assert town.ben.state == "idle"


# ---- in the background ----------------------------------------------------------------------------------------------


def test_in_the_background_nobody_waits_and_the_verdict_comes_by_itself(town):
    call = calling(town, **in_background(town))
    assert (town.ben.words, town.asked("/who")) == (["Hello"], [])
    town.forward(2.1)
    (told,) = town.asked("/who")
    assert told.params == {
        "CallSid": call.sid,
        "AccountSid": town.world.account_sid,
        "AnsweredBy": "human",
        "MachineDetectionDuration": "2000",
    }
    assert (told.method, call.fetch().answered_by) == ("POST", "human")


def test_the_verdict_may_be_asked_for_by_get(town):
    calling(town, **in_background(town, async_amd_status_callback_method="GET"))
    town.forward(3)
    assert [told.method for told in town.asked("/who")] == ["GET"]


def test_in_the_background_the_end_of_a_message_is_waited_for_too(town):
    calling(town, "machine", "DetectMessageEnd", **in_background(town))
    town.forward(20)
    assert (town.ben.words, [told["AnsweredBy"] for told in town.asked("/who")]) == (["Hello"], ["machine_end_silence"])


def test_of_who_has_hung_up_before_no_verdict_comes(town):
    calling(town, **in_background(town))
    town.ben.hangs_up()
    town.forward(10)
    assert town.asked("/who") == []


def test_with_nobody_to_tell_it_to_only_the_call_knows_and_a_warning_says_so(town):
    call = calling(town, async_amd="true")
    town.forward(3)
    assert call.fetch().answered_by == "human"
    assert any(entry["detail"].startswith("21262") for entry in town.call(call.sid)["timeline"])


@pytest.mark.parametrize(
    "wishes",
    [{"async_amd": "perhaps"}, {"async_amd_status_callback": "who"}, {"async_amd_status_callback_method": "PUT"}],
)
def test_a_background_that_cannot_be_is_refused(town, wishes):
    wishes = in_background(town, machine_detection="Enable", **wishes)
    assert refusal(town.twilio.calls.create, to=BEN, from_=LINE, url=town.at("/hello"), **wishes)[0] == 400


# ---- a leg of <Dial> ------------------------------------------------------------------------------------------------


def dialing(town, detection, answers="at once"):
    """Aiko calls, and of Ben's leg it is to be found out who answers."""
    town.ben.behaves(answers, **({"greeting": GREETING} if answers == "machine" else {}))
    town.answers("/voice", f'<Dial><Number machineDetection="Enable" {detection}>{BEN}</Number></Dial>')
    return town.aiko.dials()


@pytest.mark.parametrize(("answers", "verdict"), [("at once", "human"), ("machine", "machine_start")])
def test_of_a_leg_of_dial_the_verdict_comes_while_they_talk(town, answers, verdict):
    parent = dialing(town, 'amdStatusCallback="/who"', answers)
    assert town.aiko.talks_with == [BEN]
    town.forward(3)
    (told,) = town.asked("/who")
    leg = town.leg_to(BEN)["sid"]
    assert (told["CallSid"], told["AnsweredBy"]) == (leg, verdict)
    assert (town.twilio.calls(leg).fetch().answered_by, town.twilio.calls(parent).fetch().answered_by) == (
        verdict,
        None,
    )


@pytest.mark.parametrize("wrong", ['machineDetectionTimeout="2"', 'amdStatusCallbackMethod="PUT"', 'asyncAmd="true"'])
def test_a_leg_of_dial_that_cannot_be_listened_to_is_an_error(town, wrong):
    sid = dialing(town, wrong)
    town.forward(10)
    assert (town.ben.state, [e["event"] for e in town.call(sid)["timeline"]].count("error")) == ("idle", 1)


def test_in_inline_twiml_the_verdicts_address_must_be_absolute(town):
    number = f'<Number machineDetection="Enable" amdStatusCallback="/who">{BEN}</Number>'
    wishes = {"to": CARLA, "from_": LINE, "twiml": f"<Response><Dial>{number}</Dial></Response>"}
    assert refusal(town.twilio.calls.create, **wishes) == (400, 11100)
