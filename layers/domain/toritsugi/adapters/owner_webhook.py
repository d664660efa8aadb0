"""The owner's own systems, somewhere on the web, which are asked while a caller waits.

A request is a POST of JSON, signed as Twilio signs its own: with the account's auth token, over the address and the
hash of the body. So the owner checks it with the library that they have for Twilio's webhooks.
https://www.twilio.com/docs/usage/webhooks/webhooks-security#validating-signatures-from-twilio

Whoever may write a reception may name any address: none is asked that is not everybody's.
"""

import hashlib
import ipaddress
import json
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urljoin, urlsplit

from twilio.request_validator import RequestValidator
from urllib3 import BaseHTTPResponse, HTTPConnectionPool, HTTPSConnectionPool, Timeout
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ReadTimeoutError

from toritsugi.foundation import config
from toritsugi.foundation.errors import OwnerSilent, OwnerSlow

OWNER_PATIENCE_SECONDS = 2.0
MAX_ANSWER_BYTES = 16_384

REDIRECTS, MAX_REDIRECTS = (301, 302, 303, 307, 308), 2
AUDIO = {f"audio/{kind}" for kind in ("mpeg", "mp3", "wav", "wave", "x-wav", "aiff", "x-aiff", "x-aifc", "ulaw")}
AUDIO |= {"audio/gsm", "audio/x-gsm"}


def ask_owner(url: str, facts: Mapping[str, Any], key: str) -> dict[str, Any]:
    """What the owner's system says about a call: an object in JSON. `key` is the same when the same is asked again.

    Raises OwnerSilent if there is no such answer within two seconds, whatever the reason.
    """
    body = json.dumps(facts, ensure_ascii=False).encode()
    signed = f"{url}{'&' if '?' in url else '?'}bodySHA256={hashlib.sha256(body).hexdigest()}"
    signature = RequestValidator(config.settings().auth_tokens[0]).compute_signature(signed, {})
    headers = {"Content-Type": "application/json", "X-Twilio-Signature": signature, "Idempotency-Key": key}
    status, content = request("POST", signed, headers, body)
    try:
        said = json.loads(content) if 200 <= status < 300 else None
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise OwnerSilent(f"it answered {status}, and no object in JSON")
    return said


def listen(url: str) -> str | None:
    """What is strange about an audio file of the owner's, if anything is. Raises ValueError if Twilio cannot play it.

    https://www.twilio.com/docs/voice/twiml/play#supported-audio-file-types
    """
    for _ in range(MAX_REDIRECTS + 1):
        try:
            with answering(
                "GET", url, {"Range": "bytes=0-0"}, None, time.monotonic() + OWNER_PATIENCE_SECONDS
            ) as answer:
                status, headers = answer.status, answer.headers
        except OwnerSlow:
            return f"{url} is slow: a caller hears nothing for more than {OWNER_PATIENCE_SECONDS:g} seconds"
        except OwnerSilent as silence:
            raise ValueError(f"there is no audio at {url}: {silence}") from None
        if status not in REDIRECTS or "Location" not in headers:
            break
        url = urljoin(url, headers["Location"])
    kind = headers.get("Content-Type", "").partition(";")[0].strip().lower() or "of no type"
    if status not in (200, 206):
        raise ValueError(f"there is no audio at {url}: it answers {status}")
    if kind not in AUDIO:
        raise ValueError(f"there is no audio at {url}: it is {kind}, and Twilio plays audio/mpeg and audio/wav")
    return None


def request(
    method: str, url: str, headers: Mapping[str, str], body: bytes | None = None, largest: int = MAX_ANSWER_BYTES
) -> tuple[int, bytes]:
    """Status and content of an answer from somewhere on the web, without following redirects. Raises OwnerSilent."""
    until = time.monotonic() + OWNER_PATIENCE_SECONDS
    with answering(method, url, headers, body, until) as answer:
        return answer.status, read_content(answer, until, largest)


@contextmanager
def answering(
    method: str, url: str, headers: Mapping[str, str], body: bytes | None, until: float
) -> Iterator[BaseHTTPResponse]:
    """An answer, of which the content is still to come. Raises OwnerSilent, also for what goes wrong on the way."""
    try:
        split = urlsplit(url)
        port = split.port or (443 if split.scheme == "https" else 80)
    except ValueError:
        raise OwnerSilent("its address is none") from None
    path = (split.path or "/") + (f"?{split.query}" if split.query else "")
    address = resolve(split.hostname or "", port, split.scheme)
    pool: HTTPConnectionPool
    if split.scheme == "https":
        host = split.hostname
        pool = HTTPSConnectionPool(address, port, server_hostname=host, assert_hostname=host)
    else:
        pool = HTTPConnectionPool(address, port)
    try:
        with pool:
            yield pool.urlopen(
                method,
                path,
                body,
                {"Host": split.netloc, **headers},
                timeout=Timeout(total=until - time.monotonic()),
                retries=False,
                redirect=False,
                preload_content=False,
            )
    except OwnerSilent:
        raise
    except Exception as error:  # urllib3 has a dozen, ssl and socket theirs
        slow = isinstance(error, ConnectTimeoutError | ReadTimeoutError) and not isinstance(error, NewConnectionError)
        raise (OwnerSlow if slow else OwnerSilent)(type(error).__name__) from None


def read_content(answer: BaseHTTPResponse, until: float, largest: int) -> bytes:
    """The content, as long as it is not too large, nor too slow."""
    content = b""
    while chunk := answer.read1(largest + 1):
        content += chunk
        if len(content) > largest:
            raise OwnerSilent("its answer is too large")
        if time.monotonic() > until:
            raise OwnerSlow("its answer takes too long")
    return content


def resolve(host: str, port: int, scheme: str) -> str:
    """The IP address of a host on the web, resolved once, so that nobody changes it in between. Raises OwnerSilent.

    On one machine, where the exchange itself is reached by http, everything is near, and may be asked; but never the
    exchange itself, to which the signature would open every door.
    """
    own = urlsplit(config.settings().public_base_url)
    if (host, port) == (own.hostname, own.port or 443):
        raise OwnerSilent("its address is this exchange's")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise OwnerSilent("there is no such host") from None
    address = str(found[0][4][0])
    if own.scheme == "http":
        return address
    if scheme != "https":
        raise OwnerSilent("its address is not https")
    if not all(is_everybodys(str(one[4][0])) for one in found):
        raise OwnerSilent("its address is not on the web")
    return address


def is_everybodys(address: str) -> bool:
    """Whether an IP address is one of the web: not this machine's, a private network's, or AWS's own."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    inner = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None) or ip
    return bool(ip.is_global and inner.is_global and not inner.is_multicast)
