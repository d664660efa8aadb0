"""What something will cost, line by line and over its minutes; what would be cheaper; and all that was assumed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from toritsugi.foundation.errors import wrong_field
from toritsugi.money.aws_share import find_aws_line, metered_kinds
from toritsugi.money.card_changes import days_too_old
from toritsugi.money.currencies import ExchangeRate, exchanged_lines
from toritsugi.money.pricing import MINUTE, PriceLine, PriceTotal, price, sum_up, whole_minutes
from toritsugi.money.rates import RateCard, What
from toritsugi.money.scenarios import (
    KINDS_OF_TELEPHONES,
    CallScenario,
    Cheaper,
    MaskedCall,
    Scenario,
    VCall,
    WholeMonth,
)

CURVE_MINUTES = 10  # of a curve at least
MAX_CURVE_MINUTES = 240


@dataclass(frozen=True)
class Spread:
    """How long calls take: one in ten ends before `p10` seconds, half of them before `p50`, nine before `p90`."""

    p10: int
    p50: int
    p90: int

    def __post_init__(self) -> None:
        if not 0 <= self.p10 <= self.p50 <= self.p90:
            raise wrong_field("seconds", "p10, p50 and p90, none smaller than the one before")


@dataclass(frozen=True)
class Assumption:
    """Something that was assumed, by its name, with the facts of it, and as a sentence."""

    name: str
    facts: dict[str, str]

    @property
    def text(self) -> str:
        """It as a sentence."""
        return SENTENCES[self.name].format_map(self.facts)


@dataclass(frozen=True)
class Alternative:
    """A way that costs less, its own total, and how much it saves."""

    name: str
    text: str
    total: PriceTotal
    saving: Decimal


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What something will cost. `low` and `high` are there if its length is not known exactly; the lines are of p50."""

    kind: str
    card: str
    lines: tuple[PriceLine, ...]
    total: PriceTotal
    low: PriceTotal | None
    high: PriceTotal | None
    curve: tuple[tuple[int, Decimal], ...]
    alternatives: tuple[Alternative, ...]
    assumptions: tuple[Assumption, ...]


@dataclass(frozen=True, kw_only=True)
class PriceTerms:
    """By what an estimate is made: the card, with tax or without, in which other currency, on which day.

    With `aws` there is a line of AWS's share besides, if its dollars are the currency or can be exchanged.
    """

    card: RateCard
    today: date
    tax: bool = True
    exchange: ExchangeRate | None = None
    aws: bool = False

    @property
    def currency(self) -> str:
        """In which currency its totals are."""
        if self.exchange and self.exchange.base == self.card.currency:
            return self.exchange.quote
        return self.card.currency

    def lines(self, scenario: Scenario) -> tuple[PriceLine, ...]:
        """The lines of something by these terms."""
        lines = price(scenario.things(), self.card, tax=self.tax)
        if self.aws and (line := find_aws_line(scenario)):
            lines = (*lines, line)
        lines = exchanged_lines(lines, self.exchange) if self.exchange else lines
        return tuple(line for line in lines if line.what is not What.AWS or line.currency == self.currency)

    def total(self, scenario: Scenario) -> PriceTotal:
        """What it comes to by these terms."""
        return sum_up(self.lines(scenario), self.currency)


def estimate(scenario: Scenario, terms: PriceTerms, spread: Spread | None = None) -> Estimate:
    """What this will cost. With a spread, from what to what: its calls take as long as that says."""
    if spread:
        scenario = lasting(scenario, spread.p50)
    lines = terms.lines(scenario)
    return Estimate(
        kind=scenario.kind,
        card=terms.card.name,
        lines=lines,
        total=sum_up(lines, terms.currency),
        low=terms.total(lasting(scenario, spread.p10)) if spread else None,
        high=terms.total(lasting(scenario, spread.p90)) if spread else None,
        curve=tuple(curve_of(scenario, terms)),
        alternatives=alternatives_to(scenario, terms),
        assumptions=tuple(assumptions_of(scenario, terms, lines, spread)),
    )


def lasting(scenario: Scenario, seconds: int) -> Scenario:
    """The same, if it takes so long. Raises RequestRefused where that says nothing."""
    if not isinstance(scenario, CallScenario):
        raise wrong_field("seconds", f"of a {scenario.kind} there are none")
    return replace(scenario, seconds=seconds)


def curve_of(scenario: Scenario, terms: PriceTerms) -> Iterator[tuple[int, Decimal]]:
    """What it costs if it takes one minute, two, three, and so on; nothing for what takes no time."""
    if isinstance(scenario, CallScenario):
        minutes = min(max(CURVE_MINUTES, 2 * whole_minutes(scenario.seconds)), MAX_CURVE_MINUTES)
        least = whole_minutes(scenario.least_seconds)
        for minute in range(least, max(least, minutes) + 1):
            yield minute, terms.total(lasting(scenario, minute * MINUTE)).amount


def alternatives_to(scenario: Scenario, terms: PriceTerms) -> tuple[Alternative, ...]:
    """The ways that cost less, that which saves most first."""
    total = terms.total(scenario)
    found = (alternative_of(way, terms, total) for way in scenario.cheaper())
    return tuple(sorted((one for one in found if one), key=lambda one: -one.saving))


