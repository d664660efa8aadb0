"""The world of a history: the exchange's handlers on one side, clients, Twilio and AWS on the other, and a clock."""

from __future__ import annotations

import base64
import importlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from typing import Any
from urllib.parse import urlencode

import time_machine
from twilio.request_validator import RequestValidator

from local.aws import Context, Template
from tests.conftest import AUTH_TOKEN, BASE, PARAMETERS, ROOT
from tests.histories.actors import Actor, Outcome, Stage, acting
from tests.histories.aws import Aws
from tests.histories.carrier import Carrier
from tests.histories.choices import Choices
from tests.histories.oracle import Oracle
from tests.histories.tables import Rows
from tests.histories.telephones import Telephones
from tests.histories.wire import Wire
from tests.integration.conftest import NOON, event_of

KEY = ("SK" + "a" * 32, "secret")
FATES = ("on time", "twice", "late by 1", "late by 15", "lost")
WEBHOOK_TRIES, TIMER_TRIES, RECORDING_TRIES, CLEANUP_TRIES = 3, 5, 40, 3
VISIBILITY = {"Timers": 30, "Recordings": 330}


@cache
def template() -> Template:
    return Template(ROOT / "template.yaml", {"Stage": "local"} | PARAMETERS)


class World:
    """One history's. `told` is what has happened, line by line, if somebody wants to read it."""

    def __init__(self, choices: Choices, clock: time_machine.Coordinates, told: list[str] | None = None) -> None:
        self.choices, self.clock, self.told = choices, clock, told
        self.stage = Stage(choices, self.move)
        self.aws = Aws(template(), self.deliver)
        self.telephones = Telephones(self)
        self.carrier = Carrier(self.telephones)
        self.wire = Wire(self.stage, choices, self.aws, self.carrier.answer)
        self.oracle = Oracle(self)
        self.names: Counter[str] = Counter()
        self.recorded: list[str] = []
        self.mess = 0.0  # how likely what is sent comes otherwise than once and on time
        self.stage.tell = self.write
        self.aws.tables.lag = self.lag

    @contextmanager
    def open(self, furniture: dict[str, Rows] | None = None) -> Iterator[None]:
        """Inside, handlers run in this world, in which these rows are already."""
        from toritsugi.adapters import twilio_api
        from toritsugi.foundation import api_keys, config
        from toritsugi.limits import charges, switch
        from toritsugi.masking import demand

        self.clock.move_to(NOON)
        for name, rows in (furniture or {}).items():
            self.aws.tables.named[name].rows = rows
        with self.wire.open():
            config.forget_settings()
            config.settings()
            api_keys._remembered_keys.clear()
            switch.forget_limits()
            charges.forget_charges()
            demand._noted.clear()
            twilio_api.get_abilities.cache_clear()
            self.aws.tables.hear = self.oracle.hear
            yield

    # ---- time, chance and what is written down ---------------------------------------------------------------------

    def move(self, at: float) -> None:
        self.clock.move_to(at)

    def later(self, seconds: float, happen: Callable[[], None]) -> None:
        self.stage.at(time.time() + max(0, seconds), lambda: happen())

    def chance(self, name: str, options: tuple[Any, ...], odds: float = 1.0) -> Any:
        return self.choices.draw(name, options, odds)

    @property
    def is_troubled(self) -> bool:
        """Whether anything goes wrong in this history, or comes late."""
        return bool(self.wire.trouble or self.mess) or any(
            name.endswith((" fault", " comes")) for name in self.choices.repeated or {}
        )

    def write(self, line: str) -> None:
        if self.told is not None:
            self.told.append(f"{time.time() - NOON.timestamp():8.1f}  {line}")

    def name(self) -> str:
        """For what this call brings: after the call, so that it is the same in a history that was shortened."""
        actor = acting()
        return self.unique(f"{actor.name}.{actor.calls}" if actor else "the world")

    def unique(self, name: str) -> str:
        self.names[name] += 1
        return name if self.names[name] == 1 else f"{name}'{self.names[name]}"

    def happened(self, name: str, *facts: Any) -> None:
        self.oracle.happened(name, *facts)

    def lag(self) -> int:
        actor = acting()
        return self.chance(f"{actor.name}/{actor.calls} lag", (0, 1, 2, 4), self.stage.switching) if actor else 0

    # ---- handlers --------------------------------------------------------------------------------------------------

    def actor(
        self, name: str, what: str, work: Callable[[], Any], then: Callable[[Outcome], None], sent: str = ""
    ) -> Actor:
        def ended(outcome: Outcome) -> None:
            said = "died" if outcome.died else repr(outcome.error) if outcome.error else status_of(outcome.answer)
            self.write(f"  {name} ends: {said}")
            self.oracle.ended(actor, outcome)
            then(outcome)

        self.write(f"{name}: {what}")
        actor = Actor(name, what, work, ended, sent)
        self.oracle.began(actor)
        return actor

    def fate(self, name: str) -> list[float]:
        """After how many seconds something arrives, each time that it does."""
        fate = self.chance(f"{name} comes", FATES, self.mess)
        return {"on time": [0.0], "twice": [0.0, 0.4], "late by 1": [1.0], "late by 15": [15.0], "lost": []}[fate]

    def request(self, name: str, method: str, path: str, sent: Any, then: Callable[[Outcome], None]) -> Actor:
        """A client asks something of the REST APIs: of Proxy's with a form, of our own with JSON."""
        proxy = path.startswith("/v1/")
        module = importlib.import_module("proxy" if proxy else "api")
        body = urlencode(sent or {}, doseq=True) if proxy else json.dumps(sent) if sent is not None else ""
        basic = base64.b64encode(":".join(KEY).encode()).decode()
        kind = "application/x-www-form-urlencoded" if proxy else "application/json"
        event = event_of(method, BASE + path, body, {"Authorization": f"Basic {basic}", "Content-Type": kind})
        work = partial(module.handler, event, Context("client"))
        return self.actor(name, f"{method} {path} {sent or ''}", work, then, body)

    def webhook(
        self, name: str, address: str, fields: dict[str, str], tries: int, then: Callable[[Any], None]
    ) -> Actor:
        """Twilio asks, again where that fails; `then` is given the body of the answer, or None."""
        path = address.removeprefix(BASE).partition("#")[0]
        module = importlib.import_module(
            {"voice": "voice", "sms": "sms", "recording": "recording"}.get(path.split("/")[1], "status")
        )
        signature = RequestValidator(AUTH_TOKEN).compute_signature(BASE + path, fields)
        headers = {"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded"}
        headers["I-Twilio-Idempotency-Token"] = name.partition(" again")[0].removesuffix(" twice")
        event = event_of("POST", BASE + path, urlencode(fields), headers)

        def ended(outcome: Outcome) -> None:
            if outcome.is_fine and outcome.answer["statusCode"] < 500:
                then(outcome.answer.get("body"))
            elif tries > 1:
                again = partial(self.webhook, f"{name} again", address, fields, tries - 1, then)
                self.stage.at(time.time() + 2, again)
            else:
                self.oracle.lost(name)
                then(None)

        said = fields.get("CallStatus") or fields.get("StatusCallbackEvent") or fields.get("Body") or ""
        work = partial(module.handler, event, Context("webhook"))
        return self.actor(name, f"webhook {path} {said}", work, ended, urlencode(fields))

    def tell(self, name: str, address: str, fields: dict[str, str]) -> None:
        """Twilio tells of something."""
        name = self.unique(name)
        times = self.fate(name)
        if not times:
            self.oracle.lost(name)
        for place, seconds in enumerate(times):
            called = name if not place else f"{name} twice"
            self.stage.at(
                time.time() + seconds, partial(self.webhook, called, address, fields, WEBHOOK_TRIES, lambda _: None)
            )

    def ask(self, name: str, address: str, fields: dict[str, str], then: Callable[[Any], None]) -> None:
        """Twilio asks for TwiML, and waits for it."""
        self.stage.at(time.time(), partial(self.webhook, self.unique(name), address, fields, WEBHOOK_TRIES, then))

    # ---- what AWS brings -------------------------------------------------------------------------------------------

    def deliver(self, where: str, said: str, seconds: float) -> None:
        name = self.name()
        if where.startswith("schedule "):
            _, schedule, target = where.split()
            late = self.chance(f"{name} fires", (20, 0, 59), 1.0)
            self.stage.at(time.time() + seconds + late, partial(self.fire, name, schedule, target, said))
            return
        if where not in VISIBILITY:  # what the owner is told changes nothing
            return
        self.oracle.sent(where, said)
        for place, more in enumerate(self.fate(name) or [0.0]):  # SQS loses nothing
            called = name if not place else f"{name} twice"
            self.stage.at(time.time() + seconds + more, partial(self.message, called, name, where, said, 1))

    def fire(self, name: str, schedule: str, target: str, said: str) -> Actor | None:
        self.aws.schedules.discard(schedule)
        if target in VISIBILITY:
            self.oracle.sent(target, said)
            return self.message(name, name, target, said, 1)
        return self.clean_up(name, json.loads(said), 1)

    def message(self, name: str, message_id: str, queue: str, said: str, tried: int) -> Actor:
        """A message comes to its function, again where that fails."""
        module = importlib.import_module({"Timers": "timer", "Recordings": "recording"}[queue])
        event = {"Records": [{"messageId": message_id, "body": said}]}

        def ended(outcome: Outcome) -> None:
            failed = not outcome.is_fine or bool((outcome.answer or {}).get("batchItemFailures"))
            if failed and tried < (TIMER_TRIES if queue == "Timers" else RECORDING_TRIES):
                again = partial(self.message, f"{name} again", message_id, queue, said, tried + 1)
                self.stage.at(time.time() + VISIBILITY[queue], again)
            else:
                self.oracle.received(queue, said, failed)

        work = partial(module.handler, event, Context("queue"))
        return self.actor(name, f"message {queue} {said}", work, ended, said)

    def clean_up(self, name: str, event: dict[str, Any], tried: int = 1) -> Actor:
        """cleanup.py is woken, again where that fails."""
        import cleanup

        def ended(outcome: Outcome) -> None:
            if not outcome.is_fine and tried < CLEANUP_TRIES:
                self.stage.at(time.time() + 60 * tried, partial(self.clean_up, f"{name} again", event, tried + 1))

        return self.actor(name, f"cleanup {event}", partial(cleanup.handler, event, Context("cleanup", 60)), ended)


def status_of(answer: Any) -> str:
    if not isinstance(answer, dict) or "statusCode" not in answer:
        return str(answer or "done")
    code = json.loads(answer["body"]).get("code", "") if str(answer.get("body")).startswith("{") else ""
    return f"{answer['statusCode']} {code}".strip()
