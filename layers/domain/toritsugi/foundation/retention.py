"""How long what has ended is kept: so many days, after which nobody is shown it, and soon it is gone.

What deletes it comes late: DynamoDB within a few days, our own sweep within an hour or two. So whoever reads asks here.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
"""

import time

DAY_SECONDS = 86_400


def kept_until(since: float, days: int) -> int | None:
    """When the retention ends that began at `since`, both in seconds since 1970; None: never."""
    return int(since) + days * DAY_SECONDS if days else None


def shown_since(days: int, lasts_days: int) -> float:
    """Since when all was made that is still shown, if it lasts so many days at most; 0: from the beginning."""
    return time.time() - (days + lasts_days) * DAY_SECONDS if days else 0


def is_past(noted: float | None, since: float | None, days: int) -> bool:
    """Whether it is over with something that ended at `since` (None: not yet).

    `noted` is what was written down then of when it would be. A shorter retention holds for what is old, too; a longer
    one does not, for DynamoDB goes by what was written down.
    """
    if since is None:
        return False
    moments = [moment for moment in (noted, kept_until(since, days)) if moment is not None]
    return bool(moments) and min(moments) <= time.time()
