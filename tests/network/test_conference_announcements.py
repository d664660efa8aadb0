"""Facts of announcements into a conference: https://www.twilio.com/docs/voice/api/conference-resource"""

import pytest
from starlette.responses import Response

from tests.network.town import STANDARD, WATCHED, meeting

LEFT = "Three minutes left"  # which takes 1.2 seconds to say


@pytest.fixture
def sid(town):
    """The SID of Aiko's call, who is in the room with Ben."""
    town.answers("/left", f"<Say>{LEFT}</Say>")
    sid = town.aiko.joins(**WATCHED)
    town.ben.joins(dial='action="/after" hangupOnStar="true"')
    return sid


def announces(town, path="/left", to=None, **more):
    """The application has this said to the room, or to one participant."""
    conference = town.twilio.conferences(town.conference["sid"])
    (conference.participants(to) if to else conference).update(announce_url=town.at(path), **more)
    town.forward(0)


def told(town):
    """What the application was told of announcements."""
    return [one for one in town.asked("/conference") if one["StatusCallbackEvent"].startswith("announcement")]


# ---- who hears it, and when -----------------------------------------------------------------------------------------


def test_everybody_in_the_room_hears_an_announcement_at_the_same_second(town, sid):
    town.forward(30)
    announces(town)
    assert (town.aiko.sounds[-1], town.ben.sounds) == (f"say {LEFT}", [f"say {LEFT}"])
    assert (town.aiko.heard[-1]["second"], town.aiko.heard[-1]["at"]) == (30, town.ben.heard[-1]["at"])
    assert [one["hears"] for one in town.conference["participants"]] == ["announcement", "announcement"]
    town.forward(2)
    assert not town.aiko.heard[-1]["cut"]
    assert [one["hears"] for one in town.conference["participants"]] == ["room", "room"]


def test_they_go_on_talking_meanwhile(town, sid):
    announces(town)
    town.ben.says("Already?")
    assert (town.aiko.words, len(town.aiko.talks_with)) == ([LEFT, "Already?"], 1)


def test_one_participant_alone_hears_what_is_told_to_that_one(town, sid):
    announces(town, to=sid)
    assert (town.aiko.words, town.ben.words) == ([LEFT], [])
    assert [one["hears"] for one in town.conference["participants"]] == ["announcement", "room"]


def test_it_is_heard_from_the_moment_that_the_document_is_there(town, sid):
    town.goes_wrong(delay={"match": "/left", "seconds": 3})
    announces(town)
    assert town.conference["announcements"][0]["status"] == "waiting"
    town.forward(2.9)
    assert town.aiko.words == []
    town.forward(0.2)
    assert town.aiko.heard[-1]["second"] == 3


def test_several_at_once_are_heard_one_after_the_other(town, sid):
    town.answers("/two", "<Say>Two minutes left</Say>")
    announces(town)
    announces(town, "/two")
    town.forward(9)
    assert [(item["text"], item["second"]) for item in town.ben.heard] == [(LEFT, 0), ("Two minutes left", 1.2)]
    assert [one["status"] for one in town.conference["announcements"]] == ["ended", "ended"]


def test_their_order_is_that_in_which_they_were_asked_for_and_not_that_of_their_documents(town, sid):
    town.answers("/two", "<Say>Two minutes left</Say>")
    town.goes_wrong(delay={"match": "/left", "seconds": 5})
    announces(town)
    announces(town, "/two")
    town.forward(9)
    assert town.ben.words == [LEFT, "Two minutes left"]


def test_what_the_room_is_told_does_not_wait_for_what_one_participant_is_told(town, sid):
    town.answers("/two", "<Say>Two minutes left</Say>")
    announces(town, to=sid)
    announces(town, "/two")
    assert (town.aiko.words, town.ben.words) == ([LEFT, "Two minutes left"], ["Two minutes left"])


def test_whoever_comes_in_the_middle_hears_the_rest(town, sid):
    town.answers("/long", "<Say>" + "x" * 150 + "</Say>")
    announces(town, "/long")
    town.forward(4)
    town.carla.joins()
    assert (town.carla.words, town.carla.heard[0]["second"]) == (["x" * 150], 0)
    town.forward(7)
    assert len(town.carla.words) == 1


def test_it_is_broken_off_for_whoever_leaves_and_goes_on_for_the_others(town, sid):
    town.answers("/after", "<Say>Extended</Say>")
    announces(town)
    town.forward(0.5)
    town.ben.presses("*")
    town.forward(5)
    assert (town.ben.sounds, town.aiko.sounds[1:]) == ([f"say {LEFT} …", "say Extended"], [f"say {LEFT}", "tone *"])
    assert town.conference["announcements"][0]["status"] == "ended"


def test_it_is_broken_off_when_the_conference_ends(town, sid):
    announces(town)
    town.forward(0.5)
    town.twilio.conferences(town.conference["sid"]).update(status="completed")
    town.forward(9)
    assert town.aiko.sounds[-1] == f"say {LEFT} …"
    announcement = town.conference["announcements"][0]
    assert (announcement["status"], announcement["seconds"]) == ("cut", 0.5)
    assert (told(town), town.events()[-1]) == ([], "conference-end")


