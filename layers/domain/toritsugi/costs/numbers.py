"""What numbers cost: each by the month, from the day on which it was bought, and paid beforehand.

https://support.twilio.com/hc/en-us/articles/4477541483419
"""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from toritsugi.costs.records import Cost
from toritsugi.foundation.listings import start_of_day
from toritsugi.money.pricing import PricedNumber, price, sum_up
from toritsugi.money.rates import RateCard, What


@dataclass(frozen=True)
class LeasedNumber:
    """A number of the account, and since when it has it."""

    sid: str
    number: str
    since: date

    def is_due(self, day: date) -> bool:
        """Whether a month of it begins on a day: on the last of a month that has no such day."""
        last = calendar.monthrange(day.year, day.month)[1]
        return self.since <= day and day.day == min(self.since.day, last)


def costs_of_numbers(rented: Sequence[LeasedNumber], day: date, card: RateCard, paid: Decimal) -> list[Cost]:
    """The rows of the numbers whose month begins on a day, on which so much was `paid` for numbers in all.

    Twilio does not say for which. That each has cost what was estimated is known if the sum is so, too; or if there is
    only one.
    """
    due = [one for one in rented if one.is_due(day)]
    estimates = [estimate_of_number(one, card) for one in due]
    known = [one for one in estimates if one is not None]
    as_estimated = len(known) == len(due) and sum(known) == paid
    amounts = estimates if as_estimated else [paid] if len(due) == 1 else [None] * len(due)
    return [new_fee(*one, day, card) for one in zip(due, estimates, amounts, strict=True)]


def estimate_of_number(rented: LeasedNumber, card: RateCard) -> Decimal | None:
    """What a month of it costs by a card."""
    total = sum_up(price([PricedNumber(to=rented.number)], card, tax=False), card.currency)
    return total.amount if total.is_complete else None


def new_fee(rented: LeasedNumber, estimate: Decimal | None, amount: Decimal | None, day: date, card: RateCard) -> Cost:
    """The row of a month of a number."""
    began = start_of_day(day.isoformat())
    sid = f"{rented.sid}-{day}"
    return Cost(
        sid,
        what=What.NUMBER.value,
        quantity=Decimal(1),
        estimate=estimate,
        amount=amount,
        currency=card.currency,
        card=card.name,
        line=rented.number,
        month=f"{day:%Y-%m}",
        listed_as=f"{began:010}#{sid}",
        began_at=began,
    )
