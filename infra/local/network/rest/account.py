"""The account itself in Twilio's REST API: what it is, its auth tokens and API keys, its webhook rules, and which
countries it may call.

https://www.twilio.com/docs/iam/api/account https://www.twilio.com/docs/iam/api/authtoken
https://www.twilio.com/docs/voice/api/dialing-permissions-resources
"""

from __future__ import annotations

import json
from typing import Any

import phonenumbers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.network.dates import iso, rfc2822
from local.network.refusals import Refused, not_built
from local.network.rest import endpoints
from local.network.rest.endpoints import missing, only
from local.network.twiml.grammar import words
from local.network.world import World

COUNTRIES = sorted(phonenumbers.SUPPORTED_REGIONS)
HIGH_RISK = words("high_risk_special_numbers_enabled high_risk_tollfraud_numbers_enabled")
CHANGES = HIGH_RISK | {"iso_code", "low_risk_numbers_enabled"}


async def fetch_account(world: World, _: Request, __: dict[str, list[str]]) -> Response:
    return JSONResponse(
        {
            "auth_token": world.auth_token,
            "date_created": rfc2822(world.created_at),
            "date_updated": rfc2822(world.created_at),
            "friendly_name": "The account of a network in a box",
            "owner_account_sid": world.account_sid,
            "sid": world.account_sid,
            "status": "active",
            "subresource_uris": {},
            "type": world.type,
            "uri": f"/2010-04-01/Accounts/{world.account_sid}.json",
        }
    )


# ---- auth tokens -------------------------------------------------------------------------------------------------


async def create_secondary(world: World, _: Request, __: dict[str, list[str]]) -> Response:
    world.create_secondary_token()
    return token(world, "secondary_auth_token", world.secondary_token, 201)


async def delete_secondary(world: World, request: Request, _: dict[str, list[str]]) -> Response:
    if not world.secondary_token:
        raise missing(request)
    world.secondary_token = ""
    return Response(status_code=204)


async def promote_secondary(world: World, request: Request, _: dict[str, list[str]]) -> Response:
    """From now on webhooks are signed with it, and what was primary opens nothing any more."""
    if not world.secondary_token:
        raise missing(request)
    world.promote_secondary_token()
    return token(world, "auth_token", world.auth_token, 200)


def token(world: World, name: str, value: str, status: int) -> Response:
    now = iso(world.clock.now())
    what = {"account_sid": world.account_sid, "date_created": now, "date_updated": now, name: value}
    return JSONResponse(what | {"url": f"{world.address}/v1/AuthTokens"}, status)


# ---- API keys ----------------------------------------------------------------------------------------------------


async def create_key(world: World, _: Request, form: dict[str, list[str]]) -> Response:
    """A standard key. Its secret is shown once: https://www.twilio.com/docs/iam/api-keys/key-resource-v1"""
    name, sid, secret = only(form, words("FriendlyName")).get("FriendlyName", ""), world.sid("SK"), world.sid("")
    world.api_keys[sid] = secret
    now = rfc2822(world.clock.now())
    shown = {"sid": sid, "friendly_name": name, "date_created": now, "date_updated": now, "secret": secret}
    return JSONResponse(shown, 201)


async def delete_key(world: World, request: Request, _: dict[str, list[str]]) -> Response:
    if world.api_keys.pop(request.path_params["sid"], None) is None:
        raise missing(request)
    return Response(status_code=204)


# ---- rules of webhooks -------------------------------------------------------------------------------------------


async def list_rules(world: World, _: Request, form: dict[str, list[str]]) -> Response:
    """All of them, on one page; rules.py says where they come from."""
    only(form, words("pageSize pageToken settingId"))
    meta = {"key": "rules", "pageSize": len(world.rules), "nextToken": None, "previousToken": None}
    return JSONResponse({"rules": [rule.rule() for rule in world.rules], "meta": meta})


