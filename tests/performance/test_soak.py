"""The local world in small: what 60 calls leave in memory is what 160 leave there."""

import asyncio
import gc
import heapq
from collections import Counter
from typing import Any

import pytest

from tests.performance.soak import living, rows

pytestmark = pytest.mark.thorough

PAIRS, MINUTES, KEEPS = 10, 5, 10
ROWS = {"DynamoType", "Item", "LimitedSizeDict"}
WAITING = {"Due", "Schedule"}  # a schedule for each session that was there in the last hour, and what is due


def census() -> Counter[str]:
    """How many things there are, by their kind."""
    gc.collect()
    return Counter(type(one).__name__ for one in gc.get_objects())


def drop_canceled_timers() -> None:
    """asyncio keeps canceled timers, a hundred at most, for as long as they would have waited in real time."""
    loop: Any = asyncio.get_running_loop()
    loop._scheduled[:] = [timer for timer in loop._scheduled if not timer.cancelled()]
    heapq.heapify(loop._scheduled)
    loop._timer_cancelled_count = 0


def test_what_calls_leave_in_memory_does_not_grow():
    async def live() -> tuple[Counter[str], Counter[str], list[int]]:
        async with living(KEEPS, PAIRS, MINUTES) as life:
            found = []
            for minutes in (MINUTES + 1, 2 * MINUTES):  # sessions have been deleted once, and twice more
                await life.go_on(minutes)
                await life.hands.running.clock.settle()
                drop_canceled_timers()
                found.append((life.calls, census(), len(life.hands.running.clock.heap), rows()))
            (_, before, *_), (calls, after, heap, stored) = found
            return before, after, [calls, heap, stored]

    before, after, (calls, heap, stored) = asyncio.run(live())
    assert calls == 160
    grown = {kind: more for kind, more in (after - before).items() if kind not in ROWS | WAITING}
    assert sum(grown.values()) < 2 * 100, sorted(grown.items(), key=lambda one: -one[1])[:20]
    assert heap < 1_000
    assert stored < 50 + 5 * 4 * PAIRS, "the calls of a session that is deleted are still there"
