"""Every function, as it was built, starts and answers its real event under Lambda's own emulator, cold and warm.

Its tables are those of ministack, for real requests to a real endpoint. What it can import is what its layers hold.
"""

import base64
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest

from package.template import layers_of
from tests.build import built
from tests.deployed.processes import start_account
from tests.events.account import ENVIRONMENT, client, event, fill
from tests.integration.tapes import WAV, Tapes, served
from tests.package.emulator import Function, started, unpack

TALKING, *OVERDUE = (f"KC{n:032}" for n in (1, 2, 3))
LEFT = "RE" + "e" * 31 + "1"
CALLED, ENDING = (f"KB{n:032}" for n in (1, 2))


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

    def starting(name: str, **more: str):
        folder = unpack(built(), name, tmp_path)
        return started(folder, f"{name.lower()}.handler", ENVIRONMENT | {"AWS_ENDPOINT_URL": account} | more)

    return starting


def row(account: str, session_sid: str, entry: str):
    key = {"session_sid": {"S": session_sid}, "entry": {"S": entry}}
    return client("dynamodb", account).get_item(TableName="SessionsTable", Key=key).get("Item")


def entries(account: str, bridge_sid: str) -> dict[str, Any]:
    """What is kept of a call that the exchange makes, by entry."""
    said = {"KeyConditionExpression": "bridge_sid = :sid", "ExpressionAttributeValues": {":sid": {"S": bridge_sid}}}
    found = client("dynamodb", account).query(TableName="BridgesTable", **said)["Items"]
    return {item["entry"]["S"]: item for item in found}


def waiting(account: str, name: str = "Timers") -> list[Any]:
    """What lies in a queue, taken out of it."""
    sqs = client("sqs", account)
    queue = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    for message in found:
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return [json.loads(message["Body"]) for message in found]


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


def test_a_leg_that_we_have_called_enters_the_room(start):
    with start("Voice") as voice:
        cold, warm = answers(voice, "voice-leg")
    assert cold["statusCode"] == warm["statusCode"] == 200
    assert f">{CALLED}</Conference>" in cold["body"]
    assert cold["body"] == warm["body"]


def test_the_ring_tone_can_be_heard(start):
    with start("Voice") as voice:
        cold, warm = answers(voice, "voice-ringing")
    assert cold == warm
    assert cold["headers"]["content-type"] == "audio/wav"
    assert base64.b64decode(cold["body"]).startswith(b"RIFF")


def test_a_callback_is_kept(start, account):
    with start("Status") as status:
        cold, warm = answers(status, "status")
    assert (cold, warm) == ({"statusCode": 204}, {"statusCode": 204})
    assert row(account, TALKING, f"interaction#KI{'c' * 31}1")["status"] == {"S": "initiated"}


def test_a_text_is_answered_and_the_same_text_gets_the_same_answer(start):
    with start("Sms") as sms:
        cold, warm = answers(sms, "sms")
    assert (cold["statusCode"], cold["body"]) == (200, warm["body"])
    assert "お客様、" in cold["body"]


def test_the_delivery_of_a_message_is_kept(start, account):
    with start("Status") as status:
        assert answers(status, "status-message") == ({"statusCode": 204}, {"statusCode": 204})
    key = {"message_id": {"S": f"KM{1:032}"}}
    message = client("dynamodb", account).get_item(TableName="MessagesTable", Key=key)["Item"]
    assert message["status"] == {"S": "delivered"}


@pytest.mark.parametrize(("name", "kept"), [("status-leg", "in-progress"), ("status-room", "participant-join")])
def test_a_callback_of_a_call_that_we_make_is_kept_and_wakes_the_timer(start, account, name, kept):
    with start("Status") as status:
        assert answers(status, name) == ({"statusCode": 204}, {"statusCode": 204})
    assert [entry for entry in entries(account, CALLED) if entry.endswith(f"#{kept}")]
    assert [message["bridge"] for message in waiting(account)] == [CALLED, CALLED]


def test_a_recording_is_told_of(start, account):
    with start("Recording") as recording:
        assert answers(recording, "recording") == ({"statusCode": 204}, {"statusCode": 204})
    told = json.loads(event("recording-copy")["Records"][0]["body"]) | {"began": ANY}
    assert waiting(account, "Recordings") == [told, told]


