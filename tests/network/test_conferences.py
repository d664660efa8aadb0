"""Facts of <Conference>: who gets in, when it starts, who hears whom: https://www.twilio.com/docs/voice/twiml/conference"""

import pytest

from tests.network.town import AIKO, BEN, CARLA, DIALED, LINE, SORRY, STANDARD, meeting


def connected(town):
    return [one["number"] for one in town.conference["participants"] if one["status"] == "connected"]


# ---- when it starts -------------------------------------------------------------------------------------------------


def test_two_people_who_join_hear_each_other(town):
    town.aiko.joins()
    assert (town.conference["status"], town.aiko.talks_with) == ("init", [])
    town.ben.joins()
    assert (town.conference["status"], town.aiko.talks_with, town.ben.talks_with) == ("in-progress", [BEN], [AIKO])
    town.ben.says("Hello")
    assert (town.aiko.words, town.ben.words) == (["Hello"], [])


def test_three_people_all_hear_each_other(town):
    for person in (town.aiko, town.ben, town.carla):
        person.joins()
    town.carla.says("Good morning")
    assert (town.aiko.words, town.ben.words, town.carla.words) == (["Good morning"], ["Good morning"], [])
    assert town.carla.talks_with == [AIKO, BEN]


def test_it_starts_only_when_one_of_them_may_start_it(town):
    town.aiko.joins(startConferenceOnEnter="false")
    town.ben.joins(startConferenceOnEnter="false")
    town.ben.says("Anybody there?")
    assert (town.conference["status"], town.aiko.words) == ("init", [])
    town.carla.joins()
    assert (town.conference["status"], town.aiko.talks_with) == ("in-progress", [BEN, CARLA])


def test_one_who_may_start_it_does_not_start_it_alone(town):
    town.aiko.joins()
    town.forward(60)
    assert (town.conference["status"], town.conference["started_at"]) == ("init", None)
    town.ben.joins(startConferenceOnEnter="false")
    assert town.conference["status"] == "in-progress"


def test_it_goes_on_for_one_who_is_left_alone_in_silence(town):
    town.aiko.joins()
    town.ben.joins()
    before = town.aiko.sounds
    town.ben.hangs_up()
    town.forward(60)
    assert (town.conference["status"], town.aiko.state, town.aiko.talks_with) == ("in-progress", "talking", [])
    assert (town.aiko.sounds, town.conference["participants"][0]["hears"]) == (before, "nothing")


def test_any_leg_can_join_be_it_called_or_calling(town):
    town.answers("/room", meeting())
    town.twilio.calls.create(to=BEN, from_=LINE, url=town.at("/room"))
    town.forward(1)
    town.ben.answers()
    town.aiko.joins()
    assert town.ben.talks_with == [AIKO]


# ---- the room -------------------------------------------------------------------------------------------------------


def test_rooms_of_different_names_are_apart(town):
    town.aiko.joins("One")
    town.ben.joins("Two")
    assert [one["friendly_name"] for one in town.conferences()] == ["One", "Two"]
    assert (town.aiko.talks_with, town.ben.talks_with) == ([], [])


def test_a_room_of_the_same_name_after_the_end_is_a_new_conference(town):
    town.aiko.joins()
    town.aiko.hangs_up()
    town.aiko.joins()
    first, second = town.conferences()
    assert (first["status"], second["status"]) == ("completed", "init")
    assert first["sid"] != second["sid"]
    assert first["sid"].startswith("CF")
    assert len(first["sid"]) == 34


def test_who_rejoins_while_somebody_stays_is_in_the_same_conference_and_a_new_participant(town):
    town.aiko.joins()
    town.ben.joins()
    town.ben.hangs_up()
    town.forward(30)
    town.ben.joins()
    assert len(town.conferences()) == 1
    assert [one["status"] for one in town.conference["participants"]] == ["connected", "complete", "connected"]
    assert town.aiko.talks_with == [BEN]


def test_a_label_that_is_taken_leads_to_the_next_verb_and_not_to_the_action(town):
    town.aiko.joins(participantLabel="guest")
    sid = town.ben.joins(participantLabel="guest", dial='action="/after"', after="<Say>Taken</Say>")
    assert (town.ben.words, town.asked("/after"), connected(town)) == (["Taken"], [], [AIKO])
    assert any(one["detail"].startswith("16025") for one in town.call(sid)["timeline"])


