"""Two people write to each other through a pool number, and neither sees the other's."""

import json

import pytest

LINES = ["+12025550111", "+12025550112", "+12025550113"]


@pytest.fixture
def session(desk, aiko, ben):
    desk.opens(*LINES, sms=True, mms=True)
    return desk.brings_together(aiko, ben)


def test_aiko_writes_to_ben_and_he_answers_the_number_he_sees(session, aiko, ben, clock):
    aiko.texts(session.line_of(aiko), "玄関の前です 🚗")
    clock.forward(seconds=10)
    ben.receives("玄関の前です 🚗", showing=session.line_of(ben))
    ben.texts(session.line_of(ben), "今行きます")
    clock.forward(seconds=10)
    aiko.receives("今行きます", showing=session.line_of(aiko))
    said = [(json.loads(one.data)["body"], one.outbound_resource_status) for one in session.interactions]
    assert sorted(said) == [("今行きます", "delivered"), ("玄関の前です 🚗", "delivered")]
    assert session.status == "in-progress"


def test_nobody_sees_or_logs_the_number_of_the_other(session, aiko, ben, box, clock):
    aiko.texts(session.line_of(aiko), "写真です", f"{box.network}/calls")
    clock.forward(seconds=10)
    [letter] = [one for one in ben.telephone["messages"] if one["direction"] == "in"]
    assert aiko.number[1:] not in json.dumps(letter)
    urls = [hook["url"] for hook in box.webhooks()]
    assert any("/sms/files/KM" in url for url in urls)
    assert not [url for url in urls if aiko.number[1:] in url or ben.number[1:] in url]


@pytest.mark.parametrize(
    "fault",
    [{"duplicate": {"match": "/sms$", "times": 1}}, {"connection_refused": {"match": "/sms$", "times": 2}}],
    ids=["asked twice", "not reached at first"],
)
def test_a_text_goes_on_once_whatever_happens_on_the_way(session, aiko, ben, box, clock, fault):
    box.call("PUT", "/faults", fault)
    aiko.texts(session.line_of(aiko), "着きました")
    clock.forward(seconds=20)
    ben.receives("着きました", showing=session.line_of(ben))
    assert len(session.interactions) == 1


def test_who_wants_no_more_gets_no_more_and_the_other_is_told(session, aiko, ben, clock):
    ben.texts(session.line_of(ben), "停止")
    clock.forward(seconds=10)
    aiko.texts(session.line_of(aiko), "どこですか")
    clock.forward(seconds=10)
    assert len(ben.letters) == 1
    aiko.reads("お相手の方はメッセージを受け取っていません")


def test_after_the_session_nothing_goes_on_and_the_sender_is_told(session, aiko, ben, clock):
    line = session.line_of(aiko)
    session.sdk.update(status="closed")
    aiko.texts(line, "忘れ物です")
    clock.forward(seconds=10)
    aiko.reads("終了しています")
    ben.has_read()
