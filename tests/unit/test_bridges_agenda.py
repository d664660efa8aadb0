"""What has to be done for a bridge at a moment, why it is over, and when to look again."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

import timer
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
    spoken,
    stored,
    talking,
)
from toritsugi.bridges import agenda, announcements, commands, state
from toritsugi.bridges.bounds import DELETED_SESSION, Bounds
from toritsugi.bridges.steps import (
    Arm,
    Begin,
    Close,
    Drop,
    End,
    Follow,
    Leave,
    Limit,
    Prolong,
    Release,
    Ring,
    Speak,
)

END = NOW + 600


def called(place, **more):
    return party(place, attempts=1, attempted_at=NOW, call_sid=call_sid(place), **more)


def running(*more, told=None, people=2, **settings):
    """A call of ten minutes in which two people talk since NOW, unless something else was told; and all is set."""
    parties = [called(place, limited=settings.get("version", 1)) for place in range(1, people + 1)]
    facts = {"deadline": END, "version": 1, "armed": 1, **settings}
    return state.state_of([bridge(**facts), *parties, *more, *stored(talking(of=people) if told is None else told)])


def steps(seen, now):
    return [type(step) for step in agenda.due(seen, now)]


def leaves(place, at, number=9):
    return of_room(1, number, at, "participant-leave", call_sid(place))


# ---- looking at the right moment -------------------------------------------------------------------------------------


def do(seen, step, now):
    """What a step leaves in the table when nothing goes wrong."""
    known = seen.bridge
    match step:
        case Begin():
            known.deadline, known.version = step.deadline, 1
        case Arm():
            known.armed = known.version
        case Limit():
            step.party.limited = step.version
        case End():
            known.ended_at, known.end_reason = now, step.reason
        case Close():
            known.closed = step.conference_sid
        case Release():
            step.party.released, step.party.released_at = step.attempt, now
        case Ring():
            step.party.attempts, step.party.attempted_at, step.party.call_sid = step.party.attempts + 1, now, "CAnew"
        case Speak() | Drop():
            number, version = int(step.announcement.id), announcements.version_of(step.announcement, known)
            seen.spoken[number, version] = spoken(number, version, step.due)


def look(seen, now):
    """The state when everything that is due is done. It is done before timer.py loses its patience."""
    for _ in range(timer.MAX_ROUNDS):
        todo = agenda.due(seen, now)
        if not todo:
            return seen
        for step in todo:
            do(seen, step, now)
        entries = [seen.bridge, *seen.parties, *seen.announcements, *seen.spoken.values(), *seen.events]
        seen = state.state_of(entries)
    raise AssertionError(f"there is no end of it: {todo}")


@pytest.mark.thorough
@CALM
@given(histories(), some.floats(0, 1))
def test_between_two_looks_nothing_falls_due(history, part):
    """Nobody looks at a bridge when nothing tells of it, and nothing was set: so nothing may have to be done then."""
    now = history.now
    seen = look(history.seen(), now)
    known = seen.bridge
    looks = agenda.later(seen, now)
    assert all(moment > now for moment in looks)
    if known.deadline is not None and not known.is_over:
        looks |= {known.deadline, *(due for _, due in announcements.unspoken(seen))}
    looks.add(known.date_created + known.minutes * 60 + agenda.FORGOTTEN_SECONDS)
    ahead = [moment for moment in looks if moment > now]
    if ahead:  # we look at whole seconds, so perhaps a second later than we should
        assert agenda.due(seen, now + part * max(0, min(ahead) - 1 - now)) == []


@pytest.mark.thorough
@CALM
@given(histories())
def test_when_a_bridge_is_over_nothing_begins_any_more(history):
    seen = history.seen()
    if seen.bridge.is_over:
        assert set(steps(seen, history.now)) <= {Close, Release}


@pytest.mark.thorough
@CALM
@given(histories(), some.floats(0, 3600))
def test_past_the_deadline_there_is_only_the_end(history, late):
    seen = history.seen()
    if seen.bridge.deadline is not None and not seen.bridge.is_over:
        assert steps(seen, seen.bridge.deadline + late) == [End]


# ---- announcements ---------------------------------------------------------------------------------------------------


def test_a_warning_is_due_once_for_each_deadline():
    warning = announcement(before_end=180)
    assert Speak not in steps(running(warning), END - 181)
    assert steps(running(warning), END - 180) == [Speak]
    assert steps(running(warning, spoken(1, 1, END - 180)), END - 179) == []
    again = running(warning, spoken(1, 1, END - 180), deadline=END + 300, version=2, armed=2)
    assert steps(again, END - 170) == []
    assert steps(again, END + 120) == [Speak]
    assert steps(running(warning, spoken(1, 1, END - 180), spoken(1, 2, END), version=2, armed=2), END - 180) == []


def test_what_comes_after_the_start_is_due_once_whatever_the_deadline():
    said = announcement(after_start=60)
    assert steps(running(said), NOW + 59) == []
    assert steps(running(said), NOW + 60) == [Speak]
    assert steps(running(said, spoken(1, 0, NOW + 60), deadline=END + 300, version=2, armed=2), NOW + 61) == []


@CALM
@given(some.integers(-5, 900), some.floats(0, 1200), some.booleans())
def test_nothing_is_spoken_at_or_after_the_deadline(seconds, later, before_end):
    said = announcement(before_end=max(0, seconds)) if before_end else announcement(after_start=max(0, seconds))
    seen = running(said)
    if Speak in steps(seen, NOW + later):
        assert NOW + later < END
        assert announcements.due_at(said, seen.bridge, seen.started_at) <= NOW + later


def test_what_would_be_due_at_the_end_is_not_due_at_all():
    assert list(announcements.unspoken(running(announcement(before_end=0)))) == []
    assert list(announcements.unspoken(running(announcement(after_start=600)))) == []


def test_a_warning_of_more_than_the_whole_call_is_none():
    assert list(announcements.unspoken(running(announcement(before_end=601)))) == []
    assert list(announcements.unspoken(running(announcement(before_end=600)))) != []


def test_what_comes_late_by_five_seconds_is_dropped():
    said = announcement(after_start=60)
    assert steps(running(said), NOW + 64.9) == [Speak]
    assert steps(running(said), NOW + 65) == [Drop]


def test_it_waits_while_nobody_is_there_and_we_look_again_when_it_is_too_late():
    said = announcement(after_start=60)
    gone = [*talking(), leaves(1, NOW + 58), leaves(2, NOW + 59, 10), of_room(1, 11, NOW + 59, "conference-end")]
    seen = running(said, told=gone)
    assert steps(seen, NOW + 60) == []
    assert NOW + 65 in agenda.later(seen, NOW + 60)


def test_it_waits_until_two_have_met():
    alone = [*leg(1, answered=NOW), *leg(2), of_room(1, 1, NOW, "participant-join", call_sid(1))]
    seen = state.state_of([bridge(), called(1), called(2), announcement(at=NOW + 1), *stored(alone)])
    assert steps(seen, NOW + 2) == []


def test_what_is_for_one_is_spoken_to_that_one_and_waits_for_it():
    for_ben = announcement(after_start=60, to=2)
    (step,) = agenda.due(running(for_ben), NOW + 60)
    assert (step.call_sid, step.conference_sid) == (call_sid(2), f"CF{1:032x}")
    away = [*talking(), leaves(2, NOW + 59)]
    assert steps(running(for_ben, told=away), NOW + 60) == []
    nobody = [*talking(), *leg(2, answered=NOW, over=NOW + 50)]
    assert Speak not in steps(running(for_ben, told=nobody), NOW + 60)


def test_it_is_spoken_into_the_newest_conference():
    back = [of_room(2, n, NOW + 30, "participant-join", call_sid(n)) for n in (1, 2)]
    (step,) = agenda.due(running(announcement(after_start=60), told=[*talking(), *back]), NOW + 60)
    assert step.conference_sid == f"CF{2:032x}"


# ---- the deadline, and what hangs on it ------------------------------------------------------------------------------


def test_the_time_runs_from_the_first_conference_start():
    seen = state.state_of([bridge(minutes=10), called(1), called(2), *stored(talking(since=NOW + 20))])
    (step,) = agenda.due(seen, NOW + 21)
    assert (type(step), step.deadline) == (Begin, END + 20)


def test_timers_are_set_once_for_each_deadline_for_everything_that_is_still_ahead():
    said = [announcement(1, before_end=180), announcement(2, after_start=60)]
    (step,) = [one for one in agenda.due(running(*said, armed=0), NOW + 100) if isinstance(one, Arm)]
    assert step.moments == ((END, True), (END - 180, True))
    assert Arm not in steps(running(*said), NOW + 100)


def test_if_the_timers_could_not_be_set_the_deadline_is_looked_at_nevertheless():
    assert END in agenda.later(running(armed=0), NOW + 100)


def test_twilio_is_told_the_deadline_of_each_answered_leg_once():
    told = [*leg(1, answered=NOW - 5), *leg(2), of_room(1, 1, NOW, "conference-start")]
    people = [called(1), called(2)]
    seen = state.state_of([bridge(deadline=END, version=1, armed=1), *people, *stored(told)])
    (step,) = [one for one in agenda.due(seen, NOW + 1) if isinstance(one, Limit)]
    assert (step.call_sid, step.seconds, step.version) == (call_sid(1), 605 + agenda.GRACE_SECONDS, 1)
    people[0].limited = 1
    assert Limit not in steps(seen, NOW + 1)
    seen.bridge.version = 2
    assert Limit in steps(seen, NOW + 1)


def test_a_masked_session_lasts_as_long_as_its_call_after_each_extension():
    of_session = {"session_sid": "KC1", "service_sid": "KS1"}
    assert Prolong not in steps(running(**of_session), NOW + 1)
    assert Prolong in steps(running(**of_session, version=2, armed=2, extensions=1), NOW + 1)
    assert Prolong not in steps(running(**of_session, version=2, armed=2, extensions=1, prolonged=2), NOW + 1)
    assert Prolong not in steps(running(version=2, armed=2, extensions=1), NOW + 1)


# ---- who is alone, since when, and why it is over --------------------------------------------------------------------


def test_whoever_stays_alone_is_released_after_fifteen_seconds_and_not_before():
    seen = running(told=[*talking(), *leg(2, answered=NOW, over=NOW + 60)])
    assert seen.alone_since(NOW + 61) == NOW + 60
    assert agenda.why_over(seen, NOW + 74) is None
    assert NOW + 75 in agenda.later(seen, NOW + 61)
    assert agenda.why_over(seen, NOW + 75) == "left-alone"


def test_nobody_is_alone_while_the_other_is_at_the_star():
    seen = running(told=[*talking(), leaves(2, NOW + 60)])
    assert seen.alone_since(NOW + 80) is None
    assert NOW + 60 + state.FAR_SECONDS in agenda.later(seen, NOW + 80)
    assert agenda.why_over(seen, NOW + 104) is None
    assert agenda.why_over(seen, NOW + 105) == "left-alone"


def test_with_three_people_the_last_one_is_alone_since_the_second_last_left():
    told = [*talking(of=3), *leg(2, answered=NOW, over=NOW + 60), *leg(3, answered=NOW, over=NOW + 90)]
    assert running(told=told[:-1], people=3).alone_since(NOW + 80) is None
    assert running(told=told, people=3).alone_since(NOW + 95) == NOW + 90


def test_when_all_have_hung_up_it_is_over():
    told = [*talking(), *leg(1, answered=NOW, over=NOW + 60), *leg(2, answered=NOW, over=NOW + 60)]
    assert agenda.why_over(running(told=told), NOW + 61) == "hung-up"


def test_a_telephone_does_not_ring_for_somebody_who_has_hung_up():
    waited = [of_room(1, 1, NOW, "participant-join", call_sid(1)), *leg(1, answered=NOW, over=NOW + 9), *leg(2)]
    seen = state.state_of([bridge(), called(1), called(2), *stored(waited)])
    assert agenda.why_over(seen, NOW + 9) == "hung-up"


@pytest.mark.parametrize("status", ["busy", "no-answer", "failed", "canceled"])
def test_it_is_over_when_the_other_cannot_be_reached(status):
    told = [*leg(1, answered=NOW), of_room(1, 1, NOW, "participant-join", call_sid(1)), of_leg(2, 1, NOW + 9, status)]
    entries = [called(1), called(2), *stored(told)]
    assert agenda.why_over(state.state_of([bridge(), *entries]), NOW + 9) == status
    assert agenda.why_over(state.state_of([bridge(if_unanswered="wait"), *entries]), NOW + 9) is None
    again = state.state_of([bridge(if_unanswered="retry"), *entries])
    assert agenda.why_over(again, NOW + 9) is None
    assert NOW + 14 in agenda.later(again, NOW + 9)
    assert (steps(again, NOW + 13), steps(again, NOW + 14)) == ([], [Ring])


@pytest.mark.parametrize(("by", "reason"), [("machine_start", "machine"), ("fax", "machine"), ("human", "declined")])
def test_whoever_answers_and_never_comes_was_a_machine_or_declined(by, reason):
    told = [*leg(1, answered=NOW), of_leg(2, 1, NOW + 9, "completed", 3, AnsweredBy=by)]
    assert agenda.why_over(state.state_of([bridge(), called(1), called(2), *stored(told)]), NOW + 9) == reason


def test_a_second_attempt_is_the_last_one():
    parties = [called(1), party(2, attempts=2, attempted_at=NOW + 14, call_sid=call_sid(2, 2))]
    told = [*leg(1, answered=NOW), of_leg(2, 1, NOW + 9, "busy"), of_leg(2, 2, NOW + 20, "no-answer")]
    told.append(of_room(1, 1, NOW, "participant-join", call_sid(1)))
    seen = state.state_of([bridge(if_unanswered="retry"), *parties, *stored(told)])
    assert agenda.why_over(seen, NOW + 30) == "no-answer"


def test_a_call_of_which_nothing_is_known_for_a_minute_was_never_made():
    parties = [called(1), party(2, attempts=1, attempted_at=NOW)]
    told = [*leg(1, answered=NOW), of_room(1, 1, NOW, "participant-join", call_sid(1))]
    seen = state.state_of([bridge(), *parties, *stored(told)])
    assert agenda.why_over(seen, NOW + 59) is None
    assert NOW + 60 in agenda.later(seen, NOW + 59)
    assert agenda.why_over(seen, NOW + 60) is not None


def test_a_bridge_that_never_began_is_forgotten_one_day():
    waiting = state.state_of([bridge(if_unanswered="wait"), called(1), party(2), *stored(leg(1, answered=NOW))])
    assert agenda.why_over(waiting, NOW + 600 + agenda.FORGOTTEN_SECONDS - 1) is None
    assert agenda.why_over(waiting, NOW + 600 + agenda.FORGOTTEN_SECONDS) == "forgotten"


def test_dialed_legs_are_over_when_the_first_one_is():
    parties = [called(1), party(2)]
    answered = [*leg(1, answered=NOW, over=NOW + 90), *leg(2, answered=NOW + 10, over=NOW + 90)]
    seen = state.state_of([bridge(through="dial"), *parties, *stored(answered)])
    assert (agenda.why_over(seen, NOW + 90), seen.started_at) == ("hung-up", NOW + 10)
    unreached = state.state_of([bridge(through="dial"), *parties, *stored(leg(1, over=NOW + 30))])
    assert agenda.why_over(unreached, NOW + 30) == "no-answer"


# ---- the end ---------------------------------------------------------------------------------------------------------


def test_at_the_end_the_conference_is_closed_and_every_leg_hung_up():
    over = running(ended_at=END, end_reason="time")
    assert steps(over, END) == [Close, Release, Release]
    assert [step.sentence for step in agenda.due(over, END)[1:]] == [None, None]
    over.bridge.closed = f"CF{1:032x}"
    assert steps(over, END) == [Release, Release]


def test_a_leg_that_goes_on_is_hung_up_again_and_again_for_a_while():
    over = running(ended_at=END, end_reason="time", closed=f"CF{1:032x}")
    for one in over.parties:
        one.released, one.released_at = 1, END
    assert steps(over, END + 9) == []
    assert END + 10 in agenda.later(over, END + 9)
    assert steps(over, END + 10) == [Release, Release]
    for seconds in (10, 20, 40, 80, 160):  # each time after as long as in all so far
        for one in over.parties:
            one.released_at = END + seconds
        again = {END + 2 * seconds} if seconds < 160 else set()
        assert agenda.later(over, END + seconds) == again
    assert agenda.later(over, END + state.PATIENCE_SECONDS) == set()


def test_whoever_is_left_over_is_told_why():
    gone = [*talking(), *leg(2, answered=NOW, over=NOW + 60)]
    for reason, sentence in (("left-alone", "left alone"), ("busy", "unanswered"), ("machine", "unanswered")):
        (step,) = agenda.due(running(told=gone, ended_at=NOW + 75, end_reason=reason), NOW + 75)
        assert step.sentence == sentence


def test_somebody_who_is_removed_is_hung_up_and_not_called_again():
    seen = running()
    seen.parties[1].removed_at = NOW + 30
    (step,) = agenda.due(seen, NOW + 31)
    assert (type(step), step.call_sid) == (Release, call_sid(2))
    seen.parties[1].released, seen.parties[1].released_at = 1, NOW + 31
    assert NOW + 41 in agenda.later(seen, NOW + 31)
    assert (steps(seen, NOW + 40), steps(seen, NOW + 41)) == ([], [Release])
    never = state.state_of([bridge(), called(1), party(2, removed_at=NOW), party(3)])
    assert [step.party.place for step in agenda.due(never, NOW) if isinstance(step, Ring)] == [3]


# ---- the session of a call ------------------------------------------------------------------------------------------


def bounded(seen, connects_until=None, ends_at=None):
    seen.bounds = Bounds(connects_until, ends_at)
    return seen


def test_nobody_is_called_once_the_session_puts_nobody_through():
    never = bounded(state.state_of([bridge(), party(1), party(2)]), connects_until=NOW)
    assert steps(never, NOW - 1) == [Ring, Ring]
    assert [step.reason for step in agenda.due(never, NOW)] == ["session-ended"]


def test_a_call_that_rings_is_looked_at_when_its_session_ends():
    ringing = bounded(state.state_of([bridge(), called(1), called(2), *stored([*leg(1), *leg(2)])]), NOW + 20, NOW + 20)
    assert agenda.next_look(ringing, NOW) == NOW + 20
    assert (steps(ringing, NOW + 19), steps(ringing, NOW + 20)) == ([], [End])


def test_a_call_that_begins_lasts_no_longer_than_its_session():
    begun = bounded(running(deadline=None, version=0, armed=0), NOW + 90, NOW + 90)
    (step,) = agenda.due(begun, NOW)
    assert (step.deadline, step.full_time) == (NOW + 90, NOW + 600)


@pytest.mark.parametrize(("ends_at", "deadline"), [(END - 60, END - 60), (END + 60, END), (None, END)])
def test_the_deadline_follows_the_session_but_never_beyond_the_full_time(ends_at, deadline):
    for before in (END - 300, END):
        seen = bounded(running(deadline=before, full_time=END), ends_at, ends_at)
        moved = [step.deadline for step in agenda.due(seen, NOW + 10) if isinstance(step, Follow)]
        assert moved == ([deadline] if deadline != before else [])


def test_a_session_that_was_deleted_leaves_the_deadline_as_it_was():
    seen = running(deadline=END - 60, full_time=END)
    seen.bounds = DELETED_SESSION
    assert steps(seen, NOW + 10) == []


def test_the_session_first_follows_an_extension_and_then_the_call_its_session():
    extended = running(
        deadline=END + 600, full_time=END + 600, version=2, armed=2, extensions=1, session_sid="KC1", prolonged=1
    )
    bounded(extended, END, END)
    assert steps(extended, END - 30) == [Prolong]
    extended.bridge.prolonged = 2  # in vain: the session was closed
    assert [step.deadline for step in agenda.due(extended, END - 30)] == [END]


def test_a_call_that_runs_goes_on_when_its_session_puts_nobody_through_any_more():
    assert steps(bounded(running(), NOW + 5), NOW + 10) == []
    left = bounded(running(told=[*talking(), *leg(2, answered=NOW, over=NOW + 60)]), NOW + 5)
    assert steps(left, NOW + 61) == []
    assert agenda.why_over(left, NOW + 75) == "left-alone"


def test_who_waits_for_somebody_is_told_that_the_session_has_ended():
    waiting = running(told=leg(1, answered=NOW), deadline=None, version=0, ended_at=NOW + 9, end_reason="session-ended")
    waiting.bridge.enrolled = True
    release, *_, leave = agenda.due(waiting, NOW + 9)
    assert release.sentence == "call ended"
    assert isinstance(leave, Leave)
    assert not leave.talked


def test_a_session_hears_of_a_call_in_which_two_have_talked():
    over = running(told=talking(), ended_at=NOW + 90, end_reason="hung-up")
    over.bridge.enrolled = True
    assert [step.talked for step in agenda.due(over, NOW + 90) if isinstance(step, Leave)] == [True]


def test_twilios_own_limit_of_a_leg_is_a_second_behind_the_end_of_the_session():
    assert Ring(bridge(), party(1), Bounds(NOW + 30, NOW + 30)).longest(NOW) == 31
    assert Ring(bridge(), party(1)).longest(NOW) == 600 + 2 * 35 + 120 + 1


# ---- the star --------------------------------------------------------------------------------------------------------


def pressed(now, place=1, **facts):
    settings = {"deadline": END, "version": 1, "window": 180, "extension_minutes": 10, "extension_times": 1}
    return commands.extend_by_star(bridge(**{**settings, **facts}), party(place), now)[1]


def test_a_star_before_the_window_only_leads_back():
    assert pressed(END - 181) == "back"


def test_a_star_after_the_end_or_before_the_beginning_only_leads_back():
    assert pressed(END) == "back"
    assert pressed(END - 60, deadline=None) == "back"
    assert pressed(END - 60, ended_at=END - 61) == "back"


def test_a_star_of_somebody_who_may_not_only_leads_back():
    assert pressed(END - 60, place=1, extension_by=[2]) == "back"


def test_when_the_extensions_are_used_up_the_call_is_full():
    assert pressed(END - 60, extensions=1, version=2, extended_at=END - 600) == "full"


def test_a_star_in_the_moment_of_another_is_the_same_one():
    assert pressed(END - 60, extensions=1, version=2, extended_at=END - 74) == "extended"
    assert pressed(END - 60, extensions=1, version=2, extended_at=END - 75) == "full"
