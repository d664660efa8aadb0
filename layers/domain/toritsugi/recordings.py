"""Recordings: what callers have left as voicemail, and conversations that were recorded with everybody's knowledge."""

import re
from dataclasses import dataclass

from toritsugi.errors import RequestRefused

KINDS = ("voicemail", "conversation")

PATH = re.compile(r"/recording/(voicemail|conversation)/([A-Za-z0-9_-]{1,40})/([\w-]+)", re.ASCII)


@dataclass(frozen=True)
class Source:
    """Where a recording comes from, known before there is one: what `kind` it is of, which reception made it, and
    whose it is, `sealed`: caller and line, which nobody else can read.
    """

    kind: str
    reception: str
    sealed: str

    @property
    def path(self) -> str:
        """Where its callbacks go: names and opaque text, never a number."""
        return f"/recording/{self.kind}/{self.reception}/{self.sealed}"

    @classmethod
    def read(cls, path: str) -> "Source":
        """Where the recording comes from whose callback came to this path. Raises RequestRefused."""
        match = PATH.fullmatch(path)
        if not match:
            raise RequestRefused(20404, "no recording has this path", 404)
        return cls(*match.groups())
