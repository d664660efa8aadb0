"""Dry runs: what is asked for is checked as it is else, and answered with what it will cost; nothing is made."""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Query

from toritsugi.bridges import uses
from toritsugi.bridges.records import Announcement, Bridge, BridgeEntry, Party
from toritsugi.money import estimates
from toritsugi.money.estimates import Assumption, Estimate, PriceTerms, Spread
from toritsugi.money.scenarios import Conference, Scenario, TextMessage, VCall, telephone_of
from toritsugi.tariffs import pulled_cards, views
from toritsugi.tariffs.views import EstimateView

JSON = "application/json"
DryRun = Annotated[
    bool, Query(description="Whether nothing is made: it is checked, and answered with what it will cost")
]
TRIED: dict[int, Any] = {
    200: {
        "description": "What it will cost: it was a dry run, and nothing was made",
        "content": {JSON: {"model": EstimateView}},
    }
}


def made(view: Any) -> dict[str, Any]:
    """What the document says of the answer of an operation that has made something, where there is another answer."""
    return {JSON: {"model": view}}


def utc_today() -> date:
    return datetime.fromtimestamp(time.time(), UTC).date()


def newest_terms() -> PriceTerms:
    """By what a dry run is priced: the newest card that was pulled, else the shipped one, with its tax."""
    return PriceTerms(card=pulled_cards.get_card(None), today=utc_today())


def price_of_call(bridge: Bridge, entries: Sequence[BridgeEntry]) -> EstimateView:
    """What a bridge will cost that lasts as long as it may; with all its extensions at the utmost."""
    terms, people = newest_terms(), [one for one in entries if isinstance(one, Party)]
    least, most = int(bridge.minutes * 60), uses.longest_minutes(bridge) * 60
    spread = Spread(least, least, most) if most > least else None
    found = estimates.estimate(scenario_of(bridge, people, entries, terms), terms, spread)
    return views.show_estimate(with_assumption(found, "whole-time", minutes=str(int(bridge.minutes))))


def scenario_of(bridge: Bridge, people: Sequence[Party], entries: Sequence[BridgeEntry], terms: PriceTerms) -> Scenario:
    """What a bridge is as something that is priced. Of several who ring by a dialed leg one answers: the dearest."""
    first, *others = [telephone_of(str(one.number)) for one in people]
    words = [one.words for one in entries if isinstance(one, Announcement)] + [one.whisper for one in people]
    what: dict[str, Any] = {
        "line": telephone_of(str(bridge.line)),
        "seconds": int(bridge.minutes * 60),
        "sentences": tuple(len(one) for one in words if one),
        "detect_machines": bool(bridge.detect),
    }
    if bridge.through == "conference":
        return Conference(parties=(first, *others), **what)
    return max((VCall(parties=(first, one), **what) for one in others), key=lambda one: terms.total(one).amount)


def price_of_participant(bridge: Bridge, party: Party) -> EstimateView:
    """What one more person in a conference will cost, who is in it for as long as it was made for."""
    terms = newest_terms()
    sentences = (len(party.whisper),) if party.whisper else ()
    joining = Joining(
        parties=(telephone_of(str(party.number)),),
        line=telephone_of(str(party.shows)),
        seconds=int(bridge.minutes * 60),
        sentences=sentences,
        detect_machines=bool(bridge.detect),
    )
    found = estimates.estimate(joining, terms)
    return views.show_estimate(with_assumption(found, "whole-time", minutes=str(int(bridge.minutes))))


class Joining(Conference):
    """One leg more of a conference."""

    kind = "participant"

    def __post_init__(self) -> None:
        """One is enough."""


def price_of_text(person: str, body: str, has_files: bool) -> EstimateView:
    """What a text to somebody will cost."""
    found = estimates.estimate(TextMessage(to=telephone_of(person), body=body), newest_terms())
    return views.show_estimate(with_assumption(found, "no-files") if has_files else found)


def with_assumption(found: Estimate, name: str, **facts: str) -> Estimate:
    """An estimate of which this was assumed, too."""
    return replace(found, assumptions=(*found.assumptions, Assumption(name, facts)))
