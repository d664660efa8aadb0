"""A town in which the network is tested: the network, an application that answers as it is told, and people.

Everything goes over HTTP, as for any application: the control API for hands, Twilio's library for REST, and signatures
that Twilio's own validator has to accept.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import SIGNATURE_SETTINGS_HEADER, RequestValidator, get_signature_algorithm
from twilio.rest import Client

from local.clock import Clock
from local.network.world import World
from tests.network.running import Local, running

AIKO, BEN, CARLA, DORA = "+819012340001", "+819012340002", "+819012340003", "+819012340004"
LINE, OTHER_LINE = "+815031230001", "+815031230002"
NOBODY = "+819012349999"
MORNING = 1_800_000_000.0  # whole seconds are easier to read
SORRY = "An application error has occurred. Goodbye."
ALL_EVENTS = "initiated ringing answered completed"
DIALED = {"DialCallStatus", "DialCallSid", "DialCallDuration", "DialBridged"}
TOLD = {"Timestamp", "CallbackSource", "SequenceNumber"}
ENDED = TOLD | {"Duration", "CallDuration"}
MEETING_EVENTS = "start end join leave mute hold modify speaker announcement"
WATCHED = {"statusCallback": "/conference", "statusCallbackEvent": MEETING_EVENTS}  # attributes of <Conference>
STANDARD = {"CallSid", "AccountSid", "From", "To", "CallStatus", "ApiVersion", "Direction", "Caller", "Called"} | {
    party + part for party in ("From", "To", "Caller", "Called") for part in ("City", "State", "Zip", "Country")
}


def meeting(name: str = "Room", dial: str = "", **attributes: str) -> str:
    """A <Dial> into a conference of that name, without beeps unless they are wished for."""
    written = "".join(f' {name}="{value}"' for name, value in ({"beep": "false"} | attributes).items())
    return f"<Dial {dial}><Conference{written}>{name}</Conference></Dial>"


def refusal(call: Callable[..., Any], *args: Any, **wishes: Any) -> tuple[int, int]:
    """The status and Twilio's code with which this call of the library is refused."""
    with pytest.raises(TwilioRestException) as caught:
        call(*args, **wishes)
    return caught.value.status, caught.value.code


@dataclass
class Asked:
    """One request that the application got."""

    path: str
    method: str
    url: str
    params: dict[str, str]
    headers: dict[str, str]
    at: float

    def __getitem__(self, name: str) -> str:
        return self.params[name]


Answer = str | Response
Handler = Callable[[Asked], Answer]


