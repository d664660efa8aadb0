"""What everything costs: the list that this network has, and what somebody has put in its place.

A country's rows have the names and shapes of Twilio's Pricing API, so that what it says can be put here as it is. What
it lacks (conferences, recordings, detection, speech, browsers) are fees. Each row of prices.json names its source.
https://www.twilio.com/docs/voice/pricing https://www.twilio.com/docs/messaging/api/pricing
https://www.twilio.com/docs/phone-numbers/pricing
"""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from local.network.numbers import country, is_country, type_of
from local.network.refusals import Refused

Row = dict[str, Any]
Country = dict[str, list[Row]]

CALLS_OUT, TEXTS_OUT = "outbound_prefix_prices", "outbound_sms_prices"
CALLS_IN, TEXTS_IN, NUMBERS = "inbound_call_prices", "inbound_sms_prices", "phone_number_prices"
LISTS = (CALLS_OUT, CALLS_IN, NUMBERS, TEXTS_OUT, TEXTS_IN)
EVERYWHERE = {"ALL", "ROW"}  # origins that are no prefixes; ROW is the rest of the world

WISHES = ("price_unit", "exchange_rate", "delay", "countries", "fees")
DELAY = 180  # seconds; Twilio says only that a price may come later
MAX_DELAY = 30 * 86400
AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


@dataclass(frozen=True)
class PriceList:
    """What everything costs the account, in its currency. What nobody has a price for is None."""

    price_unit: str
    as_of: str
    delay: float  # seconds from the end of something until Twilio knows its price
    countries: dict[str, Country]
    fees: dict[str, Row]

    def as_seen(self) -> dict[str, Any]:
        """The list as the control API shows it, from which each of its parts can be put back."""
        return {
            "price_unit": self.price_unit,
            "as_of": self.as_of,
            "delay": self.delay,
            "countries": self.countries,
            "fees": {name: row["current_price"] for name, row in self.fees.items()},
        }

    def fee(self, name: str) -> Decimal:
        return Decimal(self.fees[name]["current_price"])

    def minute_out(self, to: str, from_: str) -> Decimal | None:
        """A minute of a call to this number with that caller ID."""
        return next((price_of(row) for row in self.rows_out(to, from_)), None)

    def rows_out(self, to: str, from_: str = "") -> list[Row]:
        """The rows of the longest prefix of the destination; if an origin is named, the one of its longest prefix."""
        digits = to.removeprefix("+")
        for length in range(len(digits), 0, -1):
            rows = self.prefixes.get(digits[:length], [])
            if from_:
                near = {nearness(row, from_.removeprefix("+")): row for row in reversed(rows)}
                rows = [near[max(near)]] if near and max(near) >= 0 else []
            if rows:
                return rows
        return []

    @functools.cached_property
    def prefixes(self) -> dict[str, list[Row]]:
        """The rows of each prefix of a destination, whichever country lists them."""
        found: dict[str, list[Row]] = {}
        for lists in self.countries.values():
            for row in lists[CALLS_OUT]:
                for prefix in row["destination_prefixes"]:
                    found.setdefault(prefix, []).append(row)
        return found

    def row_in(self, number: str, name: str = CALLS_IN) -> Row | None:
        """The row of such a number of the account, in this list of its country."""
        kind = type_of(number).replace("-", " ")  # Twilio writes "toll-free" elsewhere
        rows = self.countries.get(country(number), {}).get(name, [])
        return next((row for row in rows if row["number_type"] == kind), None)

    def minute_in(self, number: str) -> Decimal | None:
        """A minute of a call to one of the account's numbers."""
        row = self.row_in(number)
        return price_of(row) if row else None

    def month(self, number: str) -> Decimal | None:
        """What one of the account's numbers costs a month."""
        row = self.row_in(number, NUMBERS)
        return price_of(row) if row else None

    def segment_out(self, to: str, from_: str) -> Decimal | None:
        """A segment of a text to this number. No number here has a carrier, so it is the first that the list names.

        A list that has no row for this type of sender is taken at its first row (unverified).
        """
        carriers = self.countries.get(country(to), {}).get(TEXTS_OUT, [])
        rows = carriers[0]["prices"] if carriers else []
        return first_price(rows, type_of(from_))

    def segment_in(self, number: str) -> Decimal | None:
        """A segment of a text to one of the account's numbers, by the same rule."""
        return first_price(self.countries.get(country(number), {}).get(TEXTS_IN, []), type_of(number))


def price_of(row: Row) -> Decimal:
    return Decimal(row["current_price"])


def first_price(rows: list[Row], kind: str) -> Decimal | None:
    own = [row for row in rows if row["number_type"] == kind.replace("-", " ")]
    return price_of((own or rows)[0]) if rows else None


def nearness(row: Row, origin: str) -> int:
    """How many digits of the origin the row is for; 0 if it is for every origin, -1 if it is for others."""
    prefixes = row["origination_prefixes"]
    lengths = [len(prefix) for prefix in prefixes if origin.startswith(prefix)]
    return max(lengths, default=0 if EVERYWHERE & set(prefixes) else -1)


# ---- what is shipped, and what somebody wishes instead ---------------------------------------------------------------


@functools.cache
def shipped() -> dict[str, Any]:
    """What prices.json says."""
    said: dict[str, Any] = json.loads(Path(__file__).with_name("prices.json").read_text())
    return said


