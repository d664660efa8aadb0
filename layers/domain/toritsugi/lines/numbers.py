"""Telephone numbers: what a written number means, and which country it is of."""

import re
import unicodedata
from typing import Any
from urllib.parse import unquote

from toritsugi.foundation.errors import CallerUnreadable, CallerWithheld, RequestRefused
from toritsugi.foundation.visible import IGNORABLE, show_unseen

E164, MAX_LENGTH = re.compile(r"\+[1-9][0-9]{6,14}"), 16
TYPED = re.compile(r"\+?[0-9() ./\t\u2010-\u2015\u2212\u30fc-]+")  # as people do, with any of Unicode's hyphens
IN_NONE = re.compile(r"[^+0-9() ./\t\u2010-\u2015\u2212\u30fc-]")
# But those that end a line: there may be two numbers. What stands for a picture comes with what is copied from a page.
CONTROLS = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufff9-\ufffc]")
# In +49 (0)170/1234567 a sign divides one. Not compiled until somebody types something long: voice.py reads this file.
SEVERAL_NUMBERS = (
    r"(?:\+?[0-9][0-9() .-]{7,}(?:/(?= *[+0])|[\n;,\u3001|&]| or | und | and |または)+ *){1,9}\+?[0-9][0-9() .-]{7,}"
)

# A number as it stands in links, on cards, and behind ℡. https://www.rfc-editor.org/rfc/rfc3966
TEL = re.compile(r"tel(?:[.:]+ *(?://)?| +|(?=[+(0-9]))", re.IGNORECASE)
CONTEXT = re.compile(r"([^;+]*);phone-context=(\+[0-9().-]+)", re.IGNORECASE)
EXTENSION = re.compile(
    r"[ ,;~([]*(?:extension|extn|ext|x|#|内線(?:番号)?)[ .:=]*[0-9]{1,9}[ )\]]*|,[ ,]*[0-9]{1,9}", re.IGNORECASE
)

# What Twilio writes for a caller who hides: the word, or the word typed on a keypad.
# https://www.twilio.com/docs/voice/twiml and https://support.twilio.com/hc/en-us/articles/223179988
WITHHELD_WORDS = ("anonymous", "unknown", "restricted", "blocked", "unavailable", "private", "withheld")
KEYPAD = {
    letter: digit
    for digit, letters in zip("23456789", ["abc", "def", "ghi", "jkl", "mno", "pqrs", "tuv", "wxyz"], strict=True)
    for letter in letters
}
WITHHELD_NUMBERS = {"+" + "".join(KEYPAD[letter] for letter in word) for word in WITHHELD_WORDS}


# Countries that share one dial code and are one to a caller: a number of any serves people of all.
FAMILIES = {
    **dict.fromkeys(("GG", "IM", "JE"), "GB"),
    **dict.fromkeys(("AG", "AI", "BM", "BS", "MS", "TC", "VG", "VI"), "US"),
}


def is_e164(text: str) -> bool:
    """Whether this is a number in E.164 at all; not whether anybody has it."""
    return E164.fullmatch(text) is not None


def is_shown(caller: str) -> bool:
    """Whether a caller shows a number."""
    return is_e164(caller) and caller not in WITHHELD_NUMBERS


def read_caller(text: str) -> str:
    """The caller's number. Raises CallerWithheld or CallerUnreadable."""
    if text in WITHHELD_NUMBERS or not text.strip() or any(word in text.lower() for word in WITHHELD_WORDS):
        raise CallerWithheld
    if not is_e164(text):
        raise CallerUnreadable
    return text


def clean(text: str) -> str:
    """A number as typed, in one width and without what nobody sees: marks of direction come with what is copied."""
    return unicodedata.normalize("NFKC", IGNORABLE.sub("", CONTROLS.sub("", text))).strip()


def digits_of(text: str) -> str | None:
    """The digits of a number, or of a part of one, as people type it, and its plus if there is one; None of others."""
    typed = clean(text)
    digits = re.sub(r"[^+0-9]", "", typed)
    return digits if TYPED.fullmatch(typed) and digits.strip("+") else None


