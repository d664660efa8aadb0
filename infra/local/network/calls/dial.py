"""<Dial>: one leg calls others, the first to answer is put through, and in the end everybody learns how it went.

https://www.twilio.com/docs/voice/twiml/dial
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import urljoin

from local.clock import Signal
from local.network import webhooks
from local.network.callbacks import StatusCallback
from local.network.calls.call import Call
from local.network.calls.detection import Detection
from local.network.calls.record import callback_of
from local.network.conferences.participant import MUSIC, Participant, Terms
from local.network.numbers import as_dialed, country, parsed
from local.network.recordings.recording import Recording
from local.network.refusals import Failure, not_built
from local.network.twiml.grammar import UNRECORDED
from local.network.twiml.reader import Document, Element, made
from local.network.webhooks import Request

EXTRA_RING = 5  # seconds that Twilio lets it ring beyond the timeout
DIRECT_RING = 60  # seconds that a telephone rings for another telephone
LABEL_IN_USE = 16025  # then the next verb counts, whatever the action: https://www.twilio.com/docs/api/errors/16025
UNANSWERED = ("no-answer", "busy", "failed", "canceled")  # of several legs, the first of these that occurs counts

Recorder = Callable[[Call], Recording]  # begins to record the call with the leg that it is put through to
Whisper = Callable[[Call, Request | None, float, str], Coroutine[Any, Any, None]]  # what a leg does before the bridge


class Dialing:
    """The legs that one call has called, and which of them answered."""

    def __init__(
        self, call: Call, hangup_on_star: bool = False, ring_tone: str = "", record: Recorder | None = None
    ) -> None:
        self.call, self.ring_tone, self.record = call, ring_tone, record
        self.recording: Recording | None = None
        self.star = [call.star] if hangup_on_star else []
        self.legs: list[Call] = []
        self.rang = self.was_bridged = self.was_given_up = False

    async def reach(self, legs: dict[Call, Coroutine[Any, Any, None]]) -> None:
        """Lets these legs ring. Returns when nobody answered, or when the conversation with the one who did is over."""
        self.legs += legs
        moved = {leg: leg.moved for leg in legs}
        for leg, flow in legs.items():
            leg.rivals = [other for other in legs if other is not leg]
            leg.start(flow)
        while not self.winner and (alive := [leg for leg in legs if not leg.over.fired]):
            ringing = [leg.ringing for leg in alive if not self.rang]
            await self.first(*(signal for leg in alive for signal in (leg.answered, leg.over)), *ringing)
            if any(signal.fired for signal in ringing):
                self.rang = True
                self.call.hear("ring", self.ring_tone)
        if (winner := self.winner) is None:
            return
        if await self.first(winner.over, moved[winner], winner.ready) is winner.ready:
            self.call.answer()
            self.call.put_through(winner)
            self.was_bridged = True
            self.recording = self.record(winner) if self.record else None
            await self.first(winner.over, moved[winner])
            self.stop_recording()

    async def first(self, *signals: Signal) -> Signal | None:
        """The first of these; the caller's `*`, where it counts, ends the whole attempt."""
        signal = await self.call.clock.first(*self.star, *signals)
        if signal in self.star:
            self.star = []
            self.give_up()
        return signal

    def stop_recording(self) -> None:
        if self.recording:
            self.recording.stop()

    def give_up(self) -> None:
        """Ends the legs, except one that was redirected and has a life of its own."""
        self.was_given_up = True
        for leg in self.legs:
            if not leg.was_moved:
                leg.end("canceled", self.call.phone.number if self.call.phone else "Twilio")

    @property
    def winner(self) -> Call | None:
        return next((leg for leg in self.legs if leg.answered.fired), None)

    @property
    def status(self) -> str:
        """The DialCallStatus."""
        if self.winner:
            return "completed"
        statuses = {leg.status for leg in self.legs}
        return next((status for status in UNANSWERED if status in statuses), "failed")

    def params(self) -> dict[str, str]:
        """What the action is told: https://www.twilio.com/docs/voice/twiml/dial#action"""
        params = {"DialCallStatus": self.status, "DialBridged": str(self.was_bridged).lower()}
        if leg := self.winner or next((leg for leg in self.legs if leg.status == self.status), None):
            params["DialCallSid"] = leg.sid
            if not leg.was_moved:
                params["DialCallDuration"] = str(leg.duration)
            if leg.error:
                params["ErrorCode"] = str(leg.error[0])
        return params | (self.recording.about() if self.recording and self.recording.seconds else {})


