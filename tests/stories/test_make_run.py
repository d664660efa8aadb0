"""`make run`: a sample world is there, ready to be tried, and whoever typed something impossible reads a sentence."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from twilio.rest import Client

from tests.conftest import ROOT, free_port

COMMAND = [sys.executable, "-m", "local"]


def surroundings(**environment: str) -> dict[str, str]:
    paths = os.pathsep.join(str(ROOT / folder) for folder in ("layers/domain", "functions", "infra"))
    return os.environ | {"PYTHONPATH": paths, "PORT": str(free_port()), "NETWORK_PORT": str(free_port())} | environment


def start(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(COMMAND, env=surroundings(**environment), capture_output=True, text=True, timeout=60)


@pytest.fixture
def first_start() -> Iterator[tuple[httpx.Client, str]]:
    """The network as a client of its control API, and the address of the exchange."""
    env = surroundings(NETWORK_PACE="0")
    network = httpx.Client(base_url=f"http://127.0.0.1:{env['NETWORK_PORT']}", trust_env=False, timeout=30)
    with network, subprocess.Popen(COMMAND, env=env, stdout=subprocess.DEVNULL) as running:
        try:
            wait_until_ready(network, running)
            yield network, f"http://127.0.0.1:{env['PORT']}"
        finally:
            running.terminate()
            assert running.wait(20) == 0


def wait_until_ready(network: httpx.Client, running: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert running.poll() is None, "it has ended by itself"
        try:
            if network.get("/ready").is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError("it is not ready after a minute")


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


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "abc"), ("NETWORK_PORT", "65536"), ("PORT", "-1"), ("NETWORK_PACE", "2"), ("NETWORK_KEEPS", "-1")],
)
def test_an_impossible_setting_is_named_in_one_sentence(name, value):
    ended = start(**{name: value})
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"{name} is a whole number from ")
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize("name", ["PORT", "NETWORK_PORT"])
def test_a_port_that_is_taken_is_named_with_what_to_do(name):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = start(**{name: str(port)})
    assert ended.returncode == 1
    assert ended.stderr == f"Port {port} is taken. Choose another one: make run {name}={port + 10}\n"
