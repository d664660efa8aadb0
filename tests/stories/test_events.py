"""Systems of the owner's are told what has happened: signed, in order, at least once, and for as long as it takes."""

import socket
import threading

import httpx
import pytest

from tests.stories.owners import Owner, opening

LINE = "+815010000009"
HOURS_OF_FAILING = 73
MANY_LINES = [f"+8150200001{number:02}" for number in range(12)]
SLOW_SECONDS = 2  # of this machine's own time, which is what a receiver's patience is measured by


@pytest.fixture
def opens_system():
    """Systems of the owner's, each at an address of its own."""
    with opening() as opens:
        yield opens


@pytest.fixture
def shop(opens_system):
    """One that takes whatever it is told."""
    return opens_system()


def nowhere() -> str:
    """An address at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def subscribes(desk, url: str, *events: str) -> str:
    return desk.asks("POST", "/api/subscriptions", {"url": url, "events": list(events) or ["*"]})["sid"]


def types(owner: Owner) -> list[str]:
    return [event["type"] for event in owner.asked]


def has_a_masked_call(desk, clock, aiko, ben):
    """Aiko and Ben talk for a minute in a session of theirs, which is then closed."""
    desk.opens(LINE)
    session = desk.brings_together(aiko, ben)
    clock.forward(seconds=2)  # what happens in one moment has no order
    aiko.dials(session.line_of(aiko))
    ben.rings(showing=session.line_of(ben))
    ben.answers()
    clock.forward(minutes=1)
    aiko.hangs_up()
    clock.forward(seconds=2)
    session.sdk.update(status="closed")
    clock.forward(seconds=2)
    return session


def deliveries(desk, sid: str, **query: str) -> list[dict]:
    wanted = "&".join(f"{name}={value}" for name, value in query.items())
    return desk.asks("GET", f"/api/subscriptions/{sid}/deliveries?{wanted}")["deliveries"]


# ---- what is told ----------------------------------------------------------------------------------------------------


def test_a_masked_call_is_told_from_the_opening_of_its_session_to_its_end(desk, clock, aiko, ben, shop):
    subscribes(desk, shop.address)
    session = has_a_masked_call(desk, clock, aiko, ben)
    told = [event for event in shop.asked if not event["type"].startswith("line.")]
    assert [event["type"] for event in told if event["subject"] == session.sdk.fetch().sid] == [
        "session.opened",
        "session.in-progress",
        "session.closed",
    ]
    of_call = [event for event in told if event["type"].startswith("interaction.")]
    assert [event["type"] for event in of_call] == ["interaction.started", "interaction.completed"]
    assert (of_call[-1]["data"]["status"], of_call[-1]["data"]["duration"]) == ("completed", 60)


def test_no_event_knows_anybodys_number(desk, box, clock, aiko, ben, shop):
    subscribes(desk, shop.address)
    has_a_masked_call(desk, clock, aiko, ben)
    everywhere = f"{shop.asked} {box.stack.cloud.events}"
    assert shop.asked
    for person in (aiko, ben):
        assert person.number not in everywhere
        assert person.number[3:] not in everywhere


def test_whatever_is_sent_is_on_the_bus_too_and_is_what_its_schema_says(desk, box, clock, aiko, ben, shop):
    subscribes(desk, shop.address)
    has_a_masked_call(desk, clock, aiko, ben)
    on_the_bus = [event.detail for event in box.stack.cloud.events]
    assert shop.asked
    assert [event for event in shop.asked if event not in on_the_bus] == []
    for event in shop.asked:
        schema = httpx.get(event["dataschema"], auth=desk.key, trust_env=False, verify=False, timeout=300).json()
        assert set(schema["properties"]["data"]["properties"]) == set(event["data"])
        assert schema["properties"]["type"]["const"] == event["type"]


def test_who_wants_to_know_of_lines_alone_is_told_of_lines_alone(desk, clock, aiko, ben, shop, opens_system):
    ledger = opens_system()
    subscribes(desk, shop.address, "line.given")
    subscribes(desk, ledger.address, "interaction.*")
    has_a_masked_call(desk, clock, aiko, ben)
    assert types(shop) == ["line.given"]
    assert types(ledger) == ["interaction.started", "interaction.completed"]


def test_a_subscription_is_tested_before_anything_happens(desk, clock, shop):
    sid = subscribes(desk, shop.address, "call.ended")
    desk.asks("POST", f"/api/subscriptions/{sid}/test")
    clock.forward(seconds=1)
    assert types(shop) == ["subscription.tested"]
    assert [one["status"] for one in deliveries(desk, sid)] == ["delivered"]


# ---- a receiver that does not take it --------------------------------------------------------------------------------


def test_who_is_dead_delays_nobody_else(desk, clock, aiko, ben, shop):
    dead = subscribes(desk, nowhere())
    subscribes(desk, shop.address)
    session = has_a_masked_call(desk, clock, aiko, ben)
    assert "session.closed" in types(shop)
    assert session.sdk.fetch().sid in {event["subject"] for event in shop.asked}
    assert {one["status"] for one in deliveries(desk, dead)} <= {"waiting", "retrying"}


def test_who_is_slow_delays_nobody_else_and_is_given_a_rest(desk, clock, aiko, ben, shop, opens_system):
    slow = opens_system()
    slow.says = lambda _: 503
    sid = subscribes(desk, slow.address)
    subscribes(desk, shop.address)
    has_a_masked_call(desk, clock, aiko, ben)
    assert "session.closed" in types(shop)
    assert len(slow.asked) < len(deliveries(desk, sid)) + 4
    assert desk.asks("GET", f"/api/subscriptions/{sid}")["failures"] >= 3


def test_who_answers_slowly_delays_nobody_else(desk, clock, shop, opens_system):
    slow, all_told, met = opens_system(), threading.Event(), []
    slow.says = lambda _: {"taken": all_told.wait(SLOW_SECONDS)}

    def takes(_):
        if len(shop.asked) == len(MANY_LINES):
            met.append(len(slow.asked))
            all_told.set()
        return {}

    shop.says = takes
    late = subscribes(desk, slow.address, "line.*")
    subscribes(desk, shop.address, "line.*")
    desk.opens(*MANY_LINES)
    clock.forward(seconds=5)
    assert {event["data"]["line"] for event in shop.asked} == set(MANY_LINES)
    assert met[0] < len(MANY_LINES) / 2, "the quick one was told all while the slow one had answered only some"
    clock.forward(hours=1)
    assert {event["data"]["line"] for event in slow.asked} == set(MANY_LINES)
    assert {one["status"] for one in deliveries(desk, late)} == {"delivered"}


def test_who_is_slow_is_told_each_subject_in_its_order(desk, clock, aiko, ben, opens_system):
    slow, later = opens_system(), threading.Event()
    slow.says = lambda _: {"taken": later.wait(SLOW_SECONDS)}
    subscribes(desk, slow.address, "session.*")
    desk.opens(LINE)
    session = desk.brings_together(aiko, ben)
    clock.forward(seconds=1)
    slow.says = lambda _: 503
    aiko.dials(session.line_of(aiko))
    ben.rings(showing=session.line_of(ben))
    ben.answers()
    aiko.hangs_up()
    clock.forward(hours=2)  # by now it would count as quick
    slow.says = lambda _: {}
    session.sdk.update(status="closed")
    clock.forward(hours=2)
    assert list(dict.fromkeys(types(slow))) == ["session.opened", "session.in-progress", "session.closed"]
    assert types(slow)[-1] == "session.closed"


def test_who_was_down_for_a_day_is_told_all_of_it_each_subject_in_its_order(desk, clock, aiko, ben, shop):
    sid = subscribes(desk, shop.address, "session.*")
    shop.says = lambda _: 500
    session = has_a_masked_call(desk, clock, aiko, ben)
    clock.forward(hours=24)
    assert set(types(shop)) == {"session.opened"}
    shop.asked.clear()
    shop.says = lambda _: {}
    clock.forward(hours=4)
    assert types(shop) == ["session.opened", "session.in-progress", "session.closed"]
    assert {event["subject"] for event in shop.asked} == {session.sdk.fetch().sid}
    seen = deliveries(desk, sid)
    assert {one["status"] for one in seen} == {"delivered"}
    assert desk.asks("GET", f"/api/subscriptions/{sid}")["failing_since_at"] is None


@pytest.mark.thorough
def test_one_event_that_is_never_taken_holds_up_its_own_subject_alone_and_is_given_up(desk, box, clock, shop):
    sid = subscribes(desk, shop.address, "line.*")
    shop.says = lambda event: 500 if event["data"]["line"] == LINE else 200
    desk.opens(LINE)
    clock.forward(seconds=2)
    for hour in range(HOURS_OF_FAILING):  # others are taken all the while, so it stays switched on
        desk.opens(f"+8150200000{hour:02}", name=f"desk-{hour}")
        clock.forward(hours=1)
    clock.forward(hours=3)
    [given_up] = [one for one in deliveries(desk, sid, page_size="100") if one["status"] == "failed"]
    assert (given_up["event"]["data"]["line"], given_up["answered"], given_up["tries"]) == (LINE, 500, 78)
    assert len(box.stack.cloud.queues.named["toritsugi-local-undelivered.fifo"].messages) == 1
    assert len({event["subject"] for event in shop.asked}) == 1 + HOURS_OF_FAILING
    shop.says = lambda _: {}
    shop.asked.clear()
    desk.asks("POST", f"/api/subscriptions/{sid}/deliveries/{given_up['sid']}/replay")
    clock.forward(seconds=1)
    assert shop.asked == [given_up["event"]]


def test_who_takes_nothing_for_three_days_is_switched_off_and_others_hear_of_it(desk, log, clock, shop, opens_system):
    watch = opens_system()
    subscribes(desk, watch.address, "subscription.disabled")
    shop.says = lambda _: 500
    sid = subscribes(desk, shop.address, "line.*")
    desk.opens(LINE)
    clock.forward(hours=HOURS_OF_FAILING)
    seen = desk.asks("GET", f"/api/subscriptions/{sid}")
    assert (seen["enabled"], seen["disabled_reason"]) == (False, "it has taken nothing for too long")
    assert [event["data"]["sid"] for event in watch.asked] == [sid]
    assert log.errors == ["a subscription was switched off"]
    log.errors.clear()

    desk.opens("+815020000001", name="another")
    clock.forward(seconds=2)
    shop.asked.clear()
    shop.says = lambda _: {}
    desk.asks("PATCH", f"/api/subscriptions/{sid}", {"enabled": True})
    answer = desk.asks("POST", f"/api/subscriptions/{sid}/replay", {"since": "2026-11-18T00:00:00Z"})
    clock.forward(hours=1)  # for which it was hidden when it was tried last
    assert answer["replayed"] == len(shop.asked) == 2
    assert {event["data"]["line"] for event in shop.asked} == {LINE, "+815020000001"}


# ---- once more -------------------------------------------------------------------------------------------------------


def test_what_is_sent_again_while_something_waits_ends_with_the_newest(desk, clock, aiko, ben, shop):
    sid = subscribes(desk, shop.address, "session.*")
    shop.says = lambda event: 200 if event["type"] == "session.opened" else 500
    has_a_masked_call(desk, clock, aiko, ben)
    shop.asked.clear()
    shop.says = lambda _: {}
    again = {"since": "2026-11-18T00:00:00Z", "which": "all"}
    assert desk.asks("POST", f"/api/subscriptions/{sid}/replay", again)["replayed"] == 3
    clock.forward(hours=1)
    assert types(shop) == ["session.opened", "session.in-progress", "session.closed"]
    assert {one["status"] for one in deliveries(desk, sid)} == {"delivered"}


def test_one_that_is_sent_again_is_followed_by_what_came_later_of_its_subject(desk, clock, aiko, ben, shop):
    sid = subscribes(desk, shop.address, "session.*")
    has_a_masked_call(desk, clock, aiko, ben)
    [second] = [one for one in deliveries(desk, sid) if one["type"] == "session.in-progress"]
    shop.asked.clear()
    desk.asks("POST", f"/api/subscriptions/{sid}/deliveries/{second['sid']}/replay")
    clock.forward(seconds=1)
    assert types(shop) == ["session.in-progress", "session.closed"]


def test_what_was_missed_is_followed_by_what_came_later_of_its_subject(desk, clock, aiko, ben, shop):
    sid = subscribes(desk, shop.address, "session.*")
    desk.asks("PATCH", f"/api/subscriptions/{sid}", {"enabled": False})
    desk.opens(LINE)
    session = desk.brings_together(aiko, ben)
    clock.forward(seconds=6)
    desk.asks("PATCH", f"/api/subscriptions/{sid}", {"enabled": True})
    clock.forward(seconds=6)
    session.sdk.update(status="closed")
    clock.forward(seconds=2)
    assert types(shop) == ["session.closed"]
    desk.asks("POST", f"/api/subscriptions/{sid}/replay", {"since": "2026-11-18T00:00:00Z"})
    clock.forward(seconds=2)
    assert types(shop) == ["session.closed", "session.opened", "session.closed"]


# ---- enough ----------------------------------------------------------------------------------------------------------


def test_who_answers_that_it_is_gone_is_told_nothing_more(desk, log, clock, shop):
    shop.says = lambda _: 410
    sid = subscribes(desk, shop.address, "line.*")
    desk.opens(LINE)
    clock.forward(seconds=10)
    desk.opens("+815020000001", name="another")
    clock.forward(hours=1)
    assert len(shop.asked) == 1
    assert desk.asks("GET", f"/api/subscriptions/{sid}")["disabled_reason"] == "it answers 410"
    assert log.errors == ["a subscription was switched off"]
    log.errors.clear()


def test_that_one_is_switched_off_is_told_even_if_the_process_ends_right_then(
    desk, box, log, clock, shop, opens_system
):
    watch = opens_system()
    subscribes(desk, watch.address, "subscription.disabled")
    shop.says = lambda _: 410
    sid = subscribes(desk, shop.address, "call.ended")
    box.stack.cloud.crash("notification", before="events.PutEvents")
    desk.asks("POST", f"/api/subscriptions/{sid}/test")
    clock.forward(minutes=5)
    assert [(event["data"]["sid"], event["data"]["reason"]) for event in watch.asked] == [(sid, "it answers 410")]
    assert {one["status"] for one in deliveries(desk, sid)} == {"canceled"}
    assert set(log.errors) == {"a subscription was switched off"}
    log.errors.clear()


def test_enough_is_enough_for_what_waits_as_well(desk, clock, shop):
    shop.says = lambda _: 500
    sid = subscribes(desk, shop.address, "line.*")
    desk.opens(LINE)
    clock.forward(seconds=2)
    assert desk.request("DELETE", f"/api/subscriptions/{sid}").status_code == 204
    asked = len(shop.asked)
    clock.forward(hours=5)
    assert len(shop.asked) == asked
    assert desk.request("GET", f"/api/subscriptions/{sid}/deliveries").status_code == 404


# ---- a bad day -------------------------------------------------------------------------------------------------------

PLACES = [
    {"before": "events.PutEvents"},
    {"after": "events.PutEvents"},
    {"before": "dynamodb.PutItem NotificationsTable"},
    {"after": "dynamodb.PutItem NotificationsTable"},
    {"before": "sqs.SendMessage"},
    {"after": "sqs.SendMessage"},
    {"before": "dynamodb.UpdateItem NotificationsTable"},
    {"after": "dynamodb.UpdateItem NotificationsTable"},
]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: " ".join(*place.items()))
def test_wherever_the_process_ends_everything_is_told_in_its_order(desk, box, clock, aiko, ben, shop, place):
    subscribes(desk, shop.address, "session.*")
    box.stack.cloud.crash("notification", **place)
    has_a_masked_call(desk, clock, aiko, ben)
    clock.forward(minutes=5)
    once = list(dict.fromkeys(types(shop)))
    assert once == ["session.opened", "session.in-progress", "session.closed"]
    assert len(shop.asked) <= len(once) + 1


def test_an_address_of_this_machine_is_none_of_the_web_where_the_exchange_is_on_it(desk, box):
    answer = desk.request("POST", "/api/subscriptions", {"url": box.exchange, "events": ["*"]})
    assert (answer.status_code, answer.json()["detail"]) == (400, "url: its address is this exchange's")
