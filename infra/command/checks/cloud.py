"""Checks of what lies at AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from command import processes, releases
from command.checks.findings import Finding, fail, ok, warn
from command.exchange import NEVER_STOOD, Exchange

FEW_AT_ONCE = 100  # what AWS grants is 1,000; a new account may have 10


def credentials(exchange: Exchange) -> Iterator[Finding]:
    who = exchange.aws("sts").get_caller_identity()
    yield ok(f"account {who['Account']}, {who['Arn'].rsplit(':', 1)[-1]}")


def stack(exchange: Exchange) -> Iterator[Finding]:
    again = f"toritsugi deploy --stage {exchange.stage.name}"
    if not exchange.stack:
        yield fail(
            f"there is no stack {exchange.stage.stack} in {exchange.stage.region}",
            f"{again}, or name its region: --region",
        )
        return
    status = exchange.stack["StackStatus"]
    if status in NEVER_STOOD:
        yield fail(
            f"the first deployment did not succeed ({status})",
            f"toritsugi delete --stage {exchange.stage.name}, then {again}",
        )
    elif status.endswith("_FAILED"):
        yield fail(
            f"the stack is in the state {status}", "look at its events in CloudFormation's console, then deploy again"
        )
    elif status.endswith("_IN_PROGRESS"):
        yield warn(f"the stack is just being changed ({status})", "wait until it is done, and look again")
    elif "ROLLBACK" in status:
        yield warn(f"the last deployment was taken back ({status}); the one before it works on", again)
    else:
        yield ok(f"{exchange.stage.stack} in {exchange.stage.region}, {status}")


# The tables whose rows DynamoDB deletes after their time, and the attribute that says when.
FORGETTING = {
    "CostsTable": "forget_at",
    "DirectoryTable": "forget_at",
    "MessagesTable": "forget_at",
    "NotificationsTable": "forget_at",
    "RecordingsTable": "expires_at",
    "UsageTable": "expires_at",
}

# The tables whose changes others are told.
TELLING = (
    *("DirectoryTable", "SessionsTable", "BridgesTable", "RecordingsTable", "MessagesTable", "NotificationsTable"),
)


def forgets(dynamodb: Any, table: str) -> bool:
    """Whether a table's time to live is on, or about to be."""
    ttl = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    return ttl.get("TimeToLiveStatus") in ("ENABLED", "ENABLING")


def tables(exchange: Exchange) -> Iterator[Finding]:
    """Each is there, can be read, and can be brought back to any second."""
    dynamodb, well, fleeting = exchange.aws("dynamodb"), [], []
    for name, table in sorted(exchange.of_type("AWS::DynamoDB::Table").items()):
        try:
            status = dynamodb.describe_table(TableName=table)["Table"]["TableStatus"]
            dynamodb.scan(TableName=table, Limit=1)
            backups = dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
            if name in FORGETTING and not forgets(dynamodb, table):
                mend = f"switch on time to live ({FORGETTING[name]}): DynamoDB's console > the table > TTL"
                yield warn(f"{name} forgets nothing by itself", mend)
        except dynamodb.exceptions.ResourceNotFoundException:
            yield fail(f"{name} is gone: somebody deleted {table}", "restore it from a backup, or delete and deploy")
            continue
        if status not in ("ACTIVE", "UPDATING"):
            yield fail(f"{name} is {status}", "wait until it is ACTIVE; an archived table must be restored")
        elif backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus") != "ENABLED":
            fleeting.append(name)
        else:
            well.append(name)
    if well:
        yield ok(f"{', '.join(well)} can be read, and brought back to any second")
    if fleeting:
        mend = "switch on point-in-time recovery: DynamoDB's console > the table > Backups"
        yield warn(f"{', '.join(fleeting)} cannot be brought back to an earlier second", mend)


def api_key(exchange: Exchange) -> Iterator[Finding]:
    found = exchange.aws("dynamodb").scan(TableName=exchange.named("KeysTable"), Select="COUNT")["Count"]
    if found:
        yield ok(f"{found} {'key opens' if found == 1 else 'keys open'} the REST API")
    else:
        yield warn("no program can use the REST API, for there is no key", "toritsugi keys create")


