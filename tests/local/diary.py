"""What a function of the lab writes down, in seconds since the lab's clock was started."""

import time
from collections.abc import Callable
from typing import Any

START = 1_795_000_000


class Diary:
    """What has woken a function. `does` is what it does with an event."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.woken: list[tuple[float, Any]] = []  # when, and by which event
        self.does: Callable[[Any], Any] = lambda event: None

    def handler(self, event: Any, _context: Any) -> Any:
        self.woken.append((now(), event))
        return self.does(event)

    @property
    def bodies(self) -> list[tuple[float, str]]:
        """When it was woken by which message."""
        return [(at, record["body"]) for at, event in self.woken for record in event["Records"]]


def now() -> float:
    return round(time.time() - START, 3)
