"""`make bench`: what a masked call and a conference take, the one beside an ordinary implementation, and whether the
budgets hold. Each figure is printed as soon as it is there, and a part that fails loses no other.
"""

import os
import sys
from collections.abc import Callable

from tests.performance import announcements, imports, masking, throughput
from tests.performance.cost import ASSUMED_CARRIER_SECONDS, ASSUMED_SECONDS, PRICES_OF, Webhook, per_million, total
from tests.performance.findings import Bench, Findings
from tests.performance.meter import Meter
from tests.performance.table import head, row

BUDGET, BUDGET_WITH_TTL = 8, 12  # dollars per million masked calls
BUDGET_OF_CONFERENCES = 200  # dollars per million
BUDGET_OF_SESSIONS, BUDGET_OF_TEXTS = 20, 25  # dollars per million
PURPOSES = ("HTTP API", "Lambda", "DynamoDB", "logs")
ALL_PURPOSES = ("HTTP API", "Lambda", "DynamoDB", "SQS", "Scheduler", "logs")


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


def of_other_functions(found: Findings) -> list[str]:
    return [
        head("Cold start of the other functions", "modules", "CPU ms", "emulated ms"),
        *(
            row(
                f"{name}.py",
                cold.modules,
                f"{1000 * cold.seconds:.0f}",
                f"{emulated:.0f}" if (emulated := found.emulator.others.get(name.capitalize())) else "",
            )
            for name, cold in found.others.items()
        ),
    ]


def of_warm_answers(found: Findings) -> list[str]:
    """CPU, for what a request takes on Lambda is that, and waiting for DynamoDB."""
    lines = [head("CPU of a warm answer, ms", "Toritsugi", "ordinary", "ratio")]
    for name, seconds in found.warm.items():
        ratio = [f"{seconds[0] / seconds[1]:.2f}"] if len(seconds) == 2 else []
        lines.append(row(name, *(f"{1000 * one:.1f}" for one in seconds), *ratio))
    return lines


def of_imports(found: Findings) -> list[str]:
    """Without DynamoDB's own time; the ordinary one checks nothing."""
    lines = [head("An import of callers", "rows", "round trips", "rows/s", "CPU us/row")]
    for name, taken in (("Toritsugi, in ten files", found.callers.ours), ("row after row", found.callers.ordinary)):
        lines.append(
            row(
                name,
                f"{taken.rows:,}",
                f"{taken.round_trips:,}",
                f"{taken.rows / taken.seconds:,.0f}",
                f"{1e6 * taken.cpu / taken.rows:.0f}",
            )
        )
    seconds = found.callers.ours.cpu / found.callers.ours.rows * imports.PIECE / imports.LAMBDAS_SHARE
    meter = found.callers.metered
    lines.append(f"  CPU for a file of {imports.PIECE:,} takes {seconds:.0f} s at 512 MB, of the 29 that there are.")
    lines.append(f"  A new caller costs {meter.write_units / imports.METERED:g} write units, the index included.")
    return lines


def of_conference(found: Findings) -> list[str]:
    """What forty minutes of two people take, with two warnings and an extension."""
    columns = (
        "invocations",
        "dynamodb",
        "read units",
        "write units",
        "messages",
        "schedules",
        "to twilio",
        "log bytes",
    )
    lines = [head("A conference: 30 + 10 min., 2 people", *columns)]
    rows = {
        name: (
            share.invocations,
            share.meter.round_trips,
            share.meter.read_units,
            share.meter.write_units,
            share.messages,
            share.schedules,
            share.carrier,
            share.log_bytes,
        )
        for name, share in found.conference.items()
    }
    rows["in all"] = tuple(map(sum, zip(*rows.values(), strict=True)))
    return lines + [row(name, *(f"{value:g}" for value in values)) for name, values in rows.items()]


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


