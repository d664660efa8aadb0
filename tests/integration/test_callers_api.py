"""Callers through the REST API: written down, changed, listed in the order of the alphabet, found, and forgotten."""

import json
from unittest.mock import ANY
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from tests.integration.conftest import AIKO, BEN, EVE, NOON
from tests.integration.wire import refusing
from toritsugi.callers import caller
from toritsugi.lines.directory import Entry

AIKO_SHOWN = {
    "number": AIKO,
    "name": "山田 愛子",
    "reading": "やまだ あいこ",
    "language": "ja-JP",
    "company": "山田商店",
    "notes": "二度目のお電話\n折り返し希望",
    "tags": ["VIP", "常連"],
    "blocked": False,
    "opted_out": False,
    "created_at": "2026-11-21T03:00:00Z",
    "updated_at": "2026-11-21T03:00:00Z",
    "etag": ANY,
}
SAID = {name: AIKO_SHOWN[name] for name in ("name", "reading", "company", "notes", "tags")} | {"language": "ja"}


def path(number: str, country: str = "") -> str:
    return f"/api/callers/{quote(number, safe='')}" + (f"?country={country}" if country else "")


def names(desk, search: str = "", **query: str) -> list[str]:
    status, page = desk.asks("GET", f"/api/callers?search={quote(search)}")
    assert status == 200, page
    return [one["name"] for one in page["callers"]]


def write_down(desk, **people: str) -> None:
    """Callers by name, and what else is said of them; each has a number of its own."""
    for n, (name, reading) in enumerate(people.items()):
        assert desk.asks("PUT", path(f"+81902222{n:04}"), {"name": name, "reading": reading})[0] == 201


# ---- one caller ------------------------------------------------------------------------------------------------------


def test_a_caller_is_written_down_once_and_then_in_place_of_what_was_known(desk, clock):
    assert desk.asks("PUT", path(AIKO), SAID) == (201, AIKO_SHOWN)
    assert desk.asks("GET", path(AIKO)) == (200, AIKO_SHOWN)
    clock.shift(60)
    status, seen = desk.asks("PUT", path(AIKO), {"name": "Aiko"})
    assert (status, seen["name"], seen["reading"], seen["tags"]) == (200, "Aiko", None, [])
    assert (seen["created_at"], seen["updated_at"]) == ("2026-11-21T03:00:00Z", "2026-11-21T03:01:00Z")


def test_the_same_said_twice_is_said_once(desk, clock):
    first, again = (desk.asks("PUT", path(AIKO), SAID) for _ in range(2))
    assert (first[0], again[0], first[1] | {"etag": ANY}) == (201, 200, again[1])
    assert len(desk.asks("GET", "/api/callers")[1]["callers"]) == 1


@pytest.mark.parametrize(
    ("written", "country"),
    [
        ("+819011110001", ""),
        ("09011110001", ""),
        ("090-1111-0001", "JP"),
        ("０９０（１１１１）０００１", ""),
        ("090ー1111ー0001", ""),
        ("+81 90 1111 0001", "US"),
        ("+81 (0)90-1111-0001", ""),
    ],
)
def test_a_number_is_written_as_people_write_it(desk, written, country):
    desk.asks("PUT", path(AIKO), {"name": "Aiko"})
    assert desk.asks("GET", path(written, country))[1]["name"] == "Aiko"


@pytest.mark.parametrize(
    ("written", "country"),
    [
        ("2125551234", ""),  # a number of New York is none in Japan
        ("09011110001", "US"),
        ("+81", ""),
        ("+99912345678", ""),
        ("110", ""),
        ("aiko", ""),
        ("090-1111-0001 ext. 5", ""),
        ("090+11110001", ""),
        ("+", ""),
        (" ", ""),
        ("1" * 300, ""),
        ("١٢٣", ""),
    ],
)
def test_what_is_no_number_is_refused(desk, written, country):
    for method, body in (("GET", None), ("PUT", {"name": "Aiko"}), ("PATCH", {}), ("DELETE", None)):
        status, said = desk.asks(method, path(written, country), body)
        assert (status, said["code"]) == (400, 21211)


