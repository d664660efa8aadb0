"""A network that runs beside an application, in a thread of their own, reached as any application would reach it."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

from starlette.applications import Starlette
from twilio.http.http_client import TwilioHttpClient

from local.clock import Clock
from local.network.server import build
from local.network.world import World
from local.web import serve

Beside = tuple[World, Starlette, str]


class Local(TwilioHttpClient):
    """The official library with nothing changed but the host."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.session.trust_env = False

    def request(self, method: str, url: str, *args: Any, **settings: Any) -> Any:
        return super().request(method, re.sub(r"https://\w+\.twilio\.com", self.address, url), *args, **settings)


def listening() -> socket.socket:
    bound = socket.socket(proto=socket.IPPROTO_TCP)  # without the protocol asyncio leaves Nagle's delay on
    bound.bind(("127.0.0.1", 0))
    return bound


@contextlib.contextmanager
def running(make_application: Callable[[World, str], Starlette], clock: Clock, *account: str) -> Iterator[Beside]:
    """A network on this clock, and what `make_application(world, address)` makes, with its address.

    When it is left, nothing of it is: nobody still at work, nothing still due.
    """
    loop, started, stop = asyncio.new_event_loop(), Future[Beside](), asyncio.Event()
    left: dict[str, Any] = {}

    async def live() -> None:
        sockets = listening(), listening()
        network, own = (f"http://127.0.0.1:{bound.getsockname()[1]}" for bound in sockets)
        async with clock:
            world = World(clock, network, *account)
            world.ready = True
            application = make_application(world, own)
            async with serve(build(world), sockets[0]), serve(application, sockets[1]):
                started.set_result((world, application, own))
                await stop.wait()
                await world.forget()
                await clock.settle()
                left.update(failures=clock.failures, tasks=set(clock.tasks), busy=clock.busy, ahead=clock.ahead())
                await world.close()

    thread = threading.Thread(target=loop.run_until_complete, args=(live(),), daemon=True)
    thread.start()
    try:
        yield started.result(10)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()
    assert left == {"failures": [], "tasks": set(), "busy": 0, "ahead": []}, left
