"""Every request that goes out to the application: signed, limited in time, retried as its URL asks, and logged.

https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides and .../webhooks-security
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urldefrag, urlencode, urljoin, urlsplit

import httpx
from twilio.request_validator import SIGNATURE_HEADER, SIGNATURE_SETTINGS_HEADER, RequestValidator

from local.clock import Clock, Signal
from local.network.addresses import is_absolute, overrides
from local.network.billing.bill import Bill
from local.network.dates import iso
from local.network.faults import Faults
from local.network.refusals import Failure, not_built
from local.network.rules import WebhookRule, find_rule

MAX_REDIRECTS = 10
FORM = "application/x-www-form-urlencoded; charset=UTF-8"


@dataclass
class Request:
    """A request for TwiML that is still to be made. The fallback is itself such a request, and has none."""

    url: str
    method: str = "POST"
    params: dict[str, str] = field(default_factory=dict)
    is_fallback: bool = False


@dataclass
class Answer:
    """What came back, and its entry in the log."""

    status: int
    content: bytes
    kind: str  # the media type
    text: str
    url: str  # without the parameters of a GET: what is relative is relative to this
    entry: dict[str, Any]


class Account(Protocol):
    """What a request needs of the account: who signs it, what carries it, what disturbs it, where it is logged."""

    account_sid: str
    clock: Clock
    faults: Faults
    auth_token: str
    rules: list[WebhookRule]
    transport: httpx.AsyncHTTPTransport
    closed: bool
    slack: float
    bill: Bill

    def send(self, delivery: Coroutine[Any, Any, None]) -> None: ...

    def logged(self, **entry: Any) -> dict[str, Any]: ...

    def changed(self) -> None: ...

    def alert(self, code: int, message: str, sid: str, level: str = "error") -> None: ...


class Asker(Protocol):
    """What a request is about, such as a call or a text. The log has its SID where the parameters name no call."""

    sid: str
    cookies: httpx.Cookies

    @property
    def world(self) -> Account: ...

    def params(self) -> dict[str, str]: ...

    def trouble(self, code: int, message: str, entry: dict[str, Any] | None = None) -> None: ...


class Unanswered(Exception):
    """One attempt that failed. `cause` says whether it may be retried: 4xx, 5xx, ct or rt."""

    def __init__(self, cause: str, code: int, message: str) -> None:
        super().__init__(message)
        self.cause, self.code, self.message = cause, code, message


# ---- what is asked for -------------------------------------------------------------------------------------------


async def ask(asker: Asker, url: str, method: str, params: dict[str, str]) -> Answer:
    """What the application answers to this request.

    A task of its own delivers it: a caller who hangs up does not take back a request that is already on its way.
    """
    url = checked(url)
    arrived = asker.world.clock.signal()
    asker.world.send(deliver(asker, url, method, params, arrived))
    await asker.world.clock.first(arrived)
    outcome: Answer | Failure = arrived.value
    if isinstance(outcome, Failure):
        raise outcome
    return outcome


async def deliver(asker: Asker, url: str, method: str, params: dict[str, str], arrived: Signal) -> None:
    try:
        sending = Sending(asker, url, method, params)
        if asker.world.faults.take("duplicate", url):
            with contextlib.suppress(Failure):
                await sending.until_answered()
        arrived.fire(await sending.until_answered())
    except Failure as failure:
        arrived.fire(failure)
    finally:
        arrived.fire(Failure(12400, "The network itself has failed here.", url))


async def notify(asker: Asker, url: str, method: str, params: dict[str, str]) -> None:
    """Delivers a status callback. Its answer changes nothing; a failure stands in the log."""
    world = asker.world
    if world.closed:
        return
    try:
        sending = Sending(asker, checked(url), method, params, is_callback=True)
        if delay := world.faults.take("delay", url):
            await world.clock.sleep(delay.seconds, f"a delayed status callback of {asker.sid}")
        for _ in range(2 if world.faults.take("duplicate", url) else 1):
            await sending.until_answered()
    except Failure as failure:
        asker.trouble(failure.code, failure.message)


def checked(url: str) -> str:
    """The URL, if it is one that a request can be sent to."""
    if not is_absolute(url):
        raise Failure(11100, f"{url!r} is not an absolute http or https URL.", url)
    if urlsplit(url).username is not None:
        raise Failure(11100, not_built("A user name in a URL"), url)
    return url


def joined(base: str, url: str) -> str:
    try:
        return urljoin(base, url)
    except ValueError as error:
        raise Failure(11100, f"{url!r} is not a URL: {error}.", base) from error


def sent_to(url: str, method: str, params: dict[str, str]) -> str:
    """The URL, escaped as it will be sent, with all that a GET has to say: what is signed is what arrives."""
    if method == "GET" and params:
        url += ("&" if urlsplit(url).query else "?") + urlencode(params)
    return str(httpx.URL(url))


def sign(world: Account, url: str, params: dict[str, str]) -> dict[str, str]:
    """The headers of a signature: by the auth token, or by the key of the rule that counts for this address."""
    rule = find_rule(world.rules, url)
    if rule is None or not rule.key_id:
        return {SIGNATURE_HEADER: RequestValidator(world.auth_token).compute_signature(url, params)}
    signature = RequestValidator(rule.secret).compute_signature(url, params, rule.algorithm)
    return {
        SIGNATURE_HEADER: signature,
        SIGNATURE_SETTINGS_HEADER: f"key={rule.key_id},algorithm={rule.algorithm}",
    }


def answer_of(response: httpx.Response, url: str, entry: dict[str, Any]) -> Answer:
    """What the application answered from this URL, which is noted in the log's entry, too."""
    kind = response.headers.get("content-type", "").split(";")[0].strip().lower()
    audible = kind.startswith("audio/")
    text = f"{len(response.content)} bytes of {kind}" if audible else text_of(response)
    entry["status"], entry["answer"] = response.status_code, text
    return Answer(response.status_code, response.content, kind, text, url, entry)


