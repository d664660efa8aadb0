"""Words: the languages that are spoken here, whose language counts, and every sentence that is the exchange's own.

Whoever adds a language writes a file like en.py, and gives it a row in LANGUAGES. Nothing here raises where somebody
listens: what a language lacks is said in English.

This room imports no other and is light, for every webhook begins with it.
"""

import unicodedata
from collections.abc import Collection, Iterator
from datetime import datetime

from toritsugi.words.en import ENGLISH
from toritsugi.words.ja import JAPANESE
from toritsugi.words.language import Language

# The register: one row for each language. A text is in the first of them whose letters it has. English stands at the
# end, for there is Latin writing in texts of every language.
LANGUAGES = [JAPANESE, ENGLISH]

WORST = "cannot be connected"  # the sentence for when another one cannot be said


def add(language: Language) -> None:
    """Has a language spoken here from now on, beside the others. Raises ValueError where it is already."""
    if find(language.code) or find(language.locale):
        raise ValueError(f"{language.locale} is spoken here already")
    LANGUAGES.insert(0, language)


def remove(language: Language) -> None:
    """Has a language that was added spoken here no more. Raises ValueError where it is not."""
    LANGUAGES.remove(language)


# ---- which languages there are ---------------------------------------------------------------------------------------


def locales() -> list[str]:
    """Of each language its locale: ja-JP, en-US."""
    return [language.locale for language in LANGUAGES]


def codes() -> list[str]:
    """Of each language its code: ja, en."""
    return [language.code for language in LANGUAGES]


def find(name: str | None) -> Language | None:
    """The language of this code or locale, ja or ja-JP; None where it is not spoken here."""
    return next((language for language in LANGUAGES if name in (language.code, language.locale)), None)


def find_nearest(name: str | None) -> Language | None:
    """The language of this code or locale, or of its kind: en-GB is English. None where it is not spoken here."""
    return find(name) or find((name or "").partition("-")[0].lower())


def nearest(name: str | None) -> Language:
    """The language to speak to somebody whose language is ja, ja-JP or en-GB: English where there is none nearer."""
    return find_nearest(name) or ENGLISH


def read_locale(text: str) -> str:
    """The locale of a language that somebody has written, ja or ja-JP. Raises ValueError if it is not spoken here."""
    if language := find(text):
        return language.locale
    *others, last = locales()
    raise ValueError(f"{text} is not spoken here; {', '.join(others)} and {last} are")


# ---- whose language counts -------------------------------------------------------------------------------------------


def choose_language(
    entry: str | None = None,
    *numbers: str | None,
    text: str = "",
    usual: str | None = None,
    among: Collection[str] | None = None,
) -> str:
    """The locale in which somebody is spoken and written to.

    It is the first of these that is spoken here: what their entry in the directory says; that of the `text` that they
    have written; the `usual` one of the reception to which they have come; that of the country of the first of these
    `numbers` that tells, which are their own and then the line's; English. Where there are words in a few languages
    only, the entry and the text count `among` those.
    """
    wished = [language for language in (find_nearest(entry), written_in(text)) if language]
    usable = [language for language in wished if among is None or language.locale in among]
    owners = [language for language in (find_nearest(usual), *map(spoken_at, numbers)) if language]
    return next(iter([*usable, *owners, ENGLISH])).locale


def spoken_at(number: str | None) -> Language | None:
    """The language of the country of a telephone number; None where it tells none that is spoken here."""
    code = dial_code_of(number or "")
    return next((language for language in LANGUAGES if code in language.dial_codes), None)


def dial_code_of(number: str) -> str | None:
    """The longest dial code of any language's with which a telephone number begins; None where there is none."""
    known = (code for language in LANGUAGES for code in language.dial_codes)
    return max((code for code in known if number.startswith(f"+{code}")), key=len, default=None)


def written_in(text: str) -> Language | None:
    """The language of a text: that in which it is a wish to opt out or in, else that of its letters; else None."""
    plain = unicodedata.normalize("NFKC", text)
    for language in LANGUAGES:
        wishes = [wish for texts in language.opt_out_words.values() for wish in texts]
        if plain.strip().casefold() in map(str.casefold, wishes):
            return language
    return of_letters(plain)


