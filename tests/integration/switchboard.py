"""Twilio's REST API as somebody who answers whatever one likes: what it is asked for is kept, in order."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.conftest import ACCOUNT_SID, NETWORK_PORT

ACCOUNT = f"/2010-04-01/Accounts/{ACCOUNT_SID}"


@dataclass(frozen=True)
class Asked:
    method: str
    path: str  # within the account, without ".json"
    form: dict[str, str]


@dataclass
class Switchboard:
    """`refusals` are the answers to come, each a status and a code; after them, everything goes well.

    `breaks` says of requests to come that the connection breaks: "before" they are carried out, "after" that, or not.
    """

    asked: list[Asked] = field(default_factory=list)
    refusals: list[tuple[int, int]] = field(default_factory=list)
    breaks: list[str | None] = field(default_factory=list)
    made: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # calls and messages, the latest first

    def answer(self, asked: Asked) -> tuple[int, dict[str, Any]]:
        self.asked.append(asked)
        if self.refusals:
            status, code = self.refusals.pop(0)
            return status, {"status": status, "code": code, "message": "not today"}
        if asked.method == "GET" and asked.path in ("/Calls", "/Messages"):
            return 200, {asked.path[1:].lower(): self.listed(asked)}
        if asked.path.count("/") > 1:
            return 200, {"sid": f"CA{len(self.asked):032}"}
        made = {"sid": f"CA{len(self.asked):032}", "status": "queued", "body": asked.form.get("Body")}
        made |= {"to": asked.form.get("To"), "from": asked.form.get("From")}
        made["date_created"] = format_datetime(datetime.fromtimestamp(int(time.time()), UTC))
        self.made.setdefault(asked.path, []).insert(0, made)
        return 201, made

    def listed(self, asked: Asked) -> list[dict[str, Any]]:
        """The calls, or messages, between two numbers."""
        between = asked.form["To"], asked.form["From"]
        return [one for one in self.made.get(asked.path, []) if (one["to"], one["from"]) == between]

    def posts(self, path: str) -> list[Asked]:
        """What was asked for to be made, or changed, there."""
        return [asked for asked in self.asked if (asked.method, asked.path) == ("POST", path)]

    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]


@contextmanager
def attended(switchboard: Switchboard) -> Iterator[Switchboard]:
    """It answers where the exchange looks for Twilio."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
            form = parse_qs(sent or urlsplit(self.path).query)
            path = self.path.removeprefix(ACCOUNT).partition("?")[0].removesuffix(".json")
            asked = Asked(self.command, path, {name: values[-1] for name, values in form.items()})
            breaks = switchboard.breaks.pop(0) if switchboard.breaks else None
            if breaks == "before":
                return
            status, said = switchboard.answer(asked)
            if breaks == "after":
                return
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
