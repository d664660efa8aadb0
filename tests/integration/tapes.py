"""Twilio as the keeper of recordings: files that are fetched and deleted over real HTTP, and what is told of them."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from local.aws import Context
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, NETWORK_PORT
from tests.integration.conftest import AIKO, LINES, Twilio
from toritsugi.foundation import config, sealing
from toritsugi.recordings.reports import RecordingOrigin

CALL = "CA" + "1" * 32
OK = 200
SID = "RE" + "1" * 32
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(2048)


class Tapes:
    """The recordings of the account, by SID; `troubles` are the next answers' statuses, `asked` is every request."""

    address = f"http://127.0.0.1:{NETWORK_PORT}"

    def __init__(self, files: dict[str, bytes] | None = None) -> None:
        self.files = {SID: WAV} if files is None else files
        self.asked: list[str] = []
        self.troubles: list[int] = []
        self.tokens = {AUTH_TOKEN}

    def answer(self, method: str, path: str, authorization: str) -> tuple[int, bytes]:
        name = path.rpartition("/")[2]
        self.asked.append(f"{method} {path}")
        if authorization not in {basic(token) for token in self.tokens}:
            return 401, b""
        if self.troubles and (trouble := self.troubles.pop(0)) != OK:
            return trouble, b""
        sid, _, kind = name.partition(".")
        if sid not in self.files:
            return 404, b""
        if method == "DELETE":
            del self.files[sid]
            return 204, b""
        return (200, self.files[sid]) if kind == "wav" else (404, b"")


def basic(token: str) -> str:
    return "Basic " + base64.b64encode(f"{ACCOUNT_SID}:{token}".encode()).decode()


@contextmanager
def served(tapes: Tapes) -> Iterator[Tapes]:
    """Twilio's REST API where the exchange looks for it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = tapes.answer(self.command, self.path, self.headers["Authorization"] or "")
            self.send_response(status)
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_DELETE = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", NETWORK_PORT), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield tapes
    finally:
        server.shutdown()
        server.server_close()


def source(kind: str = "voicemail", caller: str = AIKO, line: str = LINES[0], call_sid: str = CALL) -> RecordingOrigin:
    return RecordingOrigin(kind, "desk", sealing.seal(caller + line, call_sid))


def told(sid: str = SID, **fields: str) -> dict[str, str]:
    """What Twilio says of a recording that is ready."""
    said = {
        "AccountSid": ACCOUNT_SID,
        "CallSid": CALL,
        "RecordingSid": sid,
        "RecordingUrl": f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT_SID}/Recordings/{sid}",
        "RecordingStatus": "completed",
        "RecordingDuration": "12",
        "RecordingChannels": "1",
        "RecordingStartTime": "Sat, 21 Nov 2026 02:59:40 +0000",
        "RecordingSource": "RecordVerb",
        "ErrorCode": "0",
    }
    return said | fields


class Messages:
    """The queue of recordings, between the callback and whoever copies: what waits, and its delivery."""

    def __init__(self, cloud: Any) -> None:
        self.cloud = cloud
        self.queue = cloud.queues.named["Recordings"]

    @property
    def waiting(self) -> list[str]:
        return [message.body for message in self.queue.messages]

    def deliver(self) -> list[bool]:
        """Hands each message that waits to the function, as Lambda does; whether it has managed it."""
        import recording

        done = []
        for message in list(self.queue.messages):
            event = {"Records": [{"messageId": message.message_id, "body": message.body}]}
            failed = recording.handler(event, Context("recording"))["batchItemFailures"]
            if not failed:
                self.queue.delete(message)
            done.append(not failed)
        return done


def report(twilio: Twilio, fields: dict[str, str], path: str | None = None) -> int:
    """The status with which a callback about a recording is answered."""
    import recording

    answer = twilio.send(recording.handler, path or source().path, fields)
    return int(answer["statusCode"])


def row(cloud: Any, sid: str = SID) -> dict[str, Any] | None:
    """What the table holds of a recording."""
    answer = cloud.dynamodb.get_item(TableName=config.RECORDINGS_TABLE, Key={"recording_sid": {"S": sid}})
    item = answer.get("Item")
    return item and {name: next(iter(value.values())) for name, value in item.items()}


def files(cloud: Any) -> dict[str, bytes]:
    """What lies in the bucket."""
    return {key: file.content for key, file in cloud.buckets.named[config.RECORDINGS_BUCKET].items()}


def as_text(events: list[Any]) -> str:
    return json.dumps([event.detail for event in events])
