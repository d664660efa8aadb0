"""What masking takes beside calls: a session is opened, a text is passed on; and how both grow.

Everything is counted, nothing is timed, so the figures are the same on every machine.
"""

from __future__ import annotations

import copy
import io
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, repeat
from uuid import uuid4

from moto.dynamodb.models.dynamo_type import DynamoType, Item

from tests.conftest import ACCOUNT_SID, BASE
from tests.performance.calls import AIKO, BEN, Implementation
from tests.performance.cost import ASSUMED_SECONDS, LAMBDA, LAMBDA_GB_SECOND, MEMORY_GB, MILLION, SCHEDULER, Webhook
from tests.performance.exchange import LINES, Exchange, in_a_minute
from tests.performance.meter import Meter, Partition
from toritsugi.limits.limits import COUNTED_ONE_IN

TTL = 3600
LAID = 1_000  # sessions of strangers at most that are laid row by row
SESSIONS = (100, 10_000, 1_000_000)
LOADS = ((10, 5), (10, 9), (100, 5), (100, 50), (100, 95))  # lines of a pool, and those that the person has
ZIPF_SESSIONS = 10_000  # of which the nth is called 1/n as often as the first
TEXTING = ("+815010009901", "+815010009902")  # lines that can send texts
OWN = ("KC", "KM", "SM")  # what the key of one session or of one message begins with
WRITES_A_SECOND = 1_000  # that one partition takes: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html


# ---- a text ----------------------------------------------------------------------------------------------------------


def pass_on(exchange: Exchange, telephones: Implementation, ttl: int = 0) -> list[Webhook]:
    """The webhooks of a text that Aiko writes to Ben, and that arrives: it comes in, is sent and delivered."""
    exchange.give(*TEXTING, sms=True)
    line = exchange.line_in(exchange.open_session(AIKO, BEN, Ttl=ttl, Mode="message-only"))
    sid = f"SM{uuid4().hex}"
    fields = {"MessageSid": sid, "From": AIKO, "To": line, "Body": "I am at the door", "NumMedia": "0"}
    telephones.sent = []
    with in_a_minute():
        answer = telephones.send("text", "/sms", fields | {"AccountSid": ACCOUNT_SID})
        message = ElementTree.fromstring(answer["body"]).find("Message")
        assert message is not None, f"the text is not passed on: {answer['body']}"
        assert message.get("to") == BEN
        for status in ("sent", "delivered"):
            told = {"MessageSid": f"SM{uuid4().hex}", "MessageStatus": status, "AccountSid": ACCOUNT_SID}
            telephones.send(status, str(message.get("statusCallback")).removeprefix(BASE), told)
    return list(telephones.sent)


# ---- a session -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Opened:
    """What opening one session took, and what it cost, the end that is armed included."""

    meter: Meter
    log_bytes: int
    schedules: int

    def dollars(self) -> dict[str, float]:
        """By what it is for; it takes as long as that many requests of one round trip each."""
        bill = Webhook("session", self.meter, self.log_bytes).dollars(ASSUMED_SECONDS * self.meter.round_trips)
        woken = LAMBDA + ASSUMED_SECONDS * MEMORY_GB * LAMBDA_GB_SECOND
        return bill | {"Scheduler": self.schedules * (SCHEDULER + woken)}


def open_one(exchange: Exchange, telephones: Implementation, *people: str, ttl: int = 0) -> Opened:
    """One session of these people, opened by a client whose key is known."""
    before = len(exchange.cloud.client("scheduler").list_schedules()["Schedules"])
    with in_a_minute():
        exchange.open_session(*(f"{number[:-1]}0" for number in people))
        with Meter() as meter, telephones.writing() as log:
            exchange.open_session(*people, Ttl=ttl)
    after = len(exchange.cloud.client("scheduler").list_schedules()["Schedules"])
    return Opened(meter, logged(log), after - before)


def logged(log: io.StringIO) -> int:
    return len(log.getvalue().encode())


def dollars_a_million(bills: Iterator[dict[str, float]] | list[dict[str, float]]) -> float:
    return MILLION * sum(sum(bill.values()) for bill in bills)


# ---- how it grows ----------------------------------------------------------------------------------------------------


