"""Sheets: many callers as CSV, as Excel, address books and CRMs write it. Text in, rows and what is wrong out.

A row may have several numbers, as contacts of an address book do: each is a caller of whom the same is said.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from toritsugi import words
from toritsugi.callers.cells import READERS, SIGNS, UNGUARDED, plain, read_typed_number, unguard
from toritsugi.callers.columns import COLUMNS, Columns, Mapping, read_headings
from toritsugi.callers.encodings import refusal
from toritsugi.callers.exports import FAMILY_FIRST, NAME_PARTS, cells_in, join_name
from toritsugi.callers.schemas import CallerRequest
from toritsugi.callers.views import CallerView, WrongRow
from toritsugi.foundation.errors import RequestRefused
from toritsugi.words.en import ENGLISH

MAX_ROWS = 10_000

CELL_SEPARATORS = ",;\t|，"
MAX_FIRST_LINE = 20_000  # characters
# The first line of some exports, which Excel does not show.
SAID_BY_EXCEL = re.compile('"?sep=(.)"?\r?\n?', re.IGNORECASE)

# Where Unicode has two characters for one of Shift_JIS, people type the one and Windows writes the other.
TWINS = str.maketrans({"\u301c": "\uff5e", "\u2212": "\uff0d", "\u2016": "\u2225", "\u2014": "\u2015"})


Said = dict[str, list[tuple[str, str]]]  # by column, or part of one: every cell, and the heading above it


@dataclass(frozen=True)
class Row:
    """What a sheet says of one number: only what it has columns for."""

    line: int
    number: str
    said: dict[str, Any]


@dataclass
class Sheet:
    """What a file says: the rows that are good, what is wrong with the others, and what was not read of it."""

    rows: list[Row] = field(default_factory=list)
    wrong: list[WrongRow] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)  # by heading
    left_out: list[str] = field(default_factory=list)  # headings
    without_number: int = 0  # contacts of an address book
    lines: dict[str, int] = field(default_factory=dict)  # in which each number is

    def add(self, line: int, said: Said, country: str) -> None:
        """One row, or one contact: of each of its numbers the same is said."""
        numbers, found, problems = read_row(said, country)
        for number in numbers:
            if self.lines.setdefault(number, line) != line:
                problems.setdefault("number", f"it is in line {self.lines[number]} already")
        headings = {column: next((heading for heading, _ in cells), None) for column, cells in said.items()}
        self.wrong += [WrongRow(line=line, column=headings.get(column), detail=problems[column]) for column in problems]
        if not problems:
            self.rows += [Row(line, number, found) for number in dict.fromkeys(numbers)]


# ---- read ------------------------------------------------------------------------------------------------------------


def read_sheet(text: str, country: str, mapping: Mapping | None = None) -> Sheet:
    """What a sheet says. Numbers without a country code are of `country`.

    Raises RequestRefused 20001 if the first line does not say what the columns are, or there are too many rows.
    """
    sheet = Sheet()
    table = split_rows(text, sheet.wrong)
    columns = read_headings(next(table, (0, []))[1], mapping or Mapping())
    sheet.columns, sheet.left_out = columns.shown(), columns.left_out()
    for count, (line, cells) in enumerate(table):
        if count == MAX_ROWS:
            raise too_many_rows()
        if problem := misplaced(cells, columns, mapping):
            sheet.wrong.append(WrongRow(line=line, column=None, detail=problem))
            continue
        said = gather(cells, columns)
        if columns.export and not any(cell.strip() for _, cell in said["number"]):
            sheet.without_number += 1
        else:
            sheet.add(line, said, country)
    sheet.wrong.sort(key=lambda one: one["line"])
    return sheet


def split_rows(text: str, wrong: list[WrongRow]) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not blank, and in which line each begins. What ends the reading is wrong with the last."""
    told = SAID_BY_EXCEL.match(text)
    line = 2 if told else 1
    text = text[told.end() :] if told else text
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=told[1] if told else separator_of(text), strict=True)
    before = line - 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, [plain(cell) for cell in cells]
            line = reader.line_num + before + 1
    except csv.Error as error:
        wrong.append(WrongRow(line=line, column=None, detail=f"from here on it is no CSV: {error}"))


