"""A meter of DynamoDB: what every call of it costs by DynamoDB's own rules, whoever plays DynamoDB.

    with Meter() as meter:
        voice.handler(event, context)
    meter.round_trips, meter.read_units, meter.write_units

The figures that moto reports are constants, so nothing of them is used: sizes are computed from the request and from
what lies in the table before and after it, read with plain requests that are not metered. The request is taken as it
goes out, so that boto3, botocore and PynamoDB are all the same. A strong read costs one unit
per 4 KB, an eventual one half, a transactional one two; a write one unit per KB of the larger of old and new item, two
in a transaction; a failed condition costs as if it had held; and an index costs its own writes where its entry changes.
What AWS does not say is counted the dear way: a condition check, and an item of a canceled transaction, cost a write.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
"""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache, partial
from itertools import chain
from math import ceil
from typing import Any

from botocore.client import BaseClient
from botocore.session import get_session

from local.aws import rows
from local.aws.functions import current

Item = dict[str, dict[str, Any]]
Plain = Callable[[str, dict[str, Any]], dict[str, Any]]  # plain(operation, request): unmetered
Partition = tuple[str, str]  # of a table, or of an index of it, and the key

READ_BLOCK, WRITE_BLOCK = 4096, 1024
WRITES = {"PutItem": "Put", "UpdateItem": "Update", "DeleteItem": "Delete"}


# ---- sizes -----------------------------------------------------------------------------------------------------------


def size(item: Item | None) -> int:
    """The bytes of an item: its attributes' names and values."""
    return sum(len(name.encode()) + value_size(value) for name, value in (item or {}).items())


def value_size(value: dict[str, Any]) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return number_size(content)
        case "B":
            return len(content if isinstance(content, bytes) else base64.b64decode(content))
        case "BOOL" | "NULL":
            return 1
        case "SS" | "NS" | "BS":
            return sum(value_size({kind[0]: element}) for element in content)
        case "L":
            return 3 + sum(1 + value_size(element) for element in content)
        case "M":
            return 3 + sum(1 + len(name.encode()) + value_size(element) for name, element in content.items())
    raise ValueError(f"DynamoDB has no type {kind}")


def number_size(text: str) -> int:
    """One byte for every two significant digits, one more, and one for the sign of a negative number."""
    sign, digits, _ = Decimal(text).normalize().as_tuple()
    return ceil(len(digits) / 2) + 1 + sign


def blocks(size: int, block: int) -> int:
    """How many blocks are paid for: nothing costs as much as one byte."""
    return max(1, ceil(size / block))


# ---- tables ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Table:
    """What the meter must know of a table: the names of its key's attributes, and its indexes."""

    name: str
    key: tuple[str, ...]
    indexes: dict[str, Index]

    @classmethod
    def describe(cls, plain: Plain, name: str) -> Table:
        said = plain("DescribeTable", {"TableName": name})["Table"]
        key = key_of(said)
        return cls(
            name, key, {one["IndexName"]: Index.read(one, key) for one in said.get("GlobalSecondaryIndexes", [])}
        )

    def pick(self, item: Item) -> Item:
        """The key of an item."""
        return {name: item[name] for name in self.key}


@dataclass(frozen=True)
class Index:
    """A global secondary index: its key, and what it holds of an item (everything, if `holds` is None)."""

    key: tuple[str, ...]
    holds: frozenset[str] | None

    @classmethod
    def read(cls, said: dict[str, Any], table_key: tuple[str, ...]) -> Index:
        key, projection = key_of(said), said["Projection"]
        if projection["ProjectionType"] == "ALL":
            return cls(key, None)
        return cls(key, frozenset((*table_key, *key, *projection.get("NonKeyAttributes", []))))

    def entry(self, item: Item | None) -> Item | None:
        """What the index holds of an item; None where the item lacks a part of its key."""
        if not item or any(name not in item for name in self.key):
            return None
        return {name: value for name, value in item.items() if self.holds is None or name in self.holds}

    def write_units(self, before: Item | None, after: Item | None) -> Counter[str]:
        """What it costs that an item has changed, by partition: an entry that moves is deleted and put."""
        old, new = self.entry(before), self.entry(after)
        if old == new:
            return Counter()
        if old and new and all(old[name] == new[name] for name in self.key):
            return Counter({self.partition(new): blocks(max(size(old), size(new)), WRITE_BLOCK)})
        units: Counter[str] = Counter()
        for entry in (old, new):
            if entry:
                units[self.partition(entry)] += blocks(size(entry), WRITE_BLOCK)
        return units

    def partition(self, entry: Item) -> str:
        return str(next(iter(entry[self.key[0]].values())))


