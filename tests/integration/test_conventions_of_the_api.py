"""What every operation of our own REST API has in common: names, pages, what is not there, and what is refused."""

import ast
import json
import re

import pytest

import api
from local.aws import Context
from tests.conftest import BASE, ROOT
from tests.integration.calls import WANTED, Desk
from tests.integration.conftest import AIKO, EVE, event_of
from tests.integration.switchboard import Switchboard, attended
from toritsugi.adapters import twilio_api
from toritsugi.foundation import api_keys, problems

PATHS = json.loads(api.app.get_openapi_json_schema(**api.DOCUMENT))["paths"]
OPERATIONS = [(method.upper(), path) for path, methods in PATHS.items() for method in methods]
WITHOUT_BODY = [one for one in OPERATIONS if "requestBody" not in PATHS[one[1]][one[0].lower()]]
LISTS = [
    path for method, path in OPERATIONS if method == "GET" and path.count("/") == 2 and path not in ("/api/limits",)
]
PAGED = [path for path in LISTS if path != "/api/ready-receptions"]
OF_KIND = {"sid": "KB" + "0" * 32, "number": "%2B819011110001", "place": "1"}


def filled(path: str) -> str:
    """A path of the document, as somebody asks for it."""
    return re.sub(r"\{(\w+)\}", lambda found: OF_KIND.get(found[1], "nobody"), path)


# ---- the query -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_no_operation_ignores_a_parameter_that_it_does_not_have(desk, method, path):
    status, said = desk.asks(method, f"{filled(path)}?statuz=ended")
    assert (status, said["code"], said["errors"][0]["pointer"]) == (422, 20001, "/statuz")
    assert said["errors"][0]["detail"].startswith(("there is no such parameter; there are ", "there are no parameters"))


@pytest.mark.parametrize("path", [*PAGED, "/api/callers/export"])
@pytest.mark.parametrize(
    ("former", "instead"), [("PageSize=2", "page_size"), ("PageToken=PTx", "page_token"), ("Page=1", "page_token")]
)
def test_how_twilio_calls_a_parameter_of_pages_is_answered_with_its_name_here(desk, path, former, instead):
    status, said = desk.asks("GET", f"{path}?{former}")
    assert (status, said["errors"][0]["pointer"]) == (422, "/" + former.partition("=")[0])
    assert instead in said["errors"][0]["detail"]


@pytest.mark.parametrize("query", ["month=2026-01&month=2026-02", "month=2026-01&month=2026-01", "=2", "%00=x", "x"])
def test_what_is_given_twice_or_has_no_name_is_refused(desk, query):
    status, said = desk.asks("GET", f"/api/calls?{query}")
    assert (status, len(said["errors"])) == (422, 1)


def test_everything_that_is_wrong_with_a_query_is_named_at_once(desk):
    _, said = desk.asks("GET", "/api/callers?PageSize=3&tagg=vip&search=a&search=b")
    assert [one["pointer"] for one in said["errors"]] == ["/PageSize", "/tagg", "/search"]


@pytest.mark.parametrize("path", PAGED)
def test_more_than_a_page_can_have_is_as_much_as_it_can_have(desk, owned_numbers, path):
    status, page = desk.asks("GET", f"{path}?page_size=1000")
    assert (status, page["meta"]["page_size"]) == (200, 100)
    assert desk.asks("GET", f"{path}?page_size=0")[0] == 422


def test_a_page_of_an_export_is_capped_too(desk: Desk):
    assert desk.send("GET", "/api/callers/export?page_size=1000000", b"")["statusCode"] == 200


@pytest.mark.parametrize("size", ["5.0", "1_0", "%205", "+5", "5e0", "%EF%BC%95", ""])
@pytest.mark.parametrize("path", PAGED)
def test_the_size_of_a_page_is_a_number_in_digits(desk, owned_numbers, path, size):
    status, said = desk.asks("GET", f"{path}?page_size={size}")
    assert (status, said["code"], said["errors"][0]["pointer"]) == (422, 20001, "/page_size")


@pytest.mark.parametrize("token", ["x", "PT", "%00", "PT%E3%81%82", "PTNQ!", "PTNQ==", "xxNQ"])
@pytest.mark.parametrize("path", PAGED)
def test_a_page_that_was_never_linked_is_none_of_ours(desk, owned_numbers, path, token):
    status, said = desk.asks("GET", f"{path}?page_token={token}")
    assert (status, said["code"], said["errors"][0]["pointer"]) == (400, 20001, "/page_token")
    assert said["detail"].startswith("page_token: it is none of this list's")


