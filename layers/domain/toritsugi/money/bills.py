"""Bills: what Twilio says that things cost, beside what they were estimated at, and what is left over, by its name.

The price of a call is that of its connection alone; what else it costs, only the sums of Usage Records tell.
https://www.twilio.com/docs/voice/api/call-resource https://www.twilio.com/docs/usage/api/usage-record
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from toritsugi.money.pricing import price_line
from toritsugi.money.rates import RateCard, Wanted, What

FAILED_TEXT, UNEXPLAINED = "failed-text", "unknown"
TOTAL_CATEGORY = "totalprice"

# In which categories Twilio sums up what is billed one by one: each call and text has a price, each number a month.
FOLLOWED: Mapping[str, tuple[str, ...]] = {
    What.INCOMING_CALL: ("calls-inbound",),
    What.OUTGOING_CALL: ("calls-outbound",),
    What.BROWSER_CALL: ("calls-client",),
    What.INCOMING_TEXT: ("sms-inbound", "mms-inbound"),
    What.OUTGOING_TEXT: ("sms-outbound", "mms-outbound"),
    What.NUMBER: ("phonenumbers",),
}
# Of these there are sums, and nothing says which call they are of.
SUMMED: Mapping[str, tuple[str, ...]] = {
    What.CONFERENCE: ("calls-globalconference",),
    What.RECORDING: ("calls-recordings",),
    What.STORAGE: ("recordingstorage",),
    What.DETECTION: ("answering-machine-detection",),
    What.SPEECH: ("amazon-polly", "tts-google"),
    FAILED_TEXT: ("failed-message-processing-fee",),
}


@dataclass(frozen=True, kw_only=True)
class Billed:
    """One thing that is paid for, so much of it.

    `estimate` is None where nobody knows its rate, `amount` where Twilio has not said what it costs.
    """

    what: str
    quantity: Decimal
    estimate: Decimal | None
    amount: Decimal | None


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What things were estimated at beside what they cost; and of how many of them either is not known.

    Those are not in its sum.
    """

    count: int = 0
    quantity: Decimal = Decimal(0)
    estimate: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)
    without_estimate: int = 0
    without_amount: int = 0

    @property
    def difference(self) -> Decimal | None:
        """How much more they cost; None where one of the two is not known of all of them."""
        return None if self.without_estimate or self.without_amount else self.amount - self.estimate

    def __add__(self, other: Comparison) -> Comparison:
        return Comparison(
            count=self.count + other.count,
            quantity=self.quantity + other.quantity,
            estimate=self.estimate + other.estimate,
            amount=self.amount + other.amount,
            without_estimate=self.without_estimate + other.without_estimate,
            without_amount=self.without_amount + other.without_amount,
        )


def compare_billed(things: Iterable[Billed]) -> Comparison:
    """What these were estimated at, and what they cost."""
    compared = (
        Comparison(
            count=1,
            quantity=one.quantity,
            estimate=one.estimate or Decimal(0),
            amount=one.amount or Decimal(0),
            without_estimate=int(one.estimate is None),
            without_amount=int(one.amount is None),
        )
        for one in things
    )
    return sum(compared, Comparison())


@dataclass(frozen=True)
class CategoryUse:
    """How much of one of Twilio's categories was used, how often, and for how much."""

    count: int = 0
    usage: Decimal = Decimal(0)
    price: Decimal = Decimal(0)

    def __add__(self, other: CategoryUse) -> CategoryUse:
        return CategoryUse(self.count + other.count, self.usage + other.usage, self.price + other.price)


@dataclass(frozen=True, kw_only=True)
class BillLine:
    """One line of a bill: so much of something, for this amount, as Twilio's usage says.

    `told` is what its single calls, texts and numbers say themselves; None of what there are only sums. `estimate` is
    None where nobody knows a rate.
    """

    name: str
    quantity: Decimal
    estimate: Decimal | None
    told: Decimal | None
    amount: Decimal

    @property
    def gap(self) -> Decimal:
        """What the sum has that no single one accounts for."""
        return Decimal(0) if self.told is None else self.amount - self.told


@dataclass(frozen=True)
class WholeBill:
    """All lines of a bill, the last of which is what no other explains, so that their sum is the total."""

    lines: tuple[BillLine, ...]
    total: Decimal

    @property
    def gap(self) -> Decimal:
        """What is on the bill, and neither a thing that is known nor of a name that is known."""
        return sum((line.gap for line in self.lines), Decimal(0))


def whole_bill(
    used: Mapping[str, CategoryUse], known: Mapping[str, Comparison], expected: Mapping[str, Decimal | None]
) -> WholeBill:
    """The bill of a time, by what was used in it.

    `known` is what there is one by one, `expected` what was estimated of that of which there are only sums.
    """
    lines = [followed_line(name, used, known.get(name, Comparison())) for name in FOLLOWED]
    for name in SUMMED:
        sums = use_of(name, used)
        estimate = expected.get(name, Decimal(0))
        lines.append(BillLine(name=name, quantity=sums.usage, estimate=estimate, told=None, amount=sums.price))
    total = used.get(TOTAL_CATEGORY, CategoryUse()).price
    rest = total - sum((line.amount for line in lines), Decimal(0))
    lines.append(BillLine(name=UNEXPLAINED, quantity=Decimal(0), estimate=Decimal(0), told=Decimal(0), amount=rest))
    return WholeBill(tuple(lines), total)


def followed_line(name: str, used: Mapping[str, CategoryUse], known: Comparison) -> BillLine:
    """The line of what is known one by one."""
    sums = use_of(name, used)
    estimate = None if known.without_estimate else known.estimate
    return BillLine(name=name, quantity=sums.usage, estimate=estimate, told=known.amount, amount=sums.price)


def use_of(name: str, used: Mapping[str, CategoryUse]) -> CategoryUse:
    """How much of what a line is of was used, in all of its categories."""
    categories = FOLLOWED.get(name) or SUMMED[name]
    return sum((used.get(one, CategoryUse()) for one in categories), CategoryUse())


def expected_of_sums(used: Mapping[str, CategoryUse], card: RateCard) -> dict[str, Decimal | None]:
    """What the sums should come to by a card; None where that has no rate for it, or several."""
    return {name: expected_sum(name, use_of(name, used).usage, card) for name in SUMMED}


def expected_sum(name: str, usage: Decimal, card: RateCard) -> Decimal | None:
    if not usage:
        return Decimal(0)
    rates = {rate.rate for rate in card.rates if rate.what == name and name != What.STORAGE}  # that goes by months
    return price_line(card, Wanted(What(name)), usage).amount if len(rates) == 1 else None
