"""An invitation: a call that REST makes straight into a conference, until it is there or has failed.

https://www.twilio.com/docs/voice/api/conference-participant-resource#create-a-participant
"""

from __future__ import annotations

from typing import Protocol

from local.clock import Signal
from local.network.conferences.conference import Conference
from local.network.conferences.participant import ConferenceCall, Participant, Terms
from local.network.refusals import Failure

STATUSES = {
    "queued": "queued",
    "initiated": "connecting",
    "ringing": "ringing",
}  # of a participant, by that of its call


class InvitedCall(ConferenceCall, Protocol):
    """What an invitation needs of the call by which somebody is invited."""

    ringing: Signal
    over: Signal

    async def ring(self, timeout: float) -> bool: ...

    def end(self, status: str, by: str) -> None: ...


class Invitation:
    """Whoever answers is in the conference at once. The leg has no <Dial>: it ends when it leaves the conference.

    While somebody is being called, the conference does not end because nobody is left in it (unverified).
    """

    def __init__(self, conference: Conference, call: InvitedCall, terms: Terms, early_media: bool) -> None:
        self.conference, self.call, self.clock = conference, call, conference.clock
        self.terms, self.early_media = terms, early_media
        self.participant = Participant(conference, call, terms)  # what it is to become
        self.settled = self.clock.signal()
        conference.invited.append(self)
        self.clock.spawn(self.watch())

    @property
    def status(self) -> str:
        return STATUSES.get(self.call.status, "failed")

    async def accept(self, wait: float, timeout: float) -> None:
        """What the call does: it waits for its turn, rings, and stays in the conference to the end."""
        if wait:
            await self.clock.sleep(wait, f"{self.call.sid} leaves the queue")
        if not await self.call.ring(timeout):
            return
        try:
            participant = self.conference.join(self.call, self.terms)
        except Failure as failure:
            self.call.trouble(failure.code, failure.message)
        else:
            self.settle()
            await self.clock.first(participant.left)
        self.call.end("completed", "the conference")

    async def watch(self) -> None:
        """Lets the others hear it ring, and notices that nobody answers."""
        await self.clock.first(self.call.ringing, self.settled, self.call.over)
        if self.early_media and self.call.ringing.fired and not self.call.over.fired:
            for one in self.conference.present:
                if one.is_in_the_room:
                    one.call.hear("ring", "")
        await self.clock.first(self.settled, self.call.over)
        self.fail("participant_add_failed")

    def withdraw(self, reason: str = "participant_updated_via_api") -> None:
        """Nobody is called any more."""
        self.call.end("canceled", "REST")
        self.fail(reason)

    def settle(self) -> None:
        if self in self.conference.invited:
            self.conference.invited.remove(self)
        self.settled.fire()

    def fail(self, reason: str) -> None:
        """Tells that somebody who never joined has left, and how the call ended."""
        if self.settled.fired:
            return
        self.settle()
        told = {"ParticipantCallStatus": self.call.status, "ReasonParticipantLeft": reason}
        self.conference.tell("participant-leave", self.participant, **told)
        if not self.conference.present and not self.conference.invited:
            self.conference.end("last-participant-left", self.participant)
