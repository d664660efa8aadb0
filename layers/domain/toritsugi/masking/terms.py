"""The terms of a session: how its calls go, where that is not as usual.

A service says them for its sessions, and a session may say them otherwise. What a call needs of them lies on the route
of whoever makes it, with every word filled in, so that it needs no second read. What is as usual is written nowhere.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from toritsugi import words
from toritsugi.foundation.braces import read_placeholders
from toritsugi.foundation.durations import DEFAULT_RING_SECONDS, MAX_CALL_SECONDS, MAX_RING_SECONDS, MIN_RING_SECONDS
from toritsugi.foundation.errors import CallsUsedUp, OneWaySession
from toritsugi.foundation.forms import Form, check_name, invalid_parameter

Terms = dict[str, Any]

MAX_SPOKEN = 300  # characters that somebody listens to before they are put through
MAX_COUNTED_CALLS = 100  # each of which its session remembers
MIN_CALL_SECONDS = 10

USUAL: Mapping[str, Any] = MappingProxyType(
    {
        "greeting": None,
        "whisper": None,
        "accept_by_key": False,
        "say_unanswered": False,
        "voicemail": False,
        "ring_seconds": DEFAULT_RING_SECONDS,
        "max_call_seconds": MAX_CALL_SECONDS,
        "max_calls": 0,
        "close_after_call": False,
        "one_way": False,
    }
)
TERM_FIELDS = (
    *("Greeting", "Whisper", "AcceptByKey", "SayUnanswered", "Voicemail"),
    *("RingSeconds", "MaxCallSeconds", "MaxCalls", "CloseAfterCall", "OneWay"),
)
# What of them a call needs as it is.
TRAVELING = ("accept_by_key", "say_unanswered", "voicemail", "ring_seconds", "max_call_seconds")

# Why somebody may not call, by the sentence that they hear.
REFUSALS = {refusal.sentence: refusal for refusal in (OneWaySession, CallsUsedUp)}

# What stands for somebody, or something, of which nothing is known.
UNKNOWN = {"name": "somebody", "label": "some matter"}


def read_terms(form: Form, before: Terms | None, through: str) -> Terms | None:
    """The terms that a form says, and those of `before` where it does not; None, if all is usual.

    `through` is how people are put through. Raises RequestRefused 80701.
    """
    said = {
        "greeting": read_spoken(form, "Greeting", "label"),
        "whisper": read_spoken(form, "Whisper", "name", "label"),
        "accept_by_key": form.boolean("AcceptByKey"),
        "say_unanswered": form.boolean("SayUnanswered"),
        "voicemail": form.boolean("Voicemail"),
        "ring_seconds": form.integer("RingSeconds", MIN_RING_SECONDS, MAX_RING_SECONDS),
        "max_call_seconds": form.integer("MaxCallSeconds", MIN_CALL_SECONDS, MAX_CALL_SECONDS),
        "max_calls": form.integer("MaxCalls", 0, MAX_COUNTED_CALLS),
        "close_after_call": form.boolean("CloseAfterCall"),
        "one_way": form.boolean("OneWay"),
    }
    terms = show_terms(before) | {name: value for name, value in said.items() if value is not None}
    check_way(terms, through)
    return {name: value for name, value in terms.items() if value not in (USUAL[name], "")} or None


def read_spoken(form: Form, name: str, *placeholders: str) -> str | None:
    """Words to be spoken, in which no braces stand but around these; blank takes them away. Raises RequestRefused."""
    text = check_name(name, form.text(name), MAX_SPOKEN)
    try:
        return None if text is None else read_placeholders(text, placeholders).strip()
    except ValueError as wrong:
        raise invalid_parameter(name, str(wrong)) from None


def check_way(terms: Terms, through: str) -> None:
    """Raises RequestRefused 80701 where calls that go that way cannot keep the terms."""
    if terms["voicemail"] and through != "dial":
        raise invalid_parameter("Voicemail", "only callers that are put Through a dial can leave a message")


def show_terms(terms: Terms | None) -> Terms:
    """All of the terms, the usual ones too."""
    return {**USUAL, **(terms or {})}


def terms_of_calls(terms: Terms | None, label: str | None, name: str | None, side: int, made: int) -> Terms | None:
    """What the calls of somebody need of a session's terms; None where they go as usual.

    The `name` and `side` are theirs; so many calls were `made` in the session, which is about its `label`.
    """
    if not terms:
        return None
    most = terms.get("max_calls", 0)
    if terms.get("one_way") and side != 1:
        return {"refused": OneWaySession.sentence}
    if most and made >= most:
        return {"refused": CallsUsedUp.sentence}
    known = {"name": name, "label": label}
    spoken = {key: fill_in(terms[key], known) for key in ("greeting", "whisper") if key in terms}
    counted = {"counted": True} if most or terms.get("close_after_call") else {}
    return spoken | {key: terms[key] for key in TRAVELING if key in terms} | counted or None


def check_terms(terms: Terms) -> None:
    """Raises CallRefused where the terms let somebody call no one, or no one any more."""
    if refusal := REFUSALS.get(terms.get("refused", "")):
        raise refusal


def fill_in(text: str, known: Mapping[str, str | None]) -> str:
    """The text with what is known in place of its placeholders, and a word of its language for what is not."""
    language = words.of_letters(re.sub(r"\{\w+\}", "", text)) or words.nearest(None)

    def say(placeholder: re.Match[str]) -> str:
        return known[placeholder[1]] or words.sentence(UNKNOWN[placeholder[1]], language.code)

    return re.sub(r"\{(name|label)\}", say, text)
