"""A call of a session is kept only while that is open, whatever comes in between; and it asks what that allows."""

import time

import pytest
from pynamodb.exceptions import PynamoDBException

import timer
from local.aws import Context
from tests.integration import deeds
from tests.integration.books import check
from tests.integration.conftest import AIKO, BEN, LINES, give_numbers
from tests.integration.switchboard import Switchboard, attended
from tests.integration.test_races import between
from tests.integration.texts import know
from tests.integration.wire import refusing
from toritsugi.adapters import event_bus
from toritsugi.bridges import commands, state
from toritsugi.bridges.bounds import DELETED_SESSION, UNBOUNDED, Bounds
from toritsugi.foundation.errors import RequestRefused, SessionEnded
from toritsugi.masking import in_conference, services
from toritsugi.masking.sessions import find_with_people, get_with_people

CALL = "CA" + "7" * 32


@pytest.fixture
def sid(service):
    return service.fetch().sid


def open_session(sid, *numbers, **fields):
    return deeds.create(sid, *(numbers or (AIKO, BEN)), **fields).session_sid


def begin(session_sid, began=None, call_sid=CALL):
    """A masked call of the first of the two comes in."""
    caller = find_with_people(session_sid)[1][0]
    now = time.time() if began is None else began
    return in_conference.begin_bridge(call_sid, session_sid, caller.sid, now, event_bus.tell)


def session_of(session_sid):
    return find_with_people(session_sid)[0]


def test_both_are_spoken_to_in_the_language_of_their_entries_or_else_of_their_numbers(sid, clock):
    know(BEN, language="en-US")
    known = state.get_state(begin(open_session(sid, Ttl=600)))
    assert [(party.number, party.language) for party in known.parties] == [(AIKO, "ja-JP"), (BEN, "en-US")]


# ---- what the session allows -----------------------------------------------------------------------------------------


def test_a_session_allows_until_its_expiry_and_a_call_without_one_everything(sid, clock):
    session = open_session(sid, Ttl=600)
    end = time.time() + 600
    assert in_conference.bounds_of(session) == Bounds(end, end)
    assert in_conference.bounds_of(None) == UNBOUNDED
    assert in_conference.bounds_of(open_session(sid)) == UNBOUNDED


def test_a_closed_session_puts_nobody_through_and_a_deleted_one_neither(sid, clock):
    session = open_session(sid, Ttl=600)
    end = time.time() + 600
    clock.shift(10)
    deeds.close(sid, session)
    assert in_conference.bounds_of(session) == Bounds(time.time(), end)
    deeds.delete(sid, session)
    assert in_conference.bounds_of(session) == DELETED_SESSION
    assert not DELETED_SESSION.connects(time.time())


def test_a_session_that_cannot_be_read_is_not_taken_for_one_that_is_over(sid, wire):
    session = open_session(sid)
    with wire.has(refusing("ThrottlingException")), pytest.raises(PynamoDBException):
        in_conference.bounds_of(session)


# ---- calls that the exchange makes -----------------------------------------------------------------------------------


def test_the_session_knows_the_call_that_is_made_for_it(desk, sid, cloud):
    session = open_session(sid)
    status, made = desk.asks("POST", "/api/calls", {"session_sid": session})
    assert (status, session_of(session).bridges) == (201, {made["sid"]})


@pytest.mark.parametrize("seconds", [0, 2])  # the process may have been held up since it began to look
@pytest.mark.parametrize("ends", [deeds.close, deeds.delete])
def test_a_session_that_ends_right_before_the_call_is_kept_gets_none(desk, sid, cloud, wire, clock, ends, seconds):
    def end(session):
        clock.shift(seconds)
        ends(sid, session)

    reached = []
    for step in range(3, 9):
        session = open_session(sid)
        inside = between(step, lambda session=session: deeds.outcome(lambda: end(session)))
        with wire.has(inside):
            status, answer = desk.asks("POST", "/api/calls", {"session_sid": session})
        kept = cloud.dynamodb.scan(TableName="BridgesTable")["Items"]
        if status == 201:  # the call was kept first
            break
        assert (status, answer["code"]) in [(409, 80607), (404, 20404)]
        assert kept == []
        reached.append(status)
    assert 409 in reached


# ---- calls that come in ----------------------------------------------------------------------------------------------


def test_a_masked_call_slides_its_session_in_the_moment_in_which_it_is_kept(sid, clock, cloud):
    session = open_session(sid, Ttl=600)
    clock.shift(100)
    bridge_sid = begin(session)
    end = time.time() + 600
    assert session_of(session).expires_at == end
    assert session_of(session).bridges == {bridge_sid}
    assert {route["expires_at"] for route in check(cloud).live} == {end}
    assert commands.get_bridge(bridge_sid).deadline == end


def test_a_masked_call_that_is_told_of_late_takes_nothing_of_what_a_later_one_has_given(sid, clock, cloud):
    session = open_session(sid, Ttl=600)
    clock.shift(100)
    begin(session, time.time())
    begin(session, time.time() - 50, "CA" + "8" * 32)
    assert session_of(session).expires_at == time.time() + 600
    assert {route["expires_at"] for route in check(cloud).live} == {time.time() + 600}


def test_told_of_twice_a_masked_call_is_kept_once_even_when_its_session_was_closed_since(sid, clock):
    session = open_session(sid, Ttl=600)
    first = begin(session)
    deeds.close(sid, session)
    assert begin(session) == first


@pytest.mark.parametrize("ends", [deeds.close, deeds.delete])
def test_a_masked_call_of_a_session_that_ends_meanwhile_is_told_so(sid, cloud, wire, ends):
    for step in (1, 2, 3):
        session = open_session(sid)
        caller = find_with_people(session)[1][0]
        inside = between(step, lambda session=session: ends(sid, session))
        with wire.has(inside), pytest.raises(SessionEnded):
            in_conference.begin_bridge(CALL, session, caller.sid, time.time(), event_bus.tell)
        assert inside.reached
    assert cloud.dynamodb.scan(TableName="BridgesTable")["Items"] == []


def test_a_session_that_is_gone_has_no_people(sid):
    with pytest.raises(RequestRefused):
        get_with_people("KC" + "0" * 32)


@pytest.mark.parametrize(("caller", "locale"), [(AIKO, "ja-JP"), ("+12125550123", "en-US")])
def test_whoever_waits_for_a_session_that_is_gone_hears_so(cloud, twilio, clock, caller, locale):
    room = services.new_service(deeds.form(UniqueName="rooms", Through="conference")).service_sid
    give_numbers(room, LINES[:2])
    session = deeds.create(room, caller, BEN, lines=LINES[:2]).session_sid
    assert twilio.calls(LINES[0], caller).find("Dial/Conference") is not None
    (begins,) = cloud.queues.named["Timers"].messages
    deeds.delete(room, session)
    with attended(Switchboard()) as switchboard:
        timer.handler({"Records": [{"messageId": "1", "body": begins.body}]}, Context("timer"))
    (told,) = switchboard.asked
    assert f'language="{locale}"' in told.form["Twiml"]
