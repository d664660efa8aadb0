"""Facts of time: it moves only when told, everything due happens in order, and one jump is many small ones."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some

from tests.network.town import AIKO, ALL_EVENTS, BEN, CARLA, LINE, MORNING, alone


def now(town):
    return datetime.fromisoformat(town.get("/clock")["now"]).timestamp()


# ---- one jump is many small ones ------------------------------------------------------------------------------------

BEHAVIOURS = some.fixed_dictionaries(
    {
        "answers": some.sampled_from(["at once", "busy", "never", "machine"]),
        "after": some.integers(0, 12),
        "presses": some.sampled_from(["", "1", "ww1", "WW*", "w9w1"]),
        "greeting": some.sampled_from(["", "Please leave a message"]),
    }
)
EVENTFUL = (
    {"answers": "by hand", "presses": "WWw1"},
    {"answers": "machine", "after": 7, "greeting": "Ben is out", "presses": "W1"},
    {"answers": "never"},
)
CHANCE = random.Random(7)
NUMBER = f'<Number url="/whisper" statusCallback="/status" statusCallbackEvent="{ALL_EVENTS}">{{}}</Number>'
MENU = f"""
<Gather numDigits="1" timeout="3" action="/menu"><Say>Press one</Say></Gather>
<Dial timeout="6" timeLimit="20" callerId="{LINE}" action="/after" hangupOnStar="true">
  {NUMBER.format(BEN)}{NUMBER.format(CARLA)}
