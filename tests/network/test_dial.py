"""Facts of <Dial>: https://www.twilio.com/docs/voice/twiml/dial"""

import pytest

from tests.network.town import AIKO, BEN, CARLA, DIALED, DORA, LINE, OTHER_LINE, STANDARD


def dialing(town, inside=BEN, after="", **attributes):
    """Aiko calls the line, which dials on; the action, if there is one, says goodbye."""
    written = "".join(f' {name}="{value}"' for name, value in attributes.items())
    town.answers("/voice", f"<Dial{written}>{inside}</Dial>{after}")
    town.answers("/after", "<Say>Goodbye</Say>")
    return town.aiko.dials()


def numbers(*people):
    return "".join(f"<Number>{number}</Number>" for number in people)


def test_two_people_talk_through_a_line_and_neither_sees_the_others_number(town):
    sid = dialing(town, callerId=LINE)
    assert (town.aiko.state, town.ben.state, town.ben.seen["shows"]) == ("talking", "ringing", LINE)
    town.forward(3)
    town.ben.answers()
    assert (town.aiko.talks_with, town.ben.talks_with) == ([BEN], [AIKO])
    town.aiko.says("Hello Ben")
    assert town.ben.words == ["Hello Ben"]
    town.forward(30)
    town.ben.hangs_up()
    assert (town.aiko.state, town.ben.state) == ("idle", "idle")
    assert (town.call(sid)["seconds"], town.leg_to(BEN)["seconds"]) == (33, 30)


# ---- the action -----------------------------------------------------------------------------------------------------


def test_the_action_gets_exactly_the_standard_parameters_and_four_about_the_dial(town):
    sid = dialing(town, action="/after")
    town.ben.answers()
    town.forward(42)
    town.ben.hangs_up()
    (asked,) = town.asked("/after")
    assert set(asked.params) == STANDARD | DIALED
    assert {name: asked[name] for name in DIALED} == {
        "DialCallStatus": "completed",
        "DialCallSid": town.leg_to(BEN)["sid"],
        "DialCallDuration": "42",
        "DialBridged": "true",
    }
    assert (asked["CallSid"], asked["CallStatus"], asked["Direction"]) == (sid, "in-progress", "inbound")
    assert town.aiko.sounds == ["ring ", "say Goodbye"]
    town.forward(1)
    assert town.aiko.state == "idle"


def test_verbs_after_a_dial_with_an_action_are_unreachable(town):
    dialing(town, after="<Say>Never</Say>", action="/after")
    town.ben.rejects()
    town.forward(5)
    assert town.aiko.words == ["Goodbye"]


def test_without_an_action_the_dial_falls_through_to_the_next_verb(town):
    dialing(town, after="<Say>Still here</Say>")
    town.ben.rejects()
    assert (town.aiko.words, len(town.log())) == (["Still here"], 1)


def test_without_an_action_it_falls_through_after_a_conversation_too(town):
    dialing(town, after="<Say>Still here</Say>")
    town.ben.answers()
    town.ben.hangs_up()
    assert town.aiko.words == ["Still here"]


def test_without_an_action_and_without_another_verb_the_call_ends(town):
    sid = dialing(town)
    town.ben.answers()
    town.ben.hangs_up()
    assert (town.aiko.state, town.call(sid)["status"]) == ("idle", "completed")


def test_the_action_is_a_post_unless_it_is_a_get(town):
    dialing(town, action="/after", method="GET")
    town.ben.rejects()
    (asked,) = town.asked("/after")
    assert (asked.method, asked["DialCallStatus"]) == ("GET", "busy")


def test_the_action_is_relative_to_its_document(town):
    town.has_line(voice_url=town.at("/shop/voice?x=1"))
    town.answers("/shop/voice", f'<Dial action="after?y=2">{BEN}</Dial>')
    town.aiko.dials()
    town.ben.rejects()
    assert [asked.url for asked in town.asked("/shop/after")] == [town.at("/shop/after?y=2")]


