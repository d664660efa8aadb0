"""`make run`: the exchange and the telephone network, with a sample world in it, until Ctrl-C.

PORT and NETWORK_PORT say where, NETWORK_PACE whether time passes by itself (1) or when told (0), and NETWORK_KEEPS how
many calls and their like can still be seen when they are over (1000 of each kind; 0: all, as long as there is room).
TORITSUGI_ENV is the file that it writes for shells (.toritsugi/env).
"""

import asyncio
import os
import signal
import sys

from local import sample, shell, stack


async def main() -> None:
    port, network_port = number("PORT", 8000, 1, 65_535), number("NETWORK_PORT", 8001, 1, 65_535)
    pace, keeps = number("NETWORK_PACE", 1, 0, 1), number("NETWORK_KEEPS", 1000, 0, 1_000_000_000) or None
    if port == network_port:
        sys.exit(f"PORT and NETWORK_PORT are both {port}: exchange and network each need one. Leave one of them out.")
    stopped = asyncio.Event()
    for interruption in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(interruption, stopped.set)
    leave_proxies()
    account = shell.read_account()
    async with stack.run(
        port, network_port, pace, None, account.sid, account.token, account.own_secret, keeps
    ) as running:
        people = await sample.fill(running, account.key)
        source = shell.write(account, running.exchange, running.network)
        running.world.ready = True
        print(f"""
  The telephones   {running.network}   <- open this in a browser: {people}
  The exchange     {running.exchange}   what is here, and where it is written
  For your shell   {source}
  Account SID      {account.sid}
  Auth token       {account.token}

  Everything here is made up, and gone when you press Ctrl-C.
""")  # noqa: T201
        await stopped.wait()


def leave_proxies() -> None:
    """Has nothing on this machine asked for through a proxy that its settings name."""
    known = os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or ""
    near = ",".join(name for name in (known, "127.0.0.1", "localhost") if name)
    os.environ |= {"NO_PROXY": near, "no_proxy": near}


def number(name: str, usual: int, least: int, most: int) -> int:
    """What the environment says; ends the program with a sentence where that is no number from `least` to `most`."""
    text = os.environ.get(name, str(usual))
    if not text.isdecimal() or not least <= int(text) <= most:
        sys.exit(f"{name} is a whole number from {least} to {most}, not {text!r}.")
    return int(text)


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except stack.PortUnusable as error:
        sys.exit(str(error))