def of_letters(text: str) -> Language | None:
    """The first language that has a letter of a text; None where there is no letter that tells."""
    return next((one for one in LANGUAGES if any(is_in(letter, one.letters) for letter in text)), None)


def language_of_sentence(text: str, wished: str, usual: str) -> str:
    """The locale of a sentence whose language nobody has named: its letters tell, else it is the one `wished` for.

    Those of English are used by others too: the one that is wished for, or the `usual` one, if it is one of these.
    """
    found = of_letters(unicodedata.normalize("NFKC", text))
    if found is None:
        return wished
    if found is not ENGLISH:
        return found.locale
    return next((one for one in (wished, usual) if is_latin(nearest(one))), ENGLISH.locale)


def is_latin(language: Language) -> bool:
    return any(unicodedata.name(first).startswith("LATIN") for first, _ in language.letters)


# ---- our own sentences -----------------------------------------------------------------------------------------------


def sentence(name: str, language: str | None, **facts: object) -> str:
    """The sentence of this name in a language, with the facts in their places. It never raises: see translate."""
    return translate(name, language, **facts)[0]


def join_sentences(said: list[str], language: str | None) -> str:
    """Several sentences as one text: with a space between them, where words of the language have spaces at all."""
    return ("" if nearest(language).sticks else " ").join(said)


def translate(name: str, language: str | None, **facts: object) -> tuple[str, Language]:
    """The sentence, and the language that it is in: English where the wished one lacks it.

    Where English lacks it as well, or a fact is missing, it is the one for calls that cannot be connected.
    """
    for spoken in (nearest(language), ENGLISH):
        try:
            return spoken.sentences[name].format_map(facts), spoken
        except (LookupError, ValueError, TypeError, AttributeError):
            continue
    return ENGLISH.sentences[WORST], ENGLISH


def translations(name: str) -> list[str]:
    """The sentence of this name in every language that has it, with its placeholders."""
    return [language.sentences[name] for language in LANGUAGES if name in language.sentences]


# ---- moments, numbers, letters ---------------------------------------------------------------------------------------


def say_date(at: datetime, language: str | None) -> str:
    """11月23日, or November 23."""
    return nearest(language).say_date(at)


def say_time(at: datetime, language: str | None) -> str:
    """15時5分, or 3:05 PM."""
    return nearest(language).say_time(at)


def say_weekday(at: datetime, language: str | None) -> str:
    """月曜日, or Monday."""
    return nearest(language).say_weekday(at)


def say_duration(seconds: int, language: str | None) -> str:
    """1分30秒, or 1 minute 30 seconds."""
    return nearest(language).say_duration(seconds)


def say_digits(digits: str, language: str | None) -> str:
    """1 2 3."""
    return nearest(language).say_digits(digits)


def say_number(number: str, language: str | None) -> str:
    """A telephone number, digit by digit; a Japanese one as in Japan, 0 9 0 1 1 1 1 0 0 0 1."""
    return say_digits(write_number(number).removeprefix("+"), language)


def write_number(number: str) -> str:
    """A telephone number as people write it within its country, where that is known: 09011110001."""
    code, language = dial_code_of(number), spoken_at(number)
    digit = language.dial_codes[code] if code and language else None
    return number if digit is None else digit + number.removeprefix(f"+{code}")


def is_in(letter: str, ranges: Collection[tuple[str, str]]) -> bool:
    return any(first <= letter <= last for first, last in ranges)


def sticks(letter: str) -> bool:
    """Whether a letter may stand beside a word, without a space, and not belong to it."""
    return any(is_in(letter, language.sticks) for language in LANGUAGES)


def is_part(text: str, at: int, end: int) -> bool:
    """Whether what stands there in a text is part of a longer word, though its letters may stand beside others."""
    return any(language.is_part(text, at, end) for language in LANGUAGES)


def opt_out_words() -> Iterator[tuple[str, str]]:
    """Every text that is a wish of its own, and the wish: stop, start or help."""
    for language in LANGUAGES:
        for wish, texts in language.opt_out_words.items():
            yield from ((text, wish) for text in texts)
