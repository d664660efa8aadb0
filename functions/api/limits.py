"""Limits: how much may be called and written, what was used of it, and the switch that stops all of it at once."""

import time
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from toritsugi.foundation.problems import answers
from toritsugi.limits import switch, views
from toritsugi.limits.views import LimitsRequest, LimitsView, StopRequest

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]


@router.get(
    "/api/limits",
    tags=["limits"],
    summary="How much is allowed, and what was used of it",
    responses=answers("The limits", 200),
)
def fetch_limits() -> LimitsView:
    return views.show_limits(time.time())


@router.patch(
    "/api/limits",
    tags=["limits"],
    summary="Change limits, within a minute",
    responses=answers("The limits", 200, 400, 409, 413, 415),
)
def change_limits(wanted: Annotated[LimitsRequest, Body()]) -> LimitsView:  # type: ignore[valid-type]
    changes: dict[str, Any] = wanted.model_dump(exclude_unset=True)  # type: ignore[attr-defined]
    switch.set_limits(changes)
    return fetch_limits()


@router.post(
    "/api/limits/stop",
    tags=["limits"],
    summary="Stop everything: from now on nothing is dialed and nothing is written; calls that run go on",
    responses=answers("The limits", 200, 400, 409, 413, 415),
)
def stop_exchange(wanted: Annotated[StopRequest, Body()]) -> LimitsView:
    switch.stop_exchange(wanted.why, time.time())
    return fetch_limits()


@router.post(
    "/api/limits/start",
    tags=["limits"],
    summary="Dial and write again",
    responses=answers("The limits", 200, 409),
)
def start_exchange() -> LimitsView:
    switch.start_exchange()
    return fetch_limits()
