"""The one port: the control API, Twilio's REST API, and the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from local.network import control
from local.network.refusals import Refused
from local.network.rest import (
    account,
    alerts,
    calls,
    conferences,
    endpoints,
    messages,
    numbers,
    participants,
    pricing,
    profiles,
    recordings,
    usage,
)
from local.network.world import World

PAGE = Path(__file__).parent / "page"

# What is said on telephones and written in texts is shown: nothing of it may run, nor may anything from elsewhere.
FOR_BROWSERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class PageFiles(StaticFiles):
    """The files of the page, with what a browser is to be strict about."""

    def file_response(self, *args: Any, **settings: Any) -> Response:
        response = super().file_response(*args, **settings)
        response.headers.update(FOR_BROWSERS)
        return response


def build(world: World) -> Starlette:
    """The application that serves this world; uvicorn runs it with loop="asyncio", in the loop of the world's clock."""
    routes: list[BaseRoute] = [
        *control.routes(),
        *account.routes(),
        *profiles.routes(),
        *alerts.routes(),
        *calls.routes(),
        *conferences.routes(),
        *participants.routes(),
        *numbers.routes(),
        *messages.routes(),
        *recordings.routes(),
        *pricing.routes(),
        *usage.routes(),
        *endpoints.everything_else(),
    ]
    if PAGE.is_dir():
        routes.append(Mount("/", PageFiles(directory=PAGE, html=True)))
    app = Starlette(routes=routes, exception_handlers={HTTPException: unknown})
    app.state.world = world
    return app


async def unknown(request: Request, error: Exception) -> Response:
    """Says that there is no such address or method, in the words of the API that was meant."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    what = f"There is nothing at {request.url.path}"
    if request.url.path.startswith(("/2010-04-01/", "/v1/", "/v2/")):
        return endpoints.refusal(Refused(status, what, 20404 if status == 404 else 20004))
    if status == 405:
        what = f"{request.method} is not something that {request.url.path} can do"
    return JSONResponse({"error": f"{what}. infra/local/network/control.py lists what there is."}, status)
