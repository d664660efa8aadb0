"""Facts of the Recording resource and its file: https://www.twilio.com/docs/voice/api/recording"""

import io
import json
import sys
import wave
from array import array
from datetime import datetime
from pathlib import Path

import pytest

from local.network.phones.utterances import Utterance
from local.network.recordings import programs, sound
from tests.network.town import LINE, refusal

SPEC = Path(__file__).parents[3] / "shared" / "specs" / "twilio_api_v2010.json"
LETTERS = "Thirty letters are two seconds"


@pytest.fixture(autouse=True)
def programs_of_this_machine(monkeypatch, tmp_path):
    """A folder for programs, empty at first, so that files are the same on every machine."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def message_left(town, **attributes):
    """Aiko has left a message; its recording, completed."""
    written = "".join(f' {name}="{value}"' for name, value in attributes.items())
    town.answers("/voice", f'<Record action="/recorded"{written}/>')
    town.aiko.dials()
    town.forward(1)
    town.aiko.says(LETTERS)
    town.forward(10)
    return town.twilio.recordings.list()[0]


def samples(content):
    with wave.open(io.BytesIO(content)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
        return array("h", file.readframes(file.getnframes()))


def test_the_file_is_as_long_as_what_was_said(town):
    recording = message_left(town)
    answer = town.rest("GET", f"/Recordings/{recording.sid}.wav")
    assert answer.headers["content-type"] == "audio/x-wav"
    heard = samples(answer.content)
    assert (len(heard), max(heard) > 1000) == (2 * 8000, True)
    assert town.rest("GET", f"/Recordings/{recording.sid}").content == answer.content
    assert recording.media_url == f"{town.world.address}/2010-04-01/Accounts/{recording.account_sid}/Recordings/" + (
        recording.sid
    )


def test_silence_that_is_not_trimmed_can_be_heard(town):
    recording = message_left(town, trim="do-not-trim", timeout="4")
    heard = samples(town.rest("GET", f"/Recordings/{recording.sid}.wav").content)
    assert (len(heard), any(heard[:8000]), any(heard[8000:24000]), any(heard[24000:])) == (56000, False, True, False)


def test_an_mp3_is_written_by_a_program_and_refused_by_name_where_there_is_none(town, programs_of_this_machine):
    path = f"/Recordings/{message_left(town).sid}.mp3"
    answer = town.rest("GET", path)
    assert (answer.status_code, "lame or ffmpeg" in answer.json()["message"]) == (501, True)
    installed(programs_of_this_machine, "lame", "exit 1")
    assert town.rest("GET", path).status_code == 501
    installed(programs_of_this_machine, "ffmpeg", 'read -n 4 riff; [ "$riff" = RIFF ] && printf "\\377\\373 sound"')
    answer = town.rest("GET", path)
    assert (answer.headers["content-type"], answer.content) == ("audio/mpeg", b"\xff\xfb sound")


def test_strangers_hear_nothing_unless_the_account_wishes_it(town):
    recording = message_left(town)
    for path in ("", ".wav", ".mp3"):
        assert town.rest("GET", f"/Recordings/{recording.sid}{path}", auth=None).status_code == 401
    assert town.rest("GET", f"/Recordings/{recording.sid}", auth=("AC", "wrong")).status_code == 401
    assert town.sets(protects_files=False)["protects_files"] is False
    assert town.rest("GET", f"/Recordings/{recording.sid}", auth=None).status_code == 200
    assert town.rest("GET", f"/Recordings/{recording.sid}.json", auth=None).status_code == 401
    town.answers("/voice", f"<Play>{recording.media_url}</Play>")
    town.aiko.dials()
    assert [(item["kind"], item["text"]) for item in town.aiko.heard] == [("play", recording.media_url)]


def test_before_it_is_ready_there_is_no_file(town):
    town.answers("/voice", '<Record action="/recorded"/>')
    town.answers("/recorded", "<Pause length='60'/>")
    town.aiko.dials()
    town.aiko.says(LETTERS)
    town.forward(2)
    town.aiko.presses("1")
    sid = town.asked("/recorded")[0]["RecordingSid"]
    assert town.rest("GET", f"/Recordings/{sid}.wav").status_code == 404
    town.forward(2)
    assert town.rest("GET", f"/Recordings/{sid}.wav").status_code == 200


def test_a_file_that_is_late_on_purpose_is_not_there_so_many_times(town):
    recording = message_left(town)
    town.goes_wrong(recording_not_ready={"match": recording.sid, "times": 2})
    reads = [town.rest("GET", f"/Recordings/{recording.sid}").status_code for _ in range(3)]
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
    assert town.rest("GET", f"/Recordings/{recording.sid}.wav").status_code == 404
    assert town.twilio.recordings.list() == []


def test_what_the_application_has_deleted_can_still_be_listened_to_on_this_machine(town):
    recording = message_left(town)
    before = town.http.get(f"/recordings/{recording.sid}.wav").content
    recording.delete()
    (seen,) = town.get("/recordings")["recordings"]
    assert (seen["status"], bool(seen["deleted_at"])) == ("deleted", True)
    assert town.http.get(f"/recordings/{recording.sid}.wav").content == before


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
        answer = town.rest("GET", path)
        assert (answer.status_code, "does not build it yet" in answer.json()["message"]) == (501, True)


def test_the_control_api_shows_the_words_and_plays_them(town):
    recording = message_left(town)
    (seen,) = town.get("/recordings")["recordings"]
    assert (seen["sid"], seen["call_sid"], seen["number"]) == (recording.sid, recording.call_sid, town.aiko.number)
    assert (seen["status"], seen["seconds"], seen["line"], seen["with"]) == ("completed", 2.0, LINE, [])
    assert datetime.fromisoformat(seen["completed_at"]) > datetime.fromisoformat(seen["at"])
    assert seen["words"] == [{"second": 0.0, "text": LETTERS, "from": town.aiko.number}]
    assert len(samples(town.http.get(f"/recordings/{recording.sid}.wav").content)) == 16000
    assert town.http.get("/recordings/RE0.wav").status_code == 404
    whole = town.http.get(f"/recordings/{recording.sid}.wav").content
    for asked, status, content in (
        ("bytes=40-", 206, whole[40:]),
        ("bytes=0-3", 206, b"RIFF"),
        (f"bytes={len(whole)}-", 416, b""),
        ("minutes=1-2", 200, whole),
    ):
        answer = town.http.get(f"/recordings/{recording.sid}.wav", headers={"range": asked})
        assert (answer.status_code, answer.content) == (status, content)
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
        assert set(town.rest("GET", path).json()) == set(schemas[schema]["properties"])


# ---- how it sounds ---------------------------------------------------------------------------------------------------


def test_each_letter_is_a_tone_and_a_space_is_silent():
    heard = samples(sound.wav([[Utterance(10, 3, "a b")]], 10, 3))
    assert [any(heard[second * 8000 : (second + 1) * 8000]) for second in range(3)] == [True, False, True]


SPEAKS = f"""#!{sys.executable}
import sys, wave
assert sys.stdin.read() == "HEARD"
with wave.open(sys.argv[-1], "wb") as file:
    file.setnchannels(1), file.setsampwidth(2), file.setframerate(22050)
    file.writeframes(b"\\x00\\x10" * 22050)
