"""`make bench`: what a masked call takes, beside an ordinary implementation, and whether the budgets hold."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from local.aws import Cloud
from tests.conftest import AUTH_TOKEN, BASE, PARAMETERS, ROOT
from tests.performance import deployed, emulated, throughput
from tests.performance.calls import AIKO, BEN, Implementation, incoming, new_sid, ours, signed
from tests.performance.cold import BARE, ENVIRONMENT, ORDINARY, OURS, Cold, over_http, starter
from tests.performance.cost import ASSUMED_SECONDS, Webhook, per_million
from tests.performance.emulated import Emulated, Warm
from tests.performance.exchange import LINES, Exchange, in_a_minute, unguarded
from tests.performance.meter import Meter
from tests.performance.table import head, row
from tests.performance.throughput import Throughput

TTL = 3600

BUDGET, BUDGET_WITH_TTL = 8, 12  # dollars per million masked calls
PURPOSES = ("HTTP API", "Lambda", "DynamoDB", "logs")


@dataclass
class Findings:
    """What was measured."""

    plain: list[Webhook] = field(default_factory=list)
    sliding: list[Webhook] = field(default_factory=list)
    ordinary: list[Webhook] = field(default_factory=list)
    forged: Meter = field(default_factory=Meter)
    opened: dict[str, Meter] = field(default_factory=dict)
    imported: dict[str, tuple[Cold, ...]] = field(default_factory=dict)
    throughput: Throughput | str = ""
    emulator: Emulated = field(init=False)
    deployment: tuple[float, Warm] | str = ""


# ---- measuring -------------------------------------------------------------------------------------------------------


def measure(say: Callable[[str], None]) -> Findings:
    found = Findings()
    os.environ |= {name: value for name, value in ENVIRONMENT.items() if name.startswith("ORDINARY")}
    with Cloud(ROOT / "template.yaml", PARAMETERS, {"public-base-url": BASE, "auth-tokens": AUTH_TOKEN}) as cloud:
        exchange = Exchange(cloud)
        say("a masked call, webhook by webhook")
        line = measure_calls(exchange, found)
        say("the same call at an ordinary implementation")
        found.ordinary = ordinary(cloud).calls(AIKO, LINES[0])
        say("cold starts in fresh processes")
        measure_cold_starts(cloud, line, found)
        measure_opening(exchange, found, say)
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


def measure_calls(exchange: Exchange, found: Findings) -> str:
    """Calls with and without ttl, and a forged one; gives the line that leads to Ben without ttl."""
    telephones = ours()
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


def measure_opening(exchange: Exchange, found: Findings, say: Callable[[str], None]) -> None:
    steps = [
        ("among 100 sessions", lambda: exchange.fill(100)),
        ("among 10,000 sessions", lambda: exchange.fill(9_900)),
        ("  the same, from a pool of 500 numbers", lambda: exchange.widen(490)),
    ]
    for n, (name, prepare) in enumerate(steps):
        say(f"opening a session: {name.strip()}")
        prepare()
        with unguarded(), Meter() as found.opened[name]:
            exchange.open_session(f"+8190444{n:05}", f"+8190555{n:05}")


# ---- printing --------------------------------------------------------------------------------------------------------


def of_call(name: str, webhooks: list[Webhook]) -> list[str]:
    def values(meters: list[Meter], logged: int) -> tuple[object, ...]:
        sums = [
            sum(getattr(meter, what) for meter in meters)
            for what in ("round_trips", "read_units", "write_units", "bytes")
        ]
        return (*(f"{value:g}" for value in sums), logged)

    lines = [row(webhook.name, *values([webhook.meter], webhook.logged)) for webhook in webhooks]
    total = values([webhook.meter for webhook in webhooks], sum(webhook.logged for webhook in webhooks))
    return [
        head(name, "round trips", "read units", "write units", "item bytes", "log bytes"),
        *lines,
        row("in all", *total),
    ]


def of_cold_starts(found: Findings) -> list[str]:
    lines = [head("Cold start of voice.py", "Toritsugi", "ordinary", "ratio", "bare Python")]
    _, toritsugi, other = found.imported["import"]
    lines.append(
        row("modules imported", toritsugi.modules, other.modules, f"{toritsugi.modules / other.modules:.2f}", 0)
    )
    for name, (bare, mine, theirs) in found.imported.items():
        milliseconds = [f"{cold.seconds * 1000:.0f}" for cold in (mine, theirs, bare)]
        lines.append(row(f"CPU ms: {name}", *milliseconds[:2], f"{mine.seconds / theirs.seconds:.2f}", milliseconds[2]))
    return lines


def of_emulator(found: Findings) -> list[str]:
    cold = found.emulator.cold
    lines = [head("Voice under Lambda's emulator, ms", "Toritsugi", "ordinary", "ratio")]
    for compiled, bytecode in ((True, "with bytecode"), (False, "without")):
        ours, theirs = cold["toritsugi", compiled], cold["ordinary", compiled]
        for name, mine, other in (
            (f"cold start {bytecode}", ours.init, theirs.init),
            ("  to its first answer", ours.answered, theirs.answered),
        ):
            lines.append(row(name, f"{mine:.0f}", f"{other:.0f}", f"{mine / other:.2f}"))
    ours, theirs = found.emulator.warm["toritsugi"], found.emulator.warm["ordinary"]
    lines.append(row("warm answer, p50", f"{ours.p50:.1f}", f"{theirs.p50:.1f}", f"{ours.p50 / theirs.p50:.2f}"))
    lines.append(row("  p99", f"{ours.p99:.1f}", f"{theirs.p99:.1f}", f"{ours.p99 / theirs.p99:.2f}"))
    lines.append("  `make build` compiles what it ships; `sam build` of Python by itself does not.")
    return lines


def of_deployment(found: Findings) -> list[str]:
    title = "Voice deployed onto ministack, over HTTP, ms"
    if isinstance(found.deployment, str):
        return [head(title), row(found.deployment)]
    first, warm = found.deployment
    return [
        head(title, "very first", "warm p50", "warm p99"),
        row("an incoming call put through", *(f"{value:.0f}" for value in (first, warm.p50, warm.p99))),
        "  The first unpacks layers; that, and most of the rest, is ministack's own time.",
    ]


def of_sizes(found: Findings) -> list[str]:
    return [
        head("A function with its layers, kB", "zipped", "unzipped"),
        *(row(name, size.zipped // 1000, size.unzipped // 1000) for name, size in found.emulator.functions.items()),
        row(
            "the ordinary one",
            *(size // 1000 for size in (found.emulator.ordinary.zipped, found.emulator.ordinary.unzipped)),
        ),
    ]


def of_sessions(found: Findings) -> list[str]:
    return [
        head("Opening a session of two, from ten numbers", "round trips", "read units", "write units"),
        *(
            row(name, meter.round_trips, f"{meter.read_units:g}", meter.write_units)
            for name, meter in found.opened.items()
        ),
    ]


def of_network(found: Findings) -> list[str]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    run = found.throughput
    if isinstance(run, str):
        return [head(f"The local network on {cores} cores"), row(run)]
    return [
        head(f"The local network on {cores} cores", "calls/s", "webhooks/s", "CPU ms/call"),
        row(
            f"{run.calls} masked calls, in one process",
            f"{run.calls / run.seconds:.0f}",
            f"{run.webhooks / run.seconds:.0f}",
            f"{run.cpu / run.calls * 1000:.0f}",
        ),
    ]


def of_cost(found: Findings) -> list[str]:
    lines = [head("AWS, dollars per million masked calls", *PURPOSES, "in all")]
    for name, webhooks in (("without ttl", found.plain), ("with ttl", found.sliding), ("ordinary", found.ordinary)):
        bill = per_million(webhooks)
        lines.append(row(name, *(f"{bill[purpose]:.2f}" for purpose in PURPOSES), f"{sum(bill.values()):.2f}"))
    lines.append("  List prices of us-east-1 without free tier or cold starts; each request is assumed to take")
    plain, sliding = longest(found.plain, BUDGET), longest(found.sliding, BUDGET_WITH_TTL)
    lines.append(f"  {ASSUMED_SECONDS * 1000:.0f} ms at 512 MB. The budgets hold")
    lines[-1] += f" up to {plain:.0f} ms without ttl, {sliding:.0f} ms with."
    return lines


def dollars(webhooks: list[Webhook], seconds: float = ASSUMED_SECONDS) -> float:
    return sum(per_million(webhooks, seconds).values())


def longest(webhooks: list[Webhook], most: float) -> float:
    """How many milliseconds a request may take on Lambda before the calls cost more than that."""
    return (most - dollars(webhooks, 0)) / (dollars(webhooks, 0.001) - dollars(webhooks, 0))


def of_budgets(found: Findings) -> list[str]:
    voice = [webhooks[0].meter for webhooks in (found.plain, found.sliding)]
    callbacks = [webhook.meter.round_trips for webhooks in (found.plain, found.sliding) for webhook in webhooks[1:]]
    opened = [meter.round_trips for meter in found.opened.values()]
    _, mine, theirs = found.imported["import"]
    ratio = mine.seconds / theirs.seconds
    rows = [
        ("round trips before TwiML, masked call", "1", max(meter.round_trips for meter in voice), lambda n: n == 1),
        ("write units before TwiML", "0", max(meter.write_units for meter in voice), lambda n: n == 0),
        ("round trips for a bad signature", "0", found.forged.round_trips, lambda n: n == 0),
        ("round trips of a status callback", "1", max(callbacks), lambda n: n == 1),
        ("round trips to open a session of two", "3 at most", max(opened), lambda n: n <= 3),
        ("  the same at 100 and 10,000 sessions", "1 figure", len(set(opened)), lambda n: n == 1),
        ("CPU of a cold import, of the ordinary one's", "0.5 at most", round(ratio, 2), lambda n: n <= 0.5),
        ("dollars per million masked calls", "8 at most", round(dollars(found.plain), 2), lambda n: n <= BUDGET),
        ("  with ttl", "12 at most", round(dollars(found.sliding), 2), lambda n: n <= BUDGET_WITH_TTL),
    ]
    return [
        head("Budgets", "budget", "measured"),
        *(
            row(name, budget, f"{value:.2f}" if isinstance(value, float) else value)
            + ("   holds" if holds(value) else "   DOES NOT HOLD")
            for name, budget, value, holds in rows
        ),
    ]


def main() -> None:
    def say(what: str) -> None:
        print(
            f"\r\033[K  measuring: {what} ..." if sys.stderr.isatty() else f"measuring: {what}", end="", file=sys.stderr
        )
        print("" if sys.stderr.isatty() else "\n", end="", file=sys.stderr, flush=True)

    found = measure(say)
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)
    sections = [
        of_call("A masked call without ttl", found.plain),
        of_call("A masked call with ttl", found.sliding),
        of_call("An ordinary implementation's", found.ordinary),
        of_sessions(found),
        of_cold_starts(found),
        of_emulator(found),
        of_deployment(found),
        of_sizes(found),
        of_network(found),
        of_cost(found),
        of_budgets(found),
    ]
    print("\n".join(line for section in sections for line in section))


if __name__ == "__main__":
    main()
