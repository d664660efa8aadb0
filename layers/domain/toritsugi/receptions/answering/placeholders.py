"""What a document says, in the language of a call or a text, with what is known in place of {braces}."""

import re
from collections.abc import Callable, Mapping

# Of the caller, only `name` and `company` have to be looked up.
PLACEHOLDERS = ("name", "company", "number", "date", "time", "weekday", "digits")
PLACEHOLDER = re.compile(r"\{(\w+)\}")

Words = str | Mapping[str, str]


def choose(words: Words, locale: str) -> str:
    """The words in this language; in the first that there is, where they are not translated into it."""
    if isinstance(words, str):
        return words
    return words.get(locale) or next(iter(words.values()))


def fill(words: Words, locale: str, known: Callable[[str], str]) -> str:
    """The words in this language with what is `known` in place of each placeholder."""
    return PLACEHOLDER.sub(lambda match: known(match[1]), choose(words, locale))