def test_the_label_of_somebody_who_has_left_is_free_again(town):
    town.aiko.joins()
    town.ben.joins(participantLabel="guest")
    town.ben.hangs_up()
    town.carla.joins(participantLabel="guest")
    assert connected(town) == [AIKO, CARLA]


def test_a_full_room_takes_nobody_more(town):
    town.answers("/after", "<Say>Full</Say>")
    town.aiko.joins()
    town.ben.joins(maxParticipants="2")
    sid = town.carla.joins(maxParticipants="2", dial='action="/after"')
    assert (town.carla.words, connected(town)) == (["Full"], [AIKO, BEN])
    assert any(one["detail"].startswith("16020") for one in town.call(sid)["timeline"])
    assert town.asked("/after")[0]["DialCallStatus"] == "failed"


@pytest.mark.parametrize(
    ("attribute", "code"),
    [
        ('muted="yes"', 13230),
        ('endConferenceOnExit="1"', 13231),
        ('startConferenceOnEnter="True"', 13232),
        ('waitMethod="PUT"', 13234),
        ('beep="loud"', 13235),
        ('maxParticipants="251"', 16002),
        ('region="tokyo"', 16002),
        ('statusCallbackEvent="join begin"', 16002),
        ('participantLabel="a/b"', 16023),
        ('participantLabel="CA0123456789abcdef0123456789abcdef"', 16023),
        ('coach="Ben"', 13240),
        ('record="record-from-start"', 12200),
        ('trim="do-not-trim"', 12200),
        ('recordingStatusCallback="/recorded"', 12200),
        ('eventCallbackUrl="/old"', 12200),
        ('Muted="true"', 12200),
    ],
)
def test_what_a_conference_refuses_it_refuses_with_the_code_of_twilio(town, attribute, code):
    town.answers("/voice", f"<Dial><Conference {attribute}>Room</Conference></Dial>")
    town.aiko.dials()
    assert (town.log("/voice")[0]["error"]["code"], town.aiko.words) == (code, [SORRY])
    assert town.conferences() == []


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        ("<Conference></Conference>", 13237),
        (f"<Conference>{'r' * 129}</Conference>", 13237),
        (f"<Conference>Room</Conference><Number>{BEN}</Number>", 12200),
        ("<Conference>Room</Conference><Conference>Other</Conference>", 12200),
    ],
)
def test_a_dial_holds_one_conference_with_a_name_and_nothing_beside_it(town, inside, code):
    town.answers("/voice", f"<Dial>{inside}</Dial>")
    town.aiko.dials()
    assert town.log("/voice")[0]["error"]["code"] == code


# ---- who hears whom -------------------------------------------------------------------------------------------------


def test_somebody_muted_hears_but_is_not_heard(town):
    town.aiko.joins(muted="true")
    town.ben.joins()
    town.aiko.says("Can you hear me?")
    town.aiko.presses("1")
    town.ben.says("Nobody speaks")
    assert (town.ben.words, town.aiko.words) == ([], ["Nobody speaks"])
    assert "tone 1" not in town.ben.sounds


def test_keys_are_heard_as_tones_by_the_others_and_nobody_else_is_told(town):
    town.aiko.joins(statusCallback="/conference", statusCallbackEvent="start join leave")
    town.ben.joins()
    before = len(town.log())
    town.aiko.presses("12#")
    assert (town.ben.sounds[-1], len(town.log())) == ("tone 12#", before)


def test_only_who_is_coached_hears_the_coach_who_hears_everybody(town):
    town.aiko.joins()
    customer = town.ben.joins()
    town.carla.joins(coach=customer)
    town.carla.says("Offer a discount")
    town.aiko.says("It is expensive")
    assert (town.aiko.words, town.ben.words) == ([], ["Offer a discount", "It is expensive"])
    assert town.carla.words == ["It is expensive"]
    assert [one["call_to_coach"] for one in town.conference["participants"]] == [None, None, customer]


def test_nobody_is_coached_who_is_not_in_a_running_conference(town):
    town.answers("/after", "<Say>Nobody to coach</Say>")
    call = town.aiko.joins()
    sid = town.carla.joins(coach=call, dial='action="/after"')
    assert (town.carla.words, connected(town)) == (["Nobody to coach"], [AIKO])
    assert any(one["detail"].startswith("13240") for one in town.call(sid)["timeline"])


