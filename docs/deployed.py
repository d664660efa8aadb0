"""Draws what is deployed, from template.yaml: `PYTHONPATH=infra .venv/bin/python docs/deployed.py` after it changes.

It is drawn as a switchboard: a row is a function, a column is what it may reach, and a mark where they cross says what
its role lets it do there.
"""

import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import yaml

from local.aws import Tag

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs/deployed.svg"

Json = dict[str, Any]

WIDTH, ROW, COLUMN = 1872, 84, 56
LEFT, API, FUNCTION, BOARD, TOP = 32, 232, 490, 728, 236  # where each part begins; the rows' first line
ROUTES, CARD = 220, 216  # how wide the cards of routes and of functions are
LINE = 15

READS = ("Get", "BatchGet", "Query", "Scan", "ConditionCheck", "Describe", "List")

# What the columns are, by the kind of resource: the service above it, and how it is drawn in a square of 24.
KINDS = {
    "AWS::DynamoDB::Table": ("DynamoDB", "M3 6c0-5 18-5 18 0v12c0 5-18 5-18 0zM3 6c0 5 18 5 18 0M3 12c0 5 18 5 18 0"),
    "AWS::SSM::Parameter": ("SSM", "M3 6h8m4 0h6M3 12h2m4 0h12M3 18h10m4 0h4M13 4v4M7 10v4M15 16v4"),
    "AWS::Scheduler::ScheduleGroup": ("Scheduler", "M12 2a10 10 0 1 0 .01 0zM12 6v6l4 3"),
    "AWS::SQS::Queue": ("SQS", "M2 6h20v13H2zM2 6l10 8 10-8"),
    "AWS::S3::Bucket": ("S3", "M3 5h18l-3 16H6zM3 5c0-3 18-3 18 0"),
    "AWS::Events::EventBus": ("EventBridge", "M2 12h20M6 12V6m6 6V4m6 8V6M6 12v6m6-6v8m6-8v-6"),
}
NAMES = {
    "PublicBaseUrl": "Settings",
    "ScheduleGroup": "Schedules",
    "DeadLetters": "Dead letters",
    "SlowNotifications": "Slow notifications",
    "RecordingsBucket": "Files",
}

STYLE = """
svg { font-family: system-ui, "Segoe UI", "Noto Sans", sans-serif; --paper: #fdfcf9; --ink: #22303c; --soft: #66737e;
  --line: #c9d1d6; --card: #fff; --read: #1f7a6d; --write: #c2571a; --call: #2b5fa8; }
@media (prefers-color-scheme: dark) { svg { --paper: #151b21; --ink: #e6ebef; --soft: #9aa8b3; --line: #3c4853;
  --card: #1e262e; --read: #5fc9b8; --write: #f0935a; --call: #7fb0f2; } }
text { fill: var(--ink); font-size: 13px } .title { font-size: 22px; font-weight: 600 } .head { font-size: 12px;
  fill: var(--soft); letter-spacing: .06em; text-transform: uppercase } .name { font-size: 16px; font-weight: 600 }
.soft { fill: var(--soft); font-size: 12px } .middle { text-anchor: middle }
.code { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: 12px }
.label { font-size: 12.5px } .card { fill: var(--card); stroke: var(--line); stroke-width: 1.2 }
.wire { fill: none; stroke: var(--line); stroke-width: 1.5 } .icon { fill: none; stroke: var(--soft); stroke-width: 1.5;
  stroke-linecap: round; stroke-linejoin: round } .call { fill: none; stroke: var(--call); stroke-width: 2 }
.reads { fill: var(--paper); stroke: var(--read); stroke-width: 2.6 } .writes { fill: var(--write) }
"""

ARROW = """<marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
<path d="M0 0l8 4-8 4z" fill="var(--call)"/></marker>"""