def test_a_caller_who_hangs_up_ends_it_and_the_answer_of_the_action_is_not_executed(town):
    sid = dialing(town, action="/after")
    town.ben.answers()
    town.aiko.hangs_up()
    assert (town.ben.state, town.call(sid)["status"]) == ("idle", "completed")
    assert [verb["verb"] for verb in town.call(sid)["executed"]] == ["Dial"]
    (asked,) = town.asked("/after")
    assert (asked["CallStatus"], asked["DialCallStatus"], asked["DialBridged"]) == ("completed", "completed", "true")


# ---- how it can go --------------------------------------------------------------------------------------------------


def test_busy_is_busy(town):
    town.ben.behaves("busy")
    dialing(town, action="/after")
    (asked,) = town.asked("/after")
    assert (asked["DialCallStatus"], asked["DialBridged"], asked["DialCallDuration"]) == ("busy", "false", "0")
    assert town.leg_to(BEN)["status"] == "busy"


def test_somebody_who_is_talking_already_is_busy(town):
    town.ben.dials(CARLA)
    town.carla.answers()
    dialing(town, action="/after")
    assert town.asked("/after")[0]["DialCallStatus"] == "busy"


def test_nobody_there_is_no_answer(town):
    town.ben.behaves("never")
    dialing(town, action="/after")
    town.forward(60)
    (asked,) = town.asked("/after")
    assert (asked["DialCallStatus"], asked["DialBridged"], asked["CallStatus"]) == ("no-answer", "false", "in-progress")
    assert town.leg_to(BEN)["billed_minutes"] == 0


def test_an_impossible_number_is_failed(town):
    dialing(town, "+8190123", action="/after")
    (asked,) = town.asked("/after")
    assert (asked["DialCallStatus"], "DialCallSid" in asked.params) == ("failed", False)
    assert town.log("/voice")[0]["error"]["code"] == 13223


def test_a_number_of_the_accounts_own_cannot_be_dialed_yet_and_the_log_says_so(town):
    town.has_line(OTHER_LINE)
    dialing(town, OTHER_LINE, action="/after")
    assert town.asked("/after")[0]["DialCallStatus"] == "failed"
    assert "does not build it yet" in town.log("/voice")[0]["error"]["message"]


def test_an_answering_machine_counts_as_completed(town):
    town.ben.behaves("machine", greeting="Not at home")
    dialing(town, action="/after")
    town.forward(3)
    assert town.aiko.talks_with == [BEN]
    town.ben.hangs_up()
    assert town.asked("/after")[0]["DialCallStatus"] == "completed"


def test_it_rings_for_thirty_seconds_by_default_and_about_five_more(town):
    dialing(town, action="/after")
    town.forward(34.5)
    assert town.ben.state == "ringing"
    town.forward(0.5)
    assert (town.ben.state, town.asked("/after")[0]["DialCallStatus"]) == ("idle", "no-answer")


@pytest.mark.parametrize(("wished", "rings"), [(5, 10), (1, 10), (20, 25), (600, 605), (900, 605)])
def test_the_timeout_is_from_five_seconds_to_six_hundred_and_five_are_added(town, wished, rings):
    dialing(town, timeout=wished, action="/after")
    town.forward(rings - 0.1)
    assert town.ben.state == "ringing"
    town.forward(0.1)
    assert town.ben.state == "idle"


def test_the_caller_hears_it_ring_and_is_in_progress_meanwhile(town):
    sid = dialing(town)
    assert ([item["kind"] for item in town.aiko.heard], town.aiko.state) == (["ring"], "talking")
    assert (town.call(sid)["status"], town.aiko.talks_with) == ("in-progress", [])


# ---- the caller's id ------------------------------------------------------------------------------------------------


def test_without_a_caller_id_the_callee_sees_the_caller(town):
    dialing(town)
    assert town.ben.seen["shows"] == AIKO


@pytest.mark.parametrize("shown", [LINE, OTHER_LINE, AIKO])
def test_the_calls_own_numbers_and_those_of_the_account_may_be_shown(town, shown):
    town.has_line(OTHER_LINE)
    dialing(town, callerId=shown)
    assert (town.ben.state, town.ben.seen["shows"]) == ("ringing", shown)
    assert town.leg_to(BEN)["from"] == shown


