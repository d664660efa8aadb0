"""What is known of a bridge is a function of the set of callbacks: their order and their number change nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tests.unit.histories import (
    CALM,
    NOW,
    announcement,
    bridge,
    call_sid,
    histories,
    leg,
    of_leg,
    of_room,
    party,
    stored,
    talking,
)
from toritsugi.bridges import agenda, state, views
from toritsugi.bridges.state import State


def known(*told, **more):
    """The state of a call to two people, of which this was told."""
    people = [party(place, attempts=1, attempted_at=NOW, call_sid=call_sid(place)) for place in (1, 2)]
    return state.state_of([bridge(**more), *people, *stored(told)])


def everything(seen: State, now: float):
    """What follows from a state, of what the exchange does and of what it shows."""
    return (
        seen.legs,
        seen.members,
        seen.room and seen.room.conference_sid,
        seen.started_at,
        agenda.due(seen, now),
        agenda.later(seen, now),
        views.show_whole_bridge(seen),
    )


@pytest.mark.thorough
@CALM
@given(histories(), some.data())
def test_the_order_in_which_callbacks_come_changes_nothing(history, data):
    shuffled = data.draw(some.permutations(history.callbacks))
    assert everything(history.seen(shuffled), history.now) == everything(history.seen(), history.now)


@pytest.mark.thorough
@CALM
@given(histories(), some.data())
def test_callbacks_that_come_twice_change_nothing(history, data):
    again = data.draw(some.lists(some.sampled_from(history.callbacks))) if history.callbacks else []
    assert everything(history.seen([*again, *history.callbacks, *again]), history.now) == everything(
        history.seen(), history.now
    )


@pytest.mark.thorough
@CALM
@given(histories(), some.data())
def test_nor_does_the_order_in_which_the_table_gives_its_entries(history, data):
    entries = [*history.entries, *stored(history.callbacks)]
    shuffled = state.state_of(data.draw(some.permutations(entries)))
    assert everything(shuffled, history.now) == everything(state.state_of(entries), history.now)


# ---- single callbacks ------------------------------------------------------------------------------------------------


def test_a_leg_is_as_far_as_its_furthest_callback():
    seen = known(of_leg(1, 1, NOW + 9, "completed", 3, CallDuration="8", Duration="1"), *leg(1, answered=NOW + 1))
    (first, second) = seen.legs.values()
    assert (first.status, first.answered_at, first.ended_at, first.minutes) == ("completed", NOW + 1, NOW + 9, 1)
    assert second.status == "queued"


def test_a_leg_that_is_over_stays_over_whatever_is_told_of_it_later():
    late = [of_leg(1, 1, NOW + 9, "ringing", 7), of_leg(1, 1, NOW + 9, "in-progress", 8)]
    assert known(*leg(1, answered=NOW + 1, over=NOW + 9), *late).legs[1, 1].status == "completed"


def test_who_answered_is_told_at_the_end_and_stays_known():
    seen = known(of_leg(1, 1, NOW + 3, "completed", 3, AnsweredBy="machine_start"), *leg(1, answered=NOW + 1))
    assert seen.legs[1, 1].answered_by == "machine_start"


def test_a_call_that_twilio_has_refused_has_failed_unless_something_is_told_of_it():
    people = [party(1, attempts=1, attempted_at=NOW, refused="21211 no"), party(2)]
    assert state.state_of([bridge(), *people]).legs[1, 1].status == "failed"
    rings = state.state_of([bridge(), *people, *stored([of_leg(1, 1, NOW, "ringing")])])
    assert rings.legs[1, 1].status == "ringing"


def test_an_old_conferences_end_ends_nothing():
    both = [*talking(), of_room(1, 4, NOW + 60, "participant-leave", call_sid(1))]
    both += [of_room(1, 5, NOW + 61, "participant-leave", call_sid(2))]
    again = [of_room(2, n, NOW + 62, "participant-join", call_sid(n)) for n in (1, 2)]
    end = of_room(1, 6, NOW + 61, "conference-end")
    for told in ([*both, end, *again], [*both, *again, end], [*both, *again]):
        seen = known(*told)
        assert seen.members == {call_sid(1): NOW + 62, call_sid(2): NOW + 62}
        assert seen.room.conference_sid == f"CF{2:032x}"
        assert seen.room.runs
        assert agenda.why_over(seen, NOW + 70) is None


def test_of_two_conferences_of_the_same_second_the_one_that_has_not_ended_is_the_room():
    for first, second in ((1, 2), (2, 1)):
        seen = known(
            *leg(1, answered=NOW),
            of_room(first, 1, NOW, "participant-join", call_sid(1)),
            of_room(first, 2, NOW, "participant-leave", call_sid(1)),
            of_room(first, 3, NOW, "conference-end"),
            of_room(second, 1, NOW, "participant-join", call_sid(1)),
        )
        assert seen.members == {call_sid(1): NOW}


def test_the_time_runs_from_the_first_conference_start_also_when_a_later_one_is_told_first():
    later = [of_room(2, 1, NOW + 90, "participant-join", call_sid(1)), of_room(2, 3, NOW + 95, "conference-start")]
    assert known(*later).started_at == NOW + 95
    assert known(*later, *talking(since=NOW + 10)).started_at == NOW + 10


def test_two_in_the_room_have_started_it_even_if_nobody_tells_us_so():
    seen = known(*talking()[:-1])
    assert (seen.started_at, seen.room.runs) == (NOW, True)


def test_a_call_that_has_ended_has_left_the_room_even_if_nobody_tells_us_so():
    assert known(*talking(), *leg(2, answered=NOW, over=NOW + 60)).members == {call_sid(1): NOW}


def test_nobody_is_in_a_conference_that_has_ended_even_if_nobody_tells_us_that_they_left():
    assert known(*talking(), of_room(1, 4, NOW + 60, "conference-end")).members == {}


def test_announcements_are_shown_in_the_order_of_their_numbers():
    said = [announcement(number, after_start=10) for number in (2, 1)]
    seen = state.state_of([bridge(), *said])
    assert [one["id"] for one in views.show_whole_bridge(seen)["announcements"]] == [1, 2]
