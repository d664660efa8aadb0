"""Checks at the exchange's own door: it is where it says, it knows Twilio's hand, and it can look things up."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import httpx
from twilio.request_validator import (
    HMAC_SHA1,
    HMAC_SHA256,
    SIGNATURE_HEADER,
    SIGNATURE_SETTINGS_HEADER,
    RequestValidator,
)

from command.checks.findings import Finding, fail, ok, warn
from command.exchange import Exchange
from command.own_secret import wait_until_looked_for

# Numbers that are nobody's: https://en.wikipedia.org/wiki/555_(telephone_number)
CALLER, CALLED = "+12025550100", "+12025550199"
PATIENCE = 15.0  # as long as Twilio waits, https://www.twilio.com/docs/api/errors/11205
SLOW = 5.0


def address(exchange: Exchange) -> Iterator[Finding]:
    """It answers where Twilio is told to call it."""
    at = exchange.address
    try:
        httpx.get(at, timeout=PATIENCE)
    except httpx.HTTPError as error:
        yield fail(
            f"{at} cannot be reached from here ({type(error).__name__}): nor can Twilio reach it, perhaps",
            "with a domain of your own, check its DNS; else toritsugi deploy",
        )
    else:
        yield ok(at)


def signatures(exchange: Exchange) -> Iterator[Finding]:
    """A request signed with each token and key is answered as a call is; a forged one is turned away."""
    from toritsugi import words
    from toritsugi.foundation.errors import LineUnknown, ToritsugiError

    if not exchange.signers:
        yield fail("the exchange has no auth token: it takes every call for forged", "toritsugi deploy asks for it")
        return
    for name, key_id, secret in exchange.signers:
        answer, took = ring_patiently(exchange, secret, key_id)
        if answer.status_code == 403:
            yield fail(
                f"a call signed with the {name} is taken for forged",
                f"compare the address that Twilio calls with {exchange.address}",
            )
        elif answer.status_code != 200:
            yield fail(
                f"a call is answered with {answer.status_code}",
                "look into the log of the function voice; toritsugi deploy",
            )
        elif any(said in answer.text for said in words.translations(LineUnknown.sentence)):
            slow = took > SLOW
            said = f"a call signed with the {name} is answered in {took * 1000:.0f} ms"
            yield warn(f"{said}: callers wait that long", "look again, the first call is slower") if slow else ok(said)
        elif any(said in answer.text for said in words.translations(ToritsugiError.sentence)):
            yield fail(
                "the function answers, but cannot look up a number: callers hear an apology",
                "look into the log of the function voice",
            )
        else:
            yield fail("something else than the exchange answers there", f"see who serves {exchange.address}")
    if (status := ring(exchange, secrets.token_hex(16)).status_code) == 403:
        yield ok("a forged call is turned away (403)")
    else:
        yield fail(
            f"a forged call is answered with {status}, not 403",
            "something changes requests on their way: a proxy, another address?",
        )


def ring_patiently(exchange: Exchange, secret: str, key_id: str) -> tuple[httpx.Response, float]:
    """The answer to a call, and the seconds that it took; a token that is too new to be known is given its time."""
    began, answer = time.monotonic(), ring(exchange, secret, key_id)
    if answer.status_code == 403:
        wait_until_looked_for(exchange, "shared-keys" if key_id else "auth-tokens")
        began, answer = time.monotonic(), ring(exchange, secret, key_id)
    return answer, time.monotonic() - began


def ring(exchange: Exchange, secret: str, key_id: str = "", address: str = "") -> httpx.Response:
    """The answer to a call from nobody to nobody's number, signed with an auth token, or with a SharedKey.

    It rings at an `address`; if none is named, at that of today.
    """
    url = f"{address or exchange.address}/voice"
    fields = {
        "AccountSid": exchange.account_sid,
        "CallSid": f"CA{secrets.token_hex(16)}",
        "CallStatus": "ringing",
        "Direction": "inbound",
        "From": CALLER,
        "To": CALLED,
    }
    algorithm = HMAC_SHA256 if key_id else HMAC_SHA1
    headers = {SIGNATURE_HEADER: RequestValidator(secret).compute_signature(url, fields, algorithm)}
    if key_id:
        headers[SIGNATURE_SETTINGS_HEADER] = f"key={key_id},algorithm={algorithm}"
    return httpx.post(url, data=fields, headers=headers, timeout=PATIENCE)


def clocks(exchange: Exchange) -> Iterator[Finding]:
    """Ours, the exchange's and Twilio's: AWS refuses what is signed more than five minutes off."""
    for whose, url in (("the exchange", exchange.address), ("Twilio", exchange.carrier_url)):
        asked = time.time()
        answer = httpx.get(url, timeout=PATIENCE)
        if "date" not in answer.headers:
            yield warn(f"{whose} does not say what time it is", f"see who serves {url}")
            continue
        off = parsedate_to_datetime(answer.headers["date"]).timestamp() - (asked + time.time()) / 2
        if abs(off) < 5:
            yield ok(f"this machine and {whose} agree")
        else:
            told = f"this machine is {abs(off):.0f} s {'behind' if off > 0 else 'ahead of'} {whose}"
            yield (fail if abs(off) >= 300 else warn)(told, "switch network time on (timedatectl set-ntp true)")
