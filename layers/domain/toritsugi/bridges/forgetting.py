"""How calls are forgotten: those that have ended so long ago that they are not kept, and those of a person."""

from collections.abc import Iterable, Iterator

from toritsugi.bridges.records import Bridge, BridgeEntry, BridgeEvent, Party
from toritsugi.foundation import config
from toritsugi.foundation.listings import MONTHS_BACK, month_before, month_of
from toritsugi.foundation.retention import DAY_SECONDS

MOST_AT_ONCE = 500  # calls, of each run of the sweep


def find_past(now: float) -> Iterator[str]:
    """The SIDs of calls that are not kept any longer, some of the oldest: the next run finds the others.

    Whoever is listed lies in the month in which they began, and those that were forgotten are in no list any more.
    """
    if not config.CALL_RETENTION:
        return
    month = month_of(now - config.CALL_RETENTION * DAY_SECONDS)
    for _ in range(MONTHS_BACK):
        sids = [listed.bridge_sid for listed in Bridge.made_in.query(month, limit=MOST_AT_ONCE)]
        yield from (bridge.bridge_sid for bridge in look_up_bridges(sids) if not bridge.is_kept)
        month = month_before(month)


def find_bridges_of(number: str) -> list[str]:
    """The SIDs of the calls in which this person is or was."""
    return sorted({party.bridge_sid for party in Party.by_number.query(number)})


def find_running(bridge_sids: Iterable[str]) -> list[str]:
    """Those of these calls that have not ended."""
    return [bridge.bridge_sid for bridge in look_up_bridges(bridge_sids) if not bridge.is_over]


def look_up_bridges(bridge_sids: Iterable[str]) -> Iterator[Bridge]:
    """The bridges of these SIDs that there are, consistently."""
    return Bridge.batch_get([(sid, "bridge") for sid in bridge_sids], consistent_read=True)


def forget_bridge(bridge_sid: str) -> set[str]:
    """Nothing is left of a call. The SIDs of its legs, under which Twilio knows of it.

    Its people go after all else, and then the bridge: whoever dies in here leaves one that is found again.
    """
    entries = list(BridgeEntry.query(bridge_sid, consistent_read=True))
    people = [entry for entry in entries if isinstance(entry, Party)]
    others = [entry for entry in entries if not isinstance(entry, Party | Bridge)]
    for gone in (others, people):
        with BridgeEntry.batch_write() as batch:
            for entry in gone:
                batch.delete(entry)
    Bridge(bridge_sid, "bridge").delete()
    return {entry.call_sid for entry in entries if isinstance(entry, Party | BridgeEvent) and entry.call_sid}
