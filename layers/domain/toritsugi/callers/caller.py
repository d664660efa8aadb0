"""A caller: who somebody is, and whether they want messages. Two entries of the directory."""

from collections.abc import Iterable

from pynamodb.attributes import BooleanAttribute, ListAttribute, NumberAttribute, UnicodeAttribute, VersionAttribute
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection

from toritsugi.lines.directory import DirectoryKey, Entry, look_up_entries


class OnShelf(GlobalSecondaryIndex["Caller"]):  # type: ignore[no-untyped-call]
    """Who is on a shelf, in the order of the alphabet. It may lag: read the callers themselves before believing it."""

    class Meta:
        index_name = "on-shelf"
        projection = IncludeProjection(["kind", "found_by"])  # by which PynamoDB filters, and we search

    shelf = UnicodeAttribute(hash_key=True)
    listed_as = UnicodeAttribute(range_key=True)


class Caller(Entry, discriminator="caller"):
    """Who calls from a number. `reading` is how the name is spoken; `language` is ja-JP, en-US or their like.

    `shelf`, `listed_as` and `found_by` follow from the name, reading, company and number: see index. Each change is
    another `edition`: to save one that was read fails if somebody else has saved in between.
    """

    name = UnicodeAttribute(default="")
    reading = UnicodeAttribute(null=True)
    language = UnicodeAttribute(null=True)
    company = UnicodeAttribute(null=True)
    notes = UnicodeAttribute(null=True)
    tags = ListAttribute(of=UnicodeAttribute, null=True)
    blocked = BooleanAttribute(default=False)
    date_created = NumberAttribute()
    date_updated = NumberAttribute()
    shelf = UnicodeAttribute(null=True)
    listed_as = UnicodeAttribute(null=True)
    found_by = UnicodeAttribute(null=True)
    edition = VersionAttribute()

    on_shelf = OnShelf()

    @property
    def tag(self) -> str:
        """The ETag: another one after every change, also of a caller who was forgotten in between."""
        return f'"{int(self.edition or 0)}-{self.mark or int(self.date_created)}"'


class OptOut(Entry, discriminator="opt-out"):
    """Whoever has this number wants no messages, since `at`."""

    at = NumberAttribute()


def caller_key(number: str) -> DirectoryKey:
    """Where the directory keeps who calls from this number."""
    return number, "caller"


def opt_out_key(number: str) -> DirectoryKey:
    """Where the directory keeps that this number wants no messages."""
    return number, "opt-out"


def find_caller(number: str) -> Caller | None:
    """Who calls from this number, in one round trip."""
    found = look_up_entries([caller_key(number)]).get(caller_key(number))
    return found if isinstance(found, Caller) else None


def find_languages(numbers: Iterable[str]) -> dict[str, str]:
    """The languages that the directory knows of these people, by their numbers, in one round trip."""
    return languages_of(look_up_entries({caller_key(number) for number in numbers}).values())


def languages_of(entries: Iterable[Entry]) -> dict[str, str]:
    """The languages of the callers among these entries, by their numbers."""
    return {entry.number: entry.language for entry in entries if isinstance(entry, Caller) and entry.language}