# ---- what is sent ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", ["APPLICATION/JSON", "Application/Json; Charset=UTF-8", "application/json ;charset=utf-8"]
)
def test_a_media_type_has_no_case(desk, kind):
    status, said = desk.asks("PUT", f"/api/callers/{AIKO.replace('+', '%2B')}", {"name": "Aiko"}, Content_Type=kind)
    assert (status, said["name"]) == (201, "Aiko")


@pytest.mark.parametrize(
    "sent", [b'{"name": "a", "name": "b"}', b'{"name": "a", "name": "a"}', b'{"x": [{"name": 1, "name": 2}]}']
)
def test_no_key_is_taken_twice_of_which_one_would_be_lost(desk, sent):
    answer = desk.send("PUT", f"/api/callers/{AIKO.replace('+', '%2B')}", sent)
    assert answer["statusCode"] == 400
    assert json.loads(answer["body"])["detail"] == "name: it is given more than once in one object"


def test_a_tag_that_is_given_twice_is_kept_once(desk):
    _, said = desk.asks("PUT", f"/api/callers/{AIKO.replace('+', '%2B')}", {"tags": ["b", "a", "b", "a"]})
    assert said["tags"] == ["b", "a"]


@pytest.mark.parametrize(("method", "path"), WITHOUT_BODY)
def test_no_operation_ignores_what_is_sent_where_nothing_is(desk, method, path):
    status, said = desk.asks(method, filled(path), {"minutes": 5, "why": "a test"})
    assert (status, said["code"], [one["pointer"] for one in said["errors"]]) == (422, 20001, ["/minutes", "/why"])
    assert said["errors"][0]["detail"] == "there is no such field: nothing is sent with this request"


def test_an_empty_object_is_nothing(desk):
    assert [desk.asks(*one, {})[0] for one in (("POST", "/api/limits/start"), ("GET", "/api/calls"))] == [200, 200]


def headers_of(method, path):
    """The names of the headers that an operation has, in small letters."""
    return {one["name"] for one in PATHS[path][method.lower()].get("parameters", []) if one["in"] == "header"}


@pytest.mark.parametrize("name", ["If-Match", "If-None-Match", "Idempotency-Key"])
@pytest.mark.parametrize(("method", "path"), [one for one in OPERATIONS if one[0] != "GET"])
def test_no_operation_does_without_a_condition_what_is_asked_for_on_one(desk, method, path, name):
    answer = desk.send(method, filled(path), b"", headers={name: '"1"'})
    pointers = [one.get("pointer") for one in json.loads(answer["body"] or "{}").get("errors", [])]
    unknown = name.lower() not in headers_of(method, path) and (method == "POST" or name != "Idempotency-Key")
    assert ((answer["statusCode"], pointers) == (422, [f"/{name}"])) == unknown


def test_what_a_browser_asks_by_itself_is_no_condition(desk):
    assert desk.asks("GET", "/api/calls", If_None_Match='"1"')[0] == 200


@pytest.fixture
def owned_numbers():
    """Twilio answers that the account has one number."""

    class Owner(Switchboard):
        def answer(self, asked):
            self.asked.append(asked)
            return 200, {"incoming_phone_numbers": [], "page": 0, "page_size": 1}

    with attended(Owner()) as owner:
        yield owner


# ---- what is not there -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/api/nothing", "/api/calls/", "/api/nothing/of/ours", "/api/"])
def test_a_path_that_there_is_not_is_not_found_whatever_the_key_may_do(desk, path):
    api_keys.create_key("SK" + "c" * 32, "reader", ("calls:read",))
    for client in (desk, Desk("SK" + "c" * 32, "reader")):
        status, said = client.asks("GET", path)
        assert (status, said["code"], said["title"]) == (404, 20404, "Not Found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/api/calls", "GET, HEAD, POST"),
        ("HEAD", "/api/erasures", "POST"),
        ("OPTIONS", "/api/lines/x", "DELETE, GET, HEAD, PUT"),
        ("POST", "/api/problems", "GET, HEAD"),
    ],
)
def test_a_method_that_a_path_does_not_have_is_refused_with_those_that_it_has(desk, method, path, allowed):
    answer = desk.send(method, path, b"")
    assert (answer["statusCode"], answer["headers"]["Allow"]) == (405, allowed)


