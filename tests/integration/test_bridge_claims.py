"""Of all who see a step due one takes it; and nobody takes it for a state of the bridge that is past."""

import pytest

from tests.unit.histories import LINE, NOW, SID, announcement, bridge, call_sid, party
from toritsugi.bridges import announcements, commands, state
from toritsugi.bridges.records import Announcement, Bridge, Party, bridge_key, party_key
from toritsugi.bridges.steps import (
    Arm,
    Begin,
    Close,
    End,
    Follow,
    Limit,
    Miss,
    Prolong,
    Release,
    Ring,
    Settle,
    SpeakAgain,
)
from toritsugi.foundation.errors import RequestRefused

END = NOW + 600


@pytest.fixture
def kept(cloud):
    """A bridge of two people that runs until END, as somebody has just read it."""
    made = bridge(deadline=END, version=1, extension_minutes=10, extension_times=2, window=180)
    return commands.keep_bridge(made, [party(1), party(2), announcement(before_end=180)])


def now():
    return Bridge.get(*bridge_key(SID))


def person(place=2):
    return Party.get(*party_key(SID, place))


def ended():
    now().update([Bridge.ended_at.set(NOW)])


def moved():
    now().update([Bridge.version.set(2), Bridge.deadline.set(END + 600)])


# ---- announcements ---------------------------------------------------------------------------------------------------


def test_an_announcement_is_claimed_once(kept):
    said = announcement(before_end=180)
    assert [announcements.claim_announcement(said, kept, END - 180, END - 180) for _ in range(3)] == [
        True,
        False,
        False,
    ]


def test_what_was_dropped_is_not_spoken_either(kept):
    said = announcement(before_end=180)
    assert announcements.claim_announcement(said, kept, END - 180, END - 175, "late")
    assert not announcements.claim_announcement(said, kept, END - 180, END - 175)


def test_an_announcement_is_not_claimed_in_a_bridge_that_has_ended(kept):
    ended()
    assert not announcements.claim_announcement(announcement(before_end=180), kept, END - 180, END - 180)


def test_nor_for_a_deadline_that_has_moved_and_then_again_for_the_new_one(kept):
    said = announcement(before_end=180)
    assert announcements.claim_announcement(said, kept, END - 180, END - 180)
    moved()
    other = announcement(2, before_end=180)
    assert not announcements.claim_announcement(other, kept, END - 180, END - 180)
    assert announcements.claim_announcement(said, now(), END + 420, END + 420)
    assert announcements.claim_announcement(other, now(), END + 420, END + 420)


def test_what_comes_after_the_start_is_not_claimed_again_for_a_new_deadline(kept):
    said = announcement(after_start=60)
    assert announcements.claim_announcement(said, kept, NOW + 60, NOW + 60)
    moved()
    assert not announcements.claim_announcement(said, now(), NOW + 60, NOW + 60)


def test_the_words_of_an_announcement_are_given_once_to_whoever_asks_first(kept):
    said = announcement(before_end=180)
    assert not announcements.note_heard(SID, 1, 1, "first"), "nobody has claimed it"
    announcements.claim_announcement(said, kept, END - 180, END - 180)
    heard = [announcements.note_heard(SID, 1, 1, token) for token in ("first", "second", "first")]
    assert heard == [True, False, True]


def test_an_announcement_in_doubt_is_spoken_again_by_one_and_not_when_it_was_heard_meanwhile(kept):
    said = announcement(before_end=180)
    announcements.claim_announcement(said, kept, END - 180, END - 180)
    announcements.note_doubt(said, kept, END - 180)
    again = SpeakAgain(kept, said, END - 180, "CF1", None)
    assert [again.claim(END - 178) for _ in range(3)] == [True, False, False]
    announcements.note_heard(SID, 1, 1, "first")
    assert not SpeakAgain(kept, said, END - 178, "CF1", None).claim(END - 176)
    assert not Miss(kept, said, END - 178).claim(END - 175)


# ---- calls -----------------------------------------------------------------------------------------------------------


def test_somebody_is_called_once_for_each_attempt(kept):
    seen = person()
    assert [Ring(kept, seen).claim(NOW) for _ in range(3)] == [True, False, False]
    assert Ring(kept, person()).claim(NOW + 5)
    assert person().attempts == 2


