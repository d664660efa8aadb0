"""Bridges that are imagined: what was wanted, and what Twilio would tell of it. Nothing is stored.

A history is invented as it would happen: legs ring, some are answered, come into the room, leave it and come back; a
room's conference ends when everyone has left, and who comes later begins another.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

from hypothesis import settings
from hypothesis import strategies as some

from toritsugi.bridges import commands, state
from toritsugi.bridges.events import BridgeEventSource, Fields, read_leg, read_room
from toritsugi.bridges.records import (
    Announcement,
    Bridge,
    BridgeEntry,
    Party,
    Spoken,
    announcement_key,
    party_key,
    spoken_key,
)

SID = "KB" + "5" * 32
LINE = "+815010000011"
NOW = 1_795_000_000
CALM = settings(deadline=None, derandomize=True, max_examples=150)
UNREACHED = ("busy", "no-answer", "failed", "canceled")

Callback = tuple[BridgeEventSource, Fields]


# ---- what was wanted -------------------------------------------------------------------------------------------------


def bridge(**more: Any) -> Bridge:
    settings: dict[str, Any] = {"through": "conference", "minutes": 10, "ring_seconds": 30, "if_unanswered": "end"}
    made = commands.new_bridge(SID, **{"line": LINE, **settings, **more})
    made.date_created = NOW
    return made


def party(place: int, **more: Any) -> Party:
    facts: dict[str, Any] = {"number": f"+8190{place:08}", "shows": LINE, "language": "en-US", "date_created": NOW}
    return Party(*party_key(SID, place), place=place, **{**facts, **more})


def announcement(number: int = 1, **more: Any) -> Announcement:
    return Announcement(*announcement_key(SID, number), id=number, words="hello", language="en-US", **more)


def spoken(number: int, version: int, due: float, dropped: str | None = None) -> Spoken:
    key = spoken_key(SID, number, version)
    return Spoken(*key, id=number, version=version, due=due, at=due, dropped=dropped)


# ---- what is told ----------------------------------------------------------------------------------------------------


def call_sid(place: int, attempt: int = 1) -> str:
    return f"CA{place:016x}{attempt:016x}"


def of_leg(place: int, attempt: int, at: float, status: str, number: int = 0, **more: str) -> Callback:
    """What Twilio tells of a call; `number` counts what it tells of it."""
    fields = {"CallSid": call_sid(place, attempt), "CallStatus": status, "SequenceNumber": str(number)}
    return BridgeEventSource(SID, place, attempt), fields | {"Timestamp": formatdate(at)} | more


def of_room(conference: int, number: int, at: float, name: str, who: str = "") -> Callback:
    """What Twilio tells of the `conference`th conference of the room, for the `number`th time."""
    fields = {"ConferenceSid": f"CF{conference:032x}", "StatusCallbackEvent": name, "SequenceNumber": str(number)}
    return BridgeEventSource(SID), fields | {"Timestamp": formatdate(at)} | ({"CallSid": who} if who else {})


def stored(callbacks: Iterable[Callback]) -> list[BridgeEntry]:
    """What lies in the table when these have come, in this order: a callback that comes twice is one item."""
    events = [read_leg(*told) if told[0].place else read_room(*told) for told in callbacks]
    return list({event.entry: event for event in events}.values())


def leg(place: int, *, rings: float = NOW, answered: float | None = None, over: float | None = None) -> list[Callback]:
    """A first call to somebody, as far as it has come."""
    told = [of_leg(place, 1, rings, "initiated", 0), of_leg(place, 1, rings, "ringing", 1)]
    if answered is not None:
        told.append(of_leg(place, 1, answered, "in-progress", 2))
    if over is not None:
        seconds = int(over - (over if answered is None else answered))
        status = "no-answer" if answered is None else "completed"
        told.append(of_leg(place, 1, over, status, 3, CallDuration=str(seconds), Duration=str(-(-seconds // 60))))
    return told


def talking(*, since: float = NOW, of: int = 2) -> list[Callback]:
    """So many people are in the room, all since then."""
    told = [one for place in range(1, of + 1) for one in leg(place, rings=since, answered=since)]
    told += [of_room(1, place, since, "participant-join", call_sid(place)) for place in range(1, of + 1)]
    return [*told, of_room(1, of + 1, since, "conference-start")]


# ---- what might happen -----------------------------------------------------------------------------------------------


@dataclass
class History:
    """A bridge with all its entries but the callbacks, and those as they were sent."""

    entries: list[BridgeEntry]
    callbacks: list[Callback]
    now: float

    def seen(self, callbacks: Iterable[Callback] | None = None) -> state.State:
        return state.state_of([*self.entries, *stored(self.callbacks if callbacks is None else callbacks)])


@dataclass
class Attempt:
    """One call to somebody: when it began, how it ended, when it came into the room and when it left."""

    place: int
    number: int
    began: int
    answered: int | None
    over: int | None
    outcome: str
    answered_by: str
    visits: list[tuple[int, int | None]] = field(default_factory=list)

    def told(self) -> list[Callback]:
        moments = [(self.began, "initiated"), (self.began + 1, "ringing")]
        moments += [(self.answered, "in-progress")] if self.answered is not None else []
        facts = {"AnsweredBy": self.answered_by} if self.answered_by and self.answered is not None else {}
        told = [of_leg(self.place, self.number, at, name, n) for n, (at, name) in enumerate(moments)]
        if self.over is not None:
            seconds = self.over - self.answered if self.answered is not None else 0
            bill = {"CallDuration": str(seconds), "Duration": str(-(-seconds // 60))}
            told.append(of_leg(self.place, self.number, self.over, self.outcome, len(moments), **facts, **bill))
        return told


@some.composite
def attempts(draw: some.DrawFn, place: int, number: int, began: int) -> Attempt:
    outcome = draw(some.sampled_from(["completed"] * 12 + [*UNREACHED]))
    rang = began + draw(some.integers(1, 30))
    if outcome != "completed":
        return Attempt(place, number, began, None, draw(some.sampled_from([rang, None])), outcome, "")
    length = draw(some.integers(0, 900))
    over = draw(some.sampled_from([None, None, rang + length]))
    by = draw(some.sampled_from(["", "human", "machine_start"]))
    made = Attempt(place, number, began, rang, over, outcome, by)
    moments = sorted(draw(some.lists(some.integers(0, length), min_size=1, max_size=6)))
    pairs = [rang + moment for moment in moments]
    made.visits = list(zip(pairs[::2], pairs[1::2], strict=False))
    if len(pairs) % 2:  # is there until the end
        made.visits.append((pairs[-1], over))
    return made


def of_rooms(legs: list[Attempt]) -> list[Callback]:
    """What is told of the conferences that these visits make."""
    moments = [
        (at, turn, call_sid(one.place, one.number))
        for one in legs
        for visit in one.visits
        for turn, at in enumerate(visit)
        if at is not None
    ]
    told: list[Callback] = []
    present: set[str] = set()
    conference, number, started = 0, 0, False
    for at, turn, who in sorted(moments):
        if not present and turn == 0:
            conference, number, started = conference + 1, 0, False
        if (turn == 0) == (who in present):
            continue  # it came and left in the same second
        present ^= {who}
        number += 1
        told.append(of_room(conference, number, at, "participant-leave" if turn else "participant-join", who))
        if len(present) > 1 and not started:
            started, number = True, number + 1
            told.append(of_room(conference, number, at, "conference-start"))
        if not present:
            number += 1
            told.append(of_room(conference, number, at, "conference-end"))
    return told


@some.composite
def histories(draw: some.DrawFn) -> History:
    """What might have happened to a bridge until now, all of it told."""
    people = draw(some.integers(2, 3))
    made = bridge(
        minutes=draw(some.integers(5, 25)),
        if_unanswered=draw(some.sampled_from(["end", "retry", "wait"])),
        extension_minutes=5,
        extension_times=2,
        window=180,
    )
    legs, parties = [], []
    for place in range(1, people + 1):
        known = party(place)
        calls = draw(some.sampled_from([1, 1, 1, 1, 0, 2 if made.if_unanswered == "retry" else 1]))
        began = NOW + draw(some.integers(0, 5))
        for number in range(1, calls + 1):
            legs.append(draw(attempts(place, number, began)))
            known.attempts, known.attempted_at, known.call_sid = number, began, call_sid(place, number)
            began = (legs[-1].over or began) + 5
        if draw(some.integers(0, 9)) == 0:
            known.removed_at = NOW + 60
        parties.append(known)
    callbacks = [told for one in legs for told in one.told()] + of_rooms(legs)
    entries: list[BridgeEntry] = [made, *parties]
    started_at = state.state_of([*entries, *stored(callbacks)]).started_at
    if started_at is not None and draw(some.integers(0, 5)):
        made.extensions = draw(some.integers(0, 2))
        made.version = 1 + made.extensions
        made.deadline = started_at + made.minutes * 60 + made.extensions * 300
        made.armed = draw(some.sampled_from([made.version, made.version, 0]))
        for one in parties:
            one.limited = draw(some.sampled_from([made.version] * 5 + [0]))
    for number in range(1, draw(some.integers(0, 3)) + 1):
        when = draw(some.sampled_from(["before_end", "after_start"]))
        said = announcement(number, **{when: draw(some.integers(0, 300))}, to=draw(some.sampled_from([None, None, 1])))
        entries.append(said)
        if draw(some.booleans()):
            version = int(made.version) if when == "before_end" else 0
            entries.append(spoken(number, version, NOW + 100, draw(some.sampled_from([None, "late"]))))
    now = float(NOW + draw(some.integers(0, 1200)))
    if draw(some.integers(0, 3)) == 0:
        made.ended_at, made.end_reason = now - draw(some.integers(0, 30)), "left-alone"
        for one in parties:
            one.released = draw(some.integers(0, int(one.attempts)))
            one.released_at = made.ended_at if one.released else None
    return History(entries, callbacks, now)
