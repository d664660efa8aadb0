"""Draws a conference, from one that is played on the local stack when this runs:
`PYTHONPATH=layers/domain:functions:infra .venv/bin/python -m docs.conference` after something in it changes.

Most of forty minutes nothing happens. So time is drawn in stretches, each around something that does, at a scale of its
own, and left out in between.
"""

import asyncio
import json
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from docs.deployed import STYLE, card, path, text
from tests.performance.conference import START, Asked, Tap, stage

PICTURE = Path(__file__).parent / "conference.svg"

Json = dict[str, Any]

WIDTH, LEFT, LANES, GAP = 1416, 32, 136, 18
FIRST = 176  # the first lane
AIKO, BEN, HEARD, ROOM, LIMIT, SCHEDULER, QUEUE, TIMER, FOOT = (
    FIRST + down for down in (0, 44, 84, 216, 262, 362, 412, 462, 560)
)
BAR = 24

SPOKEN, MOVED, OVER = "looks, claims, has it spoken", "looks: the end has moved", "looks, ends it"

MORE_STYLE = """
.rings { fill: none; stroke: var(--soft); stroke-width: 1.5; stroke-dasharray: 3 4 }
.waits { fill: var(--line) } .talks { fill: var(--read) } .away { fill: var(--paper); stroke: var(--write);
  stroke-width: 2.2 } .room { fill: var(--read); opacity: .28 } .on { fill: var(--paper); font-size: 12px }
.guide { stroke: var(--line); stroke-width: 1; stroke-dasharray: 2 4 } .cut { stroke: var(--paper); stroke-width: 7 }
.held { stroke: var(--call); stroke-width: 5; opacity: .45 } .window { fill: var(--call); opacity: .13 }
.fires { fill: var(--call) } .looks { fill: var(--write) } .spare { fill: var(--paper); stroke: var(--write);
  stroke-width: 1.6 } .limit { fill: none; stroke: var(--ink); stroke-width: 1.6 }
.star { font-size: 17px; font-weight: 700; fill: var(--write) } .time { font-size: 12px; fill: var(--soft);
  font-variant-numeric: tabular-nums } .moment { font-size: 13px; font-weight: 600 } .last { text-anchor: end }
"""


# ---- what happened ---------------------------------------------------------------------------------------------------


@dataclass
class Timer:
    """A timer that was set through the Scheduler: when that was, when it may fire and has fired, when it was due, and
    what was done then. Times are seconds from the conference's start.
    """

    asked: float
    window: float
    fired: float
    due: float
    deed: str = ""


@dataclass
class Leg:
    """Somebody's telephone: what it does from one moment to the next, rings, waits, talks or away."""

    name: str
    spans: list[tuple[str, float, float]]


@dataclass
class Facts:
    """What happened in the conference that was played."""

    called: float
    ended: float
    star: float
    confirmed: str  # what whoever pressed it heard
    legs: list[Leg]
    warnings: list[tuple[float, float, str]]  # when, how long, which words
    limits: list[tuple[float, float]]  # when Twilio's own limit was set, and to when
    timers: list[Timer] = field(default_factory=list)


async def play() -> Facts:
    async with stage() as conference:
        with Tap().open() as tap:
            await conference.begin()
            await conference.finish()
        seen = await conference.look()
        calls = (await conference.use("GET", "/calls"))["calls"]
        (room,) = (await conference.use("GET", "/conferences"))["conferences"]
    start = moment(seen["started_at"])
    ben = calls[1]["timeline"]
    star = next(one for one in ben if one["event"] == "digits")
    facts = Facts(
        called=START - start,
        ended=moment(seen["ended_at"]) - start,
        star=moment(star["at"]) - start,
        confirmed=next(one["detail"] for one in ben if one["event"] == "say" and one["at"] >= star["at"]),
        legs=[Leg(name, list(spans(call, room, start))) for name, call in zip(("Aiko", "Ben"), calls, strict=True)],
        warnings=[(moment(one["at"]) - start, one["seconds"], one["text"]) for one in room["announcements"]],
        limits=sorted(set(limits(tap.asked, calls, start))),
    )
    facts.timers = list(timers(tap.asked, start))
    for timer in facts.timers:
        timer.deed = deed(tap.asked, timer, start, facts)
    return facts