class Deployment:
    """What template.yaml and infra/alarms.yaml say, as far as the picture shows it."""

    def __init__(self) -> None:
        self.template = read("template.yaml")
        self.parameters = {name: said.get("Default") for name, said in self.template["Parameters"].items()}
        self.functions = sorted(self.of_type("AWS::Serverless::Function"), key=lambda one: not self.routes(one))
        self.columns = [name for kind in KINDS for name in self.of_type(kind)]

    def of_type(self, kind: str) -> list[str]:
        return [name for name, resource in self.template["Resources"].items() if resource["Type"] == kind]

    def properties(self, name: str) -> Json:
        found: Json = self.template["Resources"][name]["Properties"]
        return found

    def events(self, function: str, kind: str) -> list[Json]:
        return [one["Properties"] for one in self.properties(function)["Events"].values() if one["Type"] == kind]

    def routes(self, function: str) -> list[str]:
        return [f"{one['Method']} {one['Path']}" for one in self.events(function, "HttpApi")]

    def limit(self, function: str) -> int:
        """Requests a second that are let in, where the function answers any."""
        event, *_ = self.events(function, "HttpApi")
        settings = event.get("RouteSettings") or self.properties("Exchange")["DefaultRouteSettings"]
        rate = settings["ThrottlingRateLimit"]
        return int(self.parameters[rate["Ref"]] if isinstance(rate, dict) else rate)

    def reach(self, function: str) -> dict[str, set[str]]:
        """What a function may do with each column: reads, writes."""
        role = self.properties(self.properties(function)["Role"]["Fn::GetAtt"][0])
        found: dict[str, set[str]] = {}
        for statement in role["Policies"][0]["PolicyDocument"]["Statement"]:
            actions = [action.partition(":")[2] for action in as_list(statement["Action"])]
            deeds = {"reads" if action.startswith(READS) else "writes" for action in actions}
            columns = dict.fromkeys(self.column(resource) for resource in as_list(statement["Resource"]))
            for column in filter(None, columns):
                found.setdefault(column, set()).update(deeds)
        return found

    def column(self, resource: Json) -> str | None:
        """The column to which the resource of a statement belongs."""
        name = str(next(iter(resource.values())))
        if "parameter/toritsugi/" in name:
            return "PublicBaseUrl"
        return next((column for column in self.columns if re.search(rf"\b{column}\b", name)), None)

    def alarms(self) -> list[str]:
        found = [one["Properties"] for one in read("infra/alarms.yaml")["Resources"].values()]
        return [one["AlarmName"]["Fn::Sub"].partition("}-")[2].replace("-", " ") for one in found if "AlarmName" in one]


def read(path: str) -> Json:
    found: Json = yaml.load((ROOT / path).read_text(), Tag)  # noqa: S506  a SafeLoader with CloudFormation's tags
    return found


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


# ---- strokes ---------------------------------------------------------------------------------------------------------


def text(x: float, y: float, said: str, kind: str = "") -> str:
    return f'<text x="{x:g}" y="{y:g}" class="{kind}">{escape(said)}</text>'


def card(x: float, y: float, width: float, height: float) -> str:
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="10" class="card"/>'


def path(kind: str, way: str, more: str = "") -> str:
    return f'<path class="{kind}" d="{way}" {more}/>'


def arrow(way: str) -> str:
    return path("call", way, 'marker-end="url(#arrow)"')


def icon(x: float, y: float, way: str) -> str:
    return f'<g transform="translate({x:g} {y:g})">{path("icon", way)}</g>'


def mark(x: float, y: float, deeds: set[str]) -> str:
    """A ring for whoever reads, a dot for whoever writes, both for both."""
    ring = f'<circle cx="{x:g}" cy="{y:g}" r="9" class="reads"/>' if "reads" in deeds else ""
    dot = f'<circle cx="{x:g}" cy="{y:g}" r="{5 if ring else 7}" class="writes"/>' if "writes" in deeds else ""
    return ring + dot


# ---- the picture -----------------------------------------------------------------------------------------------------


def draw() -> str:
    deployment = Deployment()
    foot = TOP + ROW * len(deployment.functions)
    parts = [*headings(deployment), *board(deployment, foot), *entrances(deployment), *functions(deployment)]
    parts += [*timers(deployment, foot), *watchers(deployment, foot + 38)]
    height = foot + 244
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
            "<title>What is deployed: who calls which function, and what each function may reach</title>",
            f"<style>{STYLE}</style>",
            f"<defs>{ARROW}</defs>",
            f'<rect width="{WIDTH}" height="{height}" rx="16" fill="var(--paper)"/>',
            *parts,
            "</svg>\n",
        ]
    )


