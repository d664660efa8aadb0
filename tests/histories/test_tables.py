"""The tables of histories do as moto's do, whatever is asked of them."""

import copy

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some

from tests.histories.aws import schemas
from tests.histories.expressions import condition, update
from tests.histories.tables import Tables
from tests.histories.world import template

TABLE = "SessionsTable"
NOT_OURS = ("ResponseMetadata", "ConsumedCapacity", "ItemCollectionMetrics")
PLAIN = ("count", "name", "flag")
HASHES, RANGES = ("a", "b"), ("x", "xy", "z")

numbers = some.integers(0, 3).map(lambda number: {"N": str(number)})
texts = some.sampled_from(["l", "m", "mn"]).map(lambda text: {"S": text})
flags = some.booleans().map(lambda flag: {"BOOL": flag})
OF = {"count": numbers, "name": texts, "flag": flags}  # moto cannot compare what is of two types
keys = some.builds(lambda h, r: {"session_sid": {"S": h}, "entry": {"S": r}}, *map(some.sampled_from, (HASHES, RANGES)))
sets = some.lists(some.sampled_from("pqr"), min_size=1, unique=True).map(lambda those: {"SS": sorted(those)})
attributes = some.fixed_dictionaries({}, optional=OF | {"those": sets})
listed = some.fixed_dictionaries({}, optional={"service_sid": some.just({"S": "s"}), "listed_as": texts})
items = some.builds(lambda *parts: {k: v for part in parts for k, v in part.items()}, attributes, listed, keys)


class Words:
    """Gathers what stands for names and values while an expression is made."""

    def __init__(self) -> None:
        self.names, self.values = {}, {}

    def name(self, name):
        self.names[f"#{len(self.names)}"] = name
        return f"#{len(self.names) - 1}"

    def value(self, value):
        self.values[f":{len(self.values)}"] = value
        return f":{len(self.values) - 1}"

    @property
    def said(self):
        known = {"ExpressionAttributeNames": self.names, "ExpressionAttributeValues": self.values}
        return {name: words for name, words in known.items() if words}


SIGNS = ("=", "<>", "<", "<=", ">", ">=")


@some.composite
def conditions(draw, words, depth=2):
    kinds = ["exists", "missing", "compare", "between", "in", "begins"] + ["and", "or", "not"] * bool(depth)
    kind = draw(some.sampled_from(kinds))
    if kind == "not":
        return f"(NOT {draw(conditions(words, depth - 1))})"
    if kind in ("and", "or"):
        return f"({draw(conditions(words, depth - 1))} {kind.upper()} {draw(conditions(words, depth - 1))})"
    if kind == "begins":
        return f"begins_with ({words.name('name')}, {words.value({'S': 'm'})})"
    what = draw(some.sampled_from(PLAIN))
    name = words.name(what)
    if kind in ("exists", "missing"):
        return f"attribute_{'' if kind == 'exists' else 'not_'}exists ({name})"
    value = words.value(draw(OF[what]))
    if kind == "between" and what != "flag":
        return f"{name} BETWEEN {value} AND {words.value(draw(OF[what]))}"
    if kind == "in":
        return f"{name} IN ({value}, {words.value(draw(OF[what]))})"
    return f"{name} {draw(some.sampled_from(SIGNS[:2] if what == 'flag' else SIGNS))} {value}"


@some.composite
def updates(draw, words):
    name, *others = draw(some.lists(some.sampled_from(PLAIN), unique=True, min_size=1, max_size=2))
    if draw(some.integers(0, 3)) == 0:
        return f"{draw(some.sampled_from(['ADD', 'DELETE']))} {words.name('those')} {words.value(draw(sets))}"
    said = f"SET {words.name(name)} = "
    how = draw(some.sampled_from(["value", "else", "more"]))
    if how == "else":
        said += f"if_not_exists ({words.name(name)}, {words.value(draw(OF[name]))})"
    elif how == "more" and name == "count":
        said += f"{words.name('count')} + {words.value(draw(numbers))}"
    else:
        said += words.value(draw(OF[name]))
    for other in others:
        path = words.name(other)
        said += f" ADD {path} {words.value(draw(numbers))}" if other == "count" else f" REMOVE {path}"
    return said


@some.composite
def writes(draw):
    """Put, Update, Delete or ConditionCheck, with a condition or without."""
    words, kind = Words(), draw(some.sampled_from(["Put", "Update", "Delete", "ConditionCheck"]))
    said = {"TableName": TABLE} | ({"Item": draw(items)} if kind == "Put" else {"Key": draw(keys)})
    if kind == "Update":
        said["UpdateExpression"] = draw(updates(words))
    if kind == "ConditionCheck" or draw(some.booleans()):
        said["ConditionExpression"] = draw(conditions(words))
    return kind, said | words.said