def test_a_country_is_one(desk):
    status, said = desk.asks("GET", path("09011110001", "XX"))
    assert (status, said["errors"][0]["pointer"]) == (422, "/country")


def test_what_is_not_said_of_a_caller_stays_as_it_was(desk, clock):
    desk.asks("PUT", path(AIKO), SAID)
    assert desk.asks("PATCH", path(AIKO), {"blocked": True}) == (200, AIKO_SHOWN | {"blocked": True})
    changed = {"name": "佐藤愛子", "company": None}
    assert desk.asks("PATCH", path(AIKO), changed) == (200, AIKO_SHOWN | {"blocked": True} | changed)
    assert (names(desk, "佐藤"), names(desk, "山田商店")) == (["佐藤愛子"], [])


def test_nobody_is_changed_shown_or_forgotten_who_is_not_known(desk):
    for method, body in (("GET", None), ("PATCH", {"blocked": True}), ("DELETE", None)):
        status, said = desk.asks(method, path(AIKO), body)
        assert (status, said["code"]) == (404, 20404)


def test_a_forgotten_caller_is_known_no_more_but_still_wants_no_messages(desk):
    desk.asks("PUT", path(AIKO), SAID | {"opted_out": True})
    assert desk.send("DELETE", path(AIKO), b"")["statusCode"] == 204
    assert desk.asks("GET", path(AIKO))[0] == 404
    assert names(desk) == names(desk, "山田") == []
    assert [entry.entry for entry in Entry.query(AIKO)] == ["opt-out"]
    assert desk.asks("PUT", path(AIKO), SAID)[1]["opted_out"]


def test_that_no_messages_are_wanted_stays_until_it_is_said(desk, clock):
    desk.asks("PUT", path(AIKO), {"name": "Aiko", "opted_out": True})
    clock.shift(60)
    assert desk.asks("PUT", path(AIKO), {"name": "Aiko"})[1]["opted_out"]
    assert desk.asks("PATCH", path(AIKO), {"opted_out": True})[1]["opted_out"]
    assert caller.OptOut.get(*caller.opt_out_key(AIKO)).at == NOON.timestamp()
    assert not desk.asks("PATCH", path(AIKO), {"opted_out": False})[1]["opted_out"]


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"name": "Ai\x07ko"}, "/name"),
        ({"name": "Aiko\nBen"}, "/name"),
        ({"name": "Ai\u2028ko"}, "/name"),
        ({"reading": "\u202eokiA"}, "/reading"),
        ({"name": "\ud800"}, "/name"),
        ({"company": "\uffff"}, "/company"),
        ({"notes": "\x00"}, "/notes"),
        ({"name": "a" * 101}, "/name"),
        ({"notes": "a" * 2001}, "/notes"),
        ({"tags": ["a"] * 21}, "/tags"),
        ({"tags": ["a", "b;c"]}, "/tags/1"),
        ({"tags": [" "]}, "/tags/0"),
        ({"tags": "VIP"}, "/tags"),
        ({"language": "fr-FR"}, "/language"),
        ({"language": "ja_JP"}, "/language"),
        ({"blocked": "yes"}, "/blocked"),
        ({"blocked": None}, "/blocked"),
        ({"nickname": "Ai"}, "/nickname"),
        ({"name": 5}, "/name"),
    ],
)
def test_what_may_not_be_said_of_a_caller_is_refused_with_its_place(desk, said, pointer):
    desk.asks("PUT", path(AIKO), {"name": "Aiko"})
    for method in ("PUT", "PATCH"):
        status, problem = desk.asks(method, path(AIKO), said)
        assert (status, [one["pointer"] for one in problem["errors"]]) == (422, [pointer])
    assert names(desk) == ["Aiko"]


def test_blank_is_nothing(desk):
    seen = desk.asks("PUT", path(AIKO), {"name": "  ", "reading": " ", "language": "", "notes": "\n", "tags": []})[1]
    assert (seen["name"], seen["reading"], seen["language"], seen["notes"]) == ("", None, None, None)


