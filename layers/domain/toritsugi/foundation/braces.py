"""Placeholders in words that people hear or read: {name}, in braces however wide they were typed."""

import re
import unicodedata
from collections.abc import Collection
from functools import partial

from toritsugi.foundation.visible import IGNORABLE

OPEN, CLOSED = "{\uff5b\ufe5b\ufe37\u2774", "}\uff5d\ufe5c\ufe38\u2775"  # braces, also of full width, small, upright
BRACED = re.compile(f"[{OPEN}]([^{OPEN}{CLOSED}]{{0,40}})[{CLOSED}]")


def read_placeholders(text: str, known: Collection[str]) -> str:
    """The text with its placeholders as they are filled in, {name}. Raises ValueError for all else in braces."""
    text = BRACED.sub(partial(in_plain_braces, known=known), text)
    left = re.sub("|".join(f"{{{name}}}" for name in known), "", text)
    if wrong := BRACED.search(left) or re.search(f"[{OPEN}{CLOSED}]", left):
        names = [f"{{{name}}}" for name in known]
        raise ValueError(f"{wrong[0]} is nothing that can be filled in; {', '.join(names)} {be(names)}")
    return text


def be(names: Collection[str]) -> str:
    return "is" if len(names) == 1 else "are"


def in_plain_braces(braced: re.Match[str], known: Collection[str]) -> str:
    """A placeholder as it is filled in, {name}, from however wide it was typed; anything else as it is."""
    inside = unicodedata.normalize("NFKC", IGNORABLE.sub("", braced[1])).strip()
    return f"{{{inside}}}" if inside in known else braced[0]
