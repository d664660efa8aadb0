"""Draws how events flow, from three that are played on the local stack when this runs, and prints who may do what:
`PYTHONPATH=layers/domain:functions:infra .venv/bin/python -m docs.architecture` after something of it changes.

It is drawn as a score: time goes down, and a row is what one function does of a moment: which modules of which nouns
run, by which adapters it reaches out, which tables it reads and writes. The page is read on telephones, too, so it is
narrow.
"""

import ast
import asyncio
import inspect
import json
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import httpx

from docs.deployed import NAMES, STYLE, Deployment, card, mark, path, text
from local import sample, stack
from local.aws.functions import Invocation, current
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, NETWORK_PORT, ROOT
from tests.performance.conference import START, Json, Tap
from tests.performance.meter import writes
from tests.unit.documents import DOMAIN

PICTURE = ROOT / "docs/architecture.svg"

REMEMBERED = {"KeysTable"}  # what a process may know already, so it may ask or not
SILENT = {"foundation"}  # what all stand on

MASKED, CONFERENCE, RECEPTION = "A masked call", "A conference", "A reception"


# ---- what happened ---------------------------------------------------------------------------------------------------


@dataclass
class Part:
    """What one function does of a moment, and who has woken it."""

    function: str
    woken_by: str
    nouns: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # and the modules of each that run
    adapters: set[str] = field(default_factory=set)
    tables: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # and its use: reads, writes


@dataclass
class Moment:
    """Something that happens, of which flow it is, and what the functions do then."""

    flow: str
    what: str
    parts: list[Part]


@dataclass
class Trace(Tap):
    """What runs in each invocation, and what it asks for; to be entered before the threads of functions begin."""

    ran: dict[Invocation, set[str]] = field(default_factory=lambda: defaultdict(set))  # bridges/agenda, ...
    told: dict[Invocation, list[tuple[str, Json]]] = field(default_factory=lambda: defaultdict(list))

    @contextmanager
    def watching(self) -> Iterator[None]:
        threading.setprofile(self.see)
        try:
            yield
        finally:
            threading.setprofile(None)

    def see(self, frame: FrameType, event: str, _: Any) -> None:
        code, run = frame.f_code, current.get()
        is_function = code.co_flags & inspect.CO_OPTIMIZED  # and no body of a module or class, which an import runs
        if event == "call" and run and is_function and code.co_filename.startswith(str(DOMAIN)):
            self.ran[run].add(str(Path(code.co_filename).relative_to(DOMAIN).with_suffix("")))

    def note(self, what: str, request: Json) -> None:
        if run := current.get():
            self.told[run].append((what, request))

    def take(self, deployment: Deployment, begins: str) -> list[Part]:
        """The parts of what has happened since it was asked last; the function with which it begins comes first."""
        parts: dict[tuple[str, str], Part] = {}
        for run in list(self.ran):
            by = woken_by(deployment, run.name.capitalize(), self.ran[run])
            part = parts.setdefault((run.name, by), Part(run.name, by))
            for module in self.ran.pop(run):
                room, _, name = module.rpartition("/")
                if room == "adapters":
                    part.adapters.add(name)
                elif room not in SILENT:
                    part.nouns[room].add(name)
            for what, request in self.told.pop(run, []):
                for table, use in uses_of_tables(what, request):
                    part.tables[table].add(use)
        order = [name.lower() for name in deployment.functions]
        return sorted(parts.values(), key=lambda one: (one.function != begins, order.index(one.function), one.woken_by))


def woken_by(deployment: Deployment, function: str, ran: set[str]) -> str:
    """Who has woken a function in which these modules ran: of two who may, it is Twilio where a webhook was read."""
    first, *others = wakers_of(deployment, function)
    if "a table" in others:
        return "a table" if "subscriptions/changes" in ran else first
    return first if "adapters/webhooks" in ran else [first, *others][-1]


def wakers_of(deployment: Deployment, function: str) -> list[str]:
    """Who may wake a function, by its events in template.yaml."""
    routes = deployment.routes(function)
    wakers = [who_asks(routes[0])] if routes else []
    wakers += ["a queue"] if deployment.events(function, "SQS") else []
    wakers += ["a table"] if deployment.events(function, "DynamoDB") else []
    return wakers or ["the Scheduler"]


