"""Who the account's owner is, as far as Twilio has looked into it: Customer Profiles, and the policies they follow.

https://www.twilio.com/docs/trust-hub/trusthub-rest-api/customer-profiles
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.network.dates import iso
from local.network.rest import endpoints
from local.network.rest.endpoints import missing, only
from local.network.twiml.grammar import words
from local.network.world import World

# Twilio names a policy so; the SIDs are made up.
POLICIES = {
    "business": ("RN" + "b" * 32, "Primary Customer Profile of type Business"),
    "individual": ("RN" + "1" * 32, "Primary Customer Profile of type Individual"),
}


async def list_profiles(world: World, _: Request, form: dict[str, list[str]]) -> Response:
    """All of them, or those of this `Status` or `PolicySid`, on one page."""
    wishes = only(form, words("Status PolicySid PageSize Page PageToken"))
    found = [profile(world, kind, status) for kind, status in sorted(world.customer_profiles.items())]
    asked = {"Status": "status", "PolicySid": "policy_sid"}
    for name in asked.keys() & wishes.keys():
        found = [one for one in found if one[asked[name]] == wishes[name]]
    meta = {"page": 0, "page_size": 50, "next_page_url": None, "previous_page_url": None, "key": "results"}
    return JSONResponse({"results": found, "meta": meta})


def profile(world: World, kind: str, status: str) -> dict[str, Any]:
    """The profile of this kind; there is one of each at most."""
    sid, created = f"BU{POLICIES[kind][0][2:]}", iso(world.created_at)
    return {
        "sid": sid,
        "account_sid": world.account_sid,
        "policy_sid": POLICIES[kind][0],
        "friendly_name": f"The owner, {kind}",
        "status": status,
        "valid_until": None,
        "email": "owner@example.com",
        "status_callback": None,
        "date_created": created,
        "date_updated": created,
        "url": f"{world.address}/v1/CustomerProfiles/{sid}",
        "links": {},
        "errors": None,
    }


async def fetch_policy(world: World, request: Request, _: dict[str, list[str]]) -> Response:
    for sid, name in POLICIES.values():
        if sid == request.path_params["sid"]:
            url = f"{world.address}/v1/Policies/{sid}"
            return JSONResponse({"sid": sid, "friendly_name": name, "requirements": {}, "url": url})
    raise missing(request)


def routes() -> list[Route]:
    return endpoints.routes(
        [("GET", "/CustomerProfiles", list_profiles), ("GET", "/Policies/{sid}", fetch_policy)], prefix="/v1"
    )
