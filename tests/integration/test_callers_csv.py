"""Callers as CSV: thousands at once, from Excel and back to it; and what is told if a file is bad, or time runs out."""

import base64
import csv
import io
import json
from urllib.parse import quote

import pytest

from local.aws import Context
from tests.conftest import BASE
from tests.integration.conftest import AIKO, BEN, EVE, event_of
from tests.integration.wire import broken, refusing
from toritsugi.callers import caller

SHEET = """number,name,reading,company,tags,blocked
090-1111-0001,山田愛子,やまだあいこ,山田商店,VIP;常連,no
+819022220002,Ben,,,,yes
"""


def sends(desk, sheet: str | bytes, query: str = "", kind: str = "text/csv", seconds: int = 29):
    """The answer to a sheet, for which Lambda gives so many seconds."""
    import api

    headers = {"Authorization": desk.header, "Content-Type": kind}
    event = event_of("POST", f"{BASE}/api/callers/import?{query}", "", headers)
    body = base64.b64encode(sheet.encode() if isinstance(sheet, str) else sheet).decode()
    answer = api.handler(event | {"body": body}, Context("api", seconds))
    return answer["statusCode"], json.loads(answer["body"])


def fetch(desk, query: str = "") -> tuple[bytes, dict[str, str]]:
    answer = desk.send("GET", f"/api/callers/export?{query}", b"")
    assert (answer["statusCode"], answer["isBase64Encoded"]) == (200, True), answer
    return base64.b64decode(answer["body"]), answer["headers"]


def everybody(desk) -> dict[str, dict]:
    return {one["number"]: one for one in desk.asks("GET", "/api/callers?page_size=100")[1]["callers"]}


def many(count: int, **said: str) -> str:
    """A sheet of so many callers; the n-th is in line n + 1."""
    lines = [f"+8190{n:08},caller {n},{','.join(said.values())}" for n in range(1, count + 1)]
    return "\n".join([f"number,name,{','.join(said)}".rstrip(","), *(line.rstrip(",") for line in lines)])


# ---- in --------------------------------------------------------------------------------------------------------------


def test_a_sheet_is_written_down(desk):
    assert sends(desk, SHEET) == (200, {"created": 2, "changed": 0, "unchanged": 0, "bad": 0, "errors": []})
    aiko, ben = (everybody(desk)[number] for number in (AIKO, BEN))
    assert (aiko["name"], aiko["reading"], aiko["tags"], aiko["blocked"]) == (
        "山田愛子",
        "やまだあいこ",
        ["VIP", "常連"],
        False,
    )
    assert (ben["name"], ben["reading"], ben["tags"], ben["blocked"]) == ("Ben", None, [], True)


def test_the_same_sheet_again_changes_nothing(desk, wire):
    sends(desk, SHEET)
    with wire.counting() as taken:
        assert sends(desk, SHEET)[1]["unchanged"] == 2
    assert taken == ["BatchGetItem"]


def test_blank_cells_change_nothing_of_somebody_of_whom_nothing_is_known(desk):
    sends(desk, f"number\n{AIKO}\n")
    assert sends(desk, f"number,name,notes,tags,blocked\n{AIKO},,,,\n")[1]["unchanged"] == 1


def test_what_a_sheet_has_no_column_for_stays_as_it_was(desk):
    desk.asks("PUT", f"/api/callers/{quote(AIKO)}", {"name": "Aiko", "notes": "calls at noon", "company": "山田商店"})
    assert sends(desk, f"number,name,company\n{AIKO},愛子,\n")[1]["changed"] == 1
    aiko = everybody(desk)[AIKO]
    assert (aiko["name"], aiko["company"], aiko["notes"]) == ("愛子", None, "calls at noon")
    assert desk.asks("GET", f"/api/callers?search={quote('山田商店')}")[1]["callers"] == []


def test_a_sheet_makes_nobody_forget_that_no_messages_are_wanted(desk):
    desk.asks("PUT", f"/api/callers/{quote(AIKO)}", {"name": "Aiko", "opted_out": True})
    assert sends(desk, f"number,opted_out\n{AIKO},no\n{BEN},no\n{EVE},yes\n")[0] == 200
    assert {number: one["opted_out"] for number, one in everybody(desk).items()} == {AIKO: True, BEN: False, EVE: True}


