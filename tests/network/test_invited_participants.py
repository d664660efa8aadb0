"""Facts of participants whom REST calls straight into a conference.

https://www.twilio.com/docs/voice/api/conference-participant-resource#create-a-participant
"""

import pytest

from tests.network.town import ALL_EVENTS, BEN, CARLA, LINE, MEETING_EVENTS, OTHER_LINE, refusal


def invites(town, to=BEN, name="Room", **wishes):
    """Somebody is called into this room, and the telephone rings."""
    participant = town.twilio.conferences(name).participants.create(to=to, from_=LINE, **wishes)
    town.forward(1)
    return participant


def telling(town, events=MEETING_EVENTS):
    return {
        "conference_status_callback": town.at("/conference"),
        "conference_status_callback_event": events.split() if events else None,
    }


# ---- from the queue into the room -----------------------------------------------------------------------------------


def test_a_name_makes_the_conference_and_whoever_answers_is_in_it(town):
    made = town.twilio.conferences("Room").participants.create(to=BEN, from_=LINE, label="b")
    (conference,) = town.twilio.conferences.list()
    assert (made.conference_sid, made.label, made.status, made.queue_time) == (conference.sid, "b", "queued", "0")
    assert (conference.friendly_name, conference.status) == ("Room", "init")
    town.forward(0)
    listed = town.twilio.conferences(conference.sid).participants
    seen = [listed("b").fetch().status]
    town.ben.answers()
    seen.append(listed(made.call_sid).fetch().status)
    assert (seen, town.ben.seen["shows"]) == (["ringing", "connected"], LINE)
    town.aiko.joins()
    assert (town.aiko.talks_with, town.conference["sid"]) == ([BEN], conference.sid)


def test_two_who_are_called_meet(town):
    invites(town, BEN)
    invites(town, CARLA)
    town.ben.answers()
    town.carla.answers()
    assert (town.ben.talks_with, town.carla.talks_with) == ([CARLA], [BEN])
    assert len(town.conferences()) == 1


def test_somebody_is_called_into_a_conference_by_its_sid(town):
    town.aiko.joins()
    invites(town, name=town.conference["sid"])
    town.ben.answers()
    assert town.aiko.talks_with == [BEN]


def test_nobody_is_called_into_a_conference_that_is_over_and_its_name_makes_a_new_one(town):
    town.aiko.joins()
    town.aiko.hangs_up()
    sid = town.conference["sid"]
    participants = town.twilio.conferences(sid).participants
    assert refusal(participants.create, to=BEN, from_=LINE) == (400, 16099)
    assert invites(town).conference_sid != sid
    assert refusal(town.twilio.conferences("CF" + "0" * 32).participants.create, to=BEN, from_=LINE) == (404, 20404)


def test_they_wait_in_the_queue_like_every_call(town):
    made = [town.twilio.conferences("Room").participants.create(to=to, from_=LINE) for to in (BEN, CARLA)]
    assert [one.queue_time for one in made] == ["0", "1000"]
    town.forward(0.5)
    assert (town.ben.state, town.carla.state) == ("ringing", "idle")
    town.forward(0.6)
    assert town.carla.state == "ringing"


def test_the_others_hear_it_ring_unless_that_is_not_wished(town):
    town.aiko.joins()
    town.dora.joins()
    before = town.aiko.sounds
    invites(town, CARLA, early_media=False)
    assert town.aiko.sounds == before
    invites(town, BEN)
    assert town.aiko.sounds == [*before, "ring "]


def test_the_leg_has_no_dial_so_star_does_nothing_and_its_end_is_the_end_of_the_call(town):
    town.aiko.joins()
    made = invites(town, label="b")
    town.ben.answers()
    town.ben.presses("*")
    assert town.ben.talks_with == [town.aiko.number]
    town.twilio.conferences(made.conference_sid).participants("b").delete()
    town.forward(0)
    assert (town.ben.state, town.call(made.call_sid)["status"]) == ("idle", "completed")


