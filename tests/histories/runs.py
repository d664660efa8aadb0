"""Runs: many histories, on all processors, with what they were made of; and those that went wrong, shortened."""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter
from collections.abc import Iterator
from functools import partial

import tests.conftest  # noqa: F401  the environment, before anything of ours is imported
from tests.histories.machine import History, machine
from tests.histories.shrinking import Shrinker

# Of so many histories one theme each, again and again.
WHEEL = ["sessions"] * 4 + ["pools"] * 2 + ["calls of sessions"] * 2
WHEEL += ["masked conferences", "calls", "texts", "recordings"]
EACH = 60  # histories that a process plays before it tells


def theme_of(seed: int) -> str:
    return WHEEL[seed % len(WHEEL)]


def play(first: int, count: int, theme: str | None = None) -> tuple[Counter[str], list[History]]:
    """What so many histories from this seed on were made of, and those that went wrong."""
    total: Counter[str] = Counter()
    wrong = []
    with machine() as player:
        for seed in range(first, first + count):
            history = player.play(seed, theme or theme_of(seed))
            add(total, history.count)
            if history.faults:
                wrong.append(history)
    return total, wrong


def add(total: Counter[str], count: Counter[str]) -> None:
    """Sums, but of the most the most."""
    for name, number in count.items():
        total[name] = max(total[name], number) if name.startswith("most ") else total[name] + number


def shorten(history: History) -> History:
    """The shortest history that goes wrong in the same way, written down."""
    with machine() as player:
        replay = partial(player.play, history.seed, history.theme)
        again = replay(history.chosen)
        if again.faults:
            history = Shrinker(replay, again).shrink()
        return player.play(history.seed, history.theme, history.chosen, tell=True)


def describe(history: History) -> str:
    lines = [f"seed {history.seed}, theme {history.theme}: {history.faults[0]}", *history.told]
    return "\n".join([*lines, f"choices: {history.chosen}"])


def run(first: int, count: int, theme: str | None) -> Iterator[tuple[Counter[str], list[History]]]:
    """Plays so many histories, part by part, on all processors."""
    parts = [(at, min(EACH, first + count - at), theme) for at in range(first, first + count, EACH)]
    if len(parts) == 1:
        yield work(parts[0])
        return
    with multiprocessing.get_context("spawn").Pool(min(os.cpu_count() or 1, len(parts))) as pool:
        yield from pool.imap_unordered(work, parts)


def work(part: tuple[int, int, str | None]) -> tuple[Counter[str], list[History]]:
    return play(*part)
