"""Twilio's REST API, as far as telephone calls and numbers go: form-encoded in, Twilio's JSON out.

https://www.twilio.com/docs/usage/requests-to-twilio and, for its errors, https://www.twilio.com/docs/usage/twilios-response
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.network import twiml, verbs, webhooks
from local.network.callbacks import StatusCallback
from local.network.calls import Call
from local.network.dates import day_or_moment
from local.network.numbers import IncomingPhoneNumber, parsed
from local.network.refusals import Failure, Refused, not_built
from local.network.world import World

PREFIX = "/2010-04-01/Accounts/{account}"
EVENTS = ("initiated", "ringing", "answered", "completed")
OVER = ("completed", "busy", "failed", "no-answer", "canceled")
CREATE = set(
    "To From Url Method Twiml FallbackUrl FallbackMethod StatusCallback StatusCallbackMethod StatusCallbackEvent "
    "SendDigits Timeout TimeLimit".split()
)
UPDATE = set("Url Method Twiml Status FallbackUrl FallbackMethod StatusCallback StatusCallbackMethod TimeLimit".split())
LATER = set(
    "ApplicationSid Record RecordingChannels RecordingStatusCallback RecordingStatusCallbackMethod RecordingStatusCallbackEvent "
    "RecordingTrack Trim SipAuthUsername SipAuthPassword MachineDetection MachineDetectionTimeout MachineDetectionSpeechThreshold "
    "MachineDetectionSpeechEndThreshold MachineDetectionSilenceTimeout AsyncAmd AsyncAmdStatusCallback AsyncAmdStatusCallbackMethod "
    "Byoc CallReason CallToken CallerId ClientNotificationUrl AreaCode VoiceCallerIdLookup VoiceReceiveMode".split()
)
RESOURCES = set(
    "Messages Conferences Recordings Queues Applications OutgoingCallerIds AvailablePhoneNumbers Addresses Keys SigningKeys "
    "Tokens Transcriptions Usage Notifications Balance ConnectApps AuthorizedConnectApps SIP SMS".split()
)

Handler = Callable[[World, Request, dict[str, list[str]]], Awaitable[Response]]


# ---- what every request has in common ----------------------------------------------------------------------------------


def handled(handle: Handler) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint of a handler: authentication before it, faults around it, Twilio's error body for what is refused."""

    async def endpoint(request: Request) -> Response:
        world: World = request.app.state.world
        url = str(request.url)
        try:
            authenticate(world, request)
            if world.faults.take("rest_429", url):
                raise Refused(429, "Too many requests (a fault that was asked for).", 20429)
            response = await handle(world, request, await sent(request))
            if world.faults.take("rest_500_after_applying", url):
                raise Refused(500, "Carried out, but this answer says it was not (a fault that was asked for).", 20500)
        except Refused as refused:
            return refusal(refused)
        world.changed()
        return response

    return endpoint


def refusal(refused: Refused) -> Response:
    about = f"https://www.twilio.com/docs/errors/{refused.code}" if refused.code >= 10000 else ""
    headers = {"WWW-Authenticate": 'Basic realm="Twilio API"'} if refused.status == 401 else {}
    content = {"code": refused.code, "message": refused.message, "more_info": about, "status": refused.status}
    return JSONResponse(content, refused.status, headers)


def authenticate(world: World, request: Request) -> None:
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    try:
        user, _, password = base64.b64decode(credentials).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        user = password = ""
    right = secrets.compare_digest(password.encode(), world.auth_token.encode())
    if scheme.lower() != "basic" or user != world.account_sid or not right:
        raise Refused(401, "Authenticate", 20003)
    if request.path_params["account"] != world.account_sid:
        raise missing(request)


async def sent(request: Request) -> dict[str, list[str]]:
    """The form (or, of a GET, the query), each name with all its values."""
    text = request.url.query if request.method == "GET" else (await request.body()).decode("utf-8", "replace")
    form: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        form.setdefault(name, []).append(value)
    return form


def missing(request: Request) -> Refused:
    return Refused(404, f"The requested resource {request.url.path} was not found", 20404)


