"""Other tables for an exchange that stands: CloudFormation lets the old ones go, and takes the new ones in.

It replaces no table by one that is there already. So it goes in three steps, each of which may be taken again: the
template names the new tables literally and has none of its own; it imports them, when it may change nothing else; and
it is again what it was. Address, numbers, bucket and queues stay the same.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resource-import.html
"""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Mapping
from typing import Any

import yaml
from botocore.exceptions import ClientError, WaiterError

from command.exchange import Exchange
from command.refusals import Refused
from command.screen import say

TABLE = "AWS::DynamoDB::Table"
WHOLE = "ToritsugiWhole"  # the name in a template's Metadata under which it keeps what it was before
MANAGED = "aws-sam-cli-managed-default"  # the stack with sam's own bucket
NO_CHANGES = "didn't contain changes"  # is no failure: whoever was interrupted has come so far already
MOST_LOOKS = 360

Template = dict[str, Any]


def swap(exchange: Exchange, tables: Mapping[str, str]) -> None:
    """The exchange has these tables, by their names in template.yaml, from now on. The old ones are left, and kept."""
    whole = whole_template(exchange)
    arns = {name: arn_of(exchange, table) for name, table in tables.items()}
    arns |= {f"{name}.StreamArn": arn for name, table in tables.items() if (arn := stream_of(exchange, table))}
    say("The exchange turns to the new tables ...")
    change(exchange, letting_go(whole, tables, arns))
    say("Its stack takes them in ...")
    take_in(exchange, tables, whole)
    say("And is again what it was ...")
    change(exchange, whole)


def whole_template(exchange: Exchange) -> Template:
    """The stack's template; in the middle of a swap, what it was before."""
    body = exchange.aws("cloudformation").get_template(StackName=exchange.stage.stack, TemplateStage="Original")
    found = body["TemplateBody"]
    template: Template = yaml.safe_load(found) if isinstance(found, str) else dict(found)
    kept = template.get("Metadata", {}).get(WHOLE)
    return dict(json.loads(kept)) if kept else template


def as_json(template: Template) -> str:
    return json.dumps(template, default=str)


def tables_of(template: Template) -> list[str]:
    """The names of the tables in a template."""
    return [name for name, resource in template["Resources"].items() if resource["Type"] == TABLE]


def letting_go(whole: Template, tables: Mapping[str, str], arns: Mapping[str, str]) -> Template:
    """The template without these tables; wherever it spoke of one, it names the new one.

    Its functions are told that, for Lambda publishes no version that is like the one before it, as it would be when the
    template is again what it was.
    """
    rest = {name: one for name, one in whole["Resources"].items() if name not in tables}
    part: Template = literally({**whole, "Resources": rest}, tables, arns)
    part["Globals"]["Function"]["Environment"]["Variables"]["RESTORING"] = "true"
    return part | {"Metadata": {**whole.get("Metadata", {}), WHOLE: as_json(whole)}}


def literally(value: Any, tables: Mapping[str, str], arns: Mapping[str, str]) -> Any:
    """The value, in which the name or ARN of a table stands wherever a function of CloudFormation's asked for it."""
    if isinstance(value, list):
        return [literally(inner, tables, arns) for inner in value]
    if not isinstance(value, dict):
        return value
    if (found := find_literal(value, tables, arns)) is not None:
        return found
    return {name: literally(inner, tables, arns) for name, inner in value.items()}


def find_literal(asked: Template, tables: Mapping[str, str], arns: Mapping[str, str]) -> Any:
    """What a function of CloudFormation's is to be instead; None where it asks for none of the tables."""
    match asked:
        case {"Ref": str(name)}:
            return tables.get(name)
        case {"Fn::GetAtt": [str(name), str(attribute)]}:
            return arns.get(f"{name}.{attribute}".removesuffix(".Arn"))
        case {"Fn::GetAtt": str(path)}:
            return arns.get(path.removesuffix(".Arn"))
        case {"Fn::Sub": str(text)}:
            return {"Fn::Sub": literal_text(text, tables, arns)}
        case {"Fn::Sub": [str(text), given]}:
            return {"Fn::Sub": [literal_text(text, tables, arns), literally(given, tables, arns)]}
    return None


