"""A masked call through the deployed exchange: what the local stack shows of the code, this shows of the deployment."""

import json
import time

import httpx
import pytest

from tests.deployed.processes import eventually


@pytest.fixture
def opened(desk, scene):
    desk.opens(scene.line(1), scene.line(2), name=f"desk-{scene.block}")
    return desk


def test_two_people_talk_and_neither_sees_the_number_of_the_other(opened, aiko, ben):
    session = opened.brings_together(aiko, ben, unique_name="order-17")
    aiko.dials(session.line_of(aiko))
    ben.rings(showing=session.line_of(ben))
    ben.answers()
    aiko.talks_with(ben)
    aiko.says("hello ben")
    ben.hears("hello ben")
    ben.hangs_up()
    aiko.is_idle()
    (interaction,) = session.interactions
    assert interaction.outbound_resource_status == "completed"
    assert json.loads(interaction.data)["duration"] in "0123"
    assert session.status == "in-progress"


def test_every_call_gives_a_session_with_a_ttl_its_whole_time_again(opened, aiko, ben):
    session = opened.brings_together(aiko, ben, ttl=600)
    before = session.sdk.fetch().date_updated
    aiko.dials(session.line_of(aiko))
    ben.rings(showing=session.line_of(ben))
    ben.rejects()
    assert session.sdk.fetch().date_last_interaction >= before
    assert session.status == "in-progress"


def test_a_call_that_is_reported_after_its_session_was_closed_is_written_down(opened, scene, aiko, ben):
    session = opened.brings_together(aiko, ben)
    scene.call("PUT", "/faults", {"delay": {"match": session.sdk.fetch().sid, "seconds": 2, "times": 1}})
    aiko.dials(session.line_of(aiko))
    ben.rings(showing=session.line_of(ben))
    session.sdk.update(status="closed")
    assert not session.interactions
    eventually(lambda: len(session.interactions) == 1)
    aiko.hangs_up()
    eventually(lambda: [one.outbound_resource_status for one in session.interactions] == ["canceled"])


def test_a_stranger_is_told_and_rings_nobody(opened, aiko, ben, eve):
    session = opened.brings_together(aiko, ben)
    eve.dials(session.line_of(aiko))
    eve.hears("この番号におつなぎできません")
    ben.is_idle()


def test_a_stranger_with_a_pin_of_the_session_is_put_through_and_with_a_wrong_one_is_not(desk, scene, aiko, ben, eve):
    desk.opens(scene.line(1), name=f"desk-{scene.block}", PinEntry="true")
    session = desk.brings_together(aiko, ben)
    path = f"/v1/Services/desk-{scene.block}/Sessions/{session.sdk.fetch().sid}/Participants"
    pins = {one["identifier"]: one["pin"] for one in desk.asks("GET", path)["participants"]}
    eve.dials(scene.line(1))
    hears(eve, "暗証番号")
    eve.presses("91119182#")
    hears(eve, "この暗証番号ではおつなぎできません")
    ben.is_idle()
    eve.presses(pins[aiko.number] + "#")
    eventually(lambda: ben.telephone["state"] == "ringing")
    ben.rings(showing=scene.line(1))
    ben.answers()
    eve.talks_with(ben)
    ben.hangs_up()


def hears(person, words):
    eventually(lambda: words in str(person.telephone["heard"]))


def test_a_forged_call_is_refused(deployment):
    forged = httpx.post(
        f"{deployment.base}/voice",
        data={"From": "+819012345678", "To": "+815012345678"},
        headers={"X-Twilio-Signature": "forged"},
        trust_env=False,
        verify=False,
        timeout=300,
    )
    assert (forged.status_code, forged.content) == (403, b"")


def test_a_stranger_to_the_api_is_refused(deployment):
    answer = httpx.get(
        f"{deployment.base}/v1/Services", auth=("AC" + "0" * 32, "guessed"), trust_env=False, verify=False, timeout=300
    )
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)


def test_the_log_of_a_call_is_kept_and_holds_nobodys_number(opened, scene, deployment, aiko, ben, eve):
    began = time.time()
    session = opened.brings_together(aiko, ben)
    aiko.dials(session.line_of(aiko))
    ben.rings(showing=session.line_of(ben))
    ben.rejects()
    eve.dials(session.line_of(aiko))
    eve.hears("おつなぎできません")
    eventually(lambda: any("call refused" in line for line in deployment.log("Voice", began)))
    for function in ("Voice", "Status", "Proxy"):
        eventually(lambda name=function: deployment.log(name, began))
        assert not [line for line in deployment.log(function, began) if scene.block in line]


def test_what_one_writes_goes_on_to_the_other_who_sees_the_number_that_they_know(desk, scene, aiko, ben):
    desk.opens(scene.line(1), scene.line(2), name=f"desk-{scene.block}", sms=True)
    session = desk.brings_together(aiko, ben, ttl=600)
    aiko.texts(session.line_of(aiko), "玄関の前です")
    eventually(lambda: ("玄関の前です", session.line_of(ben)) in read_by(ben))
    ben.texts(session.line_of(ben), "今行きます")
    eventually(lambda: ("今行きます", session.line_of(aiko)) in read_by(aiko))
    eventually(lambda: [one.outbound_resource_status for one in session.interactions] == ["delivered"] * 2)
    assert session.status == "in-progress"


def test_a_text_goes_on_though_another_process_is_ahead_of_the_time(desk, scene, deployment, aiko, ben):
    desk.opens(scene.line(1), scene.line(2), name=f"desk-{scene.block}", sms=True)
    session = desk.brings_together(aiko, ben)
    deployment.client("dynamodb").update_item(
        TableName=deployment.resource("SessionsTable"),
        Key={"session_sid": {"S": session.sdk.fetch().sid}, "entry": {"S": "session"}},
        UpdateExpression="SET date_last_interaction = :soon",
        ExpressionAttributeValues={":soon": {"N": str(int(time.time()) + 3600)}},
    )
    aiko.texts(session.line_of(aiko), "玄関の前です")
    eventually(lambda: ("玄関の前です", session.line_of(ben)) in read_by(ben))


def read_by(person):
    """What somebody has read, and from whom it came."""
    return [(one["body"], one["from"]) for one in person.telephone["messages"] if one["direction"] == "in"]
