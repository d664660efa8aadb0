"""Shelves: callers in the order of the alphabet, and found by a part of a name, a reading, a company or a number.

There are several, among which numbers scatter, because one partition of an index takes a thousand writes a second at
most; whoever reads merges them. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-indexes-gsi-sharding.html
"""

import heapq
import unicodedata
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, islice

import phonenumbers
from pynamodb.expressions.condition import Condition

from toritsugi.callers.caller import Caller, OptOut, caller_key, opt_out_key
from toritsugi.callers.variants import fold_variants
from toritsugi.foundation.pages import wrong_token
from toritsugi.lines.directory import look_up_entries
from toritsugi.lines.numbers import digits_of

SHELVES = [f"callers#{n}" for n in range(8)]
MAX_PLACE_BYTES = 1024  # bytes: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
MAX_ORDER_LENGTH = 200  # characters of a name that count in the order, each of four bytes at most
END_OF_ORDER = "\t"  # before every other character, and in no folded name

TO_HIRAGANA = {katakana: katakana - 0x60 for katakana in (*range(0x30A1, 0x30F7), 0x30FD, 0x30FE)}

MAX_PAGE_BYTES = 3_000_000  # bytes, of 6 MB, some of which is base64
READ_SHELF_BATCH = 50  # callers, of each of whom there are two entries

Found = tuple[Caller, OptOut | None]
Page = tuple[list[Found], str | None]


def fold_kana(text: str) -> str:
    """What is left of a text if case, width, spaces and the two kana make no difference."""
    folded = unicodedata.normalize("NFKC", text).casefold().translate(TO_HIRAGANA)
    return unicodedata.normalize("NFKC", "".join(folded.split()))  # again, for what had a space between now has none


def lay(caller: Caller) -> None:
    """Puts a caller on a shelf, at the right place, with all that one may be looked for by."""
    number = phonenumbers.parse(caller.number)
    at_home = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    caller.shelf = SHELVES[zlib.crc32(caller.number.encode()) % len(SHELVES)]
    caller.listed_as = fold_kana(caller.reading or caller.name)[:MAX_ORDER_LENGTH] + END_OF_ORDER + caller.number
    names = [fold_kana(said or "") for said in (caller.name, caller.reading, caller.company)]
    others = [other for name in names if (other := fold_variants(name)) != name]
    caller.found_by = "\n".join([*names, *others, digits_of(at_home) or "", caller.number])


def is_out_of_date(caller: Caller) -> bool:
    """Whether a caller was laid by an older version of this file, which found them by less."""
    found_by = caller.found_by
    lay(caller)
    return bool(caller.found_by != found_by)


def read_page(after: str | None, most: int, search: str = "") -> Page:
    """The callers that come after a place in the order, and the place where to go on; None at the end.

    Each comes with the wish for no messages, if there is one. There are no more than fit into one answer of Lambda's.
    Read consistently: whoever was deleted is left out, and the page is shorter. Raises RequestRefused.
    """
    if after is not None and not 0 < len(after.encode()) <= MAX_PLACE_BYTES:
        raise wrong_token()
    places = merge_shelves(after, most, search)
    page = islice(places, most)
    found: list[Found] = []
    size, last = 0, None
    while size < MAX_PAGE_BYTES and (some := list(islice(page, READ_SHELF_BATCH))):
        last = some[-1]
        people = look_up_all([place.partition(END_OF_ORDER)[2] for place in some])
        size += sum(len(str(value).encode()) for caller, _ in people for value in caller.attribute_values.values())
        found += people
    return found, last if next(places, None) else None


def look_up_all(numbers: list[str]) -> list[Found]:
    """Who calls from these numbers, without those who do not."""
    entries = look_up_entries(key(number) for number in numbers for key in (caller_key, opt_out_key))
    people = [(entries.get(caller_key(number)), entries.get(opt_out_key(number))) for number in numbers]
    return [(caller, out if isinstance(out, OptOut) else None) for caller, out in people if isinstance(caller, Caller)]


def merge_shelves(after: str | None, most: int, search: str) -> Iterator[str]:
    """The places of those who are found, in order. The first of each shelf are read side by side."""
    wanted = matching(search) if fold_kana(search) else None
    share = None if wanted is not None else 2 * most // len(SHELVES) + 10  # of a page that each shelf is likely to have
    ahead = most + 1 if wanted is not None else 1
    beyond = Caller.listed_as > after if after else None
    shelves = [Caller.on_shelf.query(shelf, beyond, wanted, page_size=share) for shelf in SHELVES]
    with ThreadPoolExecutor(len(SHELVES)) as pool:
        begun = list(pool.map(lambda shelf: list(islice(shelf, ahead)), shelves))
    rows = (chain(first, rest) for first, rest in zip(begun, shelves, strict=True))
    return (str(caller.listed_as) for caller in heapq.merge(*rows, key=lambda caller: str(caller.listed_as)))


def matching(search: str) -> Condition:
    """What holds of whoever is looked for."""
    written = fold_kana(search)
    wanted: Condition = Caller.found_by.contains(written)
    if (alike := fold_variants(written)) not in ("", written):
        wanted |= Caller.found_by.contains(alike)
    if digits := digits_of(search):
        wanted |= Caller.found_by.contains(digits)
    return wanted