def of_allocation(found: Findings) -> list[str]:
    """However many sessions a service has, a claim asks for the same."""
    return [
        head("A claim of two, in one service", "round trips", "read units", "write units", "item bytes"),
        *(
            row(f"of {sessions:,} sessions", m.round_trips, f"{m.read_units:g}", m.write_units, m.bytes)
            for sessions, m in found.allocated.items()
        ),
        "  Of a session only its unique name lies in a partition that a claim reads. So many names are there; of the",
        f"  rows elsewhere, which no request could meet, those of {masking.LAID:,} sessions at most.",
    ]


def of_loads(found: Findings) -> list[str]:
    """A claim for somebody who has many lines already."""
    lines = [head("A line for somebody who has many already", "tries", "looks", "at random")]
    lines += [
        row(f"{one.taken} of {one.lines} lines", one.tries, one.looks, f"{one.at_random:.2f}") for one in found.loads
    ]
    lines.append("  A look reads fifty lines. At random: the tries of somebody who takes any line without looking.")
    return lines


def of_heat(found: Findings) -> list[str]:
    """Which partition is full first, if the people of 10,000 sessions call and write as Zipf says."""
    lines = [head("The hottest keys, under a Zipf load", "units", "share", "most a second")]
    lines += [
        row(f"{what}: {kind.name}", f"{kind.units:.2f}", f"{kind.share:.1%}", f"{kind.most:,.0f}")
        for what, kinds in found.heat.items()
        for kind in kinds
    ]
    lines.append(
        f"  A partition takes {masking.WRITES_A_SECOND:,} write units a second. Of {masking.ZIPF_SESSIONS:,} sessions"
    )
    lines.append("  the nth has 1/n of what the first has. One for all is met by all that is counted.")
    return lines


def of_cost_of_masking(found: Findings) -> list[str]:
    bills = {f"sessions {name}": total([opened.dollars()]) for name, opened in found.session.items()}
    bills |= {"calls without ttl": per_million(found.plain), "texts": per_million(found.text)}
    columns = (*PURPOSES, "Scheduler")
    lines = [head("AWS, dollars per million", *columns, "in all")]
    for name, bill in bills.items():
        figures = (f"{bill.get(purpose, 0):.2f}" for purpose in columns)
        lines.append(row(name, *figures, f"{sum(bill.values()):.2f}"))
    lines.append(
        f"  List prices of us-east-1 on {PRICES_OF}. A text is told of twice more, when it is sent and when it"
    )
    lines.append(
        "  is delivered. To open a session takes three round trips, so it is assumed to take three times as long."
    )
    return lines


def of_network(found: Findings) -> list[str]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    run = found.throughput
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


def of_cost_of_conference(found: Findings) -> list[str]:
    lines = [head("AWS, dollars per million conferences", *ALL_PURPOSES, "in all")]
    bills = {name: total([share.dollars()]) for name, share in found.conference.items()}
    bills["in all"] = total(share.dollars() for share in found.conference.values())
    for name, bill in bills.items():
        lines.append(row(name, *(f"{bill[purpose]:.2f}" for purpose in ALL_PURPOSES), f"{sum(bill.values()):.2f}"))
    waits = found.conference["timer"].slept
    lines.append(f"  As above; a request to Twilio is assumed to take {ASSUMED_CARRIER_SECONDS * 1000:.0f} ms, and the")
    lines.append(f"  timers of this conference waited {waits:.1f} s for their moments.")
    return lines


def dollars(webhooks: list[Webhook], seconds: float = ASSUMED_SECONDS) -> float:
    return sum(per_million(webhooks, seconds).values())


def longest(webhooks: list[Webhook], most: float) -> float:
    """How many milliseconds a request may take on Lambda before the calls cost more than that."""
    return (most - dollars(webhooks, 0)) / (dollars(webhooks, 0.001) - dollars(webhooks, 0))


def ratio(mine: float, theirs: float) -> float:
    return round(mine / theirs, 2)


