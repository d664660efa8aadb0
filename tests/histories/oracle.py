"""The oracle: what must never be, in any history. It reads the raw tables after every write, and Twilio's side of it,
and shares nothing with the rules of the exchange.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.histories.actors import Actor, Outcome, acting
from tests.histories.tables import Item, Key, Write

if TYPE_CHECKING:
    from tests.histories.world import World

Row = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """One item that was written: what it was, and what it is."""

    table: str
    key: Key
    before: Row | None
    after: Row | None

    @property
    def kind(self) -> str:
        row = self.after or self.before or {}
        return str(row.get("kind", self.table))


class Books:
    """Every table as plain rows, kept up to date with each write."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[Key, Row]] = {}

    def of(self, table: str) -> dict[Key, Row]:
        return self.tables.setdefault(table, {})

    def kind(self, table: str, kind: str) -> list[Row]:
        return [row for row in self.of(table).values() if row.get("kind") == kind]

    def note(self, write: Write) -> Change:
        rows = self.of(write.table)
        before, after = rows.get(write.key), read(write.after)
        if after is None:
            rows.pop(write.key, None)
        else:
            rows[write.key] = after
        return Change(write.table, write.key, before, after)


class Oracle:
    """Asks every rule about everything that happens; `faults` are the sentences about what should not have."""

    def __init__(self, world: World) -> None:
        from tests.histories import (
            rules_of_bridges,
            rules_of_recordings,
            rules_of_secrets,
            rules_of_sessions,
            rules_of_texts,
        )

        self.world, self.books = world, Books()
        self.faults: list[str] = []
        self.rules = [
            kind.Rules(world, self.books)
            for kind in (rules_of_sessions, rules_of_bridges, rules_of_texts, rules_of_recordings, rules_of_secrets)
        ]

    def furnish(self) -> None:
        """Reads what is there before anything happens."""
        for table in self.world.aws.tables.named.values():
            for key, item in table.rows.items():
                self.books.note(Write(table.name, key, None, item))

    def hear(self, writes: list[Write]) -> None:
        """Something was written, all of it in one moment."""
        changes = [self.books.note(write) for write in writes]
        self.each("written", changes, acting())

    def each(self, name: str, *facts: Any) -> None:
        for rules in self.rules:
            for fault in getattr(rules, name, nothing)(*facts):
                self.faults.append(fault)
                self.world.write(f"      ?? {fault}")

    def began(self, actor: Actor) -> None:
        self.each("began", actor)

    def ended(self, actor: Actor, outcome: Outcome) -> None:
        self.each("ended", actor, outcome)
        if fault := of_ours(outcome.error):
            self.faults.append(f"{actor.what.partition(' ')[0]} {fault}")

    def happened(self, name: str, *facts: Any) -> None:
        """Something happened at Twilio: it was asked for something, or people talk."""
        self.each(name, *facts)

    def lost(self, name: str) -> None:
        """Twilio has given up telling this."""
        self.each("lost", name)

    def sent(self, queue: str, said: str) -> None:
        self.each("sent", queue, said)

    def received(self, queue: str, said: str, failed: bool) -> None:
        self.each("received", queue, said, failed)

    def at_rest(self) -> None:
        """All that was under way has arrived."""
        self.each("at_rest")


# Whatever goes wrong outside, a handler raises none of these; and to DynamoDB every request makes sense.
OUR_MISTAKES = (TypeError, ValueError, LookupError, AttributeError, NameError, AssertionError, ArithmeticError)


def of_ours(error: Exception | None) -> str | None:
    """What a handler has raised that is a mistake of ours, and nobody else's trouble."""
    said = f"{error!r} {getattr(error, 'cause', '')}"
    if isinstance(error, OUR_MISTAKES) or "ValidationException" in said:
        return f"fails of itself: {said[:300]}"
    return None


def nothing(*_: Any) -> Iterator[str]:
    return iter(())


def read(item: Item | None) -> Row | None:
    return None if item is None else {name: value_of(value) for name, value in item.items()}


def value_of(value: dict[str, Any]) -> Any:
    ((kind, said),) = value.items()
    return float(said) if kind == "N" else said


def is_over(row: Row, now: float) -> bool:
    """Whether a session, or a route, has ended."""
    ended = row.get("status") == "closed" or "ended_at" in row
    return ended or row.get("expires_at", now + 1) <= now
