"""A real deployment: `sam deploy` of a build into an account of ministack, and a telephone network that calls in.

    with deployed(folder, build) as deployment:         what `toritsugi deploy` would do
        deployment.base                                 where webhooks and the SDK go: f"{base}/voice"
        deployment.account                              AWS, as a process of its own: stand_in.py
        deployment.network                              Twilio, as a process of its own: local.network, in real time
        deployment.key                                  for the REST API
        deployment.client("dynamodb")                   boto3

Everything is read from what was deployed: nothing of template.yaml is repeated. Two things are done by hand because of
ministack, and say so: the routes of the HTTP API (`route`), and its public address (`base`).
"""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import httpx
from botocore.config import Config

from command import releases
from local.aws import Template
from tests.build import ARCHITECTURE, RUNTIME
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN, OWN_SECRET, ROOT
from tests.deployed.processes import REGION, Running, credentials, outside, start_account, start_network

HOST = {"Runtime": RUNTIME, "Architecture": ARCHITECTURE}
BUCKET = "artifacts"


@dataclass
class Deployment:
    """A stage of the exchange, as it stands in an account."""

    account: Running
    network: Running
    stage: str = "deployed"
    key: tuple[str, str] = ("", "")  # of the REST API

    @classmethod
    def read(cls, text: str) -> Deployment:
        """A deployment that another process has written down."""
        said = json.loads(text)
        account, network = (Running(said[name], Path(said["folder"])) for name in ("account", "network"))
        return cls(account, network, said["stage"], tuple(said["key"]))

    def written(self) -> str:
        said = {"account": self.account.url, "network": self.network.url, "folder": str(self.account.folder)}
        return json.dumps(said | {"stage": self.stage, "key": self.key})

    @property
    def stack(self) -> str:
        return f"toritsugi-{self.stage}"

    @property
    def environment(self) -> dict[str, str]:
        """With which `sam`, `toritsugi` and boto3 reach the account."""
        return outside(self.account.folder) | credentials() | {"AWS_ENDPOINT_URL": self.account.url}

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.account.url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(read_timeout=600),  # what is asked once more after a minute is done twice on a busy machine
        )

    def resource(self, logical_id: str) -> str:
        """What a resource of the template is called in the account."""
        described = self.client("cloudformation").describe_stack_resource(
            StackName=self.stack, LogicalResourceId=logical_id
        )
        physical: str = described["StackResourceDetail"]["PhysicalResourceId"]
        return physical

    @cached_property
    def base(self) -> str:
        """The API's address. ministack's own names for it need a name server; this path goes without.

        Functions see the same `rawPath` as behind a domain, so the signature is over base + rawPath as always.
        """
        return f"{self.account.url}/_aws/execute-api/{self.resource('Exchange')}/$default"

    def deploy(self, build: Path, **parameters: str) -> None:
        """`sam deploy` of a build, for the first time or over what is there."""
        s3 = self.client("s3")
        if BUCKET not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
            s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        given = HOST | {"Stage": self.stage, "TwilioAccountSid": ACCOUNT_SID, "CarrierUrl": self.network.url}
        given["FollowCosts"] = "true"
        given[releases.PARAMETER] = releases.name_release(build, given | parameters)
        known = Template(build / "template.yaml", {}).body["Parameters"]
        given = {name: value for name, value in (given | parameters).items() if name in known}
        self.sam(
            "deploy",
            "--template-file",
            str(build / "template.yaml"),
            "--s3-bucket",
            BUCKET,
            "--capabilities",
            "CAPABILITY_IAM",
            "CAPABILITY_AUTO_EXPAND",
            "--no-confirm-changeset",
            "--no-fail-on-empty-changeset",
            "--parameter-overrides",
            *(f"{name}={value}" for name, value in given.items()),
        )
        self.set("public-base-url", self.base)
        self.route(Template(build / "template.yaml", given))

    def adopt(self, build: Path, tables: dict[str, str]) -> None:
        """Makes a stack of tables that an earlier one has left, by their names in the template; `deploy` does the rest.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-manually.html
        """
        whole, formation = Template(build / "template.yaml", {}).body, self.client("cloudformation")
        part = {name: whole[name] for name in ("AWSTemplateFormatVersion", "Parameters", "Conditions")}
        part["Resources"] = {name: whole["Resources"][name] for name in tables}
        given = {"Stage": self.stage, "TwilioAccountSid": ACCOUNT_SID}
        formation.create_change_set(
            StackName=self.stack,
            ChangeSetName="adopt",
            ChangeSetType="IMPORT",
            TemplateBody=json.dumps(part),
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()],
            ResourcesToImport=[
                {
                    "ResourceType": "AWS::DynamoDB::Table",
                    "LogicalResourceId": name,
                    "ResourceIdentifier": {"TableName": table},
                }
                for name, table in tables.items()
            ],
        )
        formation.get_waiter("change_set_create_complete").wait(StackName=self.stack, ChangeSetName="adopt")
        formation.execute_change_set(StackName=self.stack, ChangeSetName="adopt")
        formation.get_waiter("stack_import_complete").wait(StackName=self.stack)

    def sam(self, *words: str) -> None:
        command = [str(ROOT / ".tools/sam/bin/sam"), *words, "--stack-name", self.stack, "--region", REGION]
        done = self.run(command, SAM_CLI_TELEMETRY="0")
        assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"

    def toritsugi(self, *words: str) -> Any:
        """What a command of ours answers."""
        done = self.carries_out(*words)
        assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
        return json.loads(done.stdout)

    def refuses(self, *words: str) -> str:
        """Why a command of ours is not carried out."""
        done = self.carries_out(*words)
        assert done.returncode == 1, f"{words}\n{done.stdout}\n{done.stderr}"
        return done.stderr

    def carries_out(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [str(ROOT / ".venv/bin/toritsugi"), *words, "--stage", self.stage, "--region", REGION, "--json"]
        return self.run(command, TORITSUGI_CONFIG=str(self.account.folder / "samconfig.toml"))

    def run(self, command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.account.folder,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            timeout=180,
        )

    def route(self, template: Template) -> None:
        """The routes of the HTTP API, each tried once, for a process that starts is slow on a machine with much to do.

        SAM writes them as an OpenAPI body, which ministack does not read.
        """
        gateway, api = self.client("apigatewayv2"), self.resource("Exchange")
        there = {route["RouteKey"]: route["Target"] for route in gateway.get_routes(ApiId=api)["Items"]}
        for name, function in template.of_type("AWS::Serverless::Function").items():
            called = self.function(name)["FunctionArn"] + f":{function.get('AutoPublishAlias', '')}".rstrip(":")
            leads_there = {"IntegrationType": "AWS_PROXY", "IntegrationUri": called, "PayloadFormatVersion": "2.0"}
            for event in (one["Properties"] for one in function["Events"].values() if one["Type"] == "HttpApi"):
                if target := there.get(key := f"{event['Method']} {event['Path']}"):
                    gateway.update_integration(ApiId=api, IntegrationId=target.rpartition("/")[2], **leads_there)
                else:
                    made = gateway.create_integration(ApiId=api, **leads_there)
                    gateway.create_route(ApiId=api, RouteKey=key, Target=f"integrations/{made['IntegrationId']}")
                method, path = event["Method"].replace("ANY", "GET"), re.sub(r"{.*?}", "-", event["Path"])
                httpx.request(method, self.base + path, trust_env=False, verify=False, timeout=300)

    def function(self, logical_id: str) -> dict[str, Any]:
        """How a function is configured."""
        found: dict[str, Any] = self.client("lambda").get_function_configuration(FunctionName=self.resource(logical_id))
        return found

    def log(self, logical_id: str, since: float = 0) -> list[str]:
        """What a function has written since that moment, line by line."""
        group = self.function(logical_id)["LoggingConfig"]["LogGroup"]
        reader = self.client("logs").get_paginator("filter_log_events")
        pages = reader.paginate(logGroupName=group, startTime=int(since * 1000))
        return [event["message"] for page in pages for event in page["events"]]

    def roles(self) -> dict[str, str]:
        """What the roles of the stack, and of the stacks in it, are called in the account."""
        return dict(self.within(self.stack, "AWS::IAM::Role"))

    def refusals(self) -> list[str]:
        """What somebody was not allowed to do, a line each: who `may not` do what."""
        log = (self.account.folder / "aws.log").read_text(errors="replace")
        return [line for line in log.splitlines() if " may not " in line]

    def uses(self) -> list[tuple[str, str, str]]:
        """What somebody was allowed to do: who, what, and on which resource."""
        noted = (self.account.folder / "uses").read_text().splitlines()
        return [(who, action, resource) for who, action, resource in (line.split(" ", 2) for line in noted)]

    def within(self, stack: str, kind: str) -> Iterator[tuple[str, str]]:
        pages = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
        for found in (one for page in pages for one in page["StackResourceSummaries"]):
            if found["ResourceType"] == kind:
                yield found["LogicalResourceId"], found["PhysicalResourceId"]
            if found["ResourceType"] == "AWS::CloudFormation::Stack":
                yield from self.within(found["PhysicalResourceId"], kind)

    def restart_with(self, role: str) -> None:
        """Has the functions with that role start anew, knowing nothing."""
        for logical_id, _ in self.within(self.stack, "AWS::Lambda::Function"):
            if self.function(logical_id)["Role"].endswith(f"/{role}"):
                self.restart(logical_id)

    def restart_all(self) -> None:
        """Has every function start anew, knowing nothing."""
        for logical_id, _ in self.within(self.stack, "AWS::Lambda::Function"):
            self.restart(logical_id)

    def restart(self, logical_id: str) -> None:
        """Has a function start anew, knowing nothing: everybody calls another version, which is just like the last."""
        client, name = self.client("lambda"), self.resource(logical_id)
        before = client.get_alias(FunctionName=name, Name=releases.ALIAS)["FunctionVersion"]
        client.update_function_configuration(FunctionName=name, Description=f"Started anew {time.time()}")
        version = client.publish_version(FunctionName=name)["Version"]
        client.update_alias(FunctionName=name, Name=releases.ALIAS, FunctionVersion=version)
        client.delete_function(FunctionName=name, Qualifier=before)

    def set(self, name: str, value: str) -> None:
        """Changes what lies in SSM, as `toritsugi deploy` and `toritsugi tokens` do."""
        kind = "String" if name == "public-base-url" else "SecureString"
        self.client("ssm").put_parameter(Name=f"/toritsugi/{self.stage}/{name}", Value=value, Type=kind, Overwrite=True)


@contextlib.contextmanager
def deployed(folder: Path, build: Path) -> Iterator[Deployment]:
    """A deployment of this build, ready to be called, for as long as it is used."""
    account = start_account(folder)
    try:
        network = start_network(folder)
        try:
            deployment = Deployment(account, network)
            deployment.set("auth-tokens", AUTH_TOKEN)
            deployment.set("own-secrets", OWN_SECRET)
            deployment.deploy(build)
            made = deployment.toritsugi("keys", "create")
            deployment.key = made["sid"], made["secret"]
            yield deployment
        finally:
            network.end()
    finally:
        account.end()
