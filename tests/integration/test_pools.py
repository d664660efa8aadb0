"""A number comes into a pool and leaves it while sessions are made over it: nobody is put through over another's line.

Its calls come to us by Twilio, which is in no transaction of ours: so it is given to people only in between.
"""

import itertools
import time

import httpx
import pytest
import requests
from twilio.base.exceptions import TwilioRestException

from tests.conftest import BASE
from tests.integration import deeds, test_lines_api
from tests.integration.books import check
from tests.integration.conftest import AIKO, BEN, EVE
from tests.integration.test_lines_api import BOTH, OLD_CALLS, VOICE, gives, releases, settings
from tests.integration.test_races import between, forget_sessions
from tests.integration.wire import Died, conflicting, dying
from toritsugi.foundation import config
from toritsugi.lines.lines import find_line
from toritsugi.masking.pool import (
    LATELY_SECONDS,
    MOVING_SECONDS,
    begin_move,
    bring_in,
    leave_out,
    read_pool,
    remove_from_pool,
)
from toritsugi.masking.routes import SETTLED_SECONDS

at_twilio, desk = test_lines_api.at_twilio, test_lines_api.desk

IN_USE, MOVING, NOT_OF_SERVICE, NOT_FOUND = 80611, 20409, 80605, 20404


class Pool:
    """A service with two numbers, and what its clients do; all of it about the first of them, VOICE."""

    def __init__(self, client, cloud, at_twilio, name):
        self.client, self.cloud, self.at_twilio = client, cloud, at_twilio
        self.sid = client.proxy.v1.services.create(unique_name=name).sid
        self.session = ""

    @property
    def numbers(self):
        return self.client.proxy.v1.services(self.sid).phone_numbers

    @property
    def pooled(self):
        return {number.phone_number: number for number in read_pool(self.sid)[1]}

    def adds(self, number=VOICE):
        return code_of(lambda: self.numbers.create(phone_number=number))

    def removes(self):
        [owned] = self.at_twilio.incoming_phone_numbers.list(phone_number=VOICE)
        return code_of(self.numbers(owned.sid).delete)

    def reserves(self):
        return code_of(self.numbers(self.pooled[VOICE].sid).update) if VOICE in self.pooled else NOT_FOUND

    def creates(self, lines=(VOICE, VOICE)):
        def create():
            self.session = deeds.create(
                self.sid, *(AIKO, BEN)[: len(lines)], lines=lines, Mode="voice-only"
            ).session_sid

        return deeds.outcome(create)

    def waits_for_ben(self):
        return self.creates((BOTH,))

    def is_joined_by_ben(self):
        return deeds.outcome(lambda: deeds.add(self.sid, self.session, BEN, ProxyIdentifier=VOICE))

    def closes(self):
        return deeds.outcome(lambda: deeds.close(self.sid, self.session))

    def opens_again(self):
        return deeds.outcome(lambda: deeds.reopen(self.sid, self.session))

    def check(self):
        """Whoever can be put through is so over lines that are in the pool; and what people can be given comes here."""
        pooled = self.pooled
        for line in {route["live_on"] for route in check(self.cloud).live}:
            assert pooled[line].moved_at is None
        for line, number in pooled.items():
            assert find_line(line).service_sid == self.sid
            assert number.moved_at is not None or self.hears(line)

    def hears(self, line):
        """Whether the calls of a line come to us."""
        return settings(self.at_twilio, line)["voice_url"].startswith(f"{BASE}/voice#")


def code_of(ask):
    """0, or the code with which the official SDK was refused."""
    try:
        ask()
    except TwilioRestException as refusal:
        return refusal.code
    return 0


@pytest.fixture
def wire(wire, monkeypatch):
    """The wire to AWS, and as well that to Twilio."""
    send = requests.Session.send

    def send_to_twilio(connection, request, **settings):
        def carry():
            return send(connection, request, **settings)

        return wire.trouble("Twilio", {}, carry) if wire.trouble else carry()

    monkeypatch.setattr(requests.Session, "send", send_to_twilio)
    return wire


@pytest.fixture
def pool(client, cloud, at_twilio, clock):
    made = Pool(client, cloud, at_twilio, "order-desk")
    assert (made.adds(), made.adds(BOTH)) == (0, 0)
    return made


def begin_anew(pool, clock):
    """The numbers are in their pool, nobody is in a session, and whoever was moving a number is gone."""
    forget_sessions(pool.cloud)
    clock.shift(MOVING_SECONDS + 1)
    if VOICE not in pool.pooled or pool.pooled[VOICE].moved_at is not None:
        assert pool.adds() == 0


