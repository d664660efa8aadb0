"""What follows from a bridge's entries at a moment: who is being called, who is there, since when nobody else is.

Everything here is a function of the set of entries. A leg ends once, so its final callback counts whenever it comes;
who is in the room follows from the sequence numbers of its newest conference. A room outlives its conferences: when
everyone leaves for a moment Twilio ends one, and who comes back begins another.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from toritsugi.bridges.bounds import UNBOUNDED, Bounds
from toritsugi.bridges.records import Announcement, Bridge, BridgeEntry, BridgeEvent, Party, Spoken
from toritsugi.foundation.call_status import FINAL, RANKS, TOO_MANY_CALLS
from toritsugi.foundation.errors import RequestRefused

FAR_SECONDS = 45  # who left the room for longer than that, and does not come back, is gone even if nobody told us
AGAIN_SECONDS = 10  # after which a leg that we have hung up, and that goes on, is hung up again; then twice that, ...
PATIENCE_SECONDS = 300  # for so long is that tried
LOST_SECONDS = 60  # a call of which nothing is known for so long was never made


@dataclass
class BridgeLeg:
    """One call to one of the people. Times are seconds since 1970; `seconds` and `minutes` are what Twilio bills."""

    place: int
    attempt: int
    called_at: float
    call_sid: str | None = None
    status: str = "queued"
    answered_at: float | None = None
    ended_at: float | None = None
    seconds: float | None = None
    minutes: float | None = None
    answered_by: str | None = None
    error_code: float | None = None  # Twilio's, where it has failed the leg

    @property
    def is_alive(self) -> bool:
        return self.status not in FINAL

    @property
    def is_answered(self) -> bool:
        return self.status == "in-progress"


@dataclass
class Room:
    """One conference of the room: who came and left when, by CallSid."""

    conference_sid: str
    began_at: float = 0
    started_at: float | None = None
    ended_at: float | None = None
    latest: dict[str, BridgeEvent] = field(default_factory=dict)  # of each call, its last join or leave

    @property
    def runs(self) -> bool:
        """Whether it can be spoken into."""
        return self.started_at is not None and self.ended_at is None

    @property
    def members(self) -> dict[str, float]:
        """Who is in it: CallSid -> since when."""
        if self.ended_at is not None:
            return {}
        return {sid: event.at for sid, event in self.latest.items() if event.name == "participant-join"}


@dataclass
class State:
    """A bridge with everything that is known of it."""

    bridge: Bridge
    parties: list[Party]
    announcements: list[Announcement]
    spoken: dict[tuple[int, int], Spoken]
    events: list[BridgeEvent]
    bounds: Bounds = UNBOUNDED

    # ---- legs ----------------------------------------------------------------------------------------------------

    @cached_property
    def legs(self) -> dict[tuple[int, int], BridgeLeg]:
        """Every call to every person, by place and attempt."""
        legs = {}
        for party in self.parties:
            for attempt in range(1, int(party.attempts) + 1):
                legs[int(party.place), attempt] = BridgeLeg(int(party.place), attempt, party.attempted_at or 0)
            if party.attempts and party.call_sid:
                legs[int(party.place), int(party.attempts)].call_sid = party.call_sid
        for event in self.events:
            if event.place and event.attempt:
                key = int(event.place), int(event.attempt)
                note_leg_event(
                    legs.setdefault(key, BridgeLeg(*key, event.at)), event
                )  # a dialed leg is Twilio's to count
        for party in self.parties:
            leg = legs.get((int(party.place), int(party.attempts)))
            if leg and party.refused and leg.status == "queued":
                leg.status, leg.ended_at, leg.error_code = "failed", leg.called_at, party.refused_code
        return legs

    def leg_of(self, party: Party) -> BridgeLeg | None:
        """The last call to this person."""
        return max((leg for leg in self.legs.values() if leg.place == party.place), key=attempt_of, default=None)

    def living(self) -> list[tuple[Party, BridgeLeg]]:
        """Everybody whose telephone is queued, rings, or is answered."""
        pairs = ((party, self.leg_of(party)) for party in self.parties)
        return [(party, leg) for party, leg in pairs if leg and leg.is_alive]

    # ---- the room ------------------------------------------------------------------------------------------------

    @cached_property
    def rooms(self) -> list[Room]:
        """The room's conferences, the oldest first: by when they began, one that has ended before one that has not."""
        rooms: dict[str, Room] = {}
        for event in sorted(self.events, key=lambda event: event.sequence):
            if event.conference_sid:
                note_conference_event(
                    rooms.setdefault(event.conference_sid, Room(event.conference_sid, event.at)), event
                )
        return sorted(rooms.values(), key=lambda room: (room.began_at, room.ended_at is None, room.conference_sid))

    @property
    def room(self) -> Room | None:
        """The newest one: an old one's end ends nothing."""
        return self.rooms[-1] if self.rooms else None

    @property
    def members(self) -> dict[str, float]:
        """Who is in the room now: CallSid -> since when. A call that has ended has left, whoever tells us first."""
        over = {leg.call_sid for leg in self.legs.values() if not leg.is_alive}
        room = self.room
        return {sid: since for sid, since in room.members.items() if sid not in over} if room else {}

    @property
    def met_full_account(self) -> bool:
        """Whether Twilio has failed a leg because the account has as many calls as it may have."""
        codes = [leg.error_code for leg in self.legs.values() if leg.error_code is not None]
        return any(str(int(code)) in TOO_MANY_CALLS for code in codes)

    def has_been_in(self, leg: BridgeLeg) -> bool:
        """Whether this leg has ever been in one of the bridge's conferences."""
        return any(leg.call_sid in room.latest for room in self.rooms)

    def away_since(self, leg: BridgeLeg) -> float | None:
        """When a leg that was in the room has left it; None while it is there, or was never."""
        if leg.call_sid in self.members:
            return None
        left = [room.latest[leg.call_sid].at for room in self.rooms if leg.call_sid in room.latest]
        return max(left) if left else None

    # ---- who may still come ---------------------------------------------------------------------------------------

    def may_come(self, party: Party, now: float) -> bool:
        """Whether this person is there, on the way, or going to be called."""
        if party.removed_at is not None:
            return False
        leg = self.leg_of(party)
        if leg is None:
            return self.bridge.through == "conference" or party.place == 1
        if not leg.is_alive:
            return self.may_be_called_again(party, leg)
        if leg.call_sid is None:
            return now < leg.called_at + LOST_SECONDS
        away = self.away_since(leg)
        return away is None or now < away + FAR_SECONDS

    def may_be_called_again(self, party: Party, leg: BridgeLeg) -> bool:
        """Whether somebody who was never reached is tried a second time."""
        if self.bridge.if_unanswered != "retry" or leg.attempt > 1 or leg.is_alive or party.removed_at is not None:
            return False
        if self.bridge.through == "dial":  # the others are Twilio's to call, while the first waits
            return party.place == 1 and leg.answered_at is None
        return not self.has_been_in(leg)

    def alone_since(self, now: float) -> float | None:
        """Since when somebody who has talked, or was talked to, is there with nobody else on the way."""
        coming = [party for party in self.parties if self.may_come(party, now)]
        gone = [leg for leg in self.legs.values() if leg.place not in {party.place for party in coming}]
        times = [leg.ended_at or self.away_since(leg) for leg in gone if self.has_been_in(leg)]
        if len(coming) != 1 or not times:
            return None
        return max(time or now for time in times)

    def again_at(self, party: Party, leg: BridgeLeg) -> float | None:
        """When a leg that was hung up, and went on, is hung up again: each time after as long as in all so far.

        Not for ever.
        """
        unwanted = self.bridge.ended_at or party.removed_at
        if unwanted is None or party.released_at is None or party.released < leg.attempt:
            return None
        again = party.released_at + max(AGAIN_SECONDS, party.released_at - unwanted)
        return again if again < unwanted + PATIENCE_SECONDS else None

    # ---- time ----------------------------------------------------------------------------------------------------

    @property
    def started_at(self) -> int | None:
        """The first conference-start; of dialed legs, the moment when the second was answered."""
        if self.bridge.through == "dial":
            moments = [leg.answered_at for leg in self.legs.values() if leg.place > 1]
        else:
            moments = [room.started_at for room in self.rooms]
        known = [moment for moment in moments if moment is not None]
        return int(min(known)) if known else None