@pytest.mark.parametrize(
    ("encoding", "kind"),
    [
        ("utf-8", "text/csv"),
        ("utf-8-sig", "text/csv"),
        ("utf-8-sig", "text/csv; charset=utf-8"),
        ("cp932", "application/octet-stream"),
        ("cp932", "application/vnd.ms-excel"),
        ("cp932", 'text/csv; charset="Shift_JIS"'),
        ("cp932", "application/csv;charset=windows-31j"),
    ],
)
def test_a_sheet_comes_in_utf_8_or_as_excel_writes_it_in_japan(desk, encoding, kind):
    sheet = "電話番号,名前,フリガナ,着信拒否\r\n０９０－１１１１－０００１,髙橋①,ﾀｶﾊｼ,はい\r\n".encode(encoding)
    assert sends(desk, sheet, kind=kind)[0] == 200
    aiko = everybody(desk)[AIKO]
    assert (aiko["name"], aiko["reading"], aiko["blocked"]) == ("髙橋①", "ﾀｶﾊｼ", True)


def test_text_that_was_garbled_on_its_way_is_not_taken_for_names(desk):
    sheet = "電話番号,名前\n09011110001,高橋\n".encode("cp932").decode(errors="replace")
    status, said = sends(desk, sheet)
    assert (status, "application/octet-stream" in said["detail"]) == (422, True)


def test_numbers_are_of_the_country_that_is_named(desk):
    assert sends(desk, "number\n(212) 555-1234\n", "country=US")[0] == 200
    assert list(everybody(desk)) == ["+12125551234"]


def test_cells_may_have_commas_lines_and_quotation_marks(desk):
    sends(desk, f'number,name,notes\r\n{AIKO},"Yamada, ""Ai""","one\r\ntwo"\r\n')
    aiko = everybody(desk)[AIKO]
    assert (aiko["name"], aiko["notes"]) == ('Yamada, "Ai"', "one\ntwo")


def test_blank_rows_are_nothing(desk):
    assert sends(desk, f"\n\nnumber,name\n\n{AIKO},Aiko\n,\n  ,\n\n")[1]["created"] == 1


def test_a_row_that_is_too_short_is_filled_and_a_column_without_heading_is_nothing(desk):
    assert sends(desk, f"number,name,company,\n{AIKO},Aiko\n{BEN},Ben,Acme,\n")[1]["created"] == 2
    assert [one["company"] for one in everybody(desk).values()] == [None, "Acme"]


@pytest.mark.parametrize(("query", "kind"), [("encoding=windows-1252", "text/csv"), ("", "text/csv; charset=latin-1")])
def test_an_encoding_that_is_named_is_believed(desk, query, kind):
    sheet = f"number,name\n{AIKO},Hélène\n".encode("cp1252")
    status, problem = sends(desk, sheet)
    assert (status, problem["errors"][0]["line"], everybody(desk)) == (422, 2, {})
    assert sends(desk, sheet, query, kind)[0] == 200
    assert everybody(desk)[AIKO]["name"] == "Hélène"


GOOGLES = f"First Name,Last Name,Photo,Phone 1 - Value,Phone 2 - Value\n愛子,山田,x,{AIKO},{EVE}\nBen,Smith,,,\n"


def test_an_export_of_an_address_book_goes_in_with_one_word(desk):
    assert sends(desk, GOOGLES)[1]["detail"].endswith("columns=google")
    done = sends(desk, GOOGLES, "columns=google")[1]
    assert (done["created"], done["left_out"], done["without_number"]) == (2, ["Photo"], 1)
    assert {number: one["name"] for number, one in everybody(desk).items()} == {AIKO: "山田愛子", EVE: "山田愛子"}


