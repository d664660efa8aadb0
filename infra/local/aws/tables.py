"""DynamoDB's tables on this machine: moto's, as a stack needs them that runs for days and has many rows.

moto copies whole tables to go back out of a transaction, sorts them for each question, reads each expression anew, and
keeps a list of every thing that it has ever made. Here a call costs as much as what it is about, and leaves nothing
behind but its rows.
"""

from __future__ import annotations

import copy
import functools
import itertools
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from moto.core.common_models import BaseModel
from moto.core.serialize import ResponseSerializer
from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.exceptions import ItemSizeTooLarge
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.table import RESULT_SIZE_LIMIT, Table
from moto.dynamodb.parsing.ast_nodes import DepthFirstTraverser, Node, UpdateExpression  # type: ignore[attr-defined]
from moto.dynamodb.parsing.expressions import UpdateExpressionParser  # type: ignore[attr-defined]

from local.aws.template import ACCOUNT, REGION, Template

SHAPE = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")  # what a table is here, too

# what moto wants to be told, and no table here has
OTHERWISE = ("throughput", "indexes", "sse_specification", "deletion_protection_enabled", "warm_throughput")

LARGEST_ROW = 405_000  # bytes; moto's measure

Place = tuple[Table, DynamoType, DynamoType | None]  # a table, and the key of a row in it

moto_transact = DynamoDBBackend.transact_write_items
moto_get, moto_delete, moto_query, moto_scan = Table.get_item, Table.delete_item, Table.query, Table.scan
moto_set = LimitedSizeDict.__setitem__
moto_serialize = ResponseSerializer._serialize_type_structure
moto_lex = ConditionExpressionParser._lex_condition_expression
moto_parse = UpdateExpressionParser.make


def create_tables(template: Template) -> None:
    """Makes the tables that the template names, empty; not by requests, for a stack of a test's lives a moment."""
    backend = dynamodb_backends[ACCOUNT][REGION]
    for name, table in template.of_type("AWS::DynamoDB::Table").items():
        shape: dict[str, Any] = copy.deepcopy({key: table.get(key) for key in SHAPE})
        stream = table.get("StreamSpecification")
        backend.create_table(
            template.name(name),
            schema=shape["KeySchema"],
            attr=shape["AttributeDefinitions"],
            global_indexes=shape["GlobalSecondaryIndexes"] or [],
            streams={"StreamEnabled": True, **stream} if stream else None,
            billing_mode=shape["BillingMode"],
            tags=[],
            **dict.fromkeys(OTHERWISE),
        )


def relieve_moto() -> None:
    """Has moto do it as below from now on."""
    # mypy lets nobody set a method of a class, and compares even how its `self` is called
    BaseModel.__new__ = untracked  # type: ignore[method-assign, assignment]
    DynamoDBBackend.transact_write_items = transact  # type: ignore[method-assign, assignment]
    Table.__deepcopy__ = lambda table, _memo: table  # type: ignore[attr-defined]
    Item.__init__, LimitedSizeDict.__setitem__ = fill, set_attribute  # type: ignore[method-assign, assignment]
    Table.get_item, Table.delete_item = get, delete  # type: ignore[method-assign, assignment]
    Table.query, Table.scan = query, scan  # type: ignore[method-assign, assignment]
    ResponseSerializer._serialize_type_structure = serialize  # type: ignore[method-assign, assignment]
    ConditionExpressionParser._lex_condition_expression = lex  # type: ignore[method-assign, assignment]
    UpdateExpressionParser.make = parse
    DepthFirstTraverser.traverse, Node.__deepcopy__ = traverse, copy_of


def untracked(kind: type[BaseModel], *_: Any, **__: Any) -> BaseModel:
    """A new thing of moto's, which nobody keeps: it has a list of all of them, for a page that is not shown here."""
    return object.__new__(kind)


# ---- rows ------------------------------------------------------------------------------------------------------------


def fill(row: Item, hash_key: DynamoType, range_key: DynamoType | None, attrs: dict[str, Any]) -> None:
    """A new row. moto would weigh all that there is of it for each of its attributes."""
    row.hash_key, row.range_key, row.attrs = hash_key, range_key, LimitedSizeDict()
    dict.update(row.attrs, {sys.intern(name): DynamoType(value) for name, value in attrs.items()})
    if row.size() > LARGEST_ROW:
        raise ItemSizeTooLarge


def set_attribute(attrs: LimitedSizeDict, name: str, value: Any) -> None:
    """Sets one in a row. All rows share the texts of their names, which are a fifth of what a row takes."""
    moto_set(attrs, sys.intern(name), value)


