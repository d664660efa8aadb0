"""What is told of recordings: voicemail, and conversations that were recorded."""

from collections.abc import Iterator
from dataclasses import dataclass

from toritsugi.foundation.events import News
from toritsugi.recordings.records import DELETED_RECORDING, FAILED_RECORDING, STORED, Recording


@dataclass(frozen=True)
class RecordingNews:
    """A recording, voicemail or conversation; of a deleted one nothing is known but its SID."""

    sid: str
    kind: str | None
    reception: str | None
    session_sid: str | None
    line: str | None
    seconds: int | None
    path: str


EVENTS_OF_RECORDINGS = {
    "recording.ready": "A recording can be listened to",
    "recording.failed": "Twilio could make no file of it",
    "recording.deleted": "It is gone, here and at Twilio",
}
EVENT_OF_RECORDING = {
    STORED: "recording.ready",
    FAILED_RECORDING: "recording.failed",
    DELETED_RECORDING: "recording.deleted",
}


def news_of_recording(before: Recording | None, now: Recording | None) -> Iterator[News]:
    """What the change of a recording tells."""
    if not now or (before and before.status == now.status) or not (told := EVENT_OF_RECORDING.get(now.status)):
        return
    seconds, path = None if now.seconds is None else int(now.seconds), f"/api/recordings/{now.recording_sid}"
    facts = RecordingNews(now.recording_sid, now.kind, now.reception, now.session_sid, now.line, seconds, path)
    yield News(told, now.recording_sid, facts)