def doubted(kept):
    """Somebody of whom it is not known whether they are called."""
    Ring(kept, person()).claim(NOW)
    commands.note_call_doubt(person(), 1, NOW + 1)
    return person()


def test_a_call_in_doubt_is_looked_for_once(kept):
    seen = doubted(kept)
    assert [Settle(seen).claim(NOW + 6) for _ in range(3)] == [True, False, False]
    assert Settle(person()).claim(NOW + 11)


def test_a_call_that_was_taken_back_is_made_once_more_as_the_same_attempt(kept):
    seen = doubted(kept)
    for _ in range(2):
        commands.take_back_call(seen, 1)
    assert (person().attempts, person().attempted_at, person().doubted_at, person().doubts) == (0, None, None, 1)
    seen = person()
    assert [Ring(kept, seen).claim(NOW + 6) for _ in range(2)] == [True, False]
    assert person().attempts == 1


def test_a_call_is_not_taken_back_of_which_twilio_has_told_meanwhile_or_that_is_not_in_doubt(kept):
    seen = doubted(kept)
    commands.note_call(seen, 1, call_sid(2))
    commands.take_back_call(seen, 1)
    assert (person().attempts, person().call_sid) == (1, call_sid(2))
    commands.forget_call_doubt(seen, 1)
    commands.take_back_call(seen, 1)
    assert (person().attempts, person().doubted_at) == (1, None)


def test_whoever_was_removed_meanwhile_is_not_called(kept):
    seen = person()
    commands.remove_party(seen, NOW)
    assert not Ring(kept, seen).claim(NOW)
    assert person().attempts == 0


def test_a_second_attempt_knows_nothing_of_the_first(kept):
    Ring(kept, person()).claim(NOW)
    person().update([Party.call_sid.set(call_sid(2)), Party.refused.set("busy")])
    Ring(kept, person()).claim(NOW + 5)
    assert (person().call_sid, person().refused) == (None, None)


def test_somebody_is_hung_up_once_and_again_only_by_whoever_knows_when(kept):
    seen = person()
    assert [Release(seen, call_sid(2), 1, None).claim(NOW) for _ in range(3)] == [True, False, False]
    seen = person()
    assert [Release(seen, call_sid(2), 1, None).claim(NOW + 10) for _ in range(2)] == [True, False]


def test_twilios_limit_follows_each_deadline_once_and_no_older_one(kept):
    assert [Limit(person(), call_sid(2), 600, 1).claim(NOW) for _ in range(2)] == [True, False]
    assert Limit(person(), call_sid(2), 1200, 2).claim(NOW)
    assert not Limit(person(), call_sid(2), 600, 1).claim(NOW)
    assert person().limited == 2


# ---- the deadline ----------------------------------------------------------------------------------------------------


def test_the_deadline_is_set_once(cloud):
    made = commands.keep_bridge(bridge(), [party(1), party(2)])
    assert [Begin(made, END, END).claim(NOW), Begin(made, END + 60, END + 60).claim(NOW)] == [True, False]
    assert (now().deadline, now().version) == (END, 1)


def test_a_bridge_that_has_ended_does_not_begin(cloud):
    made = commands.keep_bridge(bridge(), [party(1), party(2)])
    ended()
    assert not Begin(made, END, END).claim(NOW)


def test_timers_are_set_once_for_each_deadline_and_not_for_one_that_has_moved(kept):
    assert [Arm(kept, ()).claim(NOW) for _ in range(2)] == [True, False]
    moved()
    assert not Arm(kept, ()).claim(NOW)
    assert Arm(now(), ()).claim(NOW)
    assert not Arm(kept, ()).claim(NOW)


def test_timers_of_a_deadline_that_has_moved_are_not_taken_for_the_new_ones(kept):
    moved()
    assert not Arm(kept, ()).claim(NOW)
    assert now().armed == 0


def test_a_masked_session_follows_each_deadline_once(kept):
    assert [Prolong(kept).claim(NOW) for _ in range(2)] == [True, False]
    moved()
    assert [Prolong(now()).claim(NOW), Prolong(kept).claim(NOW)] == [True, False]


def test_a_session_that_followed_one_extension_has_not_followed_the_next(kept):
    commands.prolong_bridge(kept, 10, NOW)
    once = now()
    commands.prolong_bridge(once, 10, NOW + 20)
    assert not Prolong(once).claim(NOW)
    assert (now().extended_from, now().prolonged) == (END, 0)
    assert Prolong(now()).claim(NOW)
    assert now().extended_from is None


