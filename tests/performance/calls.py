"""One masked call, placed as Twilio places it: whatever the TwiML asks to be told of is told, signed and metered."""

import base64
import io
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from twilio.request_validator import RequestValidator

from local.aws import Context, Template
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, BASE, ROOT
from tests.performance.cost import PLATFORM_LOG_BYTES, Webhook, logged_by_aws
from tests.performance.meter import Meter
from toritsugi.limits.limits import COUNTED_ONE_IN

AIKO, BEN = "+819011110001", "+819022220002"

STATUSES = {"initiated": "initiated", "ringing": "ringing", "answered": "in-progress", "completed": "completed"}

Json = dict[str, Any]
Handler = Callable[[Json, Any], Json]


@dataclass
class Implementation:
    """Somebody's webhooks: which handler answers where, the Powertools logger that they all write to, and the bytes
    that AWS itself writes down of each request.
    """

    handlers: dict[str, Handler]
    logger: Any
    logged_by_aws: int = PLATFORM_LOG_BYTES
    sent: list[Webhook] = field(default_factory=list)
    events: dict[str, tuple[Handler, Json]] = field(default_factory=dict)

    def calls(self, caller: str, line: str, *, counted: bool = False) -> list[Webhook]:
        """The webhooks of a call that is put through, answered, and hung up after a minute.

        It is one that is `counted` toward the limits for fifty, or one of the others.
        """
        self.sent = []
        call, leg = new_sid(counted=counted), new_sid()
        answer = self.send("voice", "/voice", incoming(call, caller, line))
        dial = ElementTree.fromstring(answer["body"]).find("Dial")
        assert dial is not None, f"the call is not put through: {answer['body']}"
        number = dial.find("Number")
        assert number is not None
        for event in number.get("statusCallbackEvent", "").split():
            fields = callback(leg, call, dial.get("callerId", ""), number.text or "", event)
            self.send(event, number.get("statusCallback", ""), fields)
        if action := dial.get("action"):
            self.send(
                "dial ended", action, incoming(call, caller, line) | {"DialCallSid": leg, "DialCallStatus": "completed"}
            )
        return list(self.sent)

    def send(self, name: str, url: str, fields: dict[str, str], token: str = AUTH_TOKEN) -> Json:
        """The answer to a signed form; `sent` holds what it took."""
        path = url.removeprefix(BASE).partition("#")[0]
        handler = self.handlers["/" + path.split("/")[1]]
        event = signed(path, fields, token)
        self.events[name] = handler, event
        return self.deliver(name)

    def deliver(self, name: str) -> Json:
        """The answer to the last event of this name, be it for the first time or again."""
        handler, event = self.events[name]
        with Meter() as meter, self.writing() as log:
            answer = handler(event, Context(name))
        self.sent.append(Webhook(name, meter, len(log.getvalue().encode()), self.logged_by_aws))
        return answer

    @contextmanager
    def writing(self):
        """What is logged inside, instead of on the screen."""
        log = io.StringIO()
        handler = self.logger.registered_handler
        screen = handler.setStream(log)
        try:
            yield log
        finally:
            handler.setStream(screen)


def ours() -> Implementation:
    import sms
    import status
    import voice
    from toritsugi.foundation.logs import log

    aws = logged_by_aws(Template(ROOT / "template.yaml", {}).body)
    return Implementation({"/voice": voice.handler, "/status": status.handler, "/sms": sms.handler}, log, aws)


# ---- forms -----------------------------------------------------------------------------------------------------------


def new_sid(*, counted: bool = False) -> str:
    """The SID of a call that is not counted for others; or of one that is."""
    return f"CA{uuid4().hex[:26]}{COUNTED_ONE_IN if counted else COUNTED_ONE_IN + 1:06x}"


def incoming(call_sid: str, caller: str, line: str) -> dict[str, str]:
    """What Twilio sends when a call comes in."""
    places = {f"{who}{what}": "" for who in ("From", "To", "Caller", "Called") for what in ("City", "State", "Zip")}
    countries = {f"{who}Country": "JP" for who in ("From", "To", "Caller", "Called")}
    parties = {"From": caller, "To": line, "Caller": caller, "Called": line}
    call = {"CallSid": call_sid, "AccountSid": ACCOUNT_SID, "CallStatus": "ringing", "Direction": "inbound"}
    return {**places, **countries, **parties, **call, "ApiVersion": "2010-04-01"}


def callback(call_sid: str, parent_sid: str, shown: str, partner: str, event: str) -> dict[str, str]:
    """What Twilio sends when a leg that `<Dial>` has made changes state."""
    fields = incoming(call_sid, shown, partner) | {
        "ParentCallSid": parent_sid,
        "CallStatus": STATUSES[event],
        "Direction": "outbound-dial",
        "Timestamp": formatdate(time.time(), usegmt=True),
        "CallbackSource": "call-progress-events",
        "SequenceNumber": "0",
    }
    return fields | ({"CallDuration": "60", "Duration": "1"} if event == "completed" else {})


def signed(path: str, fields: dict[str, str], token: str = AUTH_TOKEN) -> Json:
    """The event that API Gateway makes of a form of Twilio's."""
    headers = {
        "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
        "x-twilio-signature": RequestValidator(token).compute_signature(BASE + path, fields),
        "user-agent": "TwilioProxy/1.1",
        "host": urlsplit(BASE).netloc,
    }
    return event_of("POST", path, headers, urlencode(fields))


def event_of(method: str, path: str, headers: dict[str, str], body: str) -> Json:
    http = {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": ""}
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {
            "http": http,
            "stage": "$default",
            "requestId": "test",
            "timeEpoch": int(time.time() * 1000),
        },
        "body": base64.b64encode(body.encode()).decode(),
        "isBase64Encoded": True,
    }
