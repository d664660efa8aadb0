"""Sheets as they come: what spreadsheets, address books and CRMs make of a table of people, and what is read of it."""

import pytest

from toritsugi.callers import cards, columns, encodings, sheets
from toritsugi.callers.exports import EXPORTS
from toritsugi.foundation.errors import RequestRefused

KEN = ("+819011110001", "Ken")


def read(text, mapping="", skips_others=False, country="JP"):
    return sheets.read_sheet(text, country, columns.read_mapping(mapping, skips_others))


def people(sheet):
    return [(row.number, row.said.get("name")) for row in sheet.rows]


def reasons(sheet):
    return [(one["line"], one["column"], one["detail"]) for one in sheet.wrong]


@pytest.mark.parametrize(
    "text",
    [
        "number,name,\n090-1111-0001,Ken,\n",
        "number,,name,,\n090-1111-0001,,Ken\n",
        "number;name\n090-1111-0001;Ken\n",
        "number\tname\r\n090-1111-0001\tKen\r\n",
        "number|name\n090-1111-0001|Ken\n",
        "sep=;\r\nnumber;name\r\n090-1111-0001;Ken\r\n",
        "number,name\r090-1111-0001,Ken\r",
        '\n\n"number" , "name"\n090-1111-0001,Ken\n'.replace('" ', '"').replace(' "', '"'),
        'number,name\n="09011110001",Ken\n',
        'number,name\n"=""090-1111-0001""","=""Ken"""\n',
        'number,name\n"=T(""090-1111-0001"")",Ken\n',
        '="number",="name"\n="090-1111-0001",="Ken"\n',
        "number,name\n'090-1111-0001,Ken\n",
        "number,name\n9011110001,Ken\n",
        "number,name\n9011110001.0,Ken\n",
        "number,name\n9.011110001E+09,Ken\n",
        'number,name\n"9,011110001E+09",Ken\n',
        "number,name\n819011110001,Ken\n",
        "number,name,company\n090-1111-0001,Ken\n",
        "number,name\n090-1111-0001,Ken,,,\n",
        'number,name\n"9,011,110,001",Ken\n',
        "number;name\n9'011'110'001;Ken\n",
        '"sep=;"\nnumber;name\n090-1111-0001;Ken\n',
        "電話番号，名前\n090-1111-0001，Ken\n",
        "\ufeffnumber\u200b,\u00a0name\n090-1111-0001,Ken\n",
        encodings.decode(b"number,name\r\n090-1111-0001,Ken\r\n\x1a"),
    ],
)
def test_a_table_is_read_whatever_a_program_has_made_of_it(text):
    sheet = read(text)
    assert (people(sheet), sheet.wrong) == ([KEN], [])


@pytest.mark.parametrize("typed", ["9.07E+09", "8.19011E+11", "9,07E+09", "9E+9"])
def test_a_number_whose_last_digits_excel_has_taken_is_refused_for_that_reason(typed):
    ((line, column, why),) = reasons(read(f'number\n"{typed}"\n'))
    assert (line, column, "last digits are gone" in why) == (2, "number", True)


@pytest.mark.parametrize(
    "cell",
    [
        "090-1111-0001\n090-1111-0002",
        "09011110001/09011110002",
        "090-1111-0001; 090-1111-0002",
        "09011110001、09011110002",
    ],
)
def test_a_cell_with_several_numbers_is_refused_for_that_reason(cell):
    ((line, column, why),) = reasons(read(f'number\n"{cell}"\n'))
    assert (line, column, why.endswith("it is several: write each in a place of its own")) == (2, "number", True)


def test_a_sheet_without_a_number_is_told_how_to_name_that():
    with pytest.raises(RequestRefused, match="columns=携帯電話:number"):
        read("携帯電話,お名前\n090-1111-0001,Ken\n")


def test_a_number_that_may_have_lost_its_plus_is_refused_for_that_reason():
    ((_, _, why),) = reasons(read("number\n12125551234\n"))
    assert "takes the + and the 0 at the beginning away" in why


