"""DynamoDB's streams on the clock: https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html"""

import pytest

from local.aws.streams import fits
from tests.local.diary import START
from tests.local.lab import listener


def changes():
    """What the listener heard of: the kind of change, and what the item was and is."""
    records = [record for _, event in listener.woken for record in event["Records"]]
    images = [(record["eventName"], record["dynamodb"]) for record in records]
    return [(kind, plain(said.get("OldImage")), plain(said.get("NewImage"))) for kind, said in images]


def plain(image):
    return image and " ".join(value["S"] for value in image.values())


def test_a_function_hears_of_every_change_in_order_and_soon(lab):
    lab.put("call", state="ringing")
    lab.put("call", state="answered")
    lab.dynamodb.delete_item(TableName="Rows", Key={"name": {"S": "call"}})
    assert listener.woken == []
    lab.forward(1)
    assert changes() == [
        ("INSERT", None, "call ringing"),
        ("MODIFY", "call ringing", "call answered"),
        ("REMOVE", "call answered", None),
    ]
    assert [at for at, _ in listener.woken] == [0.25, 0.25]  # batches of two


def test_the_event_is_the_one_that_lambda_gets(lab):
    lab.put("call")
    lab.forward(1)
    ((_, event),) = listener.woken
    (record,) = event["Records"]
    assert (record["eventSource"], record["awsRegion"]) == ("aws:dynamodb", "ap-northeast-1")
    assert record["eventSourceARN"] == lab.cloud.template.attribute("Rows", "StreamArn")
    said = record["dynamodb"]
    assert (said["Keys"], said["StreamViewType"]) == ({"name": {"S": "call"}}, "NEW_AND_OLD_IMAGES")
    assert said["ApproximateCreationDateTime"] == START


def test_a_batch_that_fails_comes_again_before_anything_behind_it(lab):
    def not_at_first(_event):
        if len(listener.woken) < 3:
            raise RuntimeError("not today")

    listener.does = not_at_first
    for name in "abc":
        lab.put(name)
    lab.forward(10)
    heard = [[record["dynamodb"]["Keys"]["name"]["S"] for record in event["Records"]] for _, event in listener.woken]
    assert heard == [["a", "b"], ["a", "b"], ["a", "b"], ["c"]]
    assert len(lab.failures()) == 2


def test_what_a_transaction_did_not_write_is_not_told(lab):
    lab.put("taken")
    there = {"Put": {"TableName": "Rows", "Item": {"name": {"S": "new"}}}}
    condition = "attribute_not_exists(#n)"
    names = {"ExpressionAttributeNames": {"#n": "name"}}
    clash = {"TableName": "Rows", "Item": {"name": {"S": "taken"}}, "ConditionExpression": condition, **names}
    with pytest.raises(lab.dynamodb.exceptions.TransactionCanceledException):
        lab.dynamodb.transact_write_items(TransactItems=[there, {"Put": clash}])
    lab.dynamodb.transact_write_items(TransactItems=[there])
    lab.forward(1)
    assert changes() == [("INSERT", None, "taken"), ("INSERT", None, "new")]


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ({"eventName": ["INSERT", "MODIFY"]}, True),
        ({"eventName": ["REMOVE"]}, False),
        ({"dynamodb": {"NewImage": {"kind": {"S": ["line"]}}}}, True),
        ({"dynamodb": {"NewImage": {"kind": {"S": ["route"]}}}}, False),
        ({"dynamodb": {"OldImage": {"kind": {"S": ["line"]}}}}, False),
    ],
)
def test_a_function_hears_of_what_its_pattern_fits_alone(pattern, wanted):
    record = {"eventName": "INSERT", "dynamodb": {"NewImage": {"kind": {"S": "line"}}}}
    assert fits(pattern, record) is wanted