# What is promised: its name, the budget in words, what was measured, whether that is within it.
BUDGETS: list[tuple[str, str, Callable[[Findings], float], Callable[[float], bool]]] = [
    ("round trips before TwiML, masked call", "1", lambda f: voice_of(f, "round_trips"), lambda n: n == 1),
    ("write units before TwiML", "0", lambda f: voice_of(f, "write_units"), lambda n: n == 0),
    ("round trips of a reception's greeting", "1", lambda f: f.reception[0].meter.round_trips, lambda n: n == 1),
    ("  of a key in its menu", "0", lambda f: f.reception[1].meter.round_trips, lambda n: n == 0),
    ("round trips for a bad signature", "0", lambda f: f.forged.round_trips, lambda n: n == 0),
    ("round trips of a status callback", "1", lambda f: max(callbacks_of(f)), lambda n: n == 1),
    (
        "  of a conference's",
        "1",
        lambda f: f.conference["status"].meter.round_trips / f.conference["status"].invocations,
        lambda n: n == 1,
    ),
    ("round trips to open a session of two", "3 at most", lambda f: max(opened_of(f)), lambda n: n <= 3),
    ("  the same at 100 and 10,000 sessions", "1 figure", lambda f: len(set(opened_of(f))), lambda n: n == 1),
    ("  units at 100 to 1,000,000 sessions", "1 figure", lambda f: len(set(units_of(f))), lambda n: n == 1),
    (
        "  tries, with up to 95 of 100 lines taken",
        "1",
        lambda f: max(one.tries for one in f.loads),
        lambda n: n == 1,
    ),
    ("round trips before a text goes on", "4", lambda f: f.text[0].meter.round_trips, lambda n: n == 4),
    (
        "round trips for 100 rows of an import",
        "5",
        lambda f: f.callers.ours.round_trips / imports.CALLERS * 100,
        lambda n: n == 5,
    ),
    (
        "seconds until an announcement is asked for",
        "1 at most",
        lambda f: max(f.announcements.errors),
        lambda n: n <= 1,
    ),
    ("  announcements that were asked for twice", "0", lambda f: f.announcements.twice, lambda n: n == 0),
    (
        "CPU of a cold start, of the ordinary one's",
        "0.45 at most",
        lambda f: ratio(f.imported["import"][1].seconds, f.imported["import"][2].seconds),
        lambda n: n <= 0.45,
    ),
    ("  under the emulator", "0.5 at most", lambda f: emulated_ratio(f, "init"), lambda n: n <= 0.5),
    ("  to its first answer", "0.5 at most", lambda f: emulated_ratio(f, "answered"), lambda n: n <= 0.5),
    ("dollars per million masked calls", "8 at most", lambda f: round(dollars(f.plain), 2), lambda n: n <= BUDGET),
    ("  with ttl", "12 at most", lambda f: round(dollars(f.sliding), 2), lambda n: n <= BUDGET_WITH_TTL),
    (
        "dollars per million sessions with ttl",
        f"{BUDGET_OF_SESSIONS} at most",
        lambda f: round(masking.dollars_a_million([f.session["with ttl"].dollars()]), 2),
        lambda n: n <= BUDGET_OF_SESSIONS,
    ),
    (
        "dollars per million texts",
        f"{BUDGET_OF_TEXTS} at most",
        lambda f: round(dollars(f.text), 2),
        lambda n: n <= BUDGET_OF_TEXTS,
    ),
    (
        "dollars per million conferences",
        "200 at most",
        lambda f: round(sum(total(share.dollars() for share in f.conference.values()).values()), 2),
        lambda n: n <= BUDGET_OF_CONFERENCES,
    ),
]


def voice_of(found: Findings, what: str) -> float:
    return max(getattr(webhooks[0].meter, what) for webhooks in (found.plain, found.sliding))


def callbacks_of(found: Findings) -> list[int]:
    return [webhook.meter.round_trips for webhooks in (found.plain, found.sliding) for webhook in webhooks[1:]]


