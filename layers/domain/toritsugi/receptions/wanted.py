"""The language of receptions: one document says what a line says and does, and how it answers text messages.

Its words are few: a step does one thing, which is the first word in it, and then goes to `next`, or `otherwise`. What
stands here is the shape of each; checks.py knows what makes sense together.
"""

import re
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from toritsugi import voices
from toritsugi.numbers import country_of, is_e164

LONGEST_WORDS = 1_000
MOST_STEPS = 200
MOST_RETRIES = 5
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def language(text: str) -> str:
    """ja or ja-JP, en or en-US: a language that our voices speak, as a locale."""
    locale = voices.LOCALES.get(text, text)
    if locale not in voices.VOICES:
        raise ValueError(f"{text} is not spoken here; {', '.join(voices.VOICES)} are")
    return locale


def numbers_of(said: Any) -> Any:
    return [said] if isinstance(said, str) else said


def e164(text: str) -> str:
    if not is_e164(text) or country_of(text) is None:
        raise ValueError(f"{text} is no telephone number; write it like +81312345678")
    return text


def times(text: str) -> str:
    """ "9:00-18:00" or several, "9:00-12:00, 13:00-18:00", or closed. Past midnight: "22:00-26:00" or "22:00-2:00"."""
    if text == "closed":
        return text
    for one in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,2}):(\d\d)\s*-\s*(\d{1,2}):(\d\d)\s*", one, re.ASCII)
        if not match or int(match[1]) > 23 or int(match[3]) > 29 or int(match[2]) > 59 or int(match[4]) > 59:
            raise ValueError(f"{text} are no hours; write them like 9:00-18:00, or closed")
    return text


def days(said: Any) -> Any:
    """{"mon-fri": ..., "sat, sun": ...}: each day by itself."""
    if not isinstance(said, dict):
        return said
    found: dict[str, Any] = {}
    for name, when in said.items():
        for part in str(name).split(","):
            first, _, last = part.strip().lower().partition("-")
            if first not in DAYS or (last and last not in DAYS):
                raise ValueError(f"{part.strip()} is no day; write {', '.join(DAYS)}, or mon-fri")
            at, end = DAYS.index(first), DAYS.index(last or first)
            for day in DAYS[at : end + 1] if at <= end else DAYS[at:] + DAYS[: end + 1]:
                if day in found:
                    raise ValueError(f"{day} is there twice")
                found[day] = when
    return found


def timezone(text: str) -> str:
    if text not in available_timezones():
        raise ValueError(f"{text} is no time zone; write one like Asia/Tokyo")
    return text


def count(said: Any) -> Any:
    """12, or 4-8: how many digits."""
    text = str(said)
    match = re.fullmatch(r"(\d{1,2})(?:\s*-\s*(\d{1,2}))?", text, re.ASCII)
    least, most = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= least <= most <= 32:
        raise ValueError(f"{text} is no number of digits; write one like 12, or 4-8, and 32 at most")
    return {"least": least, "most": most}


