"""Two deeds at once on the same record, one whole inside the other: the end is as if they had been done in turn.

A service and a reception share the record of a line, and neither knows the other.
"""

import itertools
from functools import cache

import pytest

from tests.integration import deeds
from tests.integration.answers import READS
from tests.integration.test_receptions_api import owned
from toritsugi.lines import lines
from toritsugi.masking import pool, services
from toritsugi.receptions import publishing, records

LINE = "+815010000009"
OWNED = owned(LINE) | {"friendly_name": "", "capabilities": {"voice": True, "sms": True, "mms": False}}
OWNED["webhooks"] = {"voice_url": "https://old.example.com/ivr", "sms_url": "https://old.example.com/sms"}


TABLES = ("DirectoryTable", "ServicesTable", "ReceptionsTable")


class World:
    """Two services and two receptions, and what is done with them; each deed is 0, or the code of its refusal.

    What has happened before is a row of deeds, a `state`.
    """

    def __init__(self, cloud) -> None:
        self.cloud = cloud
        self.first, self.second = (services.new_service(deeds.form(UniqueName=name)) for name in ("one", "two"))
        for name in ("desk", "night"):
            self.save(name, "hello")
        self.keys = {table: [key["AttributeName"] for key in cloud.schemas[table]["KeySchema"]] for table in TABLES}
        self.known = {(): self.look()}

    def look(self):
        """All that is stored, by its keys."""
        rows = [(table, row) for table in TABLES for row in self.cloud.dynamodb.scan(TableName=table)["Items"]]
        self.there = {(table, *(row[name]["S"] for name in self.keys[table])): row for table, row in rows}
        return self.there

    def begin(self, state) -> None:
        """Only these things have happened."""
        records.forget_documents()
        if state not in self.known:
            self.begin(state[:-1])
            assert getattr(self, state[-1])() == 0
            self.known[state] = self.look()
        wanted, there = self.known[state], self.there
        for key in there.keys() - wanted.keys():
            row = there[key]
            self.cloud.dynamodb.delete_item(TableName=key[0], Key={name: row[name] for name in self.keys[key[0]]})
        for key, row in wanted.items():
            if there.get(key) != row:
                self.cloud.dynamodb.put_item(TableName=key[0], Item=row)

    def end(self):
        """All that is stored, but for the marks of writes."""
        return {at: {name: value for name, value in row.items() if name != "mark"} for at, row in self.look().items()}

    @cache  # noqa: B019  it lives as long as its test
    def in_turn(self, state, first, second):
        """What both are told, and the end."""
        self.begin(state)
        return getattr(self, first)(), getattr(self, second)(), self.end()

    def at_once(self, wire, state, outer, inner):
        """The same, where the inner one is done whole right before the outer one writes."""
        self.begin(state)
        other = StepIn(getattr(self, inner))
        with wire.has(other):
            told = getattr(self, outer)()
        return told, other.told, self.end()

    def save(self, name: str, words: str) -> int:
        document = {"steps": {"hello": {"kind": "say", "say": words}}}
        return deeds.outcome(lambda: publishing.save_reception(name, words, "text/plain", document))

    # the deeds

    def add(self) -> int:
        return deeds.outcome(lambda: pool.add_to_pool(self.first.service_sid, OWNED, False))

    def add_to_another(self) -> int:
        return deeds.outcome(lambda: pool.add_to_pool(self.second.service_sid, OWNED, False))

    def remove(self) -> int:
        """Whoever comes too late finds it gone, as was wanted."""
        told = deeds.outcome(lambda: pool.remove_from_pool(pool.get_pool_number(self.first.service_sid, OWNED["sid"])))
        return 0 if told == 20404 else told

    def hand_over(self) -> int:
        """It leaves a service, and another one has it."""
        return self.remove() or self.add_to_another()

    def reserve(self) -> int:
        return deeds.outcome(
            lambda: pool.reserve(pool.get_pool_number(self.first.service_sid, OWNED["sid"]), True),
        )

    def give(self) -> int:
        return deeds.outcome(lambda: publishing.give_line(LINE, OWNED, "desk"))

    def give_another(self) -> int:
        return deeds.outcome(lambda: publishing.give_line(LINE, OWNED, "night"))

    def take(self) -> int:
        return deeds.outcome(lambda: publishing.take_line(LINE))

    def change(self) -> int:
        return self.save("desk", "good morning")

    def change_otherwise(self) -> int:
        return self.save("desk", "good evening")

    def delete(self) -> int:
        return deeds.outcome(lambda: publishing.delete_reception("desk"))

    def rename(self) -> int:
        return deeds.outcome(lambda: services.change_service(self.again(), deeds.form(UniqueName="three")))

    def rename_otherwise(self) -> int:
        return deeds.outcome(lambda: services.change_service(self.again(), deeds.form(UniqueName="four")))

    def rename_back(self) -> int:
        return deeds.outcome(lambda: services.change_service(self.again(), deeds.form(UniqueName="one")))

    def rename_another(self) -> int:
        other = services.get_service(self.second.service_sid)
        return deeds.outcome(lambda: services.change_service(other, deeds.form(UniqueName="three")))

    def record(self) -> int:
        return deeds.outcome(lambda: services.change_service(self.again(), deeds.form(Record="true")))

    def confer(self) -> int:
        """Which is no way to record."""
        return deeds.outcome(lambda: services.change_service(self.again(), deeds.form(Through="conference")))

    def again(self):
        return services.get_service(self.first.service_sid)


