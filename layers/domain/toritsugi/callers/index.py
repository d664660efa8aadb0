"""Shelves: callers in the order of the alphabet, and found by a part of a name, a reading, a company or a number.

There are several, among which numbers scatter, because one partition of an index takes a thousand writes a second at
most; whoever reads merges them. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-indexes-gsi-sharding.html
"""

import heapq
import unicodedata
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from itertools import chain, islice
from operator import and_

import phonenumbers
from pynamodb.expressions.condition import Condition

from toritsugi.callers.caller import Caller, OptOut, caller_key, opt_out_key
from toritsugi.callers.filters import CallerFilter, write_facts
from toritsugi.callers.variants import fold_variants
from toritsugi.foundation.listings import MAX_LOOKED_AT
from toritsugi.foundation.visible import IGNORABLE
from toritsugi.lines.directory import look_up_entries
from toritsugi.lines.numbers import digits_of

SHELVES = [f"callers#{n}" for n in range(8)]
# Characters of a name that count in the order, each of four bytes at most; a sort key may have 1024 bytes:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
MAX_ORDER_LENGTH = 200
END_OF_ORDER = "\t"  # before every other character, and in no folded name

TO_HIRAGANA = {katakana: katakana - 0x60 for katakana in (*range(0x30A1, 0x30F7), 0x30FD, 0x30FE)}

MAX_PAGE_BYTES = 3_000_000  # bytes, of 6 MB, some of which is base64
READ_SHELF_BATCH = 50  # callers, of each of whom there are two entries
EVERYBODY = CallerFilter()

Found = tuple[Caller, OptOut | None]
Page = tuple[list[Found], str | None]


def fold_kana(text: str) -> str:
    """What is left of a text if case, width, spaces, the two kana and what nobody sees make no difference."""
    folded = unicodedata.normalize("NFKC", IGNORABLE.sub("", text)).casefold().translate(TO_HIRAGANA)
    return unicodedata.normalize("NFKC", "".join(folded.split()))  # again, for what had a space between now has none


def lay(caller: Caller) -> None:
    """Puts a caller on a shelf, at the right place, with all that one may be looked for by."""
    number = phonenumbers.parse(caller.number)
    at_home = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    caller.shelf = SHELVES[zlib.crc32(caller.number.encode()) % len(SHELVES)]
    caller.listed_as = fold_kana(caller.reading or caller.name)[:MAX_ORDER_LENGTH] + END_OF_ORDER + caller.number
    names = [fold_kana(said or "") for said in (caller.name, caller.reading, caller.company)]
    others = [other for name in names if (other := fold_variants(name)) != name]
    caller.found_by = "\n".join([write_facts(caller), *names, *others, digits_of(at_home) or "", caller.number])


def is_out_of_date(caller: Caller) -> bool:
    """Whether a caller was laid by an older version of this file, which found them by less."""
    found_by = caller.found_by
    lay(caller)
    return bool(caller.found_by != found_by)


def read_page(
    after: str | None, most: int, search: str = "", asked: CallerFilter = EVERYBODY, descending: bool = False
) -> Page:
    """The callers that come after a place in the order, and the place where to go on; None at the end.

    Each comes with the wish for no messages, if there is one. There are no more than fit into one answer of Lambda's,
    of a thousand who are looked at. Read consistently: whoever was deleted is left out. Raises RequestRefused.
    """
    likely = most if asked.opted_out is None else MAX_LOOKED_AT  # of that the index says nothing
    places = merge_shelves(after, likely, both(search, asked), descending)
    found: list[Found] = []
    size, looked, last = 0, 0, after
    while len(found) < most and size < MAX_PAGE_BYTES and looked < max(most, MAX_LOOKED_AT):
        batch = READ_SHELF_BATCH if looked >= most else min(READ_SHELF_BATCH, most - looked)
        some = list(islice(places, batch))
        for place, person in look_up_all(some):
            if not asked.lets(person[0], person[1] is not None):
                continue
            if len(found) == most:
                return found, last
            found.append(person)
            size += sum(len(str(value).encode()) for value in person[0].attribute_values.values())
            last = place
        if not some:
            return found, None
        last, looked = some[-1], looked + len(some)
    return found, last if next(places, None) else None


def look_up_all(places: list[str]) -> Iterator[tuple[str, Found]]:
    """Who stands at these places, without those who do not any more."""
    numbers = {place: place.partition(END_OF_ORDER)[2] for place in places}
    entries = look_up_entries(key(number) for number in numbers.values() for key in (caller_key, opt_out_key))
    for place, number in numbers.items():
        caller, out = entries.get(caller_key(number)), entries.get(opt_out_key(number))
        if isinstance(caller, Caller):
            yield place, (caller, out if isinstance(out, OptOut) else None)


def merge_shelves(after: str | None, most: int, wanted: Condition | None, descending: bool) -> Iterator[str]:
    """The places of those who are wanted, in order. The first of each shelf are read side by side."""
    share = None if wanted is not None else 2 * most // len(SHELVES) + 10  # of a page that each shelf is likely to have
    ahead = most + 1 if wanted is not None else 1
    beyond = None
    if after:
        beyond = Caller.listed_as < after if descending else Caller.listed_as > after
    shelves = [
        Caller.on_shelf.query(shelf, beyond, wanted, page_size=share, scan_index_forward=not descending)
        for shelf in SHELVES
    ]
    with ThreadPoolExecutor(len(SHELVES)) as pool:
        begun = list(pool.map(lambda shelf: list(islice(shelf, ahead)), shelves))
    rows = (chain(first, rest) for first, rest in zip(begun, shelves, strict=True))
    merged = heapq.merge(*rows, key=lambda caller: str(caller.listed_as), reverse=descending)
    return (str(caller.listed_as) for caller in merged)


def both(search: str, asked: CallerFilter) -> Condition | None:
    """What the index says of whoever is looked for, and may be as asked; None: nothing."""
    conditions = [*([matching(search)] if fold_kana(search) else []), *asked.conditions()]
    return reduce(and_, conditions) if conditions else None


def matching(search: str) -> Condition:
    """What holds of whoever is looked for."""
    written = fold_kana(search)
    wanted: Condition = Caller.found_by.contains(written)
    if (alike := fold_variants(written)) not in ("", written):
        wanted |= Caller.found_by.contains(alike)
    if digits := digits_of(search):
        wanted |= Caller.found_by.contains(digits)
    return wanted
