"""What is kept of a call: one interaction, whatever order its callbacks come in, and what it means for its session."""

import itertools
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.conftest import NEXT_TOKEN
from tests.integration.books import check, open_books, scan
from tests.integration.conftest import AIKO, BEN, OutgoingLeg, empty, open_session, set_setting
from tests.integration.wire import broken, conflicting, refusing
from toritsugi.limits import switch

STATUSES = ["initiated", "ringing", "in-progress", "completed"]
TABLES = ["SessionsTable", "DirectoryTable"]
FIRST, LATER, PUT_ALONE = ["TransactWriteItems"], ["UpdateItem"], ["TransactWriteItems"] * 2


def photograph(cloud):
    return {table: cloud.dynamodb.scan(TableName=table)["Items"] for table in TABLES}


def put_back(cloud, photograph):
    """The tables are as they were when they were photographed."""
    for table, items in photograph.items():
        empty(cloud, table)
        for item in items:
            cloud.dynamodb.put_item(TableName=table, Item=item)


def by_key(photograph):
    return {table: sorted(map(repr, (dict(sorted(i.items())) for i in items))) for table, items in photograph.items()}


# ---- exactly one -----------------------------------------------------------------------------------------------------


def test_a_call_leaves_one_interaction_with_both_legs_their_state_and_the_seconds_spoken(service, twilio, clock):
    session, lines = open_session(service)
    leg = OutgoingLeg(twilio, AIKO, lines[AIKO])
    leg.reports(*STATUSES)
    [interaction] = session.interactions.list()
    people = {person.identifier: person.sid for person in session.participants.list()}
    assert interaction.inbound_resource_sid == leg.call_sid
    assert interaction.outbound_resource_sid == leg.sid
    assert (interaction.inbound_participant_sid, interaction.outbound_participant_sid) == (people[AIKO], people[BEN])
    assert interaction.inbound_resource_status == interaction.outbound_resource_status == "completed"
    assert interaction.data == '{"duration": "60"}'
    assert interaction.type == "voice"
    assert interaction.date_updated - interaction.date_created == timedelta(seconds=65)


@pytest.mark.parametrize("ended", ["completed", "busy", "no-answer", "failed", "canceled"])
def test_the_interaction_ends_as_the_call_did(service, twilio, clock, ended):
    session, lines = open_session(service)
    OutgoingLeg(twilio, AIKO, lines[AIKO]).reports("initiated", "ringing", ended)
    [interaction] = session.interactions.list()
    assert interaction.outbound_resource_status == ended


def test_while_people_talk_the_interaction_is_in_progress_on_both_sides(service, twilio, clock):
    session, lines = open_session(service)
    OutgoingLeg(twilio, AIKO, lines[AIKO]).reports("initiated", "in-progress")
    [interaction] = session.interactions.list()
    assert interaction.outbound_resource_status == interaction.inbound_resource_status == "in-progress"
    assert interaction.data == "{}"


@pytest.mark.thorough
@pytest.mark.parametrize("ttl", [0, 600])
def test_callbacks_in_any_order_and_any_number_store_the_same_bytes(service, twilio, clock, cloud, ttl):
    switch.set_limits({"calls_at_once_per_caller": 0})  # of most of these calls nobody tells that they have ended
    session, lines = open_session(service, ttl=ttl)
    clock.shift(3)
    calls, sid = itertools.count(), session.fetch().sid

    def stored_after(*came):
        """The interaction of another call, of which these callbacks came; with X for what is the call's own."""
        own = f"{next(calls):016x}{'b' * 16}"
        leg = OutgoingLeg(twilio, AIKO, lines[AIKO], "CA" + own)
        leg.reports(*came)
        key = {"session_sid": {"S": sid}, "entry": {"S": f"interaction#KI{own}"}}
        item = cloud.dynamodb.get_item(TableName="SessionsTable", Key=key)["Item"]
        return repr(sorted(item.items())).replace(own, "X").replace(leg.sid, "Y")

    expected = stored_after(*STATUSES)
    before = by_key(photograph(cloud))
    assert {stored_after(*order) for order in itertools.permutations(STATUSES)} == {expected}

    @given(st.lists(st.sampled_from(STATUSES), min_size=1, max_size=8))
    @settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @example(["completed"])
    @example(["completed", "completed", "initiated", "initiated"])
    def what_is_stored_depends_on_what_came_and_not_on_when(came):
        stored = stored_after(*came)
        assert stored == stored_after(max(came, key=STATUSES.index))
        assert (stored == expected) == ("completed" in came)

    what_is_stored_depends_on_what_came_and_not_on_when()
    after = by_key(photograph(cloud))
    assert [item for item in after["SessionsTable"] if "interaction#" not in item] == [
        item for item in before["SessionsTable"] if "interaction#" not in item
    ]
    assert after["DirectoryTable"] == before["DirectoryTable"]


