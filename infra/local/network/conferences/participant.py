"""A participant: one call in a conference, from its joining to its leaving. Who rejoins is a new one.

https://www.twilio.com/docs/voice/api/conference-participant-resource
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol

from local.clock import Clock, Due, Signal
from local.network.callbacks import StatusCallback
from local.network.dates import iso
from local.network.phones.phone import Phone
from local.network.refusals import Failure, Refused
from local.network.twiml import prompts
from local.network.twiml.speech import of_words
from local.network.webhooks import Request

MUSIC = "https://s3.amazonaws.com/com.twilio.sounds.music/index.xml"  # Twilio's own playlist
TWILIO_MUSIC = (MUSIC, "http://twimlets.com/holdmusic", "https://twimlets.com/holdmusic")  # never fetched from here


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


class ConferenceCall(prompts.Listener, Protocol):
    """What a conference needs of a call that is in it."""

    status: str
    phone: Phone | None
    participant: Participant | None

    @property
    def time_limit_at(self) -> float | None: ...

    def hear(self, kind: str, text: str, from_: str | None = None) -> dict[str, Any]: ...

    async def listen(self, kind: str, text: str, seconds: float | None, *until: Signal) -> Signal | None: ...

    def note(self, event: str, detail: str = "") -> None: ...


class Room(Protocol):
    """What a participant needs of the conference that it is in."""

    clock: Clock
    sid: str
    status: str
    started_at: float | None

    @property
    def present(self) -> list[Participant]: ...

    def check_coach(self, call_sid: str, refusal: Callable[[str], Exception]) -> None: ...

    def hears_announcement(self, participant: Participant) -> bool: ...

    def join_in(self, newcomer: Participant) -> None: ...

    def fade(self, participant: Participant) -> None: ...

    def lose(self, participant: Participant, kicked: bool) -> None: ...

    def tell(self, event: str, participant: Participant | None = None, **told: str) -> None: ...

    def note(self, event: str, detail: str = "", participant: Participant | None = None) -> None: ...


class Participant:
    """One call in one conference. `hold`, `muted`, `coaching` and the rest are what is true now."""

    def __init__(self, conference: Room, call: ConferenceCall, terms: Terms) -> None:
        self.conference, self.call, self.clock = conference, call, conference.clock
        self.label, self.muted, self.hold = terms.label, terms.muted, False
        self.coached = terms.coach  # the SID of the call that is coached; "" for none
        self.start_on_enter, self.end_on_exit = terms.start_on_enter, terms.end_on_exit
        self.beeps_on_enter, self.beeps_on_exit = (terms.beep in ("true", when) for when in ("onEnter", "onExit"))
        self.wait_url, self.wait_method = terms.wait_url, terms.wait_method
        self.status = "connected"  # "complete" after it has left
        self.joined_at = self.updated_at = self.clock.now()
        self.left_at: float | None = None
        self.dial_ends_at: float | None = None  # the time limit of the <Dial> that it is here by
        self.reason_left = ""  # ReasonParticipantLeft
        self.left = self.clock.signal()
        self.sound: asyncio.Task[Any] | None = None  # what it hears alone: waiting music, or that of the hold
        self.falls_silent: Due | None = None  # when what it says now has been said

    # ---- what it hears alone ---------------------------------------------------------------------------------------

    def listen_to(self, sound: Coroutine[Any, Any, None] | None) -> None:
        """Hears this from now on, and no longer what it heard alone until now."""
        if self.sound and self.sound is not asyncio.current_task():
            self.sound.cancel()
        self.sound = self.clock.spawn(sound) if sound else None

    async def wait(self) -> None:
        """Plays the music before the conference begins. If it cannot be had, the participant leaves.

        https://www.twilio.com/docs/voice/twiml/conference#attributes-waiturl
        """
        try:
            await self.play(self.wait_url, self.wait_method)
        except Failure as failure:
            self.call.trouble(failure.code, failure.message)
            self.leave("participant_add_failed")

    async def be_on_hold(self, url: str, method: str) -> None:
        try:
            await self.play(url, method)
        except Failure as failure:
            self.call.trouble(failure.code, failure.message)

    async def play(self, url: str, method: str) -> None:
        """Plays this once, and then there is silence. Only Twilio's own music never ends."""
        if url.startswith(TWILIO_MUSIC):
            await self.call.listen("music", url, None)
        elif url:
            await prompts.perform(self.call, Request(url, method))

    # ---- what is done to it ----------------------------------------------------------------------------------------

    def mute(self, muted: bool) -> None:
        """Whether the others hear it."""
        if muted != self.muted:
            self.muted = muted
            self.conference.tell("participant-mute" if muted else "participant-unmute", self)

    def put_on_hold(self, url: str = MUSIC, method: str = "GET") -> None:
        """It neither hears nor is heard from now on, and listens to this; a second time, to the new one."""
        self.listen_to(self.be_on_hold(url, method))
        if not self.hold:
            self.hold = True
            self.conference.fade(self)
            self.conference.tell("participant-hold", self)

    def unhold(self) -> None:
        if self.hold:
            self.hold = False
            self.listen_to(self.wait() if self.conference.status == "init" else None)
            self.conference.tell("participant-unhold", self)
            self.conference.join_in(self)

    def modify(
        self,
        end_on_exit: bool | None = None,
        coach: str | None = None,
        beeps_on_exit: bool | None = None,
        wait_url: str | None = None,
        wait_method: str = "POST",
    ) -> None:
        """Changes what is named; `coach` is the SID of a call in the room, or "" for nobody.

        Refused (400, 13240) if no such call is in the room. While it is on hold, Twilio silently ignores a change of
        EndConferenceOnExit: https://github.com/twilio-professional-services/flex-dialpad-addon-plugin/issues/60
        """
        if coach:
            self.conference.check_coach(coach, lambda about: Refused(400, about, 13240))
        if self.hold and end_on_exit is not None:
            self.conference.note("ignored", "EndConferenceOnExit of a participant on hold", self)
            end_on_exit = None
        before = self.modifiable
        if end_on_exit is not None:
            self.end_on_exit = end_on_exit
        if coach is not None:
            self.coached = coach
        if beeps_on_exit is not None:
            self.beeps_on_exit = beeps_on_exit
        if wait_url is not None:
            self.wait_url, self.wait_method = wait_url, wait_method
            if self.conference.status == "init" and not self.hold:
                self.listen_to(self.wait())
        if before != self.modifiable:
            self.conference.tell("participant-modify", self)

    def kick(self) -> None:
        """Removed by REST; its call goes on with the action of its <Dial> or with the next verb."""
        self.leave("participant_updated_via_api", kicked=True)

    def speak(self, text: str) -> None:
        """Tells the application that it speaks. The others hear it through `Call.speak`."""
        if self.conference.status != "in-progress" or self.muted or self.hold:
            return
        if self.falls_silent:
            self.falls_silent.cancel()
        else:
            self.conference.tell("participant-speech-start", self)
        self.falls_silent = self.clock.after(of_words(text), self.fall_silent, "the end of what somebody says")

    def fall_silent(self) -> None:
        self.falls_silent = None
        self.conference.tell("participant-speech-stop", self)

    def leave(self, reason: str, kicked: bool = False) -> None:
        """It is in the room no longer. A second leaving changes nothing."""
        if self.left.fired:
            return
        self.left_at, self.status, self.reason_left = self.clock.now(), "complete", reason
        self.listen_to(None)
        if self.falls_silent:
            self.falls_silent.cancel()
        self.call.participant = None
        self.call.note("left", reason)
        self.left.fire()
        self.conference.lose(self, kicked)

    # ---- what is known of it ---------------------------------------------------------------------------------------

    @property
    def coaching(self) -> bool:
        return bool(self.coached)

    @property
    def modifiable(self) -> tuple[Any, ...]:
        """What `participant-modify` tells of."""
        return self.end_on_exit, self.coached, self.beeps_on_exit, self.wait_url, self.wait_method

    @property
    def is_in_the_room(self) -> bool:
        """Whether it is with the others: not gone, and not on hold."""
        return not self.left.fired and not self.hold

    def hears(self, other: Participant) -> bool:
        """Whether it hears what that one says."""
        return (
            self is not other
            and self.conference.status == "in-progress"
            and self.is_in_the_room
            and other.is_in_the_room
            and not other.muted
            and other.coached in ("", self.call.sid)
        )

    @property
    def ears(self) -> str:
        """What it hears now: "room", "wait", "hold", "announcement" or "nothing"."""
        alone = self.sound is not None and not self.sound.done()
        if self.left.fired:
            return "nothing"
        if self.conference.hears_announcement(self):
            return "announcement"
        if self.hold or self.conference.status == "init":
            return ("hold" if self.hold else "wait") if alone else "nothing"
        return "room" if any(self.hears(other) for other in self.conference.present) else "nothing"

    @property
    def was_bridged(self) -> bool:
        """Whether the conference ran while it was there."""
        started, left = self.conference.started_at, self.left_at
        return started is not None and (left is None or started <= left)

    @property
    def billed_minutes(self) -> int:
        """Each participant is rounded up to the whole minute, as a leg is."""
        seconds = (self.clock.now() if self.left_at is None else self.left_at) - self.joined_at
        return max(1, math.ceil(round(seconds, 3) / 60))

    @property
    def time_limit_at(self) -> float | None:
        """When the time limit of its <Dial> or of its call ends it, whichever is first. None when it has left."""
        limits = [limit for limit in (self.dial_ends_at, self.call.time_limit_at) if limit is not None]
        return None if self.left.fired else min(limits, default=None)

    def params(self) -> dict[str, str]:
        """What every event of a participant carries: https://www.twilio.com/docs/voice/twiml/conference#request-parameters"""
        params = {"CallSid": self.call.sid} | {
            name: str(value).lower()
            for name, value in {
                "Muted": self.muted,
                "Hold": self.hold,
                "Coaching": self.coaching,
                "EndConferenceOnExit": self.end_on_exit,
                "StartConferenceOnEnter": self.start_on_enter,
            }.items()
        }
        return params | ({"ParticipantLabel": self.label} if self.label else {})

    def as_seen(self) -> dict[str, Any]:
        """The participant as the control API shows it."""
        return {
            "call_sid": self.call.sid,
            "number": self.call.phone.number if self.call.phone else None,
            "label": self.label,
            "muted": self.muted,
            "hold": self.hold,
            "coaching": self.coaching,
            "call_to_coach": self.coached or None,
            "start_on_enter": self.start_on_enter,
            "end_on_exit": self.end_on_exit,
            "status": self.status,
            "joined_at": iso(self.joined_at),
            "left_at": None if self.left_at is None else iso(self.left_at),
            "reason_left": self.reason_left or None,
            "hears": self.ears,
            "time_limit_at": None if self.time_limit_at is None else iso(self.time_limit_at),
            "billed_minutes": self.billed_minutes,
        }
