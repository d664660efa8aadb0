"""Facts of conferences and their participants in Twilio's REST API, as the official library sees them.

https://www.twilio.com/docs/voice/api/conference-resource and .../conference-participant-resource
"""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.responses import Response

from tests.network.town import LINE, WATCHED, refusal

SPEC = Path(__file__).parents[3] / "shared/specs/twilio_api_v2010.json"
TYPES = {"string": str, "boolean": bool, "object": dict, "integer": int}
AFTER = {"dial": 'action="/after"'}


@pytest.fixture
def room(town):
    """Aiko and Ben talk in a room, by the labels of a and b."""
    town.answers("/after", "<Say>You are out</Say>")
    town.answers("/left", "<Say>Three minutes left</Say>")
    town.aiko.joins(participantLabel="a", **AFTER, **WATCHED)
    town.ben.joins(participantLabel="b", **AFTER)
    return town.twilio.conferences(town.conference["sid"])


def labels(found):
    return [one.label for one in found]


def post(town, path, **form):
    """A request that the library would not make."""
    answer = town.rest("POST", f"/Conferences/{path}", data=form)
    return answer.status_code, answer.json()


# ---- conferences ----------------------------------------------------------------------------------------------------


def test_a_conference_goes_from_init_over_in_progress_to_completed(town):
    town.aiko.joins()
    (conference,) = town.twilio.conferences.list()
    seen = [conference.status]
    town.ben.joins()
    seen.append(conference.fetch().status)
    ended = conference.update(status="completed")
    assert [*seen, ended.status, ended.fetch().status] == ["init", "in-progress", "completed", "completed"]
    assert (ended.friendly_name, ended.region, ended.reason_conference_ended) == (
        "Room",
        "us1",
        "conference-ended-via-api",
    )
    assert (ended.sid, ended.call_sid_ending_conference) == (town.conference["sid"], None)


def test_who_ended_it_and_why_can_be_read_afterwards(town):
    town.aiko.joins()
    sid = town.ben.joins(endConferenceOnExit="true")
    town.ben.hangs_up()
    ended = town.twilio.conferences(town.conference["sid"]).fetch()
    assert ended.reason_conference_ended == "participant-with-end-conference-on-exit-left"
    assert ended.call_sid_ending_conference == sid


@pytest.mark.parametrize("wishes", [{"status": "completed"}, {"announce_url": "http://127.0.0.1/left"}, {}])
def test_a_conference_that_is_not_in_progress_cannot_be_updated(town, wishes):
    town.aiko.joins()
    conference = town.twilio.conferences(town.conference["sid"])
    assert refusal(conference.update, **wishes) == (400, 16099)
    town.aiko.hangs_up()
    assert refusal(conference.update, **wishes) == (400, 16099)
    assert town.log("/left") == []


@pytest.mark.parametrize(
    ("wishes", "refused"),
    [
        ({"status": "init"}, (400, 20001)),
        ({"announce_url": "left"}, (400, 21205)),
        ({"announce_url": "ftp://example.com/left.mp3"}, (400, 21205)),
        ({"announce_url": "http://127.0.0.1/x", "announce_method": "PUT"}, (400, 21209)),
    ],
)
def test_what_cannot_be_done_to_a_conference_is_refused(town, room, wishes, refused):
    assert refusal(room.update, **wishes) == refused
    town.forward(1)
    assert (town.conference["status"], town.conference["announcements"]) == ("in-progress", [])


def test_an_update_without_a_wish_changes_nothing(town, room):
    assert room.update().status == "in-progress"


@pytest.mark.parametrize("name", ["CF" + "0" * 32, "Room"])
def test_a_conference_is_found_by_its_sid_alone(town, room, name):
    assert refusal(town.twilio.conferences(name).fetch) == (404, 20404)
    assert refusal(town.twilio.conferences(name).update, status="completed") == (404, 20404)
    assert refusal(town.twilio.conferences(name).participants("a").fetch) == (404, 20404)