@pytest.mark.parametrize("ttl", [0, 600])
def test_whichever_callback_comes_first_means_the_same_for_the_session(service, twilio, clock, cloud, ttl):
    _, lines = open_session(service, ttl=ttl)
    clock.shift(3)
    leg, before = OutgoingLeg(twilio, AIKO, lines[AIKO]), photograph(cloud)
    after = []
    for first in STATUSES:
        put_back(cloud, before)
        leg.reports(first, *STATUSES)
        after.append(by_key(photograph(cloud)))
    assert all(other == after[0] for other in after)
    assert after[0] != by_key(before)


def test_two_calls_of_a_session_leave_two_interactions_the_newest_first(service, twilio, clock):
    session, lines = open_session(service)
    first = OutgoingLeg(twilio, AIKO, lines[AIKO], "CA" + "1" * 31 + "a")
    clock.shift(100)
    second = OutgoingLeg(twilio, BEN, lines[BEN], "CA" + "1" * 31 + "b")
    second.reports("initiated", "completed")
    first.reports("initiated", "completed")
    assert [i.inbound_resource_sid for i in session.interactions.list()] == [second.call_sid, first.call_sid]


def test_the_session_remembers_its_latest_call_even_when_an_earlier_one_is_reported_late(service, twilio, clock):
    session, lines = open_session(service)
    first = OutgoingLeg(twilio, AIKO, lines[AIKO], "CA" + "1" * 31 + "a")
    clock.shift(100)
    second = OutgoingLeg(twilio, BEN, lines[BEN], "CA" + "1" * 31 + "b")
    second.reports("initiated")
    latest = session.fetch().date_last_interaction
    first.reports("initiated")
    assert session.fetch().date_last_interaction == latest
    assert len(session.interactions.list()) == 2


# ---- what it costs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ttl", [0, 600])
def test_every_callback_costs_one_round_trip_the_first_a_later_one_and_one_that_comes_twice(
    service, twilio, clock, wire, ttl
):
    _, lines = open_session(service, ttl=ttl)
    leg, costs = OutgoingLeg(twilio, AIKO, lines[AIKO]), {}
    clock.shift(1)
    for name, status in [
        ("first", "initiated"),
        ("first again", "initiated"),
        ("last", "completed"),
        ("last again", "completed"),
        ("overtaken", "ringing"),
    ]:
        with wire.counting() as operations:
            leg.reports(status)
        costs[name] = operations
    assert costs == {"first": FIRST, "first again": FIRST, "last": LATER, "last again": LATER, "overtaken": LATER}


def test_a_call_whose_beginning_was_lost_costs_two(service, twilio, clock, wire):
    _, lines = open_session(service)
    leg = OutgoingLeg(twilio, AIKO, lines[AIKO])
    with wire.counting() as operations:
        leg.reports("completed")
    assert operations == LATER + FIRST


# ---- what it means for the session -----------------------------------------------------------------------------------


def test_the_first_call_takes_the_session_from_open_to_in_progress(service, twilio, clock):
    session, lines = open_session(service)
    assert (session.fetch().status, session.fetch().date_started) == ("open", None)
    clock.shift(10)
    leg = OutgoingLeg(twilio, AIKO, lines[AIKO])
    leg.reports("initiated")
    fetched = session.fetch()
    assert fetched.status == "in-progress"
    assert fetched.date_started == fetched.date_last_interaction == fetched.date_created + timedelta(seconds=10)
    clock.shift(10)
    OutgoingLeg(twilio, BEN, lines[BEN], "CA" + "1" * 31 + "b").reports("initiated")
    assert session.fetch().date_started == fetched.date_started


def test_a_call_slides_the_expiry_of_session_and_both_routes_together(service, twilio, clock, cloud):
    _, lines = open_session(service, ttl=600)
    clock.shift(590)
    leg = OutgoingLeg(twilio, AIKO, lines[AIKO])
    clock.shift(2)
    leg.reports("initiated")
    books = check(cloud)
    [session] = books.sessions.values()
    assert session["expires_at"] == session["date_created"] + 590 + 600
    assert {route["expires_at"] for route in books.routes.values()} == {session["expires_at"]}
    assert {r["free_from"] - r["expires_at"] for r in books.routes.values()} == {86_400}
    clock.shift(500)
    assert twilio.calls(lines[BEN], BEN, "CA" + "3" * 32).find("Dial") is not None


