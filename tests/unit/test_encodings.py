"""Encodings: what is stored is what was written, or nothing is. FILES=10000 has more files drawn than the usual few."""

import importlib
import os
import random

import pytest

from toritsugi.callers.encodings import decode
from toritsugi.foundation.errors import RequestRefused

FILES = int(os.environ.get("FILES", "600"))

# Real names of each country, and in what its people save them; that nobody has to name: UTF-8, UTF-16, Shift_JIS.
NINE = {
    "ja_JP": ("utf-8", "utf-16", "cp932", "euc_jp", "iso2022_jp"),
    "zh_CN": ("utf-8", "gb18030"),
    "zh_TW": ("utf-8", "big5"),
    "ko_KR": ("utf-8", "cp949"),
    "fr_FR": ("utf-8", "cp1252"),
    "de_DE": ("utf-8", "cp1252"),
    "es_ES": ("utf-8", "cp1252"),
}
KNOWN_BY_THEMSELVES = ("utf-8", "utf-16", "cp932")


def names_of(country: str) -> tuple[list[str], list[str]]:
    """The family names and the given names of a country."""
    people = importlib.import_module(f"faker.providers.person.{country}").Provider

    def said(*kinds: str) -> list[str]:
        found = [name for kind in kinds for name in getattr(people, kind, None) or ()]
        return sorted({name if isinstance(name, str) else name[0] for name in found})

    return said("last_names"), said("first_names", "first_names_female", "first_names_male")


NAMES = {country: names_of(country) for country in NINE}


def draw_sheet(chance: random.Random) -> tuple[str, str]:
    """A sheet of one to twelve people of one country, and what it is saved in."""
    country = chance.choice(list(NINE))
    family, given = NAMES[country]
    joined = chance.choice(["{1}{0}", "{1},{0}", "{1}"]) if country[:2] in ("ja", "zh", "ko") else "{0} {1}"
    people = [
        joined.format(chance.choice(given), chance.choice(family)) for _ in range(chance.choice([1, 1, 2, 5, 12]))
    ]
    headings = chance.choice(["number,name", "number,name", "電話番号,名前"] if country == "ja_JP" else ["number,name"])
    rows = "".join(f"+8190{place:08},{name}\n" for place, name in enumerate(people))
    return f"{headings}\n{rows}", chance.choice(NINE[country])


def find_text(sheet: bytes, named: str = "") -> str | None:
    """The text that would be stored; None if the sheet is refused."""
    try:
        return decode(sheet, named)
    except RequestRefused:
        return None


def test_names_in_nine_encodings_are_stored_as_they_were_written_or_not_at_all():
    chance = random.Random(16)
    wrong, refused, seen, counted = [], [], set(), 0
    while counted < FILES:
        text, encoding = draw_sheet(chance)
        try:
            sheet = text.encode(encoding)
        except UnicodeEncodeError:
            continue
        counted += 1
        seen.add(encoding)
        stored = find_text(sheet)
        if stored is None:
            refused += [(encoding, text)] * (encoding in KNOWN_BY_THEMSELVES)
        elif stored.removeprefix("\ufeff") != text:
            wrong.append((encoding, text, stored))
    assert (wrong, len(seen)) == ([], 9)
    assert len(refused) <= FILES / 1000, refused


