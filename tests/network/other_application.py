"""A bicycle workshop with two telephones behind one number: a small application which knows Twilio and nothing else.

It is here to show that the network is a product of its own: nothing of the exchange is imported, and nothing of the
network either. By hand, in two terminals, with the folder `infra` in PYTHONPATH for the first:

    TWILIO_AUTH_TOKEN=secret python -m local.network --number +815031230001 --voice-url http://127.0.0.1:5000/greeting
    TWILIO_AUTH_TOKEN=secret python tests/network/other_application.py

Then http://127.0.0.1:8001 shows the telephones: take one up, dial +815031230001, and press 1.
"""

from __future__ import annotations

import os
from collections import Counter
from urllib.parse import parse_qsl

import uvicorn
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from twilio.request_validator import RequestValidator
from twilio.twiml import TwiML
from twilio.twiml.voice_response import Dial, Gather, VoiceResponse

KENJI, LUCIA = "+819055550001", "+819055550002"
ENGLISH = {"language": "en-GB", "voice": "Polly.Amy"}
JAPANESE = {"language": "ja-JP", "voice": "Polly.Mizuki"}
EVENTS = "initiated ringing answered completed"


class OnlyTwilio(BaseHTTPMiddleware):
    """Whoever cannot sign is nobody: https://www.twilio.com/docs/usage/security"""

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        request.state.form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        address = request.app.state.address + request.url.path
        if request.url.query:
            address += "?" + request.url.query
        signature = request.headers.get("X-Twilio-Signature", "")
        if request.method == "POST" and not request.app.state.validator.validate(
            address, request.state.form, signature
        ):
            return Response("This workshop takes calls from Twilio only.", 403)
        return await call_next(request)


def spoken(response: TwiML) -> Response:
    return Response(str(response), media_type="text/xml")


# ---- what a customer hears ------------------------------------------------------------------------------------------


async def greeting(_: Request) -> Response:
    """Both languages, and a choice. Who does not choose is told when somebody is here, and let go."""
    response = VoiceResponse()
    menu = Gather(num_digits=1, timeout=4, action="/choice")
    menu.say("Welcome to the bicycle workshop. For a repair, press 1. For our opening hours, press 2.", **ENGLISH)
    menu.say("自転車工房です。修理は1を、営業時間は2を押してください。", **JAPANESE)
    response.append(menu)
    response.redirect("/hours")
    return spoken(response)


async def choice(request: Request) -> Response:
    response = VoiceResponse()
    match request.state.form["Digits"]:
        case "1":
            response.say("One moment.", **ENGLISH)
            response.append(to_the_workshop(request))
        case "2":
            response.redirect("/hours")
        case _:
            response.say("That is not on the menu.", **ENGLISH)
            response.redirect("/greeting")
    return spoken(response)


def to_the_workshop(request: Request) -> Dial:
    """Both mechanics are called at once, under the number of the workshop; a private one is not shown."""
    dial = Dial(action="/afterwards", caller_id=request.state.form["To"], timeout=15)
    for mechanic in request.app.state.mechanics:
        dial.number(mechanic, url="/accept", status_callback="/progress", status_callback_event=EVENTS)
    return dial


async def afterwards(request: Request) -> Response:
    response = VoiceResponse()
    if request.state.form["DialBridged"] == "true":
        response.say("Thank you for calling. Ride safely.", **ENGLISH)
    else:
        response.say("Nobody has a hand free. Please call again.", **ENGLISH)
        response.say("ただいま手が離せません。おかけ直しください。", **JAPANESE)
    response.hangup()
    return spoken(response)


async def hours(_: Request) -> Response:
    response = VoiceResponse()
    response.say("We are here from ten to six, except on Wednesdays.", **ENGLISH)
    response.hangup()
    return spoken(response)


# ---- what a mechanic hears ------------------------------------------------------------------------------------------


async def accept(_: Request) -> Response:
    """A mechanic, and no answering machine, presses 1; without that the customer is not put through."""
    response = VoiceResponse()
    question = Gather(num_digits=1, timeout=5, action="/accepted")
    question.say("お客様からの電話です。受けるには1を押してください。", **JAPANESE)
    response.append(question)
    response.hangup()
    return spoken(response)


async def accepted(request: Request) -> Response:
    response = VoiceResponse()
    if request.state.form["Digits"] != "1":
        response.hangup()
    return spoken(response)


# ---- what the owner reads in the evening ----------------------------------------------------------------------------


async def progress(request: Request) -> Response:
    """Counts what became of each call to a mechanic."""
    form = request.state.form
    request.app.state.counted[form["To"], form["CallStatus"]] += 1
    return Response(status_code=204)


async def ended(request: Request) -> Response:
    """Counts the customers, and their minutes."""
    form = request.state.form
    request.app.state.customers[form["CallSid"]] += int(form["Duration"])
    return Response(status_code=204)


async def report(request: Request) -> Response:
    state = request.app.state
    by_mechanic: dict[str, dict[str, int]] = {mechanic: {} for mechanic in state.mechanics}
    for (mechanic, status), times in state.counted.items():
        by_mechanic[mechanic][status] = times
    return JSONResponse(
        {"mechanics": by_mechanic, "customers": len(state.customers), "minutes": state.customers.total()}
    )


def workshop(auth_token: str, address: str, mechanics: tuple[str, ...] = (KENJI, LUCIA)) -> Starlette:
    """The application; `address` is where Twilio finds it, because that is what Twilio signs."""
    pages = [greeting, choice, afterwards, hours, accept, accepted, progress, ended]
    routes = [Route("/" + page.__name__, page, methods=["POST"]) for page in pages]
    app = Starlette(routes=[*routes, Route("/report", report)])
    app.add_middleware(OnlyTwilio)
    app.state.validator, app.state.address, app.state.mechanics = RequestValidator(auth_token), address, mechanics
    app.state.counted, app.state.customers = Counter(), Counter()
    return app


if __name__ == "__main__":
    port = int(os.environ.get("WORKSHOP_PORT", "5000"))
    uvicorn.run(workshop(os.environ["TWILIO_AUTH_TOKEN"], f"http://127.0.0.1:{port}"), port=port)
