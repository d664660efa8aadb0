"""What is left to chance in a history. Every choice has a name and a plain option, and a history is its choices that
were not plain: to take one away leaves the others what they are, which makes a history easy to shorten.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

Option = TypeVar("Option")
Chosen = dict[str, int]  # a choice's name -> which option, where it is not the first


class Choices:
    """Draws by a seed, or repeats what was chosen. When it is `calm`, everything is plain from then on."""

    def __init__(self, seed: int | str = 0, repeated: Chosen | None = None) -> None:
        self.random = random.Random(f"history {seed}")
        self.repeated = repeated
        self.made: Chosen = {}
        self.favorites: dict[tuple[str, int], list[int]] = {}
        self.calm = False

    def draw(self, name: str, options: Sequence[Option], odds: float = 1.0) -> Option:
        """One of the options: by these odds any, the first one too; else the first, which is the plain one."""
        place = self.place(name, len(options), odds)
        if place:
            self.made[name] = place
        return options[place]

    def place(self, name: str, count: int, odds: float) -> int:
        if self.calm or count < 2:
            return 0
        if self.repeated is not None:
            chosen = self.repeated.get(name, 0)
            return 1 + (chosen - 1) % (count - 1) if chosen else 0
        if odds >= 1:
            return self.favorite(name.partition(" ")[2], count)
        return self.random.randrange(count) if self.random.random() < odds else 0

    def favorite(self, what: str, count: int) -> int:
        """One of the options that this history likes: of some things all, of others two or three, again and again.

        So histories differ more from each other, and what happens in one has more to do with itself.
        """
        if (what, count) not in self.favorites:
            few = self.random.choice((count, 2, 3))
            self.favorites[what, count] = self.random.sample(range(count), min(few, count))
        return self.random.choice(self.favorites[what, count])