def test_what_is_named_is_believed():
    chance = random.Random(8)
    lost = []
    for _ in range(FILES // 6):
        text, encoding = draw_sheet(chance)
        try:
            sheet = text.encode(encoding)
        except UnicodeEncodeError:
            continue
        if find_text(sheet, encoding) != text:
            lost.append((encoding, text, find_text(sheet, encoding)))
    assert lost == []


GOOD = "number,name\n090-7000-0001,池田\n090-7000-0002,藤田\n".encode()


@pytest.mark.parametrize(
    ("sheet", "named", "line", "why"),
    [
        (GOOD + b"090-7000-0004,Kim\xff\n", "", 4, "is in UTF-8, and this is not (byte FF after b'090-7000-0004,Kim')"),
        (b"number,name\n1,Kim\xff\n" + GOOD, "", 2, "is in UTF-8, and this is not"),
        (GOOD + "090-7000-0004,橋本\n".encode("cp932"), "", 4, "is in UTF-8, and this is not"),
        (GOOD + "090-7000-0004,Hélène\n".encode("cp1252"), "utf-8", 4, "the file is not in utf-8"),
        ("number,name\n1,Hélène\n2,Schäfer\n".encode("cp1252"), "", 2, "looks like windows-1252"),
        ("number,name\n1,Tóth\n".encode("cp1250"), "", 2, "not certainly in Shift_JIS"),
        ("number,name\n1,山田\n".encode("euc_jp"), "", 2, "or euc-jp or"),
        ("number,name\n1,魏\n".encode("gbk"), "", 2, "may be in UTF-8 or not"),
        ("number,name\n1,王小明\n".encode("gbk"), "", 2, "gbk"),
        ("number,name\n1,王小明\n".encode("big5"), "", 2, "big5"),
        ("number,name\n1,김민준\n".encode("euc_kr"), "", 2, "euc-kr"),
        ("number,name\n1,山田\n".encode("iso2022_jp"), "", 2, "looks like iso-2022-jp"),
        ("number,name\n1,山田\n".encode("utf-16-le"), "", 1, "looks like utf-16"),
        ("number,reading\n1,ﾔﾏﾀﾞ\n".encode("euc_jp"), "", 2, "not certainly in Shift_JIS"),
        ("number,reading\n1,ﾐｷ\n".encode("cp932"), "", 2, "may be in UTF-8 or not"),
        ("電話番号,名前\n1,山田\n".encode("cp932") + "2,鈴木\n".encode("euc_jp"), "", 3, "not certainly"),
        ("number,name\n1,Hélène\n".encode().decode("cp1252").encode(), "", 2, "here stood '1,Hélène'"),
        ("number,name\n1,山本\n".encode().decode("cp932").encode(), "", 2, "here stood '1,山本'"),
        (b"number,name\n1,\xef\xbf\xbd\n", "", 2, "application/octet-stream"),
        ("number,name\n1,池田\n".encode("cp932").decode("cp1252").encode(), "", 2, "here stood '1,池田'"),
        ("number,name\n1,王伟\n".encode("gbk").decode("cp1252").encode(), "", 2, "nobody writes 'ÍõÎ°'"),
        ("number,name\n1,Иванов\n".encode("cp1251"), "windows-1252", 2, "nobody writes 'Èâàíîâ'"),
        (
            "number,name\n1,Schäfer\n".encode("cp1252"),
            "windows-1251",
            2,
            "in which it says 'Schдfer'; it looks like windows-1252",
        ),
        ("number,name\n1,Schäfer\n".encode("cp1252"), "iso-8859-7", 2, "in which it says 'Schδfer'"),
        ("number,name\n1,Иванов\n".encode("cp1251"), "mac-cyrillic", 2, "in which it says '»ванов'"),
        ("number,name\n1,Кузнецов\n".encode("koi8-r"), "windows-1251", 2, "says 'лХЪОЕГПЧ'; save it in UTF-8"),
        ("number,name\n1,Müller\n".encode("cp850"), "latin-1", 2, "the file is not in latin-1"),
        ("number,name\n1,Müller\n".encode("mac-roman"), "cp437", 2, "in which it says 'Mƒller'"),
        ("number,name\n1,池田\n".encode("hz"), "", 2, "it looks like hz"),
        ("number,name\n1,池田\n".encode("utf-7"), "", 2, "it looks like utf-7"),
        ("number,name\n1,Hélène\n".encode("utf-7"), "windows-1252", 2, "is not in windows-1252; it looks like utf-7"),
        ("number,name\n1,山田\n".encode("iso2022_jp"), "utf-8", 2, "is not in utf-8; it looks like iso-2022-jp"),
    ],
)
def test_what_cannot_be_certain_is_refused_with_its_line_and_the_reason(sheet, named, line, why):
    with pytest.raises(RequestRefused) as refused:
        decode(sheet, named)
    (error,) = refused.value.more["errors"]
    assert (refused.value.status, error["line"], why in error["detail"]) == (422, line, True), error


@pytest.mark.parametrize(
    ("text", "encoding", "named"),
    [
        ("number,reading\n1,ﾐｷ\n", "cp932", "shift_jis"),
        ("number,name\n1,Hélène\n", "cp1252", "latin-1"),
        ("number,name\n1,Hélène\n", "cp1252", "Windows-1252"),
        ("number,name\n1,魏\n", "gbk", "gb2312"),
        ("number,name\n1,髙橋\n", "cp932", "x-sjis"),
        ("number,name\n1,髙橋\n", "cp932", "Windows-31J"),
        ("number,name\n1,山田\n", "iso2022_jp", "ISO-2022-JP"),
        ("number,name\n1,池田\n", "hz", "hz-gb-2312"),
        ("number,name\n1,池田\n", "utf-16", "utf-16"),
        ("number,name\n1,魏\n", "utf-8", "utf-8"),
    ],
)
def test_an_encoding_has_the_names_that_people_give_it(text, encoding, named):
    assert decode(text.encode(encoding), named) == text


@pytest.mark.parametrize(
    ("text", "encoding", "named"),
    [
        ("number,name\n1,山田\n", "utf-8", "shift_jis"),
        ("number,name\n1,山田\n", "utf-8", "windows-1252"),
        ("number,name\n1,山田\n", "cp932", "latin-1"),
        ("number,name\n1,渡辺さくら\n", "euc_jp", "shift_jis"),
    ],
)
def test_a_sheet_that_is_plainly_in_another_encoding_than_the_named_one_is_refused(text, encoding, named):
    assert find_text(text.encode(encoding), named) is None


@pytest.mark.parametrize(
    "name",
    [
        "O’Brien “VIP”",
        "Öö",
        "ÅÄÖ",
        "créée",
        "Rock ’n’ Roll",
        "Nguyễn",
        "VIP-клиент",
        "°°°°",
        "Žiži",
        "–A",
        "Ёлка",
    ],
)
def test_what_people_do_write_is_stored(name):
    assert find_text(f"number,name\n1,{name}\n".encode()) == f"number,name\n1,{name}\n"


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        *(("cp1252", name) for name in ("Mª José", "O´Brien", "Warte…bis", "Acme® GmbH", "„Hans“ Müller", "éric")),
        *(("cp1252", name) for name in ("Müller&Söhne", "D’Étienne", "«Été»", "10€ pro Stück", "Straße–Nord")),
        *(("cp1251", name) for name in ("СтройГарант", "ООО «Ромашка»", "VIP-клиент", "д’Артаньян", "ИВАНОВ")),
        *(
            ("cp874", "สมหญิง"),
            ("cp1256", "مُحَمَّد"),
            ("cp1258", "Tr\xe2\u0300n"),
            ("koi8-r", "Ёлка"),
            ("cp1250", "Černý…"),
        ),
    ],
)
def test_what_people_do_write_is_stored_from_an_encoding_that_is_named(encoding, name):
    assert find_text(f"number,name\n1,{name}\n".encode(encoding), encoding) == f"number,name\n1,{name}\n"


