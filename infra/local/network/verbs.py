"""What a call does: it runs through TwiML, verb by verb, as one coroutine. A verb returns where to go on, or None.

https://www.twilio.com/docs/voice/twiml
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urljoin

from local.clock import Signal
from local.network import dial, grammar, webhooks
from local.network.numbers import country
from local.network.phones import PAUSES, split_at_pauses
from local.network.refusals import Failure
from local.network.speech import can_speak, of_words
from local.network.twiml import Document, Element
from local.network.webhooks import Request

if TYPE_CHECKING:
    from local.network.calls import Call

ERROR = "An application error has occurred. Goodbye."
OUT_OF_SERVICE = {
    "ja": "この番号は、現在使われていません。",
    "en": "The number that you have dialed is not in service.",
}
ENDLESS = 1000  # what loop="0" amounts to: https://www.twilio.com/docs/voice/twiml/say
MOST_TURNS = 100  # documents that lead to each other within a second; a loop would stop the clock for ever

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
    """Nobody has the number that was dialed, and the caller is told so without being charged."""
    call.progress("ringing")
    words = not_in_service(call)
    await call.listen("say", words, of_words(words))
    call.end("failed", "the network")


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
    """Executes this document and those that it leads to. For what cannot be had or executed the fallback stands in."""
    step: Request | Document | None = first
    begun: deque[float] = deque(maxlen=MOST_TURNS)
    loops = 0
    while step is not None and not call.over.fired:
        here = step
        try:
            begun.append(call.clock.now())
            if len(begun) == MOST_TURNS and begun[-1] - begun[0] < 1:
                begun.clear()
                loops += 1
                raise Failure(11215, f"{MOST_TURNS} documents have led from one to the next, and no time has passed.")
            document = await webhooks.document(call, here, allowed) if isinstance(here, Request) else here
            step = await execute(call, document)
        except Failure as failure:
            call.trouble(failure.code, failure.message)
            url, method = call.fallback
            if not url or loops > 1 or (isinstance(here, Request) and here.is_fallback):
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
            call.attentive = True
        else:
            call.attend(False)
        call.execute(element)
        step = await VERBS[element.verb](call, element, document)
        if step is not None or call.over.fired:
            break
    call.attend(True)
    return step


# ---- the verbs ------------------------------------------------------------------------------------------------------


async def say(call: Call, element: Element, document: Document, *until: Signal) -> None:
    call.answer()
    if not element.text:
        call.trouble(13520, "<Say> has nothing to say.", document.entry)
        return
    if not can_speak(element["voice"], element.attributes.get("language")):
        about = f"The voice {element['voice']} does not speak {element['language']}."
        call.trouble(13512, about, document.entry)
        return
    seconds = of_words(element.text, element["language"])
    for _turn in range(element["loop"] or ENDLESS):
        if await call.listen("say", element.text, seconds, *until):
            return


async def play(call: Call, element: Element, document: Document, *until: Signal) -> None:
    call.answer()
    if element["digits"]:
        await send(call, element["digits"])
        return
    url = urljoin(document.url or "", element.text)
    try:
        seconds = element.seconds or await webhooks.length(call, url)
    except Failure as failure:  # a file that is missing is passed over
        call.trouble(failure.code, failure.message)
        return
    for _turn in range(element["loop"] or ENDLESS):
        if await call.listen("play", url, seconds, *until):
            return


async def pause(call: Call, element: Element, _: Document, *until: Signal) -> None:
    """Silence. Before anything else was heard it does not answer the call, which goes on ringing."""
    if not call.answered.fired:
        call.hear("ring", "")
    await call.clock.first(*until, timeout=element["length"], label="Pause ends")


async def send(call: Call, digits: str) -> None:
    """Plays keys to whoever is at the telephone."""
    for keys in split_at_pauses(digits):
        if keys in PAUSES:
            await call.clock.sleep(PAUSES[keys], "the next digits")
        else:
            call.hear("tone", keys)


async def gather(call: Call, element: Element, document: Document) -> Request | None:
    """Keys are collected from the first word of the prompt on, and the first one breaks it off."""
    call.answer()
    prompts = iter(element.nested)
    while not call.typed and (prompt := next(prompts, None)):
        call.execute(prompt)
        await PROMPTS[prompt.verb](call, prompt, document, call.key)
    digits, finished = "", ""
    while len(digits) != element["numDigits"]:
        key = await call.next_key(element["timeout"])
        if key is None or key in element["finishOnKey"]:
            finished = key or ""
            break
        digits += key
    call.attend(True)
    call.note("gathered", digits)
    if not digits and not element["actionOnEmptyResult"]:
        return None
    url = urljoin(document.url or "", element["action"] or "")
    return Request(url, element["method"], {"Digits": digits, "FinishedOnKey": finished, "msg": "Gather End"})


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
PROMPTS: dict[str, Verb] = {"Say": say, "Play": play, "Pause": pause}
VERBS: dict[str, Verb] = PROMPTS | {
    "Gather": gather,
    "Dial": dial_others,
    "Redirect": redirect,
    "Hangup": hangup,
    "Reject": reject,
}