def test_a_machine_speaks_into_the_room(town):
    town.ben.behaves("machine", greeting="This is the answering machine of Ben")
    town.aiko.joins()
    town.answers("/room", meeting())
    town.twilio.calls.create(to=BEN, from_=LINE, url=town.at("/room"))
    town.forward(1)
    assert town.aiko.words == ["This is the answering machine of Ben"]


def test_who_comes_while_a_machine_speaks_hears_the_rest(town):
    town.ben.behaves("machine", greeting="This is the answering machine of Ben")
    town.aiko.joins()
    town.answers("/room", meeting())
    town.twilio.calls.create(to=BEN, from_=LINE, url=town.at("/room"))
    town.forward(2)
    town.carla.joins()
    assert town.carla.words == ["This is the answering machine of Ben"]


# ---- beeps ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("beep", "heard"),
    [("true", ["enter", "exit"]), ("false", []), ("onEnter", ["enter"]), ("onExit", ["exit"])],
)
def test_the_others_hear_a_beep_when_somebody_comes_and_goes(town, beep, heard):
    town.aiko.joins()
    town.ben.joins()
    town.carla.joins(beep=beep)
    town.carla.hangs_up()
    assert [item["text"] for item in town.aiko.heard if item["kind"] == "beep"] == heard
    assert [item["text"] for item in town.ben.heard if item["kind"] == "beep"] == heard
    assert not any(item["kind"] == "beep" for item in town.carla.heard)


def test_by_default_it_beeps(town):
    town.answers("/voice", "<Dial><Conference>Room</Conference></Dial>")
    town.aiko.dials()
    town.ben.dials()
    assert (town.aiko.sounds[-1], town.ben.sounds) == ("beep enter", [])


# ---- leaving, and the end -------------------------------------------------------------------------------------------


def test_who_hangs_up_leaves_and_the_others_stay(town):
    for person in (town.aiko, town.ben, town.carla):
        person.joins()
    town.ben.hangs_up()
    assert (connected(town), town.aiko.talks_with) == ([AIKO, CARLA], [CARLA])
    assert town.conference["participants"][1]["reason_left"] == "participant_hung_up"


def test_the_last_who_leaves_ends_it(town):
    town.aiko.joins()
    town.ben.joins()
    town.aiko.hangs_up()
    assert town.conference["status"] == "in-progress"
    town.ben.hangs_up()
    assert (town.conference["status"], town.conference["reason"]) == ("completed", "last-participant-left")


def test_one_with_end_conference_on_exit_takes_all_others_out(town):
    town.answers("/after", "<Say>It is over</Say>")
    town.aiko.joins(endConferenceOnExit="true")
    town.ben.joins(dial='action="/after"')
    town.carla.joins(after="<Say>And now this</Say>")
    town.aiko.hangs_up()
    assert (town.conference["status"], town.ben.words, town.carla.words) == (
        "completed",
        ["It is over"],
        ["And now this"],
    )
    assert town.conference["reason"] == "participant-with-end-conference-on-exit-left"
    assert [one["reason_left"] for one in town.conference["participants"]] == [
        "participant_hung_up",
        "moderator_ended_conference",
        "moderator_ended_conference",
    ]


def test_without_action_and_without_another_verb_the_end_of_it_ends_the_call(town):
    town.aiko.joins(endConferenceOnExit="true")
    sid = town.ben.joins()
    town.aiko.hangs_up()
    assert (town.ben.state, town.call(sid)["status"]) == ("idle", "completed")


def test_the_star_leads_to_the_action_where_it_was_asked_for(town):
    town.answers("/after", "<Say>Extended</Say>" + meeting(dial='hangupOnStar="true"'))
    sid = town.aiko.joins(dial='action="/after" hangupOnStar="true"')
    town.ben.joins()
    town.aiko.presses("*")
    (asked,) = town.asked("/after")
    assert set(asked.params) == STANDARD | {"DialCallStatus", "DialBridged"}
    assert (asked["CallSid"], asked["CallStatus"]) == (sid, "in-progress")
    assert (asked["DialCallStatus"], asked["DialBridged"]) == ("answered", "true")
    assert (town.aiko.talks_with, town.ben.sounds[-1]) == ([], "tone *")
    town.forward(1)
    assert (town.aiko.words, town.aiko.talks_with) == (["Extended"], [BEN])


