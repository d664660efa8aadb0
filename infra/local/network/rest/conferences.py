"""Conferences in Twilio's REST API: found, spoken to, ended.

https://www.twilio.com/docs/voice/api/conference-resource
"""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.network.conferences.conference import Conference
from local.network.dates import rfc2822
from local.network.refusals import Refused
from local.network.rest import endpoints
from local.network.rest.endpoints import is_in, method_of, missing, only, page, url_of
from local.network.twiml.grammar import words
from local.network.world import World

UPDATE = words("Status AnnounceUrl AnnounceMethod")
REGION = "us1"  # where a conference is mixed that did not ask for another place


def resource(conference: Conference) -> dict[str, Any]:
    """The conference as Twilio's REST API shows it."""
    uri = f"/2010-04-01/Accounts/{conference.world.account_sid}/Conferences/{conference.sid}"
    return {
        "account_sid": conference.world.account_sid,
        "date_created": rfc2822(conference.created_at),
        "date_updated": rfc2822(conference.updated_at),
        "api_version": "2010-04-01",
        "friendly_name": conference.friendly_name,
        "region": conference.region or REGION,
        "sid": conference.sid,
        "status": conference.status,
        "uri": f"{uri}.json",
        "subresource_uris": {name.lower(): f"{uri}/{name}.json" for name in ("Participants", "Recordings")},
        "reason_conference_ended": conference.reason or None,
        "call_sid_ending_conference": conference.ended_by.call.sid if conference.ended_by else None,
    }


def conference_of(world: World, request: Request) -> Conference:
    """The conference with the SID of the path: a friendly name is not enough, for it outlives its conferences."""
    conference = world.conferences.get(request.path_params["conference"])
    if conference is None:
        raise missing(request)
    return conference


async def fetch_conference(world: World, request: Request, _: dict[str, list[str]]) -> Response:
    return JSONResponse(resource(conference_of(world, request)))


async def update_conference(world: World, request: Request, form: dict[str, list[str]]) -> Response:
    """Speaks to the conference, or ends it: https://www.twilio.com/docs/voice/api/conference-resource#update-a-conference-resource

    Refused (16099) unless it is in progress: https://www.twilio.com/docs/api/errors/16099
    """
    conference, wishes = conference_of(world, request), only(form, UPDATE)
    url, method = url_of(wishes, "AnnounceUrl"), method_of(wishes, "AnnounceMethod")
    if wishes.get("Status") not in (None, "completed"):
        raise Refused(400, f"Status is completed, not {wishes['Status']!r}.", 20001)
    if conference.status != "in-progress":
        raise Refused(400, f"Conference {conference.sid} is {conference.status}, not in-progress.", 16099)
    if url:
        conference.announce(url, method)
    if "Status" in wishes:
        conference.end()
    return JSONResponse(resource(conference))


async def list_conferences(world: World, request: Request, form: dict[str, list[str]]) -> Response:
    """The account's conferences, the latest first. Dates are whole days.

    https://help.twilio.com/articles/360037479633
    """
    plain = {"FriendlyName": "friendly_name", "Status": "status"}
    times = {"DateCreated": "created_at", "DateUpdated": "updated_at"}
    known = words("Page PageSize PageToken").union(plain, (name + sign for name in times for sign in ("", "<", ">")))
    wishes = only(form, known)
    conferences = list(reversed(world.conferences.values()))
    for name, value in wishes.items():
        if name in plain:
            conferences = [one for one in conferences if getattr(one, plain[name]) == value]
        elif name.rstrip("<>") in times:
            if not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
                raise Refused(400, f"{name} is a day, YYYY-MM-DD, not {value!r}.", 20001)
            moment = times[name.rstrip("<>")]
            conferences = [one for one in conferences if is_in(name[-1], getattr(one, moment), value)]
    return page(request, form, "conferences", [resource(one) for one in conferences])


def routes() -> list[Route]:
    return endpoints.routes(
        [
            ("GET", "/Conferences.json", list_conferences),
            ("GET", "/Conferences/{conference}.json", fetch_conference),
            ("POST", "/Conferences/{conference}.json", update_conference),
        ]
    )
