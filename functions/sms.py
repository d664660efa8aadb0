"""A text message comes in: it is kept, and TwiML says what is answered, if anything is."""

import time

from twilio.twiml.messaging_response import MessagingResponse

from toritsugi.adapters import event_bus, webhooks
from toritsugi.adapters.webhooks import Webhook
from toritsugi.foundation import addresses
from toritsugi.foundation.logs import traced
from toritsugi.messages import inbound, permits
from toritsugi.messages.records import Message

MAX_TEXT_TRIES = 3


@traced
@webhooks.answers_with_text
def handler(webhook: Webhook) -> MessagingResponse:
    """One read and one write, and two where an answer is counted.

    More only while the same person writes several texts in the same moment.
    """
    text = inbound.read_text(webhook.fields, time.time())
    for _ in range(MAX_TEXT_TRIES):
        try:
            decided = inbound.decide_answer(text, inbound.look_up_sender(text))
            with permits.permitted_answer(decided, time.time(), event_bus.tell) as context:
                return write_answer(inbound.keep_inbound(context))
        except inbound.Overtaken:
            continue
    raise RuntimeError("other texts of the same person came in, again and again")


def write_answer(reply: Message | None) -> MessagingResponse:
    """The answer as TwiML, with an address to which its delivery is reported."""
    response = MessagingResponse()
    if reply:
        response.message(reply.body, status_callback=addresses.public_url(reply.path))
    return response
