"""What every operation of our own REST API has in common: names, pages, what is not there, and what is refused."""

import ast
import json
import re

import pytest

import api
from local.aws import Context
from tests.conftest import BASE, ROOT
from tests.integration.calls import Desk
from tests.integration.conftest import event_of
from toritsugi.foundation import api_keys, problems

OPERATIONS = [
    (method.upper(), path)
    for path, methods in json.loads(api.app.get_openapi_json_schema(**api.DOCUMENT))["paths"].items()
    for method in methods
]
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


@pytest.fixture
def owned_numbers():
    """Twilio answers that the account has one number."""
    from tests.integration.switchboard import Switchboard, attended

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
        "GET, HEAD, POST",
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
    rooms = [ROOT / "functions/api", *(p for p in (ROOT / "layers/domain/toritsugi").iterdir() if p.name != "masking")]
    files = [file for room in rooms for file in (room.rglob("*.py") if room.is_dir() else [room])]
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
