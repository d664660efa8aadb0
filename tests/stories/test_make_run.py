"""`make run`: a sample world is there, ready to be tried, and whoever typed something impossible reads a sentence."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from twilio.rest import Client

from local import shell
from tests.conftest import ROOT, free_port
from toritsugi import __version__

COMMAND = [sys.executable, "-m", "local"]


@pytest.fixture(autouse=True)
def shell_file(tmp_path, monkeypatch) -> Path:
    """Where this start writes what shells have to know; the developer's own file stays as it is."""
    monkeypatch.setenv("TORITSUGI_ENV", str(tmp_path / "shell/env"))
    return tmp_path / "shell/env"


def surroundings(**environment: str) -> dict[str, str]:
    paths = os.pathsep.join(str(ROOT / folder) for folder in ("layers/domain", "functions", "infra"))
    return os.environ | {"PYTHONPATH": paths, "PORT": str(free_port()), "NETWORK_PORT": str(free_port())} | environment


def start(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(COMMAND, env=surroundings(**environment), capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def started_once(tmp_path_factory) -> Iterator[tuple[httpx.Client, str]]:
    with running(TORITSUGI_ENV=str(tmp_path_factory.mktemp("shell") / "env")) as here:
        yield here


@pytest.fixture
def first_start(started_once) -> Iterator[tuple[httpx.Client, str]]:
    """As it is right after the start: nobody talks."""
    yield started_once
    network, _ = started_once
    for phone in network.get("/phones").json()["phones"]:
        network.post(f"/phones/{phone['number']}/hangup")  # refused if its call has ended with that of another


@contextmanager
def running(**environment: str) -> Iterator[tuple[httpx.Client, str]]:
    """The network as a client of its control API, and the address of the exchange."""
    env = surroundings(NETWORK_PACE="0", **environment)
    network = httpx.Client(
        base_url=f"http://127.0.0.1:{env['NETWORK_PORT']}", trust_env=False, verify=False, timeout=300
    )
    with network, subprocess.Popen(COMMAND, env=env, stdout=subprocess.DEVNULL) as process:
        try:
            wait_until_ready(network, process)
            yield network, f"http://127.0.0.1:{env['PORT']}"
        finally:
            process.terminate()
            assert process.wait(60) == 0


def wait_until_ready(network: httpx.Client, process: subprocess.Popen[bytes]) -> None:
    for _ in range(3000):
        assert process.poll() is None, "it has ended by itself"
        try:
            if network.get("/ready").is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError("it is not ready after five minutes")


def test_on_first_start_two_named_people_can_reach_each_other_by_the_numbers_they_are_told(first_start):
    network, exchange = first_start

    def telephones() -> dict[str, Any]:
        return {phone["name"]: phone for phone in network.get("/phones").json()["phones"]}

    told = {
        name: (phone["suggests"][0]["reaches"], phone["suggests"][0]["number"])
        for name, phone in telephones().items()
        if phone["suggests"]
    }
    assert {name: reaches for name, (reaches, _) in told.items()} == {"Aiko": "Ben", "Ben": "Aiko"}
    network.post(f"/phones/{telephones()['Aiko']['number']}/dial", json={"to": told["Aiko"][1]}).raise_for_status()
    assert telephones()["Ben"]["state"] == "ringing"
    assert telephones()["Ben"]["shows"] == told["Ben"][1]
    account = network.get("/account").json()
    client = Client(account["account_sid"], account["auth_token"])
    client.proxy.base_url = exchange
    (service,) = client.proxy.v1.services.list()
    assert [session.status for session in client.proxy.v1.services(service.sid).sessions.list()] == ["in-progress"]


def test_on_first_start_a_desk_answers_that_knows_one_of_them(first_start):
    network, _ = first_start

    def telephone(name: str) -> dict[str, Any]:
        return next(phone for phone in network.get("/phones").json()["phones"] if phone["name"] == name)

    def does(name: str, what: str, **sent: str) -> None:
        network.post(f"/phones/{telephone(name)['number']}/{what}", json=sent).raise_for_status()

    desk = telephone("Aiko")["suggests"][1]
    assert desk["reaches"] == "the desk"
    does("Aiko", "dial", to=desk["number"])
    network.post("/clock", json={"advance": 20}).raise_for_status()
    heard = [item["text"] for item in telephone("Aiko")["heard"]]
    assert any("やまだあいこ様" in text for text in heard), heard
    does("Aiko", "press", digits="1")
    assert telephone("Office")["state"] == "ringing"


@pytest.mark.thorough
def test_account_and_key_are_the_same_at_the_next_start_and_a_shell_can_read_them(shell_file):
    with running() as (network, _):
        account, written = network.get("/account").json(), exported(shell_file)
    with running() as (network, exchange):
        assert network.get("/account").json() == account
        again = exported(shell_file)
        answer = httpx.get(
            f"{exchange}/api/callers", auth=tuple(again["KEY"].split(":")), trust_env=False, verify=False, timeout=300
        )
    assert answer.status_code == 200
    assert again["EXCHANGE"] == exchange
    assert {name: again[name] for name in ("KEY", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN")} == {
        "KEY": written["KEY"],
        "TWILIO_ACCOUNT_SID": account["account_sid"],
        "TWILIO_AUTH_TOKEN": account["auth_token"],
    }
    assert shell_file.stat().st_mode & 0o077 == 0


def exported(file: Path) -> dict[str, str]:
    """What a shell knows that has read the file."""
    said = subprocess.run(["bash", "-c", f"source {file}; env -0"], capture_output=True, text=True, env={}, check=True)
    return dict(line.split("=", 1) for line in said.stdout.split("\0") if "=" in line)


HALVES = ["", "export KEY='", 'export KEY="half', "export KEY=a\\", "export TWILIO_ACCOUNT_SID=AC1", "\udcff"]


@pytest.mark.parametrize("text", HALVES)
def test_what_is_left_of_a_broken_file_is_not_used(shell_file, text):
    shell_file.parent.mkdir()
    shell_file.write_bytes(text.encode(errors="surrogateescape"))
    assert shell.read_account().is_whole


def test_a_file_that_cannot_be_written_is_told_and_stops_nothing(tmp_path, monkeypatch):
    (tmp_path / "taken").write_text("")
    monkeypatch.setenv("TORITSUGI_ENV", str(tmp_path / "taken/env"))
    assert shell.write(shell.make_account(), "http://exchange", "http://network").startswith(
        "none, and a new account at every start"
    )


def test_the_address_of_the_exchange_says_what_is_here_in_both_languages(first_start):
    network, exchange = first_start
    answer = httpx.get(exchange, trust_env=False, verify=False, timeout=300)
    assert answer.headers["content-type"].startswith("text/html")
    for words in ("電話交換機", "telephone exchange", f"{network.base_url}", "/api/docs", __version__):
        assert str(words).rstrip("/") in answer.text
    assert {"content-security-policy", "x-content-type-options", "referrer-policy"} <= set(answer.headers)
    account = network.get("/account").json()
    own = (account["account_sid"], account["auth_token"])
    for path in re.findall(r'href="(/[^"]+)"', answer.text):
        nobodys = httpx.get(f"{exchange}{path}", trust_env=False, verify=False, timeout=300)
        assert nobodys.status_code == (200 if path == "/prices" else 401)
        assert httpx.get(f"{exchange}{path}", auth=own, trust_env=False, verify=False, timeout=300).is_success


def test_exchange_and_network_need_a_port_each():
    ended = start(PORT="8055", NETWORK_PORT="8055")
    assert (ended.returncode, ended.stderr) == (
        1,
        "PORT and NETWORK_PORT are both 8055: exchange and network each need one. Leave one of them out.\n",
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "abc"), ("NETWORK_PORT", "65536"), ("PORT", "-1"), ("NETWORK_PACE", "2"), ("NETWORK_KEEPS", "-1")],
)
def test_an_impossible_setting_is_named_in_one_sentence(name, value):
    ended = start(**{name: value})
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"{name} is a whole number from ")
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["PORT", "NETWORK_PORT"])
def test_a_port_that_is_taken_is_named_with_what_to_type_instead(name):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = start(**{name: str(port)})
    assert ended.returncode == 1
    said, _, advice = ended.stderr.partition(". Choose another one: make run ")
    assert said == f"Port {port} is taken"
    better = dict(word.split("=") for word in advice.split())
    assert better.keys() == {"PORT", "NETWORK_PORT"}
    assert better[name] != str(port)


ELSEWHERE = "http://127.0.0.1:9"
OF_THIS_MACHINE = {
    "AWS_PROFILE": "nobody",
    "AWS_ENDPOINT_URL": ELSEWHERE,
    "AWS_ENDPOINT_URL_DYNAMODB": ELSEWHERE,
    "AWS_USE_DUALSTACK_ENDPOINT": "true",
    **{"HTTP_PROXY": ELSEWHERE, "ALL_PROXY": ELSEWHERE, "no_proxy": ""},
    **{"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}


def test_what_else_this_machine_is_set_to_changes_nothing():
    with running(**OF_THIS_MACHINE) as (network, exchange):
        assert len(network.get("/phones").json()["phones"]) == 3
        assert httpx.get(exchange, trust_env=False, verify=False, timeout=300).is_success
