"""A text message between one of the account's numbers and a telephone, from the queue to the handset.

https://www.twilio.com/docs/messaging/api/message-resource
https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks
"""

from __future__ import annotations

import logging
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx

from local.network import webhooks
from local.network.addresses import is_absolute
from local.network.billing.bill import Charge
from local.network.callbacks import Outbox, StatusCallback
from local.network.dates import iso
from local.network.memories import Memory
from local.network.messages import segments
from local.network.numbers import IncomingPhoneNumber, country, geography, parsed
from local.network.refusals import Failure, Refused, not_built
from local.network.webhooks import Account

log = logging.getLogger(__name__)

MAX_BODY = 1600  # characters
MAX_MEDIA = 10
MAX_VALIDITY = 36000  # seconds that a message may wait in the queue
HANDED_OVER = 0.5  # seconds until the carrier has it
ON_ITS_WAY = 1.5  # seconds from there to a handset
GIVEN_UP = 30.0  # seconds until the carrier says that a handset cannot be reached
MEMORY = 4 * 3600  # seconds that the cookies of a conversation are kept: https://www.twilio.com/docs/messaging/twiml
ERRORS = {
    30003: "The handset cannot be reached.",
    30006: "A landline cannot receive texts.",
    30036: "The message has waited in the queue for longer than its validity period.",
}


@dataclass
class Conversation:
    """What lasts between two texts of the same two numbers: the cookies, and whether one has said STOP."""

    opted_out: bool = False
    cookies: httpx.Cookies = field(default_factory=httpx.Cookies)
    latest: float = 0.0  # when there was a text


@dataclass
class Media:
    """A file that goes with a message. It stays where it is, and its address at Twilio leads there."""

    sid: str
    source: str
    content_type: str


class Handset(Protocol):
    """What a text needs of the telephone that sends it or gets it."""

    number: str
    receives: str

    def keep(self, sid: str, direction: str, from_: str, to: str, body: str, media: list[str], status: str) -> None: ...


class MessageAccount(Account, Protocol):
    """What a text needs of the account that it belongs to."""

    address: str
    numbers: dict[str, IncomingPhoneNumber]
    messages: Memory[Message]
    textless_countries: set[str]
    turns: dict[str, float]

    @property
    def phones(self) -> Mapping[str, Handset]: ...

    def phone(self, number: str) -> Handset: ...

    def conversation(self, line: str, other: str) -> Conversation: ...

    def sid(self, prefix: str) -> str: ...

    def note_end(self, sid: str, among: Memory[Any]) -> None: ...


