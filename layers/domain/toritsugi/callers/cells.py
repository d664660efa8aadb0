"""Cells: what one says, whatever a spreadsheet has made of it."""

import re
import unicodedata
from typing import Any

from toritsugi import words
from toritsugi.callers.columns import in_other_languages
from toritsugi.callers.index import fold_kana
from toritsugi.callers.schemas import SEPARATORS
from toritsugi.foundation.errors import RequestRefused
from toritsugi.lines.numbers import read_number
from toritsugi.words.en import ENGLISH

FORMULA_SIGNS = "=+@＝＋－＠-"  # a spreadsheet takes what begins with one of these for a formula
SIGNS = f"\t\r{FORMULA_SIGNS}"
# Where the comma is for decimals, semicolons separate cells, and quotes inside one mean nothing.
AFTER = r"""([;\t\r\n][\s"']*)"""
UNGUARDED, GUARDED = re.compile(rf"{AFTER}(?=[{FORMULA_SIGNS}])"), re.compile(rf"{AFTER}'(?=[{FORMULA_SIGNS}])")

TEXT_FORMULA = re.compile(r'=\s*(?:T\s*\()?\s*"((?:[^"]|"")*)"\s*\)?\s*', re.IGNORECASE)
SCIENTIFIC = re.compile(r"([0-9])(?:[.,]([0-9]*))?E\+?([0-9]{1,2})", re.IGNORECASE)
FRACTION = re.compile(r"([0-9]{6,})[.,]0*")
THOUSANDS = re.compile(r"[1-9][0-9]{0,2}(?:[,.'\u2019][0-9]{3}){2,4}")  # 9,070,000,023


def plain(cell: str) -> str:
    """The cell without the formula by which a program keeps a spreadsheet from computing: ="090..." is its text."""
    text = TEXT_FORMULA.fullmatch(cell.strip())
    return text[1].replace('""', '"') if text else cell


def unguard(cell: str) -> str:
    """The cell without the apostrophes that guard a sign."""
    return GUARDED.sub(r"\1", cell[1:] if re.match(f"'+[{SIGNS}]", cell) else cell)


def read_typed_number(cell: str, country: str) -> str:
    """The number of a cell, in E.164, also where a spreadsheet has taken its 0 away. Raises ValueError."""
    typed = unicodedata.normalize("NFKC", cell).strip().lstrip("'’").strip()
    digits = undo_arithmetic(typed)
    try:
        return read_number(digits or cell.strip().lstrip("'’"), country)
    except RequestRefused as refused:
        if not re.fullmatch("[0-9]+", digits or typed):
            raise ValueError(refused.message) from None
        return with_zero(digits or typed, country, refused.message)


def undo_arithmetic(typed: str) -> str | None:
    """The digits of what a spreadsheet took for a quantity, 9070000023.0; None of anything else. Raises ValueError."""
    if fraction := FRACTION.fullmatch(typed):
        return fraction[1]
    if THOUSANDS.fullmatch(typed):
        return re.sub("[^0-9]", "", typed)
    if not (scientific := SCIENTIFIC.fullmatch(typed)):
        return None
    digits = scientific[1] + (scientific[2] or "")
    if len(digits) != int(scientific[3]) + 1:
        raise ValueError(
            f"{typed} is what a spreadsheet has made of a number, whose last digits are gone: "
            "make the column text there, and fill it in again"
        )
    return digits


def with_zero(digits: str, country: str, why: str) -> str:
    """The number with the 0 that a spreadsheet takes away. Raises ValueError."""
    try:
        return read_number(f"0{digits}", country)
    except RequestRefused:
        raise ValueError(
            f"{why}. A spreadsheet takes the + and the 0 at the beginning away: make the column text"
        ) from None


def read_yes(cell: str) -> bool:
    """Raises ValueError."""
    said = fold_kana(cell)
    if any(said in language.yes for language in words.LANGUAGES):
        return True
    if said and not any(said in language.no for language in words.LANGUAGES):
        yes = in_other_languages(ENGLISH.yes[0], [language.yes for language in words.LANGUAGES])
        no = in_other_languages(ENGLISH.no[0], [language.no for language in words.LANGUAGES])
        raise ValueError(f"{cell[:20]!r} is neither {yes} nor {no}")
    return False


def read_tags(cell: str) -> list[str]:
    """The tags in a cell, whatever separates them."""
    return [tag.strip() for tag in re.split(f"[{SEPARATORS}]", cell) if tag.strip()]


def read_opt_out(cell: str) -> bool | None:
    """A sheet makes nobody forget that somebody wants no messages. Raises ValueError."""
    return read_yes(cell) or None


READERS: dict[str, Any] = {"tags": read_tags, "blocked": read_yes, "opted_out": read_opt_out}
