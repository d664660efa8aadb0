"""What a leg of a bridge hears, as TwiML: who is calling, the room, the extension; and what it says with its keys.

Both sides get the same attributes of the room, for the first one in it fixes them for all.
https://www.twilio.com/docs/voice/twiml/conference
"""

import re
from dataclasses import dataclass, replace

from twilio.twiml.voice_response import Dial, VoiceResponse

from toritsugi import words
from toritsugi.bridges.bounds import UNBOUNDED, Bounds
from toritsugi.bridges.events import MACHINES, BridgeEventSource
from toritsugi.bridges.records import Bridge, Party
from toritsugi.foundation import voices
from toritsugi.foundation.addresses import public_url
from toritsugi.foundation.call_status import FINAL, is_too_many
from toritsugi.foundation.durations import ACCEPT_SECONDS, MAX_LEG_SECONDS, MIN_RING_SECONDS, RETRY_SECONDS
from toritsugi.foundation.errors import RequestRefused
from toritsugi.foundation.types import Fields

EVENTS = "start end join leave mute hold announcement"

LEG_URL_PATH = re.compile(r"/voice/bridges/(KB[0-9a-f]{32})/(\d{1,3})/(\d{1,3})/(\w+)", re.ASCII)
WAITING_PATH = re.compile(r"/voice/waiting/([a-z]{2,3})", re.ASCII)

# What somebody hears of it who has pressed star, by what that has done.
STAR_SENTENCES = {"extended": "call extended", "full": "no more extensions", "back": "back to the call"}


@dataclass(frozen=True)
class LegUrl:
    """Where Twilio asks for the next TwiML of the `attempt`th leg to the person in this `place`."""

    bridge_sid: str
    place: int
    attempt: int
    step: str

    @property
    def path(self) -> str:
        return f"/voice/bridges/{self.bridge_sid}/{self.place}/{self.attempt}/{self.step}"

    @classmethod
    def read(cls, path: str) -> "LegUrl":
        """The url at this path. Raises RequestRefused."""
        match = LEG_URL_PATH.fullmatch(path)
        if not match or match[4] not in LEG_STEPS:
            raise RequestRefused(20404, "no leg has this path", 404)
        return cls(match[1], int(match[2]), int(match[3]), match[4])

    def then(self, step: str) -> "LegUrl":
        """The url of another step of the same leg."""
        return replace(self, step=step)


@dataclass(frozen=True)
class LegContext:
    """What a leg of a bridge is doing when Twilio asks what it does next.

    `others` are those whom the first leg dials, `bounds` what the session of the bridge allows it.
    """

    bridge: Bridge
    party: Party
    others: list[Party]
    url: LegUrl
    fields: Fields
    bounds: Bounds = UNBOUNDED
    now: float = 0

    @property
    def is_unwanted(self) -> bool:
        """Whether the bridge is over or the party removed, so that the leg is to end."""
        return self.bridge.is_over or self.party.removed_at is not None

    @property
    def connects(self) -> bool:
        """Whether this leg may be put through to somebody."""
        return not self.is_unwanted and self.bounds.connects(self.now)


def answered(context: LegContext) -> VoiceResponse:
    """Somebody we have called has answered, or a machine has."""
    if context.fields.get("AnsweredBy") in MACHINES:
        return hang_up_leg()
    if not context.connects:
        return say_goodbye(context.party, "call ended")
    if context.bridge.accept:
        return ask_to_accept(context, "accepted")
    return connect(whisper_to(context.party), context)


def accepted(context: LegContext) -> VoiceResponse:
    """A key was pressed: 1 accepts the call, and after any other the question comes again."""
    if not context.connects:
        return say_goodbye(context.party, "call ended")
    if context.fields.get("Digits") != "1":
        return ask_to_accept(context, "accepted")
    return connect(VoiceResponse(), context)


def whispered(context: LegContext) -> VoiceResponse:
    """Whom we have dialed hears who calls, and is put through when the words end, or with a 1."""
    if not context.connects:
        return hang_up_leg()
    return ask_to_accept(context, "agreed") if context.bridge.accept else whisper_to(context.party)


def agreed(context: LegContext) -> VoiceResponse:
    """A 1 puts through: nothing more is said. After any other key the question comes again."""
    if not context.connects:
        return hang_up_leg()
    return VoiceResponse() if context.fields.get("Digits") == "1" else ask_to_accept(context, "agreed")


def whisper_to(party: Party) -> VoiceResponse:
    """What only this person hears before being put through."""
    response = VoiceResponse()
    say_whisper(response, party)
    return response


def say_whisper(into: VoiceResponse, party: Party) -> None:
    """Says who calls, and whether their number is confirmed, where there is something to say."""
    if party.with_unconfirmed:
        voices.say_sentence(into, "number unconfirmed", party.language)
    if party.whisper:
        voices.say_in(into, party.whisper, party.language, party.voice)


