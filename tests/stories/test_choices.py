"""Aiko has two orders over one number: she hears both, and presses the key of the one that she calls about."""

import httpx
import pytest

from tests.stories.people import Person

LINE = "+815010000031"
ORDER_17, ORDER_18 = "order 17については、1を押してください。", "order 18については、2を押してください。"


@pytest.fixture
def chris(box) -> Person:
    return Person(box, "Chris", "+819044440004")


@pytest.fixture
def orders(desk, aiko, ben, chris):
    """Ben delivers order 17, and Chris order 18."""
    desk.opens(LINE, SeveralSessions="choose")
    return [order(desk, aiko, other, label) for other, label in ((ben, "order 17"), (chris, "order 18"))]


def order(desk, customer, courier, label, **options):
    session = desk.brings_together(customer, courier, **options)
    path = f"/v1/Services/{desk.service.fetch().sid}/Sessions/{session.sdk.fetch().sid}"
    answer = httpx.post(
        desk.scene.exchange + path, data={"Label": label}, auth=desk.key, trust_env=False, verify=False, timeout=300
    )
    assert answer.json()["label"] == label
    return session


def test_she_hears_both_presses_two_and_chris_rings_and_sees_his_line(orders, clock, aiko, ben, chris):
    aiko.dials(LINE)
    clock.forward(seconds=12)
    aiko.hears(ORDER_17)
    aiko.hears(ORDER_18)
    aiko.presses("2")
    chris.rings(showing=LINE)
    chris.answers()
    aiko.talks_with(chris)
    aiko.says("where are you?")
    chris.hears("where are you?")
    ben.is_idle()
    aiko.hangs_up()
    clock.forward(seconds=10)
    assert [len(session.interactions) for session in orders] == [0, 1]


def test_both_couriers_call_her_without_a_question(orders, aiko, ben, chris):
    for courier in (ben, chris):
        courier.dials(LINE)
        aiko.rings(showing=LINE)
        aiko.answers()
        courier.talks_with(aiko)
        aiko.hangs_up()
    aiko.is_idle()


def test_she_presses_nothing_is_asked_three_times_and_then_hears_that_nothing_was_chosen(orders, clock, aiko, ben):
    aiko.dials(LINE)
    clock.forward(minutes=2)
    asked = [one["text"] for one in aiko.telephone["heard"] if ORDER_17 in one["text"]]
    assert len(asked) == 3
    aiko.hears("お選びいただけませんでした")
    aiko.is_idle()
    ben.is_idle()


def test_one_closes_while_she_listens_its_key_tells_so_and_the_next_call_goes_through(orders, clock, aiko, ben, chris):
    aiko.dials(LINE)
    clock.forward(seconds=2)
    orders[0].sdk.update(status="closed")
    aiko.presses("1")
    clock.forward(seconds=20)
    aiko.hears("ご利用期間は終了しました")
    aiko.is_idle()
    aiko.dials(LINE)
    chris.rings(showing=LINE)
    aiko.hangs_up()
    ben.is_idle()


def test_when_both_have_expired_she_hears_that_the_time_is_over(desk, clock, aiko, ben, chris):
    desk.opens(LINE, SeveralSessions="choose")
    for courier, label in ((ben, "order 17"), (chris, "order 18")):
        order(desk, aiko, courier, label, ttl=600)
    clock.forward(minutes=11)
    aiko.dials(LINE)
    clock.forward(seconds=20)
    aiko.hears("ご利用期間は終了しました")
    aiko.is_idle()
    chris.is_idle()


def test_through_a_conference_she_chooses_too(desk, clock, aiko, ben, chris):
    desk.opens(LINE, SeveralSessions="choose", Through="conference")
    for courier, label in ((ben, "order 17"), (chris, "order 18")):
        order(desk, aiko, courier, label)
    aiko.dials(LINE)
    clock.forward(seconds=2)
    aiko.presses("2")
    clock.forward(seconds=2)
    chris.rings(showing=LINE)
    chris.answers()
    clock.forward(seconds=2)
    aiko.talks_with(chris)
    aiko.hangs_up()
    clock.forward(seconds=10)
    ben.is_idle()