class Application:
    """Answers each path with what it was told to, in turn, the last for ever; 204 where it was told nothing.

    An answer is TwiML, a response, or a function that makes one of the two out of what was asked.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.answers: dict[str, list[Answer | Handler]] = {}
        self.requests: list[Asked] = []
        self.unsigned: list[str] = []

    async def handle(self, request: Request) -> Response:
        sent = (await request.body()).decode() if request.method == "POST" else request.url.query
        params = dict(parse_qsl(sent, keep_blank_values=True))
        signed = params if request.method == "POST" else {}
        url = f"http://{request.headers['host']}{request.scope['raw_path'].decode()}"  # request.url unescapes the path
        url += "?" + request.url.query if request.url.query else ""
        said = request.headers.get(SIGNATURE_SETTINGS_HEADER, "")
        secret = next((one.secret for one in self.world.rules if f"key={one.key_id}," in said), self.world.auth_token)
        if not RequestValidator(secret).validate(
            url, signed, request.headers.get("x-twilio-signature", ""), get_signature_algorithm(said)
        ):
            self.unsigned.append(url)
        asked = Asked(request.url.path, request.method, url, params, dict(request.headers), time.time())
        self.requests.append(asked)
        answers = self.answers.get(asked.path, [Response(status_code=204)])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if callable(answer) and not isinstance(answer, Response):
            answer = await asyncio.to_thread(answer, asked)
        if isinstance(answer, Response):
            return answer
        return Response(f"<Response>{answer}</Response>", media_type="text/xml")


class Person:
    """A telephone, and the hands and ears of whoever has it."""

    def __init__(self, town: Town, number: str) -> None:
        self.town, self.number, self.path = town, number, "/phones/" + quote(number)

    def behaves(self, answers: str = "by hand", **settings: Any) -> Person:
        self.town.unusual.append(self)
        self.town.put(self.path, {"answers": answers, **settings})
        return self

    def dials(self, to: str = LINE, **claimed: str) -> str:
        return self.town.post(self.path + "/dial", {"to": to, **claimed})["call_sid"]

    def joins(self, name: str = "Room", dial: str = "", after: str = "", **attributes: str) -> str:
        """Dials the line, which puts this person into a conference; the SID of the call."""
        self.town.answers("/voice", meeting(name, dial, **attributes) + after)
        return self.dials()

    def answers(self) -> None:
        self.town.post(self.path + "/answer")

    def rejects(self) -> None:
        self.town.post(self.path + "/reject")

    def hangs_up(self) -> None:
        self.town.post(self.path + "/hangup")

    def presses(self, digits: str) -> None:
        self.town.post(self.path + "/press", {"digits": digits})

    def says(self, text: str) -> None:
        self.town.post(self.path + "/speak", {"text": text})

    @property
    def seen(self) -> dict[str, Any]:
        return self.town.get(self.path)

    @property
    def state(self) -> str:
        return self.seen["state"]

    @property
    def heard(self) -> list[dict[str, Any]]:
        return self.seen["heard"]

    @property
    def words(self) -> list[str]:
        """All that was said to this person, by Twilio or by people."""
        return [item["text"] for item in self.heard if item["kind"] in ("say", "speech")]

    @property
    def sounds(self) -> list[str]:
        """All that this person heard, in short, with a mark where it was broken off."""
        return [f"{item['kind']} {item['text']}{' …' if item['cut'] else ''}" for item in self.heard]

    @property
    def talks_with(self) -> list[str]:
        return self.seen["talking_with"]


class Town:
    """A network, its telephones, and one application whose answers a test writes."""

    def __init__(self, world: World, application: Application, application_address: str) -> None:
        self.world, self.application, self.here = world, application, application_address
        self.http = httpx.Client(base_url=world.address, trust_env=False, verify=False, timeout=300)
        self.twilio = Client(world.account_sid, world.auth_token, http_client=Local(world.address))
        self.aiko, self.ben, self.carla, self.dora = (Person(self, number) for number in (AIKO, BEN, CARLA, DORA))
        self.unusual: list[Person] = [self.aiko, self.ben, self.carla, self.dora]
        self.lines: dict[str, str] = {}
        self.is_as_usual = True

    def begin(self) -> None:
        """A new morning: nobody has called yet, everybody answers by hand, and there is one line."""
        self.ask("DELETE", "/world")
        self.application.answers.clear()
        self.application.requests.clear()
        for person in self.unusual:
            self.put(person.path, {"answers": "by hand", "withheld": False, "receives": "at once"})
        self.unusual.clear()
        if not self.is_as_usual:
            self.sets(protects_files=True, texts_forbidden_to=[], calls_at_once=None)
            self.put("/prices", {})
            self.is_as_usual = True
        if self.lines != {LINE: "usual"}:
            for number in self.twilio.incoming_phone_numbers.list():
                number.delete()
            self.has_line()
            self.lines = {LINE: "usual"}

    def has_line(self, number: str = LINE, **settings: Any) -> None:
        """A number of the account that asks the application at /voice; once more for the same one: set up anew."""
        if number in self.lines:
            for old in self.twilio.incoming_phone_numbers.list(phone_number=number):
                old.delete()
        self.lines[number] = "unusual"
        self.post("/numbers", {"phone_number": number, "voice_url": self.at("/voice")} | settings)

    def sets(self, **settings: Any) -> Any:
        """What only Twilio's console can change of the account."""
        self.is_as_usual = False
        return self.put("/account", settings)

    def costs(self, **wishes: Any) -> Any:
        """In what its prices differ from those that the network ships."""
        self.is_as_usual = False
        return self.put("/prices", wishes)

    # ---- the control API -------------------------------------------------------------------------------------------

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.http.request(method, path, json=body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def get(self, path: str) -> Any:
        return self.ask("GET", path)

    def rest(self, method: str, path: str, **settings: Any) -> httpx.Response:
        """The answer to a request that the library would not make, to a path of the account in Twilio's REST API."""
        account = self.world.account_sid
        settings = {"auth": (account, self.world.auth_token)} | settings
        return self.http.request(method, f"/2010-04-01/Accounts/{account}{path}", **settings)

    def put(self, path: str, body: Any) -> Any:
        return self.ask("PUT", path, body)

    def post(self, path: str, body: Any = None) -> Any:
        return self.ask("POST", path, {} if body is None else body)

    def forward(self, seconds: float) -> None:
        self.post("/clock", {"advance": seconds})

    def goes_wrong(self, **faults: Any) -> None:
        self.put("/faults", faults)

    def call(self, sid: str) -> dict[str, Any]:
        return self.get(f"/calls/{sid}")

    def leg_to(self, number: str) -> dict[str, Any]:
        """The latest call to this number."""
        return next(self.call(one.sid) for one in self.twilio.calls.list(to=number))

    def conferences(self) -> list[dict[str, Any]]:
        """Every conference, the latest last."""
        return self.get("/conferences")["conferences"]

    @property
    def conference(self) -> dict[str, Any]:
        """The latest conference."""
        return self.conferences()[-1]

    def log(self, path: str = "") -> list[dict[str, Any]]:
        return [one for one in self.get("/webhooks")["webhooks"] if path in one["url"]]

    # ---- the application -------------------------------------------------------------------------------------------

    def at(self, path: str) -> str:
        return self.here + path

    def answers(self, path: str, *answers: Answer | Handler) -> None:
        self.application.answers[path] = list(answers)

    def asked(self, path: str) -> list[Asked]:
        return [one for one in self.application.requests if one.path == path]

    def events(self, path: str = "/conference") -> list[str]:
        """The events of conferences that the application was told of."""
        return [one["StatusCallbackEvent"] for one in self.asked(path)]

    def told(self, event: str) -> list[Asked]:
        """What the application was told each time that this happened in a conference."""
        return [one for one in self.asked("/conference") if one["StatusCallbackEvent"] == event]

    def statuses(self, path: str = "/status") -> list[str]:
        return [one["CallStatus"] for one in self.asked(path)]


@contextlib.contextmanager
def alone(pace: int = 0) -> Iterator[Town]:
    """A town of its own, in the morning of its first day: 8 o'clock on January 15, 2027."""

    def scripted(world: World, _: str) -> Starlette:
        application = Application(world)
        app = Starlette(routes=[Route("/{path:path}", application.handle, methods=["GET", "POST"])])
        app.state.application = application
        return app

    with running(scripted, Clock(pace, MORNING), "AC" + "0" * 31 + "1", "12345") as (world, app, address):
        town = Town(world, app.state.application, address)
        try:
            yield town
            assert town.application.unsigned == []
        finally:
            town.http.close()
            town.twilio.http_client.session.close()
