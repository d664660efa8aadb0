"""What Twilio's debugger keeps: https://www.twilio.com/docs/usage/monitor-alert"""

from __future__ import annotations

from dataclasses import dataclass

KEPT_ALERTS = 1_000


@dataclass(frozen=True)
class Alert:
    """One trouble, and the SID of the call, conference or text that had it."""

    sid: str
    at: float
    code: int
    text: str
    resource_sid: str
    level: str