def place(deployment: Deployment, column: str) -> int:
    return BOARD + 22 + COLUMN * deployment.columns.index(column)


def headings(deployment: Deployment) -> Iterator[str]:
    runtime = f"{deployment.parameters['Runtime']}, {deployment.parameters['Architecture']}"
    yield text(LEFT, 50, "What is deployed", "title")
    yield text(LEFT, 74, "One stack; any number of them, under names of their own, in one account.", "soft")
    for x, said in ((LEFT, "Who calls"), (API, "API Gateway"), (FUNCTION, "Lambda"), (BOARD, "What each may reach")):
        yield text(x, 124, said, "head")
    yield text(FUNCTION, 144, runtime, "soft")
    yield text(API, 144, "HTTP API, $default stage", "soft")
    for x, deeds, said in (
        (BOARD + 592, {"reads"}, "reads"),
        (BOARD + 674, {"writes"}, "writes"),
        (BOARD + 760, {"reads", "writes"}, "both"),
    ):
        yield mark(x, 120, deeds) + text(x + 16, 124, said, "soft")


def board(deployment: Deployment, foot: int) -> Iterator[str]:
    for kind, (service, way) in KINDS.items():
        columns = deployment.of_type(kind)
        for column in columns:
            x, name = place(deployment, column), NAMES.get(column, column.removesuffix("Table"))
            lower = 15 * (deployment.columns.index(column) % 2)  # names are wider than columns
            yield path("wire", f"M{x} {TOP - 18 + lower}V{foot - 20}")
            yield icon(x - 12, TOP - 66, way) + text(x, TOP - 26 + lower, name, "label middle")
        first, last = place(deployment, columns[0]), place(deployment, columns[-1])
        yield text((first + last) / 2, TOP - 80, service, "soft middle")
        yield path("wire", f"M{first - 22} {TOP - 74}H{last + 22}")
    for row, function in enumerate(deployment.functions):
        y = TOP + ROW * row + 26
        yield path("wire", f"M{FUNCTION + CARD - 12} {y}H{place(deployment, deployment.columns[-1]) + 20}")
        for column, deeds in deployment.reach(function).items():
            yield mark(place(deployment, column), y, deeds)


def entrances(deployment: Deployment) -> Iterator[str]:
    """Who calls from outside, and the routes by which they come in."""
    callers = {"Twilio": "signed webhooks", "Your software": "client.proxy.v1, JSON"}
    asked = [(function, deployment.routes(function)) for function in deployment.functions]
    asked = [(function, routes) for function, routes in asked if routes]
    yield card(API - 12, TOP - 10, ROUTES, ROW * len(asked) - 12)
    for caller, said in callers.items():
        rows = [row for row, (_, routes) in enumerate(asked) if ("POST" in routes[0]) == (caller == "Twilio")]
        top, height = TOP + ROW * rows[0], ROW * (len(rows) - 1) + 52
        yield card(LEFT, top, 148, height)
        yield text(LEFT + 74, top + height / 2 - 2, caller, "name middle")
        yield text(LEFT + 74, top + height / 2 + 18, said, "soft middle")
    for row, (function, routes) in enumerate(asked):
        y = TOP + ROW * row + 26
        yield arrow(f"M{LEFT + 148} {y}H{API - 14}") + arrow(f"M{API - 12 + ROUTES} {y}H{FUNCTION - 14}")
        said = [f"{deployment.limit(function)} a second at most"]
        said += ["then from a queue, until done"] * bool(deployment.events(function, "SQS"))
        first = y + 5 - LINE * (len(routes) + len(said) - 1) / 2
        for line, words in enumerate(routes + said):
            yield text(API, first + LINE * line, words, "code" if words in routes else "soft")


def file_of(handler: str) -> str:
    """The file of a handler, or its folder."""
    name = handler.removesuffix(".handler")
    return f"{name}.py" if (ROOT / f"functions/{name}.py").exists() else name


def functions(deployment: Deployment) -> Iterator[str]:
    for row, function in enumerate(deployment.functions):
        properties, y = deployment.properties(function), TOP + ROW * row
        yield card(FUNCTION - 12, y, CARD, 54)
        yield text(FUNCTION + 4, y + 23, file_of(properties["Handler"]), "name")
        yield text(FUNCTION + 4, y + 42, properties["Description"], "soft")


