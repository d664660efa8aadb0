"""What a leg of a bridge hears, as TwiML: who is calling, the room, the extension; and what it says with its keys.

Both sides get the same attributes of the room, for the first one in it fixes them for all.
https://www.twilio.com/docs/voice/twiml/conference
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from twilio.twiml.voice_response import Dial, VoiceResponse

from toritsugi import voices
from toritsugi.bridges.events import Source
from toritsugi.bridges.records import Bridge, Party
from toritsugi.bridges.state import MACHINES
from toritsugi.bridges.words import sentence
from toritsugi.errors import RequestRefused
from toritsugi.interactions import FINAL

ACCEPT_SECONDS = 8
RETRY_SECONDS = 5
LONGEST_SECONDS = 86_400  # of any leg: https://www.twilio.com/docs/voice/api/call-resource
EVENTS = "start end join leave mute hold announcement"

PATH = re.compile(r"/voice/bridges/(KB[0-9a-f]{32})/(\d{1,3})/(\d{1,3})/(\w+)", re.ASCII)
WAITING_PATH = re.compile(r"/voice/waiting/(ja|en)", re.ASCII)

Address = Callable[[str], str]  # of a path of ours, at which Twilio reaches it
Fields = Mapping[str, str]


@dataclass(frozen=True)
class Door:
    """Where Twilio asks for the next TwiML of the `attempt`th leg to the person in this `place`."""

    bridge_sid: str
    place: int
    attempt: int
    step: str

    @property
    def path(self) -> str:
        return f"/voice/bridges/{self.bridge_sid}/{self.place}/{self.attempt}/{self.step}"

    @classmethod
    def read(cls, path: str) -> "Door":
        """The door at this path. Raises RequestRefused."""
        match = PATH.fullmatch(path)
        if not match or match[4] not in STEPS:
            raise RequestRefused(20404, "no leg has this path", 404)
        return cls(match[1], int(match[2]), int(match[3]), match[4])

    def then(self, step: str) -> "Door":
        return replace(self, step=step)


def answered(bridge: Bridge, party: Party, door: Door, fields: Fields, address: Address) -> VoiceResponse:
    """Somebody we have called has answered, or a machine has."""
    response = VoiceResponse()
    if fields.get("AnsweredBy") in MACHINES:
        return hang_up()
    if bridge.is_over or party.removed_at is not None:
        return say_goodbye(response, party, "over")
    if bridge.accept:
        return ask(response, party, door.then("accepted"), address)
    if party.whisper:
        voices.say(response, party.whisper, party.language, party.voice)
    return connect(response, bridge, [party], door, address)


def accepted(bridge: Bridge, party: Party, door: Door, fields: Fields, address: Address) -> VoiceResponse:
    """A key was pressed: 1 accepts the call, and after any other the question comes again."""
    response = VoiceResponse()
    if bridge.is_over or party.removed_at is not None:
        return say_goodbye(response, party, "over")
    if fields.get("Digits") != "1":
        return ask(response, party, door, address)
    return connect(response, bridge, [party], door, address)


def ask(response: VoiceResponse, party: Party, door: Door, address: Address) -> VoiceResponse:
    gather = response.gather(num_digits=1, timeout=ACCEPT_SECONDS, finish_on_key="", action=address(door.path))
    if party.whisper:
        voices.say(gather, party.whisper, party.language, party.voice)
    voices.say(gather, sentence("accept", party.language), party.language)
    response.hangup()
    return response


def connect(
    response: VoiceResponse, bridge: Bridge, parties: list[Party], door: Door, address: Address
) -> VoiceResponse:
    """Into the room; or, where legs are dialed, to those whom the first one is put through to."""
    if bridge.through == "dial":
        return dial(response, bridge, parties[1:], door, address)
    return enter(response, bridge, parties[0].language, door, address)


def enter(response: VoiceResponse, bridge: Bridge, language: str, door: Door, address: Address) -> VoiceResponse:
    """Into the room, which a star leaves for a moment where it may extend the call."""
    room = Dial(
        action=address(door.then("left").path),
        hangup_on_star=True if bridge.extension_minutes else None,
        time_limit=LONGEST_SECONDS,
    )
    room.conference(
        bridge.bridge_sid,
        beep="false",
        start_conference_on_enter=True,
        end_conference_on_exit=False,
        wait_url=bridge.waiting or address(f"/voice/waiting/{'ja' if language.startswith('ja') else 'en'}"),
        status_callback=address(Source(bridge.bridge_sid).path),
        status_callback_event=EVENTS,
    )
    response.append(room)
    return response


def dial(response: VoiceResponse, bridge: Bridge, others: list[Party], door: Door, address: Address) -> VoiceResponse:
    """The others are called from this leg, all at once; whoever answers first is put through."""
    tried = 2 if door.step == "left" else 1
    call = Dial(
        caller_id=others[0].shows,
        timeout=int(bridge.ring_seconds),
        time_limit=int(bridge.minutes * 60),
        action=address(door.then("left" if tried == 1 else "left_again").path),
    )
    for party in others:
        whispers = bridge.accept or party.whisper
        whisper = Door(bridge.bridge_sid, int(party.place), tried, "whispered")
        call.number(
            party.number,
            url=address(whisper.path) if whispers else None,
            status_callback=address(Source(bridge.bridge_sid, int(party.place), tried).path),
            status_callback_event="initiated ringing answered completed",
        )
    response.append(call)
    return response


def whispered(bridge: Bridge, party: Party, door: Door, _fields: Fields, address: Address) -> VoiceResponse:
    """Whom we have dialed hears who calls, and is put through when the words end, or with a 1."""
    response = VoiceResponse()
    if bridge.is_over:
        response.hangup()
    elif bridge.accept:
        ask(response, party, door.then("agreed"), address)
    elif party.whisper:
        voices.say(response, party.whisper, party.language, party.voice)
    return response


def agreed(_bridge: Bridge, party: Party, door: Door, fields: Fields, address: Address) -> VoiceResponse:
    """A 1 puts through: nothing more is said. After any other key the question comes again."""
    response = VoiceResponse()
    return response if fields.get("Digits") == "1" else ask(response, party, door, address)


def come_back(
    response: VoiceResponse, said: str, bridge: Bridge, party: Party, door: Door, address: Address
) -> VoiceResponse:
    """Back into the room, after hearing what the star has done."""
    words = sentence(said, party.language, minutes=int(bridge.extension_minutes))
    voices.say(response, words, party.language)
    return enter(response, bridge, party.language, door, address)


def try_again(bridge: Bridge, parties: list[Party], door: Door, fields: Fields, address: Address) -> VoiceResponse:
    """A dialed conversation is over; if there was none, it is tried once more where that was wished."""
    response, first = VoiceResponse(), parties[0]
    talked = fields.get("DialBridged") != "false" and fields.get("DialCallStatus") in ("completed", "answered")
    if talked or bridge.is_over:
        return hang_up()
    if bridge.if_unanswered == "retry" and door.step == "left":
        response.pause(length=RETRY_SECONDS)
        return dial(response, bridge, parties[1:], door, address)
    return say_goodbye(response, first, "unanswered")


def has_hung_up(fields: Fields) -> bool:
    """Whether the leg is gone, and its TwiML of no use: Twilio tells the action of its Dial nevertheless."""
    return fields.get("CallStatus") in FINAL


def is_dismissed(bridge: Bridge, party: Party, fields: Fields) -> bool:
    """Whether a leg has left the room for good: not by a star, but by us, or because the room could not be had."""
    return (
        bridge.is_over or party.removed_at is not None or fields.get("DialCallStatus") not in ("answered", "completed")
    )


def hang_up() -> VoiceResponse:
    response = VoiceResponse()
    response.hangup()
    return response


def say_goodbye(response: VoiceResponse, party: Party, said: str) -> VoiceResponse:
    voices.say(response, sentence(said, party.language), party.language)
    response.hangup()
    return response


STEPS = ("answered", "accepted", "left", "left_again", "whispered", "agreed")