def read_prices(wishes: Any) -> PriceList:
    """The shipped list with what `PUT /prices` wishes in its place. Raises Refused, which names what is wrong."""
    if not isinstance(wishes, dict):
        raise Refused(400, f"The body is an object with {', '.join(WISHES)}.")
    for name in set(wishes) - set(WISHES):
        raise Refused(400, f"{name} is no part of a price list: those are {', '.join(WISHES)}.")
    unit, rate = read_unit(wishes)
    countries = {code: converted(lists, rate) for code, lists in shipped()["countries"].items()}
    for code, lists in read_object(wishes, "countries").items():
        if not is_country(code):
            raise Refused(400, f'countries has ISO codes such as "JP" as its keys, not {code!r}.')
        countries[code] = countries.get(code, {name: [] for name in LISTS}) | read_country(code, lists)
    fees = converted(shipped()["fees"], rate)
    for name, amount in read_object(wishes, "fees").items():
        if name not in fees:
            raise Refused(400, f"fees has {', '.join(fees)}; there is no {name!r}.")
        fees[name] = {"current_price": read_amount(amount, f"fees.{name}")}
    return PriceList(unit, shipped()["as_of"], read_delay(wishes), dict(sorted(countries.items())), fees)


def read_object(wishes: dict[str, Any], name: str) -> dict[str, Any]:
    wish = wishes.get(name, {})
    if not isinstance(wish, dict):
        raise Refused(400, f"{name} is an object.")
    return wish


def read_unit(wishes: dict[str, Any]) -> tuple[str, Decimal]:
    """The currency, and how much of it a unit of the shipped list's currency is."""
    own = shipped()["price_unit"]
    unit = wishes.get("price_unit", own)
    if not isinstance(unit, str) or not re.fullmatch(r"[A-Z]{3}", unit):
        raise Refused(400, 'price_unit is a currency such as "USD" or "JPY".')
    if (unit == own) == ("exchange_rate" in wishes):
        raise Refused(400, f"exchange_rate is how much of another price_unit one {own} is: either both or neither.")
    rate = Decimal(read_amount(wishes.get("exchange_rate", 1), "exchange_rate"))
    if not rate:
        raise Refused(400, "exchange_rate is more than 0.")
    return unit, rate


def read_delay(wishes: dict[str, Any]) -> float:
    delay = wishes.get("delay", DELAY)
    if type(delay) not in (int, float) or not 0 <= delay <= MAX_DELAY:
        raise Refused(400, f"delay is a number of seconds from 0 to {MAX_DELAY}.")
    return float(delay)


def read_country(code: str, lists: Any) -> Country:
    """What is wished of a country's lists. Rows that have more than is needed, such as a source, keep it."""
    if not isinstance(lists, dict) or set(lists) - set(LISTS):
        raise Refused(400, f"countries.{code} is an object with {', '.join(LISTS)}.")
    return {name: [READERS[name](row, f"countries.{code}.{name}") for row in rows_of(lists, name)] for name in lists}


def rows_of(within: dict[str, Any], name: str) -> list[dict[str, Any]]:
    rows = within.get(name)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Refused(400, f"{name} is a list of objects.")
    return rows


def read_typed(row: Row, where: str) -> Row:
    if not isinstance(row.get("number_type"), str):
        raise Refused(400, f'Each of {where} has a number_type, such as "local", "national", "mobile" or "toll free".')
    return row | read_both(row, where)


def read_out(row: Row, where: str) -> Row:
    origins = row.get("origination_prefixes", ["ALL"])
    ends = {"destination_prefixes": row.get("destination_prefixes"), "origination_prefixes": origins}
    for name, prefixes in ends.items():
        if not prefixes or not isinstance(prefixes, list) or not all(is_prefix(one, name) for one in prefixes):
            raise Refused(400, f'Each of {where} has {name}, a list of digits such as "8190".')
    name = row.get("friendly_name", "Programmable Outbound Minute")
    return row | {"friendly_name": name, "origination_prefixes": origins} | read_both(row, where)


def is_prefix(one: Any, name: str) -> bool:
    """Whether these are digits; an origin may be everywhere, too."""
    if not isinstance(one, str):
        return False
    return bool(re.fullmatch("[0-9]{1,15}", one)) or (name == "origination_prefixes" and one in EVERYWHERE)


def read_carrier(row: Row, where: str) -> Row:
    about = {name: row.get(name, "") for name in ("carrier", "mcc", "mnc")}
    return row | about | {"prices": [read_typed(one, f"{where}.prices") for one in rows_of(row, "prices")]}


READERS = dict.fromkeys(LISTS, read_typed) | {CALLS_OUT: read_out, TEXTS_OUT: read_carrier}


def read_both(row: Row, where: str) -> Row:
    """The price of the account and, if that is another one, of everybody."""
    current = read_amount(row.get("current_price"), f"The current_price of each of {where}")
    base = row.get("base_price")
    return {"current_price": current, "base_price": current if base is None else read_amount(base, "A base_price")}


def read_amount(wish: Any, what: str) -> str:
    if isinstance(wish, bool) or not isinstance(wish, (str, int, float)) or not AMOUNT.fullmatch(str(wish)):
        raise Refused(400, f'{what} is a decimal such as "0.0746", not {wish!r}.')
    return str(wish)


def converted(said: Any, rate: Decimal) -> Any:
    """The same, with its prices in another currency, and with the base prices that the shipped list leaves out."""
    if isinstance(said, list):
        return [converted(one, rate) for one in said]
    if not isinstance(said, dict):
        return said
    new = {name: converted(value, rate) for name, value in said.items()}
    if "current_price" in said:
        new["current_price"] = new["base_price"] = f"{Decimal(said['current_price']) * rate:f}"
    return new
