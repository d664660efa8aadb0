"""Somebody looks for keys: which SIDs there are, and what secrets they have."""

import base64

import pytest

import api
import proxy
from local.aws import Context
from tests.conftest import BASE
from tests.integration.conftest import event_of
from toritsugi.foundation import api_keys

THERE, NOWHERE = "SK" + "a" * 32, "SK" + "0" * 32


def tries(sid, secret="guessed", method="GET", path="/api/calls"):
    """The answer to somebody who tries this key; of the Proxy API where the path is one of its own."""
    header = "Basic " + base64.b64encode(f"{sid}:{secret}".encode()).decode()
    app = proxy if path.startswith("/v1") else api
    return app.handler(event_of(method, BASE + path, "", {"Authorization": header}), Context("test"))


@pytest.fixture
def key(cloud):
    return api_keys.create_key(THERE, "secret")


@pytest.mark.parametrize("known", ["to this process", "to the table alone", "to nobody"])
def test_a_wrong_key_costs_one_read_and_says_the_same_whether_there_is_such_a_key_or_not(key, wire, known):
    if known == "to this process":
        assert tries(THERE, "secret")["statusCode"] == 200
    with wire.counting() as operations:
        answers = [tries(NOWHERE if known == "to nobody" else THERE) for _ in range(3)]
    assert operations == ["GetItem"] * 3
    assert [answer == tries(NOWHERE) for answer in answers] == [True] * 3
    assert answers[0]["statusCode"] == 401


def test_guesses_neither_shut_out_whoever_has_the_key_nor_count_as_its_use(key):
    for number in range(20):
        assert tries(THERE, f"guess {number}")["statusCode"] == 401
    assert api_keys.ApiKey.get(THERE).used_at is None
    assert tries(THERE, "secret")["statusCode"] == 200


@pytest.mark.parametrize("path", ["/api/docs", "/api/openapi.json"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_is_heavy_is_for_those_who_have_a_key(key, method, path):
    stranger = api.handler(event_of(method, BASE + path, "", {}), Context("test"))
    assert (stranger["statusCode"], len(stranger["body"]) < 500) == (401, True)
    assert stranger["headers"]["WWW-Authenticate"] == 'Basic realm="Toritsugi"'  # a browser asks for the key
    assert tries(NOWHERE, method=method, path=path)["statusCode"] == 401
    assert tries(THERE, "secret", method, path)["statusCode"] == 200


@pytest.mark.parametrize("path", ["/api/docs", "/api/calls", "/api/nothing", "/v1/Services", "/v1/Services/KS1"])
def test_head_says_what_get_says_less_the_body(key, path):
    got, looked = (tries(THERE, "secret", method, path) for method in ("GET", "HEAD"))
    assert (looked["statusCode"], looked["body"]) == (got["statusCode"], "")
