"""Keys: what each opens and what it does not, how long a revoked one is remembered, and when one was used."""

import base64
import json
import re

import pytest
from botocore.exceptions import ClientError

import api
import proxy
from command import keys
from command.refusals import Refused
from local.aws import Context
from tests.conftest import BASE
from tests.integration.calls import Desk
from tests.integration.conftest import event_of
from toritsugi.foundation import api_keys
from toritsugi.foundation.api_keys import ALL_SCOPES, KEY_REMEMBERED_SECONDS, NOUNS, USE_NOTED_SECONDS, ApiKey

SID, OTHER = "SK" + "b" * 32, "SK" + "c" * 32

OPEN = {"/api/docs", "/api/openapi.json", "/api/proxy/docs", "/api/proxy/openapi.json", "/api/problems"}  # to any key
ROUTES = [
    (app, route.method, route.path)
    for app in (api, proxy)
    for route in (*app.app._static_routes, *app.app._dynamic_routes)
    if route.path not in OPEN
]


def needed(app, method, path):
    """The scope that a route needs."""
    return f"{app.noun_of(path)}:{'read' if method == 'GET' else 'write'}"


def asks(app, method, path, sid=SID):
    """The status and the body of an answer; where a path has a name, it is one of nothing."""
    path = re.sub(r"<\w+>", "nothing", path)
    answer = app.handler(event_of(method, BASE + path, "", {"Authorization": Desk(sid).header}), Context("test"))
    return int(answer["statusCode"]), answer["body"]


def is_noted(sid=SID):
    return ApiKey.get(sid, consistent_read=True).used_at


# ---- scopes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("app", "method", "path"), ROUTES, ids=[" ".join(route[1:]) for route in ROUTES])
def test_every_operation_needs_its_own_scope_and_names_it(cloud, app, method, path):
    scope = needed(app, method, path)
    api_keys.create_key(SID, "secret", tuple(set(ALL_SCOPES) - {scope}))
    status, body = asks(app, method, path)
    assert (status, f"it lacks the scope {scope}" in body) == (403, True)
    if app is api:
        assert json.loads(body)["scope"] == scope
    else:
        assert set(json.loads(body)) == {"code", "message", "more_info", "status"}


@pytest.mark.parametrize(("app", "method", "path"), ROUTES, ids=[" ".join(route[1:]) for route in ROUTES])
def test_the_scope_of_an_operation_is_enough_for_it(cloud, app, method, path):
    api_keys.create_key(SID, "secret", (needed(app, method, path),))
    assert asks(app, method, path)[0] not in (401, 403)


def test_a_scope_is_a_noun_of_the_paths_and_none_is_left_over():
    there = {needed(*route) for route in ROUTES}
    assert there <= set(ALL_SCOPES)
    assert {scope.partition(":")[0] for scope in there} == set(NOUNS)


def test_the_document_says_which_scope_each_operation_needs():
    document = json.loads(api.app.get_openapi_json_schema(**api.DOCUMENT))
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            scope = needed(api, method.upper(), path)
            assert operation["security"] == [{"key": [scope]}]
            assert scope in operation["description"]


@pytest.mark.parametrize(
    ("before", "opened", "closed"),
    [
        ("proxy:read", [(proxy, "GET", "/v1/Services")], [(proxy, "POST", "/v1/Services"), (api, "GET", "/api/calls")]),
        ("proxy:read", [(proxy, "GET", "/v1/Services/KS1/Sessions")], [(proxy, "POST", "/v1/Services/KS1/Sessions")]),
        ("receptions:write", [(api, "DELETE", "/api/lines/+1"), (api, "DELETE", "/api/receptions/a")], []),
        ("calls:read", [(api, "GET", "/api/calls")], [(api, "GET", "/api/lines")]),
    ],
)
def test_a_key_from_before_is_good_for_what_it_was_made_for(cloud, before, opened, closed):
    row = {"key_sid": {"S": SID}, "secret_hash": {"S": api_keys.hash_secret("secret")}, "scopes": {"SS": [before]}}
    cloud.dynamodb.put_item(TableName=ApiKey.Meta.table_name, Item=row)
    assert [asks(*one)[0] for one in opened if asks(*one)[0] in (401, 403)] == []
    assert [asks(*one)[0] for one in closed] == [403] * len(closed)


