"""The OpenAPI document, as a generator of clients reads it: names, bodies, types, and what comes back."""

import json
from collections import Counter

import pytest

import api
from api import document
from tests.conftest import BASE

HELLO = {"steps": {"hello": {"say": "Good morning"}}}
WRITTEN = json.loads(document.write_document(api.app, api.DOCUMENT, BASE))
SCHEMAS = WRITTEN["components"]["schemas"]
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, methods in WRITTEN["paths"].items()
    for method, operation in methods.items()
}
OF_SUBSCRIPTION = "POST /api/subscriptions/{sid}"
WITHOUT_BODY = {
    *("POST /api/calls/{sid}/extend", "POST /api/limits/start"),
    *(f"{OF_SUBSCRIPTION}/test", f"{OF_SUBSCRIPTION}/deliveries/{{delivery_sid}}/replay"),
}
TEXTS = {
    "GET /api/callers/export": {"text/csv"},
    "GET /api/costs/{month}/sheet": {"text/csv"},
    "GET /api/costs/{month}/page": {"text/html"},
    "GET /api/receptions/{name}": {"application/json", "application/yaml"},
    "GET /api/receptions/{name}/picture": {"image/svg+xml"},
    "GET /api/ready-receptions/{name}": {"application/yaml"},
}


def parts(schema, place=""):
    """Every schema in a schema, with its place."""
    if isinstance(schema, dict):
        yield place, schema
        for name, one in schema.items():
            yield from parts(one, f"{place}/{name}")
    if isinstance(schema, list):
        for one in schema:
            yield from parts(one, place)


def test_a_client_is_told_where_the_exchange_is(desk):
    _, served = desk.asks("GET", "/api/openapi.json")
    assert served == WRITTEN
    assert served["servers"] == [{"url": BASE}]


def test_every_operation_has_a_name_of_its_own_that_reads():
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert [name for name, count in Counter(names).items() if count > 1] == []
    assert {"list_callers", "create_call", "put_reception", "preview_message"} <= set(names)
    assert [name for name in names if "api" in name or "__" in name] == []


def test_what_an_operation_says_of_itself_stands_beside_the_scope_that_it_needs():
    said = OPERATIONS["POST /api/erasures"]["description"]
    assert "Ask again until it is `complete`" in said
    assert "Needs a key with the scope `erasures:write`." in said


def test_no_two_schemas_have_one_title_and_no_field_has_any():
    assert [(name, schema["title"]) for name, schema in SCHEMAS.items() if schema["title"] != name] == []
    titled = [
        place for place, schema in parts(SCHEMAS) if isinstance(schema.get("title"), str) and place.count("/") > 1
    ]
    assert titled == []


def test_the_bounds_of_numbers_are_said_in_the_words_of_json_schema():
    assert [
        place for place, schema in parts([WRITTEN["paths"], SCHEMAS]) if {"ge", "gt", "le", "lt"} & schema.keys()
    ] == []
    place = parameter_of("GET /api/calls/{sid}/participants/{id}", "id")
    assert (place["minimum"], place["maximum"]) == (1, 999)
    assert parameter_of("GET /api/calls", "page_size")["minimum"] == 1


def parameter_of(operation, name):
    (found,) = [one["schema"] for one in OPERATIONS[operation]["parameters"] if one["name"] == name]
    return found


def test_a_parameter_is_left_out_and_never_null():
    schemas = [(one, told["schema"]) for operation in OPERATIONS.values() for one, told in named_parameters(operation)]
    assert [name for name, schema in schemas if {"type": "null"} in schema.get("anyOf", [])] == []


def named_parameters(operation):
    return [(one["name"], one) for one in operation.get("parameters", [])]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_request_may_be_wrong_everywhere_and_what_is_named_may_not_be_there(operation):
    expected = {"400", "401", "403", "422", "429", "500"} | ({"404"} if "{" in operation else set())
    assert expected - OPERATIONS[operation]["responses"].keys() == set()


def test_the_errors_of_the_library_are_not_in_it_for_problems_are_what_is_answered():
    assert [name for name in SCHEMAS if "ValidationError" in name] == []


def test_whatever_is_sent_has_a_body_in_it():
    sent = {one: told for one, told in OPERATIONS.items() if one.split()[0] in ("POST", "PUT", "PATCH")}
    assert {one for one, told in sent.items() if "requestBody" not in told} == WITHOUT_BODY
    assert all(told["requestBody"]["required"] for one, told in sent.items() if one not in WITHOUT_BODY)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_answer_is_of_the_type_that_it_really_has(operation):
    done = {code: told for code, told in OPERATIONS[operation]["responses"].items() if code < "300"}
    usual = TEXTS.get(operation, {"application/json"})
    assert {code: set(told["content"]) for code, told in done.items()} == {
        code: set() if code == "204" else usual for code in done
    }


@pytest.mark.parametrize("accept", ["application/yaml", "*/*"])
def test_the_type_of_a_reception_is_one_of_those_that_are_promised(desk, accept):
    desk.asks("PUT", "/api/receptions/desk", HELLO)
    sent = desk.send("GET", "/api/receptions/desk", b"", headers={"Accept": accept})
    kind = sent["headers"]["Content-Type"].partition(";")[0]
    assert kind == ("application/json" if accept == "*/*" else accept)
    assert json.loads(sent["body"]) == HELLO if accept != "*/*" else "document" in json.loads(sent["body"])


def test_every_moment_is_a_moment_and_every_address_an_address():
    answered = [schema for name, schema in SCHEMAS.items() if not name.endswith(("Request", "Change", "Words"))]
    properties = [(name, told) for schema in answered for name, told in schema.get("properties", {}).items()]
    moments = [json.dumps(told) for name, told in properties if name.endswith("_at")]
    addresses = [json.dumps(told) for name, told in properties if name == "url" or name.endswith("_url")]
    assert [told for told in moments if '"format": "date-time"' not in told] == []
    assert [told for told in addresses if '"format": "uri"' not in told] == []


@pytest.mark.parametrize(
    ("view", "field", "word"),
    [
        ("CallView", "status", "in-progress"),
        ("CallView", "through", "dial"),
        ("LegView", "status", "no-answer"),
        ("MessageView", "status", "delivered"),
        ("MessageView", "direction", "outbound-reply"),
        ("RecordingView", "status", "elsewhere"),
        ("RecordingView", "kind", "voicemail"),
        ("CallerView", "language", "ja-JP"),
        ("LineView", "unconfirmed_callers", "announce"),
    ],
)
def test_words_of_which_there_are_few_are_all_named(view, field, word):
    named = [one["enum"] for _, one in parts(SCHEMAS[view]["properties"][field]) if "enum" in one]
    assert [word in words for words in named] == [True]


def test_nothing_that_is_answered_is_just_anything():
    shapes = {"properties", "additionalProperties", "$ref", "anyOf", "items", "enum", "type"}
    loose = [
        f"{name}.{field}"
        for name, schema in SCHEMAS.items()
        for field, told in schema.get("properties", {}).items()
        if not shapes & told.keys()
        or (told.get("type") == "object" and told.get("additionalProperties") is True and "properties" not in told)
    ]
    assert loose == []


def test_the_example_of_a_reception_is_one(desk):
    example = OPERATIONS["PUT /api/receptions/{name}"]["requestBody"]["content"]["application/yaml"]["example"]
    kind = {"Content-Type": "application/yaml"}
    assert desk.send("POST", "/api/receptions/check", example.encode(), headers=kind)["statusCode"] == 200