def who_asks(route: str) -> str:
    """Who asks this of the exchange."""
    if route == "GET /prices":
        return "a browser"
    return "Twilio" if "POST" in route else "your software"


def uses_of_tables(what: str, request: Json) -> Iterator[tuple[str, str]]:
    """The tables that a request to DynamoDB uses, and how: reads, writes. Of another service it is none."""
    service, _, operation = what.partition(".")
    if service != "dynamodb":
        return
    uses = [(table, "reads" if kind == "ConditionCheck" else "writes") for table, kind, _ in writes(operation, request)]
    if operation in ("GetItem", "Query", "Scan"):
        uses.append((request["TableName"], "reads"))
    if operation == "BatchGetItem":
        uses += [(table, "reads") for table in request["RequestItems"]]
    for table, use in uses:
        if table not in REMEMBERED:
            yield table.removesuffix("Table"), use


class Play:
    """The three flows, on a stack with the sample of `make run`."""

    def __init__(self, running: stack.Stack, http: httpx.AsyncClient, trace: Trace) -> None:
        self.running, self.http, self.trace = running, http, trace
        self.deployment, self.moments = Deployment(), list[Moment]()

    async def ask(self, method: str, path: str, **sent: Any) -> Json:
        """What a REST API of the exchange answers."""
        return await self.request(method, self.running.exchange + path, auth=(ACCOUNT_SID, AUTH_TOKEN), **sent)

    async def use(self, method: str, path: str, **sent: Any) -> Json:
        """The network's control API."""
        return await self.request(method, self.running.network + path, **sent)

    async def request(self, method: str, url: str, **sent: Any) -> Json:
        answer = await self.http.request(method, url, **sent)
        answer.raise_for_status()
        found: Json = answer.json()
        return found

    async def wait(self, seconds: float) -> None:
        await self.use("POST", "/clock", json={"advance": seconds})

    async def does(self, number: str, what: str, **body: Any) -> None:
        await self.use("POST", f"/phones/{number}/{what}", json=body)
        await self.wait(1)

    def tell(self, flow: str, what: str, begins: str) -> None:
        self.moments.append(Moment(flow, what, self.trace.take(self.deployment, begins)))

    async def masked_call(self) -> None:
        people = [json.dumps({"Identifier": number}) for number in (sample.AIKO, sample.BEN)]
        path = f"/v1/Services/{(await self.ask('GET', '/v1/Services/sample-delivery'))['sid']}/Sessions"
        self.trace.take(self.deployment, "")
        session = await self.ask("POST", path, data={"Participants": people, "Ttl": 600})
        self.tell(MASKED, "Your software opens a session", "proxy")
        aiko, _ = (await self.ask("GET", f"{path}/{session['sid']}/Participants"))["participants"]
        self.trace.take(self.deployment, "proxy")
        await self.does(sample.AIKO, "dial", to=aiko["proxy_identifier"])
        await self.does(sample.BEN, "answer")
        self.tell(MASKED, "Aiko dials her line, and Ben answers", "voice")
        await self.wait(60)
        await self.does(sample.AIKO, "hangup")
        self.tell(MASKED, "They hang up", "status")
        await self.wait(700)
        self.tell(MASKED, "The session’s time is over", "cleanup")

    async def conference(self) -> None:
        people = [sample.AIKO, sample.BEN]
        wanted = {"parties": people, "from": sample.LINES[0], "minutes": 30, "extension": {"minutes": 10}}
        await self.ask("POST", "/api/calls", json=wanted)
        await self.wait(0)
        self.tell(CONFERENCE, "Your software asks for a call of two", "api")
        for person in people:
            await self.does(person, "answer")
        self.tell(CONFERENCE, "Both answer", "voice")
        await self.wait(27 * 60)
        self.tell(CONFERENCE, "Three minutes are left, and both are told", "timer")
        await self.does(sample.BEN, "press", digits="*")
        await self.wait(14 * 60)
        self.tell(CONFERENCE, "Ben presses star; ten minutes later the time is over", "voice")

    async def reception(self) -> None:
        await self.does(sample.AIKO, "dial", to=sample.DESK)
        self.tell(RECEPTION, "Aiko calls the desk", "voice")
        await self.wait(10)
        await self.does(sample.AIKO, "press", digits="3")
        self.tell(RECEPTION, "She presses a key", "voice")
        await self.wait(6)
        await self.does(sample.AIKO, "speak", text="This is Aiko. Please call me back tomorrow, after three.")
        await self.wait(4)
        await self.does(sample.AIKO, "press", digits="#")
        await self.wait(60)
        self.tell(RECEPTION, "She has left a message", "voice")
        await self.does(sample.AIKO, "send", to=sample.DESK, body="When are you open?")
        await self.wait(60)
        self.tell(RECEPTION, "She writes a text", "sms")


