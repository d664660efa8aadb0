"""A rate card: what is asked for each thing, dated, in one currency, and where each figure is from.

The longest destination prefix wins; among equals the longest origination prefix, `ALL` last, as in Twilio's Pricing
API. https://www.twilio.com/docs/voice/pricing
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from toritsugi.foundation.errors import wrong_field
from toritsugi.foundation.types import Json

CARDS = Path(__file__).parent / "cards"
SHIPPED_CARDS = tuple(sorted(path.stem for path in CARDS.glob("*.json")))
DEFAULT_CARD = "twilio-jp-2026-11"

EVERY_ORIGIN = "ALL"


class What(StrEnum):
    """What is paid for."""

    OUTGOING_CALL = "outgoing-call"
    INCOMING_CALL = "incoming-call"
    BROWSER_CALL = "browser-call"
    CONFERENCE = "conference"
    RECORDING = "recording"
    STORAGE = "recording-storage"
    DETECTION = "machine-detection"
    SPEECH = "speech"
    OUTGOING_TEXT = "outgoing-text"
    INCOMING_TEXT = "incoming-text"
    NUMBER = "number"
    TAX = "tax"
    AWS = "aws"


# Of what a rate is, which follows from what is paid for.
UNITS: Mapping[What, str] = {
    What.OUTGOING_CALL: "minute",
    What.INCOMING_CALL: "minute",
    What.BROWSER_CALL: "minute",
    What.CONFERENCE: "participant minute",
    What.RECORDING: "minute",
    What.STORAGE: "minute and month",
    What.DETECTION: "answered call",
    What.SPEECH: "100 characters",
    What.OUTGOING_TEXT: "segment",
    What.INCOMING_TEXT: "segment",
    What.NUMBER: "month",
    What.TAX: "of the sum",
    What.AWS: "time",
}

# How far a figure can be trusted: it is of the owner's own account or contract; was read where its seller publishes
# it; was copied from there by others; or nobody has looked.
CERTAINTIES = ("own", "published", "third-party", "unverified")

DECIMAL = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?")
PREFIX = re.compile(r"[0-9]{1,15}")
CURRENCY = re.compile(r"[A-Z]{3}")
COUNTRY_CODE = re.compile(r"[A-Z]{2}")
CARD_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,62}")


@dataclass(frozen=True, kw_only=True)
class Rate:
    """What is asked for one thing. `rate` is None where somebody has looked, and the figure is not known.

    `number_type` is that of the line of ours: local, national (050), mobile or toll-free. `free` is how much of it a
    month has for nothing. One that `is_overridden` is the owner's; `list_rate` is what the card says itself.
    """

    what: What
    rate: Decimal | None
    name: str = ""
    destination_prefixes: tuple[str, ...] = ()
    origination_prefixes: tuple[str, ...] = (EVERY_ORIGIN,)
    number_type: str = ""
    carrier: str = ""
    voice: str = ""
    country: str = ""
    free: Decimal = Decimal(0)
    note: str = ""
    source: str = ""
    as_of: date
    certainty: str = "published"
    is_overridden: bool = False
    list_rate: Decimal | None = None

    @property
    def unit(self) -> str:
        """Of what the rate is."""
        return UNITS[self.what]

    @property
    def subjects(self) -> list[tuple[str, ...]]:
        """What it is for, each destination and origination by itself: no card has two rates for the same."""
        whose = (self.number_type, self.carrier, self.voice)
        return [
            (self.what, to, origin, *whose)
            for to in self.destination_prefixes or ("",)
            for origin in self.origination_prefixes
        ]


@dataclass(frozen=True, kw_only=True)
class RateCard:
    """All rates of one seller at one date. Since `ended_on`, if that is there, nobody gets them any more."""

    name: str
    as_of: date
    currency: str
    rates: tuple[Rate, ...]
    title: str = ""
    country: str = ""
    source: str = ""
    note: str = ""
    ended_on: date | None = None


@dataclass(frozen=True)
class Wanted:
    """For what a rate is looked for. `to` is the number that is called or written to, of ours where it comes in.

    What is not said may be anything. Then the dearest rate counts.
    """

    what: What
    to: str = ""
    origin: str = ""
    number_type: str = ""
    carrier: str = ""
    voice: str = ""


def rate_for(card: RateCard, wanted: Wanted) -> Rate | None:
    """The rate that a card has for this, which may say that it is not known; None if the card has none."""
    found = [(rank, rate) for rate in card.rates if rate.what == wanted.what and (rank := rank_of(rate, wanted))]
    return max(found, key=lambda one: one[0])[1] if found else None


def rank_of(rate: Rate, wanted: Wanted) -> tuple[Decimal | int, ...] | None:
    """How closely a rate is meant for this, the closest being the greatest; None if it is for something else."""
    to = longest(rate.destination_prefixes, wanted.to) if rate.destination_prefixes else 0
    origin = longest(rate.origination_prefixes, wanted.origin)
    pairs = [(getattr(rate, name), getattr(wanted, name)) for name in ("number_type", "carrier", "voice")]
    if to is None or origin is None or any(one and other and one != other for one, other in pairs):
        return None
    return (to, origin, *(bool(one and one == other) for one, other in pairs), -1 if rate.rate is None else rate.rate)


def longest(prefixes: Iterable[str], number: str) -> int | None:
    """How many digits the longest of these prefixes has with which a number begins; None if it begins with none."""
    digits = number.removeprefix("+")
    fitting = [
        0 if one == EVERY_ORIGIN else len(one) for one in prefixes if one == EVERY_ORIGIN or digits.startswith(one)
    ]
    return max(fitting, default=None)


# ---- cards that are shipped ------------------------------------------------------------------------------------------


@cache
def shipped_card(name: str = DEFAULT_CARD) -> RateCard:
    """The card of this name that came with the exchange. Raises RequestRefused."""
    if name not in SHIPPED_CARDS:
        raise wrong_field("card", f"there is none of this name, but {', '.join(SHIPPED_CARDS)}")
    return read_rate_card((CARDS / f"{name}.json").read_text(encoding="utf-8"))


# ---- cards as JSON ---------------------------------------------------------------------------------------------------


def read_rate_card(text: str) -> RateCard:
    """The card that is written so, in JSON. Raises RequestRefused, which names the field."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise wrong_field("card", f"this is no JSON: {error}") from None
    return rate_card_of(document)