# ---- a number that leaves --------------------------------------------------------------------------------------------

# What people do to be given a number, and what has happened before.
CLAIMS = {
    Pool.creates: (),
    Pool.is_joined_by_ben: (Pool.waits_for_ben,),
    Pool.opens_again: (Pool.creates, Pool.closes),
}


@pytest.mark.thorough
@pytest.mark.parametrize("claim", CLAIMS)
@pytest.mark.parametrize("first", ["claim", "removal"])
def test_a_number_that_leaves_while_people_are_given_it_stays_or_is_not_given(pool, clock, wire, claim, first):
    for step in itertools.count(1):
        begin_anew(pool, clock)
        assert {before(pool) for before in CLAIMS[claim]} <= {0}
        deed, other = (claim, Pool.removes) if first == "claim" else (Pool.removes, claim)
        heard = []
        inside = between(step, lambda other=other, heard=heard: heard.append(other(pool)))
        with wire.has(inside):
            heard.append(deed(pool))
        if not inside.reached:
            break
        pool.check()
        assert heard.count(0) == 1, "one of them is first, and the other is told"
        assert set(heard) <= {0, IN_USE, NOT_OF_SERVICE}


@pytest.mark.parametrize("claim", [Pool.creates, Pool.opens_again])
def test_a_session_is_neither_made_nor_opened_again_over_a_number_that_has_left(pool, claim):
    assert (pool.creates(), pool.closes(), pool.removes()) == (0, 0, 0)
    assert claim(pool) == NOT_OF_SERVICE
    assert check(pool.cloud).live == []


@pytest.mark.parametrize("after", [0, LATELY_SECONDS, SETTLED_SECONDS - 1])
@pytest.mark.parametrize("claim", CLAIMS)
def test_whoever_was_given_a_number_lately_is_seen_though_the_index_does_not_show_them_yet(
    pool, clock, wire, claim, after
):
    assert {before(pool) for before in CLAIMS[claim]} <= {0}
    clock.shift(LATELY_SECONDS - 1)
    assert claim(pool) == 0
    clock.shift(after)
    with wire.has(lagging):
        assert pool.removes() == IN_USE
    pool.check()
    pool.closes()
    assert pool.removes() == 0


def lagging(_operation, request, carry):
    """The index of lines shows nothing yet."""
    return {"Items": [], "Count": 0, "ScannedCount": 0} if request.get("IndexName") == "live-on" else carry()


def test_a_number_that_was_not_given_lately_leaves_without_a_look_at_the_whole_directory(pool, clock, wire):
    assert (pool.creates(), pool.closes()) == (0, 0)
    clock.shift(SETTLED_SECONDS + 1)
    with wire.counting() as operations:
        assert pool.removes() == 0
    assert "Scan" not in operations


def test_where_the_directory_is_too_long_a_number_that_was_given_lately_stays(pool, wire):
    def endless(operation, request, carry):
        answer = carry()
        if operation == "Scan":
            answer["LastEvaluatedKey"] = {"number": {"S": AIKO}, "entry": {"S": "caller"}}
        return answer

    assert (pool.creates(), pool.closes()) == (0, 0)
    with wire.has(endless), wire.counting() as operations:
        assert pool.removes() == IN_USE
    assert operations.count("Scan") == 100
    pool.check()
    assert pool.creates() == 0


def test_a_number_that_is_in_use_is_given_to_others_as_before(pool):
    assert (pool.creates(), pool.removes()) == (0, IN_USE)
    assert deeds.outcome(lambda: deeds.create(pool.sid, EVE, lines=(VOICE,), Mode="voice-only")) == 0
    pool.check()


def test_a_number_that_is_reserved_while_somebody_is_given_it_is_not_given(pool, wire):
    def reserve():
        pool.numbers(pool.pooled[VOICE].sid).update(is_reserved=True)
        pool.numbers(pool.pooled[BOTH].sid).update(is_reserved=True)

    inside = between(3, reserve)
    with wire.has(inside):
        assert deeds.outcome(lambda: deeds.create(pool.sid, AIKO, BEN, Mode="voice-only")) == 80207
    assert inside.reached
    assert check(pool.cloud).live == []


def test_once_a_minute_it_is_written_down_that_a_number_was_given(pool, clock):
    def given_at():
        assert (pool.creates(), pool.closes()) == (0, 0)
        return pool.pooled[VOICE].given_at

    first = given_at()
    clock.shift(LATELY_SECONDS - 1)
    assert given_at() == first
    clock.shift(1)
    assert given_at() == first + LATELY_SECONDS


