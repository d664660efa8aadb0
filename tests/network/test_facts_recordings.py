"""Facts of the Recording resource and its file: https://www.twilio.com/docs/voice/api/recording"""

import io
import json
import os
import wave
from array import array
from pathlib import Path

import pytest
from twilio.base.exceptions import TwilioRestException

from local.network import sound
from local.network.utterances import Utterance
from tests.network.facts import long_lived_town, new_town  # noqa: F401  two fixtures

SPEC = Path(__file__).parents[3] / "shared" / "specs" / "twilio_api_v2010.json"
LETTERS = "Thirty letters are two seconds"


@pytest.fixture(autouse=True)
def without_a_program_that_speaks(monkeypatch):
    """Files are the same on every machine."""
    monkeypatch.setattr(sound, "PROGRAM", "there-is-no-such-program")


def message_left(town, **attributes):
    """Aiko has left a message; its recording, completed."""
    written = "".join(f' {name}="{value}"' for name, value in attributes.items())
    town.answers("/voice", f'<Record action="/recorded"{written}/>')
    town.aiko.dials()
    town.forward(1)
    town.aiko.says(LETTERS)
    town.forward(10)
    return town.twilio.recordings.list()[0]


def at_twilio(town, path, **settings):
    auth = (town.world.account_sid, town.world.auth_token)
    return town.http.get(f"/2010-04-01/Accounts/{town.world.account_sid}{path}", **({"auth": auth} | settings))