def test_a_recording_is_copied_once(start, account):
    done: dict[str, Any] = {"batchItemFailures": []}
    with served(Tapes({LEFT: WAV})) as tapes, start("Recording", CARRIER_URL=tapes.address) as recording:
        assert answers(recording, "recording-copy") == (done, done)
    file = client("s3", account).get_object(Bucket=ENVIRONMENT["RECORDINGS_BUCKET"], Key=f"recordings/{LEFT}.wav")
    assert file["Body"].read() == WAV
    key = {"recording_sid": {"S": LEFT}}
    kept = client("dynamodb", account).get_item(TableName="RecordingsTable", Key=key)["Item"]
    assert (kept["status"], kept["size"]) == ({"S": "stored"}, {"N": str(len(WAV))})
    assert not tapes.files


def test_a_call_whose_time_is_up_is_ended(start, account):
    with start("Timer") as timer:
        assert answers(timer, "timer") == (None, None)
    assert entries(account, ENDING)["bridge"]["end_reason"] == {"S": "time"}
    assert not waiting(account)


def test_a_session_that_is_over_is_closed(start, account):
    with start("Cleanup") as cleanup:
        assert answers(cleanup, "cleanup") == (None, None)
    assert row(account, OVERDUE[0], "session")["status"] == {"S": "closed"}


def test_the_sweep_closes_whatever_is_overdue(start, account):
    with start("Cleanup") as cleanup:
        assert answers(cleanup, "sweep") == (None, None)
    assert [row(account, sid, "session")["status"] for sid in OVERDUE] == [{"S": "closed"}] * 2


def test_what_has_changed_is_told_and_of_a_subscriber_who_is_gone_nothing_is_left(start):
    with start("Notification") as notification:
        assert answers(notification, "notification") == (None, None)
        assert notification.invoke(event("notification-delivery")) == {"batchItemFailures": []}


def test_the_canary_says_that_nobody_answers_at_an_address_that_is_nobodys(start):
    with start("Canary") as canary:
        assert [canary.invoke(event("canary")) for _ in range(2)] == [None, None]
    assert canary.log.count("the door was not answered") == 2
    assert "Traceback" not in canary.log


def test_of_a_call_that_is_kept_no_more_nobody_asks_what_it_did_cost(start):
    with start("Costs") as costs:
        assert answers(costs, "costs") == ({"batchItemFailures": []}, {"batchItemFailures": []})
    assert "Traceback" not in costs.log


def test_the_page_of_prices_is_handed_out(start):
    with start("Prices") as prices:
        cold, warm = answers(prices, "prices")
    assert cold == warm
    page = gzip.decompress(base64.b64decode(cold["body"])).decode()
    assert "/vendor/uplot.js" in page
    assert "twilio-jp-" in page


def test_the_rest_api_opens_sessions(start, account):
    with start("Proxy") as proxy:
        cold, warm = answers(proxy, "proxy")
    assert (cold["statusCode"], warm["statusCode"]) == (201, 201)
    opened = [json.loads(answer["body"])["sid"] for answer in (cold, warm)]
    schedules = client("scheduler", account).list_schedules(GroupName=ENVIRONMENT["SCHEDULE_GROUP"])["Schedules"]
    assert {schedule["Name"].split("-")[0] for schedule in schedules} == set(opened)


def test_our_own_rest_api_lists_calls(start):
    with start("Api") as api:
        cold, warm = answers(api, "api-list")
    assert cold["statusCode"] == warm["statusCode"] == 200
    assert {call["sid"] for call in json.loads(cold["body"])["calls"]} == {CALLED, ENDING}


def test_a_reception_in_yaml_has_its_holidays_looked_up_and_the_same_again_is_no_news(start):
    with start("Api") as api:
        cold, warm = answers(api, "api-reception")
    assert (cold["statusCode"], warm["statusCode"]) == (201, 200)
    assert json.loads(cold["body"])["version"] == json.loads(warm["body"])["version"] == 1


def test_our_own_rest_api_says_what_is_wrong_with_a_request(start):
    with start("Api") as api:
        cold, warm = answers(api, "api-call")
    assert cold["statusCode"] == warm["statusCode"] == 422
    assert cold["headers"]["Content-Type"] == "application/problem+json"
    assert json.loads(cold["body"])["errors"][0]["pointer"] == "/parties"


def test_our_own_rest_api_can_be_browsed(start):
    with start("Api") as api:
        cold, _ = answers(api, "api-docs")
    assert cold["statusCode"] == 200
    page = base64.b64decode(cold["body"]).decode() if cold["isBase64Encoded"] else cold["body"]
    assert "SwaggerUIBundle" in page
    assert "/api/calls/{sid}/announce" in page


def test_every_function_of_the_build_was_started_here():
    told = Path(__file__).read_text()
    assert not [name for name in layers_of(built()) if f'start("{name}")' not in told]
