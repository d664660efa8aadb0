"""What is told of text messages. Neither who wrote nor what they wrote stands in an event."""

from collections.abc import Iterator
from dataclasses import dataclass

from toritsugi.foundation.events import News
from toritsugi.messages.records import Message


@dataclass(frozen=True)
class MessageNews:
    """A text message; `message_sid` is Twilio's, once it is known."""

    sid: str
    message_sid: str | None
    direction: str
    line: str
    status: str
    error_code: int | None
    in_reply_to: str | None
    path: str


EVENTS_OF_MESSAGES = {
    "message.received": "Somebody has written to a line",
    "message.sent": "A carrier has taken a text that the exchange wrote",
    "message.delivered": "It is on the telephone",
    "message.read": "It was read, where a channel tells that",
    "message.failed": "It was not sent, or does not arrive",
}
EVENT_OF_STATUS = {
    "sent": "message.sent",
    "delivered": "message.delivered",
    "read": "message.read",
    "failed": "message.failed",
    "undelivered": "message.failed",
    "canceled": "message.failed",
}


def news_of_message(before: Message | None, now: Message | None) -> Iterator[News]:
    """What the change of a message tells."""
    if not now:
        return
    inbound, path = now.direction == "inbound", f"/api/messages/{now.message_id}"
    sid = now.message_id if inbound else now.sid
    code = None if now.error_code is None else int(now.error_code)
    facts = MessageNews(now.message_id, sid, now.direction, now.line, now.status, code, now.in_reply_to, path)
    if inbound and not before:
        yield News("message.received", now.message_id, facts)
    was = before.status if before else None
    if not inbound and now.status != was and (told := EVENT_OF_STATUS.get(now.status)):
        yield News(told, now.message_id, facts)
