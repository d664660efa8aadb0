"""Lists of calls: all of them, those of a person, those of a session; and what else is asked of each.

A person's and a session's lie in partitions of their own. The others are looked for among all, so many to a page.
"""

import time
from dataclasses import dataclass

from toritsugi.bridges.records import Bridge, BridgeEntry, BridgesByMonth, CallsUnder, bridge_key
from toritsugi.foundation import config
from toritsugi.foundation.listings import Listing, Stretch, read_listed
from toritsugi.foundation.retention import DAY_SECONDS, shown_since

MAX_LIVE_DAYS = 2  # a call lasts less than a day, for Twilio ends every leg after one


@dataclass(frozen=True)
class CallFilter:
    """What is asked of calls; None: anything. `line` is the one that a call is from."""

    number: str | None = None
    session: str | None = None
    line: str | None = None
    status: str | None = None

    def lets(self, bridge: Bridge) -> bool:
        """Whether a call is as asked, but for its people."""
        asked = (
            (self.session, bridge.session_sid),
            (self.line, bridge.line),
            (self.status, bridge.status),
        )
        return bridge.is_kept and all(wanted in (None, there) for wanted, there in asked)

    @property
    def listing(self) -> Listing:
        """Where the calls are looked for: in the shortest list that has all of them."""
        if under := self.number or self.session:
            return Listing(BridgeEntry.under, CallsUnder.listed_as, under)
        return Listing(Bridge.made_in, BridgesByMonth.listed_as)


def list_bridges(after: str | None, most: int, stretch: Stretch, asked: CallFilter) -> tuple[list[Bridge], str | None]:
    """A page of the calls that are as asked, and where the next page begins. Raises RequestRefused."""
    stretch = stretch.not_before(shown_since(config.CALL_RETENTION, MAX_LIVE_DAYS))
    if asked.status in ("ringing", "in-progress"):
        stretch = stretch.not_before(time.time() - MAX_LIVE_DAYS * DAY_SECONDS)

    def look_up(sids: list[str]) -> dict[str, Bridge]:
        return {one.bridge_sid: one for one in Bridge.batch_get(map(bridge_key, sids), consistent_read=True)}

    return read_listed(asked.listing, stretch, after, most, look_up, asked.lets)