async def play() -> list[Moment]:
    """The moments of the three flows. Raises RuntimeError when something went wrong in them."""
    trace = Trace()
    with trace.watching():
        account = {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN}
        async with stack.run(0, NETWORK_PORT, 0, START, **account) as running:
            await sample.fill(running)
            forget()
            async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
                play = Play(running, http, trace)
                trace.take(play.deployment, "")
                with trace.open():
                    await play.masked_call()
                    await play.conference()
                    await play.reception()
            if wrong := [*map(repr, running.clock.failures), *running.cloud.failures]:
                raise RuntimeError(f"not everything went well: {wrong}")
    return play.moments


def forget() -> None:
    """Has this process know as little as one that has just started."""
    from toritsugi.adapters import twilio_api
    from toritsugi.bridges import ring_tone

    twilio_api.get_abilities.cache_clear()
    ring_tone.ring_tone.cache_clear()


# ---- the picture -----------------------------------------------------------------------------------------------------

WIDTH, LEFT, TOP = 860, 28, 128
NOUNS, ADAPTERS, TABLES = 188, 606, 738  # where the columns begin
CARD, LINE = 148, 18  # how wide a function's card is, how high a line
LETTERS = 52  # of the nouns and modules that stand in a line

MORE_STYLE = """
.flow { font-size: 19px; font-weight: 600 } .moment { font-size: 15px; font-weight: 600; fill: var(--call) }
.noun { font-size: 14px; font-weight: 600 } .module { font-size: 14px; fill: var(--soft) }
.adapter { font-size: 13.5px; fill: var(--call) } .table { font-size: 14px } .dot { fill: var(--call) }
.soft { font-size: 13.5px }
"""


def draw() -> str:
    parts, y, flow = [*headings()], float(TOP), ""
    for moment in asyncio.run(play()):
        if moment.flow != flow:
            flow, y = moment.flow, y + 44
            parts += [text(LEFT, y - 12, flow, "flow"), path("wire", f"M{LEFT} {y}H{WIDTH - LEFT}")]
        y += 28
        parts += [
            f'<circle cx="{LEFT + 6}" cy="{y - 5:g}" r="5" class="dot"/>',
            text(LEFT + 20, y, moment.what, "moment"),
        ]
        y += 10
        for part in moment.parts:
            lines = list(lines_of(part.nouns))
            height = 12 + LINE * max(2, len(lines), len(part.adapters), len(part.tables))
            parts += row(part, lines, y, height)
            y += height + 6
    height = y + 22
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" role="img">',
            "<title>How a masked call, a conference and a reception go through functions, nouns and tables</title>",
            f"<style>{STYLE}{MORE_STYLE}</style>",
            f'<rect width="{WIDTH}" height="{height:g}" rx="16" fill="var(--paper)"/>',
            *parts,
            "</svg>\n",
        ]
    )


def headings() -> Iterator[str]:
    yield text(LEFT, 50, "How events flow", "title")
    yield text(LEFT, 76, "Time goes down. A row is what one function does of a moment, and who has woken it.", "soft")
    for x, said in ((LEFT, "Functions"), (NOUNS, "Nouns, and modules"), (ADAPTERS, "Adapters"), (TABLES, "Tables")):
        yield text(x, TOP - 8, said, "head")
    for x, done, said in ((594, {"reads"}, "reads"), (674, {"writes"}, "writes"), (762, {"reads", "writes"}, "both")):
        yield mark(x, 45, done) + text(x + 16, 50, said, "soft")


