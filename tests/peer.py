"""A server that keeps connections only for a while, and whose farewell is lost, as it is on a frozen process.

So who uses such a connection afterwards is not told that it is closed: what they ask is answered by a reset.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Peer:
    """`keeps` is for how many seconds; `answer` the content of each answer, whatever is asked."""

    answer: bytes = b"{}"
    keeps: float = 20
    silent: bool = False  # nothing is answered at all
    asked: list[str] = field(default_factory=list)  # the first line of each request that has come through
    lines: list[socket.socket] = field(default_factory=list)
    resets: int = 0
    address: str = ""

    @property
    def connections(self) -> int:
        """How many were made."""
        return len(self.lines)

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connection = listener.accept()[0]
            except OSError:
                return
            self.lines.append(connection)
            threading.Thread(target=self.talk, args=(connection,), daemon=True).start()

    def talk(self, connection: socket.socket) -> None:
        used_at = None
        with connection, connection.makefile("rb") as lines:
            while first := lines.readline():
                if used_at is not None and time.time() - used_at >= self.keeps:
                    self.resets += 1
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    lines.close()
                    return
                used_at, length = time.time(), 0
                while (line := lines.readline().strip()) != b"":
                    name, _, value = line.partition(b":")
                    length = int(value) if name.lower() == b"content-length" else length
                lines.read(length)
                self.asked.append(first.decode().strip())
                if not self.silent:
                    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(self.answer)}"
                    connection.sendall(f"{head}\r\n\r\n".encode() + self.answer)


@contextmanager
def served(peer: Peer, port: int = 0) -> Iterator[Peer]:
    """It answers at its address, from the beginning to the end of the context."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        peer.address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread = threading.Thread(target=peer.serve, args=(listener,), daemon=True)
        thread.start()
        try:
            yield peer
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            for line in peer.lines:
                with suppress(OSError):  # it has ended
                    line.shutdown(socket.SHUT_RDWR)
