"""One clock for everything on this machine: a heap of what is due, and the only hand that moves time.

Nothing here or in the network sleeps in the asyncio sense. A task that has to wait parks on the clock (`sleep`,
`first`), and a task that is not parked is busy: fetching a webhook, running a handler. Time moves only while nobody is
busy, so a jump of an hour gives the same history as sixty jumps of a minute.

time-machine moves `time.time` and `datetime` for everything in the process, and leaves monotonic clocks, asyncio and
sockets alone: https://time-machine.readthedocs.io/ At pace 1 time passes as the monotonic clock says, so nothing here
waits for an hour because the clock of the machine was set back by one.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
import logging
import random
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import time_machine

log = logging.getLogger(__name__)

ROUNDING = 1e-6  # a float of this century's seconds is exact to less than a microsecond
MOST_FAILURES = 1000  # that are remembered
ROOM = 1000  # things that may be on the heap before anybody looks which of them are canceled


class Hand(time_machine.Traveller):
    """The hand that moves the time of this process. Where it ticks, time-machine's own reads the clock of the machine,
    which anybody may set; this one reads how long the machine has been running.
    """

    def time_ns(self) -> int:
        if not self._tick:
            return self._destination_timestamp_ns
        now = time.monotonic_ns()
        if not self._requested:
            self._requested, self._real_start_timestamp_ns = True, now
        return self._destination_timestamp_ns + now - self._real_start_timestamp_ns


@dataclass(order=True)
class Due:
    """Something that happens at a moment; `cancel` makes it happen never."""

    at: float
    sequence: int
    action: Callable[[], object] | None = field(compare=False)
    label: str = field(compare=False, default="")

    def cancel(self) -> None:
        self.action = None


class Signal:
    """Something that happens once: whoever waits for it goes on, and whoever asks later knows that it has happened."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.fired = False
        self.value: Any = None
        self.waiting: list[asyncio.Future[Signal | None]] = []

    def fire(self, value: Any = None) -> None:
        if self.fired:
            return
        self.fired, self.value = True, value
        for future in self.waiting:
            self.clock.wake(future, self)
        self.waiting.clear()


