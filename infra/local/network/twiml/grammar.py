"""The grammar of TwiML, as one table: verbs, attributes with their values and defaults, and what may hold what.

https://www.twilio.com/docs/voice/twiml and, for the codes, https://www.twilio.com/docs/api/errors
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

# ---- values of attributes: a reader returns the value, or raises ValueError with what it should have been ----------

Reader = Callable[[str], Any]


def anything(value: str) -> str:
    return value


def whole(least: int, most: int = 10**9) -> Callable[[str], int]:
    def read(value: str) -> int:
        if not re.fullmatch(r"\d{1,9}", value) or not least <= int(value) <= most:
            raise ValueError(f"a whole number from {least}" + (f" to {most}" if most < 10**9 else ""))
        return int(value)

    return read


def one_of(*words: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value not in words:
            raise ValueError(f"one of {', '.join(words)}")
        return value

    return read


def some_of(*words: str) -> Reader:
    def read(value: str) -> list[str]:
        if not value.split() or not set(value.split()) <= set(words):
            raise ValueError(f"some of {' '.join(words)}")
        return value.split()

    return read


def keys(allowed: str) -> Reader:
    def read(value: str) -> str:
        if not set(value) <= set(allowed):
            raise ValueError(f"keys out of {allowed}")
        return value

    return read


def url(value: str) -> str:
    """An address, absolute or relative."""
    try:
        urlsplit(value)
    except ValueError as error:
        raise ValueError(f"an address ({error})") from error
    return value


def ring_time(value: str) -> int:
    """Seconds; Twilio rings for at least 5 and at most 600, whatever is asked: https://www.twilio.com/docs/voice/twiml/dial"""
    return min(max(whole(0)(value), 5), 600)


def pause(value: str) -> int | str:
    return value if value == "auto" else whole(1)(value)


def label(value: str) -> str:
    """https://www.twilio.com/docs/api/errors/16023"""
    if len(value) > 128 or re.fullmatch(r"CA[0-9a-f]{32}", value) or "/" in unquote(value):
        raise ValueError("a label of at most 128 characters, without a slash and unlike a call SID")
    return value


def call_sid(value: str) -> str:
    if not re.fullmatch(r"CA[0-9a-f]{32}", value):
        raise ValueError("the SID of a call")
    return value


truth = one_of("true", "false")
method = one_of("GET", "POST")


def boolean(value: str) -> bool:
    return truth(value) == "true"


# ---- the table ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Attribute:
    default: Any = None
    read: Reader = anything
    code: int = 12200


@dataclass(frozen=True)
class Rule:
    """What a verb or noun may hold: attributes, nested elements, text; and what Twilio has beyond that."""

    attributes: dict[str, Attribute] = field(default_factory=dict)
    nested: tuple[str, ...] = ()
    text: bool = False
    later: frozenset[str] = frozenset()  # attributes that are Twilio's, but not built here yet
    retired: dict[str, str] = field(default_factory=dict)  # what Twilio has given up, and for what else


def words(text: str) -> frozenset[str]:
    """A set of names, written as one would read it."""
    return frozenset(text.split())


PROMPTS = ("Say", "Play", "Pause")
EVENTS = some_of("initiated", "ringing", "answered", "completed")
CONFERENCE_EVENTS = some_of("start", "end", "join", "leave", "mute", "hold", "modify", "speaker", "announcement")
DETECTION = {  # https://www.twilio.com/docs/voice/answering-machine-detection; all but the timeout in ms
    "machineDetection": Attribute(None, one_of("Enable", "DetectMessageEnd")),
    "machineDetectionTimeout": Attribute(30, whole(3, 59)),
    "machineDetectionSpeechThreshold": Attribute(2400, whole(1000, 6000)),
    "machineDetectionSpeechEndThreshold": Attribute(1200, whole(500, 5000)),
    "machineDetectionSilenceTimeout": Attribute(5000, whole(2000, 10000)),
}
RECORDING = words(
    "record recordingStatusCallback recordingStatusCallbackMethod recordingStatusCallbackEvent recordingTrack trim "
    "recordingConfigurationId"
)
RECORDED = {
    "recordingStatusCallback": Attribute(None, url, 11100),
    "recordingStatusCallbackMethod": Attribute("POST", method),
    "recordingStatusCallbackEvent": Attribute(["completed"], some_of("in-progress", "completed", "absent")),
}
UNRECORDED = ("false", "do-not-record")
RECORD = (
    *("true", "record-from-answer", "record-from-answer-dual", *UNRECORDED),
    *("record-from-ringing", "record-from-ringing-dual"),
)
SPEECH_MODELS = (
    *("default", "numbers_and_commands", "phone_call", "experimental_conversations", "experimental_utterances"),
    *("googlev2_long", "googlev2_short", "googlev2_telephony", "googlev2_telephony_short"),
    *("deepgram_nova-2", "deepgram_nova-3"),
)

