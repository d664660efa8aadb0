"""The document of the Proxy API says what is there: each operation, field, answer and code, and nothing else."""

import json
import re
from urllib.parse import urlencode

import pytest

import api
import proxy
from api.proxy_document import ALWAYS, FIELDS, OPERATIONS, PROXY_CODES, write_proxy_document
from local.aws import Context
from tests.conftest import BASE, ROOT
from tests.integration.conftest import event_of
from tests.integration.test_proxy_api import raw
from tests.integration.test_tokens_of_lists import KEY, places
from toritsugi.foundation import api_keys

places = places  # a fixture
WRITTEN = write_proxy_document("0.1.0", BASE)
SCHEMAS = WRITTEN["components"]["schemas"]


def operation(asked):
    return WRITTEN["paths"][asked.path][asked.method.lower()]


def test_it_has_every_operation_of_the_api_and_no_other():
    there = {
        (one.method, re.sub(r"<(\w+)>", r"{\1}", one.path), one.func.__name__)
        for one in (*proxy.app._static_routes, *proxy.app._dynamic_routes)
    }
    assert {(one.method, one.path, one.name) for one in OPERATIONS} == there


def test_every_field_that_an_operation_takes_is_described_and_no_other(desk, places):
    for asked in OPERATIONS:
        if asked.method == "POST":
            path = asked.path.format(**{**places, "sid": found(desk, asked, places)})
            status, said = raw("POST", path, urlencode({"Nonsense": "1"}), KEY)
            assert (status, said["code"]) == (400, 20001), asked
            taken = re.fullmatch("Nonsense: there is no such field here, only (.*)", said["message"])[1].split(", ")
            assert sorted(asked.fields) == taken, asked.name
    assert set(FIELDS) == {name for asked in OPERATIONS for name in asked.fields}
    assert all(schema.get("description") for schema in FIELDS.values())


def found(desk, asked, places):
    """The SID of the first thing in the list that this path goes on from; blank where it has none."""
    if not asked.path.endswith("{sid}"):
        return ""
    status, page = raw("GET", asked.path.removesuffix("/{sid}").format(**places), "", KEY)
    assert status == 200, asked
    return page[page["meta"]["key"]][0]["sid"]


def test_an_answer_has_what_its_schema_says(desk, places):
    for asked in OPERATIONS:
        if asked.method == "GET" and " of " not in asked.answer:
            path = asked.path.format(**{**places, "sid": found(desk, asked, places)})
            status, said = raw("GET", path, "", KEY)
            shown = SCHEMAS[asked.answer.partition(" ")[2]]
            assert status == 200
            known = set(shown["properties"])
            assert (set(said) <= known, set(shown["required"]) <= set(said)) == (True, True), (asked.name, said)
            assert known - set(said) <= {"pin"}, asked.name
            assert [name for name in known if not shown["properties"][name].get("description")] == []


@pytest.mark.parametrize("listed", [one for one in OPERATIONS if " of " in one.answer], ids=lambda one: one.name)
def test_a_page_of_a_list_is_as_it_says(desk, places, listed):
    _, page = raw("GET", listed.path.format(**places), "", KEY)
    shown = operation(listed)["responses"]["200"]["content"]["application/json"]["schema"]
    assert (set(page), set(page["meta"])) == (set(shown["properties"]), set(SCHEMAS["Meta"]["properties"]))


def test_its_codes_are_those_of_the_page_on_moving():
    page = (ROOT / "docs/moving-from-proxy.md").read_text()
    said = {int(code): meaning for code, meaning in re.findall(r"^\| (80\d{3}) \| yes \| (.*) \|$", page, re.M)}
    plain = {code: re.sub(r"\[(.*?)\]\(.*?\)", r"\1", meaning) for code, meaning in said.items()}
    assert plain == PROXY_CODES
    assert {*ALWAYS, *(code for asked in OPERATIONS for code in asked.codes)} == set(PROXY_CODES)


def test_every_operation_says_which_scope_its_key_needs_and_how_it_refuses():
    for asked in OPERATIONS:
        told = operation(asked)
        assert re.search(r"with the scope `(services|sessions):(read|write)`", told["description"])
        assert {"400", "401", "403", "404", "429"} <= set(told["responses"])
        assert ("415" in told["responses"]) == bool(asked.fields)


def test_it_is_served_to_whoever_has_a_key_and_to_nobody_else(desk):
    api_keys.create_key("SK" + "c" * 32, "reader", ("calls:read",))
    status, served = type(desk)("SK" + "c" * 32, "reader").asks("GET", "/api/proxy/openapi.json")
    assert (status, served["paths"].keys(), served["servers"]) == (200, WRITTEN["paths"].keys(), [{"url": BASE}])
    for path in ("/api/proxy/openapi.json", "/api/proxy/docs"):
        answer = api.handler(event_of("GET", BASE + path, "", {}), Context("api"))
        assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (401, 20003)
    page = desk.send("GET", "/api/proxy/docs", b"")
    assert (page["statusCode"], page["headers"]["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "create_message_interaction" in page["body"]
    assert "sha256-" in page["headers"]["Content-Security-Policy"]
