"""The exchange calls two people, and brings them together in a room, with a clock."""

import pytest

LINE = "+815010000011"


@pytest.fixture
def line(desk):
    desk.owns(LINE)
    return LINE


def meet(desk, aiko, ben, clock, **wanted):
    """A conference that Aiko and Ben have just begun."""
    bridge = desk.calls(aiko, ben, line=LINE, **wanted)
    aiko.rings(showing=LINE)
    aiko.answers()
    clock.forward(seconds=1)
    ben.rings(showing=LINE)
    ben.answers()
    return bridge


def test_two_are_called_and_talk(desk, line, aiko, ben, clock):
    bridge = meet(desk, aiko, ben, clock, minutes=30)
    aiko.talks_with(ben)
    ben.says("hello")
    aiko.hears("hello")
    seen = bridge.seen
    assert seen["status"] == "in-progress"
    clock.forward(minutes=29)
    aiko.talks_with(ben)
    clock.forward(minutes=1, seconds=2)
    aiko.is_idle()
    ben.is_idle()
    assert bridge.seen["end_reason"] == "time"
