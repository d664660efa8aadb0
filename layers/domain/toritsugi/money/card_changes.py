"""What became dearer or cheaper from one card to the next, and how old a card is."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from toritsugi.foundation.errors import wrong_field
from toritsugi.money.rates import Rate, RateCard

MAX_CARD_DAYS = 90


@dataclass(frozen=True)
class RateChange:
    """What a rate was and is, both None if that is not known; `since` is the day of the newer card."""

    name: str
    before: Decimal | None
    after: Decimal | None
    since: date
    is_new: bool = False
    is_gone: bool = False

    @property
    def text(self) -> str:
        """It in words: Japan, mobile: +3 % since 2026-10-01."""
        return f"{self.name}: {self.how} since {self.since}"

    @property
    def how(self) -> str:
        if self.is_gone:
            return "no more"
        if self.is_new or self.before is None:
            return "new" if self.is_new else f"known, {self.after}"
        if self.after is None:
            return "not known any more"
        if not self.before:
            return f"{self.after} instead of nothing"
        percent = ((self.after / self.before - 1) * 100).quantize(Decimal("0.1"), ROUND_HALF_UP).normalize()
        return f"{percent:+f} %"


def compare_cards(old: RateCard, new: RateCard) -> tuple[RateChange, ...]:
    """What is not the same in two cards, each once by its name and its figures. Raises RequestRefused.

    Two currencies cannot be compared.
    """
    if old.currency != new.currency:
        raise wrong_field("currency", f"{old.name} is in {old.currency}, {new.name} in {new.currency}")
    return tuple(dict.fromkeys(changes_between(by_subject(old), by_subject(new), new.as_of)))


def changes_between(
    old: dict[tuple[str, ...], Rate], new: dict[tuple[str, ...], Rate], since: date
) -> Iterator[RateChange]:
    for subject, rate in new.items():
        before = old.get(subject)
        if before is None:
            yield RateChange(rate.name or rate.what, None, rate.rate, since, is_new=True)
        elif before.rate != rate.rate:
            yield RateChange(rate.name or rate.what, before.rate, rate.rate, since)
    for rate in (rate for subject, rate in old.items() if subject not in new):
        yield RateChange(rate.name or rate.what, rate.rate, None, since, is_gone=True)


def by_subject(card: RateCard) -> dict[tuple[str, ...], Rate]:
    """The rates of a card by what they are for."""
    return {subject: rate for rate in card.rates for subject in rate.subjects}


def days_too_old(card: RateCard, today: date) -> int | None:
    """How many days old a card is, if that is more than its rates can be trusted for; else None."""
    days = (today - card.as_of).days
    return days if days > MAX_CARD_DAYS else None
