"""What a browser is shown runs nothing that somebody has smuggled in, and stands in nobody's frame."""

import base64
import hashlib
import re

import pytest

import api
import proxy
from local.aws import Context
from tests.conftest import BASE
from tests.integration.conftest import event_of
from toritsugi.foundation import api_keys

SID = "SK" + "a" * 32


@pytest.fixture
def browser(cloud):
    """Somebody who has typed a key, and what they are shown: the body and the headers."""
    api_keys.create_key(SID, "secret")
    header = "Basic " + base64.b64encode(f"{SID}:secret".encode()).decode()

    def look(path, headers=None):
        app = proxy if path.startswith("/v1") else api
        answer = app.handler(
            event_of("GET", BASE + path, "", headers if headers is not None else {"Authorization": header}),
            Context("test"),
        )
        return answer["body"], {name.lower(): value for name, value in answer["headers"].items()}

    return look


def policy_of(headers):
    parts = (part.split() for part in headers["content-security-policy"].split(";"))
    return {name: values for name, *values in parts}


@pytest.mark.parametrize("path", ["/api/docs", "/api/openapi.json", "/api/calls", "/v1/Services", "/api/nothing"])
@pytest.mark.parametrize("known", [True, False], ids=["a guest", "a stranger"])
def test_every_answer_tells_a_browser_to_be_strict(browser, path, known):
    _, headers = browser(path, None if known else {})
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    policy = policy_of(headers)
    assert (policy["default-src"], policy["frame-ancestors"]) == (["'none'"], ["'none'"])
    assert "'unsafe-inline'" not in policy.get("script-src", [])


def test_the_page_of_the_api_runs_its_own_scripts_and_no_other(browser):
    page, headers = browser("/api/docs")
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", page, re.S)
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    assert policy_of(headers)["script-src"] == [f"'sha256-{one}'" for one in hashes]
    assert len(scripts) == 2