class Names(dict[DynamoType, Item]):
    """The rows of a service's partition, and the unique names of so many sessions: one row, so often."""

    def __init__(self, rows: dict[DynamoType, Item], name: Item, count: int) -> None:
        super().__init__(rows)
        self.name, self.count = name, count

    def __iter__(self) -> Iterator[DynamoType]:
        return chain(super().__iter__(), repeat(self.name.range_key, self.count))


def crowd(exchange: Exchange, sessions: int, laid: int) -> None:
    """A service of so many sessions, as far as a claim could meet them.

    Of a session's rows only its unique name lies in a partition that a claim reads, the service's; so that partition
    has as many names as there are sessions. The rest lies in partitions of its own, and so many of it are laid.
    """
    exchange.fill(min(sessions, laid))
    exchange.open_session(UniqueName="parcel")
    table = exchange.table("ServicesTable")
    partition = DynamoType({"S": exchange.service})
    rows = dict(table.items[partition])
    name = copy.copy(rows[DynamoType({"S": "session-name#parcel"})])
    table.items[partition] = Names(rows, name, sessions)


def allocate(exchange: Exchange, sessions: int, laid: int = LAID) -> Meter:
    """What a claim of two takes in a service of so many sessions."""
    with in_a_minute():
        crowd(exchange, sessions, laid)
        with Meter() as meter:
            exchange.open_session("+819055550001", "+819055550002")
    return meter


@dataclass(frozen=True)
class Load:
    """A claim for somebody who has that many of a pool's lines already."""

    lines: int
    taken: int
    tries: int  # transactions
    looks: int  # each reads fifty lines

    @property
    def at_random(self) -> float:
        """The tries that somebody expects to need who tries one line after the other without looking."""
        return 1 / (1 - self.taken / self.lines)


def load(exchange: Exchange, lines: int, taken: int) -> Load:
    """Somebody meets one person after another, and then one more."""
    exchange.widen(lines - len(LINES))
    for n in range(taken):
        exchange.open_session(AIKO, f"+8180{n:08}")
    with in_a_minute():
        exchange.open_session("+819044440001", "+819044440002")
        with Meter() as meter:
            exchange.open_session(AIKO, BEN)
    operations = Counter(meter.operations)
    return Load(lines, taken, operations["TransactWriteItems"], operations["BatchGetItem"])


# ---- the hottest key -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Heat:
    """A kind of partition: the units that one more call, session or text writes to it, and which share of them all
    meets the hottest one of its kind.
    """

    name: str
    units: float
    share: float

    @property
    def most(self) -> float:
        """As many a second there can be, until the hottest partition is full."""
        return WRITES_A_SECOND / (self.units * self.share)


def take_heat(exchange: Exchange, telephones: Implementation) -> dict[str, list[Heat]]:
    """Of calls, of texts and of sessions that are opened. One call in fifty is counted for all."""
    line = exchange.masked(TTL)
    with in_a_minute():
        calls = [
            (part, [webhook.meter for webhook in telephones.calls(AIKO, line, counted=counted)])
            for part, counted in ((1 / COUNTED_ONE_IN, True), (1 - 1 / COUNTED_ONE_IN, False))
        ]
    opened = open_one(exchange, telephones, AIKO, BEN, ttl=TTL).meter
    texts = [webhook.meter for webhook in pass_on(exchange, telephones, TTL)]
    return {"calls": heat(calls), "texts": heat([(1, texts)]), "sessions": heat([(1, [opened])])}


def heat(taken: list[tuple[float, list[Meter]]]) -> list[Heat]:
    """The hottest partition of each kind, of what is `taken` in these parts; the people are as many as Zipf says.

    A key for all is met by all; that of a line by all that go over it; of a session or a person by those of the first.
    """
    written: Counter[Partition] = Counter()
    for part, meters in taken:
        for meter in meters:
            for partition, units in meter.written.items():
                written[partition] += part * units
    first, found = zipf(), dict[str, Heat]()
    for (table, key), units in sorted(written.items()):
        own = key in (AIKO, BEN) or key.startswith(OWN)
        whose = "one of many" if own else "of a line" if key.startswith("+") else "one for all"
        one = Heat(f"{table}, {whose}", units, first if own else 1)
        if one.name not in found or found[one.name].units < units:
            found[one.name] = one
    return sorted(found.values(), key=lambda one: one.most)


def zipf() -> float:
    """Which share of all has the first of so many, of whom the nth has 1/n as much as the first."""
    return 1 / sum(1 / n for n in range(1, ZIPF_SESSIONS + 1))