def timers(deployment: Deployment, foot: int) -> Iterator[str]:
    """The Scheduler and the queue: what they wake, and the ways back to them from whoever sets a timer."""
    end, cards = API - 12 + ROUTES, {}
    woken = next(function for function in deployment.functions if deployment.events(function, "ScheduleV2"))
    (sweep,) = deployment.events(woken, "ScheduleV2")
    every = sweep["ScheduleExpression"].removeprefix("rate(").removesuffix(")").removeprefix("1 ")
    cards["ScheduleGroup"] = woken, "EventBridge Scheduler", f"when a session ends; a sweep every {every}"
    fed = next(function for function in deployment.functions if is_woken_by_queue(deployment, function))
    cards["Timers"] = fed, "Timers", "holds the next two minutes back to the second"
    for column, (function, name, said) in cards.items():
        y = TOP + ROW * deployment.functions.index(function)
        kind = deployment.template["Resources"][column]["Type"]
        yield card(LEFT, y, end - LEFT, 54) + icon(LEFT + 16, y + 15, KINDS[kind][1])
        yield text(LEFT + 56, y + 23, name, "name") + text(LEFT + 56, y + 42, said, "soft")
        yield arrow(f"M{end} {y + 26}H{FUNCTION - 14}")
    told = next(function for function in deployment.functions if deployment.events(function, "DynamoDB"))
    y = TOP + ROW * deployment.functions.index(told)
    x = LEFT + 60  # beside the way back to the Scheduler
    yield card(x, y, end - x, 54) + icon(x + 16, y + 15, KINDS["AWS::DynamoDB::Table"][1])
    yield text(x + 56, y + 23, "Streams", "name") + text(x + 56, y + 42, "what was written in the tables", "soft")
    yield arrow(f"M{end} {y + 26}H{FUNCTION - 14}")
    scheduler, queue = (TOP + ROW * deployment.functions.index(cards[name][0]) for name in ("ScheduleGroup", "Timers"))
    yield arrow(f"M{API} {scheduler}V{queue + 57}")
    yield text(API + 12, scheduler - 9, "two minutes before it is due", "soft")
    yield text(FUNCTION + 4, foot - 8, "timers are set", "soft")
    x, y = place(deployment, "ScheduleGroup"), foot - 2
    yield arrow(f"M{x} {foot - 20}V{y - 12}q0 12 -12 12H{LEFT + 40}q-12 0 -12 -12V{scheduler + 57}")
    x, y = place(deployment, "Timers"), foot + 10
    yield arrow(f"M{x} {foot - 20}V{y - 12}q0 12 -12 12H{LEFT - 4}q-12 0 -12 -12V{queue + 38}q0 -12 12 -12h2")


def is_woken_by_queue(deployment: Deployment, function: str) -> bool:
    """Whether a queue is all that wakes this function."""
    return bool(deployment.events(function, "SQS")) and not deployment.routes(function)


def watchers(deployment: Deployment, top: int) -> Iterator[str]:
    logs, days = len(deployment.of_type("AWS::Logs::LogGroup")), deployment.parameters["LogRetention"]
    yield card(LEFT, top, WIDTH - 2 * LEFT, 174)
    yield text(LEFT + 20, top + 30, "CloudWatch", "name")
    yield text(LEFT + 20, top + 54, f"{logs} logs, kept {days} days,", "soft")
    yield text(LEFT + 20, top + 72, "without anybody's number", "soft")
    yield text(LEFT + 20, top + 96, "a dashboard, and alarms", "soft")
    yield text(LEFT + 20, top + 114, "to a topic and an e-mail", "soft")
    x, y = float(API), top + 18
    for alarm in deployment.alarms():
        width = 26 + 6.9 * len(alarm)
        if x + width > WIDTH - LEFT - 16:
            x, y = float(API), y + 37
        yield f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="28" rx="14" class="card"/>'
        yield text(x + width / 2, y + 18.5, alarm, "middle")
        x += width + 10
    choices = "By parameter: a domain of your own, a KMS key of your own, processes of their own, a monthly budget."
    yield text(API, top + 152, choices, "soft")


if __name__ == "__main__":
    PICTURE.write_text(draw())
