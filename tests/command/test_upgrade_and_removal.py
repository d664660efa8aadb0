"""What a company has is not lost when the exchange is replaced by a newer one, nor when it is taken away.

Each story is told of a stage of its own, beside the one that the other tests of the command line share.
"""

import httpx
import pytest

from tests.build import built
from tests.command import older
from tests.command.conftest import primary_token, settings_of
from tests.conftest import OWN_SECRET
from tests.deployed.cloud import Deployment
from tests.deployed.conftest import OneOfMany
from tests.deployed.processes import eventually
from tests.stories.people import Desk, Person

FILLED = ("DirectoryTable", "ServicesTable", "SessionsTable", "KeysTable", "ReceptionsTable")
TABLES = (*FILLED, "BridgesTable", "RecordingsTable", "MessagesTable", "UsageTable")


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
    assert httpx.post(f"{company.scene.exchange}/voice", trust_env=False, timeout=300).status_code == 404
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
