"""A session has passed its time, or it is time to look for such: what every caller hears already is written down.

And what has ended so long ago that nobody is shown it any more is forgotten.
"""

import time
from typing import Any

from toritsugi.adapters import schedules
from toritsugi.bridges import forgetting
from toritsugi.foundation.logs import follow, log, traced
from toritsugi.masking import lifecycle

ENOUGH_MILLISECONDS = 15_000


@traced
def handler(event: dict[str, Any], context: Any) -> None:
    if "session_sid" in event:
        expire_and_rearm(event["session_sid"])
    else:
        sweep(event["sweep"].get("after"), context)


def expire_and_rearm(session_sid: str) -> None:
    follow(session_sid=session_sid)
    later = lifecycle.expire_session(session_sid, time.time())
    if later is not None:
        schedules.arm_expiry(session_sid, later)


def sweep(after: dict[str, Any] | None, context: Any) -> None:
    """Closes whatever is overdue; a table too large for one run is gone on with by the next, a minute later."""
    if after is None:
        forget_calls(context)
    for overdue, rest in lifecycle.find_overdue(time.time(), after):
        for session_sid in overdue:
            expire_and_rearm(session_sid)
            log.info("swept", session_sid=session_sid)
        if rest and context.get_remaining_time_in_millis() < ENOUGH_MILLISECONDS:
            schedules.go_on_sweeping(rest)
            return


def forget_calls(context: Any) -> None:
    """Forgets calls that are not kept any longer, as many as there is time for: the others an hour later."""
    for bridge_sid in forgetting.find_past(time.time()):
        forgetting.forget_bridge(bridge_sid)
        log.info("forgotten", bridge_sid=bridge_sid)
        if context.get_remaining_time_in_millis() < 2 * ENOUGH_MILLISECONDS:
            return