def test_nobody_elses_number_may_be_shown(town):
    town.ben.behaves("at once")
    dialing(town, action="/after", callerId=CARLA)
    assert (town.ben.state, town.asked("/after")[0]["DialCallStatus"]) == ("idle", "failed")
    assert town.log("/voice")[0]["error"]["code"] == 13214


# ---- answerOnBridge -------------------------------------------------------------------------------------------------


def test_answer_on_bridge_lets_the_caller_ring_on_and_pay_from_the_bridge_on(town):
    sid = dialing(town, answerOnBridge="true")
    town.forward(25)
    assert (town.aiko.state, town.call(sid)["status"], town.call(sid)["seconds"]) == ("dialing", "ringing", 0)
    town.ben.answers()
    assert town.aiko.state == "talking"
    town.forward(59)
    town.aiko.hangs_up()
    assert (town.call(sid)["seconds"], town.call(sid)["billed_minutes"]) == (59, 1)


def test_answer_on_bridge_waits_for_the_end_of_the_whisper(town):
    town.answers("/whisper", "<Say>Someone calls</Say>")
    dialing(town, f'<Number url="/whisper">{BEN}</Number>', answerOnBridge="true")
    town.ben.answers()
    town.forward(0.9)
    assert (town.ben.state, town.aiko.state) == ("talking", "dialing")
    town.forward(1)
    assert (town.aiko.state, town.aiko.talks_with) == ("talking", [BEN])


def test_with_answer_on_bridge_and_nobody_there_the_caller_was_never_answered(town):
    sid = dialing(town, answerOnBridge="true")
    town.forward(35)
    assert (town.aiko.state, town.call(sid)["status"], town.call(sid)["billed_minutes"]) == ("idle", "no-answer", 0)


def test_answer_on_bridge_counts_only_when_the_dial_is_the_first_verb(town):
    town.answers("/voice", f'<Say>Hello</Say><Dial answerOnBridge="true">{BEN}</Dial>')
    town.aiko.dials()
    town.forward(1)
    assert (town.aiko.state, town.ben.state) == ("talking", "ringing")


def test_with_answer_on_bridge_an_action_may_be_asked_while_the_caller_still_hears_it_ring(town):
    dialing(town, answerOnBridge="true", action="/after")
    town.ben.rejects()
    (asked,) = town.asked("/after")
    assert (asked["CallStatus"], asked["DialCallStatus"]) == ("ringing", "busy")
    assert town.aiko.state == "talking", "the Say of the action answers"


# ---- hangupOnStar and timeLimit -------------------------------------------------------------------------------------


def test_a_star_of_the_caller_ends_the_dial_and_the_flow_goes_on(town):
    dialing(town, hangupOnStar="true", action="/after")
    town.ben.answers()
    town.aiko.presses("*")
    assert (town.ben.state, town.aiko.words, town.aiko.state) == ("idle", ["Goodbye"], "talking")
    assert town.asked("/after")[0]["DialCallStatus"] == "completed"


def test_a_star_of_the_callee_ends_nothing(town):
    dialing(town, hangupOnStar="true", action="/after")
    town.ben.answers()
    town.ben.presses("*")
    assert (town.aiko.talks_with, town.aiko.sounds[-1], town.asked("/after")) == ([BEN], "tone *", [])


def test_by_default_a_star_is_only_a_tone(town):
    dialing(town, action="/after")
    town.ben.answers()
    town.aiko.presses("*")
    assert (town.aiko.talks_with, town.ben.heard[-1]["kind"]) == ([BEN], "tone")


def test_other_keys_do_not_end_the_dial(town):
    dialing(town, hangupOnStar="true")
    town.ben.answers()
    town.aiko.presses("123#")
    assert town.aiko.talks_with == [BEN]


def test_keys_inside_a_dial_cause_no_webhook(town):
    dialing(town)
    town.ben.answers()
    asked = len(town.log())
    town.aiko.presses("1")
    town.ben.presses("2")
    assert len(town.log()) == asked


