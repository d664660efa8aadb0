"""Tables: a transaction writes all or nothing, and however many rows there are, a call costs what it is about."""

import gc
import sys
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import Table

from local.aws import ACCOUNT, REGION
from tests.local.lab import listener

FEW, MANY = 10, 300


def row(shelf: str, place: str, **attributes: str) -> dict[str, Any]:
    return {name: {"S": value} for name, value in {"shelf": shelf, "place": place, **attributes}.items()}


def put(lab, *where: str, **attributes: str) -> None:
    lab.dynamodb.put_item(TableName="Shelves", Item=row(*where, **attributes))


def stored(lab) -> list[dict[str, str]]:
    """What is on all shelves, in order."""
    found = lab.dynamodb.scan(TableName="Shelves")["Items"]
    return sorted(
        ({name: value["S"] for name, value in item.items()} for item in found), key=lambda one: tuple(one.values())
    )


def query(lab, condition: str, values: dict[str, str], **more: Any) -> dict[str, Any]:
    return lab.dynamodb.query(
        TableName="Shelves",
        KeyConditionExpression=condition,
        ExpressionAttributeValues={name: {"S": value} for name, value in values.items()},
        **more,
    )


def places(answer: dict[str, Any]) -> list[str]:
    return [item["place"]["S"] for item in answer["Items"]]


def set_color(place: str, color: str, condition: str = "attribute_exists(shelf)") -> dict[str, Any]:
    return {
        "Update": {
            "TableName": "Shelves",
            "Key": row("left", place),
            "UpdateExpression": "SET color = :color",
            "ConditionExpression": condition,
            "ExpressionAttributeValues": {":color": {"S": color}},
        }
    }


# ---- transactions ----------------------------------------------------------------------------------------------------

FAILS = {
    "a condition": set_color("4", "red", "attribute_not_exists(shelf)"),
    "a row twice": set_color("1", "gold"),
    "an expression": set_color("4", "red")
    | {"Update": set_color("4", "red")["Update"] | {"UpdateExpression": "SET x"}},
}


@pytest.mark.parametrize("why", FAILS)
def test_a_transaction_that_fails_leaves_every_row_as_it_was(lab, why):
    for place in "1234":
        put(lab, "left", place, color="blue")
    lab.put("a name", color="blue")
    lab.forward(1)
    before, heard = stored(lab), len(listener.woken)
    writes = [
        set_color("1", "red"),
        {"Put": {"TableName": "Shelves", "Item": row("left", "2", size="large")}},
        {"Put": {"TableName": "Shelves", "Item": row("right", "1", color="new")}},
        {"Delete": {"TableName": "Shelves", "Key": row("left", "3")}},
        {"Put": {"TableName": "Rows", "Item": {"name": {"S": "a name"}, "color": {"S": "red"}}}},
        {"Put": {"TableName": "Rows", "Item": {"name": {"S": "another"}}}},
    ]
    with pytest.raises(ClientError):
        lab.dynamodb.transact_write_items(TransactItems=[*writes, FAILS[why]])
    assert (stored(lab), lab.rows()) == (before, ["a name"])
    assert lab.dynamodb.get_item(TableName="Rows", Key={"name": {"S": "a name"}})["Item"]["color"] == {"S": "blue"}
    lab.forward(1)
    assert len(listener.woken) == heard, "a stream tells of what was not written"
    lab.dynamodb.transact_write_items(TransactItems=writes)
    assert [(one["place"], one.get("color")) for one in stored(lab)] == [
        ("1", "red"),
        ("2", None),
        ("4", "blue"),
        ("1", "new"),
    ]


# ---- questions -------------------------------------------------------------------------------------------------------


def test_a_shelf_is_asked_in_both_directions_and_page_by_page(lab):
    for place in "2413":
        put(lab, "left", place)
    put(lab, "right", "9")
    assert places(query(lab, "shelf = :it", {":it": "left"})) == ["1", "2", "3", "4"]
    assert places(query(lab, "shelf = :it AND place > :last", {":it": "left", ":last": "2"})) == ["3", "4"]
    page = query(lab, "shelf = :it", {":it": "left"}, Limit=3, ScanIndexForward=False)
    assert places(page) == ["4", "3", "2"]
    rest = query(
        lab,
        "shelf = :it",
        {":it": "left"},
        ScanIndexForward=False,
        ExclusiveStartKey=page["LastEvaluatedKey"],
    )
    assert places(rest) == ["1"]
    assert places(query(lab, "shelf = :it", {":it": "nowhere"})) == []


def test_an_index_has_the_rows_of_all_shelves_that_have_its_keys(lab):
    for shelf, place, color in (("b", "2", "red"), ("a", "3", "red"), ("a", "1", "blue"), ("c", "1", "red")):
        put(lab, shelf, place, color=color)
    put(lab, "d", "0")
    assert places(query(lab, "color = :it", {":it": "red"}, IndexName="of-color")) == ["1", "2", "3"]


