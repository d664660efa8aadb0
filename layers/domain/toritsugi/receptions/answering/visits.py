"""A visit: one call at a reception, at the moment when Twilio asks what comes next."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from twilio.twiml.voice_response import VoiceResponse

from toritsugi import words
from toritsugi.callers.caller import Caller
from toritsugi.foundation import voices
from toritsugi.foundation.addresses import public_url
from toritsugi.foundation.errors import RequestRefused
from toritsugi.lines.numbers import is_shown
from toritsugi.receptions.answering import placeholders

StepDocument = Mapping[str, Any]  # a step, as it was compiled
AskOwner = Callable[[str, Mapping[str, Any], str], dict[str, Any]]

VISIT_PATH = re.compile(
    r"/voice(/unconfirmed)?/receptions/([\w-]{1,40})/(\d{1,9})/([\w-]{2,20})/([\w-]{1,40})/([a-z-]{1,20})/(\d{1,2})(?:/at/(\d{9,11})(?:x(\d{1,6}))?)?(?:/([\w-]{1,120}))?",
    re.ASCII,
)


@dataclass(frozen=True)
class Permitted:
    """Whom a transfer may ring, and how many hundredths of a yen a minute to the dearest of them costs."""

    numbers: Sequence[str]
    rate: int = 0


Permit = Callable[[Sequence[str]], Permitted]


@dataclass(frozen=True)
class VisitPlace:
    """Where in a reception a call is: what it has done (`action`) at which step, for the `turn`th time.

    `version` never changes during a call, for its reception may. What was keyed in, and who calls, is `sealed`. `began`
    is when the transfer began that is over now, in whole seconds, and `rate` how many hundredths of a yen its minute
    costs.
    `unconfirmed`: the caller's number is not proven to
    be theirs, of which Twilio tells the first request alone.
    """

    reception: str
    version: int
    locale: str
    step: str
    action: str = ""
    turn: int = 0
    sealed: str = ""
    began: int = 0
    rate: int = 0
    unconfirmed: bool = False

    @property
    def path(self) -> str:
        """Where Twilio goes on from here: never a number."""
        of = f"/voice{'/unconfirmed' * self.unconfirmed}/receptions/{self.reception}/{self.version}/{self.locale}"
        at = f"/at/{self.began}x{self.rate}" if self.began else ""
        return f"{of}/{self.step}/{self.action}/{self.turn}{at}" + (f"/{self.sealed}" if self.sealed else "")

    @classmethod
    def read(cls, path: str) -> "VisitPlace":
        """The place at this path. Raises RequestRefused."""
        match = VISIT_PATH.fullmatch(path)
        if not match:
            raise RequestRefused(20404, "no reception has this path", 404)
        unconfirmed, reception, version, locale, step, action, turn, began, rate, sealed = match.groups()
        known = reception, int(version), locale, step, action, int(turn), sealed or ""
        return cls(*known, began=int(began or 0), rate=int(rate or 0), unconfirmed=bool(unconfirmed))


@dataclass
class Visit:
    """A call at a reception: what it asks for in `fields`, and the TwiML with which it is answered.

    `ask` gives what the owner's system says to facts, at a URL, under a key; it raises OwnerSilent. `permit` gives
    those of some numbers that may be called now, and raises CallRefused where nobody may.
    """

    place: VisitPlace
    document: Mapping[str, Any]
    fields: Mapping[str, str]
    ask: AskOwner
    at: float
    find_caller: Callable[[str], Caller | None]
    permit: Permit
    request: str = ""  # the same when Twilio asks the same again
    digits: str = ""
    asked: int = 0  # so often was the owner's system
    response: VoiceResponse = field(default_factory=VoiceResponse)

    @property
    def line(self) -> str:
        """The number that was called."""
        return self.fields.get("To", "")

    @property
    def call_sid(self) -> str:
        return self.fields.get("CallSid", "")

    @cached_property
    def caller(self) -> Caller | None:
        """Who calls, looked up when it is first of interest; nobody, if the number need not be theirs."""
        return self.find_caller(self.number) if self.number and not self.place.unconfirmed else None

    @cached_property
    def number(self) -> str:
        """The number from which the call came; blank if that is withheld."""
        told = self.fields.get("From", "")
        return told if is_shown(told) else ""

    def step(self, name: str) -> Mapping[str, Any]:
        step: Mapping[str, Any] = self.document["steps"][name]
        return step

    def enter(self, name: str) -> Mapping[str, Any]:
        """The step of this name, where the call is from now on."""
        step = self.step(name)
        locale = step.get("language", self.place.locale)
        self.place = replace(self.place, step=name, locale=locale, action="", turn=0, sealed="", began=0, rate=0)
        return step

    def address(self, action: str, turn: int = 0, sealed: str = "", began: float = 0, rate: int = 0) -> str:
        """Where Twilio comes back to when the caller has done this."""
        return public_url(
            replace(self.place, action=action, turn=turn, sealed=sealed, began=int(began), rate=rate).path
        )

    # ---- what is said ----------------------------------------------------------------------------------------------

    def speak(self, said: placeholders.Words, into: VoiceResponse | None = None) -> None:
        """Says something of the document's, with what is known filled in."""
        locale = placeholders.language_of(said, self.place.locale, self.document.get("language", self.place.locale))
        text = placeholders.fill(said, locale, lambda placeholder: self.tell(placeholder, locale))
        voices.say_in(self.response if into is None else into, text, locale)

    def say(self, name: str, into: VoiceResponse | None = None, **known: str) -> None:
        """Says a sentence of ours."""
        voices.say_sentence(self.response if into is None else into, name, self.place.locale, **known)

    def tell(self, placeholder: str, locale: str) -> str:
        """What stands for a placeholder in a sentence of this language."""
        if placeholder == "name":
            return self.name_in(locale) or words.sentence("dear caller", locale)
        if placeholder == "company":
            return (self.caller.company if self.caller else None) or ""
        if placeholder == "number":
            return words.say_number(self.number, locale) if self.number else words.sentence("number withheld", locale)
        if placeholder == "digits":
            return words.say_digits(self.digits, locale)
        say = {"date": words.say_date, "time": words.say_time, "weekday": words.say_weekday}[placeholder]
        return say(self.now(self.document["timezone"]), locale)

    def name_in(self, locale: str) -> str:
        """The caller's name as it is spoken in a language; blank if nobody is known under this number."""
        if not self.caller:
            return ""
        uses_reading = words.nearest(locale).uses_readings
        return (self.caller.reading if uses_reading else None) or self.caller.name

    def now(self, timezone: str) -> datetime:
        """The owner's own time."""
        from zoneinfo import ZoneInfo  # not at a cold start: only lines with hours tell the time

        return datetime.fromtimestamp(self.at, ZoneInfo(timezone))

    def hang_up(self) -> None:
        self.response.hangup()


def first_place(
    reception: str, version: int, document: Mapping[str, Any], caller: Caller | None, unconfirmed: bool = False
) -> VisitPlace:
    """Where a call begins: at the first step, in the caller's language, if that is spoken everywhere."""
    entry = caller.language if caller else None
    locale = words.choose_language(entry, usual=document["language"], among=languages(document) if entry else None)
    return VisitPlace(reception, version, locale, document["start"], unconfirmed=unconfirmed)


def languages(document: Mapping[str, Any]) -> set[str]:
    """The languages into which all is translated that is translated at all."""
    said = [value for step in document["steps"].values() for value in step.values() if isinstance(value, dict)]
    translated = [set(one) for one in said if one and set(one) <= set(words.locales())]
    return set.intersection(*translated) if translated else {document["language"]}
