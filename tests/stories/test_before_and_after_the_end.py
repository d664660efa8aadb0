"""The end of a session: a program is warned of it in time, and nobody who calls too late reaches anybody."""

import pytest

from tests.stories.owners import opening

LINES = ["+815010000011", "+815010000012", "+815010000013"]
HOUR = 3600


@pytest.fixture
def shop():
    """A system of the owner's that takes whatever it is told."""
    with opening() as opens:
        yield opens()


@pytest.fixture
def opens(desk, shop):
    """Opens a service whose sessions tell the shop's system of their end."""

    def open_service(**settings):
        desk.opens(*LINES, **settings)
        desk.asks("POST", "/api/subscriptions", {"url": shop.address, "events": ["session.*"]})

    return open_service


def told(shop):
    """What the shop was told of sessions that were there already."""
    return [event["type"] for event in shop.asked if event["type"] not in ("session.opened", "session.in-progress")]


def calls_in_vain(session, caller, callee):
    caller.dials(session.line_of(caller))
    callee.rings(showing=session.line_of(callee))
    callee.rejects()


# ---- before ----------------------------------------------------------------------------------------------------------


def test_ten_minutes_before_a_session_ends_a_program_is_told_so(desk, clock, aiko, ben, shop, opens):
    opens(WarnBeforeExpiry=600)
    session = desk.brings_together(aiko, ben, ttl=HOUR)
    clock.forward(minutes=49, seconds=55)
    assert told(shop) == []
    clock.forward(minutes=1, seconds=10)
    assert told(shop) == ["session.expiring"]
    assert (shop.asked[-1]["subject"], shop.asked[-1]["data"]["status"]) == (session.sdk.fetch().sid, "open")
    assert shop.asked[-1]["data"]["expires_at"] == "2026-11-18T12:06:40Z"
    clock.forward(minutes=11)
    assert told(shop) == ["session.expiring", "session.closed"]


def test_a_call_puts_the_warning_off_as_it_does_the_end(desk, clock, aiko, ben, shop, opens):
    opens(WarnBeforeExpiry=600)
    session = desk.brings_together(aiko, ben, ttl=HOUR)
    clock.forward(minutes=30)
    calls_in_vain(session, aiko, ben)
    clock.forward(minutes=49)
    assert told(shop) == []
    clock.forward(minutes=2, seconds=10)
    assert told(shop) == ["session.expiring"]


def test_who_calls_after_the_warning_is_warned_of_the_later_end_once_more(desk, clock, aiko, ben, shop, opens):
    opens(WarnBeforeExpiry=600)
    session = desk.brings_together(aiko, ben, ttl=1200)
    clock.forward(minutes=12)
    calls_in_vain(session, aiko, ben)
    assert told(shop) == ["session.expiring"]
    clock.forward(minutes=9)
    assert told(shop) == ["session.expiring"]
    clock.forward(minutes=2, seconds=10)
    assert told(shop) == ["session.expiring", "session.expiring"]
    assert session.status == "in-progress"


def test_of_a_session_that_a_program_has_put_off_it_is_told_before_its_new_end(desk, clock, aiko, ben, shop, opens):
    opens(WarnBeforeExpiry=600)
    session = desk.brings_together(aiko, ben, ttl=HOUR)
    session.sdk.update(ttl=2 * HOUR)
    clock.forward(minutes=109)
    assert told(shop) == []
    clock.forward(minutes=2, seconds=10)
    assert told(shop) == ["session.expiring"]


def test_who_has_not_asked_for_it_is_not_warned(desk, clock, aiko, ben, shop, opens):
    opens()
    desk.brings_together(aiko, ben, ttl=HOUR)
    clock.forward(minutes=62)
    assert told(shop) == ["session.closed"]


def test_a_session_that_is_closed_before_is_not_warned_of(desk, clock, aiko, ben, shop, opens):
    opens(WarnBeforeExpiry=600)
    session = desk.brings_together(aiko, ben, ttl=HOUR)
    session.sdk.update(status="closed")
    clock.forward(minutes=62)
    assert told(shop) == ["session.closed"]


def test_with_a_grace_period_it_is_told_when_the_time_is_over_and_when_it_closes(desk, clock, aiko, ben, shop, opens):
    opens(WarnBeforeExpiry=600, GracePeriod=300)
    desk.brings_together(aiko, ben, ttl=HOUR)
    clock.forward(minutes=51, seconds=10)
    assert told(shop) == ["session.expiring"]
    ends = (shop.asked[-1]["data"][name] for name in ("expires_at", "closes_at"))
    assert [*ends] == ["2026-11-18T12:06:40Z", "2026-11-18T12:11:40Z"]
    clock.forward(minutes=13)
    assert told(shop) == ["session.expiring"]
    clock.forward(minutes=2, seconds=10)
    assert told(shop) == ["session.expiring", "session.closed"]


