"""Facts of what is done to a participant: https://www.twilio.com/docs/voice/api/conference-participant-resource"""

import pytest
from starlette.responses import Response

from tests.network.town import AIKO, BEN, CARLA, STANDARD, WATCHED, refusal


@pytest.fixture
def sid(town):
    """The SID of Aiko's call, who is in the room with Ben."""
    sid = town.aiko.joins(**WATCHED)
    town.ben.joins()
    return sid


def changes(town, call, **wishes):
    """The application changes something about a participant; what Twilio says that it is now."""
    changed = town.twilio.conferences(town.conference["sid"]).participants(call).update(**wishes)
    town.forward(0)
    return changed


def participant(town, number):
    """What is known of the latest participant with this number."""
    return [one for one in town.conference["participants"] if one["number"] == number][-1]


# ---- hold -----------------------------------------------------------------------------------------------------------


def test_somebody_on_hold_neither_hears_nor_is_heard(town, sid):
    changes(town, sid, hold=True)
    town.aiko.says("Where are you?")
    town.ben.says("I am still here")
    town.ben.presses("5")
    assert (town.aiko.words, town.ben.words) == ([], [])
    assert (town.aiko.talks_with, town.ben.talks_with) == ([], [])
    assert not any(item["kind"] == "tone" for item in town.aiko.heard)


def test_on_hold_one_hears_the_music_of_twilio_until_it_is_over(town, sid):
    assert changes(town, sid, hold=True).hold
    town.forward(90)
    music = town.aiko.heard[-1]
    assert (music["kind"], music["cut"], participant(town, AIKO)["hears"]) == ("music", False, "hold")
    assert not changes(town, sid, hold=False).hold
    assert (town.aiko.heard[-1]["cut"], participant(town, AIKO)["hears"]) == (True, "room")
    assert town.aiko.talks_with == [BEN]
    town.ben.says("Welcome back")
    assert town.aiko.words == ["Welcome back"]


def test_the_hold_url_is_asked_for_by_get_and_played_once(town, sid):
    town.answers("/hold", "<Say>Please hold</Say>")
    changes(town, sid, hold=True, hold_url=town.at("/hold"))
    (asked,) = town.asked("/hold")
    assert (asked.method, asked["CallSid"], set(asked.params)) == ("GET", sid, STANDARD)
    town.forward(60)
    assert (town.aiko.words, len(town.asked("/hold"))) == (["Please hold"], 1)
    assert (participant(town, AIKO)["hold"], participant(town, AIKO)["hears"]) == (True, "nothing")
    assert town.ben.talks_with == []
    changes(town, sid, hold=False)
    assert town.ben.talks_with == [AIKO]


def test_a_hold_url_that_cannot_be_had_is_silence(town, sid):
    town.answers("/hold", Response(status_code=500))
    changes(town, sid, hold=True, hold_url=town.at("/hold"))
    assert (participant(town, AIKO)["hold"], participant(town, AIKO)["status"]) == (True, "connected")
    assert any(one["detail"].startswith("11200") for one in town.call(sid)["timeline"])


def test_hold_and_unhold_are_told_once_each(town, sid):
    for hold in (True, True, False, False):
        changes(town, sid, hold=hold)
    hold, unhold = [one for one in town.asked("/conference") if "hold" in one["StatusCallbackEvent"]]
    assert (hold["StatusCallbackEvent"], hold["Hold"], hold["CallSid"]) == ("participant-hold", "true", sid)
    assert (unhold["StatusCallbackEvent"], unhold["Hold"]) == ("participant-unhold", "false")


def test_somebody_on_hold_does_not_hear_what_the_room_is_told(town, sid):
    town.answers("/left", "<Say>Three minutes left</Say>")
    changes(town, sid, hold=True)
    town.twilio.conferences(town.conference["sid"]).update(announce_url=town.at("/left"))
    town.forward(0)
    assert (town.aiko.words, town.ben.words) == ([], ["Three minutes left"])
    changes(town, sid, hold=False)
    assert town.aiko.words == ["Three minutes left"]


def test_somebody_on_hold_can_be_told_something_alone(town, sid):
    town.answers("/left", "<Say>We will be with you soon</Say>")
    changes(town, sid, hold=True)
    changes(town, sid, announce_url=town.at("/left"))
    assert (town.aiko.words, town.ben.words) == (["We will be with you soon"], [])


def test_a_hold_breaks_off_what_the_room_is_told(town, sid):
    town.answers("/left", "<Say>Three minutes left</Say>")
    town.twilio.conferences(town.conference["sid"]).update(announce_url=town.at("/left"))
    town.forward(0.5)
    changes(town, sid, hold=True)
    assert town.aiko.sounds[1] == "say Three minutes left …"


def test_somebody_on_hold_who_hangs_up_hears_nothing_more(town, sid):
    changes(town, sid, hold=True)
    town.aiko.hangs_up()
    assert (town.aiko.heard[-1]["cut"], town.aiko.state) == (True, "idle")


# ---- mute, coach, and the rest --------------------------------------------------------------------------------------


def test_who_is_muted_hears_all_the_same_and_is_heard_again_after_an_unmute(town, sid):
    assert changes(town, sid, muted=True).muted
    town.aiko.says("Not heard")
    town.ben.says("Hello?")
    assert not changes(town, sid, muted=False).muted
    town.aiko.says("Heard")
    assert (town.aiko.words, town.ben.words) == (["Hello?"], ["Heard"])
    muted, unmuted = [one for one in town.asked("/conference") if "mute" in one["StatusCallbackEvent"]]
    assert (muted["StatusCallbackEvent"], muted["Muted"]) == ("participant-mute", "true")
    assert (unmuted["StatusCallbackEvent"], unmuted["Muted"]) == ("participant-unmute", "false")


