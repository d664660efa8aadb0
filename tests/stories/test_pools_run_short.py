"""Whether a service has enough numbers: its owner sees how many people needed at once, and hears before it hurts."""

import pytest
from twilio.base.exceptions import TwilioRestException

from tests.stories.owners import opening

LINES = [f"+8150100000{number}" for number in range(11, 16)]
CUSTOMERS = [f"+8190700000{number}" for number in range(10, 30)]


@pytest.fixture
def shop(desk):
    """A system of the owner's that is told of numbers."""
    with opening() as opens:
        system = opens()
        desk.asks("POST", "/api/subscriptions", {"url": system.address, "events": ["number.*"]})
        yield system


def forecast_of(desk):
    sid = desk.service.fetch().sid
    return desk.asks("GET", f"/v1/Services/{sid}/PoolForecast")


def driver_meets(desk, driver, customers):
    """A driver has so many orders at once, each a session with somebody else."""
    pairs = [[{"Identifier": driver.number}, {"Identifier": one}] for one in customers]
    return [desk.service.sessions.create(participants=pair) for pair in pairs]


def test_an_owner_hears_once_that_a_driver_has_nearly_all_numbers_in_use(desk, clock, aiko, ben, shop):
    desk.opens(*LINES)
    driver_meets(desk, aiko, CUSTOMERS[:3])
    clock.forward(seconds=5)
    assert shop.asked == []
    orders = driver_meets(desk, aiko, CUSTOMERS[3:5])
    clock.forward(seconds=5)
    [told] = shop.asked
    assert told["type"] == "number.exhausted"
    assert told["subject"] == desk.service.fetch().sid
    known = {name: told["data"][name] for name in ("iso_country", "mode", "numbers", "used", "refused")}
    assert known == {"iso_country": "JP", "mode": "voice-only", "numbers": 5, "used": 4, "refused": False}
    for order in orders:
        desk.service.sessions(order.sid).update(status="closed")
    driver_meets(desk, aiko, CUSTOMERS[5:7])
    driver_meets(desk, ben, CUSTOMERS[7:12])
    clock.forward(seconds=5)
    assert len(shop.asked) == 1
    assert desk.asks("GET", told["data"]["path"])["forecasts"][0]["most_at_once"] == 5


def test_who_is_refused_for_want_of_a_number_is_told_and_counted(desk, clock, aiko, shop):
    desk.opens(LINES[0])
    driver_meets(desk, aiko, CUSTOMERS[:1])
    for _ in range(2):
        with pytest.raises(TwilioRestException) as refused:
            driver_meets(desk, aiko, CUSTOMERS[1:2])
        assert refused.value.code == 80208
    clock.forward(seconds=5)
    [told] = shop.asked
    assert (told["data"]["used"], told["data"]["refused"]) == (1, True)
    [seen] = forecast_of(desk)["forecasts"]
    assert {name: seen[name] for name in ("numbers", "numbers_needed", "most_at_once", "refused")} == {
        "numbers": 1,
        "numbers_needed": 2,
        "most_at_once": 1,
        "refused": 2,
    }


@pytest.mark.thorough
def test_the_forecast_knows_the_most_sessions_of_one_person_now_and_on_the_days_before(desk, clock, aiko, ben):
    desk.opens(*LINES)
    orders = driver_meets(desk, aiko, CUSTOMERS[:3])
    driver_meets(desk, ben, CUSTOMERS[3:5])
    for order in orders:
        desk.service.sessions(order.sid).update(status="closed")
    clock.forward(hours=24)
    driver_meets(desk, ben, CUSTOMERS[5:6])
    seen = forecast_of(desk)
    assert seen["complete"] is True
    [voice] = seen["forecasts"]
    assert (voice["iso_country"], voice["mode"], voice["numbers"]) == ("JP", "voice-only", 5)
    assert (voice["most_at_once"], voice["most_at_once_now"], voice["numbers_needed"]) == (3, 3, 3)
    assert voice["days"] == [
        {"date": "2026-11-18", "most_at_once": 3, "refused": 0},
        {"date": "2026-11-19", "most_at_once": 3, "refused": 0},
    ]
    clock.forward(hours=24 * 31)
    assert forecast_of(desk)["forecasts"][0]["days"] == []


def test_orders_that_are_opened_again_count_and_their_owner_hears_of_it(desk, clock, aiko, shop):
    desk.opens(*LINES)
    orders = driver_meets(desk, aiko, CUSTOMERS[:4])
    for order in orders:
        desk.service.sessions(order.sid).update(status="closed")
    clock.forward(hours=24)
    for order in orders:
        desk.service.sessions(order.sid).update(status="in-progress")
    clock.forward(seconds=5)
    assert [told["data"]["used"] for told in shop.asked] == [4, 4]
    assert [day["most_at_once"] for day in forecast_of(desk)["forecasts"][0]["days"]] == [4, 4]
