"""What callers are asked for besides a search: a tag, a language, whether they are blocked or want no messages.

The index says the first three of each caller, in capitals. No search has any, for it is folded, so none finds them. Of
whom a former version has put there it does not say it, so all of them are read themselves before they are believed.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from pynamodb.expressions.condition import Condition

from toritsugi.callers.caller import Caller

SAID, BLOCKED = "IS", "BLOCKED"
TO_CAPITALS = str.maketrans("0123456789abcdef", "ABCDEFGHIJKLMNOP")
TAG_LETTERS = 12


@dataclass(frozen=True)
class CallerFilter:
    """What is asked of callers; None: anything."""

    tag: str | None = None
    blocked: bool | None = None
    opted_out: bool | None = None
    language: str | None = None

    def lets(self, caller: Caller, opted_out: bool) -> bool:
        """Whether a caller is as asked."""
        asked = ((self.blocked, caller.blocked), (self.opted_out, opted_out), (self.language, caller.language))
        tagged = self.tag is None or self.tag in (caller.tags or ())
        return tagged and all(wanted in (None, there) for wanted, there in asked)

    def conditions(self) -> Iterator[Condition]:
        """What holds in the index of whoever may be as asked."""
        if self.tag is not None:
            yield unless_untold(tag_fact(self.tag))
        if self.language is not None:
            yield unless_untold(language_fact(self.language))
        if self.blocked is not None:
            yield unless_untold(BLOCKED) if self.blocked else ~word_in_index(BLOCKED)


def write_facts(caller: Caller) -> str:
    """What the index says of a caller, each word between spaces."""
    facts = [SAID, *(tag_fact(str(tag)) for tag in caller.tags or ())]
    if caller.language:
        facts.append(language_fact(caller.language))
    if caller.blocked:
        facts.append(BLOCKED)
    return f" {' '.join(facts)} "


def tag_fact(tag: str) -> str:
    """A tag in letters alone, for a search finds digits and kanji."""
    return "OF" + hashlib.sha256(tag.encode()).hexdigest()[:TAG_LETTERS].translate(TO_CAPITALS)


def language_fact(language: str) -> str:
    return "IN" + language.replace("-", "").upper()


def word_in_index(fact: str) -> Condition:
    return Caller.found_by.contains(f" {fact} ")


def unless_untold(fact: str) -> Condition:
    """That the index says so, or does not say anything yet."""
    return word_in_index(fact) | ~word_in_index(SAID)