@pytest.mark.parametrize("page", [1, 3, 7, 100])
def test_a_scan_meets_every_row_once_whatever_its_pages_hold(lab, page):
    rows = [(shelf, place) for shelf in "cab" for place in "312"]
    for where in rows:
        put(lab, *where, color="red" if "2" in where else "blue")
    asked = {"TableName": "Shelves", "Limit": page, "FilterExpression": "color = :red"}
    asked["ExpressionAttributeValues"] = {":red": {"S": "red"}}
    found, scanned = [], 0
    while True:
        answer = lab.dynamodb.scan(**asked)
        assert answer["ScannedCount"] <= page
        found += [item["shelf"]["S"] for item in answer["Items"]]
        scanned += answer["ScannedCount"]
        if "LastEvaluatedKey" not in answer:
            break
        asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
    assert (sorted(found), scanned) == (["a", "b", "c"], len(rows))


def test_a_scan_ends_a_page_at_a_megabyte(lab):
    for place in "abc":
        put(lab, "left", place, text="x" * 390_000)
    page = lab.dynamodb.scan(TableName="Shelves")
    assert (places(page), page["LastEvaluatedKey"]["place"]) == (["a", "b"], {"S": "b"})


# ---- what it costs ---------------------------------------------------------------------------------------------------


def steps(does: Any) -> int:
    """How many functions are called in this thread until it is done."""
    count = 0

    def look(_frame: Any, event: str, _said: Any) -> None:
        nonlocal count
        count += event == "call"

    gc.disable()  # Hypothesis has itself called whenever garbage is collected, which is anytime
    sys.setprofile(look)
    try:
        does()
    finally:
        sys.setprofile(None)
        gc.enable()
    return count


def work(lab, n: int) -> dict[str, int]:
    """What each kind of call costs, about a shelf with one row on it."""
    put(lab, f"own-{n}", "1")
    key = row(f"own-{n}", "1")
    update = set_color("1", "red")["Update"] | {"Key": key}
    fails = update | {"ConditionExpression": "attribute_not_exists(shelf)"}

    def fail() -> None:
        with pytest.raises(ClientError):
            lab.dynamodb.transact_write_items(TransactItems=[{"Update": fails}])

    calls = {
        "get": lambda: lab.dynamodb.get_item(TableName="Shelves", Key=key),
        "get nothing": lambda: lab.dynamodb.get_item(TableName="Shelves", Key=row("nowhere", "1")),
        "query": lambda: query(lab, "shelf = :it", {":it": f"own-{n}"}),
        "update": lambda: lab.dynamodb.update_item(**update),
        "transaction": lambda: lab.dynamodb.transact_write_items(TransactItems=[{"Update": update}]),
        "transaction that fails": fail,
        "delete": lambda: lab.dynamodb.delete_item(TableName="Shelves", Key=key),
    }
    return {name: steps(call) for name, call in calls.items()}


def test_a_call_takes_as_many_steps_among_many_rows_as_among_few(lab):
    work(lab, 0)
    counts = []
    for rows in (FEW, MANY):
        for n in range(rows):
            put(lab, f"shelf-{n}", "1", color="blue")
        counts.append(work(lab, rows))
    assert counts[0] == counts[1]


def test_what_moto_has_made_goes_with_the_rows(lab):
    for n in range(5):
        work(lab, n)
    assert dynamodb_backends[ACCOUNT][REGION].tables["Shelves"].items == {}, "a partition is left without rows"
    assert Table.instances_tracked == [], "moto keeps a list of all that it has made"


# ---- expressions -----------------------------------------------------------------------------------------------------


def move(lab, place: str, count: str, color: str) -> dict[str, Any]:
    """What was in a row, for an update whose words are the same each time, and whose values are not."""
    answer = lab.dynamodb.update_item(
        TableName="Shelves",
        Key=row("left", place),
        UpdateExpression="SET #color = if_not_exists(#color, :color) ADD times :count REMOVE dust",
        ConditionExpression="attribute_not_exists(shelf) OR NOT times > :count",
        ExpressionAttributeNames={"#color": "color"},
        ExpressionAttributeValues={":color": {"S": color}, ":count": {"N": count}},
        ReturnValues="ALL_NEW",
    )
    return answer["Attributes"]


def test_words_that_were_read_before_mean_the_values_of_today(lab):
    assert move(lab, "b", "2", "red") == {**row("left", "b", color="red"), "times": {"N": "2"}}
    assert move(lab, "b", "3", "blue") == {**row("left", "b", color="red"), "times": {"N": "5"}}
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        move(lab, "b", "4", "green")
    assert move(lab, "b", "6", "green") == {**row("left", "b", color="red"), "times": {"N": "11"}}


@pytest.mark.parametrize("words", ["SET color : red", "SET color = :color SET times = :color"])
def test_words_that_are_not_understood_are_refused_each_time(lab, words):
    for _ in range(2):
        with pytest.raises(ClientError, match="ValidationException"):
            lab.dynamodb.update_item(
                TableName="Shelves",
                Key=row("left", "a"),
                UpdateExpression=words,
                ExpressionAttributeValues={":color": {"S": "red"}},
            )
