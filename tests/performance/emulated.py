"""Cold and warm under Lambda's own emulator: voice.py as it was built, and the ordinary implementation as it would be.

Both have the real runtime client, their tables at ministack, and one event at a time. Lambda's limits of memory and CPU
are not imposed, so what counts is how the two compare.
"""

import math
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from package import bytecode, sizes
from package.interpreters import UV
from package.sizes import Size
from package.target import ROOT, Target
from package.template import layers_of
from tests.build import ARCHITECTURE, RUNTIME, built
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, BASE
from tests.deployed.processes import start_account
from tests.events.account import ENVIRONMENT, REGION, client, event, fill
from tests.package.emulator import started, unpack
from tests.performance.calls import AIKO, BEN, incoming, new_sid, signed

STARTS, ANSWERS = 5, 400
EVENTS = {  # to start with
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
ORDINARY = ("boto3", "aws-lambda-powertools", "pydantic", "twilio")  # what its requirements.txt would say
LINE = "+815010000009"


@dataclass(frozen=True)
class Cold:
    """Milliseconds: until a process can take an event, and until it has answered its first one, all in all."""

    init: float
    answered: float


@dataclass(frozen=True)
class Warm:
    """Milliseconds in which half of the answers were there, and all but one in a hundred."""

    p50: float
    p99: float

    @classmethod
    def of(cls, seconds: list[float]) -> "Warm":
        ordered = sorted(1000 * one for one in seconds)
        return cls(statistics.median(ordered), ordered[math.ceil(0.99 * len(ordered)) - 1])


@dataclass
class Package:
    """A function with everything that it imports, unpacked as on Lambda."""

    name: str
    folder: Path
    handler: str
    environment: dict[str, str]
    event: dict[str, Any]

    def without_bytecode(self) -> "Package":
        bare = self.folder.with_name(f"{self.name}-bare")
        shutil.copytree(self.folder, bare, ignore=shutil.ignore_patterns("__pycache__", "log"))
        return Package(self.name, bare, self.handler, self.environment, self.event)

    def start(self) -> Cold:
        with started(self.folder, self.handler, self.environment) as function:
            before = time.perf_counter()
            self.check(function.invoke(self.event))
            return Cold(function.starts[0], 1000 * (time.perf_counter() - before))

    def answer(self) -> Warm:
        with started(self.folder, self.handler, self.environment) as function:
            self.check(function.invoke(self.event))
            return Warm.of([timed(lambda: function.invoke(self.event)) for _ in range(ANSWERS)])

    def check(self, answer: Any) -> None:
        if "<Dial" not in str(answer.get("body")):
            raise RuntimeError(f"{self.name} does not put the call through: {answer}")


def timed(do: Any) -> float:
    before = time.perf_counter()
    do()
    return time.perf_counter() - before


@dataclass
class Emulated:
    """By implementation, `toritsugi` and `ordinary`; cold starts also by whether there is bytecode.

    `others` is how long our other functions take to start, in milliseconds; `functions` and `ordinary` are sizes, with
    whatever is imported.
    """

    cold: dict[tuple[str, bool], Cold]
    warm: dict[str, Warm]
    others: dict[str, float]
    functions: dict[str, Size]
    ordinary: Size


def measure() -> Emulated:
    with tempfile.TemporaryDirectory() as folder, account(Path(folder) / "aws") as url:
        packages = _, theirs = toritsugi(Path(folder), url), ordinary(Path(folder), url)
        variants = {(package.name, True): package for package in packages}
        variants |= {(package.name, False): package.without_bytecode() for package in packages}
        rounds = [{which: package.start() for which, package in variants.items()} for _ in range(STARTS)]
        return Emulated(
            {which: median([one[which] for one in rounds]) for which in variants},
            {package.name: package.answer() for package in packages},
            {name: init(name, Path(folder) / name, url) for name in EVENTS},
            functions(),
            sizes.measure(theirs.folder),
        )


def median(colds: list[Cold]) -> Cold:
    return Cold(*(statistics.median(getattr(cold, what) for cold in colds) for what in ("init", "answered")))


def init(name: str, folder: Path, url: str) -> float:
    """How long a function of ours takes to start, in milliseconds."""
    unpack(built(), name, folder)
    durations = []
    for _ in range(STARTS):
        with started(folder, f"{name.lower()}.handler", ENVIRONMENT | {"AWS_ENDPOINT_URL": url}) as function:
            function.invoke(event(EVENTS[name]))
            durations += function.starts
    return statistics.median(durations)


def functions() -> dict[str, Size]:
    """Each of our functions with its layers."""
    return {
        name: sum((sizes.measure(built() / layer) for layer in layers), sizes.measure(built() / name))
        for name, layers in layers_of(built()).items()
    }


@contextmanager
def account(folder: Path) -> Iterator[str]:
    running = start_account(folder)
    try:
        fill(running.url)
        yield running.url
    finally:
        running.end()


def toritsugi(folder: Path, url: str) -> Package:
    unpacked = unpack(built(), "Voice", folder / "toritsugi")
    environment = ENVIRONMENT | {"AWS_ENDPOINT_URL": url}
    return Package("toritsugi", unpacked, "voice.handler", environment, event("voice"))


def fill_ordinary(url: str) -> None:
    from tests.performance import ordinary

    for table in ordinary.TABLES:
        client("dynamodb", url).create_table(**table)
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    sessions = boto3.resource("dynamodb", endpoint_url=url, region_name=REGION, **keys).Table("ordinary-sessions")
    sessions.put_item(Item=ordinary.example(LINE, AIKO, BEN))


def ordinary(folder: Path, url: str) -> Package:
    """The ordinary implementation with what it requires, whole, and its tables."""
    environment = {
        "ORDINARY_BASE_URL": BASE,
        "ORDINARY_ACCOUNT_SID": ACCOUNT_SID,
        "ORDINARY_AUTH_TOKEN": AUTH_TOKEN,
        "AWS_ENDPOINT_URL": url,
    }
    unpacked = folder / "ordinary"
    install = [UV, "pip", "install", "--quiet", "--link-mode", "copy", "--target", unpacked / "opt/python"]
    subprocess.run([*install, "--constraint", ROOT / "requirements.txt", *ORDINARY], check=True)
    (unpacked / "task").mkdir()
    shutil.copy(ROOT / "tests/performance/ordinary.py", unpacked / "task")
    bytecode.compile_all(unpacked, "", Target(RUNTIME.removeprefix("python"), ARCHITECTURE))
    fill_ordinary(url)
    call = signed("/voice", incoming(new_sid(), AIKO, LINE)) | {"routeKey": "POST /voice"}
    return Package("ordinary", unpacked, "ordinary.handler", environment, call)
