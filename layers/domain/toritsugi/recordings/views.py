"""Recordings as the REST API shows them: by what they are, the newest first; never one that is past its time."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal

from typing_extensions import TypedDict  # typing's own says too little to pydantic before Python 3.12

from toritsugi.foundation import config
from toritsugi.foundation.forms import date
from toritsugi.foundation.listings import Listing, Stretch, read_listed
from toritsugi.foundation.request_types import Moment, PageMeta, Uri, one_of
from toritsugi.foundation.retention import DAY_SECONDS, shown_since
from toritsugi.recordings.records import (
    DELETED_REMEMBERED_SECONDS,
    STORED,
    Recording,
    RecordingsByCaller,
    RecordingsByMonth,
    RecordingsOfSession,
    expires_at,
    is_elsewhere,
    is_there,
)

ELSEWHERE = "elsewhere"
RecordingKind = Literal["voicemail", "conversation"]
RecordingStatus = Literal["copying", "stored", "failed", "elsewhere"]


class RecordingView(TypedDict):
    """A recording: copying, stored, or failed, of which there is nothing to be heard. `checksum` is its SHA-256.

    `elsewhere` is one whose file lies in the bucket of an exchange before this one.
    """

    sid: str
    kind: Annotated[str, one_of(RecordingKind)] | None
    status: Annotated[str, one_of(RecordingStatus)]
    reception: str | None
    session_sid: str | None
    caller: str | None
    line: str | None
    call_sid: str | None
    seconds: int | None
    channels: int | None
    size: int | None
    checksum: str | None
    created_at: Moment
    heard_at: Moment
    expires_at: Moment


class RecordingPage(TypedDict):
    """A page of recordings; `next_page_url` in `meta` leads to the next one, and only its absence says that none is."""

    recordings: list[RecordingView]
    meta: PageMeta


class Link(TypedDict):
    """Where a recording can be heard, by anybody who has the address, until it expires."""

    url: Uri
    expires_at: Moment


def show_recording(recording: Recording) -> RecordingView:
    """The recording as the REST API writes it."""
    return {
        "sid": recording.recording_sid,
        "kind": recording.kind,
        "status": status_of(recording),
        "reception": recording.reception,
        "session_sid": recording.session_sid,
        "caller": recording.caller,
        "line": recording.line,
        "call_sid": recording.call_sid,
        "seconds": whole_seconds(recording.seconds),
        "channels": whole_seconds(recording.channels),
        "size": whole_seconds(recording.size),
        "checksum": recording.checksum,
        "created_at": date(recording.date_created),
        "heard_at": date(recording.heard_at),
        "expires_at": date(expires_at(recording)) if recording.status == STORED else None,
    }


def status_of(recording: Recording) -> str:
    return ELSEWHERE if is_elsewhere(recording) else recording.status


def whole_seconds(number: float | None) -> int | None:
    return None if number is None else int(number)


def file_name_of(recording: Recording) -> str:
    """What its file is called where somebody keeps it: what it is, of which reception or session, from when."""
    began = datetime.fromtimestamp(int(recording.date_created or 0), UTC)
    return f"{recording.kind}-{recording.reception or recording.session_sid}-{began:%Y%m%dT%H%M%SZ}.wav"


@dataclass(frozen=True)
class RecordingFilter:
    """What is asked of recordings; None: anything. `number` is the caller's, `heard` whether somebody has heard it."""

    number: str | None = None
    session: str | None = None
    line: str | None = None
    kind: str | None = None
    reception: str | None = None
    status: str | None = None
    heard: bool | None = None

    def lets(self, recording: Recording) -> bool:
        """Whether a recording is as asked."""
        asked = (
            (self.number, recording.caller),
            (self.session, recording.session_sid),
            (self.line, recording.line),
            (self.kind, recording.kind),
            (self.reception, recording.reception),
            (self.status, status_of(recording)),
            (self.heard, recording.heard_at is not None),
        )
        return is_there(recording) and all(wanted in (None, there) for wanted, there in asked)

    @property
    def listing(self) -> Listing:
        """Where the recordings are looked for: in the shortest list that has all of them."""
        if self.number:
            return Listing(Recording.by_caller, RecordingsByCaller.listed_as, self.number)
        if self.session:
            return Listing(Recording.of_session, RecordingsOfSession.listed_as, self.session)
        return Listing(Recording.made_in, RecordingsByMonth.listed_as)


def list_recordings(
    after: str | None, most: int, stretch: Stretch, asked: RecordingFilter
) -> tuple[list[Recording], str | None]:
    """A page of the recordings that are as asked, and where the next page begins. Raises RequestRefused."""

    def look_up(sids: list[str]) -> dict[str, Recording]:
        return {one.recording_sid: one for one in Recording.batch_get(sids, consistent_read=True)}

    shown = stretch.not_before(shown_since(config.RECORDING_RETENTION, DELETED_REMEMBERED_SECONDS // DAY_SECONDS))
    return read_listed(asked.listing, shown, after, most, look_up, asked.lets)
