"""Who stands for Proxy: another exchange with its network, as a program: `python -m tests.stories.other_exchange`.

Nothing is in it.
"""

import asyncio
import os

from local import sample, stack
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, OWN_SECRET


async def main() -> None:
    """Runs until it is killed."""
    ports = int(os.environ["PORT"]), int(os.environ["NETWORK_PORT"])
    account = {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN, "own_secret": OWN_SECRET}
    async with stack.run(*ports, pace=0, **account) as running:
        await asyncio.to_thread(sample.allow, running)
        running.world.slack = 20  # as in conftest.py
        running.world.ready = True
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
