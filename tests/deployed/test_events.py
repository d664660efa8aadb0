"""What happens is told to systems of the owner's, as it is deployed: streams, two queues, and their permissions."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.deployed.conftest import COUNTS_AFTER
from tests.deployed.processes import eventually
from tests.stories.owners import Owner

SLOW_SECONDS = 1.5
RARE = "message.read"  # which no story brings about, also of those that are told at the same time


@pytest.fixture(autouse=True)
def nobody_is_refused(deployment):
    """Whoever may not do something in one of these stories tries again, so only this shows it."""
    role, before = deployment.resource("NotificationRole"), len(deployment.refusals())
    yield
    assert [line for line in deployment.refusals()[before:] if f"/{role}" in line] == []


def told(owner: Owner) -> list[tuple[str, str]]:
    return [(event["type"], event["subject"]) for event in list(owner.asked)]


def once(status: int) -> Callable[[Any], int]:
    """Answers with this status, and takes whatever comes after that."""
    answers = iter([status])
    return lambda _: next(answers, 200)


def is_told(desk, sid: str) -> None:
    """Sends a subscription the event that says nothing, and waits until it is taken."""
    sent = desk.asks("POST", f"/api/subscriptions/{sid}/test")
    path = f"/api/subscriptions/{sid}/deliveries/{sent['sid']}"
    eventually(lambda: desk.asks("GET", path)["status"] == "delivered")


def test_whatever_a_table_tells_of_is_told_signed(desk, deployment, scene, opens_system, subscribes, aiko, ben):
    shop, gone = opens_system(), opens_system()
    subscribes(shop, "*")
    time.sleep(COUNTS_AFTER)
    desk.opens(scene.line(1), name=f"desk-{scene.block}")
    session = desk.brings_together(aiko, ben).sdk.fetch()
    desk.owns(scene.line(2))
    call = desk.calls(aiko, ben, line=scene.line(2))
    for person in (aiko, ben):
        eventually(lambda person=person: person.telephone["state"] == "ringing")
        person.rings(showing=scene.line(2))
        person.answers()
    call.end()
    by_hand = {
        "MessagesTable": {"message_id": f"KM{scene.block:0>32}", "direction": "inbound", "status": "received"},
        "RecordingsTable": {"recording_sid": f"RE{scene.block:0>32}", "status": "stored"},
    }
    for table, row in by_hand.items():  # neither is listed, for they have no month
        item = {name: {"S": text} for name, text in row.items()}
        deployment.client("dynamodb").put_item(TableName=deployment.resource(table), Item=item)
    gone.says = lambda _: 410
    over = subscribes(gone, "call.ended")
    desk.asks("POST", f"/api/subscriptions/{over}/test")
    wanted = {
        ("session.opened", session.sid),
        ("call.ended", call.sid),
        ("message.received", by_hand["MessagesTable"]["message_id"]),
        ("recording.ready", by_hand["RecordingsTable"]["recording_sid"]),
        ("subscription.disabled", over),
    }
    eventually(lambda: wanted <= set(told(shop)))
    assert scene.line(1) in [event["data"]["line"] for event in shop.asked if event["type"] == "line.given"]


def test_who_is_slow_is_told_by_a_queue_of_its_own_and_tried_again(desk, deployment, opens_system, subscribes):
    began, slow = time.time(), opens_system()
    sid = subscribes(slow, RARE)
    slow.says = lambda _: {"slept": time.sleep(SLOW_SECONDS)}
    is_told(desk, sid)
    slow.asked.clear()
    slow.says = once(503)
    is_told(desk, sid)
    assert [event["type"] for event in slow.asked] == ["subscription.tested"] * 2
    eventually(lambda: [line for line in deployment.log("Notification", began) if "a delivery failed" in line])
    eventually(lambda: not is_in_slow_lane(deployment, sid))


def is_in_slow_lane(deployment, receiver: str) -> bool:
    """Whether something is noted to be on its way to this receiver in the slow lane."""
    found = deployment.client("dynamodb").query(
        TableName=deployment.resource("NotificationsTable"),
        KeyConditionExpression="listed_in = :receiver AND begins_with(entry, :beginning)",
        ExpressionAttributeValues={":receiver": {"S": receiver}, ":beginning": {"S": "passed-on "}},
    )
    return bool(found["Items"])


def test_who_has_failed_is_tried_again_in_the_queue_of_all(desk, opens_system, subscribes):
    shop = opens_system()
    shop.says = once(503)
    is_told(desk, subscribes(shop, RARE))
    assert [event["type"] for event in shop.asked] == ["subscription.tested"] * 2


def test_a_service_has_a_program_told_of_each_call(desk, scene, opens_system, aiko, ben):
    program = opens_system()
    desk.opens(scene.line(1), scene.line(2), name=f"desk-{scene.block}", CallbackUrl=program.address)
    session = desk.brings_together(aiko, ben)
    aiko.dials(session.line_of(aiko))
    ben.rings(showing=session.line_of(ben))
    ben.rejects()
    eventually(lambda: "busy" in [said["outboundResourceStatus"] for said in program.asked])
    assert {said["interactionSessionSid"] for said in program.asked} == {session.sdk.fetch().sid}


def test_a_service_has_a_program_told_of_each_text_with_what_was_written(desk, scene, opens_system, aiko, ben):
    program = opens_system()
    lines = scene.line(1), scene.line(2)
    desk.opens(*lines, name=f"desk-{scene.block}", sms=True, CallbackUrl=program.address)
    session = desk.brings_together(aiko, ben)
    aiko.texts(session.line_of(aiko), "玄関の前です")
    eventually(lambda: "delivered" in [said["outboundResourceStatus"] for said in program.asked])
    assert {json.loads(said["interactionData"])["body"] for said in program.asked} == {"玄関の前です"}
