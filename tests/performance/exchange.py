"""The exchange's REST API in this process, and tables with as many sessions in them as one likes."""

import base64
import copy
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import time_machine
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.table import Table

from local.aws import ACCOUNT, REGION, Cloud, Context
from tests.performance.calls import AIKO, BEN, Json, event_of
from toritsugi.limits import charges, switch
from toritsugi.masking import pool

KEY = "SK" + "a" * 32, "secret"
LINES = [f"+81501000{n:04}" for n in range(1, 11)]


class Exchange:
    """A service with ten numbers, whose sessions can be opened. Use it inside a cloud."""

    def __init__(self, cloud: Cloud) -> None:
        from toritsugi.foundation import api_keys

        self.cloud = cloud
        api_keys.create_key(*KEY)
        self.service = self.post("/v1/Services", UniqueName=f"service-{uuid4().hex}")["sid"]
        self.give(*LINES)

    def give(self, *lines: str, sms: bool = False) -> None:
        """Puts lines into the pool."""
        for line in lines:
            able = {"voice": True, "sms": sms, "mms": False}
            owned = {"sid": number_sid(line), "phone_number": line, "friendly_name": line}
            pool.add_to_pool(self.service, owned | {"capabilities": able, "webhooks": {}}, reserved=False)

    def post(self, path: str, **fields: Any) -> Json:
        """What a client gets whose key is known already."""
        import proxy

        basic = base64.b64encode(":".join(KEY).encode()).decode()
        headers = {"authorization": f"Basic {basic}", "content-type": "application/x-www-form-urlencoded"}
        answer = proxy.handler(event_of("POST", path, headers, urlencode(fields, doseq=True)), Context("proxy"))
        assert answer["statusCode"] == 201, answer
        return json.loads(answer["body"])

    def open_session(self, *people: str, **fields: Any) -> Json:
        """A session of these people."""
        participants = [json.dumps({"Identifier": number}) for number in people]
        return self.post(f"/v1/Services/{self.service}/Sessions", Participants=participants, **fields)

    def masked(self, ttl: int = 0) -> str:
        """The number that Aiko dials to reach Ben."""
        return self.line_in(self.open_session(AIKO, BEN, Ttl=ttl))

    def line_in(self, session: Json) -> str:
        """The number that Aiko dials in a session."""
        rows = [item.to_json()["Attributes"] for item in self.items("SessionsTable")]
        aiko = {"session_sid": {"S": session["sid"]}, "identifier": {"S": AIKO}}
        return next(row["proxy_identifier"]["S"] for row in rows if aiko.items() <= row.items())

    def widen(self, numbers: int) -> None:
        """So many more numbers in the pool, written like a session's rows in `fill`."""
        model = LINES[-1]
        keys = {"ServicesTable": (self.service, f"number#{number_sid(model)}"), "DirectoryTable": (model, "line")}
        for name, (partition, entry) in keys.items():
            table = self.table(name)
            row = table.items[DynamoType({"S": partition})][DynamoType({"S": entry})]
            for n in range(numbers):
                item = like(row, {model[1:]: f"815020{n:06}"})
                table.items[item.hash_key][item.range_key] = item

    def items(self, table: str) -> list[Item]:
        return list(self.table(table).all_items())

    def table(self, name: str) -> Table:
        return dynamodb_backends[ACCOUNT][REGION].tables[name]

    def fill(self, sessions: int) -> None:
        """As many sessions of strangers, row for row as the exchange itself writes one, straight into moto's tables."""
        before = {name: self.items(name) for name in ("SessionsTable", "DirectoryTable")}
        session = self.open_session(AIKO, BEN)
        rows = [
            (self.table(name), item) for name, old in before.items() for item in self.items(name) if item not in old
        ]
        for n in range(sessions):
            others = {session["sid"]: "KC" + uuid4().hex, AIKO: f"+8170{n:08}", BEN: f"+8180{n:08}"}
            for table, row in rows:
                item = like(row, others)
                table.items[item.hash_key][item.range_key] = item


def number_sid(line: str) -> str:
    return "PN" + line[1:].zfill(32)


def like(row: Item, others: dict[str, str]) -> Item:
    """The same row with other texts in it, made without moto's own constructors, which weigh it at every attribute."""

    def changed(value: DynamoType) -> DynamoType:
        text = value.value
        for old, new in others.items():
            text = text.replace(old, new) if isinstance(text, str) else text
        return value if text == value.value else DynamoType({value.type: text})

    item = copy.copy(row)
    item.hash_key, item.range_key = changed(row.hash_key), changed(row.range_key)
    item.attrs = LimitedSizeDict()
    dict.update(item.attrs, {name: changed(value) for name, value in row.attrs.items()})
    return item


@contextmanager
def in_a_minute() -> Iterator[None]:
    """Later than whatever the exchange has just made, so that a call has an expiry to slide.

    The process has answered within the last minute, so it knows what it reads once in one.
    """
    with time_machine.travel(time.time() + 60, tick=False):
        switch.remembered_limits()
        charges.remembered_charges()
        yield
