"""A text message that the owner sends: what may be asked for, and why it is refused before it costs anything.

Only the REST API reads this: it is heavy. Codes: https://www.twilio.com/docs/api/errors
"""

import hashlib
import json
import time
from typing import Annotated

import phonenumbers
from pydantic import BaseModel, ConfigDict, Field

from toritsugi.callers.caller import OptOut, opt_out_key
from toritsugi.foundation.errors import RequestRefused
from toritsugi.foundation.transactions import FAILED, refusals, write
from toritsugi.lines import destinations, directory
from toritsugi.lines.lines import line_key
from toritsugi.messages import records
from toritsugi.messages.records import Message

LONGEST_BODY, MOST_MEDIA = 1_600, 10
MOST_TRIES = 5

Number = Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$", examples=["+12025550123"], description="E.164")]
Media = Annotated[str, Field(pattern=r"^https?://[^\s/?#]+[^\s]*$", max_length=1000)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class MessageWanted(Strict):
    """A text, or pictures, or both."""

    to: Annotated[Number, Field(description="Who gets it")]
    from_: Annotated[Number, Field(alias="from", description="A number of yours that can text")]
    body: Annotated[str, Field(max_length=10 * LONGEST_BODY, description=f"At most {LONGEST_BODY} characters")] = ""
    media: Annotated[list[Media], Field(max_length=100, description=f"Files to go with it, {MOST_MEDIA} at most")] = []


class PreviewWanted(Strict):
    """A text whose size is of interest."""

    body: Annotated[str, Field(max_length=10 * LONGEST_BODY)]


def draw_up(wanted: MessageWanted, seed: str | None) -> Message:
    """The message that is asked for, which is not kept yet; the same id for the same seed."""
    asked = json.dumps(wanted.model_dump(), sort_keys=True)
    return records.draw_up(
        records.make_id(seed),
        time.time(),
        direction="outbound-api",
        status="accepted",
        line=wanted.from_,
        person=wanted.to,
        body=wanted.body,
        media=[{"url": url, "kind": ""} for url in wanted.media] or None,
        asked=hashlib.sha256(asked.encode()).hexdigest(),
    )


def check(wanted: MessageWanted) -> None:
    """Raises RequestRefused where it makes no sense to ask Twilio; one round trip."""
    check_size(wanted)
    destinations.check(wanted.to, message=True)
    if phonenumbers.number_type(phonenumbers.parse(wanted.to)) == phonenumbers.PhoneNumberType.FIXED_LINE:
        raise RequestRefused(21614, f"{wanted.to} is a landline, which cannot receive texts")
    found = directory.look_up([line_key(wanted.to), opt_out_key(wanted.to)])
    if wanted.to == wanted.from_ or line_key(wanted.to) in found:
        raise RequestRefused(21266, f"{wanted.to} is a line of yours, which would write to itself")
    if opt_out_key(wanted.to) in found:
        raise unwanted(wanted.to)


def keep(message: Message) -> bool:
    """Whether the message is new; then, and only then, it is kept. Raises RequestRefused 21610, 20409."""
    number = str(message.person)
    for _ in range(MOST_TRIES):
        with refusals() as places, write() as transaction:
            transaction.condition_check(OptOut, *opt_out_key(number), condition=OptOut.entry.does_not_exist())
            transaction.save(message, condition=Message.message_id.does_not_exist())
        if not places or places.get(1) == FAILED:
            return not places
        if places.get(0) == FAILED:
            raise unwanted(number)
    raise RequestRefused(20409, "Others are writing to this number at the same time. Please try again", 409)


def unwanted(number: str) -> RequestRefused:
    return RequestRefused(21610, f"{number} has asked for no more messages, until they write START")


def check_size(wanted: MessageWanted) -> None:
    if not wanted.body.strip() and not wanted.media:
        raise RequestRefused(21602, "The message is empty: give it a body, or media")
    if len(wanted.body) > LONGEST_BODY:
        raise RequestRefused(
            21617, f"The body has {len(wanted.body)} characters, and a message at most {LONGEST_BODY}; send several"
        )
    if len(wanted.media) > MOST_MEDIA:
        raise RequestRefused(21623, f"There are {len(wanted.media)} files, and a message takes {MOST_MEDIA}")


def check_able(line: str, able: dict[str, bool], has_media: bool) -> None:
    """Raises RequestRefused unless a line with these capabilities can send such a message."""
    if not able["sms"]:
        why = "numbers in Japan usually have voice alone" if line.startswith("+81") else "it has voice alone"
        raise RequestRefused(
            21606, f"{line} cannot text: {why}. Send from a number that has SMS among its capabilities at Twilio"
        )
    if has_media and not able["mms"]:
        raise RequestRefused(21621, f"{line} cannot send files, only text: it has no MMS among its capabilities")