def schedules(exchange: Exchange) -> Iterator[Finding]:
    """The sweep is on, and one more schedule can be made as the exchange makes them."""
    scheduler, group = exchange.aws("scheduler"), exchange.environment["SCHEDULE_GROUP"]
    again = "toritsugi deploy puts it right"
    try:
        state = scheduler.get_schedule_group(Name=group)["State"]
        sweep = scheduler.get_schedule(GroupName=group, Name=f"{exchange.stage.stack}-sweep")
    except scheduler.exceptions.ResourceNotFoundException as error:
        yield fail(f"something is missing: {error.response['Error'].get('Message', '')}", again)
        return
    if state != "ACTIVE":
        yield fail(f"the group {group} is {state}: expired sessions are not tidied up", again)
    elif sweep["State"] != "ENABLED":
        yield warn("the hourly sweep is switched off: what a schedule misses stays open", again)
    else:
        try:
            try_to_schedule(exchange, group)
        except ClientError as error:
            yield fail(f"none can be made: {error.response['Error'].get('Message', error)}", again)
        else:
            yield ok("the hourly sweep is on, and a session's own schedule can be made")


def try_to_schedule(exchange: Exchange, group: str) -> None:
    """Makes a schedule as the exchange does, only that it never fires, and takes it away again."""
    scheduler, tomorrow = exchange.aws("scheduler"), datetime.now(UTC) + timedelta(days=1)
    name = f"doctor-{tomorrow:%Y%m%d%H%M%S%f}"
    scheduler.create_schedule(
        Name=name,
        GroupName=group,
        State="DISABLED",
        ScheduleExpression=f"at({tomorrow:%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": exchange.environment["CLEANUP_ARN"],
            "RoleArn": exchange.environment["SCHEDULE_ROLE_ARN"],
            "Input": json.dumps({"sweep": {}}),
            "DeadLetterConfig": {"Arn": exchange.environment["DEAD_LETTERS_ARN"]},
        },
    )
    scheduler.delete_schedule(Name=name, GroupName=group)


def timers(exchange: Exchange) -> Iterator[Finding]:
    """They are taken out of their queue. https://docs.aws.amazon.com/lambda/latest/api/API_GetEventSourceMapping.html"""
    overdue = messages_in(exchange, exchange.named("Timers"))
    if not is_emptied(exchange, "TimerDue"):
        yield fail(
            "nobody takes them out of their queue: no call is made or ended by us, nothing is announced",
            triggers_of(exchange, "Timer"),
        )
    elif overdue:
        yield warn(
            f"{overdue} are due, and nobody has taken them yet",
            "look again in a minute; if they stay, no process is free, or timer fails: its log says why",
        )
    else:
        yield ok("none is overdue")


def recordings(exchange: Exchange) -> Iterator[Finding]:
    """They are taken out of their queue, and put where nobody else can have them."""
    s3, bucket = exchange.aws("s3"), exchange.named("RecordingsBucket")
    if not is_emptied(exchange, "RecordingCopy"):
        yield fail(
            "nobody copies them: they stay at Twilio, and no message is heard", triggers_of(exchange, "Recording")
        )
    try:
        closed = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchBucket"):
            yield fail(f"their bucket {bucket} is gone", "make one of this name in S3's console, then toritsugi deploy")
            return
        if error.response["Error"]["Code"] != "NoSuchPublicAccessBlockConfiguration":
            raise
        closed = {}
    if closed and all(closed.values()):
        waiting = messages_in(exchange, exchange.named("Recordings"))
        yield ok(f"{waiting} wait to be copied, into a bucket that is closed to the world")
    else:
        mend = f"S3's console > {bucket} > Permissions > Block all public access"
        yield fail("their bucket may be opened to the world: people's voices are in it", mend)


def is_emptied(exchange: Exchange, mapping: str) -> bool:
    """Whether Lambda takes messages out of the queue of this mapping."""
    found = exchange.aws("lambda").get_event_source_mapping(UUID=exchange.named(mapping))
    return found["State"] not in ("Disabled", "Disabling")


def triggers_of(exchange: Exchange, function: str) -> str:
    """Where the trigger of a function is switched on."""
    return f"enable it: Lambda's console > {exchange.named(function)} > Configuration > Triggers"


def events(exchange: Exchange) -> Iterator[Finding]:
    """The bus is there: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeEventBus.html"""
    bus, client = exchange.environment["EVENT_BUS"], exchange.aws("events")
    try:
        client.describe_event_bus(Name=bus)
    except client.exceptions.ResourceNotFoundException:
        mend = f"make it again: aws events create-event-bus --name {bus}"
        yield fail(f"the bus {bus} is gone: a voicemail waits, and nobody is told", mend)
    else:
        yield ok(f"a new voicemail is told to the bus {bus}")


