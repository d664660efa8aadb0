"""Masked calls through a conference: the end of the session is spoken into the call, and may be put off by a star."""

from datetime import timedelta

import pytest

LINES = ["+815010000011", "+815010000012"]
MINUTE = 60


@pytest.fixture
def opened(desk):
    desk.opens(*LINES, Through="conference", ExtensionMinutes=10, ExtensionTimes=1)
    return desk


def bridge_of(desk):
    (seen,) = desk.asks("GET", "/api/calls")["calls"]
    return seen


def talk(caller, callee, session, clock):
    caller.dials(session.line_of(caller))
    caller.hears("/voice/ringing/ja")
    callee.rings(showing=session.line_of(callee))
    clock.forward(seconds=4)
    callee.answers()
    caller.talks_with(callee)


def test_a_masked_call_through_a_conference_hides_both_numbers(opened, aiko, ben, clock, box):
    session = opened.brings_together(aiko, ben)
    talk(aiko, ben, session, clock)
    ben.says("hello")
    aiko.hears("hello")
    aiko.hangs_up()
    clock.forward(seconds=30)
    ben.is_idle()
    told = "".join(hook["url"] for hook in box.webhooks())
    told += "".join(hook["params"].get("FriendlyName", "") for hook in box.webhooks())
    assert not any(person.number[1:] in told for person in (aiko, ben))
    (interaction,) = session.interactions
    assert interaction.outbound_resource_status == "completed"
    assert session.status == "in-progress"


def test_the_end_of_the_session_is_spoken_into_the_call_and_comes(opened, aiko, ben, clock):
    session = opened.brings_together(aiko, ben, ttl=30 * MINUTE)
    talk(aiko, ben, session, clock)
    clock.forward(minutes=27)
    aiko.hears("あと3分です")
    ben.hears("10分延長するには")
    aiko.talks_with(ben)
    clock.forward(minutes=3)
    aiko.is_idle()
    ben.is_idle()
    assert session.status == "closed"


def test_a_call_that_begins_later_slides_the_session_and_lasts_as_long(opened, aiko, ben, clock):
    session = opened.brings_together(aiko, ben, ttl=30 * MINUTE)
    clock.forward(minutes=10)
    talk(aiko, ben, session, clock)
    clock.forward(minutes=26, seconds=50)
    assert "あと3分です" not in str(aiko.telephone["heard"])
    clock.forward(seconds=10)
    aiko.hears("あと3分です")
    clock.forward(minutes=2, seconds=50)
    aiko.talks_with(ben)
    assert session.status == "in-progress"
    clock.forward(seconds=10)
    aiko.is_idle()
    ben.is_idle()
    assert session.status == "closed"
    seen = session.sdk.fetch()
    assert seen.date_ended - seen.date_created == timedelta(minutes=40)


def test_a_call_that_begins_later_ends_at_the_date_that_was_set(opened, aiko, ben, clock):
    session = opened.brings_together(aiko, ben, ttl=30 * MINUTE)
    begun = session.sdk.fetch().date_created
    session.sdk.update(date_expiry=begun + timedelta(minutes=30))
    clock.forward(minutes=20)
    talk(aiko, ben, session, clock)
    clock.forward(minutes=7)
    aiko.hears("あと3分です")
    clock.forward(minutes=3)
    aiko.is_idle()
    assert session.status == "closed"
    assert session.sdk.fetch().date_ended == begun + timedelta(minutes=30)


@pytest.mark.parametrize("sliding", [True, False])
def test_a_star_puts_off_the_end_of_the_session_too(opened, aiko, ben, clock, sliding):
    session = opened.brings_together(aiko, ben, ttl=30 * MINUTE)
    if not sliding:
        session.sdk.update(date_expiry=session.sdk.fetch().date_created.replace(hour=11, minute=36, second=40))
    talk(aiko, ben, session, clock)
    clock.forward(minutes=28)
    ben.presses("*")
    ben.hears("通話を10分延長しました")
    clock.forward(minutes=10)
    aiko.talks_with(ben)
    assert session.status == "in-progress"
    clock.forward(minutes=3)
    aiko.is_idle()
    assert session.status == "closed"


def test_without_an_extension_the_service_only_warns(desk, aiko, ben, clock):
    desk.opens(*LINES, Through="conference", WarnBeforeEnd=60)
    session = desk.brings_together(aiko, ben, ttl=5 * MINUTE)
    talk(aiko, ben, session, clock)
    clock.forward(minutes=4)
    aiko.hears("あと1分です")
    assert "米印" not in str(aiko.telephone["heard"])
    clock.forward(minutes=1)
    aiko.is_idle()


@pytest.mark.parametrize("how", ["busy", "never"])
def test_a_caller_is_told_when_nobody_answers(opened, aiko, ben, clock, how):
    ben.will(how)
    session = opened.brings_together(aiko, ben)
    aiko.dials(session.line_of(aiko))
    clock.forward(seconds=36)
    ben.was_called(showing=session.line_of(ben))
    aiko.hears("お相手の方が電話に出られませんでした")
    clock.forward(seconds=8)
    aiko.is_idle()
    (interaction,) = session.interactions
    assert interaction.outbound_resource_status == {"busy": "busy", "never": "no-answer"}[how]


def test_a_caller_who_hangs_up_leaves_no_telephone_ringing(opened, aiko, ben, clock):
    session = opened.brings_together(aiko, ben)
    aiko.dials(session.line_of(aiko))
    ben.rings(showing=session.line_of(ben))
    aiko.hangs_up()
    ben.is_idle()
    assert [one.outbound_resource_status for one in session.interactions] == ["canceled"]


def test_the_desk_speaks_into_a_masked_call(opened, aiko, ben, clock):
    session = opened.brings_together(aiko, ben)
    talk(aiko, ben, session, clock)
    sid = bridge_of(opened)["sid"]
    opened.does("POST", f"/api/calls/{sid}/announce", {"say": "お荷物が届きました。", "to": 2})
    ben.hears("お荷物が届きました。")
    assert "お荷物" not in str(aiko.telephone["heard"])
    opened.does("DELETE", f"/api/calls/{sid}")
    aiko.is_idle()
    ben.is_idle()


def test_a_stranger_is_told_as_ever(opened, aiko, ben, eve):
    session = opened.brings_together(aiko, ben)
    eve.dials(session.line_of(aiko))
    eve.hears("この番号におつなぎできません")
    ben.is_idle()


def test_who_waits_for_nobody_is_told_however_late_twilio_hears_of_the_room(opened, aiko, ben, box, clock):
    session = opened.brings_together(aiko, ben)
    opened.asks("PATCH", "/api/limits", {"calls_an_hour": 1})
    aiko.dials(session.line_of(aiko))
    ben.rings(showing=session.line_of(ben))
    aiko.hangs_up()
    box.call("PUT", "/faults", {"delay": {"match": "/voice$", "times": 1, "seconds": 3}})
    aiko.dials(session.line_of(aiko))
    clock.forward(seconds=20)
    aiko.hears("混み合って")
    aiko.is_idle()
    ben.is_idle()
