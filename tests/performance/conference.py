"""A conference on the local stack: two people, thirty minutes, a warning, an extension, a second warning, the end.

Everything in it is real but the telephones: handlers, tables, queue, schedules with their imprecision, TwiML. Whatever
the functions ask of AWS and of Twilio is written down with its time, and metered.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import botocore.client
import httpx
import requests

from local import sample, stack
from local.aws.functions import Invocation, current
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, NETWORK_PORT
from tests.performance.cost import Share, logged_by_aws
from tests.performance.meter import Meter, reader

START = 1_795_000_000  # 2026-11-18T11:06:40Z
AIKO, BEN, LINE = "+819011110001", "+819022220002", "+815010000011"
WARNING, MINUTES, EXTENSION = 180, 30, 10
WORDS = "Three minutes left. To extend by ten minutes, press star."
WANTED = {
    "parties": [AIKO, BEN],
    "from": LINE,
    "minutes": MINUTES,
    "announcements": [{"before_end": WARNING, "say": WORDS}],
    "extension": {"minutes": EXTENSION},
    "language": "en-US",
}

Json = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """Something that a function has asked of AWS or Twilio: sqs.SendMessage, twilio POST /Calls.json."""

    at: float
    function: str
    what: str
    request: Json


@dataclass
class Tap:
    """A context manager on the wire of the functions, to be entered inside a cloud.

    `asked` is all that they have asked for, `runs` the invocations that have asked for anything, `slept` the seconds
    that they have waited, by function, and `logged` the bytes that they have written down.
    """

    asked: list[Asked] = field(default_factory=list)
    runs: set[Invocation] = field(default_factory=set)
    slept: dict[str, float] = field(default_factory=dict)
    logged: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def open(self) -> Iterator["Tap"]:
        from toritsugi.foundation.logs import log

        base, http = botocore.client.BaseClient, requests.Session
        aws, twilio, sleep = base._make_api_call, http.send, time.sleep

        def ask_aws(client: Any, operation: str, request: Json) -> Any:
            if client is not reader(client.meta.region_name):
                self.note(f"{client.meta.service_model.service_name}.{operation}", request)
            return aws(client, operation, request)

        def ask_twilio(session: Any, request: Any, **settings: Any) -> Any:
            path = request.path_url.partition(f"/Accounts/{ACCOUNT_SID}")[2]
            self.note(f"twilio {request.method} {path}", {"body": request.body})
            return twilio(session, request, **settings)

        def rest(seconds: float) -> None:
            self.slept[whose()] = self.slept.get(whose(), 0) + seconds
            sleep(seconds)

        screen = log.registered_handler.setStream(self)
        base._make_api_call, http.send, time.sleep = ask_aws, ask_twilio, rest
        try:
            yield self
        finally:
            base._make_api_call, http.send, time.sleep = aws, twilio, sleep
            log.registered_handler.setStream(screen)

    def note(self, what: str, request: Json) -> None:
        if run := current.get():
            self.asked.append(Asked(time.time(), run.name, what, request))
            self.runs.add(run)

    def write(self, text: str) -> None:
        """Takes what is logged."""
        self.logged[whose()] = self.logged.get(whose(), 0) + len(text.encode())

    def flush(self) -> None:
        pass

    def count(self, function: str, what: str) -> int:
        return sum(one.function == function and one.what.startswith(what) for one in self.asked)


def whose() -> str:
    """The function in whose handler we are."""
    run = current.get()
    return run.name if run else ""


# ---- the story -------------------------------------------------------------------------------------------------------


@dataclass
class Conference:
    """One that is going on: people's hands, and what it looks like from outside."""

    running: stack.Stack
    http: httpx.AsyncClient
    sid: str = ""

    async def begin(self) -> None:
        """Both are called; Aiko answers after five seconds, Ben four later. They talk until the first warning."""
        able = {"voice": True, "sms": False, "mms": False}
        await self.use("POST", "/numbers", {"phone_number": LINE, "capabilities": able})
        self.sid = (await self.ask("POST", "/api/calls", WANTED))["sid"]
        await self.wait(5)
        await self.use("POST", f"/phones/{AIKO}/answer")
        await self.wait(4)
        await self.use("POST", f"/phones/{BEN}/answer")
        await self.wait((MINUTES * 60 - WARNING) + 4)

    async def finish(self) -> None:
        """Ben presses star; ten minutes more, another warning, and the end."""
        await self.use("POST", f"/phones/{BEN}/press", {"digits": "*"})
        await self.wait((EXTENSION + 4) * 60)

    async def wait(self, seconds: float) -> None:
        await self.use("POST", "/clock", {"advance": seconds})

    async def use(self, method: str, path: str, body: Json | None = None) -> Any:
        """The network's control API."""
        return await self.request(method, self.running.network + path, body)

    async def ask(self, method: str, path: str, body: Json | None = None) -> Any:
        """The exchange's REST API."""
        return await self.request(method, self.running.exchange + path, body, auth=(ACCOUNT_SID, AUTH_TOKEN))

    async def request(self, method: str, url: str, body: Json | None, **more: Any) -> Any:
        answer = await self.http.request(method, url, json=body, **more)
        answer.raise_for_status()
        return answer.json()

    async def look(self) -> Json:
        """The call as the REST API shows it."""
        seen: Json = await self.ask("GET", f"/api/calls/{self.sid}")
        return seen


@asynccontextmanager
async def stage() -> AsyncIterator[Conference]:
    """A local stack with nothing in it, at pace 0. Raises RuntimeError when something went wrong in it."""
    async with stack.run(0, NETWORK_PORT, 0, START, account_sid=ACCOUNT_SID, auth_token=AUTH_TOKEN) as running:
        await asyncio.to_thread(sample.allow, running)
        async with httpx.AsyncClient(trust_env=False, verify=False, timeout=60) as http:
            yield Conference(running, http)
        wrong = [entry["url"] for entry in running.world.log if entry["status"] not in (200, 204)]
        if wrong := wrong or [*map(repr, running.clock.failures), *running.cloud.failures]:
            raise RuntimeError(f"not everything went well: {wrong}")


# ---- what it takes ---------------------------------------------------------------------------------------------------


def measure() -> dict[str, Share]:
    """What one conference takes, by function."""
    return asyncio.run(run())


async def run() -> dict[str, Share]:
    async with stage() as conference:
        with Meter(whose=whose) as meter, Tap().open() as tap:
            await conference.begin()
            await conference.finish()
        seen, world = await conference.look(), conference.running.world
        if seen["end_reason"] != "time" or seen["extensions"] != 1 or len(seen["announcements"][0]["spoken_at"]) != 2:
            raise RuntimeError(f"this was another conference: {seen}")
        requests = {"api": 1, "timer": 0}
        requests |= {name: sum(f"/{name}" in webhook["url"] for webhook in world.log) for name in ("voice", "status")}
        invocations = requests | {"timer": sum(run.name == "timer" for run in tap.runs)}
        by_aws = logged_by_aws(conference.running.cloud.template.body)
        return {
            name: Share(
                requests[name],
                invocations[name],
                meter.part(name),
                messages=tap.count(name, "sqs.") + tap.count(name, "scheduler."),
                schedules=tap.count(name, "scheduler."),
                carrier=tap.count(name, "twilio"),
                slept=tap.slept.get(name, 0),
                log_bytes=tap.logged.get(name, 0) + requests[name] * by_aws,
            )
            for name in requests
        }
