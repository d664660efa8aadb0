"""Telephones for histories: who is rung, answers, talks and hangs up, as the TwiML says that the handlers answer with,
and what Twilio's REST API then does to them. It knows Twilio's words and nothing of the exchange's.

Sentences take no time here; whoever is asked for a key presses 1.
"""

from __future__ import annotations

import hashlib
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Protocol

from tests.histories.rooms import Room, Rooms

Verbs = list[ElementTree.Element]
Then = Callable[[Any], None]

FINAL = ("completed", "busy", "no-answer", "failed", "canceled")
ANSWERS = (3, 20, None, "busy", 1, 29)  # after how many seconds somebody answers; None: never
TALKS = (60, 3, 500, 20, 4000)  # for how many seconds somebody talks before hanging up


class World(Protocol):
    """Where telephones are: what happens later, what is left to chance, who is told."""

    def later(self, seconds: float, happen: Callable[[], None]) -> None: ...
    def chance(self, name: str, options: tuple[Any, ...]) -> Any: ...
    def tell(self, name: str, address: str, fields: dict[str, str]) -> None: ...
    def ask(self, name: str, address: str, fields: dict[str, str], then: Then) -> None: ...
    def name(self) -> str: ...
    def happened(self, name: str, *facts: Any) -> None: ...


@dataclass(eq=False)
class Leg:
    """One call to or from a telephone. `reports` is where it is told of, and of what."""

    name: str
    who: str
    shows: str
    url: str = ""
    reports: str = ""
    events: str = "initiated ringing answered completed"
    ring: float = 30
    limit: float = 14_400
    parent: Leg | None = None
    status: str = "queued"
    began: float = field(default_factory=time.time)
    answered_at: float | None = None
    ended_at: float | None = None
    told: int = 0
    epoch: int = 0  # of what it does: a new one makes former plans void
    room: Room | None = None
    dialed: list[Leg] = field(default_factory=list)
    after_dial: Callable[[str], None] = lambda _: None
    at_end: Callable[[], None] | None = None

    @property
    def sid(self) -> str:
        return "CA" + hashlib.md5(self.name.encode()).hexdigest()

    @property
    def is_over(self) -> bool:
        return self.status in FINAL


@dataclass
class Talk:
    """Two people heard each other."""

    people: frozenset[str]
    shown: dict[str, str]  # who -> which line they see or have dialed
    through: str  # the room, or the address to which the second leg is reported
    began: float
    ended: float | None = None


