"""How calls are forgotten, which have ended so long ago that they are not kept."""

from collections.abc import Iterator
from datetime import UTC, datetime

from toritsugi.bridges.records import Bridge, BridgeEntry
from toritsugi.foundation import config, pages
from toritsugi.foundation.retention import DAY_SECONDS

MOST_AT_ONCE = 500  # calls, of each run of the sweep


def find_past(now: float) -> Iterator[str]:
    """The SIDs of calls that are not kept any longer, some of the oldest: the next run finds the others.

    Whoever is listed lies in the month in which they began, and those that were forgotten are in no list any more.
    """
    if not config.CALL_RETENTION:
        return
    month = f"{datetime.fromtimestamp(now - config.CALL_RETENTION * DAY_SECONDS, UTC):%Y-%m}"
    for _ in range(pages.MONTHS_BACK):
        sids = [listed.bridge_sid for listed in Bridge.made_in.query(month, limit=MOST_AT_ONCE)]
        bridges = Bridge.batch_get([(sid, "bridge") for sid in sids], consistent_read=True)
        yield from (bridge.bridge_sid for bridge in bridges if not bridge.is_kept)
        month = pages.month_before(month)


def forget_bridge(bridge_sid: str) -> None:
    """Nothing is left of a call, the bridge itself going last: whoever dies in here leaves one that is found again."""
    entries = list(BridgeEntry.query(bridge_sid, consistent_read=True))
    with BridgeEntry.batch_write() as batch:
        for entry in entries:
            if not isinstance(entry, Bridge):
                batch.delete(entry)
    Bridge(bridge_sid, "bridge").delete()
