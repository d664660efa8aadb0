"""Spellings: whether words are such as people write, or what comes of bytes that are read in a wrong encoding.

That bytes fit into an encoding proves little. The bytes of nearly every other one fit into Shift_JIS; and a few bytes
of Chinese fit into UTF-8, where the family name 魏 of GBK is the Greek letter kappa. So the words are looked at.
"""

import re
import unicodedata
from functools import cache
from itertools import islice

LETTERS = r"A-Za-z\xa1-\u2fff\u3003-\U0010ffff"
WORD = re.compile(rf"[{LETTERS}]*[^\x00-\xa0\u3000-\u3002][{LETTERS}]*")  # one that is not all ASCII
ENOUGH = 200  # words, by which the others are judged


# ---- Shift_JIS -------------------------------------------------------------------------------------------------------

# By the kinds of a word's letters, see kind_of_letter. Kana and most kanji begin with bytes with which no other
# encoding of Asia begins a character; but every kana of half width in EUC-JP reads as a kanji of one row.
NATIVE, OF_EUC = re.compile("[rog]*[ue][uerog]*|[^Aa]*uu[^Aa]*|.*(u[ue]{2}|[ue]{2}u).*"), re.compile("ee+")
GARBLED = re.compile(
    "x|[Aa](h(?!h)|r)|[hr][Aa]"  # an accented letter, and the one beside it
    "|[Aa][uer]{1,2}a"
    "|rh|hr"
)
HALF_WIDTH = re.compile("[\uff66-\uff9f]+")
SYLLABLES = re.compile("(?:(?:[ｳｶ-ﾄﾊ-ﾎ]ﾞ|[ﾊ-ﾎ]ﾟ|[ｦｱ-ﾝ])[ｧ-ｯ]*ｰ*){2,}")


def weigh(text: str) -> tuple[set[str], set[str]]:
    """The words of a text that was read as Shift_JIS: those that are so for certain, and those that nobody writes."""
    words = set(WORD.findall(text))
    garbled = set(filter(is_garbled, words))
    return set(filter(is_native, words - garbled)), garbled


def is_native(word: str) -> bool:
    """Whether a word that was read as Shift_JIS can hardly have been meant otherwise."""
    kinds = "".join(map(kind_of_letter, word))
    return bool(NATIVE.fullmatch(kinds)) and not OF_EUC.fullmatch(kinds)


def is_garbled(word: str) -> bool:
    """Whether nobody writes a word that was read as Shift_JIS."""
    if GARBLED.search("".join(map(kind_of_letter, word))):
        return True
    return not all(SYLLABLES.fullmatch(kana) for kana in HALF_WIDTH.findall(word))


@cache
def kind_of_letter(letter: str) -> str:
    """One sign for letters whose bytes in Shift_JIS are alike.

    A, a    ASCII
    h       half width
    u, e    kana and most kanji; of those, a row that is half width in EUC-JP
    r       rare kanji
    g       gaiji, which mean something on one machine only
    o       other characters
    x       bytes that stand for nothing
    """
    if letter.isascii():
        return "A" if letter.isupper() else "a"
    if letter < "\xa0" or "\uf8f0" <= letter <= "\uf8f3" or not can_write("cp932", letter):
        return "x"
    lead, *trail = letter.encode("cp932")
    if not trail:
        return "h"
    if lead == 0x8E and 0xA1 <= trail[0] <= 0xDF:
        return "e"
    kinds = {range(0x82, 0xA0): "u", range(0xE0, 0xEF): "r", range(0xF0, 0xFA): "g"}
    return next((kind for leads, kind in kinds.items() if lead in leads), "o")


# ---- one byte a letter -----------------------------------------------------------------------------------------------

ANY_LETTER = r"[^\W\d_ªµº]"
ACCENTS_AND_MARKS = "\u0300-\u036f\u0591-\u05c7\u064b-\u0652\u0e31-\u0e4e\u2010-\u2019´·×…"  # which words have in them
BESIDE_NO_LETTER = "[ƒ¤¦¨¬¯±¶¸÷†‡˘˙˛˝√∂-⋿─-◿]"
ILL_PLACED = re.compile(
    rf"{ANY_LETTER}(?:[^\s\w!-~\xa0\xad{ACCENTS_AND_MARKS}]+{ANY_LETTER}|{BESIDE_NO_LETTER})"
    rf"|(?:{BESIDE_NO_LETTER}|^[»”›]){ANY_LETTER}"  # »Петров
)


