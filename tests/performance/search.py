"""A search among 100,000 callers: what DynamoDB reads for it, with every form of a name in the index and without."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from tests.performance.meter import READ_BLOCK

CALLERS = 100_000
PAGE = 1_000_000  # bytes that a query reads at most: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.html
FAMILIES = (
    "佐藤",
    "鈴木",
    "高橋",
    "髙橋",
    "田中",
    "渡辺",
    "渡邊",
    "伊藤",
    "山本",
    "中村",
    "佐々木",
    "齋藤",
    "山﨑",
    "霞ヶ丘",
)
GIVEN = (
    "愛子",
    "勉",
    "桜",
    "健",
    "翔",
    "陽子",
    "真由美",
    "André",
    "Hélène",
    "O’Brien",
    "大輔",
    "直樹",
    "美咲",
    "優子",
    "一郎",
)


@dataclass(frozen=True)
class Read:
    """What one search of everybody reads: bytes of the index, read units, and queries one after another on a shelf."""

    size: int
    units: float
    queries: int


@dataclass(frozen=True)
class Findings:
    before: Read
    after: Read
    callers: int


def measure(callers: int = CALLERS) -> Findings:
    """Entries are laid as ever; `before` is without the lines that only the other forms of a name need."""
    from toritsugi.callers import changes, index

    before, after = (dict.fromkeys(index.SHELVES, 0) for _ in range(2))
    for number, name in people(callers):
        caller = changes.filled_in(
            changes.new_caller(number), {"name": name, "reading": "なかむらさくら", "company": "山田商店"}
        )
        after[caller.shelf] += size(caller.number, caller.listed_as, caller.found_by)
        said = [index.fold_kana(text) for text in (name, "なかむらさくら", "山田商店")]
        before[caller.shelf] += size(
            caller.number, caller.listed_as, "\n".join([*said, *caller.found_by.split("\n")[-2:]])
        )
    return Findings(read(before), read(after), callers)


def people(callers: int) -> Iterator[tuple[str, str]]:
    """Numbers and names as a shop in Japan has them: every third name has a character with another form."""
    chance = random.Random(16)
    for place in range(callers):
        yield f"+8190{place:08}", chance.choice(FAMILIES) + chance.choice(GIVEN)


def size(number: str, listed_as: str, found_by: str) -> int:
    """The bytes of an entry of the index, with the names of its attributes."""
    names = "number entry caller kind caller shelf callers#0 listed_as found_by"
    return len(names.replace(" ", "")) + sum(len(text.encode()) for text in (number, listed_as, found_by))


def read(shelves: dict[str, int]) -> Read:
    """Shelves are read side by side, each in pages, one after another."""
    whole = sum(shelves.values())
    return Read(whole, whole / READ_BLOCK / 2, max(-(-size // PAGE) for size in shelves.values()))
