"""Who is asked about calls may be slow, or answer for others; who calls may lie, and reach for what is not theirs."""

import pytest

from tests.attacks.test_slow_owners import WAYS, Dripper
from tests.stories.conftest import aiko, ben, clock, desk, eve  # noqa: F401
from tests.stories.owners import Owner

LINES = ["+815010000009", "+815010000010", "+815010000011"]


@pytest.fixture
def shop():
    owner = Owner()
    yield owner
    owner.close()
    assert owner.forged == []


@pytest.mark.parametrize("way", list(WAYS))
def test_whoever_keeps_the_answer_back_stops_no_call_by_that(desk, aiko, ben, clock, way):  # noqa: F811
    desk.opens(*LINES)
    session, slow = desk.brings_together(aiko, ben), Dripper(way)
    desk.sets(InterceptCallbackUrl=slow.address)
    aiko.dials(session.line_of(aiko))
    assert slow.left.wait(30), "the connection was held until the last drop"
    clock.forward(seconds=3)
    ben.rings(showing=session.line_of(ben))


def test_where_the_way_is_closed_a_slow_owner_lets_nobody_through(desk, aiko, ben, clock):  # noqa: F811
    desk.opens(*LINES)
    session, slow = desk.brings_together(aiko, ben), Dripper("the headers")
    desk.sets(InterceptCallbackUrl=slow.address, InterceptFails="closed")
    aiko.dials(session.line_of(aiko))
    assert slow.left.wait(30), "the connection was held until the last drop"
    clock.forward(seconds=3)
    ben.is_idle()
    aiko.hears("おつなぎできません")


@pytest.mark.parametrize("way", ["silence", "the content"])
def test_a_stranger_is_not_left_alone_with_a_slow_owner(desk, eve, clock, way):  # noqa: F811
    desk.opens(*LINES)
    slow = Dripper(way)
    desk.sets(OutOfSessionCallbackUrl=slow.address)
    eve.dials(LINES[0])
    assert slow.left.wait(30), "the connection was held until the last drop"
    clock.forward(seconds=6)
    eve.hears("おつなぎできません")


def test_who_forbids_one_call_forbids_that_one_alone(desk, shop, aiko, ben, eve, clock):  # noqa: F811
    desk.opens(*LINES, InterceptCallbackUrl=shop.address)
    ours, theirs = desk.brings_together(aiko, ben), desk.brings_together(eve, ben)
    answers = iter([403])
    shop.says = lambda _: next(answers, 200)
    aiko.dials(ours.line_of(aiko))
    clock.forward(seconds=10)
    ben.is_idle()
    for caller, session in ((eve, theirs), (aiko, ours)):
        caller.dials(session.line_of(caller))
        ben.rings(showing=session.line_of(ben))
        ben.rejects()
        clock.forward(seconds=5)
    assert [one.outbound_resource_status for one in ours.interactions] == ["busy", "canceled"]


def test_who_forges_a_caller_id_makes_no_session_in_anothers_name(desk, shop, aiko, ben, eve, clock):  # noqa: F811
    desk.opens(*LINES, OutOfSessionCallbackUrl=shop.address)
    shop.says = lambda _: {"participantIdentifier": ben.number}
    eve.dials(LINES[0], shows=aiko.number, stir_verstat="TN-Validation-Failed-C")
    clock.forward(seconds=10)
    ben.is_idle()
    assert (shop.asked, desk.service.sessions.list()) == ([], [])


def test_no_answer_reaches_into_a_session_of_others(desk, shop, aiko, ben, eve, clock):  # noqa: F811
    desk.opens(*LINES, OutOfSessionCallbackUrl=shop.address)
    session = desk.brings_together(aiko, ben)
    taken = session.line_of(ben)
    shop.says = lambda _: {"participantIdentifier": ben.number, "participantProxyIdentifier": taken}
    eve.dials(LINES[0])
    clock.forward(seconds=10)
    eve.hears("おつなぎできません")
    aiko.dials(session.line_of(aiko))
    ben.rings(showing=session.line_of(ben))
    ben.rejects()
    clock.forward(seconds=5)
    assert len(desk.service.sessions.list()) == 1
