"""Keys: made, shown once, listed, revoked."""

import httpx
import pytest

from toritsugi.foundation.api_keys import NOUNS


def asks(exchange, key, method="GET", path="/v1/Services"):
    """The status with which a REST API answers somebody who has this key."""
    url, fields = f"{exchange.base}{path}", {"UniqueName": "made-by-a-key"}
    credentials = (key["sid"], key["secret"])
    if method == "POST":
        return httpx.post(url, data=fields, auth=credentials, trust_env=False, verify=False, timeout=300).status_code
    return httpx.get(url, auth=credentials, trust_env=False, verify=False, timeout=300).status_code


@pytest.fixture
def reader(exchange):
    return exchange.succeeds("keys", "create", "--read-only")


def test_a_key_opens_the_rest_apis_as_far_as_its_scopes_go(exchange, reader):
    for path in ("/v1/Services", "/api/calls"):
        assert (asks(exchange, reader, path=path), asks(exchange, reader, "POST", path)) == (200, 403)


def test_a_list_shows_keys_their_last_use_and_no_secrets(exchange, reader):
    def listed():
        return next(one for one in exchange.succeeds("keys", "list") if one["sid"] == reader["sid"])

    scopes = sorted(f"{noun}:read" for noun in NOUNS)
    assert listed() == {"sid": reader["sid"], "name": None, "scopes": scopes, "last_used": None}
    asks(exchange, reader)
    assert listed()["last_used"].endswith("Z")
    said = exchange.types("keys", "list")
    assert (reader["sid"] in said.out, reader["secret"] in said.out) == (True, False)


def test_a_revoked_key_is_gone_and_asked_for_first(exchange, reader):
    refused = exchange.types("keys", "revoke", reader["sid"])
    assert (refused.code, "add --yes" in refused.err) == (1, True)
    done = exchange.succeeds("keys", "revoke", reader["sid"], "--yes")
    assert done == {"revoked": reader["sid"], "remembered_seconds": 60}
    assert reader["sid"] not in [key["sid"] for key in exchange.succeeds("keys", "list")]
    assert "There is no key" in exchange.types("keys", "revoke", reader["sid"], "--yes").err


def test_people_are_shown_how_to_use_a_new_key(exchange):
    said = exchange.types("keys", "create")
    assert f"client.proxy.base_url = '{exchange.base}'" in said.out


def test_a_key_may_do_what_its_scopes_say_and_is_listed_by_its_name(exchange):
    made = exchange.succeeds("keys", "create", "shop [/]", "--scope", "calls:read, services:write")
    assert made["scopes"] == ["services:write", "calls:read"]
    assert [asks(exchange, made, path=path) for path in ("/api/calls", "/v1/Services")] == [200, 403]
    assert "shop [/]" in exchange.types("keys", "list").out


def test_a_scope_that_there_is_not_is_refused_with_those_that_there_are(exchange):
    refused = exchange.types("keys", "create", "--scope", "phones:write")
    assert (refused.code, "There is no scope 'phones:write': it is one of services, sessions" in refused.err) == (
        1,
        True,
    )
    assert exchange.types("keys", "create", "--read-only", "--scope", "calls:read").code == 1
