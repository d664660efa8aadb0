"""Writing: what a text says apart from width, case and kana, and whose language it is in. Ground."""

import unicodedata

# Where one is written without spaces: kana, kanji, and what belongs to them.
JAPANESE = (("\u3005", "\u3007"), ("\u3041", "\u30ff"), ("\u3400", "\u4dbf"), ("\u4e00", "\u9fff"))
KATAKANA = {code: code + 0x60 for code in (*range(0x3041, 0x3097), 0x309D, 0x309E)}


def fold(text: str) -> str:
    """The text with one width, one case and one kana, and no spaces around it, by which two texts are compared."""
    return unicodedata.normalize("NFKC", text).casefold().translate(KATAKANA).strip()


def has(text: str, word: str) -> bool:
    """Whether this word stands in a text, both folded: anywhere in Japanese, else as a whole word."""
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
    return neighbor.isalnum() and edge.isalnum() and not is_japanese(neighbor) and not is_japanese(edge)


def language_of(text: str) -> str | None:
    """ja-JP where there are kana or kanji in it, en-US where there are Latin letters; None where there is neither."""
    if any(is_japanese(character) for character in unicodedata.normalize("NFKC", text)):
        return "ja-JP"
    return "en-US" if any(character.isalpha() and character < "\u0250" for character in text) else None


def is_japanese(character: str) -> bool:
    return any(first <= character <= last for first, last in JAPANESE)
