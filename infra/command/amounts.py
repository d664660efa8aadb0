"""Amounts and lengths as people write them: ¥5.4, $0.0746, 10m."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from babel.numbers import format_currency, get_currency_precision

from command.refusals import Refused

LOCALE = "en_US"
MOST_DIGITS = 4  # behind the point: a minute may cost less than a yen, or a cent
LENGTH = re.compile(r"(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?")
EXCHANGE = re.compile(r"([0-9]+(?:\.[0-9]+)?)@([0-9]{4}-[0-9]{2}-[0-9]{2})")


def write_amount(amount: Decimal, currency: str) -> str:
    """An amount with as many digits as its currency has, and up to four where there are more.

    babel's own form of a currency has no more: ¥5 for 5.4. https://babel.pocoo.org/en/latest/api/numbers.html
    """
    least = get_currency_precision(currency)
    digits = "0" * least + "#" * max(0, MOST_DIGITS - least)
    return str(format_currency(amount, currency, f"¤#,##0.{digits}", locale=LOCALE, currency_digits=False))


def read_length(text: str) -> int | None:
    """The seconds of 10m, 90s or 1h30m; None of what is no length."""
    found = LENGTH.fullmatch(text)
    if not text or not found:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds


def read_exchange(text: str) -> tuple[Decimal, date]:
    """What one unit is in the other currency, and as of which day: 150@2026-11-28. Raises Refused."""
    found = EXCHANGE.fullmatch(text)
    try:
        if found and Decimal(found[1]):
            return Decimal(found[1]), date.fromisoformat(found[2])
    except ValueError:
        pass
    raise Refused(f"An exchange rate has its date, as 150@2026-11-28 has it, and is more than 0: not {text!r}.")
