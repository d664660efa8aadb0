"""The outgoing leg of a masked call: what the exchange knows of it before it exists, in the path of its callbacks.

It is light, for voice.py makes one in each masked call.
"""

import re
from dataclasses import dataclass

from toritsugi.foundation.errors import RequestRefused
from toritsugi.foundation.sealing import seal
from toritsugi.masking.routes import Route

MASKED_LEG_PATH = re.compile(
    r"/status/(KC\w{32})/(KP\w{32})/(KP\w{32})/(\d{1,12})(?:/(\d{1,12})/([\w-]+))?"
    r"(?:/(together|in-turn)/(\d{1,2})/(\d{1,2}))?",
    re.ASCII,
)


@dataclass(frozen=True)
class MaskedLeg:
    """What the exchange knows of an outgoing leg of a masked call before it exists.

    `until` is the session's expiry that this call causes. `sealed` is the pair of caller and line, which nobody else
    can read. Both are there only where the expiry slides. Where either side is a team, it is the leg to the `place`th
    `of` several numbers, which ring in this `way`.
    """

    session_sid: str
    inbound_participant_sid: str
    outbound_participant_sid: str
    started: int
    until: int | None = None
    sealed: str = ""
    way: str = ""
    place: int = 1
    of: int = 1

    @property
    def ttl(self) -> int | None:
        """By how much the expiry slides, as far as was known when the call was put through."""
        return None if self.until is None else self.until - self.started

    @property
    def path(self) -> str:
        """Where its callbacks go: opaque ids, never a number."""
        parts = [self.session_sid, self.inbound_participant_sid, self.outbound_participant_sid, str(self.started)]
        parts += [str(self.until), self.sealed] * (self.until is not None)
        return "/status/" + "/".join(parts + [self.way, str(self.place), str(self.of)] * bool(self.way))

    @classmethod
    def read(cls, path: str) -> "MaskedLeg":
        """The leg whose callback came to this path. Raises RequestRefused."""
        match = MASKED_LEG_PATH.fullmatch(path)
        if not match:
            raise RequestRefused(20404, "no leg has this path", 404)
        session, inbound, outbound, started, until, sealed, way, place, of = match.groups()
        team = (way, int(place), int(of)) if way else ()
        return cls(session, inbound, outbound, int(started), int(until) if until else None, sealed or "", *team)


def leg_of(route: Route, now: float, call_sid: str) -> MaskedLeg:
    """The leg that this call will make, which takes this route."""
    ids = (route.session_sid, route.participant_sid, route.partner_sid or "", int(now))
    if not route.slides(now):
        return MaskedLeg(*ids)
    pair = str(route.number) + str(route.entry).removeprefix("route#")
    return MaskedLeg(*ids, int(route.until(now) or 0), seal(pair, call_sid))