# ---- at the same time ------------------------------------------------------------------------------------------------


def overtaken(by):
    """Just before the first write, somebody else does this."""
    left = [by]

    def trouble(operation, request, carry):
        if operation == "PutItem" and left:
            left.pop()()
        return carry()

    return trouble


def test_of_two_who_change_a_caller_at_once_neither_loses_the_others_change(desk, wire):
    desk.asks("PUT", path(AIKO), {"name": "Aiko"})
    with wire.has(overtaken(lambda: desk.asks("PATCH", path(AIKO), {"name": "愛子"}))):
        status, seen = desk.asks("PATCH", path(AIKO), {"company": "山田商店"})
    assert (status, seen["name"], seen["company"]) == (200, "愛子", "山田商店")
    assert names(desk, "愛子") == names(desk, "山田商店") == ["愛子"]


def test_a_caller_who_is_forgotten_meanwhile_is_not_brought_back_by_a_change(desk, wire):
    desk.asks("PUT", path(AIKO), {"name": "Aiko"})
    with wire.has(overtaken(lambda: desk.send("DELETE", path(AIKO), b""))):
        assert desk.asks("PATCH", path(AIKO), {"company": "山田商店"})[0] == 404


def test_of_two_who_write_down_the_same_caller_one_was_first(desk, wire):
    statuses = []
    with wire.has(overtaken(lambda: statuses.append(desk.asks("PUT", path(AIKO), {"name": "Aiko"})[0]))):
        statuses.append(desk.asks("PUT", path(AIKO), {"name": "愛子"})[0])
    assert (statuses, names(desk)) == ([201, 200], ["愛子"])


def test_whoever_is_always_overtaken_is_told(desk, wire):
    desk.asks("PUT", path(AIKO), {"name": "Aiko"})

    def always(operation, request, carry):
        return (
            refusing("ConditionalCheckFailedException")(operation, request, carry)
            if operation == "PutItem"
            else carry()
        )

    with wire.has(always):
        assert desk.asks("PATCH", path(AIKO), {"blocked": True})[0] == 409


# ---- lists and searches ----------------------------------------------------------------------------------------------


def test_callers_are_listed_in_the_order_of_the_alphabet_by_their_reading(desk):
    write_down(desk, 山田="やまだ", 阿部="アベ", Carol="", bob="", Ben="", 加藤="ｶﾄｳ")
    desk.asks("PUT", path(AIKO), {"blocked": True})
    assert names(desk) == ["", "Ben", "bob", "Carol", "阿部", "加藤", "山田"]


def test_pages_follow_each_other_without_a_gap_or_a_repetition(desk):
    people = {f"caller {n:03}": "" for n in range(57)}
    write_down(desk, **people)
    seen, url = [], "/api/callers?page_size=10"
    while url:
        page = desk.asks("GET", url)[1]
        assert len(page["callers"]) <= 10
        seen += [one["name"] for one in page["callers"]]
        url = (page["meta"]["next_page_url"] or "").partition("example.com")[2]
    assert seen == list(people)


def test_the_pages_of_a_search_are_of_that_search(desk):
    write_down(desk, **{f"{kind} {n}": "" for n in range(6) for kind in ("dog", "cat")})
    page = desk.asks("GET", "/api/callers?search=cat&page_size=4")[1]
    following = page["meta"]["next_page_url"].partition("example.com")[2]
    assert [one["name"] for one in desk.asks("GET", following)[1]["callers"]] == ["cat 4", "cat 5"]


@pytest.mark.parametrize(
    "search",
    [
        "山田",
        "やまだ",
        "ヤマダ",
        "ﾔﾏﾀﾞ",
        "山田愛子",
        "山田　愛子",
        "商店",
        "090-1111",
        "1111-0001",
        "０９０１１１１",
        "+81901",
        "+81 90-1111",
        "0001",
    ],
)
def test_a_caller_is_found_by_a_part_of_a_name_reading_company_or_number(desk, search):
    desk.asks("PUT", path(AIKO), SAID)
    desk.asks("PUT", path(BEN), {"name": "Ben"})
    assert names(desk, search) == ["山田 愛子"]


