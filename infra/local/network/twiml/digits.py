"""Keys as Twilio writes them where pauses count too: `12ww3`, with w for half a second and W for a whole one."""

from __future__ import annotations

PAUSES = {"w": 0.5, "W": 1.0}


def split_at_pauses(digits: str) -> list[str]:
    """The keys between pauses, and each pause: `12`, `w`, `w`, `3` for `12ww3`."""
    for pause in PAUSES:
        digits = digits.replace(pause, f" {pause} ")
    return digits.split()
