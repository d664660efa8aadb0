"""An exchange as it is deployed: its stack, its settings, and two ways in, by its REST API and by its own code."""

from __future__ import annotations

import contextlib
import importlib
import os
import secrets
import time
from collections.abc import Iterator
from functools import cached_property
from threading import RLock
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from twilio.rest import Client

from command import account
from command.refusals import Refused
from command.stages import Stage, located

LIMITS = Config(connect_timeout=5, read_timeout=20, retries={"total_max_attempts": 4, "mode": "standard"})

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
NEVER_STOOD = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "REVIEW_IN_PROGRESS")


class Exchange:
    """The exchange of a stage. Nothing is asked of AWS before it is needed, and nothing twice."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.session = boto3.Session(region_name=stage.region)
        self.clients: dict[str, Any] = {}
        self.lock = RLock()  # a session of boto3 may not make two clients at once

    def aws(self, service: str) -> Any:
        """The client of a service of AWS, in the stage's region."""
        with self.lock:
            if service not in self.clients:
                self.clients[service] = self.session.client(service, config=LIMITS)
            return self.clients[service]

    # ---- the stack ---------------------------------------------------------------------------------------------------

    @cached_property
    def stack(self) -> dict[str, Any] | None:
        """The stack as CloudFormation describes it; None if there is none."""
        try:
            found: list[dict[str, Any]] = self.aws("cloudformation").describe_stacks(StackName=self.stage.stack)[
                "Stacks"
            ]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        return found[0] if found else None

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters of template.yaml with which the stack was deployed; none if there is no stack."""
        described = (self.stack or {}).get("Parameters", [])
        return {one["ParameterKey"]: one.get("ParameterValue", "") for one in described}

    def must_stand(self) -> None:
        """Raises Refused unless the stack is there and has been created at least once."""
        status = self.stack["StackStatus"] if self.stack else ""
        if not self.stack or status in NEVER_STOOD or status.startswith("DELETE_COMPLETE"):
            raise Refused(
                f"There is no exchange {self.stage.name} in {self.stage.region}"
                f"{f' (its stack is in the state {status})' if status else ''}: "
                f"`toritsugi deploy --stage {self.stage.name}` makes one, --region names another region."
            )

    @cached_property
    def resources(self) -> dict[str, dict[str, Any]]:
        """What the stack consists of, by the names of template.yaml; what is in a stack within as Alarms.Topic."""
        self.must_stand()
        return self.within(self.stage.stack)

    def within(self, stack: str) -> dict[str, dict[str, Any]]:
        """The resources of a stack, and those of the stacks in it."""
        pages = self.aws("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
        found = [one for page in pages for one in page["StackResourceSummaries"] if one.get("PhysicalResourceId")]
        resources = {one["LogicalResourceId"]: one for one in found}
        for one in found:
            if one["ResourceType"] == "AWS::CloudFormation::Stack":
                nested = self.within(one["PhysicalResourceId"])
                resources |= {f"{one['LogicalResourceId']}.{name}": inner for name, inner in nested.items()}
        return resources

    def named(self, logical_id: str) -> str:
        """The real name of something in template.yaml."""
        try:
            return str(self.resources[logical_id]["PhysicalResourceId"])
        except KeyError:
            raise Refused(f"The stack {self.stage.stack} has no {logical_id}: `toritsugi deploy` mends it.") from None

    def of_type(self, kind: str) -> dict[str, str]:
        """The real names of everything of a type, by the names of template.yaml."""
        return {name: one["PhysicalResourceId"] for name, one in self.resources.items() if one["ResourceType"] == kind}

    @cached_property
    def environment(self) -> dict[str, str]:
        """The environment in which the REST API runs."""
        function = self.aws("lambda").get_function_configuration(FunctionName=self.named("Proxy"))
        return dict(function["Environment"]["Variables"])

    # ---- settings in SSM ---------------------------------------------------------------------------------------------

    def read_setting(self, name: str) -> dict[str, Any]:
        """A setting of the exchange as SSM describes it, opened if it is secret; nothing in it if there is none."""
        ssm = self.aws("ssm")
        try:
            found = ssm.get_parameter(Name=f"{self.stage.settings_path}/{name}", WithDecryption=True)
        except ssm.exceptions.ParameterNotFound:
            return {}
        return dict(found["Parameter"])

    def setting(self, name: str) -> str | None:
        """The value of a setting; None if there is none."""
        return self.read_setting(name).get("Value")

    @property
    def address(self) -> str:
        """The URL under which everybody reaches the exchange."""
        if (url := self.setting("public-base-url")) is None:
            raise Refused("The exchange does not know its own address (public-base-url): `toritsugi deploy` mends it.")
        return url.rstrip("/")

    @property
    def tokens(self) -> list[str]:
        """Twilio's auth tokens: the current one and, while they are being changed, the next."""
        return [token.strip() for token in (self.setting("auth-tokens") or "").split(",") if token.strip()]

    @property
    def tokens_known_for(self) -> float:
        """Seconds since the tokens were written, by SSM's clock and ours."""
        return time.time() - float(self.read_setting("auth-tokens")["LastModifiedDate"].timestamp())

    def keep_tokens(self, tokens: list[str]) -> None:
        """Puts them where the functions read them, encrypted as the stack is: within half a minute they count."""
        key = self.parameters.get("KeyArn")
        self.aws("ssm").put_parameter(
            Name=f"{self.stage.settings_path}/auth-tokens",
            Description="Twilio's auth tokens: the current one, and perhaps the next",
            Type="SecureString",
            Value=",".join(tokens),
            Overwrite=True,
            **({"KeyId": key} if key else {}),
        )

    @property
    def account_sid(self) -> str:
        return self.environment["TWILIO_ACCOUNT_SID"]

    @property
    def carrier_url(self) -> str:
        return self.environment["CARRIER_URL"]

    def twilio(self) -> Client:
        """The account at Twilio whose numbers lead here."""
        if not self.tokens:
            raise Refused("The exchange has no auth token of Twilio's: `toritsugi deploy` asks for it.")
        return account.connect(self.account_sid, self.tokens[0], self.carrier_url)

    # ---- ways in -----------------------------------------------------------------------------------------------------

    def enter(self) -> None:
        """From here on our own code, in this process, works with the data of this exchange as its functions do.

        Raises Refused where the exchange is of an earlier version, which our code does not fit.
        """
        region = {"AWS_REGION": self.stage.region, "AWS_DEFAULT_REGION": self.stage.region}
        os.environ.update(self.environment | region)
        try:
            importlib.import_module("toritsugi.foundation.config")  # which reads the environment
        except RuntimeError:
            raise Refused(
                f"The exchange {self.stage.name} is of an earlier version than this command: "
                f"`toritsugi deploy --stage {self.stage.name}` brings it up to date."
            ) from None

    @contextlib.contextmanager
    def desk(self) -> Iterator[Client]:
        """The exchange's own REST API, in Twilio's SDK as any customer uses it, with a key that lives this long."""
        self.enter()
        from toritsugi.foundation import api_keys  # only now, for it reads the environment

        secret = secrets.token_urlsafe(32)
        key = api_keys.create_key(f"SK{secrets.token_hex(16)}", secret)
        try:
            client = Client(key.key_sid, secret)
            client.proxy.base_url = self.address
            yield client
        finally:
            key.delete()


def standing(name: str, region: str) -> Exchange:
    """The exchange of this stage, which is there. Raises Refused if it is not."""
    exchange = Exchange(located(name, region))
    exchange.must_stand()
    return exchange
