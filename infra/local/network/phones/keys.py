"""The keys pressed at a telephone, kept for as long as a <Gather> may still ask for them."""

from __future__ import annotations

from collections import deque

from local.clock import Clock


class Keys:
    """Keys that are pressed while TwiML is fetched wait for the <Gather> that it may begin with."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.typed: deque[str] = deque()
        self.pressed = clock.signal()
        self.attentive = True  # no verb is at work that would miss a key

    def press(self, digits: str) -> None:
        if self.attentive:
            self.typed.extend(digits)
            self.pressed.fire()

    async def next(self, timeout: float) -> str | None:
        """The next key that is pressed; None if none is in time."""
        if not self.typed:
            await self.clock.first(self.pressed, timeout=timeout, label="Gather ends")
        key = self.typed.popleft() if self.typed else None
        if not self.typed:
            self.pressed = self.clock.signal()
        return key

    def attend(self, attentive: bool) -> None:
        """Whether keys that are pressed from now on are kept. Those that nobody asked for are forgotten."""
        self.attentive = attentive
        self.typed.clear()
        self.pressed = self.clock.signal()
