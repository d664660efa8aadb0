"""What was called and written in, lines out: each says what, how much of it, at which rate, and where that is from.

Twilio bills by its Call SIDs: each is rounded up to whole minutes by itself, one that is not answered costs nothing.
https://support.twilio.com/hc/en-us/articles/223132307 Its Call.price has connectivity alone; detection, speech and
recordings are lines of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeVar

from toritsugi.foundation.errors import wrong_field
from toritsugi.money.rates import Rate, RateCard, Wanted, What, rate_for

MINUTE = 60
SPOKEN_CHARACTERS = 100  # that text-to-speech is billed by

Amount = TypeVar("Amount", int, Decimal)

LINE_TYPES_OF_JAPAN = {"8150": "national", "81120": "toll-free", "81800": "toll-free", "81": "local"}


@dataclass(frozen=True, kw_only=True)
class PricedCall:
    """One Call SID, and `count` of the same. Nobody has answered one that has no `seconds`.

    `to` is who was called, and for a call that comes in our own line; `shows` the number that is shown. Whoever was in
    a conference has `conference_seconds`. `whose` says in words whose call it is.
    """

    what: What = What.OUTGOING_CALL
    seconds: int | None
    to: str = ""
    shows: str = ""
    number_type: str = ""
    conference_seconds: int | None = None
    detects_machines: bool = False
    count: int = 1
    whose: str = ""

    def lines(self, card: RateCard) -> Iterator[PriceLine]:
        """What it costs, without tax."""
        if self.seconds is None:
            return
        minutes = whole_minutes(self.seconds) * self.count
        number_type = self.number_type or (type_of_line(self.to) if self.what is What.INCOMING_CALL else "")
        yield price_line(card, Wanted(self.what, self.to, self.shows, number_type), minutes, self.whose)
        if self.conference_seconds is not None:
            minutes = whole_minutes(self.conference_seconds) * self.count
            yield price_line(card, Wanted(What.CONFERENCE), minutes, self.whose)
        if self.detects_machines:
            yield price_line(card, Wanted(What.DETECTION), self.count, self.whose)


@dataclass(frozen=True, kw_only=True)
class PricedRecording:
    """A recording that was made, however many are in it."""

    seconds: int
    count: int = 1
    whose: str = ""

    def lines(self, card: RateCard) -> Iterator[PriceLine]:
        """What it costs, without tax."""
        yield price_line(card, Wanted(What.RECORDING), whole_minutes(self.seconds) * self.count, self.whose)


@dataclass(frozen=True, kw_only=True)
class PricedStorage:
    """Recordings that are kept at Twilio: whole minutes of each, times the months of it.

    What an account has free in a month goes off for each of its `free_months`, so it is none of a single call's.
    """

    minute_months: Decimal
    free_months: int = 0
    count: int = 1
    whose: str = ""

    def lines(self, card: RateCard) -> Iterator[PriceLine]:
        """What it costs, without tax."""
        kept = at_least("minute_months", self.minute_months, 0) * self.count
        rate = rate_for(card, Wanted(What.STORAGE))
        free = rate.free * self.free_months if rate else Decimal(0)
        yield price_line(card, Wanted(What.STORAGE), max(kept - free, Decimal(0)), self.whose)


@dataclass(frozen=True, kw_only=True)
class PricedSpeech:
    """A sentence that Twilio speaks, of so many characters: of each <Say> one, however often its `loop` repeats it.

    Speech is synthesized when a <Say> is executed, and that is what is paid for. That repeating costs nothing is not
    written anywhere (unverified). https://www.twilio.com/docs/voice/twiml/say
    """

    characters: int
    voice: str = ""
    count: int = 1
    whose: str = ""

    def lines(self, card: RateCard) -> Iterator[PriceLine]:
        """What it costs, without tax."""
        hundreds = -(-at_least("characters", self.characters, 0) // SPOKEN_CHARACTERS)
        if hundreds:
            yield price_line(card, Wanted(What.SPEECH, voice=self.voice), hundreds * self.count, self.whose)


@dataclass(frozen=True, kw_only=True)
class PricedText:
    """A text of so many segments to somebody; or of somebody `to` a line of ours. `number_type` is that of our line."""

    segments: int
    to: str = ""
    comes_in: bool = False
    number_type: str = ""
    carrier: str = ""
    count: int = 1
    whose: str = ""

    def lines(self, card: RateCard) -> Iterator[PriceLine]:
        """What it costs, without tax."""
        what = What.INCOMING_TEXT if self.comes_in else What.OUTGOING_TEXT
        wanted = Wanted(what, self.to, number_type=self.number_type, carrier=self.carrier)
        yield price_line(card, wanted, at_least("segments", self.segments, 1) * self.count, self.whose)


@dataclass(frozen=True, kw_only=True)
class PricedNumber:
    """A number that is rented: each month that has begun is paid in whole, beforehand.

    https://support.twilio.com/hc/en-us/articles/4477541483419
    """

    to: str
    number_type: str = ""
    months: int = 1
    count: int = 1
    whose: str = ""

    def lines(self, card: RateCard) -> Iterator[PriceLine]:
        """What it costs, without tax."""
        wanted = Wanted(What.NUMBER, self.to, number_type=self.number_type or type_of_line(self.to))
        yield price_line(card, wanted, at_least("months", self.months, 1) * self.count, self.whose)


Priced = PricedCall | PricedRecording | PricedStorage | PricedSpeech | PricedText | PricedNumber


@dataclass(frozen=True, kw_only=True)
class PriceLine:
    """One line of a price. The amount is quantity times rate; neither is there where `why_unknown` says why."""

    what: What
    name: str
    whose: str
    quantity: Decimal
    unit: str
    rate: Decimal | None
    amount: Decimal | None
    currency: str
    source: str
    as_of: date
    certainty: str
    note: str = ""
    is_overridden: bool = False
    why_unknown: str = ""

    @property
    def is_of_money(self) -> bool:
        """Whether its quantity is an amount itself: a tax is a part of one."""
        return self.what is What.TAX


@dataclass(frozen=True)
class PriceTotal:
    """The sum of all lines whose amount is known, and those that it is without."""

    amount: Decimal
    currency: str
    unknown: tuple[PriceLine, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing in it."""
        return not self.unknown


