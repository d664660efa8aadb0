"""A restoration is a drill: what was lost is back, in new tables, and whoever calls notices nothing."""

import json
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest

from command import adoption, restore
from command.refusals import Refused
from tests.command.conftest import Exchange, on_this_machine, shell
from tests.conftest import ACCOUNT_SID, ROOT
from tests.deployed.conftest import OneOfMany
from tests.stories.people import Desk, Person
from tests.unit.deployment import read

TEMPLATE = read(ROOT / "template.yaml")
TABLES = adoption.tables_of(TEMPLATE)
FORGETTING = ("CostsTable", "DirectoryTable", "MessagesTable", "NotificationsTable", "RecordingsTable")


# ---- a template without tables ---------------------------------------------------------------------------------------


def mentions(value, name):
    """Whether a template speaks of this resource of its own."""
    text = repr(value)
    return any(form in text for form in (f"{{'Ref': '{name}'}}", f"['{name}',", f"'{name}.", f"${{{name}"))


@pytest.fixture(scope="module")
def part():
    new = {name: f"new-{name}" for name in TABLES}
    arns = {name: f"arn:of/new-{name}" for name in TABLES}
    return adoption.letting_go(TEMPLATE, new, arns | {f"{name}.StreamArn": f"{arns[name]}/stream" for name in TABLES})


def test_a_template_that_lets_its_tables_go_has_none_and_names_the_new_ones(part):
    assert len(TABLES) == 11
    assert adoption.tables_of(part) == []
    assert [name for name in TABLES if mentions({**part, "Metadata": {}}, name)] == []
    variables = part["Globals"]["Function"]["Environment"]["Variables"]
    assert (variables["SESSIONS_TABLE"], variables["RESTORING"]) == ("new-SessionsTable", "true")
    assert "RESTORING" not in TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    assert "arn:of/new-SessionsTable/index/of-service" in repr(part["Resources"]["ProxyRole"])
    assert "arn:of/new-SessionsTable/stream" in repr(part["Resources"]["Notification"])


def test_it_changes_nothing_else_and_knows_what_it_was(part):
    assert json.loads(part["Metadata"][adoption.WHOLE]) == TEMPLATE
    assert set(TEMPLATE["Resources"]) - set(part["Resources"]) == set(TABLES)
    for name in ("Exchange", "RecordingsBucket", "Timers", "Alarms", "ScheduleRole"):
        assert part["Resources"][name] == TEMPLATE["Resources"][name]


