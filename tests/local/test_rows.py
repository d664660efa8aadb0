"""What is asked of a table without a request is answered as by one."""

import boto3
import pytest
from botocore.exceptions import ClientError

from local.aws import rows

KEY = {"key_sid": {"S": "a"}}
ROW = KEY | {"name": {"S": "鈴木"}, "times": {"N": "3"}, "list": {"L": [{"M": {"x": {"BOOL": True}}}, {"NULL": True}]}}
OTHER = {"key_sid": {"S": "c"}}
TABLE = "KeysTable"
NEW = {"ConditionExpression": "attribute_not_exists(key_sid)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
NAMED = {"ExpressionAttributeNames": {"#n": "name"}}
ADDED = {
    "UpdateExpression": "SET q = :a ADD times :n",
    "ExpressionAttributeValues": {":a": {"S": "a"}, ":n": {"N": "1"}},
}
AMONG = {"KeyConditionExpression": "key_sid = :a", "ExpressionAttributeValues": {":a": {"S": "a"}}}

ASKED = {
    "get": ("get_item", {"Key": KEY, "ProjectionExpression": "#n", **NAMED}),
    "get what is not there": ("get_item", {"Key": {"key_sid": {"S": "b"}}}),
    "get by another key": ("get_item", {"Key": {"other": {"S": "a"}}}),
    "get from nowhere": ("get_item", {"TableName": "Nowhere", "Key": KEY}),
    "put": ("put_item", {"Item": ROW | {"times": {"N": "4"}}, "ReturnValues": "ALL_OLD"}),
    "put what is there": ("put_item", {"Item": ROW, **NEW}),
    "put without a key": ("put_item", {"Item": {"name": {"S": "x"}}}),
    "update": ("update_item", {"Key": KEY, **ADDED, "ReturnValues": "ALL_NEW"}),
    "update nonsense": ("update_item", {"Key": KEY, "UpdateExpression": "SET SET"}),
    "delete": ("delete_item", {"Key": KEY, "ReturnValues": "ALL_OLD"}),
    "query": ("query", AMONG),
    "count": ("query", AMONG | {"Select": "COUNT", "ConsistentRead": True}),
    "scan": ("scan", {"Limit": 1}),
    "batch get": ("batch_get_item", {"RequestItems": {TABLE: {"Keys": [KEY, {"key_sid": {"S": "b"}}]}}}),
    "batch write": ("batch_write_item", {"RequestItems": {TABLE: [{"DeleteRequest": {"Key": KEY}}]}}),
    "transact": ("transact_write_items", {"TransactItems": [{"Delete": {"TableName": TABLE, "Key": KEY}}]}),
    "transact in vain": (
        "transact_write_items",
        {"TransactItems": [{"Put": {"TableName": TABLE, "Item": one, **NEW}} for one in (ROW, OTHER)]},
    ),
    "transact read": ("transact_get_items", {"TransactItems": [{"Get": {"TableName": TABLE, "Key": KEY}}]}),
}  # fmt: skip


def answered(cloud, operation, request):
    """What is answered and what is left, or how it is refused."""
    client = cloud.client("dynamodb")
    client.put_item(TableName=TABLE, Item=ROW)
    where = {} if "RequestItems" in request or "TransactItems" in request else {"TableName": TABLE}
    try:
        said = getattr(client, operation)(**where | request)
    except ClientError as refusal:
        known = {name: refusal.response.get(name) for name in ("Error", "CancellationReasons", "Item")}
        said = {"refused": type(refusal).__name__, "words": str(refusal), **known}
    said.pop("ResponseMetadata", None)
    return said, client.scan(TableName=TABLE)["Items"]


@pytest.mark.parametrize("asked", ASKED)
def test_a_row_is_read_and_written_as_by_a_request(cloud, asked):
    directly = answered(cloud, *ASKED[asked])
    with rows.by_requests():
        by_request = answered(cloud, *ASKED[asked])
    assert directly == by_request


def test_neither_side_sees_what_the_other_changes_afterwards(cloud):
    client, row = cloud.client("dynamodb"), KEY | {"name": {"S": "Aiko"}, "list": {"L": []}}
    client.put_item(TableName=TABLE, Item=row)
    row["list"]["L"].append({"S": "mine"})
    client.get_item(TableName=TABLE, Key=KEY)["Item"]["list"]["L"].append({"S": "theirs"})
    assert client.get_item(TableName=TABLE, Key=KEY)["Item"] == KEY | {"name": {"S": "Aiko"}, "list": {"L": []}}


def test_the_tables_of_boto3_are_answered_in_values_of_python(cloud):
    table = boto3.resource("dynamodb").Table(TABLE)
    table.put_item(Item={"key_sid": "a", "times": 3, "list": [True, None]})
    assert table.get_item(Key={"key_sid": "a"})["Item"] == {"key_sid": "a", "times": 3, "list": [True, None]}
