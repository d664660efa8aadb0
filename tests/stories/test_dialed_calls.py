"""The plain way: the first is called, and the second dialed when the first has answered. Both legs go out from us."""

import pytest

LINE = "+815010000011"
UNANSWERED = "お相手の方が電話に出られませんでした"


@pytest.fixture
def line(desk):
    desk.owns(LINE)
    return LINE


def dial(desk, *people, **wanted):
    return desk.calls(*people, line=LINE, through="dial", **wanted)


def test_the_second_rings_when_the_first_has_answered_and_they_talk(desk, line, aiko, ben, clock, box):
    bridge = dial(desk, aiko, ben)
    aiko.rings(showing=line)
    ben.is_idle()
    aiko.answers()
    ben.rings(showing=line)
    clock.forward(seconds=8)
    ben.answers()
    aiko.talks_with(ben)
    clock.forward(minutes=2)
    ben.hangs_up()
    clock.forward(seconds=2)
    aiko.is_idle()
    seen = bridge.seen
    assert seen["end_reason"] == "hung-up"
    assert seen["billed_minutes"] == sum(call["billed_minutes"] for call in box.calls())


def test_it_ends_when_its_time_is_over(desk, line, aiko, ben, clock):
    bridge = dial(desk, aiko, ben, minutes=5)
    aiko.rings(showing=line)
    aiko.answers()
    ben.rings(showing=line)
    ben.answers()
    clock.forward(minutes=4, seconds=59)
    aiko.talks_with(ben)
    clock.forward(seconds=3)
    aiko.is_idle()
    ben.is_idle()
    assert bridge.seen["end_reason"] in ("time", "hung-up")


@pytest.mark.parametrize("how", ["busy", "never"])
def test_the_first_is_told_when_the_second_cannot_be_reached(desk, line, aiko, ben, clock, how):
    ben.will(how)
    dial(desk, aiko, ben, ring_seconds=10)
    aiko.rings(showing=line)
    aiko.answers()
    clock.forward(seconds=16)
    ben.was_called(showing=line)
    aiko.hears(UNANSWERED)
    clock.forward(seconds=8)
    aiko.is_idle()


def test_the_second_is_tried_once_more_where_that_is_wished(desk, line, aiko, ben, clock):
    bridge = dial(desk, aiko, ben, if_unanswered="retry")
    aiko.rings(showing=line)
    aiko.answers()
    ben.rings(showing=line)
    ben.rejects()
    clock.forward(seconds=6)
    ben.rings(showing=line)
    ben.answers()
    aiko.talks_with(ben)
    bridge.end()
    aiko.is_idle()
    ben.is_idle()


def test_when_the_first_does_not_answer_the_second_is_never_called(desk, line, aiko, ben, clock):
    bridge = dial(desk, aiko, ben, ring_seconds=10)
    aiko.rings(showing=line)
    clock.forward(seconds=16)
    aiko.is_idle()
    ben.is_idle()
    assert bridge.seen["end_reason"] == "no-answer"


def test_the_first_ones_voicemail_never_meets_the_second(desk, line, aiko, ben, clock):
    aiko.will("machine", greeting="ただいま留守にしております。")
    bridge = dial(desk, aiko, ben, accept=True)
    aiko.was_called(showing=line)
    clock.forward(seconds=30)
    aiko.is_idle()
    ben.is_idle()
    assert bridge.seen["end_reason"] in ("declined", "hung-up")


def test_the_second_ones_voicemail_never_meets_the_first(desk, line, aiko, ben, clock):
    ben.will("machine", greeting="ただいま留守にしております。")
    dial(desk, aiko, ben, accept=True)
    aiko.rings(showing=line)
    aiko.answers()
    aiko.presses("1")
    clock.forward(seconds=20)
    ben.was_called(showing=line)
    aiko.hears(UNANSWERED)
    assert not [item for item in aiko.telephone["heard"] if item["kind"] == "speech"]
    clock.forward(seconds=10)
    aiko.is_idle()


def test_each_hears_who_calls_before_they_are_put_through(desk, line, aiko, ben, clock):
    bridge = dial(desk, aiko, ben, whisper="配送センターからのお電話です。")
    aiko.rings(showing=line)
    aiko.answers()
    aiko.hears("配送センター")
    clock.forward(seconds=3)
    ben.rings(showing=line)
    ben.answers()
    ben.hears("配送センター")
    clock.forward(seconds=3)
    aiko.talks_with(ben)
    bridge.end()


@pytest.mark.parametrize("accept", [False, True])
def test_each_hears_what_is_meant_for_them_and_nobody_elses(desk, line, aiko, ben, clock, accept):
    meant = [(aiko, "お客様からのお電話です。"), (ben, "配送センターからのお電話です。")]
    parties = [{"number": person.number, "whisper": words} for person, words in meant]
    body = {"parties": parties, "from": line, "through": "dial", "accept": accept}
    desk.does("POST", "/api/calls", body)
    for person, words in meant:
        person.rings(showing=line)
        person.answers()
        person.hears(words)
        if accept:
            person.presses("1")
        clock.forward(seconds=3)
    aiko.talks_with(ben)
    for (person, _), (_, of_the_other) in zip(meant, reversed(meant), strict=True):
        assert of_the_other not in str(person.telephone["heard"])
    aiko.hangs_up()
    ben.is_idle()


def test_who_is_dialed_again_hears_it_again(desk, line, aiko, ben, clock):
    ben.will("busy")
    parties = [aiko.number, {"number": ben.number, "whisper": "配送センターからのお電話です。"}]
    desk.does("POST", "/api/calls", {"parties": parties, "from": line, "through": "dial", "if_unanswered": "retry"})
    aiko.rings(showing=line)
    aiko.answers()
    ben.was_called(showing=line)
    ben.will("by hand")
    clock.forward(seconds=8)
    ben.rings(showing=line)
    ben.answers()
    ben.hears("配送センター")
    assert "配送センター" not in str(aiko.telephone["heard"])
    ben.hangs_up()


def test_what_only_a_conference_can_do_is_refused_in_words(desk, line, aiko, ben):
    body = {"parties": [aiko.number, ben.number], "from": line, "through": "dial", "extension": {"minutes": 5}}
    refused = desk.request("POST", "/api/calls", body)
    assert refused.status_code == 422
    assert 'need `"through": "conference"`' in refused.json()["detail"]
