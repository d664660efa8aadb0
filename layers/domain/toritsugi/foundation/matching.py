"""Writing: what a text says apart from width, case and kana, and which words stand in it. Foundation."""

import unicodedata

from toritsugi import words

KATAKANA = {code: code + 0x60 for code in (*range(0x3041, 0x3097), 0x309D, 0x309E)}


def fold_text(text: str) -> str:
    """The text with one width, one case and one kana, and no spaces around it, by which two texts are compared."""
    return unicodedata.normalize("NFKC", text).casefold().translate(KATAKANA).strip()


def has(text: str, word: str) -> bool:
    """Whether this word stands in a text, both folded: as a whole word, or anywhere where letters stick together."""
    if not word:
        return False
    at = text.find(word)
    while at >= 0:
        end = at + len(word)
        if not goes_on(text[at - 1 : at], word[0]) and not goes_on(text[end : end + 1], word[-1]):
            return True
        at = text.find(word, at + 1)
    return False


def goes_on(neighbor: str, edge: str) -> bool:
    """Whether a word goes on beyond its edge: "bookmark" does beyond "book", 予約したい does not beyond 予約."""
    return neighbor.isalnum() and edge.isalnum() and not words.sticks(neighbor) and not words.sticks(edge)