@pytest.mark.parametrize("wishes", [{"coaching": True}, {}])
def test_a_participant_becomes_a_coach_and_stops_being_one(town, sid, wishes):
    carla = town.carla.joins()
    coach = changes(town, carla, call_sid_to_coach=sid, **wishes)
    assert (coach.coaching, coach.call_sid_to_coach) == (True, sid)
    town.carla.says("Only for Aiko")
    assert not changes(town, carla, coaching=False).coaching
    town.carla.says("For all")
    assert (town.aiko.words, town.ben.words) == (["Only for Aiko", "For all"], ["For all"])
    modified = town.told("participant-modify")
    assert [one["Coaching"] for one in modified] == ["true", "false"]


def test_the_end_on_exit_can_be_changed(town, sid):
    assert changes(town, sid, end_conference_on_exit=True).end_conference_on_exit
    (modified,) = town.told("participant-modify")
    assert (modified["CallSid"], modified["EndConferenceOnExit"]) == (sid, "true")
    town.aiko.hangs_up()
    assert (town.conference["status"], town.ben.state, town.events()[-1]) == ("completed", "idle", "conference-end")


def test_on_hold_the_end_on_exit_stays_as_it_is_unless_the_hold_ends_with_the_change(town, sid):
    changes(town, sid, hold=True)
    assert not changes(town, sid, end_conference_on_exit=True).end_conference_on_exit
    assert (participant(town, AIKO)["end_on_exit"], "participant-modify" in town.events()) == (False, False)
    assert [one["event"] for one in town.conference["timeline"]][-1] == "ignored"
    assert changes(town, sid, hold=False, end_conference_on_exit=True).end_conference_on_exit


def test_the_beep_of_an_exit_can_be_changed(town, sid):
    changes(town, sid, beep_on_exit=True)
    town.aiko.hangs_up()
    assert (town.ben.sounds, town.events().count("participant-modify")) == (["beep exit"], 1)


def test_of_whoever_waits_only_what_they_hear_can_be_changed(town):
    town.answers("/wait", "<Say>It begins soon</Say>")
    sid = town.aiko.joins(**WATCHED)
    waiting = town.twilio.conferences(town.conference["sid"]).participants(sid)
    for wishes in ({"muted": True}, {"hold": True}, {"announce_url": town.at("/wait")}):
        assert refusal(waiting.update, **wishes) == (400, 16099)
    changes(town, sid, wait_url=town.at("/wait"), wait_method="GET")
    assert (town.aiko.words, town.asked("/wait")[0].method) == (["It begins soon"], "GET")
    assert (town.aiko.heard[0]["cut"], town.events()[-1]) == (True, "participant-modify")


def test_nothing_changes_where_nothing_is_changed(town, sid):
    changes(town, sid, muted=False, hold=False, end_conference_on_exit=False)
    assert town.events() == ["participant-join", "participant-join", "conference-start"]


# ---- removed, and ended ---------------------------------------------------------------------------------------------


def test_who_is_removed_goes_on_with_the_action_and_the_others_stay(town, sid):
    town.answers("/after", "<Say>You were removed</Say>")
    call = town.carla.joins(dial='action="/after"')
    present = town.twilio.conferences(town.conference["sid"]).participants
    assert present(call).delete()
    town.forward(0)
    assert refusal(present(call).delete) == (404, 20404)
    assert [one.call_sid for one in present.list()] == [sid, town.ben.seen["call_sid"]]
    assert (town.carla.words, town.aiko.talks_with) == (["You were removed"], [BEN])
    assert town.asked("/after")[0]["DialCallStatus"] == "answered"
    assert participant(town, CARLA)["reason_left"] == "participant_updated_via_api"
    assert town.asked("/conference")[-1]["ReasonParticipantLeft"] == "participant_updated_via_api"


def test_the_last_who_is_removed_ends_it(town, sid):
    town.ben.hangs_up()
    town.twilio.conferences(town.conference["sid"]).participants(sid).delete()
    town.forward(0)
    assert (town.conference["reason"], town.aiko.state) == ("last-participant-kicked", "idle")
    assert town.asked("/conference")[-1]["CallSidEndingConference"] == sid


def test_one_with_end_conference_on_exit_who_is_removed_ends_it(town):
    sid = town.aiko.joins(endConferenceOnExit="true", **WATCHED)
    town.ben.joins()
    town.twilio.conferences(town.conference["sid"]).participants(sid).delete()
    town.forward(0)
    assert (town.conference["reason"], town.ben.state) == (
        "participant-with-end-conference-on-exit-kicked",
        "idle",
    )


def test_a_conference_that_is_ended_by_rest_sends_all_to_their_actions(town):
    town.answers("/after", "<Say>The time is up</Say>")
    town.aiko.joins(dial='action="/after"', **WATCHED)
    town.ben.joins(dial='action="/after"')
    town.twilio.conferences(town.conference["sid"]).update(status="completed")
    town.forward(0)
    assert (town.aiko.words, town.ben.words) == (["The time is up"], ["The time is up"])
    assert [asked["DialCallStatus"] for asked in town.asked("/after")] == ["answered", "answered"]
    assert town.events()[-3:] == ["participant-leave", "participant-leave", "conference-end"]
    leave, end = town.asked("/conference")[-2:]
    assert leave["ReasonParticipantLeft"] == "conference_ended_via_api"
    assert (end["ReasonConferenceEnded"], "CallSidEndingConference" in end.params) == (
        "conference-ended-via-api",
        False,
    )
