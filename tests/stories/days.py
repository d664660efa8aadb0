"""Days that are imagined: who is called, what they do and when, and what goes wrong meanwhile."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as some

from tests.stories.conftest import Box

MINUTE = 60

Deed = tuple[float, int, str]  # when, whose telephone, what: hangup, star, extend


@dataclass(frozen=True)
class Trouble:
    """Something that goes wrong from this second on, once or a few times."""

    second: float
    kind: str  # crash, messages, schedules, network
    what: str
    times: int = 1
    seconds: float = 0

    def begin(self, box: Box) -> None:
        cloud = box.stack.cloud
        if self.kind == "crash":
            function, moment, call = self.what.split(" ", 2)
            cloud.crash(function, **{moment: call}, times=self.times)
        elif self.kind == "network":
            wished = box.call("GET", "/faults")
            more = {"seconds": self.seconds} if self.what == "delay" else {}
            match = "/Calls.json" if self.what.startswith("rest") else "/status/"
            box.call("PUT", "/faults", wished | {self.what: {"match": match, "times": self.times, **more}})
        else:
            faults, match = (
                (cloud.faults.messages, "Timers") if self.kind == "messages" else (cloud.faults.schedules, "timer")
            )
            if self.what == "late":
                faults.late(self.seconds, match, self.times)
            else:
                getattr(faults, self.what)(match, times=self.times)

    @property
    def loses(self) -> bool:
        """Whether Twilio's callback may have been lost for good."""
        return self.what.startswith("status before dynamodb")


@dataclass(frozen=True)
class Day:
    conduct: list[dict[str, Any]]  # of each telephone
    wanted: dict[str, Any]
    deeds: list[Deed] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    seed: int = 0


# ---- what may be -----------------------------------------------------------------------------------------------------

CALLS = ["dynamodb.Query", "dynamodb.UpdateItem", "dynamodb.TransactWriteItems", "sqs.SendMessage", "twilio POST"]

TROUBLES = some.one_of(
    some.builds(
        Trouble,
        some.integers(0, 400),
        some.just("crash"),
        some.builds("timer {} {}".format, some.sampled_from(["before", "after"]), some.sampled_from(CALLS)),
    ),
    some.builds(
        Trouble,
        some.integers(0, 400),
        some.just("crash"),
        some.sampled_from(["status before dynamodb.PutItem", "status after dynamodb.PutItem"]),
    ),
    some.builds(Trouble, some.just(0), some.just("messages"), some.just("twice"), some.integers(1, 40)),
    some.builds(
        Trouble, some.integers(0, 400), some.just("messages"), some.just("late"), some.integers(1, 3),
        some.integers(1, 40),
    ),
    some.builds(
        Trouble, some.just(0), some.just("schedules"), some.sampled_from(["twice", "never", "late"]),
        some.integers(1, 3), some.integers(1, 300),
    ),
    some.builds(
        Trouble, some.just(0), some.just("network"), some.sampled_from(["duplicate", "reorder"]), some.integers(1, 20)
    ),
    some.builds(
        Trouble, some.integers(0, 300), some.just("network"), some.just("delay"), some.integers(1, 3),
        some.integers(1, 9),
    ),
    some.builds(Trouble, some.just(0), some.just("network"), some.just("rest_answers_late"), some.integers(1, 2)),
)  # fmt: skip

ANNOUNCEMENTS = some.fixed_dictionaries(
    {"say": some.just("")}, optional={"to": some.integers(1, 2)}
).flatmap(
    lambda said: some.one_of(
        some.integers(1, 200).map(lambda seconds: said | {"before_end": seconds}),
        some.integers(0, 200).map(lambda seconds: said | {"after_start": seconds}),
    )
)  # fmt: skip

CONDUCT = some.one_of(
    some.builds(lambda after: {"answers": "at once", "after": after}, some.integers(0, 12)),
    some.builds(lambda after: {"answers": "at once", "after": after}, some.integers(0, 12)),
    some.builds(lambda after: {"answers": "at once", "after": after}, some.integers(0, 12)),
    some.sampled_from([{"answers": "busy"}, {"answers": "never"}, {"answers": "machine", "greeting": "Nobody is in."}]),
)


@some.composite
def days(draw: some.DrawFn) -> Day:
    people = draw(some.sampled_from([2, 2, 3]))
    minutes = draw(some.integers(1, 5))
    wanted: dict[str, Any] = {
        "minutes": minutes,
        "language": "en-US",
        "ring_seconds": draw(some.integers(5, 20)),
        "detect": draw(some.booleans()),
        "if_unanswered": draw(some.sampled_from(["end", "retry", "wait"])),
    }
    said = draw(some.lists(ANNOUNCEMENTS, max_size=4))
    wanted["announcements"] = [one | {"say": f"this is number {n}."} for n, one in enumerate(said, 1)]
    if draw(some.booleans()):
        wanted["extension"] = {"minutes": draw(some.integers(1, 2)), "times": draw(some.integers(1, 2))}
    deeds = some.one_of(
        some.tuples(some.integers(0, minutes * MINUTE + 200), some.integers(0, people - 1), some.just("star")),
        some.tuples(some.integers(0, minutes * MINUTE + 200), some.integers(0, people - 1), some.just("star")),
        some.tuples(some.integers(10, minutes * MINUTE + 200), some.integers(0, people - 1), some.just("hangup")),
        some.tuples(some.integers(0, minutes * MINUTE), some.just(0), some.just("extend")),
    )
    return Day(
        draw(some.lists(CONDUCT, min_size=people, max_size=people)),
        wanted,
        sorted(draw(some.lists(deeds, max_size=5))),
        sorted(draw(some.lists(TROUBLES, max_size=3)), key=lambda trouble: trouble.second),
        draw(some.integers(0, 9)),
    )
