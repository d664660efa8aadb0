"""The sample world of `make run`: a delivery service, its numbers, and two people with something to tell each other."""

import asyncio

import httpx

from local.stack import Stack

AIKO, BEN = "+819011110001", "+819022220002"
LINES = ["+815010000001", "+815010000002", "+815010000003"]


async def fill(running: Stack) -> str:
    """Makes the sample through the doors that everybody uses; says who can call whom."""
    world = running.world
    for line in LINES:
        world.add_number({"phone_number": line, "capabilities": {"voice": True, "sms": False, "mms": False}})
    await asyncio.to_thread(allow, running)
    account = (world.account_sid, world.auth_token)
    async with httpx.AsyncClient(base_url=running.exchange, auth=account, trust_env=False, timeout=30) as exchange:

        async def post(path: str, **fields: object) -> dict[str, str]:
            answer = await exchange.post(path, data=fields)
            if not answer.is_success:
                raise RuntimeError(f"the exchange refuses {path}: {answer.text}")
            return answer.json()

        service = await post("/v1/Services", UniqueName="sample-delivery")
        path = f"/v1/Services/{service['sid']}"
        for line in LINES:
            await post(f"{path}/PhoneNumbers", PhoneNumber=line)
        session = await post(f"{path}/Sessions", UniqueName="parcel-1", Ttl=86_400)
        people = {}
        for name, number in (("Aiko", AIKO), ("Ben", BEN)):
            people[name] = await post(
                f"{path}/Sessions/{session['sid']}/Participants", Identifier=number, FriendlyName=name
            )
    async with httpx.AsyncClient(base_url=running.network, trust_env=False, timeout=30) as network:
        for name, other in (("Aiko", "Ben"), ("Ben", "Aiko")):
            line = people[name]["proxy_identifier"]
            told = {"name": name, "suggests": [{"number": line, "reaches": other}]}
            (await network.put(f"/phones/{people[name]['identifier']}", json=told)).raise_for_status()
    return f"Aiko dials {people['Aiko']['proxy_identifier']} to reach Ben"


def allow(running: Stack) -> None:
    """Lets the account's own credentials use the exchange; in production they never do."""
    from toritsugi import keys  # here, for it reads the environment that the stack has made

    keys.create_key(running.world.account_sid, running.world.auth_token)
