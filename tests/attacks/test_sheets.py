"""A caller's name is a formula, for whoever opens the sheet in a spreadsheet, whatever separates its cells there."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toritsugi.callers.cells import FORMULA_SIGNS, unguard
from toritsugi.callers.sheets import write_cell, write_sheet

NOBODY = {
    **dict.fromkeys(("name", "reading", "language", "company", "notes")),
    **{"number": "+819011110001", "tags": [], "blocked": False, "opted_out": False},
}
TEXTS = st.text("ab=+-@＝;\t\n\r\"', ", max_size=12)


def cells(sheet, separator):
    """The cells that a spreadsheet makes of a sheet, which takes this for what separates them."""
    rows = csv.reader(io.StringIO(sheet, newline=""), delimiter=separator)
    return [cell for row in rows for cell in row]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@given(name=TEXTS, notes=TEXTS, tags=st.lists(TEXTS, max_size=3))
def test_no_cell_is_computed_whatever_separates_them(separator, name, notes, tags):
    sheet = write_sheet([NOBODY | {"name": name, "notes": notes, "tags": tags}], "en")
    computed = [cell for cell in cells(sheet, separator) if cell.lstrip("\t\r\n").startswith(tuple(FORMULA_SIGNS))]
    assert computed == []


@given(TEXTS)
def test_what_was_guarded_is_read_as_it_was(text):
    assert unguard(write_cell(text)) == text


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ('a;=HYPERLINK("https://evil.example.com")', 'a;\'=HYPERLINK("https://evil.example.com")'),
        ("a;'=1", "a;''=1"),
        ('a;"=1', "a;\"'=1"),
        ("one\n@two", "one\n'@two"),
        ("a - b; 3+4", "a - b; 3+4"),
    ],
)
def test_only_a_sign_that_begins_a_cell_is_guarded(said, written):
    assert write_cell(said) == written
