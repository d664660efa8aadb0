"""Facts of the events of a conference: https://www.twilio.com/docs/voice/twiml/conference#request-parameters"""

from email.utils import parsedate_to_datetime

import pytest
from twilio.base.exceptions import TwilioRestException

from tests.network.town import BEN, LINE, WATCHED, meeting

ALL = {"ConferenceSid", "FriendlyName", "AccountSid", "SequenceNumber", "Timestamp", "StatusCallbackEvent"}
OF_PARTICIPANT = ALL | {"CallSid", "Muted", "Hold", "Coaching", "EndConferenceOnExit", "StartConferenceOnEnter"}


def test_a_conference_is_told_of_from_the_first_who_joins_to_its_end(town):
    town.aiko.joins(**WATCHED)
    town.ben.joins(**WATCHED)
    town.ben.hangs_up()
    town.aiko.hangs_up()
    assert town.events() == [
        "participant-join",
        "participant-join",
        "conference-start",
        "participant-leave",
        "participant-leave",
        "conference-end",
    ]
    assert [one["SequenceNumber"] for one in town.asked("/conference")] == ["1", "2", "3", "4", "5", "6"]
    assert {one["ConferenceSid"] for one in town.asked("/conference")} == {town.conference["sid"]}


def test_each_event_carries_exactly_its_parameters(town):
    sid = town.aiko.joins(participantLabel="host", muted="true", startConferenceOnEnter="false", **WATCHED)
    town.ben.joins(endConferenceOnExit="true")
    town.ben.hangs_up()
    join, second_join = town.told("participant-join")
    assert set(join.params) == OF_PARTICIPANT | {"ParticipantLabel"}
    assert set(second_join.params) == OF_PARTICIPANT
    assert (join["CallSid"], join["ParticipantLabel"], join["FriendlyName"]) == (sid, "host", "Room")
    flags = ("Muted", "Hold", "Coaching", "EndConferenceOnExit", "StartConferenceOnEnter")
    assert [join[name] for name in flags] == ["true", "false", "false", "false", "false"]
    assert [second_join[name] for name in flags] == ["false", "false", "false", "true", "true"]
    (start,) = town.told("conference-start")
    assert set(start.params) == ALL
    leave = town.told("participant-leave")[0]
    assert set(leave.params) == OF_PARTICIPANT | {"ParticipantCallStatus", "ReasonParticipantLeft"}
    (end,) = town.told("conference-end")
    assert set(end.params) == ALL | {"CallSidEndingConference", "ReasonConferenceEnded", "Reason"}


def test_the_moment_is_written_as_in_a_letter_and_not_in_iso(town):
    town.aiko.joins(**WATCHED)
    (join,) = town.asked("/conference")
    assert join["Timestamp"].endswith(" +0000")
    assert parsedate_to_datetime(join["Timestamp"]).timestamp() == int(join.at)


def test_by_default_nothing_is_told(town):
    town.aiko.joins(statusCallback="/conference")
    town.ben.joins(statusCallback="/conference")
    town.ben.hangs_up()
    assert town.asked("/conference") == []


def test_only_what_was_asked_for_is_told_and_counted(town):
    town.aiko.joins(statusCallback="/conference", statusCallbackEvent="start end")
    town.ben.joins()
    town.aiko.hangs_up()
    town.ben.hangs_up()
    assert [(one["StatusCallbackEvent"], one["SequenceNumber"]) for one in town.asked("/conference")] == [
        ("conference-start", "1"),
        ("conference-end", "2"),
    ]


def test_the_method_is_post_unless_it_is_get(town):
    town.aiko.joins("One", **WATCHED)
    town.ben.joins("Two", statusCallbackMethod="GET", **WATCHED)
    assert [(one.method, one["FriendlyName"]) for one in town.asked("/conference")] == [("POST", "One"), ("GET", "Two")]


def test_the_first_participant_settles_who_is_told_and_of_what(town):
    town.aiko.joins(statusCallback="/conference", statusCallbackEvent="join", region="jp1")
    town.ben.joins(statusCallback="/other", statusCallbackEvent="start join leave", region="de1")
    assert (town.events(), town.asked("/other")) == (["participant-join", "participant-join"], [])
    assert town.conference["region"] == "jp1"
    ignored = [one["detail"] for one in town.conference["timeline"] if one["event"] == "ignored"]
    assert [detail.split()[0] for detail in ignored] == ["statusCallback", "region"]


def test_a_first_participant_without_a_callback_settles_that_nobody_is_told(town):
    town.aiko.joins()
    town.ben.joins(**WATCHED)
    assert town.asked("/conference") == []


def test_the_first_who_names_a_region_settles_it(town):
    town.aiko.joins()
    town.ben.joins(region="jp1")
    assert town.conference["region"] == "jp1"


def test_legs_with_identical_attributes_ignore_nothing(town):
    town.aiko.joins(**WATCHED)
    town.ben.joins(**WATCHED)
    assert not [one for one in town.conference["timeline"] if one["event"] == "ignored"]


