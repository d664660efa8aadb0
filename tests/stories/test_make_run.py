"""`make run`, as far as it goes wrong: whoever typed something impossible reads a sentence, not a traceback."""

import os
import socket
import subprocess
import sys

import pytest

from tests.conftest import ROOT, free_port


def start(**environment: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join(str(ROOT / folder) for folder in ("layers/domain", "functions", "infra"))
    usual = {"PYTHONPATH": paths, "PORT": str(free_port()), "NETWORK_PORT": str(free_port())}
    command = [sys.executable, "-m", "local"]
    return subprocess.run(command, env=os.environ | usual | environment, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "abc"), ("NETWORK_PORT", "65536"), ("PORT", "-1"), ("NETWORK_PACE", "2")]
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
