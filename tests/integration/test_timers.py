"""Timers, to the second: what is far off is left to Scheduler, what is near to the queue, what is early waits."""

import json
import time

import pytest

from tests.integration.wire import broken
from toritsugi.adapters import schedules
from toritsugi.foundation import config

BRIDGE = "KB" + "3" * 32
NOON = 1_795_230_000  # 2026-11-21T03:00:00Z


class Clockwork:
    """What lies at Scheduler, and what in the queue of timers."""

    def __init__(self, cloud):
        self.scheduler, self.queue = cloud.scheduler, cloud.queues.named["Timers"]

    @property
    def schedules(self):
        """Of each its name, what it says, and to whom."""
        listed = self.scheduler.list_schedules(GroupName=config.SCHEDULE_GROUP)["Schedules"]
        return [self.scheduler.get_schedule(Name=one["Name"], GroupName=config.SCHEDULE_GROUP) for one in listed]

    @property
    def messages(self):
        """Of each when it is due, whether it brings a spare, and in how many seconds it comes."""
        waiting = [(json.loads(message.body), message.visible_at - time.time()) for message in self.queue.messages]
        return [(timer["due"] - NOON, timer["spare"], round(seconds)) for timer, seconds in waiting]


@pytest.fixture
def clockwork(cloud, clock):
    return Clockwork(cloud)