def alternative_of(way: Cheaper, terms: PriceTerms, total: PriceTotal) -> Alternative | None:
    """What a way saves; None if it does not, or if more of it is unknown: nobody knows then whether it is cheaper."""
    other = terms.total(way.scenario)
    saving = total.amount - other.amount
    names = [{(line.what, line.why_unknown) for line in one.unknown} for one in (other, total)]
    return Alternative(way.name, way.text, other, saving) if saving > 0 and names[0] <= names[1] else None


# ---- what was assumed ------------------------------------------------------------------------------------------------

SENTENCES = {
    "card": "Rates are those of {card}, as of {as_of}.",
    "card-is-old": "The card {card} is {days} days old: get a newer one.",
    "card-has-ended": "Since {ended_on} nobody gets the rates of {card} any more.",
    "third-party": "Copied from the seller by others, not read there: {names}.",
    "unverified": "Not verified: {names}.",
    "overridden": "By a rate of your own: {names}.",
    "unknown": "Not in the total, because nobody knows its rate: {name}. {why}.",
    "no-tax": "No tax is added: the card {card} names none.",
    "without-tax": "No tax is added.",
    "kind-of-telephone": "A {kind} number is one that begins with {beginning}.",
    "whole-minutes": "Each leg is rounded up to whole minutes by itself.",
    "not-answered": "Nobody answers, so nothing is paid.",
    "answered-together": "The caller's leg begins when the other answers, and both end together.",
    "no-waiting": "All legs are as long as the call: how long one waits for another is not counted.",
    "spread": "The lines are of a call of {p50} s; {p10} s and {p90} s make the range.",
    "exchange-rate": "{base} 1 is {quote} {rate}, as of {as_of}.",
    "aws-metered": "AWS's share is that of {kinds}: what was metered, at list prices without tax and free tiers.",
    "aws-left-out": "AWS's share is in dollars, and not in the total: give a rate of exchange.",
    "aws-unmetered": "AWS's share is not in the total: it was not metered.",
    "whole-time": "It lasts as long as it may: {minutes} minutes.",
    "no-files": "What files cost is in no card: only the text counts.",
}


def assumptions_of(
    scenario: Scenario, terms: PriceTerms, lines: Iterable[PriceLine], spread: Spread | None
) -> Iterator[Assumption]:
    """All that was assumed."""
    yield from assumptions_of_terms(terms)
    yield from assumptions_of_lines(tuple(lines))
    yield from assumptions_of_calls(scenario)
    if terms.aws:
        yield assumption_of_aws(scenario, terms)
    if spread:
        yield Assumption("spread", {name: str(getattr(spread, name)) for name in ("p10", "p50", "p90")})


def assumptions_of_terms(terms: PriceTerms) -> Iterator[Assumption]:
    card = terms.card
    yield Assumption("card", {"card": card.title or card.name, "as_of": card.as_of.isoformat()})
    if card.ended_on and card.ended_on <= terms.today:
        yield Assumption("card-has-ended", {"card": card.name, "ended_on": card.ended_on.isoformat()})
    elif days := days_too_old(card, terms.today):
        yield Assumption("card-is-old", {"card": card.name, "days": str(days)})
    if not terms.tax:
        yield Assumption("without-tax", {})
    elif not any(rate.what is What.TAX for rate in card.rates):
        yield Assumption("no-tax", {"card": card.name})
    if exchange := terms.exchange:
        facts = {"base": exchange.base, "quote": exchange.quote, "rate": f"{exchange.rate:f}"}
        yield Assumption("exchange-rate", facts | {"as_of": exchange.as_of.isoformat()})


def assumption_of_aws(scenario: Scenario, terms: PriceTerms) -> Assumption:
    """What was assumed of AWS's share."""
    kinds = metered_kinds(scenario)
    if not kinds:
        return Assumption("aws-unmetered", {})
    if not any(line.what is What.AWS for line in terms.lines(scenario)):
        return Assumption("aws-left-out", {})
    return Assumption("aws-metered", {"kinds": ", ".join(kinds)})


def assumptions_of_lines(lines: tuple[PriceLine, ...]) -> Iterator[Assumption]:
    known = [line for line in lines if line.rate is not None]
    groups = {
        "third-party": [line for line in known if line.certainty == "third-party"],
        "unverified": [line for line in known if line.certainty == "unverified"],
        "overridden": [line for line in known if line.is_overridden],
    }
    for name, group in groups.items():
        if group:
            yield Assumption(name, {"names": ", ".join(dict.fromkeys(line.name for line in group))})
    for said, why in dict.fromkeys((line.name, line.why_unknown) for line in lines if line.amount is None):
        yield Assumption("unknown", {"name": said, "why": why})


def assumptions_of_calls(scenario: Scenario) -> Iterator[Assumption]:
    """What was assumed of how calls go, each once."""
    scenarios = [one for one, _ in scenario.parts] if isinstance(scenario, WholeMonth) else [scenario]
    calls = [one for one in scenarios if isinstance(one, CallScenario)]
    if calls:
        yield Assumption("whole-minutes", {})
    if any(not one.answered for one in calls):
        yield Assumption("not-answered", {})
    if any(isinstance(one, MaskedCall) for one in calls):
        yield Assumption("answered-together", {})
    if any(isinstance(one, VCall) for one in calls):
        yield Assumption("no-waiting", {})
    for kind in dict.fromkeys(telephone.kind for telephone in scenario.telephones):
        if kind in KINDS_OF_TELEPHONES:
            yield Assumption("kind-of-telephone", {"kind": kind, "beginning": KINDS_OF_TELEPHONES[kind]})
