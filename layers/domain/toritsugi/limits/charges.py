"""What a call and a text cost in yen, as `yen_a_day` counts them: by the beginnings of numbers, as a rate card says it.

A card is long, and in the seller's currency. So a table is made of it when it is pulled (tariffs.charging), and is read
here once in a minute; where nobody has pulled any, charges.json counts, the table of the card that is shipped.
"""

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from pynamodb.attributes import UnicodeAttribute

from toritsugi.lines.directory import DirectoryKey, Entry, look_up_entries

USUAL_MINUTES = 3  # of a call of which nobody knows how long it will be
PARTS_OF_A_YEN = 100  # a rate is so many: a minute may cost less than a yen
CHARGES_REMEMBERED_SECONDS = 60
SHIPPED = Path(__file__).parent / "charges.json"
CHARGES_KEY: DirectoryKey = ("rates", "charges")


@dataclass(frozen=True)
class Charges:
    """What a minute and a segment cost, by the beginning of whose number; the longest counts, "" is everybody's.

    Of which `card` they are, and what one of its currency was in yen: `base`, `rate`, `as_of`; None if it is in yen.
    """

    card: str
    exchange: Mapping[str, str] | None
    minute: Mapping[str, int]
    text: Mapping[str, int]


class KeptCharges(Entry, discriminator="charges"):
    """The charges of the card that was pulled last, as JSON."""

    document = UnicodeAttribute()


def yen_of_call(number: str, minutes: int) -> int:
    """What so many minutes to this number cost."""
    return yen_at(rate_of_dearest([number]), minutes)


def rate_of_dearest(numbers: Iterable[str]) -> int:
    """What a minute costs to the dearest of these numbers: one of them answers, and nobody says which."""
    table = remembered_charges().minute
    return max((rate_at(table, number) for number in numbers), default=0)


def yen_of_text(number: str, segments: int) -> int:
    """What so many segments to this number cost."""
    return yen_at(rate_at(remembered_charges().text, number), segments)


def yen_at(rate: int, quantity: int) -> int:
    """What so much costs at a rate, in yen that have begun."""
    return -(-rate * quantity // PARTS_OF_A_YEN)


def rate_at(table: Mapping[str, int], number: str) -> int:
    """The rate of the longest beginning of a number that a table has."""
    digits = number.removeprefix("+")
    return next(table[digits[:size]] for size in range(len(digits), -1, -1) if digits[:size] in table)


# ---- where they are from ---------------------------------------------------------------------------------------------

_remembered_charges: tuple[float, Charges] | None = None


def remembered_charges() -> Charges:
    """The charges that count, as this process has read them within the last minute."""
    global _remembered_charges
    now = time.time()
    if _remembered_charges is None or not 0 <= now - _remembered_charges[0] < CHARGES_REMEMBERED_SECONDS:
        _remembered_charges = now, find_charges() or shipped_charges()
    return _remembered_charges[1]


def forget_charges() -> None:
    """Has them read anew, as a cold start would."""
    global _remembered_charges
    _remembered_charges = None


def find_charges() -> Charges | None:
    """Those of the card that was pulled last, in one round trip; None where nobody has pulled any."""
    found = look_up_entries([CHARGES_KEY]).get(CHARGES_KEY)
    return read_charges(found.document) if isinstance(found, KeptCharges) else None


@cache
def shipped_charges() -> Charges:
    """Those of the card that came with the exchange."""
    return read_charges(SHIPPED.read_text(encoding="utf-8"))


def read_charges(text: str) -> Charges:
    """The charges that are written so, in JSON."""
    said = json.loads(text)
    return Charges(said["card"], said["exchange"], said["minute"], said["text"])


def keep_charges(charges: Charges) -> None:
    """From now on these count, within a minute."""
    KeptCharges(*CHARGES_KEY, document=json.dumps(asdict(charges))).save()
    forget_charges()