def lines_of(nouns: dict[str, set[str]]) -> Iterator[str]:
    """The nouns of a part, each with its modules, as lines of spans."""
    line, letters = "", 0
    for noun, modules in sorted(nouns.items()):
        said = [] if noun == "words" else sorted(modules)  # a language has no modules but its own
        for n, word in enumerate([noun, *said]):
            stays = len(word) if n else len(" ".join([word, *said[:1]]))  # a noun never ends a line without a module
            if line and letters + stays > LETTERS:
                yield line
                line, letters = "", 0
            apart = ' dx="8"' if line and not n else ""
            line += (
                f'<tspan class="{"module" if n else "noun"}"{apart}>{word}{"," if 0 < n < len(said) else ""}</tspan> '
            )
            letters += len(word) + 2
    yield line


def row(part: Part, lines: list[str], y: float, height: float) -> Iterator[str]:
    yield card(LEFT, y, CARD, height)
    yield text(LEFT + 12, y + 20, file_of(part.function), "name")
    yield text(LEFT + 12, y + 38, f"from {part.woken_by}", "soft")
    for n, line in enumerate(lines):
        yield f'<text x="{NOUNS}" y="{y + 20 + LINE * n:g}">{line}</text>'
    for n, adapter in enumerate(sorted(part.adapters)):
        yield text(ADAPTERS, y + 20 + LINE * n, adapter, "adapter")
    for n, (table, done) in enumerate(sorted(part.tables.items())):
        yield f'<g transform="translate({TABLES + 8} {y + 15 + LINE * n:g}) scale(.8)">{mark(0, 0, done)}</g>'
        yield text(TABLES + 22, y + 20 + LINE * n, table, "table")


# ---- who may do what -------------------------------------------------------------------------------------------------

TWILIO = {f"toritsugi.adapters.{name}" for name in ("twilio_api", "twilio_bills", "twilio_media", "twilio_recordings")}


def who_may_do_what() -> list[str]:
    """The rows of the page's table, by template.yaml: what each function's role lets it do, and its layers."""
    deployment = Deployment()
    return [row_of(deployment, function) for function in deployment.functions]


def file_of(function: str) -> str:
    """The file of a function, or its folder."""
    return f"{function}.py" if (ROOT / f"functions/{function}.py").exists() else function


def row_of(deployment: Deployment, function: str) -> str:
    properties = deployment.properties(function)
    name = properties["Handler"].removesuffix(".handler")
    file = file_of(name)
    twilio = "yes" if calls_twilio(ROOT / "functions" / file) else "no"
    start = "heavy" if {"Ref": "RestLayer"} in properties.get("Layers", []) else "light"
    by = ", ".join(wakers_of(deployment, function))
    reads, writes = (", ".join(used(deployment, function, use)) for use in ("reads", "writes"))
    return f"| [{file}](../functions/{file}) | {by} | {reads} | {writes} | {twilio} | {start} |"


def used(deployment: Deployment, function: str, use: str) -> Iterator[str]:
    """The names of what a function's role lets it read, or write."""
    reach, queues = deployment.reach(function), deployment.of_type("AWS::SQS::Queue")
    for column in deployment.columns:
        if use in reach.get(column, ()):
            name = NAMES.get(column, column.removesuffix("Table"))
            yield f"{name} (queue)" if column in queues else name


def calls_twilio(function: Path) -> bool:
    """Whether the files of a function import an adapter that speaks to Twilio."""
    files = function.rglob("*.py") if function.is_dir() else [function]
    trees = [ast.parse(file.read_text()) for file in files]
    froms = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return any(f"{node.module}.{alias.name}" in TWILIO for node in froms for alias in node.names)


if __name__ == "__main__":
    PICTURE.write_text(draw())
    print(*who_may_do_what(), sep="\n")  # noqa: T201  to be pasted into the page
