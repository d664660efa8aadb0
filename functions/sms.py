"""A text message comes in: it is kept, and TwiML sends it on to the other of a session, or says what is answered."""

import time
from typing import Any

from twilio.twiml.messaging_response import MessagingResponse

from toritsugi.adapters import event_bus, webhooks
from toritsugi.adapters.webhooks import Webhook
from toritsugi.foundation import addresses
from toritsugi.foundation.errors import RequestRefused
from toritsugi.foundation.logs import follow, log, traced
from toritsugi.masking import relaying
from toritsugi.masking.relaying import NotPassedOn, RelayedText
from toritsugi.messages import inbound, permits, records
from toritsugi.messages.inbound import Text
from toritsugi.messages.records import Message

MAX_TEXT_TRIES = 3


@traced
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    if match := records.FILE_PATH.fullmatch(event["rawPath"]):
        return file_answer(match[1], int(match[2]))
    return take_text(event, context)


@webhooks.answers_with_text
def take_text(webhook: Webhook) -> MessagingResponse:
    """One read and one write, and two more where something is sent, for that is counted.

    More only while the same person writes several texts in the same moment, or their session changes.
    """
    text = inbound.read_text(webhook.fields, time.time())
    for _ in range(MAX_TEXT_TRIES):
        try:
            return send_on_or_answer(text)
        except inbound.Overtaken:
            continue
    raise RuntimeError("other texts of the same person came in, again and again")


def send_on_or_answer(text: Text) -> MessagingResponse:
    """What Twilio is to do about a text, which is kept. Raises Overtaken."""
    decided = relaying.decide_text(text, relaying.look_up_text(text))
    if isinstance(decided, RelayedText):
        follow(session_sid=decided.route.session_sid)
        try:
            return write_answer(text, relaying.relay(decided, event_bus.tell))
        except NotPassedOn as why:
            decided = why.context
    with permits.permitted_answer(decided, time.time(), event_bus.tell) as context:
        return write_answer(text, inbound.keep_inbound(context))


def write_answer(text: Text, reply: Message | None) -> MessagingResponse:
    """What is sent as TwiML, with an address to which its delivery is reported; to whom it is, where not to the sender.

    Whoever gets it sees a line of ours, never who has written it.
    """
    response = MessagingResponse()
    if reply:
        goes_on = reply.person != text.number or reply.line != text.line
        other = {"to": reply.person, "from_": reply.line} if goes_on else {}
        files, report_to = reply.media or [], addresses.public_url(reply.path)
        message = response.message(None if files else reply.body, status_callback=report_to, **other)
        if files and reply.body:
            message.body(reply.body)
        for place in range(len(files)):
            message.media(addresses.url_of_file(reply.file_path(place)))
    return response


def file_answer(message_id: str, place: int) -> dict[str, Any]:
    """Leads Twilio to a file that goes with a message: it asks for a password, and sends none, when it fetches one.

    Nobody else knows such an address, for it is made of what nobody can guess; and it is good for a day.
    """
    from toritsugi.adapters import twilio_media  # here only: few texts bring files

    url = records.find_file(message_id, place)
    try:
        location = twilio_media.find_location(url) if url else None
    except RequestRefused as refusal:
        log.warning("file refused", reason=refusal.message)
        return {"statusCode": 502}
    if location is None:
        return {"statusCode": 404}
    return {"statusCode": 307, "headers": {"location": location, "cache-control": "no-store"}}
