"""Business hours: by day of the week, public holidays and special days, where the owner's clock shows them.

Hours may go past midnight: those of Friday, 22:00-26:00 or 22:00-2:00, are still Friday's at one o'clock on Saturday.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MIDNIGHT = 24 * 60


def hours_are_open(step: Mapping[str, Any], now: datetime) -> bool:
    """Whether a step's hours are open at this moment of the owner's own time."""
    minute, yesterday = now.hour * 60 + now.minute, now.date() - timedelta(days=1)
    today = any(start <= minute < end for start, end in spans(step, now.date()))
    return today or any(start <= minute + MIDNIGHT < end for start, end in spans(step, yesterday))


def spans(step: Mapping[str, Any], day: date) -> Iterator[tuple[int, int]]:
    """The hours that begin on a day, in minutes from its midnight; a special day has its own, a public holiday none."""
    special, usual = step.get("special", {}), step["hours"]
    if day.isoformat() in special:
        said = special[day.isoformat()]
    elif day.isoformat() in step.get("closed_on", ()):
        said = "closed"
    else:
        said = usual.get(DAYS[day.weekday()], "closed")
    for one in said.split(",") if said != "closed" else ():
        start, end = (minutes(time) for time in one.split("-"))
        yield start, end if end > start else end + MIDNIGHT


def minutes(time: str) -> int:
    """The minutes from midnight to a time like 9:00."""
    hours, _, rest = time.strip().partition(":")
    return int(hours) * 60 + int(rest)