RULES = {
    "Say": Rule(
        {
            "voice": Attribute("man"),
            "language": Attribute("en-US"),
            "loop": Attribute(1, whole(0, 1000), 13510),
        },
        text=True,
    ),
    "Play": Rule(
        {"loop": Attribute(1, whole(0, 1000), 13420), "digits": Attribute("", keys("0123456789*#wW"))}, text=True
    ),
    "Pause": Rule({"length": Attribute(1, whole(0), 13410)}),
    "Gather": Rule(
        {
            "input": Attribute(["dtmf"], some_of("dtmf", "speech")),
            "timeout": Attribute(5, whole(0), 13311),
            "numDigits": Attribute(None, whole(1), 13313),
            "finishOnKey": Attribute("#", keys("0123456789*#"), 13310),
            "action": Attribute(None, url, 11100),
            "method": Attribute("POST", method, 13312),
            "actionOnEmptyResult": Attribute(False, boolean),
            "language": Attribute("en-US"),
            "speechTimeout": Attribute(None, pause, 13327),
            "speechModel": Attribute("default", one_of(*SPEECH_MODELS)),
            "hints": Attribute(""),
            "enhanced": Attribute(False, boolean),
            "profanityFilter": Attribute(True, boolean),
        },
        nested=PROMPTS,
        later=words("partialResultCallback partialResultCallbackMethod bargeIn debug"),
    ),
    "Record": Rule(
        {
            "action": Attribute(None, url, 11100),
            "method": Attribute("POST", method, 13610),
            "timeout": Attribute(5, whole(0), 13611),
            "finishOnKey": Attribute("1234567890*#", keys("0123456789*#"), 13613),
            "maxLength": Attribute(3600, whole(1, 14400), 13612),
            "playBeep": Attribute(True, boolean, 13616),
            "trim": Attribute("trim-silence", one_of("trim-silence", "do-not-trim")),
            **RECORDED,
        },
        later=words("transcribe transcribeCallback"),
    ),
    "Dial": Rule(
        {
            "action": Attribute(None, url, 11100),
            "method": Attribute("POST", method),
            "answerOnBridge": Attribute(False, boolean),
            "callerId": Attribute(),
            "timeout": Attribute(30, ring_time, 13212),
            "timeLimit": Attribute(14400, whole(1), 13216),
            "hangupOnStar": Attribute(False, boolean, 13213),
            "ringTone": Attribute("", keys("abcdefghijklmnopqrstuvwxyz-")),
            "sequential": Attribute(False, boolean),
            "record": Attribute("do-not-record", one_of(*RECORD), 13217),
            "trim": Attribute("do-not-trim", one_of("trim-silence", "do-not-trim")),
            **RECORDED,
        },
        nested=("Number", "Conference"),
        text=True,
        later=words("recordingTrack recordingConfigurationId callReason referUrl referMethod events"),
    ),
    "Number": Rule(
        {
            "sendDigits": Attribute("", keys("0123456789ABCD*#wW"), 13222),
            "url": Attribute(None, url, 11100),
            "method": Attribute("POST", method, 13221),
            "statusCallback": Attribute(None, url, 11100),
            "statusCallbackMethod": Attribute("POST", method),
            "statusCallbackEvent": Attribute(["completed"], EVENTS),
            **DETECTION,
            "amdStatusCallback": Attribute(None, url, 11100),
            "amdStatusCallbackMethod": Attribute("POST", method),
        },
        text=True,
        later=words("byoc"),
    ),
    "Conference": Rule(
        {
            "muted": Attribute(False, boolean, 13230),
            "beep": Attribute("true", one_of("true", "false", "onEnter", "onExit"), 13235),
            "startConferenceOnEnter": Attribute(True, boolean, 13232),
            "endConferenceOnExit": Attribute(False, boolean, 13231),
            "participantLabel": Attribute("", label, 16023),
            "jitterBufferSize": Attribute("large", one_of("small", "medium", "large", "off"), 16002),
            "waitUrl": Attribute(None, url, 13233),
            "waitMethod": Attribute("POST", method, 13234),
            "maxParticipants": Attribute(250, whole(1, 250), 16002),
            "region": Attribute("", one_of("us1", "us2", "ie1", "de1", "sg1", "br1", "au1", "jp1"), 16002),
            "coach": Attribute("", call_sid, 13240),
            "statusCallback": Attribute(None, url, 16002),
            "statusCallbackMethod": Attribute("POST", method, 16002),
            "statusCallbackEvent": Attribute([], CONFERENCE_EVENTS, 16002),
        },
        text=True,
        later=RECORDING - {"recordingTrack"},
        retired={"eventCallbackUrl": "recordingStatusCallback"},
    ),
    "Redirect": Rule({"method": Attribute("POST", method, 13610)}, text=True),
    "Message": Rule(
        {
            "to": Attribute(None),
            "from": Attribute(None),
            "action": Attribute(None, url, 11100),
            "method": Attribute("POST", method, 14104),
            "statusCallback": Attribute(None, url, 14105),
        },
        nested=("Body", "Media"),
        text=True,
    ),
    "Body": Rule(text=True),
    "Media": Rule(text=True),
    "Hangup": Rule(),
    "Reject": Rule({"reason": Attribute("rejected", one_of("rejected", "busy"), 13710)}),
}
OFF = {("Record", "transcribe", "false")}  # what is not built, and not wished for either
VERBS = ("Say", "Play", "Pause", "Gather", "Record", "Dial", "Redirect", "Hangup", "Reject")
PLAYED = ("Play", "Say", "Pause", "Redirect")  # to whoever waits or is on hold, and as an announcement
WHISPER = ("Say", "Play", "Gather", "Hangup")
MESSAGES = ("Message", "Redirect")  # in answer to a text
LATER = words(
    "Enqueue Leave Queue Sms Start Stop Connect Stream Siprec Transcription Recording "
    "Pay Prompt Refer Client Sip Application WhatsApp Sim Echo Autopilot VirtualAgent AI ConversationRelay Parameter "
    "Identity"
)
SSML = words("break emphasis lang p phoneme prosody s say-as sub w")