def rate_card_of(document: Any) -> RateCard:
    """The card that this JSON is. Raises RequestRefused, which names the field."""
    card = checked_fields(document, "card", {*CARD_FIELDS, "certainty"}, {"name", "as_of", "currency", "rates"})
    as_of = read_date(card["as_of"], "as_of")
    inherited: Json = {name: card[name] for name in ("source", "as_of", "country", "certainty") if name in card}
    if not isinstance(card["rates"], list) or not card["rates"]:
        raise wrong_field("rates", "a list of rates, one at least")
    rates = tuple(read_rate(row, f"rates/{place}", inherited) for place, row in enumerate(card["rates"]))
    check_that_each_is_once(rates)
    return RateCard(
        name=read_matching(card, "name", CARD_NAME, "small letters, digits, dots and dashes, as twilio-jp-2026-11"),
        as_of=as_of,
        currency=read_matching(card, "currency", CURRENCY, "three capitals, as JPY or USD"),
        rates=rates,
        title=card.get("title", ""),
        country=read_matching(card, "country", COUNTRY_CODE, "two capitals, as JP") if card.get("country") else "",
        source=card.get("source", ""),
        note=card.get("note", ""),
        ended_on=read_date(card["ended_on"], "ended_on") if card.get("ended_on") else None,
    )


