"""Facts of time: it moves only when told, everything due happens in order, and one jump is many small ones."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from tests.network.town import AIKO, ALL_EVENTS, BEN, CARLA, LINE


def now(town):
    return datetime.fromisoformat(town.get("/clock")["now"]).timestamp()


def evening(town):
    """Much that happens by itself: two legs, a machine, keys, a queue, callbacks that are late, a time limit."""
    number = f'<Number statusCallback="/status" statusCallbackEvent="{ALL_EVENTS}" url="/whisper">{{}}</Number>'
    both = number.format(BEN) + number.format(CARLA)
    town.answers("/voice", '<Gather timeout="4" numDigits="2" action="/keys"><Say>Press two keys</Say></Gather>')
    town.answers("/keys", f'<Dial timeout="12" timeLimit="95" action="/after">{both}</Dial>')
    town.answers("/whisper", '<Gather numDigits="1" timeout="3" action="/ok"><Say>A call</Say></Gather><Hangup/>')
    town.answers("/ok", "<Say>You are put through</Say>")
    town.answers("/after", '<Say>That was it</Say><Pause length="11"/>')
    town.has_line(status_callback=town.at("/ended"))
    town.aiko.behaves(presses="WWWW1w2")
    town.ben.behaves("machine", after=7, greeting="Ben is out", presses="W1")
    town.carla.behaves("never")
    town.goes_wrong(delay={"match": "/status", "seconds": 2.5, "times": 2})
    begun = now(town)
    town.aiko.dials()
    for to in ("+819012350001", "+819012350002", "+819012350003"):
        wishes = {"twiml": "<Response/>", "timeout": 20, "status_callback": town.at("/created")}
        town.twilio.calls.create(to=to, from_=LINE, **wishes)
    return begun


def history(town, begun):
    """Everything that can be told apart, with its second."""
    told = ("CallStatus", "SequenceNumber", "CallDuration", "Digits", "DialCallStatus")
    asked = [
        (round(one.at - begun, 2), one.path, *(one.params.get(name) for name in told))
        for one in town.application.requests
    ]
    calls = [
        (
            call["to"],
            call["status"],
            call["seconds"],
            [(event["second"], event["event"], event["detail"]) for event in call["timeline"]],
        )
        for call in (town.call(one.sid) for one in reversed(town.twilio.calls.list()))
    ]
    heard = [
        (item["second"], item["kind"], item["text"], item["cut"])
        for person in (town.aiko, town.ben)
        for item in person.heard
    ]
    return asked, calls, heard


@pytest.mark.parametrize("steps", [[180], [1] * 180, [0.37] * 487, "odd"])
def test_one_jump_is_the_same_as_many_small_ones(town, steps):
    begun = evening(town)
    town.forward(181)
    once = history(town, begun)
    town.begin()
    begun = evening(town)
    if steps == "odd":
        chance = random.Random(7)
        steps = [chance.choice([0, 0.01, 0.5, 1, 3, 13]) for _ in range(100)]
    for step in steps:
        town.forward(step)
    town.forward(max(begun + 181 - now(town), 0))
    assert history(town, begun) == once
    assert len(once[0]) > 12, "the evening was eventful"


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
