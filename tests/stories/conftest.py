"""The words in which stories are told: people have telephones, the desk has the official SDK, and time obeys.

The exchange and the network run as in `make run`, at pace 0. A story knows them only by HTTP, and fails if anything
happened in it that it does not tell: a call too many, a webhook that went wrong, an error in the log.
"""

import asyncio
import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from twilio.rest import Client

from local import sample, stack
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, NETWORK_PORT, free_port

EXCHANGE_PORT = free_port()
START = 1_795_000_000  # 2026-11-18T11:06:40Z


class Box:
    """Exchange and network, running in a thread of their own."""

    def __init__(self) -> None:
        self.exchange, self.network = f"http://127.0.0.1:{EXCHANGE_PORT}", f"http://127.0.0.1:{NETWORK_PORT}"
        self.http = httpx.Client(base_url=self.network, trust_env=False, timeout=60)
        self.told: set[str] = set()  # the SIDs of the calls that the story tells
        self.started = threading.Event()
        self.failure: BaseException | None = None
        self.thread = threading.Thread(target=lambda: asyncio.run(self.run()), daemon=True)
        self.thread.start()
        assert self.started.wait(30)
        if self.failure:
            raise self.failure

    async def run(self) -> None:
        self.loop, self.over = asyncio.get_running_loop(), asyncio.Event()
        try:
            account = {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN}
            async with stack.run(EXCHANGE_PORT, NETWORK_PORT, pace=0, start=START, **account) as self.stack:
                await asyncio.to_thread(sample.allow, self.stack)
                self.stack.world.ready = True
                self.started.set()
                await self.over.wait()
        except BaseException as failure:
            self.failure = failure
            self.started.set()

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.over.set)
        self.thread.join(30)
        self.http.close()
        assert not self.failure, self.failure

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.http.request(method, path, json=body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def surprises(self) -> list[str]:
        """Whatever happened that was not told."""
        calls = self.call("GET", "/calls")["calls"]
        found = [f"a call nobody tells of: {c['from']} -> {c['to']}" for c in calls if c["sid"] not in self.told]
        hooks = self.call("GET", "/webhooks")["webhooks"]
        found += [f"{h['method']} {h['url']}: {h['status']} {h['error']}" for h in hooks if went_wrong(h)]
        found += [f"the clock: {failure!r}" for failure in self.stack.clock.failures]
        return found + self.stack.cloud.failures


def went_wrong(hook: dict[str, Any]) -> bool:
    """Whether a webhook failed, and not because the story asked for that."""
    if hook["error"]:
        return "a fault that was asked for" not in hook["error"]["message"]
    return hook["status"] not in (200, 204)


@dataclass
class Heard:
    """Errors in the log of the exchange."""

    errors: list[str] = field(default_factory=list)


class Ear(logging.Handler):
    def __init__(self, heard: Heard) -> None:
        super().__init__(logging.ERROR)
        self.heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.errors.append(record.getMessage())


class Person:
    """Somebody with a telephone."""

    def __init__(self, box: Box, name: str, number: str) -> None:
        self.box, self.name, self.number, self.path = box, name, number, f"/phones/{quote(number)}"

    def __repr__(self) -> str:
        return f"{self.name} ({self.number})"

    @property
    def telephone(self) -> dict[str, Any]:
        return self.box.call("GET", self.path)

    # ---- what people do

    def dials(self, number: str) -> str:
        sid = self.box.call("POST", f"{self.path}/dial", {"to": number})["call_sid"]
        self.box.told.add(sid)
        return sid

    def answers(self) -> None:
        self.box.call("POST", f"{self.path}/answer")

    def rejects(self) -> None:
        self.box.call("POST", f"{self.path}/reject")

    def hangs_up(self) -> None:
        self.box.call("POST", f"{self.path}/hangup")

    def says(self, text: str) -> None:
        self.box.call("POST", f"{self.path}/speak", {"text": text})

    def will(self, answers: str, **how: Any) -> None:
        """How this telephone behaves by itself: at once, busy, never, by hand."""
        self.box.call("PUT", self.path, {"answers": answers, **how})

    # ---- what happens to them

    def rings(self, *, showing: str) -> None:
        telephone = self.telephone
        assert telephone["state"] == "ringing", f"{self} does not ring: {telephone['state']}"
        assert telephone["shows"] == showing, f"{self} sees {telephone['shows']}, not {showing}"
        self.box.told.add(telephone["call_sid"])

    def was_called(self, *, showing: str) -> None:
        """Called without a chance to answer: the telephone is busy, or answers at once."""
        calls = [c for c in self.box.call("GET", "/calls")["calls"] if c["to"] == self.number and c["from"] == showing]
        assert calls, f"nobody called {self} from {showing}"
        self.box.told.add(calls[-1]["sid"])

    def hears(self, words: str) -> None:
        heard = [item["text"] for item in self.telephone["heard"]]
        assert any(words in text for text in heard), f"{self} did not hear {words!r}, but {heard}"

    def hears_nothing(self) -> None:
        words = [item["text"] for item in self.telephone["heard"] if item["kind"] in ("say", "play", "speech")]
        assert not words, f"{self} heard {words}"

    def talks_with(self, other: "Person") -> None:
        assert self.telephone["talking_with"] == [other.number], f"{self} talks with {self.telephone['talking_with']}"

    def is_idle(self) -> None:
        assert self.telephone["state"] == "idle", f"{self} is {self.telephone['state']}"


class Time:
    """The clock of everything."""

    def __init__(self, box: Box) -> None:
        self.box = box

    def forward(self, *, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        self.box.call("POST", "/clock", {"advance": hours * 3600 + minutes * 60 + seconds})


class Desk:
    """The company whose exchange this is: it works with the official SDK, and nothing of it changed but the address."""

    def __init__(self, box: Box) -> None:
        self.box = box
        self.sdk = Client(ACCOUNT_SID, AUTH_TOKEN)
        self.sdk.proxy.base_url = box.exchange
        self.proxy = self.sdk.proxy.v1
        self.service: Any = None

    def opens(self, *lines: str, voice: bool = True, sms: bool = False, **settings: Any) -> None:
        """A service with these lines. Settings of ours go by HTTP, for the SDK does not know them."""
        self.service = self.proxy.services(self.proxy.services.create(unique_name="order-desk").sid)
        if settings:
            url = f"{self.box.exchange}/v1/Services/{self.service.fetch().sid}"
            answer = httpx.post(url, data=settings, auth=(ACCOUNT_SID, AUTH_TOKEN), trust_env=False)
            assert answer.status_code == 200, answer.text
        for line in lines:
            able = {"voice": voice, "sms": sms, "mms": False}
            self.box.call("POST", "/numbers", {"phone_number": line, "capabilities": able})
            self.service.phone_numbers.create(phone_number=line)

    def brings_together(self, *people: Person, **options: Any) -> "Session":
        wanted = [json.dumps({"Identifier": p.number, "FriendlyName": p.name}) for p in people]
        created = self.service.sessions.create(participants=[json.loads(w) for w in wanted], **options)
        return Session(self.service.sessions(created.sid))


class Session:
    """A session as the desk sees it."""

    def __init__(self, sdk: Any) -> None:
        self.sdk = sdk

    def line_of(self, person: Person) -> str:
        lines = {p.identifier: p.proxy_identifier for p in self.sdk.participants.list()}
        return lines[person.number]

    @property
    def status(self) -> str:
        return self.sdk.fetch().status

    @property
    def interactions(self) -> list[Any]:
        return self.sdk.interactions.list()


@pytest.fixture
def log() -> Iterator[Heard]:
    heard = Heard()
    ear = Ear(heard)
    logger = logging.getLogger("toritsugi")
    logger.addHandler(ear)
    yield heard
    logger.removeHandler(ear)


@pytest.fixture
def box(log: Heard) -> Iterator[Box]:
    box = Box()
    yield box
    try:
        surprises = box.surprises()
    finally:
        box.stop()
    assert not surprises, "\n".join(surprises)
    assert not log.errors, log.errors


@pytest.fixture
def clock(box: Box) -> Time:
    return Time(box)


@pytest.fixture
def desk(box: Box) -> Desk:
    return Desk(box)


@pytest.fixture
def aiko(box: Box) -> Person:
    return Person(box, "Aiko", "+819011110001")


@pytest.fixture
def ben(box: Box) -> Person:
    return Person(box, "Ben", "+819022220002")


@pytest.fixture
def eve(box: Box) -> Person:
    return Person(box, "Eve", "+819033330003")
