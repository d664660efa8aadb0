"""What a client sends: read without losing anything, and without believing anything; and long lists in pages."""

import base64
import contextlib
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toritsugi.foundation import forms, pages
from toritsugi.foundation.errors import RequestRefused
from toritsugi.foundation.forms import Form

PAIRS = st.lists(st.tuples(st.sampled_from(["A", "B", "C"]), st.text(max_size=5)))


@given(PAIRS)
def test_a_form_loses_neither_blank_nor_repeated_fields(pairs):
    form = Form(urlencode(pairs))
    for name in "ABC":
        assert form.getlist(name) == [value for key, value in pairs if key == name]
        assert (name in form) == any(key == name for key, _ in pairs)
    assert set(form) == {name for name, _ in pairs}


@pytest.mark.parametrize("event", [{}, {"body": None}, {"body": "", "isBase64Encoded": True}])
def test_a_body_that_is_not_there_is_empty(event):
    assert forms.read_body(event) == b""


def test_a_body_is_the_same_in_base64_and_plain():
    plain = {"body": "A=あ"}
    encoded = {"body": base64.b64encode("A=あ".encode()).decode(), "isBase64Encoded": True}
    assert forms.read_body(plain) == forms.read_body(encoded) == "A=あ".encode()


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (lambda f: f.integer("X", 0, 9), "9", 9),
        (lambda f: f.boolean("X"), "True", True),
        (lambda f: f.boolean("X"), "false", False),
        (lambda f: f.choice("X", ("a", "b")), "b", "b"),
        (lambda f: f.url("X"), "https://example.com/a?b=c", "https://example.com/a?b=c"),
        (lambda f: f.url("X"), "", ""),
        (lambda f: f.moment("X"), "2026-11-21T09:30:00Z", 1795253400),
        (lambda f: f.moment("X"), "2026-11-21T09:30:00", 1795253400),
        (lambda f: f.moment("X"), "2026-11-21T18:30:00.9+09:00", 1795253400),
        (lambda f: f.moment("X"), "9999-12-31T23:59:59Z", 253402300799),
        (lambda f: f.text("X", most=3), "abc", "abc"),
    ],
)
def test_a_field_is_read_as_what_it_is_meant_to_be_and_as_nothing_when_it_is_absent(read, text, value):
    assert read(Form(urlencode({"X": text}))) == value
    assert read(Form("")) is None


@pytest.mark.parametrize(
    ("read", "body"),
    [
        (lambda f: f.integer("X", 0, 9), "X=10"),
        (lambda f: f.integer("X", 0, 9), "X=-1"),
        (lambda f: f.integer("X", 0, 9), "X=1e0"),
        (lambda f: f.integer("X", 0, 9), "X="),
        (lambda f: f.boolean("X"), "X=1"),
        (lambda f: f.choice("X", ("a",)), "X=A"),
        (lambda f: f.url("X"), "X=javascript:alert"),
        (lambda f: f.url("X"), "X=https://"),
        (lambda f: f.url("X"), "X=https://example.com:0/"),
        (lambda f: f.url("X"), "X=https://example.com:x/"),
        (lambda f: f.url("X"), "X=https://[::1/"),
        (lambda f: f.url("X"), "X=https://me@example.com/"),
        (lambda f: f.url("X"), "X=https://example.com/%23a"),
        (lambda f: f.url("X"), "X=https://example.com/%7F"),
        (lambda f: f.url("X"), "X=https://%E5%B1%B1.example.com/"),
        (lambda f: f.moment("X"), "X=soon"),
        (lambda f: f.moment("X"), "X="),
        (lambda f: f.moment("X"), "X=9999-12-31T23:59:59-14:00"),
        (lambda f: f.text("X", most=3), "X=abcd"),
        (lambda f: f.text("X"), "X=a&X=a"),
    ],
)
def test_a_field_that_is_wrong_is_refused_by_name(read, body):
    with pytest.raises(RequestRefused, match="'X' is invalid") as refusal:
        read(Form(body))
    assert refusal.value.code == 80701


@given(st.integers(0, 4_000_000_000))
def test_a_date_is_written_as_the_sdk_reads_it(moment):
    written = forms.date(moment + 0.9)
    assert datetime.strptime(written, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp() == moment


def test_never_is_no_date():
    assert forms.date(None) is None


@given(st.lists(st.integers(), max_size=30), st.integers(1, 7))
def test_whoever_follows_the_pages_reads_the_whole_list_once(items, size):
    query, read = {"PageSize": str(size)}, []
    for page in range(len(items) + 1):
        answer = pages.render(
            "items", "https://example.com/v1/Items", query, pages.slices(items), lambda item: {"n": item}
        )
        assert answer["meta"]["page"] == page
        assert len(answer["items"]) <= size
        read += [item["n"] for item in answer["items"]]
        following = answer["meta"]["next_page_url"]
        if following is None:
            break
        query = {name: values[0] for name, values in parse_qs(urlsplit(following).query).items()}
    assert read == items


def test_a_page_says_where_it_is_and_where_the_first_and_the_next_are():
    query = {"Search": "a b", "PageSize": "2", "Page": "3", "PageToken": pages.seal_token("4")}
    meta = pages.render("items", "https://x.test/Items", query, pages.slices(list(range(9))), lambda item: item)["meta"]
    asked = "https://x.test/Items?Search=a+b&PageSize=2"
    assert meta["first_page_url"] == f"{asked}&Page=0"
    assert meta["url"] == f"{asked}&Page=3&PageToken={query['PageToken']}"
    assert meta["next_page_url"] == f"{asked}&Page=4&PageToken={pages.seal_token('6')}"


@given(st.text(max_size=40))
def test_a_token_is_opened_as_it_was_sealed_and_no_text_of_a_clients_crashes(text):
    if text:
        assert pages.open_token(pages.seal_token(text)) == text
    query = {"PageToken": text, "PageSize": text, "Page": text}
    with contextlib.suppress(RequestRefused):
        assert pages.render("items", "https://example.com", query, pages.slices([1, 2, 3]), lambda item: {"n": item})
