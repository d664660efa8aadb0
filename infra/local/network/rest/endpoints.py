"""What all of Twilio's REST API has in common: authentication, forms in, Twilio's JSON, paging and errors out.

https://www.twilio.com/docs/usage/requests-to-twilio and, for its errors, https://www.twilio.com/docs/usage/twilios-response
"""

from __future__ import annotations

import asyncio
import base64
import re
import secrets
from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.network.addresses import is_absolute, may_be_told
from local.network.dates import day_or_moment
from local.network.refusals import Refused, not_built
from local.network.twiml.grammar import words
from local.network.world import World

PREFIX = "/2010-04-01/Accounts/{account}"
LATER = words(
    "ApplicationSid Record RecordingChannels RecordingStatusCallback RecordingStatusCallbackMethod "
    "RecordingStatusCallbackEvent RecordingTrack Trim SipAuthUsername SipAuthPassword Byoc CallReason CallToken "
    "CallerId ClientNotificationUrl AreaCode VoiceCallerIdLookup VoiceReceiveMode CallerDisplayName ConferenceRecord "
    "ConferenceTrim ConferenceRecordingStatusCallback ConferenceRecordingStatusCallbackMethod "
    "ConferenceRecordingStatusCallbackEvent"
)
OFF = ("", "false", "do-not-record")  # values of what is not built that ask for nothing
RESOURCES = words(
    "Account Recordings Queues Applications OutgoingCallerIds AvailablePhoneNumbers Addresses "
    "Keys SigningKeys Tokens Transcriptions Usage Notifications Balance ConnectApps AuthorizedConnectApps SIP SMS"
)

Handler = Callable[[World, Request, dict[str, list[str]]], Awaitable[Response]]


# ---- what every request has in common -------------------------------------------------------------------------------