async def dial(call: Call, element: Element, document: Document, whisper: Whisper) -> Request | None:
    """Calls the numbers. Returns the request of the action when it is over; None, without one, for the next verb."""
    if element.nested and element.nested[0].verb == "Conference":
        return await confer(call, element, document)
    if not element["answerOnBridge"]:
        call.answer()
    dialing = Dialing(call, element["hangupOnStar"], element["ringTone"], recorder(call, element, document))
    action = urljoin(document.url or "", element["action"] or "")
    try:
        for numbers in groups(element):
            possible = [number for number in numbers if may_be_dialed(call, element, number, document)]
            await dialing.reach(dict(leg(call, element, number, document, whisper) for number in possible))
            if dialing.winner or dialing.was_given_up:
                break
    except asyncio.CancelledError:
        # The caller has hung up or was redirected: the action is told nevertheless, but its answer is not executed.
        dialing.stop_recording()
        dialing.give_up()
        if element["action"]:
            call.world.send(webhooks.notify(call, action, element["method"], call.params() | dialing.params()))
        raise
    call.unanswered_status = dialing.status if dialing.status in UNANSWERED else "no-answer"
    call.note("dialed", dialing.status)
    return Request(action, element["method"], dialing.params()) if element["action"] else None


def recorder(call: Call, element: Element, document: Document) -> Recorder | None:
    """How the conversation is recorded, or None if it is not: https://www.twilio.com/docs/voice/twiml/dial#record"""
    how = element["record"]
    if how in UNRECORDED:
        return None
    callback, trims, channels = (
        callback_of(element, document),
        element["trim"] == "trim-silence",
        1 + how.endswith("dual"),
    )
    return lambda leg: Recording(call, "DialVerb", trims, callback, leg, channels)


def groups(element: Element) -> list[list[Element]]:
    """The numbers that ring together; with `sequential` each rings alone, one after the other."""
    numbers = element.nested or [made("Number", element.text)]
    return [[number] for number in numbers] if element["sequential"] else [numbers]


def may_be_dialed(call: Call, element: Element, number: Element, document: Document) -> bool:
    """Whether Twilio would try it. If not there is a code in the log, and the <Dial> goes on without this number."""
    shown, to = element["callerId"], e164(number.text)
    if shown is not None and shown not in {call.from_, call.to, *call.world.numbers}:
        whose = f"callerId {shown!r} is neither a number of this call nor one of the account's."
        call.trouble(13214, whose, document.entry)
    elif parsed(to) is None:
        call.trouble(13223, f"{number.text!r} is not a telephone number.", document.entry)
    elif country(to) in call.world.forbidden_countries:
        call.trouble(13227, f"The account's dialing permissions forbid calls to {country(to)}.", document.entry)
    elif to in call.world.numbers:
        call.trouble(13224, not_built("A call from Twilio to one of the account's own numbers"), document.entry)
    else:
        return True
    return False


def e164(text: str) -> str:
    """Twilio takes North American numbers in any writing: https://www.twilio.com/docs/voice/twiml/number"""
    plain = "".join(text.split())
    return plain if plain.startswith("+") else as_dialed(plain, "+14155550100")