def test_what_stands_below_no_heading_is_not_lost_in_silence():
    text = "number,name,\n090-1111-0001,Ken,VIP\n"
    assert reasons(read(text)) == [(2, None, "column 3 has no heading, and here stands 'VIP'")]
    assert people(read(text, skips_others=True)) == [KEN]


def test_a_row_that_is_too_long_is_wrong_however_the_sheet_is_read():
    text = "number,name\n090-1111-0001,Ken,VIP\n"
    assert reasons(read(text, skips_others=True)) == [(2, None, "it has 3 cells, and not 2")]


def test_all_columns_that_are_not_known_are_named_at_once():
    with pytest.raises(RequestRefused, match=r"Column 2, 'nickname', .*Column 4, 'pet'") as refused:
        read("number,nickname,name,pet\n090-1111-0001,K,Ken,cat\n")
    assert [one["column"] for one in refused.value.more["errors"]] == ["nickname", "pet"]
    skipped = read("number,nickname,name,pet\n090-1111-0001,K,Ken,cat\n", skips_others=True)
    assert (people(skipped), skipped.left_out) == ([KEN], ["nickname", "pet"])


def test_the_client_says_which_column_is_which():
    mapping = '"Work, mobile:number",Full Name:名前,Group:tags,City:tags'
    sheet = read('"Work, mobile",Full Name,Group,City\n090-1111-0001,Ken,VIP,Kobe\n', mapping)
    assert (people(sheet), sheet.rows[0].said["tags"]) == ([KEN], ["VIP", "Kobe"])
    assert sheet.columns == {"Work, mobile": "number", "Full Name": "name", "Group": "tags", "City": "tags"}


@pytest.mark.parametrize(
    ("mapping", "row", "name"),
    [
        ("A:name,B:name", "桜,中村", "桜中村"),
        ("B:name,A:name", "桜,中村", "中村桜"),
        ("A:given name,B:family name", "桜,中村", "中村桜"),
        ("A:given name,B:family name", "Sakura,Nakamura", "Sakura Nakamura"),
        ("A:given name,B:family name", ",Nakamura", "Nakamura"),
    ],
)
def test_a_name_of_several_columns_is_put_together_as_its_people_do(mapping, row, name):
    assert people(read(f"number,A,B\n090-1111-0001,{row}\n", mapping)) == [("+819011110001", name)]


@pytest.mark.parametrize(
    ("mapping", "why"),
    [
        ("Phone", "says of each heading what it is"),
        ("Phone:telephone-number", "says of each heading what it is"),
        ("yahoo", "it is one of google, outlook, salesforce, kintone"),
        ("Mobile:number", "'mobile', which the first line has not"),
    ],
)
def test_a_mapping_that_cannot_be_followed_is_refused(mapping, why):
    with pytest.raises(RequestRefused, match=why):
        read("Phone,name\n090-1111-0001,Ken\n", mapping)


def test_every_number_of_a_row_is_a_caller():
    sheet = read("Mobile,Home,name\n090-1111-0001,,Ken\n,03-1234-5678,Eve\n,,Ben\n", "Mobile:number,Home:number")
    assert people(sheet) == [KEN, ("+81312345678", "Eve")]
    assert reasons(sheet) == [(4, "Mobile", "it is blank")]


# ---- exports ---------------------------------------------------------------------------------------------------------

AS_EXPORTED = {
    "google": "First Name,Middle Name,Last Name,Phonetic First Name,Phonetic Last Name,Organization Name,Birthday,"
    "Notes,Labels,E-mail 1 - Value,Phone 1 - Label,Phone 1 - Value,Phone 2 - Label,Phone 2 - Value\n"
    "桜,,中村,サクラ,ナカムラ,山田商店,,at noon,* myContacts ::: VIP,,Mobile,090-1111-0001 ::: 090-1111-0003,Work,\n"
    "Ken,,,,,,,,* myContacts,ken@example.com,,,,\n",
    "outlook": '"Title","First Name","Middle Name","Last Name","Given Yomi","Surname Yomi","Company","Business Fax",'
    '"Business Phone","Home Phone","Mobile Phone","Categories","Language","Notes"\n'
    '"","桜","","中村","サクラ","ナカムラ","山田商店","03-1234-9999","",'
    '"090-1111-0003","090-1111-0001","VIP","Japanese","at noon"\n'
    '"","Ken","","","","","","","","","","","",""\n',
    "salesforce": '"Salutation","First Name","Last Name","First Name (Phonetic)","Last Name (Phonetic)","Account Name",'
    '"Phone","Mobile","Email","Description"\n'
    '"","桜","中村","サクラ","ナカムラ","山田商店","090-1111-0001","090-1111-0003","","at noon"\n'
    '"","Ken","","","","","","","",""\n',
    "kintone": '"レコード番号","会社名","担当者名","ふりがな","TEL","携帯電話","FAX","備考"\n'
    '"1","山田商店","中村桜","ナカムラサクラ","090-1111-0001","090-1111-0003","","at noon"\n'
    '"2","","Ken","","","","",""\n',
}


