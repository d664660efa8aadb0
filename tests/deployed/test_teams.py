"""A dispatch desk of several telephones on one side of a session, as it is deployed: its calls and its texts."""

import pytest

from tests.deployed.processes import eventually
from tests.stories.people import Person


@pytest.fixture
def mai(scene):
    return Person(scene, "Mai", scene.telephone(4))


@pytest.fixture
def kenji(scene):
    return Person(scene, "Kenji", scene.telephone(5))


@pytest.fixture(autouse=True)
def nobody_is_refused(deployment):
    """A callback that is refused something is tried again by Twilio, and may pass for one that is only late."""
    before = len(deployment.refusals())
    yield
    assert [line for line in deployment.refusals()[before:] if "/StatusRole" in line or "/SmsRole" in line] == []


def test_a_team_rings_together_and_their_call_is_one_that_counts(desk, scene, aiko, mai, kenji):
    desk.opens(scene.line(1), scene.line(2), name=f"desk-{scene.block}")
    session = desk.brings_together_with_team(aiko, [mai, kenji])
    aiko.dials(session.line_of(aiko))
    for one in (mai, kenji):
        is_rung(one, session.line_of(mai))
    kenji.answers()
    aiko.talks_with(kenji)
    mai.is_idle()
    kenji.hangs_up()
    eventually(lambda: [one.outbound_resource_status for one in session.interactions] == ["completed"])
    (interaction,) = session.interactions
    assert interaction.outbound_participant_sid == session.sid_of(mai)
    assert session.status == "in-progress"


def test_in_turn_the_next_rings_and_whoever_calls_or_writes_is_the_team(desk, scene, aiko, mai, kenji):
    desk.opens(scene.line(1), scene.line(2), name=f"desk-{scene.block}", sms=True)
    session = desk.brings_together_with_team(aiko, [mai, kenji], Rings="in-turn")
    aiko.dials(session.line_of(aiko))
    for one in (mai, kenji):
        is_rung(one, session.line_of(mai))
        one.rejects()
    eventually(lambda: [one.outbound_resource_status for one in session.interactions] == ["busy"])
    kenji.texts(session.line_of(mai), "今から行きます")
    eventually(lambda: ("今から行きます", session.line_of(aiko)) in read_by(aiko))
    aiko.texts(session.line_of(aiko), "お願いします")
    eventually(lambda: ("お願いします", session.line_of(mai)) in read_by(mai))
    assert read_by(kenji) == []


def test_the_telephones_of_a_team_change_while_the_session_goes_on(desk, scene, aiko, mai, kenji):
    desk.opens(scene.line(1), scene.line(2), name=f"desk-{scene.block}")
    session = desk.brings_together_with_team(aiko, [mai])
    desk.changes(session, mai, MoreIdentifiers=kenji.number)
    aiko.dials(session.line_of(aiko))
    for one in (mai, kenji):
        is_rung(one, session.line_of(mai))
    aiko.hangs_up()
    eventually(lambda: [one.outbound_resource_status for one in session.interactions] == ["canceled"])


def is_rung(person, line):
    eventually(lambda: person.telephone["state"] == "ringing")
    person.rings(showing=line)


def read_by(person):
    """What somebody has read, and from whom it came."""
    return [(one["body"], one["from"]) for one in person.telephone["messages"] if one["direction"] == "in"]