def test_with_the_conference_the_call_ends(town):
    invites(town)
    town.ben.answers()
    town.aiko.joins(dial='action="/after"')
    town.answers("/after", '<Say>Out</Say><Pause length="60"/>')
    town.twilio.conferences(town.conference["sid"]).update(status="completed")
    town.forward(0)
    assert (town.ben.state, town.aiko.words) == ("idle", ["Out"])


def test_a_called_leg_can_be_given_twiml_and_has_a_life_of_its_own(town):
    town.aiko.joins()
    made = invites(town)
    town.ben.answers()
    town.twilio.calls(made.call_sid).update(twiml='<Response><Say>Hello</Say><Pause length="60"/></Response>')
    town.forward(0)
    assert (town.ben.words, town.aiko.talks_with, town.ben.state) == (["Hello"], [], "talking")


# ---- those who never come -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("behaviour", "status"), [("busy", "busy"), ("never", "no-answer"), ("by hand", "no-answer")])
def test_who_does_not_answer_has_left_without_having_been_there(town, behaviour, status):
    town.ben.behaves(behaviour)
    town.aiko.joins(statusCallback="/conference", statusCallbackEvent=MEETING_EVENTS)
    made = invites(town, label="b", timeout=5)
    town.forward(15)
    (left,) = town.told("participant-leave")
    assert (left["ParticipantCallStatus"], left["ReasonParticipantLeft"]) == (status, "participant_add_failed")
    assert (left["CallSid"], left["ParticipantLabel"]) == (made.call_sid, "b")
    assert len(town.told("participant-join")) == 1
    assert [one.call_sid for one in town.twilio.conferences(made.conference_sid).participants.list()] == [
        town.aiko.seen["call_sid"]
    ]


def test_a_conference_to_which_nobody_comes_ends(town):
    invites(town, **telling(town))
    town.ben.rejects()
    assert town.events() == ["participant-leave", "conference-end"]
    assert town.twilio.conferences.list()[0].reason_conference_ended == "last-participant-left"


def test_who_is_removed_while_it_rings_is_called_no_longer(town):
    town.aiko.joins()
    made = invites(town, label="b")
    town.twilio.conferences(made.conference_sid).participants("b").delete()
    assert (town.ben.state, town.call(made.call_sid)["status"]) == ("idle", "canceled")
    assert town.conference["status"] == "init"


def test_who_is_removed_in_the_queue_is_never_called(town):
    invites(town, CARLA)
    made = town.twilio.conferences("Room").participants.create(to=BEN, from_=LINE)
    town.twilio.conferences("Room").participants.create(to=BEN, from_=LINE)
    town.twilio.conferences(made.conference_sid).participants(made.call_sid).delete()
    town.forward(0)
    assert town.ben.state == "idle"
    town.forward(3)
    assert town.ben.state == "ringing"


def test_who_cancels_the_call_has_failed_to_add_the_participant(town):
    made = invites(town, **telling(town))
    town.twilio.calls(made.call_sid).update(status="canceled")
    town.forward(0)
    (left,) = town.told("participant-leave")
    assert (left["ParticipantCallStatus"], left["ReasonParticipantLeft"]) == ("canceled", "participant_add_failed")


def test_when_the_conference_ends_nobody_is_called_into_it_any_more(town):
    town.aiko.joins(endConferenceOnExit="true", statusCallback="/conference", statusCallbackEvent=MEETING_EVENTS)
    invites(town)
    town.aiko.hangs_up()
    assert (town.ben.state, town.events()[-1]) == ("idle", "conference-end")
    assert town.told("participant-leave")[-1]["ReasonParticipantLeft"] == "moderator_ended_conference"


def test_while_somebody_is_called_the_conference_does_not_end_for_want_of_participants(town):
    town.aiko.joins()
    invites(town)
    town.aiko.hangs_up()
    assert (town.conference["status"], town.ben.state) == ("init", "ringing")
    town.ben.answers()
    town.carla.joins()
    assert town.carla.talks_with == [BEN]


def test_for_whom_there_is_no_place_the_call_ends(town):
    invites(town, CARLA)
    town.carla.answers()
    town.aiko.joins()
    made = invites(town, max_participants=2)
    town.ben.answers()
    assert (town.ben.state, town.aiko.talks_with) == ("idle", [CARLA])
    assert any(entry["detail"].startswith("16020") for entry in town.call(made.call_sid)["timeline"])


