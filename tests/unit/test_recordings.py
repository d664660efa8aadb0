"""Recordings: what Twilio tells of them, in the path of a callback and in its form."""

import pytest
import time_machine

from toritsugi.foundation.errors import RequestRefused
from toritsugi.recordings.reports import RecordingOrigin, read_report


@pytest.mark.parametrize(
    "source",
    [
        RecordingOrigin("voicemail", "desk", "c2VhbGVk"),
        RecordingOrigin("conversation", "a-b_2", "_-x"),
        RecordingOrigin("session", "KC" + "0" * 32, "x"),
    ],
)
def test_a_source_reads_its_own_path(source):
    assert RecordingOrigin.read(source.path) == source


@pytest.mark.parametrize(
    "path",
    [
        "/recording",
        "/recording/voicemail/desk",
        "/recording/fax/desk/x",
        "/recording/voicemail/de sk/x",
        "/recording/voicemail/desk/x/y",
    ],
)
def test_any_other_path_is_nobodys(path):
    with pytest.raises(RequestRefused) as refusal:
        RecordingOrigin.read(path)
    assert refusal.value.code == 20404


# ---- what Twilio tells -----------------------------------------------------------------------------------------------

NOON = 1_795_230_000  # 2026-11-21T03:00:00Z
TOLD = {
    "RecordingSid": "RE" + "a" * 32,
    "RecordingStatus": "completed",
    "CallSid": "CA" + "b" * 32,
    "RecordingDuration": "12",
    "RecordingChannels": "2",
    "RecordingStartTime": "Sat, 21 Nov 2026 02:59:40 +0000",
}


def read(**fields):
    with time_machine.travel(NOON, tick=False):
        return read_report(RecordingOrigin("voicemail", "desk", "x").path, TOLD | fields)


def test_a_report_says_how_long_when_and_on_how_many_channels():
    report = read()
    assert (report.seconds, report.channels, report.began) == (12, 2, NOON - 20)
    assert report.is_worth_keeping


@pytest.mark.parametrize(
    "moment",
    [
        "",
        "yesterday",
        "Thu, 01 Jan 1970 00:00:00 +0000",
        "Sat, 21 Nov 2099 02:59:40 +0000",
        "Sat, 21 Nov 2026 24:61:61",
    ],
)
def test_a_moment_that_nobody_can_believe_is_about_now_so_that_it_is_in_the_list(moment):
    assert read(RecordingStartTime=moment).began == NOON


@pytest.mark.parametrize(("said", "seconds"), [("", None), ("-1", None), ("1" * 5000, None), ("１２", None), ("0", 0)])
def test_a_length_is_digits_or_unknown(said, seconds):
    assert read(RecordingDuration=said).seconds == seconds


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        ({"RecordingDuration": "2"}, True),
        ({"RecordingDuration": "1"}, False),
        ({"RecordingDuration": ""}, True),
        ({"RecordingStatus": "absent"}, False),
        ({"RecordingStatus": "failed"}, False),
    ],
)
def test_what_is_worth_keeping(fields, kept):
    assert read(**fields).is_worth_keeping == kept


def test_of_an_old_recording_of_a_day_the_moment_is_believed():
    assert read(RecordingStartTime="Fri, 20 Nov 2026 03:00:00 +0000").began == NOON - 86_400
