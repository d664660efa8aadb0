"""A service of Twilio's Proxy as it stands there. It is read through the official SDK, and nothing of it is changed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from command.exchange import Exchange
from command.refusals import Refused

PROXY = "https://proxy.twilio.com"
PAGE_SIZE = 100  # more are never on a page: https://www.twilio.com/docs/proxy/proxy-changelog
OPEN = ("open", "in-progress")


@dataclass(frozen=True)
class Person:
    """A participant: their own number, and the line on which they are in the session."""

    identifier: str
    line: str
    friendly_name: str = ""

    @property
    def parameter(self) -> dict[str, str]:
        """As a session is created with them."""
        named = {"FriendlyName": self.friendly_name} if self.friendly_name else {}
        return {"Identifier": self.identifier, "ProxyIdentifier": self.line} | named


@dataclass(frozen=True)
class ProxySession:
    """A session at Proxy, or the copy of one here. `people` are those who were not taken out of it."""

    sid: str
    name: str
    status: str
    mode: str
    ttl: int
    date_expiry: datetime | None
    created_at: datetime
    ended_at: datetime | None
    closed_reason: str
    people: tuple[Person, ...] = ()

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def copied_as(self) -> str:
        """The UniqueName of its copy, by which it is recognized: its own, or one that is made of its SID."""
        return self.name or f"proxy-{self.sid}"

    @property
    def lines(self) -> set[str]:
        return {person.line for person in self.people}


class ProxyService:
    """A service, at Proxy or here, by its SID or its name."""

    def __init__(self, client: Client, sid_or_name: str) -> None:
        self.sid, self.context = sid_or_name, client.proxy.v1.services(sid_or_name)

    def fetch(self) -> Any:
        return self.context.fetch()

    def numbers(self) -> dict[str, Any]:
        """Its pool, by the numbers."""
        return {number.phone_number: number for number in self.context.phone_numbers.list(page_size=PAGE_SIZE)}

    def sessions(self) -> list[ProxySession]:
        """All its sessions, without their people."""
        return [read_session(found) for found in self.context.sessions.list(page_size=PAGE_SIZE)]

    def people(self, session_sid: str) -> tuple[Person, ...]:
        """Who is in a session."""
        found = self.context.sessions(session_sid).participants.list(page_size=PAGE_SIZE)
        return tuple(
            Person(person.identifier, person.proxy_identifier, person.friendly_name or "")
            for person in found
            if person.date_deleted is None
        )


def read_session(found: Any) -> ProxySession:
    return ProxySession(
        found.sid,
        found.unique_name or "",
        str(found.status),
        str(found.mode),
        found.ttl or 0,
        found.date_expiry,
        found.date_created,
        found.date_ended,
        found.closed_reason or "",
    )


def open_proxy(exchange: Exchange) -> Client:
    """Proxy's API, opened by what opens the exchange's own account at Twilio. Raises Refused.

    PROXY_URL, in the environment, is that of another one, and PROXY_KEY opens it: what opens Twilio is sent to nobody
    else.
    """
    url = os.environ.get("PROXY_URL", PROXY)
    key, _, secret = os.environ.get("PROXY_KEY", "").partition(":")
    if not key and url != PROXY:
        raise Refused(f"Say which key opens {url}: PROXY_KEY=SK...:... in the environment.")
    client = Client(key, secret, http_client=TwilioHttpClient(timeout=20)) if key else exchange.twilio()
    client.proxy.base_url = url.rstrip("/")
    return client


@contextmanager
def asking_proxy(name: str) -> Iterator[None]:
    """What Proxy refuses is told as Proxy's. Raises Refused."""
    try:
        yield
    except TwilioRestException as error:
        if error.status == 404:
            raise Refused(f"Proxy has no service {name!r}: name it by its SID, KS..., or by its UniqueName.") from error
        if error.status in (401, 429):
            raise
        raise Refused(f"Proxy refuses: {error.msg} ({error.code})") from error
