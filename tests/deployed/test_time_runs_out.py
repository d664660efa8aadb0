"""The real Scheduler wakes the real cleanup.py: whoever may wake whom, and what becomes of what cannot be done.

A caller hears the end of a session at the very second, with or without all this. So what cleanup has done shows in the
tables alone: there the session is closed, and its routes have ended.
"""

import json
import time

import pytest

from command import releases
from tests.deployed.processes import eventually
from tests.deployed.schedules import in_a_moment, schedule, schedules_of, target_of

SOON = 8  # seconds: so long a machine that is busy may take for what is quick


@pytest.fixture
def opened(desk, scene):
    desk.opens(scene.line(1), scene.line(2), name=f"desk-{scene.block}")
    return desk


@pytest.fixture
def stored(deployment):
    """The status of a session as the table has it."""

    def status(session):
        key = {"session_sid": {"S": session.sdk.fetch().sid}, "entry": {"S": "session"}}
        table = deployment.resource("SessionsTable")
        return deployment.client("dynamodb").get_item(TableName=table, Key=key)["Item"]["status"]["S"]

    return status


@pytest.fixture
def route_ended(deployment):
    """Whether the directory has it that somebody's calls to a line go nowhere any more."""

    def ended(person, line):
        key = {"number": {"S": person.number}, "entry": {"S": f"route#{line}"}}
        table = deployment.resource("DirectoryTable")
        return "ended_at" in deployment.client("dynamodb").get_item(TableName=table, Key=key)["Item"]

    return ended


def the_hourly_sweep(deployment):
    """What the template's own schedule does."""
    (name,) = schedules_of(deployment, f"{deployment.stage}-sweep")
    return target_of(deployment, name)


def test_a_session_ends_by_its_schedule_which_is_gone_then(opened, deployment, aiko, ben, stored, route_ended):
    session = opened.brings_together(aiko, ben, date_expiry=in_a_moment(SOON))
    sid, line = session.sdk.fetch().sid, session.line_of(aiko)
    assert schedules_of(deployment, sid)
    assert stored(session) == "open"
    eventually(lambda: stored(session) == "closed")
    assert session.sdk.fetch().closed_reason == "date-expiry"
    eventually(lambda: route_ended(aiko, line) and route_ended(ben, session.line_of(ben)))
    eventually(lambda: not schedules_of(deployment, sid))
    aiko.dials(line)
    aiko.hears("終了しました")
    ben.is_idle()


def test_a_call_puts_the_end_off_and_the_schedule_comes_again(opened, aiko, ben, stored):
    session = opened.brings_together(aiko, ben, ttl=3 * SOON)
    time.sleep(2 * SOON)
    aiko.dials(session.line_of(aiko))
    ben.rings(showing=session.line_of(ben))
    aiko.hangs_up()
    time.sleep(SOON + 1)  # now it would have ended
    assert (session.status, stored(session)) == ("in-progress", "in-progress")
    eventually(lambda: stored(session) == "closed")


def test_the_sweep_closes_what_its_schedule_has_forgotten(opened, deployment, aiko, ben, stored):
    session = opened.brings_together(aiko, ben, date_expiry=in_a_moment(SOON))
    scheduler, group = deployment.client("scheduler"), deployment.resource("ScheduleGroup")
    sid = session.sdk.fetch().sid
    for name in schedules_of(deployment, sid):
        scheduler.delete_schedule(GroupName=group, Name=name)
    time.sleep(SOON + 1)
    assert (session.status, stored(session)) == ("closed", "open")
    schedule(deployment, f"now-{sid}", the_hourly_sweep(deployment))
    eventually(lambda: stored(session) == "closed")
    eventually(lambda: any("swept" in line and sid in line for line in deployment.log("Cleanup")))


def test_a_schedule_that_was_made_before_there_was_an_alias_still_closes_its_session(
    opened, deployment, aiko, ben, stored
):
    session = opened.brings_together(aiko, ben, date_expiry=in_a_moment(SOON))
    sid, group = session.sdk.fetch().sid, deployment.resource("ScheduleGroup")
    (own,) = schedules_of(deployment, sid)
    target = target_of(deployment, own)
    assert target["Arn"].endswith(f":{releases.ALIAS}")
    deployment.client("scheduler").delete_schedule(GroupName=group, Name=own)
    time.sleep(SOON + 1)
    schedule(deployment, f"old-{sid}", target | {"Arn": target["Arn"].removesuffix(f":{releases.ALIAS}")})
    eventually(lambda: stored(session) == "closed")


def test_the_sweep_finishes_a_deletion_that_died_on_its_way(deployment, scene):
    table, dynamodb = deployment.resource("SessionsTable"), deployment.client("dynamodb")
    key = {"session_sid": {"S": f"KC{scene.block}"}}
    session = {"entry": {"S": "session"}, "kind": {"S": "session"}, "status": {"S": "closed"}}
    texts = {"service_sid": "KS0", "listed_as": "0", "mode": "voice-only", "closed_reason": "deleted"}
    session |= {name: {"S": text} for name, text in texts.items()}
    session |= {name: {"N": "1"} for name in ("date_created", "date_updated")}
    dynamodb.put_item(TableName=table, Item=key | session)
    texts = {"entry": "interaction#KI1", "kind": "interaction", "sid": "KI1", "status": "completed"}
    sids = ("inbound_participant_sid", "inbound_call_sid", "outbound_participant_sid", "outbound_call_sid")
    interaction = {name: {"S": text} for name, text in (texts | dict.fromkeys(sids, "0")).items()}
    interaction |= {name: {"N": "1"} for name in ("rank", "date_created", "date_updated")}
    dynamodb.put_item(TableName=table, Item=key | interaction)
    schedule(deployment, f"now-{scene.block}", the_hourly_sweep(deployment))

    def left():
        names, values = {"#sid": "session_sid"}, {":sid": key["session_sid"]}
        return dynamodb.query(
            TableName=table,
            KeyConditionExpression="#sid = :sid",
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
        )["Items"]

    eventually(lambda: not left())


