"""What is kept of each text message: one row, whichever way it went, and how far it has come.

Callbacks come twice, late, and in any order: of the statuses that were told, the furthest counts.
https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection, KeysOnlyProjection

from toritsugi.foundation import config, transactions
from toritsugi.foundation.errors import RequestRefused
from toritsugi.foundation.listings import Listing, Stretch, read_listed
from toritsugi.foundation.retention import is_past, kept_until, shown_since
from toritsugi.foundation.tables import Table

# Each further than the one before. Where carriers contradict themselves, the better news counts, for it came later.
STATUSES = "accepted scheduled queued sending sent canceled failed undelivered partially_delivered delivered read"
MESSAGE_RANKS = {status: rank for rank, status in enumerate(STATUSES.split())}

FILE_PATH = re.compile(r"/sms/files/(KM[0-9a-f]{32})/([0-9])")
FILE_SECONDS = 86_400  # for which Twilio may fetch a file: a message waits for ten hours at most before it is sent

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


class OnLine(GlobalSecondaryIndex["Message"]):  # type: ignore[no-untyped-call]
    """The keys of the messages that one of our lines got and sent."""

    class Meta:
        index_name = "on-line"
        projection = KeysOnlyProjection()

    line = UnicodeAttribute(hash_key=True)
    listed_as = UnicodeAttribute(range_key=True)


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
    session_sid = UnicodeAttribute(null=True)  # of what was sent to one of a masked session
    participant_sid = UnicodeAttribute(null=True)  # to whom, of that session
    inbound_participant_sid = UnicodeAttribute(null=True)  # and from whom, if not from a program
    unanswered = UnicodeAttribute(null=True)
    asked = UnicodeAttribute(null=True)  # the hash of the request, by which a repeated one is known
    month = UnicodeAttribute()
    listed_as = UnicodeAttribute()
    date_created = NumberAttribute()
    date_updated = NumberAttribute()
    forget_at = NumberAttribute(null=True)  # after which DynamoDB sweeps it away, some day

    made_in = MessagesByMonth()
    with_person = WithPerson()
    on_line = OnLine()

    @property
    def path(self) -> str:
        """Where the callbacks of its delivery go."""
        return f"/status/messages/{self.message_id}"

    def file_path(self, place: int) -> str:
        """Where Twilio finds a file that goes with it."""
        return f"/sms/files/{self.message_id}/{place}"


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


def find_file(message_id: str, place: int) -> str | None:
    """Where a file lies that goes with a message which was sent on lately; None, if there is none."""
    message = find_message(message_id)
    if not message or not message.in_reply_to or message.date_created < time.time() - FILE_SECONDS:
        return None
    return next((one["url"] for one in (message.media or [])[place : place + 1]), None)


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


@dataclass(frozen=True)
class MessageFilter:
    """What is asked of messages; None: anything."""

    number: str | None = None
    line: str | None = None
    direction: str | None = None
    status: str | None = None

    def lets(self, message: Message) -> bool:
        """Whether a message is as asked."""
        asked = (
            (self.number, message.person),
            (self.line, message.line),
            (self.direction, message.direction),
            (self.status, message.status),
        )
        return is_kept(message) and all(wanted in (None, there) for wanted, there in asked)

    @property
    def listing(self) -> Listing:
        """Where the messages are looked for: in the shortest list that has all of them."""
        if self.number:
            return Listing(Message.with_person, WithPerson.listed_as, self.number)
        if self.line:
            return Listing(Message.on_line, OnLine.listed_as, self.line)
        return Listing(Message.made_in, MessagesByMonth.listed_as)


def list_messages(
    after: str | None, most: int, stretch: Stretch, asked: MessageFilter
) -> tuple[list[Message], str | None]:
    """A page of the messages that are as asked, and where the next page begins. Raises RequestRefused."""

    def look_up(ids: list[str]) -> dict[str, Message]:
        return {one.message_id: one for one in Message.batch_get(ids, consistent_read=True)}

    shown = stretch.not_before(shown_since(config.MESSAGE_RETENTION, 1))
    return read_listed(asked.listing, shown, after, most, look_up, asked.lets)


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
