"""The processes of a deployment: an account at AWS, and a telephone network. Each ends with the one that started it.

Whatever a process writes lies in its folder, and it knows nothing of this checkout but what it is told.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, ROOT, free_port

REGION = "ap-northeast-1"


@dataclass
class Running:
    """Where a process is reached that was started, and, in the process that started it, how to end it."""

    url: str
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    def end(self) -> None:
        """Ends the process with all that it has started."""
        if self.process:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(20)


def start(name: str, command: list[str], folder: Path, port: int, ready: str, **environment: str) -> Running:
    """Starts a server, and returns when it answers at the path `ready`; what it says lies in folder/name.log."""
    folder.mkdir(parents=True, exist_ok=True)
    running = Running(f"http://127.0.0.1:{port}", folder)
    leash, surroundings = str(Path(__file__).with_name("leash.py")), outside(folder) | environment
    with (folder / f"{name}.log").open("wb") as log:
        running.process = subprocess.Popen(
            [sys.executable, leash, *command],
            cwd=folder,
            env=surroundings,
            stdout=log,
            stderr=log,
            start_new_session=True,  # a group of its own, which ends together
        )
    try:
        eventually(lambda: httpx.get(running.url + ready, trust_env=False, verify=False, timeout=300).is_success)
    except BaseException:
        running.end()
        raise
    return running


def outside(folder: Path) -> dict[str, str]:
    """An environment that knows nothing of this checkout, and has its home and its temporary files in a folder."""
    home, temporary = folder / "home", folder / "tmp"
    home.mkdir(exist_ok=True)
    temporary.mkdir(exist_ok=True)
    return {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(temporary), "LANG": "C.UTF-8"}


def eventually(happens: Any, seconds: float = 300) -> None:
    """Returns when it has happened; fails when it has not within these seconds."""
    end = time.monotonic() + seconds
    while True:
        with contextlib.suppress(httpx.TransportError):
            if happens():
                return
        assert time.monotonic() < end, f"it has not happened within {seconds} seconds"
        time.sleep(0.1)


def start_account(folder: Path) -> Running:
    """An account at AWS with nothing in it, whose own credentials are `test`."""
    port = free_port()
    return start(
        "aws",
        [str(ROOT / ".tools/ministack/bin/python"), str(Path(__file__).with_name("stand_in.py"))],
        folder,
        port,
        "/_ministack/health",
        BIND_HOST="127.0.0.1",
        MINISTACK_HOST="127.0.0.1",
        GATEWAY_PORT=str(port),
        IOT_MTLS_ENABLED="0",  # else it opens a second port
        AUTH="true",  # every call is signed, and what the role of a function does not allow is refused
        STATE_DIR=str(folder / "state"),
        S3_DATA_DIR=str(folder / "s3"),
        MINISTACK_REGION=REGION,
        **credentials(),
    )


def start_network(folder: Path) -> Running:
    """A telephone network in which time passes as it does outside."""
    port = free_port()
    account = ["--account-sid", ACCOUNT_SID, "--auth-token", AUTH_TOKEN]
    return start(
        "network",
        [sys.executable, "-m", "local.network", "--port", str(port), "--pace", "1", "--keeps", "0", *account],
        folder,
        port,
        "/ready",
        PYTHONPATH=str(ROOT / "infra"),
    )


def credentials() -> dict[str, str]:
    return {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}