def key_of(said: dict[str, Any]) -> tuple[str, ...]:
    return tuple(part["AttributeName"] for part in said["KeySchema"])


# ---- the meter -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Call:
    """One request to DynamoDB, which is one round trip, and what it cost."""

    operation: str
    by: str = ""
    read_units: float = 0
    write_units: int = 0
    read_bytes: int = 0
    written_bytes: int = 0
    written: Counter[Partition] = field(default_factory=Counter)  # write units, by partition


@dataclass
class Meter:
    """A context manager: `calls` holds what was asked of DynamoDB inside it, in order, and by whom, if `whose` says."""

    calls: list[Call] = field(default_factory=list)
    whose: Callable[[], str] = str
    tables: dict[str, Table] = field(default_factory=dict)

    @property
    def round_trips(self) -> int:
        return len(self.calls)

    @property
    def read_units(self) -> float:
        return sum(call.read_units for call in self.calls)

    @property
    def write_units(self) -> int:
        return sum(call.write_units for call in self.calls)

    @property
    def written(self) -> Counter[Partition]:
        """The write units, by partition."""
        return sum((call.written for call in self.calls), Counter())

    @property
    def bytes(self) -> int:
        """Of the items that were read and written, whole, whatever of them was asked for."""
        return sum(call.read_bytes + call.written_bytes for call in self.calls)

    @property
    def operations(self) -> list[str]:
        return [call.operation for call in self.calls]

    def part(self, by: str) -> Meter:
        """What was asked by this one."""
        return Meter([call for call in self.calls if call.by == by])

    def __enter__(self) -> Meter:
        self.asked = rows.by_requests()
        self.asked.__enter__()
        self.unmetered = BaseClient._make_request

        def metered(client: BaseClient, operation: Any, request: dict[str, Any], context: Any) -> Any:
            def go() -> Any:
                return self.unmetered(client, operation, request, context)

            if operation.service_model.service_name != "dynamodb" or client is reader(client.meta.region_name):
                return go()
            plain = partial(read_as_nobody, reader(client.meta.region_name))
            return self.watch(plain, operation.name, json.loads(request["body"]), go)

        BaseClient._make_request = metered
        return self

    def __exit__(self, *_: object) -> None:
        BaseClient._make_request = self.unmetered
        self.asked.__exit__(None, None, None)

    def watch(self, plain: Plain, operation: str, request: dict[str, Any], go: Callable[[], Any]) -> Any:
        changes = [Change(plain, self.table(plain, name), *rest) for name, *rest in writes(operation, request)]
        reads = list(self.reads(plain, operation, request))
        if not changes and not reads:
            raise ValueError(f"the meter does not know {operation}")
        try:
            return go()
        finally:
            twice = 2 if operation == "TransactWriteItems" else 1
            written: Counter[Partition] = Counter()
            for change in changes:
                change.look()
                written.update(change.written(twice))
            self.calls.append(
                Call(
                    operation,
                    self.whose(),
                    sum(blocks(size, READ_BLOCK) * units for size, units in reads),
                    written.total(),
                    sum(size for size, _ in reads),
                    sum(change.size for change in changes),
                    written,
                )
            )

    def table(self, plain: Plain, name: str) -> Table:
        if name not in self.tables:
            self.tables[name] = Table.describe(plain, name)
        return self.tables[name]

    def reads(self, plain: Plain, operation: str, request: dict[str, Any]) -> Iterator[tuple[int, float]]:
        """What is read and rounded up together: its bytes, and the units per block of them."""
        match operation:
            case "GetItem":
                yield size(read(plain, request["TableName"], request["Key"])), strength(request)
            case "BatchGetItem":
                for name, said in request["RequestItems"].items():
                    for key in said["Keys"]:
                        yield size(read(plain, name, key)), strength(said)
            case "TransactGetItems":
                for one in request["TransactItems"]:
                    yield size(read(plain, one["Get"]["TableName"], one["Get"]["Key"])), 2
            case "Query" | "Scan":
                yield self.range_size(plain, operation, request), strength(request)

    def range_size(self, plain: Plain, operation: str, request: dict[str, Any]) -> int:
        """The bytes that a query or scan goes through, which are more than it returns: filters come after."""
        wanted = ("TableName", "IndexName", "KeyConditionExpression", "Limit", "ExclusiveStartKey", "ScanIndexForward")
        whole = {name: request[name] for name in wanted if name in request}
        placeholders = set(re.findall(r"[#:]\w+", request.get("KeyConditionExpression", "")))
        for name in ("ExpressionAttributeNames", "ExpressionAttributeValues"):
            if used := {holder: said for holder, said in request.get(name, {}).items() if holder in placeholders}:
                whole[name] = used
        items = plain(operation, whole)["Items"]
        if "IndexName" in request:
            index = self.table(plain, request["TableName"]).indexes[request["IndexName"]]
            items = [index.entry(item) for item in items]
        return sum(map(size, items))


