"""Facts of a <Dial> that is recorded: https://www.twilio.com/docs/voice/twiml/dial#record"""

import io
import wave
from array import array

import pytest

from tests.network.town import BEN, DIALED, STANDARD, meeting

LETTERS = "Thirty letters are two seconds"  # 30 of them
RECORDED = {"RecordingUrl", "RecordingSid", "RecordingDuration"}


@pytest.fixture(autouse=True)
def without_a_program_that_speaks(monkeypatch, tmp_path):
    """Files are the same on every machine."""
    monkeypatch.setenv("PATH", str(tmp_path))


def talk(town, record="record-from-answer", **attributes):
    """Aiko calls, Ben answers after two seconds, and each says something; ten seconds later Ben hangs up."""
    attributes = {"action": "/dialed", "recordingStatusCallback": "/file", "record": record} | attributes
    written = "".join(f' {name}="{value}"' for name, value in attributes.items())
    town.answers("/voice", f"<Dial{written}>{BEN}</Dial>")
    town.answers("/dialed", "<Pause length='60'/>")
    sid = town.aiko.dials()
    town.forward(2)
    town.ben.answers()
    town.forward(1)
    town.aiko.says(LETTERS)
    town.forward(2)
    town.ben.says(LETTERS)
    town.forward(7)
    return sid


def channels(town, sid):
    """The samples of each channel."""
    with wave.open(io.BytesIO(town.rest("GET", f"/Recordings/{sid}.wav").content)) as file:
        heard = array("h", file.readframes(file.getnframes()))
        return [heard[one :: file.getnchannels()] for one in range(file.getnchannels())]


def sounds(samples):
    """Second by second, whether something can be heard."""
    return "".join("x" if any(samples[at : at + 8000]) else "-" for at in range(0, len(samples), 8000))


def test_it_is_recorded_from_the_answer_until_they_part_and_the_action_is_told(town):
    sid = talk(town)
    town.ben.hangs_up()
    (asked,) = town.asked("/dialed")
    assert set(asked.params) == STANDARD | DIALED | RECORDED
    assert asked["RecordingDuration"] == "10"
    town.forward(2)
    (told,) = town.asked("/file")
    assert (told["RecordingSource"], told["RecordingChannels"], told["CallSid"]) == ("DialVerb", "1", sid)
    assert (told["RecordingStatus"], told["RecordingSid"]) == ("completed", asked["RecordingSid"])
    (heard,) = channels(town, asked["RecordingSid"])
    assert sounds(heard) == "-xxxx-----"


def test_on_two_channels_each_side_has_its_own(town):
    talk(town, "record-from-answer-dual")
    town.ben.hangs_up()
    town.forward(2)
    (recording,) = town.twilio.recordings.list()
    assert recording.channels == 2
    assert [sounds(one) for one in channels(town, recording.sid)] == ["-xx-------", "---xx-----"]
    (seen,) = town.get("/recordings")["recordings"]
    assert (seen["with"], seen["source"]) == ([BEN], "DialVerb")
    assert [(one["second"], one["from"]) for one in seen["words"]] == [(1.0, town.aiko.number), (3.0, BEN)]


def test_two_who_talk_at_the_same_time_are_both_heard(town):
    talk(town)
    town.aiko.says(LETTERS)
    town.ben.says(LETTERS)
    town.forward(2)
    town.ben.hangs_up()
    town.forward(2)
    (heard,) = channels(town, town.twilio.recordings.list()[0].sid)
    assert sounds(heard) == "-xxxx-----xx"
    assert max(heard[80000:]) > max(heard[:80000])


def test_a_caller_who_hangs_up_ends_the_recording(town):
    talk(town)
    town.aiko.hangs_up()
    assert town.asked("/dialed")[0]["RecordingDuration"] == "10"
    town.forward(2)
    assert town.asked("/file")[0]["RecordingDuration"] == "10"


def test_a_whisper_is_none_of_it(town):
    town.answers(
        "/voice", f'<Dial record="record-from-answer" action="/dialed"><Number url="/whisper">{BEN}</Number></Dial>'
    )
    town.answers("/whisper", "<Say>A call of the order desk, which takes some time</Say>")
    town.aiko.dials()
    town.ben.answers()
    town.forward(5)
    town.aiko.says(LETTERS)
    town.forward(2)
    town.ben.hangs_up()
    (recording,) = town.get("/recordings")["recordings"]
    assert [one["text"] for one in recording["words"]] == [LETTERS]
    assert 2 < recording["seconds"] < 4


@pytest.mark.parametrize("who", ["aiko", "ben"])
def test_who_hangs_up_during_the_whisper_was_not_recorded(town, who):
    town.answers(
        "/voice", f'<Dial record="record-from-answer" action="/dialed"><Number url="/whisper">{BEN}</Number></Dial>'
    )
    town.answers("/whisper", "<Say>A call of the order desk</Say>")
    town.aiko.dials()
    town.ben.answers()
    getattr(town, who).hangs_up()
    assert set(town.asked("/dialed")[0].params) & RECORDED == set()
    assert town.twilio.recordings.list() == []


def test_silence_is_trimmed_if_that_is_wished(town):
    talk(town, trim="trim-silence")
    town.ben.hangs_up()
    assert town.asked("/dialed")[0]["RecordingDuration"] == "4"


def test_true_is_an_old_word_for_from_the_answer(town):
    talk(town, "true")
    town.ben.hangs_up()
    assert len(town.twilio.recordings.list()) == 1


@pytest.mark.parametrize("record", ["false", "do-not-record"])
def test_what_is_not_to_be_recorded_is_not(town, record):
    talk(town, record)
    town.ben.hangs_up()
    assert set(town.asked("/dialed")[0].params) == STANDARD | DIALED
    assert town.twilio.recordings.list() == []


def test_whom_nobody_answers_is_not_recorded(town):
    town.answers("/voice", f'<Dial record="record-from-answer" action="/dialed">{BEN}</Dial>')
    town.aiko.dials()
    town.ben.rejects()
    assert "RecordingUrl" not in town.asked("/dialed")[0].params
    assert town.twilio.recordings.list() == []


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (f'<Dial record="record-from-ringing">{BEN}</Dial>', "not build"),
        (f'<Dial record="record-from-answer" recordingTrack="inbound">{BEN}</Dial>', "not build"),
        (meeting(dial='record="record-from-answer"'), "not build"),
        (f'<Dial record="always">{BEN}</Dial>', "not one of"),
    ],
)
def test_what_is_not_built_or_is_nothing_says_so(town, document, said):
    town.answers("/voice", document)
    town.aiko.dials()
    assert said in town.log("/voice")[0]["error"]["message"]
    assert town.twilio.recordings.list() == []
