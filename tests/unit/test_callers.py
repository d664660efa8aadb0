"""Callers: how names are folded and ordered, what numbers people type, and sheets that may hold anything."""

import csv
import io

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from toritsugi.callers import changes, columns, encodings, index, sheets, variants
from toritsugi.callers.caller import Caller, caller_key
from toritsugi.foundation.errors import RequestRefused
from toritsugi.lines.numbers import digits_of, is_e164, read_number

SHEETS = 400  # and as many names and numbers


# ---- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ヤマダ", "やまだ"),
        ("ﾔﾏﾀﾞ", "やまだ"),
        ("ヴァン", "ゔぁん"),
        ("ＡＢＣ", "abc"),
        ("Straße", "STRASSE"),
        ("山田　愛子", "山田愛子"),
        ("①", "1"),
    ],
)
def test_case_width_spaces_and_kana_make_no_difference(one, other):
    assert index.fold_kana(one) == index.fold_kana(other)


@settings(max_examples=SHEETS)
@given(st.text(max_size=20))
def test_what_is_folded_stays_so(text):
    once = index.fold_kana(text)
    assert index.fold_kana(once) == once


def is_found(stored, searched):
    """Whether a name is found by what somebody types, by the conditions that DynamoDB is asked for."""
    caller = changes.filled_in(changes.new_caller("+819011110001"), {"name": stored})
    written = index.fold_kana(searched)
    return any(said in caller.found_by for said in (written, variants.fold_variants(written)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("髙村", "高村"),
        ("川﨑", "川崎"),
        ("渡邊", "渡辺"),
        ("渡邉", "渡邊"),
        ("齋藤", "斉藤"),
        ("𠮷田", "吉田"),
        ("葛\U000e0101城", "葛城"),
        ("神\ufe00戸", "神戸"),
        ("佐佐木", "佐々木"),
        ("霞ヶ丘", "霞が丘"),
        ("霞ケ丘", "霞ヵ丘"),
        ("龍ケ崎", "竜ヶ崎"),
        ("O’Brien", "O'Brien"),
        ("O'Brien", "OBrien"),
        ("Jean-Luc", "Jean Luc"),
        ("ジョン・スミス", "ジョンスミス"),
        ("André", "Andre"),
        ("Müller", "Mu\u0308ller"),
        ("Łukasz Đặng", "lukasz dang"),
        ("Søren", "Soren"),
        ("Müller", "Mueller"),
        ("Jörg", "Joerg"),
        ("いすゞ", "いすず"),
        ("すゞき", "スズキ"),
        ("さゝき", "ささき"),
        ("ヴァイオリン", "バイオリン"),
        ("㈱山田", "株式会社山田"),
        ("中\u200b村", "中村"),
        ("淵上", "渕上"),
        ("薗田", "園田"),
        ("靏田", "鶴田"),
        ("邨田", "村田"),
    ],
)
def test_variants_of_a_character_marks_and_accents_make_no_difference_to_a_search(one, other):
    assert (is_found(one, other), is_found(other, one)) == (True, True)


@pytest.mark.parametrize(
    ("stored", "part"), [("霞が丘", "ヶ丘"), ("霞ヶ丘", "霞が"), ("山田ケイ", "ケイ"), ("佐々木", "々木")]
)
def test_a_part_of_a_name_is_found_where_it_was(stored, part):
    assert is_found(stored, part)


@pytest.mark.parametrize(
    ("stored", "other"), [("たけだ", "たがだ"), ("高村", "島村"), ("Andre", "Andreas"), ("おた", "おおた")]
)
def test_other_names_are_not_found(stored, other):
    assert not is_found(stored, other)


@settings(max_examples=SHEETS)
@given(st.text(min_size=1, max_size=20), st.data())
def test_a_name_is_found_by_every_part_of_it(name, data):
    name = index.fold_kana(name)
    start = data.draw(st.integers(0, len(name)))
    assert is_found(name, name[start : data.draw(st.integers(start, len(name)))])


def test_every_character_has_one_form_by_which_it_is_looked_up():
    assert len(variants.NEW_FORM) > 350
    assert not {ord(form) for form in variants.NEW_FORM.values()} & variants.NEW_FORM.keys()


@given(st.text(min_size=1, max_size=100))
def test_a_place_in_the_order_is_never_too_long_and_ends_with_the_number(name):
    caller = changes.filled_in(Caller(*caller_key("+819011110001")), {"name": name})
    assert len(caller.listed_as.encode()) <= 1024
    assert caller.listed_as.partition(index.END_OF_ORDER)[2] == "+819011110001"


def test_numbers_scatter_over_all_shelves():
    people = [changes.new_caller(f"+8190{n:08}") for n in range(400)]
    for caller in people:
        changes.filled_in(caller, {})
    counts = [sum(caller.shelf == shelf for caller in people) for shelf in index.SHELVES]
    assert min(counts) > 25, counts


