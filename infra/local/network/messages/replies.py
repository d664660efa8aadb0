"""What follows a text that comes in: Twilio's own answer to STOP and its like, and TwiML, which replies.

https://www.twilio.com/docs/messaging/twiml/message and .../redirect
"""

from __future__ import annotations

from urllib.parse import urldefrag, urljoin

import httpx

from local.network.addresses import may_be_told
from local.network.callbacks import StatusCallback
from local.network.messages import keywords
from local.network.messages.message import MEMORY, Message, compose
from local.network.numbers import as_dialed
from local.network.refusals import Failure, Refused
from local.network.twiml import fetching, grammar
from local.network.twiml.prompts import LoopGuard
from local.network.twiml.reader import Document, Element
from local.network.webhooks import Request


async def receive(message: Message) -> None:
    """Obeys STOP and its like, and asks the application what to reply."""
    talk, now = message.conversation, message.world.clock.now()
    if now - talk.latest > MEMORY:
        talk.cookies = message.cookies = httpx.Cookies()
    talk.latest = now
    if wish := keywords.wish(message.body):
        obey(message, wish)
    line = message.world.numbers[message.to].settings
    if line["sms_url"]:
        fallback = Request(line["sms_fallback_url"], line["sms_fallback_method"], is_fallback=True)
        await go_through(message, Request(line["sms_url"], line["sms_method"]), fallback)


def obey(message: Message, wish: str) -> None:
    """Twilio itself answers, once. Whoever has said STOP hears no more, not even help."""
    talk = message.conversation
    if talk.opted_out and wish != "start":
        return
    talk.opted_out = False
    answer = Message(message.world, "outbound-reply", message.to, message.from_, keywords.ANSWERS[wish], [])
    message.world.send(answer.travel())
    talk.opted_out = wish == "stop"


async def go_through(message: Message, first: Request, fallback: Request) -> None:
    """Executes this document and those that it leads to. If one fails, the fallback is asked, if there is one."""
    step: Request | None = first
    guard = LoopGuard()
    while step is not None:
        here = step
        try:
            guard.count(message.world.clock.now())
            step = execute(message, await fetching.document(message, here, grammar.MESSAGES))
        except Failure as failure:
            message.trouble(failure.code, failure.message)
            if not fallback.url or guard.loops > 1 or here.is_fallback:
                return
            fallback.params = {"ErrorCode": str(failure.code), "ErrorUrl": failure.url or urldefrag(here.url).url}
            step = fallback


def execute(message: Message, document: Document) -> Request | None:
    """Sends the replies in their order, until a verb leads elsewhere."""
    for element in document.verbs:
        if element.verb == "Redirect":
            return Request(urljoin(document.url or "", element.text), element["method"])
        reply = sent(message, element, document)
        if element["action"] and reply:
            about = {"MessageSid": reply.sid, "MessageStatus": reply.status}
            return Request(urljoin(document.url or "", element["action"]), element["method"], about)
    return None


def sent(message: Message, element: Element, document: Document) -> Message | None:
    """Sends the reply. Returns None, and says why in the log, if it cannot be sent."""
    parts = {"Body": [element.text] if element.text else [], "Media": []}
    for part in element.nested:
        parts[part.verb].append(urljoin(document.url or "", part.text) if part.verb == "Media" else part.text)
    from_ = element["from"] or message.to
    to = as_dialed(element["to"], from_) if element["to"] else message.from_
    callback = urljoin(document.url or "", element["statusCallback"]) if element["statusCallback"] else ""
    try:
        reply = compose(message.world, "outbound-reply", from_, to, "".join(parts["Body"]), parts["Media"])
    except Refused as refused:
        message.trouble(refused.code, refused.message, document.entry)
        return None
    if callback and not may_be_told(callback):
        message.trouble(14105, f"statusCallback {callback!r} is no URL with a valid host name.", document.entry)
        callback = ""
    reply.callback = StatusCallback(callback)
    message.world.send(reply.travel())
    return reply
