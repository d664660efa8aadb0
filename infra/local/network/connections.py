"""Connections to a server: who may make one, and that a request that has begun becomes complete in so many seconds.

uvicorn itself waits for ever, and logs a client that leaves in the middle as a failure of the application.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import re
import socket
import struct
from typing import Any
from urllib.parse import urlsplit

import h11
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

PATIENCE = 20.0  # seconds

# The names of this machine; the last is what containers on it call it.
OWN_NAMES = re.compile(r"127(\.\d{1,3}){3}|::1|localhost|[a-z0-9-]+\.localhost|host\.docker\.internal", re.IGNORECASE)


def configured(application: ASGIApp, patience: float = PATIENCE, **settings: Any) -> uvicorn.Config:
    """How uvicorn is to serve this application."""
    connection: Any = functools.partial(Connection, patience=patience)
    return uvicorn.Config(OwnRequests(CompleteRequests(application)), http=connection, loop="asyncio", **settings)


class Connection(H11Protocol):
    """One connection. A request whose rest does not come in time is answered with 408."""

    def __init__(self, *of: Any, patience: float, **more: Any) -> None:
        super().__init__(*of, **more)
        self.patience = patience
        self.alarm: asyncio.TimerHandle | None = None
        self.used_at: float | None = None  # when the application last looked how long it had rested
        self.app_state = {**self.app_state, "connection": self}  # request.state.connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        self.wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self.wait_no_longer()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        super().handle_events()
        if self.has_begun:
            self.wait()
        else:
            self.wait_no_longer()

    def shutdown(self) -> None:
        """The server ends. A request of which only a part has come is dropped."""
        if self.conn.their_state is h11.SEND_BODY:
            self.transport.close()
        else:
            super().shutdown()

    def rested(self, now: float) -> float:
        """For how long nothing was asked on it before this request, by the clock of whoever asks."""
        used_at, self.used_at = self.used_at, now
        return 0 if used_at is None else now - used_at

    def reset(self) -> None:
        """Ends it as the system of a process does that has died: whoever is at the other end gets a RST."""
        plain: socket.socket = self.transport.get_extra_info("socket")
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    @property
    def has_begun(self) -> bool:
        """Whether part of a request is there, and part of it is not."""
        state = self.conn.their_state
        return state is h11.SEND_BODY or (state is h11.IDLE and bool(self.conn.trailing_data[0]))

    def wait(self) -> None:
        self.alarm = self.alarm or self.loop.call_later(self.patience, self.give_up)

    def wait_no_longer(self) -> None:
        if self.alarm:
            self.alarm.cancel()
            self.alarm = None

    def give_up(self) -> None:
        if self.has_begun and not self.transport.is_closing():
            said = b"The rest of the request has not come in time."
            head = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
            head.append((b"content-length", str(len(said)).encode()))
            answer = h11.Response(status_code=408, headers=head, reason=b"Request Timeout")
            for event in (answer, h11.Data(data=said), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


class OwnRequests:
    """Refuses what a page of the web has a developer's browser send here.

    Such a request names its origin, or, where the page's own name leads to this machine for a moment, a host that is
    not this machine. https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Origin
    """

    def __init__(self, application: ASGIApp) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (reason := why_foreign(scope["headers"])):
            head = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
            await send({"type": "http.response.start", "status": 403, "headers": head})
            await send({"type": "http.response.body", "body": f"{reason}\n".encode(), "more_body": False})
            return
        await self.application(scope, receive, send)


def why_foreign(headers: list[tuple[bytes, bytes]]) -> str | None:
    """Why a request is not of this machine, as a sentence; None if it is."""
    for name, value in headers:
        said = value.decode("latin-1")
        if name == b"host" and not is_own(f"//{said}"):
            return f"This server answers on this machine alone, as 127.0.0.1, and not as {said[:100]!r}."
        if name == b"origin" and not is_own(said):
            return f"No page of {said[:100]!r} may ask this server: open it as 127.0.0.1."
    return None


def is_own(address: str) -> bool:
    """Whether an address is of this machine."""
    try:
        return OWN_NAMES.fullmatch(urlsplit(address).hostname or "") is not None
    except ValueError:
        return False


class CompleteRequests:
    """Hands a request to the application when all of it has come. Who leaves before that is never seen."""

    def __init__(self, application: ASGIApp) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return
        body, is_all = bytearray(), False
        while not is_all:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message["body"]
            is_all = not message["more_body"]
        await self.hand_over({"type": "http.request", "body": bytes(body), "more_body": False}, scope, receive, send)

    async def hand_over(self, request: Message, scope: Scope, receive: Receive, send: Send) -> None:
        there, is_answered = [request], False

        async def hear() -> Message:
            return there.pop() if there else await receive()

        async def say(message: Message) -> None:
            nonlocal is_answered
            is_answered = True
            await send(message)

        try:
            await self.application(scope, hear, say)
        except asyncio.CancelledError:  # the server has ended, and waits no longer
            with contextlib.suppress(RuntimeError):  # the answer is complete
                if not is_answered:
                    await send({"type": "http.response.start", "status": 503, "headers": []})
                await send({"type": "http.response.body", "body": b"", "more_body": False})
