"""Facts of <Number>: the whisper, and the status callbacks of each leg.

https://www.twilio.com/docs/voice/twiml/number
"""

from email.utils import parsedate_to_datetime

import pytest
from starlette.responses import Response

from tests.network.town import AIKO, ALL_EVENTS, BEN, CARLA, ENDED, LINE, STANDARD, TOLD

CHILD = STANDARD | {"ParentCallSid"}


def whispering(town, whisper, **attributes):
    """Aiko calls; Ben answers at once and hears this first."""
    attributes = {"url": "/whisper"} | attributes
    written = "".join(f' {name}="{value}"' for name, value in attributes.items())
    town.answers("/voice", f'<Dial action="/after" callerId="{LINE}"><Number{written}>{BEN}</Number></Dial>')
    town.answers("/after", "<Say>Goodbye</Say>")
    town.answers("/whisper", whisper)
    town.ben.behaves("at once")
    return town.aiko.dials()


def watching(town, events=ALL_EVENTS, **attributes):
    """Aiko calls, Ben's telephone rings, and /status is told of it."""
    told = "" if events is None else f' statusCallbackEvent="{events}"'
    written = "".join(f' {name}="{value}"' for name, value in attributes.items())
    town.answers("/voice", f'<Dial{written}><Number statusCallback="/status"{told}>{BEN}</Number></Dial>')
    return town.aiko.dials()


# ---- the whisper ----------------------------------------------------------------------------------------------------


def test_the_whisper_is_asked_for_with_the_parameters_of_the_child(town):
    sid = whispering(town, "<Say>Someone calls</Say>")
    (asked,) = town.asked("/whisper")
    assert set(asked.params) == CHILD
    assert (asked["CallSid"], asked["ParentCallSid"]) == (town.leg_to(BEN)["sid"], sid)
    assert (asked["Direction"], asked["CallStatus"]) == ("outbound-dial", "in-progress")
    assert (asked["From"], asked["To"], asked["Caller"], asked["Called"]) == (LINE, BEN, LINE, BEN)


def test_the_whisper_is_asked_for_only_when_the_callee_has_answered(town):
    town.answers("/voice", f'<Dial><Number url="/whisper">{BEN}</Number></Dial>')
    town.aiko.dials()
    town.forward(10)
    assert town.asked("/whisper") == []
    town.ben.answers()
    assert len(town.asked("/whisper")) == 1


def test_only_the_callee_hears_the_whisper_and_the_caller_still_hears_it_ring(town):
    whispering(town, "<Say>Someone calls</Say>")
    assert (town.ben.words, town.ben.talks_with) == (["Someone calls"], [])
    assert ([item["kind"] for item in town.aiko.heard], town.aiko.talks_with) == (["ring"], [])


def test_the_end_of_the_whisper_puts_the_two_through(town):
    whispering(town, "<Say>Someone calls</Say>")
    town.forward(1)
    assert (town.aiko.talks_with, town.ben.talks_with) == ([BEN], [AIKO])


def test_nobody_hears_the_other_during_the_whisper(town):
    whispering(town, '<Say>Someone calls</Say><Gather timeout="9"/>')
    town.aiko.says("Hello?")
    town.ben.says("Who is it?")
    assert ("Hello?" in town.ben.words, "Who is it?" in town.aiko.words) == (False, False)


@pytest.mark.parametrize("asks", ["", '<Gather numDigits="1" timeout="4"/>'])
def test_a_hangup_in_the_whisper_means_not_bridged_and_the_caller_goes_on(town, asks):
    whispering(town, f"<Say>Someone calls</Say>{asks}<Hangup/>")
    town.forward(5 if asks else 1)
    (asked,) = town.asked("/after")
    assert (asked["DialBridged"], asked["DialCallStatus"], asked["CallStatus"]) == ("false", "completed", "in-progress")
    assert (town.ben.state, town.aiko.words) == ("idle", ["Goodbye"])


def test_a_callee_who_hangs_up_during_the_whisper_was_not_bridged(town):
    whispering(town, '<Say>Someone calls</Say><Gather timeout="9"/>')
    town.ben.hangs_up()
    assert (town.asked("/after")[0]["DialBridged"], town.aiko.words) == ("false", ["Goodbye"])


def test_a_key_in_the_whisper_accepts(town):
    whispering(town, '<Gather numDigits="1" action="/accept"><Say>Press 1</Say></Gather><Hangup/>')
    town.answers("/accept", "")
    town.forward(3)
    town.ben.presses("1")
    (asked,) = town.asked("/accept")
    assert (asked["Digits"], asked["CallSid"], asked.params.keys() >= CHILD) == ("1", town.leg_to(BEN)["sid"], True)
    assert town.aiko.talks_with == [BEN]


def test_the_child_is_billed_from_its_answer_whisper_included(town):
    whispering(town, '<Gather timeout="50"/>')
    town.forward(50)
    town.forward(11)
    town.aiko.hangs_up()
    assert (town.leg_to(BEN)["seconds"], town.leg_to(BEN)["billed_minutes"]) == (61, 2)


@pytest.mark.parametrize(
    ("verb", "code"),
    [
        (f"<Dial>{CARLA}</Dial>", 13201),
        ("<Reject/>", 12200),
        ("<Redirect>/voice</Redirect>", 12200),
        ("<Pause/>", 12200),
    ],
)
def test_a_whisper_only_speaks_and_asks(town, verb, code):
    whispering(town, verb)
    town.forward(10)
    assert [entry["error"]["code"] for entry in town.log("/whisper")] == [code]
    assert (town.carla.state, town.asked("/after")[0]["DialBridged"]) == ("idle", "false")


