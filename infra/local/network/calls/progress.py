"""The status callbacks of a call: each status that it takes is reported, if the application asked for it.

https://www.twilio.com/docs/voice/api/call-resource#statuscallback
"""

from __future__ import annotations

from typing import Protocol

from local.network.callbacks import Outbox, StatusCallback
from local.network.dates import rfc2822
from local.network.webhooks import Asker

SIP_CODES = {"completed": 200, "busy": 486, "no-answer": 487, "canceled": 487, "failed": 404}
EVENTS = {"initiated": "initiated", "ringing": "ringing", "in-progress": "answered"}  # every other status is the end


class ProgressingCall(Asker, Protocol):
    """What its status callbacks need of a call."""

    status: str
    direction: str
    error: tuple[int, str] | None

    @property
    def duration(self) -> int: ...

    @property
    def billed_minutes(self) -> int: ...


class Callbacks:
    """What is told of one call, in its order."""

    def __init__(self, call: ProgressingCall) -> None:
        self.call, self.outbox, self.sequence = call, Outbox(call), 0

    def report(self, wish: StatusCallback | None) -> None:
        """Queues the callback for the status that the call has just taken, if that is wished for."""
        event = EVENTS.get(self.call.status, "completed")
        if wish is not None and wish.url and event in wish.events:
            self.outbox.put(wish, self.call.params() | self.params(event), is_last=event == "completed")
        if event == "completed":
            self.outbox.release()

    def params(self, event: str) -> dict[str, str]:
        number, self.sequence = self.sequence, self.sequence + 1
        params = {
            "Timestamp": rfc2822(self.call.world.clock.now()) or "",
            "CallbackSource": "call-progress-events",
            "SequenceNumber": str(number),
        }
        if event == "completed":
            params |= {"Duration": str(self.call.billed_minutes), "CallDuration": str(self.call.duration)}
            if self.call.direction != "inbound":
                params["SipResponseCode"] = str(SIP_CODES[self.call.status])
            if self.call.error:
                params |= {"ErrorCode": str(self.call.error[0]), "ErrorMessage": self.call.error[1]}
        return params
