"""The steps of a reception as a graph: which step leads where, and what can be wrong with that.

It is the compiled document that is looked at, as checks.py makes it, and picture.py draws it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

Steps = Mapping[str, Mapping[str, Any]]

MAPS = ("keys", "spoken")  # of which each entry leads somewhere
LEADING_WORDS = ("jump", "open", "closed", "next", "otherwise")  # which lead somewhere themselves
UNASKED = {"say", "play", "greet", "jump", "hours", "ask"}  # steps in which nobody is asked anything, or rung


class Way(NamedTuple):
    """From a step to another: by which word of it, and by which key or which word that is said."""

    word: str
    by: str
    to: str


def ways(step: Mapping[str, Any]) -> list[Way]:
    """Where a step may lead, in the order in which people think of it."""
    chosen = [Way(word, by, to) for word in MAPS for by, to in step.get(word, {}).items()]
    return chosen + [Way(word, "", step[word]) for word in LEADING_WORDS if step.get(word)]


def ways_of_silence(step: Mapping[str, Any]) -> list[Way]:
    """Where a step leads if nobody presses, says or answers anything."""
    silent = step.get("otherwise") if step["kind"] in ("menu", "gather", "transfer", "voicemail") else None
    return [Way("otherwise", "", silent)] if silent else ways(step)


def reach(steps: Steps, start: str) -> list[str]:
    """The steps that a call can come to, in the order in which it does."""
    return walk(start, lambda name: [way.to for way in ways(steps[name])])


def walk(start: str, following: Callable[[str], Iterable[str]]) -> list[str]:
    """Everything that follows from a start, breadth first, each once."""
    found, seen = [start], {start}
    for name in found:
        for one in following(name):
            if one not in seen:
                seen.add(one)
                found.append(one)
    return found


def loops(
    steps: Steps, within: Iterable[str], lead: Callable[[Mapping[str, Any]], list[Way]] = ways
) -> Iterator[list[str]]:
    """Ways that lead round and round among these steps alone, each as its steps in order."""
    among, done = list(within), set[str]()

    def following(name: str) -> list[str]:
        return [way.to for way in lead(steps[name]) if way.to in among]

    beyond = {name: {one for to in following(name) for one in walk(to, following)} for name in among}
    for name in among:
        if name in done or name not in beyond[name]:
            continue
        circle = [name]
        while (after := next(to for to in following(circle[-1]) if to == name or name in beyond[to])) not in circle:
            circle.append(after)
        circle = circle[circle.index(after) :]
        done |= {one for one in among if one in beyond[name] and name in beyond[one]}
        yield [*circle, circle[0]]


def endless(steps: Steps, within: Iterable[str]) -> list[str]:
    """Those of these steps from which no call ever comes to an end."""
    return [name for name in within if not any(may_end(steps[one]) for one in reach(steps, name))]


def may_end(step: Mapping[str, Any]) -> bool:
    """Whether a call may end after this step: there is nothing next."""
    return step["kind"] not in ("menu", "jump", "hours") and not step.get("next")