def moment(date: str) -> float:
    return datetime.fromisoformat(date).timestamp()


def spans(call: Json, room: Json, start: float) -> Iterator[tuple[str, float, float]]:
    happened = {one["event"]: moment(one["at"]) - start for one in call["timeline"]}
    answered = min(moment(one["at"]) - start for one in call["timeline"] if one["event"] == "answered")
    yield "rings", happened["ringing"], answered
    stays = [one for one in room["participants"] if one["call_sid"] == call["sid"]]
    inside = [(moment(one["joined_at"]) - start, moment(one["left_at"]) - start) for one in stays]
    if inside[0][0] < 0:
        yield "waits", inside[0][0], 0
    for n, (joined, left) in enumerate(inside):
        if n:
            yield "away", inside[n - 1][1], joined
        yield "talks", max(joined, 0), left


def limits(asked: list[Asked], calls: list[Json], start: float) -> Iterator[tuple[float, float]]:
    answered = {
        call["sid"]: moment(one["at"]) - start
        for call in calls
        for one in call["timeline"]
        if one["event"] == "answered"
    }
    for one in asked:
        sid = one.what.partition("/Calls/")[2].removesuffix(".json")
        seconds = parse_qs(str(one.request.get("body"))).get("TimeLimit")
        if sid and seconds:
            yield one.at - start, answered[sid] + int(seconds[0])


def timers(asked: list[Asked], start: float) -> Iterator[Timer]:
    for one in asked:
        if one.what != "scheduler.CreateSchedule":
            continue
        due = json.loads(one.request["Target"]["Input"])["due"]
        window = datetime.strptime(one.request["ScheduleExpression"], "at(%Y-%m-%dT%H:%M:%S)").replace(tzinfo=UTC)
        fired = next(
            told.at
            for told in asked
            if told.what == "sqs.SendMessage"
            and told.at > one.at
            and json.loads(told.request["MessageBody"])["due"] == due
        )
        yield Timer(one.at - start, window.timestamp() - start, fired - start, due - start)


def deed(asked: list[Asked], timer: Timer, start: float, facts: Facts) -> str:
    """What timer.py did when it was due, in words."""
    if timer.due >= facts.ended:
        return OVER
    done = [one.what for one in asked if one.function == "timer" and abs(one.at - start - timer.due) < 0.1]
    return SPOKEN if any(what.startswith("twilio POST /Conferences/") for what in done) else MOVED


# ---- where it is drawn -----------------------------------------------------------------------------------------------


@dataclass
class Stretch:
    """A piece of time, and from where to where it is drawn."""

    first: float
    last: float
    width: float
    x: float = 0

    def place(self, second: float) -> float:
        return self.x + self.width * (second - self.first) / (self.last - self.first)


class Axis:
    """Where every second is."""

    def __init__(self, facts: Facts) -> None:
        found = [Stretch(facts.called - 0.6, 4, 264), Stretch(facts.ended - 3, facts.ended + 0.5, 62)]
        for timer in facts.timers:
            found.append(Stretch(timer.window, timer.window + 60, 72))
            if timer.due < facts.star:
                found.append(Stretch(timer.due - 1, facts.star + 4, 290))
            elif timer.due < facts.ended:
                found.append(Stretch(timer.due - 1, timer.due + 6, 62 if timer.deed == MOVED else 128))
        self.stretches = sorted(found, key=lambda one: one.first)
        x = float(LANES)
        for one in self.stretches:
            one.x = x
            x += one.width + GAP
        self.end = x - GAP

    def x(self, second: float) -> float:
        """Where this second is; in the middle of a gap, if it is left out."""
        for one in self.stretches:
            if second < one.first:
                return one.x - GAP / 2
            if second <= one.last:
                return one.place(second)
        return self.end

    def gaps(self) -> list[float]:
        return [one.x - GAP / 2 for one in self.stretches[1:]]


def clock(second: float) -> str:
    minutes, seconds = divmod(round(abs(second)), 60)
    sign = "\N{MINUS SIGN}" if second < 0 else ""
    return f"{sign}{minutes}:{seconds:02}"


# ---- the picture -----------------------------------------------------------------------------------------------------


