"""What every test stands on: the environment of template.yaml, set before anything of ours is imported."""

import fcntl
import os
import random
import socket
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from local.aws import Cloud, Template

# What is tried at random is the same in every run; `--hypothesis-profile=default` tries something else each time.
# Nothing has a deadline by the clock: this machine may be busy.
slow = [HealthCheck.too_slow]
settings.register_profile("the same", derandomize=True, database=None, deadline=None, suppress_health_check=slow)
settings.load_profile("the same")

ROOT = Path(__file__).parents[1]

ACCOUNT_SID = "AC" + "0123456789abcdef" * 2
AUTH_TOKEN = "fedcba9876543210" * 2
NEXT_TOKEN = "0f1e2d3c4b5a6978" * 2
OWN_SECRET = "00112233445566778899aabbccddeeff" * 2
BASE = "https://exchange.example.com"


PORTS = Path(tempfile.gettempdir()) / f"toritsugi-ports-{os.getuid()}"


def free_port() -> int:
    """A port on which nobody listens, and which no other test of this machine gets as long as this process lives.

    It is none of those from which connections go out: they are above 32,000.
    """
    PORTS.mkdir(exist_ok=True)
    while True:
        port = random.randrange(10_000, 32_000)
        lock = os.open(PORTS / str(port), os.O_CREAT | os.O_WRONLY)  # kept open: it ends with this process
        with suppress(OSError), socket.socket() as listener:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            listener.bind(("127.0.0.1", port))
            return port
        os.close(lock)


THOROUGH = ("command", "deployed", "package")  # rooms in which every test starts programs, and waits for them


@pytest.hookimpl(tryfirst=True)  # before pytest chooses by marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what a whole room is, and what is done in a browser: of each page `make test` sees a glance."""
    for item in items:
        room = item.path.relative_to(ROOT / "tests").parts[0]
        in_browser = "browser" in getattr(item, "fixturenames", ())
        if room in THOROUGH or (in_browser and not item.get_closest_marker("glance")):
            item.add_marker("thorough")
        elif room == "unit" and not item.get_closest_marker("hypothesis"):
            item.add_marker("example")


NETWORK_PORT = free_port()
PARAMETERS = {"Stage": "local", "TwilioAccountSid": ACCOUNT_SID, "CarrierUrl": f"http://127.0.0.1:{NETWORK_PORT}"}
PARAMETERS |= {"Destinations": "*"}  # the people of these tests live all over the world

os.environ |= Template(ROOT / "template.yaml", PARAMETERS).environment
os.environ |= dict.fromkeys(("AWS_REGION", "AWS_DEFAULT_REGION"), "ap-northeast-1")
os.environ |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


@pytest.fixture
def cloud():
    """An account at AWS with the tables, schedules and settings of template.yaml, and nothing in them."""
    settings = {"public-base-url": BASE, "auth-tokens": f"{AUTH_TOKEN},{NEXT_TOKEN}", "own-secrets": OWN_SECRET}
    with Cloud(ROOT / "template.yaml", PARAMETERS, settings) as cloud:
        yield cloud
