"""What a client sends: read without losing anything, and without believing anything; and long lists in pages."""

import base64
import contextlib
import itertools
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import OWN_SECRET
from toritsugi.foundation import forms, pages
from toritsugi.foundation.errors import RequestRefused
from toritsugi.foundation.forms import Form

of_one_exchange = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
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


def place_of(number):
    return pages.place_at(f"{number:03}", "KN")


def read_page(items, query, newest_first=False):
    """A page of a list that is as it is now, and the query that follows from each of its links."""
    read, back = pages.by_place(items, place_of, newest_first)
    answer = pages.render("items", "https://example.com/v1/Items", query, read, lambda item: {"n": item}, back)
    urls = (answer["meta"][name] for name in ("next_page_url", "previous_page_url"))
    return answer, *(url and dict(parse_qsl(urlsplit(url).query)) for url in urls)


@of_one_exchange
@given(st.sets(st.integers(0, 99), max_size=30), st.integers(1, 7), st.booleans())
def test_whoever_follows_the_pages_reads_the_whole_list_once_and_all_the_way_back(secrets, items, size, newest_first):
    following, seen = {"PageSize": str(size)}, []
    while following:
        answer, following, previous = read_page(items, following, newest_first)
        assert answer["meta"]["page"] == len(seen)
        assert len(answer["items"]) <= size
        seen.append([item["n"] for item in answer["items"]])
    assert list(itertools.chain(*seen)) == sorted(items, reverse=newest_first)
    for page in reversed(seen[:-1]):
        answer, _, previous = read_page(items, previous, newest_first)
        assert [item["n"] for item in answer["items"]] == page


@of_one_exchange
@given(
    st.sets(st.integers(0, 99), min_size=1, max_size=30),
    st.lists(st.tuples(st.sets(st.integers(0, 99)), st.sets(st.integers(0, 99))), min_size=1, max_size=30),
    st.integers(1, 4),
    st.booleans(),
)
def test_what_is_there_all_the_time_is_on_one_page_whatever_comes_and_goes(secrets, items, changes, size, newest_first):
    there, always, seen, following = set(items), set(items), [], {"PageSize": str(size)}
    for gone, come in itertools.cycle(changes):
        answer, following, _ = read_page(there, following, newest_first)
        seen += [item["n"] for item in answer["items"]]
        if not following:
            break
        there = (there - gone) | come
        always &= there
    assert len(seen) == len(set(seen))
    assert always <= set(seen)


def test_a_page_says_where_it_is_and_where_the_first_and_the_next_are(secrets):
    query = {"Search": "a b", "PageSize": "2", "Page": "3", "PageToken": pages.seal_token(place_of(3), "/Items")}
    read, _ = pages.by_place(range(9), place_of)
    meta = pages.render("items", "https://x.test/Items", query, read, lambda item: item)["meta"]
    asked = "https://x.test/Items?Search=a+b&PageSize=2"
    assert meta["first_page_url"] == f"{asked}&Page=0"
    assert meta["url"] == f"{asked}&Page=3&PageToken={query['PageToken']}"
    following = pages.seal_token(place_of(5), "/Items")
    assert meta["next_page_url"] == f"{asked}&Page=4&PageToken={following}"


@pytest.mark.parametrize(
    ("of", "place"), [("/v1/Others", "003#KN"), ("/v1/Items/", "003#KN"), ("/v1", "/Items 003#KN"), ("", "")]
)
def test_a_token_of_another_list_is_refused_by_the_name_of_the_parameter(secrets, of, place):
    with pytest.raises(RequestRefused, match=r"^PageToken: .*follow next_page_url"):
        read_page(range(9), {"PageToken": pages.seal_token(place, of)})


def test_a_token_of_before_the_secret_changed_is_taken_until_it_is_gone(secrets):
    token = pages.seal_token("003#KN", "/v1/Items")
    secrets("new", OWN_SECRET)
    assert pages.open_token(token, "/v1/Items") == "003#KN"
    secrets("new")
    with pytest.raises(RequestRefused, match="none of this list's"):
        pages.open_token(token, "/v1/Items")


@of_one_exchange
@given(st.text(max_size=40))
def test_a_token_is_opened_as_it_was_sealed_and_no_text_of_a_clients_crashes(secrets, text):
    assert pages.open_token(pages.seal_token(text, "/v1/Items"), "/v1/Items") == text
    query, (read, _) = {"PageToken": text, "PageSize": text, "Page": text}, pages.by_place([1, 2, 3], place_of)
    with contextlib.suppress(RequestRefused):
        assert pages.render("items", "https://example.com", query, read, lambda item: {"n": item})
