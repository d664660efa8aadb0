"""DynamoDB's tables on this machine: moto's, with cheaper ways back out of a transaction and into an answer."""

from __future__ import annotations

import copy
from collections import defaultdict
from typing import Any

from moto.core.serialize import ResponseSerializer
from moto.dynamodb.models import table as moto_tables

from local.aws.template import Template

SHAPE = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")  # what a table is here, too

serialize_structure = ResponseSerializer._serialize_type_structure
snapshots: dict[str, Any] = {}  # of the tables, in the API call that is going on


def create_tables(template: Template, dynamodb: Any) -> None:
    """Makes the tables that the template names, empty."""
    for name, table in template.of_type("AWS::DynamoDB::Table").items():
        shape = {key: table[key] for key in SHAPE if key in table}
        if stream := table.get("StreamSpecification"):
            shape["StreamSpecification"] = {"StreamEnabled": True, **stream}
        dynamodb.create_table(TableName=template.name(name), **shape)


def snapshot(table: moto_tables.Table, _memo: object) -> moto_tables.Table:
    """A table as it is now, for moto to go back to. moto would copy all of it, to the last text, for each item of a
    transaction; here it is once, and shares what an update replaces instead of changing it.
    """
    if table.name not in snapshots:
        copied = snapshots[table.name] = copy.copy(table)
        copied.items = defaultdict(dict)
        for key, rows in table.items.items():
            ranged = table.has_range_key
            copied.items[key] = {at: snapshot_item(row) for at, row in rows.items()} if ranged else snapshot_item(rows)
        if table.stream_shard:  # its records name the table that they are of
            copied.stream_shard = copy.copy(table.stream_shard)
            copied.stream_shard.table, copied.stream_shard.items = copied, list(table.stream_shard.items)
    return snapshots[table.name]


def snapshot_item(item: Any) -> Any:
    copied = copy.copy(item)
    copied.attrs = type(item.attrs).__new__(type(item.attrs))
    dict.update(copied.attrs, item.attrs)
    return copied


def serialize(serializer: ResponseSerializer, answer: Any, value: Any, shape: Any, key: str) -> None:
    """Writes a value into an answer. Of the ten types that an attribute may have moto would look for each, under all
    names that it might go by; here it has the one that it has.
    """
    if shape.name != "AttributeValue" or not isinstance(value, dict):
        return serialize_structure(serializer, answer, value, shape, key)
    written: dict[str, Any] = serializer.MAP_TYPE()
    for kind, said in value.items():
        serializer._serialize(written, said, shape.members[kind], kind)
    return serializer._default_serialize(answer, written, shape, key)