def handled(handle: Handler, is_file: bool = False) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint of a handler: authentication before it, faults around it, Twilio's error bodies.

    Whether a file needs the password too is a setting of the account.
    """

    async def endpoint(request: Request) -> Response:
        world: World = request.app.state.world
        url, is_from_outside = str(request.url), not world.clock.busy
        try:
            if world.protects_files or not is_file:
                authenticate(world, request)
            obstruct(world, request, url)
            response = await handle(world, request, await sent(request))
            if late := world.faults.take("rest_answers_late", url):
                await hold_back(world, late.seconds, is_from_outside)
            if slow := world.faults.take("rest_slow", url):
                await asyncio.sleep(slow.seconds)
            keep_back(world, request, url)
        except Reset:
            return Response()  # which nobody gets
        except Refused as refused:
            return refusal(refused)
        world.changed()
        return response

    return endpoint


class Reset(Exception):
    """The connection of a request is gone."""


def obstruct(world: World, request: Request, url: str) -> None:
    """What goes wrong on purpose before a request is carried out. Raises Refused, Reset."""
    rested = request.state.connection.rested(world.clock.now())
    if world.faults.take("rest_forgets", url, rested) or world.faults.take("rest_reset", url):
        reset(request)
    if world.faults.take("rest_429", url):
        raise Refused(429, "Too many requests (a fault that was asked for).", 20429)


def keep_back(world: World, request: Request, url: str) -> None:
    """What goes wrong on purpose with the answer, when a request is carried out. Raises Refused, Reset."""
    if world.faults.take("rest_reset_after_applying", url):
        world.changed()
        reset(request)
    if world.faults.take("rest_500_after_applying", url):
        raise Refused(500, "Carried out, but this answer says it was not (a fault that was asked for).", 20500)


def reset(request: Request) -> None:
    request.state.connection.reset()
    raise Reset


async def hold_back(world: World, seconds: float, is_from_outside: bool) -> None:
    """Returns so many seconds later, when all that is due until then has happened.

    The clock may be waiting for the very task that sent this request. Then that turn is given up meanwhile.
    """
    clock = world.clock
    if is_from_outside:
        clock.count(+1)
    try:
        await clock.sleep(seconds, "the late answer to a REST request")
        while clock.next_due(clock.now()):
            await clock.sleep(0, "the late answer to a REST request")
    finally:
        if is_from_outside:
            clock.count(-1)


def refusal(refused: Refused) -> Response:
    about = f"https://www.twilio.com/docs/errors/{refused.code}" if refused.code >= 10000 else ""
    headers = {"WWW-Authenticate": 'Basic realm="Twilio API"'} if refused.status == 401 else {}
    content = {"code": refused.code, "message": refused.message, "more_info": about, "status": refused.status}
    return JSONResponse(content, refused.status, headers)


def authenticate(world: World, request: Request) -> None:
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    try:
        user, _, password = base64.b64decode(credentials).decode().partition(":")
    except ValueError:
        user = password = ""
    known = world.tokens if user == world.account_sid else [world.api_keys[user]] if opens(world, user, request) else []
    right = any(secrets.compare_digest(password.encode(), secret.encode()) for secret in known)
    if scheme.lower() != "basic" or not right:
        raise Refused(401, "Authenticate", 20003)
    if request.path_params.get("account", world.account_sid) != world.account_sid:
        raise missing(request)


def opens(world: World, key_sid: str, request: Request) -> bool:
    """Whether there is such a key, and it may do this: standard keys open neither the account itself nor its keys and
    tokens. https://www.twilio.com/docs/iam/api-keys/keys-in-console#types-of-keys
    """
    path, account = request.url.path, f"/2010-04-01/Accounts/{world.account_sid}"
    is_about_account = path == f"{account}.json" or path.startswith((f"{account}/Keys", "/v1/AuthTokens"))
    return key_sid in world.api_keys and not is_about_account


async def sent(request: Request) -> dict[str, list[str]]:
    """The form (or, of a GET, the query), each name with all its values."""
    text = request.url.query if request.method == "GET" else (await request.body()).decode("utf-8", "replace")
    form: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        form.setdefault(name, []).append(value)
    return form


def missing(request: Request) -> Refused:
    return Refused(404, f"There is nothing at {request.url.path}.", 20404)


def only(form: dict[str, list[str]], known: frozenset[str]) -> dict[str, str]:
    """The last value of each parameter. Whatever this network does not know is refused by its name."""
    for name in form:
        if name in LATER and name not in known and form[name][-1] not in OFF:
            raise Refused(501, not_built(f"{name}={form[name][-1]}"))
        if name not in known | LATER:
            raise Refused(400, f"{name} is no parameter of this request.", 20001)
    return {name: values[-1] for name, values in form.items() if name in known}


def page(request: Request, form: dict[str, list[str]], name: str, found: list[dict[str, Any]]) -> Response:
    """One page of what was found, with the addresses of its neighbours: https://www.twilio.com/docs/usage/twilios-response#pagination

    The next page begins behind the last of this one, whose SID is in its token, whatever comes or goes before it. What
    has no SID, such as a record of usage, does not come or go.
    """
    size, number = size_and_number(form)
    rest = [
        (key, value) for key, values in form.items() for value in values if key not in ("Page", "PageSize", "PageToken")
    ]

    def uri(wanted: int, *token: tuple[str, str]) -> str:
        return f"{request.url.path}?{urlencode([*rest, ('PageSize', size), ('Page', wanted), *token])}"

    sids = [one.get("sid") or one.get("call_sid") for one in found]
    last_seen = form.get("PageToken", [""])[-1].removeprefix("PA")
    begin = sids.index(last_seen) + 1 if last_seen in sids else number * size
    shown = found[begin : begin + size]
    is_more = begin + size < len(found)
    token = [("PageToken", f"PA{sids[begin + size - 1]}")] if is_more and sids[begin + size - 1] else []
    return JSONResponse(
        {
            name: shown,
            "page": number,
            "page_size": size,
            "start": begin,
            "end": max(begin + len(shown) - 1, 0),
            "uri": uri(number),
            "first_page_uri": uri(0),
            "previous_page_uri": uri(number - 1) if number else None,
            "next_page_uri": uri(number + 1, *token) if is_more else None,
        }
    )


def size_and_number(form: dict[str, list[str]]) -> tuple[int, int]:
    """How many are on a page, and which page is asked for, counted from 0."""
    return min(max(whole(form, "PageSize", 50), 1), 1000), whole(form, "Page", 0)


def page_with_meta(
    world: World, request: Request, form: dict[str, list[str]], name: str, found: list[dict[str, Any]]
) -> Response:
    """One page as Twilio's newer APIs write it, with addresses that are complete."""
    size, number = size_and_number(form)

    def url(wanted: int) -> str:
        return f"{world.address}{request.url.path}?{urlencode({'PageSize': size, 'Page': wanted})}"

    meta = {
        "key": name,
        "page": number,
        "page_size": size,
        "url": url(number),
        "first_page_url": url(0),
        "previous_page_url": url(number - 1) if number else None,
        "next_page_url": url(number + 1) if (number + 1) * size < len(found) else None,
    }
    return JSONResponse({name: found[number * size : (number + 1) * size], "meta": meta})


