"""Facts of <Record>: https://www.twilio.com/docs/voice/twiml/record"""

import pytest

from tests.network.town import LINE, STANDARD

LETTERS = "Thirty letters are two seconds"  # 30 of them
RECORDED = {"RecordingUrl", "RecordingSid", "RecordingDuration", "Digits"}
TOLD = {
    *("AccountSid", "CallSid", "RecordingSid", "RecordingUrl", "RecordingStatus", "RecordingDuration"),
    *("RecordingChannels", "RecordingSource", "RecordingStartTime", "ErrorCode"),
}


def recorded(town, after="<Say>Nothing came</Say>", **attributes):
    """Aiko calls and is recorded; the SID of her call."""
    attributes = {"action": "/recorded", "recordingStatusCallback": "/file"} | attributes
    written = "".join(f' {name}="{value}"' for name, value in attributes.items() if value is not None)
    town.answers("/voice", f"<Record{written}/>{after}")
    town.answers("/recorded", "<Say>Thank you</Say>")
    return town.aiko.dials()


def said(town):
    return town.twilio.recordings.list()


def test_a_message_ends_with_any_key_and_the_action_is_told(town):
    sid = recorded(town)
    town.aiko.says(LETTERS)
    town.forward(3)
    town.aiko.presses("7")
    (asked,) = town.asked("/recorded")
    assert set(asked.params) == STANDARD | RECORDED
    assert (asked["Digits"], asked["RecordingDuration"], asked["CallStatus"]) == ("7", "2", "in-progress")
    (recording,) = said(town)
    assert (recording.sid, recording.call_sid, recording.source) == (asked["RecordingSid"], sid, "RecordVerb")
    assert asked["RecordingUrl"].endswith(f"/2010-04-01/Accounts/{recording.account_sid}/Recordings/{recording.sid}")
    assert town.aiko.words == ["Thank you"]


def test_it_begins_with_a_beep_unless_that_is_not_wished(town):
    recorded(town)
    assert [item["kind"] for item in town.aiko.heard] == ["beep"]
    town.aiko.hangs_up()
    recorded(town, playBeep="false")
    assert town.aiko.heard == []


def test_five_seconds_of_silence_end_it_and_are_trimmed(town):
    recorded(town)
    town.forward(2)
    town.aiko.says(LETTERS)
    town.forward(6.9)
    assert town.asked("/recorded") == []
    town.forward(0.2)
    (asked,) = town.asked("/recorded")
    assert (asked["Digits"], asked["RecordingDuration"]) == ("", "2")


def test_the_silence_between_two_words_is_part_of_it(town):
    recorded(town)
    town.aiko.says(LETTERS)
    town.forward(5)
    town.aiko.says(LETTERS)
    town.forward(8)
    assert town.asked("/recorded")[0]["RecordingDuration"] == "7"


def test_without_trimming_every_second_counts(town):
    recorded(town, trim="do-not-trim", timeout="3")
    town.forward(2)
    town.aiko.says(LETTERS)
    town.forward(6)
    assert town.asked("/recorded")[0]["RecordingDuration"] == "7"


def test_silence_alone_leaves_nothing_and_the_next_verb_follows(town):
    recorded(town, recordingStatusCallbackEvent="completed absent")
    town.forward(6)
    assert (town.asked("/recorded"), town.aiko.words) == ([], ["Nothing came"])
    (told,) = town.asked("/file")
    assert (told["RecordingStatus"], told["RecordingDuration"], told["ErrorCode"]) == ("absent", "0", "16101")
    (recording,) = said(town)
    assert (recording.status, recording.error_code) == ("absent", 16101)


def test_silence_that_is_not_trimmed_is_a_recording(town):
    recorded(town, trim="do-not-trim")
    town.forward(6)
    assert town.asked("/recorded")[0]["RecordingDuration"] == "5"


def test_a_timeout_of_nothing_waits_as_long_as_it_may(town):
    recorded(town, timeout="0", maxLength="60")
    town.aiko.says(LETTERS)
    town.forward(59)
    assert town.asked("/recorded") == []
    town.forward(2)
    assert town.asked("/recorded")[0]["Digits"] == ""


def test_it_is_never_longer_than_its_longest_time_even_within_a_word(town):
    recorded(town, maxLength="3")
    town.forward(2)
    town.aiko.says(LETTERS)
    town.forward(1.1)
    assert town.asked("/recorded")[0]["RecordingDuration"] == "1"


