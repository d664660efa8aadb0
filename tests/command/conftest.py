"""Somebody at a shell: an AWS account and a Twilio account of their own, and the command `toritsugi`.

The exchange is deployed by the command itself. Two things are done by hand afterwards, for ministack does not: the
routes of the HTTP API, and its address (tests/deployed/cloud.py says why).
"""

import json
import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from twilio.rest import Client

from local.aws import Template
from tests.build import built
from tests.conftest import ACCOUNT_SID, ROOT
from tests.deployed.cloud import HOST, Deployment
from tests.deployed.conftest import OneOfMany
from tests.deployed.processes import Running, outside, start_account, start_network
from tests.network.running import Local
from tests.stories.people import Desk

COMMAND = [sys.executable, "-m", "command"]
NOWHERE = "http://127.0.0.1:9"  # where a request goes that would leave this machine


@dataclass
class Said:
    """What a command has written, and how it ended."""

    code: int
    out: str
    err: str = ""

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Shell:
    """Where commands are typed: what is known there, and what is remembered."""

    folder: Path
    known: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        here = {"TORITSUGI_CONFIG": str(self.memory), "PYTHONPATH": f"{ROOT}/infra:{ROOT}/layers/domain"}
        away = {"HTTPS_PROXY": NOWHERE, "AWS_EC2_METADATA_DISABLED": "true", "COLUMNS": "200", "TERM": "xterm"}
        return outside(self.folder) | here | away | self.known

    @property
    def memory(self) -> Path:
        return self.folder / "samconfig.toml"

    def types(self, *words: str, **more: str) -> Said:
        """A command where nobody can be asked anything."""
        done = subprocess.run(
            [*COMMAND, *words],
            env=self.environment | more,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Said(done.returncode, done.stdout, done.stderr)

    def talks(self, *words: str, answers: list[tuple[str, str]]) -> Said:
        """A command at a terminal: each answer is typed when its question is there."""
        ours, theirs = pty.openpty()
        environment = {name: value for name, value in self.environment.items() if name != "TWILIO_AUTH_TOKEN"}
        process = subprocess.Popen(
            [*COMMAND, *words],
            env=environment,
            cwd=self.folder,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        seen, unread = "", ""
        try:
            for question, answer in answers:
                while question not in plain(unread):
                    more = read(ours)
                    assert more, f"{question!r} was never asked:\n{seen}"
                    seen, unread = seen + more, unread + more
                unread = ""
                while "token" in question and shows_what_is_typed(ours):
                    time.sleep(0.01)
                os.write(ours, f"{answer}\n".encode())
            while more := read(ours):
                seen += more
            return Said(process.wait(60), plain(seen))
        finally:
            process.kill()
            process.wait()
            os.close(ours)


def shows_what_is_typed(terminal: int) -> bool:
    return bool(termios.tcgetattr(terminal)[3] & termios.ECHO)


def plain(shown: str) -> str:
    """What a terminal shows, without colours and movements."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)


def read(terminal: int, seconds: float = 60) -> str:
    """The next piece of what a terminal shows; blank when the command has ended, or says nothing any more."""
    if not select.select([terminal], [], [], seconds)[0]:
        return ""
    try:
        return os.read(terminal, 65_536).decode(errors="replace")
    except OSError:  # the other end is closed
        return ""


@dataclass
class Exchange(Deployment):
    """A deployed exchange, its Twilio account, and the shell of whoever runs it."""

    shell: Shell = field(kw_only=True)
    first: Said | None = None  # what the first deployment said

    def types(self, *words: str, **more: str) -> Said:
        return self.shell.types(*words, **more)

    def succeeds(self, *words: str, **more: str) -> Any:
        """The JSON that a command answers."""
        said = self.shell.types(*words, "--json", **more)
        assert said.code == 0, said.err
        return said.json

    def opens(self) -> None:
        """What ministack leaves out of a deployment: routes, an address, backups, time to live."""
        template = Template(built() / "template.yaml", HOST | {"Stage": self.stage, "TwilioAccountSid": ACCOUNT_SID})
        self.route(template)
        self.set("public-base-url", self.base)
        for table in self.tables:
            self.client("dynamodb").update_continuous_backups(
                TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
            )
        for name, table in template.of_type("AWS::DynamoDB::Table").items():
            if ttl := table.get("TimeToLiveSpecification"):
                self.client("dynamodb").update_time_to_live(TableName=self.resource(name), TimeToLiveSpecification=ttl)

    @property
    def status(self) -> str:
        described = self.client("cloudformation").describe_stacks(StackName=self.stack)
        return str(described["Stacks"][0]["StackStatus"])

    @property
    def tables(self) -> list[str]:
        template = Template(built() / "template.yaml", {})
        return [self.resource(name) for name in template.of_type("AWS::DynamoDB::Table")]

    @property
    def tokens(self) -> list[str]:
        kept = self.client("ssm").get_parameter(Name=f"/toritsugi/{self.stage}/auth-tokens", WithDecryption=True)
        return kept["Parameter"]["Value"].split(",")

    # ---- the account at Twilio

    def twilio(self, token: str = "") -> Client:
        """The account, opened with a token, or with that which is primary now."""
        return opened(self.network, token)

    def buys(self, number: str, **settings: Any) -> str:
        """A number of the Twilio account."""
        wishes = {"phone_number": number, "capabilities": {"voice": True, "sms": False, "mms": False}} | settings
        bought = httpx.post(f"{self.network.url}/numbers", json=wishes, trust_env=False, verify=False, timeout=300)
        assert bought.status_code == 201, bought.text
        return number

    def settings_of(self, number: str) -> Any:
        return settings_of(self.network, number)


def opened(network: Running, token: str = "") -> Client:
    """The account at Twilio, opened with a token, or with that which is primary now."""
    return Client(ACCOUNT_SID, token or primary_token(network), http_client=Local(network.url))


def settings_of(network: Running, number: str) -> Any:
    """A number as its account at Twilio has it."""
    (found,) = opened(network).incoming_phone_numbers.list(phone_number=number)
    return found


def primary_token(network: Running) -> str:
    token: str = httpx.get(f"{network.url}/account", trust_env=False, verify=False, timeout=300).json()["auth_token"]
    return token


def shell(folder: Path, account: Running, network: Running, stage: str) -> Shell:
    """A shell from which both accounts can be reached."""
    folder.mkdir()
    deployment = Deployment(account, network, stage)
    known = {name: value for name, value in deployment.environment.items() if name.startswith("AWS_")}
    build = {"BUILD_DIR": str(built()), "TORITSUGI_STAGE": stage}
    return Shell(folder, known | build | {"CARRIER_URL": network.url, "TWILIO_AUTH_TOKEN": primary_token(network)})


def on_this_machine() -> list[str]:
    """The parameters with which functions run here."""
    return [word for name, value in HOST.items() for word in ("--parameter", f"{name}={value}")]


@pytest.fixture(scope="session")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Running]]:
    """An account at AWS and one at Twilio, with nothing in them."""
    folder = tmp_path_factory.mktemp("accounts")
    account = start_account(folder)
    try:
        network = start_network(folder)
        try:
            yield account, network
        finally:
            network.end()
    finally:
        account.end()


@pytest.fixture(scope="session")
def exchange(accounts: tuple[Running, Running], tmp_path_factory: pytest.TempPathFactory) -> Exchange:
    """An exchange as `toritsugi deploy` leaves it."""
    here = shell(tmp_path_factory.mktemp("shell") / "here", *accounts, "command")
    exchange = Exchange(*accounts, "command", shell=here)
    chosen = ["--account-sid", ACCOUNT_SID, *on_this_machine()]
    exchange.first = here.types("deploy", "--yes", "--no-build", "--json", *chosen)
    assert exchange.first.code == 0, exchange.first.err
    exchange.opens()
    return exchange


@pytest.fixture(scope="session")
def desk(exchange: Exchange) -> Iterator[Desk]:
    """Who works with its REST API."""
    made, scene = exchange.succeeds("keys", "create"), OneOfMany(exchange.base, exchange.network.url)
    yield Desk(scene, (made["sid"], made["secret"]))
    scene.http.close()


@pytest.fixture
def bare(tmp_path: Path) -> Shell:
    """A shell where nothing is known, neither of AWS nor of Twilio."""
    return Shell(tmp_path)
