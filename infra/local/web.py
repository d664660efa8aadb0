"""Web servers that begin and end at once: tests start hundreds of them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Iterator

import uvicorn
from starlette.applications import Starlette

from local.network.connections import PATIENCE, configured

LAST_WAIT = 1  # seconds for those who are still connected in the end


class Server(uvicorn.Server):
    """A server that leaves Ctrl-C to whoever started it. uvicorn's own looks for its end ten times a second."""

    def __init__(self, application: Starlette, patience: float) -> None:
        level = os.environ.get("LOG_LEVEL", "warning")
        super().__init__(configured(application, patience, log_level=level, lifespan="off"))
        self.begun, self.over = asyncio.Event(), asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        self.begun.set()
        while not self.over.is_set():
            await self.on_tick(0)  # the date in the headers
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self.over.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for listener in (*self.servers, *(sockets or ())):
            listener.close()
        state = self.server_state
        for connection in list(state.connections):
            connection.shutdown()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_WAIT):
                while state.connections or state.tasks:
                    await asyncio.sleep(0.001)
        for task in state.tasks:
            task.cancel()


@contextlib.asynccontextmanager
async def serve(application: Starlette, listener: socket.socket, patience: float = PATIENCE) -> AsyncIterator[None]:
    """The application answers at this socket from the beginning to the end of the context.

    `patience` is for how many seconds it waits for a request that has begun.
    """
    server = Server(application, patience)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    begun = asyncio.create_task(server.begun.wait())
    await asyncio.wait((begun, task), return_when=asyncio.FIRST_COMPLETED)
    try:
        yield
    finally:
        begun.cancel()
        server.over.set()
        await task
