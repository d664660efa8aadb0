"""Columns: what each column of a sheet is, by its heading, by what the client says, or because a program wrote it."""

import csv
from dataclasses import dataclass

from toritsugi import words
from toritsugi.callers.encodings import refusal
from toritsugi.callers.exports import EXPORTS, NAME_PARTS, column_in, find_export
from toritsugi.callers.index import fold_kana
from toritsugi.callers.views import WrongRow
from toritsugi.foundation.errors import RequestRefused
from toritsugi.words.en import ENGLISH

COLUMNS = tuple(ENGLISH.columns)
SEVERAL = ("number", "name", "reading", "notes", "tags")  # may stand in several columns, if the client says so


@dataclass(frozen=True)
class Mapping:
    """What a client says of the columns: the program that wrote them, or which is which; and whether others may be."""

    export: str | None = None
    named: dict[str, str] | None = None
    skips_others: bool = False


@dataclass(frozen=True)
class Columns:
    """Of each column the heading, and what it is: one of ours, a part of one, or None if it stays out."""

    headings: list[str]
    kinds: list[str | None]
    export: str | None
    order: list[int]  # of places: that in which the client names them, in which a name is made of several

    def shown(self) -> dict[str, str]:
        """What is read, by heading."""
        return {heading: kind for heading, kind in zip(self.headings, self.kinds, strict=True) if kind}

    def left_out(self) -> list[str]:
        """The headings of what is not read."""
        return [heading for heading, kind in zip(self.headings, self.kinds, strict=True) if heading and not kind]


# ---- what the client says --------------------------------------------------------------------------------------------


def read_mapping(text: str, skips_others: bool) -> Mapping:
    """What is said like google, or like Phone 1 - Value:number,Full Name:name. Raises RequestRefused 20001."""
    if text.strip().lower() in EXPORTS:
        return Mapping(export=text.strip().lower(), skips_others=skips_others)
    named: dict[str, str] = {}
    for pair in next(csv.reader([text], skipinitialspace=True), []):
        heading, colon, column = pair.rpartition(":")
        kind = column.strip() if column.strip() in NAME_PARTS else known_headings().get(fold_kana(column))
        if not colon or kind is None:
            raise refusal(
                f"columns has {pair.strip()[:100]!r}: it is one of {', '.join(EXPORTS)}, or says of each heading what "
                f"it is, like Phone 1 - Value:number; these are: {', '.join([*COLUMNS, *NAME_PARTS])}"
            )
        named[fold_kana(heading)] = kind
    return Mapping(named=named, skips_others=skips_others)


# ---- what the headings say -------------------------------------------------------------------------------------------


def known_headings() -> dict[str, str]:
    """Every heading that a column may have, folded, and which column it is."""
    return {
        fold_kana(heading): column
        for language in words.LANGUAGES
        for column, headings in language.columns.items()
        for heading in headings
    }


def read_headings(headings: list[str], mapping: Mapping) -> Columns:
    """What the columns are. Raises RequestRefused 20001 for all at once that are not known, or known twice."""
    headings = [heading.strip() for heading in headings]
    if mapping.export:
        kinds = [column_in(mapping.export, heading) for heading in headings]
        columns = Columns(headings, kinds, mapping.export, list(range(len(headings))))
    else:
        named = mapping.named or {}
        known = known_headings() | named
        check_named(named, headings)
        folded = [fold_kana(heading) for heading in headings]
        ranks = {heading: rank for rank, heading in enumerate(named)}
        order = sorted(range(len(headings)), key=lambda place: ranks.get(folded[place], len(ranks)))
        columns = Columns(headings, [known.get(heading) for heading in folded], None, order)
        if not mapping.skips_others:
            check_known(columns)
        check_twice(columns, named)
    if "number" not in columns.kinds:
        raise refusal(
            f"The first line must name the columns, and one of them must be {name_of('number')}{hint(headings)}"
        )
    return columns


def check_named(named: dict[str, str], headings: list[str]) -> None:
    """Raises RequestRefused 20001 for a heading that the client names and the sheet has not."""
    there = {fold_kana(heading) for heading in headings}
    if missing := [heading for heading in named if heading not in there]:
        raise refusal(f"columns names {' and '.join(map(repr, missing))}, which the first line has not")


def check_known(columns: Columns) -> None:
    """Raises RequestRefused 20001 for all columns at once with a heading that is not known."""
    unknown = [
        (place, heading)
        for place, (heading, kind) in enumerate(zip(columns.headings, columns.kinds, strict=True), 1)
        if heading and not kind
    ]
    if not unknown:
        return
    errors = [WrongRow(line=1, column=heading, detail="it is none that is known") for _, heading in unknown]
    told = "; ".join(f"Column {place}, {heading[:100]!r}, is none that is known" for place, heading in unknown[:30])
    like = "notes" if "number" in columns.kinds else "number"
    advice = f"leave them out with other_columns=skip, or say what they are with columns={unknown[0][1][:30]}:{like}"
    known = ", ".join(map(name_of, COLUMNS))
    raise RequestRefused(
        20001, f"{told}. These are: {known}; {advice}{hint(columns.headings)}", 422, errors=errors, bad=1
    )


def check_twice(columns: Columns, named: dict[str, str]) -> None:
    """Raises RequestRefused 20001 where two columns are the same, and the client has not said so."""
    for kind in {kind for kind in columns.kinds if kind in COLUMNS}:
        same = [heading for heading, one in zip(columns.headings, columns.kinds, strict=True) if one == kind]
        if len(same) > 1 and not (kind in SEVERAL and kind in named.values()):
            raise refusal(f"The columns {' and '.join(same)} are the same")


def hint(headings: list[str]) -> str:
    """The export that these headings look like, if they look like one."""
    export = find_export(headings)
    return f". It looks like an export of {export}: columns={export}" if export else ""


def name_of(column: str) -> str:
    """What a column is called in English, and in the other languages: number (電話番号)."""
    headings = [language.columns[column] for language in words.LANGUAGES if column in language.columns]
    return in_other_languages(ENGLISH.columns[column][0], headings)


def in_other_languages(english: str, names: list[tuple[str, ...]]) -> str:
    """What something is called in English, and in brackets what else it may be called first."""
    others = [some[0] for some in names if some[0] != english]
    return f"{english} ({', '.join(others)})"
