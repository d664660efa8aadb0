"""The numbers of the Twilio account: what Twilio says of them, and what the exchange does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urldefrag, urlsplit

from twilio.rest import Client

from command.exchange import Exchange

KINDS = {"voice": "calls", "sms": "texts"}  # what comes to a number, by Twilio's name for it


@dataclass(frozen=True)
class Way:
    """Where the calls of a number go, or its texts. `instead` is an application or trunk, which counts for more."""

    url: str
    method: str
    fallback_url: str
    instead: str

    @property
    def goes_to(self) -> str:
        return self.instead or self.url or "nobody"


NOBODYS = ("", "", "")  # the service's name and SID, and the number's in its pool, where no service has it


@dataclass(frozen=True)
class Line:
    """A number of the account: what it can do, where its calls and texts go, whose pool it is in, and what answers
    there (blank: nobody's, nothing). The pool may know it by another SID, if it was given back and bought again.
    """

    sid: str
    number: str
    country: str
    voice: bool
    sms: bool
    mms: bool
    calls: Way
    texts: Way
    service: str = ""
    service_sid: str = ""
    pooled_as: str = ""
    reception: str = ""

    @property
    def works_for(self) -> str:
        """Whose it is here, in words; blank if it is not the exchange's at all."""
        return ", ".join(filter(None, (self.service, self.reception and f"the reception {self.reception}")))

    @property
    def goes_to(self) -> str:
        return self.calls.goes_to

    def leads_to(self, domain: str) -> bool:
        """Whether its calls or its texts go to a domain."""
        return any(urlsplit(way.url).netloc == domain for way in (self.calls, self.texts))

    def way(self, kind: str) -> Way:
        return self.calls if kind == "voice" else self.texts


@dataclass(frozen=True)
class Lines:
    """All of them. `webhooks` are where the exchange points a number, by kind, retries included."""

    webhooks: dict[str, str]
    owned: list[Line]
    given_back: list[str]  # in a pool or with a reception, and not the account's any more

    @property
    def attached(self) -> list[Line]:
        return [line for line in self.owned if line.works_for]

    def comes_here(self, line: Line) -> list[str]:
        """The kinds that have to come to the exchange: calls and texts, as far as the number can have them."""
        asked = {"voice": line.voice, "sms": line.sms}
        return [kind for kind in KINDS if asked[kind]]

    def leads_here(self, line: Line, kind: str = "voice") -> bool:
        """Whether its calls, or its texts, come to the exchange, be it as they should or not."""
        way = line.way(kind)
        return not way.instead and urldefrag(way.url).url == urldefrag(self.webhooks[kind]).url

    def is_right(self, line: Line) -> bool:
        """Whether it points here exactly as the exchange would have it."""
        return all(line.way(kind) == Way(self.webhooks[kind], "POST", "", "") for kind in self.comes_here(line))


def read(exchange: Exchange, desk: Client) -> Lines:
    """Asks Twilio for its numbers, and the exchange for its pools and receptions and how it points numbers."""
    from toritsugi.foundation import addresses  # the desk is open, so the environment is there
    from toritsugi.lines.numbers import country_of

    pooled = {
        number.phone_number: (service.unique_name, service.sid, number.sid)
        for service in desk.proxy.v1.services.list()
        for number in desk.proxy.v1.services(service.sid).phone_numbers.list()
    }
    answering = dict(receptions())
    owned = [
        Line(
            sid=found.sid,
            number=found.phone_number,
            country=country_of(found.phone_number) or "",
            **{name: bool((found.capabilities or {}).get(name)) for name in ("voice", "sms", "mms")},
            calls=way(found, "voice", found.trunk_sid or found.voice_application_sid),
            texts=way(found, "sms", found.sms_application_sid),
            service=pooled.get(found.phone_number, NOBODYS)[0],
            service_sid=pooled.get(found.phone_number, NOBODYS)[1],
            pooled_as=pooled.get(found.phone_number, NOBODYS)[2],
            reception=answering.get(found.phone_number, ""),
        )
        for found in exchange.twilio().incoming_phone_numbers.list()
    ]
    given_back = sorted({*pooled, *answering} - {line.number for line in owned})
    return Lines({kind: addresses.public_url(f"/{kind}") for kind in KINDS}, owned, given_back)


def receptions() -> Iterator[tuple[str, str]]:
    """The numbers at which a reception answers, each with its name."""
    from toritsugi.receptions import records

    page, after = records.list_receptions(None, 100)
    while page:
        yield from ((number, reception.name) for reception in page for number in reception.lines or ())
        page, after = records.list_receptions(after, 100) if after else ([], None)


def way(found: object, kind: str, instead: str | None) -> Way:
    said = {name: getattr(found, f"{kind}_{name}") or "" for name in ("url", "method", "fallback_url")}
    return Way(said["url"], said["method"] or "POST", said["fallback_url"], instead or "")
