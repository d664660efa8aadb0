"""What an application answers when it is asked for TwiML, or for a file that is to be played."""

from __future__ import annotations

from local.network.refusals import Failure
from local.network.twiml.grammar import VERBS
from local.network.twiml.reader import Document, Element, made, read
from local.network.twiml.speech import of_file
from local.network.webhooks import Answer, Asker, Request, ask

# https://www.twilio.com/docs/voice/twiml/play#supported-audio-file-types
AUDIO = (
    *("audio/mpeg", "audio/wav", "audio/wave", "audio/x-wav", "audio/aiff", "audio/x-aifc", "audio/x-aiff"),
    *("audio/x-gsm", "audio/gsm", "audio/ulaw"),
)


async def document(asker: Asker, request: Request, allowed: tuple[str, ...] = VERBS) -> Document:
    """The TwiML that the application answers; Failure if there is none that can be executed."""
    answer = await ask(asker, request.url, request.method, asker.params() | request.params)
    try:
        return Document(verbs_of(answer, allowed), answer.url, answer.entry)
    except Failure as failure:
        failure.url = answer.url
        answer.entry["error"] = {"code": failure.code, "message": failure.message}
        raise


def verbs_of(answer: Answer, allowed: tuple[str, ...]) -> list[Element]:
    if answer.kind.startswith("audio/") and "Play" in allowed:
        return [made("Play", answer.url, of_file(answer.content, answer.kind))]
    if answer.kind == "text/plain":
        try:
            return read(answer.text, allowed)
        except Failure as failure:
            if failure.code == 12100:
                if "Say" in allowed:
                    return [made("Say", answer.text)]
                return [made("Message", answer.text)] if answer.text else []
            raise
    if answer.kind not in ("text/xml", "application/xml", "text/html"):
        raise Failure(12300, f"Content-Type {answer.kind or 'missing'}: neither TwiML, audio nor plain text.")
    return read(answer.text, allowed)


async def length(asker: Asker, url: str) -> float:
    """Seconds of an audio file; Failure if it cannot be had, or is none that <Play> takes."""
    answer = await ask(asker, url, "GET", {})
    if answer.kind not in AUDIO:
        failure = Failure(12300, f"Content-Type {answer.kind or 'missing'}: <Play> takes {', '.join(AUDIO)}.", url)
        answer.entry["error"] = {"code": failure.code, "message": failure.message}
        raise failure
    return of_file(answer.content, answer.kind)