def test_one_whose_turn_never_came_was_not_heard(town, sid):
    announces(town)
    announces(town)
    town.ben.hangs_up()
    town.aiko.hangs_up()
    town.forward(9)
    assert [(one["status"], one["text"]) for one in town.conference["announcements"]] == [("cut", LEFT), ("cut", "")]


def test_somebody_left_alone_can_still_be_told(town, sid):
    town.ben.hangs_up()
    announces(town)
    assert town.aiko.words == [LEFT]


# ---- what may be announced ------------------------------------------------------------------------------------------


def test_it_may_say_play_pause_and_lead_elsewhere(town, sid):
    town.answers("/all", "<Say>One</Say><Pause length='2'/><Redirect>/more</Redirect><Say>Never</Say>")
    town.answers("/more", "<Play>/gong</Play>")
    town.answers("/gong", Response(bytes(2 * 8000), media_type="audio/ulaw"))
    announces(town, "/all")
    town.forward(20)
    gong = town.at("/gong")
    assert [(item["text"], item["second"]) for item in town.ben.heard] == [("One", 0), (gong, 3)]
    announcement = town.conference["announcements"][0]
    assert (announcement["text"], announcement["seconds"], announcement["url"]) == (f"One {gong}", 5, town.at("/all"))


def test_it_may_be_an_audio_file(town, sid):
    town.answers("/gong", Response(bytes(2 * 8000), media_type="audio/ulaw"))
    announces(town, "/gong", announce_method="GET")
    assert (town.ben.sounds, town.asked("/gong")[0].method) == ([f"play {town.at('/gong')}"], "GET")


@pytest.mark.parametrize("verb", ["<Gather/>", meeting(), "<Hangup/>", "<Record/>"])
def test_nothing_else_may_stand_in_it(town, sid, verb):
    town.answers("/bad", "<Say>Before</Say>" + verb)
    announces(town, "/bad")
    assert (town.ben.words, town.conference["announcements"][0]["status"]) == ([], "failed")
    assert [one["StatusCallbackEvent"] for one in told(town)] == ["announcement-fail"]
    assert town.log("/bad")[0]["error"]["code"] == 13238


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_for_the_room_it_is_asked_for_with_what_is_known_of_the_conference(town, sid, method):
    announces(town, announce_method=method)
    (asked,) = town.asked("/left")
    assert asked.method == method
    assert set(asked.params) == {"ConferenceSid", "FriendlyName", "AccountSid"}
    assert asked["ConferenceSid"] == town.conference["sid"]


def test_for_one_participant_it_is_asked_for_with_the_parameters_of_the_call_too(town, sid):
    announces(town, to=sid)
    (asked,) = town.asked("/left")
    assert (asked["CallSid"], set(asked.params)) == (sid, STANDARD | {"ConferenceSid", "FriendlyName"})


# ---- what is told of it ---------------------------------------------------------------------------------------------


def test_its_end_is_told(town, sid):
    announces(town)
    town.forward(1.1)
    assert told(town) == []
    town.forward(0.2)
    (end,) = told(town)
    assert (end["StatusCallbackEvent"], end["AnnounceUrl"]) == ("announcement-end", town.at("/left"))
    assert "CallSid" not in end.params
    assert "ReasonAnnouncementFailed" not in end.params


def test_of_one_for_a_participant_it_is_told_whose_it_was(town, sid):
    announces(town, to=sid)
    town.forward(2)
    (end,) = told(town)
    assert (end["CallSid"], end["Muted"], end["StartConferenceOnEnter"]) == (sid, "false", "true")


def test_of_one_who_has_left_meanwhile_nothing_is_told_but_that_it_ended(town, sid):
    announces(town, to=sid)
    town.aiko.hangs_up()
    town.forward(2)
    (end,) = told(town)
    assert (end["StatusCallbackEvent"], "CallSid" in end.params) == ("announcement-end", False)
    assert town.aiko.sounds[-1] == f"say {LEFT} …"
    assert town.conference["announcements"][0]["status"] == "cut"


@pytest.mark.parametrize("answer", [Response(status_code=500), Response("<Nonsense", media_type="text/xml")])
def test_one_that_cannot_be_had_fails_and_that_is_told(town, sid, answer):
    town.answers("/left", answer)
    announces(town)
    (fail,) = told(town)
    assert (fail["StatusCallbackEvent"], fail["AnnounceUrl"]) == ("announcement-fail", town.at("/left"))
    assert fail["ReasonAnnouncementFailed"]
    assert (town.conference["announcements"][0]["status"], town.aiko.words) == ("failed", [])


def test_the_one_after_a_failed_one_is_heard(town, sid):
    town.answers("/gone", Response(status_code=404))
    announces(town, "/gone")
    announces(town)
    assert town.aiko.words == [LEFT]
