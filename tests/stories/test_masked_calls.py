"""Two people talk through a pool number, and neither sees the other's."""

import json

import pytest

LINES = ["+815010000011", "+815010000012", "+815010000013"]


@pytest.fixture
def session(desk, aiko, ben):
    desk.opens(*LINES)
    return desk.brings_together(aiko, ben, unique_name="order-17")


def test_aiko_calls_ben_and_they_talk(session, aiko, ben, clock):
    aiko.dials(session.line_of(aiko))
    ben.rings(showing=session.line_of(ben))
    ben.answers()
    aiko.talks_with(ben)
    aiko.says("hello ben")
    ben.hears("hello ben")
    clock.forward(minutes=2)
    ben.hangs_up()
    aiko.is_idle()
    (interaction,) = session.interactions
    assert interaction.outbound_resource_status == "completed"
    assert json.loads(interaction.data) == {"duration": "120"}
    assert session.status == "in-progress"


def test_ben_calls_back_the_number_he_saw(session, aiko, ben):
    aiko.dials(session.line_of(aiko))
    ben.rings(showing=session.line_of(ben))
    ben.rejects()
    aiko.is_idle()
    ben.dials(session.line_of(ben))
    aiko.rings(showing=session.line_of(aiko))
    aiko.answers()
    ben.talks_with(aiko)
    ben.hangs_up()
    statuses = {interaction.outbound_resource_status for interaction in session.interactions}
    assert statuses == {"busy", "completed"} or statuses == {"no-answer", "completed"}


def test_nobody_sees_hears_or_logs_the_number_of_the_other(session, aiko, ben, box):
    aiko.dials(session.line_of(aiko))
    ben.rings(showing=session.line_of(ben))
    ben.answers()
    ben.hangs_up()
    assert ben.number[1:] not in str(aiko.telephone["heard"]) + str(aiko.telephone["shows"])
    assert aiko.number[1:] not in str(ben.telephone["heard"]) + str(ben.telephone["shows"])
    urls = [hook["url"] for hook in box.call("GET", "/webhooks")["webhooks"]]
    assert not [url for url in urls if aiko.number[1:] in url or ben.number[1:] in url]


def test_a_stranger_who_dials_the_line_is_told_and_rings_nobody(session, aiko, ben, eve):
    eve.dials(session.line_of(aiko))
    eve.hears("この番号におつなぎできません")
    ben.is_idle()


def test_a_caller_who_hangs_up_while_it_rings_leaves_a_canceled_interaction(session, aiko, ben):
    aiko.dials(session.line_of(aiko))
    ben.rings(showing=session.line_of(ben))
    aiko.hangs_up()
    ben.is_idle()
    assert [interaction.outbound_resource_status for interaction in session.interactions] == ["canceled"]


def test_a_telephone_that_nobody_picks_up_stops_ringing_after_half_a_minute(session, aiko, ben, clock):
    aiko.dials(session.line_of(aiko))
    ben.rings(showing=session.line_of(ben))
    clock.forward(seconds=29)
    ben.rings(showing=session.line_of(ben))
    clock.forward(seconds=7)
    ben.is_idle()
    aiko.is_idle()
    assert [interaction.outbound_resource_status for interaction in session.interactions] == ["no-answer"]


def test_a_busy_telephone_makes_a_busy_interaction(session, aiko, ben):
    ben.will("busy")
    aiko.dials(session.line_of(aiko))
    ben.was_called(showing=session.line_of(ben))
    aiko.is_idle()
    assert [interaction.outbound_resource_status for interaction in session.interactions] == ["busy"]
