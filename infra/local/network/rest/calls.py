"""Calls in Twilio's REST API: made, found, redirected, ended.

https://www.twilio.com/docs/voice/api/call-resource
"""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.network import webhooks
from local.network.billing.bill import shown
from local.network.callbacks import StatusCallback
from local.network.calls import verbs
from local.network.calls.call import MAX_TIME_LIMIT, Call
from local.network.calls.detection import Detection
from local.network.calls.dial import EXTRA_RING
from local.network.dates import rfc2822
from local.network.numbers import country, formatted, parsed
from local.network.refusals import Failure, Refused, not_built
from local.network.rest import endpoints
from local.network.rest.endpoints import is_in, method_of, missing, only, page, some_of, truth_of, url_of, whole
from local.network.twiml import reader
from local.network.twiml.grammar import DETECTION, words
from local.network.world import World

EVENTS = words("initiated ringing answered completed")
CREATE = words(
    "To From Url Method Twiml FallbackUrl FallbackMethod StatusCallback StatusCallbackMethod StatusCallbackEvent "
    "SendDigits Timeout TimeLimit MachineDetection MachineDetectionTimeout MachineDetectionSpeechThreshold "
    "MachineDetectionSpeechEndThreshold MachineDetectionSilenceTimeout AsyncAmd AsyncAmdStatusCallback "
    "AsyncAmdStatusCallbackMethod"
)
SUBRESOURCES = ("Notifications", "Recordings", "Payments", "Events", "Siprec", "Streams", "Transcriptions")
UPDATE = words("Url Method Twiml Status FallbackUrl FallbackMethod StatusCallback StatusCallbackMethod TimeLimit")


def resource(call: Call) -> dict[str, Any]:
    """The call as Twilio's REST API shows it, whose statuses know no `initiated`."""
    uri = f"/2010-04-01/Accounts/{call.world.account_sid}/Calls/{call.sid}"
    own = call.world.numbers.get(call.to if call.direction == "inbound" else call.from_)
    return {
        "sid": call.sid,
        "date_created": rfc2822(call.created_at),
        "date_updated": rfc2822(call.updated_at),
        "parent_call_sid": call.parent.sid if call.parent else None,
        "account_sid": call.world.account_sid,
        "to": call.to,
        "to_formatted": formatted(call.to),
        "from": call.from_,
        "from_formatted": formatted(call.from_),
        "phone_number_sid": own.sid if own else None,
        "status": "queued" if call.status == "initiated" else call.status,
        "start_time": rfc2822(call.started_at),
        "end_time": rfc2822(call.ended_at),
        "duration": None if call.ended_at is None else str(call.duration),
        "price": shown(call.charge, call.clock.now()),
        "price_unit": call.world.bill.prices.price_unit,
        "direction": call.direction,
        "answered_by": call.detected.answered_by if call.detected else None,
        "api_version": "2010-04-01",
        "forwarded_from": None,
        "group_sid": None,
        "caller_name": None,
        "queue_time": str(call.queue_time),
        "trunk_sid": None,
        "uri": f"{uri}.json",
        "subresource_uris": {name.lower(): f"{uri}/{name}.json" for name in SUBRESOURCES},
    }


async def create_call(world: World, _: Request, form: dict[str, list[str]]) -> Response:
    """A call that waits for its turn: https://www.twilio.com/docs/voice/api/call-resource#create-a-call-resource"""
    wishes = only(form, CREATE)
    to, from_ = parties(world, wishes)
    first = first_step(wishes)
    if first is None:
        raise Refused(400, "Url or Twiml is needed: without it nobody knows what the call is to do.", 21205)
    timeout, limit, digits = ring_time(form), limit_of(form), wishes.get("SendDigits", "")
    if not re.fullmatch(r"[0-9A-D*#wW]{0,32}", digits):
        raise Refused(400, "SendDigits is up to 32 keys out of 0123456789ABCD*#, with w and W for pauses.", 21206)
    callback = callback_of(form, wishes)
    fallback = url_of(wishes, "FallbackUrl"), method_of(wishes, "FallbackMethod")
    told = StatusCallback(url_of(wishes, "AsyncAmdStatusCallback"), method_of(wishes, "AsyncAmdStatusCallbackMethod"))
    detection = detection_of(wishes, told if truth_of(wishes, "AsyncAmd") else None)
    world.check_room()
    call = Call(world, "outbound-api", from_, to, callback=callback)
    call.fallback, call.time_limit, call.detection = fallback, limit, None if digits else detection
    world.call_out(call, first, timeout, digits)
    return JSONResponse(resource(call), 201)


def parties(world: World, wishes: dict[str, str]) -> tuple[str, str]:
    """To and From, if such a call may be made."""
    to, from_ = wishes.get("To", ""), wishes.get("From", "")
    if not to:
        raise Refused(400, "To is needed: the number to call.", 21201)
    if not from_:
        raise Refused(400, "From is needed: a number of the account.", 21213)
    if parsed(to) is None:
        raise Refused(400, f"To is {to!r}, which is no telephone number in E.164 form.", 21211)
    if parsed(from_) is None:
        raise Refused(400, f"From is {from_!r}, which is no telephone number in E.164 form.", 21212)
    if from_ not in world.numbers:
        raise Refused(400, f"From is {from_}, which is not one of this account's numbers.", 21210)
    if country(to) in world.forbidden_countries:
        raise Refused(400, f"The account's dialing permissions forbid calls to {country(to)}.", 21215)
    if to in world.numbers:
        raise Refused(501, not_built("A call from Twilio to one of the account's own numbers"))
    return to, from_


