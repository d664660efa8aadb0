"""What schemathesis finds that draws requests from a document, as many as one likes: make schemathesis SEED=1 N=100.

It asks the exchange of `make run`, so there are a service, a session, a reception, a caller and a line to be found.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx

from local import shell
from tests.conftest import ROOT, free_port

SCHEMATHESIS = ROOT / ".tools/clients/bin/schemathesis"
SETTINGS = Path(__file__).with_name("schemathesis.toml")
OF_PROXY = ROOT.parent / "shared/specs/twilio_proxy_v1.json"
SHORT = ("--phases", "fuzzing", "--max-examples", "2", "--generation-deterministic")


class SampleWorld(NamedTuple):
    """An exchange with something in it, its own process; a key, as SID and secret; and where files may lie."""

    exchange: str
    key: str
    folder: Path


@contextmanager
def sample_world() -> Iterator[SampleWorld]:
    """What `make run` starts, with its time standing still."""
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "env"
        ports = {"PORT": str(free_port()), "NETWORK_PORT": str(free_port())}
        paths = os.pathsep.join(str(ROOT / one) for one in ("layers/domain", "functions", "infra"))
        env = os.environ | ports | {"PYTHONPATH": paths, "NETWORK_PACE": "0", "TORITSUGI_ENV": str(told)}
        with subprocess.Popen([sys.executable, "-m", "local"], env=env, stdout=subprocess.DEVNULL) as process:
            try:
                wait_until_ready(f"http://127.0.0.1:{ports['NETWORK_PORT']}/ready", process)
                said = dict(shell.LINE.findall(told.read_text()))
                yield SampleWorld(said["EXCHANGE"], said["KEY"], Path(folder))
            finally:
                process.terminate()


def wait_until_ready(address: str, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            if httpx.get(address, trust_env=False, verify=False, timeout=300).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("the sample world has ended by itself")


def examine(world: SampleWorld, document: Path | None, *options: str) -> subprocess.CompletedProcess[str]:
    """How the exchange answers what is drawn from a document, or from its own. Ends with 0 if as the document says."""
    asked = ["run", document or own_document(world), "--url", world.exchange, "--auth", world.key, "--no-color"]
    env = os.environ | {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    command = [SCHEMATHESIS, "--config-file", SETTINGS, *asked, *options]
    return subprocess.run(command, cwd=world.folder, env=env, check=False, capture_output=True, text=True)


def own_document(world: SampleWorld) -> Path:
    """Where the exchange's own document lies, for schemathesis waits ten seconds for it and no longer."""
    auth = tuple(world.key.split(":"))
    answer = httpx.get(f"{world.exchange}/api/openapi.json", auth=auth, trust_env=False, verify=False, timeout=300)
    place = world.folder / "openapi.json"
    place.write_bytes(answer.raise_for_status().content)
    return place


def main() -> int:
    said = argparse.ArgumentParser(description=__doc__)
    said.add_argument("--seed", default="1")
    said.add_argument("--number", default="100", help="how many requests are drawn for each operation")
    asked = said.parse_args()
    draw = ("--phases", "examples,coverage,fuzzing,stateful", "--max-examples", asked.number, "--seed", asked.seed)
    documents = [None, *([OF_PROXY] if OF_PROXY.exists() else [])]
    outcomes = []
    for document in documents:
        with sample_world() as world:
            outcome = examine(world, document, *draw, "--generation-database", "none")
        print(outcome.stdout, outcome.stderr)
        outcomes.append(outcome.returncode)
    if len(documents) == 1:
        print("Twilio's document of Proxy is not on this machine: /v1 was not examined.")
    return max(outcomes)


if __name__ == "__main__":
    sys.exit(main())