def read_number(text: str, country: str) -> str:
    """In E.164, a number that somebody has typed as people do in a country, or a tel: URI. Raises RequestRefused 21211.

    Without a country code it must be one of that country's plan, lest the number of another be taken for it.
    """
    import phonenumbers  # here only, as below

    digits = read_digits(text)
    try:
        parsed = phonenumbers.parse(digits, country)
    except phonenumbers.NumberParseException:
        raise no_number(text, "no country's begins so" if digits.startswith("+") else "") from None
    e164: str = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    if digits.startswith("+"):
        if is_e164(e164) and country_of(e164):
            return e164
        raise no_number(text, wrong_length(parsed))
    if phonenumbers.is_valid_number_for_region(parsed, country):
        return e164
    # as dialed from there: 010 and the country's code in Japan
    if parsed.country_code != phonenumbers.country_code_for_region(country) and phonenumbers.is_valid_number(parsed):
        return e164
    raise RequestRefused(
        21211,
        f"{show_unseen(text)} is no telephone number in {country}; one of another country begins with + and its code",
    )


def read_typed(text: str) -> str:
    """In E.164, a number as people write it where the exchange is. Raises RequestRefused 21211.

    What is in E.164 stays as it is: whether anybody can have it is asked where it is called.
    """
    from toritsugi.foundation import config  # here only: commands read numbers where there is no exchange

    return text if is_e164(text) else read_number(text, config.COUNTRY)


def read_digits(text: str) -> str:
    """The digits of a whole number as people write it. Raises RequestRefused 21211 for what is more than a number."""
    typed = clean(text)
    if len(typed) > MAX_LENGTH and re.fullmatch(SEVERAL_NUMBERS, typed):
        raise no_number(text, "it is several: write each in a place of its own")
    if link := TEL.match(typed):
        typed = unquote(typed[link.end() :])
    if local := CONTEXT.fullmatch(typed):
        typed = local[2] + local[1]
    if more := re.search(f"(?:{EXTENSION.pattern})$", typed, re.IGNORECASE):
        extension = more[0].strip(" ,;~()[]")
        raise no_number(text, f"it has an extension ({extension}), which the exchange cannot dial: leave it out")
    if parameter := re.search(";.*", typed):
        raise no_number(text, f"with {parameter[0][:40]} the exchange can do nothing: leave it out")
    if wrong := IN_NONE.search(typed):
        raise no_number(text, f"there is {name_of_character(wrong[0])} in it")
    if "+" in typed[1:]:
        raise no_number(text, "a + stands at the beginning alone")
    if not (digits := digits_of(typed)):
        raise no_number(text, "there is no digit in it")
    return digits


def name_of_character(character: str) -> str:
    """O (U+004F); of one that nobody sees, its code alone."""
    code = f"U+{ord(character):04X}"
    return f"{character} ({code})" if character.isprintable() and not character.isspace() else code


def wrong_length(parsed: Any) -> str:
    """What is wrong with the length of a number of another country, with the code of that."""
    import phonenumbers  # here only, as below

    reason = phonenumbers.is_possible_number_with_reason(parsed)
    length = "too short" if reason == phonenumbers.ValidationResult.TOO_SHORT else "too long"
    if reason == phonenumbers.ValidationResult.INVALID_LENGTH:
        length = "too long or too short"
    return f"it is {length} after +{parsed.country_code}"


def no_number(text: str, why: str) -> RequestRefused:
    """The refusal (21211) of what cannot be a telephone number."""
    said = f"{show_unseen(text)} cannot be a telephone number"
    return RequestRefused(21211, f"{said}: {why}" if why else said)


def country_of(number: str) -> str | None:
    """The ISO country of a number; None for one that cannot be a telephone's."""
    import phonenumbers  # here only: a webhook never needs it, and its import would be paid at every cold start

    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    country: str | None = phonenumbers.region_code_for_number(parsed)
    return country


def family_of(country: str | None) -> str | None:
    """The country by which numbers are matched to people: the first of a family, else the country itself."""
    return FAMILIES.get(country, country) if country else None