@pytest.mark.parametrize(("seconds", "at"), [(130, "03:00:10"), (131, "03:00:11"), (3600.5, "03:58:01")])
def test_what_is_more_than_two_minutes_away_is_left_to_scheduler_and_comes_two_minutes_early(clockwork, seconds, at):
    schedules.wake(BRIDGE, NOON + seconds, spare=True)
    [one] = clockwork.schedules
    assert one["Name"] == f"{BRIDGE}-timer-{int(NOON + seconds)}-and-spare"
    assert one["ScheduleExpression"] == f"at(2026-11-21T{at})"
    assert json.loads(one["Target"]["Input"]) == {"bridge": BRIDGE, "due": NOON + seconds, "spare": True}
    assert (one["Target"]["Arn"], one["ActionAfterCompletion"]) == (config.TIMERS_ARN, "DELETE")
    assert one["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert one["Target"]["RetryPolicy"] == {"MaximumRetryAttempts": 1, "MaximumEventAgeInSeconds": 60}
    assert one["Target"]["DeadLetterConfig"] == {"Arn": config.DEAD_LETTERS_ARN}
    assert clockwork.messages == []


@pytest.mark.parametrize(("seconds", "delay"), [(129.9, 129), (120, 120), (119.9, 119), (0.5, 0), (0, 0), (-60, 0)])
def test_what_is_nearer_waits_in_the_queue_for_whole_seconds(clockwork, seconds, delay):
    schedules.wake(BRIDGE, NOON + seconds)
    assert clockwork.messages == [(pytest.approx(seconds), False, delay)]
    assert clockwork.schedules == []


def test_a_spare_comes_less_than_a_second_later_and_brings_none_of_its_own(clockwork):
    schedules.wake(BRIDGE, NOON + 30.5, spare=True)
    assert clockwork.messages == [(30.5, False, 30), (pytest.approx(31.3), False, 31)]


def test_twice_the_same_is_once(clockwork):
    for _ in range(2):
        schedules.wake(BRIDGE, NOON + 500)
        schedules.arm_expiry("KC" + "1" * 32, NOON + 500.2)
    assert len(clockwork.schedules) == 2


def test_a_timer_without_a_spare_does_not_keep_one_with_a_spare_away(clockwork):
    schedules.wake(BRIDGE, NOON + 500)
    schedules.wake(BRIDGE, NOON + 500, spare=True)
    assert [json.loads(one["Target"]["Input"])["spare"] for one in clockwork.schedules] == [False, True]


@pytest.mark.parametrize("seconds", [-60, 0, 0.4, 9.9])
def test_a_session_that_ends_at_once_or_has_ended_is_cleaned_up_in_ten_seconds(clockwork, seconds):
    schedules.arm_expiry("KC" + "1" * 32, NOON + seconds)
    [one] = clockwork.schedules
    assert (one["Name"], one["ScheduleExpression"]) == (f"KC{'1' * 32}-expiry-{NOON + 10}", "at(2026-11-21T03:00:10)")


def test_the_expiry_of_a_session_is_rounded_up_for_before_it_there_is_nothing_to_clean(clockwork):
    schedules.arm_expiry("KC" + "1" * 32, NOON + 500.2)
    [one] = clockwork.schedules
    assert (one["Name"], one["ScheduleExpression"]) == (
        f"KC{'1' * 32}-expiry-{NOON + 501}",
        "at(2026-11-21T03:08:21)",
    )
    assert (json.loads(one["Target"]["Input"]), one["Target"]["Arn"]) == (
        {"session_sid": "KC" + "1" * 32},
        config.CLEANUP_ARN,
    )


def test_a_session_goes_on_where_its_expiry_cannot_be_scheduled(clockwork, wire, logged):
    with wire.has(broken):
        schedules.arm_expiry("KC" + "1" * 32, NOON + 500)
    assert "no schedule for the expiry of a session" in logged()
    assert clockwork.schedules == []


def test_a_sweep_that_is_too_long_for_one_process_goes_on_in_a_minute(clockwork):
    schedules.go_on_sweeping({"service_sid": "x"})
    [one] = clockwork.schedules
    assert (one["Name"], one["ScheduleExpression"]) == (f"sweep-{NOON}", "at(2026-11-21T03:01:00)")
    assert json.loads(one["Target"]["Input"]) == {"sweep": {"after": {"service_sid": "x"}}}


# ---- a timer comes ---------------------------------------------------------------------------------------------------


@pytest.fixture
def slept(clock, monkeypatch):
    """For how long somebody has slept: that moves the clock, and nobody waits."""
    seconds = []
    monkeypatch.setattr(time, "sleep", lambda one: (seconds.append(one), clock.shift(one)))
    return seconds


@pytest.mark.parametrize(("early", "waited"), [(0.25, [0.25]), (1, [1]), (0, []), (-5, [])])
def test_a_timer_that_is_due_within_a_second_is_waited_for(clockwork, slept, early, waited):
    assert schedules.wait_until_due({"bridge": BRIDGE, "due": NOON + early, "spare": False})
    assert slept == waited
    assert clockwork.messages == []


@pytest.mark.parametrize("seconds", [120, 125.5, 170])
def test_a_timer_that_a_schedule_has_sent_too_early_waits_in_the_queue_for_its_name_is_taken(clockwork, clock, seconds):
    schedules.wake(BRIDGE, NOON + 200)
    [fires] = clockwork.schedules
    clock.shift(200 - seconds)
    assert not schedules.wait_until_due(json.loads(fires["Target"]["Input"]))
    assert [due for due, *_ in clockwork.messages] == [200]


def test_a_timer_that_comes_earlier_is_sent_again_with_its_spare(clockwork, slept):
    assert not schedules.wait_until_due({"bridge": BRIDGE, "due": NOON + 60, "spare": True})
    assert clockwork.messages == [(60, False, 60), (pytest.approx(60.8), False, 60)]
    assert slept == []


def test_a_timer_whose_sender_has_another_clock_comes_back_until_it_is_due(clockwork, clock):
    timer = {"bridge": BRIDGE, "due": NOON + 2000, "spare": False}
    for delay in (900, 900, 200):  # SQS keeps nothing back for longer than a quarter of an hour
        assert not schedules.wait_until_due(timer)
        assert clockwork.messages[-1][-1] == delay
        clock.shift(delay)
    assert schedules.wait_until_due(timer)
