"""The golden cases: what things cost, reckoned by hand. golden.json is for every engine; this reads it for ours."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from toritsugi.money.pricing import PricedCall, PricedNumber, PricedRecording, PricedSpeech, PricedStorage, PricedText
from toritsugi.money.rates import SHIPPED_CARDS, RateCard, What, rate_card_of, shipped_card
from toritsugi.money.scenarios import (
    Conference,
    MaskedCall,
    ReceptionCall,
    TextMessage,
    VCall,
    WholeMonth,
    telephone_of,
)

GOLDEN = json.loads((Path(__file__).parent / "golden.json").read_text(encoding="utf-8"))
CASES = GOLDEN["cases"]
EXACTLY = Decimal("0.0001")

CALLS_AND_TEXTS = {one.kind: one for one in (MaskedCall, VCall, Conference, ReceptionCall, TextMessage)}
THINGS = {
    "call": PricedCall,
    "recording": PricedRecording,
    "storage": PricedStorage,
    "speech": PricedSpeech,
    "text": PricedText,
    "number": PricedNumber,
}


def card_of(name: str) -> RateCard:
    return shipped_card(name) if name in SHIPPED_CARDS else rate_card_of(GOLDEN["cards"][name])


def thing_of(said: dict[str, Any]):
    readers = {"what": What, "minute_months": Decimal}
    facts = {name: readers.get(name, lambda value: value)(value) for name, value in said.items() if name != "thing"}
    return THINGS[said["thing"]](**facts)


def scenario_of(said: dict[str, Any]):
    if said["kind"] == "month":
        parts = tuple((scenario_of(one), count) for one, count in said["parts"])
        return WholeMonth(parts=parts, numbers=tuple(PricedNumber(**one) for one in said["numbers"]))
    readers = dict.fromkeys(("line", "caller", "callee", "to", "transfer_to"), telephone_of)
    readers |= {"parties": lambda all: tuple(map(telephone_of, all)), "kept_months": Decimal}
    readers |= {"extensions": tuple, "sentences": tuple}
    facts = {name: readers.get(name, lambda value: value)(value) for name, value in said.items() if name != "kind"}
    return CALLS_AND_TEXTS[said["kind"]](**facts)


def things_of(case: dict[str, Any]):
    """What is paid for in a case, whichever way it says so."""
    return list(map(thing_of, case["things"])) if "things" in case else list(scenario_of(case["scenario"]).things())