class Message:
    """One message of the account, on its way out or received."""

    def __init__(self, world: MessageAccount, direction: str, from_: str, to: str, body: str, media: list[str]) -> None:
        self.world, self.sid = world, world.sid("MM" if media else "SM")
        self.direction, self.from_, self.to, self.body = direction, from_, to, body
        self.media = [Media(world.sid("ME"), url, guessed(url)) for url in media]
        self.segments = segments.count(body)
        self.status = "received" if direction == "inbound" else "queued"
        self.error: int | None = None
        self.charge: Charge | None = None  # when it has gone out or come in
        self.callback: StatusCallback | None = None
        self.validity = MAX_VALIDITY
        self.created_at = self.updated_at = world.clock.now()
        self.sent_at = self.created_at if direction == "inbound" else None
        self.leaves_at = self.created_at if direction == "inbound" else self.take_turn()
        self.outbox = Outbox(self)
        line, other = (to, from_) if direction == "inbound" else (from_, to)
        self.conversation = world.conversation(line, other)
        self.cookies = self.conversation.cookies
        world.messages[self.sid] = self
        if self.is_over:
            self.charge = world.bill.text(self)
            world.note_end(self.sid, world.messages)
        world.changed()

    def take_turn(self) -> float:
        """When it leaves its sender's queue, which sends one segment a second."""
        turn = max(self.created_at, self.world.turns.get(self.from_, 0.0))
        self.world.turns[self.from_] = turn + self.segments
        return turn

    # ---- its way to a telephone ------------------------------------------------------------------------------------

    async def travel(self) -> None:
        """Waits in its sender's queue, goes out, and tells its status callback how it went.

        How long carriers take is not documented. Here it is half a second to them, one and a half to the handset, and
        half a minute until they give up.
        """
        clock = self.world.clock
        wait = self.leaves_at - self.created_at
        if wait:
            await clock.sleep(min(wait, self.validity), f"{self.sid} leaves the queue")
        if wait > self.validity:
            return self.progress("failed", 30036)
        self.progress("sending")
        try:
            for one in self.media:
                one.content_type = (await webhooks.ask(self, one.source, "GET", {})).kind or one.content_type
        except Failure as failure:
            self.trouble(failure.code, failure.message)
            return self.progress("failed", failure.code)
        await clock.sleep(HANDED_OVER, f"{self.sid} is with the carrier")
        self.sent_at, self.charge = clock.now(), self.world.bill.text(self)
        self.progress("sent")
        phone = self.world.phone(self.to)
        if phone.receives == "at once":
            await clock.sleep(ON_ITS_WAY, f"{self.sid} is delivered")
            phone.keep(self.sid, "in", self.from_, self.to, self.body, [one.source for one in self.media], "received")
            return self.progress("delivered")
        await clock.sleep(GIVEN_UP, f"{self.sid} is given up")
        return self.progress("undelivered", 30006 if phone.receives == "landline" else 30003)

    def progress(self, status: str, error: int | None = None) -> None:
        """Takes this status, and tells the status callback unless it is `sending`."""
        self.status, self.error, self.updated_at = status, error, self.world.clock.now()
        if self.callback and self.callback.url and status != "sending":
            self.outbox.put(self.callback, self.told(), is_last=self.is_over)
        if status == "failed" and error:
            self.world.bill.failed_text(error)
        if self.is_over:
            self.outbox.release()
            self.world.note_end(self.sid, self.world.messages)
        self.world.changed()

    def told(self) -> dict[str, str]:
        """What a status callback says: https://www.twilio.com/docs/messaging/guides/track-outbound-message-status"""
        params = {"MessageSid": self.sid, "SmsSid": self.sid, "AccountSid": self.world.account_sid}
        params |= {"From": self.from_, "To": self.to, "MessageStatus": self.status, "SmsStatus": self.status}
        params |= {"ApiVersion": "2010-04-01"} | ({"ErrorCode": str(self.error)} if self.error else {})
        if self.status in ("delivered", "undelivered"):
            params["RawDlrDoneDate"] = datetime.fromtimestamp(self.updated_at, UTC).strftime("%y%m%d%H%M")
        return params

    @property
    def is_over(self) -> bool:
        return self.status in ("received", "delivered", "undelivered", "failed")

    # ---- what the application is asked -----------------------------------------------------------------------------

    def params(self) -> dict[str, str]:
        """What the application is told of a message that came in: https://www.twilio.com/docs/messaging/guides/webhook-request"""
        params = {
            "MessageSid": self.sid,
            "SmsSid": self.sid,
            "SmsMessageSid": self.sid,
            "AccountSid": self.world.account_sid,
            "From": self.from_,
            "To": self.to,
            "Body": self.body,
            "NumMedia": str(len(self.media)),
            "NumSegments": str(self.segments),
            "SmsStatus": self.status,
            "ApiVersion": "2010-04-01",
        }
        params |= geography("From", self.from_) | geography("To", self.to)
        for number, (one, url) in enumerate(zip(self.media, self.media_urls, strict=True)):
            params |= {f"MediaUrl{number}": url, f"MediaContentType{number}": one.content_type}
        return params

    def trouble(self, code: int, message: str, entry: dict[str, Any] | None = None) -> None:
        """Twilio's debugger would say this of the message."""
        log.warning("%s: %s %s", self.sid, code, message)
        self.world.alert(code, message, self.sid)
        if entry is not None and entry["error"] is None:
            entry["error"] = {"code": code, "message": message}

    def as_seen(self) -> dict[str, Any]:
        """The message as the control API shows it."""
        return {
            "sid": self.sid,
            "direction": self.direction,
            "from": self.from_,
            "to": self.to,
            "body": self.body,
            "media": [one.source for one in self.media],
            "segments": self.segments,
            "status": self.status,
            "error": self.error,
            "at": iso(self.created_at),
            "updated_at": iso(self.updated_at),
        }

    # ---- what is known of it ---------------------------------------------------------------------------------------

    @property
    def is_multimedia(self) -> bool:
        return bool(self.media)

    @property
    def uri(self) -> str:
        return f"/2010-04-01/Accounts/{self.world.account_sid}/Messages/{self.sid}"

    @property
    def media_urls(self) -> list[str]:
        return [f"{self.world.address}{self.uri}/Media/{one.sid}" for one in self.media]


