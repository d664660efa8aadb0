"""Telephone numbers of which only the end is shown."""

from __future__ import annotations

from typing import Any

from toritsugi.foundation.logs import FOUND

SHOWN_DIGITS = 4  # enough to tell two people apart, too few to call either


def mask(value: Any) -> Any:
    """The value with nothing of each telephone number but its end."""
    if isinstance(value, str):
        return FOUND.sub(lambda found: end_of(found["number"]) if found["number"] else found[0], value)
    if isinstance(value, dict):
        return {name: mask(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set):
        return [mask(inner) for inner in value]
    return value


def end_of(number: str) -> str:
    return "..." + "".join(one for one in number if one.isdigit())[-SHOWN_DIGITS:]
