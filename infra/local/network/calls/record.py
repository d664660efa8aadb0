"""<Record>: what the caller says after the beep, until a key, a silence, the longest time, or the end of the call.

https://www.twilio.com/docs/voice/twiml/record
"""

from __future__ import annotations

import asyncio
from urllib.parse import urljoin

from local.network import webhooks
from local.network.callbacks import StatusCallback
from local.network.calls.call import Call
from local.network.recordings.recording import Recording
from local.network.twiml.reader import Document, Element
from local.network.webhooks import Request


async def record(call: Call, element: Element, document: Document) -> Request | None:
    """Returns the request of the action; None, for the next verb, if trimming the silence leaves nothing (unverified).

    A caller who hangs up leaves a recording too. The action is told of it, but its answer is not executed.
    """
    call.answer()
    if element["playBeep"]:
        call.hear("beep", "record")
    recording = Recording(call, "RecordVerb", element["trim"] == "trim-silence", callback_of(element, document))
    action, method = urljoin(document.url or "", element["action"] or ""), element["method"]
    call.keys.attend(True)
    try:
        key = await last_key(call, element, recording.started_at)
    except asyncio.CancelledError:
        recording.stop()
        if call.over.fired and recording.seconds:
            told = call.params() | recording.about() | {"Digits": "hangup"}
            call.world.send(webhooks.notify(call, action, method, told))
        raise
    recording.stop()
    return Request(action, method, recording.about() | {"Digits": key}) if recording.seconds else None


async def last_key(call: Call, element: Element, start: float) -> str:
    """The key that ends the recording; empty if silence or the longest time does."""
    while True:
        end = start + element["maxLength"]
        if element["timeout"]:
            end = min(end, max(start, call.utterances.silent_at) + element["timeout"])
        left = end - call.clock.now()
        if await call.clock.first(call.keys.pressed, call.utterances.begun, timeout=left, label="Record ends") is None:
            return ""
        pressed = list(call.keys.typed)
        call.keys.attend(True)
        if ended := next((key for key in pressed if key in element["finishOnKey"]), ""):
            return ended


def callback_of(element: Element, document: Document) -> StatusCallback:
    """Who is told of the recording that this verb makes."""
    url = element["recordingStatusCallback"]
    return StatusCallback(
        urljoin(document.url or "", url) if url else "",
        element["recordingStatusCallbackMethod"],
        tuple(element["recordingStatusCallbackEvent"]),
    )
