"""What the events in this folder find at AWS: `python -m tests.events.account http://127.0.0.1:4566` puts it there.

Aiko and Ben have a session (voice.json, status.json), two others are over and not closed yet (cleanup.json,
sweep.json), and there is room for more (proxy.json, with the key of its header). The exchange is calling Aiko and Ben
(voice-leg.json, status-leg.json, status-room.json), and the time of two others is up (timer.json). Aiko has left a
message (recording.json, recording-copy.json), and writes to a line (sms.json); a text to her has been delivered
(status-message.json). A session was closed, of which others are told (notification.json), and a subscriber is gone
(notification-delivery.json). The exchange rings its own door (canary.json). A clinic gets a reception
(api-reception.json). Somebody wants to know what it costs (prices.json), and what a
call did cost of which nothing is kept any more (costs.json). Nobody is real.
"""

import json
import sys
from pathlib import Path
from typing import Any

import boto3

from local.aws import SHAPE, Template
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, BASE, OWN_SECRET, ROOT

HERE = Path(__file__).parent
REGION = "ap-northeast-1"

ENVIRONMENT: dict[str, str] = json.loads((HERE / "env.json").read_text())["Parameters"]


def event(name: str) -> Any:
    """What the function of this event is woken with."""
    return json.loads((HERE / f"{name}.json").read_text())


def client(service: str, url: str) -> Any:
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return boto3.client(service, endpoint_url=url, region_name=REGION, **keys)


def fill(url: str) -> None:
    """Makes what an empty account lacks: tables with their rows, settings, queues, a schedule group, bucket and bus."""
    template = Template(ROOT / "template.yaml", {"Stage": "local", "TwilioAccountSid": ACCOUNT_SID})
    dynamodb, ssm = client("dynamodb", url), client("ssm", url)
    rows = json.loads((HERE / "rows.json").read_text())
    for name, table in template.of_type("AWS::DynamoDB::Table").items():
        dynamodb.create_table(TableName=name, **{key: table[key] for key in SHAPE if key in table})
        for row in rows.get(name, []):
            dynamodb.put_item(TableName=name, Item=row)
    for name, value in {"public-base-url": BASE, "auth-tokens": AUTH_TOKEN, "own-secrets": OWN_SECRET}.items():
        ssm.put_parameter(Name=f"{ENVIRONMENT['SETTINGS_PATH']}/{name}", Value=value, Type="SecureString")
    client("scheduler", url).create_schedule_group(Name=ENVIRONMENT["SCHEDULE_GROUP"])
    for name, queue in template.of_type("AWS::SQS::Queue").items():
        order = {"FifoQueue": "true"} if queue.get("FifoQueue") else {}
        client("sqs", url).create_queue(QueueName=f"{name}.fifo" if order else name, Attributes=order)
    place = {"LocationConstraint": REGION}
    client("s3", url).create_bucket(Bucket=ENVIRONMENT["RECORDINGS_BUCKET"], CreateBucketConfiguration=place)
    client("events", url).create_event_bus(Name=ENVIRONMENT["EVENT_BUS"])


if __name__ == "__main__":
    fill(sys.argv[1])
