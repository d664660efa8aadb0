"""Facts of waiting for a conference: https://www.twilio.com/docs/voice/twiml/conference#attributes-waiturl"""

import pytest
from starlette.responses import Response

from tests.network.town import BEN, STANDARD


def hears(town):
    return [one["hears"] for one in town.conference["participants"]]


def test_whoever_waits_hears_the_music_of_twilio_until_it_starts(town):
    town.aiko.joins()
    town.forward(100)
    assert ([item["kind"] for item in town.aiko.heard], hears(town)) == (["music"], ["wait"])
    assert not town.aiko.heard[0]["cut"]
    town.ben.joins()
    assert (town.aiko.heard[0]["cut"], town.ben.heard, hears(town)) == (True, [], ["room", "room"])


def test_music_of_twilio_that_is_named_is_not_fetched(town):
    music = "http://twimlets.com/holdmusic?Bucket=com.twilio.music.rock"
    town.aiko.joins(waitUrl=music)
    assert (town.aiko.sounds, len(town.log())) == ([f"music {music}"], 1)


def test_an_empty_address_is_silence(town):
    town.aiko.joins(waitUrl="")
    town.forward(10)
    assert (town.aiko.heard, hears(town), len(town.log())) == ([], ["nothing"], 1)


def test_the_document_runs_once_and_then_there_is_silence(town):
    town.answers("/wait", "<Say>Please wait</Say><Pause length='2'/><Say>A little longer</Say>")
    town.aiko.joins(waitUrl="/wait")
    town.forward(60)
    assert [(item["text"], item["second"]) for item in town.aiko.heard] == [("Please wait", 0), ("A little longer", 3)]
    assert (hears(town), len(town.asked("/wait"))) == (["nothing"], 1)


def test_an_empty_redirect_repeats_it(town):
    town.answers("/wait", "<Say>Please wait</Say><Pause length='9'/><Redirect/>")
    town.aiko.joins(waitUrl="/wait")
    town.forward(25)
    assert (town.aiko.words, len(town.asked("/wait"))) == (["Please wait"] * 3, 3)


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_it_is_asked_for_by_the_wait_method_with_the_parameters_of_the_call(town, method):
    town.answers("/wait", "<Say>Please wait</Say>")
    sid = town.aiko.joins(waitUrl="/wait", waitMethod=method)
    (asked,) = town.asked("/wait")
    assert (asked.method, asked["CallSid"], set(asked.params)) == (method, sid, STANDARD)


def test_it_is_a_post_unless_it_is_said_otherwise(town):
    town.answers("/wait", "<Say>Please wait</Say>")
    town.aiko.joins(waitUrl="/wait")
    assert town.asked("/wait")[0].method == "POST"


def test_it_may_be_an_audio_file(town):
    town.answers("/ring", Response(b"\xff\xfb\x90\x00" + bytes(16000 * 3 - 4), media_type="audio/mpeg"))
    town.aiko.joins(waitUrl="/ring", waitMethod="GET")
    assert town.aiko.sounds == [f"play {town.at('/ring')}"]
    town.forward(4)
    assert hears(town) == ["nothing"]


def test_it_is_broken_off_when_the_conference_starts(town):
    town.answers("/wait", "<Say>Please wait until somebody else joins</Say><Redirect/>")
    town.aiko.joins(waitUrl="/wait")
    town.forward(1)
    town.ben.joins(waitUrl="/wait")
    town.forward(30)
    assert town.aiko.sounds == ["say Please wait until somebody else joins …"]
    assert (town.ben.heard, len(town.asked("/wait"))) == ([], 1)


def test_everybody_waits_for_somebody_who_may_start_it(town):
    town.answers("/wait", "<Say>Please wait</Say>")
    town.aiko.joins(waitUrl="/wait", startConferenceOnEnter="false")
    town.ben.joins(waitUrl="/wait", startConferenceOnEnter="false")
    assert (town.aiko.words, town.ben.words) == (["Please wait"], ["Please wait"])


@pytest.mark.parametrize("verb", ["<Gather/>", f"<Dial>{BEN}</Dial>", "<Hangup/>", "<Reject/>"])
def test_a_verb_that_cannot_be_played_is_refused(town, verb):
    town.answers("/wait", "<Say>Please wait</Say>" + verb)
    sid = town.aiko.joins(waitUrl="/wait", after="<Say>Sorry</Say>")
    assert town.log("/wait")[0]["error"]["code"] == 13238
    assert any(one["detail"].startswith("13238") for one in town.call(sid)["timeline"])
    assert town.aiko.words == ["Sorry"]


def test_where_it_cannot_be_had_there_is_no_conference_and_the_call_goes_on_with_the_next_verb(town):
    town.answers("/wait", Response(status_code=500))
    town.aiko.joins(waitUrl="/wait", after="<Say>Sorry</Say>")
    assert (town.aiko.words, town.conference["status"]) == (["Sorry"], "completed")
    assert town.conference["participants"][0]["reason_left"] == "participant_add_failed"


def test_where_it_cannot_be_had_the_action_hears_of_it(town):
    town.answers("/wait", Response(status_code=404))
    town.answers("/after", "<Say>Sorry</Say>")
    town.aiko.joins(waitUrl="/wait", dial='action="/after"')
    assert (town.aiko.words, town.asked("/after")[0]["DialCallStatus"]) == (["Sorry"], "failed")


def test_a_document_that_leads_to_itself_without_end_does_not_stop_the_clock(town):
    town.answers("/wait", "<Redirect/>")
    town.aiko.joins(waitUrl="/wait", after="<Say>Sorry</Say>")
    town.forward(5)
    assert town.aiko.words == ["Sorry"]
