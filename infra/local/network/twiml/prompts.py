"""What is played into somebody's ear: <Say>, <Play> and <Pause>, in a call, in a conference or while waiting for one.

https://www.twilio.com/docs/voice/twiml/say, .../play and .../pause
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Protocol
from urllib.parse import urljoin

from local.clock import Clock, Signal
from local.network.refusals import Failure
from local.network.twiml import fetching, grammar
from local.network.twiml.digits import PAUSES, split_at_pauses
from local.network.twiml.reader import Document, Element
from local.network.twiml.speech import can_speak, of_words
from local.network.webhooks import Asker, Request

ENDLESS = 1000  # what loop="0" amounts to: https://www.twilio.com/docs/voice/twiml/say
MAX_DOCUMENTS = 100  # documents that lead to each other within a second; a loop would stop the clock for ever


class Listener(Asker, Protocol):
    """Whoever hears it: one call, or all to whom an announcement goes."""

    clock: Clock

    def execute(self, element: Element) -> None: ...

    def hear(self, kind: str, text: str) -> Any: ...

    async def listen(self, kind: str, text: str, seconds: float, *until: Signal) -> Signal | None: ...


class LoopGuard:
    """Counts the documents that lead from one to the next, so that a loop ends."""

    def __init__(self) -> None:
        self.begun: deque[float] = deque(maxlen=MAX_DOCUMENTS)
        self.loops = 0  # how often it was too many

    def count(self, now: float) -> None:
        """Counts one more. Failure if there were too many of them while no time has passed."""
        self.begun.append(now)
        if len(self.begun) == MAX_DOCUMENTS and self.begun[-1] - self.begun[0] < 1:
            self.begun.clear()
            self.loops += 1
            raise Failure(11215, f"{MAX_DOCUMENTS} documents have led from one to the next, and no time has passed.")


async def perform(listener: Listener, first: Request | Document) -> None:
    """Plays this document and those that it redirects to. Failure if one of them cannot be had.

    https://www.twilio.com/docs/voice/twiml/conference#attributes-waiturl
    """
    step: Request | Document | None = first
    guard = LoopGuard()
    while step is not None:
        guard.count(listener.clock.now())
        document = await fetched(listener, step) if isinstance(step, Request) else step
        step = None
        for element in document.verbs:
            listener.execute(element)
            if element.verb == "Redirect":
                step = Request(urljoin(document.url or "", element.text), element["method"])
                break
            await PROMPTS[element.verb](listener, element, document)


async def fetched(listener: Listener, request: Request) -> Document:
    """The document, in which nothing is allowed but what can be played."""
    return await fetching.document(listener, request, grammar.PLAYED)


async def say(listener: Listener, element: Element, document: Document, *until: Signal) -> None:
    if not element.text:
        listener.trouble(13520, "<Say> has nothing to say.", document.entry)
        return
    if not can_speak(element["voice"], element.attributes.get("language")):
        about = f"The voice {element['voice']} does not speak {element['language']}."
        listener.trouble(13512, about, document.entry)
        return
    listener.world.bill.speech(element["voice"], element.text)
    seconds = of_words(element.text, element["language"])
    for _turn in range(element["loop"] or ENDLESS):
        if await listener.listen("say", element.text, seconds, *until):
            return


async def play(listener: Listener, element: Element, document: Document, *until: Signal) -> None:
    if element["digits"]:
        await send(listener, element["digits"])
        return
    url = urljoin(document.url or "", element.text)
    try:
        seconds = element.seconds or await fetching.length(listener, url)
    except Failure as failure:  # a file that is missing, or is none, is passed over (unverified)
        listener.trouble(failure.code, failure.message)
        return
    for _turn in range(element["loop"] or ENDLESS):
        if await listener.listen("play", url, seconds, *until):
            return


async def pause(listener: Listener, element: Element, _: Document, *until: Signal) -> None:
    await listener.clock.first(*until, timeout=element["length"], label="Pause ends")


async def send(listener: Listener, digits: str) -> None:
    """Plays keys."""
    for keys in split_at_pauses(digits):
        if keys in PAUSES:
            await listener.clock.sleep(PAUSES[keys], "the next digits")
        else:
            listener.hear("tone", keys)


PROMPTS: dict[str, Callable[..., Awaitable[None]]] = {"Say": say, "Play": play, "Pause": pause}