def test_the_client_may_say_which_column_is_which(desk):
    query = f"columns={quote('Phone 1 - Value:number,Last Name:name,First Name:name')}&other_columns=skip&bad_rows=skip"
    done = sends(desk, GOOGLES, query)[1]
    assert (done["created"], done["bad"], everybody(desk)[AIKO]["name"]) == (1, 1, "山田愛子")


def test_a_dry_run_shows_what_would_be_written_and_writes_nothing(desk, wire):
    sends(desk, f"number,name\n{AIKO},Aiko\n{BEN},Ben\n")
    with wire.counting() as taken:
        status, shown = sends(
            desk,
            f"番号,name,tags\n{AIKO},Ai,a;b\n{BEN},Ben,\n{EVE},Eve,\n110,x,\n",
            f"dry_run=true&columns={quote('番号:number')}",
        )
    assert (status, shown["created"], shown["changed"], shown["unchanged"], shown["bad"]) == (200, 1, 1, 1, 1)
    assert shown["columns"] == {"番号": "number", "name": "name", "tags": "tags"}
    assert shown["callers"][0] == {"line": 2, "number": AIKO, "becomes": "changed", "name": "Ai", "tags": ["a", "b"]}
    assert (taken, [one["name"] for one in everybody(desk).values()]) == (["BatchGetItem"], ["Aiko", "Ben"])


def test_an_address_book_may_come_as_vcards(desk):
    card = f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:山田 愛子\r\nTEL:{AIKO}\r\nEND:VCARD\r\n"
    assert sends(desk, card, kind="text/vcard")[1]["created"] == 1
    assert everybody(desk)[AIKO]["name"] == "山田 愛子"


# ---- what is wrong with it -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sheet", "said"),
    [
        ("", "first line must name the columns"),
        ("name\nAiko\n", "one of them must be number"),
        ("number,nickname\n", "Column 2, 'nickname', is none that is known"),
        ("number;nickname;pet\n", "Column 2, 'nickname', is none that is known; Column 3, 'pet'"),
        ("number,name,名前\n", "The columns name and 名前 are the same"),
        ("\x00\n", "Column 1"),
        ('"number', "first line"),
    ],
)
def test_columns_that_are_not_understood_are_named(desk, sheet, said):
    status, problem = sends(desk, sheet)
    assert status == 422
    assert said in problem["detail"]


@pytest.mark.parametrize(
    ("row", "column", "detail"),
    [
        ("110,Eve,", "number", "110 is no telephone number in JP"),
        ("2125551234,Eve,", "number", "one of another country begins with +"),
        (",Eve,", "number", "it is blank"),
        (f"{EVE},E\x07ve,", "name", "U+0007"),
        (f"{EVE},{'e' * 101},", "name", "at most 100"),
        (f"{EVE},Eve,maybe", "blocked", "'maybe' is neither yes (はい"),
        (f"{EVE},\ue000", "name", "U+E000 is a character that one machine has made up"),
        ("9.07E+09,Eve,", "number", "last digits are gone"),
        (f"{EVE},Eve,no,more", None, "it has 4 cells, and not 3"),
        (f"{AIKO},Eve,", "number", "it is in line 2 already"),
        ("090-1111-0001,Eve,", "number", "it is in line 2 already"),
    ],
)
def test_a_file_with_a_bad_row_changes_nothing_and_says_what_is_wrong_with_it(desk, row, column, detail):
    sheet = f"number,name,blocked\n{AIKO},Aiko,\n{row}\n{BEN},Ben,\n"
    status, problem = sends(desk, sheet)
    assert (status, problem["bad"], everybody(desk)) == (422, 1, {})
    (error,) = problem["errors"]
    assert (error["line"], error["column"]) == (3, column)
    assert detail in error["detail"]
    status, done = sends(desk, sheet, "bad_rows=skip")
    assert (status, done["created"], done["bad"], done["errors"]) == (200, 2, 1, [error])
    assert list(everybody(desk)) == [AIKO, BEN]


def test_lines_are_counted_as_an_editor_does(desk):
    sheet = f'number,notes\n{AIKO},"one\ntwo\nthree"\n\n110,\n'
    assert [one["line"] for one in sends(desk, sheet)[1]["errors"]] == [6]


