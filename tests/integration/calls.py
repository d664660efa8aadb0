"""What clients of the exchange's own REST API do, and what Twilio then tells of the calls that it makes."""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from local.aws import Context
from tests.conftest import BASE
from tests.integration.conftest import AIKO, BEN, LINES, Twilio, event_of
from toritsugi.bridges import commands
from toritsugi.bridges.steps import Begin

WANTED = {"parties": [AIKO, BEN], "from": LINES[0], "minutes": 30}
NOBODY = "/api/calls/KB" + "0" * 32


class Desk:
    """A client with a key of its own; every answer is its status and its JSON."""

    def __init__(self, sid: str = "SK" + "a" * 32, secret: str = "secret") -> None:
        self.header = "Basic " + base64.b64encode(f"{sid}:{secret}".encode()).decode()

    def send(self, method: str, path: str, sent: bytes, **changes: Any) -> dict[str, Any]:
        """The answer to whatever bytes; `changes` are put into the event."""
        import api

        headers = {"Authorization": self.header, "Content-Type": "application/json"} | changes.pop("headers", {})
        event = event_of(method, BASE + path, "", headers)
        answer: dict[str, Any] = api.handler(
            event | {"body": base64.b64encode(sent).decode()} | changes, Context("api", 29)
        )
        return answer

    def asks(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        text = b"" if body is None else json.dumps(body).encode()
        answer = self.send(method, path, text, headers={name.replace("_", "-"): one for name, one in headers.items()})
        return answer["statusCode"], json.loads(answer["body"] or "null")

    def calls(self, **wanted: Any) -> Call:
        status, seen = self.asks("POST", "/api/calls", WANTED | wanted)
        assert status == 201, seen
        return Call(self, seen["sid"])


class Call:
    """A call that the desk has asked for."""

    def __init__(self, desk: Desk, sid: str) -> None:
        self.desk, self.sid, self.path = desk, sid, f"/api/calls/{sid}"

    @property
    def seen(self) -> Any:
        return self.desk.asks("GET", self.path)[1]

    def asks(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        return self.desk.asks(method, self.path + path, body)

    def leg(self, place: int) -> str:
        """The SID of the call to this participant."""
        return f"CA{place:032}"

    def tells(self, twilio: Twilio, place: int, status: str, **more: str) -> int:
        fields = {"CallSid": self.leg(place), "CallStatus": status, "Timestamp": now(), **more}
        return twilio.reports(f"{BASE}/status/bridges/{self.sid}/{place}/1", fields)

    def happens(self, twilio: Twilio, sequence: int, event: str, **more: str) -> int:
        fields = {"ConferenceSid": "CF" + "1" * 32, "StatusCallbackEvent": event, "SequenceNumber": str(sequence)}
        return twilio.reports(f"{BASE}/status/bridges/{self.sid}/room", fields | {"Timestamp": now()} | more)

    def begins(self, twilio: Twilio) -> None:
        """Both answer, are in the room, and the time runs."""
        for place in (1, 2):
            self.tells(twilio, place, "in-progress")
            self.happens(twilio, place, "participant-join", CallSid=self.leg(place))
        self.happens(twilio, 3, "conference-start")
        bridge = commands.get_bridge(self.sid)
        full_time = int(time.time() + bridge.minutes * 60)
        assert Begin(bridge, full_time, full_time).claim(time.time())


def now() -> str:
    return format_datetime(datetime.fromtimestamp(int(time.time()), UTC))
