"""Status callbacks: sent in the order in which things happened, one after the other, beside the TwiML of the calls.

https://www.twilio.com/docs/voice/api/call-resource#statuscallback
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from local.network import webhooks


@dataclass
class StatusCallback:
    """Where to, how, and of which events somebody wants to hear."""

    url: str
    method: str = "POST"
    events: tuple[str, ...] = ("completed",)


class Outbox:
    """The callbacks about one call, conference, text or recording: one after the other, in their order."""

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
        """Sends what was held back, since no later one comes that it could be swapped with."""
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