def ask_to_accept(context: LegContext, step: str) -> VoiceResponse:
    """The question for a 1; silence hangs up."""
    response, party = VoiceResponse(), context.party
    action = public_url(context.url.then(step).path)
    gather = response.gather(num_digits=1, timeout=ACCEPT_SECONDS, finish_on_key="", action=action)
    say_whisper(gather, party)
    voices.say_sentence(gather, "call for you", party.language)
    response.hangup()
    return response


# ---- into the room ---------------------------------------------------------------------------------------------------


def connect(response: VoiceResponse, context: LegContext) -> VoiceResponse:
    """Into the room; or, where legs are dialed, to those whom the first one is put through to."""
    if context.bridge.through == "dial":
        return dial_others(response, context)
    return enter_conference(response, context.bridge, context.party.language, context.url)


def enter_conference(response: VoiceResponse, bridge: Bridge, language: str, url: LegUrl) -> VoiceResponse:
    """Into the room, which a star leaves for a moment where it may extend the call."""
    room = Dial(
        action=public_url(url.then("left").path),
        hangup_on_star=True if bridge.extension_minutes else None,
        time_limit=MAX_LEG_SECONDS,
    )
    room.conference(
        bridge.bridge_sid,
        beep="false",
        start_conference_on_enter=True,
        end_conference_on_exit=False,
        wait_url=bridge.waiting or waiting_url(language),
        status_callback=public_url(BridgeEventSource(bridge.bridge_sid).path),
        status_callback_event=EVENTS,
    )
    response.append(room)
    return response


def waiting_url(language: str) -> str:
    """Where the ring tone is that somebody of this language knows."""
    return public_url(f"/voice/waiting/{words.nearest(language).code}")


def come_back(context: LegContext, done: str) -> VoiceResponse:
    """Back into the room, after hearing what the star has done."""
    response, language = VoiceResponse(), context.party.language
    more = words.say_duration(int(context.bridge.extension_minutes) * 60, language)
    voices.say_sentence(response, STAR_SENTENCES[done], language, more=more)
    return enter_conference(response, context.bridge, language, context.url)


def is_dismissed(context: LegContext) -> bool:
    """Whether a leg has left the room for good: not by a star, but by us, or because the room could not be had."""
    return context.is_unwanted or context.fields.get("DialCallStatus") not in ("answered", "completed")


# ---- dialed legs -----------------------------------------------------------------------------------------------------


def dial_others(response: VoiceResponse, context: LegContext) -> VoiceResponse:
    """The others are called from this leg, all at once; whoever answers first is put through."""
    bridge, url, tried = context.bridge, context.url, 2 if context.url.step == "left" else 1
    left = context.bounds.limit(context.now + bridge.minutes * 60) - context.now
    call = Dial(
        caller_id=context.others[0].shows,
        timeout=max(MIN_RING_SECONDS, min(int(bridge.ring_seconds), int(left))),
        time_limit=max(1, int(left)),
        action=public_url(url.then("left" if tried == 1 else "left_again").path),
    )
    for party in context.others:
        whispered = LegUrl(bridge.bridge_sid, int(party.place), tried, "whispered")
        call.number(
            party.number,
            url=public_url(whispered.path) if bridge.accept or party.whisper or bridge.session_sid else None,
            status_callback=public_url(BridgeEventSource(bridge.bridge_sid, int(party.place), tried).path),
            status_callback_event="initiated ringing answered completed",
        )
    response.append(call)
    return response


def try_again(context: LegContext) -> VoiceResponse:
    """A dialed conversation is over; if there was none, it is tried once more where that was wished."""
    status, bridged = context.fields.get("DialCallStatus"), context.fields.get("DialBridged")
    if context.is_unwanted or (status in ("completed", "answered") and bridged != "false"):
        return hang_up_leg()
    if not context.bounds.connects(context.now):
        return say_goodbye(context.party, "call ended")
    if context.bridge.if_unanswered == "retry" and context.url.step == "left":
        response = VoiceResponse()
        response.pause(length=RETRY_SECONDS)
        return dial_others(response, context)
    if is_too_many(context.fields):
        return say_goodbye(context.party, "limit reached")
    return say_goodbye(context.party, "unanswered")


# ---- the end ---------------------------------------------------------------------------------------------------------


def has_hung_up(fields: Fields) -> bool:
    """Whether the leg is gone, and its TwiML of no use: Twilio tells the action of its Dial nevertheless."""
    return fields.get("CallStatus") in FINAL


def hang_up_leg() -> VoiceResponse:
    response = VoiceResponse()
    response.hangup()
    return response


def say_goodbye(party: Party, sentence: str) -> VoiceResponse:
    """TwiML that says the sentence of this name to the party, and hangs up."""
    response = VoiceResponse()
    voices.say_sentence(response, sentence, party.language)
    response.hangup()
    return response


LEG_STEPS = ("answered", "accepted", "left", "left_again", "whispered", "agreed")
