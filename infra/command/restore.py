"""`toritsugi restore`: the data as it was at a moment of the last 35 days, in new tables, which the exchange then has.

DynamoDB makes a new table of an old one's moment; it has its rows, indexes and key, and neither time to live nor
point-in-time recovery nor protection nor a stream.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/pointintimerecovery_restores.html
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from command import adoption
from command.checks import cloud
from command.deploy import refuse_if_stuck
from command.exchange import Exchange, standing
from command.refusals import Refused
from command.screen import AsJson, Yes, busy, confirm, say, show, table
from command.stages import Region, StageName

# Left as they are, unless somebody names them: a key that was revoked must not open again, and what was used today was.
LEFT = ("KeysTable", "UsageTable")
AT_ONCE = 8  # restorations; DynamoDB allows 50
MOST_LOOKS, LOOK_SECONDS = 1440, 15  # six hours

REMEMBER = """
[bold]What to do now[/]
  toritsugi doctor                whether all is well; `numbers attach` where a number was attached since
  toritsugi erase ...             again, whoever was erased since {at}: their rows are back
  DELETE /api/recordings/RE...    {lost} recordings: their rows are back, and their files were deleted since (--json)
  delete the old tables           when you are sure, for they are kept and cost: {old}"""


def restore(
    to: Annotated[str, typer.Option(help="The moment: 2026-11-27T12:00:00+09:00.", show_default=False)],
    only: Annotated[
        list[str] | None,
        typer.Option("--table", help="Only this table of template.yaml. Repeatable.", show_default=False),
    ] = None,
    stage: StageName = "",
    region: Region = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Bring the data back as it was at a moment of the last 35 days. It takes about an hour; calls go on meanwhile."""
    moment = read_moment(to)
    exchange = standing(stage, region)
    refuse_if_stuck(exchange)
    old = chosen_tables(exchange, only)
    new = {name: name_of(exchange, name, moment) for name in old}
    check_moment(exchange, old, moment)
    at = moment.isoformat(timespec="seconds").replace("+00:00", "Z")
    say(f"[bold]{', '.join(sorted(old))}[/] will be as at {at}. What was written since is not in the new tables.")
    confirm("Calls go on. Restore?", yes)

    with busy("DynamoDB restores; this takes up to an hour ..."), ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda name: restore_table(exchange, old[name], new[name], moment), old))
    for name, physical in new.items():
        settle(exchange, name, physical)
        say(f"[green]restored[/]  {name}: {physical}")
    adoption.swap(exchange, new)
    exchange = Exchange(exchange.stage)
    lost = recordings_without_file(exchange) if "RecordingsTable" in new else []
    result = {"restored_to": at, "tables": new, "kept": old, "recordings_without_file": lost}
    rows = [(name, new[name], old[name]) for name in sorted(new)]
    remember = REMEMBER.format(at=at, lost=len(lost), old=", ".join(sorted(old.values())))
    show(result, as_json, table(["table", "is now", "was"], rows), remember)


