"""template.yaml as a stack of it is: conditions decided, references resolved, resources called after themselves.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any

import yaml

ACCOUNT, REGION = "123456789012", "ap-northeast-1"

EVENTS = {  # what wakes a function, and which of its properties are obeyed here
    "HttpApi": {"ApiId", "Method", "Path", "PayloadFormatVersion", "RouteSettings"},
    "ScheduleV2": {
        *("Name", "Description", "GroupName", "RoleArn", "ScheduleExpression", "Input", "RetryPolicy"),
        *("DeadLetterConfig", "State"),
    },
    # Here is one process of each anyway, and every queue is emptied: in one that is not, nobody puts anything.
    "SQS": {"Queue", "BatchSize", "FunctionResponseTypes", "ScalingConfig", "Enabled"},
    "DynamoDB": {"Stream", "StartingPosition", "BatchSize", "FilterCriteria"},
}

NOTHING = object()  # what !Ref AWS::NoValue becomes: the property is not there


# libyaml reads the template in a tenth of the time, and PyYAML is sometimes built without it.
Loader: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


class Tag(Loader):
    """Reads CloudFormation's short forms: !Ref x becomes {"Ref": "x"}, !Sub x {"Fn::Sub": "x"}."""


def read_tag(loader: yaml.SafeLoader, suffix: str, node: yaml.ScalarNode | yaml.SequenceNode) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        return {name: value.split(".") if suffix == "GetAtt" else value}
    return {name: loader.construct_sequence(node, deep=True)}


Tag.add_multi_constructor("!", read_tag)


@functools.cache
def read(text: str) -> dict[str, Any]:
    """What the text of a template says. To read it takes a tenth of a second, and tests want it a thousand times."""
    body: dict[str, Any] = yaml.load(text, Tag)  # noqa: S506  a SafeLoader with CloudFormation's tags
    return body


