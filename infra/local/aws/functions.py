"""Functions on this machine: handlers run in threads of this process, and what the clock has woken sleeps on it.

As in one process of Lambda's, a function has one event at a time; only while a handler sleeps, another may go on, for
on AWS that would be in a process of its own.
"""

from __future__ import annotations

import asyncio
import contextvars
import importlib
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, SupportsIndex

from local.aws.faults import Crashes
from local.aws.template import ACCOUNT, REGION, Template
from local.clock import Clock

MOST_FAILURES = 1000  # that are remembered
AT_ONCE = 1000  # events, of all functions: https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html


@dataclass
class Context:
    """What Lambda tells a handler about its invocation."""

    function_name: str
    seconds: int = 9
    aws_request_id: str = "00000000-0000-4000-8000-000000000000"
    memory_limit_in_mb: int = 512

    @property
    def invoked_function_arn(self) -> str:
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        return self.seconds * 1000


class Crashed(Exception):
    """A function's process has ended in the middle of an event, because a test has asked for that."""


class TimedOut(Exception):
    """A handler has slept beyond its function's Timeout."""


class Died(BaseException):
    """Goes through a handler whose process is gone. Whatever it still tries to call is not called."""


class Invocation:
    """One event in one handler."""

    def __init__(
        self,
        function: dict[str, Any],
        process: asyncio.Lock,
        crashes: Crashes,
        clock: Clock | None,
        chain: Counter[str] | None = None,
    ) -> None:
        self.name = function["Handler"].split(".")[-2]
        self.chain = Counter({function["FunctionName"]: 1}) + (chain or Counter())
        self.function, self.process, self.crashes, self.clock = function, process, crashes, clock
        self.asleep: Future[None] | None = None
        self.end: Exception | None = None  # why its process is gone

    async def run(self, threads: ThreadPoolExecutor, event: dict[str, Any]) -> Any:
        """What the handler returns. Raises what it raises, Crashed, or TimedOut."""
        module, _, entry = self.function["Handler"].rpartition(".")
        handler = getattr(importlib.import_module(module), entry)
        context = Context(self.function["FunctionName"], self.function["Timeout"], str(uuid.uuid4()))
        self.loop = asyncio.get_running_loop()
        await self.enter()
        self.since = time.time()
        inherited = contextvars.copy_context()
        inherited.run(current.set, self)
        try:
            return await self.loop.run_in_executor(threads, inherited.run, handler, event, context)
        except Died:
            raise self.end or Crashed(f"{self.name} was ended with the world") from None
        finally:
            self.end = self.end or Crashed(f"{self.name} has ended")
            if self.asleep:
                self.asleep.cancel()
            self.leave()

    async def enter(self) -> None:
        """Waits for its turn. Time does not stand still for that: whoever has the turn may wait for time itself."""
        clock = self.clock if self.process.locked() else None
        if clock:
            clock.count(-1)
        try:
            await self.process.acquire()
        finally:
            if clock:
                clock.count(+1)
        self.inside = True

    def leave(self) -> None:
        if self.inside:
            self.inside = False
            self.process.release()

    # ---- what its handler does, in a thread ------------------------------------------------------------------------

    def reach(self, moment: str, call: str) -> None:
        """The handler is right before or after a call. Raises Died, if its process is or goes no further than that."""
        if self.end is None and self.crashes.take(f"{self.name} {moment}", call):
            self.end = Crashed(f"{self.name} crashed {moment} {call}: a fault that was asked for")
        if self.end:
            raise Died

    def sleep(self, seconds: float) -> None:
        """Returns when the clock has moved so far. Raises Died at the function's Timeout."""
        if self.end:
            raise Died
        left = self.since + self.function["Timeout"] - time.time()
        self.asleep = asyncio.run_coroutine_threadsafe(self.rest(min(seconds, left)), self.loop)
        if self.end:  # the world has ended meanwhile, and has seen nobody asleep
            self.asleep.cancel()
        try:
            self.asleep.result()
        except CancelledError:
            raise Died from None
        if seconds > left:
            self.end = TimedOut(f"{self.name} timed out after {self.function['Timeout']} seconds")
            raise Died

    async def rest(self, seconds: float) -> None:
        """Parks the task that waits for the handler, for this one is not counted by the clock itself."""
        assert self.clock  # noqa: S101
        self.leave()
        await self.clock.sleep(seconds, f"{self.name} sleeps")
        await self.enter()


current: contextvars.ContextVar[Invocation | None] = contextvars.ContextVar("invocation", default=None)


class Functions:
    """The functions of a template, a context manager: inside it, what a handler sleeps passes on the clock."""

    def __init__(self, template: Template, crashes: Crashes) -> None:
        self.crashes = crashes
        self.named = {function["FunctionName"]: function for function in template.functions}
        self.clock: Clock | None = None
        self.failures: list[str] = []
        self.processes: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.threads = ThreadPoolExecutor(AT_ONCE, "function")

    def __enter__(self) -> Functions:
        self.really_sleep = time.sleep
        time.sleep = sleeping(self.really_sleep)
        return self

    def __exit__(self, *_: object) -> None:
        time.sleep = self.really_sleep
        self.threads.shutdown(wait=False)

    def crash(self, name: str, before: str | None, after: str | None, times: int | None) -> None:
        """Raises ValueError unless there is that function, and one moment."""
        names = sorted(function["Handler"].split(".")[-2] for function in self.named.values())
        if name not in names:
            raise ValueError(f"There is no function {name!r}; there are {', '.join(names)}.")
        if (before is None) == (after is None):
            raise ValueError("A function crashes either before a call or after it.")
        self.crashes.crash(name, "before" if before else "after", before or after or "", times)

    async def invoke(
        self,
        function: dict[str, Any],
        event: dict[str, Any],
        on_the_clock: bool = False,
        chain: Counter[str] | None = None,
        lane: str = "",
    ) -> Any:
        """What the function's handler returns; raises what it raises, Crashed, or TimedOut.

        `on_the_clock`: a task of the clock awaits this, so the handler may sleep while time moves. A request from
        outside is none, and sleeps really. `chain` is which functions have run to bring this about, and how often.
        What comes by a `lane` of its own waits for nothing that comes otherwise.
        """
        process = self.processes[f"{function['FunctionName']} {lane}".rstrip()]
        invocation = Invocation(function, process, self.crashes, self.clock if on_the_clock else None, chain)
        try:
            return await invocation.run(self.threads, event)
        except Crashed:
            raise
        except Exception as failure:
            self.failures.append(f"{function['Handler']}: {failure!r}")
            del self.failures[:-MOST_FAILURES]
            raise


def sleeping(really: Callable[[float | SupportsIndex], None]) -> Callable[[float | SupportsIndex], None]:
    """time.sleep, for the whole process: only a handler that the clock has woken sleeps on the clock."""

    def sleep(seconds: float | SupportsIndex) -> None:
        invocation = current.get()
        if invocation and invocation.clock and float(seconds) >= 0:
            invocation.sleep(float(seconds))
        else:
            really(seconds)

    return sleep
