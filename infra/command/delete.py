"""`toritsugi delete`: takes an exchange down. Its numbers ring where they rang before; its data stays, unless told."""

from __future__ import annotations

from typing import Annotated

import typer
from botocore.exceptions import ClientError, WaiterError

from command import lines, stages
from command.exchange import SECRETS, Exchange
from command.refusals import Refused
from command.screen import AsJson, Yes, ask, busy, plain, say, show, somebody_is_there
from command.stages import Region, StageName, located


def delete(
    with_data: Annotated[
        bool,
        typer.Option("--with-data", help="Delete the data too: people, sessions, calls, recordings, keys. For ever."),
    ] = False,
    stage: StageName = "",
    region: Region = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Delete the exchange. Tables and recordings stay, unless --with-data; numbers go back to where they were."""
    exchange = Exchange(located(stage, region))
    if not exchange.stack:
        raise Refused(f"There is no exchange {exchange.stage.name} in {exchange.stage.region}: nothing was changed.")
    tables = exchange.left_of("AWS::DynamoDB::Table")
    buckets = exchange.left_of("AWS::S3::Bucket")
    with busy("Asking Twilio and the exchange ..."):
        attached = former(exchange) if exchange.stands and (exchange.tokens or exchange.keys("api-keys")) else {}
    say(f"[bold]{exchange.stage.stack}[/] in {exchange.stage.region} will be deleted.")
    for number, (_, webhooks) in attached.items():
        say(f"  {number} goes back to {plain(webhooks.get('voice_url') or webhooks.get('sms_url') or 'nobody')}")
    if tables:
        say(f"  {fate_of_data(exchange, with_data)}")
    typed_name(exchange.stage.name, yes)

    for number, (sid, webhooks) in attached.items():
        give_back(sid, webhooks)
        say(f"[green]restored[/]  {number}")
    with busy(f"Deleting {exchange.stage.stack} ..."):
        take_down(exchange)
        forget_uploads(exchange)
    for name in SECRETS:
        exchange.keep(name, [])
    kept = [table for table in sorted(tables.values()) if not drop_table(exchange, table, with_data)]
    kept += [bucket for bucket in buckets.values() if not drop_bucket(exchange, bucket, with_data)]
    stages.forget(exchange.stage)
    show(
        {"deleted": exchange.stage.stack, "restored": sorted(attached), "kept": kept},
        as_json,
        f"Deleted. These tables and this bucket stay: {', '.join(kept)}" if kept else "Deleted. Nothing is left of it.",
    )


def fate_of_data(exchange: Exchange, with_data: bool) -> str:
    if with_data:
        return "[red]The tables and the recordings go too, for ever.[/]"
    if exchange.stands:
        return "The tables and the recordings stay."
    return "It never stood: what that deployment has left goes too, if nothing is in it."


def typed_name(name: str, yes: bool) -> None:
    """Goes on when the stage's name is typed, or --yes was. Raises Refused."""
    if yes:
        return
    if not somebody_is_there():
        raise Refused(f"Nobody is here to say that {name} may be deleted: add --yes.")
    if ask(f"Type [bold]{name}[/] to delete it") != name:
        raise Refused("That is not its name. Nothing was changed.")


def former(exchange: Exchange) -> dict[str, tuple[str, dict[str, str]]]:
    """The attached numbers that lead here, each with its SID and where what comes here went before."""
    with exchange.desk() as desk:
        found = lines.read(exchange, desk)
    from toritsugi.adapters import twilio_api
    from toritsugi.lines.lines import find_line

    before: dict[str, tuple[str, dict[str, str]]] = {}
    for line in found.attached:
        here = [kind for kind in found.comes_here(line) if found.leads_here(line, kind)]
        if here and (known := find_line(line.number)):
            before[line.number] = line.sid, twilio_api.only(known.former, here)
    return before


def give_back(number_sid: str, webhooks: dict[str, str]) -> None:
    """A number's calls and texts go where they went before. Its sessions stay: there is nobody to end them."""
    from toritsugi.adapters import twilio_api

    twilio_api.point(twilio_api.get_owned_number(None, number_sid), webhooks)


def take_down(exchange: Exchange) -> None:
    """The stack goes, with all that the template does not retain. Raises Refused if something of it cannot go."""
    cloudformation, stack = exchange.aws("cloudformation"), exchange.stage.stack
    cloudformation.delete_stack(StackName=stack)
    try:
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig={"Delay": 5})
    except WaiterError as error:
        raise Refused(f"{stack} is not deleted yet: its events in CloudFormation's console say what stands.") from error


def forget_uploads(exchange: Exchange) -> None:
    """What sam has uploaded to its own bucket, under our name, in all versions."""
    try:
        managed = exchange.aws("cloudformation").describe_stacks(StackName="aws-sam-cli-managed-default")["Stacks"][0]
    except ClientError:  # another bucket was named, or none was ever needed
        return
    outputs = {output["OutputKey"]: output["OutputValue"] for output in managed.get("Outputs", [])}
    if bucket := outputs.get("SourceBucket"):
        prefix = f"{exchange.stage.stack}/"
        exchange.session.resource("s3").Bucket(bucket).object_versions.filter(Prefix=prefix).delete()


def drop_table(exchange: Exchange, table: str, with_data: bool) -> bool:
    """Whether a table is gone, protected or not: with its data, or, where the stack never stood, for it has none."""
    dynamodb = exchange.aws("dynamodb")
    try:
        if not with_data and (exchange.stands or dynamodb.scan(TableName=table, Limit=1)["Count"]):
            return False
        if dynamodb.describe_table(TableName=table)["Table"].get("DeletionProtectionEnabled"):
            dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
            dynamodb.get_waiter("table_exists").wait(TableName=table)
        dynamodb.delete_table(TableName=table)
    except dynamodb.exceptions.ResourceNotFoundException:
        pass
    return True


def drop_bucket(exchange: Exchange, bucket: str, with_data: bool) -> bool:
    """Whether a bucket is gone, likewise, in all versions of what is in it."""
    found, s3 = exchange.session.resource("s3").Bucket(bucket), exchange.aws("s3")
    try:
        if not with_data and (exchange.stands or s3.list_objects_v2(Bucket=bucket, MaxKeys=1)["KeyCount"]):
            return False
        found.object_versions.delete()
        found.delete()
    except s3.exceptions.NoSuchBucket:
        pass
    return True