async def fetch_setting(world: World, request: Request, _: dict[str, list[str]]) -> Response:
    wanted = request.path_params["setting"]
    if (rule := next((rule for rule in world.rules if rule.setting_id == wanted), None)) is None:
        raise missing(request)
    return JSONResponse(rule.setting())


# ---- dialing permissions -----------------------------------------------------------------------------------------


async def fetch_country(world: World, request: Request, _: dict[str, list[str]]) -> Response:
    if (code := request.path_params["code"].upper()) not in COUNTRIES:
        raise missing(request)
    return JSONResponse(permissions(world, code))


async def list_countries(world: World, _: Request, form: dict[str, list[str]]) -> Response:
    """Every country, or the one of `IsoCode`, on one page."""
    wanted = only(form, words("IsoCode PageSize Page PageToken")).get("IsoCode")
    found = [permissions(world, code) for code in COUNTRIES if wanted in (None, code)]
    meta = {"page": 0, "page_size": len(COUNTRIES), "next_page_url": None, "previous_page_url": None, "key": "content"}
    return JSONResponse({"content": found, "meta": meta})


async def update_countries(world: World, _: Request, form: dict[str, list[str]]) -> Response:
    """`UpdateRequest` is a JSON array: https://www.twilio.com/docs/voice/api/dialingpermissions-bulkcountryupdate-resource"""
    text = only(form, words("UpdateRequest")).get("UpdateRequest", "")
    try:
        updates = json.loads(text)
    except ValueError:
        updates = None
    if not isinstance(updates, list) or not all(isinstance(one, dict) and one.keys() <= CHANGES for one in updates):
        raise Refused(400, f"UpdateRequest is a JSON array of objects with {', '.join(sorted(CHANGES))}.", 20001)
    for update in updates:
        if update.get("iso_code") not in COUNTRIES:
            raise Refused(400, f"iso_code is a country's, such as JP, not {update.get('iso_code')!r}.", 20001)
        if name := next(
            (name for name in sorted(HIGH_RISK) if str(update.get(name, "false")).lower() != "false"), None
        ):
            raise Refused(501, not_built(f"{name}=true"))
    for update in updates:
        allowed = str(update.get("low_risk_numbers_enabled", "true")).lower() == "true"
        (world.forbidden_countries.discard if allowed else world.forbidden_countries.add)(update["iso_code"])
    return JSONResponse({"update_count": len(updates), "update_request": text}, 201)


def permissions(world: World, code: str) -> dict[str, Any]:
    url = f"{world.address}/v1/DialingPermissions/Countries/{code}"
    return {
        "iso_code": code,
        "name": code,
        "continent": None,
        "country_codes": [f"+{phonenumbers.country_code_for_region(code)}"],
        "low_risk_numbers_enabled": code not in world.forbidden_countries,
        "high_risk_special_numbers_enabled": False,
        "high_risk_tollfraud_numbers_enabled": False,
        "url": url,
        "links": {"highrisk_special_prefixes": f"{url}/HighRiskSpecialPrefixes"},
    }


def routes() -> list[Route]:
    return [
        *endpoints.routes(
            [
                ("GET", ".json", fetch_account),
                ("POST", "/Keys.json", create_key),
                ("DELETE", "/Keys/{sid}.json", delete_key),
            ]
        ),
        *endpoints.routes(
            [
                ("POST", "/AuthTokens/Secondary", create_secondary),
                ("DELETE", "/AuthTokens/Secondary", delete_secondary),
                ("POST", "/AuthTokens/Promote", promote_secondary),
                ("GET", "/Webhooks/Rules", list_rules),
                ("GET", "/Webhooks/Settings/{setting}", fetch_setting),
                ("GET", "/DialingPermissions/Countries", list_countries),
                ("GET", "/DialingPermissions/Countries/{code}", fetch_country),
                ("POST", "/DialingPermissions/BulkCountryUpdates", update_countries),
            ],
            prefix="/v1",
        ),
    ]