def test_the_time_limit_hangs_up_the_called_party_and_the_caller_goes_on_at_the_action(town):
    dialing(town, timeLimit=90, action="/after")
    town.forward(8)
    town.ben.answers()
    town.forward(89)
    assert town.ben.talks_with == [AIKO]
    town.forward(1)
    assert (town.ben.state, town.aiko.state, town.aiko.words) == ("idle", "talking", ["Goodbye"])
    assert town.asked("/after")[0]["DialCallDuration"] == "90"


def test_the_time_limit_of_a_dial_is_four_hours_by_default(town):
    dialing(town, action="/after")
    town.ben.answers()
    town.forward(4 * 3600 - 1)
    assert town.aiko.talks_with == [BEN]
    town.forward(2)
    assert town.ben.state == "idle"


# ---- several numbers ------------------------------------------------------------------------------------------------


def test_the_first_of_several_to_answer_wins_and_the_others_are_canceled(town):
    dialing(town, numbers(BEN, CARLA, DORA), action="/after")
    assert [person.state for person in (town.ben, town.carla, town.dora)] == ["ringing"] * 3
    town.carla.answers()
    assert [person.state for person in (town.ben, town.carla, town.dora)] == ["idle", "talking", "idle"]
    assert town.aiko.talks_with == [CARLA]
    assert [town.leg_to(number)["status"] for number in (BEN, DORA)] == ["canceled"] * 2
    town.carla.hangs_up()
    assert town.asked("/after")[0]["DialCallSid"] == town.leg_to(CARLA)["sid"]


def test_two_who_answer_at_the_same_moment_do_not_both_win(town):
    town.ben.behaves("at once", after=2)
    town.carla.behaves("at once", after=2)
    dialing(town, numbers(BEN, CARLA))
    town.forward(2)
    assert sorted([town.ben.state, town.carla.state]) == ["idle", "talking"]
    assert sorted(town.leg_to(number)["billed_minutes"] for number in (BEN, CARLA)) == [0, 1]


def test_one_who_is_busy_does_not_keep_the_others_from_ringing(town):
    town.ben.behaves("busy")
    dialing(town, numbers(BEN, CARLA), action="/after")
    assert (town.carla.state, town.asked("/after")) == ("ringing", [])


def test_when_nobody_of_several_answers_the_action_is_told_once(town):
    town.ben.behaves("busy")
    dialing(town, numbers(BEN, CARLA), action="/after", timeout=5)
    town.forward(20)
    assert [asked["DialBridged"] for asked in town.asked("/after")] == ["false"]


def test_ten_numbers_ring_and_eleven_are_refused(town):
    people = [f"+8190123411{number:02}" for number in range(11)]
    dialing(town, numbers(*people[:10]))
    assert [town.get(f"/phones/{number}")["state"] for number in people[:10]] == ["ringing"] * 10
    town.aiko.hangs_up()
    dialing(town, numbers(*people))
    assert town.get(f"/phones/{people[0]}")["state"] == "idle"
    assert town.log("/voice")[-1]["error"]["code"]


def test_sequential_numbers_ring_one_after_the_other_until_one_answers(town):
    last = "+819012340005"
    dialing(town, numbers(BEN, CARLA, DORA, last), sequential="true", timeout=5, action="/after")
    assert [person.state for person in (town.ben, town.carla)] == ["ringing", "idle"]
    town.ben.rejects()
    assert [person.state for person in (town.ben, town.carla)] == ["idle", "ringing"]
    town.forward(10)
    assert [person.state for person in (town.carla, town.dora)] == ["idle", "ringing"]
    town.dora.answers()
    town.dora.hangs_up()
    assert town.get(f"/phones/{last}")["state"] == "idle"
    assert town.asked("/after")[0]["DialCallStatus"] == "completed"


def test_legs_of_a_dial_are_never_queued(town):
    dialing(town, numbers(BEN, CARLA, DORA))
    assert [call.queue_time for call in town.twilio.calls.list()] == ["0"] * 4


