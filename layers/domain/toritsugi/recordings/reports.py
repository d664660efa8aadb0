"""What Twilio tells of a recording: in the path where it comes from, in the form what has become of it."""

import re
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from toritsugi.foundation.errors import RequestRefused
from toritsugi.foundation.retention import DAY_SECONDS
from toritsugi.foundation.sids import is_sid
from toritsugi.foundation.types import Fields

MIN_RECORDED_SECONDS = 2  # what is shorter is somebody who hung up at the beep

RECORDING_PATH = re.compile(
    r"/recording/(voicemail|conversation|session(?:-voicemail)?)/([A-Za-z0-9_-]{1,40})/([\w-]+)", re.ASCII
)


@dataclass(frozen=True)
class RecordingOrigin:
    """A recording's origin, encoded in its callback path before there is a recording.

    It holds the `kind`, the reception or session, and the caller and line, `sealed`, which nobody else can read.
    """

    kind: str
    reception: str
    sealed: str

    @property
    def path(self) -> str:
        """Where its callbacks go: names and opaque text, never a number."""
        return f"/recording/{self.kind}/{self.reception}/{self.sealed}"

    @classmethod
    def read(cls, path: str) -> "RecordingOrigin":
        """Where the recording comes from whose callback came to this path. Raises RequestRefused."""
        match = RECORDING_PATH.fullmatch(path)
        if not match:
            raise RequestRefused(20404, "no recording has this path", 404)
        return cls(*match.groups())


@dataclass(frozen=True)
class Report:
    """What Twilio has told of a recording that is over: `status` is completed, absent or failed."""

    path: str
    recording_sid: str
    call_sid: str
    status: str
    seconds: int | None
    channels: int
    began: int

    @property
    def is_worth_keeping(self) -> bool:
        """Whether somebody may have said something."""
        return self.status == "completed" and (self.seconds is None or self.seconds >= MIN_RECORDED_SECONDS)


def read_report(path: str, fields: Fields) -> Report:
    """What a callback says. Only its recording and its status must make sense. Raises RequestRefused.

    https://www.twilio.com/docs/voice/twiml/record#attributes-recording-status-callback
    """
    RecordingOrigin.read(path)
    sid, status = fields.get("RecordingSid", ""), fields.get("RecordingStatus", "")
    if not is_sid(sid, "RE") or status not in ("completed", "absent", "failed"):
        raise RequestRefused(20001, "the callback lacks RecordingSid, or a RecordingStatus that is an end")
    call_sid = fields.get("CallSid", "")
    return Report(
        path=path,
        recording_sid=sid,
        call_sid=call_sid if is_sid(call_sid, "CA") else "",
        status=status,
        seconds=read_count_of(fields.get("RecordingDuration")),
        channels=read_count_of(fields.get("RecordingChannels")) or 1,
        began=beginning(fields.get("RecordingStartTime", "")),
    )


def read_count_of(text: str | None) -> int | None:
    """The number that is written in at most nine digits; None for any other text."""
    return int(text) if text and re.fullmatch(r"\d{1,9}", text, re.ASCII) else None


def beginning(text: str) -> int:
    """When it began; about now, if nobody says so in a way to be believed, for better there than not at all."""
    now = int(time.time())
    try:
        said = int(parsedate_to_datetime(text).timestamp())
    except (ValueError, TypeError, IndexError, OverflowError):
        return now
    return said if now - 2 * DAY_SECONDS <= said <= now + 60 else now
