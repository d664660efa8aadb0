"""Writing: what a text says apart from width, case and kana, and which words stand in it. Foundation."""

import re
import unicodedata
from functools import lru_cache

from toritsugi import words

KATAKANA = {code: code + 0x60 for code in (*range(0x3041, 0x3097), 0x309D, 0x309E)}
APOSTROPHES = re.compile("['\u2018\u2019\u02bc\uff07]")
HYPHENS = re.compile("[\u2010\u2011]")
NO_WORD = re.compile(r"(?:(?!(?<=\w)-(?=\w))[\W_])+")  # but a hyphen within a word


def fold_width(text: str) -> str:
    """The text with one width and one case, and no spaces around it; kana stays."""
    return unicodedata.normalize("NFKC", text).casefold().strip()


@lru_cache(8)
def one_kana(text: str) -> str:
    """The text with one kana, letter by letter; kept, for many words are looked for in one text."""
    return text.translate(KATAKANA)


def fold_text(text: str) -> str:
    """The text with one width, one case and one kana, and no spaces around it, by which two texts are compared."""
    return one_kana(fold_width(text))


def fold_words(text: str) -> str:
    """The words of a text alone, with a space between two: without stops, signs, and what speech or people leave out.

    Spaces between letters that stick together mean nothing. Kana stays.
    """
    folded = HYPHENS.sub("-", APOSTROPHES.sub("", fold_width(text)))
    spaced = re.split(r"(\s+)", folded)
    for place in range(1, len(spaced) - 1, 2):
        if words.sticks(spaced[place - 1][-1:]) and words.sticks(spaced[place + 1][:1]):
            spaced[place] = ""
    return NO_WORD.sub(" ", "".join(spaced)).strip()


def has(text: str, word: str) -> bool:
    """Whether this word stands in a text, both with one width and case: as a whole word, in any kana.

    Where letters stick together it may stand anywhere, unless the letters around it show that it is part of another.
    """
    plain, wanted = one_kana(text).replace("-", " "), one_kana(word).replace("-", " ")
    if not wanted:
        return False
    at = plain.find(wanted)
    while at >= 0:
        end = at + len(wanted)
        part = goes_on(before(text, at), wanted[0]) or goes_on(after(text, end), wanted[-1])
        if not part and not words.is_part(text, at, end):
            return True
        at = plain.find(wanted, at + 1)
    return False


def before(text: str, at: int) -> str:
    """The letter before this place, be there a hyphen between or not: twenty-one is one word."""
    return text[at - 2 : at - 1] if at > 1 and text[at - 1] == "-" else text[at - 1 : at] if at else ""


def after(text: str, end: int) -> str:
    """The letter after this place, be there a hyphen between or not."""
    return text[end + 1 : end + 2] if text[end : end + 1] == "-" else text[end : end + 1]


def goes_on(neighbor: str, edge: str) -> bool:
    """Whether a word goes on beyond its edge: "bookmark" does beyond "book", 予約したい does not beyond 予約."""
    return neighbor.isalnum() and edge.isalnum() and not words.sticks(neighbor) and not words.sticks(edge)
