"""What is said at one telephone, piece by piece: to be recorded, or to be understood."""

from __future__ import annotations

from dataclasses import dataclass

from local.clock import Clock
from local.network.twiml.speech import of_words


@dataclass
class Utterance:
    """Some words, from when on, and for how many seconds."""

    at: float
    seconds: float
    text: str

    @property
    def ends_at(self) -> float:
        return self.at + self.seconds


class Utterances:
    """Nobody says two things at a time: new words begin when those before them are over."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.all: list[Utterance] = []
        self.begun = clock.signal()  # the next one

    def add(self, text: str) -> None:
        self.all.append(Utterance(max(self.clock.now(), self.silent_at), of_words(text), text))
        begun, self.begun = self.begun, self.clock.signal()
        begun.fire()

    @property
    def silent_at(self) -> float:
        """When the last word is over; 0 if there was none yet."""
        return self.all[-1].ends_at if self.all else 0.0

    def between(self, start: float, end: float) -> list[Utterance]:
        """What is heard of them in that time. One that is cut at either side keeps its words."""
        heard = [one for one in self.all if one.at < end and one.ends_at > start]
        return [Utterance(at := max(one.at, start), min(one.ends_at, end) - at, one.text) for one in heard]
