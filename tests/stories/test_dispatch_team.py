"""A dispatch desk of three telephones on one side of a session, and a driver on the other."""

import pytest

from tests.stories.people import Person

LINES = ["+815010000011", "+815010000012"]


@pytest.fixture
def kenji(box):
    return Person(box, "Kenji", "+819041110001")


@pytest.fixture
def mai(box):
    return Person(box, "Mai", "+819041110002")


@pytest.fixture
def rio(box):
    return Person(box, "Rio", "+819041110003")


def test_three_ring_together_kenji_answers_and_the_others_stop(desk, aiko, kenji, mai, rio):
    desk.opens(*LINES)
    session = desk.brings_together_with_team(aiko, [mai, kenji, rio])
    desk_line = session.line_of(mai)
    aiko.dials(session.line_of(aiko))
    for one in (mai, kenji, rio):
        one.rings(showing=desk_line)
    kenji.answers()
    aiko.talks_with(kenji)
    mai.is_idle()
    rio.is_idle()
    kenji.hangs_up()
    (interaction,) = session.interactions
    assert interaction.outbound_resource_status == "completed"
    assert interaction.outbound_participant_sid == session.sid_of(mai)


def test_in_turn_the_next_rings_when_the_one_before_does_not_answer(desk, aiko, kenji, mai, rio):
    desk.opens(*LINES)
    session = desk.brings_together_with_team(aiko, [mai, kenji, rio], Rings="in-turn")
    desk_line = session.line_of(mai)
    aiko.dials(session.line_of(aiko))
    mai.rings(showing=desk_line)
    kenji.is_idle()
    mai.rejects()
    kenji.rings(showing=desk_line)
    rio.is_idle()
    kenji.answers()
    aiko.talks_with(kenji)
    aiko.hangs_up()
    assert [one.outbound_resource_status for one in session.interactions] == ["completed"]


def test_whoever_of_the_team_calls_the_driver_sees_the_number_of_the_desk(desk, aiko, kenji, mai):
    desk.opens(*LINES)
    session = desk.brings_together_with_team(aiko, [mai, kenji])
    kenji.dials(session.line_of(mai))
    aiko.rings(showing=session.line_of(aiko))
    aiko.answers()
    kenji.talks_with(aiko)
    kenji.hangs_up()
    assert [one.inbound_participant_sid for one in session.interactions] == [session.sid_of(mai)]
