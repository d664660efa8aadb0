"""Two seconds are two seconds: however an owner's system keeps its answer back, the caller is led on."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.stories.conftest import aiko, clock, desk  # noqa: F401
from toritsugi.adapters import web
from toritsugi.foundation import config
from toritsugi.foundation.errors import OwnerSlow

LINE = "+815010000009"
ASKS = """
steps:
  asks: {ask: "%s", otherwise: desk}
  desk: {say: "One moment, please."}
language: en-US
"""
PAUSE, DRIPS = 0.05, 1200  # a minute, if nobody ends it
FULL = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
WAYS = {
    "silence": (b"", b""),
    "the status": (b"HTTP/1.1 200 ", b"O"),
    "the headers": (b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
    "one header": (b"HTTP/1.1 200 OK\r\nX-A: ", b"b"),
    "100 Continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "the content": (b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", b" "),
    "chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "TLS": (b"\x16\x03\x03\x20\x00", b"\x02"),  # the beginning of a handshake of 8192 bytes
}


class Dripper:
    """A server that begins an answer, and goes on with a drop now and then, until it is left."""

    def __init__(self, way: str) -> None:
        self.first, self.drop = WAYS[way]
        self.left, self.connections = threading.Event(), 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        scheme = "https" if way == "TLS" else "http"
        self.address = f"{scheme}://127.0.0.1:{self.listener.getsockname()[1]}/parcel"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        with self.listener:
            line, _ = self.listener.accept()
        self.connections += 1
        with line:
            line.recv(65_536)
            line.sendall(self.first)
            line.settimeout(PAUSE)
            if any(self.is_left(line) for _ in range(DRIPS)):
                self.left.set()

    def is_left(self, line: socket.socket) -> bool:
        """Whether the other side has ended the connection; if not, another drop falls."""
        try:
            with suppress(TimeoutError):
                return not line.recv(65_536)
            line.sendall(self.drop)
        except ConnectionError:
            return True
        return False


@pytest.mark.parametrize("way", list(WAYS))
def test_whoever_keeps_the_answer_back_is_left_and_the_caller_hears_the_next_step(desk, aiko, clock, way):  # noqa: F811
    owner = Dripper(way)
    desk.answers_at(LINE, ASKS % owner.address)
    aiko.dials(LINE)
    assert owner.left.wait(30), "the connection was held until the last drop"
    clock.forward(seconds=3)
    aiko.hears("One moment, please.")


@pytest.fixture
def stuck_resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """The system's resolver finds nothing until it is let go."""
    go, found = threading.Event(), socket.getaddrinfo

    def wait(*asked, **more):
        assert go.wait(60)
        return found(*asked, **more)

    monkeypatch.setattr(socket, "getaddrinfo", wait)
    yield go
    go.set()


def test_a_name_that_does_not_resolve_is_not_waited_for_and_nothing_is_asked_later(stuck_resolver, monkeypatch):
    monkeypatch.setattr(config, "_settings", config.Settings("http://127.0.0.1:1"))
    monkeypatch.setattr(config, "_read_at", float("inf"))
    owner, before = Dripper("silence"), set(threading.enumerate())
    with pytest.raises(OwnerSlow):
        web.request("POST", owner.address, {}, b"{}", 100, seconds=0.05)
    (left_behind,) = set(threading.enumerate()) - before
    stuck_resolver.set()
    left_behind.join(30)
    assert (left_behind.is_alive(), owner.connections) == (False, 0)


@pytest.mark.thorough
def test_however_many_names_do_not_resolve_no_more_threads_are_left_behind_than_may(stuck_resolver, monkeypatch):
    monkeypatch.setattr(config, "_settings", config.Settings("http://127.0.0.1:1"))
    monkeypatch.setattr(config, "_read_at", float("inf"))
    before = set(threading.enumerate())
    for _ in range(web.MAX_AT_ONCE + 5):
        with pytest.raises(OwnerSlow):
            web.request("POST", "http://nowhere.example.com/", {}, b"{}", 100, seconds=0.001)
    left_behind = set(threading.enumerate()) - before
    assert 0 < len(left_behind) <= web.MAX_AT_ONCE
    monkeypatch.setattr(socket, "getaddrinfo", None)  # what comes back asks for nothing any more
    stuck_resolver.set()
    for thread in left_behind:
        thread.join(30)
    assert not any(thread.is_alive() for thread in left_behind)
