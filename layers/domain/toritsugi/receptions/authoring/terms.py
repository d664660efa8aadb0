"""The terms of the language of receptions: what may be written in one place, each with the sentence if it is not.

What is read is text throughout, as it was written; see reading.py.
"""

import re
import unicodedata
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, ValidationInfo

from toritsugi.foundation.braces import read_placeholders
from toritsugi.foundation.errors import RequestRefused
from toritsugi.foundation.visible import is_blank
from toritsugi.lines import destinations, numbers
from toritsugi.receptions.answering.hours import DAYS
from toritsugi.receptions.answering.placeholders import PLACEHOLDERS
from toritsugi.words import read_locale

MAX_WORDS, MAX_WORD, MAX_ADDRESS, MAX_DIGITS = 1_000, 100, 500, 32
SPOKEN_OF_AS = {"UK": "GB", "EL": "GR"}  # reserved by ISO 3166-1 for what many write
REGION = re.compile("[A-Z0-9]{1,3}")  # https://www.iso.org/standard/72483.html
ADDRESS = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(/[!-\"$-~]*)?(\?[!-\"$-~]*)?")  # no name, no password, no #
NO_NUMBER = 21211  # https://www.twilio.com/docs/api/errors/21211
SHOWN = 40  # of what is wrong, so many characters are repeated


def words(said: Any) -> Any:
    """Words to be spoken or written; or several, {"ja-JP": ..., "en-US": ...}, one for each language."""
    if isinstance(said, dict):
        if not said:
            raise ValueError("nothing is said, in no language")
        return {read_locale(locale): words_with_placeholders(one) for locale, one in said.items()}
    return words_with_placeholders(said)


def words_with_placeholders(said: Any) -> str:
    """Words in one language, with nothing in braces but placeholders."""
    if not isinstance(said, str) or is_blank(said):
        raise ValueError("words are text, like Good morning, or one text for each language")
    if len(said) > MAX_WORDS:
        raise ValueError(f"these words are longer than {MAX_WORDS} characters")
    return read_placeholders(said, PLACEHOLDERS).strip()


def word(text: str) -> str:
    """A word that somebody says or writes."""
    if not 1 <= len(text) <= MAX_WORD or re.search("[,，、]", text):
        raise ValueError(f"write a word or a few, without a comma and at most {MAX_WORD} characters")
    return text


def name(text: str) -> str:
    """The name of a step."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", text):
        raise ValueError(f"{text[:SHOWN]} is no name of a step; write letters from a to z, digits, - and _, at most 40")
    return text


def key(text: str) -> str:
    """A key of a telephone."""
    if not re.fullmatch(r"[0-9*#]", text):
        raise ValueError(f'{text[:SHOWN]} is no key of a telephone; they are 0 to 9, "*" and "#"')
    return text


def callable_number(text: str) -> str:
    """A telephone number that the exchange may call, in E.164, or as people write it where the exchange is."""
    try:
        number = numbers.read_typed(text[:SHOWN])
        destinations.check_destination(number)
    except RequestRefused as refusal:
        hint = "; write it like +81312345678" if refusal.code == NO_NUMBER and not text.startswith("+") else ""
        raise ValueError(refusal.message + hint) from None
    return number


def listed(said: Any) -> Any:
    """A list of one in place of a single text."""
    return [said] if isinstance(said, str) else said


def times(text: Any) -> str:
    """Hours like 9:00-18:00, or several, 9:00-12:00, 13:00-18:00, or closed. Past midnight: 22:00-26:00, 22:00-2:00."""
    if text == "closed":
        return text
    if isinstance(text, list):
        raise ValueError('write several hours as one text, like "9:00-12:00, 13:00-18:00"')
    for one in str(text).split(","):
        match = re.fullmatch(r"\s*(\d{1,2}):(\d\d)\s*-\s*(\d{1,2}):(\d\d)\s*", one, re.ASCII)
        if not match or int(match[1]) > 23 or int(match[3]) > 29 or int(match[2]) > 59 or int(match[4]) > 59:
            raise ValueError(f"{str(text)[:SHOWN]} are no hours; write them like 9:00-18:00, or closed")
        if match[1].zfill(2) + match[2] == match[3].zfill(2) + match[4]:
            raise ValueError(f"{one.strip()} may be no time or a whole day; write closed, or 0:00-24:00")
    return text


def days(said: Any) -> Any:
    """{"mon-fri": ..., "sat, sun": ...}: each day by itself."""
    if not isinstance(said, dict):
        raise ValueError("write the hours of each day, like {mon-fri: 9:00-18:00, sat: 9:00-12:00}")
    found: dict[str, Any] = {}
    for names, when in said.items():
        for part in names.split(","):
            first, _, last = part.strip().lower().partition("-")
            if first not in DAYS or (last and last not in DAYS):
                raise ValueError(f"{part.strip()[:SHOWN]} is no day; write {', '.join(DAYS)}, or mon-fri")
            at, end = DAYS.index(first), DAYS.index(last or first)
            for day in DAYS[at : end + 1] if at <= end else DAYS[at:] + DAYS[: end + 1]:
                if day in found:
                    raise ValueError(f"{day} is there twice")
                found[day] = times(when)
    return found


def day(text: str) -> str:
    """A day like 2026-12-31."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError(f"{text[:SHOWN]} is no day; write it like 2026-12-31") from None


def country(text: str) -> str:
    """The ISO code of a country whose public holidays are known, or of a region of it, as in ISO 3166-2: DE-BY."""
    code = unicodedata.normalize("NFKC", text).strip().upper().replace("_", "-")
    name, dash, region = code.partition("-")
    name = SPOKEN_OF_AS.get(name, name)
    known = regions_by_country()
    if name not in known:
        raise ValueError(f"the public holidays of {text[:SHOWN]} are not known; write a country like JP, or US-CA")
    if dash and region not in known[name]:
        others = ", ".join(f"{name}-{one}" for one in known[name])
        hint = f"these are: {others}" if others else f"write {name}"
        raise ValueError(f"no region of {name} with public holidays of its own is {code[:SHOWN]}; {hint}")
    return name + dash + region


def regions_by_country() -> dict[str, list[str]]:
    """Of each country whose public holidays are known, the regions with some of their own, as ISO 3166-2 writes them.

    Cities and school zones, which it does not know, are left out.
    """
    from holidays import list_supported_countries  # here only: a line without public holidays never pays for it

    known = list_supported_countries(include_aliases=False)
    return {name: [one for one in regions if REGION.fullmatch(one)] for name, regions in known.items()}


def timezone(text: str) -> str:
    """A time zone like Asia/Tokyo."""
    if text not in available_timezones():
        raise ValueError(f"{text[:SHOWN]} is no time zone; write one like Asia/Tokyo")
    return text


def read_count(said: Any) -> Any:
    """12, or 4-8: how many digits."""
    match = re.fullmatch(r"(\d{1,2})(?:\s*-\s*(\d{1,2}))?", str(said), re.ASCII)
    least, most = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= least <= most <= MAX_DIGITS:
        raise ValueError(
            f"{str(said)[:SHOWN]} is no number of digits; write one like 12, or 4-8, and {MAX_DIGITS} at most"
        )
    return {"least": least, "most": most}


def address(text: str, info: ValidationInfo) -> str:
    """An address on the web: https, or http too where the exchange itself is reached by it, on one machine."""
    if len(text) > MAX_ADDRESS or not ADDRESS.fullmatch(text) or not names_host(text):
        raise ValueError(f"{text[:60]} is no address; write one like https://example.com/path")
    if not text.startswith("https:") and not (info.context or {}).get("http"):
        raise ValueError(f"{text[:60]} is not safe: its address must begin with https://")
    return text


def names_host(address: str) -> bool:
    """Whether there is a host in it, and no port that cannot be."""
    try:
        split = urlsplit(address)
        return bool(split.hostname) and split.port != 0
    except ValueError:
        return False


def true(said: Any) -> Any:
    """True in place of true and yes, as they are written; anything else as it is."""
    return True if said in (True, "true", "yes") else said


Locale = Annotated[str, AfterValidator(read_locale)]
WordsByLanguage = Annotated[str | dict[str, str], BeforeValidator(words)]
Word = Annotated[str, AfterValidator(word)]
StepName = Annotated[str, AfterValidator(name)]
TelephoneKey = Annotated[str, AfterValidator(key)]
CallableNumber = Annotated[str, AfterValidator(callable_number)]
Address = Annotated[str, AfterValidator(address)]
Zone = Annotated[str, AfterValidator(timezone)]
HolidayCountry = Annotated[str, AfterValidator(country)]
Times = Annotated[str, AfterValidator(times)]
Day = Annotated[str, AfterValidator(day)]
