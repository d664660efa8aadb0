"""How long AWS may keep a caller waiting, and when its clients are made."""

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.unit.test_architecture import DEPLOYED, GLOBALS
from toritsugi.foundation import clients
from toritsugi.foundation.tables import connection

TWILIO_WAITS = 15  # seconds; https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides


@pytest.mark.parametrize("client", [clients.aws_client("ssm"), connection().client], ids=["ssm", "dynamodb"])
def test_even_the_slowest_answer_of_aws_leaves_time_for_an_apology(client):
    patience = client.meta.config
    longest = patience.retries["total_max_attempts"] * (patience.connect_timeout + patience.read_timeout)
    assert longest < GLOBALS["Timeout"] < TWILIO_WAITS
    assert "Timeout" not in DEPLOYED["Voice"]


@pytest.mark.parametrize(("on_lambda", "made"), [({"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001"}, 2), ({}, 0)])
def test_a_function_makes_its_clients_while_it_starts_and_only_on_lambda(on_lambda, made):
    program = "import voice; from toritsugi.foundation import clients; print(clients.aws_client.cache_info().currsize)"
    path = os.pathsep.join(str(ROOT / folder) for folder in ("layers/domain", "functions"))
    environment = {name: value for name, value in os.environ.items() if name != "AWS_LAMBDA_RUNTIME_API"}
    process = subprocess.run(
        [sys.executable, "-c", program],
        env=environment | {"PYTHONPATH": path} | on_lambda,
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(process.stdout) == made
