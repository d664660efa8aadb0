"""The owner's own systems, somewhere on the web: asked while a caller waits, and told what has happened.

A request is a POST of JSON, signed as Twilio signs its own, over the address and the hash of the body, so the owner
checks it with the library that they have for Twilio's webhooks. But the key is the exchange's own secret: whoever
writes a reception may have a request sent anywhere, and who checks one need not hold the account at Twilio.
https://www.twilio.com/docs/usage/webhooks/webhooks-security#validating-signatures-from-twilio
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, urlencode, urljoin, urlsplit, urlunsplit

from twilio.request_validator import RequestValidator

from toritsugi.adapters import web
from toritsugi.foundation import config
from toritsugi.foundation.errors import OwnerSilent, OwnerSlow

OWNER_PATIENCE_SECONDS = 2.0
RECEIVER_PATIENCE_SECONDS = 5.0  # nobody waits at a telephone; but a process does, which others could use
MAX_ANSWER_BYTES = 16_384
MAX_OWNERS_TWIML_BYTES = 65_536  # Twilio takes no more: https://www.twilio.com/docs/api/errors/11750

REDIRECTS, MAX_REDIRECTS = (301, 302, 303, 307, 308), 2
AUDIO = {f"audio/{kind}" for kind in ("mpeg", "mp3", "wav", "wave", "x-wav", "aiff", "x-aiff", "x-aifc", "ulaw")}
AUDIO |= {"audio/gsm", "audio/x-gsm"}


def ask_owner(url: str, facts: Mapping[str, Any], key: str) -> dict[str, Any]:
    """What the owner's system says about a call: an object in JSON. `key` is the same when the same is asked again.

    Raises OwnerSilent if there is no such answer within two seconds, whatever the reason.
    """
    body = json.dumps(facts, ensure_ascii=False).encode()
    answer = post(url, body, "application/json", key, MAX_ANSWER_BYTES, OWNER_PATIENCE_SECONDS)
    try:
        said = json.loads(answer.content) if 200 <= answer.status < 300 else None
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise OwnerSilent(f"it answered {answer.status}, and no object in JSON")
    return said


def tell_owner(url: str, said: Mapping[str, Any], key: str) -> int:
    """The status with which the owner's system answers what it is told. Raises OwnerSilent where it does not."""
    body = json.dumps(said, ensure_ascii=False).encode()
    return post(url, body, "application/cloudevents+json", key, None, RECEIVER_PATIENCE_SECONDS).status


def call_back(url: str, parameters: Mapping[str, str], key: str, by_auth_token: bool) -> int:
    """The status with which the owner's system answers what it is told in Proxy's words. Raises OwnerSilent."""
    return post_form(url, parameters, key, by_auth_token, None, RECEIVER_PATIENCE_SECONDS).status


def ask_whether(url: str, parameters: Mapping[str, str], key: str, by_auth_token: bool) -> int:
    """The status with which it says whether a call or text may go on, within two seconds. Raises OwnerSilent."""
    return post_form(url, parameters, key, by_auth_token, None, OWNER_PATIENCE_SECONDS).status


def ask_what_becomes(url: str, parameters: Mapping[str, str], key: str, by_auth_token: bool) -> web.WebAnswer:
    """What it says should become of a stranger, who hears their own call ring meanwhile. Raises OwnerSilent."""
    return post_form(url, parameters, key, by_auth_token, MAX_OWNERS_TWIML_BYTES, RECEIVER_PATIENCE_SECONDS)


def post_form(
    url: str, parameters: Mapping[str, str], key: str, by_auth_token: bool, largest: int | None, seconds: float
) -> web.WebAnswer:
    """The answer to a form that is signed as Twilio's own, over all its fields.

    Raises OwnerSilent where there is none, or where the exchange has no auth token to sign with.
    """
    settings = config.settings()
    if by_auth_token and not settings.auth_tokens:
        raise OwnerSilent("the exchange has no auth token to sign with")
    split = read_address(url)
    signed = urlunsplit(split._replace(path=split.path or "/", fragment=""))
    secret = settings.auth_tokens[0] if by_auth_token else settings.own_secret
    signature = RequestValidator(secret).compute_signature(signed, parameters)
    kind = "application/x-www-form-urlencoded; charset=utf-8"
    headers = {"Content-Type": kind, "X-Twilio-Signature": signature, "Idempotency-Key": key}
    return web.request("POST", signed, headers, urlencode(parameters).encode(), largest, seconds)


def check_address(url: str) -> None:
    """Raises OwnerSilent for an address to which nothing would be sent: one that is not on the web, or no https."""
    split = read_address(url)
    web.resolve(split.hostname or "", split.port or (443 if split.scheme == "https" else 80), split.scheme)


def read_address(url: str) -> SplitResult:
    """The parts of an address. Raises OwnerSilent for what is none."""
    try:
        split = urlsplit(url)
        _ = split.port  # which is read only here
        return split
    except ValueError:
        raise OwnerSilent("its address is none") from None


def post(url: str, body: bytes, kind: str, key: str, largest: int | None, seconds: float) -> web.WebAnswer:
    """The answer to a signed request; of its content so much, or nothing. Raises OwnerSilent, or OwnerSlow."""
    split = read_address(url)
    query = f"{split.query}&" if split.query else ""
    whole = split._replace(path=split.path or "/", query=f"{query}bodySHA256={hashlib.sha256(body).hexdigest()}")
    signed = urlunsplit(whole)  # as whoever is asked sees it, who knows of no address without a path
    signature = RequestValidator(config.settings().own_secret).compute_signature(signed, {})
    headers = {"Content-Type": kind, "X-Twilio-Signature": signature, "Idempotency-Key": key}
    return web.request("POST", signed, headers, body, largest, seconds)


def listen(url: str) -> str | None:
    """What is strange about an audio file of the owner's, if anything is. Raises ValueError if Twilio cannot play it.

    https://www.twilio.com/docs/voice/twiml/play#supported-audio-file-types
    """
    for _ in range(MAX_REDIRECTS + 1):
        try:
            answer = web.request("GET", url, {"Range": "bytes=0-0"}, None, None, OWNER_PATIENCE_SECONDS)
        except OwnerSlow:
            return f"{url} is slow: a caller hears nothing for more than {OWNER_PATIENCE_SECONDS:g} seconds"
        except OwnerSilent as silence:
            raise ValueError(f"there is no audio at {url}: {silence}") from None
        status, location = answer.status, answer.headers["Location"]
        if status not in REDIRECTS or location is None:
            break
        url = urljoin(url, location)
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower() or "of no type"
    if status not in (200, 206):
        raise ValueError(f"there is no audio at {url}: it answers {status}")
    if kind not in AUDIO:
        raise ValueError(f"there is no audio at {url}: it is {kind}, and Twilio plays audio/mpeg and audio/wav")
    return None
