"""Where stories take place: the whole exchange on this machine, and time obeys.

The exchange and the network run as in `make run`, at pace 0. A story knows them only by HTTP, and fails if anything
happened in it that it does not tell: a call too many, a webhook that went wrong, an error in the log, or a person's
number where somebody else can see it.
"""

import asyncio
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from local import sample, stack
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, NETWORK_PORT, OWN_SECRET, free_port
from tests.stories.leaks import Written, find_leaks
from tests.stories.people import Desk, Person, Scene

if TYPE_CHECKING:
    from playwright.sync_api import Browser

EXCHANGE_PORT = free_port()
START = 1_795_000_000  # 2026-11-18T11:06:40Z


class Box(Scene):
    """Exchange and network, running in a thread of their own."""

    def __init__(self) -> None:
        super().__init__(f"http://127.0.0.1:{EXCHANGE_PORT}", f"http://127.0.0.1:{NETWORK_PORT}")
        self.started = threading.Event()
        self.failure: BaseException | None = None
        self.thread = threading.Thread(target=lambda: asyncio.run(self.run()), daemon=True)
        self.thread.start()
        assert self.started.wait(300)
        if self.failure:
            raise self.failure

    async def run(self) -> None:
        self.loop, self.over = asyncio.get_running_loop(), asyncio.Event()
        try:
            account = {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN, "own_secret": OWN_SECRET}
            async with stack.run(EXCHANGE_PORT, NETWORK_PORT, pace=0, start=START, **account) as self.stack:
                await asyncio.to_thread(sample.allow, self.stack)
                self.stack.world.slack = 20  # the exchange is in this very process, which may have to wait
                self.stack.world.ready = True
                self.started.set()
                await self.over.wait()
        except BaseException as failure:
            self.failure = failure
            self.started.set()

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.over.set)
        self.thread.join(300)
        self.http.close()
        assert not self.failure, self.failure

    def surprises(self) -> list[str]:
        """Whatever happened that was not told."""
        clock = [f"the clock: {failure!r}" for failure in self.stack.clock.failures]
        cloud = self.stack.cloud
        return super().surprises() + clock + cloud.failures + cloud.faults.missed()


@dataclass
class Heard:
    """Errors in the log of the exchange."""

    errors: list[str] = field(default_factory=list)


class Ear(logging.Handler):
    def __init__(self, heard: Heard) -> None:
        super().__init__(logging.ERROR)
        self.heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.errors.append(record.getMessage())


class Time:
    """The clock of everything."""

    def __init__(self, box: Box) -> None:
        self.box = box

    def forward(self, *, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        self.box.call("POST", "/clock", {"advance": hours * 3600 + minutes * 60 + seconds})


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Browser"]:
    """One browser for all that a module tells of the page, and no longer: as long as it is there no loop can begin."""
    from tests.stories.pages import chromium

    with chromium(tmp_path_factory.mktemp("home")) as browser:
        yield browser


@pytest.fixture
def log() -> Iterator[Heard]:
    heard = Heard()
    ear = Ear(heard)
    logger = logging.getLogger("toritsugi")
    logger.addHandler(ear)
    yield heard
    logger.removeHandler(ear)


@pytest.fixture
def written() -> Iterator[list[str]]:
    """Every line of the log of the exchange."""
    from toritsugi.foundation.logs import log

    pen = Written(log.registered_formatter)
    log.addHandler(pen)
    yield pen.lines
    log.removeHandler(pen)


@pytest.fixture
def box(log: Heard, written: list[str]) -> Iterator[Box]:
    box = Box()
    yield box
    try:
        surprises = box.surprises() + find_leaks(box.stack, written)
    finally:
        box.stop()
    assert not surprises, "\n".join(surprises)
    assert not log.errors, log.errors


@pytest.fixture
def clock(box: Box) -> Time:
    return Time(box)


@pytest.fixture
def desk(box: Box) -> Desk:
    return Desk(box)


@pytest.fixture
def aiko(box: Box) -> Person:
    return Person(box, "Aiko", "+819011110001")


@pytest.fixture
def ben(box: Box) -> Person:
    return Person(box, "Ben", "+819022220002")


@pytest.fixture
def eve(box: Box) -> Person:
    return Person(box, "Eve", "+819033330003")