class Clock:
    """The time of one local world. `pace` 1 follows the wall clock, 0 moves only by `advance`."""

    def __init__(self, pace: int = 0, start: float | None = None, seed: int = 0) -> None:
        if pace not in (0, 1):
            raise ValueError(f"The pace is 0 (time moves only when told) or 1 (the wall clock), not {pace}.")
        self.pace = pace
        self.start_at = start
        self.random = random.Random(seed)  # noqa: S311  jitter that a test can repeat, not a secret
        self.failures: list[BaseException] = []
        self.heap: list[Due] = []
        self.room = ROOM
        self.sequence = itertools.count()
        self.busy = 0
        self.tasks: set[asyncio.Task[Any]] = set()
        self.target: float | None = None

    # ---- the time ------------------------------------------------------------------------------------------------

    def now(self) -> float:
        """Seconds since 1970, as everything in this process sees them."""
        return time.time()

    def ahead(self) -> list[Due]:
        """What is due, earliest first."""
        return sorted(due for due in self.heap if due.action)

    async def __aenter__(self) -> Clock:
        self.idle, self.changed, self.arrived = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.idle.set()
        self.advancing = asyncio.Lock()
        start = time.time() if self.start_at is None else self.start_at
        self.travel = time_machine.travel(start, tick=self.pace == 1)
        self.hand = self.travel.start()
        self.hand.__class__ = Hand
        self.driver = asyncio.create_task(self.drive())
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in (self.driver, *self.tasks):
            task.cancel()
        await asyncio.gather(self.driver, *self.tasks, return_exceptions=True)
        self.travel.stop()

    # ---- what is going to happen ---------------------------------------------------------------------------------

    def at(self, moment: float, action: Callable[[], object], label: str = "") -> Due:
        """Has `action` called at `moment` (now, if that is past); a coroutine that it returns is run as a task."""
        due = Due(moment, next(self.sequence), action, label)
        heapq.heappush(self.heap, due)
        if len(self.heap) > self.room:
            self.throw_away()
        self.changed.set()
        return due

    def after(self, seconds: float, action: Callable[[], object], label: str = "") -> Due:
        """Has `action` called in that many seconds."""
        return self.at(self.now() + seconds, action, label)

    def spawn(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Starts a task that keeps time standing still whenever it is not parked on this clock."""
        self.count(+1)
        task = asyncio.get_running_loop().create_task(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.end)
        return task

    def end(self, task: asyncio.Task[Any]) -> None:
        self.tasks.discard(task)
        self.count(-1)
        if not task.cancelled() and (failure := task.exception()):
            self.fail(failure)
            log.error("a task of the local world failed", exc_info=failure)

    def fail(self, failure: BaseException) -> None:
        self.failures.append(failure)
        del self.failures[:-MOST_FAILURES]

    # ---- waiting -------------------------------------------------------------------------------------------------

    def signal(self) -> Signal:
        """A signal that is not fired yet."""
        return Signal(self)

    async def sleep(self, seconds: float, label: str = "") -> None:
        """Parks the task for that long."""
        await self.first(timeout=seconds, label=label)

    async def first(self, *signals: Signal, timeout: float | None = None, label: str = "") -> Signal | None:
        """The first of these signals to be fired, perhaps already; None when `timeout` seconds pass before."""
        for signal in signals:
            if signal.fired:
                return signal
        future: asyncio.Future[Signal | None] = asyncio.get_running_loop().create_future()
        for signal in signals:
            signal.waiting.append(future)
        alarm = None if timeout is None else self.after(timeout, lambda: self.wake(future, None), label)
        try:
            return await self.park(future)
        finally:
            if alarm:
                alarm.cancel()
            for signal in signals:
                with contextlib.suppress(ValueError):
                    signal.waiting.remove(future)

    async def park(self, future: asyncio.Future[Signal | None]) -> Signal | None:
        self.count(-1)
        try:
            return await future
        except asyncio.CancelledError:
            if future.cancelled():  # else `wake` came first, and has counted this task already
                self.count(+1)
            raise

    def wake(self, future: asyncio.Future[Signal | None], value: Signal | None) -> None:
        if not future.done():
            self.count(+1)
            future.set_result(value)

    def count(self, change: int) -> None:
        self.busy += change
        if self.busy:
            self.idle.clear()
        else:
            self.idle.set()

    # ---- moving time ---------------------------------------------------------------------------------------------

    async def advance(self, seconds: float) -> None:
        """Moves time forward; returns when everything due until then has happened, in order, with its consequences."""
        if seconds < 0:
            raise ValueError("Time moves forward only.")
        async with self.advancing:
            await self.settle()
            self.hand.move_to(self.now(), tick=False)
            try:
                self.target = self.now() + seconds
                self.arrived.clear()
                self.changed.set()
                await self.arrived.wait()
            finally:
                self.target = None
                self.hand.move_to(self.now(), tick=self.pace == 1)
            self.changed.set()

    async def settle(self, timeout: float = 20) -> None:
        """Returns when nobody is busy and nothing is due any more at this moment, or after `timeout` real seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self.quiet()
                while self.next_due(self.now()):
                    self.changed.set()
                    await asyncio.sleep(0)
                    await self.quiet()

    async def quiet(self) -> None:
        """Returns when nobody is busy. A canceled task counts again a turn of the loop later, hence the second look."""
        while True:
            await self.idle.wait()
            await asyncio.sleep(0)
            if not self.busy:
                return

    def throw_away(self) -> None:
        """Takes what is canceled off the heap: the time limit of a call would stay there for hours after its end."""
        self.heap = [due for due in self.heap if due.action]
        heapq.heapify(self.heap)
        self.room = max(ROOM, 2 * len(self.heap))

    def next_due(self, until: float) -> Due | None:
        while self.heap and not self.heap[0].action:
            heapq.heappop(self.heap)
        return self.heap[0] if self.heap and self.heap[0].at <= until + ROUNDING else None

    async def drive(self) -> None:
        """Runs what is due, for ever. Only at pace 1, where time passes while they work, does it not await the busy."""
        while True:
            self.changed.clear()
            if self.pace == 0 or self.target is not None:
                await self.quiet()
            if due := self.next_due(self.now()):
                self.run(heapq.heappop(self.heap))
            elif self.target is not None:
                due = self.next_due(self.target)
                self.hand.move_to(max(self.now(), due.at if due else self.target), tick=False)
                if due:
                    self.run(heapq.heappop(self.heap))
                else:
                    self.target = None
                    self.arrived.set()
            else:
                await self.wait_for_change()

    async def wait_for_change(self) -> None:
        due = self.next_due(float("inf"))
        wait = max(0.0, due.at - self.now()) if due and self.pace else None
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.changed.wait(), wait)

    def run(self, due: Due) -> None:
        action = due.action
        assert action  # noqa: S101  next_due has thrown away what is canceled
        try:
            result = action()
        except Exception as failure:
            self.fail(failure)
            log.exception("something due failed")
            return
        if asyncio.iscoroutine(result):
            self.spawn(result)
