"""Cold starts: what it takes a fresh interpreter to import a function, or also to answer its first webhook.

Ours as `make build` makes it, and as on Lambda, where the import makes the clients, too; the ordinary one makes them
there as well.
"""

import json
import os
import resource
import site
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from botocore.exceptions import ClientError

from local.aws import Cloud
from tests.build import built
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, BASE, ROOT
from tests.package.emulator import unpack
from tests.performance.calls import Json

OURS, ORDINARY = "voice", "tests.performance.ordinary"
BARE = "json"  # which Lambda's own runtime has imported before us

SOURCE = os.pathsep.join(str(ROOT / folder) for folder in ("layers/domain", "functions", ""))

ENVIRONMENT = {
    "AWS_LAMBDA_RUNTIME_API": "not asked for anything",
    "ORDINARY_BASE_URL": BASE,
    "ORDINARY_ACCOUNT_SID": ACCOUNT_SID,
    "ORDINARY_AUTH_TOKEN": AUTH_TOKEN,
}

PROGRAM = """
import importlib, json, sys
before, event = set(sys.modules), json.load(sys.stdin)
function = importlib.import_module(sys.argv[1])
if event:
    from collections import namedtuple
    said = dict(function_name="f", memory_limit_in_mb=512, invoked_function_arn="arn", aws_request_id="1")
    answer = function.handler(event, namedtuple("Context", said)(**said))
    assert "<Dial" in answer["body"], answer
print(len(set(sys.modules) - before))
"""


@dataclass(frozen=True)
class Cold:
    """What the start of a fresh process costs: seconds of CPU, the interpreter's own included, and modules imported."""

    seconds: float
    modules: int


class Starter:
    """Starts functions in fresh processes. Bytecode lies in a folder of its own, so that no earlier run counts."""

    def __init__(self, folder: str, endpoint: str | None = None) -> None:
        self.folder, self.endpoint = Path(folder), endpoint

    def path_of(self, module: str) -> str:
        """Where a module and what it imports lie: this machine's for the ordinary one, the build's for ours."""
        if module in (ORDINARY, BARE):
            return os.pathsep.join([str(ROOT), *site.getsitepackages()])
        unpacked = self.folder / module
        if not unpacked.exists():
            unpack(built(), module.capitalize(), unpacked)
        return os.pathsep.join(str(unpacked / part) for part in ("task", "opt/python"))

    def start(self, module: str, event: Json | None = None, compiled: bool = True) -> Cold:
        """One cold start; without bytecode, everything that is not frozen into the interpreter is compiled anew."""
        options = ["-S"] if compiled else ["-S", "-B"]  # without site, which reads what this machine has installed
        prefix = self.folder / ("compiled" if compiled else "empty")
        environment = os.environ | ENVIRONMENT | {"PYTHONPATH": self.path_of(module)}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        if self.endpoint:
            environment |= {f"AWS_ENDPOINT_URL_{service}": self.endpoint for service in ("DYNAMODB", "SSM")}
        before = spent()
        process = subprocess.run(
            [sys.executable, *options, "-X", f"pycache_prefix={prefix}", "-c", PROGRAM, module],
            env=environment,
            input=json.dumps(event),
            capture_output=True,
            text=True,
        )
        assert process.returncode == 0, process.stderr
        return Cold(spent() - before, int(process.stdout.split()[-1]))

    def compare(self, *starts: tuple[str, Json | None], times: int, compiled: bool = True) -> list[Cold]:
        """The least of several cold starts of each, taken in turns: whatever else the machine does adds to them."""
        if compiled:
            for module, event in starts:
                self.start(module, event)
        rounds = [[self.start(*start, compiled) for start in starts] for _ in range(times)]
        return [Cold(min(cold.seconds for cold in colds), colds[0].modules) for colds in zip(*rounds, strict=True)]


def spent() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@contextmanager
def starter(endpoint: str | None = None) -> Iterator[Starter]:
    with tempfile.TemporaryDirectory() as folder:
        yield Starter(folder, endpoint)


@contextmanager
def over_http(cloud: Cloud) -> Iterator[str]:
    """The address under which another process reaches this cloud's DynamoDB, SSM and SQS, which speak JSON."""
    names = {"DynamoDB_20120810": "dynamodb", "AmazonSSM": "ssm", "AmazonSQS": "sqs"}
    clients = {name: cloud.client(service) for name, service in names.items()}

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            service, operation = self.headers["X-Amz-Target"].split(".")
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                status, answer = 200, clients[service]._make_api_call(operation, request)
            except ClientError as error:
                said = error.response.pop("Error")
                status, answer = 400, {"__type": said["Code"], "message": said["Message"]} | error.response
            body = json.dumps(answer, default=str).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
