"""Sessions are made, joined, called, closed, opened again and left to expire in any order, beside a small model."""

import time
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from tests.integration import deeds
from tests.integration.books import check
from tests.integration.conftest import AIKO, BEN, EVE, LINES, OutgoingLeg
from tests.integration.test_races import forget_sessions

PEOPLE = [AIKO, BEN, EVE]
LINE_LIST = LINES[:2]  # with two numbers and three people they are sure to get into each other's way


@dataclass
class Held:
    """What the model knows of a session: who is in it over which line, and until when."""

    ttl: int
    since: float
    people: dict[str, str] = field(default_factory=dict)
    closed: bool = False

    def is_open(self):
        return not self.closed and (not self.ttl or self.since + self.ttl > time.time())


@pytest.fixture
def small_service(client):
    from tests.integration.conftest import give_numbers

    sid = client.proxy.v1.services.create(unique_name="small").sid
    give_numbers(sid, LINE_LIST)
    return sid


@pytest.mark.thorough
def test_whatever_people_do_everybody_reaches_their_partner_and_nobody_else(small_service, twilio, clock, cloud):
    class Exchange(RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            forget_sessions(cloud)
            self.sessions: dict[str, Held] = {}
            self.calls = 0

        def pairs_in_use(self, number):
            return {held.people[number] for held in self.sessions.values() if held.is_open() and number in held.people}

        def some(self, data, wanted):
            return data.draw(st.sampled_from([sid for sid, held in self.sessions.items() if wanted(held)]))

        def note(self, sid):
            for person in check(cloud).participants:
                if person["session_sid"] == sid:
                    self.sessions[sid].people[person["identifier"]] = person["proxy_identifier"]

        @rule(numbers=st.lists(st.sampled_from(PEOPLE), unique=True, max_size=2), ttl=st.sampled_from([0, 60, 600]))
        def create(self, numbers, ttl):
            full = any(len(self.pairs_in_use(number)) == len(LINE_LIST) for number in numbers)
            made = []
            code = deeds.outcome(lambda: made.append(deeds.create(small_service, *numbers, Ttl=ttl)))
            assert code == (80208 if full else 0)
            for session in made:
                self.sessions[session.session_sid] = Held(ttl, int(time.time()))
                self.note(session.session_sid)

        @precondition(lambda self: self.sessions)
        @rule(data=st.data(), number=st.sampled_from(PEOPLE))
        def add(self, data, number):
            sid = self.some(data, lambda _: True)
            held = self.sessions[sid]
            code = deeds.outcome(lambda: deeds.add(small_service, sid, number))
            if not held.is_open():
                assert code == 80607
            elif number in held.people:
                assert code == 80103
            elif len(held.people) == 2:
                assert code == 80609
            else:
                assert code == (80208 if len(self.pairs_in_use(number)) == len(LINE_LIST) else 0)
                self.note(sid)

        @precondition(lambda self: any(held.is_open() for held in self.sessions.values()))
        @rule(data=st.data())
        def close(self, data):
            sid = self.some(data, Held.is_open)
            deeds.close(small_service, sid)
            self.sessions[sid].closed = True

        @precondition(lambda self: any(not held.is_open() for held in self.sessions.values()))
        @rule(data=st.data())
        def reopen(self, data):
            sid = self.some(data, lambda held: not held.is_open())
            held = self.sessions[sid]
            taken = any(line in self.pairs_in_use(number) for number, line in held.people.items())
            assert deeds.outcome(lambda: deeds.reopen(small_service, sid)) == (80604 if taken else 0)
            if not taken:
                held.closed, held.since = False, int(time.time())

        @precondition(lambda self: self.sessions)
        @rule(data=st.data())
        def clean_up(self, data):
            sid = self.some(data, lambda _: True)
            deeds.clean_up(sid)
            self.sessions[sid].closed = not self.sessions[sid].is_open()

        @precondition(lambda self: any(held.is_open() and len(held.people) == 2 for held in self.sessions.values()))
        @rule(data=st.data(), times=st.integers(1, 2))
        def call(self, data, times):
            sid = self.some(data, lambda held: held.is_open() and len(held.people) == 2)
            held, self.calls = self.sessions[sid], self.calls + 1
            caller, callee = data.draw(st.permutations(sorted(held.people)))
            leg = OutgoingLeg(twilio, caller, held.people[caller], f"CA{self.calls:032x}")
            assert (leg.to, leg.shows) == (callee, held.people[callee])
            leg.reports(*["initiated"] * times)
            held.since = int(time.time())

        @rule(seconds=st.sampled_from([1, 30, 60, 600]))
        def wait(self, seconds):
            clock.shift(seconds)

        @invariant()
        def every_pair_leads_where_the_model_says_and_the_books_agree(self):
            expected = {
                (number, f"route#{line}"): sid
                for sid, held in self.sessions.items()
                if held.is_open()
                for number, line in held.people.items()
            }
            books = check(cloud)
            assert {(route["number"], route["entry"]): route["session_sid"] for route in books.live} == expected
            assert len(books.interactions) == self.calls

        @invariant()
        def nobody_is_put_through_who_is_not_in_an_open_session_of_two(self):
            for number in PEOPLE:
                for line in LINE_LIST:
                    reached = twilio.calls(line, number).find("Dial/Number")
                    held = [h for h in self.sessions.values() if h.is_open() and h.people.get(number) == line]
                    partners = [other for h in held for other in h.people if other != number]
                    assert ([] if reached is None else [reached.text]) == partners

    run_state_machine_as_test(
        Exchange,
        settings=settings(
            max_examples=5,
            stateful_step_count=16,
            deadline=None,
            derandomize=True,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