def samples(content):
    with wave.open(io.BytesIO(content)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
        return array("h", file.readframes(file.getnframes()))


def refusal(act):
    with pytest.raises(TwilioRestException) as refused:
        act()
    return refused.value.status, refused.value.code


def test_the_file_is_as_long_as_what_was_said(town):
    recording = message_left(town)
    answer = at_twilio(town, f"/Recordings/{recording.sid}.wav")
    assert answer.headers["content-type"] == "audio/x-wav"
    heard = samples(answer.content)
    assert (len(heard), max(heard) > 1000) == (2 * 8000, True)
    assert at_twilio(town, f"/Recordings/{recording.sid}").content == answer.content
    assert recording.media_url == f"{town.world.address}/2010-04-01/Accounts/{recording.account_sid}/Recordings/" + (
        recording.sid
    )


def test_silence_that_is_not_trimmed_can_be_heard(town):
    recording = message_left(town, trim="do-not-trim", timeout="4")
    heard = samples(at_twilio(town, f"/Recordings/{recording.sid}.wav").content)
    assert (len(heard), any(heard[:8000]), any(heard[8000:24000]), any(heard[24000:])) == (56000, False, True, False)


def test_an_mp3_is_not_built_and_says_so(town):
    answer = at_twilio(town, f"/Recordings/{message_left(town).sid}.mp3")
    assert (answer.status_code, "does not build it yet" in answer.json()["message"]) == (501, True)


def test_strangers_hear_nothing(town):
    recording = message_left(town)
    assert at_twilio(town, f"/Recordings/{recording.sid}.wav", auth=None).status_code == 401
    assert at_twilio(town, f"/Recordings/{recording.sid}", auth=("AC", "wrong")).status_code == 401


def test_before_it_is_ready_there_is_no_file(town):
    town.answers("/voice", '<Record action="/recorded"/>')
    town.answers("/recorded", "<Pause length='60'/>")
    town.aiko.dials()
    town.aiko.says(LETTERS)
    town.forward(2)
    town.aiko.presses("1")
    sid = town.asked("/recorded")[0]["RecordingSid"]
    assert at_twilio(town, f"/Recordings/{sid}.wav").status_code == 404
    town.forward(2)
    assert at_twilio(town, f"/Recordings/{sid}.wav").status_code == 200


def test_a_file_that_is_late_on_purpose_is_not_there_so_many_times(town):
    recording = message_left(town)
    town.goes_wrong(recording_not_ready={"match": recording.sid, "times": 2})
    reads = [at_twilio(town, f"/Recordings/{recording.sid}").status_code for _ in range(3)]
    assert (reads, recording.fetch().status) == ([404, 404, 200], "completed")


def test_recordings_are_listed_the_latest_first_and_by_call(town):
    first, second = message_left(town), message_left(town)
    assert [one.sid for one in town.twilio.recordings.list()] == [second.sid, first.sid]
    assert [one.sid for one in town.twilio.recordings.list(call_sid=first.call_sid)] == [first.sid]
    assert [one.sid for one in town.twilio.calls(second.call_sid).recordings.list()] == [second.sid]
    assert town.twilio.calls(second.call_sid).recordings(second.sid).fetch().duration == "2"
    assert refusal(town.twilio.calls(second.call_sid).recordings(first.sid).fetch) == (404, 20404)


def test_what_is_deleted_is_gone_with_its_file(town):
    recording = message_left(town)
    assert recording.delete()
    assert refusal(recording.fetch) == (404, 20404)
    assert refusal(recording.delete) == (404, 20404)
    assert at_twilio(town, f"/Recordings/{recording.sid}.wav").status_code == 404


def test_what_is_in_progress_cannot_be_deleted_and_what_is_processed_can(town):
    town.answers("/voice", '<Record action="/recorded" recordingStatusCallback="/file"/>')
    town.aiko.dials()
    town.aiko.says(LETTERS)
    (recording,) = town.twilio.recordings.list()
    assert refusal(recording.delete) == (400, 20409)
    town.forward(1)
    town.aiko.hangs_up()
    assert recording.delete()
    town.forward(5)
    assert town.asked("/file") == []


def test_what_is_not_built_yet_says_so_by_name(town):
    recording = message_left(town)
    assert refusal(town.twilio.calls(recording.call_sid).recordings.create) == (501, 501)
    for path in (f"/Recordings/{recording.sid}/Transcriptions.json", "/Recordings.json?IncludeSoftDeleted=true"):
        answer = at_twilio(town, path)
        assert (answer.status_code, "does not build it yet" in answer.json()["message"]) == (501, True)


def test_the_control_api_shows_the_words_and_plays_them(town):
    recording = message_left(town)
    (seen,) = town.get("/recordings")["recordings"]
    assert (seen["sid"], seen["call_sid"], seen["number"]) == (recording.sid, recording.call_sid, town.aiko.number)
    assert (seen["status"], seen["seconds"]) == ("completed", 2.0)
    assert seen["words"] == [{"second": 0.0, "text": LETTERS, "from": town.aiko.number}]
    assert len(samples(town.http.get(f"/recordings/{recording.sid}.wav").content)) == 16000
    assert town.http.get("/recordings/RE0.wav").status_code == 404
    town.ask("DELETE", "/world")
    assert town.get("/recordings")["recordings"] == []


@pytest.mark.skipif(not SPEC.exists(), reason="Twilio's description of its API is not here")
def test_the_resources_have_exactly_twilios_fields(town):
    schemas = json.loads(SPEC.read_text())["components"]["schemas"]
    recording = message_left(town)
    for path, schema in (
        (f"/Recordings/{recording.sid}.json", "api.v2010.account.recording"),
        (f"/Calls/{recording.call_sid}/Recordings/{recording.sid}.json", "api.v2010.account.call.call_recording"),
    ):
        assert set(at_twilio(town, path).json()) == set(schemas[schema]["properties"])


# ---- how it sounds ---------------------------------------------------------------------------------------------------


def test_each_letter_is_a_tone_and_a_space_is_silent():
    heard = samples(sound.wav([[Utterance(10, 3, "a b")]], 10, 3))
    assert [any(heard[second * 8000 : (second + 1) * 8000]) for second in range(3)] == [True, False, True]


def test_a_program_that_speaks_is_used_and_fitted_to_the_time(tmp_path, monkeypatch):
    program = tmp_path / "speaks"
    program.write_text(
        "#!/usr/bin/env python3\n"
        "import sys, wave\n"
        "assert sys.stdin.read() == 'Hello'\n"
        "with wave.open(sys.argv[sys.argv.index('-w') + 1], 'wb') as file:\n"
        "    file.setnchannels(1), file.setsampwidth(2), file.setframerate(22050)\n"
        "    file.writeframes(b'\\x00\\x10' * 22050)\n"
    )
    program.chmod(0o755)
    monkeypatch.setattr(sound, "PROGRAM", "speaks")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert set(samples(sound.wav([[Utterance(0, 2, "Hello")]], 0, 2))) == {4096}


@pytest.mark.parametrize("does", ["exit 1", "exit 0", 'printf nonsense > "$4"'])
def test_a_program_that_fails_leaves_the_tones(tmp_path, monkeypatch, does):
    program = tmp_path / "fails"
    program.write_text(f"#!/bin/sh\n{does}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sound, "PROGRAM", "fails")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert any(samples(sound.wav([[Utterance(0, 1, "Hello")]], 0, 1)))