# What is done, and in the middle of it something else; after what.
PAIRS = [
    *itertools.product(
        [(), ("add",), ("give",), ("add", "give")],
        ["add", "remove", "reserve", "give", "take"],
        ["add", "add_to_another", "remove", "hand_over", "reserve", "give", "give_another", "take"],
    ),
    *itertools.product(
        [(), ("give",), ("delete",)],
        ["change", "delete", "give", "take"],
        ["change", "change_otherwise", "delete", "give", "take"],
    ),
    *itertools.product(
        [(), ("rename",)],
        ["rename", "rename_back", "record"],
        ["rename", "rename_otherwise", "rename_back", "rename_another", "record", "confer"],
    ),
]
STATES = {state: [(outer, inner) for one, outer, inner in PAIRS if one == state] for state, _, _ in PAIRS}


@pytest.fixture
def world(cloud, clock) -> World:
    return World(cloud)


@pytest.mark.thorough
@pytest.mark.parametrize("state", STATES, ids=lambda state: " and ".join(state) or "nothing")
def test_it_ends_as_if_one_had_been_done_after_the_other(world, wire, state):
    for outer, inner in dict.fromkeys(STATES[state]):
        told, between, end = world.at_once(wire, state, outer, inner)
        if between is None:  # nothing was written
            continue
        first, second, one = world.in_turn(state, outer, inner)
        latter, former, other = world.in_turn(state, inner, outer)
        ends = [(first, second, one), (former, latter, other)]
        if outer == inner:  # of twins it only matters what is left
            ends = [(told, between, one), (told, between, other)]
        assert (told, between, end) in ends, f"{outer} with {inner} within it"


class StepIn:
    """Somebody else does something right before the first write."""

    def __init__(self, deed) -> None:
        self.deed, self.told = deed, None

    def __call__(self, operation, _request, carry):
        if operation not in READS and self.told is None:
            self.told = -1  # from here on it is the other's turn
            self.told = self.deed()
        return carry()


# ---- a line to which what counts has not come ------------------------------------------------------------------------


@pytest.fixture
def behind(world):
    """Somebody died before this line said what its reception says; the same again brings it up to date."""
    world.begin(("give",))
    world.change()
    lines.Line(*lines.line_key(LINE)).update([lines.Line.version.set(0), lines.Line.document.set({})])
    return world


def said_now():
    line = lines.find_line(LINE)
    return line.reception, line.version, line.document["steps"]["hello"]["say"]


def test_it_comes_when_the_same_is_written_down_again(behind):
    assert behind.change() == 0
    assert said_now() == ("desk", 2, "good morning")


def test_a_line_that_has_another_reception_by_then_says_what_that_says(behind, wire):
    with wire.has(StepIn(behind.give_another)):
        assert behind.change() == 0
    assert said_now() == ("night", 1, "hello")


def test_a_line_that_says_something_newer_by_then_goes_on_saying_it(behind, wire):
    with wire.has(StepIn(behind.change_otherwise)):
        assert behind.change() == 0
    assert said_now() == ("desk", 3, "good evening")
