"""The Twilio account, through the official library."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from command.refusals import Refused

TWILIO = "https://api.twilio.com"
ACCOUNT_SID = re.compile(r"AC[0-9a-f]{32}")


class Elsewhere(TwilioHttpClient):
    """Twilio's own HTTP client, for a Twilio that is not at twilio.com: a telephone network in a box."""

    def __init__(self, carrier_url: str) -> None:
        super().__init__(timeout=10, max_retries=2)
        self.carrier = urlsplit(carrier_url)[:2]

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        return super().request(method, urlunsplit(self.carrier + urlsplit(url)[2:]), *args, **kwargs)


def connect(account_sid: str, token: str, carrier_url: str = TWILIO) -> Client:
    """The account, opened with one of its auth tokens."""
    http = TwilioHttpClient(timeout=10, max_retries=2) if carrier_url == TWILIO else Elsewhere(carrier_url)
    return Client(account_sid, token, http_client=http)


def check(account_sid: str, token: str, carrier_url: str) -> Any:
    """What Twilio says of the account. Raises Refused if it is not active, TwilioRestException for a wrong token."""
    found = connect(account_sid, token, carrier_url).api.accounts(account_sid).fetch()
    if found.status != "active":
        raise Refused(
            f"The Twilio account {account_sid} is {found.status}, not active: see https://console.twilio.com."
        )
    return found


@dataclass(frozen=True)
class Owned:
    """A number of the account: what it can do, and where its calls go now."""

    sid: str
    number: str
    voice: bool
    sms: bool
    mms: bool
    voice_url: str
    voice_method: str
    voice_fallback_url: str
    instead: str  # the SID of an application or trunk, which counts for more than the URL

    @property
    def goes_to(self) -> str:
        return self.instead or self.voice_url or "nobody"


def numbers(client: Client) -> list[Owned]:
    """All numbers of the account."""
    return [
        Owned(
            sid=found.sid,
            number=found.phone_number,
            **{name: bool((found.capabilities or {}).get(name)) for name in ("voice", "sms", "mms")},
            voice_url=found.voice_url or "",
            voice_method=found.voice_method or "POST",
            voice_fallback_url=found.voice_fallback_url or "",
            instead=found.trunk_sid or found.voice_application_sid or "",
        )
        for found in client.incoming_phone_numbers.list()
    ]