def find_unlikely(text: str) -> str | None:
    """The first word that nobody writes so, in a text of an encoding into which any bytes fit; None where all are."""
    return next((word for word in re.split(r"[\s,;|\"]+", text) if not word.isascii() and is_unlikely(word)), None)


def is_unlikely(word: str) -> bool:
    """Whether signs stand among its letters, two scripts beside each other, or a small letter before a large."""
    if ILL_PLACED.search(word) or any(script_of(letter) == "" for letter in word):
        return True
    for letters in re.findall(f"{ANY_LETTER}+", word):
        if len(set(map(script_of, letters)) - {None}) > 1:
            return True
        if not letters.isascii() and letters[0].islower() and letters[1:2].isupper():
            return True
    return False


# ---- UTF-8 -----------------------------------------------------------------------------------------------------------


def is_certain(text: str) -> bool:
    """Whether a text that was read as UTF-8 can hardly have been meant otherwise, as its first words show."""
    words = [found[0] for found in islice(WORD.finditer(text), ENOUGH)]
    return 2 * sum(map(is_certain_word, words)) >= len(words)


def has_certain_word(text: str) -> bool:
    """Whether there is a word in it, which was read as UTF-8, that can hardly have been meant otherwise."""
    return any(is_certain_word(found[0]) for found in WORD.finditer(text))


# Letters of another script in a word of Latin ones, or accented ones alone: bytes that were read in a wrong encoding.
STRANGE = re.compile(
    "[A-Za-z][\u0370-\u06ff\u0e00-\u0e7f][a-z]|(?<![A-Za-z\xa0-\u024f])[\xa1-\xff]{4,}(?![A-Za-z\xa0-\u024f])"
)


LATIN_LETTERS = re.compile("[\0-\x7f\xc0-\xffŒœŠšŽžŸ]*")  # all of which people write: Žiži


def find_strange(text: str) -> str | None:
    """The first letters in a text that nobody writes so; None where there are none."""
    found = next((one for one in STRANGE.finditer(text) if sum(map(str.isalpha, one[0])) > 2), None)
    return found[0] if found else None


def find_meant(text: str) -> str | None:
    """What a text meant before it was read in a wrong encoding, and saved so; None if it was not."""
    japanese = ("cp932",) if any(map(is_garbled, WORD.findall(text))) else ()  # real kanji may fit by chance
    for encoding in ("cp1252", "latin-1", *japanese):
        try:
            meant = text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
        if has_certain_word(meant):
            return meant
    try:
        meant = text.encode("cp1252").decode("cp932")
    except UnicodeError:
        return None
    native, garbled = weigh(meant)
    by_chance = garbled or LATIN_LETTERS.fullmatch(text)
    return meant if any(len(word) > 1 for word in native) and not by_chance else None


def is_certain_word(word: str) -> bool:
    """Whether a word is of one script, and neither its letters nor its bytes are those of two-byte encodings."""
    others = [letter for letter in word if not letter.isascii() and unicodedata.category(letter) != "Cf"]
    scripts = {script_of(letter) for letter in others} - {None}
    if len(scripts) > 1 or "" in scripts:
        return False
    if all(letter >= "\u0800" for letter in others):
        return True
    if len(others) < len(word):
        return scripts <= {"LATIN"}
    return len(others) > 3 or any(byte < 0xA1 for byte in word.encode())


@cache
def script_of(letter: str) -> str | None:
    """LATIN, GREEK, or CJK for all of East Asia; blank for what hardly anybody writes; None for what is no letter."""
    kind = unicodedata.category(letter)
    if kind[0] != "L" or letter > "\uffff":
        return "" if kind in ("Cc", "Cn") else None
    script = re.split("[ -]", unicodedata.name(letter, ""))[0]
    if script not in ("CJK", "HANGUL", "HIRAGANA", "KATAKANA", "FULLWIDTH", "HALFWIDTH", "BOPOMOFO", "IDEOGRAPHIC"):
        return script
    return "CJK" if any(can_write(encoding, letter) for encoding in ("cp932", "gbk", "big5", "euc_kr")) else ""


def can_write(encoding: str, letter: str) -> bool:
    try:
        letter.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