class Template:
    """template.yaml, with its references resolved as in a stack whose resources are called after themselves."""

    def __init__(self, path: Path, parameters: dict[str, str]) -> None:
        self.body = read(path.read_text(encoding="utf-8"))
        defaults = {name: said.get("Default", "") for name, said in self.body.get("Parameters", {}).items()}
        pseudo = {
            "AWS::AccountId": ACCOUNT,
            "AWS::Region": REGION,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::NoValue": NOTHING,
        }
        self.values = defaults | pseudo | parameters

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """The resources of a type by logical id, each with its resolved properties; those whose condition holds."""
        there = self.as_written(kind).items()
        return {name: self.resolve(resource.get("Properties", {})) for name, resource in there}

    def as_written(self, kind: str) -> dict[str, dict[str, Any]]:
        """The same with nothing resolved, for the local stack does not know all that is referred to."""
        resources = self.body["Resources"].items()
        return {name: one for name, one in resources if one["Type"] == kind and self.holds(one.get("Condition"))}

    @property
    def environment(self) -> dict[str, str]:
        """The environment of every function."""
        found = self.resolve(self.body["Globals"]["Function"]["Environment"]["Variables"])
        return {name: str(value) for name, value in found.items()}

    @property
    def functions(self) -> list[dict[str, Any]]:
        """The functions' properties, on top of those that Globals gives to all."""
        shared = self.resolve(self.body["Globals"]["Function"])
        return [shared | function for function in self.of_type("AWS::Serverless::Function").values()]

    def events(self, kind: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """Each function that is woken so, with the event's properties. Raises ValueError for what is not built."""
        found = []
        for function in self.functions:
            for name, event in function.get("Events", {}).items():
                if event["Type"] not in EVENTS:
                    raise ValueError(f"the local stack does not know events of type {event['Type']}")
                if event["Type"] == kind:
                    if strange := event["Properties"].keys() - EVENTS[kind]:
                        raise ValueError(f"the local stack does not know {', '.join(sorted(strange))} of {kind} {name}")
                    found.append((function, event["Properties"]))
        return found

    # ---- references ------------------------------------------------------------------------------------------------

    def resolve(self, value: Any) -> Any:
        if isinstance(value, list):
            return [item for item in map(self.resolve, value) if item is not NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, said),) = value.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self.evaluate(name, said)
        resolved = {key: self.resolve(item) for key, item in value.items()}
        return {key: item for key, item in resolved.items() if item is not NOTHING}

    def evaluate(self, function: str, said: Any) -> Any:
        """What a function of CloudFormation's makes of what is said to it. Raises ValueError for what is not built."""
        if function == "Ref":
            return self.ref(said)
        if function == "Fn::GetAtt":
            return self.attribute(*said)
        if function == "Fn::Sub":
            return re.sub(r"\$\{([\w:]+)(?:\.(\w+))?\}", self.substitute, said)
        if function == "Fn::If":
            return self.resolve(said[1] if self.holds(said[0]) else said[2])
        if function == "Fn::FindInMap":
            table, key, name = map(self.resolve, said)
            return self.body["Mappings"][table][key][name]
        raise ValueError(f"the local stack does not know !{function.removeprefix('Fn::')}")

    def substitute(self, match: re.Match[str]) -> str:
        name, attribute = match.groups()
        return str(self.attribute(name, attribute) if attribute else self.ref(name))

    def ref(self, name: str) -> Any:
        """A parameter's value, or what CloudFormation returns for a resource: of most kinds the name."""
        if name in self.values:
            return self.values[name]
        if name in self.body["Resources"] and self.kind(name) == "AWS::SQS::Queue":
            return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{self.name(name)}"
        return self.name(name)

    def attribute(self, name: str, attribute: str) -> str:
        if attribute == "Arn":
            return self.arn(name)
        if (self.kind(name), attribute) == ("AWS::SQS::Queue", "QueueName"):
            return self.name(name)
        if (self.kind(name), attribute) == ("AWS::DynamoDB::Table", "StreamArn"):
            return f"{self.arn(name)}/stream/2026-01-01T00:00:00.000"
        raise ValueError(f"the local stack does not know !GetAtt {name}.{attribute}")

    def kind(self, logical_id: str) -> str:
        kind: str = self.body["Resources"][logical_id]["Type"]
        return kind

    def name(self, logical_id: str) -> str:
        """What a resource is called: as it asks for itself, or else after its logical id."""
        own = {
            "AWS::DynamoDB::Table": "TableName",
            "AWS::SQS::Queue": "QueueName",
            "AWS::Serverless::Function": "FunctionName",
            "AWS::Scheduler::ScheduleGroup": "Name",
            "AWS::Events::EventBus": "Name",
        }
        said = self.body["Resources"].get(logical_id, {})
        name = str(self.resolve(said.get("Properties", {}).get(own.get(said.get("Type")), logical_id)))
        return name.lower() if said.get("Type") == "AWS::S3::Bucket" else name  # which knows no capitals

    def arn(self, logical_id: str) -> str:
        kinds = {
            "AWS::DynamoDB::Table": f"dynamodb:{REGION}:{ACCOUNT}:table/",
            "AWS::SQS::Queue": f"sqs:{REGION}:{ACCOUNT}:",
            "AWS::IAM::Role": f"iam::{ACCOUNT}:role/",
            "AWS::Serverless::Function": f"lambda:{REGION}:{ACCOUNT}:function:",
        }
        if self.kind(logical_id) not in kinds:
            raise ValueError(f"the local stack does not know !GetAtt {logical_id}.Arn")
        return f"arn:aws:{kinds[self.kind(logical_id)]}{self.name(logical_id)}"

    # ---- conditions ------------------------------------------------------------------------------------------------

    def holds(self, condition: Any) -> bool:
        """Whether a condition, by its name or as it is written, is true of these parameters; none always is."""
        if condition is None:
            return True
        if isinstance(condition, str):
            return self.holds(self.body["Conditions"][condition])
        ((name, said),) = condition.items()
        if name == "Condition":
            return self.holds(said)
        if name == "Fn::Equals":
            first, second = map(self.resolve, said)
            return str(first) == str(second)
        if name == "Fn::Not":
            return not self.holds(said[0])
        if name in ("Fn::And", "Fn::Or"):
            return (all if name == "Fn::And" else any)(map(self.holds, said))
        raise ValueError(f"the local stack does not know the condition {name}")