def draw() -> str:
    facts = asyncio.run(play())
    axis = Axis(facts)
    parts = [*headings(), *moments(facts, axis), *telephones(facts, axis), *words(facts, axis)]
    parts += [*twilio(facts, axis), *aws(facts, axis), *legend()]
    height = FOOT + 48
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
            "<title>A conference from the first ring to the end, and what happens at Twilio and AWS meanwhile</title>",
            f"<style>{STYLE}{MORE_STYLE}</style>",
            f'<rect width="{WIDTH}" height="{height}" rx="16" fill="var(--paper)"/>',
            *parts,
            "</svg>\n",
        ]
    )


def headings() -> Iterator[str]:
    yield text(LEFT, 50, "A conference", "title")
    said = "Two people, thirty minutes, and ten more by a star. Time is left out where nothing happens."
    yield text(LEFT, 74, said, "soft")
    for y, said in ((AIKO, "Aiko"), (BEN, "Ben"), (ROOM, "conference"), (LIMIT, "time limits")):
        yield text(LEFT, y + 17, said, "name" if said in ("Aiko", "Ben") else "label")
    for y, said in ((SCHEDULER, "Scheduler"), (QUEUE, "queue"), (TIMER, "timer.py")):
        yield text(LEFT, y + 17, said, "label")
    for y, said in ((AIKO - 20, "Telephones"), (ROOM - 20, "Twilio"), (SCHEDULER - 20, "AWS")):
        yield text(LEFT, y, said, "head")


def moments(facts: Facts, axis: Axis) -> Iterator[str]:
    """What is told above, and the line through everything below it."""
    told = [(facts.called, "both are called"), (0, "they talk"), (facts.star, "star"), (facts.ended, "the end")]
    told += [(at, "the warning") for at, *_ in facts.warnings]
    told += [(timer.due, "would have ended") for timer in facts.timers if timer.deed == MOVED]
    for second, said in told:
        x, side = axis.x(second), "last" if second == facts.ended else ""
        yield path("guide", f"M{x:g} {AIKO - 30}V{TIMER + BAR}")
        yield text(x, AIKO - 54, said, f"moment {side}") + text(x, AIKO - 37, clock(second), f"time {side}")
    for timer in facts.timers:
        yield text(axis.x(timer.window), AIKO - 37, clock(timer.window), "time")


def telephones(facts: Facts, axis: Axis) -> Iterator[str]:
    for y, leg in zip((AIKO, BEN), facts.legs, strict=True):
        for kind, since, until in leg.spans:
            x, width = axis.x(since), axis.x(until) - axis.x(since)
            yield f'<rect x="{x:g}" y="{y}" width="{width:g}" height="{BAR}" rx="4" class="{kind}"/>'
            said = {"rings": "rings", "waits": "ring tone", "talks": "talks" if since < 1 else "", "away": "away"}.get(
                kind, ""
            )
            if width > 34:
                yield text(x + 8, y + 16.5, said, "on" if kind == "talks" else "soft")
        yield from cuts(axis, y)
    x = axis.x(facts.star)
    yield text(x - 6, BEN - 5, "✻", "star")


def cuts(axis: Axis, y: float) -> Iterator[str]:
    """Where time is left out of a bar."""
    for x in axis.gaps():
        yield path("cut", f"M{x + 4:g} {y - 3:g}L{x - 4:g} {y + BAR + 3:g}")


def words(facts: Facts, axis: Axis) -> Iterator[str]:
    """What is heard: by both, and by whoever has pressed star."""
    for at, _, said in facts.warnings:
        first = at < facts.star
        yield from speech(axis.x(at) - 4, HEARD, axis.x(facts.star) - axis.x(at) - 10 if first else 118, said)
    yield from speech(axis.x(facts.star) + 4, HEARD, 118, facts.confirmed)


def speech(x: float, y: float, width: float, said: str) -> Iterator[str]:
    wide = any(ord(letter) > 0x2FFF for letter in said)
    lines = textwrap.wrap(said, int((width - 16) / (12.6 if wide else 6.3)))
    yield card(x, y, width, 16 + 16 * len(lines))
    for n, line in enumerate(lines):
        yield text(x + 9, y + 20 + 16 * n, line, "soft")


