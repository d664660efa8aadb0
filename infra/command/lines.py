"""The numbers of the Twilio account: what Twilio says of them, and what the exchange does."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urldefrag

from twilio.rest import Client

from command.exchange import Exchange


@dataclass(frozen=True)
class Line:
    """A number of the account: what it can do, where its calls go, and whose pool it is in (blank: in nobody's)."""

    sid: str
    number: str
    country: str
    voice: bool
    sms: bool
    mms: bool
    voice_url: str
    voice_method: str
    voice_fallback_url: str
    instead: str  # the SID of an application or trunk, which counts for more than the URL
    service: str = ""
    service_sid: str = ""

    @property
    def goes_to(self) -> str:
        return self.instead or self.voice_url or "nobody"


@dataclass(frozen=True)
class Lines:
    """All of them. `webhook` is where the exchange points a number, retries included."""

    webhook: str
    owned: list[Line]
    given_back: list[str]  # in a pool, and not the account's any more

    @property
    def attached(self) -> list[Line]:
        return [line for line in self.owned if line.service]

    def leads_here(self, line: Line) -> bool:
        """Whether its calls come to the exchange, be it as they should or not."""
        return not line.instead and urldefrag(line.voice_url).url == urldefrag(self.webhook).url

    def is_right(self, line: Line) -> bool:
        """Whether it points here exactly as the exchange would have it."""
        pointed = line.voice_url, line.voice_method, line.voice_fallback_url, line.instead
        return pointed == (self.webhook, "POST", "", "")


def read(exchange: Exchange, desk: Client) -> Lines:
    """Asks Twilio for its numbers, and the exchange for its pools and how it points them."""
    from toritsugi import webhooks  # the desk is open, so the environment is there
    from toritsugi.numbers import country_of

    pooled = {
        number.phone_number: service
        for service in desk.proxy.v1.services.list()
        for number in desk.proxy.v1.services(service.sid).phone_numbers.list()
    }
    owned = [
        Line(
            sid=found.sid,
            number=found.phone_number,
            country=country_of(found.phone_number) or "",
            **{name: bool((found.capabilities or {}).get(name)) for name in ("voice", "sms", "mms")},
            voice_url=found.voice_url or "",
            voice_method=found.voice_method or "POST",
            voice_fallback_url=found.voice_fallback_url or "",
            instead=found.trunk_sid or found.voice_application_sid or "",
            service=pooled[found.phone_number].unique_name if found.phone_number in pooled else "",
            service_sid=pooled[found.phone_number].sid if found.phone_number in pooled else "",
        )
        for found in exchange.twilio().incoming_phone_numbers.list()
    ]
    given_back = sorted(set(pooled) - {line.number for line in owned})
    return Lines(webhooks.address("/voice"), owned, given_back)
