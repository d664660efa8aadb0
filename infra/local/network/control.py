"""The control API: people's hands, in JSON. Each request returns when all that follows from it at once has happened.

"<-" is what the object that is sent holds, "->" what comes back. What is refused has a status of 4xx and an "error"
that says what is wrong and what to do.

    GET /ready                -> {"ready"}: true, or 503 and false until calls can be made
    GET /account              -> {"account_sid", "auth_token", "numbers", "protects_files", "texts_forbidden_to",
                                 "webhook_rules": as Twilio's REST API shows them, "calls_at_once", "type",
                                 "customer_profiles"}
    PUT /account              <- "protects_files", whether recordings and media need the password (true),
                                 "texts_forbidden_to", a list of ISO codes of countries ([]): what only Twilio's console
                                 can change; "calls_at_once", the most calls of the account, in and out together, or
                                 null (usual): one more by REST or <Dial> fails with Twilio's 10004, and who calls in
                                 is turned away before the application is asked; what Twilio says of itself: "type",
                                 "Full" or "Trial", and "customer_profiles", {"business" | "individual": a status such
                                 as "twilio-approved"}; and "webhook_rules", all at once: [{"match_type":
                                 "EXACT_MATCH" | "PREFIX_MATCH" (usual) | "DEFAULT", "url", "key_id", "secret",
                                 "algorithm": "HMAC_SHA256" (usual) | "HMAC_SHA1", "connection": as in Twilio's
                                 Settings}]; webhooks
                                 to such an address are signed with that SharedKey, and sent as its connection says,
                                 whatever the fragment of the URL asks for
    POST /numbers             <- "phone_number", "capabilities": {"voice", "sms", "mms"}, settings such as "voice_url"
                              -> 201 the IncomingPhoneNumber as in Twilio's REST API
    GET /prices               -> {"price_unit", "as_of": the date of the list, "delay", "countries", "fees"}: what
                                 everything costs the account, from prices.json or as somebody has put it
    PUT /prices               <- in what prices differ from those that are shipped, all at once; {} ends that.
                                 "countries": {"JP": {"outbound_prefix_prices": [{"destination_prefixes":
                                 ["8190"], "current_price": "20"}], "inbound_call_prices": [{"number_type":
                                 "national", "current_price": "1"}], "phone_number_prices", "outbound_sms_prices",
                                 "inbound_sms_prices"}} with rows as in Twilio's Pricing API; a list that is named
                                 takes the place of the shipped one. "fees": {"conference_participant_minute":
                                 "5", ...}: what that API lacks, as GET names it. "delay": seconds from the end of
                                 something until its price is known (180). "price_unit": the account's currency
                                 ("USD"), with "exchange_rate", how much of it a dollar of the shipped list is. What
                                 is over keeps its price; numbers and what is kept cost what they cost now
    GET /phones               -> {"phones": [each as GET /phones/{number}]}
    GET /phones/{number}      -> the telephone, made on first use
    PUT /phones/{number}      <- its settings: "answers", "after", "presses", "greeting", "withheld", "receives",
                                 "name", "suggests": [{"number", "reaches"}]; GET shows all of them
    POST /phones/{number}/dial    <- "to", perhaps "shows": the number that this caller claims to have, and
                                 "stir_verstat": what Twilio says of it then, "TN-Validation-Failed-C" or the like;
                                 the first request of the call alone tells it -> 201 {"call_sid"}
    POST /phones/{number}/answer, /reject, /hangup -> the telephone
    POST /phones/{number}/press   <- "digits", with w and W for pauses of 0.5 and 1 s -> the telephone
    POST /phones/{number}/speak   <- "text" -> the telephone
    POST /phones/{number}/send    <- "to", "body", "media": [URL] -> the telephone
    GET /webhooks             -> {"webhooks": [{"sequence", "call_sid", "method", "url", "params", "headers", "attempt",
                                  "status", "answer", "at", "milliseconds", "error"}]}; ?call= chooses those of one SID,
                                 ?since= those after a sequence number
    GET /calls                -> {"calls": [each as GET /calls/{sid}]}
    GET /calls/{sid}          -> {"sid", "parent_sid", "phone", "from", "to", "direction", "status", "timeline",
                                  "executed": [{"verb", "attributes", "text", "second"}], "seconds", "billed_minutes",
                                  "price": as in Twilio's REST API, null until it is known}
    GET /conferences          -> {"conferences": [each as GET /conferences/{sid}]}
    GET /conferences/{sid}    -> {"sid", "friendly_name", "status", "region", "created_at", "started_at", "ended_at",
                                  "reason", "participants", "timeline", "announcements", "billed_minutes"}
    GET /messages             -> {"messages": [{"sid", "direction", "from", "to", "body", "media", "segments", "status",
                                  "error", "at", "updated_at"}]}: the account's, in Twilio's words, the latest last
    GET /recordings           -> {"recordings": [{"sid", "call_sid", "number": the telephone's, "with": the others',
                                  "line", "status", "source", "at", "completed_at", "deleted_at",
                                  "seconds", "words": [{"second", "text", "from"}]}]}, the latest last
    GET /recordings/{sid}.wav -> the file, without a password, also when the application has deleted it; 404 while
                                  it is not completed
    GET /clock                -> {"now", "pace", "ahead": [{"at", "in", "what"}]}: the earliest 50 things that are due
    POST /clock               <- "advance", seconds: everything due until then happens in its order
    GET /faults, PUT /faults  <-> all faults at once, as faults.py lists them; {} ends them
    GET /events               -> server-sent events {"version": n}: at the start, and when anything has changed
    DELETE /world             hangs up everything and forgets what happened; keeps numbers, telephones and the time

A telephone is {"number", "name", "state": "idle" | "dialing" | "ringing" | "talking", "call_sid", "shows": what its
display says, "talking_with": [number], "heard", "messages"} with its settings. What it heard is [{"at", "second" since
the answer, "kind": "say" | "play" | "speech" | "tone" | "beep" | "music" | "ring", "text", "from", "cut": whether it
was broken off}]. Its texts are [{"sid", "direction", "from", "to", "body", "media", "at", "status", "segments"}]. It
"answers" "by hand", "at once", "busy", "never", or as a "machine", which says its "greeting"; "after" are seconds, and
"presses" are the keys that it presses by itself.

A participant of a conference is {"call_sid", "number", "label", "muted", "hold", "coaching", "call_to_coach",
"start_on_enter", "end_on_exit", "status": "connected" | "complete", "joined_at", "left_at", "reason_left", "hears":
"room" | "wait" | "hold" | "announcement" | "nothing", "time_limit_at": when its <Dial> or its call has lasted as long
as it may, "billed_minutes"}; who rejoins is a new one. An announcement is {"at", "to": call SID or null, "url", "text",
"seconds", "status": "waiting" | "speaking" | "ended" | "failed" | "cut"}, `at` being when it was asked for and later
when it began. The timeline is [{"at", "second" since the first joined, "event", "detail", "call_sid"}]. In the log of
webhooks `call_sid` is the conference's SID where all the room is meant.

How a telephone `receives` texts is "at once", "never" (no carrier reaches it: 30003 after half a minute) or "landline"
(Twilio refuses texts to it: 21614), which is the default where the number's country says so. Its own `messages` are
"in" and "received", or "out" and "sent", or "failed" if nobody with that number can receive them. `media` are where its
files come from, so that whoever looks needs no password. `segments` says in how many pieces it was sent.

Of calls, conferences, texts and recordings that are over the network remembers as many of each as it was told to keep
(--keeps), with their part of the log: at least the latest, at most twice as many. A telephone shows as many texts.

Naming how a telephone `answers` begins its behaviour afresh (after, presses, greeting); every other setting that is not
named stays as it is. A number may be dialed as in its own country (050...). In paths a number's plus is %2B or plain.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from local.network.dates import iso
from local.network.phones.phone import Phone
from local.network.recordings.parts import part
from local.network.refusals import Refused
from local.network.world import World

MAX_ADVANCE = 10 * 366 * 86400  # seconds
SHOWN_AHEAD = 50
BREATH = 0.05  # seconds between two events: a page cannot look more often


async def body(request: Request) -> Any:
    """The JSON that was sent; an empty body is an empty object."""
    raw = await request.body()
    try:
        sent = json.loads(raw) if raw.strip() else {}
        json.dumps(sent, ensure_ascii=False).encode()  # half a character is valid in JSON, and fits into no answer
    except (ValueError, RecursionError) as error:
        raise Refused(400, f"The body is not JSON: {error}.") from error
    return sent


async def wish(request: Request, *names: str) -> list[Any]:
    """These values of the object that was sent. Anything else in it is a mistake, and said."""
    sent = await body(request)
    if not isinstance(sent, dict) or (set(sent) - set(names)):
        raise Refused(400, f"The body is an object with {', '.join(names) or 'nothing in it'}.")
    return [sent.get(name) for name in names]


def handled(handle: Callable[[World, Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint of a handler: what is refused becomes an answer that says why."""

    async def endpoint(request: Request) -> Response:
        try:
            return await handle(request.app.state.world, request)
        except Refused as refused:
            return JSONResponse({"error": refused.message}, refused.status)

    return endpoint


