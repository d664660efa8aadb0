"""Whoever does not have Twilio's token gets an empty 403, whatever they send: nothing is read, written or logged.

FORGERIES=100000 tries as many as somebody patient would.
"""

import base64
import logging
import os
import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from twilio.request_validator import RequestValidator

import recording
import sms
import status
import voice
from local.aws import Context
from tests.conftest import AUTH_TOKEN, BASE
from tests.integration.conftest import AIKO, LINES, event_of, incoming

FORGERIES = int(os.environ.get("FORGERIES", "4000"))
HANDLERS = {"/voice": voice, "/sms": sms, "/status/KC1/KP1/KP2/1": status, "/recording/voicemail/desk/x": recording}
FORM = "application/x-www-form-urlencoded; charset=UTF-8"
KINDS = (FORM, "application/json", "text/plain", "multipart/form-data; boundary=x", "", "application/xml", FORM.upper())
ODD = (
    "",
    "\x00",
    "é",
    "山田",
    "%",
    "%zz",
    "[",
    "]",
    "//",
    "?",
    "#",
    "&",
    "=",
    "\ud800",
    "😀",
    " ",
    "\r\n",
    "'",
    '"',
    "a" * 5000,
)


def genuine(path: str) -> dict[str, Any]:
    """A request as Twilio signs it."""
    fields = incoming(AIKO, LINES[0], "CA" + "1" * 32)
    signature = RequestValidator(AUTH_TOKEN).compute_signature(BASE + path, fields)
    headers = {"X-Twilio-Signature": signature, "Content-Type": FORM}
    return event_of("POST", BASE + path, urlencode(fields), headers)


def forged(draw: random.Random) -> tuple[str, dict[str, Any]]:
    """A handler's path, and a request to it in which something is not as Twilio has signed it."""
    path = draw.choice(list(HANDLERS))
    event = genuine(path)
    for change in draw.sample([sign, address, ask, body, kind, encode], draw.randrange(1, 4)):
        change(draw, event)
    if event["headers"].get("x-twilio-signature") == genuine(path)["headers"]["x-twilio-signature"]:
        sign(draw, event)  # whatever was changed may be what Twilio would have signed: a blank query, say
    return path, event


def sign(draw: random.Random, event: dict[str, Any]) -> None:
    random_signature = base64.b64encode(draw.randbytes(draw.choice((20, 20, 32, 1)))).decode()
    event["headers"]["x-twilio-signature"] = draw.choice((random_signature, "", *ODD))


def address(draw: random.Random, event: dict[str, Any]) -> None:
    event["rawPath"] = draw.choice((event["rawPath"] + draw.choice(ODD), "/" + draw.choice(ODD), "/voice/../sms"))


def ask(draw: random.Random, event: dict[str, Any]) -> None:
    said = draw.choice(("bodySHA256=", f"bodySHA256={'0' * 64}", "a=1&a=2", draw.choice(ODD), f"x={draw.choice(ODD)}"))
    event["rawQueryString"] = said


def body(draw: random.Random, event: dict[str, Any]) -> None:
    sent = draw.choice(("", "{}", "[]", "null", "a=b", "CallSid=CA1&CallSid=CA2", *ODD)).encode(errors="surrogatepass")
    event |= {"body": base64.b64encode(sent).decode(), "isBase64Encoded": True}


def kind(draw: random.Random, event: dict[str, Any]) -> None:
    event["headers"]["content-type"] = draw.choice(KINDS)


def encode(draw: random.Random, event: dict[str, Any]) -> None:
    event |= draw.choice(({"body": "!", "isBase64Encoded": True}, {"body": None}, {"isBase64Encoded": False}))


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """What the exchange has logged above debug."""
    found: list[str] = []
    listener = logging.Handler(logging.INFO)
    listener.emit = lambda record: found.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("toritsugi")
    logger.addHandler(listener)
    yield found
    logger.removeHandler(listener)


def test_a_genuine_request_is_answered_by_every_function(cloud):
    assert voice.handler(genuine("/voice"), Context("voice"))["statusCode"] == 200


def test_whatever_is_forged_gets_an_empty_403_and_nothing_else_happens(cloud, wire, logged):
    draw = random.Random(17)
    with wire.counting() as operations:
        for _ in range(FORGERIES):
            path, event = forged(draw)
            answer = HANDLERS[path].handler(event, Context("any"))
            assert answer == {"statusCode": 403}, event
    assert operations == []
    assert logged == []
