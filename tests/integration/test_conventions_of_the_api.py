"""What every operation of our own REST API has in common: names, pages, what is not there, and what is refused."""

import json
import re

import pytest

import api
from tests.integration.calls import Desk

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