@pytest.mark.parametrize("place", range(4))
def test_a_claim_that_meets_another_at_the_number_gets_it_all_the_same(pool, wire, place):
    for _ in range(2):
        with wire.has(conflicting(3, place)):
            assert pool.creates() in (0, 80604)
        pool.check()
        forget_sessions(pool.cloud)


# ---- a number that comes ---------------------------------------------------------------------------------------------


def test_a_number_is_given_to_nobody_before_its_calls_come_to_us(pool, clock, wire):
    for step in itertools.count(1):
        begin_anew(pool, clock)
        assert pool.removes() == 0
        seen = []
        inside = between(step, lambda seen=seen: seen.append((pool.creates(), pool.hears(VOICE))))
        with wire.has(inside):
            assert pool.adds() == 0
        if not inside.reached:
            break
        assert seen[0] in ((0, True), (NOT_OF_SERVICE, True), (NOT_OF_SERVICE, False))
        pool.check()
    assert pool.creates() == 0


def test_a_number_that_twilio_does_not_send_here_is_in_no_pool_and_in_no_session(pool, wire):
    assert pool.removes() == 0
    break_twilio(True)
    heard = []

    def once_it_is_added(operation, _request, carry):
        answer = carry()
        if operation == "TransactWriteItems" and not heard:
            heard.append(None)
            heard.append(pool.creates())
        return answer

    with wire.has(once_it_is_added):
        assert pool.adds() == 80613
    break_twilio(False)
    assert heard == [None, NOT_OF_SERVICE]
    assert VOICE not in pool.pooled
    assert find_line(VOICE) is None
    pool.check()


def break_twilio(broken):
    """Twilio refuses whatever is changed of a number, or does what it is asked."""
    faults = {"rest_429": {"match": "IncomingPhoneNumbers/PN", "times": 99}} if broken else {}
    httpx.put(
        f"{config.CARRIER_URL}/faults", json=faults, trust_env=False, verify=False, timeout=300
    ).raise_for_status()


# ---- trouble on the way ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("finish", [Pool.removes, Pool.adds])
def test_a_number_that_twilio_does_not_send_back_is_given_to_nobody_before_it_is_moved_again(pool, clock, wire, finish):
    with wire.has(lambda operation, _, carry: (operation == "BatchGetItem" and break_twilio(True), carry())[1]):
        assert pool.removes() == 80613
    assert pool.creates() == NOT_OF_SERVICE
    assert pool.removes() == 80613
    assert pool.creates() == NOT_OF_SERVICE
    break_twilio(False)
    assert finish(pool) == 0
    assert pool.hears(VOICE) == (VOICE in pool.pooled) == (finish is Pool.adds)
    assert pool.creates() == (0 if finish is Pool.adds else NOT_OF_SERVICE)
    pool.check()


def test_a_number_that_people_have_stays_in_its_pool_where_adding_it_once_more_fails(pool, clock):
    """Whoever was taking it out has died, and its calls go elsewhere by now."""
    assert pool.creates() == 0
    assert pool.pooled[VOICE].given_at
    begin_move(pool.pooled[VOICE], int(time.time()))
    clock.shift(MOVING_SECONDS + 1)
    [owned] = pool.at_twilio.incoming_phone_numbers.list(phone_number=VOICE)
    owned.update(voice_url="https://example.com/elsewhere")
    break_twilio(True)
    assert pool.adds() == 80613
    break_twilio(False)
    assert VOICE in pool.pooled
    assert (pool.adds(), pool.hears(VOICE)) == (0, True)
    pool.check()


def test_a_number_of_which_twilio_tells_nothing_stays_as_it_is(pool, wire):
    break_twilio(True)
    assert pool.removes() == 80613
    break_twilio(False)
    assert pool.creates() == 0
    pool.check()


@pytest.mark.thorough
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("begin", [Pool.removes, Pool.adds])
@pytest.mark.parametrize("finish", [Pool.removes, Pool.adds])
def test_who_moves_a_number_may_die_at_any_call_and_somebody_finishes_it_a_minute_later(
    pool, clock, wire, begin, finish, after
):
    for call in itertools.count(1):
        begin_anew(pool, clock)
        if begin is Pool.adds:
            assert pool.removes() == 0
        try:
            with wire.has(dying(call, after=after)):
                assert begin(pool) == 0
            break
        except Died:
            pool.check()
        if pool.creates() == 0:
            pool.check()
            pool.closes()
        clock.shift(MOVING_SECONDS + 1)
        there = VOICE in pool.pooled
        assert finish(pool) in {Pool.removes: {0} if there else {NOT_FOUND}, Pool.adds: {0, 80104}}[finish]
        assert (VOICE in pool.pooled) == (finish is Pool.adds)
        if finish is Pool.removes:
            assert settings(pool.at_twilio, VOICE)["voice_url"] == OLD_CALLS["voice_url"]
        pool.check()


