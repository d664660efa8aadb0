"""Two things at once: whatever comes between two steps of something, no pair leads to two places, none nowhere."""

import itertools
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration import deeds
from tests.integration.books import check, open_books
from tests.integration.conftest import AIKO, BEN, EVE, LINES, OutgoingLeg, empty
from tests.integration.wire import Died, conflicting, dying
from toritsugi.masking import removal

TOO_LATE = {20404, 80103, 80503, 80604, 80607, 80608, 80609, 80701}  # what a client may hear who was not the first


@pytest.fixture
def sid(service):
    return service.fetch().sid


def forget_sessions(cloud):
    """The pool stays; whoever used it was never there."""
    empty(cloud, "SessionsTable")
    for item in cloud.dynamodb.scan(TableName="DirectoryTable")["Items"]:
        if item["kind"]["S"] == "route":
            cloud.dynamodb.delete_item(TableName="DirectoryTable", Key={k: item[k] for k in ("number", "entry")})
    for item in cloud.dynamodb.scan(TableName="ServicesTable")["Items"]:
        if item["kind"]["S"] == "session-name":
            cloud.dynamodb.delete_item(TableName="ServicesTable", Key={k: item[k] for k in ("service_sid", "entry")})


# ---- many at once ----------------------------------------------------------------------------------------------------


def test_of_fifty_who_claim_the_same_two_people_at_once_three_get_the_three_lines(sid, cloud):
    start = threading.Barrier(50)

    def claim(_):
        start.wait()
        return deeds.outcome(lambda: deeds.create(sid, AIKO, BEN))

    with ThreadPoolExecutor(50) as crowd:
        outcomes = Counter(crowd.map(claim, range(50)))
    assert outcomes[0] == 3
    assert set(outcomes) <= {0, 80208, 80623}
    books = check(cloud)
    assert (len(books.sessions), len(books.participants), len(books.routes)) == (3, 6, 6)
    assert {(route["number"], route["entry"]) for route in books.live} == {
        (person, f"route#{line}") for person in (AIKO, BEN) for line in LINES
    }


def test_of_two_who_join_at_once_one_is_second_and_the_other_is_told_that_two_are_there(sid, cloud):
    for _ in range(5):
        session = deeds.create(sid, AIKO).session_sid
        with ThreadPoolExecutor(2) as pair:
            joins = [pair.submit(deeds.outcome, partial(deeds.add, sid, session, number)) for number in (BEN, EVE)]
        assert sorted(join.result() for join in joins) == [0, 80609]
        check(cloud)
        forget_sessions(cloud)


# ---- one inside another ----------------------------------------------------------------------------------------------


class World:
    """A session in some state, and what can be done to it. Everything is made anew for every pair of deeds."""

    def __init__(self, state, sid, twilio, clock):
        self.sid = sid
        people = (AIKO,) if state == "with one person" else (AIKO, BEN)
        self.session = deeds.create(sid, *people, Ttl=600, UniqueName="parcel").session_sid
        came = {p["identifier"]: p for p in open_books(twilio.cloud).participants}
        lines = {identifier: p["proxy_identifier"] for identifier, p in came.items()}
        self.lines, self.first = tuple(lines[person] for person in people), came[AIKO]["sid"]
        if state == "with two people":
            clock.shift(100)
            self.leg = OutgoingLeg(twilio, AIKO, lines[AIKO])
        if state == "just expired":
            clock.shift(590)
            self.leg = OutgoingLeg(twilio, AIKO, lines[AIKO])
            clock.shift(10)
        if state == "closed":
            deeds.close(sid, self.session)

    def close(self):
        deeds.close(self.sid, self.session)

    def delete(self):
        deeds.delete(self.sid, self.session)

    def reopen(self):
        deeds.reopen(self.sid, self.session)

    def prolong(self):
        deeds.update(self.sid, self.session, Ttl=1200)

    def clean_up(self):
        deeds.clean_up(self.session)

    def call(self):
        self.leg.reports("initiated")

    def join(self):
        deeds.add(self.sid, self.session, BEN)

    def eve_joins(self):
        deeds.add(self.sid, self.session, EVE)

    def renumber(self):
        deeds.renumber(self.sid, self.session)

    def leave(self):
        removal.remove_participant(self.sid, self.session, self.first)

    def take_the_lines(self):
        deeds.create(self.sid, *(AIKO, BEN)[: len(self.lines)], lines=self.lines)


