"""What the owner pays instead of what a card says: a part less, or a rate of their own. Each is marked as theirs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from toritsugi.foundation.errors import wrong_field
from toritsugi.foundation.types import Json
from toritsugi.money.rates import (
    UNITS,
    Rate,
    RateCard,
    What,
    checked_fields,
    longest,
    read_decimal,
    read_prefixes,
)

OWN: Json = {"is_overridden": True, "certainty": "own", "source": "your own", "note": ""}


@dataclass(frozen=True, kw_only=True)
class Discount:
    """So many `percent` less than the card says, or a `rate` instead; for all of this, or for one prefix or type."""

    what: What
    percent: Decimal | None = None
    rate: Decimal | None = None
    destination_prefix: str = ""
    number_type: str = ""


def read_discounts(rows: Any, at: str = "discounts") -> tuple[Discount, ...]:
    """The discounts that a list of JSON is. Raises RequestRefused, which names the field."""
    if not isinstance(rows, list):
        raise wrong_field(at, "a list")
    return tuple(read_discount(row, f"{at}/{place}") for place, row in enumerate(rows))


def read_discount(row: Any, at: str) -> Discount:
    """A discount as JSON has it. Raises RequestRefused."""
    known = {"what", "percent", "rate", "destination_prefix", "number_type"}
    said = checked_fields(row, at, known, {"what"})
    if said["what"] not in list(UNITS):
        raise wrong_field(f"{at}/what", f"one of {', '.join(What)}")
    if ("percent" in said) == ("rate" in said):
        raise wrong_field(f"{at}/percent", "give it, or a rate; not both")
    amounts: Json = {name: read_decimal(said[name], f"{at}/{name}") for name in ("percent", "rate") if name in said}
    if amounts.get("percent", Decimal(0)) > 100:
        raise wrong_field(f"{at}/percent", "100 at most")
    prefix = said.get("destination_prefix", "")
    read_prefixes([prefix] if prefix else [], f"{at}/destination_prefix")
    own = {"destination_prefix": prefix, "number_type": said.get("number_type", "")}
    return Discount(what=What(said["what"]), **own, **amounts)


def discounted_card(card: RateCard, discounts: Iterable[Discount]) -> RateCard:
    """The card by which the owner pays. Raises RequestRefused for a part less of what the card has not."""
    for place, discount in enumerate(discounts):
        meant = rates_meant(card, discount)
        if not any(discounted_rate(rate, discount) for rate in meant) and discount.rate is None:
            raise wrong_field(
                f"discounts/{place}", f"the card {card.name} has no rate for this: give a rate of your own"
            )
        card = replace(card, rates=tuple(with_discount(card, discount, meant)))
    return card


def rates_meant(card: RateCard, discount: Discount) -> list[Rate]:
    """The rates on which a discount is: if it is on a prefix, those that calls there have now."""
    rates = [one for one in card.rates if one.what == discount.what and discount.number_type in ("", one.number_type)]
    if not discount.destination_prefix:
        return rates
    lengths = [longest(rate.destination_prefixes, discount.destination_prefix) for rate in rates]
    most = max((length for length in lengths if length is not None), default=None)
    return [rate for rate, length in zip(rates, lengths, strict=True) if length is not None and length == most]


def with_discount(card: RateCard, discount: Discount, meant: list[Rate]) -> Iterator[Rate]:
    """The rates of a card by this discount. That on a prefix stands by itself, beside the rate that it had before."""
    prefix = discount.destination_prefix
    prefixes = (prefix,) if prefix else ()
    for rate in card.rates:
        if rate not in meant:
            yield rate
        elif not prefix:
            yield discounted_rate(rate, discount) or rate
        else:
            others = tuple(one for one in rate.destination_prefixes if one != prefix)
            if others:
                yield replace(rate, destination_prefixes=others)
            own = replace(rate, destination_prefixes=prefixes)
            yield discounted_rate(own, discount) or own
    if not meant and discount.rate is not None:
        yield Rate(
            what=discount.what,
            rate=discount.rate,
            name=discount.what.value,
            destination_prefixes=prefixes,
            number_type=discount.number_type,
            as_of=card.as_of,
            **OWN,
        )


def discounted_rate(rate: Rate, discount: Discount) -> Rate | None:
    """What the owner pays instead of it; None of what nobody knows: a part of that is not known either."""
    listed = rate.rate if rate.list_rate is None else rate.list_rate
    if discount.rate is not None:
        return replace(rate, rate=discount.rate, list_rate=listed, **OWN)
    if rate.rate is None or discount.percent is None:
        return None
    return replace(rate, rate=rate.rate * (100 - discount.percent) / 100, list_rate=listed, **OWN)
