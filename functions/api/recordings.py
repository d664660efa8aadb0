"""Recordings: voicemail and conversations that were recorded; listened to, marked as heard, deleted."""

import time
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import BaseModel, ConfigDict, StrictBool

from api.queries import Month, OfSession, Order, OurLine, PageSize, PageToken, Person, Since, Until, page, stretch_of
from toritsugi.adapters import storage, twilio_recordings
from toritsugi.foundation.errors import RequestRefused
from toritsugi.foundation.forms import date
from toritsugi.foundation.problems import answers
from toritsugi.recordings import records, views
from toritsugi.recordings.records import Recording
from toritsugi.recordings.views import (
    Link,
    RecordingFilter,
    RecordingKind,
    RecordingPage,
    RecordingStatus,
    RecordingView,
)

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]

RecordingSid = Annotated[str, Path(pattern="^RE[0-9a-f]{32}$", description="The recording's SID, which is Twilio's")]


class Heard(BaseModel):
    """Whether somebody has heard it."""

    model_config = ConfigDict(extra="forbid")

    heard: StrictBool


@router.get(
    "/api/recordings",
    tags=["recordings"],
    summary="All recordings, the newest first",
    responses=answers("A page of recordings, which may be short where few are as asked for", 200, 503),
)
def list_recordings(  # noqa: PLR0913  each is a parameter of the request
    number: Person = None,
    session: OfSession = None,
    line: OurLine = None,
    kind: Annotated[RecordingKind | None, Query(description="Only those of this kind")] = None,
    reception: Annotated[str | None, Query(max_length=40, description="Only those of this reception")] = None,
    status: Annotated[RecordingStatus | None, Query(description="Only those that have come so far")] = None,
    heard: Annotated[bool | None, Query(description="Only those that somebody has heard, or nobody yet")] = None,
    since: Since = None,
    until: Until = None,
    month: Month = None,
    order: Order = "desc",
    page_size: PageSize = None,
    page_token: PageToken = None,
) -> RecordingPage:
    del page_size, page_token  # page reads them
    stretch = stretch_of(since, until, month, order)
    asked = RecordingFilter(number, session, line, kind, reception, status, heard)

    def read(after: str | None, most: int) -> tuple[list[Recording], str | None]:
        return views.list_recordings(after, most, stretch, asked)

    return page(router, "recordings", read, views.show_recording)


@router.get(
    "/api/recordings/<sid>",
    tags=["recordings"],
    summary="One recording",
    responses=answers("The recording", 200, 404),
)
def fetch_recording(sid: RecordingSid) -> RecordingView:
    return views.show_recording(records.get_recording(sid))


@router.get(
    "/api/recordings/<sid>/audio",
    tags=["recordings"],
    summary="A link to a recording's file, good for five minutes",
    responses=answers("The link, for whoever is to hear it", 200, 404, 409),
)
def link_audio(sid: RecordingSid) -> Link:
    recording = records.get_recording(sid)
    if recording.status != records.STORED:
        raise RequestRefused(20409, f"There is nothing to be heard: the recording is {recording.status}", 409)
    records.check_is_here(recording)
    url = storage.link(sid, views.file_name_of(recording))
    return {"url": url, "expires_at": date(time.time() + storage.LINK_SECONDS)}


@router.patch(
    "/api/recordings/<sid>",
    tags=["recordings"],
    summary="Mark a recording as heard, or as not heard after all",
    responses=answers("The recording", 200, 400, 404, 409, 413, 415),
)
def mark_recording(sid: RecordingSid, said: Annotated[Heard, Body()]) -> RecordingView:
    return views.show_recording(records.note_heard(sid, said.heard))


@router.delete(
    "/api/recordings/<sid>",
    tags=["recordings"],
    summary="Delete a recording, here and at Twilio; again, if that was interrupted",
    status_code=204,
    responses=answers("It is gone", 204, 404, 409, 502),
)
def delete_recording(sid: RecordingSid) -> None:
    records.forget_recording(sid)
    storage.delete_file(sid)
    twilio_recordings.delete_copy(sid)
