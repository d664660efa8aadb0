"""What is kept of each text message: one row, whichever way it went, and how far it has come.

Callbacks come twice, late, and in any order: of the statuses that were told, the furthest counts.
https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection

from toritsugi.foundation import config, pages, transactions
from toritsugi.foundation.errors import RequestRefused
from toritsugi.foundation.retention import is_past, kept_until
from toritsugi.foundation.tables import Table

# Each further than the one before. Where carriers contradict themselves, the better news counts, for it came later.
STATUSES = "accepted scheduled queued sending sent canceled failed undelivered partially_delivered delivered read"
MESSAGE_RANKS = {status: rank for rank, status in enumerate(STATUSES.split())}

MESSAGE_STATUS_PATH = re.compile(r"/status/messages/(KM[0-9a-f]{32})")


class MessagesByMonth(GlobalSecondaryIndex["Message"]):  # type: ignore[no-untyped-call]
    """The keys of a month's messages. It may lag: read the messages themselves before believing it."""

    class Meta:
        index_name = "made-in"
        projection = IncludeProjection(["direction"])

    month = UnicodeAttribute(hash_key=True)
    listed_as = UnicodeAttribute(range_key=True)
    direction = UnicodeAttribute()


class WithPerson(GlobalSecondaryIndex["Message"]):  # type: ignore[no-untyped-call]
    """The keys of the messages that one person got and wrote."""

    class Meta:
        index_name = "with-person"
        projection = IncludeProjection(["direction"])

    person = UnicodeAttribute(hash_key=True)
    listed_as = UnicodeAttribute(range_key=True)
    direction = UnicodeAttribute()


class Message(Table):
    """A text between one of our lines and a person. It is `inbound`, `outbound-api` or `outbound-reply`, as at Twilio.

    An inbound one has Twilio's SID as its id, and perhaps why nothing was answered (`unanswered`). The others have an
    id of ours before Twilio is asked, and `sid` once Twilio has told it. `refused` are Twilio's words.
    """

    class Meta:
        table_name = config.MESSAGES_TABLE

    message_id = UnicodeAttribute(hash_key=True)
    direction = UnicodeAttribute()
    line = UnicodeAttribute()
    person = UnicodeAttribute(null=True)  # who hides has none
    body = UnicodeAttribute(default="")
    media = JSONAttribute(null=True)  # [{"url": ..., "kind": ...}, ...]
    status = UnicodeAttribute()
    rank = NumberAttribute(default=-1)  # nothing has been told yet
    sid = UnicodeAttribute(null=True)
    error_code = NumberAttribute(null=True)
    refused = UnicodeAttribute(null=True)
    in_reply_to = UnicodeAttribute(null=True)
    unanswered = UnicodeAttribute(null=True)
    asked = UnicodeAttribute(null=True)  # the hash of the request, by which a repeated one is known
    month = UnicodeAttribute()
    listed_as = UnicodeAttribute()
    date_created = NumberAttribute()
    date_updated = NumberAttribute()
    forget_at = NumberAttribute(null=True)  # after which DynamoDB sweeps it away, some day

    made_in = MessagesByMonth()
    with_person = WithPerson()

    @property
    def path(self) -> str:
        """Where the callbacks of its delivery go."""
        return f"/status/messages/{self.message_id}"


def make_id(seed: str | None = None) -> str:
    """An id of ours; the same one for the same seed."""
    return "KM" + (uuid.uuid5(uuid.NAMESPACE_OID, seed) if seed else uuid.uuid4()).hex


def reply_id(message_sid: str) -> str:
    """The id of what is answered to a message: one message, one answer."""
    return "KM" + message_sid[2:]


def new_message(message_id: str, now: float, **known: Any) -> Message:
    """A message that is not kept yet."""
    month, listed_as = f"{datetime.fromtimestamp(now, UTC):%Y-%m}", f"{int(now * 1000):013}#{message_id}"
    forget_at = kept_until(now, config.MESSAGE_RETENTION)
    known |= {"month": month, "listed_as": listed_as, "forget_at": forget_at}
    return Message(message_id, date_created=now, date_updated=now, **known)


def find_message(message_id: str) -> Message | None:
    """The message of this id; None also of one that is past its time."""
    return next((one for one in Message.batch_get([message_id], consistent_read=True) if is_kept(one)), None)


def find_messages(message_ids: list[str]) -> dict[str, Message]:
    """Those of these messages that are kept, by their ids."""
    found = Message.batch_get(message_ids, consistent_read=True) if message_ids else ()
    return {one.message_id: one for one in found if is_kept(one)}


