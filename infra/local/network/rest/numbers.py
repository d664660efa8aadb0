"""The account's telephone numbers in Twilio's REST API: bought, found, set up, given back.

https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource
"""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.network.dates import iso
from local.network.numbers import HOME_REGION, REGIONS, IncomingPhoneNumber
from local.network.refusals import Refused, not_built
from local.network.rest import endpoints
from local.network.rest.endpoints import missing, only, page
from local.network.twiml.grammar import words
from local.network.world import World

SETTINGS = words(
    "FriendlyName VoiceUrl VoiceMethod VoiceFallbackUrl VoiceFallbackMethod StatusCallback StatusCallbackMethod SmsUrl "
    "SmsMethod SmsFallbackUrl SmsFallbackMethod VoiceApplicationSid SmsApplicationSid TrunkSid AddressSid BundleSid "
    "IdentitySid EmergencyAddressSid EmergencyStatus ApiVersion AccountSid"
)


def settings_of(form: dict[str, list[str]], *more: str) -> dict[str, str]:
    """Twilio's parameters of a number as the network's names: VoiceUrl as voice_url."""
    wishes = only(form, SETTINGS.union(more))
    ignored = {"ApiVersion", "AccountSid", *more}  # there is one version and one account
    return {
        re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(): value for name, value in wishes.items() if name not in ignored
    }


def number_of(world: World, request: Request) -> IncomingPhoneNumber:
    sid = request.path_params["sid"]
    if sid in ("Local", "Mobile", "TollFree"):
        raise Refused(501, not_built(f"IncomingPhoneNumbers/{sid}"))
    number = next((one for one in world.numbers.values() if one.sid == sid), None)
    if number is None:
        raise missing(request)
    return number


async def create_number(world: World, _: Request, form: dict[str, list[str]]) -> Response:
    settings = settings_of(form, "PhoneNumber")
    if "PhoneNumber" not in form:
        raise Refused(400, "PhoneNumber is needed.", 21421)
    try:
        number = world.add_number(settings | {"phone_number": form["PhoneNumber"][-1]})
    except Refused as refused:
        raise Refused(400 if refused.status == 409 else refused.status, refused.message, refused.code) from refused
    return JSONResponse(number.resource(), 201)


async def fetch_number(world: World, request: Request, _: dict[str, list[str]]) -> Response:
    return JSONResponse(number_of(world, request).resource())


async def update_number(world: World, request: Request, form: dict[str, list[str]]) -> Response:
    number = number_of(world, request)
    number.update(settings_of(form))
    return JSONResponse(number.resource())


async def delete_number(world: World, request: Request, _: dict[str, list[str]]) -> Response:
    world.give_back(number_of(world, request).phone_number)
    return Response(status_code=204)


async def list_numbers(world: World, request: Request, form: dict[str, list[str]]) -> Response:
    """The account's numbers. `PhoneNumber` may be part of a number, with `*` for any digit."""
    wishes = only(form, words("PhoneNumber FriendlyName Page PageSize PageToken"))
    pattern = re.escape(wishes.get("PhoneNumber", "")).replace(r"\*", r"\d")
    found = [one for one in world.numbers.values() if re.search(pattern, one.phone_number)]
    if name := wishes.get("FriendlyName"):
        found = [one for one in found if one.settings["friendly_name"] == name]
    return page(request, form, "incoming_phone_numbers", [one.resource() for one in found])


# ---- which of Twilio's regions processes its calls -------------------------------------------------------------------


def region_of(number: IncomingPhoneNumber, sid: str) -> dict[str, Any]:
    """https://www.twilio.com/docs/global-infrastructure/inbound-processing-region-api-phone-number"""
    return {
        "phone_number": number.phone_number,
        "voice_region": number.voice_region,
        "friendly_name": number.settings["friendly_name"],
        "account_sid": number.world.account_sid,
        "sid": sid,
        "date_created": iso(number.created_at),
        "date_updated": iso(number.region_set_at),
        "url": f"/v2/PhoneNumbers/{number.phone_number}",
    }


async def fetch_region(world: World, request: Request, _: dict[str, list[str]]) -> Response:
    """The region, by the number or its SID."""
    wanted = request.path_params["number"]
    number = next((one for one in world.numbers.values() if wanted in (one.phone_number, one.sid)), None)
    if number is None:
        raise missing(request)
    return JSONResponse(region_of(number, "QQ" + number.sid[2:]))


async def move_to_region(world: World, request: Request, form: dict[str, list[str]]) -> Response:
    """From now on this region processes its calls, by its own webhook record, in which nothing stands here."""
    region = only(form, words("VoiceRegion FriendlyName")).get("VoiceRegion", HOME_REGION)
    number = world.numbers.get(request.path_params["number"])
    if number is None:
        raise missing(request)
    if region not in REGIONS:
        raise Refused(400, f"VoiceRegion is one of {', '.join(REGIONS)}, not {region!r}.", 20001)
    number.voice_region, number.region_set_at = region, world.clock.now()
    return JSONResponse(region_of(number, "QQ" + number.sid[2:]))


def routes() -> list[Route]:
    numbers: list[tuple[str, str, endpoints.Handler]] = [
        ("POST", "/IncomingPhoneNumbers.json", create_number),
        ("GET", "/IncomingPhoneNumbers.json", list_numbers),
        ("GET", "/IncomingPhoneNumbers/{sid}.json", fetch_number),
        ("POST", "/IncomingPhoneNumbers/{sid}.json", update_number),
        ("DELETE", "/IncomingPhoneNumbers/{sid}.json", delete_number),
    ]
    regions: list[tuple[str, str, endpoints.Handler]] = [
        ("GET", "/PhoneNumbers/{number}", fetch_region),
        ("POST", "/PhoneNumbers/{number}", move_to_region),
    ]
    return [*endpoints.routes(numbers), *endpoints.routes(regions, prefix="/v2")]
