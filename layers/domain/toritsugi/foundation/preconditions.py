"""What must still hold when a client writes: that nobody else has written since it read. RFC 9110, 13.1.

An ETag is what a thing was when it was read. Whoever sends it back in If-Match writes only over that.
"""

import re
from dataclasses import dataclass

from toritsugi.foundation.errors import RequestRefused

TAGS = re.compile(r'(?:W/)?"[^"]*"(?:\s*,\s*(?:W/)?"[^"]*")*')


@dataclass(frozen=True)
class Precondition:
    """What a client expects to be there: one of these `tags`, any at all, or `nothing`; None: it expects nothing."""

    tags: frozenset[str] | None = None
    any: bool = False
    nothing: bool = False

    def check(self, tag: str | None) -> None:
        """Raises RequestRefused 20412 unless what is there, by its tag, is what was expected; None: nothing is."""
        if self.nothing and tag is not None:
            raise changed(f"there is something already, with the ETag {tag}")
        if (self.any or self.tags is not None) and tag is None:
            raise changed("there is nothing any more")
        if self.tags is not None and tag not in self.tags:
            raise changed(f"it has the ETag {tag} now")


NO_PRECONDITION = Precondition()


def read_precondition(if_match: str | None, if_none_match: str | None = None) -> Precondition:
    """What these two headers say. Raises RequestRefused 20001."""
    if if_none_match not in (None, "*"):
        raise RequestRefused(20001, "If-None-Match: only * is of use here: it writes what was not there before")
    if if_match in (None, "*"):
        return Precondition(None, if_match == "*", if_none_match == "*")
    if not TAGS.fullmatch(if_match.strip()):
        raise RequestRefused(20001, 'If-Match: an ETag stands in quotation marks, as it came: "3"')
    return Precondition(frozenset(re.findall(r'(?:W/)?"[^"]*"', if_match)), False, if_none_match == "*")


def changed(why: str) -> RequestRefused:
    """The refusal (20412) of a write over something else than what its client has read."""
    return RequestRefused(20412, f"Nothing was written: {why}", 412)
