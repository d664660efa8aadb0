"""Callers: the people who call and write, as the owner knows them. One entry of the directory each.

Whether somebody wants no messages is an entry of its own: an import of callers never makes anybody forget it.
"""

from pynamodb.attributes import BooleanAttribute, ListAttribute, NumberAttribute, UnicodeAttribute

from toritsugi.directory import Entry, Key, look_up


class Caller(Entry, discriminator="caller"):
    """Who calls from a number. `reading` is how the name is spoken; `language` is ja-JP, en-US or their like."""

    name = UnicodeAttribute(default="")
    reading = UnicodeAttribute(null=True)
    language = UnicodeAttribute(null=True)
    company = UnicodeAttribute(null=True)
    notes = UnicodeAttribute(null=True)
    tags = ListAttribute(of=UnicodeAttribute, null=True)
    blocked = BooleanAttribute(default=False)
    date_created = NumberAttribute()
    date_updated = NumberAttribute()


class OptOut(Entry, discriminator="opt-out"):
    """Whoever has this number wants no messages, since `at`."""

    at = NumberAttribute()


def caller_key(number: str) -> Key:
    """Where the directory keeps who calls from this number."""
    return number, "caller"


def opt_out_key(number: str) -> Key:
    """Where the directory keeps that this number wants no messages."""
    return number, "opt-out"


def find(number: str) -> Caller | None:
    """Who calls from this number, in one round trip."""
    found = look_up([caller_key(number)]).get(caller_key(number))
    return found if isinstance(found, Caller) else None
