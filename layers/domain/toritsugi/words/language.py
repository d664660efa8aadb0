"""What a language has to know to be spoken and written here."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

Ranges = tuple[tuple[str, str], ...]  # of characters, each from the first to the last


class Language(NamedTuple):  # a dataclass takes four times as long to define, in every cold start
    """One language. It has a file of its own, and one row in the register.

    `code` and `locale` are its names, ja and ja-JP. `voice` is Twilio's: one is always named, for otherwise the setting
    of an account chooses, and a voice that does not speak the language says nothing at all.
    https://www.twilio.com/docs/voice/twiml/say/text-speech
    """

    code: str
    locale: str
    voice: str

    # Of each country whose numbers speak it: the dial code, and the digit that stands in its place within the country.
    # None: nobody there writes numbers so.
    dial_codes: Mapping[str, str | None]

    # What whoever waits for others hears: two tones in Hz, of which the second makes the first tremble or joins it.
    ring_tones: tuple[int, int]
    ring_trembles: bool
    ring_seconds: int
    ring_pause_seconds: int

    sentences: Mapping[str, str]

    say_date: Callable[[datetime], str]
    say_time: Callable[[datetime], str]
    say_weekday: Callable[[datetime], str]
    say_duration: Callable[[int], str]  # of seconds
    say_digits: Callable[[str], str]
    # Regular expressions of what stands before a name, and after it, to honor somebody; and what of the latter may be
    # noted as a part of their name.
    title: str
    honorific: str
    honorific_of_name: str
    uses_readings: bool  # whether a name is spoken as its reading says, because a voice may misread how it is written

    letters: Ranges  # by which a text is known to be in it, where no language that stands before it has them too
    sticks: Ranges  # letters that stand beside a word without a space, so that a word may begin and end anywhere

    is_part: Callable[[str, int, int], bool]  # whether the letters around such a word show it to be part of another

    opt_out_words: Mapping[str, tuple[str, ...]]  # by wish, stop, start and help: texts that say nothing else
    before_wish: str  # a regular expression of what people say politely before such a text, and after it
    after_wish: str
    unwanted: str  # the same of what says to an exchange, and not to each other, that no more is wanted
    automatic: tuple[str, ...]  # regular expressions of what machines write

    columns: Mapping[str, tuple[str, ...]]  # what a column of a sheet may be called; by the first it is written
    yes: tuple[str, ...]  # what a cell of a sheet may say, in small letters
    no: tuple[str, ...]