def test_who_is_only_being_called_cannot_be_changed(town):
    made = invites(town)
    participant = town.twilio.conferences(made.conference_sid).participants(made.call_sid)
    assert refusal(participant.update, muted=True) == (400, 21220)


# ---- on what terms --------------------------------------------------------------------------------------------------


def test_terms_are_those_of_a_dial(town):
    wishes = {"label": "b", "muted": True, "start_conference_on_enter": False, "end_conference_on_exit": True}
    made = invites(town, **wishes)
    assert (made.muted, made.start_conference_on_enter, made.end_conference_on_exit) == (True, False, True)
    town.ben.answers()
    town.aiko.joins(startConferenceOnEnter="false")
    assert town.conference["status"] == "init"
    town.carla.joins()
    town.ben.says("Hello")
    assert (town.aiko.words, town.conference["status"]) == ([], "in-progress")
    town.ben.hangs_up()
    assert town.conference["status"] == "completed"


@pytest.mark.parametrize(("wishes", "heard"), [({}, ["beep enter"]), ({"beep": "onExit"}, []), ({"beep": "false"}, [])])
def test_the_others_hear_a_beep_by_default(town, wishes, heard):
    town.aiko.joins()
    town.dora.joins()
    before = town.aiko.sounds
    invites(town, early_media=False, **wishes)
    town.ben.answers()
    assert town.aiko.sounds[len(before) :] == heard


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_whoever_waits_hears_what_was_wished_for(town, method):
    town.answers("/wait", "<Say>Please wait</Say>")
    invites(town, wait_url=town.at("/wait"), wait_method=method)
    town.ben.answers()
    assert (town.ben.words, [asked.method for asked in town.asked("/wait")]) == (["Please wait"], [method])


@pytest.mark.parametrize(("wishes", "heard"), [({}, ["music"]), ({"wait_url": ""}, [])])
def test_by_default_it_is_music_and_with_an_empty_address_silence(town, wishes, heard):
    invites(town, **wishes)
    town.ben.answers()
    assert [item["kind"] for item in town.ben.heard] == heard


def test_by_default_start_and_end_of_the_conference_are_told(town):
    invites(town, **telling(town, events=""))
    town.ben.answers()
    town.aiko.joins()
    town.ben.hangs_up()
    town.aiko.hangs_up()
    assert town.events() == ["conference-start", "conference-end"]


def test_whoever_made_the_conference_settles_who_is_told(town):
    invites(town, BEN, **telling(town, "join"))
    invites(town, CARLA, conference_status_callback=town.at("/other"))
    town.ben.answers()
    town.carla.answers()
    assert (town.events(), town.asked("/other")) == (["participant-join"] * 2, [])


def test_events_may_stand_in_one_parameter(town):
    form = {"To": BEN, "From": LINE, "ConferenceStatusCallback": town.at("/conference")}
    form |= {"ConferenceStatusCallbackEvent": "start join", "ConferenceStatusCallbackMethod": "GET"}
    assert town.rest("POST", "/Conferences/Room/Participants.json", data=form).status_code == 201
    town.forward(0)
    town.ben.answers()
    assert (town.events(), town.asked("/conference")[0].method) == (["participant-join"], "GET")


def test_the_progress_of_the_call_is_told_as_of_any_call(town):
    made = invites(town, status_callback=town.at("/status"), status_callback_event=ALL_EVENTS.split())
    town.ben.answers()
    town.ben.hangs_up()
    assert town.statuses() == ["initiated", "ringing", "in-progress", "completed"]
    assert {asked["CallSid"] for asked in town.asked("/status")} == {made.call_sid}
    assert town.asked("/status")[0]["Direction"] == "outbound-api"


def test_it_rings_for_as_long_as_was_wished_and_talks_no_longer_than_was_wished(town):
    made = invites(town, timeout=10, time_limit=60)
    town.forward(13)
    assert town.ben.state == "ringing"
    town.ben.answers()
    town.forward(61)
    assert (town.ben.state, town.twilio.calls(made.call_sid).fetch().duration) == ("idle", "60")


