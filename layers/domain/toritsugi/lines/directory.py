"""The table of everything known about a telephone number: one partition a number, one entry a fact."""

from collections.abc import Iterable

from pynamodb.attributes import DiscriminatorAttribute, UnicodeAttribute

from toritsugi.foundation import config
from toritsugi.foundation.tables import Table

DirectoryKey = tuple[str, str]


class Entry(Table):
    """One fact about one number. Its kinds: a line (the number is ours), a route (where calls to a line go)."""

    class Meta:
        table_name = config.DIRECTORY_TABLE

    number = UnicodeAttribute(hash_key=True)
    entry = UnicodeAttribute(range_key=True)
    kind = DiscriminatorAttribute()


def look_up_entries(keys: Iterable[DirectoryKey]) -> dict[DirectoryKey, Entry]:
    """The entries there are under these keys, consistently, in one round trip for each hundred."""
    return {(found.number, found.entry): found for found in Entry.batch_get(list(keys), consistent_read=True)}
