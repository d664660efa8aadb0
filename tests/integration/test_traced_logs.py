"""One thread to pull: a line of the log says which invocation wrote it, and whose call, text or session it is of."""

import importlib
import json
import time
import uuid
from contextlib import suppress

import pytest

from local.aws import Context
from tests.conftest import ROOT
from tests.integration.calls import NOBODY, Desk
from tests.integration.conftest import AIKO, BEN, LINES, OutgoingLeg, incoming, open_session
from tests.integration.wire import broken
from tests.unit.deployment import read
from toritsugi.foundation.logs import log

CALL = "CA" + "1" * 32
TEXT = "SM" + "2" * 32
FUNCTIONS = [
    one["Properties"]["Handler"]
    for one in read(ROOT / "template.yaml")["Resources"].values()
    if one["Type"] == "AWS::Serverless::Function"
]


@pytest.fixture
def lines(logged):
    """What was written since it was asked the last time, line by line."""
    seen = 0

    def lines():
        nonlocal seen
        found = [json.loads(line) for line in logged().splitlines()]
        seen, new = len(found), found[seen:]
        return new

    return lines


@pytest.fixture
def desk(cloud, service):
    return Desk()


@pytest.mark.parametrize("handler", FUNCTIONS)
def test_whatever_a_function_writes_carries_the_id_of_its_invocation(cloud, lines, handler):
    module, _, name = handler.rpartition(".")
    context = Context(module, aws_request_id=str(uuid.uuid4()))
    with suppress(Exception):
        getattr(importlib.import_module(module), name)(None, context)
    written = lines()
    assert {line["function_request_id"] for line in written} == {context.aws_request_id}


def test_what_is_said_of_an_invocation_is_forgotten_with_it(cloud, twilio, service, lines):
    twilio.calls(LINES[0], AIKO)
    log.warning("nobody's line")
    refused, nobodys = lines()
    assert (refused["message"], refused["call_sid"]) == ("call refused", CALL)
    assert not {"call_sid", "function_request_id"} & set(nobodys)


def test_a_call_that_fails_names_call_and_session(cloud, twilio, service, wire, lines):
    session, routes = open_session(service)
    leg = OutgoingLeg(twilio, AIKO, routes[AIKO])
    with wire.has(broken):
        twilio.reports(leg.address, leg.form("initiated"))
        twilio.calls(routes[AIKO], AIKO)
    callback, call = lines()
    assert (callback["message"], call["message"]) == ("callback failed", "call failed")
    assert (callback["call_sid"], callback["parent_call_sid"]) == (leg.sid, CALL)
    assert callback["session_sid"] == session.fetch().sid
    assert call["call_sid"] == CALL


def test_a_call_that_is_refused_for_its_session_names_that(cloud, twilio, service, lines):
    session, routes = open_session(service)
    from toritsugi.limits import switch

    switch.stop_exchange("a test", time.time())
    twilio.calls(routes[AIKO], AIKO)
    (refused,) = lines()
    assert (refused["message"], refused["session_sid"]) == ("call refused", session.fetch().sid)


def test_a_text_that_is_refused_names_itself(cloud, twilio, lines):
    import sms

    twilio.send(sms.handler, "/sms", incoming(AIKO, "", CALL) | {"MessageSid": TEXT, "Body": "Hello"})
    assert [line["message_sid"] for line in lines()] == [TEXT]


def test_a_timer_that_fails_names_its_bridge(cloud, desk, wire, lines):
    import timer

    call = desk.calls()
    lines()
    body = json.dumps({"bridge": call.sid, "due": time.time(), "spare": False})
    with wire.has(broken), pytest.raises(Exception, match="Could not connect"):
        timer.handler({"Records": [{"messageId": "1", "body": body}]}, Context("timer"))
    assert [(line["message"], line["bridge_sid"]) for line in lines()] == [("not done", call.sid)]


def test_a_cleanup_that_fails_names_its_session(cloud, service, wire, lines):
    import cleanup

    session, _ = open_session(service, ttl=60)
    sid = session.fetch().sid
    with wire.has(broken), pytest.raises(Exception, match="Could not connect"):
        cleanup.handler({"session_sid": sid}, Context("cleanup"))
    assert [(line["message"], line["session_sid"]) for line in lines()] == [("not done", sid)]


def test_a_recording_that_cannot_be_copied_names_its_call_and_session(cloud, wire, lines):
    import recording

    ids = {"recording_sid": "RE" + "3" * 32, "call_sid": CALL}
    told = {
        "path": f"/recording/session/KC{'4' * 32}/x",
        "status": "completed",
        "seconds": 9,
        "channels": 2,
        "began": 0,
    }
    with wire.has(broken), pytest.raises(Exception, match="Could not connect"):
        recording.handler({"Records": [{"messageId": "1", "body": json.dumps(told | ids)}]}, Context("recording"))
    (line,) = lines()
    assert ids | {"session_sid": "KC" + "4" * 32} == {name: line[name] for name in (*ids, "session_sid")}


def test_a_request_of_the_api_names_what_its_path_names(cloud, desk, lines):
    desk.asks("GET", NOBODY)
    (refused,) = lines()
    assert (refused["message"], refused["bridge_sid"]) == ("request refused", NOBODY.removeprefix("/api/calls/"))


def test_what_a_function_does_at_the_same_time_carries_its_id_as_well(cloud, desk, wire, lines):
    def no_reading(operation, request, carry):
        return broken(operation, request, carry) if operation == "BatchGetItem" else carry()

    sheet = f"number,name\n{AIKO},Aiko\n{BEN},Ben\n".encode()
    with wire.has(no_reading):
        desk.send("POST", "/api/callers/import", sheet, headers={"Content-Type": "text/csv"})
    (unread, refused) = lines()
    assert unread["message"] == "callers could not be read"
    assert unread["function_request_id"] == refused["function_request_id"]
