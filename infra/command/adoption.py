"""Other tables for an exchange that stands: CloudFormation lets the old ones go, and takes the new ones in.

It replaces no table by one that is there already. So it goes in three steps, each of which may be taken again: the
template names the new tables literally and has none of its own; it imports them, when it may change nothing else; and
it is again what it was. Address, numbers, bucket and queues stay the same.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resource-import.html
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from botocore.exceptions import ClientError, WaiterError

from command import sam, stages
from command.exchange import Exchange
from command.refusals import Refused
from command.screen import say

TABLE = "AWS::DynamoDB::Table"
WHOLE = "ToritsugiWhole"  # the name in a template's Metadata under which it keeps what it was before
MANAGED = "aws-sam-cli-managed-default"  # the stack with sam's own bucket

Template = dict[str, Any]


def swap(exchange: Exchange, tables: Mapping[str, str]) -> None:
    """The exchange has these tables, by their names in template.yaml, from now on. The old ones are left, and kept."""
    stages.remember(exchange.stage)  # for `sam deploy` reads there what the stack is called
    whole = whole_template(exchange)
    arns = {name: arn_of(exchange, table) for name, table in tables.items()}
    say("The exchange turns to the new tables ...")
    deploy(exchange, letting_go(whole, tables, arns))
    say("Its stack takes them in ...")
    take_in(exchange, tables, whole)
    say("And is again what it was ...")
    deploy(exchange, whole)


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
        case {"Fn::GetAtt": [str(name), "Arn"]}:
            return arns.get(name)
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


# ---- CloudFormation --------------------------------------------------------------------------------------------------


def deploy(exchange: Exchange, template: Template) -> None:
    """`sam deploy` of a template whose parts are uploaded already."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.yaml"
        path.write_text(as_json(template))  # which is YAML, without the aliases that AWS refuses
        sam.deploy(exchange.stage, show_changes=False, template=path)


def take_in(exchange: Exchange, tables: Mapping[str, str], whole: Template) -> None:
    """Imports the tables into the stack, as the whole template has them, unless they are in it. Raises Refused."""
    formation, stack, name = exchange.aws("cloudformation"), exchange.stage.stack, "take-in"
    there = Exchange(exchange.stage).of_type(TABLE)
    if all(there.get(table) == physical for table, physical in tables.items()):
        return
    body = formation.get_template(StackName=stack, TemplateStage="Processed")["TemplateBody"]
    processed: Template = json.loads(body) if isinstance(body, str) else dict(body)
    processed["Resources"] = {**processed["Resources"], **{table: whole["Resources"][table] for table in tables}}
    known = formation.describe_stacks(StackName=stack)["Stacks"][0]["Parameters"]
    formation.create_change_set(
        StackName=stack,
        ChangeSetName=name,
        ChangeSetType="IMPORT",
        TemplateURL=upload(exchange, "take-in.json", as_json(processed)),
        Parameters=[{"ParameterKey": one["ParameterKey"], "UsePreviousValue": True} for one in known],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        ResourcesToImport=[
            {"ResourceType": TABLE, "LogicalResourceId": table, "ResourceIdentifier": {"TableName": physical}}
            for table, physical in tables.items()
        ],
    )
    try:
        formation.get_waiter("change_set_create_complete").wait(
            StackName=stack, ChangeSetName=name, WaiterConfig={"Delay": 2}
        )
        formation.execute_change_set(StackName=stack, ChangeSetName=name)
        formation.get_waiter("stack_import_complete").wait(StackName=stack, WaiterConfig={"Delay": 5})
    except WaiterError as error:
        raise Refused(
            f"{stack} does not take the tables in: {reason_of(formation, stack, name, error)}. The exchange works with "
            "them all the same; do not deploy before the same command has succeeded."
        ) from error


def reason_of(formation: Any, stack: str, change_set: str, error: WaiterError) -> str:
    try:
        described = formation.describe_change_set(StackName=stack, ChangeSetName=change_set)
    except ClientError:
        return str(error)
    return str(described.get("StatusReason") or error)


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
