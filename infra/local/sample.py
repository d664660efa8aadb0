"""The sample world of `make run`: a delivery service with its numbers, two people with something to tell each other,
and a desk that answers, with an office behind it.
"""

import asyncio
from typing import Any

import httpx

from local.stack import Stack

AIKO, BEN, OFFICE = "+819011110001", "+819022220002", "+81312345678"
LINES, DESK = ["+815010000001", "+815010000002", "+815010000003"], "+815010000004"
FREE, TEXTS = "+815010000009", "+12025550101"  # which nothing has yet; the second, as in Japan few can, texts


async def fill(running: Stack, *keys: str) -> str:
    """Makes the sample through the doors that everybody uses; says who can call whom. `keys` will open the exchange."""
    world = running.world
    for line in (*LINES, DESK, FREE, TEXTS):
        able = {"voice": True, "sms": line in (DESK, TEXTS), "mms": line == TEXTS}
        world.add_number({"phone_number": line, "capabilities": able})
    await asyncio.to_thread(allow, running, *keys)
    account = (world.account_sid, world.auth_token)
    async with httpx.AsyncClient(base_url=running.exchange, auth=account, trust_env=False, timeout=30) as exchange:
        lines = await bring_together(exchange)
        await open_desk(exchange)
    telephones: dict[str, dict[str, Any]] = {
        AIKO: {"name": "Aiko", "suggests": [{"number": lines[AIKO], "reaches": "Ben"}]},
        BEN: {"name": "Ben", "suggests": [{"number": lines[BEN], "reaches": "Aiko"}]},
        OFFICE: {"name": "Office"},
    }
    for number in (AIKO, BEN):
        telephones[number]["suggests"].append({"number": DESK, "reaches": "the desk"})
    async with httpx.AsyncClient(base_url=running.network, trust_env=False, timeout=30) as network:
        for number, told in telephones.items():
            (await network.put(f"/phones/{number}", json=told)).raise_for_status()
    return f"Aiko dials {lines[AIKO]} to reach Ben, and {DESK} to reach the desk"


async def bring_together(exchange: httpx.AsyncClient) -> dict[str, str]:
    """A masked session of the two; which line each of them dials."""
    service = await ask(exchange, "POST", "/v1/Services", data={"UniqueName": "sample-delivery"})
    path = f"/v1/Services/{service['sid']}"
    for line in LINES:
        await ask(exchange, "POST", f"{path}/PhoneNumbers", data={"PhoneNumber": line})
    session = await ask(exchange, "POST", f"{path}/Sessions", data={"UniqueName": "parcel-1"})
    people = f"{path}/Sessions/{session['sid']}/Participants"
    joined = [
        await ask(exchange, "POST", people, data={"Identifier": number, "FriendlyName": name})
        for number, name in ((AIKO, "Aiko"), (BEN, "Ben"))
    ]
    return {person["identifier"]: person["proxy_identifier"] for person in joined}


async def open_desk(exchange: httpx.AsyncClient) -> None:
    """A line at which the ready reception answers, which knows Aiko by name."""
    ready = await exchange.get("/api/ready-receptions/desk")
    kind = {"Content-Type": "application/yaml"}
    await ask(exchange, "PUT", "/api/receptions/desk", content=ready.raise_for_status().content, headers=kind)
    await ask(exchange, "PUT", f"/api/lines/{DESK}", json={"reception": "desk"})
    await ask(exchange, "PUT", f"/api/callers/{AIKO}", json={"name": "山田愛子", "reading": "やまだあいこ"})


async def ask(exchange: httpx.AsyncClient, method: str, path: str, **sent: Any) -> dict[str, Any]:
    answer = await exchange.request(method, path, **sent)
    if not answer.is_success:
        raise RuntimeError(f"the exchange refuses {path}: {answer.text}")
    found: dict[str, Any] = answer.json()
    return found


def allow(running: Stack, *keys: str) -> None:
    """Lets these keys use the exchange, and the account's own credentials, which in production never may."""
    from toritsugi.foundation import api_keys  # here, for it reads the environment that the stack has made

    for key in (f"{running.world.account_sid}:{running.world.auth_token}", *keys):
        sid, _, secret = key.partition(":")
        api_keys.create_key(sid, secret)
