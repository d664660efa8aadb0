"""One currency in another, by a rate of exchange that somebody gives with its date."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from toritsugi.money.pricing import PriceLine


@dataclass(frozen=True)
class ExchangeRate:
    """What one unit of `base` is in `quote`: 150 for USD in JPY, if a dollar is 150 yen."""

    base: str
    quote: str
    rate: Decimal
    as_of: date


def exchanged_lines(lines: Iterable[PriceLine], exchange: ExchangeRate) -> tuple[PriceLine, ...]:
    """The same lines, those in the base currency now in the other."""
    return tuple(exchanged_line(line, exchange) if line.currency == exchange.base else line for line in lines)


def exchanged_line(line: PriceLine, exchange: ExchangeRate) -> PriceLine:
    """A line in the other currency. What counts itself in money, as tax does, is of so much more or less."""
    times = exchange.rate
    amount = None if line.amount is None else line.amount * times
    if line.is_of_money:
        return replace(line, quantity=line.quantity * times, amount=amount, currency=exchange.quote)
    rate = None if line.rate is None else line.rate * times
    return replace(line, rate=rate, amount=amount, currency=exchange.quote)