def test_the_deadline_follows_the_session_once_and_not_for_one_that_has_moved_or_ended(kept):
    assert [Follow(kept, END - 60).claim(NOW) for _ in range(2)] == [True, False]
    assert (now().deadline, now().version) == (END - 60, 2)
    seen = now()
    ended()
    assert not Follow(seen, END).claim(NOW)


def test_an_extension_adds_to_the_full_time_as_well(kept):
    assert Follow(kept, END - 60).claim(NOW)
    now().update([Bridge.full_time.set(END)])
    assert commands.prolong_bridge(now(), 10, NOW)
    assert (now().deadline, now().full_time) == (END + 540, END + 600)


def test_of_two_stars_in_the_same_second_one_moves_the_deadline(kept):
    assert [commands.prolong_bridge(kept, 10, NOW) for _ in range(2)] == [True, False]
    assert (now().deadline, now().version, now().extensions) == (END + 600, 2, 1)


def test_a_deadline_that_has_passed_is_not_moved(kept):
    assert not commands.prolong_bridge(kept, 10, END)
    assert commands.prolong_bridge(kept, 10, END - 1)


def test_a_bridge_that_has_ended_is_not_extended(kept):
    ended()
    assert not commands.prolong_bridge(kept, 10, NOW)


def test_a_star_extends_and_the_next_one_of_the_same_moment_has_done_so_too(kept):
    pressed = [commands.extend_by_star(kept, person(place), END - 60)[1] for place in (1, 2)]
    assert pressed == ["extended", "extended"]
    assert now().extensions == 1


def test_the_desk_extends_as_often_as_it_may(kept):
    assert [commands.extend(SID, NOW).extensions for _ in range(2)] == [1, 2]
    with pytest.raises(RequestRefused, match="as often as it may"):
        commands.extend(SID, NOW)


# ---- the end ---------------------------------------------------------------------------------------------------------


def test_a_bridge_ends_once_and_for_one_reason(kept):
    assert [End(kept, "time").claim(END), End(kept, "hung-up").claim(END + 1)] == [True, False]
    assert (now().end_reason, now().ended_at) == ("time", END)


def test_a_bridge_does_not_end_for_a_deadline_that_has_moved(kept):
    moved()
    assert not End(kept, "time").claim(END)
    assert not now().is_over


def test_a_conference_is_closed_once_and_the_next_one_too(kept):
    assert [Close(kept, "CF1").claim(END) for _ in range(2)] == [True, False]
    assert Close(kept, "CF2").claim(END)


# ---- what is added ---------------------------------------------------------------------------------------------------


def test_a_bridge_is_kept_once_and_the_second_request_gets_the_first_one(kept):
    again = commands.keep_bridge(bridge(minutes=99), [party(1)])
    assert (again.minutes, now().minutes) == (10, 10)


def test_a_key_that_was_used_for_another_request_is_refused(kept):
    with pytest.raises(RequestRefused, match="used for another request"):
        commands.keep_bridge(bridge(asked="something else"), [])


def test_two_announcements_at_once_get_two_numbers(kept):
    seen = state.get_state(SID)
    said = [commands.add_announcement(seen, Announcement(at=NOW, words="hi", language="en-US")) for _ in range(2)]
    assert [one.id for one in said] == [2, 3]


def test_two_people_at_once_do_not_get_one_place(kept):
    seen = state.get_state(SID)
    commands.add_party(seen, party(3, number="+819033330003"))
    with pytest.raises(RequestRefused, match="adding participants"):
        commands.add_party(seen, party(3, number="+819044440004"))
    assert person(3).number == "+819033330003"
    assert person(3).shows == LINE


def test_removing_twice_is_removing_once(kept):
    for moment in (NOW, NOW + 9):
        commands.remove_party(person(), moment)
    assert person().removed_at == NOW


def test_the_answer_to_an_earlier_attempt_does_not_stand_for_a_later_one(kept):
    person().update([Party.attempts.set(2)])
    commands.note_call(person(), 1, call_sid(1))
    assert person().call_sid is None


def test_whoever_is_not_in_the_bridge_is_not_there_after_being_removed_either(kept):
    commands.remove_party(party(9), NOW)
    with pytest.raises(Party.DoesNotExist):
        person(9)
