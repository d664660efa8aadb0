"""A conference: who is in one room, from the first who joins to its end. A room of that name afterwards is a new one.

https://www.twilio.com/docs/voice/twiml/conference and https://www.twilio.com/docs/voice/api/conference-resource
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.network.announcements import Announcement
from local.network.callbacks import StatusCallback
from local.network.participants import Participant, Terms
from local.network.refusals import Refused

if TYPE_CHECKING:
    from local.network.calls import Call
    from local.network.world import World


class Conference:
    """One room. The first participant settles its callback, the events of that, and its region."""

    def __init__(self, world: World, name: str, first: Terms) -> None:
        self.world, self.clock, self.sid, self.friendly_name = world, world.clock, world.sid("CF"), name
        self.wish: StatusCallback = first.callback
        self.region = first.region
        self.status = "init"  # "in-progress", "completed"
        self.created_at = self.updated_at = self.clock.now()
        self.started_at: float | None = None
        self.ended_at: float | None = None
        self.reason = ""  # ReasonConferenceEnded
        self.ended_by: Call | None = None  # CallSidEndingConference
        self.participants: list[Participant] = []
        self.announcements: list[Announcement] = []
        self.timeline: list[dict[str, Any]] = []
        world.conferences[self.sid] = self

    @property
    def present(self) -> list[Participant]:
        """Who is in the room now."""
        return [one for one in self.participants if one.status == "connected"]

    def participant(self, call_or_label: str) -> Participant:
        """Who is in the room with this call SID or label; Refused (404, 20404) if nobody is."""
        for one in self.present:
            if call_or_label in (one.call.sid, one.label or None):
                return one
        raise Refused(404, f"Nobody in conference {self.sid} is {call_or_label}.", 20404)

    def join(self, call: Call, terms: Terms) -> Participant:
        """The call is in the room from now on. Failure 16025 for a label that is taken, and when the room is full."""
        raise NotImplementedError

    def announce(self, url: str, method: str = "POST", to: Participant | None = None) -> Announcement:
        """Speaks to the room, or to one participant, as soon as the document is there and all before it is spoken."""
        raise NotImplementedError

    def end(self, reason: str = "conference-ended-via-api") -> None:
        """Everybody is out: their calls go on with the action of their <Dial> or with the next verb."""
        raise NotImplementedError

    def as_seen(self) -> dict[str, Any]:
        """The conference as the control API shows it."""
        raise NotImplementedError
