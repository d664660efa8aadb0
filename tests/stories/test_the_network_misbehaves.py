"""Callbacks come twice, in disorder, late or never; and still there is one interaction, and it is right."""

import json

import pytest

LINES = ["+815010000011", "+815010000012"]
CALLBACKS = "/status/"
A_MINUTE = ("completed", {"duration": "60"}, "CA", "CA", "in-progress")


@pytest.fixture
def session(desk, aiko, ben):
    desk.opens(*LINES)
    return desk.brings_together(aiko, ben, ttl=3600)


def talk_for_a_minute(session, aiko, ben, clock):
    aiko.dials(session.line_of(aiko))
    ben.rings(showing=session.line_of(ben))
    ben.answers()
    clock.forward(minutes=1)
    ben.hangs_up()
    clock.forward(minutes=1)


def what_is_told(session):
    """What the desk sees of the only call: how it ended, how long it was, what its SIDs begin with, and its session."""
    (interaction,) = session.interactions
    sids = interaction.inbound_resource_sid, interaction.outbound_resource_sid
    return (
        interaction.outbound_resource_status,
        json.loads(interaction.data),
        *(sid[:2] for sid in sids),
        session.status,
    )


@pytest.mark.thorough
@pytest.mark.parametrize(
    "fault",
    [
        {"duplicate": {"match": CALLBACKS, "times": 9}},
        {"reorder": {"match": CALLBACKS, "times": 9}},
        {"delay": {"match": CALLBACKS, "seconds": 7, "times": 9}},
        {"duplicate": {"match": "/voice", "times": 1}},
        {"lose": {"match": CALLBACKS, "times": 1}},
    ],
    ids=["twice", "in disorder", "late", "the call itself twice", "the first never"],
)
def test_there_is_one_interaction_whatever_happens_to_its_callbacks(session, aiko, ben, clock, box, fault):
    box.call("PUT", "/faults", fault)
    talk_for_a_minute(session, aiko, ben, clock)
    assert what_is_told(session) == A_MINUTE


@pytest.mark.parametrize("path", ["/voice", CALLBACKS], ids=["the call itself", "its callbacks"])
def test_what_the_gateway_turns_away_for_want_of_room_comes_again(session, aiko, ben, clock, box, path):
    box.call("PUT", "/faults", {"throttled": {"match": path, "times": 2}})
    talk_for_a_minute(session, aiko, ben, clock)
    assert what_is_told(session) == A_MINUTE


def test_a_callback_that_cannot_get_through_is_tried_again(session, aiko, ben, clock, box):
    box.call("PUT", "/faults", {"connection_refused": {"match": CALLBACKS, "times": 2}})
    talk_for_a_minute(session, aiko, ben, clock)
    assert what_is_told(session) == A_MINUTE


def test_a_line_that_cannot_be_reached_for_a_moment_still_puts_its_caller_through(session, aiko, ben, box):
    box.call("PUT", "/faults", {"connection_refused": {"match": "/voice", "times": 1}})
    aiko.dials(session.line_of(aiko))
    ben.rings(showing=session.line_of(ben))
    aiko.hangs_up()


def test_a_process_that_dies_with_what_it_was_doing_is_asked_again(session, aiko, ben, clock, box):
    cloud = box.stack.cloud
    cloud.crash("voice", after="dynamodb.BatchGetItem")
    cloud.crash("status", before="dynamodb.TransactWriteItems")
    talk_for_a_minute(session, aiko, ben, clock)
    assert what_is_told(session) == A_MINUTE
