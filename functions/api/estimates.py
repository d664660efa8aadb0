"""Estimates: what something will cost, line by line, by the newest rate card; nothing is made, and nobody is called."""

import time
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api.dry_runs import utc_today
from toritsugi.bridges import lists
from toritsugi.bridges.lists import CallFilter
from toritsugi.bridges.records import Bridge
from toritsugi.foundation.errors import wrong_field
from toritsugi.foundation.listings import Stretch
from toritsugi.foundation.problems import answers
from toritsugi.foundation.retention import DAY_SECONDS
from toritsugi.money import estimates
from toritsugi.money.estimates import Spread
from toritsugi.tariffs import pulled_cards, views
from toritsugi.tariffs.schemas import EstimateRequest
from toritsugi.tariffs.views import EstimateView

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]

HISTORY_DAYS, MIN_HISTORY, MAX_HISTORY = 30, 10, 100  # so many calls make a history


@router.post(
    "/api/estimates",
    tags=["estimates"],
    summary="What something will cost, line by line: nothing is made, and nobody is called",
    responses=answers("The estimate", 200, 400, 413, 415),
)
def make_estimate(asked: Annotated[EstimateRequest, Body()]) -> EstimateView:
    terms = asked.terms(pulled_cards.get_card(asked.card), utc_today())
    spread = spread_of_history(time.time()) if asked.history else asked.spread
    return views.show_estimate(estimates.estimate(asked.scenario, terms, spread))


# ---- what the operations ask -----------------------------------------------------------------------------------------


def spread_of_history(now: float) -> Spread:
    """How long conferences took of late: the newest hundred of a month. Raises RequestRefused if they are too few."""
    stretch = Stretch(int(now - HISTORY_DAYS * DAY_SECONDS), int(now) + 1)
    bridges, _ = lists.list_bridges(None, MAX_HISTORY, stretch, CallFilter(status="completed"))
    seconds = sorted(found for bridge in bridges if (found := talked_seconds(bridge)) is not None)
    if len(seconds) < MIN_HISTORY:
        said = f"of the last {HISTORY_DAYS} days there are {len(seconds)} conferences, and {MIN_HISTORY} are needed"
        raise wrong_field("history", said)
    return Spread(*(seconds[len(seconds) * tenth // 10] for tenth in (1, 5, 9)))


def talked_seconds(bridge: Bridge) -> int | None:
    """How long the people of a conference were in it together; None where they never were."""
    if bridge.full_time is None or bridge.ended_at is None or bridge.through != "conference" or not bridge.asked:
        return None  # of a masked call, which nobody has asked for, the minutes are those that its session had left
    allowed = (bridge.minutes + bridge.extensions * bridge.extension_minutes) * 60
    return max(0, int(bridge.ended_at - (bridge.full_time - allowed)))