def whole(form: dict[str, list[str]], name: str, default: int) -> int:
    value = form.get(name, [str(default)])[-1]
    if not re.fullmatch(r"\d{1,9}", value):
        raise Refused(400, f"{name} is a whole number, not {value!r}.", 20001)
    return int(value)


def truth_of(form: dict[str, str], name: str, default: bool = False) -> bool:
    value = form.get(name, "").lower()
    if value not in ("", "true", "false"):
        raise Refused(400, f"{name} is true or false, not {value!r}.", 20001)
    return value == "true" if value else default


def url_of(form: dict[str, str], name: str) -> str:
    url = form.get(name, "")
    if url and name == "StatusCallback" and not may_be_told(url):
        raise Refused(400, f"{name} is an absolute http or https URL with a valid host name, not {url!r}.", 21609)
    if url and not is_absolute(url):
        raise Refused(400, f"{name} is an absolute http or https URL, not {url!r}.", 21205)
    return url


def method_of(form: dict[str, str], name: str, default: str = "POST") -> str:
    method = form.get(name, default).upper()
    if method not in ("GET", "POST"):
        raise Refused(400, f"{name} is GET or POST.", 21209)
    return method


def some_of(form: dict[str, list[str]], name: str, known: Iterable[str], default: str) -> tuple[str, ...]:
    """Names out of those that are known: the parameter is repeated, or holds several with spaces between them."""
    names = tuple(" ".join(form.get(name, [default])).split())
    if strange := set(names).difference(known):
        raise Refused(400, f"{name} {', '.join(strange)}: there are {', '.join(known)}.", 21626)
    return names


def is_in(sign: str, moment: float | None, text: str) -> bool:
    try:
        first, last = day_or_moment(text)
    except ValueError as error:
        raise Refused(400, f"{text!r} is no date: YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ.", 20001) from error
    if moment is None:
        return False
    return moment < last if sign == "<" else moment >= first if sign == ">" else first <= moment < last


def routes(table: list[tuple[str, str, Handler]], prefix: str = PREFIX) -> list[Route]:
    """The routes of these methods, paths and handlers, below the account unless said otherwise."""
    return [Route(prefix + path, handled(handle), methods=[method]) for method, path, handle in table]


def files(table: list[tuple[str, str, Handler]]) -> list[Route]:
    """The routes of recordings and media themselves: https://help.twilio.com/articles/223183748"""
    return [Route(PREFIX + path, handled(handle, is_file=True), methods=[method]) for method, path, handle in table]


async def anything_else(_world: World, request: Request, _: dict[str, list[str]]) -> Response:
    """What Twilio has here and this network has not is refused by name."""
    parts = re.split(r"[/.]", request.path_params.get("rest", "Account"))
    below_call = parts[0] == "Calls" and len(parts) > 2 and parts[2]
    if name := next((part for part in parts if part in RESOURCES), below_call):
        raise Refused(501, not_built(name))
    raise missing(request)


def everything_else() -> list[Route]:
    methods = ["GET", "POST", "PUT", "DELETE"]
    paths = (f"{PREFIX}.json", f"{PREFIX}/{{rest:path}}")
    return [Route(path, handled(anything_else), methods=methods) for path in paths]
