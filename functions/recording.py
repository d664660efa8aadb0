"""A recording is ready: its file is copied to S3, and the interaction that it is of knows it.

The callback only leaves a message with what it says, for a file may take longer than Twilio waits, or not be there yet.
A message comes again until all of it is done; what is done already is not done again. Nobody waits for a file here: who
waits is a process that calls lack.
"""

import json
import tempfile
from dataclasses import asdict
from typing import Any

from toritsugi.adapters import schedules, storage, twilio_recordings, webhooks
from toritsugi.adapters.webhooks import Webhook
from toritsugi.foundation import config
from toritsugi.foundation.errors import Unanswered
from toritsugi.foundation.logs import follow, log, traced
from toritsugi.masking import interactions
from toritsugi.recordings import records
from toritsugi.recordings.records import Recording
from toritsugi.recordings.reports import Report, read_report

QueueEvent = dict[str, Any]

FILE_PATIENCE = (1, 2, 4, 8, 15, 30)  # seconds until we look again for a file that is not there yet; then as for others


@traced
def handler(event: QueueEvent, context: object) -> QueueEvent:
    return attend_to(event["Records"][0]) if "Records" in event else answer_report(event, context)


@webhooks.answers_with_nothing
def answer_report(callback: Webhook) -> None:
    schedules.send_recording_to_copy(asdict(read_report(callback.path, callback.fields)))


def attend_to(message: QueueEvent) -> QueueEvent:
    """Attends to a message; one that has to wait comes again, like one that fails."""
    said = json.loads(message["body"])
    looked = said.pop("looked", 0)  # how often for a file that was not there; the callback does not say it
    report = Report(**said)
    follow(report.path, recording_sid=report.recording_sid, call_sid=report.call_sid)
    try:
        attend(report)
    except (twilio_recordings.NotReady, Unanswered, records.Claimed) as why:
        log.warning("recording waits", reason=type(why).__name__)
        if not isinstance(why, twilio_recordings.NotThereYet) or looked >= len(FILE_PATIENCE):
            return {"batchItemFailures": [{"itemIdentifier": message["messageId"]}]}
        schedules.send_recording_to_copy(said | {"looked": looked + 1}, FILE_PATIENCE[looked])
    return {"batchItemFailures": []}


def attend(report: Report) -> None:
    if report.status == "failed":
        log.error("recording failed")
        records.note_failure(report)
    elif not report.is_worth_keeping:
        log.info("nothing was said", seconds=report.seconds)
        release_copy(report.recording_sid)
    elif recording := records.claim_recording(report):
        if recording.status != records.STORED:
            copy_recording(recording)
        if recording.settled_at is None:
            settle_recording(recording)
        release_copy(recording.recording_sid)


def copy_recording(recording: Recording) -> None:
    """From Twilio to S3, by way of a file that needs no memory."""
    with tempfile.TemporaryFile() as file:
        try:
            checksum = twilio_recordings.fetch_audio(recording.recording_sid, file)
        except twilio_recordings.NotThereYet:
            records.release_claim(recording)  # for a message that comes before the claim would be over
            raise
        size = file.tell()
        storage.store_file(recording.recording_sid, file, checksum)
    records.keep_recording(recording, size, checksum)


def settle_recording(recording: Recording) -> None:
    """An interaction knows its recording, rather twice, should this process end here, than never."""
    if recording.session_sid and recording.call_sid:
        interactions.note_recording(recording.session_sid, recording.call_sid, recording.recording_sid)
    records.settle(recording)


def release_copy(recording_sid: str) -> None:
    if not config.KEEP_AT_TWILIO:
        twilio_recordings.delete_copy(recording_sid)
