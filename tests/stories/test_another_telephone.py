"""Aiko loses her telephone in the middle of a session, and gets another."""

import pytest

from tests.stories.people import Person

LINES = ["+815010000011", "+815010000012"]


@pytest.fixture
def session(desk, aiko, ben):
    desk.opens(*LINES)
    return desk.brings_together(aiko, ben)


@pytest.fixture
def new(box):
    return Person(box, "Aiko with her new telephone", "+819044440004")


def test_aiko_goes_on_with_a_new_telephone_and_the_old_one_hears_that_it_is_over(desk, session, aiko, new, ben):
    line = session.line_of(aiko)
    aiko.dials(line)
    ben.rings(showing=session.line_of(ben))
    ben.answers()
    person = desk.changes(session, aiko, Identifier=new.number)
    assert (person["identifier"], person["proxy_identifier"]) == (new.number, line)
    aiko.talks_with(ben)  # the call goes on
    ben.hangs_up()
    new.dials(line)
    ben.rings(showing=session.line_of(ben))
    ben.rejects()
    ben.dials(session.line_of(ben))
    new.rings(showing=line)
    new.answers()
    ben.talks_with(new)
    new.hangs_up()
    aiko.dials(line)
    aiko.hears("この番号のご利用期間は終了しました")
    ben.is_idle()
    assert {one.inbound_participant_sid for one in session.interactions} == {person["sid"], session.sid_of(ben)}
    assert sorted(one.outbound_resource_status for one in session.interactions) == ["busy", "completed", "completed"]
