"""EventBridge Scheduler, the timer queue, and the queues of recordings and of what is to be asked about costs.

A schedule fires somewhere within a minute after its time, and is gone a moment later: another of its name that is made
before that never fires. It wakes cleanup.py; or, a minute or two early, it puts a timer into the queue, which holds it
back to the second and wakes timer.py. What the queue has held once never goes back to the Scheduler.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-timers.html
"""

import json
import math
import time
from datetime import UTC, datetime
from typing import Any

from toritsugi.foundation import clients, config
from toritsugi.foundation.logs import log

EARLY_SECONDS = 120  # a schedule's own minute, and one for the way; why not SQS's fifteen: docs/decisions/deployment.md
AHEAD_SECONDS = 10  # by which a schedule's time is later than ours: one that has passed is refused
MAX_DELAY_SECONDS = 900  # SQS's own
SPARE_TIMER_SECONDS = 0.8  # after a timer comes its spare, should the process of the first have died


def arm_expiry(session_sid: str, due: float) -> None:
    """Has the session cleaned up when it is due, or soon. Twice is once, for the name says whose it is and when.

    A failure is only logged: an expired session ends for every caller without us, and the sweep finds it.
    """
    moment = math.ceil(max(due, time.time() + AHEAD_SECONDS))
    try:
        create(f"{session_sid}-expiry-{moment}", moment, {"session_sid": session_sid}, config.CLEANUP_ARN)
    except Exception:
        log.exception("no schedule for the expiry of a session", session_sid=session_sid)


def go_on_sweeping(after: dict[str, Any]) -> None:
    """Has cleanup.py go on with the sweep in a minute."""
    create(f"sweep-{int(time.time())}", time.time() + 60, {"sweep": {"after": after}}, config.CLEANUP_ARN)


# ---- timers ----------------------------------------------------------------------------------------------------------


def wake(bridge_sid: str, due: float, *, spare: bool = False) -> None:
    """Has timer.py look at a bridge when it is due, to the second; at once, if that is past. With a `spare`, twice.

    What is more than two minutes away is left to the Scheduler first: a message in the queue cannot be taken back, nor
    wait for longer than a quarter of an hour.
    """
    timer = {"bridge": bridge_sid, "due": due, "spare": spare}
    if due - time.time() < EARLY_SECONDS + AHEAD_SECONDS:
        return hold(timer)
    name = f"{bridge_sid}-timer-{math.floor(due)}{'-and-spare' if spare else ''}"
    return create(name, due - EARLY_SECONDS, timer, config.TIMERS_ARN)


def hold(timer: dict[str, Any]) -> None:
    """Puts a timer into the queue until it is due, and its spare after it.

    One that is due much later than whoever has sent it thought, for clocks differ, comes back from time to time.
    """
    due = timer["due"]
    for moment in (due, due + SPARE_TIMER_SECONDS) if timer["spare"] else (due,):
        left = min(moment - time.time(), MAX_DELAY_SECONDS)
        send(timer | {"spare": False, "due": moment}, left)


def send_bridge_to_begin(bridge: dict[str, Any]) -> None:
    """Has timer.py begin a bridge for a call that is there already."""
    send({"begin": bridge}, 0)


def send_call_to_dismiss(
    call_sid: str, leg_sid: str | None, sentence: str, language: str | None, seconds: float = 0
) -> None:
    """Has timer.py say a sentence to a call, and end it, or at least its leg that rings; after so many seconds."""
    call = {"call_sid": call_sid, "leg_sid": leg_sid, "sentence": sentence, "language": language}
    send({"dismiss": call}, seconds)


def send_call_to_count(session_sid: str, call_sid: str) -> None:
    """Has timer.py count a call of a session, in which two have talked."""
    send({"count": {"session_sid": session_sid, "call_sid": call_sid}}, 0)


def send_service_to_remove(service_sid: str, seconds: float = 0) -> None:
    """Has timer.py go on with the removal of a service, after so many seconds."""
    send({"remove_service": service_sid}, seconds)


def send_recording_to_copy(report: dict[str, Any], seconds: float = 0) -> None:
    """Has recording.py copy what Twilio has told of, after so many seconds."""
    send(report, seconds, config.RECORDINGS_URL)


def send_cost_to_ask(inquiry: dict[str, str]) -> None:
    """Has costs.py ask Twilio what has come to its end did cost, when that may be known: the queue itself waits."""
    body = json.dumps({"cost": inquiry})
    clients.aws_client("sqs").send_message(QueueUrl=config.INQUIRIES_URL, MessageBody=body)


def send_day_to_sum_up(day: dict[str, Any]) -> None:
    """Has costs.py sum up a day of costs now, or go on with it."""
    send({"day": day}, 0, config.INQUIRIES_URL)


def hide_cost_to_ask(receipt: str, seconds: int) -> None:
    """Has costs.py ask again after so many seconds, for a message that it has received."""
    clients.aws_client("sqs").change_message_visibility(
        QueueUrl=config.INQUIRIES_URL, ReceiptHandle=receipt, VisibilityTimeout=seconds
    )


def wait_until_due(timer: dict[str, Any]) -> bool:
    """Whether the timer is due, after waiting out the last fraction of a second. One that came early is sent again."""
    left = timer["due"] - time.time()
    if left > 1:
        hold(timer)
        return False
    if left > 0:
        time.sleep(left)
    return True


def send(said: dict[str, Any], seconds: float, queue: str = config.TIMERS_URL) -> None:
    """Sends a message to a queue, which hands it on after `seconds`, rounded down; at once, if they are negative."""
    delay = max(0, math.floor(seconds))
    clients.aws_client("sqs").send_message(QueueUrl=queue, MessageBody=json.dumps(said), DelaySeconds=delay)


def create(name: str, due: float, said: dict[str, Any], target: str) -> None:
    """Makes a one-time schedule that tells `target`, a function or a queue, what is `said`. It must be ahead.

    Nothing happens if there is a schedule of that name already.
    """
    scheduler = clients.aws_client("scheduler")
    try:
        scheduler.create_schedule(
            Name=name,
            GroupName=config.SCHEDULE_GROUP,
            ScheduleExpression=f"at({datetime.fromtimestamp(math.ceil(due), UTC):%Y-%m-%dT%H:%M:%S})",
            FlexibleTimeWindow={"Mode": "OFF"},
            ActionAfterCompletion="DELETE",
            Target={
                "Arn": target,
                "RoleArn": config.SCHEDULE_ROLE_ARN,
                "Input": json.dumps(said),
                "RetryPolicy": {"MaximumRetryAttempts": 1, "MaximumEventAgeInSeconds": 60},
                "DeadLetterConfig": {"Arn": config.DEAD_LETTERS_ARN},
            },
        )
    except scheduler.exceptions.ConflictException:
        return
