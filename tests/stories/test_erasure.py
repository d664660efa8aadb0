"""Somebody wants to be forgotten: one request, or one command, and the exchange knows nothing of them any more."""

import pytest
from twilio.rest import Client

from command.erase import erase_wholly
from command.refusals import Refused

LINES = ["+815010000011", "+815010000012", "+815010000013"]


@pytest.fixture
def known(desk, clock, aiko, ben):
    """Aiko is known, has talked to Ben, and their session is over."""
    desk.opens(*LINES, Record="true")
    desk.knows(aiko)
    session = desk.brings_together(aiko, ben, unique_name="order-17")
    aiko.dials(session.line_of(aiko))
    clock.forward(seconds=5)
    ben.rings(showing=session.line_of(ben))
    ben.answers()
    clock.forward(minutes=1)
    aiko.hangs_up()
    clock.forward(minutes=1)
    return session


def erases(desk, box, person):
    """What the command does, after it has asked whether it is meant."""
    return erase_wholly(Client(*desk.key), box.exchange, person.number)


def test_who_was_erased_is_a_stranger_and_the_other_has_lost_nothing_else(desk, box, aiko, ben, known):
    line = known.line_of(aiko)
    known.sdk.update(status="closed")
    receipt = erases(desk, box, aiko)
    assert {name: count for name, count in receipt["erased"].items() if count} == {
        "callers": 1,
        "routes": 1,
        "sessions": 1,
        "recordings": 1,
    }
    assert len(receipt["at_twilio"]["calls"]) == 2
    assert (len(receipt["sids"]), aiko.number[1:] in str(receipt)) == (1, False)
    assert desk.request("GET", f"/api/callers/{aiko.number}").status_code == 404
    assert desk.asks("GET", "/api/recordings")["recordings"] == []
    aiko.dials(line)
    aiko.hears("この番号におつなぎできません")


def test_as_long_as_they_can_be_called_they_are_not_and_it_is_said_where(desk, box, aiko, known):
    with pytest.raises(Refused, match="still in KC"):
        erases(desk, box, aiko)
    assert known.status == "in-progress"
    known.sdk.update(status="closed")
    assert erases(desk, box, aiko)["complete"]


def test_whoever_is_erased_may_come_back(desk, box, clock, aiko, ben, known):
    known.sdk.update(status="closed")
    erases(desk, box, aiko)
    session = desk.brings_together(aiko, ben, unique_name="order-17")
    aiko.dials(session.line_of(aiko))
    clock.forward(seconds=5)
    ben.rings(showing=session.line_of(ben))
