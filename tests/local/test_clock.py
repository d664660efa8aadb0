"""The clock beside that of the machine, and what it does not keep."""

import asyncio
import time

import _time_machine
import pytest

from local.clock import Clock

HOUR = 3600


@pytest.mark.parametrize("hours", [-1, 1])
def test_whoever_sets_the_clock_of_the_machine_moves_nothing_here(monkeypatch, hours):
    real, moved = _time_machine.original_time_ns, hours * HOUR * 1_000_000_000

    async def live() -> tuple[float, list[str]]:
        async with Clock(pace=1) as clock:
            before, soon = clock.now(), asyncio.Event()
            clock.after(0.05, soon.set)
            clock.after(HOUR / 2, lambda: None, "in half an hour")
            monkeypatch.setattr(_time_machine, "original_time_ns", lambda: real() + moved)
            await asyncio.wait_for(soon.wait(), 20)
            return time.time() - before, [due.label for due in clock.ahead()]

    passed, ahead = asyncio.run(live())
    assert 0 < passed < 30
    assert ahead == ["in half an hour"]


def test_what_is_canceled_does_not_wait_for_its_moment():
    async def live() -> tuple[int, list[str]]:
        async with Clock() as clock:
            kept = clock.after(HOUR, lambda: None, "what counts")
            for _ in range(10_000):
                clock.after(HOUR, lambda: None).cancel()
            assert kept in clock.heap
            return len(clock.heap), [due.label for due in clock.ahead()]

    waiting, ahead = asyncio.run(live())
    assert ahead == ["what counts"]
    assert waiting < 2_000