def test_the_star_is_only_a_tone_where_it_was_not_asked_for(town):
    town.aiko.joins(dial='action="/after"')
    town.ben.joins()
    town.aiko.presses("*")
    assert (town.asked("/after"), town.aiko.talks_with, town.ben.sounds[-1]) == ([], [BEN], "tone *")


def test_both_may_press_the_star_in_the_same_second_and_meet_again(town):
    again = meeting(dial='action="/after" hangupOnStar="true"')
    town.answers("/after", "<Say>Extended</Say>" + again)
    town.answers("/voice", again)
    town.aiko.dials()
    town.ben.dials()
    town.aiko.presses("*")
    town.ben.presses("*")
    town.forward(1)
    first, second = town.conferences()
    assert (first["reason"], second["status"]) == ("last-participant-left", "in-progress")
    assert (town.aiko.talks_with, town.ben.talks_with) == ([BEN], [AIKO])


def test_the_time_limit_of_the_dial_takes_only_that_leg_out(town):
    town.answers("/after", "<Say>Time is up</Say><Pause length='60'/>")
    town.aiko.joins(dial='timeLimit="90" action="/after"')
    town.ben.joins()
    town.forward(89.9)
    assert town.aiko.talks_with == [BEN]
    town.forward(0.2)
    assert (town.aiko.words, town.ben.state, town.conference["status"]) == (["Time is up"], "talking", "in-progress")


def test_a_caller_who_hangs_up_has_the_action_told_of_it(town):
    town.aiko.joins(dial='action="/after"')
    town.ben.joins()
    town.aiko.hangs_up()
    (asked,) = town.asked("/after")
    assert (asked["CallStatus"], asked["DialCallStatus"]) == ("completed", "answered")
    assert set(DIALED) & set(asked.params) == {"DialCallStatus", "DialBridged"}


def test_a_call_that_is_redirected_leaves_at_once(town):
    town.answers("/ask", "<Say>A question</Say><Pause length='60'/>")
    sid = town.aiko.joins(dial='action="/after"')
    town.ben.joins()
    town.twilio.calls(sid).update(url=town.at("/ask"))
    town.forward(0)
    assert (town.aiko.words, town.ben.talks_with, connected(town)) == (["A question"], [], [BEN])
    assert town.conference["participants"][0]["reason_left"] == "participant_updated_via_api"


def test_a_call_that_is_ended_by_rest_leaves_too(town):
    sid = town.aiko.joins()
    town.ben.joins()
    town.twilio.calls(sid).update(status="completed")
    town.forward(0)
    assert (connected(town), town.conference["participants"][0]["status"]) == ([BEN], "complete")


def test_the_time_limit_of_a_call_ends_its_being_there(town):
    town.answers("/room", meeting())
    town.twilio.calls.create(to=BEN, from_=LINE, url=town.at("/room"), time_limit=100)
    town.aiko.joins()
    town.forward(1)
    town.ben.answers()
    town.forward(99)
    assert town.aiko.talks_with == [BEN]
    town.forward(2)
    assert (town.aiko.talks_with, town.ben.state) == ([], "idle")


# ---- what is known of it afterwards ---------------------------------------------------------------------------------


def test_each_participant_is_billed_by_the_minute_beside_its_leg(town):
    sid = town.aiko.joins()
    town.forward(10)
    town.ben.joins()
    town.forward(61)
    town.ben.hangs_up()
    town.forward(60)
    town.aiko.hangs_up()
    assert [one["billed_minutes"] for one in town.conference["participants"]] == [3, 2]
    assert (town.conference["billed_minutes"], town.call(sid)["billed_minutes"]) == (5, 3)


def test_one_conference_can_be_asked_for_and_an_unknown_one_is_missing(town):
    town.aiko.joins()
    assert town.get(f"/conferences/{town.conference['sid']}") == town.conference
    assert town.http.get("/conferences/CF0").status_code == 404


def test_a_world_that_is_deleted_forgets_its_conferences(town):
    town.aiko.joins()
    town.ben.joins()
    town.ask("DELETE", "/world")
    assert (town.conferences(), town.aiko.state) == ([], "idle")