def only(form: dict[str, list[str]], known: set[str]) -> dict[str, str]:
    """The last value of each parameter; whatever this network does not know is refused by its name."""
    for name in form:
        if name in LATER and name not in known and form[name][-1] not in ("", "false"):
            raise Refused(501, not_built(f"{name}={form[name][-1]}"))
        if name not in known | LATER:
            raise Refused(400, f"{name} is no parameter of this request.", 20001)
    return {name: values[-1] for name, values in form.items() if name in known}


def page(request: Request, form: dict[str, list[str]], name: str, found: list[dict[str, Any]]) -> Response:
    """One page of what was found, with the addresses of its neighbours: https://www.twilio.com/docs/usage/twilios-response#pagination"""
    size, number = (whole(form, key, default) for key, default in (("PageSize", 50), ("Page", 0)))
    size = min(max(size, 1), 1000)
    rest = [(key, value) for key, values in form.items() for value in values if key not in ("Page", "PageSize", "PageToken")]

    def uri(wanted: int) -> str:
        return f"{request.url.path}?{urlencode([*rest, ('PageSize', size), ('Page', wanted)])}"

    shown = found[number * size : (number + 1) * size]
    return JSONResponse(
        {
            name: shown,
            "page": number,
            "page_size": size,
            "start": number * size,
            "end": max(number * size + len(shown) - 1, 0),
            "uri": uri(number),
            "first_page_uri": uri(0),
            "previous_page_uri": uri(number - 1) if number else None,
            "next_page_uri": uri(number + 1) if (number + 1) * size < len(found) else None,
        }
    )


def whole(form: dict[str, list[str]], name: str, default: int) -> int:
    value = form.get(name, [str(default)])[-1]
    if not re.fullmatch(r"\d{1,9}", value):
        raise Refused(400, f"{name} is a whole number, not {value!r}.", 20001)
    return int(value)


def url_of(form: dict[str, str], name: str) -> str:
    url = form.get(name, "")
    if url and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname):
        raise Refused(400, f"{name} is an absolute http or https URL, not {url!r}.", 21205)
    return url


def method_of(form: dict[str, str], name: str) -> str:
    method = form.get(name, "POST").upper()
    if method not in ("GET", "POST"):
        raise Refused(400, f"{name} is GET or POST.", 21206)
    return method


# ---- calls -------------------------------------------------------------------------------------------------------------


async def create_call(world: World, _: Request, form: dict[str, list[str]]) -> Response:
    wishes = only(form, CREATE)
    to, from_ = wishes.get("To", ""), wishes.get("From", "")
    if not to:
        raise Refused(400, "No 'To' number is specified", 21201)
    if parsed(to) is None:
        raise Refused(400, f"The phone number you are attempting to call, {to}, is not valid.", 21211)
    if not from_:
        raise Refused(400, "No 'From' number is specified", 21213)
    if from_ not in world.numbers:
        raise Refused(400, f"The source phone number provided, {from_}, is not one of this account's numbers.", 21210)
    first = first_step(wishes)
    if first is None:
        raise Refused(400, "Url or Twiml is needed: without it nobody knows what the call is to do.", 21205)
    timeout, limit = whole(form, "Timeout", 60), whole(form, "TimeLimit", 14400)
    digits = wishes.get("SendDigits", "")
    if not re.fullmatch(r"[0-9A-D*#wW]{0,32}", digits):
        raise Refused(400, "SendDigits is up to 32 keys out of 0123456789ABCD*#, with w and W for pauses.", 21207)
    events = tuple(form.get("StatusCallbackEvent", ["completed"]))
    if strange := set(events) - set(EVENTS):
        raise Refused(400, f"StatusCallbackEvent {', '.join(strange)}: there are {', '.join(EVENTS)}.", 21626)
    if not 1 <= limit:
        raise Refused(400, "TimeLimit is at least 1 second.", 21403)
    callback = StatusCallback(url_of(wishes, "StatusCallback"), method_of(wishes, "StatusCallbackMethod"), events)
    fallback = url_of(wishes, "FallbackUrl"), method_of(wishes, "FallbackMethod")
    call = Call(world, "outbound-api", from_, to, callback=callback)
    call.fallback, call.time_limit = fallback, limit
    world.call_out(call, first, min(max(timeout, 5), 600) + 5, digits)
    return JSONResponse(call.resource(), 201)


