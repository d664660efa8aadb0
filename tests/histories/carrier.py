"""Twilio's REST API for histories, beside calls: the numbers of the account, text messages, recordings."""

from __future__ import annotations

import hashlib
import time
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import unquote

from tests.histories.telephones import Telephones

WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(64)


class Carrier:
    """`owned` are the account's numbers, `sent` the texts that went out, `tapes` the recordings that it has."""

    def __init__(self, telephones: Telephones) -> None:
        self.telephones = telephones
        self.owned: dict[str, dict[str, Any]] = {}
        self.sent: list[tuple[float, str, str, str]] = []
        self.texts: list[dict[str, str]] = []
        self.tapes: dict[str, bytes] = {}

    def own(self, number: str, *, sms: bool = False) -> None:
        able = {"voice": True, "sms": sms, "mms": False}
        self.owned[number] = {
            "sid": sid_of(number),
            "phone_number": number,
            "friendly_name": number,
            "capabilities": able,
        }

    def answer(self, method: str, path: str, form: dict[str, str]) -> tuple[int, Any]:
        """Status and JSON, or a file."""
        self.telephones.world.happened("asked", path if method == "POST" else f"{method} {path}", form)
        if path.startswith("/IncomingPhoneNumbers"):
            return self.answer_of_numbers(path, form)
        if path.startswith("/Messages"):
            return self.send(form) if method == "POST" else self.answer_of_texts(form)
        if path.startswith("/Recordings/"):
            return self.answer_of_tapes(method, path.rpartition("/")[2])
        return self.telephones.rest(method, path, form)

    def answer_of_numbers(self, path: str, form: dict[str, str]) -> tuple[int, Any]:
        if path == "/IncomingPhoneNumbers.json":
            wanted = unquote(form.get("PhoneNumber", ""))
            return 200, {"incoming_phone_numbers": [self.owned[wanted]] if wanted in self.owned else []}
        sid = path.rpartition("/")[2].removesuffix(".json")
        found = next((number for number in self.owned.values() if number["sid"] == sid), None)
        return (200, found) if found else (404, {"code": 20404, "message": "not found", "status": 404})

    def send(self, form: dict[str, str]) -> tuple[int, Any]:
        sid = "SM" + hashlib.md5(f"{len(self.sent)}".encode()).hexdigest()
        self.sent.append((time.time(), form["To"], form["From"], form["StatusCallback"].partition("#")[0]))
        for seconds, status in ((1, "sent"), (2, "delivered")):
            fields = {"MessageSid": sid, "MessageStatus": status}
            self.telephones.world.later(seconds, self.teller(f"{sid} {status}", form["StatusCallback"], fields))
        self.texts.append({"sid": sid, "status": "queued", "date_created": format_datetime(now()), **spoken(form)})
        return 201, {"sid": sid, "status": "queued"}

    def answer_of_texts(self, form: dict[str, str]) -> tuple[int, Any]:
        """Those that it has sent from one number to another, the newest first."""
        found = [one for one in reversed(self.texts) if (one["to"], one["from"]) == (form["To"], form["From"])]
        return 200, {"messages": found, "next_page_uri": None}

    def teller(self, name: str, address: str, fields: dict[str, str]) -> Any:
        return lambda: self.telephones.world.tell(name, address, fields)

    def answer_of_tapes(self, method: str, name: str) -> tuple[int, Any]:
        sid = name.partition(".")[0]
        if sid not in self.tapes:
            return 404, b""
        if method == "DELETE":
            del self.tapes[sid]
            return 204, b""
        return 200, self.tapes[sid]


def now() -> datetime:
    return datetime.fromtimestamp(int(time.time()), UTC)


def spoken(form: dict[str, str]) -> dict[str, str]:
    """What a text says, to whom and from where, as Twilio calls it."""
    return {"to": form["To"], "from": form["From"], "body": form.get("Body", "")}


def sid_of(number: str) -> str:
    return "PN" + number[1:].zfill(32)
