"""Actors: each is one invocation of a handler, in a process of its own, which may have to wait before any call that it
makes, or end there. The stage decides who goes on.

They are greenlets, so between two calls nobody interferes, and the same choices make the same history.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import BaseRouter
from greenlet import getcurrent, greenlet

from tests.histories.choices import Choices

LONGEST_SECONDS = 8  # that an actor may take: Lambda ends it soon after


class Died(BaseException):
    """The actor's process is gone, in the middle of what it did."""


@dataclass
class Outcome:
    """How an actor has ended: with an answer, with an error, or not at all."""

    answer: Any = None
    error: Exception | None = None
    died: bool = False

    @property
    def is_fine(self) -> bool:
        return not self.died and self.error is None


@dataclass(eq=False)
class Actor:
    """One who works through calls; `then` is told how it has ended."""

    name: str
    what: str
    work: Callable[[], Any]
    then: Callable[[Outcome], None]
    sent: str = ""  # with what it was woken
    began: float = 0
    calls: int = 0
    stops: int = 0  # at which it sleeps, or has ended
    is_to_write: bool = False
    dead: bool = False
    memory: dict[str, Any] = field(default_factory=dict)  # what its process keeps, and no other may see

    def __post_init__(self) -> None:
        self.body = greenlet(self.run)

    def run(self) -> None:
        outcome = Outcome()
        try:
            outcome.answer = self.work()
        except Died:
            outcome.died = True
        except Exception as error:
            outcome.error = error
        self.then(outcome)

    def go_on(self) -> None:
        """Goes on until it stands before its next call, or has ended. Its process is another one than the last's."""
        for name, value in self.memory.items():
            setattr(BaseRouter, name, value)
        self.body.actor = self  # type: ignore[attr-defined]
        self.body.switch()
        self.memory = {name: getattr(BaseRouter, name, None) for name in ("current_event", "lambda_context")}


def acting() -> Actor | None:
    """Whose call this is."""
    return getattr(getcurrent(), "actor", None)


class Stage:
    """On which actors take turns. `next_deed` begins what somebody does next, `move` moves the clock, `tell` writes."""

    def __init__(self, choices: Choices, move: Callable[[float], None]) -> None:
        self.choices, self.move = choices, move
        self.main = getcurrent()
        self.waiting: list[Actor] = []
        self.sleepers: list[Actor] = []
        self.coming: list[tuple[float, int, Callable[[], Actor | None]]] = []
        self.next_deed: Callable[[], Actor | None] = lambda: None
        self.switching = 0.0  # how likely somebody else goes on before a call
        self.holding = 0.0  # how likely something else comes before who has to wait for it
        self.came = 0
        self.tell: Callable[[str], None] = lambda _: None

    def at(self, due: float, happen: Callable[[], Actor | None]) -> None:
        """Has something happen when it is due, which may bring an actor."""
        self.came += 1
        heapq.heappush(self.coming, (due, self.came, happen))

    # ---- turns -----------------------------------------------------------------------------------------------------

    def play(self, actor: Actor | None) -> None:
        """Has an actor play to its end, with whoever comes in between."""
        while actor:
            actor.began = actor.began or time.time()
            actor.go_on()
            has_gone = actor.body.dead or actor in self.sleepers
            actor = self.follow(actor) if has_gone else self.turn(actor)

    def follow(self, last: Actor) -> Actor | None:
        """Who goes on, when one has ended: the last who waits, unless something else comes first."""
        if not self.waiting:
            return None
        options = ["goes on", "a deed", "a deed", "an event", "a moment"]
        last.stops += 1
        chosen = self.choices.draw(f"{last.name} then {last.stops}", options, self.holding)
        other = None if chosen == "goes on" else self.bring(chosen)
        return other or self.waiting.pop()

    def bring(self, what: str) -> Actor | None:
        return self.next_deed() if what == "a deed" else self.pass_time(what)

    def turn(self, actor: Actor) -> Actor:
        """Who goes on, when this one stands before a call."""
        others = ["goes on", "a deed", "a deed", "an event", "a moment", *range(len(self.waiting))]
        odds = (
            self.switching if actor.is_to_write else self.switching / 5
        )  # between reading and writing lies the danger
        chosen = self.choices.draw(f"{actor.name}/{actor.calls} turn", others, odds)
        if chosen == "goes on":
            return actor
        if isinstance(chosen, int):
            other = self.waiting.pop(chosen)
        else:
            self.waiting.append(actor)
            other = self.bring(chosen)
            self.waiting.remove(actor)
        if other is None:
            return actor
        self.tell(f"    {actor.name} waits, {other.name} goes on")
        self.waiting.append(actor)
        return other

    def pass_time(self, chosen: str) -> Actor | None:
        """Time passes while others wait, until something happens; not for longer than they may take."""
        until = min(one.began for one in self.waiting) + LONGEST_SECONDS
        if chosen == "a moment":
            until = min(until, time.time() + 1)
        actor = self.next_event(until)
        if actor is None and chosen == "a moment" and until > time.time():
            self.move(until)
        return actor

    def next_event(self, until: float) -> Actor | None:
        """Moves on to what comes next, if it comes by then: whom that brings."""
        while self.coming and self.coming[0][0] <= until:
            due, _, happen = heapq.heappop(self.coming)
            if due > time.time():
                self.move(due)
            if actor := happen():
                return actor
        return None

    # ---- what an actor asks for ------------------------------------------------------------------------------------

    def stand_before(self, is_write: bool) -> None:
        """The actor waits for its turn, to read or to write."""
        if actor := acting():
            actor.is_to_write = is_write
        self.main.switch()

    def sleep(self, seconds: float) -> None:
        """The actor sleeps, and time passes."""
        actor = acting()
        assert actor
        self.sleepers.append(actor)

        def wake() -> Actor:
            self.sleepers.remove(actor)
            return actor

        self.at(time.time() + seconds, wake)
        self.main.switch()