@some.composite
def requests(draw):
    """An operation, and what is asked of it."""
    kind = draw(
        some.sampled_from(
            ["write"] * 4 + ["transact"] * 3 + ["query", "index", "scan", "get", "batch get", "batch write"]
        )
    )
    if kind == "write":
        kind, said = draw(writes().filter(lambda write: write[0] != "ConditionCheck"))
        return f"{kind}Item", said | {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    if kind == "transact":
        return "TransactWriteItems", {
            "TransactItems": [
                {k: said} for k, said in draw(some.lists(writes(), min_size=1, max_size=3, unique_by=place))
            ]
        }
    if kind == "get":
        return "GetItem", {"TableName": TABLE, "Key": draw(keys), "ConsistentRead": True}
    if kind == "batch get":
        wanted = draw(some.lists(keys, unique_by=str, min_size=1, max_size=4))
        return "BatchGetItem", {"RequestItems": {TABLE: {"Keys": wanted, "ConsistentRead": True}}}
    if kind == "batch write":
        gone = draw(some.lists(keys, unique_by=str, min_size=1, max_size=3))
        return "BatchWriteItem", {"RequestItems": {TABLE: [{"DeleteRequest": {"Key": key}} for key in gone]}}
    words = Words()
    said = {"TableName": TABLE}
    if kind == "query":
        said["KeyConditionExpression"] = (
            f"{words.name('session_sid')} = {words.value({'S': draw(some.sampled_from(HASHES))})}"
        )
        span = draw(some.sampled_from(["", " AND {0} >= {1}", " AND {0} <= {1}", " AND begins_with ({0}, {1})"]))
        said["KeyConditionExpression"] += span and span.format(
            words.name("entry"), words.value({"S": draw(some.sampled_from(RANGES))})
        )
        said["ScanIndexForward"] = draw(some.booleans())
    if kind == "index":
        said |= {
            "IndexName": "of-service",
            "KeyConditionExpression": f"{words.name('service_sid')} = {words.value({'S': 's'})}",
        }
    if draw(some.booleans()):
        said["FilterExpression"] = draw(conditions(words))
    if kind != "scan" and draw(some.booleans()):
        said["Limit"] = draw(some.integers(1, 3))
    return "Scan" if kind == "scan" else "Query", said | words.said


def place(write):
    _, said = write
    key = said.get("Key") or said["Item"]
    return key["session_sid"]["S"], key["entry"]["S"]


def outcome(call, operation, request):
    """The answer, or why there is none; of what was found only the set, where DynamoDB promises no order."""
    try:
        answer = {k: v for k, v in call(operation, request).items() if k not in NOT_OURS}
    except ClientError as error:
        reasons = [reason["Code"] for reason in error.response.get("CancellationReasons", [])]
        return error.response["Error"]["Code"], reasons, in_order(error.response.get("Item"))
    if operation == "Scan":
        answer["Items"] = sorted(answer["Items"], key=str)
    if operation == "BatchGetItem":
        answer["Responses"] = {name: sorted(found, key=str) for name, found in answer["Responses"].items()}
    if "IndexName" in request:  # moto shows only what is projected; whoever asks an index reads the table after it
        answer["Items"] = [{name: item[name] for name in ("session_sid", "entry")} for item in answer["Items"]]
    return in_order(answer)


def in_order(answer):
    """The same with the members of each set in one order, for DynamoDB promises none."""
    if isinstance(answer, dict):
        return {k: sorted(v) if k == "SS" else in_order(v) for k, v in answer.items()}
    return [in_order(one) for one in answer] if isinstance(answer, list) else answer


def test_whatever_is_asked_of_them_the_tables_answer_as_motos_do(cloud):
    client = cloud.client("dynamodb")

    def moto(operation, request):
        return client._make_api_call(operation, copy.deepcopy(request))  # into which botocore writes

    @given(some.lists(requests(), min_size=1, max_size=12))
    @settings(max_examples=30, phases=[Phase.generate], deadline=None, suppress_health_check=list(HealthCheck))
    def as_moto(asked):
        ours = Tables({TABLE: schemas(template())[TABLE]})
        for item in client.scan(TableName=TABLE)["Items"]:
            client.delete_item(TableName=TABLE, Key={name: item[name] for name in ("session_sid", "entry")})
        for operation, request in asked:
            assert outcome(ours.call, operation, request) == outcome(moto, operation, request), (operation, request)

    as_moto()


@pytest.mark.parametrize("text", ["attribute_type (#0, :0)", "#0.#1 = :0", "#0 = :0)", "#0"])
def test_what_the_tables_cannot_read_they_refuse(text):
    with pytest.raises((ValueError, IndexError)):
        condition(text)


def test_an_update_that_the_tables_do_not_know_is_refused():
    with pytest.raises(ValueError, match="MERGE"):
        update("MERGE #0 :0")


def test_a_key_that_is_empty_or_there_twice_is_refused_as_dynamodb_does():
    tables = Tables({TABLE: schemas(template())[TABLE]})
    key = {"session_sid": {"S": "a"}, "entry": {"S": ""}}
    twice = [{"session_sid": {"S": "a"}, "entry": {"S": "x"}}] * 2
    for operation, request in (
        ("PutItem", {"TableName": TABLE, "Item": key}),
        ("BatchGetItem", {"RequestItems": {TABLE: {"Keys": twice}}}),
        ("TransactWriteItems", {"TransactItems": [{"Delete": {"TableName": TABLE, "Key": one}} for one in twice]}),
    ):
        with pytest.raises(ClientError, match="ValidationException"):
            tables.call(operation, request)


def test_a_read_that_is_not_consistent_may_be_behind_and_one_that_is_never_is():
    tables = Tables({TABLE: schemas(template())[TABLE]})
    tables.lag = lambda: 1
    key = {"session_sid": {"S": "a"}, "entry": {"S": "x"}}
    tables.call("PutItem", {"TableName": TABLE, "Item": key})
    assert tables.call("GetItem", {"TableName": TABLE, "Key": key}) == {}
    assert tables.call("GetItem", {"TableName": TABLE, "Key": key, "ConsistentRead": True}) == {"Item": key}