# ---- account and numbers --------------------------------------------------------------------------------------------


async def ready(world: World, _: Request) -> Response:
    return JSONResponse({"ready": world.ready}, 200 if world.ready else 503)


async def account(world: World, _: Request) -> Response:
    return JSONResponse(
        {
            "account_sid": world.account_sid,
            "auth_token": world.auth_token,
            "numbers": list(world.numbers),
            "protects_files": world.protects_files,
            "texts_forbidden_to": sorted(world.textless_countries),
            "webhook_rules": [rule.rule() for rule in world.rules],
            "calls_at_once": world.calls_at_once,
            "type": world.type,
            "customer_profiles": world.customer_profiles,
        }
    )


async def change_account(world: World, request: Request) -> Response:
    world.change(await body(request))
    return await account(world, request)


async def add_number(world: World, request: Request) -> Response:
    return JSONResponse(world.add_number(await body(request)).resource(), 201)


async def prices(world: World, _: Request) -> Response:
    return JSONResponse(world.bill.prices.as_seen())


async def put_prices(world: World, request: Request) -> Response:
    world.bill.replace_prices(await body(request))
    world.changed()
    return await prices(world, request)


# ---- telephones -----------------------------------------------------------------------------------------------------


def phone_of(world: World, request: Request) -> Phone:
    return world.phone(request.path_params["number"])


