"""What a rate card means for the limit of yen a day: what a minute and a segment cost, by the beginnings of numbers.

Never too little: of several rates for the same beginning, by type or carrier, the dearest counts, and where a card has
no rate, or does not know it, its dearest of all; of what it has none at all, the shipped one's.
"""

from collections.abc import Mapping
from datetime import date
from decimal import ROUND_CEILING, Decimal

from toritsugi.foundation.errors import wrong_field
from toritsugi.limits.charges import PARTS_OF_A_YEN, Charges, rate_at, shipped_charges
from toritsugi.money.currencies import ExchangeRate
from toritsugi.money.rates import RateCard, What

YEN = "JPY"
# For the shipped card: a dollar that is dear on purpose, until the owner says what it is.
SHIPPED_EXCHANGE = ExchangeRate("USD", YEN, Decimal(160), date(2026, 11, 28))


def charges_of(card: RateCard, exchange: ExchangeRate | None) -> Charges:
    """What a card charges in yen. Raises RequestRefused where it is in another currency, and this is not exchanged."""
    if card.currency == YEN:
        exchange = None
    elif not exchange or (exchange.base, exchange.quote) != (card.currency, YEN):
        raise wrong_field("exchange", f"{card.name} is in {card.currency}: say what one is in yen")
    each = exchange.rate if exchange else Decimal(1)
    said = {"base": exchange.base, "rate": f"{exchange.rate:f}", "as_of": str(exchange.as_of)} if exchange else None
    minute = table_of(card, What.OUTGOING_CALL, each, shipped_charges().minute)
    text = table_of(card, What.OUTGOING_TEXT, each, shipped_charges().text)
    return Charges(card.name, said, minute, text)


def table_of(card: RateCard, what: What, yen: Decimal, instead: Mapping[str, int]) -> dict[str, int]:
    """A card's rates for this, whose currency is so many yen, by the beginnings of numbers; `instead` of none."""
    rates = [(rate, parts_of_a_yen(rate.rate, yen)) for rate in card.rates if rate.what is what]
    dearest = max((parts for _, parts in rates if parts is not None), default=instead[""])
    found = {"": dearest}
    for rate, parts in rates:
        for beginning in rate.destination_prefixes:
            found[beginning] = max(found.get(beginning, 0), dearest if parts is None else parts)
    return without_the_same(found)


def parts_of_a_yen(rate: Decimal | None, yen: Decimal) -> int | None:
    """A rate in hundredths of a yen that have begun; None if it is not known."""
    return None if rate is None else int((rate * yen * PARTS_OF_A_YEN).to_integral_value(ROUND_CEILING))


def without_the_same(table: Mapping[str, int]) -> dict[str, int]:
    """A table without what a shorter beginning says already: a process reads it once in a minute."""
    kept: dict[str, int] = {}
    for beginning in sorted(table, key=lambda one: (len(one), one)):
        if not kept or rate_at(kept, beginning) != table[beginning]:
            kept[beginning] = table[beginning]
    return kept


def exchange_of(charges: Charges) -> ExchangeRate | None:
    """By what these charges came to be in yen."""
    said = charges.exchange
    return ExchangeRate(said["base"], YEN, Decimal(said["rate"]), date.fromisoformat(said["as_of"])) if said else None
