"""Placeholders in words that people hear or read: {name}, in braces however wide they were typed."""

import re
import unicodedata
from collections.abc import Collection
from functools import partial

from toritsugi.foundation.visible import IGNORABLE

# Braces, also of full width, small, upright, white.
OPEN, CLOSED = "{\uff5b\ufe5b\ufe37\u2774\u2983", "}\uff5d\ufe5c\ufe38\u2775\u2984"
BRACED = re.compile(f"[{OPEN}]([^{OPEN}{CLOSED}]{{0,40}})[{CLOSED}]")

DOUBLED = re.compile(f"[{OPEN}]{{2,}}[^{OPEN}{CLOSED}]{{0,40}}[{CLOSED}]{{2,}}")  # as other programs want them
# What other programs fill in, and Japanese keyboards offer in place of braces. Round brackets are words' own.
OTHER_BRACKETS = re.compile(r"[\[［<＜〈《⟨【〔〖%％]\s*(\w+)\s*[\]］>＞〉》⟩】〕〗%％]")


def read_placeholders(text: str, known: Collection[str]) -> str:
    """The text with its placeholders as they are filled in, {name}. Raises ValueError for all else in braces."""
    if doubled := DOUBLED.search(text):
        raise ValueError(f"{doubled[0]} is nothing that can be filled in: a placeholder has one brace on each side")
    text = BRACED.sub(partial(in_plain_braces, known=known), text)
    for other in OTHER_BRACKETS.finditer(text):
        name = unicodedata.normalize("NFKC", other[1]).lower()
        if name in known and f"{{{name}}}" not in text:  # else it is a label: [Name] {name}
            raise ValueError(f"{other[0]} would be said as it stands; what is filled in has braces: {{{name}}}")
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