def first_step(wishes: dict[str, str]) -> webhooks.Request | twiml.Document | None:
    """What a call is to do: the TwiML of an address or, if there is none, the TwiML given inline."""
    if wishes.get("Url"):
        return webhooks.Request(url_of(wishes, "Url"), method_of(wishes, "Method"))
    if not wishes.get("Twiml"):
        return None
    try:
        return twiml.Document(twiml.inline(wishes["Twiml"]))
    except Failure as failure:
        raise Refused(400, failure.message, failure.code) from failure


def call_of(world: World, request: Request) -> Call:
    call = world.calls.get(request.path_params["sid"])
    if call is None or call.direct:
        raise missing(request)
    return call


async def fetch_call(world: World, request: Request, _: dict[str, list[str]]) -> Response:
    return JSONResponse(call_of(world, request).resource())


async def update_call(world: World, request: Request, form: dict[str, list[str]]) -> Response:
    """Redirects, cancels or ends a call, or changes its limits: https://www.twilio.com/docs/voice/api/call-resource#update-a-call-resource"""
    call, wishes = call_of(world, request), only(form, UPDATE)
    status = wishes.get("Status")
    if status not in (None, "canceled", "completed"):
        raise Refused(400, f"Status is canceled or completed, not {status!r}.", 20001)
    if wishes.get("Url") and wishes.get("Twiml"):
        raise Refused(400, "Url and Twiml exclude each other.", 21218)
    step, limit = first_step(wishes), whole(form, "TimeLimit", 0)
    fallback = url_of(wishes, "FallbackUrl"), method_of(wishes, "FallbackMethod")
    callback = StatusCallback(url_of(wishes, "StatusCallback"), method_of(wishes, "StatusCallbackMethod"))
    if call.over.fired:
        raise Refused(400, "Call is over: it can be neither redirected nor ended any more.", 21220)
    if step and call.status != "in-progress":
        raise Refused(400, f"Call is {call.status}, not in-progress. Cannot redirect.", 21220)
    if fallback[0]:
        call.fallback = fallback
    if callback.url:
        call.callback = StatusCallback(callback.url, callback.method, call.callback.events if call.callback else ("completed",))
    if "TimeLimit" in wishes:
        call.limit(limit)
    if step:
        call.redirect(verbs.run(call, step))
    if status == "completed" or (status == "canceled" and not call.answered.fired):
        call.end("canceled", "REST")
    return JSONResponse(call.resource())


async def delete_call(world: World, request: Request, _: dict[str, list[str]]) -> Response:
    call = call_of(world, request)
    if not call.over.fired:
        raise Refused(400, "A call can be deleted when it is over.", 20409)
    del world.calls[call.sid]
    return Response(status_code=204)


async def list_calls(world: World, request: Request, form: dict[str, list[str]]) -> Response:
    """The account's calls, the latest first."""
    plain = {"To": "to", "From": "from", "ParentCallSid": "parent_call_sid", "Status": "status"}
    times = {"StartTime": "started_at", "EndTime": "ended_at"}
    known = {*plain, *(name + sign for name in times for sign in ("", "<", ">")), "Page", "PageSize", "PageToken"}
    wishes = only(form, known)
    calls = [call for call in reversed(world.calls.values()) if not call.direct]
    for name, value in wishes.items():
        if name in plain:
            calls = [call for call in calls if call.resource()[plain[name]] == value]
        elif name.rstrip("<>") in times:
            calls = [call for call in calls if is_in(name[-1], getattr(call, times[name.rstrip("<>")]), value)]
    return page(request, form, "calls", [call.resource() for call in calls])


def is_in(sign: str, moment: float | None, text: str) -> bool:
    try:
        first, last = day_or_moment(text)
    except ValueError as error:
        raise Refused(400, f"{text!r} is no date: YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ.", 20001) from error
    if moment is None:
        return False
    return moment < last if sign == "<" else moment >= first if sign == ">" else first <= moment < last


# ---- numbers -----------------------------------------------------------------------------------------------------------


