"""How punctual announcements are: asked for at Twilio so many milliseconds after they were due, beside what EventBridge
Scheduler alone could do. Conferences run on the local network, where schedules fire anywhere within their minute.

What a queue's message and a Lambda function take on their way, only a deployment can tell.
"""

import random
import statistics
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from moto.dynamodb.models import dynamodb_backends

from local.aws import ACCOUNT, REGION
from local.aws.faults import Crashes, Fault
from local.aws.functions import current
from local.aws.schedules import PRECISION
from tests.performance.table import head, row
from tests.stories.conftest import Box
from tests.stories.people import Bridge, Desk, Person
from tests.stories.rooms import LINE
from toritsugi.bridges.announcements import ANNOUNCEMENT_PATH
from toritsugi.foundation import config

CONFERENCES, EACH = 40, 25
MINUTES = 60


@dataclass
class Punctuality:
    """Seconds between the moment when an announcement was due and the request to Twilio, on the clock of the local
    world; and the real seconds for which timer.py was at work on each, from waking to the request.
    """

    errors: list[float] = field(default_factory=list)
    at_work: list[float] = field(default_factory=list)
    alone: list[float] = field(default_factory=list)
    wanted: int = 0
    twice: int = 0
    died: int = 0  # claimed by a process that did not live to speak
    dropped: int = 0
    unexplained: int = 0


class Watch(Crashes):
    """Crashes as they were, and how long timer.py works until it asks for an announcement."""

    def __init__(self) -> None:
        super().__init__()
        self.woken: WeakKeyDictionary[Any, float] = WeakKeyDictionary()
        self.seconds: list[float] = []

    def take(self, name: str, what: str) -> Fault | None:
        event = current.get()
        if name == "timer before" and what.startswith("dynamodb.Query"):
            self.woken.setdefault(event, time.perf_counter())
        if name == "timer before" and what.startswith("twilio POST /Conferences") and event in self.woken:
            self.seconds.append(time.perf_counter() - self.woken.pop(event))
        return super().take(name, what)


def measure(conferences: int = CONFERENCES, each: int = EACH, seed: int = 0, lossy: bool = True) -> Punctuality:
    """So many conferences of an hour, one after another, with so many announcements each: messages and schedules come
    twice, processes die before they claim and, if `lossy`, between claiming and speaking.
    """
    chance, found = random.Random(seed), Punctuality()
    box = Box()
    try:
        watch = box.stack.cloud.faults.crashes = box.stack.cloud.functions.crashes = Watch()
        desk = Desk(box)
        desk.owns(LINE)
        for _ in range(conferences):
            hold(box, desk, each, chance, found, lossy)
        found.at_work = watch.seconds
        found.alone = [chance.random() * PRECISION for _ in range(found.wanted)]
    finally:
        box.stop()
    return found


def hold(box: Box, desk: Desk, each: int, chance: random.Random, found: Punctuality, lossy: bool) -> None:
    """One conference, and what became of its announcements."""
    cloud = box.stack.cloud
    for faults in (cloud.faults.schedules, cloud.faults.messages, cloud.faults.crashes):
        faults.end()
    box.call("DELETE", "/world")
    dynamodb_backends[ACCOUNT][REGION].tables[config.BRIDGES_TABLE].items.clear()
    moments = sorted(chance.sample(range(1, MINUTES * 60 - 1), each))
    said = [{"after_start": moment, "say": f"This is number {moment}.", "language": "en-US"} for moment in moments]
    cloud.faults.schedules.twice("timer", times=each // 5)
    cloud.faults.messages.twice("Timers", times=each // 2)
    people = [Person(box, name, number) for name, number in (("Aiko", "+819011110001"), ("Ben", "+819022220002"))]
    for person in people:
        person.will("at once")
    bridge = desk.calls(*people, line=LINE, minutes=MINUTES, announcements=said)
    crashes = [(chance.choice(moments), "before")] + ([(chance.choice(moments), "after")] if lossy else [])
    passed = 0
    for moment, side in sorted(crashes):
        box.call("POST", "/clock", {"advance": max(0, moment - passed)})
        passed = max(passed, moment)
        cloud.crash("timer", **{side: "dynamodb.TransactWriteItems"})
    box.call("POST", "/clock", {"advance": MINUTES * 60 + 5 - passed})
    add_up(box, bridge, moments, found)


def add_up(box: Box, bridge: Bridge, moments: list[int], found: Punctuality) -> None:
    seen: dict[str, Any] = bridge.seen
    start = int(datetime.fromisoformat(seen["started_at"]).timestamp())
    rooms = [room for room in box.stack.world.conferences.values() if room.friendly_name == bridge.sid]
    asked: dict[int, list[float]] = {}
    for room in rooms:
        for one in room.announcements:
            number = int(ANNOUNCEMENT_PATH.fullmatch(urlsplit(one.url).path)[2])
            asked.setdefault(number, []).append(one.asked_at)
    found.wanted += len(moments)
    for shown in seen["announcements"]:
        times = asked.get(shown["id"], [])
        found.twice += len(times) > 1
        if times:
            found.errors.append(times[0] - start - shown["after_start"])
        elif shown["dropped"]:
            found.dropped += 1
        elif shown["spoken_at"]:
            found.died += 1
        else:
            found.unexplained += 1


# ---- printing --------------------------------------------------------------------------------------------------------


def table(found: Punctuality) -> list[str]:
    """What `make bench` prints of it."""
    ours, alone, work = sorted(found.errors), sorted(found.alone), sorted(found.at_work)
    lines = [head(f"{found.wanted} announcements, after they were due", "Toritsugi", "Scheduler")]
    for name, part in (("median, s", 0.5), ("99th percentile, s", 0.99), ("latest, s", 1)):
        lines.append(row(name, *(f"{quantile(times, part):.3f}" for times in (ours, alone))))
    lines += [
        row("within a second", *(f"{sum(one <= 1 for one in times)}" for times in (ours, alone))),
        row("heard twice", found.twice, "-"),
        row("lost: the process died after its claim", found.died, "-"),
        row("dropped: late by more than 5 s", found.dropped, "-"),
        row("timer.py at work, median, ms (on moto)", f"{statistics.median(work) * 1000:.1f}", "-"),
        row("  99th percentile, ms", f"{quantile(work, 0.99) * 1000:.1f}", "-"),
    ]
    if found.unexplained:
        lines.append(row("LOST, AND NOBODY KNOWS WHY", found.unexplained, "-"))
    return lines


def quantile(times: list[float], part: float) -> float:
    return times[min(len(times) - 1, int(part * len(times)))]
