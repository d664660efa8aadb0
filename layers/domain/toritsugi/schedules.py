"""Edge out: EventBridge Scheduler. A schedule fires somewhere within a minute after it is due, wakes cleanup.py, and
is gone.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

import json
import math
from datetime import UTC, datetime
from typing import Any

from toritsugi import clients, config
from toritsugi.logs import log


def arm(session_sid: str, due: float) -> None:
    """Has the session cleaned up when it is due. Twice is once, for the name says whose it is and when.

    A failure is only logged: an expired session ends for every caller without us, and the sweep finds it.
    """
    try:
        create(f"{session_sid}-expiry-{math.ceil(due)}", due, {"session_sid": session_sid})
    except Exception:
        log.exception("no schedule for the expiry of a session", session_sid=session_sid)


def create(name: str, due: float, said: dict[str, Any]) -> None:
    """A one-time schedule that wakes cleanup.py with what is `said`; nothing, if there is one of that name."""
    scheduler = clients.client("scheduler")
    try:
        scheduler.create_schedule(
            Name=name,
            GroupName=config.SCHEDULE_GROUP,
            ScheduleExpression=f"at({datetime.fromtimestamp(math.ceil(due), UTC):%Y-%m-%dT%H:%M:%S})",
            FlexibleTimeWindow={"Mode": "OFF"},
            ActionAfterCompletion="DELETE",
            Target={
                "Arn": config.CLEANUP_ARN,
                "RoleArn": config.SCHEDULE_ROLE_ARN,
                "Input": json.dumps(said),
                "RetryPolicy": {"MaximumRetryAttempts": 1, "MaximumEventAgeInSeconds": 60},
                "DeadLetterConfig": {"Arn": config.DEAD_LETTERS_ARN},
            },
        )
    except scheduler.exceptions.ConflictException:
        return