DEEDS = {
    "with two people": ["close", "delete", "prolong", "call", "renumber", "take_the_lines"],
    "with one person": ["close", "delete", "prolong", "join", "renumber", "eve_joins"],
    "closed": ["delete", "reopen", "take_the_lines"],
    "just expired": ["delete", "reopen", "clean_up", "call", "renumber", "take_the_lines"],
}


OTHERWISE_PROVEN = {"take_the_lines", "eve_joins"}  # one is nothing but a creation, the other a joining
LIVES = [(state, deed) for state in DEEDS for deed in DEEDS[state] if deed not in OTHERWISE_PROVEN]


@pytest.mark.thorough
@pytest.mark.parametrize(("state", "deed"), LIVES)
def test_whatever_happens_between_two_steps_of_something_else_the_books_agree(
    sid, twilio, clock, cloud, wire, state, deed
):
    twilio.cloud = cloud
    heard = set()
    for other in DEEDS[state]:
        for step in itertools.count(2):
            forget_sessions(cloud)
            world = World(state, sid, twilio, clock)
            inside = between(step, lambda world=world, other=other: heard.add(deeds.outcome(getattr(world, other))))
            with wire.has(inside):
                heard.add(deeds.outcome(getattr(world, deed)))
            if not inside.reached:
                break
            books = check(cloud)
            assert len(books.routes) <= 6, (other, step)
    assert heard <= TOO_LATE | {0}


def between(step, deed):
    """Has something else happen, as a whole, right before this step."""
    seen = [0]

    def interrupt(_operation, _request, carry):
        seen[0] += 1
        if seen[0] == step:
            interrupt.reached = True
            deed()
        return carry()

    interrupt.reached = False
    return interrupt


