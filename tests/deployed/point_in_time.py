"""Point-in-time recovery for ministack, which restores a table as it is, and knows of no moment before.

Before a table whose recovery is on is written to, what is in it is put aside, once a second at most: to that very
second a table can be brought back. As at AWS, a restored table has neither time to live nor recovery nor protection.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/pointintimerecovery_restores.html
"""

import copy
import json
import time
from collections import defaultdict
from typing import Any

from ministack.core.responses import json_response
from ministack.services import dynamodb

Answer = tuple[int, dict[str, str], Any]

EARLIEST_SECONDS = 86_400  # so long ago every table begins to be kept

kept: defaultdict[str, list[tuple[float, Any]]] = defaultdict(list)  # by table: the rows as they were until this second

handle_table, describe_backups = dynamodb.handle_request, dynamodb._describe_continuous_backups
restore_as_it_is = dynamodb._restore_table_to_point_in_time


async def keep_moments(method: str, path: str, headers: Any, body: bytes, query: Any) -> Answer:
    for table in tables_written(headers.get("x-amz-target", "").rpartition(".")[2], body):
        put_aside(table)
    done: Answer = await handle_table(method, path, headers, body, query)
    return done


def tables_written(operation: str, body: bytes) -> set[str]:
    if operation not in ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"):
        return set()
    asked = json.loads(body)
    deeds = [deed for one in asked.get("TransactItems", []) for deed in one.values()]
    return {*asked.get("RequestItems", {}), *(deed["TableName"] for deed in [asked, *deeds] if "TableName" in deed)}


def put_aside(table: str) -> None:
    if dynamodb._pitr_settings.get(table) and (not kept[table] or time.time() - kept[table][-1][0] >= 1):
        kept[table].append((time.time(), copy.deepcopy(dict(dynamodb._tables[table]["items"]))))


def restore_moment(asked: dict[str, Any]) -> Answer:
    """The table as it was before the first write after that moment."""
    answer: Answer = restore_as_it_is(asked)
    moment, new = asked.get("RestoreDateTime"), asked.get("TargetTableName")
    if answer[0] == 200 and moment is not None:
        before = next((rows for until, rows in kept[asked["SourceTableName"]] if until > float(moment)), None)
        if before is not None:
            dynamodb._tables[new]["items"] = defaultdict(dict, copy.deepcopy(before))
            dynamodb._items_replaced(dynamodb._tables[new])
    return answer


def describe_moments(asked: dict[str, Any]) -> Answer:
    status, headers, body = describe_backups(asked)
    said = json.loads(body)
    recovery = said.get("ContinuousBackupsDescription", {}).get("PointInTimeRecoveryDescription", {})
    if "EarliestRestorableDateTime" not in recovery:
        return status, headers, body
    recovery["EarliestRestorableDateTime"] -= EARLIEST_SECONDS
    answer: Answer = json_response(said)
    return answer


def teach() -> None:
    dynamodb.handle_request = keep_moments
    dynamodb._describe_continuous_backups = describe_moments
    dynamodb._restore_table_to_point_in_time = restore_moment