</Dial>
"""


def history(behaviours, jumps):
    """An evening with a menu, two legs, whispers, machines, keys, time limits, a queue, and callbacks that are late.

    Returns all that the application was asked, all that people heard, and all calls.
    """
    with alone() as town:
        town.has_line(status_callback=town.at("/ended"))
        town.answers("/voice", MENU)
        town.answers("/menu", "<Say>You have pressed a key</Say><Redirect>/voice</Redirect>", MENU, "<Hangup/>")
        town.answers(
            "/whisper", '<Gather numDigits="1" timeout="4"><Say>A call</Say></Gather><Hangup/>', "<Say>OK</Say>"
        )
        town.answers("/after", '<Say>Goodbye</Say><Pause length="11"/>')
        town.goes_wrong(delay={"match": "/status", "seconds": 2.5, "times": 2})
        people = town.aiko, town.ben, town.carla
        for person, behaviour in zip(people, behaviours, strict=True):
            person.behaves(**behaviour)
        town.aiko.dials()
        for to in ("+819012350001", "+819012350002", "+819012350003"):
            wishes = {"twiml": "<Response/>", "timeout": 20, "status_callback": town.at("/created")}
            town.twilio.calls.create(to=to, from_=LINE, **wishes)
        for seconds in jumps:
            town.forward(seconds)
        asked = [(round(one.at - MORNING, 2), one.path, one.params) for one in town.application.requests]
        return asked, [person.heard for person in people], town.get("/calls")["calls"]


@pytest.mark.thorough
@example(EVENTFUL, [1] * 181)
@example(EVENTFUL, [0.37] * 490)
@example(EVENTFUL, [CHANCE.choice([0, 0.01, 0.5, 1, 3, 13]) for _ in range(100)])
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(some.tuples(BEHAVIOURS, BEHAVIOURS, BEHAVIOURS), some.lists(some.integers(1, 40), min_size=1, max_size=12))
def test_one_long_jump_is_as_many_short_ones(behaviours, jumps):
    once = history(behaviours, [sum(jumps)])
    assert history(behaviours, jumps) == once
    assert len(once[0]) > 12 or behaviours != EVENTFUL, "the evening was eventful"


# ---- the clock ------------------------------------------------------------------------------------------------------


def until(happened, seconds=300):
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_at_pace_1_things_happen_by_themselves_and_a_jump_still_jumps():
    with alone(pace=1) as town:
        town.has_line()
        assert town.get("/clock")["pace"] == 1
        town.answers("/voice", f'<Dial callerId="{LINE}" action="/after">{BEN}</Dial>')
        town.answers("/after", "<Say>Goodbye</Say>")
        town.ben.behaves("at once", after=0.3)
        sid = town.aiko.dials()
        assert town.ben.state == "ringing"
        until(lambda: town.aiko.talks_with == [BEN])
        town.forward(600)
        town.ben.hangs_up()
        assert town.aiko.sounds == ["ring ", "say Goodbye"]
        until(lambda: town.aiko.state == "idle")
        assert 601 <= town.call(sid)["seconds"] < 605


def test_the_clock_says_what_is_ahead():
    with alone() as town:
        town.has_line()
        town.answers("/voice", f"<Dial timeout='10'>{BEN}</Dial>")
        town.put(town.ben.path, {"name": "Ben"})
        sid = town.aiko.dials()
        assert town.get("/clock") == {
            "now": "2027-01-15T08:00:00.000+00:00",
            "pace": 0,
            "ahead": [
                {"at": "2027-01-15T08:00:15.000+00:00", "in": 15, "what": "Ben stops ringing"},
                {"at": "2027-01-15T12:00:00.000+00:00", "in": 14400, "what": f"time limit of {sid}"},
            ],
        }


def test_time_stands_still_until_it_is_told_to_move(town):
    before = now(town)
    town.answers("/voice", "<Say>Hello</Say>")
    town.aiko.dials()
    for _ in range(5):
        assert (town.aiko.state, now(town)) == ("talking", before)


def test_the_clock_says_where_it_is_and_its_pace(town):
    before = now(town)
    answer = town.post("/clock", {"advance": 1700})
    assert (answer["pace"], datetime.fromisoformat(answer["now"]).timestamp() - before) == (0, pytest.approx(1700))


def test_an_advance_of_nothing_is_allowed(town):
    before = now(town)
    town.forward(0)
    assert now(town) == before


def test_what_is_due_happens_in_its_order_whatever_the_order_of_its_making(town):
    for number, after in ((AIKO, 9), (BEN, 3), (CARLA, 6)):
        town.put(f"/phones/{number}", {"answers": "at once", "after": after})
    town.unusual += [town.aiko, town.ben, town.carla]
    town.world.rate, rate = 1000, town.world.rate
    for number in (AIKO, BEN, CARLA):
        town.twilio.calls.create(to=number, from_=LINE, url=town.at("/hello"))
    town.forward(20)
    town.world.rate = rate
    assert [asked["To"] for asked in town.asked("/hello")] == [BEN, CARLA, AIKO]


def test_a_jump_over_an_endless_menu_asks_for_every_turn_of_it(town):
    town.answers("/voice", '<Gather timeout="20"/><Redirect/>')
    town.aiko.dials()
    town.forward(1000)
    assert (town.aiko.state, len(town.asked("/voice"))) == ("talking", 51)


def test_a_call_is_over_after_four_hours_whatever_it_does(town):
    town.answers("/voice", '<Pause length="10"/><Say>Hello</Say><Pause length="100000"/>')
    town.aiko.dials()
    town.forward(10 + 4 * 3600 - 1)
    assert town.aiko.state == "talking"
    town.forward(2)
    assert town.aiko.state == "idle"


def test_many_hands_at_once_do_not_disturb_each_other(town):
    town.answers("/voice", '<Gather numDigits="1" action="/keys"/>')
    people = [f"+8190123460{number:02}" for number in range(12)]

    def rings_up(number):
        made = town.post(f"/phones/{number}/dial", {"to": LINE})
        town.post(f"/phones/{number}/press", {"digits": number[-1]})
        return made["call_sid"]

    with ThreadPoolExecutor(12) as hands:
        sids = list(hands.map(rings_up, people))
    assert sorted((asked["CallSid"], asked["Digits"]) for asked in town.asked("/keys")) == sorted(
        (sid, number[-1]) for sid, number in zip(sids, people, strict=True)
    )


def test_two_who_move_the_clock_at_once_move_it_by_both(town):
    before = now(town)
    with ThreadPoolExecutor(2) as hands:
        list(hands.map(town.forward, [50, 70]))
    assert now(town) - before == pytest.approx(120)
