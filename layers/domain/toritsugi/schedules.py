"""Edge out: EventBridge Scheduler. A schedule fires somewhere within a minute after it is due, wakes cleanup.py, and
is gone.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

import json
import math
from datetime import UTC, datetime
from functools import cache
from typing import Any

from toritsugi import config
from toritsugi.logs import log


@cache
def client() -> Any:
    from botocore.config import Config
    from botocore.session import get_session

    limits = Config(
        connect_timeout=config.CONNECT_SECONDS,
        read_timeout=config.READ_SECONDS,
        retries={"total_max_attempts": config.TRIES},
    )
    return get_session().create_client("scheduler", config=limits)


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
    try:
        client().create_schedule(
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
    except client().exceptions.ConflictException:
        return