def settings_of(form: dict[str, list[str]], *more: str) -> dict[str, str]:
    """Twilio's parameters of a number as the network's names: VoiceUrl as voice_url."""
    known = (
        "FriendlyName VoiceUrl VoiceMethod VoiceFallbackUrl VoiceFallbackMethod StatusCallback StatusCallbackMethod SmsUrl SmsMethod "
        "SmsFallbackUrl SmsFallbackMethod VoiceApplicationSid SmsApplicationSid TrunkSid AddressSid BundleSid IdentitySid "
        "EmergencyAddressSid EmergencyStatus ApiVersion AccountSid"
    )
    wishes = only(form, {*known.split(), *more})
    ignored = {"ApiVersion", "AccountSid", *more}  # there is one version and one account
    return {re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(): value for name, value in wishes.items() if name not in ignored}


def number_of(world: World, request: Request) -> IncomingPhoneNumber:
    sid = request.path_params["sid"]
    number = next((one for one in world.numbers.values() if one.sid == sid), None)
    if number is None:
        raise missing(request)
    return number


async def create_number(world: World, _: Request, form: dict[str, list[str]]) -> Response:
    settings = settings_of(form, "PhoneNumber")
    if "PhoneNumber" not in form:
        raise Refused(400, "PhoneNumber is needed.", 21421)
    try:
        number = world.add_number({"phone_number": form["PhoneNumber"][-1]})
    except Refused as refused:
        raise Refused(400, refused.message, refused.code) from refused
    try:
        number.update(settings)
    except Refused:
        del world.numbers[number.phone_number]
        raise
    return JSONResponse(number.resource(), 201)


async def fetch_number(world: World, request: Request, _: dict[str, list[str]]) -> Response:
    return JSONResponse(number_of(world, request).resource())


async def update_number(world: World, request: Request, form: dict[str, list[str]]) -> Response:
    number = number_of(world, request)
    number.update(settings_of(form))
    return JSONResponse(number.resource())


async def delete_number(world: World, request: Request, _: dict[str, list[str]]) -> Response:
    del world.numbers[number_of(world, request).phone_number]
    return Response(status_code=204)


async def list_numbers(world: World, request: Request, form: dict[str, list[str]]) -> Response:
    """The account's numbers. `PhoneNumber` may be part of a number, with `*` for any digit."""
    wishes = only(form, {"PhoneNumber", "FriendlyName", "Page", "PageSize", "PageToken"})
    pattern = re.escape(wishes.get("PhoneNumber", "")).replace(r"\*", r"\d")
    found = [one for one in world.numbers.values() if re.search(pattern, one.phone_number)]
    if name := wishes.get("FriendlyName"):
        found = [one for one in found if one.friendly_name == name]
    return page(request, form, "incoming_phone_numbers", [one.resource() for one in found])


async def anything_else(world: World, request: Request, _: dict[str, list[str]]) -> Response:
    """What Twilio has here and this network has not is refused by name."""
    name = next((part for part in re.split(r"[/.]", request.path_params["rest"]) if part in RESOURCES), None)
    if name is None and (found := re.match(r"Calls/\w+/(\w+)", request.path_params["rest"])):
        name = found[1]
    if name:
        raise Refused(501, not_built(name))
    raise missing(request)


def routes() -> list[Route]:
    table: list[tuple[str, str, Handler]] = [
        ("POST", "/Calls.json", create_call),
        ("GET", "/Calls.json", list_calls),
        ("GET", "/Calls/{sid}.json", fetch_call),
        ("POST", "/Calls/{sid}.json", update_call),
        ("DELETE", "/Calls/{sid}.json", delete_call),
        ("POST", "/IncomingPhoneNumbers.json", create_number),
        ("GET", "/IncomingPhoneNumbers.json", list_numbers),
        ("GET", "/IncomingPhoneNumbers/{sid}.json", fetch_number),
        ("POST", "/IncomingPhoneNumbers/{sid}.json", update_number),
        ("DELETE", "/IncomingPhoneNumbers/{sid}.json", delete_number),
    ]
    rest = Route(PREFIX + "{rest:path}", handled(anything_else), methods=["GET", "POST", "DELETE", "PUT"])
    return [*(Route(PREFIX + path, handled(handle), methods=[method]) for method, path, handle in table), rest]