def test_a_search_minds_neither_case_nor_width(desk):
    desk.asks("PUT", path(BEN), {"name": "Ben Straße", "company": "７-Ｅｌｅｖｅｎ"})
    for search in ("BEN", "ｂｅｎ", "STRASSE", "7-eleven", "7-"):
        assert names(desk, search) == ["Ben Straße"], search
    assert names(desk, "elevenben") == []  # of two fields


def test_a_search_for_nothing_finds_everybody(desk):
    write_down(desk, Aiko="", Ben="")
    assert names(desk, " ") == names(desk, "") == ["Aiko", "Ben"]


def test_a_list_shows_who_wants_no_messages(desk):
    desk.asks("PUT", path(AIKO), {"name": "Aiko", "opted_out": True})
    desk.asks("PUT", path(EVE), {"name": "Eve"})
    assert [one["opted_out"] for one in desk.asks("GET", "/api/callers")[1]["callers"]] == [True, False]


def test_a_list_leaves_out_whom_its_index_has_not_forgotten_yet(desk, wire):
    write_down(desk, Aiko="", Ben="")

    def lagging(operation, request, carry):
        if operation == "BatchGetItem":
            caller.Caller(*caller.caller_key("+819022220000")).delete(add_version_condition=False)
        return carry()

    with wire.has(lagging):
        assert names(desk) == ["Ben"]


@pytest.mark.parametrize("token", ["PT", "PT!", "nonsense", "PT" + "A" * 2000, "PT%F0%9F%98%80"])
def test_a_token_that_is_none_of_ours_is_refused(desk, token):
    status, said = desk.asks("GET", f"/api/callers?page_token={token}")
    assert (status, said["detail"]) == (400, "page_token: it is none of this list's: follow next_page_url as it is")


def test_a_page_of_a_list_takes_two_round_trips_in_a_row_and_a_caller_one(desk, wire):
    write_down(desk, **{f"caller {n}": "" for n in range(30)})
    with wire.counting() as page:
        desk.asks("GET", "/api/callers?page_size=10")
    with wire.counting() as caller:
        desk.asks("GET", path("+819022220000"))
    assert (page, caller) == (["Query"] * 8 + ["BatchGetItem"], ["BatchGetItem"])  # the eight side by side


# ---- who may ---------------------------------------------------------------------------------------------------------


def test_a_key_must_be_for_callers(desk):
    from tests.integration.calls import Desk
    from toritsugi.foundation import api_keys

    api_keys.create_key("SK" + "b" * 32, "other", ("calls:read", "callers:read"))
    reader = Desk("SK" + "b" * 32, "other")
    assert reader.asks("GET", "/api/callers")[0] == 200
    assert [reader.asks(method, path(AIKO), {})[0] for method in ("PUT", "PATCH", "DELETE")] == [403] * 3


# ---- whatever is sent ------------------------------------------------------------------------------------------------

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=20)
    | st.sampled_from(["\ud800", "\x00", "ja", "é" * 101]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ["name", "reading", "language", "company", "notes", "tags", "blocked", "opted_out"]
bodies = st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=8), anything, max_size=6)
numbers = st.sampled_from([AIKO, "090-1111-0001", "%", "%ff", "+"]) | st.text(min_size=1, max_size=12)


@pytest.mark.thorough
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["PUT", "PATCH", "GET", "DELETE"]), numbers, bodies, st.text(max_size=8))
def test_whatever_is_sent_is_done_or_refused_and_never_a_failure_of_ours(desk, method, number, body, search):
    said = None if method in ("GET", "DELETE") else body
    answer = desk.send(method, path(number), b"" if said is None else json.dumps(said).encode())
    event(f"{method} {answer['statusCode']}")
    assert answer["statusCode"] < 500, answer
    token = f"&page_token={quote(number)}" if method == "GET" else ""
    answer = desk.send("GET", f"/api/callers?search={quote(search)}{token}", b"")
    event(f"search {answer['statusCode']}")
    assert answer["statusCode"] < 500, answer
