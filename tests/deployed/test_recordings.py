"""Recordings as they are deployed: what each permission of theirs is good for can be seen from outside."""

import json
import time

import httpx
import pytest

from tests.deployed.processes import eventually

DESK = """
language: ja-JP
steps:
  message: {voicemail: "どうぞ。", seconds: 5, silence: 2, next: bye}
  bye: {say: "ありがとうございました。"}
"""


@pytest.fixture
def kept(desk, scene):
    """The recordings over a line, when there are some, all of them stored, and none of them left at Twilio."""

    def look(line):
        found = [one for one in desk.asks("GET", "/api/recordings")["recordings"] if one["line"] == line]
        there = [one for one in scene.call("GET", "/recordings")["recordings"] if scene.block in str(one["number"])]
        is_done = all(one["status"] == "stored" for one in found) and all(one["deleted_at"] for one in there)
        return found if is_done else []

    def wait(line):
        eventually(lambda: look(line))
        return look(line)

    return wait


def test_a_message_that_is_told_of_twice_is_kept_once_and_heard_by_a_link(desk, scene, deployment, kept, aiko):
    line = scene.line(1)
    desk.answers_at(line, DESK, f"desk-{scene.block}")
    aiko.dials(line)
    eventually(lambda: "どうぞ。" in str(aiko.telephone["heard"]))
    time.sleep(1.5)  # the beep, in real time
    aiko.says("折り返しお電話ください")
    (recording,) = kept(line)
    (told,) = [hook for hook in scene.webhooks() if "/recording/" in hook["url"]]
    signature = {"X-Twilio-Signature": told["headers"]["X-Twilio-Signature"]}
    others = left(deployment)
    assert (
        httpx.post(
            told["url"], data=told["params"], headers=signature, trust_env=False, verify=False, timeout=300
        ).status_code
        == 204
    )
    eventually(lambda: left(deployment) <= others)
    assert kept(line) == [recording]
    link = desk.asks("GET", f"/api/recordings/{recording['sid']}/audio")["url"]
    assert httpx.get(link, trust_env=False, verify=False, timeout=300).content.startswith(b"RIFF")
    assert desk.request("DELETE", f"/api/recordings/{recording['sid']}").status_code == 204
    assert desk.request("GET", f"/api/recordings/{recording['sid']}").status_code == 404


def left(deployment) -> int:
    """How many recordings, of this story or of others, wait in the queue or are being copied."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    queue = deployment.resource("Recordings")
    found = deployment.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
    return sum(int(found[name]) for name in names)


def test_a_masked_call_is_recorded_and_its_interaction_says_so(desk, scene, kept, aiko, ben):
    desk.opens(scene.line(1), scene.line(2), name=f"desk-{scene.block}", Record="true")
    session = desk.brings_together(aiko, ben)
    aiko.dials(session.line_of(aiko))
    eventually(lambda: ben.telephone["state"] == "ringing")
    ben.rings(showing=session.line_of(ben))
    ben.answers()
    eventually(lambda: aiko.telephone["talking_with"] == [ben.number])
    aiko.says("もしもし、聞こえますか")
    time.sleep(3)
    ben.hangs_up()
    (recording,) = kept(session.line_of(aiko))
    assert recording["channels"] == 2
    (interaction,) = session.interactions
    assert json.loads(interaction.data)["recording_sid"] == recording["sid"]
    found = desk.asks("GET", f"/api/recordings?session={session.sdk.fetch().sid}")["recordings"]
    assert [one["sid"] for one in found] == [recording["sid"]]


def test_a_mailbox_that_answers_takes_no_call_and_the_caller_leaves_a_message(desk, scene, kept, aiko, ben):
    ways = {"AcceptByKey": "true", "Voicemail": "true", "MaxCalls": "1"}
    desk.opens(scene.line(1), scene.line(2), name=f"desk-{scene.block}", **ways)
    session = desk.brings_together(aiko, ben)
    aiko.dials(session.line_of(aiko))
    eventually(lambda: ben.telephone["state"] == "ringing")
    ben.rings(showing=session.line_of(ben))
    ben.answers()
    ben.hangs_up()
    eventually(lambda: "beep" in [one["kind"] for one in aiko.telephone["heard"]])
    aiko.says("折り返しお電話ください")
    (recording,) = kept(session.line_of(aiko))
    eventually(lambda: aiko.telephone["state"] == "idle")
    assert (recording["kind"], recording["session_sid"]) == ("voicemail", session.sdk.fetch().sid)
    aiko.dials(session.line_of(aiko))
    eventually(lambda: ben.telephone["state"] == "ringing")
    ben.rings(showing=session.line_of(ben))
    ben.answers()
    ben.presses("1")
    eventually(lambda: aiko.telephone["talking_with"] == [ben.number])
    ben.hangs_up()
    shown = session.sdk.fetch()
    path = f"/v1/Services/{shown.service_sid}/Sessions/{shown.sid}"
    eventually(lambda: desk.asks("GET", path)["calls_made"] == 1)
