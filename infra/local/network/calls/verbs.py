"""What a call does: one coroutine goes through TwiML, verb by verb. A verb returns where to go on, or None.

https://www.twilio.com/docs/voice/twiml
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urldefrag, urljoin

from local.network.calls import dial
from local.network.calls.call import Call
from local.network.calls.gather import gather
from local.network.calls.record import record
from local.network.numbers import country
from local.network.refusals import Failure
from local.network.twiml import fetching, grammar
from local.network.twiml.prompts import PROMPTS, LoopGuard, send
from local.network.twiml.reader import Document, Element
from local.network.twiml.speech import of_words
from local.network.webhooks import Request

ERROR = "An application error has occurred. Goodbye."
OUT_OF_SERVICE = {
    "ja": "この番号は、現在使われていません。",
    "en": "The number that you have dialed is not in service.",
}

# ---- the life of a leg ----------------------------------------------------------------------------------------------


async def inbound(call: Call, request: Request) -> None:
    """Somebody calls one of the account's numbers."""
    call.progress("ringing")
    await run(call, request)


async def outbound(call: Call, first: Request | Document, wait: float, timeout: float, send_digits: str) -> None:
    """A call made by REST: it waits for its turn, rings, and once answered runs its TwiML."""
    if wait:
        await call.clock.sleep(wait, f"{call.sid} leaves the queue")
    if await call.ring(timeout):
        await send(call, send_digits)
        await run(call, first)


async def whispered(call: Call, first: Request | None, timeout: float, send_digits: str) -> None:
    """A leg of <Dial>: it rings, hears its whisper, and is then ready to be put through.

    https://www.twilio.com/docs/voice/twiml/number#attributes-url
    """
    if not await call.ring(timeout):
        return
    await send(call, send_digits)
    if first:
        await go_through(call, first, grammar.WHISPER)
    if not call.over.fired:
        call.ready.fire()


async def out_of_service(call: Call) -> None:
    """Nobody has the number that was dialed. The caller is told so, and is not charged."""
    call.progress("ringing")
    words = not_in_service(call)
    await call.listen("say", words, of_words(words))
    call.end("failed", "the network")


async def turned_away(call: Call) -> None:
    """The account has as many calls as it may have: nobody asks the application, and the caller hears that it is busy.

    What the caller hears is unverified.
    """
    call.callback = None
    call.hear("tone", "busy")
    call.turn_away()


def not_in_service(call: Call) -> str:
    return OUT_OF_SERVICE["ja" if call.phone and country(call.phone.number) == "JP" else "en"]


async def run(call: Call, first: Request | Document) -> None:
    """Goes through TwiML until there is no more, which ends the call."""
    await go_through(call, first, grammar.VERBS)
    if not call.answered.fired and (status := call.unanswered_status):
        call.end(status, "Twilio")
    call.answer()
    call.end("completed", "the end of the TwiML")


async def go_through(call: Call, first: Request | Document, allowed: tuple[str, ...]) -> None:
    """Executes this document and those that it leads to. If one of them fails, the fallback is asked instead."""
    step: Request | Document | None = first
    guard = LoopGuard()
    while step is not None and not call.over.fired:
        here = step
        try:
            guard.count(call.clock.now())
            document = await fetching.document(call, here, allowed) if isinstance(here, Request) else here
            step = await execute(call, document)
        except Failure as failure:
            call.trouble(failure.code, failure.message)
            url, method = call.fallback
            if not url or guard.loops > 1 or (isinstance(here, Request) and here.is_fallback):
                await apologise(call)
                return
            about = {"ErrorCode": str(failure.code), "ErrorUrl": failure.url or urldefrag(here.url or "").url}
            step = Request(url, method, about, is_fallback=True)


async def apologise(call: Call) -> None:
    """Twilio's last word when there is no TwiML: https://www.twilio.com/docs/usage/troubleshooting"""
    call.answer()
    await call.listen("say", ERROR, of_words(ERROR))
    call.end("completed", "an application error")


async def execute(call: Call, document: Document) -> Request | None:
    """Executes the verbs in their order, until one of them leads elsewhere."""
    step = None
    for element in document.verbs:
        if element.verb == "Gather":
            call.keys.attentive = True
        else:
            call.keys.attend(False)
        call.execute(element)
        step = await VERBS[element.verb](call, element, document)
        if step is not None or call.over.fired:
            break
    call.keys.attend(True)
    return step


# ---- the verbs ------------------------------------------------------------------------------------------------------


async def prompt(call: Call, element: Element, document: Document) -> None:
    """Say, Play or Pause. Only a pause before anything else does not answer the call, which goes on ringing."""
    if element.verb != "Pause":
        call.answer()
    elif not call.answered.fired:
        call.hear("ring", "")
    await PROMPTS[element.verb](call, element, document)


async def redirect(_: Call, element: Element, document: Document) -> Request:
    return Request(urljoin(document.url or "", element.text), element["method"])


async def hangup(call: Call, *_: object) -> None:
    """Ends the call. As the first verb it does answer it, which is billed: https://www.twilio.com/docs/voice/twiml/hangup"""
    call.answer()
    call.end("completed", "Hangup")


async def reject(call: Call, element: Element, _: Document) -> None:
    """The call is not answered and not billed: https://www.twilio.com/docs/voice/twiml/reject"""
    if call.answered.fired:
        raise Failure(12200, "<Reject> comes too late: the call is answered.")
    if element["reason"] == "busy":
        call.hear("tone", "busy")
        call.end("busy", "Reject")
    else:
        call.hear("say", not_in_service(call))
        call.end("no-answer", "Reject")


async def dial_others(call: Call, element: Element, document: Document) -> Request | None:
    return await dial.dial(call, element, document, whispered)


Verb = Callable[..., Awaitable[Request | None]]
VERBS: dict[str, Verb] = {
    "Say": prompt,
    "Play": prompt,
    "Pause": prompt,
    "Gather": gather,
    "Record": record,
    "Dial": dial_others,
    "Redirect": redirect,
    "Hangup": hangup,
    "Reject": reject,
}
