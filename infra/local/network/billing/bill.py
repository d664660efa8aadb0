"""The account's bill: what each thing costs by Twilio's rules, and what has been used on which day.

Something is on the bill from its end on, plus the time that Twilio needs. Until then nothing is done about it: no clock
runs here, and the sums are made when somebody reads them.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Protocol

from local.clock import ROUNDING, Clock
from local.network.billing.monthly import Leases, Shelf
from local.network.billing.prices import read_prices
from local.network.numbers import type_of
from local.network.refusals import Refused

UNBILLED_FAILURES = (30036,)  # a text that has waited for too long: support.twilio.com/hc/en-us/articles/27502337507483


@dataclass(frozen=True)
class Charge:
    """What one thing costs, and from when on Twilio says so. Without an amount nobody has a price for it."""

    amount: Decimal | None
    final_at: float


def shown(charge: Charge | None, now: float) -> str | None:
    """A price as resources show it: null at first, then negative: https://www.twilio.com/docs/voice/api/call-resource

    What costs nothing, such as a call that nobody has answered, has null for ever (unverified).
    """
    if charge is None or charge.amount is None or now < charge.final_at - ROUNDING:
        return None
    places = -int(charge.amount.as_tuple().exponent)
    return f"{-charge.amount if charge.amount else charge.amount:.{max(places, 5)}f}"


@dataclass
class Usage:
    """How much of one category has been used: how often, how much, for how much."""

    count: int = 0
    usage: int = 0
    price: Decimal = Decimal(0)

    def add(self, other: Usage) -> None:
        self.count += other.count
        self.usage += other.usage
        self.price += other.price


class BilledCall(Protocol):
    """What the bill needs of a call that is over."""

    direction: str
    from_: str
    to: str
    created_at: float
    started_at: float | None

    @property
    def billed_minutes(self) -> int: ...


class BilledText(Protocol):
    """What the bill needs of a text."""

    direction: str
    from_: str
    to: str
    segments: int
    created_at: float

    @property
    def is_multimedia(self) -> bool: ...


class Bill:
    """What the account has used since the bill was begun, by days of GMT, as all of Twilio's usage is."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.prices = clock, read_prices({})
        self.leases = Leases()
        self.begin()

    def begin(self) -> None:
        """Nothing has been used. Numbers stay, and are paid again when their next month begins."""
        self.begun_at = self.clock.now()
        self.shelf = Shelf()
        self.days: dict[date, dict[str, Usage]] = {}
        self.waiting: list[tuple[float, int, date, str, Usage]] = []  # until their price is known, the earliest first
        self.order = itertools.count()

    def replace_prices(self, wishes: Any) -> None:
        """Other prices, for what ends from now on. Raises Refused, also where two currencies would meet on one bill."""
        prices = read_prices(wishes)
        if prices.price_unit != self.prices.price_unit and (self.days or self.waiting):
            unit = self.prices.price_unit
            raise Refused(409, f"There is something on the bill in {unit} already: DELETE /world first.")
        self.prices = prices

    def charge(self, category: str, at: float, usage: int, rate: Decimal | None, count: int = 1) -> Charge:
        """Puts so much of this on the bill of the day on which it began."""
        charge = Charge(None if rate is None else rate * usage, self.clock.now() + self.prices.delay)
        line = Usage(count, usage, charge.amount or Decimal(0))
        heapq.heappush(self.waiting, (charge.final_at, next(self.order), day(at), category, line))
        self.settle()
        return charge

    def settle(self) -> None:
        """Enters what has got its price meanwhile."""
        now = self.clock.now() + ROUNDING
        while self.waiting and self.waiting[0][0] <= now:
            _, _, on, category, line = heapq.heappop(self.waiting)
            self.days.setdefault(on, {}).setdefault(category, Usage()).add(line)

    # ---- Twilio's rules --------------------------------------------------------------------------------------------

    def call(self, call: BilledCall) -> Charge | None:
        """Each leg by itself, in whole minutes, on the day of its start. Nothing for what nobody has answered.

        https://help.twilio.com/articles/223132307 https://www.twilio.com/docs/voice/resolve-call-log-usage-discrepancies
        """
        if not call.billed_minutes:
            return None
        category, rate = self.minute(call)
        return self.charge(category, call.started_at or call.created_at, call.billed_minutes, rate)

    def minute(self, call: BilledCall) -> tuple[str, Decimal | None]:
        """The category of a call, and what a minute of it costs."""
        if "client:" in (call.from_[:7], call.to[:7]):
            return "calls-client", self.prices.fee("client_minute")
        if call.direction == "inbound":
            return f"calls-inbound-{kind(call.to)}", self.prices.minute_in(call.to)
        return "calls-outbound", self.prices.minute_out(call.to, call.from_)

    def participant(self, joined_at: float, minutes: int) -> None:
        """Somebody has left a conference. This comes on top of the minutes of their call."""
        fee = self.prices.fee("conference_participant_minute")
        self.charge("calls-globalconference", joined_at, minutes, fee)

    def detection(self) -> None:
        """It is known whether a person or a machine has answered."""
        self.charge("answering-machine-detection", self.clock.now(), 1, self.prices.fee("machine_detection"))

    def speech(self, voice: str, text: str) -> None:
        """Something is said, once however often it is heard. The basic voices cost nothing.

        Prices are for a hundred characters; that each <Say> is rounded up to them is unverified, as is all of this.
        """
        provider = {"polly": "amazon-polly", "google": "tts-google"}.get(voice.partition(".")[0].lower())
        if provider:
            self.charge(provider, self.clock.now(), math.ceil(len(text) / 100), self.prices.fee(quality(voice)))

    def recording(self, started_at: float, seconds: float) -> Charge:
        """A recording is made, and kept from now on."""
        minutes = whole_minutes(seconds)
        self.shelf.put(day(self.clock.now()), minutes)
        return self.charge("calls-recordings", started_at, minutes, self.prices.fee("recording_minute"))

    def recording_deleted(self, seconds: float) -> None:
        self.shelf.put(day(self.clock.now()), -whole_minutes(seconds), -1)

    def text(self, text: BilledText) -> Charge:
        """A text has gone out, whatever becomes of it, or has come in: by segments, or at once if there are files.

        https://support.twilio.com/hc/en-us/articles/223181728 Twilio counts a segment as a message (unverified).
        """
        incoming = text.direction == "inbound"
        way = "inbound" if incoming else "outbound"
        if text.is_multimedia:
            return self.charge(f"mms-{way}-longcode", text.created_at, 1, self.prices.fee(f"mms_{way}"))
        rate = self.prices.segment_in(text.to) if incoming else self.prices.segment_out(text.to, text.from_)
        return self.charge(f"sms-{way}-longcode", text.created_at, text.segments, rate, text.segments)

    def failed_text(self, error: int) -> None:
        """A text has never gone out; what Twilio asks for that, the text does not show (unverified)."""
        if error not in UNBILLED_FAILURES:
            self.charge("failed-message-processing-fee", self.clock.now(), 1, self.prices.fee("failed_message"))

    # ---- what has been used ----------------------------------------------------------------------------------------

    def lines(self) -> Iterator[tuple[date, str, Usage]]:
        """What stands on the bill: on which day, of which category, how much. What is paid by the month is paid now.

        Monthly prices are those of today, also for months that are past.
        """
        self.settle()
        for on, used in self.days.items():
            for category, usage in used.items():
                yield on, category, usage
        for on, number in self.leases.fees(self.begun_at, self.clock.now()):
            yield on, f"phonenumbers-{kind(number)}", Usage(1, 1, self.prices.month(number) or Decimal(0))
        for on, cost in self.shelf.costs(day(self.clock.now()), self.prices.fee("stored_minute_a_month")):
            yield on, "recordingstorage", Usage(price=cost)


def day(moment: float) -> date:
    return datetime.fromtimestamp(moment, UTC).date()


def whole_minutes(seconds: float) -> int:
    return max(1, math.ceil(round(seconds, 3) / 60))


def kind(number: str) -> str:
    """The type of a number as categories name it, which have no word for a national one (unverified: as local ones)."""
    return {"toll-free": "tollfree", "mobile": "mobile"}.get(type_of(number), "local")


def quality(voice: str) -> str:
    """The fee of a voice: https://www.twilio.com/docs/voice/twiml/say/text-speech"""
    if "Generative" in voice or "Chirp" in voice:
        return "generative_voice_100_characters"
    return ("neural" if "Neural" in voice or "Wavenet" in voice else "standard") + "_voice_100_characters"
