"""What a check finds: that all is well, that something is odd, or that calls will fail; and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass

OK, WARN, FAIL = "ok", "warn", "fail"


@dataclass(frozen=True)
class Finding:
    """`state` is ok, warn or fail; `says` what is so and what it means; `mend` what to do about it."""

    state: str
    says: str
    mend: str = ""


def ok(says: str) -> Finding:
    return Finding(OK, says)


def warn(says: str, mend: str) -> Finding:
    return Finding(WARN, says, mend)


def fail(says: str, mend: str) -> Finding:
    return Finding(FAIL, says, mend)