def price(things: Iterable[Priced], card: RateCard, *, tax: bool = True) -> tuple[PriceLine, ...]:
    """What these cost by a card, line by line; with the tax, if the card names one, as the last."""
    lines = [line for one in things if at_least("count", one.count, 0) for line in one.lines(card)]
    rate = rate_for(card, Wanted(What.TAX)) if tax else None
    if rate and lines:
        lines.append(price_line(card, Wanted(What.TAX), sum_up(lines, card.currency).amount))
    return tuple(lines)


def sum_up(lines: Iterable[PriceLine], currency: str) -> PriceTotal:
    """The total of lines that are in one currency."""
    lines = tuple(lines)
    if others := {line.currency for line in lines} - {currency}:
        raise ValueError(f"a sum in {currency} of lines in {', '.join(sorted(others))}")
    known = (line.amount for line in lines if line.amount is not None)
    return PriceTotal(sum(known, Decimal(0)), currency, tuple(line for line in lines if line.amount is None))


def price_line(card: RateCard, wanted: Wanted, quantity: Decimal | int, whose: str = "") -> PriceLine:
    """So much of something at the rate that a card has for it, or with the reason why nobody knows what that costs."""
    rate = rate_for(card, wanted) or missing_rate(card, wanted)
    amount = None if rate.rate is None else rate.rate * quantity
    return PriceLine(
        what=wanted.what,
        name=rate.name,
        whose=whose,
        quantity=Decimal(quantity),
        unit=rate.unit,
        rate=rate.rate,
        amount=amount,
        currency=card.currency,
        source=rate.source,
        as_of=rate.as_of,
        certainty=rate.certainty,
        note=rate.note,
        is_overridden=rate.is_overridden,
        why_unknown=rate.note if amount is None else "",
    )


def missing_rate(card: RateCard, wanted: Wanted) -> Rate:
    """What stands for a rate that a card has not."""
    where = f" to {wanted.to}" if wanted.to else ""
    note = f"The card {card.name} has no rate for this: {wanted.what}{where}"
    return Rate(what=wanted.what, rate=None, name=wanted.what.value, note=note, source=card.source, as_of=card.as_of)


def whole_minutes(seconds: int) -> int:
    """The minutes that are billed of something that has begun: all that have begun, and one at least."""
    return max(1, -(-at_least("seconds", seconds, 0) // MINUTE))


def at_least(name: str, value: Amount, least: int) -> Amount:
    """The value. Raises RequestRefused for one that is smaller than that."""
    if value < least:
        raise wrong_field(name, f"{least} at least")
    return value


def type_of_line(number: str) -> str:
    """Of which type a number in Japan is, as Twilio names it; of others nothing is known here."""
    digits = number.removeprefix("+")
    beginnings = (digits[:size] for size in range(len("81120"), 1, -1))
    return next((LINE_TYPES_OF_JAPAN[one] for one in beginnings if one in LINE_TYPES_OF_JAPAN), "")
