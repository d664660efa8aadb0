"""The exchange calls two people, and brings them together in a room; or tells who is left why it cannot."""

import pytest

from tests.stories.rooms import LINE, meet

ALONE = "お相手の方が退出されました"
UNANSWERED = "お相手の方が電話に出られませんでした"


@pytest.fixture
def line(desk):
    desk.owns(LINE)
    return LINE


def legs(bridge, place):
    return [leg["status"] for leg in bridge.seen["participants"][place - 1]["legs"]]


def test_two_are_called_and_talk_until_their_time_is_over(desk, line, aiko, ben, clock):
    bridge = desk.calls(aiko, ben, line=line, minutes=30)
    aiko.rings(showing=line)
    aiko.answers()
    clock.forward(seconds=1)
    ben.rings(showing=line)
    clock.forward(seconds=9)
    ben.answers()
    aiko.talks_with(ben)
    ben.says("hello aiko")
    aiko.hears("hello aiko")
    assert bridge.seen["status"] == "in-progress"
    clock.forward(minutes=29, seconds=59)
    aiko.talks_with(ben)
    clock.forward(seconds=2)
    aiko.is_idle()
    ben.is_idle()
    assert bridge.seen["end_reason"] == "time"


def test_the_first_to_answer_hears_a_ring_tone_until_the_other_comes(desk, line, aiko, ben, clock):
    desk.calls(aiko, ben, line=line)
    aiko.rings(showing=line)
    aiko.answers()
    clock.forward(seconds=5)
    aiko.hears("/voice/ringing/ja")
    ben.rings(showing=line)
    ben.answers()
    heard = len(aiko.telephone["heard"])
    clock.forward(seconds=10)
    assert len(aiko.telephone["heard"]) == heard


def test_whoever_stays_alone_is_told_and_released_after_a_quarter_of_a_minute(desk, aiko, ben, clock):
    bridge = meet(desk, aiko, ben)
    aiko.hangs_up()
    clock.forward(seconds=14)
    assert ben.telephone["state"] == "talking"
    clock.forward(seconds=2)
    ben.hears(ALONE)
    clock.forward(seconds=10)
    ben.is_idle()
    assert bridge.seen["end_reason"] == "left-alone"


def test_when_everyone_leaves_it_is_over(desk, aiko, ben, clock):
    bridge = meet(desk, aiko, ben)
    aiko.hangs_up()
    ben.hangs_up()
    clock.forward(seconds=1)
    assert bridge.seen["end_reason"] == "hung-up"


def test_the_owner_ends_it(desk, aiko, ben, clock):
    bridge = meet(desk, aiko, ben)
    bridge.end()
    clock.forward(seconds=1)
    aiko.is_idle()
    ben.is_idle()
    assert bridge.seen["end_reason"] == "api"


def test_who_waits_is_told_that_the_other_does_not_answer(desk, line, aiko, ben, clock):
    ben.will("never")
    bridge = desk.calls(aiko, ben, line=line, ring_seconds=20)
    aiko.rings(showing=line)
    aiko.answers()
    clock.forward(seconds=1)
    ben.was_called(showing=line)
    clock.forward(seconds=26)
    aiko.hears(UNANSWERED)
    clock.forward(seconds=10)
    aiko.is_idle()
    assert bridge.seen["end_reason"] == "no-answer"


def test_who_waits_is_told_that_the_other_is_busy(desk, line, aiko, ben, clock):
    ben.will("busy")
    bridge = desk.calls(aiko, ben, line=line)
    aiko.rings(showing=line)
    aiko.answers()
    clock.forward(seconds=1)
    ben.was_called(showing=line)
    aiko.hears(UNANSWERED)
    clock.forward(seconds=10)
    aiko.is_idle()
    assert (bridge.seen["end_reason"], legs(bridge, 2)) == ("busy", ["busy"])


def test_a_telephone_that_rings_for_nobody_stops_ringing(desk, line, aiko, ben, clock):
    ben.will("busy")
    bridge = desk.calls(aiko, ben, line=line)
    aiko.rings(showing=line)
    clock.forward(seconds=1)
    ben.was_called(showing=line)
    aiko.is_idle()
    assert legs(bridge, 1) == ["canceled"]


def test_when_the_first_hangs_up_the_other_stops_ringing(desk, line, aiko, ben, clock):
    bridge = desk.calls(aiko, ben, line=line)
    aiko.rings(showing=line)
    aiko.answers()
    clock.forward(seconds=3)
    ben.rings(showing=line)
    aiko.hangs_up()
    ben.is_idle()
    assert (bridge.seen["end_reason"], legs(bridge, 2)) == ("hung-up", ["canceled"])


def test_somebody_who_does_not_answer_is_tried_once_more(desk, line, aiko, ben, clock):
    bridge = desk.calls(aiko, ben, line=line, if_unanswered="retry")
    aiko.rings(showing=line)
    aiko.answers()
    clock.forward(seconds=1)
    ben.rings(showing=line)
    ben.rejects()
    clock.forward(seconds=6)
    ben.rings(showing=line)
    ben.answers()
    aiko.talks_with(ben)
    assert legs(bridge, 2) == ["busy", "in-progress"]
    bridge.end()


