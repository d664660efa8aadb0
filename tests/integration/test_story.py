"""The story of a call as `toritsugi trace` tells it: from real rows, and from a Twilio and logs of the test's."""

import json
import re
import time
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from twilio.base.exceptions import TwilioRestException

from command import story
from command.masked import mask
from command.refusals import Refused
from tests.integration import texts
from tests.integration.calls import Desk
from tests.integration.conftest import AIKO, BEN, LINES, OutgoingLeg, open_session
from tests.integration.tapes import SID as TAPE
from tests.integration.tapes import Messages, Tapes, report, served, source, told

CALL, OTHER = "CA" + "1" * 32, "CA" + "9" * 32
INVOCATION, ANOTHER = "11111111-2222-4333-8444-555555555555", "99999999-2222-4333-8444-555555555555"
ACCESS, VOICE, CLEANUP = "AccessLog", "VoiceLog", "CleanupLog"


class Exchange:
    """An exchange with our rows, a Twilio that knows `known` calls and texts, and logs that hold `written` lines."""

    def __init__(self):
        self.known, self.written, self.status = {}, {ACCESS: [], VOICE: [], CLEANUP: []}, 404
        self.searches = []

    def calls(self, sid, number, to, parent=None):
        now = datetime.now(UTC)
        said = {"parent_call_sid": parent, "direction": "inbound", "duration": "60", "answered_by": None}
        moments = {"date_created": now, "start_time": now, "end_time": now, "status": "completed"}
        self.known[sid] = SimpleNamespace(sid=sid, _from=number, from_=number, to=to, **said, **moments)

    def writes(self, log, **line):
        event = {"eventId": str(len(self.written[log])) + log, "timestamp": int(time.time() * 1000)}
        self.written[log].append(event | {"message": json.dumps(line)})

    # ---- as the command has it

    def twilio(self):
        def named(sid):
            def fetch():
                if sid not in self.known:
                    raise TwilioRestException(self.status, "/Calls", "unknown")
                return self.known[sid]

            return SimpleNamespace(fetch=fetch)

        named.list = lambda parent_call_sid: [
            one for one in self.known.values() if one.parent_call_sid == parent_call_sid
        ]
        return SimpleNamespace(calls=named, messages=named)

    def of_type(self, _):
        return {log: log for log in self.written}

    def aws(self, _):
        def search(logGroupName, filterPattern, startTime, endTime):
            self.searches.append(filterPattern)
            sought = re.findall(r'\?"([^"]+)"', filterPattern)
            found = [one for one in self.written[logGroupName] if any(word in one["message"] for word in sought)]
            yield {"events": [one for one in found if startTime <= one["timestamp"] <= endTime]}

        gone = SimpleNamespace(ResourceNotFoundException=KeyError)
        return SimpleNamespace(exceptions=gone, get_paginator=lambda _: SimpleNamespace(paginate=search))


@pytest.fixture
def exchange(cloud):
    return Exchange()


@pytest.fixture
def masked(service, twilio, exchange):
    """Aiko has called Ben through a line, and they have talked."""
    session, routes = open_session(service, ttl=3600)
    leg = OutgoingLeg(twilio, AIKO, routes[AIKO])
    leg.reports("initiated", "completed")
    exchange.calls(CALL, AIKO, routes[AIKO])
    exchange.calls(leg.sid, routes[BEN], BEN, parent=CALL)
    return SimpleNamespace(session=session.fetch().sid, leg=leg.sid)


def whats(told, who):
    return [moment.what for moment in told.moments if moment.who == who]


def test_a_call_leads_from_twilio_to_its_session_and_its_interaction(exchange, masked):
    told = story.tell(exchange, CALL)
    assert {CALL, masked.leg, masked.session} == told.sids
    assert whats(told, "twilio").count("call begun") == 2
    assert whats(told, "sessions").count("put through") == 1
    assert {"session created", "participant joined", "the leg is completed"} <= set(whats(told, "sessions"))
    assert (told.untold, told.moments) == ([], sorted(told.moments, key=lambda moment: moment.at))


def test_the_other_leg_tells_the_same(exchange, masked):
    one, other = story.tell(exchange, CALL), story.tell(exchange, masked.leg)
    assert (one.sids, len(one.moments)) == (other.sids, len(other.moments))