def test_conferences_are_listed_the_latest_first_and_filtered(town):
    for name in ("One", "Two", "One"):
        town.aiko.joins(name)
        town.aiko.hangs_up()
    town.aiko.joins("Three")
    listed = town.twilio.conferences.list
    assert [one.friendly_name for one in listed()] == ["Three", "One", "Two", "One"]
    assert [one.friendly_name for one in listed(friendly_name="One")] == ["One", "One"]
    assert [one.friendly_name for one in listed(status="init")] == ["Three"]
    assert listed(friendly_name="Two", status="in-progress") == []
    assert [one.friendly_name for one in listed(page_size=3)] == ["Three", "One", "Two", "One"]


def test_conferences_are_filtered_by_the_day(town):
    town.aiko.joins("Yesterday")
    town.aiko.hangs_up()
    town.forward(86400)
    town.aiko.joins("Today")
    listed = town.twilio.conferences.list
    today = listed()[0].date_created.date()
    yesterday = today - timedelta(days=1)
    assert [one.friendly_name for one in listed(date_created=today)] == ["Today"]
    assert [one.friendly_name for one in listed(date_created_before=yesterday)] == ["Yesterday"]
    assert [one.friendly_name for one in listed(date_updated_after=today)] == ["Today"]


def test_a_moment_is_no_day(town):
    assert town.rest("GET", "/Conferences.json?DateCreated=2026-11-21T00:00:00Z").status_code == 400


def test_recordings_of_a_conference_are_refused_by_name(town, room):
    assert refusal(room.recordings("RE" + "0" * 32).fetch) == (501, 501)


@pytest.mark.parametrize(
    ("path", "form"), [("{}.json", {"Statuss": "completed"}), ("{}/Participants/a.json", {"Mute": "true"})]
)
def test_a_parameter_that_twilio_does_not_know_is_refused_by_its_name(town, room, path, form):
    status, body = post(town, path.format(town.conference["sid"]), **form)
    assert (status, body["code"], next(iter(form)) in body["message"]) == (400, 20001, True)


# ---- participants: who is there -------------------------------------------------------------------------------------


def test_only_who_is_in_the_room_now_is_a_participant(town, room):
    assert labels(room.participants.list()) == ["a", "b"]
    town.aiko.hangs_up()
    assert labels(room.participants.list()) == ["b"]
    assert refusal(room.participants("a").fetch) == (404, 20404)
    room.update(status="completed")
    assert room.participants.list() == []
    assert refusal(room.participants("b").fetch) == (404, 20404)


def test_a_participant_is_found_by_call_or_by_label(town, room):
    sid = town.ben.seen["call_sid"]
    by_label, by_call = room.participants("b").fetch(), room.participants(sid).fetch()
    assert (by_label.call_sid, by_call.label, by_call.status) == (sid, "b", "connected")
    assert (by_call.muted, by_call.hold, by_call.coaching, by_call.call_sid_to_coach) == (False, False, False, None)
    assert (by_call.start_conference_on_enter, by_call.end_conference_on_exit) == (True, False)
    assert refusal(room.participants("c").fetch) == (404, 20404)


def test_a_label_may_have_a_space_in_it(town):
    town.aiko.joins(participantLabel="the first one")
    conference = town.twilio.conferences(town.conference["sid"])
    path = "the%20first%20one"
    assert conference.participants(path).fetch().label == "the first one"


def test_participants_are_filtered_by_what_is_done_to_them(town, room):
    room.participants("a").update(muted=True)
    room.participants("b").update(hold=True)
    listed = room.participants.list
    assert (labels(listed(muted=True)), labels(listed(muted=False))) == (["a"], ["b"])
    assert (labels(listed(hold=True)), labels(listed(coaching=True))) == (["b"], [])
    assert labels(listed(hold=False, muted=True)) == ["a"]


# ---- participants: what is done to them -----------------------------------------------------------------------------