def test_the_whisper_is_a_post_unless_it_is_a_get(town):
    whispering(town, "<Say>Someone calls</Say>", method="GET")
    assert town.asked("/whisper")[0].method == "GET"


def test_digits_are_keyed_after_the_answer(town):
    whispering(town, "", url="", sendDigits="wW12")
    assert (town.ben.heard, town.aiko.talks_with) == ([], [])
    town.forward(1.5)
    assert (town.ben.sounds, town.aiko.talks_with) == (["tone 12"], [BEN])


# ---- status callbacks -----------------------------------------------------------------------------------------------


def test_every_event_is_told_with_its_status_and_a_sequence_from_zero(town):
    sid = watching(town)
    town.forward(4)
    town.ben.answers()
    town.forward(61)
    town.ben.hangs_up()
    told = town.asked("/status")
    assert [one["CallStatus"] for one in told] == ["initiated", "ringing", "in-progress", "completed"]
    assert [one["SequenceNumber"] for one in told] == ["0", "1", "2", "3"]
    assert {(one["ParentCallSid"], one["CallSid"]) for one in told} == {(sid, town.leg_to(BEN)["sid"])}
    assert {one["CallbackSource"] for one in told} == {"call-progress-events"}


def test_the_duration_in_minutes_and_the_call_duration_in_seconds_come_only_at_the_end(town):
    watching(town)
    town.ben.answers()
    town.forward(61)
    town.ben.hangs_up()
    *before, last = town.asked("/status")
    assert {frozenset(one.params) for one in before} == {frozenset(CHILD | TOLD)}
    assert set(last.params) == CHILD | ENDED | {"SipResponseCode"}
    assert (last["Duration"], last["CallDuration"], last["SipResponseCode"]) == ("2", "61", "200")


def test_by_default_only_the_end_is_told(town):
    watching(town, None)
    town.ben.answers()
    town.ben.hangs_up()
    assert town.statuses() == ["completed"]


def test_only_the_wished_events_are_told(town):
    watching(town, "ringing answered")
    town.ben.answers()
    town.ben.hangs_up()
    assert town.statuses() == ["ringing", "in-progress"]


def test_the_end_says_how_it_went_for_each_way(town):
    watching(town)
    town.ben.rejects()
    watching(town, timeout=5)
    town.forward(30)
    watching(town)
    town.aiko.hangs_up()
    ends = [one for one in town.asked("/status") if "CallDuration" in one.params]
    assert [one["CallStatus"] for one in ends] == ["busy", "no-answer", "canceled"]
    assert [one["CallDuration"] for one in ends] == ["0", "0", "0"]
    assert ends[1]["SipResponseCode"] == "487"


def test_an_impossible_number_that_rings_nowhere_is_told_of_as_failed_or_not_at_all(town):
    town.answers("/voice", '<Dial><Number statusCallback="/status">+8190123</Number></Dial>')
    town.aiko.dials()
    assert set(town.statuses()) <= {"failed"}


def test_each_leg_counts_for_itself(town):
    both = "".join(
        f'<Number statusCallback="/status" statusCallbackEvent="{ALL_EVENTS}">{number}</Number>'
        for number in (BEN, CARLA)
    )
    town.answers("/voice", f"<Dial>{both}</Dial>")
    town.aiko.dials()
    town.carla.answers()
    town.carla.hangs_up()
    for number, statuses in (
        (BEN, ["initiated", "ringing", "canceled"]),
        (CARLA, ["initiated", "ringing", "in-progress", "completed"]),
    ):
        told = [one for one in town.asked("/status") if one["To"] == number]
        assert [one["CallStatus"] for one in told] == statuses
        assert [one["SequenceNumber"] for one in told] == [str(place) for place in range(len(told))]


def test_the_answer_to_a_status_callback_steers_nothing(town):
    town.answers("/status", "<Say>Nobody hears this</Say><Hangup/>")
    watching(town)
    town.ben.answers()
    town.forward(5)
    assert (town.aiko.talks_with, town.aiko.words, town.ben.words) == ([BEN], [], [])


def test_a_status_callback_may_be_a_get(town):
    town.answers("/voice", f'<Dial><Number statusCallback="/status" statusCallbackMethod="GET">{BEN}</Number></Dial>')
    town.aiko.dials()
    town.ben.rejects()
    assert [(one.method, one["CallStatus"]) for one in town.asked("/status")] == [("GET", "busy")]


def test_timestamps_say_when_it_happened_in_rfc_2822(town):
    watching(town)
    town.forward(7)
    town.ben.answers()
    told = town.asked("/status")
    assert all(one["Timestamp"].endswith(" +0000") and one["Timestamp"][3] == "," for one in told)
    assert [parsedate_to_datetime(one["Timestamp"]).timestamp() for one in told] == [int(one.at) for one in told]
    assert round(told[2].at - told[1].at) == 7


def test_a_status_callback_that_fails_is_a_warning_in_the_log_and_not_tried_again(town):
    town.answers("/status", Response(status_code=500))
    watching(town, None)
    town.ben.rejects()
    (entry,) = town.log("/status")
    assert (entry["status"], entry["attempt"], entry["error"]["code"]) == (500, 1, 11200)
