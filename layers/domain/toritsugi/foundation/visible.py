"""Characters that nobody sees: they break lines and XML, turn the direction of writing, and command terminals."""

import re

# Control characters, halves of characters, separators of lines, turns of direction, and what is no character at all.
NOT_CHARACTERS = "".join(chr(plane * 0x10000 + place) for plane in range(17) for place in (0xFFFE, 0xFFFF))
UNSEEN = re.compile(f"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\u202a-\u202e\u2066-\u2069{NOT_CHARACTERS}]")

# What a screen may leave out without a trace: marks of direction, widths of nothing, fillers, selectors of a shape.
# Default_Ignorable_Code_Point in https://www.unicode.org/Public/UNIDATA/DerivedCoreProperties.txt, and blank Braille.
IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def is_blank(text: str) -> bool:
    """Whether nobody sees anything of this text."""
    return not IGNORABLE.sub("", UNSEEN.sub("", text)).strip()


def find_unseen(text: str, but: str = "") -> str | None:
    """The first such character as Unicode writes it, U+001B, except those that may be there; or None."""
    return next((f"U+{ord(one):04X}" for one in UNSEEN.findall(text) if one not in but), None)


def plain_text(text: str, but: str = "") -> str:
    """The text, if it is all characters that one can see, write in XML and say. Raises ValueError."""
    if unseen := find_unseen(text, but):
        raise ValueError(f"there is a character that nobody sees ({unseen}): take it out")
    return text


def show_unseen(text: str, but: str = "") -> str:
    r"""The text, with each such character written out, like \u001b: whoever prints it prints no command."""
    return UNSEEN.sub(lambda one: one[0] if one[0] in but else f"\\u{ord(one[0]):04x}", text)