def attempt_of(leg: BridgeLeg) -> int:
    return leg.attempt


def state_of(entries: Iterable[BridgeEntry]) -> State:
    """The state that these entries of one bridge amount to. Raises RequestRefused 20404 where there is no bridge."""
    found = list(entries)
    bridges = [entry for entry in found if isinstance(entry, Bridge)]
    if not bridges or not bridges[0].is_kept:
        raise RequestRefused(20404, "There is no such call", 404)
    return State(
        bridges[0],
        sorted((entry for entry in found if isinstance(entry, Party)), key=lambda party: party.place),
        sorted((entry for entry in found if isinstance(entry, Announcement)), key=lambda said: said.id),
        {(int(entry.id), int(entry.version)): entry for entry in found if isinstance(entry, Spoken)},
        sorted((e for e in found if isinstance(e, BridgeEvent)), key=lambda e: (e.at, e.conference_sid or "", e.entry)),
    )


def get_state(bridge_sid: str) -> State:
    """Everything known of a bridge, consistently, in one query. Raises RequestRefused 20404."""
    return state_of(BridgeEntry.query(bridge_sid, consistent_read=True))


def note_leg_event(leg: BridgeLeg, event: BridgeEvent) -> None:
    """What a callback says of a leg; the one that is furthest counts."""
    leg.call_sid = event.call_sid
    if event.name == "in-progress":
        leg.answered_at = float(event.at)
    if event.name in FINAL:
        leg.ended_at, leg.seconds, leg.minutes = event.at, event.seconds, event.minutes
    leg.answered_by = event.answered_by or leg.answered_by
    leg.error_code = event.error_code or leg.error_code
    if RANKS[event.name] >= RANKS[leg.status]:
        leg.status = event.name


def note_conference_event(room: Room, event: BridgeEvent) -> None:
    """What a callback says of a conference; they come in the order of their sequence numbers."""
    room.began_at = min(room.began_at, event.at)
    if event.name == "conference-start":
        room.started_at = event.at
    elif event.name == "conference-end":
        room.ended_at = event.at
    elif event.name in ("participant-join", "participant-leave") and event.call_sid:
        room.latest[event.call_sid] = event
        if len(room.members) > 1 and room.started_at is None:  # should nobody tell us that it has started
            room.started_at = event.at
