"""What a company has is not lost when the exchange is replaced by a newer one, nor when it is taken away.

Each story is told of a stage of its own, beside the one that the other tests of the command line share.
"""

import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from twilio.request_validator import RequestValidator

from command import releases
from tests.build import built
from tests.command import older
from tests.command.conftest import primary_token, settings_of
from tests.conftest import OWN_SECRET
from tests.deployed.cloud import Deployment
from tests.deployed.conftest import OneOfMany
from tests.deployed.processes import eventually
from tests.stories.people import Desk, Person

FILLED = ("DirectoryTable", "ServicesTable", "SessionsTable", "KeysTable", "ReceptionsTable")
TABLES = (*FILLED, "BridgesTable", "RecordingsTable", "MessagesTable", "UsageTable", "CostsTable", "NotificationsTable")


class Company:
    """Somebody who has deployed the exchange, and lives with it: a desk, a session, and the two people in it."""

    def __init__(self, deployment, key):
        self.scene = OneOfMany(deployment.base, deployment.network.url)
        self.name, self.lines = "order-desk", [self.scene.line(1), self.scene.line(2)]
        self.desk = Desk(self.scene, key)
        self.desk.opens(*self.lines, name=self.name)
        self.aiko = Person(self.scene, "Aiko", self.scene.telephone(1))
        self.ben = Person(self.scene, "Ben", self.scene.telephone(2))
        self.session = self.desk.brings_together(self.aiko, self.ben, unique_name="order-17", ttl=3600)

    def moves_to(self, deployment):
        """The exchange has another address now; the desk knows it, the key and the SIDs are the same."""
        self.scene.exchange = self.desk.sdk.proxy.base_url = deployment.base

    def calls(self):
        """Aiko calls Ben, and they begin to talk."""
        self.aiko.dials(self.session.line_of(self.aiko))
        self.ben.rings(showing=self.session.line_of(self.ben))
        self.ben.answers()
        self.aiko.talks_with(self.ben)

    def has(self):
        """All that the desk sees of what it has made."""
        service, session = self.desk.service, self.session.sdk.fetch()
        people = [(one.sid, one.identifier, one.proxy_identifier) for one in self.session.sdk.participants.list()]
        lines = [number.phone_number for number in service.phone_numbers.list()]
        return service.fetch().unique_name, lines, session.sid, session.ttl, session.date_created, people


class Callers:
    """People who call again and again, several at a time: what they are answered, each with its status."""

    AT_ONCE = 3

    def __init__(self, stage: Deployment) -> None:
        self.url, self.token = f"{stage.base}/voice", primary_token(stage.network)
        self.answers: list[tuple[int, str]] = []
        self.enough, self.lock = threading.Event(), threading.Lock()

    def call(self) -> None:
        with httpx.Client(trust_env=False, verify=False, timeout=60) as http:
            while not self.enough.is_set():
                said = {"CallSid": f"CA{len(self.answers):032x}", "From": "+819012345678", "To": "+815012345678"}
                signed = RequestValidator(self.token).compute_signature(self.url, said)
                answer = http.post(self.url, data=said, headers={"X-Twilio-Signature": signed})
                with self.lock:
                    self.answers.append((answer.status_code, answer.text))

    def while_they_call(self, deed: Callable[[], None], fewest: int) -> list[tuple[int, str]]:
        """What was answered that is no TwiML, of so many calls at the fewest, and of all while the deed is done."""
        with ThreadPoolExecutor(self.AT_ONCE) as pool:
            calling = [pool.submit(self.call) for _ in range(self.AT_ONCE)]
            try:
                deed()
                eventually(lambda: len(self.answers) >= fewest or any(one.done() for one in calling))
            finally:
                self.enough.set()
            for one in calling:
                one.result()
        return [(status, text) for status, text in self.answers if status != 200 or "<Response>" not in text]


def build_for(country: str, folder: Path) -> Path:
    """A build whose voice.py works with the settings of that country and with no others."""
    shutil.copytree(built(), folder)
    code = folder / "Voice/voice.py"
    shutil.rmtree(code.with_name("__pycache__"), ignore_errors=True)
    code.write_text(f"import os\n\nassert os.environ['COUNTRY'] == '{country}'\n{code.read_text()}")
    return folder


def call_without_alias(stage: Deployment) -> None:
    """Has every route call its function, and not the alias of it."""
    gateway, api = stage.client("apigatewayv2"), stage.resource("Exchange")
    for one in gateway.get_integrations(ApiId=api)["Items"]:
        uri = one["IntegrationUri"].removesuffix(f":{releases.ALIAS}")
        gateway.update_integration(ApiId=api, IntegrationId=one["IntegrationId"], IntegrationUri=uri)


