"""The owner's own system, which a reception asks: a web server on this machine, and what it has been asked."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from twilio.request_validator import RequestValidator

from tests.conftest import OWN_SECRET

Answer = Callable[[dict[str, Any]], Any]


class Owner:
    """`says` answers the facts of a call: with JSON, with bytes as they are, perhaps of a kind, or with a status.

    It is asked in JSON, or as Twilio asks, by a form; and checks by its `secret` whether that was the exchange.
    """

    def __init__(self, secret: str = OWN_SECRET) -> None:
        self.secret = secret
        self.asked: list[dict[str, Any]] = []
        self.forged: list[str] = []
        self.says: Answer = lambda _: {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.door())
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def door(self) -> type[BaseHTTPRequestHandler]:
        owner = self

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                url = f"{owner.address}{self.path}"
                by_form = self.headers["content-type"].startswith("application/x-www-form-urlencoded")
                said_by_it = dict(parse_qsl(body, keep_blank_values=True)) if by_form else json.loads(body)
                signed, signature = said_by_it if by_form else body, self.headers["x-twilio-signature"]
                if not RequestValidator(owner.secret).validate(url, signed, signature):
                    owner.forged.append(url)
                owner.asked.append(said_by_it)
                said = owner.says(owner.asked[-1])
                status, content = (said, b"") if isinstance(said, int) else (200, said)
                kind, content = content if isinstance(content, tuple) else ("application/json", content)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.end_headers()
                self.wfile.write(content if isinstance(content, bytes) else json.dumps(content).encode())

            def log_message(self, *_: object) -> None:
                """It is quiet."""

        return Door


@contextmanager
def opening() -> Iterator[Callable[..., Owner]]:
    """Opens systems of the owner's, each at an address of its own; in the end none was asked by anybody else."""
    opened: list[Owner] = []

    def opens(secret: str = OWN_SECRET) -> Owner:
        opened.append(Owner(secret))
        return opened[-1]

    yield opens
    for owner in opened:
        owner.close()
        assert not owner.forged, owner.forged
