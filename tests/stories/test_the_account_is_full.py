"""Twilio lets the account have few calls at once: callers hear that all lines are busy, and the owner is told once.

https://support.twilio.com/hc/en-us/articles/223180028
"""

import pytest

from tests.stories.people import Person
from tests.stories.rooms import LINE

LINES = ["+815010000011", "+815010000012"]
OFFICE = "+81312345678"
BUSY = "ただいま、回線が混み合っております"
RECEPTION = f"""
language: ja-JP
start: person
steps:
  person: {{transfer: ["{OFFICE}", "+81312345679"], seconds: 20, otherwise: message}}
  message: {{voicemail: "発信音の後に伝言をどうぞ。", seconds: 120, next: goodbye}}
  goodbye: {{say: "ありがとうございました。"}}
"""


@pytest.fixture
def full(box):
    """The account may have a single call at once."""
    box.call("PUT", "/account", {"calls_at_once": 1})
    return box


def told(box):
    """What the owner's systems have heard of limits."""
    told = [event.detail["data"] for event in box.stack.cloud.events if event.what == "limit.reached"]
    return [(one["limit"], one["code"]) for one in told]


def test_after_a_masked_call_has_failed_callers_hear_why_until_there_may_be_room(full, desk, aiko, ben, clock):
    desk.opens(*LINES)
    session = desk.brings_together(aiko, ben)
    aiko.dials(session.line_of(aiko))
    ben.was_called(showing=session.line_of(ben))
    aiko.is_idle()
    aiko.dials(session.line_of(aiko))
    aiko.hears(BUSY)
    clock.forward(seconds=31)
    full.call("PUT", "/account", {"calls_at_once": 2})
    aiko.dials(session.line_of(aiko))
    ben.rings(showing=session.line_of(ben))
    assert told(full) == [("twilio_calls_at_once", 10004)]


def test_who_waits_in_the_room_of_a_masked_call_hears_it(full, desk, aiko, ben, clock):
    desk.opens(*LINES, Through="conference")
    session = desk.brings_together(aiko, ben)
    aiko.dials(session.line_of(aiko))
    clock.forward(seconds=30)
    aiko.hears(BUSY)
    aiko.is_idle()
    assert told(full) == [("twilio_calls_at_once", 10004)]


def test_a_caller_at_a_reception_hears_it_and_goes_on_to_where_it_leads(full, desk, aiko, clock):
    desk.answers_at(LINE, RECEPTION)
    aiko.dials(LINE)
    Person(full, "Office", OFFICE).was_called(showing=LINE)
    clock.forward(seconds=15)
    aiko.hears(BUSY)
    aiko.hears("伝言をどうぞ")
    assert told(full) == [("twilio_calls_at_once", 10004)]


def test_who_has_answered_already_hears_it_where_the_other_cannot_be_dialed(full, desk, aiko, ben, clock):
    desk.owns(LINE)
    desk.calls(aiko, ben, line=LINE, through="dial")
    aiko.rings(showing=LINE)
    aiko.answers()
    ben.was_called(showing=LINE)
    clock.forward(seconds=15)
    aiko.hears(BUSY)
    aiko.is_idle()
    assert told(full) == [("twilio_calls_at_once", 10004)]


def test_where_one_cannot_be_called_the_other_does_not_ring_on_and_a_program_is_told(full, desk, aiko, ben, clock):
    desk.owns(LINE)
    bridge = desk.calls(aiko, ben, line=LINE)
    aiko.was_called(showing=LINE)
    clock.forward(seconds=5)
    aiko.is_idle()
    aiko.hears_nothing()
    seen = bridge.seen
    assert (seen["status"], seen["end_reason"]) == ("completed", "failed")
    assert seen["participants"][1]["error"].startswith("10004 Twilio does not call: ")
    assert told(full) == [("twilio_calls_at_once", 10004)]


def test_within_an_hour_the_owner_is_told_once_and_in_the_next_again(full, desk, aiko, ben, clock):
    desk.opens(*LINES)
    session = desk.brings_together(aiko, ben)
    for _ in range(4):  # three of them between 11 and 12
        aiko.dials(session.line_of(aiko))
        ben.was_called(showing=session.line_of(ben))
        clock.forward(minutes=25)
    assert told(full) == [("twilio_calls_at_once", 10004)] * 2