def test_but_not_more_often_than_that(desk, line, aiko, ben, clock):
    bridge = desk.calls(aiko, ben, line=line, if_unanswered="retry")
    aiko.rings(showing=line)
    aiko.answers()
    for seconds in (1, 6):
        clock.forward(seconds=seconds)
        ben.rings(showing=line)
        ben.rejects()
    clock.forward(seconds=20)
    aiko.is_idle()
    assert (bridge.seen["end_reason"], legs(bridge, 2)) == ("busy", ["busy", "busy"])


def test_somebody_may_go_on_waiting_for_another_whom_the_desk_finds(desk, line, aiko, ben, eve, clock):
    ben.will("busy")
    bridge = desk.calls(aiko, ben, line=line, if_unanswered="wait")
    aiko.rings(showing=line)
    aiko.answers()
    clock.forward(seconds=1)
    ben.was_called(showing=line)
    clock.forward(minutes=3)
    assert aiko.telephone["state"] == "talking"
    desk.asks("POST", f"{bridge.path}/participants", {"number": eve.number})
    clock.forward(seconds=1)
    eve.rings(showing=line)
    eve.answers()
    aiko.talks_with(eve)
    bridge.end()


def test_an_answering_machine_never_meets_a_person(desk, line, aiko, ben, clock):
    aiko.will("machine", greeting="ただいま留守にしております。")
    bridge = desk.calls(aiko, ben, line=line, detect=True)
    ben.will("at once")
    clock.forward(seconds=20)
    aiko.was_called(showing=line)
    ben.was_called(showing=line)
    ben.hears(UNANSWERED)
    assert not [item for item in ben.telephone["heard"] if item["kind"] == "speech"]
    clock.forward(seconds=20)
    ben.is_idle()
    assert bridge.seen["end_reason"] == "machine"


def test_a_call_can_ask_for_a_one_before_it_puts_through(desk, line, aiko, ben, clock):
    bridge = desk.calls(aiko, ben, line=line, accept=True, whisper="お届け先からです。")
    aiko.rings(showing=line)
    aiko.answers()
    aiko.hears("お届け先からです。")
    clock.forward(seconds=4)
    aiko.hears("1を押してください")
    aiko.presses("5")
    aiko.presses("1")
    clock.forward(seconds=1)
    ben.rings(showing=line)
    ben.answers()
    ben.presses("1")
    aiko.talks_with(ben)
    bridge.end()


def test_whoever_does_not_press_the_one_is_not_put_through(desk, line, aiko, ben, clock):
    aiko.will("machine", greeting="ただいま留守にしております。")
    bridge = desk.calls(aiko, ben, line=line, accept=True)
    clock.forward(seconds=1)
    aiko.was_called(showing=line)
    ben.rings(showing=line)
    ben.answers()
    ben.presses("1")
    clock.forward(seconds=30)
    ben.hears(UNANSWERED)
    ben.is_idle()
    aiko.is_idle()
    assert bridge.seen["end_reason"] == "declined"


def test_a_dispatcher_calls_several_at_once_into_one_room(desk, line, aiko, ben, eve, clock):
    bridge = desk.calls(aiko, ben, eve, line=line)
    clock.forward(seconds=2)
    for person in (aiko, ben, eve):
        person.rings(showing=line)
        person.answers()
    assert sorted(eve.telephone["talking_with"]) == [aiko.number, ben.number]
    ben.hangs_up()
    clock.forward(minutes=1)
    aiko.talks_with(eve)
    aiko.hangs_up()
    clock.forward(seconds=30)
    eve.is_idle()
    assert bridge.seen["end_reason"] == "left-alone"


def test_somebody_is_muted_put_on_hold_and_removed(desk, aiko, ben, clock):
    bridge = meet(desk, aiko, ben)
    desk.does("PATCH", f"{bridge.path}/participants/2", {"muted": True})
    ben.says("can you hear me")
    assert "can you hear me" not in str(aiko.telephone["heard"])
    desk.does("PATCH", f"{bridge.path}/participants/2", {"muted": False, "hold": True})
    assert ben.telephone["talking_with"] == []
    desk.does("PATCH", f"{bridge.path}/participants/2", {"hold": False})
    aiko.talks_with(ben)
    desk.does("DELETE", f"{bridge.path}/participants/2")
    clock.forward(seconds=1)
    ben.is_idle()
    clock.forward(seconds=30)
    aiko.is_idle()


def test_the_record_tells_who_was_there_and_what_it_costs(desk, aiko, ben, clock, box):
    bridge = meet(desk, aiko, ben)
    clock.forward(minutes=2, seconds=30)
    aiko.hangs_up()
    clock.forward(seconds=40)
    seen = bridge.seen
    assert seen["billed_minutes"] == sum(call["billed_minutes"] for call in box.calls()) == 6
    assert [leg["was_in_conference"] for one in seen["participants"] for leg in one["legs"]] == [True, True]
    names = [event["event"] for event in seen["timeline"]]
    assert names.index("conference-start") < names.index("participant-leave") < names.index("ended")


def test_the_two_of_a_session_are_called_from_the_lines_that_they_know(desk, aiko, ben, clock):
    desk.opens(LINE, "+815010000012")
    session = desk.brings_together(aiko, ben)
    sid = session.sdk.fetch().sid
    desk.asks("POST", "/api/calls", {"session_sid": sid, "minutes": 5})
    clock.forward(seconds=1)
    for person in (aiko, ben):
        person.rings(showing=session.line_of(person))
        person.answers()
    aiko.talks_with(ben)
    clock.forward(minutes=5, seconds=2)
    aiko.is_idle()
    ben.is_idle()