def opened_of(found: Findings) -> list[int]:
    return [meter.round_trips for meter in found.opened.values()]


def units_of(found: Findings) -> list[tuple[float, int]]:
    return [(meter.read_units, meter.write_units) for meter in found.allocated.values()]


def emulated_ratio(found: Findings, what: str) -> float:
    return ratio(*(getattr(found.emulator.cold[name, True], what) for name in ("toritsugi", "ordinary")))


def of_budgets(found: Findings) -> tuple[list[str], bool]:
    """The table, and whether every budget was measured and holds."""
    lines, well = [head("Budgets", "budget", "measured")], True
    for name, budget, measured, holds in BUDGETS:
        try:
            value = measured(found)
        except (AttributeError, KeyError, ValueError):
            lines.append(row(name, budget, "-") + "   NOT MEASURED")
            well = False
            continue
        well = well and holds(value)
        figure = f"{value:.2f}" if isinstance(value, float) else value
        lines.append(row(name, budget, figure) + ("   holds" if holds(value) else "   DOES NOT HOLD"))
    return lines, well


Part = tuple[str, Callable[[Bench], None], list[Callable[[Findings], list[str]]]]

# What is measured, how, and the tables that can be printed then.
PARTS: list[Part] = [
    (
        "a masked call, webhook by webhook",
        Bench.masked_calls,
        [
            lambda f: of_call("A masked call without ttl", f.plain),
            lambda f: of_call("A masked call with ttl", f.sliding),
        ],
    ),
    (
        "the same call at an ordinary implementation",
        Bench.ordinary_calls,
        [lambda f: of_call("An ordinary implementation's", f.ordinary), of_cost],
    ),
    ("a call at a reception", Bench.reception_calls, [lambda f: of_call("A call at a reception", f.reception)]),
    ("cold starts in fresh processes", Bench.cold_starts, [of_cold_starts]),
    ("warm answers", Bench.warm_answers, []),
    ("opening a session among 10,000", Bench.sessions_opened, [of_sessions]),
    (f"{imports.CALLERS:,} callers, imported", Bench.callers_imported, [of_imports]),
    (
        "sessions and texts, and how they grow",
        Bench.masking,
        [
            lambda f: of_call("A text that is passed on", f.text),
            of_allocation,
            of_loads,
            of_heat,
            of_cost_of_masking,
        ],
    ),
    ("a conference of forty minutes", Bench.conferences, [of_conference, of_warm_answers, of_cost_of_conference]),
    (
        f"{announcements.CONFERENCES * announcements.EACH} announcements",
        Bench.punctuality,
        [lambda f: announcements.table(f.announcements)],
    ),
    (f"{throughput.PAIRS * throughput.ROUNDS} masked calls on the local network", Bench.network, [of_network]),
    (
        "what make build makes, under Lambda's emulator",
        Bench.emulator,
        [of_other_functions, of_emulator, of_sizes],
    ),
    ("a deployment onto ministack, and calls to it", Bench.deployment, [of_deployment]),
]


def say(what: str) -> None:
    """Says on the screen what goes on; the figures alone go where the output goes."""
    print(f"  measuring: {what} ...", file=sys.stderr, flush=True)


def main(parts: list[Part] = PARTS) -> None:
    """Prints each figure as soon as it is there. Ends with 1 where a part failed or a budget does not hold."""
    well = True
    with Bench() as bench:
        for name, measure, tables in parts:
            say(name)
            try:
                measure(bench)
                print("\n".join(line for table in tables for line in table(bench.found)), flush=True)
            except Exception as failure:
                well = False
                print(f"\n{name}: NOT MEASURED: {type(failure).__name__}: {failure}", flush=True)
        lines, holding = of_budgets(bench.found)
        print("\n".join(lines), flush=True)
    sys.exit(0 if well and holding else 1)


if __name__ == "__main__":
    main()
