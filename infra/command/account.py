"""The Twilio account, through the official library."""

from __future__ import annotations

import re
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


def connect(account_sid: str, secret: str, carrier_url: str = TWILIO, key_sid: str = "") -> Client:
    """The account, opened with one of its auth tokens, or with the secret of one of its API keys."""
    http = TwilioHttpClient(timeout=10, max_retries=2) if carrier_url == TWILIO else Elsewhere(carrier_url)
    return Client(key_sid or account_sid, secret, account_sid, http_client=http)


def opens(account_sid: str, secret: str, carrier_url: str, key_sid: str = "") -> bool:
    """Whether Twilio takes an auth token, or an API key. Raises Refused where it says neither.

    What is asked for are numbers, for an API key opens all but the account itself; and not by the SDK's lists, which
    do not tell a 401 from any other trouble.
    """
    numbers = f"{TWILIO}/2010-04-01/Accounts/{account_sid}/IncomingPhoneNumbers.json?PageSize=1"
    status = connect(account_sid, secret, carrier_url, key_sid).request("GET", numbers).status_code
    if status not in (200, 401):
        raise Refused(f"Twilio does not say whether it takes the token or key: it answers {status}.")
    return status == 200


def check(account_sid: str, token: str, carrier_url: str) -> Any:
    """What Twilio says of the account. Raises Refused if it is not active, TwilioRestException for a wrong token."""
    found = connect(account_sid, token, carrier_url).api.accounts(account_sid).fetch()
    if found.status != "active":
        raise Refused(
            f"The Twilio account {account_sid} is {found.status}, not active: see https://console.twilio.com."
        )
    return found
