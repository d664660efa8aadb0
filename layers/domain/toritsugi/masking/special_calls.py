"""A masked call that does not go as usual, for its session has terms: what each of the two hears, and what follows.

voice.py imports this only for such a call.
"""

import re
from dataclasses import dataclass, replace
from typing import Any

from twilio.twiml.voice_response import VoiceResponse

from toritsugi import words
from toritsugi.bridges.legs import hang_up_leg, has_hung_up
from toritsugi.callers.caller import Caller, caller_key
from toritsugi.foundation.addresses import public_url
from toritsugi.foundation.call_status import is_too_many
from toritsugi.foundation.durations import ACCEPT_SECONDS, MAX_CALL_SECONDS, MIN_RING_SECONDS
from toritsugi.foundation.errors import RequestRefused
from toritsugi.foundation.sealing import unseal
from toritsugi.foundation.types import Fields
from toritsugi.foundation.voices import say_in, say_sentence
from toritsugi.lines.directory import look_up_entries
from toritsugi.lines.lines import Line, line_key
from toritsugi.masking import choices
from toritsugi.masking.routes import Route, leads_on, route_key, seconds_left
from toritsugi.masking.terms import Terms

MAX_MESSAGE_SECONDS, SILENCE_SECONDS = 120, 5

SPECIAL_PATH = re.compile(
    r"/voice/sessions/(KC\w{32})/(over|counted|recorded|whispered|agreed)/([\w-]+)(/unconfirmed)?", re.ASCII
)


@dataclass(frozen=True)
class SpecialPlace:
    """Where a masked call with terms has come to, encoded in the path where Twilio asks what comes next.

    Who calls, and the line, stand there `sealed`: of whoever is called Twilio does not tell them, and who has entered a
    PIN calls from another telephone than theirs.
    """

    session_sid: str
    step: str
    sealed: str
    unconfirmed: bool = False

    @property
    def is_of_callee(self) -> bool:
        """Whether it is the leg of whoever is called."""
        return self.step in ("whispered", "agreed")

    @property
    def path(self) -> str:
        """Opaque ids, never a number."""
        parts = [self.session_sid, self.step, self.sealed, *["unconfirmed"] * self.unconfirmed]
        return "/voice/sessions/" + "/".join(parts)

    @property
    def url(self) -> str:
        return public_url(self.path)

    @classmethod
    def read(cls, path: str) -> "SpecialPlace":
        """The place at this path. Raises RequestRefused."""
        match = SPECIAL_PATH.fullmatch(path)
        if not match:
            raise RequestRefused(20404, "no call has this path", 404)
        return cls(match[1], match[2], match[3], bool(match[4]))


@dataclass(frozen=True)
class KnownOfSpecialCall:
    """What the directory knows when such a call goes on: its route, if it connects yet, and the listener's language."""

    route: Route | None
    language: str


def look_up_special_call(place: SpecialPlace, fields: Fields, now: float) -> KnownOfSpecialCall:
    """What is known of it now, in one round trip; in two, where the caller may have several sessions over the line."""
    call_sid = fields.get("ParentCallSid" if place.is_of_callee else "CallSid", "")
    _, *parties = (unseal(place.sealed, call_sid) or "++").split("+")
    caller, line = (f"+{number}" for number in parties)
    listener, shown = (fields["To"], fields["From"]) if place.is_of_callee else (caller, line)
    keys = route_key(caller, line), line_key(line), caller_key(listener)
    found = look_up_entries(keys)
    route, owned, entry = (found.get(key) for key in keys)
    language = words.choose_language(entry.language if isinstance(entry, Caller) else None, listener, shown)
    if isinstance(owned, Line) and owned.has_choices:
        ways = choices.find_routes(caller, line)
        route = next((one for one in ways if one.session_sid == place.session_sid), None)
    if not isinstance(route, Route) or route.session_sid != place.session_sid:
        return KnownOfSpecialCall(None, language)
    connects = leads_on(owned if isinstance(owned, Line) else None, route, now)
    return KnownOfSpecialCall(route if connects else None, language)


# ---- how it is put through -------------------------------------------------------------------------------------------


def greet_caller(response: VoiceResponse, terms: Terms, language: str) -> None:
    """Says the greeting, if there is one."""
    say_aloud(response, terms.get("greeting"), language)


