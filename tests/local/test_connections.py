"""Who opens a connection and says nothing, or half of something, is waited for no longer than a while, and quietly."""

import asyncio
import socket
from contextlib import closing

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from local.web import serve

PATIENCE = 0.2  # seconds
WHOLE = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n\r\nhello"
HALVES = {"half of its head": WHOLE[:30], "half of its body": WHOLE[:-2], "a body that is announced": WHOLE[:-5]}


class Clients:
    """A server that says what was said to it, except at /later: there when it is told to; and its clients."""

    def __init__(self) -> None:
        self.now = asyncio.Event()

    async def echo(self, request: Request) -> Response:
        return PlainTextResponse(b"You say " + await request.body())

    async def later(self, _: Request) -> Response:
        await self.now.wait()
        return PlainTextResponse("At last")

    def serve(self, patience: float = PATIENCE):
        listener = socket.socket(proto=socket.IPPROTO_TCP)
        listener.bind(("127.0.0.1", 0))
        self.address = listener.getsockname()
        routes = [Route("/", self.echo, methods=["POST"]), Route("/later", self.later)]
        return serve(Starlette(routes=routes), listener, patience)

    async def open(self, said: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection(*self.address)
        writer.write(said)
        await writer.drain()
        return reader, writer

    async def hears(self, said: bytes) -> bytes:
        """All that is answered until the server closes the connection."""
        reader, writer = await self.open(said)
        with closing(writer):
            return await asyncio.wait_for(reader.read(), 20)


@pytest.mark.parametrize("half", HALVES)
def test_half_a_request_is_answered_when_nobody_waits_for_the_rest(capsys, half):
    async def live() -> bytes:
        async with (clients := Clients()).serve():
            return await clients.hears(HALVES[half])

    answer = asyncio.run(live())
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in answer
    assert capsys.readouterr().err == ""


def test_a_connection_on_which_nothing_is_said_is_closed(capsys):
    async def live() -> bytes:
        async with (clients := Clients()).serve():
            return await clients.hears(b"")

    assert asyncio.run(live()) == b""
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("half", HALVES)
def test_half_a_request_behind_a_whole_one_takes_nothing_from_that(capsys, half):
    async def live() -> bytes:
        async with (clients := Clients()).serve():
            return await clients.hears(WHOLE + HALVES[half])

    first, _, second = asyncio.run(live()).partition(b"You say hello")
    assert (first[:13], second[:13]) == (b"HTTP/1.1 200 ", b"HTTP/1.1 408 ")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("half", HALVES)
def test_whoever_leaves_in_the_middle_is_not_missed(capsys, half):
    async def live() -> bytes:
        async with (clients := Clients()).serve(patience=60):
            _, writer = await clients.open(HALVES[half])
            writer.transport.abort()
            return await clients.hears(WHOLE.replace(b"Host", b"Connection: close\r\nHost"))

    assert asyncio.run(live()).endswith(b"You say hello")
    assert capsys.readouterr().err == ""


def test_the_end_of_the_server_waits_for_no_half_of_a_request_and_tells_who_waits(capsys):
    async def live() -> list[bytes]:
        async with (clients := Clients()).serve(patience=60):
            said = [*HALVES.values(), b"GET /later HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"]
            connections = [await clients.open(one) for one in said]
            await clients.hears(WHOLE.replace(b"Host", b"Connection: close\r\nHost"))
        answers = [await reader.read() for reader, _ in connections]
        for _, writer in connections:
            writer.close()
        return [answer[:13] for answer in answers]

    assert asyncio.run(live()) == [b"", b"", b"", b"HTTP/1.1 503 "]
    assert capsys.readouterr().err == ""


def test_who_has_said_all_may_wait_for_the_answer_as_long_as_it_takes(capsys):
    async def live() -> bytes:
        async with (clients := Clients()).serve():
            reader, writer = await clients.open(b"GET /later HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            await clients.hears(HALVES["half of its body"])  # by then its own time would be over
            clients.now.set()
            with closing(writer):
                return await asyncio.wait_for(reader.read(), 20)

    assert asyncio.run(live()).endswith(b"At last")
    assert capsys.readouterr().err == ""
