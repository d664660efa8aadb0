"""Connections to Twilio are forgotten while a process sleeps, or break: each is called once, and hears all once."""

import pytest

from tests.stories.rooms import LINE, meet
from tests.stories.test_texts import DESK, PARCEL
from tests.stories.test_texts import LINE as TEXT_LINE

THREE = {"before_end": 180, "say": "three minutes left", "language": "en-US"}
BREAKS = ["rest_reset", "rest_reset_after_applying"]


def heard(person):
    return [item["second"] for item in person.telephone["heard"] if "three minutes left" in item["text"]]


def calls_to(person, box):
    return [call for call in box.calls() if call["to"] == person.number]


@pytest.fixture
def night(box, clock):
    """Passes: each process sleeps, and of the connections that it keeps, Twilio knows nothing in the morning."""

    def pass_by():
        clock.forward(hours=8)
        box.call("PUT", "/faults", {"rest_forgets": {"seconds": 60}})

    return pass_by


# ---- a night ---------------------------------------------------------------------------------------------------------


def test_a_call_in_the_morning_rings_both(desk, aiko, ben, clock, night, box):
    meet(desk, aiko, ben)
    aiko.hangs_up()
    ben.hangs_up()
    night()
    desk.calls(aiko, ben, line=LINE)
    clock.forward(seconds=1)
    for person in (aiko, ben):
        person.was_called(showing=LINE)
    aiko.talks_with(ben)
    assert [len(calls_to(person, box)) for person in (aiko, ben)] == [2, 2]
    aiko.hangs_up()
    ben.hangs_up()


def test_an_announcement_after_a_long_silence_is_heard(desk, aiko, ben, clock, box):
    meet(desk, aiko, ben, minutes=60, announcements=[THREE])
    box.call("PUT", "/faults", {"rest_forgets": {"seconds": 60}})
    clock.forward(minutes=60, seconds=2)
    assert (heard(ben), len(heard(aiko))) == ([57 * 60], 1)
    aiko.is_idle()
    ben.is_idle()


def test_a_text_in_the_morning_arrives(desk, aiko, clock, night):
    desk.answers_at(TEXT_LINE, DESK, sms=True)
    message = {"to": aiko.number, "from": TEXT_LINE, "body": PARCEL}
    desk.asks("POST", "/api/messages", message)
    night()
    assert desk.asks("POST", "/api/messages", message)["status"] == "queued"
    clock.forward(seconds=10)
    aiko.has_read(PARCEL, PARCEL)


# ---- a connection that breaks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("breaks", BREAKS)
def test_each_telephone_rings_once_though_the_connection_breaks(desk, aiko, ben, clock, box, breaks):
    box.call("PUT", "/faults", {breaks: {"match": "Calls.json", "times": 1}})
    desk.owns(LINE)
    bridge = desk.calls(aiko, ben, line=LINE)
    clock.forward(seconds=7)
    for person in (aiko, ben):
        person.rings(showing=LINE)
        person.answers()
    aiko.talks_with(ben)
    aiko.hangs_up()
    ben.hangs_up()
    clock.forward(minutes=2)
    assert [len(calls_to(person, box)) for person in (aiko, ben)] == [1, 1]
    assert bridge.seen["end_reason"] == "hung-up"


@pytest.mark.parametrize("breaks", BREAKS)
def test_whoever_is_called_in_a_masked_conference_is_rung_once(desk, aiko, ben, clock, box, breaks):
    desk.opens("+815010000012", "+815010000013", Through="conference")
    session = desk.brings_together(aiko, ben)
    box.call("PUT", "/faults", {breaks: {"match": "Calls.json", "times": 1}})
    aiko.dials(session.line_of(aiko))
    clock.forward(seconds=7)
    ben.rings(showing=session.line_of(ben))
    ben.answers()
    aiko.talks_with(ben)
    aiko.hangs_up()
    clock.forward(minutes=2)
    ben.is_idle()
    assert len(calls_to(ben, box)) == 1


@pytest.mark.parametrize(("breaks", "late"), [("rest_reset", 3), ("rest_reset_after_applying", 0)])
def test_an_announcement_is_heard_once_though_the_connection_breaks(desk, aiko, ben, clock, box, breaks, late):
    meet(desk, aiko, ben, minutes=10, announcements=[THREE])
    box.call("PUT", "/faults", {breaks: {"match": "Conferences/CF", "times": 1}})
    clock.forward(minutes=10, seconds=2)
    (second,) = heard(ben)
    assert 7 * 60 <= second <= 7 * 60 + late
    assert len(heard(aiko)) == 1
    ben.is_idle()


@pytest.mark.parametrize("breaks", BREAKS)
def test_a_text_is_sent_once_though_the_connection_breaks(desk, aiko, clock, box, breaks):
    desk.answers_at(TEXT_LINE, DESK, sms=True)
    box.call("PUT", "/faults", {breaks: {"match": "Messages.json", "times": 1}})
    sent = desk.asks("POST", "/api/messages", {"to": aiko.number, "from": TEXT_LINE, "body": PARCEL})
    assert sent["status"] in ("queued", "sending")
    assert sent["twilio_sid"].startswith("SM")
    clock.forward(seconds=10)
    aiko.has_read(PARCEL)
    assert desk.asks("GET", f"/api/messages/{sent['sid']}")["status"] == "delivered"


@pytest.mark.parametrize("breaks", BREAKS)
def test_a_call_ends_for_both_though_the_connection_breaks(desk, aiko, ben, clock, box, breaks):
    bridge = meet(desk, aiko, ben)
    box.call("PUT", "/faults", {breaks: {"times": 1}})
    bridge.end()
    clock.forward(seconds=5)
    aiko.is_idle()
    ben.is_idle()
    assert bridge.seen["end_reason"] == "api"
