"""A conference: one room, from the first who joins to its end. A later room of that name is a new conference.

https://www.twilio.com/docs/voice/twiml/conference and https://www.twilio.com/docs/voice/api/conference-resource
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable
from typing import Any, Protocol

import httpx

from local.network.callbacks import Outbox
from local.network.conferences.announcement import Announcement
from local.network.conferences.participant import ConferenceCall, Participant, Terms
from local.network.dates import iso, rfc2822
from local.network.memories import Memory
from local.network.refusals import Failure, Refused
from local.network.webhooks import Account

log = logging.getLogger(__name__)

EVENTS = {  # of statusCallbackEvent, and what is told of each
    "start": ("conference-start",),
    "end": ("conference-end",),
    "join": ("participant-join",),
    "leave": ("participant-leave",),
    "mute": ("participant-mute", "participant-unmute"),
    "hold": ("participant-hold", "participant-unhold"),
    "modify": ("participant-modify",),
    "speaker": ("participant-speech-start", "participant-speech-stop"),
    "announcement": ("announcement-end", "announcement-fail"),
}
REASONS = {  # the words of Reason are our own: only that there is a message is documented
    "conference-ended-via-api": "Conference ended via API.",
    "last-participant-left": "The last participant left.",
    "last-participant-kicked": "The last participant was removed.",
    "participant-with-end-conference-on-exit-left": "A participant with endConferenceOnExit left.",
    "participant-with-end-conference-on-exit-kicked": "A participant with endConferenceOnExit was removed.",
}


class ConferenceAccount(Account, Protocol):
    """What a conference needs of the account that it belongs to."""

    conferences: Memory[Conference]

    def sid(self, prefix: str) -> str: ...

    def note_end(self, sid: str, among: Memory[Any]) -> None: ...


class Invited(Protocol):
    """Somebody who is called into the conference by REST, and is not here yet."""

    participant: Participant  # what it is to become

    @property
    def status(self) -> str: ...

    def withdraw(self, reason: str = ...) -> None: ...


class Conference:
    """One room. Its first participant settles the callback and its events, the first who names a region that.

    https://www.twilio.com/docs/voice/twiml/conference#attributes-status-callback
    """

    def __init__(self, world: ConferenceAccount, name: str, first: Terms) -> None:
        self.world, self.clock, self.sid, self.friendly_name = world, world.clock, world.sid("CF"), name
        self.wish, self.region = first.callback, ""
        self.status = "init"  # "in-progress", "completed"
        self.created_at = self.updated_at = self.clock.now()
        self.started_at: float | None = None
        self.ended_at: float | None = None
        self.reason = ""  # ReasonConferenceEnded
        self.ended_by: Participant | None = None
        self.participants: list[Participant] = []
        self.invited: list[Invited] = []
        self.announcements: list[Announcement] = []
        self.timeline: list[dict[str, Any]] = []
        self.cookies = httpx.Cookies()
        self.outbox, self.sequence = Outbox(self), 0

    # ---- who is in it ----------------------------------------------------------------------------------------------

    @property
    def present(self) -> list[Participant]:
        """Who is in the room now, on hold or not."""
        return [one for one in self.participants if not one.left.fired]

    def join(self, call: ConferenceCall, terms: Terms) -> Participant:
        """Takes the call into the room. Failure with Twilio's code if that cannot be."""
        self.admit(terms)
        self.world.conferences[self.sid] = self
        participant = Participant(self, call, terms)
        self.settle(participant, terms)
        self.participants.append(participant)
        call.participant = participant
        call.note("joined", self.sid)
        self.tell("participant-join", participant)
        if self.status == "in-progress":
            self.join_in(participant)
        elif len(self.present) > 1 and any(one.start_on_enter for one in self.present):
            self.start()
        else:
            participant.listen_to(participant.wait())
        if participant.beeps_on_enter:
            self.beep("enter", participant)
        return participant

    def admit(self, terms: Terms) -> None:
        """Failure if nobody may join on these terms: https://www.twilio.com/docs/api/errors/16020 and .../16025"""
        if terms.label and any(one.label == terms.label for one in self.present):
            raise Failure(16025, f"The label {terms.label!r} is in use by another participant.")
        if len(self.present) >= terms.max_participants:
            raise Failure(16020, f"The conference is full: {len(self.present)} participants.")
        if terms.coach:
            self.check_coach(terms.coach, lambda about: Failure(13240, about))

    def check_coach(self, call_sid: str, refusal: Callable[[str], Exception]) -> None:
        """Only who is in a running conference can be coached: https://www.twilio.com/docs/api/errors/13240"""
        if self.status != "in-progress" or call_sid not in [one.call.sid for one in self.present]:
            raise refusal(f"{call_sid} is in no running conference of that name, and cannot be coached.")

    def settle(self, participant: Participant, terms: Terms) -> None:
        """Settles what is not settled yet. What a later participant asks for is ignored, and noted."""
        wish = terms.callback
        if wish.url and wish != self.wish:
            about = f"statusCallback {wish.url} {' '.join(wish.events)}".strip()
            self.note("ignored", f"{about}: that of the first participant counts", participant)
        if terms.region and self.region and terms.region != self.region:
            self.note("ignored", f"region {terms.region}: it is {self.region} already", participant)
        self.region = self.region or terms.region

    def join_in(self, newcomer: Participant) -> None:
        """Lets this participant hear whatever is being said in the room."""
        if self.status != "in-progress":
            return
        for announcement in self.announcements:
            announcement.reach(newcomer)
        for other in self.present:
            self.put_through(newcomer, other)
            self.put_through(other, newcomer)

    def put_through(self, one: Participant, other: Participant) -> None:
        """If this one hears the other, it hears the rest of what a machine there is saying."""
        if one.hears(other) and other.call.phone:
            other.call.phone.go_on_talking_to(one.call)

    def hears_announcement(self, participant: Participant) -> bool:
        """Whether this participant hears an announcement just now."""
        return any(participant in one.items for one in self.announcements)

    def fade(self, participant: Participant) -> None:
        """This participant no longer hears what the room is told."""
        for announcement in self.announcements:
            if announcement.to is None:
                announcement.lose(participant)

    def lose(self, participant: Participant, kicked: bool) -> None:
        """This participant has left, and perhaps the conference ends with it."""
        told = {"ReasonParticipantLeft": participant.reason_left, "ParticipantCallStatus": participant.call.status}
        self.tell("participant-leave", participant, **told)
        self.world.bill.participant(participant.joined_at, participant.billed_minutes)
        self.fade(participant)
        for announcement in self.announcements:
            if announcement.to is participant and not announcement.over.fired:
                announcement.cut()
                if self.status == "in-progress":
                    self.tell("announcement-end", AnnounceUrl=announcement.url)
        if self.status == "completed":
            return
        if participant.beeps_on_exit:
            self.beep("exit", participant)
        how = "kicked" if kicked else "left"
        if participant.end_on_exit:
            self.end(f"participant-with-end-conference-on-exit-{how}", participant)
        elif not self.present and not self.invited:
            self.end(f"last-participant-{how}", participant)

    # ---- its life --------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """All of them hear each other from now on."""
        self.status, self.started_at = "in-progress", self.clock.now()
        self.tell("conference-start")
        for one in self.present:
            if not one.hold:
                one.listen_to(None)
        for one, other in itertools.permutations(self.present, 2):
            self.put_through(one, other)

    def announce(self, url: str, method: str = "POST", to: Participant | None = None) -> Announcement:
        """Speaks to the room, or to one participant, once the document is there and earlier announcements are over.

        Refused (400, 16099) unless the conference is in progress.
        """
        if self.status != "in-progress":
            raise Refused(400, f"Conference {self.sid} is {self.status}: only one in progress can be spoken to.", 16099)
        after = next((one for one in reversed(self.announcements) if one.to is to), None)
        announcement = Announcement(self, url, method, to, after)
        self.announcements.append(announcement)
        return announcement

    def end(self, reason: str = "conference-ended-via-api", by: Participant | None = None) -> None:
        """Everybody is out: their calls go on with the action of their <Dial> or with the next verb."""
        if self.ended_at is not None:
            return
        self.status, self.ended_at, self.reason, self.ended_by = "completed", self.clock.now(), reason, by
        for announcement in self.announcements:
            announcement.cut()
        for one in self.present:
            one.leave("moderator_ended_conference" if by else "conference_ended_via_api")
        for invitation in list(self.invited):
            invitation.withdraw("moderator_ended_conference" if by else "conference_ended_via_api")
        told = {"ReasonConferenceEnded": reason, "Reason": REASONS[reason]}
        if by:
            told["CallSidEndingConference"] = by.call.sid
            if by.label:
                told["ParticipantLabelEndingConference"] = by.label
        self.tell("conference-end", None, **told)
        self.world.note_end(self.sid, self.world.conferences)

    def beep(self, when: str, about: Participant) -> None:
        """The others hear that somebody comes or goes."""
        for one in self.present:
            if one is not about and one.is_in_the_room and self.status == "in-progress":
                one.call.hear("beep", when)

    # ---- what is told of it ----------------------------------------------------------------------------------------

    def tell(self, event: str, participant: Participant | None = None, **told: str) -> None:
        """Notes this event, and sends it if it is asked for. Only what is sent is numbered (unverified)."""
        self.note(event, next(iter(told.values()), ""), participant)
        if self.wish.url and any(event in EVENTS[name] for name in self.wish.events):
            self.sequence += 1
            about = {
                "StatusCallbackEvent": event,
                "SequenceNumber": str(self.sequence),
                "Timestamp": rfc2822(self.clock.now()) or "",
            }
            params = self.params() | about | (participant.params() if participant else {}) | told
            self.outbox.put(self.wish, params, is_last=event == "conference-end")
        if event == "conference-end":
            self.outbox.release()

    def note(self, event: str, detail: str = "", participant: Participant | None = None) -> None:
        now = self.clock.now()
        entry = {"at": iso(now), "second": round(now - self.created_at, 3), "event": event, "detail": detail}
        self.timeline.append(entry | {"call_sid": participant.call.sid if participant else None})
        if participant:
            participant.updated_at = now
        self.updated()

    def updated(self) -> None:
        self.updated_at = self.clock.now()
        self.world.changed()

    def trouble(self, code: int, message: str, entry: dict[str, Any] | None = None) -> None:
        """Twilio's debugger would say this of the conference."""
        self.note("error", f"{code} {message}")
        log.warning("%s: %s %s", self.sid, code, message)
        self.world.alert(code, message, self.sid)
        if entry is not None and entry["error"] is None:
            entry["error"] = {"code": code, "message": message}

    def params(self) -> dict[str, str]:
        """What every request about it carries."""
        account = self.world.account_sid
        return {"ConferenceSid": self.sid, "FriendlyName": self.friendly_name, "AccountSid": account}

    def as_seen(self) -> dict[str, Any]:
        """The conference as the control API shows it."""
        return {
            "sid": self.sid,
            "friendly_name": self.friendly_name,
            "status": self.status,
            "region": self.region or None,
            "created_at": iso(self.created_at),
            "started_at": None if self.started_at is None else iso(self.started_at),
            "ended_at": None if self.ended_at is None else iso(self.ended_at),
            "reason": self.reason or None,
            "participants": [one.as_seen() for one in self.participants],
            "timeline": self.timeline,
            "announcements": [one.as_seen() for one in self.announcements],
            "billed_minutes": sum(one.billed_minutes for one in self.participants),
        }
