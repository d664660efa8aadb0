"""The masked call's webhook at a real deployment: `sam deploy` onto ministack, permissions evaluated, over HTTP.

What a request takes there is mostly ministack's own; on AWS it is another thing.
"""

import json
import tempfile
from pathlib import Path

import httpx
from twilio.request_validator import RequestValidator

from tests.build import built
from tests.conftest import AUTH_TOKEN, ROOT
from tests.deployed.cloud import Deployment, deployed
from tests.performance.calls import AIKO, incoming, new_sid
from tests.performance.emulated import Warm, timed

ANSWERS = 200
LINE = "+815010000004"  # that Aiko dials, says tests/events/rows.json


def measure() -> tuple[float, Warm]:
    """Milliseconds until the very first answer, for which the function has to be started, and of those that follow."""
    with (
        tempfile.TemporaryDirectory() as name,
        deployed(Path(name), built()) as deployment,
        httpx.Client(trust_env=False, verify=False, timeout=30) as http,
    ):
        fill(deployment)
        first, *warm = (timed(lambda: call(deployment, http)) for _ in range(1 + ANSWERS))
        return 1000 * first, Warm.of(warm)


def fill(deployment: Deployment) -> None:
    """Aiko's and Ben's routes and lines."""
    rows = json.loads((ROOT / "tests/events/rows.json").read_text())["DirectoryTable"]
    table = deployment.resource("DirectoryTable")
    for row in rows:
        deployment.client("dynamodb").put_item(TableName=table, Item=row)


def call(deployment: Deployment, http: httpx.Client) -> None:
    """A call of Aiko's to Ben, put through."""
    url, fields = f"{deployment.base}/voice", incoming(new_sid(), AIKO, LINE)
    signature = RequestValidator(AUTH_TOKEN).compute_signature(url, fields)
    answer = http.post(url, data=fields, headers={"x-twilio-signature": signature})
    if "<Dial" not in answer.text:
        raise RuntimeError(f"the call is not put through: {answer.status_code} {answer.text}")