# ---- the first leg drops --------------------------------------------------------------------------------------------


def test_a_caller_who_hangs_up_while_it_rings_cancels_the_other_leg(town):
    dialing(town, action="/after")
    town.aiko.hangs_up()
    assert (town.aiko.state, town.ben.state, town.leg_to(BEN)["status"]) == ("idle", "idle", "canceled")
    (asked,) = town.asked("/after")
    assert (asked["DialCallStatus"], asked["DialBridged"], asked["CallStatus"]) == ("canceled", "false", "completed")


def test_redirecting_the_caller_by_rest_leaves_the_dial_at_once_and_the_action_steers_nothing(town):
    sid = dialing(town, action="/after")
    town.ben.answers()
    town.answers("/elsewhere", '<Say>Elsewhere</Say><Pause length="9"/>')
    town.twilio.calls(sid).update(url=town.at("/elsewhere"))
    town.forward(0)
    assert (town.ben.state, town.aiko.state, town.aiko.words) == ("idle", "talking", ["Elsewhere"])
    assert [asked["DialCallStatus"] for asked in town.asked("/after")] == ["completed"]


def test_a_callee_who_is_redirected_lives_on_and_the_action_hears_no_duration(town):
    dialing(town, action="/after")
    town.ben.answers()
    leg = town.leg_to(BEN)["sid"]
    town.twilio.calls(leg).update(twiml='<Response><Say>For you alone</Say><Pause length="10"/></Response>')
    town.forward(0)
    assert (town.ben.words, town.aiko.words) == (["For you alone"], ["Goodbye"])
    (asked,) = town.asked("/after")
    assert set(asked.params) == STANDARD | DIALED - {"DialCallDuration"}
    assert (asked["DialCallStatus"], asked["DialBridged"], asked["DialCallSid"]) == ("completed", "true", leg)
    town.forward(5)
    assert (town.aiko.state, town.ben.state) == ("idle", "talking")


def test_what_one_says_the_other_hears_and_nobody_else(town):
    dialing(town, numbers(BEN, CARLA))
    town.ben.answers()
    town.aiko.says("How are you?")
    town.ben.says("Fine")
    assert (town.aiko.words, town.ben.words, town.carla.words) == (["Fine"], ["How are you?"], [])
    assert [item["from"] for item in town.ben.heard] == [AIKO]


def test_after_the_conversation_nobody_is_put_through_any_more(town):
    dialing(town, action="/after")
    town.ben.answers()
    town.ben.hangs_up()
    assert (town.aiko.state, town.aiko.talks_with, town.ben.talks_with) == ("talking", [], [])
    town.carla.dials(BEN)
    town.ben.answers()
    town.aiko.says("Is anybody there?")
    assert town.ben.words == []


def test_a_call_that_was_never_answered_is_never_completed(town):
    town.has_line(status_callback=town.at("/status"))
    town.answers("/whisper", "<Hangup/>")
    sid = dialing(town, f'<Number url="/whisper">{BEN}</Number>', answerOnBridge="true")
    town.ben.answers()
    assert (town.aiko.state, town.call(sid)["seconds"]) == ("idle", 0)
    assert (town.call(sid)["status"], town.statuses()) == ("no-answer", ["no-answer"])


@pytest.mark.parametrize("sequential", ["true", "false"])
def test_a_star_while_it_rings_ends_the_whole_attempt(town, sequential):
    dialing(town, numbers(BEN, CARLA), sequential=sequential, hangupOnStar="true", action="/after")
    town.aiko.presses("*")
    assert (town.ben.state, town.carla.state) == ("idle", "idle")
    assert town.asked("/after")[0]["DialCallStatus"] == "canceled"


def test_each_of_the_two_legs_is_rounded_up_by_itself(town):
    sid = dialing(town)
    town.forward(10)
    town.ben.answers()
    town.forward(51)
    town.aiko.hangs_up()
    bill = [(town.call(leg)["seconds"], town.call(leg)["billed_minutes"]) for leg in (sid, town.leg_to(BEN)["sid"])]
    assert bill == [(61, 2), (51, 1)]
