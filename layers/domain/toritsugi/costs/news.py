"""What is told of costs: that a day is out of its usual range."""

from dataclasses import dataclass


@dataclass(frozen=True)
class UnusualDayNews:
    """A day of GMT, what it did cost at Twilio, and from what to what days like it do. More stands under `path`."""

    day: str
    amount: str
    low: str
    high: str
    currency: str
    path: str


EVENTS_OF_COSTS = {"costs.unusual": "A day did cost more, or less, than the four weeks before it would have one expect"}
