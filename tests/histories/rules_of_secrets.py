"""What must never be seen (P1): a person's number in anything that the exchange says, but where it reaches them."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tests.histories.actors import Actor, Outcome
from tests.histories.oracle import Books

if TYPE_CHECKING:
    from tests.histories.world import World

COUNTRY = 3  # characters of "+81": what follows is the same however a number is written


class Rules:
    def __init__(self, world: World, books: Books) -> None:
        self.world, self.books = world, books

    @property
    def people(self) -> set[str]:
        return {number for number, entry in self.books.of("DirectoryTable") if entry.startswith("route#")}

    def leaks(self, text: str) -> set[str]:
        return {number for number in self.people if number[COUNTRY:] in text}

    def ended(self, actor: Actor, outcome: Outcome) -> Iterator[str]:
        """A webhook's TwiML names nobody but in the `<Number>`, or the `to`, that reaches them."""
        body = outcome.answer.get("body") if outcome.is_fine and isinstance(outcome.answer, dict) else None
        if not actor.what.startswith("webhook") or not body or not body.startswith("<?xml"):
            return
        for verb in ElementTree.fromstring(body).iter():
            said = [f"{name} {value}" for name, value in verb.attrib.items() if (verb.tag, name) != ("Message", "to")]
            said += [verb.text or ""] if verb.tag not in ("Number", "Message", "Body") else []
            for number in self.leaks(" ".join(said)):
                yield f"{number} stands in a <{verb.tag}>: {said}"

    def asked(self, path: str, form: dict[str, str]) -> Iterator[str]:
        """Nor does a request to Twilio, but as whom it is to reach."""
        for name, value in form.items():
            if name not in ("To", "Body") and self.leaks(value):
                yield f"Twilio is told {value} as the {name} of {path}"

    def sent(self, queue: str, said: str) -> Iterator[str]:
        """Nor does a message to a timer: what fails goes to the dead letters, which people read."""
        if self.leaks(said):
            yield f"a message to {queue} says {said}"