def read_moment(text: str) -> datetime:
    """A moment, written as in 2026-11-27T12:00:00Z. Raises Refused."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(f"A moment is written like 2026-11-27T12:00:00+09:00, not {text!r}.") from None
    if moment.tzinfo is None:
        raise Refused(f"Say where it is {text}: with Z for UTC, or +09:00 for Japan.")
    if moment > datetime.now(UTC):
        raise Refused(f"{text} is not past yet.")
    return moment.astimezone(UTC)


def chosen_tables(exchange: Exchange, only: list[str] | None) -> dict[str, str]:
    """The tables that are meant, by their names in template.yaml; those that somebody has begun to restore as well."""
    template = adoption.whole_template(exchange)
    known, there = adoption.tables_of(template), exchange.of_type(adoption.TABLE)
    if strange := sorted(set(only or ()) - set(known)):
        raise Refused(f"template.yaml has no table {strange[0]}. It has {', '.join(sorted(known))}.")
    wanted = only or [name for name in known if name not in LEFT]
    return {name: there.get(name) or former_table(exchange, name) for name in wanted}


def former_table(exchange: Exchange, name: str) -> str:
    """The table that the stack had last, for it has none now: somebody was interrupted. Raises Refused."""
    pages = (
        exchange.aws("cloudformation").get_paginator("describe_stack_events").paginate(StackName=exchange.stage.stack)
    )
    for event in (one for page in pages for one in page["StackEvents"]):
        if event["LogicalResourceId"] == name and event.get("PhysicalResourceId"):
            return str(event["PhysicalResourceId"])
    raise Refused(f"Nobody knows which table {name} was: look for it in DynamoDB's console.")


def name_of(exchange: Exchange, name: str, moment: datetime) -> str:
    """What the new table is called: the same for the same moment, so that whoever is interrupted goes on."""
    return f"{exchange.stage.stack}-{name}-{moment:%Y%m%dT%H%M%SZ}"


def check_moment(exchange: Exchange, tables: dict[str, str], moment: datetime) -> None:
    """Raises Refused where a table cannot be brought back to that moment."""
    for name, physical in tables.items():
        described = exchange.aws("dynamodb").describe_continuous_backups(TableName=physical)
        backups = described["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
        if backups.get("PointInTimeRecoveryStatus") != "ENABLED":
            raise Refused(f"{name} cannot be brought back: point-in-time recovery is off ({physical}).")
        first, last = backups.get("EarliestRestorableDateTime"), backups.get("LatestRestorableDateTime")
        if (first and moment < first) or (last and moment > last):
            raise Refused(f"{name} can be brought back to a moment from {first} to {last}, and to no other.")


# ---- one table -------------------------------------------------------------------------------------------------------


def restore_table(exchange: Exchange, old: str, new: str, moment: datetime) -> None:
    """The new table is there, with the old one's rows of that moment; one that is there already is left as it is."""
    dynamodb = exchange.aws("dynamodb")
    try:
        dynamodb.describe_table(TableName=new)
    except dynamodb.exceptions.ResourceNotFoundException:
        dynamodb.restore_table_to_point_in_time(SourceTableName=old, TargetTableName=new, RestoreDateTime=moment)
    waiting = {"Delay": LOOK_SECONDS, "MaxAttempts": MOST_LOOKS}
    dynamodb.get_waiter("table_exists").wait(TableName=new, WaiterConfig=waiting)


def settle(exchange: Exchange, name: str, table: str) -> None:
    """Gives a table what the template says of it and DynamoDB does not restore."""
    dynamodb = exchange.aws("dynamodb")
    dynamodb.update_continuous_backups(
        TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    if (attribute := cloud.FORGETTING.get(name)) and not cloud.forgets(dynamodb, table):
        dynamodb.update_time_to_live(
            TableName=table, TimeToLiveSpecification={"AttributeName": attribute, "Enabled": True}
        )
    if name in cloud.TELLING and not adoption.stream_of(exchange, table):
        stream = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
        dynamodb.update_table(TableName=table, StreamSpecification=stream)
        dynamodb.get_waiter("table_exists").wait(TableName=table)
    protects = exchange.parameters.get("ProtectTables", "true") == "true"
    if dynamodb.describe_table(TableName=table)["Table"].get("DeletionProtectionEnabled", False) != protects:
        dynamodb.update_table(TableName=table, DeletionProtectionEnabled=protects)
        dynamodb.get_waiter("table_exists").wait(TableName=table)


# ---- recordings ------------------------------------------------------------------------------------------------------


def recordings_without_file(exchange: Exchange) -> list[str]:
    """The SIDs of the recordings whose row is there and whose file is not: it was deleted since."""
    exchange.enter()
    from toritsugi.adapters.storage import key_of
    from toritsugi.recordings import records

    bucket: Any = exchange.session.resource("s3").Bucket(exchange.named("RecordingsBucket"))
    files = {file.key for file in bucket.objects.all()}
    stored = records.Recording.scan(records.Recording.status == records.STORED)
    here = [one.recording_sid for one in stored if not records.is_elsewhere(one)]
    return sorted(sid for sid in here if key_of(sid) not in files)
