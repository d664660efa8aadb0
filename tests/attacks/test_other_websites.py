"""A website that a developer visits has the browser ask the servers of this machine. It learns and changes nothing."""

import httpx
import pytest

LINE = "+815010000001"

FOREIGN = {
    "another website": {"Origin": "https://evil.example.com"},
    "a page without an origin": {"Origin": "null"},
    "a name that leads here for a moment": {"Host": "rebound.example.com:8001"},
    "a name like ours": {"Host": "127.0.0.1.example.com"},
    "no name": {"Host": ""},
    "a name that is none": {"Host": "[::1"},
}
OWN = {
    "a program": {},
    "its own page": {"Origin": "http://127.0.0.1:8001"},
    "another name of this machine": {"Host": "localhost:8001", "Origin": "http://localhost:8001"},
    "a container of this machine": {"Host": "host.docker.internal:8001"},
}


@pytest.fixture(params=["exchange", "network"])
def server(request, box):
    return getattr(box, request.param)


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
def test_a_foreign_page_reads_nothing_and_is_told_why(server, headers):
    answer = httpx.get(f"{server}/", headers=headers, trust_env=False, verify=False, timeout=300)
    assert answer.status_code in (400, 403)  # 400: the web server itself knows no such host
    if answer.status_code == 403:
        assert "127.0.0.1" in answer.text


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
def test_a_foreign_page_changes_nothing(box, headers):
    said = {"phone_number": LINE, "voice_url": "http://127.0.0.1:22/"}
    answer = httpx.post(
        f"{box.network}/numbers", json=said, headers=headers, trust_env=False, verify=False, timeout=300
    )
    assert answer.status_code in (400, 403)
    assert box.call("GET", "/account")["numbers"] == []


@pytest.mark.parametrize("headers", OWN.values(), ids=OWN)
def test_who_is_of_this_machine_is_answered(server, headers):
    assert httpx.get(f"{server}/", headers=headers, trust_env=False, verify=False, timeout=300).status_code in (
        200,
        404,
    )
