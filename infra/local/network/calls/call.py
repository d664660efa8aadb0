"""A call: one leg between Twilio and one telephone. What changes its state happens at once; what it does takes time.

https://www.twilio.com/docs/voice/api/call-resource
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Coroutine, Sequence
from typing import Any, Protocol

import httpx

from local.clock import Due, Signal
from local.network.billing.bill import Charge, shown
from local.network.callbacks import StatusCallback
from local.network.calls.detection import Detection, Verdict
from local.network.calls.progress import Callbacks
from local.network.conferences.participant import ConferenceCall, Participant, Terms
from local.network.dates import iso
from local.network.memories import Memory
from local.network.numbers import IncomingPhoneNumber, geography
from local.network.phones.keys import Keys
from local.network.phones.phone import Phone
from local.network.phones.utterances import Utterances
from local.network.recordings.recording import RecordingAccount
from local.network.twiml.reader import Element

log = logging.getLogger(__name__)

TOO_MANY_CALLS = (10004, "Call concurrency limit exceeded")
MAX_TIME_LIMIT = 14400  # seconds; https://www.twilio.com/docs/voice/api/call-resource#timelimit


class CallAccount(RecordingAccount, Protocol):
    """What a call, and the TwiML that it goes through, need of the account."""

    calls: Memory[Call]
    numbers: dict[str, IncomingPhoneNumber]
    forbidden_countries: set[str]

    def phone(self, number: str) -> Phone: ...

    def join_conference(self, call: Call, name: str, terms: Terms) -> Participant: ...

    def drop_first_leg(self, second: Call) -> None: ...

    def is_full(self, but: Call | None = None) -> bool: ...


class Call:
    """One leg, from its beginning to its bill. `direct` ones, between two telephones, are none of the account's."""

    charge: Charge | None = None  # when it is over, if it was answered

    def __init__(
        self,
        world: CallAccount,
        direction: str,
        from_: str,
        to: str,
        *,
        phone: Phone | None = None,
        parent: Call | None = None,
        callback: StatusCallback | None = None,
        direct: bool = False,
    ) -> None:
        self.world, self.clock, self.sid = world, world.clock, world.sid("CA")
        self.direction, self.from_, self.to = direction, from_, to
        self.phone, self.parent, self.callback, self.direct = phone, parent, callback, direct
        self.fallback: tuple[str, str] = ("", "POST")
        self.status = "queued" if direction == "outbound-api" else "initiated"
        self.created_at = self.updated_at = self.clock.now()
        self.started_at: float | None = None
        self.answered_at: float | None = None
        self.ended_at: float | None = None
        self.queue_time, self.time_limit = 0, MAX_TIME_LIMIT
        self.detection: Detection | None = None  # what is wished to be known of whoever answers
        self.detected: Verdict | None = None
        self.ringing, self.answered, self.over, self.moved, self.ready, self.star = (
            self.clock.signal() for _ in range(6)
        )
        self.was_moved = False  # redirected away from whoever called it
        self.error: tuple[int, str] | None = None  # with which Twilio itself has failed it
        self.unanswered_status = ""  # how the call ends if nothing ever answers it
        self.rivals: list[Call] = []  # legs that are given up when this one is answered
        self.peers: list[Call] = []  # legs that this one is put through to
        self.participant: Participant | None = None  # what it is in a conference
        self.keys, self.utterances = Keys(self.clock), Utterances(self.clock)
        self.flow: asyncio.Task[Any] | None = None
        self.dues: dict[str, Due] = {}
        self.timeline: list[dict[str, Any]] = []
        self.executed: list[dict[str, Any]] = []
        self.cookies = httpx.Cookies()
        self.callbacks = Callbacks(self)
        world.calls[self.sid] = self

    # ---- its life --------------------------------------------------------------------------------------------------

    def start(self, flow: Coroutine[Any, Any, Any]) -> None:
        """From now on the call does this, and nothing else any more."""
        if self.flow:
            self.flow.cancel()
        self.flow = self.clock.spawn(flow)

    def progress(self, status: str) -> None:
        """Takes this status, and reports it to the status callback."""
        self.status = status
        self.updated_at = self.clock.now()
        if self.started_at is None and status != "canceled":
            self.started_at = self.clock.now()
        self.note(status)
        self.callbacks.report(self.callback)

    async def ring(self, timeout: float) -> bool:
        """Lets the telephone at the other end ring. Returns whether it was answered; if not, the call has ended.

        If the call waits for the detection of machines, whoever answers hears nothing until then.
        """
        if self.parent and not self.direct and self.world.is_full(self):
            self.turn_away()
            return False
        self.progress("initiated")
        if self.to in self.world.numbers:  # it has become one since it was asked for
            self.end("failed", "Twilio")
            return False
        phone = self.world.phone(self.to)
        if phone.is_busy:
            self.end("busy", self.to)
            return False
        self.phone = phone
        phone.ring(self)
        self.ringing.fire()
        self.progress("ringing")
        self.world.drop_first_leg(self)
        if await self.clock.first(self.answered, timeout=timeout, label=f"{phone.label} stops ringing") is None:
            self.end("no-answer", "Twilio")
            return False
        if self.detection:
            await self.detection.begin(self)
        return True

    def answer(self) -> None:
        """The call is answered: by a person or a machine, or by Twilio when one of its numbers was called."""
        if self.answered.fired or self.over.fired:
            return
        for rival in self.rivals:
            rival.end("canceled", "Twilio")
        self.answered_at = self.clock.now()
        self.limit(self.time_limit)
        self.answered.fire()
        self.status = "in-progress"
        self.updated_at = self.clock.now()
        by_twilio = self.direction == "inbound" and not self.direct
        self.note("answered", "Twilio" if by_twilio else self.to)
        self.callbacks.report(self.callback)
        if self.phone:
            self.phone.begin_talking(self)

    def limit(self, seconds: int) -> None:
        """Ends the call so many seconds after its answer, or at once if they have passed already.

        A limit that is changed in a running call counts from the answer too (unverified: Twilio says only that it is
        the longest duration of the call, https://www.twilio.com/docs/voice/api/call-resource).
        """
        self.time_limit = seconds
        if self.answered_at is None:
            return
        left = self.answered_at + seconds - self.clock.now()
        self.later(left, lambda: self.end("completed", "the time limit"), f"time limit of {self.sid}", key="limit")

    def end(self, status: str, by: str) -> None:
        """Ends the call and stops everything that belongs to it. A second end changes nothing."""
        if self.over.fired:
            return
        if self.answered.fired:
            status = "completed"
        self.ended_at = self.clock.now()
        for due in self.dues.values():
            due.cancel()
        self.part()
        if self.phone and self.phone.call is self:
            self.phone.put_down()
        self.note("hangup", by)
        self.over.fire()
        self.status, self.updated_at = status, self.clock.now()
        self.charge = self.world.bill.call(self)
        self.note(status)
        if self.participant:
            self.participant.leave("participant_hung_up")
        # Of a call canceled in the queue nobody hears: https://www.twilio.com/docs/voice/api/call-resource#statuscallback
        if self.started_at is not None:
            self.callbacks.report(self.callback)
        if self.flow and self.flow is not asyncio.current_task():
            self.flow.cancel()
        self.flow = None
        self.world.note_end(self.sid, self.world.calls)

    def turn_away(self) -> None:
        """Ends the call because the account has as many as it may have: https://www.twilio.com/docs/api/errors/10004

        That its last callback names the code is unverified.
        """
        self.error = TOO_MANY_CALLS
        self.trouble(*TOO_MANY_CALLS)
        self.started_at = self.clock.now()
        self.end("failed", "Twilio")

    def redirect(self, flow: Coroutine[Any, Any, Any]) -> None:
        """Takes the call away from what it does and from whom it talks with, and has it do this."""
        self.note("redirected", "REST")
        self.part()
        if self.participant:
            self.participant.leave("participant_updated_via_api")
        moved, self.moved, self.was_moved = self.moved, self.clock.signal(), True
        moved.fire()
        self.start(flow)

    def later(self, seconds: float, action: Any, label: str, key: str = "") -> None:
        """Does this so many seconds from now, unless the call ends before. One key has one such action: the latest."""
        key = key or f"{len(self.dues)} {label}"
        if key in self.dues:
            self.dues[key].cancel()
        self.dues[key] = self.clock.after(max(seconds, 0), action, label)

    # ---- who hears what --------------------------------------------------------------------------------------------

    def put_through(self, other: Call) -> None:
        """These two hear each other from now on."""
        for one, its_peer in ((self, other), (other, self)):
            one.keys.attend(False)
            one.peers.append(its_peer)
            one.note("bridged", its_peer.phone.number if its_peer.phone else "")
        for one, its_peer in ((self, other), (other, self)):
            if its_peer.phone:
                its_peer.phone.go_on_talking_to(one)

    def part(self) -> None:
        """Nobody is put through to this call any more."""
        for peer in self.peers:
            peer.peers.remove(self)
            peer.note("unbridged", self.phone.number if self.phone else "")
        self.peers.clear()

    def hear(self, kind: str, text: str, from_: str | None = None) -> dict[str, Any]:
        """Has the telephone hear this from now on. Returns the item, in which whoever breaks it off sets `cut`."""
        item = {
            "at": iso(self.clock.now()),
            "second": None if self.answered_at is None else round(self.clock.now() - self.answered_at, 3),
            "kind": kind,
            "text": text,
            "from": from_,
            "cut": False,
        }
        self.note(kind, text)
        if self.phone and self.phone.call is self:
            self.phone.heard.append(item)
        return item

    async def listen(self, kind: str, text: str, seconds: float | None, *until: Signal) -> Signal | None:
        """Has the telephone hear this for so long (None: without end). Returns the signal that broke it off, if any."""
        item = self.hear(kind, text)
        try:
            stopped = await self.clock.first(*until, timeout=seconds, label=f"{kind} ends: {text[:40]}")
        except asyncio.CancelledError:
            item["cut"] = True
            raise
        item["cut"] = stopped is not None
        return stopped

    @property
    def listeners(self) -> Sequence[ConferenceCall]:
        """Who hears what is said at this telephone: whoever it is put through to, or the room that it is in."""
        if (me := self.participant) is None:
            return self.peers
        return [other.call for other in me.conference.present if other.hears(me)]

    @property
    def talking_with(self) -> list[str]:
        """The numbers that it is connected with, even if only one of the two hears the other."""
        others: Sequence[ConferenceCall] = self.peers
        if me := self.participant:
            others = [one.call for one in me.conference.present if one.hears(me) or me.hears(one)]
        return [one.phone.number for one in others if one.phone]

    def speak(self, text: str) -> None:
        """The person at this telephone says something."""
        self.note("speaks", text)
        self.utterances.add(text)
        for listener in self.listeners:
            listener.hear("speech", text, self.phone.number if self.phone else None)
        if self.participant:
            self.participant.speak(text)

    def press(self, digits: str) -> None:
        """The person at this telephone has pressed keys: for a Gather, and audible for whoever listens."""
        self.note("digits", digits)
        for listener in self.listeners:
            listener.hear("tone", digits, self.phone.number if self.phone else None)
        if "*" in digits:
            star, self.star = self.star, self.clock.signal()
            star.fire()
        self.keys.press(digits)

    # ---- what is known of it ---------------------------------------------------------------------------------------

    def note(self, event: str, detail: str = "") -> None:
        now = self.clock.now()
        self.timeline.append(
            {"second": round(now - self.created_at, 3), "event": event, "detail": detail, "at": iso(now)}
        )
        self.world.changed()

    def execute(self, element: Element) -> None:
        """Remembers a verb that is executed from now on."""
        second = round(self.clock.now() - self.created_at, 3)
        verb = {"verb": element.verb, "attributes": element.attributes, "text": element.text, "second": second}
        self.executed.append(verb)

    def trouble(self, code: int, message: str, entry: dict[str, Any] | None = None) -> None:
        """Twilio's debugger would say this of the call."""
        self.note("error", f"{code} {message}")
        log.warning("%s: %s %s", self.sid, code, message)
        self.world.alert(code, message, self.sid)
        if entry is not None and entry["error"] is None:
            entry["error"] = {"code": code, "message": message}

    @property
    def is_counted(self) -> bool:
        """Whether it is one of the calls that the account has at once."""
        waits = self.direction == "outbound-dial" and self.started_at is None  # others are dialed before it
        return not (self.over.fired or self.direct or waits)

    @property
    def seconds(self) -> float:
        """From the answer to the end, or until now."""
        if self.answered_at is None:
            return 0
        return (self.clock.now() if self.ended_at is None else self.ended_at) - self.answered_at

    @property
    def time_limit_at(self) -> float | None:
        """When the time limit ends the call. None before the answer and after the end."""
        if self.answered_at is None or self.ended_at is not None:
            return None
        return self.answered_at + self.time_limit

    @property
    def duration(self) -> int:
        return int(self.seconds + 0.5)

    @property
    def billed_minutes(self) -> int:
        """Every leg that was answered is rounded up to the whole minute: https://help.twilio.com/articles/223132307"""
        return 0 if self.answered_at is None or self.direct else max(1, math.ceil(round(self.seconds, 3) / 60))

    def params(self) -> dict[str, str]:
        """What every request of this call carries: https://www.twilio.com/docs/voice/twiml#request-parameters"""
        params = {
            "CallSid": self.sid,
            "AccountSid": self.world.account_sid,
            "From": self.from_,
            "To": self.to,
            "Caller": self.from_,
            "Called": self.to,
            "CallStatus": self.status,
            "ApiVersion": "2010-04-01",
            "Direction": self.direction,
        }
        for party in ("From", "Caller"):
            params |= geography(party, self.from_)
        for party in ("To", "Called"):
            params |= geography(party, self.to)
        params |= {"ParentCallSid": self.parent.sid} if self.parent else {}
        return params | (self.detected.params() if self.detected else {})

    def as_seen(self) -> dict[str, Any]:
        """The call as the control API shows it."""
        return {
            "sid": self.sid,
            "parent_sid": self.parent.sid if self.parent else None,
            "phone": self.phone.number if self.phone else None,
            "from": self.from_,
            "to": self.to,
            "direction": self.direction,
            "status": self.status,
            "timeline": self.timeline,
            "executed": self.executed,
            "seconds": round(self.seconds, 3),
            "billed_minutes": self.billed_minutes,
            "price": shown(self.charge, self.clock.now()),
        }