def dial_otherwise(route: Route, now: float, sealed: str, unconfirmed: bool) -> dict[str, Any]:
    """How a call is dialed otherwise than usual, by the names of `put_through`.

    `sealed` are the caller and the line.
    """
    terms, left = dict(route.terms), seconds_left(route, now)
    dialed: dict[str, Any] = {}
    if "ring_seconds" in terms:
        dialed["timeout"] = max(MIN_RING_SECONDS, min(terms["ring_seconds"], left))
    if "max_call_seconds" in terms:
        dialed["time_limit"] = min(terms["max_call_seconds"], MAX_CALL_SECONDS if route.calls_outlive_expiry else left)
    if "whisper" in terms or "accept_by_key" in terms:
        dialed["notice"] = SpecialPlace(route.session_sid, "whispered", sealed, unconfirmed).url
    if {"accept_by_key", "say_unanswered", "voicemail", "counted"} & terms.keys():
        dialed["action"] = SpecialPlace(route.session_sid, "counted" if "counted" in terms else "over", sealed).url
    return dialed


# ---- how it goes on --------------------------------------------------------------------------------------------------


def have_talked(fields: Fields) -> bool:
    """Whether a dial is over in which the two were put through to each other: a mailbox that was asked for a 1 is not.

    https://www.twilio.com/docs/voice/twiml/dial
    """
    return fields.get("DialCallStatus") in ("completed", "answered") and fields.get("DialBridged") != "false"


def go_on(place: SpecialPlace, known: KnownOfSpecialCall, fields: Fields, message_to: str) -> VoiceResponse:
    """What is heard next. `message_to` is where Twilio tells of a message that the caller leaves."""
    if place.is_of_callee:
        return tell_callee(place, known, fields)
    language = known.language
    if has_hung_up(fields):
        return VoiceResponse()
    if place.step == "recorded":
        return end_with("message taken", language)
    if is_too_many(fields):
        return end_with("limit reached", language)
    if known.route and (known.route.terms or {}).get("voicemail"):
        return take_voicemail(place, language, message_to)
    return end_with("unanswered" if known.route else "session ended", language)


def tell_callee(place: SpecialPlace, known: KnownOfSpecialCall, fields: Fields) -> VoiceResponse:
    """Whoever is called hears what they have to know, and who calls; then they are put through, or press a 1 first.

    So nobody is put through any more once the session has ended, and a mailbox, which presses nothing, never is.
    """
    route = known.route
    if route is None or fields["To"] not in route.partners:
        return hang_up_leg()
    language, terms = known.language, route.terms or {}
    response = VoiceResponse()
    if place.step == "agreed" and fields.get("Digits") == "1":
        return response
    if place.unconfirmed:
        say_sentence(response, "number unconfirmed", language)
    if route.recorded:
        say_sentence(response, "call recorded", language)  # outside of any gather, for no key may cut it short
    if not terms.get("accept_by_key"):
        say_aloud(response, terms.get("whisper"), language)
        return response
    action = replace(place, step="agreed").url
    asked = response.gather(num_digits=1, timeout=ACCEPT_SECONDS, finish_on_key="", action=action)
    say_aloud(asked, terms.get("whisper"), language)
    say_sentence(asked, "accept the call" if "whisper" in terms else "call for you", language)
    response.hangup()
    return response


def take_voicemail(place: SpecialPlace, language: str, message_to: str) -> VoiceResponse:
    """Asks for a message and records it; after a silence the call ends."""
    response = VoiceResponse()
    say_sentence(response, "leave a message", language)
    response.record(
        action=replace(place, step="recorded").url,
        max_length=MAX_MESSAGE_SECONDS,
        timeout=SILENCE_SECONDS,
        finish_on_key="#",
        play_beep=True,
        recording_status_callback=message_to,
        recording_status_callback_event="completed absent",
    )
    return say_end(response, "call ended", language)


def end_with(sentence: str, language: str) -> VoiceResponse:
    """TwiML that says the sentence of this name, and hangs up."""
    return say_end(VoiceResponse(), sentence, language)


def say_end(response: VoiceResponse, sentence: str, language: str) -> VoiceResponse:
    say_sentence(response, sentence, language)
    response.hangup()
    return response


def say_aloud(into: VoiceResponse, text: str | None, language: str) -> None:
    """Says words of the owner's, if there are any: in their own language, and in this one where they do not tell."""
    if text:
        say_in(into, text, words.language_of_sentence(text, language, language))
