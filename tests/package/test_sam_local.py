"""`sam local invoke` with the events of tests/events, as docs/building.md tells it; only where Docker answers."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.build import built
from tests.conftest import ROOT, free_port
from tests.deployed.processes import start
from tests.events.account import fill

SAM = ROOT / ".tools/sam/bin/sam"
EVENTS = {
    "Voice": "voice",
    "Sms": "sms",
    "Status": "status",
    "Recording": "recording",
    "Timer": "timer",
    "Cleanup": "cleanup",
    "Notification": "notification",
    "Costs": "costs",
    "Prices": "prices",
    "Proxy": "proxy",
    "Api": "api-list",
}


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> Path:
    """tests/events/env.json, for an account that a container can reach."""
    try:
        answers = subprocess.run(["docker", "info"], capture_output=True, timeout=20).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        answers = False
    if not answers:
        pytest.skip("no Docker engine answers here; the same events are tried under Lambda's emulator without one")
    folder, port = tmp_path_factory.mktemp("local"), free_port()
    ministack = [str(ROOT / ".tools/ministack/bin/ministack")]
    listening = {"BIND_HOST": "0.0.0.0", "GATEWAY_PORT": str(port), "IOT_MTLS_ENABLED": "0"}
    running = start("ministack", ministack, folder, port, "/_ministack/health", **listening)
    fill(running.url)
    env = folder / "env.json"
    env.write_text((ROOT / "tests/events/env.json").read_text().replace(":4566", f":{port}"))
    yield env
    running.end()


def test_the_template_for_it_names_every_variable_that_the_events_need(tmp_path):
    text = (built() / "local.yaml").read_text()
    variables = json.loads((ROOT / "tests/events/env.json").read_text())["Parameters"]
    assert not [name for name in variables if f"{name}:" not in text]


@pytest.mark.parametrize("function", EVENTS)
def test_a_function_answers_in_a_container(environment, function):
    event = ROOT / f"tests/events/{EVENTS[function]}.json"
    command = [SAM, "local", "invoke", function, "--template", built() / "local.yaml", "--event", event]
    command += ["--env-vars", environment, "--add-host", "host.docker.internal:host-gateway"]
    quietly = os.environ | {"SAM_CLI_TELEMETRY": "0"}
    process = subprocess.run(command, env=quietly, capture_output=True, text=True, timeout=300)
    assert process.returncode == 0, process.stderr
    answer = json.loads(process.stdout or "null")
    assert (answer or {}).get("statusCode") in (None, 200, 201, 204), process.stderr