def test_a_key_of_today_for_receptions_is_none_for_lines(cloud):
    api_keys.create_key(SID, "secret", ("receptions:write",))
    assert asks(api, "DELETE", "/api/lines/+1")[0] == 403


# ---- revoked ---------------------------------------------------------------------------------------------------------


def test_a_revoked_key_opens_nothing_in_a_new_process_and_for_a_minute_in_one_that_knows_it(cloud, clock):
    key = api_keys.create_key(SID, "secret")
    assert asks(api, "GET", "/api/calls")[0] == 200
    key.delete()
    clock.shift(KEY_REMEMBERED_SECONDS - 1)
    assert asks(api, "GET", "/api/calls")[0] == 200
    clock.shift(1)
    assert asks(api, "GET", "/api/calls")[0] == 401
    api_keys.create_key(OTHER, "secret").delete()
    assert asks(api, "GET", "/api/calls", OTHER)[0] == 401


# ---- used ------------------------------------------------------------------------------------------------------------


def test_the_use_of_a_key_is_noted_once_an_hour(cloud, clock, wire):
    api_keys.create_key(SID, "secret")
    assert is_noted() is None
    with wire.counting() as operations:
        asks(api, "GET", "/api/calls")
    assert operations[:2] == ["GetItem", "UpdateItem"]
    first = is_noted()
    with wire.counting() as operations:
        for _ in range(10):
            clock.shift(USE_NOTED_SECONDS // 11)
            asks(api, "GET", "/api/calls")
    assert ("UpdateItem" in operations, is_noted()) == (False, first)
    clock.shift(USE_NOTED_SECONDS)
    asks(api, "GET", "/api/calls")
    assert is_noted() == first + USE_NOTED_SECONDS // 11 * 10 + USE_NOTED_SECONDS


def test_a_use_that_cannot_be_noted_harms_nobody(cloud, wire, logged):
    api_keys.create_key(SID, "secret")

    def refuse(operation, _, carry):
        if operation == "UpdateItem":
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "on purpose"}}, operation)
        return carry()

    with wire.has(refuse):
        assert asks(api, "GET", "/api/calls")[0] == 200
    assert "the use of a key was not noted" in logged()


def test_a_key_that_is_revoked_while_it_is_used_does_not_come_back(cloud, wire):
    key = api_keys.create_key(SID, "secret")

    def revoke(operation, _, carry):
        if operation == "UpdateItem":
            wire.trouble = None
            key.delete()
        return carry()

    with wire.has(revoke):
        assert asks(api, "GET", "/api/calls")[0] == 200
    assert list(ApiKey.scan()) == []


# ---- as whoever looks after them sees them ---------------------------------------------------------------------------


class OwnExchange:
    """An exchange whose tables are those of this process."""

    address = BASE

    def enter(self):
        pass


def test_a_key_is_made_listed_by_its_name_and_shows_its_last_use(cloud):
    exchange = OwnExchange()
    scopes = keys.read_scopes(exchange, ["calls:read, services:write", "lines:read"], read_only=False)
    made = keys.create_key(exchange, "shop", scopes)
    assert made["scopes"] == ["services:write", "calls:read", "lines:read"]
    (listed,) = keys.read_keys(exchange)
    assert listed == {"sid": made["sid"], "name": "shop", "scopes": sorted(made["scopes"]), "last_used": None}
    header = "Basic " + base64.b64encode(f"{made['sid']}:{made['secret']}".encode()).decode()
    assert api_keys.get_authorized_key(header, "calls:read").name == "shop"
    (listed,) = keys.read_keys(exchange)
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\dZ", listed["last_used"])


def test_without_a_word_a_key_may_do_everything_and_read_only_reads_everything(cloud):
    exchange = OwnExchange()
    assert keys.create_key(exchange)["scopes"] == list(ALL_SCOPES)
    assert keys.read_scopes(exchange, None, read_only=True) == tuple(f"{noun}:read" for noun in NOUNS)


@pytest.mark.parametrize("word", ["phones:write", "calls", "calls:erase", "", "CALLS:READ", "proxy:read"])
def test_a_scope_that_there_is_not_is_refused_with_those_that_there_are(cloud, word):
    with pytest.raises(Refused, match="it is one of services, sessions, calls"):
        keys.read_scopes(OwnExchange(), [f"calls:read,{word}"], read_only=False)