def test_everything_that_is_wrong_with_a_row_is_said_under_the_files_own_headings(desk):
    errors = sends(desk, "電話番号,氏名,言語,着信拒否\n110,\x07,fr,?\n")[1]["errors"]
    assert [one["column"] for one in errors] == ["着信拒否", "電話番号"]
    errors = sends(desk, f"電話番号,氏名,言語,着信拒否\n{AIKO},\x07,fr,no\n")[1]["errors"]
    assert [one["column"] for one in errors] == ["氏名", "言語"]


def test_what_is_no_csv_any_more_is_said_with_its_line(desk):
    status, problem = sends(desk, f'number,name\n{AIKO},Aiko\n{BEN},"Ben\n')
    assert (status, everybody(desk)) == (422, {})
    assert (problem["errors"][0]["line"], problem["errors"][0]["detail"].partition(":")[0]) == (
        3,
        "from here on it is no CSV",
    )


def test_a_thousand_errors_are_shown_and_all_are_counted(desk):
    status, problem = sends(desk, "number\n" + "1\n" * 1500)
    assert (status, problem["bad"], len(problem["errors"])) == (422, 1500, 1000)


def test_a_file_that_is_too_large_is_refused(desk):
    assert sends(desk, "number\n" + "09011110001\n" * 10_001)[0] == 413
    assert sends(desk, b"a" * 4_000_001)[0] == 413
    assert sends(desk, "{}", kind="application/json")[0] == 415
    assert sends(desk, SHEET, kind="text/csv; charset=klingon")[0] == 415


# ---- when it cannot be written whole ---------------------------------------------------------------------------------


def failing_after(writes: int, how):
    """So many batches are written, and the others are not."""
    left = [writes]

    def trouble(operation, request, carry):
        if operation == "BatchWriteItem":
            left[0] -= 1
            if left[0] < 0:
                return how(operation, request, carry)
        return carry()

    return trouble


@pytest.mark.thorough
@pytest.mark.parametrize("how", [refusing("ThrottlingException"), refusing("AccessDeniedException"), broken])
def test_what_is_not_written_is_told_and_can_be_sent_again(desk, wire, how):
    sheet = many(300)
    with wire.has(failing_after(7, how)):
        status, problem = sends(desk, sheet, seconds=10)
    there = {caller.number for caller in caller.Caller.scan()}
    assert (status, problem["created"], problem["unwritten"]) == (503, len(there), 300 - len(there))
    assert 0 < len(there) <= 7 * 25
    assert {f"+8190{n:08}" for n in range(1, problem["next_line"] - 1)} <= there
    status, done = sends(desk, sheet, f"from_line={problem['next_line']}")
    assert (status, done["created"]) == (200, 300 - len(there))
    assert len(list(caller.Caller.scan())) == 300


def test_what_cannot_be_read_is_not_written(desk, wire):
    def unreadable(operation, request, carry):
        return broken(operation, request, carry) if operation == "BatchGetItem" else carry()

    with wire.has(unreadable):
        status, problem = sends(desk, SHEET)
    assert (status, problem["created"], problem["next_line"], everybody(desk)) == (503, 0, 2, {})


def test_what_dynamodb_has_not_taken_is_written_again(desk, wire):
    takes = []

    def sparing(operation, request, carry):
        """Takes ten of a batch, and leaves the others unprocessed."""
        if operation != "BatchWriteItem":
            return carry()
        ((table, puts),) = request["RequestItems"].items()
        request["RequestItems"] = {table: puts[:10]}
        takes.append(len(puts))
        return carry() | {"UnprocessedItems": {table: puts[10:]} if puts[10:] else {}}

    with wire.has(sparing):
        assert sends(desk, many(25))[1]["created"] == 25
    assert (takes, len(everybody(desk))) == ([25, 15, 5], 25)


def test_a_request_ends_in_time_and_says_from_where_to_go_on(desk):
    status, problem = sends(desk, many(250), seconds=8)
    assert (status, problem["created"], problem["unwritten"], problem["next_line"]) == (503, 0, 250, 2)