"""


def installed(folder, name, does):
    """A program of this name, which does this."""
    program = folder / name
    program.write_text(does if does.startswith("#!") else f"#!/bin/bash\n{does}\n")
    program.chmod(0o755)


@pytest.mark.parametrize(
    ("name", "words"), [("espeak-ng", "Hello"), ("espeak-ng", "もしもし"), ("say", "Hello"), ("say", "もしもし")]
)
def test_a_program_that_speaks_is_used_and_fitted_to_the_time(programs_of_this_machine, name, words):
    installed(programs_of_this_machine, name, SPEAKS.replace("HEARD", words))
    assert set(samples(sound.wav([[Utterance(0, 2, words)]], 0, 2))) == {4096}


def test_open_jtalk_speaks_japanese_with_its_dictionary_and_its_voice(programs_of_this_machine, monkeypatch):
    folder = programs_of_this_machine
    monkeypatch.setattr(programs, "DICTIONARIES", (str(folder / "dic*"),))
    monkeypatch.setattr(programs, "VOICES", (str(folder / "*.htsvoice"),))
    installed(folder, "open_jtalk", SPEAKS.replace("HEARD", "もしもし そうです"))
    text = "もしもし\nそうです"  # it reads one line
    assert not programs.speak(text)
    (folder / "dic").mkdir()
    (folder / "a.htsvoice").touch()
    assert set(programs.speak(text)) == {4096}
    assert not programs.speak("Hello")


@pytest.mark.parametrize("does", ["exit 1", "exit 0", 'printf nonsense > "${!#}"'])
def test_a_program_that_fails_leaves_the_tones_and_another_its_turn(programs_of_this_machine, does):
    installed(programs_of_this_machine, "say", does)
    assert len(set(samples(sound.wav([[Utterance(0, 1, "Hello")]], 0, 1)))) > 100
    installed(programs_of_this_machine, "espeak-ng", SPEAKS.replace("HEARD", "Hello"))
    assert set(samples(sound.wav([[Utterance(0, 1, "Hello")]], 0, 1))) == {4096}
