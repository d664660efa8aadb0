"""Receptions through our own REST API: written down, checked, kept in versions, drawn, given to lines, deleted."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.calls import Desk
from tests.integration.conftest import AIKO, LINES
from tests.integration.test_calls_refused import departures, document  # noqa: F401  a fixture
from tests.integration.wire import Died, conflicting, dying
from toritsugi.foundation import api_keys
from toritsugi.foundation.conflicts import MAX_CONFLICT_TRIES
from toritsugi.foundation.errors import Contended
from toritsugi.lines.lines import find_line
from toritsugi.receptions import publishing, records

HELLO = "# What we say\nsteps:\n  hello: {say: Good morning}\n"
YAML = "application/yaml"


def puts(desk, name, text, kind=YAML):
    """Writes a reception down: the status, and what is answered."""
    answer = desk.send("PUT", f"/api/receptions/{name}", text.encode(), headers={"Content-Type": kind})
    return answer["statusCode"], json.loads(answer["body"])


def fetches(desk, path, **headers):
    answer = desk.send("GET", path, b"", headers=headers)
    kind = {name.lower(): value for name, value in answer["headers"].items()}["content-type"]
    return answer["statusCode"], kind, answer["body"]


def owned(number):
    return {"sid": "PN" + number[1:].zfill(32), "phone_number": number, "webhooks": {}}


def says(words):
    return HELLO.replace("Good morning", words)


def said_at(number):
    line = find_line(number)
    return line.document["steps"]["hello"]["say"], line.version


# ---- written down ----------------------------------------------------------------------------------------------------


def test_a_reception_is_written_down_in_yaml_and_comes_back_as_it_was_written(desk, clock):
    assert puts(desk, "desk", HELLO) == (
        201,
        {
            "name": "desk",
            "version": 1,
            "lines": [],
            "created_at": "2026-11-21T03:00:00Z",
            "updated_at": "2026-11-21T03:00:00Z",
            "etag": '"1"',
            "warnings": [],
        },
    )
    assert fetches(desk, "/api/receptions/desk", Accept=YAML) == (200, "application/yaml; charset=utf-8", HELLO)
    status, seen = desk.asks("GET", "/api/receptions/desk")
    assert (status, seen["version"], seen["document"]) == (
        200,
        1,
        {
            "language": "ja-JP",
            "timezone": "Asia/Tokyo",
            "start": "hello",
            "steps": {"hello": {"kind": "say", "say": "Good morning"}},
            "texts": [],
        },
    )


def test_a_reception_may_be_written_in_json(desk):
    text = json.dumps({"steps": {"hello": {"say": "おはようございます"}}})
    assert puts(desk, "desk", text, "application/json")[0] == 201
    assert fetches(desk, "/api/receptions/desk", Accept=YAML) == (200, "application/yaml; charset=utf-8", text)


def test_each_change_is_a_version_and_the_same_again_is_none(desk, clock):
    assert puts(desk, "desk", says("one"))[1]["version"] == 1
    clock.shift(60)
    status, saved = puts(desk, "desk", says("two"))
    assert (status, saved["version"], saved["updated_at"]) == (200, 2, "2026-11-21T03:01:00Z")
    assert saved["created_at"] == "2026-11-21T03:00:00Z"
    clock.shift(60)
    again, seen = puts(desk, "desk", says("two"))
    assert (again, seen) == (200, saved)
    assert "one" in fetches(desk, "/api/receptions/desk?version=1", Accept=YAML)[2]
    assert desk.asks("GET", "/api/receptions/desk?version=1")[1]["document"]["steps"]["hello"]["say"] == "one"
    listed = desk.asks("GET", "/api/receptions/desk/versions")[1]["versions"]
    assert [(one["version"], one["content_type"], one["created_at"]) for one in listed] == [
        (2, YAML, "2026-11-21T03:01:00Z"),
        (1, YAML, "2026-11-21T03:00:00Z"),
    ]


def test_a_version_that_is_not_there_is_not_found(desk):
    puts(desk, "desk", HELLO)
    assert desk.asks("GET", "/api/receptions/desk?version=2")[0] == 404
    assert desk.asks("GET", "/api/receptions/desk?version=0")[0] == 422


def test_receptions_are_listed_by_name_page_by_page(desk):
    for name in ("night", "desk", "Clinic-2", "a"):
        puts(desk, name, HELLO)
    first = desk.asks("GET", "/api/receptions?page_size=3")[1]
    assert [one["name"] for one in first["receptions"]] == ["Clinic-2", "a", "desk"]
    _, rest = desk.asks("GET", first["meta"]["next_page_url"].removeprefix("https://exchange.example.com"))
    assert ([one["name"] for one in rest["receptions"]], rest["meta"]["next_page_url"]) == (["night"], None)


def test_versions_are_listed_page_by_page(desk):
    for number in range(5):
        puts(desk, "desk", says(str(number)))
    found, path = [], "/api/receptions/desk/versions?page_size=2"
    while path:
        page = desk.asks("GET", path)[1]
        found += [one["version"] for one in page["versions"]]
        path = (page["meta"]["next_page_url"] or "").removeprefix("https://exchange.example.com")
    assert found == [5, 4, 3, 2, 1]


def test_a_process_remembers_the_latest_two_hundred_versions():
    records.forget_documents()
    for number in range(202):
        records.remember_document("desk", number, {"number": number})
    assert list(records._remembered_documents) == [("desk", number) for number in range(2, 202)]
    records.forget_documents()


@pytest.mark.parametrize(
    "path", ["/api/receptions/nobody", "/api/receptions/nobody/versions", "/api/receptions/nobody/picture"]
)
def test_a_reception_that_is_not_there_is_not_found(desk, path):
    assert desk.asks("GET", path)[0] == 404
    assert desk.asks("DELETE", "/api/receptions/nobody")[0] == 404


# ---- mistakes --------------------------------------------------------------------------------------------------------


def test_mistakes_come_with_line_and_step_and_nothing_is_kept(desk):
    wrong = "steps:\n  hello: {say: Good morning, nxet: bye}\n  bye: {voicemail: '', seconds: 1}\n"
    status, said = puts(desk, "desk", wrong)
    assert (status, said["title"]) == (422, "Unprocessable Entity")
    assert said["detail"].startswith("line 2, step hello: `nxet` means nothing here; did you mean next?; line 3")
    assert said["errors"] == [
        {"line": 2, "step": "hello", "detail": "`nxet` means nothing here; did you mean next?"},
        {
            "line": 3,
            "step": "bye",
            "detail": "`voicemail`: words are text, like Good morning, or one text for each language",
        },
        {"line": 3, "step": "bye", "detail": "`seconds` must be 5 or more"},
    ]
    assert desk.asks("GET", "/api/receptions/desk")[0] == 404


def test_what_is_only_strange_is_a_warning(desk):
    menu = "steps:\n  a: {menu: '1?', keys: {1: b}, otherwise: a}\n  b: {hangup: true}\n"
    status, saved = puts(desk, "desk", menu)
    assert (status, [one["step"] for one in saved["warnings"]]) == (201, ["a"])


def test_a_document_can_be_checked_and_nothing_is_kept(desk):
    answer = desk.send("POST", "/api/receptions/check", HELLO.encode(), headers={"Content-Type": "text/yaml"})
    assert answer["statusCode"] == 200
    assert json.loads(answer["body"])["document"]["start"] == "hello"
    assert desk.asks("GET", "/api/receptions")[1]["receptions"] == []
    assert desk.send("POST", "/api/receptions/check", b"a", headers={"Content-Type": YAML})["statusCode"] == 422


@pytest.mark.parametrize(
    ("sent", "kind", "status"),
    [
        (b"", YAML, 422),
        (b"steps: {", YAML, 422),
        (b"[]", "application/json", 422),
        (b"{", "application/json", 422),
        ("steps: {a: {say: é}}".encode("latin-1"), YAML, 400),
        ("steps: {a: {say: 再配達}}".encode("cp932"), YAML, 400),
        (b"#" * 65_537, YAML, 413),
        (b"steps: {a: {say: x}}", "text/plain", 415),
        (b"steps: {a: {say: x}}", "multipart/form-data", 415),
        (b'\xef\xbb\xbfsteps: {a: {say: "x"}}', YAML, 201),
    ],
)
def test_what_cannot_be_read_is_refused(desk, sent, kind, status):
    answer = desk.send("PUT", "/api/receptions/desk", sent, headers={"Content-Type": kind})
    assert answer["statusCode"] == status, answer


KINDS = [YAML, "application/json", "text/yaml", "text/plain", "", "application/yaml; charset=shift_jis", "\u3042"]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=80) | st.text(max_size=80).map(str.encode), st.sampled_from(KINDS), st.booleans())
def test_no_bytes_break_anything(desk, sent, kind, keeps):
    """150 requests at random; the documents themselves are fuzzed in tests/unit/test_reception_bad_input.py."""
    method, path = ("PUT", "/api/receptions/desk") if keeps else ("POST", "/api/receptions/check")
    answer = desk.send(method, path, sent, headers={"Content-Type": kind})
    assert answer["statusCode"] in (200, 201, 400, 413, 415, 422), answer
    assert json.loads(answer["body"])


def test_a_megabyte_is_refused_before_anybody_reads_it(desk):
    for kind in (YAML, "application/json"):
        answer = desk.send("PUT", "/api/receptions/desk", b"[" * 1_000_000, headers={"Content-Type": kind})
        assert answer["statusCode"] == 413


@pytest.mark.parametrize("name", ["a" * 41, "受付", "a.b", "a%20b"])
def test_a_name_is_of_letters_and_digits(desk, name):
    assert puts(desk, name, HELLO)[0] == 422
    assert desk.asks("GET", "/api/receptions")[1]["receptions"] == []


def test_a_key_needs_the_scope_of_receptions(desk):
    api_keys.create_key("SK" + "b" * 32, "other", ("receptions:read",))
    reader = Desk("SK" + "b" * 32, "other")
    assert reader.asks("GET", "/api/receptions")[0] == 200
    assert puts(reader, "desk", HELLO)[0] == 403


def test_answers_are_as_the_document_says(desk, document):  # noqa: F811
    for text in (HELLO, "steps: {a: {say: 5, b: 6}}"):
        answer = desk.send("PUT", "/api/receptions/desk", text.encode(), headers={"Content-Type": YAML})
        assert departures(document, answer, "put", "/api/receptions/{name}") == []
    for path in ("", "/{name}", "/{name}/versions"):
        answer = desk.send("GET", "/api/receptions" + path.format(name="desk"), b"")
        assert departures(document, answer, "get", "/api/receptions" + path) == []


# ---- at lines --------------------------------------------------------------------------------------------------------


def test_a_new_version_counts_at_its_lines_at_once_in_one_transaction(desk, wire):
    puts(desk, "desk", says("one"))
    for line in LINES:
        publishing.give_line(line, owned(line), "desk")
    with wire.counting() as operations:
        assert puts(desk, "desk", says("two"))[1]["lines"] == LINES
    assert operations.count("TransactWriteItems") == 1
    assert {said_at(line) for line in LINES} == {("two", 2)}


def test_a_reception_has_more_lines_than_fit_into_a_transaction(desk, wire):
    puts(desk, "desk", says("one"))
    many = [f"+8150111{number:05}" for number in range(120)]
    for line in many:
        publishing.give_line(line, owned(line), "desk")
    with wire.counting() as operations:
        assert len(puts(desk, "desk", says("two"))[1]["lines"]) == 120
    assert operations.count("TransactWriteItems") == 2
    assert {said_at(line) for line in many} == {("two", 2)}


def test_who_dies_on_the_way_to_the_last_lines_only_has_to_say_it_again(desk, wire):
    puts(desk, "desk", says("one"))
    many = [f"+8150111{number:05}" for number in range(100)]
    for line in many:
        publishing.give_line(line, owned(line), "desk")
    new = records.get_document("desk", 1) | {"language": "en-US"}
    writes = [0]

    def die(operation, request, carry):
        writes[0] += operation == "TransactWriteItems"
        if operation == "TransactWriteItems" and writes[0] == 2:
            raise Died
        return carry()

    with wire.has(die), pytest.raises(Died):
        publishing.save_reception("desk", "new", YAML, new)
    assert {find_line(line).version for line in many} == {1, 2}
    assert publishing.save_reception("desk", "new", YAML, new)[1] is False
    assert {find_line(line).version for line in many} == {2}


def test_a_line_that_moves_on_before_its_turn_comes_is_left_alone(desk, wire):
    for name in ("desk", "night"):
        puts(desk, name, says(name))
    many = [f"+8150111{number:05}" for number in range(98)]
    for line in many:
        publishing.give_line(line, owned(line), "desk")
    with wire.has(meanwhile(lambda: publishing.give_line(many[-1], owned(many[-1]), "night"), at=2)):
        puts(desk, "desk", says("two"))
    assert {said_at(line) for line in many[:-1]} == {("two", 2)}
    assert said_at(many[-1]) == ("night", 1)


def test_whoever_saves_at_the_same_time_takes_the_next_version(desk):
    puts(desk, "desk", says("zero"))
    with ThreadPoolExecutor(2) as pair:
        saved = list(pair.map(lambda words: puts(desk, "desk", says(words)), ("one", "two")))
    assert [status for status, _ in saved] == [200, 200]
    assert sorted(one["version"] for _, one in saved) == [2, 3]
    assert desk.asks("GET", "/api/receptions/desk")[1]["version"] == 3


def meanwhile(deed, at=1):
    """This happens just before the first transaction that goes over the wire, or a later one."""
    seen = [0]

    def trouble(operation, _, carry):
        seen[0] += operation == "TransactWriteItems"
        if operation == "TransactWriteItems" and seen[0] == at:
            deed()
        return carry()

    return trouble


def test_a_line_that_is_given_while_somebody_saves_says_what_they_have_saved(desk, wire):
    puts(desk, "desk", says("one"))
    with wire.has(meanwhile(lambda: puts(desk, "desk", says("two")))):
        publishing.give_line(LINES[0], owned(LINES[0]), "desk")
    assert said_at(LINES[0]) == ("two", 2)


def test_what_is_saved_while_a_line_is_given_is_said_there_too(desk, wire):
    puts(desk, "desk", says("one"))
    with wire.has(meanwhile(lambda: publishing.give_line(LINES[0], owned(LINES[0]), "desk"))):
        puts(desk, "desk", says("two"))
    assert said_at(LINES[0]) == ("two", 2)


def test_a_line_that_moves_on_while_somebody_saves_has_moved_on(desk, wire):
    puts(desk, "desk", says("one"))
    puts(desk, "night", says("night"))
    publishing.give_line(LINES[0], owned(LINES[0]), "desk")
    with wire.has(meanwhile(lambda: publishing.give_line(LINES[0], owned(LINES[0]), "night"))):
        assert puts(desk, "desk", says("two"))[1]["version"] == 2
    assert said_at(LINES[0]) == ("night", 1)


def test_a_line_that_is_given_while_somebody_deletes_keeps_the_reception_or_is_refused(desk, wire):
    puts(desk, "desk", says("one"))
    with (
        wire.has(meanwhile(lambda: publishing.delete_reception("desk"))),
        pytest.raises(publishing.RequestRefused, match="no reception"),
    ):
        publishing.give_line(LINES[0], owned(LINES[0]), "desk")
    puts(desk, "desk", says("two"))
    with wire.has(meanwhile(lambda: publishing.give_line(LINES[0], owned(LINES[0]), "desk"))):
        assert desk.asks("DELETE", "/api/receptions/desk")[0] == 409
    assert said_at(LINES[0]) == ("two", 2)


def test_a_line_that_two_give_at_once_has_one_reception_and_both_sides_agree(desk, wire):
    for name in ("desk", "night"):
        puts(desk, name, says(name))
    with wire.has(meanwhile(lambda: publishing.give_line(LINES[0], owned(LINES[0]), "night"))):
        publishing.give_line(LINES[0], owned(LINES[0]), "desk")
    assert said_at(LINES[0]) == ("desk", 1)
    assert [desk.asks("GET", f"/api/receptions/{name}")[1]["lines"] for name in ("desk", "night")] == [[LINES[0]], []]


def test_a_line_that_is_taken_while_somebody_gives_it_ends_with_one_of_both(desk, wire):
    puts(desk, "desk", says("one"))
    publishing.give_line(LINES[0], owned(LINES[0]), "desk")
    with wire.has(meanwhile(lambda: publishing.take_line(LINES[0]))):
        publishing.give_line(LINES[0], owned(LINES[0]), "desk")
    assert desk.asks("GET", "/api/receptions/desk")[1]["lines"] == [LINES[0]]
    assert said_at(LINES[0]) == ("one", 1)


def test_others_who_are_always_quicker_are_told(desk, wire):
    with wire.has(conflicting(1)):
        assert puts(desk, "desk", HELLO)[0] == 201
    with wire.has(conflicting(1000)):
        status, said = puts(desk, "desk", says("later"))
    assert (status, said["detail"]) == (409, "Others are changing the same at this moment. Please try again")


@pytest.mark.parametrize(
    "deed",
    [
        lambda: publishing.delete_reception("desk"),
        lambda: publishing.give_line(LINES[0], owned(LINES[0]), "desk"),
        lambda: publishing.take_line(LINES[1]),
    ],
    ids=["delete", "give", "take"],
)
def test_others_are_waited_for_a_few_times_and_then_nothing_has_changed(desk, wire, deed):
    puts(desk, "desk", says("one"))
    puts(desk, "night", HELLO)
    publishing.give_line(LINES[1], owned(LINES[1]), "night")
    with wire.has(conflicting(1000)), pytest.raises(Contended):
        deed()
    assert desk.asks("GET", "/api/receptions/desk")[1]["lines"] == []
    assert said_at(LINES[1]) == ("Good morning", 1)
    with wire.has(conflicting(MAX_CONFLICT_TRIES - 1)):
        deed()


def test_a_line_that_moves_on_takes_nothing_of_its_former_reception(desk):
    puts(desk, "desk", says("desk"))
    puts(desk, "night", says("night"))
    publishing.give_line(LINES[0], owned(LINES[0]), "desk")
    publishing.give_line(LINES[0], owned(LINES[0]), "night")
    puts(desk, "desk", says("new desk"))
    assert said_at(LINES[0]) == ("night", 1)
    assert desk.asks("GET", "/api/receptions/desk")[1]["lines"] == []
    assert desk.asks("GET", "/api/receptions/night")[1]["lines"] == [LINES[0]]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(1, 5))
def test_whoever_dies_while_giving_a_reception_leaves_both_sides_agreed(desk, wire, at, after):
    puts(desk, "desk", HELLO)
    with wire.has(dying(at, after=after)), suppress(Died):
        publishing.give_line(LINES[0], owned(LINES[0]), "desk")
    known = find_line(LINES[0])
    assert desk.asks("GET", "/api/receptions/desk")[1]["lines"] == ([LINES[0]] if known and known.reception else [])
    publishing.give_line(LINES[0], owned(LINES[0]), "desk")
    assert said_at(LINES[0]) == ("Good morning", 1)


def test_a_line_is_given_no_reception_that_calls_it(desk):
    puts(desk, "desk", "steps: {a: {transfer: '+815011112222', otherwise: b}, b: {hangup: true}}")
    with pytest.raises(publishing.RequestRefused, match="which would call itself"):
        publishing.give_line("+815011112222", owned("+815011112222"), "desk")


def test_a_reception_calls_no_line_of_ones_own(desk):
    status, said = puts(desk, "desk", f"steps: {{a: {{transfer: '{LINES[0]}', otherwise: b}}, b: {{hangup: true}}}}")
    assert (status, said["errors"][0]["detail"]) == (422, f"{LINES[0]} is a line of yours, which would call itself")


def test_who_calls_a_line_that_only_answers_texts_hears_that_nobody_is_there(desk, twilio, logged):
    assert puts(desk, "desk", "texts: [{otherwise: Thank you.}]")[0] == 201
    publishing.give_line("+815011112222", owned("+815011112222"), "desk")
    assert "おつなぎできません" in twilio.calls("+815011112222", AIKO).find("Say").text
    assert "ERROR" not in logged()


# ---- deleted ---------------------------------------------------------------------------------------------------------


def test_a_reception_that_a_line_has_is_not_deleted(desk):
    puts(desk, "desk", HELLO)
    for line in LINES[:2]:
        publishing.give_line(line, owned(line), "desk")
    status, said = desk.asks("DELETE", "/api/receptions/desk")
    assert (status, said["detail"]) == (409, "2 lines have the reception desk: give them another one first")
    for line in LINES[:2]:
        publishing.take_line(line)
    assert desk.send("DELETE", "/api/receptions/desk", b"")["statusCode"] == 204
    assert desk.asks("GET", "/api/receptions/desk")[0] == 404
    assert desk.asks("DELETE", "/api/receptions/desk")[0] == 404
    assert desk.asks("GET", "/api/receptions")[1]["receptions"] == []


def test_a_call_at_a_deleted_reception_goes_on_and_its_versions_are_never_counted_anew(desk):
    puts(desk, "desk", says("one"))
    desk.send("DELETE", "/api/receptions/desk", b"")
    records._remembered_documents.clear()
    assert records.get_document("desk", 1)["steps"]["hello"]["say"] == "one"
    status, saved = puts(desk, "desk", says("one"))
    assert (status, saved["version"]) == (201, 2)
    assert [one["name"] for one in desk.asks("GET", "/api/receptions")[1]["receptions"]] == ["desk"]


def test_a_deleted_reception_is_given_to_no_line(desk):
    puts(desk, "desk", HELLO)
    desk.send("DELETE", "/api/receptions/desk", b"")
    with pytest.raises(publishing.RequestRefused, match="There is no reception desk"):
        publishing.give_line(LINES[0], owned(LINES[0]), "desk")


# ---- pictures, and those that are ready ------------------------------------------------------------------------------


def test_the_picture_shows_the_steps_of_a_version(desk):
    puts(desk, "desk", HELLO)
    puts(desk, "desk", HELLO.replace("hello", "greeting"))
    status, kind, picture = fetches(desk, "/api/receptions/desk/picture")
    assert (status, kind) == (200, "image/svg+xml")
    assert "greeting" in [one.text for one in ElementTree.fromstring(picture).iter("{http://www.w3.org/2000/svg}text")]
    assert ">hello<" in fetches(desk, "/api/receptions/desk/picture?version=1")[2]


def test_what_is_ready_can_be_saved_as_it_is(desk):
    listed = desk.asks("GET", "/api/ready-receptions")[1]["ready_receptions"]
    assert [one["name"] for one in listed] == ["clinic", "desk", "redelivery"]
    for one in listed:
        status, kind, text = fetches(desk, one["url"].removeprefix("https://exchange.example.com"))
        assert (status, kind, one["title"] in text) == (200, "application/yaml; charset=utf-8", True)
        assert puts(desk, one["name"], text)[0] == 201
    assert desk.asks("GET", "/api/ready-receptions/shop")[0] == 404
