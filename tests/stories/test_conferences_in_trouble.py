"""Timers that come late, twice or never; callbacks out of order; a process that dies: nobody hears anything twice."""

import pytest

from tests.stories.rooms import LINE, meet

THREE = {"before_end": 180, "say": "three minutes left", "language": "en-US"}


def heard(person, words="three minutes left"):
    return [item["second"] for item in person.telephone["heard"] if words in item["text"]]


@pytest.fixture
def cloud(box):
    return box.stack.cloud


def test_a_schedule_that_fires_twice_is_heard_once(desk, aiko, ben, clock, cloud):
    cloud.faults.schedules.twice("timer", times=2)
    meet(desk, aiko, ben, minutes=30, announcements=[THREE])
    clock.forward(minutes=30, seconds=2)
    assert heard(ben) == [27 * 60]


def test_a_schedule_that_fires_much_too_late_is_not_heard_at_all(desk, aiko, ben, clock, cloud):
    cloud.faults.schedules.late(300, "timer", times=2)
    bridge = meet(desk, aiko, ben, minutes=30, announcements=[THREE])
    clock.forward(minutes=31)
    assert heard(ben) == []
    ben.is_idle()
    assert bridge.seen["end_reason"] in ("time", "hung-up")


def test_without_any_timer_twilio_itself_ends_the_call(desk, aiko, ben, clock, cloud):
    cloud.faults.schedules.never("timer", times=2)
    meet(desk, aiko, ben, minutes=30, announcements=[THREE])
    clock.forward(minutes=29, seconds=59)
    aiko.talks_with(ben)
    clock.forward(seconds=3)
    aiko.is_idle()
    ben.is_idle()
    assert heard(ben) == []


def test_messages_of_the_queue_come_twice_and_are_heard_once(desk, aiko, ben, clock, cloud):
    cloud.faults.messages.twice("Timers", times=None)
    meet(desk, aiko, ben, minutes=10, announcements=[THREE])
    clock.forward(minutes=10, seconds=2)
    assert heard(ben) == [7 * 60]
    ben.is_idle()


def test_status_callbacks_in_the_wrong_order_and_twice_change_nothing(desk, aiko, ben, clock, box):
    box.call("PUT", "/faults", {"reorder": {"match": "/status/"}, "duplicate": {"match": "/status/"}})
    bridge = meet(desk, aiko, ben, minutes=10, announcements=[THREE])
    clock.forward(minutes=10, seconds=10)
    assert heard(ben) == [7 * 60]
    seen = bridge.seen
    assert seen["billed_minutes"] == sum(call["billed_minutes"] for call in box.calls())
    assert seen["end_reason"] == "time"


def test_callbacks_may_come_before_the_answer_to_the_call(desk, aiko, ben, clock, box):
    box.call("PUT", "/faults", {"rest_answers_late": {"match": "Calls.json", "times": 2}})
    bridge = meet(desk, aiko, ben)
    aiko.hangs_up()
    ben.hangs_up()
    assert bridge.seen["end_reason"] == "hung-up"


def test_the_first_leg_drops_while_the_second_rings(desk, aiko, ben, clock, box):
    box.call("PUT", "/faults", {"first_leg_drops": {"match": "2222", "times": 1, "seconds": 3}})
    desk.owns(LINE)
    bridge = desk.calls(aiko, ben, line=LINE)
    aiko.rings(showing=LINE)
    aiko.answers()
    clock.forward(seconds=2)
    ben.rings(showing=LINE)
    clock.forward(seconds=4)
    aiko.is_idle()
    ben.is_idle()
    assert bridge.seen["end_reason"] == "hung-up"


def test_a_process_that_dies_before_the_claim_is_stood_in_for_within_a_second(desk, aiko, ben, clock, cloud):
    meet(desk, aiko, ben, minutes=10, announcements=[THREE])
    clock.forward(minutes=6, seconds=50)
    cloud.crash("timer", before="dynamodb.TransactWriteItems")
    clock.forward(seconds=30)
    (second,) = heard(ben)
    assert 7 * 60 <= second <= 7 * 60 + 1
    ben.hangs_up()
    aiko.hangs_up()


def test_a_process_that_dies_between_claiming_and_speaking_loses_it_and_nobody_hears_it_twice(
    desk, aiko, ben, clock, cloud
):
    bridge = meet(desk, aiko, ben, minutes=10, announcements=[THREE])
    clock.forward(minutes=6, seconds=50)
    cloud.crash("timer", after="dynamodb.TransactWriteItems")
    clock.forward(seconds=60)
    assert heard(ben) == []
    clock.forward(minutes=3)
    ben.is_idle()
    assert len(bridge.spoken()) == 1  # claimed: what became of it, the timeline tells


def test_an_announcement_that_fails_at_twilio_is_not_heard_and_harms_nobody(desk, aiko, ben, clock, box):
    box.call("PUT", "/faults", {"announcement_fails": {"match": "/announcements/", "times": 1}})
    bridge = meet(desk, aiko, ben, minutes=10, announcements=[THREE])
    clock.forward(minutes=8)
    assert heard(ben) == []
    aiko.talks_with(ben)
    assert "announcement-fail" in [event["event"] for event in bridge.seen["timeline"]]
    bridge.end()


def test_timers_do_not_breed_when_nobody_tells_that_two_legs_have_ended(desk, aiko, ben, clock, cloud):
    bridge = meet(desk, aiko, ben, minutes=30)
    cloud.crash("status", before="dynamodb.PutItem", times=None)
    desk.does("DELETE", f"{bridge.path}/participants/2")
    clock.forward(seconds=4)
    bridge.end()
    waiting = []
    for _ in range(35):
        clock.forward(seconds=10)
        waiting.append(len(cloud.queues.named["Timers"].messages))
    assert max(waiting) <= 1, waiting
    assert waiting[-1] == 0
    aiko.is_idle()
    ben.is_idle()


# ---- chains of timers: Lambda stops what has run 16 times in one, unless that is allowed -----------------------------


@pytest.mark.thorough
def test_sixty_announcements_are_no_long_chain_of_timers(desk, aiko, ben, clock, cloud):
    said = [THREE | {"before_end": 10 * place} for place in range(1, 61)]
    meet(desk, aiko, ben, minutes=12, announcements=said)
    clock.forward(minutes=12, seconds=30)
    assert len(heard(ben)) == 60
    assert cloud.queues.longest["toritsugi-local-timer"] <= 4


def test_nor_are_the_timers_of_a_conference_whose_callbacks_are_lost(desk, aiko, ben, clock, cloud):
    bridge = meet(desk, aiko, ben, minutes=30)
    cloud.crash("status", before="dynamodb.PutItem", times=None)
    desk.does("DELETE", f"{bridge.path}/participants/2")
    clock.forward(seconds=4)
    bridge.end()
    clock.forward(minutes=10)
    assert cloud.queues.longest["toritsugi-local-timer"] < 16
    aiko.is_idle()
    ben.is_idle()
