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
from toritsugi.masking.relaying import NotPassedOn, RelayedText, StrayText
from toritsugi.messages import inbound, permits, records
from toritsugi.messages.inbound import Text
from toritsugi.messages.records import Message

MAX_TEXT_TRIES = 3


@traced
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    if match := records.FILE_PATH.fullmatch(event["rawPath"]):
        return file_answer(match[1], int(match[2]))
    return take_text(event, context)


class OwnersWord:
    """What the owner's system says of a text: it is asked once, however often it is decided what becomes of that."""

    def __init__(self, webhook: Webhook) -> None:
        self.webhook, self.was_asked = webhook, False
        self.let_on: bool | None = None

    def find_twiml(self, stray: StrayText) -> str | None:
        """The TwiML with which it answers a text that no session puts through, if it is TwiML."""
        from toritsugi.adapters import owner_webhook, schedules  # these here only: few texts are strays
        from toritsugi.masking import strangers

        self.was_asked = True
        stranger = strangers.Stranger(stray.service_sid, self.webhook.fields, stray.route)
        return strangers.find_twiml(stranger, owner_webhook.ask_what_becomes, schedules.arm_expiry, event_bus.tell)

    def lets_on(self, wanted: RelayedText) -> bool:
        """Whether it lets a text of a session go on, if it wants to be asked at all."""
        if self.let_on is None and wanted.known.line and wanted.known.line.asks_before:
            from toritsugi.adapters import owner_webhook  # these here only, as above
            from toritsugi.masking import asking

            self.let_on = asking.is_text_let_on(wanted, owner_webhook.ask_whether)
        return self.let_on is not False


@webhooks.answers_with_text
def take_text(webhook: Webhook) -> MessagingResponse | str:
    """One read and one write, and two more where something is sent, for that is counted.

    More only while the same person writes several texts in the same moment, or their session changes.
    """
    text, owner = inbound.read_text(webhook.fields, time.time()), OwnersWord(webhook)
    for _ in range(MAX_TEXT_TRIES):
        try:
            return send_on_or_answer(text, owner)
        except inbound.Overtaken:
            continue
    raise RuntimeError("other texts of the same person came in, again and again")


def send_on_or_answer(text: Text, owner: OwnersWord) -> MessagingResponse | str:
    """What Twilio is to do about a text, which is kept. Raises Overtaken."""
    known = relaying.look_up_text(text)
    if not owner.was_asked and (stray := relaying.find_stray(text, known)):
        if twiml := owner.find_twiml(stray):
            inbound.keep_inbound(stray.answered)
            return twiml
        known = relaying.look_up_text(text)
    decided = relaying.decide_text(text, known)
    if isinstance(decided, RelayedText):
        follow(session_sid=decided.route.session_sid)
        try:
            return write_answer(text, relaying.relay(decided, event_bus.tell, owner.lets_on))
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
