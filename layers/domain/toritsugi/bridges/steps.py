"""The steps of a bridge: what can be asked of Twilio or the Scheduler for it, and how each is claimed.

A step is claimed in the table, so that of all who see it due one takes it. Where a repetition harms nobody (a time
limit, a hang-up) the claim only keeps it from being repeated for ever.
"""

from dataclasses import dataclass
from typing import Protocol

from toritsugi.bridges import announcements, commands
from toritsugi.bridges.bounds import UNBOUNDED, Bounds
from toritsugi.bridges.records import Announcement, Bridge, Party, update_unread_if
from toritsugi.foundation.durations import RETRY_SECONDS

GRACE_SECONDS = 1  # by which Twilio's own limit is behind ours, so that it is we who end a call while we can


class Claimable(Protocol):
    """What all steps have in common."""

    def claim(self, now: float) -> bool:
        """Whether the step is ours to take `now`, in seconds since 1970: not where the table has moved on since."""


@dataclass(frozen=True)
class Ring(Claimable):
    """Calls somebody."""

    bridge: Bridge
    party: Party
    bounds: Bounds = UNBOUNDED

    def claim(self, now: float) -> bool:
        tried = int(self.party.attempts)
        actions = [
            Party.attempts.set(tried + 1),
            Party.attempted_at.set(now),
            Party.call_sid.remove(),
            Party.refused.remove(),
            Party.refused_code.remove(),
            Party.doubted_at.remove(),
        ]
        return update_unread_if(self.party, actions, (Party.attempts == tried) & Party.removed_at.does_not_exist())

    def longest(self, now: float) -> int:
        """Twilio's own limit of the leg, in seconds, until the deadline is known.

        The others may answer much later, but not after the end of the session.
        """
        longest = self.bridge.minutes * 60 + 2 * (self.bridge.ring_seconds + RETRY_SECONDS) + 120
        return max(1, int(self.bounds.limit(now + longest) - now) + GRACE_SECONDS)


@dataclass(frozen=True)
class Settle(Claimable):
    """Finds out whether a call was made of which Twilio has not said so. Who dies over it has only put that off."""

    party: Party

    @property
    def attempt(self) -> int:
        return int(self.party.attempts)

    def claim(self, now: float) -> bool:
        seen = (Party.attempts == self.party.attempts) & (Party.doubted_at == self.party.doubted_at)
        return update_unread_if(self.party, [Party.doubted_at.set(now)], seen)


@dataclass(frozen=True)
class Speak(Claimable):
    """Has an announcement spoken: into the conference, or to one call in it."""

    bridge: Bridge
    announcement: Announcement
    due: float
    conference_sid: str
    call_sid: str | None

    def claim(self, now: float) -> bool:
        return announcements.claim_announcement(self.announcement, self.bridge, self.due, now)


@dataclass(frozen=True)
class SpeakAgain(Claimable):
    """Has an announcement spoken for whose words Twilio has not asked since it was `doubted_at`."""

    bridge: Bridge
    announcement: Announcement
    doubted_at: float
    conference_sid: str
    call_sid: str | None

    def claim(self, now: float) -> bool:
        return announcements.move_doubt(self.announcement, self.bridge, self.doubted_at, now)


@dataclass(frozen=True)
class Miss(Claimable):
    """Gives up an announcement for whose words Twilio has not asked until it was too late."""

    bridge: Bridge
    announcement: Announcement
    doubted_at: float

    def claim(self, _now: float) -> bool:
        return announcements.move_doubt(self.announcement, self.bridge, self.doubted_at, None)


@dataclass(frozen=True)
class Drop(Claimable):
    """Leaves out an announcement that comes too late."""

    bridge: Bridge
    announcement: Announcement
    due: float

    def claim(self, now: float) -> bool:
        return announcements.claim_announcement(self.announcement, self.bridge, self.due, now, "late")