def get(
    table: Table,
    hash_key: DynamoType,
    range_key: DynamoType | None = None,
    projection_expression: list[list[str]] | None = None,
) -> Item | None:
    """The row, if there is one. moto would keep an empty partition for each that it has not found."""
    if range_key and hash_key not in table.items:
        return None
    return moto_get(table, hash_key, range_key, projection_expression)


def delete(table: Table, hash_key: DynamoType, range_key: DynamoType | None) -> Item | None:
    """Deletes the row, and its partition with the last one."""
    if range_key and hash_key not in table.items:
        return None
    deleted = moto_delete(table, hash_key, range_key)
    if not table.items.get(hash_key, True):
        del table.items[hash_key]
    return deleted


def in_order(table: Table, start: dict[str, Any] | None = None) -> Iterator[Item]:
    """The rows by their keys, those of one partition after another; with `start` only those behind that key."""
    names = table.table_key_attrs
    after = tuple(DynamoType(start[name]).cast_value for name in names) if start else ()
    for partition in sorted(table.items, key=lambda key: key.cast_value):
        if not after or partition.cast_value >= after[0]:
            for row in rows_of(table, partition):
                if not after or tuple(row.attrs[name].cast_value for name in names) > after:
                    yield row


def each_row(table: Table) -> Iterator[Item]:
    """The rows as they come."""
    partitions: Any = table.items.values()
    return itertools.chain.from_iterable(map(dict.values, partitions)) if table.has_range_key else iter(partitions)


def has(row: Item, wanted: list[tuple[str, DynamoType]]) -> bool:
    """Whether the row has these values, as it must in order to be in an index."""
    return all(name in row.attrs and row.attrs[name] == value for name, value in wanted)


def rows_of(table: Table, partition: DynamoType | None) -> list[Item]:
    """The rows of one partition, by their keys."""
    found: Any = table.items.get(partition, {})
    if not table.has_range_key:
        return [found] if found else []
    return [found[key] for key in sorted(found, key=lambda key: key.cast_value)]


# ---- transactions ----------------------------------------------------------------------------------------------------