# ---- moments ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-21T12:00:00Z", datetime(2026, 11, 21, 12, tzinfo=UTC)),
        ("2026-11-21T12:00:00+09:00", datetime(2026, 11, 21, 3, tzinfo=UTC)),
        ("2026-11-21 12:00+09:00", datetime(2026, 11, 21, 3, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_wherever_it_is(text, moment):
    assert restore.read_moment(text) == moment


@pytest.mark.parametrize(
    ("text", "says"),
    [("yesterday", "is written like"), ("2026-11-21T12:00:00", "Say where"), ("2999-01-01T00:00:00Z", "not past")],
)
def test_what_is_no_moment_is_refused(text, says):
    with pytest.raises(Refused, match=says):
        restore.read_moment(text)


# ---- an exchange that loses something --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lost(accounts, tmp_path_factory):
    """An exchange of its own, which takes calls."""
    here = shell(tmp_path_factory.mktemp("restored") / "here", *accounts, "restored")
    exchange = Exchange(*accounts, "restored", shell=here)
    said = here.types("deploy", "--yes", "--no-build", "--json", "--account-sid", ACCOUNT_SID, *on_this_machine())
    assert said.code == 0, said.err
    exchange.opens()
    return exchange


@pytest.fixture(scope="module")
def company(lost):
    made, scene = lost.succeeds("keys", "create"), OneOfMany(lost.base, lost.network.url)
    desk = Desk(scene, (made["sid"], made["secret"]))
    desk.opens(scene.line(1), scene.line(2), name="restored")
    yield desk
    scene.http.close()


def a_moment():
    """Now, apart from what was written before and from what will be."""
    time.sleep(2)
    now = datetime.now(UTC)
    time.sleep(2)
    return now.isoformat()


def calls(company, session, aiko, ben):
    """Aiko calls Ben, and they begin to talk."""
    aiko.dials(session.line_of(aiko))
    ben.rings(showing=session.line_of(ben))
    ben.answers()
    aiko.talks_with(ben)
    aiko.hangs_up()


def settings(exchange, table):
    """What a table has besides rows: protection, recovery, and what it forgets by."""
    dynamodb = exchange.client("dynamodb")
    described = dynamodb.describe_table(TableName=table)["Table"]
    backups = dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    ttl = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    recovery = backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
    return described["DeletionProtectionEnabled"], recovery, ttl.get("AttributeName")


def test_what_was_lost_is_back_in_new_tables_and_calls_go_through(lost, company):
    aiko, ben = (Person(company.scene, name, company.scene.telephone(at)) for name, at in (("Aiko", 1), ("Ben", 2)))
    session = company.brings_together(aiko, ben, ttl=3600)
    company.knows(aiko)
    before = {name: lost.resource(name) for name in TABLES}
    api, moment = lost.resource("Exchange"), a_moment()
    session.sdk.delete()
    company.request("DELETE", f"/api/callers/{aiko.number}")

    done = lost.succeeds("restore", "--to", moment, "--yes")
    now = {name: lost.resource(name) for name in TABLES}
    assert done["tables"] == {name: table for name, table in now.items() if name not in restore.LEFT}
    assert {name for name in TABLES if now[name] == before[name]} == set(restore.LEFT)
    for name, table in done["tables"].items():
        assert settings(lost, table) == settings(lost, before[name]), name
        assert settings(lost, table)[2] is not None or name not in FORGETTING
    assert lost.resource("Exchange") == api
    assert session.status == "open"
    assert company.asks("GET", f"/api/callers/{aiko.number}")["name"] == "Aiko"
    calls(company, session, aiko, ben)
    findings = {one["check"]: one["state"] for one in lost.types("doctor", "--json").json["findings"]}
    assert (findings["stack"], findings["tables"]) == ("ok", "ok")


LET_GO = """
from datetime import datetime
from command import adoption, restore
from command.exchange import standing

exchange, moment = standing("", ""), restore.read_moment("{moment}")
old = restore.chosen_tables(exchange, ["SessionsTable"])
new = {{name: restore.name_of(exchange, name, moment) for name in old}}
restore.restore_table(exchange, old["SessionsTable"], new["SessionsTable"], moment)
arns = {{name: adoption.arn_of(exchange, table) for name, table in new.items()}}
adoption.change(exchange, adoption.letting_go(adoption.whole_template(exchange), new, arns))
"""


def test_whoever_was_interrupted_types_the_same_again(lost, company):
    aiko, ben = (Person(company.scene, name, company.scene.telephone(at)) for name, at in (("Aiko", 3), ("Ben", 4)))
    session = company.brings_together(aiko, ben)
    table, moment = lost.resource("SessionsTable"), a_moment()
    session.sdk.update(status="closed")
    command = [sys.executable, "-c", LET_GO.format(moment=moment)]
    done = subprocess.run(
        command, env=lost.shell.environment, cwd=lost.shell.folder, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert session.status == "open"  # the exchange works with the new table, which its stack does not have
    said = lost.succeeds("restore", "--to", moment, "--table", "SessionsTable", "--yes")
    assert said["kept"] == {"SessionsTable": table}
    assert lost.resource("SessionsTable") == said["tables"]["SessionsTable"] != table
    assert session.status == "open"
    assert settings(lost, lost.resource("SessionsTable")) == (True, "ENABLED", None)


def test_what_cannot_be_restored_is_refused_before_anything_happens(lost):
    now, long_ago = datetime.now(UTC), datetime.now(UTC) - timedelta(days=40)
    for words, says in (
        (["--to", now.isoformat(), "--table", "PeopleTable"], "has no table PeopleTable"),
        (["--to", long_ago.isoformat()], "can be brought back to a moment from"),
        (["--to", "noon"], "is written like"),
    ):
        said = lost.types("restore", *words, "--yes")
        assert (said.code, says in said.err) == (1, True), said.err
    assert "add --yes" in lost.types("restore", "--to", (now - timedelta(minutes=1)).isoformat()).err
