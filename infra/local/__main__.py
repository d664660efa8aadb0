"""`make run`: the exchange and the telephone network, with a sample world in it, until Ctrl-C."""

import asyncio
import os
import signal
import sys

from local import sample, stack


async def main() -> None:
    ports = [int(os.environ.get(name, usual)) for name, usual in (("PORT", 8000), ("NETWORK_PORT", 8001))]
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with stack.run(*ports, pace=int(os.environ.get("NETWORK_PACE", "1"))) as running:
        people = await sample.fill(running)
        running.world.ready = True
        print(f"""
  The telephone network  {running.network}   <- open this in a browser: {people}
  The exchange           {running.exchange}   (Proxy: client.proxy.base_url = "{running.exchange}")
  Account SID            {running.world.account_sid}
  Auth token             {running.world.auth_token}

  Everything here is made up, and gone when you press Ctrl-C.
""")  # noqa: T201
        await stopped.wait()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except stack.PortTaken as taken:
        sys.exit(str(taken))
