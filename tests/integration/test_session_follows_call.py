"""A session follows the extension of its call, and never further than what a client has set meanwhile."""

import pytest

from tests.integration import conftest, deeds
from tests.integration.books import check
from tests.integration.conftest import AIKO, BEN, OutgoingLeg
from toritsugi.masking import lifecycle
from toritsugi.masking.sessions import find_with_people


@pytest.fixture
def sid(service):
    return service.fetch().sid


def open_session(sid, **fields):
    session = deeds.create(sid, AIKO, BEN, Ttl=600, **fields)
    return session.session_sid, int(session.expires_at)


def end_of(session_sid):
    session, _ = find_with_people(session_sid)
    return session.expires_at


def test_a_session_that_still_ends_with_the_call_follows_its_extension(sid, clock, cloud):
    session, end = open_session(sid)
    assert lifecycle.prolong_session(session, end, end + 600)
    assert end_of(session) == end + 600
    assert {route["expires_at"] for route in check(cloud).live} == {end + 600}


def test_twice_is_once(sid, clock):
    session, end = open_session(sid)
    assert [lifecycle.prolong_session(session, end, end + 600) for _ in range(2)] == [True, False]


def test_a_session_that_a_client_has_set_to_end_earlier_stays_so(sid, clock, cloud):
    session, end = open_session(sid)
    deeds.update(sid, session, Ttl=60)
    assert not lifecycle.prolong_session(session, end, end + 600)
    assert {route["expires_at"] for route in check(cloud).live} == {end - 540}


def test_a_session_that_is_to_last_longer_anyway_stays_so(sid, clock):
    session, end = open_session(sid)
    deeds.update(sid, session, Ttl=3600)
    assert not lifecycle.prolong_session(session, end, end + 600)
    assert end_of(session) == end + 3000


@pytest.mark.parametrize("ends", [deeds.close, deeds.delete])
def test_a_session_that_has_ended_follows_nothing(sid, clock, cloud, ends):
    session, end = open_session(sid)
    ends(sid, session)
    assert not lifecycle.prolong_session(session, end, end + 600)
    assert check(cloud).live == []


@pytest.mark.parametrize("told", ["initiated", "in-progress", "completed"])
def test_a_callback_of_another_call_takes_nothing_of_an_extension_away(service, twilio, clock, cloud, told):
    session, lines = conftest.open_session(service, ttl=600)
    leg = OutgoingLeg(twilio, AIKO, lines[AIKO])
    end = int(leg.began) + 600
    assert lifecycle.prolong_session(session.fetch().sid, end, end + 600)
    leg.reports(told)
    assert {route["expires_at"] for route in check(cloud).live} == {end + 600}
    assert end_of(session.fetch().sid) == end + 600


def test_a_session_that_gets_another_label_meanwhile_ends_no_sooner(sid, clock, cloud):
    session, end = open_session(sid)
    assert lifecycle.prolong_session(session, end, end + 600)
    deeds.update(sid, session, Label="order 17", MaxCalls=2)
    assert {route["expires_at"] for route in check(cloud).live} == {end + 600}
    assert end_of(session) == end + 600
