"""An estimate as the REST API shows it: every amount is a decimal number in quotes. Only the REST API reads this."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict  # typing's own says too little to pydantic before Python 3.12

from toritsugi.money.estimates import Alternative, Estimate
from toritsugi.money.pricing import PriceLine, PriceTotal
from toritsugi.money.rates import UNITS

DecimalAmount = Annotated[str, Field(examples=["0.3700"])]
DateText = Annotated[str, Field(json_schema_extra={"format": "date"})]


class PriceLineView(TypedDict):
    """So much of something, its rate, and where that is from. `unknown` says why neither rate nor amount is there."""

    what: Annotated[str, Field(json_schema_extra={"enum": [one.value for one in UNITS]})]
    name: str
    whose: str
    quantity: DecimalAmount
    unit: str
    rate: DecimalAmount | None
    amount: DecimalAmount | None
    currency: str
    source: str
    as_of: DateText
    certainty: str
    note: str
    is_overridden: bool
    unknown: str


class PriceTotalView(TypedDict):
    """The sum of all lines whose amount is known; `without` are the others."""

    amount: DecimalAmount
    currency: str
    is_complete: bool
    without: list[str]


class CurvePoint(TypedDict):
    """What it costs if it takes so many minutes."""

    minutes: int
    amount: DecimalAmount


class AlternativeView(TypedDict):
    """A way that costs less, and how much less."""

    name: str
    text: str
    total: PriceTotalView
    saving: DecimalAmount


class AssumptionView(TypedDict):
    """What was assumed: by a name for programs, with its facts, and as a sentence."""

    name: str
    facts: dict[str, str]
    text: str


class EstimateView(TypedDict):
    """What something will cost. `low` and `high` are there if nobody knows how long it takes."""

    kind: str
    card: str
    total: PriceTotalView
    low: PriceTotalView | None
    high: PriceTotalView | None
    lines: list[PriceLineView]
    curve: list[CurvePoint]
    alternatives: list[AlternativeView]
    assumptions: list[AssumptionView]


def show_estimate(found: Estimate) -> EstimateView:
    """An estimate, all of it."""
    return {
        "kind": found.kind,
        "card": found.card,
        "total": show_total(found.total),
        "low": show_total(found.low) if found.low else None,
        "high": show_total(found.high) if found.high else None,
        "lines": [show_price_line(line) for line in found.lines],
        "curve": [{"minutes": minutes, "amount": decimal_text(amount)} for minutes, amount in found.curve],
        "alternatives": [show_alternative(one) for one in found.alternatives],
        "assumptions": [{"name": one.name, "facts": one.facts, "text": one.text} for one in found.assumptions],
    }


def show_price_line(line: PriceLine) -> PriceLineView:
    return {
        "what": line.what.value,
        "name": line.name,
        "whose": line.whose,
        "quantity": decimal_text(line.quantity),
        "unit": line.unit,
        "rate": None if line.rate is None else decimal_text(line.rate),
        "amount": None if line.amount is None else decimal_text(line.amount),
        "currency": line.currency,
        "source": line.source,
        "as_of": line.as_of.isoformat(),
        "certainty": line.certainty,
        "note": line.note,
        "is_overridden": line.is_overridden,
        "unknown": line.why_unknown,
    }


def show_total(total: PriceTotal) -> PriceTotalView:
    without = list(dict.fromkeys(line.name for line in total.unknown))
    amount = decimal_text(total.amount)
    return {"amount": amount, "currency": total.currency, "is_complete": total.is_complete, "without": without}


def show_alternative(one: Alternative) -> AlternativeView:
    total = show_total(one.total)
    return {"name": one.name, "text": one.text, "total": total, "saving": decimal_text(one.saving)}


def decimal_text(amount: Decimal) -> str:
    """An amount without exponent, and without zeros at its end."""
    return f"{amount.normalize():f}"
