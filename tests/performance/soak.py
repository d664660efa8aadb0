"""Whether the local world lasts: masked calls without end, its memory and its pace. `make soak`, or CALLS=1000 of it.

Twenty pairs of people call each other every minute; time goes on, so that all that a call leaves behind it (timers,
messages, schedules) happens too. Every session has a ttl, which each call lets slide. After an hour the sessions are
deleted, with the rows of their calls, and new ones are made. With ROWS=keep they stay, and the rows grow by nature.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
from moto.dynamodb.models import dynamodb_backends

from local import sample, stack
from local.aws import ACCOUNT, REGION
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, NETWORK_PORT
from tests.performance.throughput import PAIRS, Hands

TALK, PAUSE, HOUR = 20, 40, 60  # seconds, seconds, minutes
KEEPS = 1000  # as in `make run`


@dataclass
class Life:
    """What these people do, minute by minute."""

    hands: Hands
    minutes: int = HOUR  # for which a session lasts
    calls: int = 0

    async def go_on(self, minutes: int) -> None:
        """Raises RuntimeError, if anything goes wrong."""
        for _ in range(minutes):
            if self.calls and self.calls % (len(self.hands.dialed) * self.minutes) == 0:
                await self.hands.part()
                await self.hands.introduce_all(Ttl="3600")
            await self.minute()

    async def minute(self) -> None:
        """Everybody calls, is put through, and hangs up."""
        running, dialed = self.hands.running, self.hands.dialed
        await asyncio.gather(*(self.hands.use(caller, "dial", to=line) for caller, line in dialed.items()))
        await running.clock.advance(TALK)
        talking = [running.world.phones[caller].as_seen()["talking_with"] for caller in dialed]
        await asyncio.gather(*(self.hands.use(caller, "hangup") for caller in dialed))
        await running.clock.advance(PAUSE)
        wrong = [*running.cloud.failures, *map(repr, running.clock.failures)]
        if wrong or not all(talking):
            raise RuntimeError(f"not everything went well: {wrong or talking}")
        self.calls += len(dialed)


@contextlib.asynccontextmanager
async def living(keeps: int, pairs: int = PAIRS, minutes: int = HOUR) -> AsyncIterator[Life]:
    """The local world, and so many pairs of people in it whose sessions last so many minutes."""
    account = {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN}
    async with stack.run(0, NETWORK_PORT, 0, **account, keeps=keeps) as running:
        await asyncio.to_thread(sample.allow, running)
        limits = httpx.Limits(max_connections=pairs)
        async with httpx.AsyncClient(trust_env=False, verify=False, timeout=60, limits=limits) as http:
            hands = Hands(running, http, pairs)
            await hands.prepare(Ttl="3600")
            yield Life(hands, minutes)


async def main(most: int, minutes: int) -> None:
    async with living(KEEPS, minutes=minutes) as life:
        print(f"{'calls':>8}{'MB':>8}{'rows':>8}{'calls/s':>9}{'ms of CPU a call':>18}")
        print(f"{0:>8}{memory():>8.0f}{rows():>8}", flush=True)
        for mark in marks(most):
            before, at, cpu = life.calls, time.perf_counter(), time.process_time()
            await life.go_on(-(-(mark - before) // PAIRS))
            at, cpu = time.perf_counter() - at, time.process_time() - cpu
            done = life.calls - before
            gc.collect()
            said = f"{done / at:>9.1f}{1000 * cpu / done:>18.1f}"
            print(f"{life.calls:>8}{memory():>8.0f}{rows():>8}{said}", flush=True)


def marks(most: int) -> list[int]:
    """100, 200, 500, 1000, 2000, ..., but beyond 10,000 every ten thousand."""
    found = {digit * 10**power for power in (2, 3) for digit in (1, 2, 5)} | set(range(10_000, most, 10_000))
    return sorted({one for one in found if one < most} | {most})


def rows() -> int:
    """How many rows there are in all tables."""
    return sum(len(table) for table in dynamodb_backends[ACCOUNT][REGION].tables.values())


def memory() -> float:
    """Megabytes that this process occupies."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    wanted = int(os.environ.get("CALLS", "100000"))
    asyncio.run(main(wanted, wanted if os.environ.get("ROWS") == "keep" else HOUR))
