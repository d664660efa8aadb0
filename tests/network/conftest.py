"""A telephone network at pace 0 and a small application beside it, both on free ports, in a thread of their own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, quote

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from local.clock import Clock
from local.network.world import World
from tests.network.running import Local, running
from tests.network.town import Town
from tests.network.town import alone as alone_in_town

AIKO, BEN, CARLA = "+819011110001", "+819022220002", "+819033330003"
LINE, SECOND_LINE = "+815012345678", "+815012345679"
START = 1_800_000_000.0  # whole seconds are easier to read


class Application:
    """An application that answers each path with what it was told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.requests: list[dict[str, Any]] = []
        self.network: Network

    def on(self, path: str, *answers: Any) -> None:
        """From now on this path answers these in turn, the last for ever: TwiML, a Response, or what makes one."""
        self.answers[path] = list(answers)

    async def handle(self, request: Request) -> Response:
        raw = (await request.body()).decode()
        source = raw if request.method == "POST" else request.url.query
        params = dict(parse_qsl(source, keep_blank_values=True))
        self.requests.append(
            {
                "path": request.url.path,
                "method": request.method,
                "url": str(request.url),
                "params": params,
                "headers": dict(request.headers),
                "signed": RequestValidator(self.network.world.auth_token).validate(
                    str(request.url), params if request.method == "POST" else {}, request.headers["x-twilio-signature"]
                ),
            }
        )
        answers = self.answers.get(request.url.path, [Response(status_code=204)])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if callable(answer) and not isinstance(answer, Response):
            answer = await asyncio.to_thread(answer, params)
        if isinstance(answer, Response):
            return answer
        return Response(f"<Response>{answer}</Response>", media_type="text/xml")

    def asked(self, path: str) -> list[dict[str, str]]:
        """The parameters of each request to this path."""
        return [request["params"] for request in self.requests if request["path"] == path]


class Phone:
    """A telephone in a test's hands."""

    def __init__(self, network: Network, number: str) -> None:
        self.network, self.number = network, number
        self.path = f"/phones/{quote(number)}"

    def behaves(self, **settings: Any) -> Phone:
        self.network.call("PUT", self.path, settings)
        return self

    def dials(self, to: str) -> str:
        return self.network.call("POST", self.path + "/dial", {"to": to})["call_sid"]

    def answers(self) -> None:
        self.network.call("POST", self.path + "/answer")

    def rejects(self) -> None:
        self.network.call("POST", self.path + "/reject")

    def hangs_up(self) -> None:
        self.network.call("POST", self.path + "/hangup")

    def hangs_up_without_waiting(self) -> None:
        """As a handler of the application does it, whose answer the network is waiting for."""
        with contextlib.suppress(httpx.ReadTimeout):
            self.network.http.post(self.path + "/hangup", timeout=0.2)

    def presses(self, digits: str) -> None:
        self.network.call("POST", self.path + "/press", {"digits": digits})

    def says(self, text: str) -> None:
        self.network.call("POST", self.path + "/speak", {"text": text})

    def seen(self) -> dict[str, Any]:
        return self.network.call("GET", self.path)

    @property
    def state(self) -> str:
        return self.seen()["state"]

    @property
    def heard(self) -> list[dict[str, Any]]:
        return self.seen()["heard"]

    @property
    def words(self) -> list[str]:
        """What was heard, in short."""
        return [f"{item['kind']} {item['text']}".strip() for item in self.heard]


class Network:
    """The network in a test's hands: its control API, its REST API through the official library, its clock."""

    def __init__(self, world: World, app: Application, app_address: str) -> None:
        self.world, self.app, self.address, self.app_address = world, app, world.address, app_address
        self.http = httpx.Client(base_url=world.address, trust_env=False, timeout=60, verify=False)
        self.twilio = Client(world.account_sid, world.auth_token, http_client=Local(world.address))

    def call(self, method: str, path: str, body: Any = None) -> Any:
        response = self.http.request(method, path, json=body)
        assert response.is_success, f"{method} {path}: {response.status_code} {response.text}"
        return response.json() if response.content else None

    def refusal(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        response = self.http.request(method, path, json=body)
        assert 400 <= response.status_code < 600
        return response.status_code, response.json()["error"]

    def phone(self, number: str) -> Phone:
        return Phone(self, number)

    def line(self, number: str = LINE, **settings: Any) -> str:
        """A number of the account whose calls the application answers at /voice."""
        urls = {"voice_url": self.url("/voice"), "capabilities": {"voice": True}}
        return self.call("POST", "/numbers", {"phone_number": number} | urls | settings)["phone_number"]

    def url(self, path: str) -> str:
        return self.app_address + path

    def forward(self, seconds: float) -> None:
        self.call("POST", "/clock", {"advance": seconds})

    def settle(self) -> None:
        self.forward(0)

    def faults(self, **faults: Any) -> None:
        self.call("PUT", "/faults", faults)

    def webhooks(self, path: str = "") -> list[dict[str, Any]]:
        return [one for one in self.call("GET", "/webhooks")["webhooks"] if path in one["url"]]

    def calls(self) -> list[dict[str, Any]]:
        return self.call("GET", "/calls")["calls"]

    def leg(self, sid: str) -> dict[str, Any]:
        return self.call("GET", f"/calls/{sid}")

    def leg_to(self, number: str) -> dict[str, Any]:
        return [call for call in self.calls() if call["to"] == number][-1]


@contextlib.contextmanager
def alone(seed: int = 0, pace: int = 0) -> Iterator[Network]:
    """A fresh network, with an application that answers as it is told."""
    app = Application()
    routes = [Route("/{path:path}", app.handle, methods=["GET", "POST"])]
    clock = Clock(pace, START, seed)
    with running(lambda *_: Starlette(routes=routes), clock, "AC" + "0" * 31 + "1", "12345") as (world, _, address):
        app.network = network = Network(world, app, address)
        try:
            yield network
        finally:
            network.http.close()
            network.twilio.http_client.session.close()


@pytest.fixture
def network() -> Iterator[Network]:
    with alone() as one:
        yield one


@pytest.fixture
def app(network: Network) -> Application:
    return network.app


@pytest.fixture
def aiko(network: Network) -> Phone:
    return network.phone(AIKO)


@pytest.fixture
def ben(network: Network) -> Phone:
    return network.phone(BEN)


@pytest.fixture(scope="module")
def long_lived_town() -> Iterator[Town]:
    with alone_in_town() as town:
        yield town


@pytest.fixture
def town(long_lived_town: Town) -> Iterator[Town]:
    """The town as every test finds it. In the end nothing of the network may have failed, and all must be signed."""
    town = long_lived_town
    town.begin()
    yield town
    failures, unsigned = list(town.world.clock.failures), list(town.application.unsigned)
    town.world.clock.failures.clear()
    town.application.unsigned.clear()
    assert (failures, unsigned) == ([], [])