def leg(
    call: Call, element: Element, number: Element, document: Document, whisper: Whisper
) -> tuple[Call, Coroutine[Any, Any, None]]:
    """A leg to one number, and what it will do when started."""
    url = urljoin(document.url or "", number["statusCallback"] or "") if number["statusCallback"] else ""
    callback = StatusCallback(url, number["statusCallbackMethod"], tuple(number["statusCallbackEvent"]))
    shown = element["callerId"] or call.from_
    one = Call(call.world, "outbound-dial", shown, e164(number.text), parent=call, callback=callback)
    one.time_limit = element["timeLimit"]
    told = urljoin(document.url or "", number["amdStatusCallback"]) if number["amdStatusCallback"] else ""
    one.detection = Detection.wished(number.values, StatusCallback(told, number["amdStatusCallbackMethod"]))
    first = Request(urljoin(document.url or "", number["url"]), number["method"]) if number["url"] else None
    return one, whisper(one, first, element["timeout"] + EXTRA_RING, number["sendDigits"])


async def confer(call: Call, element: Element, document: Document) -> Request | None:
    """Is in a conference until that is over, the caller presses `*`, or the time limit has passed.

    The action is told neither of the legs nor of their duration. That it is told `failed` when nothing came of the
    conference is unverified, and so is the reason of who leaves by `*`.

    https://www.twilio.com/docs/voice/twiml/conference
    """
    if element["answerOnBridge"]:
        raise Failure(12200, not_built('answerOnBridge="true" with <Conference>'))
    call.answer()
    action, method = urljoin(document.url or "", element["action"] or ""), element["method"]
    room = element.nested[0]
    try:
        participant = call.world.join_conference(call, room.text, terms(room, document))
    except Failure as failure:
        call.trouble(failure.code, failure.message, document.entry)
        told = {"DialCallStatus": "failed", "DialBridged": "false"}
        return Request(action, method, told) if element["action"] and failure.code != LABEL_IN_USE else None
    limit, label = element["timeLimit"], f"the <Dial> of {call.sid} reaches its time limit"
    participant.dial_ends_at = call.clock.now() + limit
    star = [call.star] if element["hangupOnStar"] else []
    try:
        await call.clock.first(participant.left, *star, timeout=limit, label=label)
    except asyncio.CancelledError:
        if element["action"]:
            call.world.send(webhooks.notify(call, action, method, call.params() | about(participant)))
        raise
    participant.leave("participant_hung_up")
    return Request(action, method, about(participant)) if element["action"] else None


def about(participant: Participant) -> dict[str, str]:
    """What the action is told of a conference."""
    status = "failed" if participant.reason_left == "participant_add_failed" else "answered"
    return {"DialCallStatus": status, "DialBridged": str(participant.was_bridged).lower()}


def terms(room: Element, document: Document) -> Terms:
    """On what terms this <Conference> is joined."""
    callback = urljoin(document.url or "", room["statusCallback"]) if room["statusCallback"] else ""
    wait = MUSIC if room["waitUrl"] is None else room["waitUrl"] and urljoin(document.url or "", room["waitUrl"])
    return Terms(
        label=room["participantLabel"],
        muted=room["muted"],
        beep=room["beep"],
        start_on_enter=room["startConferenceOnEnter"],
        end_on_exit=room["endConferenceOnExit"],
        wait_url=wait,
        wait_method=room["waitMethod"],
        max_participants=room["maxParticipants"],
        region=room["region"],
        coach=room["coach"],
        callback=StatusCallback(callback, room["statusCallbackMethod"], tuple(room["statusCallbackEvent"])),
    )


async def direct(call: Call, whisper: Whisper) -> None:
    """One telephone calls another. They are simply connected, and no application is told."""
    call.progress("ringing")
    other = Call(call.world, "outbound-dial", call.from_, call.to, parent=call, direct=True)
    dialing = Dialing(call)
    try:
        await dialing.reach({other: whisper(other, None, DIRECT_RING, "")})
    except asyncio.CancelledError:
        dialing.give_up()
        raise
    if dialing.status == "busy":
        call.hear("tone", "busy")
    call.end(dialing.status, call.to)