def text_of(response: httpx.Response) -> str:
    """The body in the charset that its answer claims, or in UTF-8 if there is no such charset."""
    try:
        return response.content.decode(response.charset_encoding or "utf-8", "replace")
    except (LookupError, ValueError):
        return response.content.decode("utf-8", "replace")


# ---- one request, with its retries ----------------------------------------------------------------------------------


class Sending:
    """One request on its way: its attempts share an idempotency token and a limit of time."""

    def __init__(self, asker: Asker, url: str, method: str, params: dict[str, str], is_callback: bool = False) -> None:
        self.asker, self.world, self.method, self.params = asker, asker.world, method, params
        self.url, fragment = urldefrag(url)
        rule = find_rule(self.world.rules, self.url)
        self.patience = rule.overrides if rule else overrides(fragment)
        self.is_callback = is_callback
        self.token = f"{self.world.clock.random.getrandbits(128):032x}"
        self.attempt = 0

    async def until_answered(self) -> Answer:
        """The first answer that Twilio would be content with, or Failure when it would give up."""
        left, retries = self.patience.tt, self.patience.rc
        while True:
            self.attempt += 1
            started, now = time.monotonic(), self.world.clock.now()
            try:
                return await self.follow(left)
            except Unanswered as failure:
                left -= max(time.monotonic() - started, self.world.clock.now() - now)
                if retries == 0 or left <= 0 or failure.cause not in self.patience.rp:
                    raise Failure(failure.code, failure.message, self.url) from failure
                retries -= 1

    async def follow(self, left: float) -> Answer:
        """The answer at the end of the redirects, which are followed as a browser does."""
        url, method, params = self.url, self.method, self.params
        for _ in range(MAX_REDIRECTS + 1):
            answer, location = await self.send(url, method, params, left)
            if location is None:
                return answer
            url = urldefrag(checked(joined(url, location))).url
            if answer.status in (301, 302, 303):
                method, params = "GET", {}
        raise self.failed(answer.entry, Unanswered("", 11215, f"More than {MAX_REDIRECTS} redirects."))

    async def send(self, url: str, method: str, params: dict[str, str], left: float) -> tuple[Answer, str | None]:
        """One request and its answer, and where that redirects to. Every failure of it stands in the log."""
        where, url = url, sent_to(url, method, params)
        headers = self.headers(url, method, params)
        entry = self.world.logged(
            call_sid=params.get("CallSid", self.asker.sid),
            method=method,
            url=url,
            params=params,
            headers=headers,
            attempt=self.attempt,
            status=None,
            answer=None,
            at=iso(self.world.clock.now()),
            milliseconds=None,
            error=None,
        )
        request = httpx.Request(method, url, headers=headers, content=urlencode(params) if method == "POST" else None)
        started = time.monotonic()
        try:
            await self.obstruct(url, left)
            response = await self.exchange(request, left)
            if not self.is_callback:
                await self.delay_answer(url, left, time.monotonic() - started)
        except Unanswered as failure:
            raise self.failed(entry, failure) from failure
        finally:
            entry["milliseconds"] = round((time.monotonic() - started) * 1000)
            self.world.changed()
        answer = answer_of(response, where, entry)
        if response.has_redirect_location:
            return answer, response.headers["location"]
        if not response.is_success:
            cause = f"{response.status_code // 100}xx"
            raise self.failed(entry, Unanswered(cause, 11200, f"The application answered {response.status_code}."))
        return answer, None

    def headers(self, url: str, method: str, params: dict[str, str]) -> dict[str, str]:
        signed = sign(self.world, url, params if method == "POST" else {})
        headers = {"User-Agent": "TwilioProxy/1.1", "Accept": "*/*"} | signed
        headers["I-Twilio-Idempotency-Token"] = self.token
        return headers | {"Content-Type": FORM} if method == "POST" else headers

    async def exchange(self, request: httpx.Request, left: float) -> httpx.Response:
        slack, left = self.world.slack, left * self.world.slack
        ct, rt = min(self.patience.ct * slack, left), min(self.patience.rt * slack, left)
        request.extensions["timeout"] = httpx.Timeout(connect=ct, read=rt, write=left, pool=left).as_dict()
        self.asker.cookies.set_cookie_header(request)
        try:
            async with asyncio.timeout(left):
                response = await self.world.transport.handle_async_request(request)
                await response.aread()
                await response.aclose()
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            tls = isinstance(error.__context__, ssl.SSLError) or "SSL" in str(error)
            raise Unanswered(
                "ct", 11220 if tls else 11205, f"No connection: {error or type(error).__name__}."
            ) from error
        except (httpx.TimeoutException, TimeoutError) as error:
            raise Unanswered("rt", 11200, "The application did not answer in time.") from error
        except httpx.HTTPError as error:
            raise Unanswered("rt", 11200, f"The connection broke: {error or type(error).__name__}.") from error
        response.request = request
        self.asker.cookies.extract_cookies(response)
        return response

    async def obstruct(self, url: str, left: float) -> None:
        """The faults that keep a request from arriving."""
        if self.world.faults.take("connection_refused", url):
            raise Unanswered("ct", 11205, "No connection: refused (a fault that was asked for).")
        if self.world.faults.take("throttled", url):
            raise Unanswered("4xx", 11200, "Answered 429 (a fault that was asked for).")
        if self.world.faults.take("lose", url):
            if not self.is_callback:
                await self.world.clock.sleep(min(self.patience.rt, left), f"giving up on {url}")
            raise Unanswered("rt", 11200, "Lost on its way (a fault that was asked for).")

    async def delay_answer(self, url: str, left: float, already: float) -> None:
        """The fault that makes an answer come late, in virtual seconds, or too late."""
        if delay := self.world.faults.take("delay", url):
            patience = max(min(self.patience.rt, left) - already, 0)
            await self.world.clock.sleep(min(delay.seconds, patience), f"the answer of {url}")
            if delay.seconds >= patience:
                raise Unanswered("rt", 11200, "The application did not answer in time (a fault that was asked for).")

    def failed(self, entry: dict[str, Any], failure: Unanswered) -> Unanswered:
        entry["error"] = {"code": failure.code, "message": failure.message}
        self.world.changed()
        return failure