def test_another_number_of_the_account_can_be_shown(town):
    town.has_line(OTHER_LINE)
    invites(town, caller_id=OTHER_LINE)
    assert town.ben.seen["shows"] == OTHER_LINE


def test_who_answers_is_found_out_in_the_background(town):
    town.ben.behaves("machine", greeting="You have reached Ben, who cannot come to the telephone just now.")
    made = invites(town, machine_detection="Enable", amd_status_callback=town.at("/who"))
    assert [one["status"] for one in town.conference["participants"]] == ["connected"]
    town.forward(3)
    (verdict,) = town.asked("/who")
    assert (verdict["CallSid"], verdict["AnsweredBy"]) == (made.call_sid, "machine_start")


def test_a_coach_is_called_into_a_running_conference(town):
    aiko = town.aiko.joins()
    town.ben.joins()
    made = invites(town, CARLA, call_sid_to_coach=aiko)
    assert (made.coaching, made.call_sid_to_coach) == (True, aiko)
    town.carla.answers()
    town.carla.says("Say yes")
    assert (town.aiko.words, town.ben.words) == (["Say yes"], [])


@pytest.mark.parametrize(
    ("wishes", "code"),
    [
        ({"label": "a"}, 16026),
        ({"label": "ringing"}, 16026),
        ({"label": "CA" + "0" * 32}, 16024),
        ({"label": "x" * 129}, 16024),
        ({"label": "a/b"}, 16024),
        ({"coaching": True}, 13240),
        ({"call_sid_to_coach": "CA" + "0" * 32}, 13240),
        ({"beep": "loud"}, 20001),
        ({"max_participants": 1}, 20001),
        ({"max_participants": 251}, 20001),
        ({"region": "moon"}, 20001),
        ({"jitter_buffer_size": "huge"}, 20001),
        ({"start_conference_on_enter": "perhaps"}, 20001),
        ({"wait_url": "wait"}, 21205),
        ({"wait_method": "PUT"}, 21209),
        ({"conference_status_callback": "nowhere"}, 21205),
        ({"conference_status_callback_event": ["begun"]}, 21626),
        ({"status_callback_event": ["begun"]}, 21626),
        ({"status_callback": "nowhere"}, 21609),
        ({"time_limit": 0}, 20001),
        ({"timeout": "long"}, 20001),
        ({"machine_detection": "On"}, 21234),
        ({"caller_id": CARLA}, 21210),
        ({"to": "12"}, 21211),
        ({"from_": CARLA}, 21210),
    ],
)
def test_what_cannot_be_is_refused_and_nobody_is_called(town, wishes, code):
    town.aiko.joins(participantLabel="a")
    invites(town, CARLA, label="ringing")
    participants = town.twilio.conferences("Room").participants
    assert refusal(participants.create, **({"to": BEN, "from_": LINE} | wishes)) == (400, code)
    town.forward(5)
    assert town.ben.state == "idle"


def test_a_refused_participant_makes_no_conference(town):
    assert refusal(town.twilio.conferences("Room").participants.create, to=BEN, from_=LINE, coaching=True) == (
        400,
        13240,
    )
    assert town.twilio.conferences.list() == []


def test_the_name_of_a_conference_has_a_limit(town):
    assert refusal(town.twilio.conferences("x" * 129).participants.create, to=BEN, from_=LINE) == (400, 20001)
    assert invites(town, name="x" * 128).status == "queued"


@pytest.mark.parametrize(
    "wishes", [{"record": True}, {"conference_record": "true"}, {"byoc": "BY" + "0" * 32}, {"call_token": "x"}]
)
def test_what_is_not_built_yet_says_so_by_name(town, wishes):
    assert refusal(town.twilio.conferences("Room").participants.create, to=BEN, from_=LINE, **wishes) == (501, 501)


def test_what_asks_for_no_recording_is_no_wish(town):
    assert invites(town, record=False, conference_record="do-not-record").status == "queued"
