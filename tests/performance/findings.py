"""What `make bench` measures, one thing after the other."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from local.aws import Cloud
from tests.conftest import AUTH_TOKEN, BASE, PARAMETERS, ROOT
from tests.performance import announcements, conference, deployed, emulated, imports, reception, throughput, warm
from tests.performance.announcements import Punctuality
from tests.performance.calls import AIKO, BEN, Implementation, incoming, new_sid, ours, signed
from tests.performance.cold import BARE, ENVIRONMENT, ORDINARY, OURS, Cold, over_http, starter
from tests.performance.cost import Share, Webhook
from tests.performance.emulated import Emulated, Warm
from tests.performance.exchange import LINES, Exchange, in_a_minute
from tests.performance.meter import Meter
from tests.performance.throughput import Throughput

TTL = 3600
OTHERS = ("sms", "status", "recording", "timer", "cleanup", "proxy", "api")  # functions that start cold, besides voice


@dataclass
class Findings:
    """What was measured."""

    plain: list[Webhook] = field(default_factory=list)
    sliding: list[Webhook] = field(default_factory=list)
    ordinary: list[Webhook] = field(default_factory=list)
    reception: list[Webhook] = field(default_factory=list)
    forged: Meter = field(default_factory=Meter)
    opened: dict[str, Meter] = field(default_factory=dict)
    imported: dict[str, tuple[Cold, ...]] = field(default_factory=dict)
    others: dict[str, Cold] = field(default_factory=dict)
    warm: dict[str, tuple[float, ...]] = field(default_factory=dict)
    conference: dict[str, Share] = field(default_factory=dict)
    announcements: Punctuality = field(default_factory=Punctuality)
    callers: imports.Findings = field(init=False)
    throughput: Throughput | str = ""
    emulator: Emulated = field(init=False)
    deployment: tuple[float, Warm] | str = ""


def measure(say: Callable[[str], None]) -> Findings:
    found = Findings()
    os.environ |= {name: value for name, value in ENVIRONMENT.items() if name.startswith("ORDINARY")}
    with Cloud(ROOT / "template.yaml", PARAMETERS, {"public-base-url": BASE, "auth-tokens": AUTH_TOKEN}) as cloud:
        exchange = Exchange(cloud)
        say("a masked call, webhook by webhook")
        telephones, others = ours(), ordinary(cloud)
        line = measure_calls(exchange, telephones, found)
        say("the same call at an ordinary implementation")
        found.ordinary = others.calls(AIKO, LINES[0])
        say("a call at a reception")
        reception.open_reception()
        found.reception = reception.call(telephones)
        say("cold starts in fresh processes")
        measure_cold_starts(cloud, line, found)
        say("warm answers")
        measure_warm_answers(cloud, telephones, others, found)
        measure_opening(exchange, found, say)
        say(f"{imports.CALLERS:,} callers, imported")
        found.callers = imports.measure()
    say("a conference of forty minutes")
    found.conference = conference.measure()
    say("warm answers in a conference")
    found.warm |= warm.of_conference()
    say(f"{announcements.CONFERENCES * announcements.EACH} announcements")
    found.announcements = announcements.measure()
    say(f"{throughput.PAIRS * throughput.ROUNDS} masked calls on the local network")
    try:
        found.throughput = throughput.measure()
    except Exception as failure:
        found.throughput = f"not measured: {failure}"
    say("cold starts and answers of what make build makes, under Lambda's emulator")
    found.emulator = emulated.measure()
    say("a deployment onto ministack, and calls to it")
    try:
        found.deployment = deployed.measure()
    except Exception as failure:
        found.deployment = f"not measured: {failure}"
    return found


def measure_calls(exchange: Exchange, telephones: Implementation, found: Findings) -> str:
    """Calls with and without ttl, and a forged one; gives the line that leads to Ben without ttl."""
    sliding, plain = exchange.masked(TTL), exchange.masked()
    with in_a_minute():
        found.plain = telephones.calls(AIKO, plain)
        found.sliding = telephones.calls(AIKO, sliding)
        telephones.send("forged", "/voice", incoming(new_sid(), AIKO, plain), token="not Twilio's")
        found.forged = telephones.sent[-1].meter
    return plain


def ordinary(cloud: Cloud) -> Implementation:
    from tests.performance import ordinary

    for table in ordinary.TABLES:
        cloud.client("dynamodb").create_table(**table)
    ordinary.sessions.put_item(Item=ordinary.example(LINES[0], AIKO, BEN))
    return Implementation({"/voice": ordinary.handler, "/status": ordinary.handler}, ordinary.logger)


def measure_cold_starts(cloud: Cloud, line: str, found: Findings) -> None:
    calls = [signed("/voice", incoming(new_sid(), AIKO, to)) for to in (line, LINES[0])]
    imports = [(BARE, None), (OURS, None), (ORDINARY, None)]
    answers = [(BARE, None), (OURS, calls[0]), (ORDINARY, calls[1])]
    with over_http(cloud) as endpoint, starter(endpoint) as fresh:
        found.imported["import"] = tuple(fresh.compare(*imports, times=7))
        found.imported["import, no bytecode"] = tuple(fresh.compare(*imports, times=3, compiled=False))
        found.imported["import and first answer"] = tuple(fresh.compare(*answers, times=5))
        found.others = dict(zip(OTHERS, fresh.compare(*((name, None) for name in OTHERS), times=5), strict=True))


def measure_warm_answers(cloud: Cloud, telephones: Implementation, others: Implementation, found: Findings) -> None:
    with over_http(cloud) as endpoint:
        for name, events in (("voice", ["voice"]), ("status", ["initiated", "completed"])):
            both = ((name, telephones), (ORDINARY, others))
            seconds = (warm.take(endpoint, module, [one.events[event][1] for event in events]) for module, one in both)
            found.warm[f"{name}, masked call"] = tuple(seconds)
        for name in ("greeting", "menu"):
            found.warm[f"voice, a reception's {name}"] = (warm.take(endpoint, "voice", [telephones.events[name][1]]),)


def measure_opening(exchange: Exchange, found: Findings, say: Callable[[str], None]) -> None:
    steps = [
        ("among 100 sessions", lambda: exchange.fill(100)),
        ("among 10,000 sessions", lambda: exchange.fill(9_900)),
        ("  the same, from a pool of 500 numbers", lambda: exchange.widen(490)),
    ]
    for n, (name, prepare) in enumerate(steps):
        say(f"opening a session: {name.strip()}")
        prepare()
        with Meter() as found.opened[name]:
            exchange.open_session(f"+8190444{n:05}", f"+8190555{n:05}")