def separator_of(text: str) -> str:
    """What separates the cells: that which makes most cells of the first line."""
    first = next((line for line in text[:MAX_FIRST_LINE].splitlines() if line.strip()), "")
    return max(CELL_SEPARATORS, key=lambda one: len(next(csv.reader([first], delimiter=one), [])))


def misplaced(cells: list[str], columns: Columns, mapping: Mapping | None) -> str | None:
    """What is wrong with the length of a row: what stands there has no heading. A short row is filled with blanks."""
    count = len(columns.headings)
    if any(cell.strip() for cell in cells[count:]):
        return f"it has {len(cells)} cells, and not {count}"
    for place, (heading, cell) in enumerate(zip(columns.headings, cells, strict=False), 1):
        if not heading and cell.strip() and not columns.export and not (mapping and mapping.skips_others):
            return f"column {place} has no heading, and here stands {cell.strip()[:50]!r}"
    return None


def gather(cells: list[str], columns: Columns) -> Said:
    """What a row says, by column."""
    said: Said = {}
    for place in columns.order:
        heading, kind = columns.headings[place], columns.kinds[place]
        if kind:
            cell = unguard(cells[place]) if place < len(cells) else ""
            several = cells_in(kind, cell) if columns.export else [cell]
            said.setdefault(kind, []).extend((heading, one) for one in several)
    return said


def read_row(said: Said, country: str) -> tuple[list[str], dict[str, Any], dict[str, str]]:
    """The numbers in a row, what its other cells say, and by column what is wrong with them."""
    problems: dict[str, str] = {}
    read: dict[str, Any] = {}
    for column, text in join_cells(said).items():
        try:
            read[column] = READERS.get(column, str)(text)
        except ValueError as error:
            problems[column] = str(error)
    try:
        numbers = [read_typed_number(cell, country) for _, cell in said["number"] if cell.strip()]
    except ValueError as error:
        return [], {}, problems | {"number": str(error)}
    if not numbers:
        return [], {}, problems | {"number": "it is blank"}
    try:
        found = CallerRequest.model_validate(read)
    except ValidationError as error:
        for one in error.errors():
            problems.setdefault(str(one["loc"][0]), one["msg"].removeprefix("Value error, "))
        return numbers, {}, problems
    return numbers, found.model_dump(exclude_unset=True), problems


def join_cells(said: Said) -> dict[str, str]:
    """What a row says, by column: several cells of one column as one text, and a name of its parts."""
    texts = {column: [cell for _, cell in cells] for column, cells in said.items() if column != "number"}
    joined = {column: JOINED.get(column, "".join)(cells) for column, cells in texts.items() if column not in NAME_PARTS}
    for whole in ("name", "reading"):
        parts = [cell for part, of in NAME_PARTS.items() if of == whole for cell in texts.get(part, [])]
        if parts and not joined.get(whole, "").strip():
            joined[whole] = join_name(parts)
    return joined


def join_lines(cells: list[str]) -> str:
    """Several cells, one below the other."""
    return "\n".join(cell for cell in cells if cell.strip()) if len(cells) > 1 else cells[0]


def join_words(cells: list[str]) -> str:
    """Several cells as they stand, with a space between them where the writing has any."""
    said = [cell.strip() for cell in cells if cell.strip()]
    return ("" if all(map(FAMILY_FIRST.match, said)) else " ").join(said) if len(cells) > 1 else cells[0]


JOINED: dict[str, Any] = {"name": join_words, "reading": join_words, "tags": ";".join, "notes": join_lines}


def too_many_rows() -> RequestRefused:
    """The refusal of a sheet that is too long."""
    return refusal(f"There are more than {MAX_ROWS} rows: send them in several files, each with its headings", 413)


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
