"""A history is shortened: whatever is not needed for its fault is left out, until nothing can be."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.histories.choices import Chosen
from tests.histories.machine import History

Play = Callable[[Chosen], History]

MOST_PLAYS = 2000


def kind_of(fault: str) -> str:
    """What a fault says, whoever it is of and however much."""
    return re.sub(r"\b(K[A-Z]|SM|RE|CA|CF)?[0-9a-f]{32}\b|\+?-?\d+(\.\d+)?", "*", fault)


class Shrinker:
    """Leaves out choices, the more at once the better, as long as a fault of the same kind is found."""

    def __init__(self, play: Play, history: History) -> None:
        self.replay, self.best = play, history
        self.wanted = kind_of(history.faults[0])
        self.plays = 0

    def shrink(self) -> History:
        before = None
        while before != self.best.chosen and self.plays < MOST_PLAYS:
            before = self.best.chosen
            self.leave_out()
            self.lower()
        return self.best

    def holds(self, chosen: Chosen) -> bool:
        """Whether these choices lead to the same; then the history is theirs."""
        self.plays += 1
        history = self.replay(chosen)
        if not history.faults or kind_of(history.faults[0]) != self.wanted:
            return False
        self.best = history
        return True

    def leave_out(self) -> None:
        size = max(1, len(self.best.chosen) // 2)
        while True:
            at = 0
            while at < len(self.best.chosen) and self.plays < MOST_PLAYS:
                names = list(self.best.chosen)
                left = {name: self.best.chosen[name] for name in names[:at] + names[at + size :]}
                if not self.holds(left):
                    at += size
            if size == 1:
                return
            size //= 2

    def lower(self) -> None:
        """Takes an option further to the front, where that does it as well; of deeds it stays the same one."""
        for name, chosen in list(self.best.chosen.items()):
            if re.fullmatch(r"d\d+", name):
                continue
            for less in range(1, chosen):
                if name in self.best.chosen and self.holds(self.best.chosen | {name: less}):
                    break
