"""What comes too late: the reason of an end that has one already, and what is told of something that is deleted."""

import pytest
from twilio.base.exceptions import TwilioRestException

from tests.integration import deeds
from tests.integration.books import check, open_books
from tests.integration.conftest import AIKO, BEN, LINES, OutgoingLeg, open_session
from tests.integration.test_joining import BeforeTheWrite
from tests.integration.wire import conflicting
from toritsugi.masking import interactions, lifecycle
from toritsugi.masking.sessions import read_session

RECORDING = "RE" + "1" * 32


@pytest.fixture
def sid(service):
    return service.fetch().sid


# ---- why a session has ended -----------------------------------------------------------------------------------------


def test_who_closes_a_session_first_says_why(sid, cloud, clock):
    session = deeds.create(sid, AIKO, BEN, Ttl=60).session_sid
    read, people = read_session(sid, session)
    assert lifecycle.close_session(read, people, "api")
    assert not lifecycle.close_session(read, people, "other")
    assert open_books(cloud).sessions[session]["closed_reason"] == "api"


def test_a_close_that_was_under_way_when_the_time_ran_out_is_not_overwritten(sid, cloud, clock, wire):
    session = deeds.create(sid, AIKO, BEN, Ttl=60).session_sid
    read, people = read_session(sid, session)
    clock.shift(61)
    with wire.has(BeforeTheWrite(lambda: lifecycle.close_session(read, people, "api"))):
        deeds.clean_up(session)
    assert open_books(cloud).sessions[session]["closed_reason"] == "api"


def test_what_was_cleaned_up_meanwhile_is_not_cleaned_up_again(sid, cloud, clock, wire):
    session = deeds.create(sid, AIKO, BEN, Ttl=60).session_sid
    clock.shift(61)
    with wire.has(BeforeTheWrite(lambda: deeds.outcome(lambda: deeds.reopen(sid, session)))):
        deeds.clean_up(session)
    books = check(cloud)
    assert books.sessions[session]["status"] == "in-progress"
    assert len(books.live) == 2


def test_of_two_ends_the_first_counts_also_where_its_pairs_have_moved_on(sid, cloud, clock):
    session = deeds.create(sid, AIKO, BEN, Ttl=60, lines=LINES[:2]).session_sid
    read, people = read_session(sid, session)
    clock.shift(61)
    other = deeds.create(sid, AIKO, BEN, lines=LINES[:2]).session_sid
    assert [lifecycle.close_session(read, people, reason) for reason in ("api", "other")] == [True, False]
    books = check(cloud)
    assert books.sessions[session]["closed_reason"] == "api"
    assert {route["session_sid"] for route in books.live} == {other}


def test_a_session_that_is_deleted_while_it_is_closed_is_gone(sid, cloud, clock, wire):
    session = deeds.create(sid, AIKO, BEN, UniqueName="parcel").session_sid
    with wire.has(BeforeTheWrite(lambda: deeds.delete(sid, session))):
        assert deeds.outcome(lambda: deeds.close(sid, session)) in (0, 20404)
    books = check(cloud)
    assert (books.sessions, books.participants, books.names) == ({}, [], [])


# ---- what nobody waits for any more ----------------------------------------------------------------------------------


def test_a_recording_that_comes_after_its_session_was_deleted_leaves_nothing(service, twilio, cloud, clock):
    session, lines = open_session(service)
    leg, sid = OutgoingLeg(twilio, AIKO, lines[AIKO]), session.fetch().sid
    leg.reports("initiated", "completed")
    interactions.note_recording(sid, leg.call_sid, RECORDING)
    assert [one["recording_sid"] for one in open_books(cloud).interactions] == [RECORDING]
    session.delete()
    interactions.note_recording(sid, leg.call_sid, RECORDING)
    books = open_books(cloud)
    assert (books.interactions, books.nameless) == ([], [])


# ---- others are at it all the time -----------------------------------------------------------------------------------


BUSY = {
    "close": lambda session: session.update(status="closed"),
    "prolong": lambda session: session.update(ttl=900),
    "delete": lambda session: session.delete(),
}


@pytest.mark.parametrize("deed", BUSY)
def test_whoever_changes_a_session_at_which_others_always_are_is_told_to_try_again(service, wire, clock, deed):
    session, _ = open_session(service, ttl=600)
    with wire.has(conflicting(1000)), pytest.raises(TwilioRestException) as refusal:
        BUSY[deed](session)
    assert (refusal.value.status, refusal.value.code) == (409, 20409)
    assert "Please try again" in refusal.value.msg


def test_whoever_changes_a_service_at_which_others_always_are_is_told_to_try_again(client, service, wire):
    with wire.has(conflicting(1000)):
        for deed in (lambda: service.update(default_ttl=60), lambda: client.proxy.v1.services.create("clinic")):
            with pytest.raises(TwilioRestException) as refusal:
                deed()
            assert (refusal.value.status, refusal.value.code) == (409, 20409)
    assert service.fetch().default_ttl == 0


def test_whoever_puts_a_number_into_a_pool_at_which_others_always_are_is_told_to_try_again(sid, wire):
    from tests.integration.conftest import give_numbers

    with wire.has(conflicting(1000)):
        assert deeds.outcome(lambda: give_numbers(sid, ["+815010000009"])) == 20409
