"""DynamoDB for histories: the tables of a template in memory, a hundred times as fast as moto, and as it in all that
the exchange uses; test_tables.py compares them.

Every change of an item makes a new one, so to keep what was is to keep a reference. Of the last few writes each table
is kept as it was, for reads that lag.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from tests.histories.expressions import Facts, Invalid, Item, condition, plain, update

Key = tuple[str, ...]
Rows = dict[Key, Item]
MOST_LAG, LAG_SECONDS = 4, 60  # by so many writes, and so long; AWS promises neither, and stays far below both


@dataclass(frozen=True)
class Write:
    """One item of one write: what it was, and what it is; None: it is not there."""

    table: str
    key: Key
    before: Item | None
    after: Item | None


@dataclass
class Table:
    """One table, its keys, and the keys of its indexes."""

    name: str
    keys: tuple[str, ...]
    indexes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    rows: Rows = field(default_factory=dict)
    former: deque[tuple[float, Rows]] = field(default_factory=lambda: deque(maxlen=MOST_LAG))

    def key_of(self, item: Item) -> Key:
        return tuple(item[name]["S"] for name in self.keys)

    def as_it_was(self, lag: int) -> Rows:
        """The rows so many writes ago, or as long ago as a read may lag."""
        late = [rows for until, rows in self.former if until > time.time() - LAG_SECONDS]
        return late[-min(lag, len(late))] if lag and late else self.rows


class Refused(Exception):
    """A condition has failed; `item` is what was there."""

    def __init__(self, item: Item | None) -> None:
        super().__init__("The conditional request failed")
        self.item = item


class Tables:
    """All of them. `hear` is told of the items of every write, after it; `lag` says by how many writes a read that is
    not consistent is behind.
    """

    def __init__(self, schemas: dict[str, dict[str, Any]]) -> None:
        self.named = {name: Table(name, keys_of(schema), indexes_of(schema)) for name, schema in schemas.items()}
        self.hear: Callable[[list[Write]], None] = lambda _: None
        self.lag: Callable[[], int] = lambda: 0

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """The answer of an operation. Raises ClientError as botocore does, and ValueError for what is not built."""
        answers: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "GetItem": self.get,
            "BatchGetItem": self.get_batch,
            "Query": self.query,
            "Scan": self.scan,
            "PutItem": lambda asked: self.write_one("Put", asked),
            "UpdateItem": lambda asked: self.write_one("Update", asked),
            "DeleteItem": lambda asked: self.write_one("Delete", asked),
            "BatchWriteItem": self.write_batch,
            "TransactWriteItems": self.transact,
        }
        if operation not in answers:
            raise ValueError(f"these tables do not know {operation}")
        try:
            return answers[operation](request)
        except Refused as refusal:
            old = request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and refusal.item
            raise failed(operation, "ConditionalCheckFailedException", **({"Item": old} if old else {})) from None
        except Invalid as why:
            raise failed(operation, "ValidationException", str(why)) from None

    # ---- reads -----------------------------------------------------------------------------------------------------

    def rows(self, table: str, request: dict[str, Any]) -> Rows:
        return self.named[table].as_it_was(0 if request.get("ConsistentRead") else self.lag())

    def get(self, request: dict[str, Any]) -> dict[str, Any]:
        table = self.named[request["TableName"]]
        found = self.rows(table.name, request).get(table.key_of(request["Key"]))
        return {"Item": found} if found else {}

    def get_batch(self, request: dict[str, Any]) -> dict[str, Any]:
        responses = {}
        for name, asked in request["RequestItems"].items():
            keys = [self.named[name].key_of(key) for key in asked["Keys"]]
            if len(set(keys)) < len(keys) or not all(all(key) for key in keys):
                raise Invalid("a key is empty, or is there twice")
            rows = self.rows(name, asked)
            responses[name] = [rows[key] for key in keys if key in rows]
        return {"Responses": responses, "UnprocessedKeys": {}}

    def query(self, request: dict[str, Any]) -> dict[str, Any]:
        table = self.named[request["TableName"]]
        index = request.get("IndexName")
        keys = table.indexes[index] if index else table.keys
        wanted = condition(request["KeyConditionExpression"])
        names, values = named(request)
        found = [
            item
            for item in self.rows(table.name, request).values()
            if all(name in item for name in keys) and wanted((item, names, values))
        ]
        found.sort(key=lambda item: place(item, keys, table.keys), reverse=not request.get("ScanIndexForward", True))
        return self.page(table, found, request, keys)

    def scan(self, request: dict[str, Any]) -> dict[str, Any]:
        table = self.named[request["TableName"]]
        rows = self.rows(table.name, request)
        return self.page(table, [rows[key] for key in sorted(rows)], request, table.keys)

    def page(self, table: Table, found: list[Item], request: dict[str, Any], keys: Key) -> dict[str, Any]:
        """What comes after the start, up to the limit, of which the filter leaves some."""
        if start := request.get("ExclusiveStartKey"):
            at = [place(item, keys, table.keys) for item in found].index(place(start, keys, table.keys))
            found = found[at + 1 :]
        most = request.get("Limit", len(found))
        answer: dict[str, Any] = {}
        if len(found) > most:
            answer["LastEvaluatedKey"] = {name: found[most - 1][name] for name in {*keys, *table.keys}}
        if "FilterExpression" in request:
            wanted, (names, values) = condition(request["FilterExpression"]), named(request)
            kept = [item for item in found[:most] if wanted((item, names, values))]
        else:
            kept = found[:most]
        return answer | {"Items": kept, "Count": len(kept), "ScannedCount": len(found[:most])}

    # ---- writes ----------------------------------------------------------------------------------------------------

    def weigh(self, kind: str, request: dict[str, Any]) -> Write:
        """What a write would do. Raises Refused where its condition fails."""
        table = self.named[request["TableName"]]
        key = table.key_of(request["Item"] if kind == "Put" else request["Key"])
        if not all(key):
            raise Invalid("a key is empty")
        before = table.rows.get(key)
        facts: Facts = (before or {}, *named(request))
        if (asked := request.get("ConditionExpression")) and not condition(asked)(facts):
            raise Refused(before)
        if kind == "Put":
            return Write(table.name, key, before, request["Item"])
        if kind == "Delete":
            return Write(table.name, key, before, None)
        if kind == "ConditionCheck":
            return Write(table.name, key, before, before)
        after = {**(before or dict(request["Key"]))}
        if "UpdateExpression" in request:
            update(request["UpdateExpression"])(facts, after)
        return Write(table.name, key, before, after)

    def key_in(self, put: dict[str, Any]) -> dict[str, Any]:
        return {name: put["Item"][name] for name in self.named[put["TableName"]].keys}

    def carry_out(self, writes: list[Write]) -> None:
        writes = [write for write in writes if write.before is not write.after]
        for name in {write.table for write in writes}:
            table = self.named[name]
            table.former.append((time.time(), table.rows))
            table.rows = {**table.rows}
        for write in writes:
            rows = self.named[write.table].rows
            if write.after is None:
                rows.pop(write.key, None)
            else:
                rows[write.key] = write.after
        if writes:
            self.hear(writes)

    def write_one(self, kind: str, request: dict[str, Any]) -> dict[str, Any]:
        write = self.weigh(kind, request)
        self.carry_out([write])
        return {"Attributes": write.after} if request.get("ReturnValues") == "ALL_NEW" else {}

    def write_batch(self, request: dict[str, Any]) -> dict[str, Any]:
        for name, asked in request["RequestItems"].items():
            for one in asked:
                ((kind, said),) = one.items()
                self.carry_out([self.weigh(kind.removesuffix("Request"), {**said, "TableName": name})])
        return {"UnprocessedItems": {}}

    def transact(self, request: dict[str, Any]) -> dict[str, Any]:
        """All or nothing. Raises ClientError with the reason of every item."""
        writes, reasons = [], []
        asked = [next(iter(one.items())) for one in request["TransactItems"]]
        if len({(said["TableName"], str(said.get("Key") or self.key_in(said))) for _, said in asked}) < len(asked):
            raise Invalid("Transaction request cannot include multiple operations on one item")
        for kind, said in asked:
            try:
                writes.append(self.weigh(kind, said))
                reasons.append({"Code": "None"})
            except Refused:
                reasons.append({"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"})
        if len(writes) < len(reasons):
            raise canceled(reasons)
        self.carry_out(writes)
        return {}


def keys_of(schema: dict[str, Any]) -> tuple[str, ...]:
    return tuple(key["AttributeName"] for key in schema["KeySchema"])


def indexes_of(schema: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    return {index["IndexName"]: keys_of(index) for index in schema.get("GlobalSecondaryIndexes", [])}


def named(request: dict[str, Any]) -> tuple[dict[str, str], Item]:
    return request.get("ExpressionAttributeNames", {}), request.get("ExpressionAttributeValues", {})


def place(item: Item, keys: Key, own: Key) -> tuple[Any, ...]:
    """Where an item stands in a table or an index."""
    return tuple(plain(item[name]) for name in (*keys[1:], *own))


def failed(operation: str, code: str, message: str = "", **more: Any) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message or code}, **more}, operation)


def canceled(reasons: list[dict[str, str]]) -> ClientError:
    return failed("TransactWriteItems", "TransactionCanceledException", CancellationReasons=reasons)
