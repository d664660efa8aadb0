"""Status callbacks: sent in the order in which things happened, one after the other, beside the TwiML of the calls.

https://www.twilio.com/docs/voice/api/call-resource#statuscallback
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local.network import webhooks
from local.network.dates import rfc2822

if TYPE_CHECKING:
    from local.network.calls.call import Call

EVENTS = {"initiated": "initiated", "ringing": "ringing", "in-progress": "answered"}  # every other status is the end


@dataclass
class StatusCallback:
    """Where to, how, and of which events somebody wants to hear."""

    url: str
    method: str = "POST"
    events: tuple[str, ...] = ("completed",)


class Outbox:
    """What goes out about one call or one conference: in its order, one after the other."""

    def __init__(self, about: webhooks.Asker) -> None:
        self.about, self.working = about, False
        self.waiting: deque[tuple[StatusCallback, dict[str, str]]] = deque()
        self.held: tuple[StatusCallback, dict[str, str]] | None = None

    def put(self, wish: StatusCallback, params: dict[str, str], is_last: bool = False) -> None:
        if self.held is None and not is_last and self.about.world.faults.take("reorder", wish.url):
            self.held = (wish, params)  # goes out after the next one
            return
        self.send((wish, params))
        self.release()

    def release(self) -> None:
        """Sends what was held back: there is no later one that it could be swapped with."""
        if held := self.held:
            self.held = None
            self.send(held)

    def send(self, callback: tuple[StatusCallback, dict[str, str]]) -> None:
        self.waiting.append(callback)
        if not self.working:
            self.working = True
            self.about.world.send(self.work())

    async def work(self) -> None:
        while self.waiting:
            wish, params = self.waiting.popleft()
            await webhooks.notify(self.about, wish.url, wish.method, params)
        self.working = False


class Callbacks:
    """The status callbacks of a call."""

    def __init__(self, call: Call) -> None:
        self.call, self.outbox, self.sequence = call, Outbox(call), 0

    def report(self, wish: StatusCallback | None) -> None:
        """Queues the callback for the status that the call has just taken, if somebody wished to hear of it."""
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
            if self.call.sip_code:
                params["SipResponseCode"] = str(self.call.sip_code)
        return params
