"""Sheets: many callers as CSV, which people write and read in Excel. Text in, rows and what is wrong with them out."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from toritsugi import words
from toritsugi.callers.index import fold_kana
from toritsugi.callers.schemas import SEPARATORS, CallerRequest
from toritsugi.callers.views import CallerView, WrongRow
from toritsugi.foundation.errors import RequestRefused
from toritsugi.lines.numbers import read_number
from toritsugi.words.en import ENGLISH

MAX_ROWS = 10_000

COLUMNS = tuple(ENGLISH.columns)
FORMULA_SIGNS = "=+@＝＋－＠-"  # a spreadsheet takes what begins with one of these for a formula
SIGNS = f"\t\r{FORMULA_SIGNS}"
# Where the comma is for decimals, semicolons separate cells, and quotes inside one mean nothing.
AFTER = r"""([;\t\r\n][\s"']*)"""
UNGUARDED, GUARDED = re.compile(rf"{AFTER}(?=[{FORMULA_SIGNS}])"), re.compile(rf"{AFTER}'(?=[{FORMULA_SIGNS}])")

# Where Unicode has two characters for one of Shift_JIS, people type the one and Windows writes the other.
TWINS = str.maketrans({"\u301c": "\uff5e", "\u2212": "\uff0d", "\u2016": "\u2225", "\u2014": "\u2015"})


@dataclass(frozen=True)
class Row:
    """What a sheet says of one number: only what it has columns for."""

    line: int
    number: str
    said: dict[str, Any]


# ---- read ------------------------------------------------------------------------------------------------------------


def decode(sheet: bytes, charset: str = "") -> str:
    """The text of a sheet in UTF-8, or in Shift_JIS as Windows writes it: in what is named, else in what fits.

    Raises RequestRefused 20001.
    """
    named = charset.lower().replace("-", "_")
    if named not in ("", "utf_8", "shift_jis", "sjis", "cp932", "ms932", "windows_31j", "x_sjis"):
        raise refusal(f"The charset {charset} is not read here; utf-8 and shift_jis are", 415)
    for encoding in {"": ("utf-8-sig", "cp932"), "utf_8": ("utf-8-sig",)}.get(named, ("cp932",)):
        try:
            text = sheet.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\ufffd" in text:
            raise refusal(
                "The file was not in UTF-8, and was garbled on its way: send Shift_JIS as application/octet-stream"
            )
        return text
    raise refusal(f"The file is not in {charset or 'UTF-8, and not in Shift_JIS'}")


def read_sheet(text: str, country: str) -> tuple[list[Row], list[WrongRow]]:
    """The rows that are good, and what is wrong with the others. Numbers without a country code are of `country`.

    Raises RequestRefused 20001 if the first line does not say what the columns are, or there are too many rows.
    """
    rows: list[Row] = []
    wrong: list[WrongRow] = []
    lines: dict[str, int] = {}  # in which each number is
    table = split_rows(text, wrong)
    headings = next(table, (0, []))[1]
    columns = [column_of(place, heading) for place, heading in enumerate(headings, 1)]
    check_columns(columns, headings)
    for count, (line, cells) in enumerate(table):
        if count == MAX_ROWS:
            raise refusal(
                f"There are more than {MAX_ROWS} rows: send them in several files, each with its headings", 413
            )
        if len(cells) != len(columns):
            wrong.append(WrongRow(line=line, column=None, detail=f"it has {len(cells)} cells, and not {len(columns)}"))
            continue
        found, problems = read_row(dict(zip(columns, map(unguard, cells), strict=True)), country)
        number = found.pop("number", None)
        if number and lines.setdefault(number, line) != line:
            problems["number"] = f"it is in line {lines[number]} already"
        said = dict(zip(columns, headings, strict=True))
        wrong += [WrongRow(line=line, column=said.get(column), detail=problems[column]) for column in problems]
        if not problems:
            rows.append(Row(line, number, found))
    return rows, sorted(wrong, key=lambda one: one["line"])


def split_rows(text: str, wrong: list[WrongRow]) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not blank, and in which line each begins. What ends the reading is wrong with the last."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        wrong.append(WrongRow(line=line, column=None, detail=f"from here on it is no CSV: {error}"))


def column_of(place: int, heading: str) -> str:
    """Which column it is. Raises RequestRefused 20001."""
    column = known_headings().get(fold_kana(heading))
    if column is None:
        known = ", ".join(map(name_of, COLUMNS))
        raise refusal(f"Column {place}, {heading.strip()[:100]!r}, is none that is known; these are: {known}")
    return column


def known_headings() -> dict[str, str]:
    """Every heading that a column may have, folded, and which column it is."""
    return {
        fold_kana(heading): column
        for language in words.LANGUAGES
        for column, headings in language.columns.items()
        for heading in headings
    }


def name_of(column: str) -> str:
    """What a column is called in English, and in the other languages: number (電話番号)."""
    headings = [language.columns[column] for language in words.LANGUAGES if column in language.columns]
    return in_other_languages(ENGLISH.columns[column][0], headings)


def in_other_languages(english: str, names: list[tuple[str, ...]]) -> str:
    """What something is called in English, and in brackets what else it may be called first."""
    others = [some[0] for some in names if some[0] != english]
    return f"{english} ({', '.join(others)})"


def check_columns(columns: list[str], headings: list[str]) -> None:
    """Raises RequestRefused unless there is a column of numbers, and no column twice."""
    if "number" not in columns:
        raise refusal(f"The first line must name the columns, and one of them must be {name_of('number')}")
    if twice := [heading for heading, column in zip(headings, columns, strict=True) if columns.count(column) > 1]:
        raise refusal(f"The columns {' and '.join(twice)} are the same")


def read_row(cells: dict[str, str], country: str) -> tuple[dict[str, Any], dict[str, str]]:
    """What the cells of a row say, and by column what is wrong with them."""
    said: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for column, cell in cells.items():
        try:
            said[column] = READERS.get(column, str)(cell)
        except ValueError as error:
            problems[column] = str(error)
    typed = said.pop("number").strip()
    try:
        number = read_number(typed, country)
    except RequestRefused as refused:
        return {}, problems | {"number": refused.message if typed else "it is blank"}
    try:
        found = CallerRequest.model_validate(said)
    except ValidationError as error:
        for one in error.errors():
            problems.setdefault(str(one["loc"][0]), one["msg"].removeprefix("Value error, "))
        return {"number": number}, problems
    return {"number": number} | found.model_dump(exclude_unset=True), problems


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


def unguard(cell: str) -> str:
    """The cell without the apostrophes that guard a sign."""
    return GUARDED.sub(r"\1", cell[1:] if re.match(f"'+[{SIGNS}]", cell) else cell)


# ---- written ---------------------------------------------------------------------------------------------------------


def write_sheet(callers: Iterable[CallerView], language: str) -> str:
    """A sheet of these callers, under headings in this language. It says the same when it is read again."""
    sheet = io.StringIO(newline="")
    writer = csv.writer(sheet, lineterminator="\r\n")
    writer.writerow(heading_in(column, language) for column in COLUMNS)
    for caller in callers:
        writer.writerow(write_cell(caller[column]) for column in COLUMNS)  # type: ignore[literal-required]
    return sheet.getvalue()


def heading_in(column: str, language: str) -> str:
    """What a column is called in this language, or in English where that has no name for it."""
    return (words.nearest(language).columns.get(column) or ENGLISH.columns[column])[0]


def write_cell(value: Any) -> str:
    """What a spreadsheet shows, and does not compute: a sign at the beginning is guarded by an apostrophe.

    Also what is a beginning to a spreadsheet that separates cells otherwise: after a semicolon, a tab, a new line.
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = ";".join(value) if isinstance(value, list) else value or ""
    guarded = UNGUARDED.sub(r"\1'", text)
    return f"'{guarded}" if re.match(f"'*[{SIGNS}]", text) else guarded


def encode(sheet: str, charset: str) -> bytes:
    """The bytes of a sheet: in utf-8, with the mark by which Excel knows it, or in shift_jis. Raises RequestRefused."""
    if charset == "utf-8":
        return sheet.encode("utf-8-sig")
    try:
        return sheet.translate(TWINS).encode("cp932")
    except UnicodeEncodeError as error:
        lost = sheet[error.start]
        line = sheet.translate(TWINS).count("\n", 0, error.start) + 1
        raise refusal(f"Line {line} has the character {lost}, which Shift_JIS has not: export as UTF-8") from None


def refusal(message: str, status: int = 422) -> RequestRefused:
    """The refusal (20001) of a sheet."""
    return RequestRefused(20001, message, status)
