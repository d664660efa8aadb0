"""<Gather>: keys or spoken words are collected, and the action is asked what to do with them.

Whatever is said is understood, whichever speech model is asked for, since Twilio's own recogniser cannot be run here.
Only a <Gather> for another language does not understand Japanese: a forgotten `language` is an easy mistake.

https://www.twilio.com/docs/voice/twiml/gather
"""

from __future__ import annotations

from urllib.parse import urljoin

from local.clock import Signal
from local.network.calls.call import Call
from local.network.twiml.prompts import PROMPTS
from local.network.twiml.reader import Document, Element
from local.network.twiml.speech import JAPANESE
from local.network.webhooks import Request

PAUSE = 1  # seconds of silence after which speechTimeout="auto" takes a sentence for finished
CONFIDENCE = {True: "0.98", False: "0.9"}  # of what was hinted at, and of anything else


async def gather(call: Call, element: Element, document: Document) -> Request | None:
    """Returns the request of the action; None, for the next verb, if nothing came and that is not to be told."""
    call.answer()
    gathering = Gathering(call, element)
    prompts = iter(element.nested)
    while not gathering.has_begun and (prompt := next(prompts, None)):
        call.execute(prompt)
        await PROMPTS[prompt.verb](call, prompt, document, *gathering.signals)
    await gathering.until_begun(element["timeout"])
    told = await (gathering.words() if gathering.speech and not call.keys.typed else gathering.digits())
    call.keys.attend(True)
    if not any(told.get(name) for name in ("Digits", "SpeechResult")) and not element["actionOnEmptyResult"]:
        return None
    url = urljoin(document.url or "", element["action"] or "")
    return Request(url, element["method"], told | {"msg": "Gather End"})


class Gathering:
    """What one <Gather> gets: keys or words, whichever comes first."""

    def __init__(self, call: Call, element: Element) -> None:
        self.call, self.clock, self.element = call, call.clock, element
        self.start = call.clock.now()
        if "dtmf" not in element["input"]:
            call.keys.attend(False)

    @property
    def signals(self) -> list[Signal]:
        """What breaks a prompt off."""
        return [self.call.keys.pressed, *([self.call.utterances.begun] if "speech" in self.element["input"] else [])]

    @property
    def speech(self) -> str:
        """What has been said and understood since it began."""
        if "speech" not in self.element["input"]:
            return ""
        heard = [one.text for one in self.call.utterances.between(self.start, float("inf"))]
        knows_japanese = self.element["language"].startswith("ja")
        return " ".join(text for text in heard if knows_japanese or not JAPANESE.search(text))

    @property
    def has_begun(self) -> bool:
        return bool(self.call.keys.typed or self.speech)

    async def until_begun(self, seconds: float) -> None:
        """Returns at the first key or word, or when there was none for so long."""
        end = self.clock.now() + seconds
        while not self.has_begun:
            left = end - self.clock.now()
            if await self.clock.first(*self.signals, timeout=left, label="Gather ends") is None:
                break

    async def digits(self) -> dict[str, str]:
        """The keys until the last one, and which key ended them."""
        keys, finished = "", ""
        while len(keys) != self.element["numDigits"]:
            key = await self.call.keys.next(self.element["timeout"]) if keys or self.call.keys.typed else None
            if key is None or key in self.element["finishOnKey"]:
                finished = key or ""
                break
            keys += key
        self.call.note("gathered", keys)
        if "dtmf" not in self.element["input"]:
            return {"SpeechResult": ""}
        return {"Digits": keys, "FinishedOnKey": finished}

    async def words(self) -> dict[str, str]:
        """What is said until there is silence; keys count no more."""
        self.call.keys.attend(False)
        pause = self.element["speechTimeout"] or self.element["timeout"]
        pause = PAUSE if pause == "auto" else pause
        more: Signal | None = self.call.utterances.begun
        while more:
            left = self.call.utterances.silent_at + pause - self.clock.now()
            more = await self.clock.first(self.call.utterances.begun, timeout=left, label="Gather ends")
        said = self.speech
        self.call.note("gathered", said)
        hinted = said in [hint.strip() for hint in self.element["hints"].split(",")]
        return {"SpeechResult": said, "Confidence": CONFIDENCE[hinted]}
