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
from urllib.parse import urlsplit

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

SECRETS = {
    "own-secrets": "The exchange's own secret, with which it seals and signs, and perhaps the next",
    "auth-tokens": "Twilio's auth tokens: the current one, and perhaps the next",
    "shared-keys": "Twilio's SharedKeys, with which it signs webhooks: id:secret",
    "api-keys": "Twilio's API keys, which open its REST API: SID:secret",
}


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

    @property
    def status(self) -> str:
        """The stack's status; blank if there is no stack."""
        return str(self.stack["StackStatus"]) if self.stack else ""

    @property
    def stands(self) -> bool:
        """Whether the stack is there and has been created at least once."""
        return self.status not in ("", "DELETE_COMPLETE", *NEVER_STOOD)

    def must_stand(self) -> None:
        """Raises Refused unless the exchange stands."""
        if not self.stands:
            raise Refused(
                f"There is no exchange {self.stage.name} in {self.stage.region}"
                f"{f' (its stack is in the state {self.status})' if self.status else ''}: "
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

    def left_of(self, kind: str) -> dict[str, str]:
        """The real names of everything of a type; of a stack that never stood, of all that was ever made for it.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackEvents.html
        """
        if self.stands:
            return self.of_type(kind)
        pages = self.aws("cloudformation").get_paginator("describe_stack_events").paginate(StackName=self.stage.stack)
        made = [one for page in pages for one in page["StackEvents"] if one["ResourceType"] == kind]
        return {one["LogicalResourceId"]: name for one in made if (name := one.get("PhysicalResourceId"))}

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
    def addresses(self) -> list[str]:
        """All URLs under which it is reached, that of today and those before."""
        return [one for one in (self.setting("all-base-urls") or "").split(",") if one]

    @property
    def former_hosts(self) -> set[str]:
        """The hosts under which it is reached as well, and that nobody is told any more."""
        return {urlsplit(one).netloc for one in self.addresses} - {urlsplit(self.address).netloc}

    def secrets(self, name: str) -> list[str]:
        """What lies in a secret setting, one of SECRETS: of two, the first is the current one, the second the next."""
        return [one.strip() for one in (self.setting(name) or "").split(",") if one.strip()]

    def keys(self, name: str) -> dict[str, str]:
        """The keys of Twilio's in a secret setting: the secret of each, by its id."""
        return dict(one.partition(":")[::2] for one in self.secrets(name))

    @property
    def tokens(self) -> list[str]:
        """Twilio's auth tokens: the current one and, while they are being changed, the next."""
        return self.secrets("auth-tokens")

    @property
    def signers(self) -> list[tuple[str, str, str]]:
        """With what Twilio may sign: what people call it, the id of its key (none of an auth token), the secret."""
        tokens = [(f"{name} token", "", token) for name, token in zip(("current", "next"), self.tokens, strict=False)]
        return tokens + [(f"key {key_id}", key_id, secret) for key_id, secret in self.keys("shared-keys").items()]

    def known_for(self, name: str) -> float:
        """Seconds since a secret setting was written, by SSM's clock and ours."""
        return time.time() - float(self.read_setting(name)["LastModifiedDate"].timestamp())

    def keep(self, name: str, secrets: list[str]) -> None:
        """Puts secrets where the functions read them, encrypted as the stack is: within half a minute they count.

        Where there are none, the setting goes.
        """
        ssm, path = self.aws("ssm"), f"{self.stage.settings_path}/{name}"
        if not secrets:
            with contextlib.suppress(ssm.exceptions.ParameterNotFound):
                ssm.delete_parameter(Name=path)
            return
        key = self.parameters.get("KeyArn") or self.stage.parameters.get("KeyArn")
        ssm.put_parameter(
            Name=path,
            Description=SECRETS[name],
            Type="SecureString",
            Value=",".join(secrets),
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
        for key_sid, secret in self.keys("api-keys").items():
            return account.connect(self.account_sid, secret, self.carrier_url, key_sid)
        if not self.tokens:
            raise Refused("The exchange has nothing that opens Twilio: `toritsugi deploy` asks for an auth token.")
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
