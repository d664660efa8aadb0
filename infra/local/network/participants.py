"""A participant: one call in a conference, from its joining to its leaving. Who rejoins is a new one.

https://www.twilio.com/docs/voice/api/conference-participant-resource
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local.network.callbacks import StatusCallback

if TYPE_CHECKING:
    from local.network.calls import Call
    from local.network.conferences import Conference

MUSIC = "http://twimlets.com/holdmusic?Bucket=com.twilio.music.classical"


@dataclass
class Terms:
    """On what terms a call joins a conference: https://www.twilio.com/docs/voice/twiml/conference#attributes"""

    label: str = ""
    muted: bool = False
    beep: str = "true"
    start_on_enter: bool = True
    end_on_exit: bool = False
    wait_url: str = MUSIC
    wait_method: str = "POST"
    max_participants: int = 250
    region: str = ""
    coach: str = ""  # the SID of the call that is coached
    callback: StatusCallback = field(default_factory=lambda: StatusCallback("", events=()))


class Participant:
    """One call in one conference. `hold`, `muted`, `coaching` and the rest are what is true now."""

    def __init__(self, conference: Conference, call: Call, terms: Terms) -> None:
        self.conference, self.call, self.terms = conference, call, terms
        self.label, self.muted, self.hold = terms.label, terms.muted, False
        self.coached = terms.coach  # the SID of the call that is coached; "" for none
        self.start_on_enter, self.end_on_exit, self.beep = terms.start_on_enter, terms.end_on_exit, terms.beep
        self.status = "connected"  # and "complete" after it has left
        self.joined_at = self.updated_at = conference.clock.now()
        self.left_at: float | None = None
        self.reason_left = ""
        self.left = conference.clock.signal()

    @property
    def coaching(self) -> bool:
        return bool(self.coached)

    def leave(self, reason: str) -> None:
        """It is in the room no longer. A second leaving changes nothing."""
        raise NotImplementedError

    def kick(self) -> None:
        """Removed by REST; its call goes on with the action of its <Dial> or with the next verb."""
        raise NotImplementedError

    def mute(self, muted: bool) -> None:
        raise NotImplementedError

    def put_on_hold(self, url: str = MUSIC, method: str = "GET") -> None:
        """Neither hears nor is heard from now on, and listens to this. Once more: it listens to the new one."""
        raise NotImplementedError

    def unhold(self) -> None:
        raise NotImplementedError

    def coach(self, call_sid: str) -> None:
        """From now on only this call of the room hears it; "" ends that. Refused (13240) if there is no such call."""
        raise NotImplementedError

    def change_end_on_exit(self, end_on_exit: bool) -> None:
        """Whether the conference ends when it leaves. While it is on hold nothing changes, and nobody says so."""
        raise NotImplementedError

    def as_seen(self) -> dict[str, Any]:
        """The participant as the control API shows it."""
        raise NotImplementedError