def dead_letters(exchange: Exchange) -> Iterator[Finding]:
    if waiting := messages_in(exchange, exchange.named("DeadLetters")):
        yield warn(
            f"the queue holds {waiting}: events that no function could handle",
            "toritsugi letters list says whose they are and why; letters send has them tried again",
        )
    else:
        yield ok("none: every event has been handled")


def messages_in(exchange: Exchange, queue: str) -> int:
    """How many messages of a queue could be taken out of it now."""
    asked = "ApproximateNumberOfMessages"
    found = exchange.aws("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=[asked])
    return int(found["Attributes"][asked])


def logs(exchange: Exchange) -> Iterator[Finding]:
    """Logs that are kept for ever are paid for as long."""
    groups = exchange.of_type("AWS::Logs::LogGroup").values()
    pages = exchange.aws("logs").get_paginator("describe_log_groups")
    kept = {
        group["logGroupName"]: group.get("retentionInDays")
        for name in groups
        for page in pages.paginate(logGroupNamePrefix=name)
        for group in page["logGroups"]
    }
    for name in sorted(groups):
        if name not in kept:
            yield fail(f"{name} is gone: nothing is written any more", "toritsugi deploy")
        elif not kept[name]:
            yield warn(f"{name} is kept for ever", "set an end in CloudWatch's console > Log groups > Retention")
    if days := {kept[name] for name in groups if kept.get(name)}:
        yield ok(f"kept for {min(days)} days")


def alarms(exchange: Exchange) -> Iterator[Finding]:
    """Somebody hears them, and none rings."""
    for name, arn in exchange.of_type("AWS::SNS::Topic").items():
        subscribed = exchange.aws("sns").list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
        if any(one["SubscriptionArn"] == "PendingConfirmation" for one in subscribed):
            yield warn(f"{name} waits for a confirmation", "open the mail from AWS Notifications and confirm it")
        elif not subscribed:
            yield warn("nobody hears them", "toritsugi deploy --alarm-email you@example.com")
    pages = exchange.aws("cloudwatch").get_paginator("describe_alarms")
    found = [one for page in pages.paginate(AlarmNamePrefix=f"{exchange.stage.stack}-") for one in page["MetricAlarms"]]
    ringing = [one["AlarmName"] for one in found if one["StateValue"] == "ALARM"]
    if ringing:
        yield warn(f"ringing: {', '.join(ringing)}", "their descriptions in CloudWatch's console say what to do")
    elif found:
        yield ok(f"{len(found)} alarms, none rings")


def release(exchange: Exchange) -> Iterator[Finding]:
    """Callers are with what was deployed last. A parameter that is changed in the console does not reach them."""
    again = f"toritsugi deploy --stage {exchange.stage.name}"
    try:
        behind = [name for name in releases.functions(exchange) if not releases.is_live(exchange, name)]
    except exchange.aws("lambda").exceptions.ResourceNotFoundException:
        yield fail("there are functions without the alias by which they are called", again)
        return
    if behind:
        yield warn(f"{', '.join(sorted(behind))} were changed, and callers are with the version before", again)
    else:
        yield ok("everybody is with the version that was deployed last")


def concurrency(exchange: Exchange) -> Iterator[Finding]:
    """https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html"""
    known = processes.account_limit(exchange)
    limit, reserved = known["ConcurrentExecutions"], exchange.parameters.get(processes.PARAMETER, "0")
    busy = int(exchange.parameters.get(processes.BUSY, limit * 4 // 5))
    if not limit / 2 <= busy < limit:
        yield warn(
            f"the alarm of processes rings above {busy}, and the account has {limit}",
            f"toritsugi deploy --stage {exchange.stage.name} --parameter {processes.BUSY}={limit * 4 // 5}",
        )
    if limit < FEW_AT_ONCE:
        yield warn(
            f"this AWS account runs {limit} functions at once at most: in a rush, callers hear an error",
            "ask for 1,000 (free): Service Quotas > AWS Lambda > Concurrent executions",
        )
    elif reserved != "0":
        yield ok(f"{limit} functions at once, of which each function of calls has {reserved} of its own")
    elif each := processes.affordable(known):
        yield warn(
            f"{limit} functions at once, and none kept for calls: a rush at the REST API may take the last one",
            f"toritsugi deploy --stage {exchange.stage.name} --parameter {processes.PARAMETER}={each}",
        )
    else:
        yield warn(
            f"{limit} functions at once, too few to keep any for calls: a rush at the REST API may take the last one",
            "ask for 1,000 (free): Service Quotas > AWS Lambda > Concurrent executions; then toritsugi deploy",
        )
