"""People write to the number of a company, and it writes to them."""

import pytest

from tests.stories.people import Person

LINE, VOICE_LINE, OFFICE = "+12025550101", "+815010000009", "+81312345678"

DESK = """
language: ja-JP
steps:
  goodbye: {say: "ありがとうございました。"}
texts:
  - keywords: ["予約", "book"]
    answer: {ja-JP: "{name}様、ご予約は https://example.com へ。", en-US: "Please book at https://example.com, {name}."}
  - keywords: ["時刻"]
    answer: "{time}です。"
  - otherwise: {ja-JP: "ありがとうございます。担当者が確認します。", en-US: "Thank you. Somebody will look at it."}
"""

STOPPED = "配信を停止しました。今後メッセージはお送りしません。再開するには「再開」とご返信ください。"
RESUMED = "配信を再開しました。停止するには「停止」とご返信ください。"
PARCEL = "お荷物は17時に届きます。"


@pytest.fixture(autouse=True)
def line(desk):
    desk.answers_at(LINE, DESK, sms=True)


def write(desk, person, **more):
    return desk.request("POST", "/api/messages", {"to": person.number, "from": LINE, "body": PARCEL, **more})


def seen(desk, **about):
    """The messages that the desk sees, the oldest first."""
    query = "&".join(f"{name}={value}" for name, value in about.items())
    return desk.asks("GET", f"/api/messages?{query}")["messages"][::-1]


# ---- they write to us ------------------------------------------------------------------------------------------------


def test_a_text_with_a_word_is_answered_by_its_rule_and_any_other_one_too(desk, aiko, clock):
    desk.knows(aiko, name="山田愛子")
    aiko.texts(LINE, "あした、ヨヤクできますか。予約したいです")
    clock.forward(seconds=10)
    aiko.texts(LINE, "犬も一緒でいいですか")
    clock.forward(seconds=10)
    aiko.has_read("山田愛子様、ご予約は https://example.com へ。", "ありがとうございます。担当者が確認します。")


def test_who_writes_in_english_is_answered_in_english_and_a_known_caller_in_their_own_language(desk, aiko, ben, clock):
    desk.knows(ben, language="ja-JP")
    for person in (aiko, ben):
        person.texts(LINE, "Can I book a table?")
    clock.forward(seconds=10)
    aiko.has_read("Please book at https://example.com, dear caller.")
    ben.has_read("Ben様、ご予約は https://example.com へ。")


def test_the_desk_sees_the_conversation_and_how_far_each_text_has_come(desk, aiko, clock):
    aiko.texts(LINE, "予約")
    clock.forward(seconds=10)
    write(desk, aiko)
    clock.forward(seconds=10)
    told = [(one["direction"], one["status"]) for one in seen(desk, number=f"%2B{aiko.number[1:]}")]
    assert told == [("inbound", "received"), ("outbound-reply", "delivered"), ("outbound-api", "delivered")]


def test_a_picture_is_kept_as_the_address_at_which_it_is(desk, box, aiko, clock):
    able = {"voice": True, "sms": True, "mms": True}
    box.call("POST", "/numbers", {"phone_number": "+12025550102", "capabilities": able})
    desk.asks("PUT", "/api/lines/%2B12025550102", {"reception": "desk"})
    aiko.texts("+12025550102", "これです", "https://example.com/cat.png")
    clock.forward(seconds=10)
    (message,) = seen(desk, direction="inbound")
    assert [one["kind"] for one in message["media"]] == ["image/png"]
    assert f"/Messages/{message['sid']}/Media/ME" in message["media"][0]["url"]


def test_who_is_blocked_is_not_answered_and_what_they_wrote_is_kept(desk, eve, clock):
    desk.knows(eve, blocked=True)
    eve.texts(LINE, "予約")
    clock.forward(seconds=10)
    eve.has_read()
    assert [one["unanswered"] for one in seen(desk)] == ["blocked"]


@pytest.mark.parametrize(
    "fault",
    [{"duplicate": {"match": "/sms$", "times": 1}}, {"connection_refused": {"match": "/sms$", "times": 2}}],
    ids=["asked twice", "not reached at first"],
)
def test_there_is_one_text_and_one_answer_whatever_happens_on_the_way(desk, box, aiko, clock, fault):
    box.call("PUT", "/faults", fault)
    aiko.texts(LINE, "予約")
    clock.forward(seconds=20)
    assert len(aiko.letters) == 1
    assert [one["direction"] for one in seen(desk)] == ["inbound", "outbound-reply"]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_process_that_dies_while_it_keeps_a_text_is_asked_again(desk, box, aiko, clock, moment):
    box.stack.cloud.crash("sms", **{moment: "dynamodb.TransactWriteItems"})
    aiko.texts(LINE, "予約")
    clock.forward(seconds=20)
    assert len(aiko.letters) == 1
    assert [one["direction"] for one in seen(desk)] == ["inbound", "outbound-reply"]


# ---- no more, and again ----------------------------------------------------------------------------------------------


