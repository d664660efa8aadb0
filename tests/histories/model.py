"""What an exchange is to those who use it: sessions, who is in them over which line, until when. Nothing else."""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass, field

Pair = tuple[str, str]  # a person's number, and the line that they dial


@dataclass
class Held:
    """One session."""

    service: str
    ttl: int
    people: dict[str, str]  # who is in it, over which line
    until: float | None = None
    gone: set[str] = field(default_factory=set)  # who was taken out of it
    closed: bool = False
    since: float = 0  # it was opened, or somebody called or wrote

    @property
    def is_open(self) -> bool:
        return not self.closed and (self.until is None or self.until > time.time())

    @property
    def former_lines(self) -> set[str]:
        """Over which its people would be, if it were opened again."""
        return set() if self.is_open else set(self.people.values())

    def begin(self) -> None:
        self.closed, self.since = False, time.time()
        self.until = time.time() + self.ttl if self.ttl else None

    def slide(self, began: float) -> None:
        """A call or a text that began then was told of. One from before all else changes nothing."""
        if not self.is_open or began < self.since:
            return
        self.since = began
        if self.until is not None:
            self.until = max(self.until, began + self.ttl)


@dataclass
class Pool:
    """The lines of a service, by number: whether each is reserved."""

    lines: dict[str, bool] = field(default_factory=dict)

    @property
    def free(self) -> set[str]:
        return {line for line, reserved in self.lines.items() if not reserved}


@dataclass
class Model:
    """The whole of it. What asks answers with the code of the refusal, and changes nothing; 0: it is allowed."""

    pools: dict[str, Pool] = field(default_factory=dict)
    sessions: dict[str, Held] = field(default_factory=dict)

    def copy(self) -> Model:
        return copy.deepcopy(self)

    @property
    def ours(self) -> set[str]:
        return {line for pool in self.pools.values() for line in pool.lines}

    def taken(self) -> dict[Pair, str]:
        """Every pair that leads somewhere, and to which session."""
        return {pair: sid for sid, held in self.sessions.items() if held.is_open for pair in held.people.items()}

    def reached(self, number: str, line: str) -> Pair | None:
        """Whom somebody reaches over a line, and which line the other sees."""
        sid = self.taken().get((number, line))
        others = [pair for pair in self.sessions[sid].people.items() if pair[0] != number] if sid else []
        return others[0] if others else None

    def is_over_for_two(self, sid: str) -> bool:
        """Whether a session has ended that can go on, and would lead two people to each other."""
        held = self.sessions[sid]
        return not held.is_open and len(held.people) == 2 and self.may_reopen(sid) == 0

    # ---- what is allowed -------------------------------------------------------------------------------------------

    def may_have_line(self, service: str, number: str) -> int:
        pool = self.pools[service]
        if not pool.lines:
            return 80205
        if not pool.free:
            return 80207
        if number in self.ours:
            return 80402
        return 0 if pool.free - {line for who, line in self.taken() if who == number} else 80208

    def may_create(self, service: str, people: list[str]) -> int:
        if len(set(people)) < len(people):
            return 80103
        codes = {self.may_have_line(service, number) for number in people}
        order = (80205, 80207, 80402, 80208)
        return next((code for code in order if code in codes), 0)

    def may_join(self, sid: str, number: str) -> int:
        held = self.sessions[sid]
        if not held.is_open:
            return 80607
        if number in held.people:
            return 80103
        if number in held.gone:
            return 80612
        return 80609 if len(held.people) == 2 else self.may_have_line(held.service, number)

    def may_reopen(self, sid: str) -> int:
        held = self.sessions[sid]
        if any(self.taken().get(pair, sid) != sid for pair in held.people.items()):
            return 80604
        return 0 if set(held.people.values()) <= self.pools[held.service].lines.keys() else 80605

    def may_leave_pool(self, line: str) -> int:
        return 80611 if any(one == line for _, one in self.taken()) else 0
