"""Somebody joins, and between two steps of it something else happens to the pair, to the session, or to its time."""

import pytest

from tests.integration import deeds
from tests.integration.answers import READS
from tests.integration.books import check
from tests.integration.conftest import AIKO, BEN, EVE, LINES
from toritsugi.masking import lifecycle


@pytest.fixture
def sid(service):
    return service.fetch().sid


class BeforeTheWrite:
    """Something else is done, as a whole, before the first write of whatever is done."""

    def __init__(self, deed) -> None:
        self.deed, self.done = deed, False

    def __call__(self, operation, _request, carry):
        if operation not in READS and not self.done:
            self.done = True
            self.deed()
        return carry()


def pairs(cloud, session_sid):
    return sorted(route["entry"] for route in check(cloud).live if route["session_sid"] == session_sid)


def test_a_pair_that_another_session_takes_meanwhile_stays_that_sessions(sid, cloud, wire):
    session = deeds.create(sid, AIKO, lines=LINES[:1]).session_sid
    others = []
    taking = BeforeTheWrite(lambda: others.append(deeds.create(sid, EVE, BEN, lines=LINES[:2]).session_sid))
    with wire.has(taking):
        joined = deeds.add(sid, session, BEN)
    assert joined.proxy_identifier != LINES[1]
    assert len(pairs(cloud, others[0])) == len(pairs(cloud, session)) == 2


def test_whoever_wants_that_very_pair_is_refused(sid, cloud, wire):
    session = deeds.create(sid, AIKO).session_sid
    others = []
    taking = BeforeTheWrite(lambda: others.append(deeds.create(sid, EVE, BEN, lines=LINES[:2]).session_sid))
    with wire.has(taking):
        assert deeds.outcome(lambda: deeds.add(sid, session, BEN, ProxyIdentifier=LINES[1])) in (80208, 80604, 80623)
    assert len(pairs(cloud, others[0])) == 2
    assert len(pairs(cloud, session)) == 1


def test_a_pair_in_quarantine_that_is_taken_meanwhile_is_not_taken_twice(sid, cloud, wire, clock):
    """Every line of Ben's is in quarantine, which is a preference: the second pass takes one all the same."""
    for line in LINES:
        deeds.close(sid, deeds.create(sid, BEN, lines=(line,)).session_sid)
    session, others = deeds.create(sid, AIKO).session_sid, []
    taking = BeforeTheWrite(lambda: others.append(deeds.create(sid, EVE, BEN).session_sid))
    with wire.has(taking):
        deeds.add(sid, session, BEN)
    assert len(pairs(cloud, others[0])) == len(pairs(cloud, session)) == 2


@pytest.mark.parametrize("ending", [deeds.close, deeds.delete])
def test_nobody_joins_a_session_that_ends_meanwhile(sid, cloud, wire, clock, ending):
    session = deeds.create(sid, AIKO, Ttl=600).session_sid
    with wire.has(BeforeTheWrite(lambda: ending(sid, session))):
        assert deeds.outcome(lambda: deeds.add(sid, session, BEN)) in (20404, 80607)
    assert check(cloud).live == []


@pytest.mark.parametrize("lasting", [{"Ttl": 600}, {"DateExpiry": "2026-11-21T04:00:00Z"}])
def test_a_session_that_is_prolonged_while_somebody_joins_lasts_as_long_for_both(sid, cloud, wire, clock, lasting):
    """The joined route has the end that its session has: the books say so."""
    session = deeds.create(sid, AIKO, **lasting).session_sid
    joining = BeforeTheWrite(lambda: deeds.add(sid, session, BEN))
    until = int(check(cloud).sessions[session]["expires_at"]) + 500
    with wire.has(joining):
        assert lifecycle.prolong_session(session, 0, until)
    assert {int(route["expires_at"]) for route in check(cloud).live} == {until}
    assert len(pairs(cloud, session)) == 2


def test_whoever_joins_while_the_session_is_prolonged_lasts_as_long_as_it(sid, cloud, wire, clock):
    session = deeds.create(sid, AIKO, Ttl=600).session_sid
    until = int(check(cloud).sessions[session]["expires_at"]) + 500
    with wire.has(BeforeTheWrite(lambda: lifecycle.prolong_session(session, 0, until))):
        deeds.add(sid, session, BEN)
    assert {int(route["expires_at"]) for route in check(cloud).live} == {until}


def test_a_session_that_is_closed_while_it_is_prolonged_stays_closed(sid, cloud, wire, clock):
    session = deeds.create(sid, AIKO, BEN, Ttl=600).session_sid
    with wire.has(BeforeTheWrite(lambda: deeds.close(sid, session))):
        assert not lifecycle.prolong_session(session, 0, 2_000_000_000)
    assert check(cloud).live == []


def test_nor_does_one_of_nobody_that_is_closed_meanwhile_get_another_end(sid, cloud, wire, clock):
    session = deeds.create(sid, Ttl=600).session_sid
    until = check(cloud).sessions[session]["expires_at"]
    with wire.has(BeforeTheWrite(lambda: deeds.close(sid, session))):
        assert not lifecycle.prolong_session(session, 0, 2_000_000_000)
    assert check(cloud).sessions[session]["expires_at"] == until


def test_a_session_is_not_prolonged_to_an_earlier_end(sid, cloud, clock):
    session = deeds.create(sid, AIKO, BEN, Ttl=600).session_sid
    until = int(check(cloud).sessions[session]["expires_at"])
    assert not lifecycle.prolong_session(session, 0, until)
    assert not lifecycle.prolong_session(session, 0, until - 1)
    assert {int(route["expires_at"]) for route in check(cloud).live} == {until}