def test_who_wants_no_more_is_told_so_once_and_then_nobody_writes_until_they_come_back(desk, aiko, clock):
    aiko.texts(LINE, "停止")
    clock.forward(seconds=10)
    for body in ("予約", "停止", "ヘルプ"):
        aiko.texts(LINE, body)
        clock.forward(minutes=2)
    aiko.has_read(STOPPED)
    refused = write(desk, aiko)
    assert (refused.status_code, refused.json()["code"]) == (400, 21610)
    aiko.texts(LINE, "再開")
    clock.forward(seconds=10)
    assert write(desk, aiko).status_code == 201
    clock.forward(seconds=10)
    aiko.has_read(STOPPED, RESUMED, PARCEL)


def test_of_stop_in_english_twilio_says_its_own_word_and_we_say_none(desk, aiko, clock):
    aiko.texts(LINE, "STOP")
    clock.forward(seconds=10)
    assert len(aiko.letters) == 1
    assert write(desk, aiko).json()["code"] == 21610
    aiko.texts(LINE, "START")
    clock.forward(seconds=10)
    assert len(aiko.letters) == 2
    assert write(desk, aiko).status_code == 201


# ---- robots ----------------------------------------------------------------------------------------------------------


def test_a_robot_that_answers_everything_is_left_alone_after_five_answers(desk, aiko, clock):
    """Her telephone writes back by itself, whatever comes, half a minute later."""
    aiko.texts(LINE, "時刻")
    for _ in range(20):
        before = len(aiko.letters)
        clock.forward(seconds=65)
        if len(aiko.letters) == before:
            break
        aiko.texts(LINE, f"「{aiko.letters[-1]}」時刻")
    assert len(aiko.letters) == 5
    assert seen(desk, direction="inbound")[-1]["unanswered"] == "too often"


def test_a_machine_that_says_it_is_one_is_not_answered_at_all(desk, aiko, clock):
    aiko.texts(LINE, "【自動返信】ただいま運転中です。予約の件は後ほどご連絡します。")
    clock.forward(seconds=10)
    aiko.has_read()


# ---- we write to them ------------------------------------------------------------------------------------------------


def test_a_text_of_ours_arrives_and_is_delivered(desk, aiko, clock):
    sent = write(desk, aiko).json()
    assert (sent["status"], sent["encoding"], sent["segments"]) == ("queued", "UCS-2", 1)
    clock.forward(seconds=10)
    aiko.has_read(PARCEL)
    assert desk.asks("GET", f"/api/messages/{sent['sid']}")["status"] == "delivered"


def test_a_telephone_that_is_out_of_reach_gets_none_and_the_desk_learns_why(desk, aiko, clock):
    aiko.will("by hand", receives="never")
    sent = write(desk, aiko).json()
    clock.forward(seconds=10)
    assert desk.asks("GET", f"/api/messages/{sent['sid']}")["status"] == "sent"
    clock.forward(minutes=1)
    late = desk.asks("GET", f"/api/messages/{sent['sid']}")
    assert (late["status"], late["error"]["code"]) == ("undelivered", 30003)
    assert "cannot be reached" in late["error"]["message"]


@pytest.mark.parametrize("fault", ["duplicate", "reorder", "delay"])
def test_callbacks_that_come_twice_late_or_in_disorder_change_nothing(desk, box, aiko, clock, fault):
    more = {"seconds": 7} if fault == "delay" else {}
    box.call("PUT", "/faults", {fault: {"match": "/status/messages/", "times": 9, **more}})
    sent = write(desk, aiko).json()
    clock.forward(minutes=1)
    assert desk.asks("GET", f"/api/messages/{sent['sid']}")["status"] == "delivered"


def test_what_twilio_sends_and_denies_is_looked_for_and_is_not_sent_again(desk, box, aiko, clock):
    box.call("PUT", "/faults", {"rest_500_after_applying": {"match": "/Messages.json", "times": 1}})
    key = {"Idempotency-Key": "parcel-1"}
    body = {"to": aiko.number, "from": LINE, "body": PARCEL}
    assert desk.request("POST", "/api/messages", body, **key).status_code == 201
    clock.forward(seconds=10)
    again = desk.asks("POST", "/api/messages", body, **key)
    assert (again["status"], again["twilio_sid"][:2]) == ("delivered", "SM")
    aiko.has_read(PARCEL)


def test_a_line_with_voice_alone_and_a_landline_are_refused_before_twilio_is_asked(desk, box, aiko):
    desk.owns(VOICE_LINE)
    office = Person(box, "Office", OFFICE)
    for refused, code in ((write(desk, aiko, **{"from": VOICE_LINE}), 21606), (write(desk, office), 21614)):
        assert (refused.status_code, refused.json()["code"]) == (400, code)
    assert seen(desk) == []


def test_the_same_key_sends_once(desk, aiko, clock):
    body = {"to": aiko.number, "from": LINE, "body": PARCEL}
    for _ in range(3):
        desk.asks("POST", "/api/messages", body, **{"Idempotency-Key": "parcel-1"})
    clock.forward(seconds=10)
    aiko.has_read(PARCEL)


# ---- nobody's number reaches anybody ---------------------------------------------------------------------------------


def test_no_address_holds_a_number(desk, box, aiko, clock):
    aiko.texts(LINE, "予約")
    write(desk, aiko)
    clock.forward(seconds=10)
    urls = [hook["url"] for hook in box.webhooks()]
    assert any("/status/messages/KM" in url for url in urls)
    assert not [url for url in urls if aiko.number[1:] in url or LINE[1:] in url]