def https(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s#]*)?", text):
        raise ValueError(f"{text[:60]} is no address; write one like https://example.com/path")
    return text


Locale = Annotated[str, AfterValidator(language)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_WORDS)]
Words = Text | dict[Locale, Text]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
Number = Annotated[str, AfterValidator(e164)]
Address = Annotated[str, StringConstraints(max_length=500), AfterValidator(https)]
Key = Annotated[str, StringConstraints(pattern=r"^[0-9*#]$")]
Times = Annotated[str, AfterValidator(times)]
Zone = Annotated[str, AfterValidator(timezone)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Step(Strict):
    """What every step may say: where it goes on, and which language is spoken from here on."""

    next: Name | None = None
    language: Locale | None = None


class Say(Step):
    """Says something."""

    say: Words


class Play(Step):
    """Plays a file, MP3 or WAV."""

    play: Address


class Greet(Step):
    """Greets whoever is known by name, and others in the words for `unknown`."""

    greet: Words
    unknown: Words | None = None


class Prompt(Step):
    """What asks for something: `seconds` of patience, `retries` after silence or something wrong, then `otherwise`."""

    seconds: int = Field(5, ge=1, le=60)
    retries: int = Field(2, ge=0, le=MOST_RETRIES)
    wrong: Words | None = None
    otherwise: Name


class Menu(Prompt):
    """Offers `keys` to press, and `spoken` words to say."""

    menu: Words
    keys: dict[Key, Name] = Field(default_factory=dict)
    spoken: dict[Text, Name] = Field(default_factory=dict)

    @model_validator(mode="after")
    def offers_something(self) -> "Menu":
        if not self.keys and not self.spoken:
            raise ValueError("a menu needs keys to press, or words to say (spoken)")
        return self


class Digits(Strict):
    least: int
    most: int


class Gather(Prompt):
    """Asks for digits, reads them back if they are to be confirmed, and asks the owner's system about them."""

    gather: Words
    digits: Annotated[Digits, BeforeValidator(count)]
    confirm: bool = False
    ask: Address | None = None


class Ask(Step):
    """Asks the owner's own system what to say, and where to go; `otherwise`, if it does not know, or is down."""

    ask: Address
    otherwise: Name


class Hours(Strict):
    """Goes to `open` or `closed`: by day of the week, by public holidays (as on `holidays`, of a country), and by
    `special` days.
    """

    hours: Annotated[dict[str, Times], BeforeValidator(days)]
    open: Name
    closed: Name
    timezone: Zone | None = None  # the document's, if left out
    holidays: Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")] | None = None  # a country, whose are closed
    special: dict[Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\d$")], Times] = Field(default_factory=dict)
    language: Locale | None = None


class Record(Strict):
    """A conversation is recorded: both sides are told (`notice`), and the caller may `refuse` with a key."""

    notice: Words
    refuse: Key | None = None


class Transfer(Step):
    """Puts through: to one number, to several in turn, or `together` to whoever answers first; else `otherwise`.

    Whoever is called hears the `whisper` first, and takes the call with a 1 if they have to `accept` it.
    """

    transfer: Annotated[list[Number], BeforeValidator(numbers_of), Field(min_length=1, max_length=10)]
    together: bool = False
    seconds: int = Field(20, ge=5, le=600)
    whisper: Words | None = None
    accept: bool = False
    record: Record | None = None
    otherwise: Name


class Voicemail(Step):
    """Takes a message of so many `seconds` at most; `otherwise`, if nothing is said."""

    voicemail: Words
    seconds: int = Field(120, ge=5, le=3600)
    silence: int = Field(5, ge=1, le=60)
    otherwise: Name | None = None


class Hangup(Strict):
    """Hangs up."""

    hangup: Literal[True]
    language: Locale | None = None


class Jump(Strict):
    """Goes somewhere else."""

    jump: Name
    language: Locale | None = None


KINDS: dict[str, type[Strict]] = {
    "say": Say,
    "play": Play,
    "greet": Greet,
    "menu": Menu,
    "gather": Gather,
    "ask": Ask,  # after gather, in which it may stand as well
    "hours": Hours,
    "transfer": Transfer,
    "voicemail": Voicemail,
    "hangup": Hangup,
    "jump": Jump,
}


class Rule(Strict):
    """How a text message is answered: one with one of the `keywords`, or any other (`otherwise`)."""

    keywords: Annotated[list[Text], Field(min_length=1, max_length=50)] | None = None
    answer: Words | None = None
    otherwise: Words | None = None

    @model_validator(mode="after")
    def says_one_thing(self) -> "Rule":
        if (self.answer is None) == (self.otherwise is None) or (self.keywords is None) != (self.answer is None):
            raise ValueError("a rule is keywords with an answer, or otherwise")
        return self


class Document(Strict):
    """A whole reception. Each of `steps` is one of the kinds above, which checks.py tells apart by its first word."""

    language: Locale = "ja-JP"
    timezone: Zone = "Asia/Tokyo"
    start: Name | None = None  # the first step, if left out
    steps: Annotated[dict[Name, dict[str, Any]], Field(max_length=MOST_STEPS)] = Field(default_factory=dict)
    texts: Annotated[list[Rule], Field(max_length=100)] = Field(default_factory=list)
