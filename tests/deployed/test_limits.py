"""A limit is reached in a deployment: nothing more begins, and whoever has noticed it has the owner told, both ways.

What a line has used is written into its row, as if it had happened, so that no other story reaches a limit.
"""

import time
from datetime import UTC, datetime

import pytest
from twilio.base.exceptions import TwilioRestException

from tests.deployed.conftest import COUNTS_AFTER
from tests.deployed.processes import eventually

MANY = "100000"

DESK = """
language: ja-JP
steps:
  person: {transfer: "PERSON", otherwise: bye}
  bye: {say: "また今度。"}
"""


@pytest.fixture
def use_up(deployment):
    """Has a line used more calls, or texts, than it may in this hour, and in the next."""

    def use_up(line, what):
        for moment in (time.time(), time.time() + 3600):
            begins = datetime.fromtimestamp(moment, UTC)
            deployment.client("dynamodb").update_item(
                TableName=deployment.resource("UsageTable"),
                Key={"scope": {"S": line}, "day": {"S": f"{begins:%Y-%m-%d}"}},
                UpdateExpression="SET #counter = :many",
                ExpressionAttributeNames={"#counter": f"{what}-{begins:%H}"},
                ExpressionAttributeValues={":many": {"N": MANY}},
            )

    return use_up


@pytest.fixture
def is_told(deployment, opens_system, subscribes, news):
    """Whether a limit that this scene has reached is told on the bus, and to who has subscribed to it."""
    shop = opens_system()
    subscribes(shop, "limit.reached")
    time.sleep(COUNTS_AFTER)

    def sid_of(line):
        key = {"number": {"S": line}, "entry": {"S": "line"}}
        table = deployment.resource("DirectoryTable")
        return deployment.client("dynamodb").get_item(TableName=table, Key=key)["Item"]["number_sid"]["S"]

    def is_told(limit, line=None):
        sid = sid_of(line) if line else None
        for heard in (news, lambda: [event["data"] for event in list(shop.asked)]):
            eventually(lambda heard=heard: (limit, sid) in [(one.get("limit"), one.get("line_sid")) for one in heard()])

    return is_told


def test_a_client_is_told_and_nobody_is_called(desk, scene, use_up, is_told, aiko, ben):
    line = scene.line(1)
    desk.answers_at(line, DESK.replace("PERSON", ben.number), f"desk-{scene.block}")
    before = desk.asks("GET", "/api/limits")
    use_up(line, "calls")
    refused = desk.request("POST", "/api/calls", {"parties": [aiko.number, ben.number], "from": line})
    assert (refused.status_code, refused.json()["limit"]) == (429, "calls_an_hour_per_line")
    assert desk.asks("GET", "/api/limits")["limits"] == before["limits"]
    is_told("calls_an_hour_per_line", line)


def test_a_client_of_proxy_is_told_and_nothing_is_written_to_anybody(desk, scene, use_up, is_told, aiko, ben):
    desk.opens(scene.line(1), name=f"desk-{scene.block}", sms=True)
    session = desk.brings_together(aiko, ben)
    use_up(scene.line(1), "texts")
    [person, _] = session.sdk.participants.list()
    with pytest.raises(TwilioRestException) as refused:
        session.sdk.participants(person.sid).message_interactions.create(body="お知らせ")
    assert refused.value.status == 429
    is_told("texts_an_hour_per_line", scene.line(1))


def test_a_text_in_a_session_is_not_passed_on(desk, scene, use_up, is_told, aiko, ben):
    desk.opens(scene.line(1), name=f"desk-{scene.block}", sms=True)
    session = desk.brings_together(aiko, ben)
    use_up(scene.line(1), "texts")
    aiko.texts(session.line_of(aiko), "玄関の前です")
    is_told("texts_an_hour_per_line", scene.line(1))
    assert [one for one in ben.telephone["messages"] if one["direction"] == "in"] == []


def test_a_reception_transfers_nobody_and_goes_on(desk, scene, use_up, is_told, aiko, ben):
    line = scene.line(1)
    desk.answers_at(line, DESK.replace("PERSON", ben.number), f"desk-{scene.block}")
    use_up(line, "calls")
    aiko.dials(line)
    eventually(lambda: "また今度。" in str(aiko.telephone["heard"]))
    assert "回線が混み合って" in str(aiko.telephone["heard"])
    is_told("calls_an_hour_per_line", line)


def test_who_waits_in_a_masked_conference_is_told(desk, scene, use_up, is_told, aiko, ben):
    desk.opens(scene.line(1), name=f"desk-{scene.block}", Through="conference")
    session = desk.brings_together(aiko, ben)
    use_up(scene.line(1), "calls")
    aiko.dials(session.line_of(aiko))
    eventually(lambda: "回線が混み合って" in str(aiko.telephone["heard"]))
    assert ben.telephone["state"] == "idle"
    is_told("calls_an_hour_per_line", scene.line(1))


def test_a_session_with_as_many_calls_as_one_may_have_gets_no_other(desk, scene, deployment, is_told, aiko, ben):
    desk.opens(scene.line(1), name=f"desk-{scene.block}")
    session = desk.brings_together(aiko, ben)
    aiko.dials(session.line_of(aiko))
    eventually(lambda: ben.telephone["state"] == "ringing")
    ben.rings(showing=session.line_of(ben))
    ben.rejects()
    eventually(lambda: [one.outbound_resource_status for one in session.interactions] == ["busy"])
    have_three_run(deployment, session.sdk.fetch().sid)
    aiko.dials(session.line_of(aiko))
    is_told("calls_at_once_per_caller")
    eventually(lambda: aiko.telephone["state"] == ben.telephone["state"] == "idle")
    ben.was_called(showing=session.line_of(ben))
    assert "canceled" in [one.outbound_resource_status for one in session.interactions]


def have_three_run(deployment, session_sid):
    """Has a session, in which one call is over, three more that run, of whose end nobody has told."""
    dynamodb, table = deployment.client("dynamodb"), deployment.resource("SessionsTable")
    sids = [f"KI{place:032}" for place in range(3)]
    whole = dynamodb.query(
        TableName=table,
        KeyConditionExpression="session_sid = :sid",
        ExpressionAttributeValues={":sid": {"S": session_sid}},
    )["Items"]
    [over] = [row for row in whole if row["kind"]["S"] == "interaction"]
    for sid in sids:
        runs = {"entry": {"S": f"interaction#{sid}"}, "sid": {"S": sid}, "status": {"S": "in-progress"}}
        dynamodb.put_item(TableName=table, Item=over | runs)
    dynamodb.update_item(
        TableName=table,
        Key={"session_sid": {"S": session_sid}, "entry": {"S": "session"}},
        UpdateExpression="SET calls = :calls",
        ExpressionAttributeValues={":calls": {"SS": sids}},
    )
