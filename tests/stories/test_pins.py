"""Aiko calls without showing her number, or from her mother's telephone, and reaches Ben by her PIN."""

import pytest

from tests.stories.people import Person

LINE = "+815010000011"
ASKED, WRONG = "暗証番号が必要です", "この暗証番号ではおつなぎできません"


@pytest.fixture
def mother(box):
    return Person(box, "Aiko's mother", "+819055550005")


@pytest.fixture
def session(desk, aiko, ben):
    desk.opens(LINE, PinEntry="true")
    return desk.brings_together(aiko, ben, unique_name="order-17")


def pin_of(desk, session, person):
    """What the desk tells somebody to key in when they call from elsewhere."""
    path = f"/v1/Services/order-desk/Sessions/{session.sdk.fetch().sid}/Participants"
    people = desk.asks("GET", path)["participants"]
    return next(one["pin"] for one in people if one["identifier"] == person.number)


def test_aiko_withholds_her_number_and_enters_her_pin(desk, box, session, aiko, ben, clock):
    aiko.will("by hand", withheld=True)
    aiko.dials(LINE)
    aiko.hears(ASKED)
    ben.is_idle()
    pin = pin_of(desk, session, aiko)
    clock.forward(seconds=10)
    aiko.presses(pin + "#")
    ben.rings(showing=LINE)
    ben.answers()
    aiko.talks_with(ben)
    clock.forward(minutes=2)
    ben.hangs_up()
    aiko.is_idle()
    [interaction] = session.interactions
    [caller] = [one for one in session.sdk.participants.list() if one.identifier == aiko.number]
    assert interaction.inbound_participant_sid == caller.sid
    assert interaction.outbound_resource_status == "completed"
    assert not [hook for hook in box.webhooks() if pin in hook["url"]]


def test_she_calls_from_her_mothers_telephone_and_nobody_learns_whose_it_is(desk, session, aiko, ben, mother, clock):
    mother.dials(LINE)
    clock.forward(seconds=10)
    mother.presses(pin_of(desk, session, aiko) + "#")
    ben.rings(showing=LINE)
    ben.answers()
    mother.talks_with(ben)
    ben.hears_nothing()
    ben.hangs_up()
    ben.dials(LINE)
    aiko.rings(showing=LINE)
    mother.is_idle()


def test_into_a_room_with_announcements_too(desk, aiko, ben, mother, clock):
    desk.opens(LINE, PinEntry="true", Through="conference")
    session = desk.brings_together(aiko, ben)
    mother.dials(LINE)
    clock.forward(seconds=10)
    mother.presses(pin_of(desk, session, aiko) + "#")
    clock.forward(seconds=2)
    ben.rings(showing=LINE)
    ben.answers()
    clock.forward(seconds=2)
    mother.talks_with(ben)


def test_a_recorded_call_by_pin_is_told_to_both_and_has_no_pin_in_it(desk, box, aiko, ben, mother, clock):
    desk.opens(LINE, PinEntry="true", Record="true")
    session = desk.brings_together(aiko, ben)
    mother.dials(LINE)
    clock.forward(seconds=10)
    pin = pin_of(desk, session, aiko)
    mother.presses(pin + "#")
    clock.forward(seconds=10)
    ben.rings(showing=LINE)
    ben.answers()
    clock.forward(seconds=10)
    for person in (mother, ben):
        person.hears("録音されます")
    ben.hangs_up()
    clock.forward(seconds=10)
    assert pin not in str(box.call("GET", "/recordings"))
    assert len(desk.asks("GET", "/api/recordings")["recordings"]) == 1


def test_three_wrong_pins_and_the_call_is_over(session, ben, eve, clock):
    eve.dials(LINE)
    for pin in ("80317246", "5094173", "1"):
        eve.hears(ASKED)
        clock.forward(seconds=10)
        eve.presses(pin + "#")
    eve.hears(WRONG)
    clock.forward(seconds=10)
    eve.is_idle()
    ben.is_idle()


def test_who_keys_in_nothing_is_told_how_to_call(session, aiko, ben, clock):
    aiko.will("by hand", withheld=True)
    aiko.dials(LINE)
    clock.forward(minutes=2)
    aiko.hears("番号が通知されていないため")
    aiko.is_idle()
    ben.is_idle()


def test_a_pin_of_a_session_that_is_over_is_wrong_and_ben_is_left_alone(desk, session, aiko, ben, mother, clock):
    pin = pin_of(desk, session, aiko)
    session.sdk.update(status="closed")
    mother.dials(LINE)
    clock.forward(seconds=10)
    mother.presses(pin + "#")
    mother.hears(WRONG)
    mother.hangs_up()
    ben.is_idle()
