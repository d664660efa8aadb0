"""The bounds of a call: what the masked session that it is of allows it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Bounds:
    """`connects_until`: from then on nobody is put through. `ends_at`: a call that runs ends then.

    Both are seconds since 1970, and None where there is no such moment, as for a call that is of no session.
    """

    connects_until: float | None = None
    ends_at: float | None = None

    def connects(self, now: float) -> bool:
        """Whether somebody may be put through at this moment."""
        return self.connects_until is None or now < self.connects_until

    def limit(self, moment: float) -> int:
        """The moment, or the end of the session where that is earlier; in whole seconds, as timers count."""
        return int(moment if self.ends_at is None else min(moment, self.ends_at))


UNBOUNDED, DELETED_SESSION = Bounds(), Bounds(connects_until=0)  # without a session, and of one that was deleted