@pytest.mark.parametrize("cell", ["+81901234567", "+4912345678-9", "1+1", "a+b", "+1800FLOWERS-1", "~{}~", "~{a}"])
def test_what_is_written_in_ascii_is_no_sign_of_another_encoding(cell):
    assert find_text(f"number,name\n1,{cell}\n".encode()) == f"number,name\n1,{cell}\n"


@pytest.mark.parametrize("file", [b"PK\x03\x04\x14\x00", b"\xd0\xcf\x11\xe0\xa1\xb1", b"%PDF-1.7"])
def test_what_is_no_text_is_named(file):
    with pytest.raises(RequestRefused, match="save it as CSV"):
        decode(file)


@pytest.mark.parametrize("end", ["\x1a", "\r\n\x1a", "\x1a\r\n"])
def test_the_mark_with_which_dos_ended_a_file_is_none_of_its_rows(end):
    assert decode(f"number\n090-1111-0001{end}".encode()) == "number\n090-1111-0001\n"


@pytest.mark.parametrize(
    "name",
    [
        "Иван",
        "Ελένη",
        "אברהם",
        "محمد",
        "Nguyễn",
        "Łukasz",
        "さくら",
        "ｻｸﾗ",
        "김민준",
        "王小明",
        "凃",
        "𠮷田",
        "麗雪",
        "宾彬",
        "🎉",
    ],
)
def test_a_single_name_of_any_script_is_known_as_utf_8(name):
    assert decode(f"number,name\n1,{name}\n".encode()) == f"number,name\n1,{name}\n"


@pytest.mark.parametrize(
    "name", ["澤田", "髙﨑①", "NTTﾄﾞｺﾓ関西支社", "株式会社freee", "ｻﾝﾄﾘｰ株式会社", "〜山田", "邉見"]
)
def test_a_single_name_of_japan_is_known_as_shift_jis(name):
    sheet = f"number,name\n1,{name}\n".replace("〜", "～").encode("cp932")
    assert decode(sheet) == f"number,name\n1,{name}\n".replace("〜", "～")