def test_a_thousand_rows_are_ten_reads_and_forty_writes(desk, wire):
    with wire.counting() as taken:
        sends(desk, many(1000))
    assert (taken.count("BatchGetItem"), taken.count("BatchWriteItem"), len(taken)) == (10, 40, 50)


# ---- out -------------------------------------------------------------------------------------------------------------


def test_a_sheet_opens_in_excel_and_computes_nothing(desk):
    desk.asks(
        "PUT", f"/api/callers/{quote(AIKO)}", {"name": "=1+1", "company": "-5", "notes": "@home", "tags": ["+", "b"]}
    )
    sheet, headers = fetch(desk)
    assert headers["Content-Type"] == "text/csv; charset=utf-8"
    assert sheet.startswith(b"\xef\xbb\xbfnumber,")
    (row,) = csv.DictReader(io.StringIO(sheet.decode("utf-8-sig")))
    assert {name: row[name] for name in ("number", "name", "company", "notes", "tags")} == {
        "number": f"'{AIKO}",
        "name": "'=1+1",
        "company": "'-5",
        "notes": "'@home",
        "tags": "'+;b",
    }


@pytest.mark.parametrize("query", ["", "headings=ja", "encoding=shift_jis", "encoding=shift_jis&headings=ja"])
def test_what_goes_out_may_come_back_and_changes_nothing(desk, query):
    people = {
        AIKO: {"name": "=cmd", "reading": "やまだ", "notes": '\'=x\n\n"y", z', "tags": ["a", "-b"], "language": "ja"},
        BEN: {"name": "'Ben", "company": "'+Ben's", "blocked": True, "opted_out": True},
        EVE: {"name": "～髙橋①"},
    }
    for number, said in people.items():
        desk.asks("PUT", f"/api/callers/{quote(number)}", said)
    before = everybody(desk)
    sheet, _ = fetch(desk, query)
    assert sends(desk, sheet, kind="application/octet-stream")[1]["unchanged"] == 3
    for number in people:
        desk.send("DELETE", f"/api/callers/{quote(number)}", b"")
    assert sends(desk, sheet, kind="application/octet-stream")[1]["created"] == 3
    dates = {"created_at": None, "updated_at": None, "etag": None}
    assert {number: one | dates for number, one in everybody(desk).items()} == {
        number: one | dates for number, one in before.items()
    }


def test_what_shift_jis_cannot_write_is_not_lost_in_silence(desk):
    desk.asks("PUT", f"/api/callers/{quote(AIKO)}", {"name": "山田〜愛子"})
    assert "山田～愛子" in fetch(desk, "encoding=shift_jis")[0].decode("cp932")  # the same, as Windows writes it
    desk.asks("PUT", f"/api/callers/{quote(AIKO)}", {"name": "Aiko 🎉"})
    status, problem = desk.asks("GET", "/api/callers/export?encoding=shift_jis")
    assert (status, problem["detail"]) == (422, "Line 2 has the character 🎉, which Shift_JIS has not: export as UTF-8")


def test_a_sheet_that_is_too_large_for_one_answer_goes_on_in_the_next(desk):
    sends(desk, many(130))
    seen, url = [], "/api/callers/export?page_size=60&search=caller"
    while url:
        sheet, headers = fetch(desk, url.partition("?")[2])
        rows = list(csv.DictReader(io.StringIO(sheet.decode("utf-8-sig"))))
        seen += [row["number"] for row in rows]
        link = headers.get("Link", "")
        assert not link or link.endswith('; rel="next"')
        url = link.partition(">")[0].removeprefix(f"<{BASE}")
    assert len(seen) == len(set(seen)) == 130


@pytest.mark.thorough
def test_an_answer_is_never_larger_than_lambda_allows(desk):
    notes = "🎉" * 2000
    sends(desk, "number,notes\n" + "".join(f"+8190{n:08},{notes}\n" for n in range(480)))
    sheet, headers = fetch(desk)
    assert 3_000_000 < len(sheet) < 4_300_000
    assert "Link" in headers
