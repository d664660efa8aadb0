"""A recording's row: claimed by whoever copies its file, `stored` after the file is there and never before.

Callbacks come twice and late, processes end anywhere. What is told of a recording is the same each time, so that is
written again; and of two who would copy it, one has the claim.
"""

import re
import time
from datetime import UTC, datetime

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection

from toritsugi.foundation import config
from toritsugi.foundation.errors import RequestRefused, not_found
from toritsugi.foundation.retention import DAY_SECONDS, kept_until
from toritsugi.foundation.sealing import unseal
from toritsugi.foundation.tables import Table
from toritsugi.foundation.transactions import update_if
from toritsugi.recordings.reports import RecordingOrigin, Report

CLAIMED_SECONDS = 310  # longer than recording.py may run, so a claim that is over is nobody's
DELETED_REMEMBERED_SECONDS = 15 * DAY_SECONDS  # a deleted one: a message about it waits for two weeks at most

KINDS_IN_SESSIONS = {"session": "conversation", "session-voicemail": "voicemail"}
COPYING, STORED, FAILED_RECORDING, DELETED_RECORDING = "copying", "stored", "failed", "deleted"


class RecordingsByMonth(GlobalSecondaryIndex["Recording"]):  # type: ignore[no-untyped-call]
    """The keys of a month's recordings. It may lag: read the recordings themselves before believing it."""

    class Meta:
        index_name = "made-in"
        projection = KeysOnlyProjection()

    month = UnicodeAttribute(hash_key=True)
    listed_as = UnicodeAttribute(range_key=True)


class RecordingsByCaller(GlobalSecondaryIndex["Recording"]):  # type: ignore[no-untyped-call]
    """The keys of a caller's recordings. It may lag, by a second or so."""

    class Meta:
        index_name = "of-caller"
        projection = KeysOnlyProjection()

    caller = UnicodeAttribute(hash_key=True)
    listed_as = UnicodeAttribute(range_key=True)


class RecordingsOfSession(GlobalSecondaryIndex["Recording"]):  # type: ignore[no-untyped-call]
    """The keys of the recordings of a masked session's calls."""

    class Meta:
        index_name = "of-session"
        projection = KeysOnlyProjection()

    session_sid = UnicodeAttribute(hash_key=True)
    listed_as = UnicodeAttribute(range_key=True)


class Recording(Table):
    """A recording, under Twilio's SID of it. Of a deleted one nothing is left but that, for a while.

    `claimed_until`: somebody is copying it; `settled_at`: its file is there, and whoever had to be told has been.
    """

    class Meta:
        table_name = config.RECORDINGS_TABLE

    recording_sid = UnicodeAttribute(hash_key=True)
    status = UnicodeAttribute()
    claimed_until = NumberAttribute(null=True)
    kind = UnicodeAttribute(null=True)
    reception = UnicodeAttribute(null=True)
    session_sid = UnicodeAttribute(null=True)
    caller = UnicodeAttribute(null=True)
    line = UnicodeAttribute(null=True)
    call_sid = UnicodeAttribute(null=True)
    seconds = NumberAttribute(null=True)
    channels = NumberAttribute(null=True)
    size = NumberAttribute(null=True)
    checksum = UnicodeAttribute(null=True)
    bucket = UnicodeAttribute(null=True)  # where its file lies
    date_created = NumberAttribute(null=True)
    stored_at = NumberAttribute(null=True)
    settled_at = NumberAttribute(null=True)
    heard_at = NumberAttribute(null=True)
    expires_at = NumberAttribute(null=True)  # after which DynamoDB sweeps it away, some day
    month = UnicodeAttribute(null=True)
    listed_as = UnicodeAttribute(null=True)

    made_in = RecordingsByMonth()
    by_caller = RecordingsByCaller()
    of_session = RecordingsOfSession()


IS_KEPT = Recording.status.exists() & (Recording.status != DELETED_RECORDING)