@pytest.fixture
def a_stage(accounts):
    """Makes stages, not deployed yet."""

    def make(name):
        stage = Deployment(*accounts, name)
        stage.set("auth-tokens", primary_token(stage.network))
        stage.set("own-secrets", OWN_SECRET)
        return stage

    return make


@pytest.fixture
def a_company():
    companies = []

    def live(deployment, key):
        companies.append(Company(deployment, key))
        return companies[-1]

    yield live
    surprises = [surprise for company in companies for surprise in company.scene.surprises()]
    for company in companies:
        company.scene.http.close()
    assert not surprises, "\n".join(surprises)


@pytest.mark.skipif(not older.is_there(), reason=f"this clone is too shallow: it lacks the commit {older.COMMIT}")
def test_an_upgrade_loses_nothing_and_the_call_that_runs_goes_on(a_stage, a_company, tmp_path):
    stage = a_stage("upgraded")
    stage.deploy(older.build(tmp_path / "older", built()))
    assert "is of an earlier version" in stage.refuses("keys", "list")
    company = a_company(stage, older.make_key(stage))
    aiko, ben, session = company.aiko, company.ben, company.session
    before = company.has()
    company.calls()
    stage.deploy(built())
    aiko.talks_with(ben)
    ben.hangs_up()
    aiko.is_idle()
    assert [one.outbound_resource_status for one in session.interactions] == ["completed"]
    assert company.has() == before
    company.calls()
    aiko.hangs_up()
    assert [one.outbound_resource_status for one in session.interactions] == ["completed", "completed"]
    session.sdk.update(status="closed")
    assert session.status == "closed"


def test_of_a_thousand_callers_in_an_upgrade_none_meets_one_half_of_it(a_stage, tmp_path):
    """Code, layers and settings change one after the other; the alias moves when all of it is there."""
    stage = a_stage("moment")
    stage.deploy(build_for("JP", tmp_path / "before"), Country="JP")
    first = live_version(stage)
    after = build_for("US", tmp_path / "after")
    callers = Callers(stage)
    assert callers.while_they_call(lambda: stage.deploy(after, Country="US"), fewest=1000) == []
    assert len(callers.answers) >= 1000
    assert live_version(stage) != first
    assert stage.client("lambda").get_function_configuration(FunctionName=stage.resource("Voice"), Qualifier=first)


def live_version(stage: Deployment) -> str:
    name = stage.resource("Voice")
    return str(stage.client("lambda").get_alias(FunctionName=name, Name=releases.ALIAS)["FunctionVersion"])


def test_without_an_alias_callers_would_meet_the_settings_of_the_new_code_in_the_old(a_stage, tmp_path):
    """So the stand-in shows what the alias is for."""
    stage = a_stage("halves")
    stage.deploy(build_for("JP", tmp_path / "before"), Country="JP")
    call_without_alias(stage)
    after = build_for("US", tmp_path / "after")
    assert Callers(stage).while_they_call(lambda: stage.deploy(after, Country="US"), fewest=1)


def test_taking_the_exchange_down_leaves_the_data_and_the_next_one_can_have_it(a_stage, a_company):
    stage = a_stage("removed")
    stage.deploy(built())
    made = stage.toritsugi("keys", "create")
    company = a_company(stage, (made["sid"], made["secret"]))
    before, line, front = company.has(), company.session.line_of(company.aiko), company.scene.line(3)
    company.desk.answers_at(front, "{steps: {hello: {say: Hello}}}", "front", sms=True)
    tables, bucket = {name: stage.resource(name) for name in TABLES}, stage.resource("RecordingsBucket")
    assert settings_of(stage.network, front).sms_url.startswith(f"{stage.base}/sms")
    kept = stage.toritsugi("delete", "--yes")["kept"]
    assert not [way for way in ("voice_url", "sms_url") if getattr(settings_of(stage.network, front), way)]
    assert set(kept) == {*tables.values(), bucket}
    assert httpx.post(f"{company.scene.exchange}/voice", trust_env=False, verify=False, timeout=300).status_code == 404
    left = {name: stage.client("dynamodb").describe_table(TableName=table)["Table"] for name, table in tables.items()}
    assert all(table["DeletionProtectionEnabled"] for table in left.values())
    assert {name for name, table in left.items() if table["ItemCount"]} == set(FILLED)  # it has called nobody

    again = a_stage("removed")
    again.adopt(built(), tables)
    again.deploy(built())
    assert {name: again.resource(name) for name in TABLES} == tables
    again.toritsugi("numbers", "attach", *company.lines, front, "--service", company.name, "--yes")
    company.moves_to(again)
    assert company.has() == before
    company.calls()
    company.aiko.hangs_up()
    assert company.session.line_of(company.aiko) == line
    company.aiko.dials(front)
    eventually(lambda: "Hello" in str(company.aiko.telephone["heard"]))
