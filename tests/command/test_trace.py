"""One thread to pull: whoever has a SID gets the call's story, from Twilio, tables and logs, and nobody's number."""

import json
import time
from types import SimpleNamespace

import pytest

from command.masked import mask
from tests.deployed.conftest import OneOfMany
from tests.deployed.processes import eventually
from tests.stories.people import Desk, Person

CALL, OTHER, SESSION = "CA" + "7" * 32, "CA" + "8" * 32, "KC" + "7" * 32
INVOCATION, ANOTHER = "11111111-2222-4333-8444-555555555555", "99999999-2222-4333-8444-555555555555"


@pytest.mark.parametrize(
    ("number", "shown"),
    [("+819012345678", "...5678"), ("call from (090) 1234-5678!", "call from ...5678!"), (CALL, CALL), (60, 60)],
)
def test_of_a_number_only_its_end_is_shown(number, shown):
    assert mask({"of": [number]}) == {"of": [shown]}


# ---- of an exchange that is deployed ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def company(exchange, desk):
    """A desk, two lines, and a session of Aiko and Ben, who calls; what they do stays among them."""
    scene = OneOfMany(exchange.base, exchange.network.url)
    lines = [scene.line(1), scene.line(2)]
    here = Desk(scene, desk.key)
    here.opens(*lines, name=f"traced-{scene.block}")
    aiko, ben = Person(scene, "Aiko", scene.telephone(1)), Person(scene, "Ben", scene.telephone(2))
    session = here.brings_together(aiko, ben, ttl=3600)
    yield SimpleNamespace(scene=scene, desk=here, aiko=aiko, ben=ben, session=session, sid=session.sdk.fetch().sid)
    scene.http.close()


@pytest.fixture(scope="module")
def told(exchange, company):
    """The story of a call that was put through, whose callback has failed once, as `trace` tells it."""
    aiko, ben, session = company.aiko, company.ben, company.session
    call_sid = aiko.dials(session.line_of(aiko))
    ben.rings(showing=session.line_of(ben))
    ben.answers()
    aiko.talks_with(ben)
    ben.hangs_up()
    eventually(lambda: [one.outbound_resource_status for one in session.interactions] == ["completed"])
    write(exchange, "AccessLog", {"route": "POST /voice", "status": 200, "latency": 41, "invocation": INVOCATION})
    line = {"level": "INFO", "message": "call refused", "reason": "NoSession", "call_sid": call_sid}
    write(exchange, "VoiceLog", line | {"function_request_id": INVOCATION, "session_sid": company.sid})
    write(exchange, "VoiceLog", {"level": "WARN", "message": "slow", "function_request_id": INVOCATION})
    write(
        exchange,
        "VoiceLog",
        {"message": "another", "function_request_id": ANOTHER, "session_sid": company.sid} | {"call_sid": OTHER},
    )
    return SimpleNamespace(call_sid=call_sid, **exchange.succeeds("trace", call_sid))


def write(exchange, log, line):
    """A line of a log of the exchange's."""
    logs, group = exchange.client("logs"), exchange.resource(log)
    stream = f"by-hand-{time.time_ns()}"
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    event = {"timestamp": int(time.time() * 1000), "message": json.dumps(line)}
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[event])


def whats(told, who):
    return [one["what"] for one in told.story if one["who"] == who]


def test_a_calls_story_is_told_by_twilio_by_tables_and_by_logs(told, company):
    assert whats(told, "twilio").count("call begun") == 2
    assert {"call completed"} < set(whats(told, "twilio"))
    assert {"session created", "participant joined", "put through", "the leg is completed"} <= set(
        whats(told, "sessions")
    )
    assert sorted(whats(told, "voice")) == ["call refused", "slow"]
    assert whats(told, "gateway") == ["POST /voice answered 200"]
    assert {told.call_sid, company.sid} < set(told.sids)


def test_it_is_told_in_order_of_time(told):
    moments = [one["at"] for one in told.story]
    assert moments == sorted(moments)
    assert len(moments) >= 10


def test_nobodys_number_is_in_it(told, company):
    whole = json.dumps(told.story)
    for person in (company.aiko, company.ben):
        assert person.number[1:] not in whole
        assert f"...{person.number[-4:]}" in whole


def test_the_outgoing_leg_tells_the_same_story(exchange, told):
    (leg,) = [sid for sid in told.sids if sid.startswith("CA") and sid != told.call_sid]
    again = exchange.succeeds("trace", leg)
    assert set(told.sids) == set(again["sids"])
    assert [one["what"] for one in again["story"]] == [one["what"] for one in told.story]


def test_a_session_tells_of_all_its_calls(exchange, told, company):
    story = exchange.succeeds("trace", company.sid)
    assert {"put through", "call refused", "another"} <= {one["what"] for one in story["story"]}


def test_people_read_it_as_a_table(exchange, told):
    said = exchange.types("trace", told.call_sid)
    rows = [line for line in said.out.splitlines() if "put through" in line]
    assert (said.code, len(rows)) == (0, 1)
    assert "sessions" in rows[0]


def test_a_call_of_the_exchange_tells_of_its_people(exchange, company):
    aiko, ben = company.aiko, company.ben
    for person in (aiko, ben):
        person.will("busy")
    called = company.desk.asks(
        "POST", "/api/calls", {"parties": [aiko.number, ben.number], "from": company.scene.line(1), "minutes": 5}
    )
    sid = called["sid"]
    eventually(lambda: company.desk.asks("GET", f"/api/calls/{sid}")["status"] == "completed")
    story = exchange.succeeds("trace", sid)
    whats = [one["what"] for one in story["story"] if one["who"] == "bridges"]
    assert {"bridge created", "called", "busy", "bridge ended"} <= set(whats)
    leg = next(one for one in story["sids"] if one.startswith("CA"))
    assert sid in exchange.succeeds("trace", leg)["sids"]


@pytest.mark.parametrize("sid", ["CA123", "KS" + "1" * 32, "+819012345678"])
def test_what_is_no_sid_of_those_is_refused(exchange, sid):
    said = exchange.types("trace", sid)
    assert (said.code, "is no SID" in said.err) == (1, True)


@pytest.mark.parametrize("kind", ["CA", "RE", "KB", "KC", "SM", "KM"])
def test_what_nobody_knows_is_said_to_be_unknown(exchange, kind):
    said = exchange.types("trace", kind + "3" * 32)
    assert (said.code, "Nobody knows of" in said.err) == (1, True), said.err