# What a deleted recording forgets: everything but its SID, its status, and how long it is remembered.
FORGOTTEN = [
    attribute
    for name, attribute in Recording.get_attributes().items()
    if name not in ("recording_sid", "status", "expires_at", "mark")
]


class Claimed(Exception):
    """Somebody else is copying this recording."""


def claim_recording(report: Report) -> Recording | None:
    """The recording, which is the caller's alone for a while, unless it is settled; None, if it was deleted here.

    Raises Claimed.
    """
    now, recording = int(time.time()), Recording(report.recording_sid)
    is_free = Recording.claimed_until.does_not_exist() | (Recording.claimed_until <= now)
    is_to_do = (
        Recording.status.does_not_exist()
        | (Recording.status != DELETED_RECORDING) & Recording.settled_at.does_not_exist()
    )
    begin = [Recording.status.set(Recording.status | COPYING), Recording.claimed_until.set(now + CLAIMED_SECONDS)]
    if update_if(recording, begin + facts_of_report(report), is_free & is_to_do):
        return recording
    recording.refresh(consistent_read=True)
    if recording.status == DELETED_RECORDING:
        return None
    if recording.settled_at is None:
        raise Claimed(report.recording_sid)
    return recording


def release_claim(recording: Recording) -> None:
    """It is nobody's any more; a claim that is over, and is somebody else's by now, stays theirs."""
    update_if(recording, [Recording.claimed_until.remove()], Recording.claimed_until == recording.claimed_until)


def note_failure(report: Report) -> None:
    """Writes down that Twilio has no file of a recording; one that is known already stays as it is."""
    begin = [Recording.status.set(FAILED_RECORDING), *facts_of_report(report)]
    update_if(Recording(report.recording_sid), begin, Recording.status.does_not_exist())


def facts_of_report(report: Report) -> list[Action]:
    """What is known of a recording before it is copied. Its place in the list is that of the first report."""
    source = RecordingOrigin.read(report.path)
    *caller, line = re.findall(r"\+\d{7,15}", unseal(source.sealed, report.call_sid)) or [None]
    began = datetime.fromtimestamp(report.began, UTC)
    known = {
        "kind": KINDS_IN_SESSIONS.get(source.kind, source.kind),
        "session_sid" if source.kind in KINDS_IN_SESSIONS else "reception": source.reception,
        "caller": caller[0] if caller else None,
        "line": line,
        "call_sid": report.call_sid or None,
        "seconds": report.seconds,
        "channels": report.channels,
        "date_created": report.began,
        "month": f"{began:%Y-%m}",
        "listed_as": f"{report.began}#{report.recording_sid}",
        "expires_at": recording_expiry(report.began),
    }
    attributes = Recording.get_attributes()
    return [attributes[name].set(attributes[name] | value) for name, value in known.items() if value is not None]


def keep_recording(recording: Recording, size: int, checksum: str) -> None:
    """The file is there: so many bytes, of this SHA-256 in hexadecimal."""
    now = int(time.time())
    stored: list[Action] = [
        Recording.status.set(STORED),
        Recording.size.set(size),
        Recording.checksum.set(checksum),
        Recording.bucket.set(config.RECORDINGS_BUCKET),
        Recording.stored_at.set(now),
    ]
    if (until := recording_expiry(now)) is not None:
        stored.append(Recording.expires_at.set(until))
    recording.update(stored, condition=IS_KEPT)


def settle(recording: Recording) -> None:
    """Whoever had to be told of it has been; it is nobody's any more."""
    settled: list[Action] = [Recording.settled_at.set(int(time.time())), Recording.claimed_until.remove()]
    recording.update(settled, condition=IS_KEPT)


def recording_expiry(since: float) -> int | None:
    """When the retention ends that began at `since`, both in seconds since 1970; None: never."""
    return kept_until(since, config.RECORDING_RETENTION)


