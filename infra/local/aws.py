"""AWS on this machine, made from template.yaml itself: tables, settings, schedules that fire, functions that run.

moto keeps the data and never fires a schedule, so that is done here, on the clock. It is not safe under threads
either, so one lock stands around every call of an API: https://github.com/getmoto/moto/pull/7166
"""

from __future__ import annotations

import asyncio
import copy
import importlib
import json
import os
import re
import sys
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import botocore.client
import botocore.session
import yaml
from moto import mock_aws
from moto.dynamodb.models import table as moto_tables

from local.clock import Clock

ACCOUNT, REGION = "123456789012", "ap-northeast-1"
SCHEDULER_PRECISION = 60  # seconds: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
SHAPE = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")  # what a table is here, too

_lock = threading.RLock()


# ---- the template ----------------------------------------------------------------------------------------------------


class Tag(yaml.SafeLoader):
    """Reads CloudFormation's short forms: !Ref x becomes {"Ref": "x"}, !Sub x {"Fn::Sub": "x"}."""


def read_tag(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix == "Ref" else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        return {name: value.split(".") if suffix == "GetAtt" else value}
    return {name: loader.construct_sequence(node, deep=True)}


Tag.add_multi_constructor("!", read_tag)


class Template:
    """template.yaml, with its references resolved as in a stack whose resources are called after themselves."""

    def __init__(self, path: Path, parameters: dict[str, str]) -> None:
        self.body = yaml.load(path.read_text(), Tag)  # noqa: S506  a SafeLoader with CloudFormation's tags
        defaults = {name: said.get("Default", "") for name, said in self.body["Parameters"].items()}
        pseudo = {"AWS::AccountId": ACCOUNT, "AWS::Region": REGION, "AWS::Partition": "aws"}
        self.names = defaults | pseudo | parameters
        groups = self.of_type("AWS::Scheduler::ScheduleGroup")
        self.names |= {logical_id: group["Name"] for logical_id, group in groups.items()}

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """The resources of a type by logical id, each with its resolved properties."""
        found = {name: r for name, r in self.body["Resources"].items() if r["Type"] == kind}
        return {name: self.resolve(resource.get("Properties", {})) for name, resource in found.items()}

    @property
    def environment(self) -> dict[str, str]:
        """The environment of every function."""
        found: dict[str, str] = self.resolve(self.body["Globals"]["Function"]["Environment"]["Variables"])
        return found

    @property
    def functions(self) -> list[dict[str, Any]]:
        """The functions' properties, on top of those that Globals gives to all."""
        shared = self.resolve(self.body["Globals"]["Function"])
        return [shared | function for function in self.of_type("AWS::Serverless::Function").values()]

    def resolve(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        if not isinstance(value, dict):
            return value
        if set(value) == {"Ref"}:
            return self.names.get(value["Ref"], value["Ref"])
        if set(value) == {"Fn::GetAtt"}:
            return self.arn(value["Fn::GetAtt"][0])
        if set(value) == {"Fn::Sub"}:
            return re.sub(r"\$\{([\w:]+)(\.Arn)?\}", self.substitute, value["Fn::Sub"])
        return {key: self.resolve(item) for key, item in value.items()}

    def substitute(self, match: re.Match[str]) -> str:
        name = match[1]
        return self.arn(name) if match[2] else self.names.get(name, name)

    def arn(self, logical_id: str) -> str:
        kinds = {
            "AWS::DynamoDB::Table": f"dynamodb:{REGION}:{ACCOUNT}:table/",
            "AWS::SQS::Queue": f"sqs:{REGION}:{ACCOUNT}:",
            "AWS::IAM::Role": f"iam::{ACCOUNT}:role/",
        }
        return f"arn:aws:{kinds[self.body['Resources'][logical_id]['Type']]}{logical_id}"


@cache
def session() -> Any:
    """One session for all clients: each would read botocore's data anew."""
    return botocore.session.get_session()


# ---- what stands in for the cloud ------------------------------------------------------------------------------------


@dataclass
class Context:
    """What Lambda tells a handler about its invocation."""

    function_name: str
    seconds: int = 9
    aws_request_id: str = "00000000-0000-4000-8000-000000000000"
    memory_limit_in_mb: int = 512

    @property
    def invoked_function_arn(self) -> str:
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        return self.seconds * 1000


@dataclass
class Parameters:
    """SSM's parameters, as far as the exchange uses them: moto's own bring EC2 along, a second of every start."""

    values: dict[str, str] = field(default_factory=dict)

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """The answer of PutParameter or GetParameters."""
        if operation == "PutParameter":
            self.values[request["Name"]] = request["Value"]
            return {"Version": 1}
        if operation != "GetParameters":
            raise ValueError(f"the local stack does not know {operation} of SSM")
        names = request["Names"]
        return {
            "Parameters": [{"Name": name, "Value": self.values[name]} for name in names if name in self.values],
            "InvalidParameters": [name for name in names if name not in self.values],
        }


snapshots: dict[str, Any] = {}  # of the tables, in the API call that is going on


def snapshot(table: moto_tables.Table, _memo: object) -> moto_tables.Table:
    """A table as it is now, for moto to go back to. moto would copy all of it, to the last text, for each item of a
    transaction; here it is once, and shares what an update replaces instead of changing it.
    """
    if table.name not in snapshots:
        copied = snapshots[table.name] = copy.copy(table)
        copied.items = defaultdict(dict)
        for key, rows in table.items.items():
            ranged = table.has_range_key
            copied.items[key] = {at: snapshot_item(row) for at, row in rows.items()} if ranged else snapshot_item(rows)
    return snapshots[table.name]


def snapshot_item(item: Any) -> Any:
    copied = copy.copy(item)
    copied.attrs = type(item.attrs).__new__(type(item.attrs))
    dict.update(copied.attrs, item.attrs)
    return copied


class Cloud:
    """The resources of one stack, a context manager. Import handlers only inside, for they read the environment."""

    def __init__(self, template: Path, parameters: dict[str, str], settings: dict[str, str]) -> None:
        self.template = Template(template, {"Stage": "local"} | parameters)
        path = self.template.environment["SETTINGS_PATH"]
        self.parameters = Parameters({f"{path}/{name}": value for name, value in settings.items()})
        self.clock: Clock | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        self.failures: list[str] = []
        self.processes: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def __enter__(self) -> Cloud:
        os.environ |= {
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
        }
        os.environ |= {name: str(value) for name, value in self.template.environment.items()}
        moto_tables.Table.__deepcopy__ = snapshot
        self.mock = mock_aws()
        self.mock.start()
        self.unlocked = botocore.client.BaseClient._make_api_call
        botocore.client.BaseClient._make_api_call = self.locked()
        self.build()
        if "toritsugi.config" in sys.modules:  # an earlier cloud was here, in this very process
            sys.modules["toritsugi.config"].forget()
        return self

    def __exit__(self, *_: object) -> None:
        botocore.client.BaseClient._make_api_call = self.unlocked
        self.mock.stop()

    def locked(self) -> Callable[..., Any]:
        unlocked, cloud = self.unlocked, self

        def call(client: Any, operation: str, request: dict[str, Any]) -> Any:
            with _lock:
                snapshots.clear()
                if client.meta.service_model.service_name == "ssm":
                    return cloud.parameters.call(operation, request)
                answer = unlocked(client, operation, request)
                if operation == "CreateSchedule" and cloud.clock:
                    cloud.loop.call_soon_threadsafe(cloud.fire_later, dict(request))  # type: ignore[union-attr]
                return answer

        return call

    def client(self, service: str) -> Any:
        return session().create_client(service, region_name=REGION)

    def build(self) -> None:
        """Makes the tables, queues and schedule groups that the template names."""
        dynamodb, scheduler, sqs = map(self.client, ("dynamodb", "scheduler", "sqs"))
        for name, table in self.template.of_type("AWS::DynamoDB::Table").items():
            dynamodb.create_table(TableName=name, **{key: table[key] for key in SHAPE if key in table})
        for name in self.template.of_type("AWS::SQS::Queue"):
            sqs.create_queue(QueueName=name)
        for group in self.template.of_type("AWS::Scheduler::ScheduleGroup").values():
            scheduler.create_schedule_group(Name=group["Name"])

    # ---- schedules ---------------------------------------------------------------------------------------------------

    def start(self, clock: Clock) -> None:
        """From now on schedules fire, the template's own too. Call it in the loop in which the clock runs."""
        self.clock, self.loop = clock, asyncio.get_running_loop()
        for function in self.template.functions:
            for event in function.get("Events", {}).values():
                if event["Type"] == "ScheduleV2":
                    self.repeat(function, event["Properties"])

    def repeat(self, function: dict[str, Any], schedule: dict[str, Any]) -> None:
        match = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", schedule["ScheduleExpression"])
        if not match:
            raise ValueError(f"the local stack does not know {schedule['ScheduleExpression']}")
        every = int(match[1]) * {"minute": 60, "hour": 3600, "day": 86_400}[match[2]]

        async def again() -> None:
            self.repeat(function, schedule)
            await self.invoke(function, json.loads(schedule["Input"]))

        assert self.clock  # noqa: S101
        self.clock.after(every, again, schedule["Description"])

    def fire_later(self, request: dict[str, Any]) -> None:
        """Enqueues a one-time schedule: it fires within a minute after its time, if it is still there."""
        match = re.fullmatch(r"at\((.+)\)", request["ScheduleExpression"])
        if not match:
            raise ValueError(f"the local stack does not know {request['ScheduleExpression']}")
        due = datetime.fromisoformat(match[1]).replace(tzinfo=UTC).timestamp()
        assert self.clock  # noqa: S101
        jitter = self.clock.random.random() * SCHEDULER_PRECISION
        name = request["Target"]["Arn"].rsplit(":", 1)[1]
        function = next(found for found in self.template.functions if found["FunctionName"] == name)
        key = {"Name": request["Name"], "GroupName": request["GroupName"]}

        async def fire() -> None:
            scheduler = self.client("scheduler")
            try:
                await asyncio.to_thread(scheduler.get_schedule, **key)
            except scheduler.exceptions.ResourceNotFoundException:
                return
            await asyncio.to_thread(scheduler.delete_schedule, **key)
            await self.invoke(function, json.loads(request["Target"]["Input"]))

        self.clock.at(due + jitter, fire, function["Description"])

    # ---- functions ---------------------------------------------------------------------------------------------------

    def module(self, function: dict[str, Any]) -> ModuleType:
        return importlib.import_module(function["Handler"].split(".")[0])

    async def invoke(self, function: dict[str, Any], event: dict[str, Any]) -> Any:
        """What the function's handler returns. As on Lambda, one process of a function has one event at a time."""
        handler = getattr(self.module(function), function["Handler"].split(".")[1])
        try:
            async with self.processes[function["FunctionName"]]:
                return await asyncio.to_thread(handler, event, Context(function["FunctionName"], function["Timeout"]))
        except Exception as failure:
            self.failures.append(f"{function['Handler']}: {failure!r}")
            raise
