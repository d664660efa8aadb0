"""`python -m local.network`: the telephone network alone, for any application that speaks TwiML."""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import sys

import uvicorn

from local.clock import Clock
from local.network.connections import configured
from local.network.refusals import Refused
from local.network.server import build
from local.network.world import World


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m local.network", description="A Twilio on this machine, with telephones."
    )
    parser.add_argument(
        "--port", type=int, default=int(os.environ.get("NETWORK_PORT", "8001")), help="(NETWORK_PORT, 8001)"
    )
    parser.add_argument(
        "--pace",
        type=int,
        choices=(0, 1),
        default=int(os.environ.get("NETWORK_PACE", "1")),
        help="1: time follows the wall clock; 0: it moves only by POST /clock (NETWORK_PACE, 1)",
    )
    parser.add_argument("--rate", type=float, default=1.0, help="calls a second that leave the queue of REST (1)")
    parser.add_argument(
        "--keeps",
        type=int,
        default=int(os.environ.get("NETWORK_KEEPS", "1000")),
        help="calls, texts and so on that are over and still shown, of each kind; 0: all (NETWORK_KEEPS, 1000)",
    )
    parser.add_argument("--account-sid", default=os.environ.get("TWILIO_ACCOUNT_SID"), help="made up if not given")
    parser.add_argument("--auth-token", default=os.environ.get("TWILIO_AUTH_TOKEN"), help="made up if not given")
    parser.add_argument(
        "--number", action="append", default=[], metavar="+81...", help="a number of the account; repeatable"
    )
    parser.add_argument("--voice-url", help="what is requested when somebody calls one of these numbers")
    parser.add_argument("--voice-fallback-url", help="what is requested when that fails")
    parser.add_argument("--status-callback", help="what is told when such a call has ended")
    return parser.parse_args()


async def main(wishes: argparse.Namespace) -> None:
    address = f"http://127.0.0.1:{wishes.port}"
    async with Clock(wishes.pace) as clock:
        world = World(clock, address, wishes.account_sid, wishes.auth_token, wishes.rate, wishes.keeps or None)
        urls = ("voice_url", "voice_fallback_url", "status_callback")
        for number in wishes.number:
            world.add_number({"phone_number": number} | {name: getattr(wishes, name) for name in urls})
        config = configured(build(world), port=wishes.port, log_level="warning", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        try:
            await asyncio.gather(server.serve(), announce(server, world))
        finally:
            await world.close()


async def announce(server: uvicorn.Server, world: World) -> None:
    """Says where everything is, as soon as it is there."""
    while not server.started:
        if server.should_exit:
            return
        await asyncio.sleep(0.01)
    world.ready = True
    where = f"{world.address}\naccount SID {world.account_sid}\nauth token  {world.auth_token}"
    print(where, flush=True)  # noqa: T201  this is its output


if __name__ == "__main__":
    wished = arguments()
    try:
        socket.create_server(("127.0.0.1", wished.port)).close()
    except OSError as error:
        sys.exit(f"Port {wished.port} cannot be used ({error.strerror}): --port or NETWORK_PORT names another one.")
    try:
        asyncio.run(main(wished))
    except (Refused, ValueError) as mistake:
        sys.exit(str(mistake))
    except KeyboardInterrupt:
        pass
