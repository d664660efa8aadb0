"""Whose number stands where somebody else can see it: P1, held at the end of every story.

Each person's number is a taint. It is looked for, however it is written, in all that the exchange has said: answers to
webhooks, addresses, names of rooms, what telephones show, the log, events, schedules, files, queues and the keys of
tables. It may stand in two places: in the `<Number>` or the `to` that reaches this very person, and in the keys of
those tables that are kept by numbers.
"""

import logging
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.scheduler.models import scheduler_backends
from phonenumbers import NumberParseException, parse

from local.aws import ACCOUNT, REGION
from local.stack import Stack

BY_NUMBERS = ("DirectoryTable", "UsageTable")  # what is known of whom, and what a caller has used today
BETWEEN_DIGITS = re.compile(r"(?<=[0-9])[ .()-]+(?=[0-9])")
FEWEST_DIGITS = 7


class Written(logging.Handler):
    """The log as it goes out of the exchange, whatever its level."""

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__()
        self.formatter = formatter
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


def find_leaks(stack: Stack, written: list[str]) -> list[str]:
    """Where a number stands that should not, in words."""
    taints = {taint: number for number in people(stack) if (taint := subscriber_part(number))}
    found = []
    for place, text in [*shown(stack), *kept(stack), *(("the log", line) for line in written)]:
        joined = BETWEEN_DIGITS.sub("", text)
        found += [f"{taints[taint]} stands in {place}: {text[:300]}" for taint in taints if taint in joined]
    return list(dict.fromkeys(found))


def people(stack: Stack) -> set[str]:
    """The numbers of all telephones, which are no lines of the exchange."""
    return stack.world.phones.keys() - stack.world.numbers.keys()


def subscriber_part(number: str) -> str:
    """The digits that every way to write a number has in common; none of what is too short to be anybody's."""
    try:
        digits = str(parse(number).national_number)
    except NumberParseException:
        digits = re.sub(r"\D", "", number)
    return digits if len(digits) >= FEWEST_DIGITS else ""


# ---- where somebody else can see it ----------------------------------------------------------------------------------


def shown(stack: Stack) -> Iterator[tuple[str, str]]:
    """What telephones show, and what Twilio is told: each a place, and the text there."""
    world, everybody = stack.world, people(stack)
    for hook in world.log:
        yield "an address", hook["url"]
        yield from said_in(hook["answer"] or "")
    for call in world.calls.values():
        if call.direction != "inbound" and call.to in everybody and not call.direct:
            yield f"what the telephone of {call.to} shows", call.from_
    for message in world.messages.values():
        if message.direction != "inbound":
            yield f"what {message.to} reads as the sender", message.from_
            yield from (("the address of a file", one.source) for one in message.media)
    for room in world.conferences.values():
        yield "the name of a room", room.friendly_name
        yield from (("the label of a participant", one.label or "") for one in room.participants)


def said_in(answer: str) -> Iterator[tuple[str, str]]:
    """What an answer of TwiML says, but for whom it reaches, and what somebody has written to somebody else."""
    if not answer.startswith("<?xml"):
        return
    for verb in ElementTree.fromstring(answer).iter():
        for name, value in verb.attrib.items():
            if (verb.tag, name) != ("Message", "to"):
                yield f"{name} of a <{verb.tag}>", value
        if verb.tag not in ("Number", "Message", "Body"):
            yield f"a <{verb.tag}>", verb.text or ""


def kept(stack: Stack) -> Iterator[tuple[str, str]]:
    """What others read who work with the exchange: each a place, and the text there."""
    cloud = stack.cloud
    for event in cloud.events:
        yield "an event", str(event)
    for group in scheduler_backends[ACCOUNT][REGION].schedule_groups.values():
        yield from (("a schedule", f"{one.name} {one.target.get('Input')}") for one in group.schedules.values())
    for files in cloud.buckets.named.values():
        yield from (("the key of a file", key) for key in files)
    for queue in cloud.queues.named.values():
        yield from ((f"a message in {queue.name}", message.body) for message in queue.messages)
    for table in dynamodb_backends[ACCOUNT][REGION].tables.values():
        if table.name not in BY_NUMBERS:
            yield from ((f"a key of {table.name}", key_of(item)) for item in table.all_items())


def key_of(item: Any) -> str:
    parts = (item.hash_key, item.range_key)
    return " ".join(str(part.value) for part in parts if part is not None)
