"""Recordings as the REST API shows them: by what they are, the newest first; never one that is past its time."""

from collections.abc import Mapping
from datetime import UTC, datetime

from typing_extensions import TypedDict  # typing's own says too little to pydantic before Python 3.12

from toritsugi.foundation import pages
from toritsugi.foundation.forms import date
from toritsugi.foundation.request_types import Moment, PageMeta
from toritsugi.recordings.records import STORED, Recording, expires_at, is_elsewhere, is_there

ELSEWHERE = "elsewhere"
MAX_LOOKS = 20  # into the index, for one page of what was asked for


class RecordingView(TypedDict):
    """A recording: copying, stored, or failed, of which there is nothing to be heard. `checksum` is its SHA-256.

    `elsewhere` is one whose file lies in the bucket of an exchange before this one.
    """

    sid: str
    kind: str | None
    status: str
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

    url: str
    expires_at: Moment


def show_recording(recording: Recording) -> RecordingView:
    """The recording as the REST API writes it."""
    return {
        "sid": recording.recording_sid,
        "kind": recording.kind,
        "status": ELSEWHERE if is_elsewhere(recording) else recording.status,
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


def whole_seconds(number: float | None) -> int | None:
    return None if number is None else int(number)


def file_name_of(recording: Recording) -> str:
    """What its file is called where somebody keeps it: what it is, of which reception or session, from when."""
    began = datetime.fromtimestamp(int(recording.date_created or 0), UTC)
    return f"{recording.kind}-{recording.reception or recording.session_sid}-{began:%Y%m%dT%H%M%SZ}.wav"


def list_recordings(
    after: str | None, most: int, month: str, wanted: Mapping[str, str | None]
) -> tuple[list[Recording], str | None]:
    """A page of the recordings that are as `wanted` (attributes and their values), and where the next page begins.

    The newest come first, back from this month. Where few are as wanted, a page is short, and not the last.
    """
    found: list[Recording] = []
    for _ in range(MAX_LOOKS):
        listed, after = pages.backwards(month, after, most - len(found), query_recordings)
        sids = [sid_of_listed(listed_as) for _, listed_as in listed]
        there = {one.recording_sid: one for one in Recording.batch_get(sids, consistent_read=True)}
        found += [there[sid] for sid in sids if sid in there and is_wanted(there[sid], wanted)]
        if after is None or len(found) >= most:
            break
    return found, after


def is_wanted(recording: Recording, wanted: Mapping[str, str | None]) -> bool:
    """Whether a recording is there, with these values of its attributes; None is any value."""
    return is_there(recording) and all(
        value is None or getattr(recording, name) == value for name, value in wanted.items()
    )


def query_recordings(month: str, after: str | None, most: int) -> list[str]:
    """The entries of a month's list of recordings, the newest first: `most` at most, those behind `after`."""
    start = after and {"month": month, "listed_as": after, "recording_sid": sid_of_listed(after)}
    key = {name: {"S": value} for name, value in start.items()} if start else None
    found = Recording.made_in.query(month, scan_index_forward=False, limit=most, last_evaluated_key=key)
    return [one.listed_as for one in found]


def sid_of_listed(listed_as: str) -> str:
    """The SID of the recording that an entry of such a list names."""
    return listed_as.partition("#")[2]
