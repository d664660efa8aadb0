"""Lines: the numbers that we own. One entry of the directory each."""

import hashlib
import json
from collections.abc import Iterable

from pynamodb.attributes import (
    BooleanAttribute,
    JSONAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
)

from toritsugi.lines.directory import DirectoryKey, Entry, look_up_entries

ASKS_BEFORE, ASKS_ABOUT_STRANGERS = "before", "about-strangers"  # when the owner's system is asked about a call or text


class Line(Entry, discriminator="line"):
    """A number that we own, and what it works for: a service, a reception, or both.

    `former` is where its webhooks went before. The `document` is what the `version`th reception of that name says, so
    that a call needs no second read. `unconfirmed_callers` is what becomes of them at the reception; absent: they are
    refused. From `service_deleted_at` on no session of the service is reached here. `asks`: when the owner's system is
    asked, as the service wants it; absent: never. `mms`: whether a line in a pool can send files. `takes_pins`: whether
    whoever is in no session here is asked for a PIN. `has_choices`: somebody has been given several sessions over it
    since it came into its pool, so a call looks for all of them.
    """

    service_sid = UnicodeAttribute(null=True)
    service_deleted_at = NumberAttribute(null=True)
    number_sid = UnicodeAttribute()
    former = JSONAttribute()
    reception = UnicodeAttribute(null=True)
    version = NumberAttribute(null=True)
    document = JSONAttribute(null=True)
    unconfirmed_callers = UnicodeAttribute(null=True)
    asks = UnicodeSetAttribute(null=True)
    mms = BooleanAttribute(null=True)
    takes_pins = BooleanAttribute(null=True)
    has_choices = BooleanAttribute(null=True)

    @property
    def takes_calls(self) -> bool:
        """Whether a reception answers calls here, and not texts alone."""
        return self.reception is not None and bool(self.document["steps"])

    @property
    def asks_before(self) -> bool:
        """Whether the owner's system is asked before a call or text of a session goes on."""
        return ASKS_BEFORE in (self.asks or ())

    @property
    def asks_about_strangers(self) -> bool:
        """Whether the owner's system is asked what becomes of those whom no session of a service knows here."""
        return ASKS_ABOUT_STRANGERS in (self.asks or ()) and not self.service_deleted_at


def tag_of(line: Line | None) -> str:
    """The ETag of a line, by what a client may decide of it; one that works for nothing has one, too."""
    said = [line.reception, line.unconfirmed_callers] if line and line.reception else []
    return f'"{hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]}"'


def line_key(number: str) -> DirectoryKey:
    """Where the directory keeps what it knows about a number as a line."""
    return number, "line"


def find_line(number: str) -> Line | None:
    """What the directory knows of a number as a line of ours."""
    found = look_up_entries([line_key(number)]).get(line_key(number))
    return found if isinstance(found, Line) else None


def find_lines(numbers: Iterable[str]) -> set[str]:
    """Those of these numbers that are lines of ours, in one round trip."""
    return {number for number, _ in look_up_entries({line_key(number) for number in numbers})}
