"""What a client sets while a call is being told of: no slide undoes it, and what slides goes on from it."""

import itertools
from datetime import timedelta

import pytest

from tests.integration import deeds
from tests.integration.books import check
from tests.integration.conftest import AIKO, BEN, NOON, OutgoingLeg, open_session, set_setting
from tests.integration.test_races import between, forget_sessions

TOLD = ["initiated", "ringing", "in-progress", "completed"]


def ends(cloud):
    """When the one session ends; its routes end with it, and slide as long as it does."""
    books = check(cloud)
    [session] = books.sessions.values()
    slides = session["ttl"] and "date_expiry" not in session
    assert {route.get("ttl") for route in books.routes.values()} == {session["ttl"] if slides else None}
    return session.get("expires_at")


@pytest.mark.parametrize("told", TOLD)
@pytest.mark.parametrize(("before", "after"), [(3600, 60), (60, 3600), (0, 60)])
def test_a_ttl_that_is_set_while_a_call_is_told_of_is_the_one_by_which_it_slides(
    service, twilio, clock, cloud, told, before, after
):
    session, lines = open_session(service, ttl=before)
    clock.shift(10)
    leg = OutgoingLeg(twilio, AIKO, lines[AIKO])
    clock.shift(10)
    session.update(ttl=after)
    leg.reports(told)
    assert ends(cloud) == leg.began + after
    clock.shift(after - 11)
    assert twilio.calls(lines[BEN], BEN, "CA" + "3" * 32).find("Dial") is not None


@pytest.mark.parametrize("told", TOLD)
def test_a_session_that_is_to_end_no_more_while_a_call_is_told_of_does_not(service, twilio, clock, cloud, told):
    session, lines = open_session(service, ttl=600)
    leg = OutgoingLeg(twilio, AIKO, lines[AIKO])
    session.update(ttl=0)
    clock.shift(1000)
    leg.reports(told)
    assert ends(cloud) is None


@pytest.mark.parametrize("told", TOLD)
@pytest.mark.parametrize("seconds", [300, 600, 3600])
def test_a_date_of_expiry_that_is_set_while_a_call_is_told_of_stands(service, twilio, clock, cloud, told, seconds):
    session, lines = open_session(service, ttl=600)
    leg = OutgoingLeg(twilio, AIKO, lines[AIKO])
    date = session.fetch().date_created + timedelta(seconds=seconds)
    session.update(date_expiry=date)
    clock.shift(10)
    leg.reports(told)
    assert ends(cloud) == date.timestamp()


@pytest.mark.parametrize("told", TOLD)
def test_a_call_from_before_the_session_was_opened_again_changes_nothing_of_it(service, twilio, clock, cloud, told):
    session, lines = open_session(service, ttl=3600)
    leg = OutgoingLeg(twilio, AIKO, lines[AIKO])
    clock.shift(10)
    session.update(status="closed")
    clock.shift(10)
    session.update(status="in-progress", ttl=60)
    opened = session.fetch()
    leg.reports(told)
    assert ends(cloud) == leg.began + 20 + 60
    shown = session.fetch()
    assert (shown.date_last_interaction, shown.date_updated) == (None, opened.date_updated)
    assert [interaction.outbound_resource_status for interaction in session.interactions.list()] == [told]


def test_a_call_slides_also_where_nobody_can_read_any_more_who_made_it(service, twilio, clock, cloud):
    _, lines = open_session(service, ttl=600)
    clock.shift(100)
    leg = OutgoingLeg(twilio, AIKO, lines[AIKO])
    set_setting(cloud, "own-secrets", "9" * 64)
    leg.reports("initiated")
    assert ends(cloud) == leg.began + 600


# ---- one inside the other --------------------------------------------------------------------------------------------

SETS = {
    "a shorter ttl": {"Ttl": 60},
    "a longer ttl": {"Ttl": 6000},
    "the same ttl": {"Ttl": 600},
    "no ttl": {"Ttl": 0},
    "a date": {"DateExpiry": "2026-11-21T03:05:00Z"},
    "the date on which it would end": {"DateExpiry": "2026-11-21T03:10:00Z"},
}


@pytest.mark.thorough
@pytest.mark.parametrize("fields", SETS.values(), ids=SETS.keys())
@pytest.mark.parametrize("ttl", [0, 600])
def test_a_callback_and_a_client_may_come_between_any_two_steps_of_each_other(
    service, twilio, clock, cloud, wire, ttl, fields
):
    service_sid = service.fetch().sid

    def end_of(session_sid):
        session = check(cloud).sessions[session_sid]
        last = max(session["date_created"], session.get("date_last_interaction", 0))
        expected = session.get("date_expiry") or (last + session["ttl"] if session["ttl"] else None)
        assert session.get("expires_at") == expected
        return ends(cloud)

    def order(first, second, step):
        """When the session ends if `second` comes between two steps of `first`; None where it has no such step."""
        forget_sessions(cloud)
        clock.move_to(NOON)
        session = deeds.create(service_sid, AIKO, BEN, Ttl=ttl)
        lines = {person["identifier"]: person["proxy_identifier"] for person in check(cloud).participants}
        clock.shift(10)
        leg = OutgoingLeg(twilio, AIKO, lines[AIKO])
        clock.shift(5)
        doing = {
            "told": lambda: leg.reports("initiated"),
            "set": lambda: deeds.update(service_sid, session.session_sid, **fields),
        }
        inside = between(step, doing[second])
        with wire.has(inside):
            doing[first]()
        if not inside.reached:
            doing[second]()
        return inside.reached, end_of(session.session_sid)

    expected = {order("told", "set", 1)[1], order("set", "told", 1)[1]}
    assert len(expected) == 1
    for first, second in (("told", "set"), ("set", "told")):
        for step in itertools.count(2):
            reached, end = order(first, second, step)
            assert {end} == expected, (first, step)
            if not reached:
                break


@pytest.mark.thorough
@pytest.mark.parametrize("fields", [{"Ttl": 60}, {"Ttl": 0}, {"DateExpiry": "2026-11-21T03:05:00Z"}])
def test_of_two_clients_who_set_different_things_at_once_neither_undoes_the_other(service, clock, cloud, wire, fields):
    service_sid = service.fetch().sid
    date = {"DateExpiry": "2026-11-21T04:00:00Z"}
    for state in ({"Ttl": 600}, {"Ttl": 600, "DateExpiry": "2026-11-21T05:00:00Z"}):
        for step in itertools.count(2):
            forget_sessions(cloud)
            session = deeds.create(service_sid, AIKO, BEN, **state)
            inside = between(step, lambda sid=session.session_sid: deeds.update(service_sid, sid, **fields))
            with wire.has(inside):
                deeds.update(service_sid, session.session_sid, **date)
            if not inside.reached:
                break
            [stored] = check(cloud).sessions.values()
            assert stored["ttl"] == fields.get("Ttl", 600)
            ends(cloud)
