"""How many masked calls the local world gets through: exchange and telephone network in one process, over real HTTP."""

import asyncio
import time
from dataclasses import dataclass

import httpx

from local import sample, stack
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, NETWORK_PORT

PAIRS, ROUNDS = 20, 10
LINES = [f"+81502000{n:04}" for n in range(1, 6)]


@dataclass(frozen=True)
class Throughput:
    """So many calls, dialed, put through, answered and hung up, with so many webhooks; the seconds it took."""

    calls: int
    webhooks: int
    seconds: float
    cpu: float


def measure() -> Throughput:
    return asyncio.run(run())


async def run() -> Throughput:
    """Twenty callers dial at once, talk, and hang up at once, ten times over; time stands still meanwhile (pace 0)."""
    async with stack.run(0, NETWORK_PORT, 0, account_sid=ACCOUNT_SID, auth_token=AUTH_TOKEN) as running:
        await asyncio.to_thread(sample.allow, running)
        limits = httpx.Limits(max_connections=PAIRS)
        async with httpx.AsyncClient(trust_env=False, timeout=60, limits=limits) as http:
            hands = Hands(running, http)
            dialed = await hands.prepare()
            before = len(running.world.log)
            start, cpu = time.perf_counter(), time.process_time()
            for _ in range(ROUNDS):
                await asyncio.gather(*(hands.use(caller, "dial", to=line) for caller, line in dialed.items()))
                talking = [running.world.phones[caller].as_seen()["talking_with"] for caller in dialed]
                await asyncio.gather(*(hands.use(caller, "hangup") for caller in dialed))
                if not all(talking):
                    raise RuntimeError(f"{talking.count([])} of {PAIRS} calls were not put through")
            seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        log = running.world.log[before:]
        refused = [entry["url"] for entry in log if entry["status"] not in (200, 204)]
        if refused or running.clock.failures or running.cloud.failures:
            raise RuntimeError(
                f"not everything went well: {refused or running.clock.failures or running.cloud.failures}"
            )
        return Throughput(PAIRS * ROUNDS, len(log), seconds, cpu)


@dataclass
class Hands:
    """What people do, over HTTP."""

    running: stack.Stack
    http: httpx.AsyncClient

    async def use(self, phone: str, what: str, **said: str) -> None:
        (await self.http.post(f"{self.running.network}/phones/{phone}/{what}", json=said)).raise_for_status()

    async def prepare(self) -> dict[str, str]:
        """A session for every pair of telephones: which line each caller dials."""
        service = await self.ask("/v1/Services", UniqueName="throughput")
        path = f"/v1/Services/{service['sid']}"
        for line in LINES:
            self.running.world.add_number({"phone_number": line, "capabilities": {"voice": True}})
            await self.ask(f"{path}/PhoneNumbers", PhoneNumber=line)
        return dict([await self.introduce(path, n) for n in range(PAIRS)])

    async def introduce(self, path: str, n: int) -> tuple[str, str]:
        caller, callee = f"+8190110{n:05}", f"+8190220{n:05}"
        session = await self.ask(f"{path}/Sessions")
        people = f"{path}/Sessions/{session['sid']}/Participants"
        participant = await self.ask(people, Identifier=caller)
        await self.ask(people, Identifier=callee)
        behaviour = {"answers": "at once"}
        (await self.http.put(f"{self.running.network}/phones/{callee}", json=behaviour)).raise_for_status()
        return caller, participant["proxy_identifier"]

    async def ask(self, path: str, **fields: str) -> dict[str, str]:
        account = (self.running.world.account_sid, self.running.world.auth_token)
        answer = await self.http.post(self.running.exchange + path, data=fields, auth=account)
        answer.raise_for_status()
        return answer.json()
