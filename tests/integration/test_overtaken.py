"""Whoever wants to change something has read it before: what others have done to it meanwhile is not undone by that."""

import itertools

import pytest

import cleanup
from local.aws import Context
from tests.integration import deeds
from tests.integration.books import check, open_books
from tests.integration.conftest import AIKO, BEN, NOON, OutgoingLeg, empty
from tests.integration.test_races import between, forget_sessions
from tests.integration.wire import Died, conflicting, dying
from toritsugi.masking import services, sessions
from toritsugi.masking.interactions import list_interactions

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


def sweep():
    event = {"sweep": {}}
    cleanup.handler(event, Context("cleanup"))


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


def test_a_session_that_is_deleted_while_somebody_opens_it_again_stays_deleted(sid, cloud, clock, wire):
    def prepare():
        session = deeds.create(sid, AIKO, BEN).session_sid
        deeds.close(sid, session)
        return session

    def dies(session):
        with pytest.raises(Died), wire.has(dying(3, after=False)):
            deeds.delete(sid, session)

    for session in at_every_step(wire, cloud, prepare, lambda session: deeds.reopen(sid, session), dies):
        assert check(cloud).live == []
        assert deeds.outcome(lambda session=session: sessions.get_session(sid, session)) == 20404


# ---- deleted ---------------------------------------------------------------------------------------------------------


class Called:
    """A session of two with a name, one call that has ended, and one of which Twilio has told nothing yet."""

    def __init__(self, sid, twilio, cloud, ttl):
        self.sid, self.session = sid, deeds.create(sid, AIKO, BEN, UniqueName="parcel", Ttl=ttl).session_sid
        lines = {person["identifier"]: person["proxy_identifier"] for person in open_books(cloud).participants}
        OutgoingLeg(twilio, AIKO, lines[AIKO], "CA" + "1" * 31 + "a").reports("initiated", "completed")
        self.leg = OutgoingLeg(twilio, AIKO, lines[AIKO], "CA" + "1" * 31 + "b")

    def close(self):
        return deeds.outcome(lambda: deeds.close(self.sid, self.session))

    def delete(self):
        return deeds.outcome(lambda: deeds.delete(self.sid, self.session))

    def is_brought_back_called_and_closed(self):
        deeds.outcome(lambda: deeds.reopen(self.sid, self.session))
        self.leg.reports("initiated")
        self.close()

    def is_called(self):
        self.leg.reports("initiated", "completed")

    def is_cleaned_up(self):
        deeds.clean_up(self.session)


MEANWHILE = [
    Called.is_brought_back_called_and_closed,
    Called.is_called,
    Called.is_cleaned_up,
    Called.close,
    Called.delete,
]


@pytest.mark.thorough
@pytest.mark.parametrize("meanwhile", MEANWHILE)
@pytest.mark.parametrize("state", ["open", "closed", "expired"])
def test_whatever_happens_while_a_session_is_deleted_nothing_of_it_stays(
    sid, twilio, cloud, clock, wire, state, meanwhile
):
    def prepare():
        called = Called(sid, twilio, cloud, ttl=600)
        if state == "closed":
            called.close()
        if state == "expired":
            clock.shift(700)
        return called

    for called in at_every_step(wire, cloud, prepare, Called.delete, meanwhile):
        called.leg.reports("completed")
        books = check(cloud)
        assert books.live == []
        if called.session in books.sessions:  # it was brought back, and is whole
            assert called.delete() == 0
            books = check(cloud)
        assert (books.sessions, books.participants, books.interactions, books.names) == ({}, [], [], [])


@pytest.mark.parametrize("finish", [Called.delete, Called.is_cleaned_up, lambda _: sweep()])
def test_a_deletion_that_died_is_one_for_everybody_and_whoever_comes_next_finishes_it(
    sid, service, twilio, cloud, clock, wire, finish
):
    marked = 0
    for call in itertools.count(1):
        forget_sessions(cloud)
        called = Called(sid, twilio, cloud, ttl=0)
        try:
            with wire.has(dying(call, after=True)):
                called.delete()
            break
        except Died:
            books = check(cloud)
        if books.sessions.get(called.session, {}).get("closed_reason") != "deleted":
            continue
        marked += 1
        for reading in (
            lambda called=called: sessions.get_session(sid, called.session),
            lambda called=called: sessions.read_session(sid, called.session),
            lambda called=called: deeds.reopen(sid, called.session),
            lambda called=called: deeds.close(sid, called.session),
            lambda called=called: deeds.add(sid, called.session, AIKO),
        ):
            assert deeds.outcome(reading) == 20404
        assert deeds.outcome(lambda: sessions.get_session(sid, "parcel")) == 80308
        assert service.sessions.list() == []
        called.is_called()
        assert deeds.outcome(lambda: deeds.create(sid, UniqueName="parcel")) == 0
        finish(called)
        assert list_interactions(called.session) == []
        books = check(cloud)
        assert (called.session in books.sessions, books.participants, books.interactions) == (False, [], [])
        assert [name["named"] for name in books.names] == list(books.sessions)
    assert marked >= 2


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


