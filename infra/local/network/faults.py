"""What goes wrong on purpose. Each fault is off until asked for, and limited by what it matches and by a count.

`match` is a regular expression for a URL: of a request to the application,

    duplicate                 a status callback comes twice; of a request for TwiML the second answer is executed
    reorder                   a status callback is swapped with the next one
    delay                     it takes `seconds`: a callback comes late, TwiML late or, after 15 s, too late
    lose, connection_refused  it does not arrive
    throttled                 it does not arrive, and is answered 429, as by a gateway that lets only so many through
    announcement_fails        of the AnnounceUrl: nothing is heard, and announcement-fail is told

of a request to the REST API,

    rest_429                  it is not carried out
    rest_500_after_applying   it is carried out, and the answer says that it was not
    rest_reset                it is not carried out, and its connection is reset
    rest_reset_after_applying it is carried out, and its connection is reset
    rest_forgets              like rest_reset, if nothing was asked on the connection for `seconds`
    rest_slow                 it is carried out, and answered when `seconds` have really passed, whatever the clock says
    rest_answers_late         it is carried out, and answered `seconds` later (0): after the callbacks that take no time
    recording_not_ready       of a recording's file: it is not there yet (404)

and for the number of a telephone that begins to ring,

    first_leg_drops           whoever waits for it hangs up, `seconds` later (0), if it still rings: the leg that dials
                              or, of calls made by REST, the oldest answered one with the same From
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from local.network.refusals import Refused

SETTINGS = {
    "duplicate": {"match", "times"},
    "reorder": {"match", "times"},
    "delay": {"match", "times", "seconds"},
    "lose": {"match", "times"},
    "connection_refused": {"match", "times"},
    "throttled": {"match", "times"},
    "announcement_fails": {"match", "times"},
    "rest_429": {"match", "times"},
    "rest_500_after_applying": {"match", "times"},
    "rest_reset": {"match", "times"},
    "rest_reset_after_applying": {"match", "times"},
    "rest_forgets": {"match", "times", "seconds"},
    "rest_slow": {"match", "times", "seconds"},
    "rest_answers_late": {"match", "times", "seconds"},
    "recording_not_ready": {"match", "times"},
    "first_leg_drops": {"match", "times", "seconds"},
}

NEED_SECONDS = ("delay", "rest_forgets", "rest_slow")


@dataclass
class Fault:
    match: re.Pattern[str]
    times: int | None  # None: every time
    seconds: float


class Faults:
    """The faults that are switched on."""

    def __init__(self) -> None:
        self.wishes: dict[str, Any] = {}
        self.active: dict[str, Fault] = {}

    def replace(self, wishes: Any) -> None:
        """Switches exactly these faults on; nothing changes if one of them cannot be."""
        if not isinstance(wishes, dict):
            raise Refused(400, "The body is an object with one entry for each fault; {} ends all of them.")
        self.active = {name: read(name, settings) for name, settings in wishes.items()}
        self.wishes = wishes

    def take(self, name: str, target: str, seconds: float | None = None) -> Fault | None:
        """The fault that strikes this URL or number now, if any; that uses up one of its times.

        One that strikes only after a while needs to know how many seconds have passed.
        """
        fault = self.active.get(name)
        if fault is None or fault.times == 0 or not fault.match.search(target):
            return None
        if seconds is not None and seconds < fault.seconds:
            return None
        if fault.times is not None:
            fault.times -= 1
        return fault


def read(name: str, settings: Any) -> Fault:
    if name not in SETTINGS:
        raise Refused(400, f"There is no fault named {name!r}; there are {', '.join(SETTINGS)}.")
    if not isinstance(settings, dict) or set(settings) - SETTINGS[name]:
        raise Refused(400, f"{name} takes an object with {', '.join(sorted(SETTINGS[name]))}.")
    times, seconds = settings.get("times"), settings.get("seconds", 0)
    if not (times is None or (type(times) is int and times >= 0)):
        raise Refused(400, f"{name}: times is a whole number, or left out for every time.")
    if (
        type(seconds) not in (int, float)
        or not 0 <= seconds <= 86400
        or (name in NEED_SECONDS and "seconds" not in settings)
    ):
        raise Refused(400, f"{name}: seconds is a number from 0 to 86400.")
    try:
        match = re.compile(settings.get("match", ""))
    except (re.error, TypeError, OverflowError, RecursionError) as error:
        raise Refused(400, f"{name}: match is a regular expression ({error}).") from error
    return Fault(match, times, seconds)