def test_steps_of_three_deeds_in_any_order_leave_books_that_agree(sid, twilio, clock, cloud, wire):
    twilio.cloud = cloud

    @given(st.data())
    @settings(
        max_examples=14, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    def steps_in_an_order(data):
        forget_sessions(cloud)
        state = data.draw(st.sampled_from(sorted(DEEDS)))
        names = data.draw(st.lists(st.sampled_from(DEEDS[state]), min_size=3, max_size=3))
        world = World(state, sid, twilio, clock)
        outcomes = take_turns(
            wire,
            [lambda name=name: deeds.outcome(getattr(world, name)) for name in names],
            lambda waiting: data.draw(st.sampled_from(waiting)),
        )
        assert set(outcomes) <= TOO_LATE | {0}
        check(cloud)

    steps_in_an_order()


def take_turns(wire, actions, choose):
    """Runs each action in a thread of its own; at every API call all of them wait, and one is chosen to go on."""
    gates = [threading.Semaphore(0) for _ in actions]
    waiting, arrived, me = set(), threading.Semaphore(0), threading.local()

    def wait_for_turn(_operation, _request, carry):
        if hasattr(me, "number"):
            waiting.add(me.number)
            arrived.release()
            gates[me.number].acquire()
        return carry()

    def act(number):
        me.number = number
        try:
            return actions[number]()
        finally:
            arrived.release()

    with ThreadPoolExecutor(len(actions)) as threads, wire.has(wait_for_turn):
        results = []
        for number in range(len(actions)):
            results.append(threads.submit(act, number))
            assert arrived.acquire(timeout=300)
        try:
            while waiting:
                chosen = choose(sorted(waiting))
                waiting.remove(chosen)
                gates[chosen].release()
                assert arrived.acquire(timeout=300)
        finally:
            for gate in gates:  # whoever still waits must not wait for ever
                gate.release(1000)
        return [result.result() for result in results]


# ---- transactions that meet each other -------------------------------------------------------------------------------


@pytest.mark.parametrize("place", range(6))
def test_a_claim_that_meets_another_transaction_tries_again(sid, cloud, wire, place):
    with wire.has(conflicting(2, place)):
        assert deeds.outcome(lambda: deeds.create(sid, AIKO, BEN, UniqueName="parcel")) == 0
    assert len(check(cloud).live) == 2


def test_only_after_several_conflicts_the_client_is_asked_to_try_again(sid, cloud, wire):
    with wire.has(conflicting(1000)), wire.counting() as operations:
        assert deeds.outcome(lambda: deeds.create(sid, AIKO, BEN)) == 20409
    assert operations.count("TransactWriteItems") >= 4
    assert check(cloud).sessions == {}


@pytest.mark.parametrize("deed", ["close", "prolong", "reopen", "join", "renumber"])
def test_every_deed_outlives_a_transaction_that_meets_another_one_once(sid, twilio, clock, cloud, wire, deed):
    twilio.cloud = cloud
    state = {"reopen": "closed", "join": "with one person"}.get(deed, "with two people")
    world = World(state, sid, twilio, clock)
    with wire.has(conflicting(1)):
        assert deeds.outcome(getattr(world, deed)) == 0
    assert (len(check(cloud).live) == 0) == (deed == "close")


def test_a_conflict_that_stays_is_answered_409_with_nothing_left_behind(service, cloud, wire):
    from twilio.base.exceptions import TwilioRestException

    from tests.integration.conftest import people

    with wire.has(conflicting(1000)), pytest.raises(TwilioRestException) as refusal:
        service.sessions.create(participants=people(AIKO, BEN))
    assert (refusal.value.status, refusal.value.code) == (409, 20409)
    assert check(cloud).sessions == {}


# ---- what cleanup has not done yet -----------------------------------------------------------------------------------


def test_a_pair_of_an_expired_session_can_be_claimed_before_the_cleanup_which_disturbs_nobody(sid, clock, cloud):
    first = deeds.create(sid, AIKO, BEN, Ttl=600, lines=LINES[:2]).session_sid
    clock.shift(600)
    second = deeds.create(sid, AIKO, BEN, lines=LINES[:2]).session_sid
    deeds.clean_up(first)
    books = check(cloud)
    assert {route["session_sid"] for route in books.live} == {second}
    assert len(books.live) == 2
    assert books.sessions[first]["status"] == "closed"


@pytest.mark.parametrize("deed", [deeds.close, deeds.delete])
def test_ending_a_session_whose_pairs_have_moved_on_disturbs_nobody(sid, clock, cloud, deed):
    first = deeds.create(sid, AIKO, BEN, Ttl=600, lines=LINES[:2]).session_sid
    clock.shift(600)
    deeds.create(sid, AIKO, EVE, lines=LINES[:2])
    deeds.outcome(lambda: deed(sid, first))
    assert len(check(cloud).live) == 2


def test_a_session_that_expired_is_opened_again_whether_or_not_it_was_cleaned_up(sid, clock, cloud):
    for cleaned in (False, True):
        session = deeds.create(sid, AIKO, BEN, Ttl=600).session_sid
        clock.shift(601)
        if cleaned:
            deeds.clean_up(session)
        deeds.reopen(sid, session)
        assert len(check(cloud).live) == 2
        forget_sessions(cloud)


def test_a_session_that_was_opened_again_counts_its_ttl_from_then(sid, clock, cloud):
    session = deeds.create(sid, AIKO, BEN, Ttl=600).session_sid
    clock.shift(5000)
    deeds.reopen(sid, session)
    clock.shift(10)
    deeds.update(sid, session, Ttl=300)
    assert len(check(cloud).live) == 2


# ---- crashes ---------------------------------------------------------------------------------------------------------


@pytest.mark.thorough
@pytest.mark.parametrize(("state", "deed"), [*LIVES, ("with two people", "leave"), ("closed", "leave")])
def test_a_process_may_die_at_any_call_before_its_effect_or_after_and_doing_it_again_ends_well(
    sid, twilio, clock, cloud, wire, state, deed
):
    twilio.cloud = cloud
    for after in (False, True):
        for call in itertools.count(1):
            forget_sessions(cloud)
            world = World(state, sid, twilio, clock)
            try:
                with wire.has(dying(call, after=after)):
                    deeds.outcome(getattr(world, deed))
                break
            except Died:
                check(cloud)
            assert deeds.outcome(getattr(world, deed)) in TOO_LATE | {0}
            books = check(cloud)
            if deed in ("close", "delete"):
                assert books.live == []
            if deed == "delete":
                assert (books.sessions, books.participants, books.names) == ({}, [], [])
            if deed == "reopen":
                assert len(books.live) == 2
            if deed == "leave" and state == "with two people":
                assert [(route["number"], route.get("partner")) for route in books.live] == [(BEN, None)]
            if deed == "call" and state == "with two people":
                assert len(books.interactions) == 1


@pytest.mark.parametrize("after", [False, True])
def test_creating_may_die_at_any_call_and_leaves_a_whole_session_or_none(sid, cloud, wire, after):
    for call in itertools.count(1):
        forget_sessions(cloud)
        try:
            with wire.has(dying(call, after=after)):
                deeds.create(sid, AIKO, BEN, Ttl=600, UniqueName="parcel")
            break
        except Died:
            books = check(cloud)
        assert (len(books.sessions), len(books.live)) in [(0, 0), (1, 2)]
        assert deeds.outcome(lambda: deeds.create(sid, AIKO, BEN, Ttl=600, UniqueName="parcel")) in (0, 80603)
        assert len(check(cloud).sessions) == 1
    assert call > 3
