"""Stories of the exchange as it is deployed: `sam deploy`ed to a stand-in for AWS, permissions evaluated, called from
outside by a telephone network in a process of its own. Time is real, so a story takes some seconds.

One deployment is shared by all stories, also by those that run in other processes of pytest-xdist; so each story has
telephones and lines of its own. The words are those of tests/stories.
"""

from __future__ import annotations

import fcntl
import json
import os
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.build import built
from tests.deployed import cloud
from tests.deployed.cloud import Deployment
from tests.deployed.processes import eventually
from tests.stories.owners import Owner, opening
from tests.stories.people import Desk, Person, Scene

COUNTS_AFTER = 6  # seconds: a process that has just read the subscriptions reads them again after five
ATTACH = "TORITSUGI_DEPLOYED"  # tests/deployed/permissions.py says here which deployment its stories are told of


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """What is deployed, for all stories. Whoever needs it first makes it, and ends it when nobody uses it any more."""
    if ATTACH in os.environ:
        yield Deployment.read(os.environ[ATTACH])
        return
    folder = tmp_path_factory.getbasetemp()
    folder = (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "deployed"
    folder.mkdir(exist_ok=True)
    where = folder / "where.json"
    with (folder / "making").open("w") as making, (folder / "using").open("w") as using:
        fcntl.flock(making, fcntl.LOCK_EX)
        fcntl.flock(using, fcntl.LOCK_SH)
        if where.exists():
            fcntl.flock(making, fcntl.LOCK_UN)
            yield Deployment.read(where.read_text())
            return
        with cloud.deployed(folder, built()) as made:
            where.write_text(made.written())
            fcntl.flock(making, fcntl.LOCK_UN)
            yield made
            fcntl.flock(making, fcntl.LOCK_EX)
            fcntl.flock(using, fcntl.LOCK_EX)
            where.unlink()


class OneOfMany(Scene):
    """A scene that is not alone: its numbers begin as no other scene's do, and only their calls are its own."""

    def __init__(self, exchange: str, network: str) -> None:
        super().__init__(exchange, network)
        self.block = f"1{random.randrange(10**5):05}"

    def telephone(self, which: int) -> str:
        return f"+8190{self.block}{which:02}"

    def line(self, which: int) -> str:
        return f"+8150{self.block}{which:02}"

    def calls(self) -> list[dict[str, Any]]:
        return [call for call in super().calls() if self.block in call["from"] or self.block in call["to"]]

    def webhooks(self) -> list[dict[str, Any]]:
        """The requests for its calls. Of one that had to be repeated, for this machine may be slow, what came of it."""
        ours = {call["sid"] for call in self.calls()}
        hooks = [hook for hook in super().webhooks() if hook["call_sid"] in ours]
        answered = {token_of(hook) for hook in hooks if hook["status"]}
        return [hook for hook in hooks if hook["status"] or token_of(hook) not in answered]

    def is_quiet(self) -> bool:
        """Whether every request of the network was answered."""
        return all(hook["status"] or hook["error"] for hook in self.webhooks())


def token_of(hook: dict[str, Any]) -> str:
    """What all attempts of one request have in common."""
    token: str = hook["headers"]["I-Twilio-Idempotency-Token"]
    return token


@pytest.fixture
def scene(deployment: Deployment) -> Iterator[OneOfMany]:
    scene = OneOfMany(deployment.base, deployment.network.url)
    try:
        yield scene
        eventually(scene.is_quiet)
        surprises = scene.surprises()
    finally:
        scene.http.close()
    assert not surprises, "\n".join(surprises)


@pytest.fixture
def desk(scene: OneOfMany, deployment: Deployment) -> Desk:
    return Desk(scene, deployment.key)


@pytest.fixture
def aiko(scene: OneOfMany) -> Person:
    return Person(scene, "Aiko", scene.telephone(1))


@pytest.fixture
def ben(scene: OneOfMany) -> Person:
    return Person(scene, "Ben", scene.telephone(2))


@pytest.fixture
def eve(scene: OneOfMany) -> Person:
    return Person(scene, "Eve", scene.telephone(3))


@pytest.fixture
def letters(deployment: Deployment) -> Callable[[str], list[Any]]:
    """What lies in the queue of the dead letters and holds these words, taken out of it."""

    def holding(words: str) -> list[Any]:
        sqs, queue = deployment.client("sqs"), deployment.resource("DeadLetters")
        found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=1).get("Messages", [])
        found = [message for message in found if words in message["Body"]]
        for message in found:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return found

    return holding


@pytest.fixture
def opens_system() -> Iterator[Callable[..., Owner]]:
    """Systems of the owner's, each at an address of its own on this machine."""
    with opening() as opens:
        yield opens


@pytest.fixture
def subscribes(desk: Desk) -> Iterator[Callable[..., str]]:
    """Has a system told, until the story ends: there may be twenty."""
    made: list[str] = []

    def subscribe(owner: Owner, *events: str) -> str:
        made.append(desk.asks("POST", "/api/subscriptions", {"url": owner.address, "events": list(events)})["sid"])
        return made[-1]

    yield subscribe
    for sid in made:
        desk.does("DELETE", f"/api/subscriptions/{sid}")


@pytest.fixture
def news(deployment: Deployment, scene: OneOfMany) -> Iterator[Callable[[], list[Any]]]:
    """The facts of events of ours, as another system of the owner's hears them: by a queue of its own."""
    sqs, events, bus, name = (
        deployment.client("sqs"),
        deployment.client("events"),
        deployment.resource("Bus"),
        scene.block,
    )
    queue, heard = sqs.create_queue(QueueName=name)["QueueUrl"], list[Any]()
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps({"source": ["toritsugi"]}))
    events.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn}])

    def listen() -> list[Any]:
        found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        heard.extend(json.loads(message["Body"])["detail"]["data"] for message in found)
        return heard

    yield listen
    events.remove_targets(Rule=name, EventBusName=bus, Ids=["queue"])
    events.delete_rule(Name=name, EventBusName=bus)
    sqs.delete_queue(QueueUrl=queue)