def test_twilios_sdks_are_told_the_same_in_twilios_words(client, service):
    path = f"https://exchange.example.com/v1/Services/{service.fetch().sid}"
    refusals = {
        (method, end): client.request(method, f"{path}{end}", auth=("SK" + "a" * 32, "secret"), headers={})
        for method, end in (("PUT", ""), ("GET", "/Nothing"))
    }
    put, nothing = refusals["PUT", ""], refusals["GET", "/Nothing"]
    assert (put.status_code, json.loads(put.text)["code"], put.headers["Allow"]) == (
        405,
        20004,
        "DELETE, GET, HEAD, POST",
    )
    assert (nothing.status_code, json.loads(nothing.text)["code"]) == (404, 20404)


# ---- what every answer has -------------------------------------------------------------------------------------------


def test_every_answer_has_the_id_that_its_lines_in_the_log_have(desk, logged):
    for path, status in (("/api/calls", 200), ("/api/nothing", 404), ("/api/calls?x", 422)):
        answer = desk.send("GET", path, b"")
        assert (answer["statusCode"], answer["headers"]["X-Request-Id"]) == (status, Context("api").aws_request_id)
    assert logged().count(f'"function_request_id":"{Context("api").aws_request_id}"') == 2  # whatever is refused


@pytest.mark.parametrize(("method", "path"), [one for one in OPERATIONS if one[0] == "GET"])
def test_head_is_answered_as_get_is_less_the_body(desk, owned_numbers, method, path):
    got, looked = (desk.send(one, filled(path), b"") for one in (method, "HEAD"))
    assert (looked["statusCode"], looked["headers"], looked["body"]) == (got["statusCode"], got["headers"], "")


# ---- problems --------------------------------------------------------------------------------------------------------


def codes_in_the_source():
    """Every code with which something is refused by us, except what only a masked session is refused with."""
    of_proxy = ("masking", "proxy_document.py")
    rooms = [*(ROOT / "functions/api").iterdir(), *(ROOT / "layers/domain/toritsugi").iterdir()]
    files = [file for room in rooms for file in (room.rglob("*.py") if room.is_dir() else [room])]
    files = [file for file in files if file.suffix == ".py" and not {*of_proxy} & {*file.parts}]
    nodes = (node for file in files for node in ast.walk(ast.parse(file.read_text())))
    numbers = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, int)}
    return {one for one in numbers if 20_001 <= one < 22_000 or 80_101 <= one < 81_000} - {21_220}  # Twilio says that


