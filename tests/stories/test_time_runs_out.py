"""A session's time: it slides with every call, it ends at the very second, and a call that runs then ends too."""

from datetime import UTC, datetime

import pytest
from twilio.base.exceptions import TwilioRestException

from tests.stories.conftest import START

LINES = ["+815010000011", "+815010000012"]
MINUTE = 60


@pytest.fixture
def opened(desk):
    desk.opens(*LINES)
    return desk


def call(caller, session, callee):
    caller.dials(session.line_of(caller))
    callee.rings(showing=session.line_of(callee))
    callee.answers()


def test_a_session_connects_to_its_last_second_and_not_a_second_longer(opened, aiko, ben, clock):
    session = opened.brings_together(aiko, ben, ttl=10 * MINUTE)
    line = session.line_of(aiko)
    clock.forward(minutes=9, seconds=59)
    aiko.dials(line)
    ben.rings(showing=session.line_of(ben))
    aiko.hangs_up()
    clock.forward(minutes=10)
    aiko.dials(line)
    aiko.hears("この番号のご利用期間は終了しました")
    ben.is_idle()


def test_every_call_gives_the_session_its_whole_time_again(opened, aiko, ben, clock):
    session = opened.brings_together(aiko, ben, ttl=10 * MINUTE)
    for caller, callee in ((aiko, ben), (ben, aiko), (aiko, ben)):
        clock.forward(minutes=8)
        call(caller, session, callee)
        caller.hangs_up()
    assert session.status == "in-progress"
    clock.forward(minutes=11)
    assert session.status == "closed"


def test_a_date_of_expiry_overrides_the_ttl(opened, aiko, ben, clock):
    session = opened.brings_together(aiko, ben, ttl=10 * MINUTE)
    session.sdk.update(date_expiry=datetime.fromtimestamp(START + 60 * MINUTE, UTC))
    clock.forward(minutes=59)
    call(aiko, session, ben)
    ben.hangs_up()
    clock.forward(minutes=2)
    aiko.dials(session.line_of(aiko))
    aiko.hears("終了しました")
    closed = session.sdk.fetch()
    assert (closed.status, closed.closed_reason) == ("closed", "date-expiry")


def test_a_running_call_ends_when_the_session_does(opened, aiko, ben, clock):
    session = opened.brings_together(aiko, ben, ttl=10 * MINUTE)
    aiko.dials(session.line_of(aiko))
    ben.rings(showing=session.line_of(ben))
    clock.forward(seconds=20)
    ben.answers()
    clock.forward(minutes=10, seconds=-21)
    aiko.talks_with(ben)
    clock.forward(seconds=1 + 30 + 5)
    aiko.is_idle()
    ben.is_idle()
    assert session.status == "closed"


def test_a_service_may_let_running_calls_finish(desk, aiko, ben, clock):
    desk.opens(*LINES, CallsOutliveExpiry="true")
    session = desk.brings_together(aiko, ben, ttl=10 * MINUTE)
    call(aiko, session, ben)
    clock.forward(minutes=30)
    aiko.talks_with(ben)
    assert session.status == "closed"
    aiko.hangs_up()


def test_closing_leaves_a_running_call_alone(opened, aiko, ben, clock):
    session = opened.brings_together(aiko, ben)
    call(aiko, session, ben)
    session.sdk.update(status="closed")
    clock.forward(minutes=5)
    aiko.talks_with(ben)
    aiko.hangs_up()
    aiko.dials(session.line_of(aiko))
    aiko.hears("終了しました")


def test_a_closed_session_can_be_opened_again_and_connects(opened, aiko, ben):
    session = opened.brings_together(aiko, ben)
    session.sdk.update(status="closed")
    session.sdk.update(status="in-progress")
    call(ben, session, aiko)
    ben.talks_with(aiko)
    ben.hangs_up()


def test_cleanup_writes_down_what_every_caller_hears_already(opened, aiko, ben, clock):
    session = opened.brings_together(aiko, ben, ttl=10 * MINUTE)
    before = session.sdk.fetch()
    clock.forward(minutes=10)
    expired = session.sdk.fetch()
    clock.forward(minutes=2)
    cleaned = session.sdk.fetch()
    assert before.date_ended is None
    assert expired.status == cleaned.status == "closed"
    assert expired.date_ended == cleaned.date_ended
    assert expired.closed_reason == cleaned.closed_reason == "ttl"


def test_an_expired_pair_of_numbers_is_free_for_the_next_session(desk, aiko, ben, eve, clock):
    desk.opens(LINES[0])
    desk.brings_together(aiko, ben, ttl=10 * MINUTE)
    with pytest.raises(TwilioRestException) as refused:
        desk.brings_together(aiko, eve)
    assert refused.value.code == 80208
    clock.forward(minutes=10)
    session = desk.brings_together(aiko, eve)
    call(aiko, session, eve)
    aiko.talks_with(eve)
    aiko.hangs_up()
