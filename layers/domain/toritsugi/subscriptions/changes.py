"""Which events the change of a row is. A table's stream tells the changes of each row in their order, at least once.

So nobody has to tell anything in the moment in which it happens: what is written is told, and only that.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
"""

from collections.abc import Callable, Iterator
from typing import Any

from toritsugi.bridges.news import news_of_bridge
from toritsugi.bridges.records import BridgeEntry
from toritsugi.foundation import config
from toritsugi.foundation.events import Event, News, new_event
from toritsugi.foundation.tables import Table
from toritsugi.lines.directory import Entry
from toritsugi.lines.news import news_of_line
from toritsugi.masking.news import news_of_session, news_of_text
from toritsugi.masking.sessions import SessionEntry
from toritsugi.messages.records import Message
from toritsugi.recordings.news import news_of_recording
from toritsugi.recordings.records import Recording
from toritsugi.subscriptions.news import news_of_subscription
from toritsugi.subscriptions.records import Subscription

TOLD_OF: dict[str, tuple[type[Table], Callable[[Any, Any], Iterator[News]]]] = {
    config.BRIDGES_TABLE: (BridgeEntry, news_of_bridge),
    config.SESSIONS_TABLE: (SessionEntry, news_of_session),
    config.MESSAGES_TABLE: (Message, news_of_text),
    config.RECORDINGS_TABLE: (Recording, news_of_recording),
    config.DIRECTORY_TABLE: (Entry, news_of_line),
    config.NOTIFICATIONS_TABLE: (Subscription, news_of_subscription),
}


def read_rows(record: dict[str, Any]) -> tuple[Table | None, Table | None]:
    """A row as it was before the change that a record of a stream is, and as it is now."""
    row, _ = TOLD_OF[record["eventSourceARN"].split("/")[1]]
    images = (record["dynamodb"].get(name) for name in ("OldImage", "NewImage"))
    before, now = (row.from_raw_data(image) if image else None for image in images)
    return before, now


def read_change(record: dict[str, Any]) -> list[Event]:
    """The events that a record of a stream is, mostly none; the same ones when it comes again."""
    _, news = TOLD_OF[record["eventSourceARN"].split("/")[1]]
    before, now = read_rows(record)
    at = float(record["dynamodb"]["ApproximateCreationDateTime"])
    return [new_event(*told, at=at, seed=record["eventID"]) for told in news(before, now)]
