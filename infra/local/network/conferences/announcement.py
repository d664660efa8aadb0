"""An announcement into a running conference: to everybody in the room, or to one participant.

https://www.twilio.com/docs/voice/api/conference-resource#update-a-conference-resource
"""

from __future__ import annotations

from typing import Any, Protocol

from local.clock import Signal
from local.network.conferences.participant import Participant, Room
from local.network.dates import iso
from local.network.refusals import Failure
from local.network.twiml import prompts
from local.network.twiml.reader import Element
from local.network.webhooks import Asker, Request


class AnnouncingRoom(Room, Asker, Protocol):
    """What an announcement needs of the conference that it is spoken into."""

    def updated(self) -> None: ...


class Announcement:
    """One announcement; `to` is None when it is for the whole room. It waits until `after` is over.

    Who is on hold does not hear what the room is told, but hears what is told to it alone (unverified).
    """

    def __init__(
        self, conference: AnnouncingRoom, url: str, method: str, to: Participant | None, after: Announcement | None
    ) -> None:
        self.conference, self.url, self.method, self.to, self.after = conference, url, method, to, after
        self.world, self.clock = conference.world, conference.clock
        about = to.call if to else conference
        self.sid, self.cookies = about.sid, about.cookies
        self.status = "waiting"  # "speaking", "ended", "failed", "cut"
        self.asked_at = self.clock.now()
        self.began_at: float | None = None
        self.over_at: float | None = None
        self.over = self.clock.signal()
        self.heard: list[str] = []
        self.now: tuple[str, str] | None = None  # what is heard of it just now,
        self.items: dict[Participant, dict[str, Any]] = {}  # and by whom
        self.task = self.clock.spawn(self.speak())

    # ---- its life --------------------------------------------------------------------------------------------------

    async def speak(self) -> None:
        """Fetches it at once, speaks it when its turn comes, and tells of its end."""
        try:
            if self.world.faults.take("announcement_fails", self.url):
                raise Failure(12400, "An internal error (a fault that was asked for).")
            document = await prompts.fetched(self, Request(self.url, self.method))
            if self.after:
                await self.clock.first(self.after.over)
            self.began_at, self.status = self.clock.now(), "speaking"
            await prompts.perform(self, document)
        except Failure as failure:
            self.trouble(failure.code, failure.message)
            self.finish("failed")
            self.conference.tell(
                "announcement-fail", self.to, AnnounceUrl=self.url, ReasonAnnouncementFailed=failure.message
            )
        else:
            self.finish("ended")
            self.conference.tell("announcement-end", self.to, AnnounceUrl=self.url)

    def cut(self) -> None:
        """Nobody hears it any more."""
        if not self.over.fired:
            self.finish("cut")
            for one in list(self.items):
                self.lose(one)
            self.task.cancel()

    def finish(self, status: str) -> None:
        self.status, self.over_at = status, self.clock.now()
        self.over.fire()
        self.conference.updated()

    # ---- who hears it ----------------------------------------------------------------------------------------------

    @property
    def audience(self) -> list[Participant]:
        return [self.to] if self.to else [one for one in self.conference.present if not one.hold]

    def execute(self, element: Element) -> None:
        if self.to:
            self.to.call.execute(element)

    def hear(self, kind: str, text: str) -> None:
        for one in self.audience:
            one.call.hear(kind, text)

    async def listen(self, kind: str, text: str, seconds: float, *until: Signal) -> Signal | None:
        """Has all of them hear this for so long."""
        self.heard.append(text)
        self.now = kind, text
        self.conference.updated()
        self.items = {one: one.call.hear(kind, text) for one in self.audience}
        try:
            return await self.clock.first(*until, timeout=seconds, label=f"an announcement ends: {text[:40]}")
        finally:
            self.now, self.items = None, {}

    def reach(self, participant: Participant) -> None:
        """This participant has come into the room, and hears the rest of it."""
        if self.now and self.to is None:
            self.items[participant] = participant.call.hear(*self.now)

    def lose(self, participant: Participant) -> None:
        """This participant hears it no longer, though it goes on."""
        if item := self.items.pop(participant, None):
            item["cut"] = True

    # ---- what is known of it ---------------------------------------------------------------------------------------

    def params(self) -> dict[str, str]:
        return self.conference.params() | (self.to.call.params() if self.to else {})

    def trouble(self, code: int, message: str, entry: dict[str, Any] | None = None) -> None:
        self.conference.trouble(code, message, entry)

    @property
    def seconds(self) -> float:
        """How long it has been spoken."""
        if self.began_at is None:
            return 0
        return (self.clock.now() if self.over_at is None else self.over_at) - self.began_at

    def as_seen(self) -> dict[str, Any]:
        """The announcement as the control API shows it."""
        return {
            "at": iso(self.asked_at if self.began_at is None else self.began_at),
            "to": self.to.call.sid if self.to else None,
            "url": self.url,
            "text": " ".join(self.heard),
            "seconds": round(self.seconds, 3),
            "status": self.status,
        }