def literal_text(text: str, tables: Mapping[str, str], arns: Mapping[str, str]) -> str:
    for name in tables:
        text = re.sub(rf"\$\{{{name}\.Arn\}}", arns[name], text)
        text = re.sub(rf"\$\{{{name}\}}", tables[name], text)
    return text


def arn_of(exchange: Exchange, table: str) -> str:
    return str(exchange.aws("dynamodb").describe_table(TableName=table)["Table"]["TableArn"])


def stream_of(exchange: Exchange, table: str) -> str | None:
    """The ARN of the stream that tells a table's changes, if it has one."""
    found: str | None = exchange.aws("dynamodb").describe_table(TableName=table)["Table"].get("LatestStreamArn")
    return found


# ---- CloudFormation --------------------------------------------------------------------------------------------------


def take_in(exchange: Exchange, tables: Mapping[str, str], whole: Template) -> None:
    """Imports the tables into the stack, as the whole template has them, unless they are in it. Raises Refused."""
    there = Exchange(exchange.stage).of_type(TABLE)
    if all(there.get(name) == table for name, table in tables.items()):
        return
    formation, stack = exchange.aws("cloudformation"), exchange.stage.stack
    body = formation.get_template(StackName=stack, TemplateStage="Processed")["TemplateBody"]
    processed: Template = json.loads(body) if isinstance(body, str) else dict(body)
    processed["Resources"] = {**processed["Resources"], **{name: whole["Resources"][name] for name in tables}}
    imported = [
        {"ResourceType": TABLE, "LogicalResourceId": name, "ResourceIdentifier": {"TableName": table}}
        for name, table in tables.items()
    ]
    change(exchange, processed, "IMPORT", ResourcesToImport=imported)


def change(exchange: Exchange, template: Template, kind: str = "UPDATE", **more: Any) -> None:
    """Gives the stack another template, whose parts are uploaded already, and waits. Raises Refused."""
    formation, stack = exchange.aws("cloudformation"), exchange.stage.stack
    named = {"StackName": stack, "ChangeSetName": f"restore-{kind.lower()}-{time.time_ns()}"}
    known = formation.describe_stacks(StackName=stack)["Stacks"][0]["Parameters"]
    formation.create_change_set(
        **named,
        ChangeSetType=kind,
        TemplateURL=upload(exchange, "restore.json", as_json(template)),
        Parameters=[{"ParameterKey": one["ParameterKey"], "UsePreviousValue": True} for one in known],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        **more,
    )
    try:
        formation.get_waiter("change_set_create_complete").wait(**named, WaiterConfig={"Delay": 2})
        formation.execute_change_set(**named)
        done = formation.get_waiter(f"stack_{kind.lower()}_complete")
        done.wait(StackName=stack, WaiterConfig={"Delay": 5, "MaxAttempts": MOST_LOOKS})
    except WaiterError as error:
        if NO_CHANGES in (why := reason_of(formation, named, error)):
            return
        raise Refused(
            f"{stack} does not change as it should: {why}. The exchange works on; do not deploy before the same "
            "command has succeeded."
        ) from error


def reason_of(formation: Any, change_set: Mapping[str, str], error: WaiterError) -> str:
    """Why a change set cannot be made or carried out."""
    with contextlib.suppress(ClientError):
        return str(formation.describe_change_set(**change_set).get("StatusReason") or error)
    return str(error)


def upload(exchange: Exchange, name: str, text: str) -> str:
    """The address of a text in sam's own bucket, for a template may be too long for a request. Raises Refused."""
    try:
        managed = exchange.aws("cloudformation").describe_stacks(StackName=MANAGED)["Stacks"][0]
    except ClientError:
        raise Refused(
            f"There is no stack {MANAGED}, with whose bucket `toritsugi deploy` works: deploy first."
        ) from None
    bucket = next(one["OutputValue"] for one in managed["Outputs"] if one["OutputKey"] == "SourceBucket")
    key = f"{exchange.stage.stack}/{name}"
    exchange.aws("s3").put_object(Bucket=bucket, Key=key, Body=text.encode())
    return f"https://s3.{exchange.stage.region}.amazonaws.com/{bucket}/{key}"
