"""The language of receptions: one document says what a line says and does, and how it answers text messages.

Its words are few: a step does one thing, which is the first word in it, and then goes to `next`, or `otherwise`. What
stands here is the shape of each; terms.py has what they are made of, and checks.py knows what makes sense together.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from toritsugi.foundation.durations import MIN_RING_SECONDS, TRANSFER_RING_SECONDS
from toritsugi.receptions.authoring.terms import (
    Address,
    CallableNumber,
    Day,
    HolidayCountry,
    Locale,
    StepName,
    TelephoneKey,
    Times,
    Word,
    WordsByLanguage,
    Zone,
    days,
    listed,
    read_count,
    true,
)

MAX_STEPS, MAX_RULES, MAX_KEYWORDS, MAX_NUMBERS_OF_TRANSFER = 200, 100, 50, 10
MAX_RETRIES = 5


# ---- steps -----------------------------------------------------------------------------------------------------------


class StrictModel(BaseModel):
    """A part of a document; a field that is none of its own is a mistake."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class StepModel(StrictModel):
    """What every step may say: which language is spoken from here on."""

    language: Locale | None = None


class Passing(StepModel):
    """What goes on to `next`; without one, the call ends."""

    next: StepName | None = None


class Say(Passing):
    """Says something."""

    say: WordsByLanguage


class Play(Passing):
    """Plays a file, MP3 or WAV."""

    play: Address


class Greet(Passing):
    """Greets whoever is known by name, and others in the words for `unknown`."""

    greet: WordsByLanguage
    unknown: WordsByLanguage | None = None


class Prompt(StepModel):
    """What asks for something: `seconds` of patience, `retries` after silence or something wrong, then `otherwise`."""

    seconds: int = Field(5, ge=1, le=60)
    retries: int = Field(2, ge=0, le=MAX_RETRIES)
    wrong: WordsByLanguage | None = None
    otherwise: StepName = Field(description="where a call goes in which nobody answers")


class Menu(Prompt):
    """Offers `keys` to press, and `spoken` words to say."""

    menu: WordsByLanguage
    keys: dict[TelephoneKey, StepName] = Field(default_factory=dict)
    spoken: dict[Word, StepName] = Field(default_factory=dict)

    @model_validator(mode="after")
    def offers_something(self) -> "Menu":
        """Raises ValueError unless there is something to press or to say."""
        if not self.keys and not self.spoken:
            raise ValueError("a menu needs keys to press, or words to say (spoken)")
        return self


class Digits(StrictModel):
    least: int
    most: int


class Gather(Prompt, Passing):
    """Asks for digits, reads them back if they are to be confirmed, and asks the owner's system about them."""

    gather: WordsByLanguage
    digits: Annotated[Digits, BeforeValidator(read_count)] = Field(description="how many, like 12, or 4-8")
    confirm: bool = False
    ask: Address | None = None

    @model_validator(mode="after")
    def leads_somewhere(self) -> "Gather":
        """Raises ValueError unless something is done with the digits."""
        if not self.next and not self.ask:
            raise ValueError("nothing is done with the digits: say where the call goes (next), or who is asked (ask)")
        return self


class AskStep(Passing):
    """Asks the owner's own system what to say, and where to go; `otherwise`, if it does not know, or is down."""

    ask: Address
    otherwise: StepName = Field(description="where a call goes if your system does not answer")


class Hours(StepModel):
    """Goes to `open` or `closed`, by the day of the week.

    Public holidays of a country or region (`holidays`) and `special` days have hours of their own.
    """

    hours: Annotated[dict[str, str], BeforeValidator(days)]
    open: StepName = Field(description="where a call goes within these hours")
    closed: StepName = Field(description="where a call goes at all other times")
    timezone: Zone | None = None  # the document's, if left out
    holidays: HolidayCountry | None = None  # whose are closed
    special: dict[Day, Times] = Field(default_factory=dict)


class Record(StrictModel):
    """A conversation is recorded: both sides are told (`notice`), and the caller may `refuse` with a key."""

    notice: WordsByLanguage = Field(description="what both sides hear before they are recorded")
    refuse: TelephoneKey | None = None


class Transfer(Passing):
    """Puts through: to one number, to several in turn, or `together` to whoever answers first; else `otherwise`.

    Whoever is called hears the `whisper` first, and takes the call with a 1 if they have to `accept` it.
    """

    transfer: Annotated[
        list[CallableNumber], BeforeValidator(listed), Field(min_length=1, max_length=MAX_NUMBERS_OF_TRANSFER)
    ]
    together: bool = False
    seconds: int = Field(TRANSFER_RING_SECONDS, ge=MIN_RING_SECONDS, le=600)
    whisper: WordsByLanguage | None = None
    accept: bool = False
    record: Record | None = None
    otherwise: StepName = Field(description="where a call goes that nobody takes")


class Voicemail(Passing):
    """Takes a message of so many `seconds` at most; `otherwise`, if nothing is said."""

    voicemail: WordsByLanguage
    seconds: int = Field(120, ge=5, le=3600)
    silence: int = Field(5, ge=1, le=60)
    otherwise: StepName | None = None


class Hangup(StepModel):
    """Hangs up."""

    hangup: Annotated[Literal[True], BeforeValidator(true)]


class Jump(StepModel):
    """Goes somewhere else."""

    jump: StepName


KINDS: dict[str, type[StepModel]] = {
    "say": Say,
    "play": Play,
    "greet": Greet,
    "menu": Menu,
    "gather": Gather,
    "ask": AskStep,  # after gather, in which it may stand as well
    "hours": Hours,
    "transfer": Transfer,
    "voicemail": Voicemail,
    "hangup": Hangup,
    "jump": Jump,
}


# ---- the whole -------------------------------------------------------------------------------------------------------


class Rule(StrictModel):
    """How a text message is answered: one with one of the `keywords`, or any other (`otherwise`)."""

    keywords: Annotated[list[Word], BeforeValidator(listed), Field(min_length=1, max_length=MAX_KEYWORDS)] | None = None
    answer: WordsByLanguage | None = None
    otherwise: WordsByLanguage | None = None

    @model_validator(mode="after")
    def says_one_thing(self) -> "Rule":
        """Raises ValueError unless it is keywords with an answer, or otherwise."""
        if (self.answer is None) == (self.otherwise is None) or (self.keywords is None) != (self.answer is None):
            raise ValueError("an answer to texts is keywords with an answer, or otherwise")
        return self


class ReceptionModel(StrictModel):
    """A whole reception. Each of `steps` is one of the kinds above, which checks.py tells apart by its first word."""

    language: Locale = "ja-JP"
    timezone: Zone = "Asia/Tokyo"
    start: StepName | None = None  # the first step, if left out
    steps: Annotated[dict[StepName, dict[str, Any]], Field(max_length=MAX_STEPS)] = Field(default_factory=dict)
    texts: Annotated[list[Rule], Field(max_length=MAX_RULES)] = Field(default_factory=list)