class Telephones:
    """All of them; `talks` is who has talked with whom."""

    def __init__(self, world: World) -> None:
        self.world, self.legs, self.talks = world, {}, []
        self.rooms = Rooms(self)

    # ---- a life ----------------------------------------------------------------------------------------------------

    def call_in(self, name: str, caller: str, line: str, address: str) -> Leg:
        """Somebody dials a line of the exchange."""
        leg = self.legs.setdefault("CA" + hashlib.md5(name.encode()).hexdigest(), Leg(name, caller, line, events=""))
        self.answered(leg, address, {"From": caller, "To": line, "CallStatus": "ringing", "Direction": "inbound"})
        return leg

    def call_out(self, leg: Leg) -> None:
        """A telephone rings, and is answered or not."""
        self.legs[leg.sid] = leg
        self.report(leg, "initiated")
        self.report(leg, "ringing")
        leg.status = "ringing"
        answers = self.world.chance(f"{leg.name} answers", ANSWERS)
        if answers == "busy":
            self.plan(leg, 1, lambda: self.end(leg, "busy"))
        elif answers is None or answers > leg.ring:
            self.plan(leg, leg.ring, lambda: self.end(leg, "no-answer"))
        else:
            self.plan(leg, answers, lambda: self.answered(leg, leg.url, {"From": leg.shows, "To": leg.who}))

    def answered(self, leg: Leg, address: str, fields: dict[str, str]) -> None:
        leg.status, leg.answered_at = "in-progress", time.time()
        self.report(leg, "in-progress")
        self.world.later(leg.limit, lambda: self.end_by_limit(leg))
        talks = self.world.chance(f"{leg.name} talks", TALKS)
        self.world.later(talks, lambda: self.end(leg))
        if leg.parent:
            for other in leg.parent.dialed:
                if other is not leg and not other.is_over:
                    self.end(other, "canceled")
        if address:
            self.go_on(leg, "answer", address, fields)
        elif leg.at_end:
            leg.at_end()

    def last_on_the_way(self, room: str) -> float:
        """When somebody who was to come into a room was last on the way: called, and not there yet."""
        called = [leg for leg in self.legs.values() if room in leg.url and leg.answered_at is None]
        return max((leg.ended_at or time.time() for leg in called), default=0)

    def end_by_limit(self, leg: Leg) -> None:
        if leg.answered_at is not None and time.time() >= leg.answered_at + leg.limit - 0.01:
            self.end(leg)

    def end(self, leg: Leg, status: str = "completed") -> None:
        """A call is over, with whatever hangs on it."""
        if leg.is_over:
            return
        leg.status = "canceled" if status == "completed" and leg.answered_at is None else status
        leg.ended_at = time.time()
        leg.epoch += 1
        self.rooms.leave(leg)
        for child in leg.dialed:
            self.end(child, "completed" if child.answered_at else "canceled")
        self.hang_up_talk(leg)
        self.report(leg, leg.status)
        if leg.parent and not leg.parent.is_over and all(one.is_over for one in leg.parent.dialed):
            leg.parent.after_dial(leg.status)

    def plan(self, leg: Leg, seconds: float, happen: Callable[[], None]) -> None:
        epoch = leg.epoch
        self.world.later(seconds, lambda: happen() if leg.epoch == epoch and not leg.is_over else None)

    def hang_up_talk(self, leg: Leg) -> None:
        for talk in self.talks:
            if talk.ended is None and leg.reports and talk.through == leg.reports:
                talk.ended = time.time()
                self.world.happened("talk_ended", talk)

    # ---- what it hears ---------------------------------------------------------------------------------------------

    def go_on(self, leg: Leg, step: str, address: str, fields: dict[str, str]) -> None:
        """Asks for TwiML, and does what it says; without any the call is over."""
        leg.epoch += 1
        epoch = leg.epoch

        def then(answer: Any) -> None:
            if leg.is_over or leg.epoch != epoch:
                return
            if answer is None:
                self.end(leg, "failed" if leg.answered_at is None else "completed")
            else:
                self.run(leg, list(ElementTree.fromstring(answer)))

        known = {"CallSid": leg.sid, "CallStatus": leg.status, "From": leg.shows, "To": leg.who}
        self.world.ask(f"{leg.name} {step}{epoch}", address, known | fields, then)

    def run(self, leg: Leg, verbs: Verbs) -> None:
        while verbs and not leg.is_over:
            verb = verbs.pop(0)
            match verb.tag:
                case "Hangup":
                    return self.end(leg)
                case "Pause":
                    return self.plan(leg, float(verb.get("length", "1")), lambda: self.run(leg, verbs))
                case "Gather":
                    return self.go_on(leg, "key", str(verb.get("action")), {"Digits": "1"})
                case "Dial":
                    return self.dial(leg, verb, verbs)
        if leg.at_end:
            return leg.at_end()
        return self.end(leg)

    def dial(self, leg: Leg, dial: ElementTree.Element, rest: Verbs) -> None:
        def after(status: str, bridged: str = "false") -> None:
            if leg.is_over:
                return
            if action := dial.get("action"):
                self.go_on(leg, "left", action, {"DialCallStatus": status, "DialBridged": bridged})
            else:
                self.run(leg, rest)

        if (room := dial.find("Conference")) is not None:
            leg.after_dial = after
            self.rooms.enter(leg, str(room.text), str(room.get("statusCallback")))
            star = self.world.chance(f"{leg.name} star{leg.epoch}", (None, 25, 100))
            if star and dial.get("hangupOnStar"):
                self.plan(leg, star, lambda: self.press_star(leg))
            return
        limit = float(dial.get("timeLimit", "14400"))
        leg.dialed = [
            self.child(leg, number, place, dial, limit) for place, number in enumerate(dial.findall("Number"))
        ]
        leg.after_dial = lambda status: after(status, "true" if any(one.answered_at for one in leg.dialed) else "false")
        for child in leg.dialed:
            self.call_out(child)

    def child(self, leg: Leg, number: ElementTree.Element, place: int, dial: Any, limit: float) -> Leg:
        made = Leg(f"{leg.name}>{leg.epoch}{place}", str(number.text), str(dial.get("callerId")), parent=leg)
        made.url, made.reports = number.get("url", ""), number.get("statusCallback", "")
        made.events, made.ring, made.limit = (
            number.get("statusCallbackEvent", ""),
            float(dial.get("timeout", "30")),
            limit,
        )
        made.at_end = lambda: self.connect(leg, made)
        return made

    def connect(self, leg: Leg, other: Leg) -> None:
        """Two telephones hear each other."""
        seen = {leg.who: leg.shows, other.who: other.shows}
        self.begin_talk(Talk(frozenset(seen), seen, other.reports, time.time()))

    def begin_talk(self, talk: Talk) -> None:
        self.talks.append(talk)
        self.world.happened("talk_began", talk)

    def press_star(self, leg: Leg) -> None:
        if leg.room:
            self.rooms.leave(leg)
            leg.after_dial("completed")

    # ---- who is told -----------------------------------------------------------------------------------------------

    def report(self, leg: Leg, status: str) -> None:
        wanted = {"in-progress": "answered"}.get(status, "completed" if status in FINAL else status)
        if not leg.reports or wanted not in leg.events.split():
            return
        fields = {"CallSid": leg.sid, "CallStatus": status, "From": leg.shows, "To": leg.who}
        fields |= {"Timestamp": moment(time.time()), "SequenceNumber": str(leg.told)}
        leg.told += 1
        if leg.parent:
            fields["ParentCallSid"] = leg.parent.sid
        if status in FINAL:
            seconds = int(time.time() - leg.answered_at) if leg.answered_at else 0
            fields |= {"CallDuration": str(seconds), "Duration": str(-(-seconds // 60))}
        self.world.tell(f"{leg.name} {status}", leg.reports, fields)

    # ---- REST ------------------------------------------------------------------------------------------------------

    def rest(self, method: str, path: str, form: dict[str, str]) -> tuple[int, Any]:
        """What Twilio answers about calls and conferences."""
        kind, _, rest = path.strip("/").partition("/")
        if kind == "Calls.json" and method == "GET":
            made = [leg for leg in self.legs.values() if (leg.who, leg.shows) == (form["To"], form["From"])]
            return 200, {"calls": [{"sid": leg.sid, "date_created": moment(leg.began)} for leg in made]}
        if kind == "Calls.json":
            leg = Leg(self.world.name(), form["To"], form["From"], form["Url"], form["StatusCallback"])
            leg.ring, leg.limit = float(form["Timeout"]), float(form["TimeLimit"])
            self.call_out(leg)
            return 201, {"sid": leg.sid, "status": "queued"}
        if kind == "Conferences":
            return self.rooms.rest(rest.removesuffix(".json"), form)
        leg = self.legs.get(rest.removesuffix(".json"))
        if leg is None or leg.is_over:
            return 400, {"code": 21220, "message": "Call is not in-progress", "status": 400}
        if "TimeLimit" in form:
            leg.limit = float(form["TimeLimit"])
            self.world.later((leg.answered_at or time.time()) + leg.limit - time.time(), lambda: self.end_by_limit(leg))
        if "StatusCallback" in form:
            leg.reports, leg.events = form["StatusCallback"], "answered completed"
        if form.get("Status") == "completed":
            self.end(leg)
        if "Twiml" in form:
            self.rooms.leave(leg)
            leg.epoch += 1
            self.run(leg, list(ElementTree.fromstring(form["Twiml"])))
        return 200, {"sid": leg.sid, "status": leg.status}


def moment(at: float) -> str:
    return format_datetime(datetime.fromtimestamp(int(at), UTC))
