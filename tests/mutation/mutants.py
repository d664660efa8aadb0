"""Mutants: the exchange with one mistake in it. Which there are, how one reads, and which were judged harmless."""

import hashlib
import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

from tests.mutation.operators import FIRST, Change, Finder, Source, places_of_conditions

ROOT = Path(__file__).parents[2]
FOLDERS = ("layers/domain/toritsugi", "functions")
HARMLESS = Path(__file__).parent / "harmless.toml"

Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class Mutant:
    """One mistake in one file. `before` and `after` are the lines that it changes, without their margin."""

    path: str
    change: Change
    line: int
    before: str
    after: str
    number: int  # of those that read the same in the same function

    @property
    def key(self) -> Key:
        """By what it is known, wherever in its file it comes to stand."""
        return self.path, self.change.function, self.before, self.after

    @property
    def is_first(self) -> bool:
        return self.change.operator in FIRST

    def luck(self, seed: int) -> str:
        """Where it comes in the draw: the same for the same mistake, whatever else changes in the code."""
        return hashlib.sha256(repr((seed, *self.key, self.number)).encode()).hexdigest()

    def source(self) -> str:
        """The file with the mistake in it."""
        data = (ROOT / self.path).read_bytes()
        return (data[: self.change.start] + self.change.text.encode() + data[self.change.end :]).decode()

    def diff(self) -> str:
        lines = [f"{self.path}:{self.line} in {self.change.function}: {self.change.operator}"]
        lines += [f"    - {line}" for line in self.before.split("\n")]
        lines += [f"    + {line}" for line in self.after.split("\n")]
        return "\n".join(lines)


def files() -> list[Path]:
    return sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))


@cache
def source_of(path: Path) -> Source:
    return Source(path.read_text())


@cache
def every_mutant() -> list[Mutant]:
    """All of them, in the order of the code. Some may be no program: see `is_program`."""
    asks = places_of_conditions([source_of(path).tree for path in files()])
    return [mutant for path in files() for mutant in mutants_of(path, asks)]


def mutants_of(path: Path, asks: dict[str, int]) -> Iterable[Mutant]:
    source, seen, name = source_of(path), Counter[Key](), str(path.relative_to(ROOT))
    for change in Finder(source, asks).found:
        first, (before, after) = lines_of(source, change)
        key = (name, change.function, before, after)
        seen[key] += 1
        yield Mutant(name, change, first, before, after, seen[key])


def lines_of(source: Source, change: Change) -> tuple[int, tuple[str, str]]:
    """Which line the change begins in, and the changed lines before and after."""
    first = sum(1 for start in source.starts[:-1] if start <= change.start)
    begin = source.starts[first - 1]
    end = next(start for start in source.starts[1:] if start >= change.end)
    before = source.data[begin:end]
    after = source.data[begin : change.start] + change.text.encode() + source.data[change.end : end]
    return first, (without_margin(before), without_margin(after))


def without_margin(data: bytes) -> str:
    return "\n".join(line.strip() for line in data.decode().splitlines() if line.strip())


def is_program(text: str) -> bool:
    try:
        compile(text, "mutant", "exec")
    except (SyntaxError, ValueError):
        return False
    return True


def draw(number: int, seed: int, only: str) -> list[Mutant]:
    """So many of those whose path has this part, drawn by a seed: half of them conditions, refusals and errors."""
    drawn = sorted((one for one in every_mutant() if only in one.path), key=lambda one: one.luck(seed))
    first = list(islice((one for one in drawn if one.is_first and is_program(one.source())), number))
    others = list(islice((one for one in drawn if not one.is_first and is_program(one.source())), number))
    half = max(number // 2, number - len(others))
    return first[:half] + others[: number - len(first[:half])]


@dataclass(frozen=True)
class Judgement:
    """That a mistake changes nothing that anybody could mind. What it does not name may be anything."""

    why: str
    file: str
    function: str | None = None
    operator: str | None = None
    before: str | None = None
    after: str | None = None

    def is_of(self, mutant: Mutant) -> bool:
        said = {
            "file": mutant.path,
            "function": mutant.change.function,
            "operator": mutant.change.operator,
            "before": mutant.before,
            "after": mutant.after,
        }
        return all(getattr(self, name) in (None, value) for name, value in said.items())


def judgements() -> list[Judgement]:
    return [Judgement(**entry) for entry in tomllib.loads(HARMLESS.read_text()).get("harmless", [])]
