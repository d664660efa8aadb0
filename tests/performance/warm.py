"""Warm answers: the CPU that a function takes for one event once its process is there, its tables on the other side of
a wire.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

from local.aws import Cloud
from tests.performance.calls import Json
from tests.performance.cold import ENVIRONMENT, SOURCE, over_http
from tests.performance.conference import Conference, stage

ROUNDS, EVENTS = 3, 200

PROGRAM = """
import collections, importlib, json, sys, time
events, repeated = json.load(sys.stdin)
function = importlib.import_module(sys.argv[1])
said = dict(function_name="f", memory_limit_in_mb=512, invoked_function_arn="arn", aws_request_id="1")
context = collections.namedtuple("Context", said)(**said)
for event in events:
    answer = function.handler(event, context)
    assert answer is None or answer["statusCode"] < 300, answer
before = time.process_time()
for _ in range(repeated):
    for event in events:
        function.handler(event, context)
print((time.process_time() - before) / repeated / len(events))
"""


def take(endpoint: str, module: str, events: list[Json]) -> float:
    """Seconds of CPU for one event, on the average of these: the least of several processes, for whatever else the
    machine does adds to them.
    """
    environment = os.environ | ENVIRONMENT | {"PYTHONPATH": SOURCE}
    services = ("DYNAMODB", "SSM", "SQS", "SCHEDULER")
    environment |= {f"AWS_ENDPOINT_URL_{service}": endpoint for service in services}
    return min(answer_all(environment, module, events) for _ in range(ROUNDS))


def answer_all(environment: dict[str, str], module: str, events: list[Json]) -> float:
    process = subprocess.run(
        [sys.executable, "-c", PROGRAM, module],
        env=environment,
        input=json.dumps([events, EVENTS // len(events)]),
        capture_output=True,
        text=True,
    )
    if process.returncode:
        raise RuntimeError(process.stderr[-2000:])
    return float(process.stdout.split()[-1])  # before it may stand what was logged


def of_conference() -> dict[str, tuple[float]]:
    """The seconds of CPU of one callback, and of one look when nothing is due, in a conference that runs."""
    return asyncio.run(run())


async def run() -> dict[str, tuple[float]]:
    async with stage() as conference:
        await conference.begin()
        told = list(callbacks(conference, "/status"))
        body = json.dumps({"bridge": conference.sid, "due": 0, "spare": False})
        look = {"Records": [{"messageId": "look", "body": body}]}
        return await asyncio.to_thread(answer, conference.running.cloud, told, look)


def answer(cloud: Cloud, told: list[Json], look: Json) -> dict[str, tuple[float]]:
    with over_http(cloud) as endpoint:
        return {
            "status, a callback of a conference": (take(endpoint, "status", told),),
            "timer, a look at a conference": (take(endpoint, "timer", [look]),),
        }


def callbacks(conference: Conference, path: str) -> Iterator[dict[str, Any]]:
    """The webhooks of a conference so far as the events that API Gateway made of them."""
    for sent in conference.running.world.log:
        if urlsplit(sent["url"]).path.startswith(path) and sent["method"] == "POST":
            yield {
                "rawPath": urlsplit(sent["url"]).path,
                "rawQueryString": "",
                "headers": {name.lower(): value for name, value in sent["headers"].items()},
                "requestContext": {"http": {"method": "POST"}},
                "body": urlencode(sent["params"]),
                "isBase64Encoded": False,
            }