@pytest.mark.parametrize("export", EXPORTS)
def test_an_export_goes_in_with_one_word(export):
    sheet = read(AS_EXPORTED[export], export)
    said = {"name": "中村桜", "reading": "ナカムラサクラ", "company": "山田商店", "notes": "at noon"}
    for row in sheet.rows:
        assert {name: row.said[name] for name in said} == said
        assert row.said.get("tags", ["VIP"]) == ["VIP"]
    assert {row.number for row in sheet.rows} == {"+819011110001", "+819011110003"}
    assert (sheet.wrong, sheet.without_number, bool(sheet.left_out)) == ([], 1, True)


@pytest.mark.parametrize("export", EXPORTS)
def test_whoever_does_not_say_it_is_told_the_word(export):
    with pytest.raises(RequestRefused, match=f"looks like an export of {export}: columns={export}"):
        read(AS_EXPORTED[export])


# ---- vCards ----------------------------------------------------------------------------------------------------------

CARDS = """BEGIN:VCARD
VERSION:3.0
N:中村;桜;;;
FN:中村 桜
X-PHONETIC-FIRST-NAME:サクラ
X-PHONETIC-LAST-NAME:ナカムラ
ORG:山田商店;営業部
TEL;TYPE=CELL:090-1111-0001
item1.TEL:+1 212 555 1234
NOTE:one\\ntwo
CATEGORIES:VIP,常連
END:VCARD
BEGIN:VCARD
VERSION:2.1
N;CHARSET=SHIFT_JIS;ENCODING=QUOTED-PRINTABLE:=92=86=91=BA;=8D=F7;;;
TEL;CELL:09011110003
END:VCARD
begin:vcard
version:4.0
FN:Hélène
TEL;VALUE=uri:tel:+33-6-12-34-56-78
end:vcard
BEGIN:VCARD
VERSION:3.0
FN:Nobody's number
END:VCARD
"""


def test_vcards_of_every_version_are_read():
    sheet = cards.read_cards(CARDS, "JP")
    assert people(sheet) == [
        ("+819011110001", "中村 桜"),
        ("+12125551234", "中村 桜"),
        ("+819011110003", "中村桜"),
        ("+33612345678", "Hélène"),
    ]
    assert sheet.rows[0].said == {
        "name": "中村 桜",
        "reading": "ナカムラサクラ",
        "company": "山田商店",
        "notes": "one\ntwo",
        "tags": ["VIP", "常連"],
    }
    assert (sheet.wrong, sheet.without_number) == ([], 1)


def test_what_is_wrong_with_a_card_is_said_with_the_line_in_which_it_begins():
    wrong = cards.read_cards(CARDS.replace("09011110003", "110"), "JP").wrong
    assert [(one["line"], one["column"]) for one in wrong] == [(13, "TEL")]


@pytest.mark.parametrize(
    "broken", [CARDS.replace("END:VCARD\n", "", 1), "BEGIN:VCARD\nFN\nEND:VCARD\n", "BEGIN:VCARD\n"]
)
def test_what_begins_as_a_vcard_and_is_none_is_refused(broken):
    assert cards.is_cards(broken)
    with pytest.raises(RequestRefused, match="this is no vCard"):
        cards.read_cards(broken, "JP")