@pytest.mark.thorough
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("moved_on", [False, True])
@pytest.mark.parametrize("ended_by", ["cleanup", "delete"])
def test_however_the_end_of_a_session_is_interrupted_no_route_of_it_stays_in_the_index(
    sid, cloud, clock, wire, ended_by, moved_on, after
):
    for call in itertools.count(1):
        forget_sessions(cloud)
        session = deeds.create(sid, AIKO, BEN, Ttl=600).session_sid
        lines = {person["identifier"]: person["proxy_identifier"] for person in open_books(cloud).participants}
        clock.shift(601)
        if moved_on:
            deeds.create(sid, AIKO, lines=(lines[AIKO],))
        died = False
        try:
            with wire.has(dying(call, after=after)):
                deeds.clean_up(session) if ended_by == "cleanup" else deeds.delete(sid, session)
        except Died:
            died = True
        sweep()
        routes = [route for route in check(cloud).routes.values() if route["session_sid"] == session]
        assert [route.get("live_on") for route in routes] == [None] * (1 if moved_on else 2)
        if not died:
            break


# ---- a service -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"DefaultTtl": 60}, {"Quarantine": 7}),
        ({"UniqueName": "clinic"}, {"DefaultTtl": 60}),
        ({"CallbackUrl": ""}, {"UniqueName": "clinic"}),
    ],
)
def test_of_two_who_change_different_things_of_a_service_at_once_neither_undoes_the_other(
    cloud, clock, wire, one, other
):
    for first, second in ((one, other), (other, one)):
        for step in itertools.count(2):
            empty(cloud, "ServicesTable")
            made = services.new_service(deeds.form(UniqueName="desk", CallbackUrl="https://a.example.com/"))

            def change(fields, sid=made.service_sid):
                services.change_service(services.get_service(sid), deeds.form(**fields))

            inside = between(step, lambda change=change, second=second: change(second))
            with wire.has(inside):
                change(first)
            if not inside.reached:
                break
            now = services.get_service(made.service_sid)
            told = {"DefaultTtl": now.default_ttl, "Quarantine": now.quarantine, "UniqueName": now.unique_name}
            told |= {"CallbackUrl": now.callback_url or ""}
            assert told | one | other == told
            assert [found.service_sid for found in services.list_services(None, 9)[0]] == [made.service_sid]


def test_a_name_that_a_service_gave_up_meanwhile_is_not_taken_from_whoever_has_it_now(cloud, clock, wire):
    made = services.new_service(deeds.form(UniqueName="desk"))

    def another():
        services.change_service(services.get_service("desk"), deeds.form(UniqueName="clinic"))
        services.new_service(deeds.form(UniqueName="desk"))

    with wire.has(between(2, another)):
        services.change_service(services.get_service(made.service_sid), deeds.form(UniqueName="surgery"))
    assert services.get_service("surgery").service_sid == made.service_sid
    assert services.get_service("desk").service_sid != made.service_sid
    assert len(services.list_services(None, 9)[0]) == 2


def test_a_service_is_not_recorded_through_a_conference_whoever_asks_for_which_first(cloud, clock, wire):
    made = services.new_service(deeds.form(UniqueName="desk"))

    def change(**fields):
        return deeds.outcome(
            lambda: services.change_service(services.get_service(made.service_sid), deeds.form(**fields))
        )

    with wire.has(between(2, lambda: change(Record="true"))):
        assert change(Through="conference") == 80701
    now = services.get_service(made.service_sid)
    assert (now.record, now.through) == (True, "dial")


def test_a_service_from_before_there_were_all_settings_is_changed_like_any_other(cloud, clock):
    made = services.new_service(deeds.form(UniqueName="desk"))
    made.update([services.Service.record.remove(), services.Service.through.remove()])
    again = services.get_service("desk")
    assert services.change_service(again, deeds.form(DefaultTtl=60)).default_ttl == 60


@pytest.mark.parametrize("place", range(3))
def test_a_service_is_made_and_renamed_though_another_transaction_is_at_it(cloud, clock, wire, place):
    with wire.has(conflicting(2, min(place, 1))):
        made = services.new_service(deeds.form(UniqueName="desk"))
    with wire.has(conflicting(2, place)):
        assert services.change_service(made, deeds.form(UniqueName="clinic")).unique_name == "clinic"