@dataclass(frozen=True)
class Begin(Claimable):
    """Sets the deadline: the time runs from the first conference-start."""

    bridge: Bridge
    deadline: int
    full_time: int

    def claim(self, _now: float) -> bool:
        actions = [
            Bridge.deadline.set(self.deadline),
            Bridge.full_time.set(self.full_time),
            Bridge.version.set(1),
        ]
        return update_unread_if(
            self.bridge, actions, Bridge.deadline.does_not_exist() & Bridge.ended_at.does_not_exist()
        )


@dataclass(frozen=True)
class Follow(Claimable):
    """Has the deadline follow the end of the session, which others have moved."""

    bridge: Bridge
    deadline: int

    def claim(self, _now: float) -> bool:
        version = self.bridge.version
        actions = [Bridge.deadline.set(self.deadline), Bridge.version.set(version + 1)]
        return update_unread_if(self.bridge, actions, (Bridge.version == version) & Bridge.ended_at.does_not_exist())


@dataclass(frozen=True)
class Limit(Claimable):
    """Sets Twilio's own time limit of a leg, `seconds` from its answer, by the deadline."""

    party: Party
    call_sid: str
    seconds: int
    version: int

    def claim(self, _now: float) -> bool:
        return update_unread_if(self.party, [Party.limited.set(self.version)], Party.limited < self.version)


@dataclass(frozen=True)
class Prolong(Claimable):
    """Has the masked session last as long as its call."""

    bridge: Bridge

    def claim(self, _now: float) -> bool:
        version = self.bridge.version
        actions = [Bridge.prolonged.set(version), Bridge.extended_from.remove()]
        return update_unread_if(self.bridge, actions, (Bridge.prolonged < version) & (Bridge.version == version))


@dataclass(frozen=True)
class Arm(Claimable):
    """Sets the timers of a deadline."""

    bridge: Bridge
    moments: tuple[tuple[float, bool], ...]  # when, and whether with a spare

    def claim(self, _now: float) -> bool:
        version = self.bridge.version
        return update_unread_if(
            self.bridge, [Bridge.armed.set(version)], (Bridge.armed < version) & (Bridge.version == version)
        )


@dataclass(frozen=True)
class End(Claimable):
    """Ends the bridge, for this reason."""

    bridge: Bridge
    reason: str

    def claim(self, now: float) -> bool:
        return commands.end_bridge(self.bridge, self.reason, now)


@dataclass(frozen=True)
class Close(Claimable):
    """Ends the conference that still runs when the bridge is over."""

    bridge: Bridge
    conference_sid: str

    def claim(self, _now: float) -> bool:
        unclosed = Bridge.closed.does_not_exist() | (Bridge.closed != self.conference_sid)
        return update_unread_if(self.bridge, [Bridge.closed.set(self.conference_sid)], unclosed)


@dataclass(frozen=True)
class Release(Claimable):
    """Hangs up a leg, after the sentence of this name if there is one."""

    party: Party
    call_sid: str
    attempt: int
    sentence: str | None

    def claim(self, now: float) -> bool:
        actions = [Party.released.set(self.attempt), Party.released_at.set(now)]
        seen = self.party.released_at
        unmoved = Party.released_at.does_not_exist() if seen is None else Party.released_at == seen
        return update_unread_if(self.party, actions, unmoved)


@dataclass(frozen=True)
class Leave(Claimable):
    """Has the session forget a bridge that is over, in which two people have `talked` or not."""

    bridge: Bridge
    talked: bool = False

    def claim(self, _now: float) -> bool:
        return update_unread_if(self.bridge, [Bridge.enrolled.remove()], Bridge.entry.exists())


CallStep = Ring | Settle | Limit | Release
AnnouncementStep = Speak | SpeakAgain | Miss | Drop
BridgeStep = CallStep | AnnouncementStep | Begin | Follow | Prolong | Arm | End | Close | Leave
