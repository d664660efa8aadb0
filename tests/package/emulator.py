"""A built function under Lambda's own runtime interface emulator, with the real runtime client, layers unpacked as on
Lambda, and nothing of this checkout in reach.

The emulator comes inside aws-sam-cli. It starts the function at the first event, as Lambda does at a cold start.
https://github.com/aws/aws-lambda-runtime-interface-emulator
"""

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from package.target import ROOT
from package.template import layers_of
from tests.build import ARCHITECTURE
from tests.conftest import free_port

PYTHON = ROOT / ".tools/runtime/bin/python"  # which has the runtime client, and nothing else

INIT = re.compile(r"INIT REPORT\(durationMs: ([\d.]+)\)")


@dataclass
class Function:
    """A function that waits for events."""

    http: httpx.Client
    log_file: Path

    def invoke(self, event: Any) -> Any:
        """What it answers."""
        return self.http.post("/2015-03-31/functions/function/invocations", json=event).json()

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    @property
    def starts(self) -> list[float]:
        """How long each start of its process took, in milliseconds, until it could take an event."""
        return [float(duration) for duration in INIT.findall(self.log)]


def unpack(build: Path, name: str, folder: Path) -> Path:
    """Puts a function's layers into folder/opt, in the order in which Lambda does, and its files into folder/task."""
    for layer in layers_of(build)[name]:
        shutil.copytree(build / layer, folder / "opt", dirs_exist_ok=True)
    shutil.copytree(build / name, folder / "task")
    return folder


@contextmanager
def started(folder: Path, handler: str, environment: dict[str, str], python: Path = PYTHON) -> Iterator[Function]:
    """The function that was unpacked into a folder, for as long as it is needed."""
    address, runtime_api = (f"127.0.0.1:{free_port()}" for _ in range(2))
    (emulator,) = ROOT.glob(f".tools/sam/lib/*/site-packages/samcli/local/rapid/aws-lambda-rie-{ARCHITECTURE}")
    command = [emulator, "--log-level", "info", "--runtime-interface-emulator-address", address]
    command += ["--runtime-api-address", runtime_api, python, "-m", "awslambdaric", handler]
    surroundings = {
        "PATH": os.defpath,
        "PYTHONPATH": str(folder / "opt/python"),
        "PYTHONNOUSERSITE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",  # /opt and /var/task cannot be written to
        "AWS_LAMBDA_FUNCTION_NAME": handler,
        "AWS_LAMBDA_FUNCTION_TIMEOUT": "20",
        "AWS_REGION": "ap-northeast-1",
        "AWS_DEFAULT_REGION": "ap-northeast-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    log_file = folder / "log"
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder / "task", env=surroundings | environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        wait_for(address)
        with httpx.Client(base_url=f"http://{address}", timeout=30, trust_env=False, verify=False) as http:
            yield Function(http, log_file)
    finally:
        os.killpg(process.pid, 15)
        process.wait(10)


def wait_for(address: str) -> None:
    """Returns when somebody listens there; raises OSError after ten seconds."""
    host, port = address.split(":")
    for _ in range(100):
        try:
            socket.create_connection((host, int(port)), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise OSError(f"nobody listens at {address}")