# ---- what becomes of it ----------------------------------------------------------------------------------------------


def get_recording(recording_sid: str) -> Recording:
    """The recording of this SID. Raises RequestRefused 20404, also for one that is past its time."""
    try:
        recording = Recording.get(recording_sid, consistent_read=True)
    except Recording.DoesNotExist:
        raise missing(recording_sid) from None
    if not is_there(recording):
        raise missing(recording_sid)
    return recording


def is_there(recording: Recording) -> bool:
    """Whether it is neither deleted nor past its time."""
    until = expires_at(recording)
    return recording.status != DELETED_RECORDING and (until is None or until > time.time())


def is_elsewhere(recording: Recording) -> bool:
    """Whether its file lies in a bucket that is not ours: that of an exchange before this one, whose tables we have."""
    return recording.bucket not in (None, config.RECORDINGS_BUCKET)


def check_is_here(recording: Recording) -> None:
    """Raises RequestRefused 20409 for a recording whose file is elsewhere: nobody here can read or delete it."""
    if is_elsewhere(recording):
        where = f"in the bucket {recording.bucket}, of an exchange before this one"
        raise RequestRefused(20409, f"The recording's file lies {where}: this one can neither read nor delete it", 409)


def expires_at(recording: Recording) -> int | None:
    """When it is over with it; that of a stored one follows the bucket's rule, which holds for old files as well."""
    since = recording.stored_at
    moments = [recording.expires_at, None if since is None else recording_expiry(since)]
    return min((int(moment) for moment in moments if moment is not None), default=None)


def note_heard(recording_sid: str, heard: bool) -> Recording:
    """Somebody has heard it, or has not after all. Raises RequestRefused 20404."""
    recording = get_recording(recording_sid)
    change = Recording.heard_at.set(Recording.heard_at | int(time.time())) if heard else Recording.heard_at.remove()
    if not update_if(recording, [change], IS_KEPT):
        raise missing(recording_sid)
    return recording


def forget_recording(recording_sid: str, elsewhere: bool = False) -> None:
    """Leaves nothing of a recording but that it was deleted; twice is once.

    Raises RequestRefused 20404 for one that never was, and 20409 while its file is being copied, or where that lies
    elsewhere, unless such are meant as well.
    """
    now = int(time.time())
    gone: list[Action] = [attribute.remove() for attribute in FORGOTTEN]
    gone += [Recording.status.set(DELETED_RECORDING), Recording.expires_at.set(now + DELETED_REMEMBERED_SECONDS)]
    at_rest = (Recording.status == STORED) | Recording.claimed_until.does_not_exist() | (Recording.claimed_until <= now)
    if not elsewhere:
        at_rest &= Recording.bucket.does_not_exist() | (Recording.bucket == config.RECORDINGS_BUCKET)
    if update_if(Recording(recording_sid), gone, Recording.status.exists() & at_rest):
        return
    check_is_here(get_recording(recording_sid))
    raise RequestRefused(20409, "The recording is being copied at this moment. Please try again in a minute", 409)


def find_recordings_of(caller: str) -> list[str]:
    """The SIDs of the recordings of a caller's calls and messages."""
    return [one.recording_sid for one in Recording.by_caller.query(caller)]


def find_elsewhere(recording_sid: str) -> str | None:
    """The bucket in which a recording's file lies, if that is not ours."""
    found = Recording.batch_get([recording_sid], consistent_read=True)
    return next((one.bucket for one in found if is_elsewhere(one)), None)


def is_known(recording_sid: str) -> bool:
    """Whether there is anything left of a recording but that it was deleted."""
    found = Recording.batch_get([recording_sid], consistent_read=True)
    return any(one.status != DELETED_RECORDING for one in found)


def missing(recording_sid: str) -> RequestRefused:
    """The refusal (20404) of a recording that is not there."""
    return not_found(f"/recordings/{recording_sid}")
