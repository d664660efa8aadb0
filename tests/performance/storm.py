"""What an arrival storm meets at Lambda: `python -m tests.performance.storm` prints the table of docs/scaling.md.

Nothing is measured here: it reckons by Lambda's own rules, as far as AWS tells them. A request is refused where as many
run at once as the account has, or as are kept for its function; and where more processes would have to start than a
function may start, which is 1,000, and 100 more with each second.
https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html
https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

STARTS_AT_ONCE, STARTS_A_SECOND = 1000, 100  # of processes, of each function
WARM_SECONDS, COLD_SECONDS = 0.020, 0.5  # that a request takes, and one more for which a process starts: assumed
STORM_SECONDS = 10  # from silence, all at once
CALLBACKS = (1.0, 8.0)  # after the call has come: two are asked for of a masked call
RUSH, RUSH_SECONDS = 3000, 0.3  # requests a second at the REST API, and how long each takes


@dataclass
class Function:
    """Its processes: those that work, those that wait for work, and how many more may start now."""

    reserved: int = 0
    busy: int = 0
    idle: int = 0
    startable: float = STARTS_AT_ONCE
    seen_at: float = 0.0

    def may_start(self, now: float) -> bool:
        self.startable = min(STARTS_AT_ONCE, self.startable + (now - self.seen_at) * STARTS_A_SECOND)
        self.seen_at = now
        return self.startable >= 1


@dataclass
class Storm:
    """So many calls a second in an account with so many processes, of which each function of calls keeps some."""

    starts: int
    account: int
    reserved: int = 0
    rush: int = 0
    functions: dict[str, Function] = field(init=False)
    refused: int = 0  # calls of which nothing was heard: their first request was refused
    most: int = 0

    def __post_init__(self) -> None:
        self.functions = {name: Function(self.reserved) for name in ("voice", "status")} | {"api": Function()}

    def blow(self) -> Storm:
        """The storm, when it is over."""
        order = count()
        waiting = [(at, next(order), function, seconds) for at, function, seconds in self.requests()]
        heapq.heapify(waiting)
        while waiting:
            at, _, name, seconds = heapq.heappop(waiting)
            function = self.functions[name]
            if not seconds:  # a process is done
                function.busy, function.idle = function.busy - 1, function.idle + 1
            elif took := self.take(function, at, seconds):
                heapq.heappush(waiting, (at + took, next(order), name, 0.0))
            elif name == "voice":
                self.refused += 1
        return self

    def requests(self) -> Iterator[tuple[float, str, float]]:
        """Yields when each request comes, for which function, and how long that works on it."""
        for call in range(self.starts * STORM_SECONDS):
            at = call / self.starts
            yield at, "voice", WARM_SECONDS
            yield from ((at + after, "status", WARM_SECONDS) for after in CALLBACKS)
        for request in range(self.rush * STORM_SECONDS):
            yield request / self.rush, "api", RUSH_SECONDS

    def take(self, function: Function, now: float, seconds: float) -> float:
        """How long the request takes; 0, if it is refused."""
        if not self.has_room(function):
            return 0
        if function.idle:
            function.idle -= 1
        elif function.may_start(now):
            function.startable -= 1
            seconds += COLD_SECONDS
        else:
            return 0
        function.busy += 1
        self.most = max(self.most, sum(one.busy for one in self.functions.values()))
        return seconds

    def has_room(self, function: Function) -> bool:
        if function.reserved:
            return function.busy < function.reserved
        kept = sum(one.reserved for one in self.functions.values())
        return sum(one.busy for one in self.functions.values() if not one.reserved) < self.account - kept

    @property
    def lost(self) -> str:
        """The share of the calls that were refused, in percent."""
        share = 100 * self.refused / (self.starts * STORM_SECONDS)
        return f"{share:.1f} %" if self.refused else "none"


ACCOUNTS = {
    "10 processes": {"account": 10},
    "1,000": {"account": 1000},
    "1,000, and a rush at the API": {"account": 1000, "rush": RUSH},
    "the same, 100 kept for each": {"account": 1000, "rush": RUSH, "reserved": 100},
}
RATES = (1, 10, 100, 1000)


def table() -> list[str]:
    """The calls that are lost, as a page shows them: a row for each rate, a column for each account."""
    rows = [["call starts a second", *ACCOUNTS], ["---", *("---:" for _ in ACCOUNTS)]]
    rows += [[f"{rate:,}", *(Storm(rate, **one).blow().lost for one in ACCOUNTS.values())] for rate in RATES]
    return [f"| {' | '.join(row)} |" for row in rows]


if __name__ == "__main__":
    print("\n".join(table()))