def transact(backend: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
    """Writes all or nothing. moto goes back to a copy that it has made of all the tables; here those are the tables
    themselves, and what goes back is each row that the transaction names.
    """
    before = [(place, copy.deepcopy(get(*place))) for place in places(backend, transact_items)]
    shards = {table.name: table.stream_shard for (table, *_), _ in before if table.stream_shard}
    told = {name: len(shard.items) for name, shard in shards.items()}
    try:
        moto_transact(backend, transact_items)
    except Exception:
        for place, row in before:
            put_back(place, row)
        for name, shard in shards.items():
            del shard.items[told[name] :]
        raise


def places(backend: DynamoDBBackend, writes: list[dict[str, Any]]) -> Iterator[Place]:
    """What the writes are about, as far as it can be told; where it cannot, moto refuses."""
    for write in writes:
        said = next(iter(write.values()))
        table, key = backend.tables.get(said.get("TableName")), said.get("Key") or said.get("Item") or {}
        if table and all(name in key for name in table.table_key_attrs):
            hash_key, *range_key = (DynamoType(key[name]) for name in table.table_key_attrs)
            yield table, hash_key, range_key[0] if range_key else None


def put_back(place: Place, row: Item | None) -> None:
    table, hash_key, range_key = place
    if row is None:
        rows = table.items.get(hash_key, {}) if range_key else table.items
        rows.pop(range_key or hash_key, None)
        if range_key and not rows:
            table.items.pop(hash_key, None)
    elif range_key:
        table.items[hash_key][range_key] = row
    else:
        table.items[hash_key] = row  # type: ignore[assignment]


# ---- questions -------------------------------------------------------------------------------------------------------


def query(  # noqa: PLR0913  what moto hands over
    table: Table,
    hash_key: DynamoType | None,
    range_comparison: str | None,
    range_objs: list[DynamoType],
    limit: int,
    exclusive_start_key: dict[str, Any],
    scan_index_forward: bool,
    projection_expressions: list[list[str]] | None,
    index_name: str | None = None,
    *more: Any,
    **conditions: Any,
) -> tuple[list[Item], int, dict[str, Any] | None]:
    """moto's answer, from the rows of that partition alone, be it of an index; moto would sort the whole table."""
    if index_name:
        rows = [row for row in each_row(table) if has(row, conditions["hash_key_conditions"])]
    else:
        rows = rows_of(table, hash_key)
    asked = range_comparison, range_objs, limit, exclusive_start_key, scan_index_forward, projection_expressions
    return moto_query(only(table, rows), hash_key, *asked, index_name, *more, **conditions)


def only(table: Table, rows: Iterable[Item]) -> Table:
    """The table as if there were no other rows in it."""
    seen = copy.copy(table)
    seen.all_items = lambda: rows  # type: ignore[method-assign, assignment, return-value]
    return seen


def scan(  # noqa: PLR0913  what moto hands over
    table: Table,
    filters: dict[str, Any],
    limit: int,
    exclusive_start_key: dict[str, Any],
    filter_expression: Any = None,
    index_name: str | None = None,
    consistent_read: bool = False,
    projection_expression: list[list[str]] | None = None,
    segments: tuple[int | None, int | None] = (None, None),
) -> tuple[list[Item], int, dict[str, Any] | None]:
    """A page of the table, read from where it begins; moto would sort the table for each page, and copy all of that."""
    if filters or index_name or projection_expression or segments != (None, None):
        wishes: Any = index_name, consistent_read, projection_expression, segments
        return moto_scan(table, filters, limit, exclusive_start_key, filter_expression, *wishes)
    found: list[Item] = []
    latest: Item | None = None
    scanned = size = 0
    for row in in_order(table, exclusive_start_key):
        size += row.size()
        if scanned == limit or size > RESULT_SIZE_LIMIT:
            assert latest  # noqa: S101  no row is as large as a page
            return found, scanned, table._get_last_evaluated_key(latest, None)
        latest, scanned = row, scanned + 1
        if filter_expression is None or filter_expression.expr(row):
            found.append(copy.deepcopy(row))
    return found, scanned, None


# ---- expressions -----------------------------------------------------------------------------------------------------


# As many expressions are read as the source has, and each once.


def lex(parser: ConditionExpressionParser) -> deque[ConditionExpressionParser.Node]:
    """The words of a condition, for the parser to take away."""
    return deque(words_of(parser.condition_expression))


@functools.cache
def words_of(condition: str) -> tuple[ConditionExpressionParser.Node, ...]:
    """The words of a condition."""
    return tuple(moto_lex(ConditionExpressionParser(condition, {}, {})))


@functools.cache
def parse(update: str) -> UpdateExpression:
    """The tree of what an update says. Nobody changes it: who validates it has a copy."""
    return moto_parse(update)


def copy_of(node: Node, _memo: Any, parent: Node | None = None) -> Node:
    """A copy of the branch that begins here."""
    copied: Node = object.__new__(type(node))
    vars(copied).update(vars(node), parent=parent)
    if node.children is not None:
        copied.children = [
            copy_of(child, None, copied) if isinstance(child, Node) else copy.deepcopy(child) for child in node.children
        ]
    return copied


def traverse(traverser: DepthFirstTraverser, root: Node) -> Node:
    """What a traverser of moto's makes of an expression: of the leaves first, of the root last. moto would ask it at
    each of the nodes what it is looking for, and of what kind the node is.
    """
    processors = traverser._processing_map()

    def through(node: Node, place: int = -1) -> Node:
        parent = node.parent
        for number, child in enumerate(node.children or ()):
            traverser.pre_processing_of_child(node, number)
            if isinstance(child, Node):
                through(child, number)
        if kind := processed_as(node.__class__, tuple(processors)):
            node = processors[kind](node)
            node.parent = parent
            if parent:
                parent.children[place] = node
        return node

    return through(root)


@functools.cache
def processed_as(kind: Any, wanted: tuple[Any, ...]) -> Any:
    """The first of the wanted kinds that a node of this kind is, too; None if it is none of them."""
    return next((one for one in wanted if issubclass(kind, one)), None)


# ---- answers ---------------------------------------------------------------------------------------------------------


def serialize(serializer: ResponseSerializer, answer: Any, value: Any, shape: Any, key: str) -> None:
    """Writes a value into an answer. Of the ten types that an attribute may have moto would look for each, under all
    names that it might go by; here it has the one that it has.
    """
    if shape.name != "AttributeValue" or not isinstance(value, dict):
        return moto_serialize(serializer, answer, value, shape, key)
    written: dict[str, Any] = serializer.MAP_TYPE()
    for kind, said in value.items():
        serializer._serialize(written, said, shape.members[kind], kind)
    return serializer._default_serialize(answer, written, shape, key)