def test_the_sweep_forgets_what_is_not_kept_any_longer(opened, deployment, aiko, ben, scene):
    """A session with a text in it, and a call, of long ago, as they would lie there."""
    dynamodb = deployment.client("dynamodb")
    session = opened.brings_together(aiko, ben, unique_name=f"old-{scene.block}")
    sid = session.sdk.update(status="closed").sid
    dynamodb.update_item(
        TableName=deployment.resource("SessionsTable"),
        Key={"session_sid": {"S": sid}, "entry": {"S": "session"}},
        UpdateExpression="SET date_ended = :long_ago",
        ExpressionAttributeValues={":long_ago": {"N": "1700000000"}},
    )
    bridge = {"bridge_sid": {"S": f"KB{scene.block}"}, "entry": {"S": "bridge"}, "kind": {"S": "bridge"}}
    month = time.strftime("%Y-%m", time.gmtime(time.time() - 200 * 86_400))
    texts = {"month": month, "listed_as": f"1#{scene.block}", "through": "dial", "line": "+815010000001"}
    bridge |= {name: {"S": text} for name, text in (texts | {"if_unanswered": "end"}).items()}
    bridge |= {name: {"N": "1"} for name in ("minutes", "ring_seconds", "date_created", "ended_at")}
    party = {"bridge_sid": bridge["bridge_sid"], "entry": {"S": "party#001"}, "kind": {"S": "party"}}
    party |= {name: {"S": text} for name, text in {"number": aiko.number, "shows": "+1", "language": "ja-JP"}.items()}
    for item in (bridge, party | {"place": {"N": "1"}, "date_created": {"N": "1"}}):
        dynamodb.put_item(TableName=deployment.resource("BridgesTable"), Item=item)
    text = {"session_sid": sid, "entry": f"interaction#KI{scene.block}", "kind": "message-interaction"}
    text |= {"sid": f"KI{scene.block}", "participant_sid": "KP0", "inbound_message_sid": f"SM{scene.block}"}
    row = {name: {"S": word} for name, word in text.items()} | {"date_created": {"N": "1"}}
    dynamodb.put_item(TableName=deployment.resource("SessionsTable"), Item=row)
    message = {name: {"S": word} for name, word in {"message_id": f"SM{scene.block}", "status": "received"}.items()}
    dynamodb.put_item(TableName=deployment.resource("MessagesTable"), Item=message)
    schedule(deployment, f"forget-{scene.block}", the_hourly_sweep(deployment))

    def left(table, name, value):
        key = {"KeyConditionExpression": "#key = :key", "ExpressionAttributeNames": {"#key": name}}
        values = {":key": {"S": value}}
        found = dynamodb.query(TableName=deployment.resource(table), ExpressionAttributeValues=values, **key)
        return found["Items"]

    eventually(lambda: not left("SessionsTable", "session_sid", sid))
    eventually(lambda: not left("BridgesTable", "bridge_sid", f"KB{scene.block}"))
    assert not left("MessagesTable", "message_id", f"SM{scene.block}")
    assert opened.brings_together(aiko, ben, unique_name=f"old-{scene.block}").status == "open"


def test_a_sweep_that_runs_out_of_time_goes_on_a_minute_later(deployment):
    table, dynamodb = deployment.resource("SessionsTable"), deployment.client("dynamodb")
    for number in range(4):  # more than fits on one page of a scan
        item = {"session_sid": {"S": f"filler-{number}"}, "entry": {"S": "session"}, "text": {"S": "x" * 390_000}}
        dynamodb.put_item(TableName=table, Item=item)
    cleanup, functions = deployment.function("Cleanup"), deployment.client("lambda")
    functions.update_function_configuration(FunctionName=cleanup["FunctionName"], Timeout=10)
    try:
        functions.invoke(FunctionName=cleanup["FunctionName"], Payload=json.dumps({"sweep": {}}))
        sweeps = schedules_of(deployment, "sweep-")
        assert len(sweeps) == 1
        deployment.client("scheduler").delete_schedule(GroupName=deployment.resource("ScheduleGroup"), Name=sweeps[0])
    finally:
        functions.update_function_configuration(FunctionName=cleanup["FunctionName"], Timeout=cleanup["Timeout"])
        for number in range(4):
            key = {"session_sid": {"S": f"filler-{number}"}, "entry": {"S": "session"}}
            dynamodb.delete_item(TableName=table, Key=key)


def test_a_schedule_that_may_wake_nobody_becomes_a_dead_letter(deployment, letters, scene):
    target = the_hourly_sweep(deployment)
    elsewhere = {"Arn": deployment.function("Voice")["FunctionArn"], "Input": json.dumps(scene.block)}
    schedule(deployment, f"astray-{scene.block}", target | elsewhere)
    eventually(lambda: letters(scene.block))


def test_what_cleanup_cannot_do_is_repeated_and_then_becomes_a_dead_letter(deployment, letters, scene):
    live = {"FunctionName": deployment.function("Cleanup")["FunctionName"], "Qualifier": releases.ALIAS}
    impossible = json.dumps({"story": scene.block})
    deployment.client("lambda").invoke(**live, InvocationType="Event", Payload=impossible)
    eventually(lambda: letters(scene.block))
