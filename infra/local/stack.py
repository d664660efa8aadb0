"""The world on one machine: exchange, cloud and telephone network, in one process and with one clock."""

from __future__ import annotations

import contextlib
import errno
import socket
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

from local import gateway, welcome
from local.aws import Cloud
from local.clock import Clock
from local.network import server
from local.network.world import World
from local.web import serve

TEMPLATE = Path(__file__).parents[2] / "template.yaml"


class PortUnusable(Exception):
    """Where we would listen somebody else does, or nobody may."""


@dataclass
class Stack:
    """What is running: where it is reached, and its parts."""

    exchange: str
    network: str
    clock: Clock
    cloud: Cloud
    world: World


@contextlib.asynccontextmanager
async def run(
    port: int,
    network_port: int,
    pace: int = 0,
    start: float | None = None,
    account_sid: str = "AC" + uuid.uuid4().hex,
    auth_token: str = uuid.uuid4().hex,
    own_secret: str = uuid.uuid4().hex * 2,
    keeps: int | None = None,
) -> AsyncIterator[Stack]:
    """Exchange and network, serving on these ports; the account is made up. Raises PortUnusable.

    `keeps` is how much of what is over can still be seen: calls and their like, events on the bus. None: all of it.
    """
    ports = {"PORT": port, "NETWORK_PORT": network_port}
    with listen("PORT", ports) as exchange_socket, listen("NETWORK_PORT", ports) as network_socket:
        exchange, network = address(exchange_socket), address(network_socket)
        # in the box nothing costs anything, wherever somebody lives
        parameters = {"TwilioAccountSid": account_sid, "CarrierUrl": network, "Destinations": "*"}
        settings = {"public-base-url": exchange, "auth-tokens": auth_token, "own-secrets": own_secret}
        with Cloud(TEMPLATE, parameters, settings, keeps) as cloud:
            async with Clock(pace, start) as clock:
                world = World(clock, network, account_sid, auth_token, keeps=keeps)
                cloud.start(clock)
                async with (
                    serve(gateway.build(cloud, welcome.page(exchange, network)), exchange_socket),
                    serve(server.build(world), network_socket),
                ):
                    try:
                        yield Stack(exchange, network, clock, cloud, world)
                    finally:
                        await world.close()


@contextlib.contextmanager
def listen(name: str, ports: dict[str, int]) -> Iterator[socket.socket]:
    """A socket on which this machine alone can be reached, at the port of this name."""
    # the protocol is named, for asyncio switches off Nagle's delay (40 ms) only where it is sure that this is TCP
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", ports[name]))
        except OSError as error:
            why = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
            better = " ".join(f"{one}={port}" for one, port in (ports | {name: free_port(ports)}).items())
            raise PortUnusable(f"Port {ports[name]} {why}. Choose another one: make run {better}") from None
        yield listener


def free_port(ports: dict[str, int]) -> int:
    """A port on which nobody listens, and which is none of these."""
    for port in range(8010, 65_536, 10):
        with contextlib.suppress(OSError), socket.socket() as listener:
            if port not in ports.values():
                listener.bind(("127.0.0.1", port))
                return port
    raise PortUnusable("Every port of this machine is taken.")


def address(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"