def test_only_the_finish_keys_end_it(town):
    recorded(town, finishOnKey="#")
    town.aiko.says(LETTERS)
    town.aiko.presses("12")
    assert town.asked("/recorded") == []
    town.forward(1)
    town.aiko.presses("3#")
    assert town.asked("/recorded")[0]["Digits"] == "#"


def test_without_finish_keys_none_ends_it(town):
    recorded(town, finishOnKey="")
    town.aiko.says(LETTERS)
    town.aiko.presses("1#*")
    assert town.asked("/recorded") == []


def test_who_hangs_up_has_left_a_message_and_the_action_is_told(town):
    recorded(town)
    town.aiko.says(LETTERS)
    town.forward(1)
    town.aiko.hangs_up()
    (asked,) = town.asked("/recorded")
    assert (asked["Digits"], asked["RecordingDuration"], asked["CallStatus"]) == ("hangup", "1", "completed")
    assert len(said(town)) == 1


def test_who_hangs_up_without_a_word_has_left_none(town):
    recorded(town)
    town.forward(1)
    town.aiko.hangs_up()
    assert (town.asked("/recorded"), said(town)[0].status) == ([], "absent")


def test_a_call_that_is_redirected_is_recorded_until_then_and_the_action_is_not_asked(town):
    sid = recorded(town)
    town.aiko.says(LETTERS)
    town.forward(1)
    town.twilio.calls(sid).update(twiml="<Response><Say>Elsewhere</Say></Response>")
    town.forward(5)
    assert (town.asked("/recorded"), town.aiko.words) == ([], ["Elsewhere"])
    assert (said(town)[0].status, said(town)[0].duration) == ("completed", "1")


def test_without_an_action_the_same_document_is_asked_again(town):
    recorded(town, action=None)
    town.aiko.says(LETTERS)
    town.aiko.presses("1")  # at once: of the first word nothing is there yet
    assert len(town.asked("/voice")) == 1
    town.aiko.hangs_up()
    recorded(town, action=None)
    town.aiko.says(LETTERS)
    town.forward(1)
    town.aiko.presses("1")
    assert town.asked("/voice")[-1]["RecordingDuration"] == "1"


def test_the_file_is_there_a_little_later_and_whoever_wishes_is_told(town):
    sid = recorded(town)
    town.aiko.says(LETTERS)
    town.forward(2)
    town.aiko.presses("1")
    assert (said(town)[0].status, town.asked("/file")) == ("processing", [])
    town.forward(2)
    (told,) = town.asked("/file")
    assert set(told.params) == TOLD
    assert (told["RecordingStatus"], told["RecordingDuration"], told["CallSid"]) == ("completed", "2", sid)
    assert (told["RecordingChannels"], told["RecordingSource"], told["ErrorCode"]) == ("1", "RecordVerb", "0")
    assert said(town)[0].status == "completed"


def test_a_transcript_that_is_not_wished_for_is_none(town):
    recorded(town, transcribe="false")
    assert said(town)[0].status == "in-progress"


def test_its_beginning_is_told_when_it_is_asked_for_and_has_no_length_yet(town):
    recorded(town, recordingStatusCallbackEvent="in-progress completed", recordingStatusCallbackMethod="GET")
    (told,) = town.asked("/file")
    assert (told["RecordingStatus"], told.method) == ("in-progress", "GET")
    assert set(told.params) == TOLD - {"RecordingDuration"}
    assert said(town)[0].duration is None


def test_what_an_answering_machine_says_is_recorded_too(town):
    town.answers("/machine", '<Record action="/recorded" timeout="2"/>')
    town.aiko.behaves("machine", greeting=LETTERS)
    town.twilio.calls.create(to=town.aiko.number, from_=LINE, url=town.at("/machine"))
    town.forward(5)
    assert town.asked("/recorded")[0]["RecordingDuration"] == "2"


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ({"timeout": "-1"}, 13611),
        ({"maxLength": "0"}, 13612),
        ({"maxLength": "14401"}, 13612),
        ({"finishOnKey": "A"}, 13613),
        ({"playBeep": "yes"}, 13616),
        ({"method": "PUT"}, 13610),
        ({"trim": "true"}, 12200),
        ({"recordingStatusCallbackEvent": "failed"}, 12200),
        ({"transcribe": "true"}, 12200),
        ({"transcribeCallback": "/text"}, 12200),
        ({"loudness": "11"}, 12200),
    ],
)
def test_what_cannot_be_is_refused_with_twilios_code(town, attributes, code):
    recorded(town, **attributes)
    assert town.log("/voice")[0]["error"]["code"] == code
    assert said(town) == []
