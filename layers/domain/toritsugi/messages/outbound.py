"""A text message that we send: why it is refused before it costs anything, and how Twilio gets it.

Codes: https://www.twilio.com/docs/api/errors
"""

import time
from collections.abc import Callable

from pynamodb.transactions import TransactWrite

from toritsugi.callers.caller import OptOut, opt_out_key
from toritsugi.foundation.addresses import public_url
from toritsugi.foundation.errors import RequestRefused, Unanswered
from toritsugi.foundation.segments import measure_text
from toritsugi.foundation.transactions import refusals, write_transaction
from toritsugi.limits import charges, switch, twilio_limits, usage
from toritsugi.limits.usage import Tell, Use
from toritsugi.lines import destinations, directory
from toritsugi.lines.lines import line_key
from toritsugi.messages import records
from toritsugi.messages.records import Message

MAX_BODY, MAX_MEDIA = 1_600, 10

Send = Callable[[str, str, str, list[str], str], tuple[str, str]]  # to, from, body, media, callback: SID and status
Along = Callable[[TransactWrite], None]  # what else a transaction has to do


def nothing_along(_: TransactWrite) -> None:
    """A message that belongs to nothing else."""


def check_message(message: Message) -> None:
    """Raises RequestRefused where it makes no sense to ask Twilio; one round trip."""
    to = str(message.person)
    check_size(message)
    destinations.check_destination(to, message=True)
    if destinations.is_landline(to):
        raise RequestRefused(21614, f"{to} is a landline, which cannot receive texts")
    found = directory.look_up_entries([line_key(to), opt_out_key(to)])
    if line_key(to) in found:
        raise RequestRefused(21266, f"{to} is a line of yours, which would write to itself")
    if to == message.line:
        raise RequestRefused(21266, f"{to} is to be written to, so `from` must be another number, a line of yours")
    if opt_out_key(to) in found:
        raise unwanted(to)


def use_of_message(message: Message) -> Use:
    """What a message uses of what is allowed."""
    segments = max(1, measure_text(message.body).segments)
    return Use(message.line, texts=1, yen=charges.yen_of_text(str(message.person), segments))


def send_new(message: Message, send: Send, tell: Tell, along: Along = nothing_along) -> bool:
    """Whether the message is new; then it is kept, with what has to be `along` with it, and Twilio has it.

    Raises RequestRefused, ExchangeStopped, LimitReached.
    """
    found, now, use = switch.find_switch(), time.time(), use_of_message(message)
    switch.check_stop(found)
    with usage.reserved(use, switch.limits_of(found), now, tell):
        new = keep_outbound(message, along)
    if not new:
        usage.release(use, now)
        return False
    try:
        hand_over(message, send)
    except RequestRefused as refusal:
        if is_unsent(refusal):
            usage.release(use, now)
        raise twilio_limits.as_limit(refusal, now, tell) from None
    return True


def keep_outbound(message: Message, along: Along = nothing_along) -> bool:
    """Whether the message is new; then, and only then, it is kept, with what has to be `along` with it.

    Raises RequestRefused 21610.
    """
    number = str(message.person)
    with refusals() as places, write_transaction() as transaction:
        transaction.condition_check(OptOut, *opt_out_key(number), condition=OptOut.entry.does_not_exist())
        transaction.save(message, condition=Message.message_id.does_not_exist())
        along(transaction)
    if 0 in places and 1 not in places:
        raise unwanted(number)
    return not places


def unwanted(number: str) -> RequestRefused:
    """The refusal (21610) of a message to somebody who wants none."""
    return RequestRefused(21610, f"{number} has asked for no more messages, until they write START")


def check_size(message: Message) -> None:
    """Raises RequestRefused for a message that is empty, too long, or has too many files."""
    length, files = len(message.body), len(message.media or ())
    if not message.body.strip() and not files:
        raise RequestRefused(21602, "The message is empty: give it a body, or media")
    if length > MAX_BODY:
        raise RequestRefused(21617, f"The body has {length} characters, and a message at most {MAX_BODY}; send several")
    if files > MAX_MEDIA:
        raise RequestRefused(21623, f"There are {files} files, and a message takes {MAX_MEDIA}")


def check_able(line: str, able: dict[str, bool], has_media: bool) -> None:
    """Raises RequestRefused unless a line with these capabilities can send such a message."""
    if not able["sms"]:
        why = "numbers in Japan usually have voice alone" if line.startswith("+81") else "it has voice alone"
        raise RequestRefused(
            21606, f"{line} cannot text: {why}. Send from a number that has SMS among its capabilities at Twilio"
        )
    if has_media and not able["mms"]:
        raise RequestRefused(21621, f"{line} cannot send files, only text: it has no MMS among its capabilities")


def hand_over(message: Message, send: Send) -> None:
    """Has Twilio send a message that is kept, and keeps what Twilio says. Raises RequestRefused, as `send` does.

    Whoever dies in here, or is not told, leaves a message of which nobody knows whether it was sent; a callback may
    still tell.
    """
    media = [one["url"] for one in message.media or []]
    try:
        sid, status = send(str(message.person), message.line, message.body, media, public_url(message.path))
    except RequestRefused as refusal:
        if is_unsent(refusal):
            records.note_refused(message.message_id, refusal)
        raise
    records.progress(message.message_id, sid, status)


def is_unsent(refusal: RequestRefused) -> bool:
    """Whether it is certain that nothing was sent."""
    return not (isinstance(refusal, Unanswered) and refusal.may_be_done)