def test_any_other_value_of_muted_means_false(town, room):
    room.participants("a").update(muted=True)
    status, body = post(town, f"{town.conference['sid']}/Participants/a.json", Muted="perhaps")
    assert (status, body["muted"]) == (200, False)


def test_the_music_of_a_hold_can_be_changed_and_needs_a_hold(town, room):
    town.answers("/hold", "<Say>One moment</Say>")
    assert refusal(room.participants("b").update, hold_url=town.at("/hold")) == (400, 20001)
    room.participants("b").update(hold=True)
    room.participants("b").update(hold_url=town.at("/hold"), hold_method="POST")
    town.forward(0)
    assert (town.ben.words, town.asked("/hold")[0].method) == (["One moment"], "POST")


@pytest.mark.parametrize("wishes", [{"coaching": True}, {"call_sid_to_coach": "CA" + "0" * 32}])
def test_nobody_can_coach_who_is_not_there(town, room, wishes):
    assert refusal(room.participants("b").update, hold=True, **wishes) == (400, 13240)
    assert not room.participants("b").fetch().hold


@pytest.mark.parametrize(
    ("wishes", "code"),
    [
        ({"hold": "perhaps"}, 20001),
        ({"hold": True, "hold_url": "music"}, 21205),
        ({"hold": True, "hold_method": "PUT"}, 21209),
        ({"announce_url": "left"}, 21205),
        ({"wait_url": "wait"}, 21205),
        ({"end_conference_on_exit": "never"}, 20001),
    ],
)
def test_what_cannot_be_done_to_a_participant_is_refused_and_all_of_it(town, room, wishes, code):
    assert refusal(room.participants("b").update, muted=True, **wishes) == (400, code)
    assert not room.participants("b").fetch().muted


def test_a_call_in_a_conference_can_be_limited_redirected_and_ended(town, room):
    call = town.twilio.calls(town.ben.seen["call_sid"])
    call.update(time_limit=60)
    call.update(twiml='<Response><Say>Just a word</Say><Pause length="600"/></Response>')
    town.forward(0)
    assert (town.ben.words, labels(room.participants.list())) == (["Just a word"], ["a"])
    town.forward(60)
    assert (town.ben.state, town.aiko.state) == ("idle", "talking")
    town.twilio.calls(town.aiko.seen["call_sid"]).update(status="completed")
    assert town.conference["status"] == "completed"


# ---- Twilio's own description ---------------------------------------------------------------------------------------


@pytest.mark.skipif(not SPEC.exists(), reason="Twilio's specification of its API is not on this machine")
def test_resources_have_exactly_the_fields_of_twilios_specification(town, room):
    schemas = json.loads(SPEC.read_text())["components"]["schemas"]
    room.participants.create(to="+819012340009", from_=LINE, label="d")
    sid = town.conference["sid"]
    for path, schema in [
        (f"/Conferences/{sid}.json", "conference"),
        (f"/Conferences/{sid}/Participants/a.json", "conference.participant"),
        (f"/Conferences/{sid}/Participants/d.json", "conference.participant"),
        (f"/Calls/{town.aiko.seen['call_sid']}.json", "call"),
    ]:
        found = town.rest("GET", path).json()
        described = schemas[f"api.v2010.account.{schema}"]["properties"]
        assert set(found) == set(described)
        for name, value in found.items():
            known = described[name]
            allowed = known.get("enum") or schemas.get(known.get("$ref", "").rsplit("/")[-1], {}).get("enum")
            assert value is None or allowed is None or value in allowed, name
            assert value is None or "type" not in known or isinstance(value, TYPES[known["type"]]), name


def test_a_conference_that_ended_while_nobody_looked_stays_readable(town):
    town.answers(
        "/voice", Response("<Response><Dial><Conference>Room</Conference></Dial></Response>", media_type="text/xml")
    )
    town.aiko.dials()
    town.aiko.hangs_up()
    (ended,) = town.twilio.conferences.list(status="completed")
    assert (ended.reason_conference_ended, ended.date_updated >= ended.date_created) == ("last-participant-left", True)