def first_step(wishes: dict[str, str]) -> webhooks.Request | reader.Document | None:
    """What a call is to do: the TwiML of an address or, if there is none, the TwiML given inline."""
    if wishes.get("Url"):
        return webhooks.Request(url_of(wishes, "Url"), method_of(wishes, "Method"))
    if not wishes.get("Twiml"):
        return None
    try:
        return reader.Document(reader.inline(wishes["Twiml"]))
    except Failure as failure:
        raise Refused(400, failure.message, failure.code) from failure


def ring_time(form: dict[str, list[str]]) -> int:
    """Seconds that it rings, with Twilio's buffer."""
    return min(max(whole(form, "Timeout", 60), 5), 600) + EXTRA_RING


def callback_of(form: dict[str, list[str]], wishes: dict[str, str]) -> StatusCallback:
    """Who is told of the call's progress."""
    events = some_of(form, "StatusCallbackEvent", EVENTS, "completed")
    return StatusCallback(url_of(wishes, "StatusCallback"), method_of(wishes, "StatusCallbackMethod"), events)


def detection_of(wishes: dict[str, str], told: StatusCallback | None) -> Detection | None:
    """The answering-machine detection that is wished for: in the background, if somebody is to be told of it."""
    values = {name: attribute.default for name, attribute in DETECTION.items()}
    for name, attribute in DETECTION.items():
        parameter = name[0].upper() + name[1:]
        try:
            values[name] = attribute.read(wishes[parameter]) if wishes.get(parameter) else attribute.default
        except ValueError as error:
            raise Refused(400, f"{parameter} is {error}, not {wishes[parameter]!r}.", 21234) from error
    return Detection.wished(values, told)


def call_of(world: World, request: Request) -> Call:
    call = world.calls.get(request.path_params["sid"])
    if call is None or call.direct:
        raise missing(request)
    return call


async def fetch_call(world: World, request: Request, _: dict[str, list[str]]) -> Response:
    return JSONResponse(resource(call_of(world, request)))


async def update_call(world: World, request: Request, form: dict[str, list[str]]) -> Response:
    """Redirects, cancels or ends a call, or changes its limits: https://www.twilio.com/docs/voice/api/call-resource#update-a-call-resource"""
    call, wishes = call_of(world, request), only(form, UPDATE)
    status = wishes.get("Status")
    if status not in (None, "canceled", "completed"):
        raise Refused(400, f"Status is canceled or completed, not {status!r}.", 20001)
    if wishes.get("Url") and wishes.get("Twiml"):
        raise Refused(400, "Url and Twiml exclude each other.", 21218)
    step, limit = first_step(wishes), limit_of(form)
    fallback = url_of(wishes, "FallbackUrl"), method_of(wishes, "FallbackMethod")
    callback = StatusCallback(url_of(wishes, "StatusCallback"), method_of(wishes, "StatusCallbackMethod"))
    if call.over.fired:
        raise Refused(400, "Call is over: it can be neither redirected nor ended any more.", 21220)
    if step and call.status != "in-progress":
        raise Refused(400, f"Call is {call.status}, not in-progress. Cannot redirect.", 21220)
    if fallback[0]:
        call.fallback = fallback
    if callback.url:
        call.callback = StatusCallback(
            callback.url, callback.method, call.callback.events if call.callback else ("completed",)
        )
    if "TimeLimit" in wishes:
        call.limit(limit)
    if step:
        call.redirect(verbs.run(call, step))
    if status == "completed" or (status == "canceled" and not call.answered.fired):
        call.end("canceled", "REST")
    return JSONResponse(resource(call))


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
    known = words("Page PageSize PageToken").union(plain, (name + sign for name in times for sign in ("", "<", ">")))
    wishes = only(form, known)
    calls = [call for call in reversed(world.calls.values()) if not call.direct]
    for name, value in wishes.items():
        if name in plain:
            calls = [call for call in calls if resource(call)[plain[name]] == value]
        elif name.rstrip("<>") in times:
            calls = [call for call in calls if is_in(name[-1], getattr(call, times[name.rstrip("<>")]), value)]
    return page(request, form, "calls", [resource(call) for call in calls])


def limit_of(form: dict[str, list[str]]) -> int:
    limit = whole(form, "TimeLimit", MAX_TIME_LIMIT)
    if limit < 1:
        raise Refused(400, "TimeLimit is at least 1 second.", 20001)
    return limit


def routes() -> list[Route]:
    return endpoints.routes(
        [
            ("POST", "/Calls.json", create_call),
            ("GET", "/Calls.json", list_calls),
            ("GET", "/Calls/{sid}.json", fetch_call),
            ("POST", "/Calls/{sid}.json", update_call),
            ("DELETE", "/Calls/{sid}.json", delete_call),
        ]
    )
