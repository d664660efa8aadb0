"""The town in which imagined days take place, one after another; and what must hold at the end of each.

Nobody knows how such a day goes. What is checked is what may never happen: words heard twice, too late or by nobody, a
telephone that rings for nothing, a bill that is not ours, a number where none belongs.
"""

import logging
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from moto.dynamodb.models import dynamodb_backends

from local.aws import ACCOUNT, REGION
from tests.stories.conftest import Box
from tests.stories.days import MINUTE, Day, Deed, Trouble
from tests.stories.people import Bridge, Desk, Person
from tests.stories.rooms import LINE
from toritsugi.bridges.announcements import ANNOUNCEMENT_PATH, LATE_ANNOUNCEMENT_SECONDS
from toritsugi.foundation import config

END_SECONDS = 2  # a leg may live so long after the deadline
LAST_SECONDS = 60  # and everything that is still going on so long after the end: somebody hears that it is over


class Diary(logging.Handler):
    """Everything that the exchange logs, before numbers are struck out of it."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(str(vars(record)))


class Town:
    """An exchange and a network that live through one day after another, and the people in it."""

    def __init__(self, box: Box, diary: Diary) -> None:
        self.box, self.diary, self.desk = box, diary, Desk(box)
        self.people = [Person(box, name, f"+8190{n}{n}{n}{n}000{n}") for n, name in enumerate("ABC", 1)]
        self.desk.owns(LINE)

    def forward(self, seconds: float) -> None:
        self.box.call("POST", "/clock", {"advance": seconds})

    @property
    def now(self) -> float:
        return datetime.fromisoformat(self.box.call("GET", "/clock")["now"]).timestamp()

    def live(self, day: Day) -> list[str]:
        """Lives a whole day, checks what must hold at its end, and returns what has failed in the local world."""
        self.dawn(day)
        self.began = self.now
        people = self.people[: len(day.conduct)]
        for person, conduct in zip(people, day.conduct, strict=True):
            person.will(**conduct)
        moments: list[tuple[float, int, Any]] = [(one.second, 0, one) for one in day.troubles if one.second]
        moments += [(one[0], 1, one) for one in day.deeds]
        moments.sort(key=lambda one: one[:2])
        for trouble in day.troubles:
            if not trouble.second:
                trouble.begin(self.box)
        bridge = self.desk.calls(*people, line=LINE, **day.wanted)
        for second, _, what in moments:
            self.forward(max(0, self.began + second - self.now))
            if isinstance(what, Trouble):
                what.begin(self.box)
            else:
                self.do(bridge, people, what)
        extension = day.wanted.get("extension", {"minutes": 0, "times": 0})
        longest = (day.wanted["minutes"] + extension["minutes"] * extension["times"]) * MINUTE + 200
        self.forward(max(0, self.began + longest - self.now))
        if not bridge.seen["ended_at"]:  # somebody waits for somebody else
            bridge.end()
        self.forward(LAST_SECONDS + 1)
        self.check(day, bridge)
        crashes = [one for one in self.box.stack.cloud.failures if "Crashed" not in one]
        return [*map(repr, self.box.stack.clock.failures), *crashes]

    def dawn(self, day: Day) -> None:
        """Everything is forgotten that was before: moto looks through all of a table to find anything in it."""
        cloud = self.box.stack.cloud
        for faults in (cloud.faults.schedules, cloud.faults.messages, cloud.faults.crashes):
            faults.end()
        self.box.call("DELETE", "/world")
        dynamodb_backends[ACCOUNT][REGION].tables[config.BRIDGES_TABLE].items.clear()
        cloud.failures.clear()
        self.diary.lines.clear()
        self.forward(MINUTE - self.now % MINUTE)
        self.box.stack.clock.random.seed(day.seed)

    def do(self, bridge: Bridge, people: list[Person], deed: Deed) -> None:
        """Much of it cannot be done just then: nobody hangs up a telephone that lies there."""
        _, who, what = deed
        if what == "extend":
            self.desk.request("POST", f"{bridge.path}/extend")
            self.box.settle()
            return
        body = {"digits": "*"} if what == "star" else None
        path = f"{people[who].path}/{'press' if what == 'star' else what}"
        assert self.box.http.post(path, json=body).status_code in (200, 409)

    # ---- what must hold --------------------------------------------------------------------------------------------

    def check(self, day: Day, bridge: Bridge) -> None:
        seen = bridge.seen
        self.check_announcements(day, bridge, seen)
        self.check_end(day, bridge, seen)
        self.check_secrets(day)
        if not any(trouble.loses for trouble in day.troubles):
            assert seen["billed_minutes"] == sum(call["billed_minutes"] for call in self.box.calls())

    def rooms(self, bridge: Bridge) -> list[Any]:
        return [one for one in self.box.stack.world.conferences.values() if one.friendly_name == bridge.sid]

    def deadlines(self, day: Day, bridge: Bridge, seen: dict[str, Any]) -> list[int]:
        """The end as it was at first, and after each extension; of a call that never began there is none."""
        starts = [int(room.started_at) for room in self.rooms(bridge) if room.started_at is not None]
        step = day.wanted.get("extension", {"minutes": 0})["minutes"] * MINUTE
        first = [min(starts) + day.wanted["minutes"] * MINUTE] if starts else []
        return [moment + n * step for moment in first for n in range(seen["extensions"] + 1)]

    def check_announcements(self, day: Day, bridge: Bridge, seen: dict[str, Any]) -> None:
        """Each is asked for once per deadline, never late by more than five seconds, never when nobody is there."""
        deadlines = self.deadlines(day, bridge, seen)
        asked: set[tuple[int, float]] = set()
        rooms = self.rooms(bridge)
        for room in rooms:
            for one in room.announcements:
                number = int(ANNOUNCEMENT_PATH.fullmatch(urlsplit(one.url).path)[2])
                wanted = ([*day.wanted["announcements"], {"before_end": 0}])[number - 1]
                dues = self.dues(wanted, rooms, deadlines, seen["announcements"][number - 1])
                due = [due for due in dues if due <= one.asked_at <= due + LATE_ANNOUNCEMENT_SECONDS + 0.1]
                assert due, (
                    f"announcement {number} at {one.asked_at - self.began}, due {[d - self.began for d in dues]}"
                )
                assert (number, due[-1]) not in asked, f"announcement {number} was spoken twice"
                asked.add((number, due[-1]))
                assert one.asked_at < deadlines[-1]
                present = [p for p in room.participants if p.joined_at <= one.asked_at <= (p.left_at or one.asked_at)]
                assert present, f"nobody was there to hear announcement {number}"
                assert one.to is None or one.to in present
                assert room.started_at is not None
                assert room.started_at <= one.asked_at
        for person in self.people:
            texts = [(item["text"], item["at"]) for item in person.telephone["heard"] if "number" in item["text"]]
            assert len(set(texts)) == len(texts)

    def dues(
        self, wanted: dict[str, Any], rooms: list[Any], deadlines: list[int], shown: dict[str, Any]
    ) -> list[float]:
        """When an announcement is due, for each deadline."""
        if "after_start" in wanted:
            starts = [room.started_at for room in rooms if room.started_at is not None]
            return [float(int(min(starts)) + wanted["after_start"])]
        return [float(moment - shown["before_end"]) for moment in deadlines]

    def check_end(self, day: Day, bridge: Bridge, seen: dict[str, Any]) -> None:
        """No leg outlives the deadline, nothing goes on after the end."""
        deadlines = self.deadlines(day, bridge, seen)
        over = datetime.fromisoformat(seen["ended_at"]).timestamp()
        for call in self.box.stack.world.calls.values():
            assert call.ended_at is not None, f"{call.to} is {call.status}"
            if deadlines:
                late = call.ended_at - deadlines[-1]
                assert late <= END_SECONDS, f"{call.to} lived {late} seconds too long"
            late = call.ended_at - over
            assert late <= LAST_SECONDS, f"{call.to} went on for {late} seconds after the end"
        assert all(room.ended_at is not None for room in self.rooms(bridge))

    def check_secrets(self, day: Day) -> None:
        """Nobody's number stands in an address, in a room's name, or in the log."""
        told = "".join(f"{hook['url']} {hook['params'].get('FriendlyName', '')} " for hook in self.box.webhooks())
        told += " ".join(self.diary.lines)
        for person in self.people:
            assert person.number[3:] not in told
