"""What Twilio's debugger keeps, in its REST API: https://www.twilio.com/docs/usage/monitor-alert"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.network.alerts import Alert
from local.network.dates import day_or_moment, iso
from local.network.refusals import Refused
from local.network.rest import endpoints
from local.network.rest.endpoints import only
from local.network.twiml.grammar import words
from local.network.world import World


def resource(world: World, alert: Alert) -> dict[str, Any]:
    """The alert as Twilio's REST API lists it; what was asked and answered stands in the log of webhooks."""
    at = iso(alert.at)
    return {
        "sid": alert.sid,
        "account_sid": world.account_sid,
        "alert_text": alert.text,
        "api_version": "2010-04-01",
        "date_created": at,
        "date_generated": at,
        "date_updated": at,
        "error_code": str(alert.code),
        "log_level": alert.level,
        "more_info": f"https://www.twilio.com/docs/api/errors/{alert.code}",
        "request_method": None,
        "request_url": None,
        "resource_sid": alert.resource_sid,
        "service_sid": None,
        "url": f"{world.address}/v1/Alerts/{alert.sid}",
    }


async def list_alerts(world: World, _: Request, form: dict[str, list[str]]) -> Response:
    """The latest first, on one page: those of a `LogLevel`, from `StartDate` to `EndDate`."""
    wishes = only(form, words("LogLevel StartDate EndDate PageSize Page PageToken"))
    try:
        since = day_or_moment(wishes["StartDate"])[0] if wishes.get("StartDate") else 0.0
        until = day_or_moment(wishes["EndDate"])[1] if wishes.get("EndDate") else world.clock.now() + 1
    except ValueError as error:
        raise Refused(400, "StartDate and EndDate are dates: YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ.", 20001) from error
    found = [one for one in reversed(world.alerts) if since <= one.at < until]
    found = [one for one in found if wishes.get("LogLevel") in (None, "", one.level)]
    meta = {"page": 0, "page_size": 50, "next_page_url": None, "previous_page_url": None, "key": "alerts"}
    return JSONResponse({"alerts": [resource(world, one) for one in found], "meta": meta})


def routes() -> list[Route]:
    return endpoints.routes([("GET", "/Alerts", list_alerts)], prefix="/v1")
