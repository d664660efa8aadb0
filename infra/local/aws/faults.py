"""What goes wrong at AWS on purpose: a schedule or a message that comes late or twice, a process that ends in the
middle. Each is asked for by name, and limited by what it matches and by a count.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass


@dataclass
class Fault:
    """One that is switched on. `times` is how often it still strikes, None every time; `struck` how often it did."""

    name: str
    match: re.Pattern[str]
    times: int | None
    seconds: float = 0
    struck: int = 0


class Faults:
    """The faults of one kind of thing. `match` is a regular expression, found anywhere in what the thing is called."""

    def __init__(self) -> None:
        self.active: list[Fault] = []
        self.lock = threading.Lock()  # handlers run in threads

    def late(self, seconds: float, match: str = "", times: int | None = 1) -> None:
        """They come so many seconds later than they would."""
        self.ask("late", match, times, seconds)

    def twice(self, match: str = "", times: int | None = 1) -> None:
        """They come twice: what AWS promises is at least once."""
        self.ask("twice", match, times)

    def ask(self, name: str, match: str, times: int | None, seconds: float = 0) -> None:
        self.active.append(Fault(name, re.compile(match), times, seconds))

    def take(self, name: str, what: str) -> Fault | None:
        """The fault that strikes this now, if any; that uses up one of its times."""
        with self.lock:
            for fault in self.active:
                if fault.name == name and fault.times != 0 and fault.match.search(what):
                    fault.struck += 1
                    if fault.times is not None:
                        fault.times -= 1
                    return fault
        return None

    def missed(self) -> list[str]:
        """Those that were asked for and have not struck as often as that: the story is not about what it says."""
        left = [fault for fault in self.active if fault.times or not fault.struck]
        return [f"a fault that was asked for did not strike: {one.name} {one.match.pattern!r}" for one in left]

    def end(self) -> None:
        """From now on all goes well."""
        self.active.clear()


class ScheduleFaults(Faults):
    """The same for one-time schedules, by group and name; they can fail to fire, too."""

    def never(self, match: str = "", times: int | None = 1) -> None:
        """They do not fire, and stay where they are."""
        self.ask("never", match, times)


class Crashes(Faults):
    """A function's process that ends at a call which it makes of AWS or Twilio, before the call or after it."""

    def crash(self, function: str, moment: str, call: str, times: int | None = 1) -> None:
        """`call` is how it begins: dynamodb.PutItem, dynamodb.PutItem SessionsTable, twilio POST /Calls."""
        self.ask(f"{function} {moment}", f"^{call}", times)