# ---- numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "country", "number"),
    [
        ("090-1111-0001", "JP", "+819011110001"),
        ("03 1234 5678", "JP", "+81312345678"),
        ("(212) 555-1234", "US", "+12125551234"),
        ("+44 20 7946 0958", "JP", "+442079460958"),
        ("０９０－１１１１－０００１", "JP", "+819011110001"),
        ("090‐1111−0001", "JP", "+819011110001"),
        ("+81 (0)90-1111-0001", "US", "+819011110001"),
        ("020 7946 0958", "GB", "+442079460958"),
    ],
)
def test_a_number_is_read_as_people_of_its_country_type_it(typed, country, number):
    assert read_number(typed, country) == number


@pytest.mark.parametrize("typed", ["", "+", "110", "212-555-1234", "090-1111-0001x5", "+81", "０"])
def test_what_is_none_in_japan_is_refused(typed):
    with pytest.raises(RequestRefused):
        read_number(typed, "JP")


@settings(max_examples=SHEETS)
@given(
    st.from_regex(r"(\+81|0)?[ -]?[1-9]0?[ -]?[0-9]{4}[ -]?[0-9]{4}x?", fullmatch=True) | st.text(max_size=30),
    st.sampled_from(["JP", "US", "GB", "XX"]),
)
def test_whatever_is_typed_is_a_number_or_refused(typed, country):
    try:
        number = read_number(typed, country)
    except RequestRefused:
        event("refused")
    else:
        assert is_e164(number)


def test_a_part_of_a_number_has_digits():
    assert (digits_of("090-12"), digits_of("+81 90"), digits_of("-"), digits_of("+"), digits_of("9a")) == (
        "09012",
        "+8190",
        None,
        None,
        None,
    )


# ---- sheets ----------------------------------------------------------------------------------------------------------

NUMBERS = ["090-1111-0001", "+819022220002", "'+819022220002", "(03) 1234-5678", "110", ""]
CELLS = ["", "=1+1", "yes", "いいえ", "a;b", "ja", "\x00", "\ud800", '"', "\n"]


@st.composite
def written(draw):
    """A sheet with some of the columns, in which anything may stand, and rows that may be too short or too long."""
    others = draw(st.lists(st.sampled_from(sheets.COLUMNS[1:]), max_size=5, unique=True))
    names, headings = ["number", *others], columns.known_headings()
    cells = st.text(max_size=12) | st.sampled_from(CELLS)
    row = st.tuples(st.sampled_from(NUMBERS) | cells, *(cells for _ in others)).map(list)
    sheet = io.StringIO(newline="")
    writer = csv.writer(sheet)
    writer.writerow(draw(st.sampled_from([one for one in headings if headings[one] == column])) for column in names)
    writer.writerows(draw(st.lists(row | st.lists(cells, min_size=1, max_size=7), max_size=6)))
    return sheet.getvalue()


@pytest.mark.thorough
@settings(max_examples=SHEETS)
@given(written())
def test_whatever_a_sheet_holds_its_rows_are_good_or_said_to_be_bad(sheet):
    read = sheets.read_sheet(sheet, "JP")
    rows, wrong = read.rows, read.wrong
    event(f"good rows: {bool(rows)}, bad rows: {bool(wrong)}")
    good, bad = {row.line for row in rows}, {one["line"] for one in wrong}
    assert not good & bad
    assert len(good) == len(rows) == len({row.number for row in rows})
    for row in rows:
        said = {name: value for name, value in row.said.items() if name != "opted_out"}
        changes.filled_in(changes.new_caller(row.number), said).serialize()


@settings(max_examples=SHEETS)
@given(st.sampled_from([b"", b"number,name\n"]), st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_whatever_is_sent_is_a_sheet_or_refused(headings, sent):
    lines, refused = [], None
    try:
        read = sheets.read_sheet(encodings.decode(headings + sent), "JP")
        lines = [*(row.line for row in read.rows), *(one["line"] for one in read.wrong)]
    except RequestRefused as refusal:
        refused = refusal.code
    event(f"refused: {bool(refused)}, rows: {bool(lines)}")
    assert refused in (None, 20001)
    assert all(line > 1 for line in lines)


SHOWN = {
    "number": st.just("+819011110001"),
    **dict.fromkeys(
        ("name", "reading", "company"),
        st.text(st.characters(exclude_categories=["C", "Z"]), max_size=20) | st.sampled_from(["=1", "'-", "''@", "＝"]),
    ),
    "notes": st.text(st.characters(exclude_categories=["C", "Z"], include_characters="\n"), max_size=20).map(str.strip),
    "language": st.sampled_from(["ja-JP", "en-US", None]),
    "tags": st.lists(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=9), max_size=3, unique=True),
    "blocked": st.booleans(),
    "opted_out": st.booleans(),
}


@pytest.mark.thorough
@settings(max_examples=SHEETS)
@given(st.fixed_dictionaries(SHOWN), st.sampled_from(["en", "ja"]))
def test_what_is_written_says_the_same_when_it_is_read_again(caller, words):
    read = sheets.read_sheet(sheets.write_sheet([caller], words), "JP")
    ((row,), wrong) = read.rows, read.wrong
    assert wrong == []
    said = {name: row.said[name] or None for name in row.said}
    assert said | {"number": row.number} == {name: value or None for name, value in caller.items()}
