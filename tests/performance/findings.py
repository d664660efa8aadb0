"""What `make bench` measures, one thing after the other."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from local.aws import Cloud
from tests.conftest import AUTH_TOKEN, BASE, OWN_SECRET, PARAMETERS, ROOT
from tests.performance import (
    announcements,
    conference,
    deployed,
    emulated,
    imports,
    masking,
    reception,
    throughput,
    warm,
)
from tests.performance.announcements import Punctuality
from tests.performance.calls import AIKO, BEN, Implementation, incoming, new_sid, ours, signed
from tests.performance.cold import BARE, ENVIRONMENT, ORDINARY, OURS, Cold, over_http, starter
from tests.performance.cost import Share, Webhook
from tests.performance.emulated import Emulated, Warm
from tests.performance.exchange import LINES, Exchange, in_a_minute
from tests.performance.masking import Heat, Load, Opened
from tests.performance.meter import Meter
from tests.performance.throughput import Throughput

TTL = 3600
SETTINGS = {"public-base-url": BASE, "auth-tokens": AUTH_TOKEN, "own-secrets": OWN_SECRET}
OTHERS = (
    "sms",
    "status",
    "recording",
    "timer",
    "cleanup",
    "notification",
    "proxy",
    "api",
)  # functions that start cold, besides voice


@dataclass
class Findings:
    """What was measured so far. What is not there yet, or could not be measured, raises AttributeError."""

    plain: list[Webhook] = field(init=False)
    sliding: list[Webhook] = field(init=False)
    ordinary: list[Webhook] = field(init=False)
    reception: list[Webhook] = field(init=False)
    forged: Meter = field(init=False)
    opened: dict[str, Meter] = field(default_factory=dict)
    text: list[Webhook] = field(init=False)
    session: dict[str, Opened] = field(default_factory=dict)
    allocated: dict[int, Meter] = field(default_factory=dict)
    loads: list[Load] = field(default_factory=list)
    heat: dict[str, list[Heat]] = field(default_factory=dict)
    imported: dict[str, tuple[Cold, ...]] = field(default_factory=dict)
    others: dict[str, Cold] = field(init=False)
    warm: dict[str, tuple[float, ...]] = field(default_factory=dict)
    conference: dict[str, Share] = field(init=False)
    announcements: Punctuality = field(init=False)
    callers: imports.Findings = field(init=False)
    throughput: Throughput = field(init=False)
    emulator: Emulated = field(init=False)
    deployment: tuple[float, Warm] = field(init=False)


class Bench:
    """Measures one part after the other. The first ones share a cloud, in which they leave what the next ones need."""

    def __init__(self) -> None:
        self.found = Findings()
        self.end = ExitStack()

    def __enter__(self) -> "Bench":
        os.environ |= {name: value for name, value in ENVIRONMENT.items() if name.startswith("ORDINARY")}
        self.cloud = self.end.enter_context(Cloud(ROOT / "template.yaml", PARAMETERS, SETTINGS))
        self.exchange, self.telephones, self.others = Exchange(self.cloud), ours(), ordinary(self.cloud)
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leaves the cloud: what follows has one of its own."""
        self.end.close()

    def masked_calls(self) -> None:
        """With and without ttl, and a forged one."""
        sliding, self.line = self.exchange.masked(TTL), self.exchange.masked()
        with in_a_minute():
            self.found.plain = self.telephones.calls(AIKO, self.line)
            self.found.sliding = self.telephones.calls(AIKO, sliding)
            forged = incoming(new_sid(), AIKO, self.line)
            self.telephones.send("forged", "/voice", forged, token="not Twilio's")
        self.found.forged = self.telephones.sent[-1].meter

    def ordinary_calls(self) -> None:
        self.found.ordinary = self.others.calls(AIKO, LINES[0])

    def reception_calls(self) -> None:
        reception.open_reception()
        self.found.reception = reception.call(self.telephones)

    def cold_starts(self) -> None:
        calls = [signed("/voice", incoming(new_sid(), AIKO, to)) for to in (self.line, LINES[0])]
        starts = [(BARE, None), (OURS, None), (ORDINARY, None)]
        answers = [(BARE, None), (OURS, calls[0]), (ORDINARY, calls[1])]
        with over_http(self.cloud) as endpoint, starter(endpoint) as fresh:
            self.found.imported["import"] = tuple(fresh.compare(*starts, times=7))
            self.found.imported["import, no bytecode"] = tuple(fresh.compare(*starts, times=3, compiled=False))
            self.found.imported["import and first answer"] = tuple(fresh.compare(*answers, times=5))
            others = fresh.compare(*((name, None) for name in OTHERS), times=5)
            self.found.others = dict(zip(OTHERS, others, strict=True))

    def warm_answers(self) -> None:
        with over_http(self.cloud) as endpoint:
            for name, events in (("voice", ["voice"]), ("status", ["initiated", "completed"])):
                both = ((name, self.telephones), (ORDINARY, self.others))
                seconds = (
                    warm.take(endpoint, module, [one.events[event][1] for event in events]) for module, one in both
                )
                self.found.warm[f"{name}, masked call"] = tuple(seconds)
            for name in ("greeting", "menu"):
                event = self.telephones.events[name][1]
                self.found.warm[f"voice, a reception's {name}"] = (warm.take(endpoint, "voice", [event]),)

    def sessions_opened(self) -> None:
        steps = [
            ("among 100 sessions", lambda: self.exchange.fill(100)),
            ("among 10,000 sessions", lambda: self.exchange.fill(9_900)),
            ("  the same, from a pool of 500 numbers", lambda: self.exchange.widen(490)),
        ]
        for n, (name, prepare) in enumerate(steps):
            prepare()
            with Meter() as self.found.opened[name]:
                self.exchange.open_session(f"+8190444{n:05}", f"+8190555{n:05}")

    def masking(self) -> None:
        """Sessions and texts, and how they grow: each in a cloud of its own, beside nobody else's rows."""
        self.close()
        for name, ttl in (("without ttl", 0), ("with ttl", TTL)):
            with an_exchange() as (exchange, telephones):
                self.found.session[name] = masking.open_one(exchange, telephones, AIKO, BEN, ttl=ttl)
        with an_exchange() as (exchange, telephones):
            self.found.text = masking.pass_on(exchange, telephones)
        with an_exchange() as (exchange, telephones):
            self.found.heat = masking.take_heat(exchange, telephones)
        for sessions in masking.SESSIONS:
            with an_exchange() as (exchange, _):
                self.found.allocated[sessions] = masking.allocate(exchange, sessions)
        for lines, taken in masking.LOADS:
            with an_exchange() as (exchange, _):
                self.found.loads.append(masking.load(exchange, lines, taken))

    def callers_imported(self) -> None:
        self.found.callers = imports.measure()

    def conferences(self) -> None:
        self.close()
        self.found.conference = conference.measure()
        self.found.warm |= warm.of_conference()

    def punctuality(self) -> None:
        self.found.announcements = announcements.measure()

    def network(self) -> None:
        self.found.throughput = throughput.measure()

    def emulator(self) -> None:
        self.found.emulator = emulated.measure()

    def deployment(self) -> None:
        self.found.deployment = deployed.measure()


@contextmanager
def an_exchange() -> Iterator[tuple[Exchange, Implementation]]:
    """An exchange with nothing in it but its service, and its webhooks."""
    with Cloud(ROOT / "template.yaml", PARAMETERS, SETTINGS) as cloud:
        yield Exchange(cloud), ours()


def ordinary(cloud: Cloud) -> Implementation:
    from tests.performance import ordinary

    for table in ordinary.TABLES:
        cloud.client("dynamodb").create_table(**table)
    ordinary.sessions.put_item(Item=ordinary.example(LINES[0], AIKO, BEN))
    return Implementation({"/voice": ordinary.handler, "/status": ordinary.handler}, ordinary.logger)
