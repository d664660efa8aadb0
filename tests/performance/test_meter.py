"""The meter itself, on items whose cost is known."""

import botocore.exceptions
import pytest

from tests.performance.meter import Meter, size

KEYS_ONLY = {"ProjectionType": "KEYS_ONLY"}


def schema(*names):
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"), strict=False)]


@pytest.fixture
def dynamodb(cloud):
    """A client, and a table of things with the key `k` and an index on `x` that holds the keys alone."""
    client = cloud.client("dynamodb")
    client.create_table(
        TableName="things",
        KeySchema=schema("k"),
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("k", "x")],
        GlobalSecondaryIndexes=[{"IndexName": "by-x", "KeySchema": schema("x"), "Projection": KEYS_ONLY}],
        BillingMode="PAY_PER_REQUEST",
    )
    return client


def item(key: str, bytes_: int, **more) -> dict:
    """An item of exactly so many bytes, `more` not counted."""
    return {"k": {"S": key}, "v": {"S": "x" * (bytes_ - 2 - len(key))}} | {n: {"S": s} for n, s in more.items()}


def put(client, key, bytes_, **more):
    client.put_item(TableName="things", Item=item(key, bytes_, **more))


@pytest.mark.parametrize(
    ("value", "bytes_"),
    [
        ({"S": "取次"}, 6),
        ({"N": "0"}, 2),
        ({"N": "1763712000"}, 5),  # seven significant digits: the zeroes at the end are free
        ({"N": "-1.5"}, 3),
        ({"B": b"1234"}, 4),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"SS": ["ab", "cde"]}, 5),
        ({"L": [{"S": "ab"}, {"BOOL": True}]}, 3 + 3 + 2),
        ({"M": {"ab": {"S": "cde"}}}, 3 + 1 + 2 + 3),
    ],
)
def test_a_value_weighs_what_dynamodb_says(value, bytes_):
    assert size({"name": value}) == len("name") + bytes_


@pytest.mark.parametrize(("bytes_", "units"), [(4096, 1), (4097, 2)])
def test_a_strong_read_costs_a_unit_per_4_kb_and_an_eventual_one_half(dynamodb, bytes_, units):
    put(dynamodb, "a", bytes_)
    with Meter() as meter:
        dynamodb.get_item(TableName="things", Key={"k": {"S": "a"}}, ConsistentRead=True)
        dynamodb.get_item(TableName="things", Key={"k": {"S": "a"}}, ProjectionExpression="k")
    assert [call.read_units for call in meter.calls] == [units, units / 2]


def test_a_read_of_nothing_costs_a_unit(dynamodb):
    with Meter() as meter:
        dynamodb.get_item(TableName="things", Key={"k": {"S": "nobody"}}, ConsistentRead=True)
    assert (meter.round_trips, meter.read_units, meter.bytes) == (1, 1, 0)


def test_items_read_in_a_batch_are_rounded_up_one_by_one(dynamodb):
    put(dynamodb, "a", 100)
    keys = [{"k": {"S": "a"}}, {"k": {"S": "nobody"}}]
    with Meter() as meter:
        dynamodb.batch_get_item(RequestItems={"things": {"Keys": keys, "ConsistentRead": True}})
    assert (meter.round_trips, meter.read_units, meter.bytes) == (1, 2, 100)


def test_items_read_in_a_transaction_cost_double(dynamodb):
    with Meter() as meter:
        dynamodb.transact_get_items(TransactItems=[{"Get": {"TableName": "things", "Key": {"k": {"S": "a"}}}}])
    assert meter.read_units == 2


def test_items_found_by_a_scan_are_rounded_up_together_and_before_they_are_filtered(dynamodb):
    for key in "abc":
        put(dynamodb, key, 2000)
    with Meter() as meter:
        dynamodb.scan(
            TableName="things",
            ConsistentRead=True,
            FilterExpression="#k = :k",
            ExpressionAttributeNames={"#k": "k"},
            ExpressionAttributeValues={":k": {"S": "nobody"}},
        )
    assert (meter.read_units, meter.bytes) == (2, 6000)


def test_a_query_of_an_index_reads_what_the_index_holds(dynamodb):
    put(dynamodb, "a", 2000, x="y")
    with Meter() as meter:
        dynamodb.query(
            TableName="things",
            IndexName="by-x",
            KeyConditionExpression="#x = :x",
            ExpressionAttributeNames={"#x": "x"},
            ExpressionAttributeValues={":x": {"S": "y"}},
        )
    assert (meter.read_units, meter.bytes) == (0.5, len("ka" + "xy"))


@pytest.mark.parametrize(("bytes_", "units"), [(1024, 1), (1025, 2), (5 * 1024, 5)])
def test_a_write_costs_a_unit_per_kb_and_double_in_a_transaction(dynamodb, bytes_, units):
    with Meter() as meter:
        put(dynamodb, "a", bytes_)
        dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": "things", "Item": item("b", bytes_)}}])
    assert [call.write_units for call in meter.calls] == [units, 2 * units]


def test_what_is_written_over_counts_as_well(dynamodb):
    put(dynamodb, "a", 3000)
    with Meter() as meter:
        put(dynamodb, "a", 100)
        dynamodb.delete_item(TableName="things", Key={"k": {"S": "a"}})
    assert [call.write_units for call in meter.calls] == [3, 1]


def test_a_failed_condition_costs_what_it_would_have_cost(dynamodb):
    put(dynamodb, "a", 2000)
    fails = {"TableName": "things", "Item": item("a", 100), "ConditionExpression": "attribute_not_exists(k)"}
    with Meter() as meter:
        with pytest.raises(botocore.exceptions.ClientError):
            dynamodb.put_item(**fails)
        with pytest.raises(botocore.exceptions.ClientError):
            dynamodb.transact_write_items(TransactItems=[{"Put": fails}])
    assert [call.write_units for call in meter.calls] == [2, 4]


@pytest.mark.parametrize(
    ("x_before", "x_after", "units"), [(None, None, 1), (None, "y", 2), ("y", "y", 1), ("y", "z", 3), ("y", None, 2)]
)
def test_an_index_costs_its_own_writes_where_its_entry_changes(dynamodb, x_before, x_after, units):
    put(dynamodb, "a", 100, **({"x": x_before} if x_before else {}))
    with Meter() as meter:
        put(dynamodb, "a", 200, **({"x": x_after} if x_after else {}))
    assert meter.write_units == units


def test_a_batch_of_writes_is_one_round_trip(dynamodb):
    put(dynamodb, "b", 100)
    requests = [{"PutRequest": {"Item": item("a", 100)}}, {"DeleteRequest": {"Key": {"k": {"S": "b"}}}}]
    with Meter() as meter:
        dynamodb.batch_write_item(RequestItems={"things": requests})
    assert (meter.round_trips, meter.write_units) == (1, 2)


def test_what_was_asked_can_be_told_apart_by_who_asked(dynamodb):
    with Meter(whose=lambda: "voice") as meter:
        put(dynamodb, "a", 100)
    assert [meter.part(name).write_units for name in ("voice", "status")] == [1, 0]


def test_other_services_and_what_comes_after_are_not_metered(cloud, dynamodb):
    with Meter() as meter:
        cloud.client("ssm").get_parameters(Names=["nothing"])
    put(dynamodb, "a", 100)
    assert not meter.calls


def test_what_the_meter_does_not_know_it_refuses(dynamodb):
    with Meter(), pytest.raises(ValueError, match="ListTables"):
        dynamodb.list_tables()
