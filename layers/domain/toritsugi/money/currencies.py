"""One currency in another, by a rate of exchange that somebody gives with its date; and how an amount is written."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

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


# ---- how an amount is written ----------------------------------------------------------------------------------------

LEAST_PLACES = {"JPY": 0}  # of others two; rates are a part of those, and have more
MOST_PLACES = 4
SYMBOLS = {"JPY": "¥", "USD": "$"}
JAPANESE_NAMES = {"JPY": "円", "USD": "ドル"}


def write_money(amount: Decimal, currency: str, language: str = "en") -> str:
    """An amount as people read it, with as many places as it has, four at most: ¥34.4 and $0.0746; 34.4円 in ja."""
    least = LEAST_PLACES.get(currency, 2)
    rounded = amount.quantize(Decimal(1).scaleb(-MOST_PLACES), ROUND_HALF_UP)
    whole, _, places = f"{abs(rounded):,f}".partition(".")
    places = places.rstrip("0").ljust(least, "0")
    sign, figures = "-" if rounded < 0 else "", f"{whole}.{places}" if places else whole
    if language == "ja":
        return f"{sign}{figures}{JAPANESE_NAMES.get(currency, ' ' + currency)}"
    return f"{sign}{SYMBOLS.get(currency, currency + ' ')}{figures}"
