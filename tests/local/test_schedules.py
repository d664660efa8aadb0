"""EventBridge Scheduler on the clock: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html"""

import pytest

from tests.local.lab import timer


def when():
    """The seconds at which the timer was woken."""
    return [at for at, _ in timer.woken]


def test_a_schedule_fires_somewhere_within_the_minute_after_its_time(lab):
    for n in range(30):
        lab.arm(f"expiry-{n}", 600)
    lab.forward(600)
    assert timer.woken == []
    lab.forward(60)
    assert len(when()) == 30
    assert len(set(when())) > 20
    assert min(when()) < 615
    assert max(when()) > 645
    lab.forward(3600)
    assert len(when()) == 30


def test_a_schedule_hands_its_input_to_a_function_and_is_gone(lab):
    lab.arm("expiry", 600, said={"session_sid": "KC1"})
    assert lab.schedules() == ["expiry"]
    lab.forward(700)
    assert [event for _, event in timer.woken] == [{"session_sid": "KC1"}]
    assert lab.schedules() == []


def test_a_schedule_puts_its_input_into_a_queue(lab):
    lab.arm("announce", 600, arn=lab.cloud.template.arn("Timers"), said={"announce": 1})
    lab.forward(700)
    ((at, body),) = timer.bodies
    assert body == '{"announce": 1}'
    assert 605 <= at < 665  # the queue has a delay of 5 seconds


@pytest.mark.parametrize("seconds", [-3600, 0])
def test_a_schedule_of_the_past_is_refused(lab, seconds):
    with pytest.raises(lab.scheduler.exceptions.ValidationException, match="not in the future"):
        lab.arm("expiry", seconds)
    assert lab.schedules() == []


def test_the_name_of_a_schedule_is_taken_until_a_moment_after_it_has_fired(lab):
    taken = lab.scheduler.exceptions.ConflictException
    refused = []

    def arm_again(_event):
        try:
            lab.arm("expiry", 7200)
        except taken:
            refused.append(1)

    timer.does = arm_again
    lab.arm("expiry", 600)
    lab.forward(700)
    assert (len(when()), refused, lab.schedules()) == (1, [1], [])


def test_a_schedule_that_is_deleted_does_not_fire(lab):
    lab.arm("expiry", 600)
    lab.forward(300)
    lab.disarm("expiry")
    lab.forward(600)
    assert timer.woken == []


def test_of_a_schedule_that_is_made_anew_only_the_new_time_counts(lab):
    lab.arm("expiry", 600)
    lab.disarm("expiry")
    lab.arm("expiry", 6000)
    lab.forward(5000)
    assert timer.woken == []
    lab.forward(2000)
    assert len(when()) == 1


def test_a_name_that_is_taken_is_refused_and_free_again_after_firing(lab):
    lab.arm("expiry", 600)
    with pytest.raises(lab.scheduler.exceptions.ConflictException):
        lab.arm("expiry", 700)
    lab.forward(700)
    lab.arm("expiry", 1400)
    lab.forward(800)
    assert len(when()) == 2


def test_a_target_that_is_not_there_is_told_at_once(lab):
    with pytest.raises(ValueError, match="neither a function nor a queue arn:aws:sqs:ap-northeast-1:1:Nowhere"):
        lab.arm("expiry", 600, arn="arn:aws:sqs:ap-northeast-1:1:Nowhere")


def test_what_is_not_built_says_so(lab):
    lab.arm("expiry", 600)
    with pytest.raises(ValueError, match="UpdateSchedule"):
        lab.scheduler.update_schedule(
            Name="expiry",
            GroupName="lab",
            ScheduleExpression="at(2026-12-01T00:00:00)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": lab.cloud.template.arn("Timer"), "RoleArn": "arn:aws:iam::123456789012:role/Role"},
        )


def test_a_schedule_that_is_late_one_that_comes_twice_and_one_that_never_comes(lab):
    lab.cloud.faults.schedules.late(seconds=90, match="slow")
    lab.cloud.faults.schedules.twice(match="double")
    lab.cloud.faults.schedules.never(match="^lab/lost")
    for name in ("slow", "double", "lost", "good"):
        lab.arm(name, 600)
    lab.forward(7200)
    fired = {}
    for at, event in timer.woken:
        fired.setdefault(event["name"], []).append(at)
    assert {name: len(times) for name, times in fired.items()} == {"slow": 1, "double": 2, "good": 1}
    assert 690 <= fired["slow"][0] < 750
    assert fired["double"][0] < fired["double"][1] < fired["double"][0] + 60
    assert lab.schedules() == ["lost"]
    assert lab.cloud.faults.missed() == []


def test_a_message_of_a_schedule_can_be_late_too(lab):
    lab.cloud.faults.messages.late(seconds=300)
    lab.arm("announce", 1, arn=lab.cloud.template.arn("Timers"))
    lab.forward(300)
    assert timer.woken == []
    lab.forward(100)
    assert len(when()) == 1


def test_a_handler_may_send_what_its_schedule_was_too_early_for(lab):
    timer.does = lambda event: lab.send("now", delay=60) if "name" in event else None
    lab.arm("early", 1)
    lab.forward(200)
    (fired, _), (spoken, _) = timer.woken
    assert round(spoken - fired, 3) == 60
