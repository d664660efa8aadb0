"""How many masked calls the local world gets through: exchange and telephone network in one process, over real HTTP."""

import asyncio
import time
from dataclasses import dataclass, field

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
        async with httpx.AsyncClient(trust_env=False, verify=False, timeout=60, limits=limits) as http:
            hands = Hands(running, http)
            await hands.prepare()
            dialed = hands.dialed
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
    """What so many pairs of people do, over HTTP. `dialed` is which line each caller dials."""

    running: stack.Stack
    http: httpx.AsyncClient
    pairs: int = PAIRS
    dialed: dict[str, str] = field(default_factory=dict)
    sessions: list[str] = field(default_factory=list)  # their paths

    async def use(self, phone: str, what: str, **said: str) -> None:
        (await self.http.post(f"{self.running.network}/phones/{phone}/{what}", json=said)).raise_for_status()

    async def prepare(self, **settings: str) -> None:
        """A session with these settings for every pair of telephones."""
        service = await self.ask("/v1/Services", UniqueName="throughput")
        self.path = path = f"/v1/Services/{service['sid']}"
        for line in LINES:
            self.running.world.add_number({"phone_number": line, "capabilities": {"voice": True}})
            await self.ask(f"{path}/PhoneNumbers", PhoneNumber=line)
        await self.introduce_all(**settings)

    async def introduce_all(self, **settings: str) -> None:
        for n in range(self.pairs):
            await self.introduce(f"+8190110{n:05}", f"+8190220{n:05}", settings)

    async def introduce(self, caller: str, callee: str, settings: dict[str, str]) -> None:
        session = await self.ask(f"{self.path}/Sessions", **settings)
        self.sessions.append(f"{self.path}/Sessions/{session['sid']}")
        participant = await self.ask(f"{self.sessions[-1]}/Participants", Identifier=caller)
        await self.ask(f"{self.sessions[-1]}/Participants", Identifier=callee)
        behaviour = {"answers": "at once"}
        (await self.http.put(f"{self.running.network}/phones/{callee}", json=behaviour)).raise_for_status()
        self.dialed[caller] = participant["proxy_identifier"]

    async def part(self) -> None:
        """All sessions are deleted."""
        for session in self.sessions:
            (await self.http.delete(self.running.exchange + session, auth=self.account)).raise_for_status()
        self.sessions.clear()

    async def ask(self, path: str, **fields: str) -> dict[str, str]:
        answer = await self.http.post(self.running.exchange + path, data=fields, auth=self.account)
        answer.raise_for_status()
        return answer.json()

    @property
    def account(self) -> tuple[str, str]:
        return self.running.world.account_sid, self.running.world.auth_token
