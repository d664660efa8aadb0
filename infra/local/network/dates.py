"""The two ways in which a moment is written: Twilio's own (RFC 2822) and, in the control API, ISO 8601."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime


def rfc2822(moment: float | None) -> str | None:
    """`Fri, 20 Aug 2010 01:13:42 +0000`, as in every date that Twilio sends; None for what has not happened."""
    return None if moment is None else format_datetime(datetime.fromtimestamp(moment, UTC))


def iso(moment: float) -> str:
    """`2010-08-20T01:13:42.000+00:00`."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")


def day_or_moment(text: str) -> tuple[float, float]:
    """The first and last second that a REST filter means: a whole day for `2010-08-20`, else one second.

    https://www.twilio.com/docs/voice/api/call-resource#read-multiple-call-resources
    """
    moment = datetime.fromisoformat(text)
    start = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return start, start + (86400 if len(text) == len("2010-08-20") else 1)