def is_kept(message: Message) -> bool:
    """Whether a message is not past its time."""
    return not is_past(message.forget_at, message.date_created, config.MESSAGE_RETENTION)


# ---- how far it has come ---------------------------------------------------------------------------------------------


def record_message_status(path: str, fields: Mapping[str, str]) -> None:
    """Keeps what a callback says of a message, in one conditional update. Raises RequestRefused."""
    match, status = MESSAGE_STATUS_PATH.fullmatch(path), fields.get("MessageStatus", "")
    if not match:
        raise RequestRefused(20404, "no message has this path", 404)
    if status not in MESSAGE_RANKS or not fields.get("MessageSid"):
        raise RequestRefused(20001, "the callback lacks MessageSid or a known MessageStatus")
    code = fields.get("ErrorCode", "")
    progress(match[1], fields["MessageSid"], status, int(code) if code.isdecimal() else None)


def progress(message_id: str, sid: str, status: str, error_code: int | None = None) -> None:
    """The message has come so far, unless it was further already. An unknown status of Twilio's changes nothing."""
    change_message(
        message_id, status, [Message.sid.set(sid), transactions.set_or_remove(Message.error_code, error_code)]
    )


def note_refused(message_id: str, refusal: RequestRefused) -> None:
    """Twilio does not send the message."""
    change_message(message_id, "failed", [Message.error_code.set(refusal.code), Message.refused.set(refusal.message)])


def change_message(message_id: str, status: str, actions: list[Action]) -> None:
    """Gives a message this status and these changes, unless it has come as far already."""
    rank = MESSAGE_RANKS.get(status, -1)
    further: Condition = Message.message_id.exists() & (Message.rank < rank)
    moved = [Message.status.set(status), Message.rank.set(rank), Message.date_updated.set(time.time())]
    transactions.update_if(Message(message_id), [*moved, *actions], further)


# ---- many of them ----------------------------------------------------------------------------------------------------


def list_messages(
    after: str | None, most: int, month: str, person: str | None, direction: str | None
) -> tuple[list[Message], str | None]:
    """A page of the messages, or of those of one person, and where the next page begins.

    The newest come first, back from this month.
    """

    def query(month: str, after: str | None, most: int) -> list[str]:
        last = after or places(month)[1]
        return query_person(person, month, last, most, direction) if person else query_all(month, last, most, direction)

    listed, following = pages.backwards(month, after, most, query)
    ids = [listed_as.partition("#")[2] for _, listed_as in listed]
    there = {one.message_id: one for one in Message.batch_get(ids, consistent_read=True) if is_kept(one)}
    return [there[one] for one in ids if one in there], following


def query_all(month: str, before: str, most: int, direction: str | None) -> list[str]:
    """Where a month's messages stand in the list, back from there."""
    wanted = MessagesByMonth.direction == direction if direction else None
    found = Message.made_in.query(
        month, MessagesByMonth.listed_as < before, wanted, scan_index_forward=False, limit=most
    )
    return [key.listed_as for key in found]


def query_person(person: str, month: str, before: str, most: int, direction: str | None) -> list[str]:
    """The same, of the messages that one person got and wrote."""
    first = places(month)[0]
    wanted = WithPerson.direction == direction if direction else None
    within = WithPerson.listed_as.between(first, max(first, before))  # DynamoDB refuses one that ends before it begins
    found = Message.with_person.query(person, within, wanted, scan_index_forward=False, limit=most + 1)
    return [key.listed_as for key in found if key.listed_as < before][:most]


def places(month: str) -> tuple[str, str]:
    """A place in the list before all messages of a month, and one behind them."""
    first = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    following = (first + timedelta(days=31)).replace(day=1)
    return f"{int(first.timestamp() * 1000):013}", f"{int(following.timestamp() * 1000) - 1:013}$"


def forget_messages(message_ids: list[str]) -> None:
    """Deletes these messages."""
    with Message.batch_write() as batch:
        for message_id in message_ids:
            batch.delete(Message(message_id))


# ---- those of a person -----------------------------------------------------------------------------------------------


def erase_some_messages(person: str, most: int) -> tuple[int, set[str]]:
    """How many messages that a person got and wrote are gone now, and under which SIDs Twilio knows of them.

    There are no more when it is 0.
    """
    ids = [listed.message_id for listed in Message.with_person.query(person, limit=most)]
    there = list(Message.batch_get(ids, consistent_read=True)) if ids else []
    forget_messages(ids)
    return len(ids), {one.sid for one in there if one.sid}