def test_an_expiry_never_slides_backwards(service, twilio, clock, cloud):
    _, lines = open_session(service, ttl=600)
    first = OutgoingLeg(twilio, AIKO, lines[AIKO], "CA" + "1" * 31 + "a")
    clock.shift(100)
    OutgoingLeg(twilio, BEN, lines[BEN], "CA" + "1" * 31 + "b").reports("initiated")
    [before] = check(cloud).sessions.values()
    first.reports("initiated")
    [after] = check(cloud).sessions.values()
    assert after["expires_at"] == before["expires_at"] == before["date_created"] + 100 + 600


def test_where_a_date_of_expiry_is_set_nothing_slides(service, twilio, clock, cloud):
    session, lines = open_session(service, ttl=600)
    leg = OutgoingLeg(twilio, AIKO, lines[AIKO])
    date = session.fetch().date_created + timedelta(seconds=300)
    session.update(date_expiry=date)
    clock.shift(10)
    leg.reports("initiated")
    OutgoingLeg(twilio, BEN, lines[BEN], "CA" + "1" * 31 + "b").reports("initiated")
    [stored] = check(cloud).sessions.values()
    assert stored["expires_at"] == date.timestamp()
    assert len(session.interactions.list()) == 2


def test_a_session_closed_meanwhile_stays_closed_and_keeps_the_interaction(service, twilio, clock, cloud):
    session, lines = open_session(service, ttl=600)
    leg = OutgoingLeg(twilio, AIKO, lines[AIKO])
    session.update(status="closed")
    leg.reports("initiated", "completed")
    assert session.fetch().status == "closed"
    assert [i.outbound_resource_status for i in session.interactions.list()] == ["completed"]
    assert check(cloud).live == []


@pytest.mark.parametrize("ttl", [0, 600])
@pytest.mark.parametrize("status", ["initiated", "completed"])
def test_of_a_session_deleted_meanwhile_nothing_is_kept(service, twilio, clock, cloud, ttl, status):
    session, lines = open_session(service, ttl=ttl)
    leg = OutgoingLeg(twilio, AIKO, lines[AIKO])
    session.delete()
    leg.reports(status)
    assert scan(cloud, "SessionsTable") == []
    check(cloud)


@pytest.mark.parametrize("late", [0, 1])
def test_a_callback_at_or_after_the_expiry_does_not_bring_the_session_back(service, twilio, clock, cloud, late):
    session, lines = open_session(service, ttl=600)
    clock.shift(599)
    leg = OutgoingLeg(twilio, AIKO, lines[AIKO])
    clock.shift(1 + late)
    leg.reports("initiated")
    assert session.fetch().status == "closed"
    assert len(session.interactions.list()) == 1
    assert check(cloud).live == []
    assert twilio.calls(lines[AIKO], AIKO, "CA" + "3" * 32).find("Dial") is None


def test_after_a_change_of_tokens_in_the_middle_of_a_call_its_end_is_kept_all_the_same(service, twilio, clock, cloud):
    session, lines = open_session(service, ttl=600)
    leg = OutgoingLeg(twilio, AIKO, lines[AIKO])
    leg.reports("initiated")
    set_setting(cloud, "auth-tokens", NEXT_TOKEN)
    twilio.token = NEXT_TOKEN
    leg.reports("completed")
    assert [i.outbound_resource_status for i in session.interactions.list()] == ["completed"]


# ---- on a bad day ----------------------------------------------------------------------------------------------------


TROUBLES = [broken, refusing("ThrottlingException"), refusing("InternalServerError"), conflicting(1000)]


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_callback_that_cannot_be_kept_is_answered_500_so_that_twilio_repeats_it(
    service, twilio, clock, wire, trouble
):
    session, lines = open_session(service, ttl=600)
    leg = OutgoingLeg(twilio, AIKO, lines[AIKO])
    with wire.has(trouble):
        assert twilio.reports(leg.address, leg.form("initiated")) == 500
    leg.reports("initiated")
    assert len(session.interactions.list()) == 1


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_a_transaction_that_meets_another_one_is_tried_again(service, twilio, clock, wire, cloud, place):
    session, lines = open_session(service, ttl=600)
    clock.shift(10)
    leg = OutgoingLeg(twilio, AIKO, lines[AIKO])
    with wire.has(conflicting(2, place)):
        leg.reports("initiated")
    [stored] = check(cloud).sessions.values()
    assert stored["expires_at"] == stored["date_created"] + 610
    assert len(session.interactions.list()) == 1


@pytest.mark.parametrize(
    "fields", [{"CallStatus": ""}, {"CallStatus": "asleep"}, {"CallSid": ""}, {"ParentCallSid": ""}]
)
def test_a_callback_that_says_nothing_is_not_repeated_and_leaves_nothing(service, twilio, clock, cloud, fields):
    _, lines = open_session(service)
    leg = OutgoingLeg(twilio, AIKO, lines[AIKO])
    assert twilio.reports(leg.address, leg.form("initiated") | fields) == 204
    assert open_books(cloud).interactions == []