# ---- the grace period ------------------------------------------------------------------------------------------------

ENDS_SOON = "まもなくご利用いただけなくなります"


@pytest.mark.parametrize("through", ["dial", "conference"])
def test_who_calls_in_the_grace_period_hears_that_it_ends_soon_and_is_put_through(desk, clock, aiko, ben, through):
    desk.opens(*LINES, GracePeriod=600, Through=through)
    session = desk.brings_together(aiko, ben, ttl=HOUR)
    clock.forward(minutes=62)
    aiko.dials(session.line_of(aiko))
    aiko.hears(ENDS_SOON)
    clock.forward(seconds=15)
    ben.rings(showing=session.line_of(ben))
    ben.answers()
    clock.forward(seconds=1)
    aiko.talks_with(ben)
    clock.forward(minutes=8)
    assert session.status == "closed"
    aiko.is_idle()


def test_who_calls_before_it_hears_nothing_of_an_end(desk, clock, aiko, ben):
    desk.opens(*LINES, GracePeriod=600)
    session = desk.brings_together(aiko, ben, ttl=HOUR)
    clock.forward(minutes=59)
    aiko.dials(session.line_of(aiko))
    ben.rings(showing=session.line_of(ben))
    ben.rejects()
    aiko.hears_nothing()


def test_calls_in_the_grace_period_do_not_put_the_end_off_and_a_program_does(desk, clock, aiko, ben):
    desk.opens(*LINES, GracePeriod=600)
    session = desk.brings_together(aiko, ben, ttl=HOUR)
    clock.forward(minutes=62)
    aiko.dials(session.line_of(aiko))
    clock.forward(seconds=15)
    ben.rings(showing=session.line_of(ben))
    ben.rejects()
    clock.forward(minutes=6)
    assert session.status == "in-progress"
    session.sdk.update(ttl=2 * HOUR)
    clock.forward(minutes=60)
    calls_in_vain(session, ben, aiko)
    clock.forward(minutes=129)
    assert session.status == "in-progress"
    clock.forward(minutes=2)
    assert session.status == "closed"


def test_a_text_in_the_grace_period_goes_on_and_does_not_put_the_end_off(desk, clock, aiko, ben):
    desk.opens(*LINES, sms=True, GracePeriod=600)
    session = desk.brings_together(aiko, ben, ttl=HOUR)
    clock.forward(minutes=62)
    aiko.texts(session.line_of(aiko), "I am here")
    clock.forward(seconds=5)
    ben.receives("I am here", showing=session.line_of(ben))
    clock.forward(minutes=9)
    assert session.status == "closed"


# ---- after -----------------------------------------------------------------------------------------------------------

OVER = '{"ja": "配達は完了しました。", "en": "Your delivery is complete."}'


def test_a_late_caller_hears_the_words_of_the_service_in_their_language(desk, clock, aiko, ben):
    desk.opens(*LINES, EndedSentence=OVER)
    session = desk.brings_together(aiko, ben)
    session.sdk.update(status="closed")
    aiko.dials(session.line_of(aiko))
    aiko.hears("配達は完了しました。")
    desk.knows(ben, language="en-US")
    ben.dials(session.line_of(ben))
    ben.hears("Your delivery is complete.")


def test_a_late_caller_in_whose_language_the_service_has_none_hears_the_usual_words(desk, clock, aiko, ben):
    desk.opens(*LINES, EndedSentence='{"en": "Your delivery is complete."}')
    session = desk.brings_together(aiko, ben)
    session.sdk.update(status="closed")
    aiko.dials(session.line_of(aiko))
    aiko.hears("ご利用期間は終了しました")
    ben.is_idle()


@pytest.mark.parametrize("behavior", ["prefer-sticky", "avoid-sticky"])
def test_who_redials_a_day_later_does_not_reach_whom_they_are_with_now(desk, clock, aiko, ben, eve, behavior):
    desk.opens(*LINES, NumberSelectionBehavior=behavior, Quarantine=3 * 24 * HOUR)
    former = desk.brings_together(aiko, ben)
    dialed = former.line_of(aiko)
    former.sdk.update(status="closed")
    clock.forward(hours=24)
    now = desk.brings_together(aiko, eve)
    assert now.line_of(aiko) != dialed
    aiko.dials(dialed)
    aiko.hears("ご利用期間は終了しました")
    eve.is_idle()
    ben.is_idle()
    assert now.interactions == []


def test_nor_does_the_other_who_redials(desk, clock, aiko, ben, eve):
    desk.opens(LINES[0], LINES[1])
    former = desk.brings_together(aiko, ben)
    dialed = former.line_of(ben)
    former.sdk.update(status="closed")
    clock.forward(hours=23)
    desk.brings_together(aiko, eve)
    ben.dials(dialed)
    ben.hears("ご利用期間は終了しました")
    aiko.is_idle()
    eve.is_idle()