def test_the_next_conference_of_that_name_begins_to_count_anew(town):
    town.aiko.joins(**WATCHED)
    town.aiko.hangs_up()
    town.ben.joins(**WATCHED)
    assert [one["SequenceNumber"] for one in town.asked("/conference")] == ["1", "2", "3", "1"]


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [({}, "last-participant-left"), ({"endConferenceOnExit": "true"}, "participant-with-end-conference-on-exit-left")],
)
def test_the_end_names_its_reason_and_who_brought_it_about(town, attributes, reason):
    sid = town.aiko.joins(participantLabel="host", **attributes, **WATCHED)
    town.ben.joins()
    town.ben.hangs_up()
    town.aiko.hangs_up()
    (end,) = town.told("conference-end")
    assert (end["ReasonConferenceEnded"], end["CallSidEndingConference"]) == (reason, sid)
    assert end["ParticipantLabelEndingConference"] == "host"
    assert "CallSid" not in end.params


def test_a_leaving_names_its_reason_and_the_state_of_the_call(town):
    town.answers("/after", "<Say>Bye</Say>")
    town.aiko.joins(endConferenceOnExit="true", **WATCHED)
    town.ben.joins(after="<Pause length='9'/>")
    town.carla.joins(dial='action="/after" hangupOnStar="true"')
    town.carla.presses("*")
    town.aiko.hangs_up()
    left = [(one["ParticipantCallStatus"], one["ReasonParticipantLeft"]) for one in town.told("participant-leave")]
    assert left == [
        ("in-progress", "participant_hung_up"),
        ("completed", "participant_hung_up"),
        ("in-progress", "moderator_ended_conference"),
    ]


def test_a_redirected_call_has_left_by_the_api(town):
    sid = town.aiko.joins(**WATCHED)
    town.ben.joins()
    town.twilio.calls(sid).update(twiml="<Response><Pause length='9'/></Response>")
    town.forward(0)
    (leave,) = town.told("participant-leave")
    assert (leave["ReasonParticipantLeft"], leave["ParticipantCallStatus"]) == (
        "participant_updated_via_api",
        "in-progress",
    )


def test_speech_is_told_of_when_it_begins_and_when_it_ends(town):
    sid = town.aiko.joins(**WATCHED)
    town.ben.joins()
    town.aiko.says("x" * 30)
    town.forward(1)
    town.aiko.says("y" * 30)
    town.forward(5)
    start, stop = town.told("participant-speech-start") + town.told("participant-speech-stop")
    assert (start["CallSid"], stop["CallSid"], set(start.params)) == (sid, sid, OF_PARTICIPANT)
    assert round(stop.at - start.at, 1) == 3


def test_who_is_muted_or_alone_does_not_speak(town):
    town.aiko.joins(muted="true", **WATCHED)
    town.aiko.says("Hello?")
    town.ben.joins()
    town.aiko.says("Hello?")
    town.forward(5)
    assert not any("speech" in event for event in town.events())


def test_who_leaves_while_speaking_has_only_left(town):
    town.aiko.joins(**WATCHED)
    town.ben.joins()
    town.ben.says("I must go, there is somebody at the door")
    town.ben.hangs_up()
    town.forward(9)
    assert town.events()[-2:] == ["participant-speech-start", "participant-leave"]


def test_events_go_out_one_after_the_other_however_long_the_application_takes(town):
    town.goes_wrong(delay={"match": "/conference", "seconds": 2})
    town.aiko.joins(**WATCHED)
    town.ben.joins()
    town.forward(1)
    assert (town.events(), town.aiko.talks_with) == ([], [BEN])
    town.forward(6)
    asked = town.asked("/conference")
    assert [one["SequenceNumber"] for one in asked] == ["1", "2", "3"]
    assert [round(one.at - asked[0].at) for one in asked] == [0, 2, 4]


def test_events_can_be_shuffled_lost_and_doubled(town):
    town.goes_wrong(reorder={"match": "/conference", "times": 1})
    town.aiko.joins(**WATCHED)
    town.ben.joins()
    assert [one["SequenceNumber"] for one in town.asked("/conference")] == ["2", "1", "3"]
    town.goes_wrong(lose={"match": "/conference", "times": 1})
    town.ben.hangs_up()
    town.goes_wrong(duplicate={"match": "/conference", "times": 1})
    town.aiko.hangs_up()
    assert [one["SequenceNumber"] for one in town.asked("/conference")][3:] == ["5", "5", "6"]


def test_a_callback_that_fails_changes_nothing_and_stands_in_the_log(town):
    town.aiko.joins(statusCallback="http://127.0.0.1:1/conference", statusCallbackEvent="join start")
    town.ben.joins()
    assert town.aiko.talks_with == [BEN]
    assert {one["error"]["code"] for one in town.log("/conference")} == {11205}
    assert any(one["event"] == "error" for one in town.conference["timeline"])


def test_the_log_knows_an_event_by_its_call_or_by_its_conference(town):
    sid = town.aiko.joins(**WATCHED)
    town.ben.joins()
    assert [one["params"]["StatusCallbackEvent"] for one in town.log("/conference") if one["call_sid"] == sid] == [
        "participant-join"
    ]
    of_room = [one for one in town.log("/conference") if one["call_sid"] == town.conference["sid"]]
    assert [one["params"]["StatusCallbackEvent"] for one in of_room] == ["conference-start"]


def test_in_inline_twiml_its_addresses_are_absolute(town):
    with pytest.raises(TwilioRestException, match="statusCallback of <Conference> must be absolute"):
        town.twilio.calls.create(to=BEN, from_=LINE, twiml=f"<Response>{meeting(statusCallback='/x')}</Response>")
    with pytest.raises(TwilioRestException, match="waitUrl of <Conference> must be absolute"):
        town.twilio.calls.create(to=BEN, from_=LINE, twiml=f"<Response>{meeting(waitUrl='/x')}</Response>")