async def phones(world: World, _: Request) -> Response:
    return JSONResponse({"phones": [phone.as_seen() for phone in world.phones.values()]})


async def phone(world: World, request: Request) -> Response:
    return JSONResponse(phone_of(world, request).as_seen())


async def behave(world: World, request: Request) -> Response:
    one = phone_of(world, request)
    one.behave(await body(request))
    return JSONResponse(one.as_seen())


async def dial(world: World, request: Request) -> Response:
    one = phone_of(world, request)
    call = world.dial(one, *await wish(request, "to", "shows", "stir_verstat"))
    await world.clock.settle()
    return JSONResponse({"call_sid": call.sid}, 201)


async def use(world: World, request: Request) -> Response:
    """Answer, reject or hang up."""
    one = phone_of(world, request)
    await wish(request)
    {"answer": one.answer, "reject": one.reject, "hangup": one.hangup}[request.url.path.rsplit("/", 1)[1]]()
    await world.clock.settle()
    return JSONResponse(one.as_seen())


async def press(world: World, request: Request) -> Response:
    one = phone_of(world, request)
    (digits,) = await wish(request, "digits")
    one.press(digits)
    await world.clock.settle()
    return JSONResponse(one.as_seen())


async def speak(world: World, request: Request) -> Response:
    one = phone_of(world, request)
    (text,) = await wish(request, "text")
    one.speak(text)
    await world.clock.settle()
    return JSONResponse(one.as_seen())


async def send(world: World, request: Request) -> Response:
    one = phone_of(world, request)
    one.send(*await wish(request, "to", "body", "media"))
    await world.clock.settle()
    return JSONResponse(one.as_seen())


# ---- what has happened, and time ------------------------------------------------------------------------------------


async def webhooks(world: World, request: Request) -> Response:
    call, since = request.query_params.get("call"), request.query_params.get("since", "0")
    if not since.isdecimal():
        raise Refused(400, "since is the sequence number of a webhook.")
    entries = [one for one in world.log if one["sequence"] > int(since) and call in (None, one["call_sid"])]
    return JSONResponse({"webhooks": entries})


