"""Twilio's REST API as somebody who answers whatever one likes: what it is asked for is kept, in order."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from tests.conftest import ACCOUNT_SID, NETWORK_PORT

ACCOUNT = f"/2010-04-01/Accounts/{ACCOUNT_SID}"


@dataclass(frozen=True)
class Asked:
    method: str
    path: str  # within the account, without ".json"
    form: dict[str, str]


@dataclass
class Switchboard:
    """`refusals` are the answers to come, each a status and a code; after them, everything goes well."""

    asked: list[Asked] = field(default_factory=list)
    refusals: list[tuple[int, int]] = field(default_factory=list)

    def answer(self, asked: Asked) -> tuple[int, dict[str, Any]]:
        self.asked.append(asked)
        if self.refusals:
            status, code = self.refusals.pop(0)
            return status, {"status": status, "code": code, "message": "not today"}
        return 201 if asked.path.count("/") == 1 else 200, {"sid": f"CA{len(self.asked):032}"}

    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]


@contextmanager
def attended(switchboard: Switchboard) -> Iterator[Switchboard]:
    """It answers where the exchange looks for Twilio."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"] or 0)).decode())
            path = self.path.removeprefix(ACCOUNT).partition("?")[0].removesuffix(".json")
            asked = Asked(self.command, path, {name: values[-1] for name, values in form.items()})
            status, said = switchboard.answer(asked)
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", NETWORK_PORT), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield switchboard
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