@cache
def reader(region: str) -> BaseClient:
    """The client with which the meter itself reads."""
    return get_session().create_client("dynamodb", region_name=region)


def read_as_nobody(client: BaseClient, operation: str, request: dict[str, Any]) -> dict[str, Any]:
    """What the meter reads, which counts as no function's: no role has to allow it."""
    function = current.set(None)
    try:
        found: dict[str, Any] = client._make_api_call(operation, request)
        return found
    finally:
        current.reset(function)


def read(plain: Plain, table: str, key: Item) -> Item | None:
    return plain("GetItem", {"TableName": table, "Key": key, "ConsistentRead": True}).get("Item")


def strength(said: dict[str, Any]) -> float:
    return 1 if said.get("ConsistentRead") else 0.5


def writes(operation: str, request: dict[str, Any]) -> Iterator[tuple[str, str, Item]]:
    """Table, kind, and item or key of every write in a request."""
    if operation in WRITES:
        yield request["TableName"], WRITES[operation], request.get("Item") or request["Key"]
    elif operation == "TransactWriteItems":
        for kind, said in chain.from_iterable(one.items() for one in request["TransactItems"]):
            yield said["TableName"], kind, said.get("Item") or said["Key"]
    elif operation == "BatchWriteItem":
        for name, requests in request["RequestItems"].items():
            for kind, said in chain.from_iterable(one.items() for one in requests):
                yield name, kind.removesuffix("Request"), said.get("Item") or said["Key"]


class Change:
    """One item before and after a request that may have written it."""

    def __init__(self, plain: Plain, table: Table, kind: str, said: Item) -> None:
        self.plain, self.table, self.kind, self.said = plain, table, kind, said
        self.before = self.after = self.read()

    def read(self) -> Item | None:
        return read(self.plain, self.table.name, self.table.pick(self.said))

    def look(self) -> None:
        self.after = self.read()

    @property
    def size(self) -> int:
        put = size(self.said) if self.kind == "Put" else 0
        return max(size(self.before), size(self.after), put)

    @property
    def units(self) -> int:
        return blocks(self.size, WRITE_BLOCK)

    def written(self, twice: int) -> Counter[Partition]:
        """The write units, by partition; in a transaction an item costs twice as much, and an index does not."""
        key = str(next(iter(self.said[self.table.key[0]].values())))
        units: Counter[Partition] = Counter({(self.table.name, key): self.units * twice})
        for name, index in self.table.indexes.items():
            for partition, cost in index.write_units(self.before, self.after).items():
                units[f"{self.table.name} {name}", partition] += cost
        return units