def test_every_code_is_explained_on_the_page_to_which_the_type_leads(cloud):
    answer = api.handler(event_of("GET", f"{BASE}/api/problems", "", {}), Context("api"))
    assert (answer["statusCode"], answer["headers"]["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert codes_in_the_source() - problems.CODES.keys() == set()
    assert [code for code in problems.CODES if f'<dt id="{code}">' not in answer["body"]] == []


def test_the_type_of_a_problem_leads_to_its_code(desk):
    _, said = desk.asks("GET", "/api/calls/KB" + "0" * 32)
    assert (said["code"], said["type"]) == (20404, "/api/problems#20404")
    assert problems.type_of(30007) == "https://www.twilio.com/docs/api/errors/30007"


# ---- what was made, and what two may change --------------------------------------------------------------------------

CALLER = "/api/callers/%2B819011110001"
HELLO = {"steps": {"hello": {"say": "Good morning"}}}


def sends(desk, method, path, body=None, **headers):
    """The status of an answer, its headers, and what it says. Nothing is sent with a DELETE."""
    sent = b"" if body is None or method == "DELETE" else json.dumps(body).encode()
    answer = desk.send(method, path, sent, headers={name.replace("_", "-"): one for name, one in headers.items()})
    return answer["statusCode"], answer["headers"], json.loads(answer["body"] or "null")


def test_whatever_is_made_says_where_it_is(desk, twilio_answers):
    call = desk.calls()
    for method, path, body in (
        ("POST", "/api/calls", WANTED),
        ("POST", f"{call.path}/participants", {"number": EVE}),
        ("PUT", "/api/callers/090-1111-0001?country=JP", {"name": "Aiko"}),
        ("PUT", "/api/receptions/desk", HELLO),
        ("POST", "/api/messages", {"to": AIKO, "from": "+12025550101", "body": "hello"}),
    ):
        status, headers, made = sends(desk, method, path, body)
        found = sends(desk, "GET", headers["Location"].removeprefix(BASE))
        key = next(name for name in ("sid", "id", "number", "name") if name in made)
        assert (status, found[0], found[2][key]) == (201, 200, made[key])


def test_what_was_there_before_is_not_made(desk):
    sends(desk, "PUT", CALLER, {"name": "Aiko"})
    status, headers, _ = sends(desk, "PUT", CALLER, {"name": "Aiko"})
    assert (status, "Location" in headers) == (200, False)


def test_what_was_deleted_and_is_written_down_again_is_made_once_more(desk):
    for path, said in ((CALLER, {"name": "Aiko"}), ("/api/receptions/desk", HELLO)):
        sends(desk, "PUT", path, said)
        sends(desk, "DELETE", path)
        status, headers, _ = sends(desk, "PUT", path, said)
        assert (status, headers["Location"]) == (201, BASE + path)
        assert sends(desk, "PUT", path, said)[0] == 200


THINGS = [(CALLER, {"name": "Aiko"}, {"name": "Ben"}), ("/api/receptions/desk", HELLO, {**HELLO, "language": "en-US"})]


@pytest.mark.parametrize(("path", "first", "second"), THINGS, ids=["caller", "reception"])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_who_has_read_something_writes_only_over_that(desk, path, first, second, method):
    sends(desk, "PUT", path, first)
    read = sends(desk, "GET", path)[1]["ETag"]
    changed = sends(desk, "PUT", path, second, If_Match=read)
    assert (changed[0], changed[1]["ETag"] != read, changed[2]["etag"]) == (200, True, changed[1]["ETag"])
    status, _, said = sends(desk, method, path, first, If_Match=read)
    assert (status, said["code"], changed[1]["ETag"] in said["detail"]) == (412, 20412, True)
    assert sends(desk, "GET", path)[1]["ETag"] == changed[1]["ETag"], "nothing was written"
    assert sends(desk, method, path, first, If_Match=f'"other", {changed[1]["ETag"]}')[0] in (200, 204)


@pytest.mark.parametrize(("path", "first", "second"), THINGS, ids=["caller", "reception"])
def test_what_is_to_be_new_is_not_written_over_and_what_is_to_be_there_is_not_made(desk, path, first, second):
    assert sends(desk, "PUT", path, first, If_Match="*")[0] == 412
    assert sends(desk, "PUT", path, first, If_Match='"1"')[0] == 412
    assert sends(desk, "PUT", path, first, If_None_Match="*")[0] == 201
    assert sends(desk, "PUT", path, second, If_None_Match="*")[0] == 412
    assert sends(desk, "PUT", path, second, If_Match="*")[0] == 200


def test_who_was_forgotten_and_written_down_anew_is_somebody_else(desk, clock):
    sends(desk, "PUT", CALLER, {"name": "Aiko"})
    read = sends(desk, "GET", CALLER)[1]["ETag"]
    sends(desk, "DELETE", CALLER)
    sends(desk, "PUT", CALLER, {"name": "Aiko"})
    assert sends(desk, "PATCH", CALLER, {"blocked": True}, If_Match=read)[0] == 412


def test_a_wish_for_no_messages_is_not_kept_either_where_the_caller_has_changed(desk):
    sends(desk, "PUT", CALLER, {"name": "Aiko"})
    assert sends(desk, "PUT", CALLER, {"name": "Ben", "opted_out": True}, If_Match='"old"')[0] == 412
    assert not desk.asks("GET", CALLER)[1]["opted_out"]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_somebody_who_comes_in_between_is_seen(desk, wire, method):
    sends(desk, "PUT", CALLER, {"name": "Aiko"})
    read, left = sends(desk, "GET", CALLER)[1]["ETag"], [1]

    def in_between(operation, _request, carry):
        if operation in ("PutItem", "DeleteItem") and left and left.pop():
            sends(desk, "PATCH", CALLER, {"notes": "likes tea"})
        return carry()

    with wire.has(in_between):
        assert sends(desk, method, CALLER, {"name": "Ben"}, If_Match=read)[0] == 412
    assert desk.asks("GET", CALLER)[1]["notes"] == "likes tea"


NIGHT = {**HELLO, "language": "ja-JP"}


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("others", [["DELETE"], ["PUT"], ["DELETE", "PUT"]], ids="-".join)
def test_of_two_who_have_read_the_same_reception_one_writes(desk, wire, method, others):
    path, left, then = "/api/receptions/desk", [1], []
    sends(desk, "PUT", path, HELLO)
    read = sends(desk, "GET", path)[1]["ETag"]

    def in_between(operation, _request, carry):
        if operation == "TransactWriteItems" and left and left.pop():
            assert all(sends(desk, other, path, NIGHT)[0] < 300 for other in others)
            then.append(sends(desk, "GET", path)[::2])
        return carry()

    with wire.has(in_between):
        status = sends(desk, method, path, {**HELLO, "language": "en-US"}, If_Match=read)[0]
    assert status == (404 if (method, others) == ("DELETE", ["DELETE"]) else 412)
    assert sends(desk, "GET", path)[::2] == then[0]


@pytest.mark.parametrize(("header", "value"), [("If-Match", "3"), ("If-Match", '"3'), ("If-None-Match", '"3"')])
def test_a_precondition_that_makes_no_sense_is_refused(desk, header, value):
    status, _, said = sends(desk, "PUT", CALLER, {"name": "Aiko"}, **{header: value})
    assert (status, said["code"], header in said["detail"]) == (400, 20001, True)
    assert desk.asks("GET", CALLER)[0] == 404


def test_a_name_that_may_be_null_is_one_in_the_document(desk):
    schemas = json.loads(api.app.get_openapi_json_schema(**api.DOCUMENT))["components"]["schemas"]
    assert {"type": "null"} in schemas["CallerRequest"]["properties"]["name"]["anyOf"]
    sends(desk, "PUT", CALLER, {"name": None})
    assert desk.asks("GET", CALLER)[1]["name"] == ""


def test_every_operation_says_that_it_may_be_too_much_and_when_to_come_back():
    paths = json.loads(api.app.get_openapi_json_schema(**api.DOCUMENT))["paths"]
    said = [one["responses"].get("429", {}) for methods in paths.values() for one in methods.values()]
    assert all("Retry-After" in answer.get("headers", {}) for answer in said)


MOMENT = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T")


def moments(value, name=""):
    """The names of all moments in an answer."""
    inside = (
        value.items() if isinstance(value, dict) else ((name, one) for one in value) if isinstance(value, list) else ()
    )
    found = {name} if isinstance(value, str) and MOMENT.match(value) else set()
    return found.union(*(moments(one, key) for key, one in inside))


def test_every_moment_is_called_so(desk, twilio, clock):
    call = desk.calls(announcements=[{"before_end": 60, "say": "One minute left."}])
    call.begins(twilio)
    sends(desk, "PUT", CALLER, {"name": "Aiko"})
    sends(desk, "PUT", "/api/receptions/desk", HELLO)
    sends(desk, "POST", "/api/limits/stop", {"why": "a test"})
    paths = (call.path, CALLER, "/api/receptions/desk", "/api/receptions/desk/versions", "/api/limits")
    found = set().union(*(moments(desk.asks("GET", path)[1]) for path in paths))
    assert {"created_at", "started_at", "ends_at", "due_at", "happened_at", "updated_at", "stopped_at"} <= found
    assert [name for name in found if not name.endswith("_at")] == []


@pytest.fixture
def twilio_answers():
    """Twilio makes whatever it is asked for, and the account has the number that is asked for."""

    class Owner(Switchboard):
        def answer(self, asked):
            able = {"voice": True, "sms": True, "mms": False}
            if asked.path == "/IncomingPhoneNumbers":
                found = {"sid": "PN" + "1" * 32, "phone_number": asked.form["PhoneNumber"], "capabilities": able}
                return 200, {"incoming_phone_numbers": [found], "page": 0, "page_size": 1}
            return super().answer(asked)

    twilio_api.get_abilities.cache_clear()
    with attended(Owner()) as owner:
        yield owner
    twilio_api.get_abilities.cache_clear()


def test_the_page_on_conventions_has_the_same_table_of_codes():
    page = (ROOT / "docs/api-conventions.md").read_text()
    assert dict(re.findall(r"^\| (\d{5}) \| (.*) \|$", page, re.M)) == {
        str(code): said for code, said in problems.CODES.items()
    }