async def calls(world: World, _: Request) -> Response:
    return JSONResponse({"calls": [call.as_seen() for call in world.calls.values()]})


async def call(world: World, request: Request) -> Response:
    return JSONResponse(world.call(request.path_params["sid"]).as_seen())


async def conferences(world: World, _: Request) -> Response:
    return JSONResponse({"conferences": [conference.as_seen() for conference in world.conferences.values()]})


async def conference(world: World, request: Request) -> Response:
    return JSONResponse(world.conference(request.path_params["sid"]).as_seen())


async def messages(world: World, _: Request) -> Response:
    return JSONResponse({"messages": [message.as_seen() for message in world.messages.values()]})


async def recordings(world: World, _: Request) -> Response:
    return JSONResponse({"recordings": [recording.as_seen() for recording in world.recordings.values()]})


async def audio(world: World, request: Request) -> Response:
    recording = world.recordings.get(sid := request.path_params["sid"])
    if recording is None or recording.completed_at is None:
        raise Refused(404, f"There is no file of a recording {sid}.")
    return part(await recording.audio(), request.headers.get("range", ""))


async def clock(world: World, _: Request) -> Response:
    now = world.clock.now()
    ahead = [
        {"at": iso(due.at), "in": round(max(due.at - now, 0), 3), "what": due.label}
        for due in world.clock.ahead()[:SHOWN_AHEAD]
    ]
    return JSONResponse({"now": iso(now), "pace": world.clock.pace, "ahead": ahead})


async def advance(world: World, request: Request) -> Response:
    (seconds,) = await wish(request, "advance")
    if type(seconds) not in (int, float) or not 0 <= seconds <= MAX_ADVANCE:
        raise Refused(400, f'"advance" is a number of seconds from 0 to {MAX_ADVANCE}: time moves forward only.')
    await world.clock.advance(seconds)
    await world.clock.settle()
    return await clock(world, request)


async def faults(world: World, _: Request) -> Response:
    return JSONResponse(world.faults.wishes)


async def put_faults(world: World, request: Request) -> Response:
    world.faults.replace(await body(request))
    return JSONResponse(world.faults.wishes)


async def forget(world: World, _: Request) -> Response:
    await world.forget()
    return Response(status_code=204)


async def events(world: World, _: Request) -> Response:
    async def stream() -> AsyncIterator[str]:
        changed = asyncio.Event()
        world.watchers.add(changed)
        try:
            while not world.closed:
                changed.clear()
                yield f'data: {{"version": {world.version}}}\n\n'
                await changed.wait()
                await asyncio.sleep(BREATH)
        finally:
            world.watchers.discard(changed)

    return StreamingResponse(stream(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})


def routes() -> list[Route]:
    table: list[tuple[str, str, Callable[[World, Request], Awaitable[Response]]]] = [
        ("GET", "/ready", ready),
        ("GET", "/account", account),
        ("PUT", "/account", change_account),
        ("POST", "/numbers", add_number),
        ("GET", "/prices", prices),
        ("PUT", "/prices", put_prices),
        ("GET", "/phones", phones),
        ("GET", "/phones/{number}", phone),
        ("PUT", "/phones/{number}", behave),
        ("POST", "/phones/{number}/dial", dial),
        ("POST", "/phones/{number}/answer", use),
        ("POST", "/phones/{number}/reject", use),
        ("POST", "/phones/{number}/hangup", use),
        ("POST", "/phones/{number}/press", press),
        ("POST", "/phones/{number}/speak", speak),
        ("POST", "/phones/{number}/send", send),
        ("GET", "/webhooks", webhooks),
        ("GET", "/calls", calls),
        ("GET", "/calls/{sid}", call),
        ("GET", "/conferences", conferences),
        ("GET", "/conferences/{sid}", conference),
        ("GET", "/messages", messages),
        ("GET", "/recordings", recordings),
        ("GET", "/recordings/{sid}.wav", audio),
        ("GET", "/clock", clock),
        ("POST", "/clock", advance),
        ("GET", "/faults", faults),
        ("PUT", "/faults", put_faults),
        ("DELETE", "/world", forget),
        ("GET", "/events", events),
    ]
    return [Route(path, handled(handle), methods=[method]) for method, path, handle in table]
