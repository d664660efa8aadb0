"""Lists that change while somebody pages through them: what is there all the time is on one page, once."""

import pytest

from tests.conftest import BASE
from tests.integration.conftest import AIKO, OutgoingLeg, give_numbers, open_session
from toritsugi.masking.pool import get_pool_number, remove_from_pool
from toritsugi.subscriptions import records

MORE = [f"+8150100000{number:02}" for number in range(10, 16)]
EARLIER = "+815010000000"  # than all others, in their order


class Numbers:
    """Of a pool, in their own order: the first are taken out, and one comes that is before them."""

    def __init__(self, service, twilio, clock):
        give_numbers(service.fetch().sid, MORE)
        self.service, self.list = service, service.phone_numbers
        self.there = {number.sid for number in self.list.list()}

    def goes(self, sid):
        remove_from_pool(get_pool_number(self.service.fetch().sid, sid))

    def comes(self):
        give_numbers(self.service.fetch().sid, [EARLIER])


class Interactions:
    """Of a session, the newest first: those are deleted, and another call is made."""

    def __init__(self, service, twilio, clock):
        self.session, self.lines = open_session(service)
        self.twilio, self.clock, self.list, self.made = twilio, clock, self.session.interactions, 0
        for _ in range(9):
            self.comes()
        self.there = {one.sid for one in self.list.list()}

    def goes(self, sid):
        self.list(sid).delete()

    def comes(self):
        self.made += 1
        self.clock.shift(10)
        leg = OutgoingLeg(self.twilio, AIKO, self.lines[AIKO], f"CA{self.made:032}")
        leg.reports("initiated", "completed")


class Subscriptions:
    """All there are, the oldest first."""

    def __init__(self, desk):
        self.desk, self.there = desk, {self.comes() for _ in range(9)}

    def goes(self, sid):
        records.delete_subscription(sid)

    def comes(self):
        return records.create_subscription("https://8.8.8.8/hooks", ["*"], None, True).sid


@pytest.mark.parametrize("kind", [Numbers, Interactions])
@pytest.mark.parametrize("change", ["goes", "comes", "both"])
def test_what_goes_or_comes_while_a_list_of_proxy_is_paged_through_moves_nothing(service, twilio, clock, kind, change):
    case = kind(service, twilio, clock)
    page, seen, gone = case.list.page(page_size=2), [], set()
    while page is not None:
        found = [one.sid for one in page]
        seen += found
        if change != "comes":
            gone.add(found[0])
            case.goes(found[0])
        if change != "goes" and len(seen) == 2:
            case.comes()
        page = page.next_page()
    assert len(seen) == len(set(seen))
    assert set(seen) == case.there
    assert {one.sid for one in case.list.list()} >= case.there - gone


def test_what_goes_while_the_subscriptions_are_paged_through_moves_nothing(desk):
    case, path, seen = Subscriptions(desk), "/api/subscriptions?page_size=2", []
    while path:
        _, page = desk.asks("GET", path)
        found = [one["sid"] for one in page["subscriptions"]]
        case.goes(found[0])
        seen += found
        path = (page["meta"]["next_page_url"] or "").removeprefix(BASE)
    assert sorted(seen) == sorted(case.there)


def test_who_pages_back_sees_what_is_there_yet(service, twilio, clock):
    case = Numbers(service, twilio, clock)
    first = case.list.page(page_size=3)
    sids = [one.sid for one in first]
    second = first.next_page()
    case.goes(sids[0])
    case.goes(next(one.sid for one in second))
    back = second.previous_page()
    assert [one.sid for one in back] == sids[1:]
    assert next(one.sid for one in back.next_page()) not in sids


def test_participants_are_paged_through_as_they_came_whoever_leaves_or_joins(service, clock):
    session, _ = open_session(service)
    numbers = [f"+8190{number:08}" for number in range(5)]
    for number in numbers:
        newest = session.participants.list()[-1]
        session.participants(newest.sid).delete()
        session.participants.create(identifier=number)
    there = [one.sid for one in session.participants.list()]
    page, seen = session.participants.page(page_size=2), []
    while page is not None:
        seen += [one.sid for one in page]
        page = page.next_page()
    assert seen == there
    assert len(seen) == len(numbers) + 2


@pytest.mark.parametrize("size", [1, 2, 3])
def test_sessions_of_one_moment_are_each_on_one_page_on_and_back(service, clock, size):
    there = {service.sessions.create(unique_name=name).sid for name in "abcdefg"}  # while the clock stands still
    page = service.sessions.page(page_size=size)
    on = [[one.sid for one in page]]
    while page.next_page_url:
        page = page.next_page()
        on.append([one.sid for one in page])
    back = []
    while page.previous_page_url and len(back) < len(on):
        page = page.previous_page()
        back.insert(0, [one.sid for one in page])
    assert sorted(sid for sids in on for sid in sids) == sorted(there)
    assert back == on[:-1]
