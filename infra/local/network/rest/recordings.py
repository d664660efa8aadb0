"""Recordings in Twilio's REST API: found, listened to, deleted.

https://www.twilio.com/docs/voice/api/recording
"""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.network.billing.bill import shown
from local.network.dates import rfc2822
from local.network.recordings import programs
from local.network.recordings.recording import Recording
from local.network.refusals import Refused, not_built
from local.network.rest import endpoints
from local.network.rest.endpoints import is_in, missing, only, page
from local.network.twiml.grammar import words
from local.network.world import World


def resource(recording: Recording, of_call: bool = False) -> dict[str, Any]:
    """The recording as Twilio's REST API shows it, on its own or below its call."""
    start = f"/2010-04-01/Accounts/{recording.world.account_sid}/Calls/{recording.call.sid}/Recordings/{recording.sid}"
    about = {
        "sid": recording.sid,
        "account_sid": recording.world.account_sid,
        "api_version": "2010-04-01",
        "call_sid": recording.call.sid,
        "conference_sid": None,
        "date_created": rfc2822(recording.created_at),
        "date_updated": rfc2822(recording.updated_at),
        "start_time": rfc2822(recording.started_at),
        "duration": None if recording.seconds is None else str(recording.duration),
        "price": shown(recording.charge, recording.world.clock.now()),
        "price_unit": recording.world.bill.prices.price_unit,
        "status": recording.status,
        "channels": recording.channels,
        "source": recording.source,
        "error_code": recording.error or None,
        "encryption_details": None,
    }
    if of_call:
        return about | {"uri": f"{start}.json", "track": "both" if len(recording.calls) > 1 else "inbound"}
    below = {name: f"{recording.uri}/{path}.json" for name, path in SUBRESOURCES.items()}
    return about | {"uri": f"{recording.uri}.json", "subresource_uris": below, "media_url": recording.url}


SUBRESOURCES = {"add_on_results": "AddOnResults", "transcriptions": "Transcriptions"}


def recording_of(world: World, request: Request) -> Recording:
    recording = world.recordings.get(request.path_params["sid"])
    call = request.path_params.get("call")
    if recording is None or recording.deleted_at is not None or call not in (None, recording.call.sid):
        raise missing(request)
    return recording


async def list_recordings(world: World, request: Request, form: dict[str, list[str]]) -> Response:
    """The account's recordings, or those of a call, the latest first."""
    call, signs = request.path_params.get("call"), ("", "<", ">")
    known = words("CallSid Page PageSize PageToken").union(f"DateCreated{sign}" for sign in signs)
    for name in ("ConferenceSid", "IncludeSoftDeleted"):
        if name in form:
            raise Refused(501, not_built(f"{name} in a list of recordings"))
    wishes = only(form, known)
    there = [one for one in reversed(world.recordings.values()) if one.deleted_at is None]
    found = [one for one in there if call in (None, one.call.sid)]
    for name, value in wishes.items():
        if name == "CallSid":
            found = [one for one in found if one.call.sid == value]
        elif name.startswith("DateCreated"):
            found = [one for one in found if is_in(name[-1], one.created_at, value)]
    return page(request, form, "recordings", [resource(one, call is not None) for one in found])


async def fetch_recording(world: World, request: Request, _: dict[str, list[str]]) -> Response:
    return JSONResponse(resource(recording_of(world, request), "call" in request.path_params))


async def delete_recording(world: World, request: Request, _: dict[str, list[str]]) -> Response:
    """Neither the recording nor its file is there any more; Twilio would keep what is known of it for a while."""
    recording = recording_of(world, request)
    if recording.status == "in-progress":
        raise Refused(400, "The recording is in progress: it can be deleted when it is over.", 20409)
    recording.delete()
    return Response(status_code=204)


async def fetch_audio(world: World, request: Request, _: dict[str, list[str]]) -> Response:
    """The file, once it is there."""
    return Response(await audio(world, request), media_type="audio/x-wav")


async def fetch_mp3(world: World, request: Request, _: dict[str, list[str]]) -> Response:
    written = await asyncio.to_thread(programs.mp3, await audio(world, request))
    if written is None:
        raise Refused(501, "A recording as MP3 exists at Twilio; here it takes lame or ffmpeg, of which none works.")
    return Response(written, media_type="audio/mpeg")


async def audio(world: World, request: Request) -> bytes:
    recording = recording_of(world, request)
    if world.faults.take("recording_not_ready", str(request.url)) or recording.status != "completed":
        raise missing(request)
    return await recording.audio()


def routes() -> list[Route]:
    below = [
        ("GET", "/Recordings.json", list_recordings),
        ("GET", "/Recordings/{sid}.json", fetch_recording),
        ("DELETE", "/Recordings/{sid}.json", delete_recording),
    ]
    return endpoints.routes(
        [
            *below,
            *((method, "/Calls/{call}" + path, handle) for method, path, handle in below),
        ]
    ) + endpoints.files(
        [
            ("GET", "/Recordings/{sid}.wav", fetch_audio),
            ("GET", "/Recordings/{sid}.mp3", fetch_mp3),
            ("GET", "/Recordings/{sid}", fetch_audio),
        ]
    )
