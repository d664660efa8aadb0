"""A call comes in: it is put through to where the caller's route leads, or told why not. One read, no write."""

import time

from twilio.twiml.voice_response import VoiceResponse

from toritsugi import interactions, numbers, routes, webhooks
from toritsugi.routes import Route


@webhooks.answers_with_words
def handler(call: webhooks.Webhook) -> VoiceResponse:
    caller, called, now = numbers.read_caller(call["From"]), call["To"], time.time()
    line, route = routes.find(caller, called)

    def report_to(route: Route) -> str:
        leg = interactions.leg_of(route, now, caller, called, call["CallSid"], webhooks.seal)
        return webhooks.address(leg.path)

    return routes.put_through(line, route, now, report_to)
