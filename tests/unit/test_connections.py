"""Connections that a process keeps while it is frozen: what has rested too long is not used again."""

import json
import time
from datetime import UTC, datetime

import pytest
import time_machine

from tests.peer import Peer, served
from toritsugi.foundation import clients
from toritsugi.foundation.connections import MAX_REST_SECONDS, KeptConnections

NOON = datetime(2026, 11, 21, 3, tzinfo=UTC)


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.mark.parametrize(
    ("rests", "closed"),
    [
        ([0], 0),
        ([MAX_REST_SECONDS - 1], 0),
        ([MAX_REST_SECONDS], 1),
        ([10, 10, 10], 0),
        ([3600, 1, 3600], 2),
        ([-1], 1),
    ],
    ids=["at once", "in time", "too late", "again and again", "two nights", "before it was"],
)
def test_connections_that_have_rested_too_long_are_closed_before_they_are_used(clock, rests, closed):
    ends = []
    connections = KeptConnections(lambda: ends.append(time.time()))
    for seconds in rests:
        clock.shift(seconds)
        connections.prepare()
    assert len(ends) == closed


# ---- AWS -------------------------------------------------------------------------------------------------------------

# What is asked of each service whose client somebody keeps, and what it answers.
ASKED = {
    "dynamodb": (lambda client: client.get_item(TableName="T", Key={"k": {"S": "1"}}), {}),
    "sqs": (lambda client: client.send_message(QueueUrl="https://sqs.example.com/1/q", MessageBody="1"), {}),
    "events": (lambda client: client.put_events(Entries=[]), {"FailedEntryCount": 0, "Entries": []}),
    "ssm": (lambda client: client.get_parameters(Names=["/a"]), {"Parameters": []}),
    "scheduler": (lambda client: client.create_schedule(Name="a", ClientToken="1"), {"ScheduleArn": "a"}),
    "s3": (lambda client: client.put_object(Bucket="bucket", Key="a", Body=b"RIFF"), None),
}


@pytest.fixture(params=ASKED)
def service(request, monkeypatch):
    """Somebody who asks for something of a service, and the service."""
    ask, answer = ASKED[request.param]
    with served(Peer(b"" if answer is None else json.dumps(answer).encode())) as peer:
        monkeypatch.setenv("AWS_ENDPOINT_URL", peer.address)
        client = clients.aws_client.__wrapped__(request.param)
        if request.param == "s3":  # a bucket is a part of its host, which is nowhere here
            client.meta.events.register("before-send", lambda request, **_: lead(request, peer.address))
        yield lambda: ask(client), peer
        client.close()


def lead(request, address):
    request.url = f"{address}/a"


def test_a_client_of_aws_uses_a_connection_again_and_none_that_has_rested_too_long(service, clock):
    ask, aws = service
    ask()
    ask()
    assert aws.connections == 1
    clock.shift(3600)
    ask()
    assert (aws.connections, aws.resets, len(aws.asked)) == (2, 0, 3)


def test_a_client_of_aws_asks_again_by_itself_where_a_connection_is_reset(service):
    ask, aws = service
    ask()
    aws.keeps = 0
    ask()
    assert (aws.resets, len(aws.asked)) == (1, 2)
