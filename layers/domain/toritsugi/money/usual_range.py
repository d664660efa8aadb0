"""The usual range of what a day costs, by the days before it: one that is out of it should be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

RANGE_DAYS = 28  # four weeks: each day of the week is in them as often
MIN_RANGE_DAYS = 7
FENCE = 3  # so many times the middle half beyond it: what is far out, as Tukey has it
MIN_SPREAD = Decimal("0.25")  # of the middle, for where all days are nearly alike


@dataclass(frozen=True)
class UsualRange:
    """From what to what a day usually costs."""

    low: Decimal
    high: Decimal

    def has(self, amount: Decimal) -> bool:
        """Whether that is a usual day."""
        return self.low <= amount <= self.high


def usual_range(days: Sequence[Decimal]) -> UsualRange | None:
    """The range of a day that comes after these; None of too few. A week must be known, and four weeks count.

    It begins three times the spread of the middle half below that half, and ends so far above it.
    https://www.itl.nist.gov/div898/handbook/prc/section1/prc16.htm
    """
    latest = sorted(days[-RANGE_DAYS:])
    if len(latest) < MIN_RANGE_DAYS:
        return None
    first, middle, third = (latest[len(latest) * quarter // 4] for quarter in (1, 2, 3))
    spread = max(third - first, middle * MIN_SPREAD)
    return UsualRange(max(Decimal(0), first - FENCE * spread), third + FENCE * spread)
