"""A check of what estimates are reckoned by: the rate card that was pulled, and how old it is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

from command.checks.findings import Finding, ok, warn
from command.exchange import Exchange


def rate_card(_: Exchange) -> Iterator[Finding]:
    from toritsugi.money.card_changes import days_too_old
    from toritsugi.money.rates import shipped_card
    from toritsugi.tariffs.pulled_cards import find_newest_card

    card = find_newest_card()
    if not card:
        yield ok(f"list prices of {shipped_card().as_of}: toritsugi rates pull gets what your account pays")
    elif days := days_too_old(card, datetime.fromtimestamp(time.time(), UTC).date()):
        yield warn(f"{card.name} is {days} days old: estimates may be wrong", "toritsugi rates pull")
    else:
        yield ok(f"estimates are by {card.name}, in {card.currency}")