def read_rate(row: Any, at: str, inherited: Json) -> Rate:
    """A rate as a card writes it; what it does not say itself, its card says for all. Raises RequestRefused."""
    said = inherited | checked_fields(row, at, set(RATE_FIELDS), {"what", "rate"})
    if said["what"] not in list(What):
        raise wrong_field(f"{at}/what", f"one of {', '.join(What)}")
    if said["rate"] is None and not said.get("note"):
        raise wrong_field(f"{at}/note", "say why the rate is not known")
    if said.get("certainty", "published") not in CERTAINTIES:
        raise wrong_field(f"{at}/certainty", f"one of {', '.join(CERTAINTIES)}")
    if not said.get("source"):
        raise wrong_field(f"{at}/source", "say where the figure is from, here or once for the card")
    if not isinstance(said.get("is_overridden", False), bool):
        raise wrong_field(f"{at}/is_overridden", "true or false")
    given = [name for name in ("rate", "list_rate", "free") if said.get(name) is not None]
    amounts = {name: read_decimal(said[name], f"{at}/{name}") for name in given}
    prefixes = {
        "destination_prefixes": read_prefixes(said.get("destination_prefixes", []), f"{at}/destination_prefixes"),
        "origination_prefixes": read_prefixes(
            said.get("origination_prefixes", [EVERY_ORIGIN]), f"{at}/origination_prefixes", EVERY_ORIGIN
        )
        or (EVERY_ORIGIN,),
    }
    own: Json = {"what": What(said["what"]), "as_of": read_date(said["as_of"], f"{at}/as_of")}
    return Rate(**said | {"rate": None} | amounts | prefixes | own)


def checked_fields(document: Any, at: str, known: set[str], needed: set[str]) -> Json:
    """An object with no fields but the known ones, and all that are needed, every text a text."""
    if not isinstance(document, dict):
        raise wrong_field(at, "an object of JSON")
    place = "" if at == "card" else f"{at}/"
    for name in document.keys() - known:
        raise wrong_field(f"{place}{name}", f"there is no such field, but {', '.join(sorted(known))}")
    for name in sorted(needed - document.keys()):
        raise wrong_field(f"{place}{name}", "it is missing")
    for name, value in document.items():
        if name not in NO_TEXTS and not isinstance(value, str):
            raise wrong_field(f"{place}{name}", "a text in quotes")
    return document


def read_decimal(value: Any, at: str) -> Decimal:
    """An amount that is written as a decimal number in quotes. A number of JSON is refused: it may be no decimal."""
    if not isinstance(value, str) or not DECIMAL.fullmatch(value):
        raise wrong_field(at, 'a decimal number in quotes, as "0.0746"')
    return Decimal(value)


def read_date(value: Any, at: str) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise wrong_field(at, "a date, as 2026-11-28") from None


def read_matching(card: Json, name: str, pattern: re.Pattern[str], form: str) -> str:
    value = card[name]
    if not pattern.fullmatch(value):
        raise wrong_field(name, form)
    return str(value)


def read_prefixes(value: Any, at: str, *words: str) -> tuple[str, ...]:
    """The beginnings of numbers, without +; or one of the words that stand for some."""
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise wrong_field(at, 'a list of texts, as ["8170", "8180"]')
    for one in value:
        if one not in words and not PREFIX.fullmatch(one):
            raise wrong_field(at, f"{one} is no beginning of a number: digits without +, as 8190")
    return tuple(value)


def check_that_each_is_once(rates: Iterable[Rate]) -> None:
    """Raises RequestRefused if there are two rates for the same."""
    seen: dict[tuple[str, ...], int] = {}
    for place, rate in enumerate(rates):
        for subject in rate.subjects:
            if seen.setdefault(subject, place) != place:
                raise wrong_field(f"rates/{place}", f"it is for the same as rates/{seen[subject]}")


def rate_card_to_json(card: RateCard) -> Json:
    """The card as JSON, as rate_card_of() reads it."""
    document = {name: plain_json(getattr(card, name)) for name in CARD_FIELDS if getattr(card, name)}
    return document | {"rates": [rate_to_json(rate) for rate in card.rates]}


def rate_to_json(rate: Rate) -> Json:
    row = {name: plain_json(getattr(rate, name)) for name in RATE_FIELDS if getattr(rate, name)}
    return {"what": rate.what.value, "rate": plain_json(rate.rate)} | row


def plain_json(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, date) else list(value) if isinstance(value, tuple) else value


CARD_FIELDS = tuple(field.name for field in fields(RateCard))
RATE_FIELDS = tuple(field.name for field in fields(Rate))
NO_TEXTS = {
    "rates",
    "rate",
    "ended_on",
    "destination_prefixes",
    "origination_prefixes",
    "is_overridden",
    "list_rate",
    "free",
}