def twilio(facts: Facts, axis: Axis) -> Iterator[str]:
    first = min(since for leg in facts.legs for kind, since, _ in leg.spans if kind == "waits")
    x = axis.x(first)
    yield f'<rect x="{x:g}" y="{ROOM}" width="{axis.x(facts.ended) - x:g}" height="{BAR}" rx="4" class="room"/>'
    yield text(axis.x(0) + 8, ROOM + 16.5, "start", "soft")
    for at, seconds, _ in facts.warnings:
        width = axis.x(at + seconds) - axis.x(at)
        yield f'<rect x="{axis.x(at):g}" y="{ROOM + 3}" width="{width:g}" height="{BAR - 6}" rx="3" class="looks"/>'
        yield text(axis.x(at) + 6, ROOM + 16.5, "speaks", "on")
    yield from cuts(axis, ROOM)
    y = LIMIT + 12
    for at, until in sorted({(round(at), round(until)) for at, until in facts.limits}):
        x = axis.x(at)
        yield f'<circle cx="{x:g}" cy="{y}" r="4.5" class="spare"/>'
        yield text(x + 10, y + 4.5, f"both legs end at {clock(until)}", "soft")
    x = axis.x(facts.ended)
    yield path("limit", f"M{x:g} {y - 12}v24m-5 -24v24")
    yield text(x - 14, y + 4.5, "and they do, whatever becomes of AWS", "soft last")


def aws(facts: Facts, axis: Axis) -> Iterator[str]:
    scheduler, queue, look = (y + BAR / 2 for y in (SCHEDULER, QUEUE, TIMER))
    for asked in sorted({timer.asked for timer in facts.timers}):
        count = sum(timer.asked == asked for timer in facts.timers)
        yield f'<circle cx="{axis.x(asked):g}" cy="{scheduler}" r="5" class="spare"/>'
        yield text(axis.x(asked) + 10, scheduler + 4.5, f"{count} schedules", "soft")
    for timer in facts.timers:
        x, fired = axis.x(timer.window), axis.x(timer.fired)
        width = axis.x(timer.window + 60) - x
        yield f'<rect x="{x:g}" y="{SCHEDULER}" width="{width:g}" height="{BAR}" rx="4" class="window"/>'
        yield path("call", f"M{fired:g} {scheduler}V{queue}")
        yield f'<circle cx="{fired:g}" cy="{scheduler}" r="5" class="fires"/>'
    for timer in facts.timers:  # two may be in the queue at a time
        late = any(one.fired < timer.fired < one.due for one in facts.timers)
        y = queue + (6 if late else 0)
        yield path("held", f"M{axis.x(timer.fired):g} {y:g}H{axis.x(timer.due):g}")
        yield path("call", f"M{axis.x(timer.due):g} {y:g}V{look}")
    yield from cuts(axis, QUEUE)
    done = [(timer.due, timer.deed) for timer in facts.timers]
    done += [(facts.called, "calls both"), (0, "sets the end, limits and timers"), (facts.star, "sets them anew")]
    for second, said in done:
        x, last = axis.x(second), second == facts.ended
        yield f'<circle cx="{x:g}" cy="{look}" r="6.5" class="looks"/>'
        for n, line in enumerate(textwrap.wrap(said, 16)):
            yield text(x + 4 if last else x - 4, look + 26 + 15 * n, line, "soft last" if last else "soft")


def legend() -> Iterator[str]:
    y = FOOT + 16
    yield f'<rect x="{LANES}" y="{y - 13}" width="26" height="18" rx="4" class="window"/>'
    yield f'<circle cx="{LANES + 17}" cy="{y - 4}" r="5" class="fires"/>'
    yield text(LANES + 36, y, "a schedule fires somewhere in its minute, two minutes early", "soft")
    yield path("held", f"M{LANES + 424} {y - 4}h26")
    yield text(LANES + 458, y, "the queue holds the timer back, to the second", "soft")
    yield f'<circle cx="{LANES + 766}" cy="{y - 4}" r="6.5" class="looks"/>'
    yield text(LANES + 781, y, "timer.py looks into the table, and does what is due by it", "soft")


if __name__ == "__main__":
    PICTURE.write_text(draw())
