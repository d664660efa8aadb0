"""Rooms for histories: conferences of Twilio's, who is in them, and what is told of that and heard in them."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.histories.telephones import Leg, Telephones


ALONE_SECONDS = 30


@dataclass(eq=False)
class Room:
    """A room of this name; a conference begins in it with whoever is first, and ends with whoever is last."""

    name: str
    reports: str = ""
    members: list[Leg] = field(default_factory=list)
    conferences: int = 0
    told: int = 0
    has_started: bool = False

    @property
    def sid(self) -> str:
        return "CF" + hashlib.md5(f"{self.name} {self.conferences}".encode()).hexdigest()


class Rooms:
    """All of them; `heard` is what was announced: when, where, to whom."""

    def __init__(self, telephones: Telephones) -> None:
        self.telephones, self.named = telephones, {}
        self.heard: list[tuple[float, str, str, tuple[str, ...]]] = []

    def enter(self, leg: Leg, name: str, reports: str) -> None:
        room = self.named.setdefault(name, Room(name))
        if not room.members:  # who comes first says where it is told of
            room.reports, room.told, room.has_started = reports, 0, False
            room.conferences += 1
        room.members.append(leg)
        leg.room = room
        self.report(room, "participant-join", leg)
        if len(room.members) == 2:
            self.begin_talk(room)
            if not room.has_started:
                room.has_started = True
                self.report(room, "conference-start")

    def leave(self, leg: Leg) -> None:
        if room := leg.room:
            leg.room = None
            room.members.remove(leg)
            self.report(room, "participant-leave", leg)
            if len(room.members) == 1:
                self.end_talk(room)
                self.watch(room, room.members[0], time.time())
            if not room.members:
                self.report(room, "conference-end")

    def watch(self, room: Room, leg: Leg, since: float) -> None:
        """Looks whether somebody is still alone, half a minute after the last who might have come was on the way."""
        told = room.conferences, room.told

        def look() -> None:
            if leg.room is not room or (room.conferences, room.told) != told:
                return
            waits = ALONE_SECONDS - (time.time() - max(since, self.telephones.last_on_the_way(room.name)))
            if waits > 0:
                self.telephones.world.later(waits, look)
            else:
                self.telephones.world.happened("left_alone", room.name, leg.who, since)

        self.telephones.world.later(ALONE_SECONDS, look)

    def begin_talk(self, room: Room) -> None:
        from tests.histories.telephones import Talk

        seen = {leg.who: leg.shows for leg in room.members}
        self.telephones.begin_talk(Talk(frozenset(seen), seen, room.name, time.time()))

    def end_talk(self, room: Room) -> None:
        for talk in self.telephones.talks:
            if talk.through == room.name and talk.ended is None:
                talk.ended = time.time()
                self.telephones.world.happened("talk_ended", talk)

    def report(self, room: Room, event: str, leg: Leg | None = None) -> None:
        from tests.histories.telephones import moment

        room.told += 1
        fields = {"ConferenceSid": room.sid, "StatusCallbackEvent": event, "SequenceNumber": str(room.told)}
        fields |= {"Timestamp": moment(time.time()), "FriendlyName": room.name}
        fields |= {"CallSid": leg.sid} if leg else {}
        who = leg.name if leg else room.name
        self.telephones.world.tell(f"{who} {event} {room.conferences}.{room.told}", room.reports, fields)

    def hearing(self, address: str) -> Any:
        """What becomes of the answer to an announcement's address."""
        return lambda words: self.telephones.world.happened("announced", address, words)

    def rest(self, path: str, form: dict[str, str]) -> tuple[int, Any]:
        """What Twilio answers about a conference, or about somebody in it."""
        sid, _, who = path.partition("/Participants/")
        room = next((room for room in self.named.values() if room.sid == sid and room.members), None)
        if room is None or (who and who not in [leg.sid for leg in room.members]):
            return 404, {"code": 20404, "message": "The requested resource was not found", "status": 404}
        if form.get("Status") == "completed":
            for leg in list(room.members):
                self.leave(leg)
                leg.after_dial("completed")
        if "AnnounceUrl" in form:
            listeners = tuple(leg.who for leg in room.members if who in ("", leg.sid))
            self.heard.append((time.time(), room.name, form["AnnounceUrl"].partition("#")[0], listeners))
            name = f"{room.name} announcement {len(self.heard)}"
            self.telephones.world.ask(
                name, form["AnnounceUrl"], {"ConferenceSid": sid}, self.hearing(form["AnnounceUrl"])
            )
        return 200, {"sid": sid, "status": "in-progress", "call_sid": who, "conference_sid": sid}
