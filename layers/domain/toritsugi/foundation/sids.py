"""SIDs: Twilio's names of things, two letters for the kind and 32 hexadecimal digits."""

import re

from toritsugi.foundation.errors import RequestRefused

SID = re.compile("([A-Z]{2})[0-9a-f]{32}")
SHAPE = re.compile("[A-Za-z]{2}[0-9A-Za-z]{32}")


def is_sid(text: str, *kinds: str) -> bool:
    """Whether this is a SID of one of these kinds: CA of a call, PN of a number."""
    found = SID.fullmatch(text)
    return found is not None and found[1] in kinds


def looks_like_sid(text: str) -> bool:
    """Whether somebody who sees this takes it for a SID: no name may be so."""
    return SHAPE.fullmatch(text) is not None


def check_sid(text: str, kind: str, code: int) -> None:
    """Raises RequestRefused with this code unless the text can be a SID of this kind, whether there is such or not."""
    if not re.fullmatch(f"{kind}[0-9a-fA-F]{{32}}", text):
        raise RequestRefused(code, f"{text[:64]} is no SID that begins with {kind} and has 32 hexadecimal digits after")


def in_path(sid: str, kind: str) -> str:
    """A SID of this kind, to become a part of a path at Twilio. Raises RequestRefused 20404 for anything else.

    Whoever makes such a path asks here: the SDK puts in what it is given, `../Keys`, too.
    """
    if not is_sid(sid, kind):
        raise RequestRefused(20404, "There is nothing at Twilio with such a SID", 404)
    return sid
