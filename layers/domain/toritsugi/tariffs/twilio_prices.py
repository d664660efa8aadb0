"""The rates that Twilio's Pricing API tells of a country, as a rate card has them; what it lacks is of another card.

https://www.twilio.com/docs/voice/pricing https://www.twilio.com/docs/messaging/api/pricing
https://www.twilio.com/docs/phone-numbers/pricing
It knows neither conferences nor recordings, detection, speech, browsers and taxes.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from toritsugi.foundation.types import Json
from toritsugi.money.rates import DECIMAL, EVERY_ORIGIN, PREFIX, Rate, RateCard, What

PRICING_API = "https://pricing.twilio.com"
ANY_CARRIER = ("any", "other")
# What the API tells of each country that is pulled. All else is of the card that is shipped.
TOLD = {What.OUTGOING_CALL, What.INCOMING_CALL, What.OUTGOING_TEXT, What.INCOMING_TEXT, What.NUMBER}


@dataclass(frozen=True)
class CountryPrices:
    """What Twilio has answered about a country, whose numbers begin with this `code`; None of what it does not sell."""

    country: str
    code: str
    voice: Mapping[str, Any] | None
    messaging: Mapping[str, Any] | None
    numbers: Mapping[str, Any] | None

    @property
    def currency(self) -> str:
        """In which the account pays; blank if nothing is sold there."""
        said = (one["price_unit"] for one in (self.voice, self.messaging, self.numbers) if one)
        return next((str(one).upper() for one in said if one), "")


@dataclass
class RateReader:
    """Reads the rates of a country. What cannot be read is left out, and said in `unread`."""

    prices: CountryPrices
    as_of: date
    unread: list[str] = field(default_factory=list)

    def rates(self) -> tuple[Rate, ...]:
        """All that Twilio tells, each once; of two for the very same the dearer counts."""
        return rates_once([*self.of_voice(), *self.of_messaging(), *self.of_numbers()])

    def of_voice(self) -> Iterator[Rate]:
        told = self.prices.voice or {}
        source = f"{PRICING_API}/v2/Voice/Countries/{self.prices.country}"
        for row in told.get("outbound_prefix_prices") or ():
            to, origins = self.prefixes(row, "destination_prefixes"), self.prefixes(row, "origination_prefixes")
            if to and (origins or not row.get("origination_prefixes")):
                yield self.rate(
                    What.OUTGOING_CALL,
                    row,
                    source,
                    name=row.get("friendly_name") or "",
                    destination_prefixes=to,
                    origination_prefixes=origins or (EVERY_ORIGIN,),
                )
        for row in told.get("inbound_call_prices") or ():
            yield self.rate_of_line(What.INCOMING_CALL, row, source)

    def of_messaging(self) -> Iterator[Rate]:
        told = self.prices.messaging or {}
        source = f"{PRICING_API}/v1/Messaging/Countries/{self.prices.country}"
        for row in told.get("outbound_sms_prices") or ():
            carrier = row.get("carrier") or ""
            for one in row.get("prices") or ():
                whose = "" if carrier.lower() in ANY_CARRIER else carrier
                yield self.rate_of_line(What.OUTGOING_TEXT, one, source, carrier=whose)
        for row in told.get("inbound_sms_prices") or ():
            yield self.rate_of_line(What.INCOMING_TEXT, row, source)

    def of_numbers(self) -> Iterator[Rate]:
        source = f"{PRICING_API}/v1/PhoneNumbers/Countries/{self.prices.country}"
        for row in (self.prices.numbers or {}).get("phone_number_prices") or ():
            yield self.rate_of_line(What.NUMBER, row, source)

    def rate_of_line(self, what: What, row: Json, source: str, carrier: str = "") -> Rate:
        """A rate that goes by the country and the type of number, which Twilio writes with a blank here alone."""
        number_type = (row.get("number_type") or "").replace(" ", "-")
        name = ", ".join(part for part in (self.prices.country, carrier, number_type) if part)
        where = {"destination_prefixes": (self.prices.code,), "number_type": number_type, "carrier": carrier}
        return self.rate(what, row, source, name=name, **where)

    def rate(self, what: What, row: Json, source: str, **more: Any) -> Rate:
        current, base = (self.amount(row, name) for name in ("current_price", "base_price"))
        return Rate(
            what=what,
            rate=current,
            list_rate=None if base == current else base,
            country=self.prices.country,
            source=source,
            as_of=self.as_of,
            certainty="own",
            note="Twilio names no price" if current is None else "",
            **more,
        )

    def amount(self, row: Json, name: str) -> Decimal | None:
        said = row.get(name)
        if said is None:
            return None
        if not DECIMAL.fullmatch(str(said)):
            self.unread.append(f"{self.prices.country}: {name} {said}")
            return None
        return Decimal(str(said))

    def prefixes(self, row: Json, name: str) -> tuple[str, ...]:
        """The beginnings of numbers that a row has, without a plus."""
        said = [str(one).removeprefix("+") for one in row.get(name) or ()]
        wrong = [one for one in said if one != EVERY_ORIGIN and not PREFIX.fullmatch(one)]
        self.unread += [f"{self.prices.country}: {name} {one}" for one in wrong]
        return tuple(one for one in said if one not in wrong)


def rates_once(rates: Iterable[Rate]) -> tuple[Rate, ...]:
    """Rates of which no two are for the same: of several the dearest stays."""
    dearest: dict[tuple[str, ...], Rate] = {}
    kept = list(rates)
    for rate in kept:
        for subject in rate.subjects:
            before = dearest.get(subject)
            if before is None or (before.rate or 0) < (rate.rate or 0):
                dearest[subject] = rate
    return tuple(left for rate in kept for left in what_is_left(rate, dearest))


def what_is_left(rate: Rate, dearest: Mapping[tuple[str, ...], Rate]) -> Iterator[Rate]:
    """A rate as it is, or for the destinations and origins that no other has taken."""
    won = [subject for subject in rate.subjects if dearest[subject] is rate]
    if len(won) == len(rate.subjects):
        yield rate
        return
    for _, to, origin, *_ in won:
        yield replace(rate, destination_prefixes=(to,) if to else (), origination_prefixes=(origin,))


# ---- the card --------------------------------------------------------------------------------------------------------


def card_of_countries(
    rates: Iterable[Rate], countries: Iterable[str], currency: str, as_of: date, shipped: RateCard
) -> RateCard:
    """The card of what was pulled, and of what the shipped one has besides, with that one's dates and sources."""
    pulled, known = tuple(rates), tuple(countries)
    lacking = (one for one in shipped.rates if one.what not in TOLD or one.country not in known)
    others = [rate_in(one, shipped, currency) for one in lacking]
    return RateCard(
        name=f"twilio-{as_of.isoformat()}",
        title="What your account pays at Twilio",
        as_of=as_of,
        currency=currency,
        source=PRICING_API,
        note=f"Pulled for {', '.join(known)}. What Twilio's API lacks is of {shipped.name}.",
        rates=rates_once([*pulled, *others]),
    )


def rate_in(rate: Rate, card: RateCard, currency: str) -> Rate:
    """A rate of a card in a currency; one in another is not known, for nobody has said what that is worth."""
    if card.currency == currency or rate.what is What.TAX or rate.rate is None:
        return rate
    note = f"{card.name} has it in {card.currency} alone: {rate.rate:f}. Give a rate of your own"
    return replace(rate, rate=None, list_rate=None, note=note)
