"""Two processes whose clocks are two seconds apart: what one has given to somebody the other does not take back."""

import pytest

from tests.integration import deeds
from tests.integration.books import check
from tests.integration.conftest import AIKO, BEN, EVE, LINES, OutgoingLeg
from toritsugi.masking import lifecycle

PAIRS = (LINES[0], LINES[1])


@pytest.fixture
def sid(service):
    return service.fetch().sid


@pytest.fixture
def moved_on(sid, twilio, clock, cloud):
    """A session that ended a second ago for one process, which has given Aiko's pair to another; and a call of it.

    For the process that goes on from here it ends in a second.
    """
    session = deeds.create(sid, AIKO, BEN, lines=PAIRS, Ttl=600)
    leg = OutgoingLeg(twilio, AIKO, LINES[0])
    clock.shift(601)
    deeds.create(sid, AIKO, EVE, lines=PAIRS)
    before = check(cloud).live
    clock.shift(-2)
    return session.session_sid, leg, before


DEEDS = {
    "a longer ttl": lambda sid, session, leg: deeds.update(sid, session, Ttl=3600),
    "a later date": lambda sid, session, leg: deeds.update(sid, session, DateExpiry="2026-11-21T09:00:00Z"),
    "an extension": lambda sid, session, leg: lifecycle.prolong_session(session, 0, 1_795_239_999),
    "a callback": lambda sid, session, leg: leg.reports("initiated"),
    "an end": lambda sid, session, leg: deeds.close(sid, session),
    "a deletion": lambda sid, session, leg: deeds.delete(sid, session),
}


@pytest.mark.parametrize("deed", DEEDS.values(), ids=DEEDS)
def test_a_pair_that_was_given_to_another_session_stays_with_it(sid, cloud, clock, moved_on, deed):
    session, leg, before = moved_on
    deeds.outcome(lambda: deed(sid, session, leg))
    clock.shift(2)
    held = [(route["number"], route["entry"], route["session_sid"]) for route in check(cloud).live]
    assert held == [(route["number"], route["entry"], route["session_sid"]) for route in before]
    assert {number for number, _, _ in held} == {AIKO, EVE}
