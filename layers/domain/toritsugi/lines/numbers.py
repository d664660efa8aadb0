"""Telephone numbers: what a written number means, and which country it is of."""

import re
import unicodedata

from toritsugi.foundation.errors import CallerUnreadable, CallerWithheld, RequestRefused

E164 = re.compile(r"\+[1-9][0-9]{6,14}")
TYPED = re.compile(r"\+?[0-9() ./\u2010-\u2015\u2212\u30fc-]+")  # as people do, with any of Unicode's hyphens

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


def digits_of(text: str) -> str | None:
    """The digits of a number, or of a part of one, as people type it, and its plus if there is one; None of others."""
    typed = unicodedata.normalize("NFKC", text).strip()
    digits = re.sub(r"[^+0-9]", "", typed)
    return digits if TYPED.fullmatch(typed) and digits.strip("+") else None


def read_number(text: str, country: str) -> str:
    """In E.164, a number that somebody has typed as people do in a country. Raises RequestRefused 21211.

    Without a country code it must be one of that country's plan, lest the number of another be taken for it.
    """
    import phonenumbers  # here only, as below

    digits = digits_of(text) or ""
    try:
        parsed = phonenumbers.parse(digits, country)
    except phonenumbers.NumberParseException:
        raise RequestRefused(21211, f"{text} cannot be a telephone number") from None
    e164: str = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    if digits.startswith("+") and country_of(e164):
        return e164
    if phonenumbers.is_valid_number_for_region(parsed, country):
        return e164
    raise RequestRefused(
        21211, f"{text} is no telephone number in {country}; one of another country begins with + and its code"
    )


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