def test_lines_are_of_the_story_by_their_sids_and_by_their_invocation(exchange, masked):
    exchange.writes(VOICE, message="call refused", call_sid=CALL, function_request_id=INVOCATION)
    exchange.writes(VOICE, message="before anybody knew", function_request_id=INVOCATION)
    exchange.writes(VOICE, type="platform.report", record={"requestId": INVOCATION, "status": "timeout"})
    exchange.writes(ACCESS, route="POST /voice", status=503, error="-", invocation=INVOCATION)
    exchange.writes(ACCESS, route="POST /voice", status=200, error="-", invocation=ANOTHER)
    exchange.writes(CLEANUP, message="closed late", session_sid=masked.session)
    exchange.writes(VOICE, message="another call", call_sid=OTHER, session_sid=masked.session)
    told = story.tell(exchange, CALL)
    assert set(whats(told, "voice")) == {"call refused", "before anybody knew", "platform.report"}
    assert whats(told, "gateway") == ["POST /voice answered 503"]
    assert whats(told, "cleanup") == ["closed late"]


def test_a_session_tells_of_all_its_calls(exchange, masked):
    exchange.writes(VOICE, message="another call", call_sid=OTHER, session_sid=masked.session)
    told = story.tell(exchange, masked.session)
    assert whats(told, "voice") == ["another call"]
    assert "put through" in whats(told, "sessions")
    assert {CALL, masked.leg} < told.sids


def test_many_sids_are_sought_a_few_at_a_time(exchange, masked):
    for number in range(50):
        invocation = INVOCATION[:-2] + f"{number:02}"
        exchange.writes(VOICE, message="refused", call_sid=CALL, function_request_id=invocation)
    assert len(whats(story.tell(exchange, CALL), "voice")) == 50
    assert max(map(len, exchange.searches)) <= 1024


def test_a_call_of_the_exchange_is_found_by_any_of_its_legs(exchange, service, twilio):
    call = Desk().calls()
    call.begins(twilio)
    for place, person in ((1, AIKO), (2, BEN)):
        from toritsugi.bridges.records import Party, party_key

        Party(*party_key(call.sid, place)).update([Party.call_sid.set(call.leg(place))])
        exchange.calls(call.leg(place), LINES[0], person)
    told = story.tell(exchange, call.leg(2))
    assert {call.sid, call.leg(1), call.leg(2)} <= told.sids
    assert {"bridge created", "in-progress", "conference-start"} <= set(whats(told, "bridges"))


def test_a_recording_leads_to_its_call(exchange, cloud, twilio, clock):
    with served(Tapes()):
        report(twilio, told(), source("session").path)
        Messages(cloud).deliver()
    exchange.calls(CALL, AIKO, LINES[0])
    found = story.tell(exchange, TAPE)
    assert {"recorded", "copied"} <= set(whats(found, "recordings"))
    assert "call begun" in whats(found, "twilio")
    assert TAPE in story.tell(exchange, CALL).sids


def test_a_text_that_came_in_and_what_was_answered_are_one_story(exchange, twilio):
    texts.give_line()
    sent = texts.form("book")
    texts.send(twilio, sent)
    reply = "KM" + sent["MessageSid"][2:]
    found = story.tell(exchange, reply)
    assert {sent["MessageSid"], reply} <= found.sids
    assert {"inbound text", "outbound-reply text"} <= set(whats(found, "messages"))
    assert "inbound text" in whats(story.tell(exchange, sent["MessageSid"]), "messages")


def test_a_twilio_that_cannot_be_asked_is_named_and_the_rest_is_told(exchange, masked):
    exchange.known, exchange.status = {}, 401
    exchange.writes(VOICE, message="call refused", call_sid=CALL, function_request_id=INVOCATION)
    found = story.tell(exchange, CALL)
    assert "Twilio does not accept" in found.untold[0]
    assert whats(found, "voice") == ["call refused"]


def test_nobodys_number_is_left_in_what_is_shown(exchange, masked):
    shown = json.dumps([mask(moment.facts) for moment in story.tell(exchange, CALL).moments])
    assert not {number for number in (AIKO, BEN, *LINES) if number[1:] in shown}
    assert f"...{AIKO[-4:]}" in shown


@pytest.mark.parametrize("sid", ["CA1", "KS" + "1" * 32, AIKO, ""])
def test_what_is_no_sid_of_those_is_refused(exchange, sid):
    with pytest.raises(Refused, match="is no SID"):
        story.tell(exchange, sid)


@pytest.mark.parametrize("kind", story.READERS)
def test_of_what_nobody_knows_there_is_no_story(exchange, kind):
    assert story.tell(exchange, kind + "3" * 32).moments == []
