"""Every function, as it was built, starts and answers its real event under Lambda's own emulator, cold and warm.

Its tables are those of ministack, for real requests to a real endpoint. What it can import is what its layers hold.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from package.template import layers_of
from tests.build import built
from tests.deployed.processes import start_account
from tests.events.account import ENVIRONMENT, client, event, fill
from tests.package.emulator import Function, started, unpack

TALKING, *OVERDUE = (f"KC{n:032}" for n in (1, 2, 3))


@pytest.fixture(scope="module")
def account(tmp_path_factory) -> Iterator[str]:
    """The address of an account at AWS in which the events find what they expect."""
    running = start_account(tmp_path_factory.mktemp("aws"))
    try:
        fill(running.url)
        yield running.url
    finally:
        running.end()


@pytest.fixture
def start(account, tmp_path) -> Iterator:
    """Starts a function."""

    def starting(name: str):
        folder = unpack(built(), name, tmp_path)
        return started(folder, f"{name.lower()}.handler", ENVIRONMENT | {"AWS_ENDPOINT_URL": account})

    return starting


def row(account: str, session_sid: str, entry: str):
    key = {"session_sid": {"S": session_sid}, "entry": {"S": entry}}
    return client("dynamodb", account).get_item(TableName="SessionsTable", Key=key).get("Item")


def answers(function: Function, name: str):
    """What it answers to its event, cold and then warm, in one and the same process."""
    cold, warm = (function.invoke(event(name)) for _ in range(2))
    assert len(function.starts) == 1, function.log
    for line in function.log.splitlines():
        said = json.loads(line) if line.startswith("{") else {}
        assert said.get("level") not in ("ERROR", "CRITICAL"), line
    return cold, warm


def test_a_call_is_put_through(start):
    with start("Voice") as voice:
        cold, warm = answers(voice, "voice")
    assert cold["statusCode"] == 200
    assert "<Dial" in cold["body"]
    assert warm["statusCode"] == 200
    assert "<Dial" in warm["body"]


def test_a_callback_is_kept(start, account):
    with start("Status") as status:
        cold, warm = answers(status, "status")
    assert (cold, warm) == ({"statusCode": 204}, {"statusCode": 204})
    assert row(account, TALKING, f"interaction#KI{'c' * 31}1")["status"] == {"S": "initiated"}


def test_a_session_that_is_over_is_closed(start, account):
    with start("Cleanup") as cleanup:
        assert answers(cleanup, "cleanup") == (None, None)
    assert row(account, OVERDUE[0], "session")["status"] == {"S": "closed"}


def test_the_sweep_closes_whatever_is_overdue(start, account):
    with start("Cleanup") as cleanup:
        assert answers(cleanup, "sweep") == (None, None)
    assert [row(account, sid, "session")["status"] for sid in OVERDUE] == [{"S": "closed"}] * 2


def test_the_rest_api_opens_sessions(start, account):
    with start("Proxy") as proxy:
        cold, warm = answers(proxy, "proxy")
    assert (cold["statusCode"], warm["statusCode"]) == (201, 201)
    opened = [json.loads(answer["body"])["sid"] for answer in (cold, warm)]
    schedules = client("scheduler", account).list_schedules(GroupName=ENVIRONMENT["SCHEDULE_GROUP"])["Schedules"]
    assert {schedule["Name"].split("-")[0] for schedule in schedules} == set(opened)


def test_every_function_of_the_build_was_started_here():
    told = Path(__file__).read_text()
    assert not [name for name in layers_of(built()) if f'start("{name}")' not in told]
