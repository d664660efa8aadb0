"""A reception as it is deployed: it greets, offers, takes a message that lands in S3, and answers a text."""

import time
from urllib.parse import quote

import httpx
import pytest

from tests.deployed.processes import eventually

DESK = """
steps:
  welcome: {greet: "{name}様、こんにちは。", unknown: "こんにちは。", next: menu}
  menu: {menu: "伝言は1を、担当者は2を。", keys: {1: message, 2: person}, otherwise: message}
  message: {voicemail: "どうぞ。", seconds: 5, silence: 2, next: bye}
  person: {transfer: "PERSON", whisper: "{name}様からです。", record: {notice: "録音します。"}, otherwise: message}
  bye: {say: "ありがとうございました。"}
texts:
  - {keywords: ["予約"], answer: "ご予約を承ります。"}
  - {otherwise: "確認します。"}
"""


@pytest.fixture
def line(desk, scene, ben):
    line = scene.line(1)
    desk.answers_at(line, DESK.replace("PERSON", ben.number), f"desk-{scene.block}", sms=True)
    return line


def hears(person, words):
    eventually(lambda: words in str(person.telephone["heard"]))


def keeps_a_log(deployment, function, since, block):
    """It writes a log, and nobody's number into it."""
    eventually(lambda: deployment.log(function, since))
    assert not [text for text in deployment.log(function, since) if block in text]


def tell_again(scene, writer):
    """What is answered when Twilio tells of somebody's text a second time."""
    hooks = [hook for hook in scene.call("GET", "/webhooks")["webhooks"] if hook["url"].endswith("/sms")]
    (told,) = [hook for hook in hooks if hook["params"]["From"] == writer.number and hook["status"]]
    signature = {"X-Twilio-Signature": told["headers"]["X-Twilio-Signature"]}
    return httpx.post(told["url"], data=told["params"], headers=signature, trust_env=False, verify=False, timeout=300)


def kept(desk, line):
    return [one for one in desk.asks("GET", "/api/recordings")["recordings"] if one["line"] == line]


def test_a_caller_is_greeted_by_name_and_leaves_a_message_that_can_be_heard(desk, line, deployment, scene, aiko, news):
    began = time.time()
    desk.knows(aiko, name="愛子")
    aiko.dials(line)
    hears(aiko, "愛子様、こんにちは。")
    deployment.restart("Voice")  # whoever answers next knows nothing of the reception
    aiko.presses("1")  # before the menu was read out
    hears(aiko, "どうぞ。")
    time.sleep(1.5)  # the beep, in real time
    aiko.says("折り返しお電話ください")
    hears(aiko, "ありがとうございました。")
    eventually(lambda: [one["status"] for one in kept(desk, line)] == ["stored"])
    [recording] = kept(desk, line)
    assert (recording["kind"], recording["caller"]) == ("voicemail", aiko.number)
    objects = deployment.client("s3").list_objects_v2(Bucket=deployment.resource("RecordingsBucket"))["Contents"]
    assert f"recordings/{recording['sid']}.wav" in [one["Key"] for one in objects]
    path = f"/api/recordings/{recording['sid']}"
    eventually(lambda: path in [one.get("path") for one in news()])
    desk.asks("PATCH", path, {"heard": True})
    answer = desk.request("GET", f"{path}/audio")
    assert answer.status_code in (200, 302), answer.text
    assert desk.request("DELETE", path).is_success
    eventually(lambda: not kept(desk, line))
    for function in ("Voice", "Recording", "Api"):
        keeps_a_log(deployment, function, began, scene.block)


def test_a_caller_is_put_through_and_both_know_that_it_is_recorded(desk, line, aiko, ben):
    aiko.dials(line)
    hears(aiko, "こんにちは。")
    aiko.presses("2")
    eventually(lambda: ben.telephone["state"] == "ringing")
    ben.rings(showing=line)
    ben.answers()
    hears(ben, "録音します。")
    eventually(lambda: aiko.telephone["talking_with"] == [ben.number])
    aiko.says("もしもし、聞こえますか")
    time.sleep(3)
    ben.hangs_up()
    eventually(lambda: [(one["kind"], one["status"]) for one in kept(desk, line)] == [("conversation", "stored")])


def test_a_text_is_answered_until_somebody_has_had_enough(desk, line, deployment, scene, aiko):
    began = time.time()
    aiko.texts(line, "予約したい")
    eventually(lambda: "ご予約を承ります。" in str(aiko.telephone["messages"]))
    assert "ご予約を承ります。" in tell_again(scene, aiko).text
    aiko.texts(line, "停止")
    eventually(lambda: len(aiko.telephone["messages"]) >= 4)
    refused = desk.request("POST", "/api/messages", {"to": aiko.number, "from": line, "body": "お知らせ"})
    assert (refused.status_code, refused.json()["code"]) == (400, 21610)
    aiko.texts(line, "再開")
    eventually(lambda: len(aiko.telephone["messages"]) >= 6)
    sent = desk.asks("POST", "/api/messages", {"to": aiko.number, "from": line, "body": "お知らせ"})
    eventually(lambda: "お知らせ" in str(aiko.telephone["messages"]))
    eventually(lambda: desk.asks("GET", f"/api/messages/{sent['sid']}")["status"] == "delivered")
    for found in ("", f"?number={quote(aiko.number)}", f"?line={quote(line)}"):
        assert sent["sid"] in [one["sid"] for one in desk.asks("GET", f"/api/messages{found}")["messages"]]
    keeps_a_log(deployment, "Sms", began, scene.block)


def test_a_reception_is_written_changed_shown_and_taken_away(desk, line, deployment, scene):
    name = f"desk-{scene.block}"
    assert desk.writes(name, DESK.replace("PERSON", "+81312345678"))["version"] == 2
    assert name in [one["name"] for one in desk.asks("GET", "/api/receptions")["receptions"]]
    picture = desk.request("GET", f"/api/receptions/{name}/picture")
    assert picture.headers["content-type"].startswith("image/svg+xml")
    assert desk.request("DELETE", f"/api/receptions/{name}").status_code == 409
    assert desk.request("DELETE", f"/api/lines/{quote(line)}").is_success
    assert desk.request("DELETE", f"/api/receptions/{name}").is_success
    assert desk.request("GET", f"/api/receptions/{name}").status_code == 404


def test_callers_are_imported_found_and_exported(desk, deployment, scene, aiko, ben):
    sheet = f"number,name\n{aiko.number},Aiko {scene.block}\n{ben.number},Ben {scene.block}\n"
    url, kind = f"{deployment.base}/api/callers/import", {"content-type": "text/csv"}
    answer = httpx.post(
        url, content=sheet.encode(), headers=kind, auth=deployment.key, trust_env=False, verify=False, timeout=300
    )
    assert answer.is_success, answer.text
    eventually(lambda: len(desk.asks("GET", f"/api/callers?search={scene.block}")["callers"]) == 2)
    assert aiko.number in desk.request("GET", "/api/callers/export").text
    for person in (aiko, ben):
        assert desk.request("DELETE", f"/api/callers/{quote(person.number)}").is_success
