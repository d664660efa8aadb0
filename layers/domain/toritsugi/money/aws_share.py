"""What AWS asks for the same: one line, from what a call of each kind was metered to cost there."""

import json
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

from toritsugi.foundation.types import Json
from toritsugi.money.pricing import PriceLine
from toritsugi.money.rates import UNITS, What
from toritsugi.money.scenarios import Scenario, WholeMonth

AWS_PRICES = Path(__file__).parent / "aws.json"


@cache
def aws_prices() -> Json:
    """What one call of each kind costs, as it was metered: its operations at list prices."""
    document: Json = json.loads(AWS_PRICES.read_text(encoding="utf-8"))
    return document


def aws_price_of(kind: str) -> Decimal:
    """What one of a kind that was metered costs at AWS, in dollars."""
    return Decimal(aws_prices()["one_of"][kind])


def parts_of(scenario: Scenario) -> tuple[tuple[Scenario, int], ...]:
    """What something consists of, and how often each is in it."""
    return scenario.parts if isinstance(scenario, WholeMonth) else ((scenario, 1),)


def metered_kinds(scenario: Scenario) -> tuple[str, ...]:
    """The kinds of which it consists and which were metered, each once."""
    return tuple(dict.fromkeys(part.kind for part, _ in parts_of(scenario) if part.kind in aws_prices()["one_of"]))


def find_aws_line(scenario: Scenario) -> PriceLine | None:
    """AWS's share of this; None if nothing of it was metered."""
    if not (kinds := metered_kinds(scenario)):
        return None
    counts = {kind: sum(count for part, count in parts_of(scenario) if part.kind == kind) for kind in kinds}
    amount = sum((aws_price_of(kind) * count for kind, count in counts.items()), Decimal(0))
    times = counts[kinds[0]] if len(kinds) == 1 else 1  # of several kinds there is no rate but that of all together
    prices = aws_prices()
    return PriceLine(
        what=What.AWS,
        name="AWS",
        whose="",
        quantity=Decimal(times),
        unit=UNITS[What.AWS],
        rate=aws_price_of(kinds[0]) if len(kinds) == 1 else amount,
        amount=amount,
        currency=prices["currency"],
        source=prices["source"],
        as_of=date.fromisoformat(prices["as_of"]),
        certainty=prices["certainty"],
        note=prices["note"],
    )
