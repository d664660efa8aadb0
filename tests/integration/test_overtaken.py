"""Whoever wants to change a session has read it before: what others have done to it meanwhile is not undone by that."""

import itertools

import pytest

from tests.integration import deeds
from tests.integration.books import check
from tests.integration.conftest import AIKO, BEN, NOON
from tests.integration.test_races import between, forget_sessions

TEN_MINUTES_LATER = "2026-11-21T03:10:00Z"


@pytest.fixture
def sid(service):
    return service.fetch().sid


def at_every_step(wire, cloud, prepare, deed, meanwhile):
    """Each time from the beginning, what happens `meanwhile` happens between two steps of the deed."""
    for step in itertools.count(2):
        forget_sessions(cloud)
        session = prepare()
        inside = between(step, lambda session=session: meanwhile(session))
        with wire.has(inside):
            deeds.outcome(lambda session=session: deed(session))
        if not inside.reached:
            return
        yield session


# ---- opened again ----------------------------------------------------------------------------------------------------


def test_who_opens_a_session_again_opens_it_with_everybody_who_is_in_it_by_then(sid, cloud, clock, wire):
    def prepare():
        session = deeds.create(sid, AIKO).session_sid
        deeds.close(sid, session)
        return session

    def others(session):
        deeds.reopen(sid, session)
        deeds.add(sid, session, BEN)
        deeds.close(sid, session)

    for _ in at_every_step(wire, cloud, prepare, lambda session: deeds.reopen(sid, session), others):
        assert len(check(cloud).live) in (0, 2)


@pytest.mark.parametrize("state", ["closed", "expired"])
@pytest.mark.parametrize("fields", [{"Ttl": 60}, {"Ttl": 0}, {"DateExpiry": TEN_MINUTES_LATER}])
def test_who_opens_a_session_again_keeps_what_others_have_set_meanwhile(sid, cloud, clock, wire, state, fields):
    def prepare():
        session = deeds.create(sid, AIKO, BEN, Ttl=100).session_sid
        if state == "closed":
            deeds.close(sid, session)
        else:
            clock.shift(100)
        return session

    def others(session):
        deeds.reopen(sid, session, **fields)
        deeds.close(sid, session)

    def again(session):
        deeds.reopen(sid, session, **({"Ttl": 7} if "DateExpiry" in fields else {}))

    for session in at_every_step(wire, cloud, prepare, again, others):
        stored = check(cloud).sessions[session]
        if "DateExpiry" in fields:
            assert "date_expiry" in stored
        else:
            assert stored["ttl"] == fields["Ttl"]
        clock.move_to(NOON)


# ---- when it ends ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["join", "date"])
def test_a_date_that_is_the_very_end_of_the_ttl_counts_as_a_date_for_whoever_joins_meanwhile(
    sid, cloud, clock, wire, first
):
    """The number is the same; but one slides, and the other does not."""

    def joins(session):
        deeds.add(sid, session, BEN)

    def is_dated(session):
        deeds.update(sid, session, DateExpiry=TEN_MINUTES_LATER)

    deed, meanwhile = (joins, is_dated) if first == "join" else (is_dated, joins)
    for session in at_every_step(wire, cloud, lambda: deeds.create(sid, AIKO, Ttl=600).session_sid, deed, meanwhile):
        books = check(cloud)
        assert len(books.live) == 2
        assert {(route["expires_at"], route.get("ttl")) for route in books.live} == {
            (books.sessions[session]["date_expiry"], None)
        }