# ---- two who move it -------------------------------------------------------------------------------------------------


@pytest.mark.thorough
@pytest.mark.parametrize("second", [Pool.removes, Pool.adds, Pool.reserves])
@pytest.mark.parametrize("first", [Pool.removes, Pool.adds])
def test_of_two_who_move_a_number_at_once_the_second_is_told(pool, clock, wire, first, second):
    for step in itertools.count(1):
        begin_anew(pool, clock)
        if first is Pool.adds:
            assert pool.removes() == 0
        heard = []
        inside = between(step, lambda heard=heard: heard.append(second(pool)))
        with wire.has(inside):
            heard.append(first(pool))
        if not inside.reached:
            break
        pool.check()
        assert set(heard) <= {0, MOVING, NOT_FOUND, 80104}
        assert VOICE in pool.pooled or settings(pool.at_twilio, VOICE)["voice_url"] == OLD_CALLS["voice_url"]


def test_a_number_that_another_service_has_by_now_stays_its_own(pool, client, cloud, at_twilio, clock, wire):
    another = Pool(client, cloud, at_twilio, "another")

    def passes_on():
        assert (pool.removes(), another.adds()) == (0, 0)

    for step in itertools.count(1):
        begin_anew(pool, clock)
        number = pool.pooled[VOICE]
        inside = between(step, passes_on)
        with wire.has(inside):
            assert deeds.outcome(lambda number=number: remove_from_pool(number)) in (0, MOVING)
        if not inside.reached:
            break
        another.check()
        assert (VOICE in another.pooled, VOICE in pool.pooled) == (True, False)
        assert another.removes() == 0


def test_whoever_moved_a_number_for_too_long_does_nothing_to_it_any_more(pool, clock):
    number = pool.pooled[VOICE]
    begin_move(number, int(time.time()))
    clock.shift(MOVING_SECONDS + 1)
    assert (pool.removes(), pool.adds()) == (0, 0)
    assert deeds.outcome(lambda: remove_from_pool(number)) == MOVING
    leave_out(number)
    assert pool.creates() == 0
    pool.check()


def test_a_number_that_somebody_moves_by_now_is_not_brought_in_by_whoever_moved_it_before(pool, clock):
    first = pool.pooled[VOICE]
    begin_move(first, int(time.time()))
    clock.shift(MOVING_SECONDS + 1)
    stale, second = pool.pooled[VOICE], pool.pooled[VOICE]
    begin_move(second, int(time.time()))
    assert deeds.outcome(lambda: begin_move(stale, int(time.time()))) == MOVING
    bring_in(first)
    assert pool.creates() == NOT_OF_SERVICE
    bring_in(second)
    assert pool.creates() == 0


# ---- a reception at the same line ------------------------------------------------------------------------------------


def test_a_reception_that_comes_while_the_service_leaves_answers(pool, desk, clock, wire):
    for step in itertools.count(1):
        begin_anew(pool, clock)
        comes = between(step, lambda: gives(desk, VOICE))
        with wire.has(comes):
            assert pool.removes() in (0, MOVING)
        if not comes.reached:
            break
        assert find_line(VOICE).reception == "desk"
        assert pool.hears(VOICE)
        pool.check()
        assert releases(desk, VOICE) == 204


@pytest.mark.parametrize("order", ["the service inside", "the reception inside"])
def test_a_service_that_comes_while_the_reception_leaves_has_the_calls(pool, desk, clock, wire, order):
    for step in itertools.count(1):
        begin_anew(pool, clock)
        assert pool.removes() == 0
        assert gives(desk, VOICE)[0] == 200
        deeds_of = [lambda: releases(desk, VOICE), pool.adds]
        outer, inner = deeds_of if order == "the service inside" else reversed(deeds_of)
        comes = between(step, inner)
        with wire.has(comes):
            outer()
        if not comes.reached:
            break
        assert find_line(VOICE).reception is None
        assert VOICE in pool.pooled
        pool.check()
        assert pool.creates() == 0
        assert pool.hears(VOICE)
