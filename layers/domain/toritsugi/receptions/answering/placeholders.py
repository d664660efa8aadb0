"""What a document says, in the language of a call or a text, with what is known in place of {braces}."""

import re
from collections.abc import Callable, Mapping

from toritsugi import words as register
from toritsugi.words.language import Language

# Of the caller, only `name` and `company` have to be looked up.
PLACEHOLDERS = ("name", "company", "number", "date", "time", "weekday", "digits")
PLACEHOLDER = re.compile(r"\{(\w+)\}")

NO_WORDS = re.compile(r"\{\w+\}|https?://\S+|\S+@\S+")  # of a text: they are written alike in every language

# What stands for somebody of whom it is not known.
STAND_INS = {"name": "dear caller", "number": "number withheld"}

Words = str | Mapping[str, str]


def choose(words: Words, locale: str) -> str:
    """The words in this language; in the first that there is, where they are not translated into it."""
    if isinstance(words, str):
        return words
    return words.get(locale) or next(iter(words.values()))


def language_of(words: Words, wished: str, usual: str) -> str:
    """The language in which words are said.

    Where there is a choice, it is the one that is wished for, else the usual one, else any that there is. Words that
    are there once are in the language of their letters: so are then the name, the date and all that is filled in.
    """
    if isinstance(words, str):
        return register.language_of_sentence(NO_WORDS.sub("", words), wished, usual)
    return next((locale for locale in (wished, usual) if locale in words), next(iter(words)))


def fill(words: Words, locale: str, known: Callable[[str], str]) -> str:
    """The words in this language with what is `known` in place of each placeholder.

    Nobody is honored twice: {name}様 of somebody unknown is お客様, and Dear {name} is Dear caller.
    """
    said, filled, at = choose(words, locale), "", 0
    for placeholder in PLACEHOLDER.finditer(said):
        filled, at, value = filled + said[at : placeholder.start()], placeholder.end(), known(placeholder[1])
        if placeholder[1] in STAND_INS:
            is_ours = value == register.sentence(STAND_INS[placeholder[1]], locale)
            filled, value, left_out = honor_once(filled, value, said[at:], register.nearest(locale), is_ours)
            at += left_out
        filled += value
    return filled + said[at:]


def honor_once(before: str, called: str, after: str, language: Language, is_ours: bool) -> tuple[str, str, int]:
    """What stands before somebody, what they are called, and how much after it is left out, with one honor to it all.

    `is_ours`: they are called by a sentence of ours, which needs none.
    """
    if is_ours or re.match(language.title, called, re.IGNORECASE):
        before = re.sub(f"(?:{language.title})$", "", before, flags=re.IGNORECASE)
    first, _, rest = called.partition(" ")
    if is_ours and rest and before.lower().endswith(f"{first} "):
        called = rest
    honorifics = re.match(f"(?:{language.honorific})+", after)
    if honorifics and (is_ours or re.search(f"(?:{language.honorific_of_name})$", called)):
        return before, called, honorifics.end()
    return before, called, 0
