"""A text message as the REST API shows it."""

from typing import Annotated, Literal

from typing_extensions import TypedDict  # typing's own says too little to pydantic before Python 3.12

from toritsugi.foundation import segments
from toritsugi.foundation.forms import date
from toritsugi.foundation.request_types import Moment, PageMeta, Uri, one_of
from toritsugi.messages.records import Message

# Why a message did not arrive: https://www.twilio.com/docs/api/errors
REASONS = {
    30001: "Too much was waiting to be sent from this number; send it again, more slowly",
    30003: "The telephone cannot be reached: it is off, or out of reach. It may work later",
    30004: "The recipient, or their carrier, blocks such messages",
    30005: "Nobody has this number, or no more",
    30006: "It is a landline, or its carrier cannot be reached",
    30007: "The carrier has filtered it, as if it were spam",
    30008: "The carrier did not say why",
    63038: "As many texts were sent in 24 hours as Twilio lets the account send",
    30036: "It waited for too long before it could be sent",
}
ELSEWHERE = "Twilio explains this at https://www.twilio.com/docs/api/errors/{}"


Direction = Literal["inbound", "outbound-api", "outbound-reply"]
MessageStatus = Literal[
    "received",
    "accepted",
    "scheduled",
    "queued",
    "sending",
    "sent",
    "canceled",
    "failed",
    "undelivered",
    "partially_delivered",
    "delivered",
    "read",
]
Encoding = Annotated[str, one_of(Literal["GSM-7", "UCS-2"])]

MessageEntryBase = TypedDict("MessageEntryBase", {"from": str})  # no class can have a field of this name


class Failure(TypedDict):
    """Why it did not arrive: Twilio's code, and a sentence."""

    code: int
    message: str


class Media(TypedDict):
    """A file that came or goes with a message. Twilio asks for a password where it came with one."""

    url: Uri
    kind: str


class MessageView(MessageEntryBase):
    """A message: `unanswered` is why we did not answer by ourselves to one that came in.

    An `accepted` one without `twilio_sid` may have been sent or not: Twilio was asked, and has not answered.
    """

    sid: str
    twilio_sid: str | None
    direction: Annotated[str, one_of(Direction)]
    to: str
    body: str
    media: list[Media]
    encoding: Encoding
    segments: int
    status: Annotated[str, one_of(MessageStatus)]
    error: Failure | None
    in_reply_to: str | None
    unanswered: str | None
    created_at: Moment
    updated_at: Moment


class MessagePage(TypedDict):
    """A page of messages; `next_page_url` in `meta` leads to the next one."""

    messages: list[MessageView]
    meta: PageMeta


class SizeView(TypedDict):
    """How a text is sent; each segment is paid for.

    `foreign` are the characters that GSM-7 lacks: without them more would fit into a segment.
    """

    characters: int
    encoding: Encoding
    places: int
    segments: int
    foreign: list[str]
    is_too_long: bool


def show_message(message: Message) -> MessageView:
    """The message as it is shown, in lists and alone."""
    size = segments.measure_text(message.body)
    comes = message.direction == "inbound"
    person, line = message.person or "", message.line
    return {
        "sid": message.message_id,
        "twilio_sid": message.sid,
        "direction": message.direction,
        "from": person if comes else line,
        "to": line if comes else person,
        "body": message.body,
        "media": message.media or [],
        "encoding": size.encoding,
        "segments": size.segments,
        "status": message.status,
        "error": show_error(message),
        "in_reply_to": message.in_reply_to,
        "unanswered": message.unanswered,
        "created_at": date(message.date_created),
        "updated_at": date(message.date_updated),
    }


def show_error(message: Message) -> Failure | None:
    """Why a message was not delivered, in Twilio's code and a sentence; None, if nothing is wrong."""
    if message.error_code is None:
        return None
    code = int(message.error_code)
    return {"code": code, "message": message.refused or REASONS.get(code) or ELSEWHERE.format(code)}


def show_size(body: str, longest: int) -> SizeView:
    """How a text would be sent."""
    size = segments.measure_text(body)
    return {
        "characters": len(body),
        "encoding": size.encoding,
        "places": size.places,
        "segments": size.segments,
        "foreign": list(size.foreign),
        "is_too_long": len(body) > longest,
    }