def guessed(url: str) -> str:
    """The media type that the name of a file promises."""
    return mimetypes.guess_type(urlsplit(url).path)[0] or "application/octet-stream"


def compose(world: MessageAccount, direction: str, from_: str, to: str, body: str, media: list[str]) -> Message:
    """Queues a message of one of the account's numbers. Refused with Twilio's code if it cannot be sent.

    https://www.twilio.com/docs/api/errors
    """
    line = sending_line(world, from_, to)
    check_content(line, body, media)
    check_receiver(world, from_, to)
    return Message(world, direction, from_, to, body, media)


def sending_line(world: MessageAccount, from_: str, to: str) -> IncomingPhoneNumber:
    """The account's number that sends texts from here to there. Refused if there is none."""
    line = world.numbers.get(from_)
    if parsed(to) is None:
        raise Refused(400, f"To is {to!r}, which is no telephone number in E.164 form.", 21211)
    if from_ == to:
        raise Refused(400, "To and From are the same number.", 21266)
    if line is None:
        if parsed(from_) is None and not from_.startswith("+") and 0 < len(from_) <= 11:
            raise Refused(501, not_built("An alphanumeric sender"))
        raise Refused(400, f"From is {from_}, which is not one of this account's numbers.", 21606)
    if not line.capabilities["sms"]:
        raise Refused(400, f"{from_} cannot send texts: its capabilities say so.", 21606)
    return line


def check_content(line: IncomingPhoneNumber, body: str, media: list[str]) -> None:
    """Refused if the line cannot send this text with these files."""
    if not body and not media:
        raise Refused(400, "Body or MediaUrl is needed: a message says or shows something.", 21602)
    if len(body) > MAX_BODY:
        raise Refused(400, f"The body has {len(body)} characters; Twilio takes {MAX_BODY}.", 21617)
    if len(media) > MAX_MEDIA:
        raise Refused(400, f"There are {len(media)} files; Twilio takes {MAX_MEDIA}.", 21623)
    if wrong := next((url for url in media if not is_absolute(url)), None):
        raise Refused(400, f"MediaUrl is an absolute http or https URL, not {wrong!r}.", 21620)
    if media and not line.capabilities["mms"]:
        raise Refused(400, f"{line.phone_number} cannot send pictures: its capabilities say so.", 21621)


def check_receiver(world: MessageAccount, from_: str, to: str) -> None:
    """Refused if this number gets no texts from that one."""
    if country(to) in world.textless_countries:
        raise Refused(400, f"The account's permissions forbid texts to {country(to)}.", 21408)
    if to in world.numbers:
        raise Refused(501, not_built("A text from Twilio to one of the account's own numbers"))
    if world.phone(to).receives == "landline":
        raise Refused(400, f"{to} is a landline, which cannot receive texts.", 21614)
    if world.conversation(from_, to).opted_out:
        raise Refused(400, f"{to} has replied with STOP to {from_}.", 21610)


def hand_in(world: MessageAccount, phone: Handset, to: str, body: str, media: list[str]) -> Message | None:
    """A text leaves a telephone. Returns the message that one of the account's numbers gets, if one gets it."""
    line = world.numbers.get(to)
    if line is None:
        sid = world.sid("MM" if media else "SM")
        other = world.phones.get(to)
        arrives = other is not None and other.receives == "at once"
        phone.keep(sid, "out", phone.number, to, body, media, "sent" if arrives else "failed")
        if other and arrives:
            other.keep(sid, "in", phone.number, to, body, media, "received")
        return None
    if not line.capabilities["mms" if media else "sms"]:
        phone.keep(world.sid("SM"), "out", phone.number, to, body, media, "failed")
        return None
    message = Message(world, "inbound", phone.number, to, body, media)
    phone.keep(message.sid, "out", phone.number, to, body, media, "sent")
    return message
