"""Subscriptions in the REST API, and what notification.py makes of changes and messages."""

import json
import time

import pytest

from api.subscriptions import MAX_REPLAYED_AT_ONCE
from local.aws import Context
from local.aws.messages import record
from local.aws.streams import described, taken_from
from tests.events.account import event
from tests.integration.conftest import AIKO, BEN, LINES
from toritsugi.foundation import config, events
from toritsugi.subscriptions import changes, deliveries, lanes, records
from toritsugi.subscriptions.catalog import MEANING_OF_EVENT, SELECTORS

NOBODY = "KN" + "0" * 32
DEAD = "https://exchange.example.com/"  # the exchange asks itself nothing: it fails at once, and resolves no name
QUEUE, SLOW_QUEUE = "toritsugi-local-notifications.fifo", "toritsugi-local-slow-notifications.fifo"


@pytest.fixture
def exchange(cloud, clock):
    """What wakes notification.py, one after the other; nothing has happened yet."""
    for feed in cloud.streams.feeds:
        taken_from(feed.table)
    records.forget_subscriptions()
    return Exchange(cloud)


class Exchange:
    def __init__(self, cloud) -> None:
        self.cloud, self.queue, self.slow_queue = cloud, *(cloud.queues.named[name] for name in (QUEUE, SLOW_QUEUE))

    def wakes(self, found) -> dict:
        import notification

        return notification.handler({"Records": found}, Context("notification"))

    def changes(self) -> list[dict]:
        """The changes that nobody was told of yet."""
        told = [(feed, one) for feed in self.cloud.streams.feeds for one in taken_from(feed.table) if feed.wants(one)]
        return [described(one, feed.arn) for feed, one in told]

    def tells(self) -> None:
        if found := self.changes():
            self.wakes(found)

    def delivers(self, queue=None) -> list[bool]:
        """Whether each message that is visible now is done."""
        queue, done = queue or self.queue, []
        for message in queue.receive(10, 60):
            answer = self.wakes([record(message, queue.arn)])
            done.append(answer == {"batchItemFailures": []})
            if done[-1]:
                queue.delete(message)
        return done


def subscribe(url="https://8.8.8.8/hooks", *selectors: str, enabled: bool = True) -> records.Subscription:
    records.forget_subscriptions()
    return records.create_subscription(url, selectors or ("*",), None, enabled)


def keep(subscription: records.Subscription, subject: str, second: int) -> deliveries.Delivery:
    """A delivery of an event of that second, some hours ago."""
    return deliveries.keep_delivery(
        subscription, events.new_event("call.ended", subject, {}, at=time.time() - 10_000 + second)
    )


# ---- the API ---------------------------------------------------------------------------------------------------------


def test_a_subscription_is_made_looked_at_changed_and_ended(desk):
    wanted = {"url": "https://8.8.8.8/hooks", "events": ["call.*", "message.received"], "name": "Our shop"}
    status, made = desk.asks("POST", "/api/subscriptions", wanted)
    assert (status, made["sid"][:2], made["events"], made["enabled"]) == (201, "KN", wanted["events"], True)
    path = f"/api/subscriptions/{made['sid']}"
    assert desk.asks("GET", "/api/subscriptions")[1]["subscriptions"] == [made]
    assert desk.asks("PATCH", path, {"enabled": False, "name": None})[1]["enabled"] is False
    seen = desk.asks("GET", path)[1]
    assert (seen["url"], seen["name"], seen["enabled"]) == (wanted["url"], None, False)
    assert desk.send("DELETE", path, b"")["statusCode"] == 204
    assert desk.asks("GET", path)[0] == 404


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://8.8.8.8/hooks", "url: its address is not https"),
        ("https://10.0.0.1/hooks", "url: its address is not on the web"),
        ("https://169.254.169.254/latest", "url: its address is not on the web"),
        ("https://[::1]/", "url: its address is not on the web"),
        ("https://exchange.example.com/voice", "url: its address is this exchange's"),
        ("https://EXCHANGE.example.com.:443/voice", "url: its address is this exchange's"),
    ],
)
def test_only_an_address_on_the_web_is_told_anything(desk, url, why):
    status, said = desk.asks("POST", "/api/subscriptions", {"url": url, "events": ["*"]})
    assert (status, said["detail"]) == (400, why)
    assert said["errors"] == [{"pointer": "/url", "detail": why.removeprefix("url: ")}]


AT_AWS, AT_DOMAIN = "https://abcdefghij.execute-api.ap-northeast-1.amazonaws.com", "https://calls.example.com"


@pytest.fixture
def several_addresses(cloud):
    """The exchange is reached by more than the one that is told to others."""
    values, name = cloud.parameters.values, f"{config.SETTINGS_PATH}/all-base-urls"
    values[name] = f"{AT_AWS},{AT_DOMAIN}"
    config.forget_settings()
    yield
    del values[name]
    config.forget_settings()


@pytest.mark.usefixtures("several_addresses")
@pytest.mark.parametrize("address", [AT_AWS, AT_DOMAIN])
def test_none_of_the_exchanges_own_addresses_is_told_anything(desk, address):
    status, said = desk.asks("POST", "/api/subscriptions", {"url": f"{address}/voice", "events": ["*"]})
    assert (status, said["detail"]) == (400, "url: its address is this exchange's")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"events": []}, "/events"),
        ({"events": ["call.begun"]}, "there are no such events; there are *, session.*"),
        ({"url": "ftp://8.8.8.8"}, "/url"),
        ({"colour": "red"}, "/colour"),
        ({"enabled": "yes"}, "/enabled"),
    ],
)
def test_what_cannot_be_told_is_refused_by_name(desk, change, why):
    wanted = {"url": "https://8.8.8.8/", "events": ["*"]}
    status, said = desk.asks("POST", "/api/subscriptions", wanted | change)
    assert status == 422
    assert why in said["detail"]


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://me:secret@8.8.8.8/", "it has a name or a password"),
        ("https://8.8.8.8/hooks#told", "it has a fragment"),
        ("https://8.8.8.8/山", "an address is ASCII"),
        ("https://8.8.8.8:0/", "nobody listens at port 0"),
    ],
)
def test_an_address_that_can_never_be_told_anything_is_refused_with_the_reason(desk, url, why):
    sid = subscribe().sid
    for method, path in (("POST", "/api/subscriptions"), ("PATCH", f"/api/subscriptions/{sid}")):
        status, said = desk.asks(method, path, {"url": url} | ({"events": ["*"]} if method == "POST" else {}))
        assert (status, said["errors"][0]["pointer"]) == (422, "/url")
        assert said["errors"][0]["detail"].startswith(why)


def test_a_subscription_has_an_address_whatever_else_changes(desk):
    sid = subscribe().sid
    status, said = desk.asks("PATCH", f"/api/subscriptions/{sid}", {"url": None})
    assert (status, said["detail"]) == (400, "url: a subscription has one; leave it out, and it stays")
    assert said["errors"] == [{"pointer": "/url", "detail": "a subscription has one; leave it out, and it stays"}]


def test_there_are_twenty_at_most(desk):
    for _ in range(records.MAX_SUBSCRIPTIONS):
        subscribe()
    status, said = desk.asks("POST", "/api/subscriptions", {"url": "https://8.8.8.8/", "events": ["*"]})
    assert (status, said["detail"]) == (409, "There are 20 subscriptions, and may be no more")


class AnotherIsFirst:
    """On the wire: between what somebody has read and what they write, somebody else makes a subscription."""

    def __init__(self) -> None:
        self.met, self.made = False, []

    def __call__(self, operation, _request, carry):
        if operation in ("PutItem", "TransactWriteItems") and not self.met:
            self.met = True
            self.made.append(subscribe("https://8.8.8.8/another").sid)
        return carry()


def test_two_who_want_the_last_place_at_once_do_not_both_get_it(desk, wire):
    for _ in range(records.MAX_SUBSCRIPTIONS - 1):
        subscribe()
    with wire.has(AnotherIsFirst()):
        status, said = desk.asks("POST", "/api/subscriptions", {"url": "https://8.8.8.8/", "events": ["*"]})
    assert (status, said["detail"]) == (409, "There are 20 subscriptions, and may be no more")
    assert len(records.list_subscriptions()) == records.MAX_SUBSCRIPTIONS


def test_two_who_are_made_at_once_are_both_there_where_there_is_room(desk, wire):
    with wire.has(another_is_first := AnotherIsFirst()):
        status, said = desk.asks("POST", "/api/subscriptions", {"url": "https://8.8.8.8/", "events": ["*"]})
    assert status == 201
    assert [one.sid for one in records.list_subscriptions() if one.sid != said["sid"]] == another_is_first.made


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/test"),
        ("GET", "/deliveries"),
        ("GET", f"/deliveries/KD{'0' * 32}"),
        ("POST", f"/deliveries/KD{'0' * 32}/replay"),
        ("POST", "/replay"),
    ],
)
def test_of_what_is_not_there_nothing_is_told(desk, method, path):
    body = {"since": "2026-11-01T00:00:00Z"} if path == "/replay" else {}
    assert desk.asks(method, f"/api/subscriptions/{NOBODY}{path}", body)[0] == 404


@pytest.mark.parametrize("since", [1, "1", "2026-11-01", "2026-11-01T00:00:00", None])
def test_a_moment_without_a_time_zone_is_refused(desk, since):
    status, said = desk.asks("POST", f"/api/subscriptions/{subscribe().sid}/replay", {"since": since})
    assert (status, said["errors"][0]["pointer"]) == (422, "/since")


def test_of_a_subscription_that_is_gone_no_delivery_is_shown(desk):
    sid = subscribe().sid
    delivery = desk.asks("POST", f"/api/subscriptions/{sid}/test")[1]["sid"]
    assert desk.asks("GET", f"/api/subscriptions/{sid}/deliveries/{delivery}")[0] == 200
    desk.asks("DELETE", f"/api/subscriptions/{sid}")
    assert desk.asks("GET", f"/api/subscriptions/{sid}/deliveries/{delivery}")[0] == 404


@pytest.mark.parametrize("path", ["/test", f"/deliveries/KD{'0' * 32}/replay", "/replay"])
def test_one_that_is_switched_off_is_sent_nothing(desk, path):
    sid = subscribe(enabled=False).sid
    body = {"since": "2026-11-01T00:00:00Z"} if path == "/replay" else None
    status, said = desk.asks("POST", f"/api/subscriptions/{sid}{path}", body)
    assert (status, said["detail"]) == (409, "The subscription is switched off: switch it on first, by PATCH")


def test_every_type_of_event_has_a_schema(desk):
    status, said = desk.asks("GET", "/api/events/schemas")
    assert (status, set(said["events"])) == (200, set(MEANING_OF_EVENT))
    for type, told in said["events"].items():
        schema = desk.asks("GET", told["schema"].partition("example.com")[2])[1]
        assert (schema["$id"], schema["title"]) == (told["schema"], type)
        assert set(schema["required"]) == set(schema["properties"]) > {"id", "subject", "data"}
    assert desk.asks("GET", "/api/events/schemas/call.ended.v9")[0] == 404


def test_who_may_read_may_not_have_anybody_told(desk):
    from tests.integration.calls import Desk
    from toritsugi.foundation import api_keys

    api_keys.create_key("SK" + "b" * 32, "secret", ("subscriptions:read",))
    reader = Desk("SK" + "b" * 32)
    assert reader.asks("GET", "/api/events/schemas")[0] == reader.asks("GET", "/api/subscriptions")[0] == 200
    status, said = reader.asks("POST", "/api/subscriptions", {"url": "https://8.8.8.8/", "events": ["*"]})
    assert (status, said["scope"]) == (403, "subscriptions:write")


# ---- what a change tells ---------------------------------------------------------------------------------------------


def test_what_happens_is_told_by_type(exchange, cloud, service):
    session = service.sessions.create(participants=[f'{{"Identifier": "{AIKO}"}}', f'{{"Identifier": "{BEN}"}}'])
    service.sessions(session.sid).update(status="closed")
    exchange.tells()
    told = [event.detail for event in cloud.events]
    given = [event for event in told if event["type"] == "line.given"]
    assert {event["data"]["line"] for event in given} == set(LINES)
    of_session = [event for event in told if event["subject"] == session.sid]
    assert [event["type"] for event in of_session] == ["session.opened", "session.closed"]
    assert of_session[0]["dataschema"].endswith("/api/events/schemas/session.opened.v1")


def test_how_the_owner_calls_a_session_is_told_nobody_for_it_may_be_a_person(exchange, cloud, service):
    service.sessions.create(unique_name=f"Aiko {AIKO}")
    exchange.tells()
    told = json.dumps([event.detail for event in cloud.events])
    assert "session.opened" in told
    assert "Aiko" not in told
    assert "unique_name" not in told


def test_a_change_that_comes_again_is_the_same_events(exchange, cloud, service):
    found = exchange.changes()
    exchange.wakes(found)
    first = list(cloud.events)
    cloud.events.clear()
    exchange.wakes(found)
    assert first
    assert cloud.events == first


def test_one_change_that_nobody_can_read_holds_up_no_other(exchange, cloud, service, logged):
    found = exchange.changes()
    broken = json.loads(json.dumps(found[0] | {"dynamodb": found[0]["dynamodb"] | {"NewImage": {"kind": {"S": "x"}}}}))
    exchange.wakes([broken, *found])
    assert {event.what for event in cloud.events} == {"line.given"}
    assert "a change was not told" in logged()


def test_the_events_with_which_the_build_is_tried_are_such_as_come(exchange, cloud):
    assert exchange.wakes(event("notification")["Records"]) is None
    assert [told.what for told in cloud.events] == ["session.closed"]
    assert exchange.wakes(event("notification-delivery")["Records"]) == {"batchItemFailures": []}


def test_while_the_bus_is_down_a_change_waits(exchange, cloud, service, wire):
    def no_bus(operation, _request, carry):
        if operation == "PutEvents":
            return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure"}]}
        return carry()

    found = exchange.changes()
    with pytest.raises(RuntimeError, match="InternalFailure"), wire.has(no_bus):
        exchange.wakes(found)
    exchange.wakes(found)
    assert len(cloud.events) == len(LINES)


def test_who_wants_nothing_of_it_costs_nothing(exchange, service, wire):
    subscribe("https://8.8.8.8/", "call.*")
    records.remembered_subscriptions()
    with wire.counting() as trips:
        exchange.wakes(exchange.changes())
    assert trips == []
    assert exchange.queue.messages == []


def test_of_each_type_is_known_what_it_means_and_which_row_tells_it():
    assert set(MEANING_OF_EVENT) < set(SELECTORS)
    assert all(type.count(".") == 1 and meaning for type, meaning in MEANING_OF_EVENT.items())
    assert len(changes.TOLD_OF) == 6


# ---- deliveries ------------------------------------------------------------------------------------------------------


def test_a_delivery_is_listed_from_the_moment_in_which_it_waits(exchange, desk, service):
    sid = subscribe().sid
    exchange.tells()
    [one, *others] = desk.asks("GET", f"/api/subscriptions/{sid}/deliveries")[1]["deliveries"]
    assert (one["status"], one["tries"], one["type"], len(others)) == ("waiting", 0, "line.given", 2)
    assert desk.asks("GET", f"/api/subscriptions/{sid}/deliveries/{one['sid']}")[1] == one


def test_what_cannot_be_delivered_is_hidden_for_longer_and_longer_for_three_days(exchange, clock, service):
    sid = subscribe(DEAD).sid
    exchange.tells()
    for wait in [5, 30, 120, 600, 1800, *[3600] * 67]:
        before = time.time()
        assert not any(exchange.delivers())
        message = exchange.queue.messages[0]
        assert message.visible_at - time.time() <= wait <= message.visible_at - before
        clock.shift(3600)
    for _ in range(2):  # the third day may have been over a moment too late for the first of them
        exchange.delivers()
        clock.shift(3600)
    assert exchange.queue.messages == []
    assert not records.get_subscription(sid).enabled
    assert {one.status for one in deliveries.Delivery.query(sid)} == {"canceled"}


def test_a_list_of_deliveries_has_pages_and_is_of_one_status(exchange, desk, service):
    sid = subscribe().sid
    exchange.tells()
    path = f"/api/subscriptions/{sid}/deliveries"
    first = desk.asks("GET", f"{path}?page_size=2")[1]
    second = desk.asks("GET", first["meta"]["next_page_url"].partition("example.com")[2])[1]
    assert [len(one["deliveries"]) for one in (first, second)] == [2, 1]
    assert second["meta"]["next_page_url"] is None
    assert desk.asks("GET", f"{path}?status=failed")[1]["deliveries"] == []


def test_what_happens_while_it_is_off_can_be_replayed(exchange, desk, service):
    sid = subscribe(enabled=False).sid
    exchange.tells()
    path = f"/api/subscriptions/{sid}"
    assert {one["status"] for one in desk.asks("GET", f"{path}/deliveries")[1]["deliveries"]} == {"canceled"}
    assert exchange.queue.messages == []
    desk.asks("PATCH", path, {"enabled": True})
    since = {"since": "2026-11-01T00:00:00Z"}
    assert desk.asks("POST", f"{path}/replay", since) == (202, {"replayed": 3, "go_on_after": None})
    assert len(exchange.queue.messages) == 3


def test_a_long_replay_goes_on_where_it_has_stopped(desk):
    subscription = subscribe()
    for number in range(MAX_REPLAYED_AT_ONCE + 1):
        keep(subscription, f"KB{number:032}", number)
    path, since = f"/api/subscriptions/{subscription.sid}/replay", {"since": "2026-11-01T00:00:00Z", "which": "all"}
    status, first = desk.asks("POST", path, since)
    assert (status, first["replayed"]) == (202, MAX_REPLAYED_AT_ONCE)
    assert desk.asks("POST", path, since | {"after": first["go_on_after"]})[1] == {"replayed": 1, "go_on_after": None}


def test_a_replay_goes_on_with_what_came_later_of_its_subject_however_much_lies_between(desk):
    subscription = subscribe()
    kept = [keep(subscription, f"KB{number:032}", number) for number in range(MAX_REPLAYED_AT_ONCE + 1)]
    newest = keep(subscription, "KB" + "0" * 32, MAX_REPLAYED_AT_ONCE + 1)
    for delivery in (*kept[1:], newest):
        deliveries.note_try(delivery, deliveries.DELIVERED, 200, None)
    since = {"since": "2026-11-01T00:00:00Z"}
    assert desk.asks("POST", f"/api/subscriptions/{subscription.sid}/replay", since)[1]["replayed"] == 2
    again = [one.sid for one in deliveries.Delivery.query(subscription.sid) if one.replays]
    assert again == [kept[0].sid, newest.sid]


def test_whatever_was_on_its_way_when_it_was_replayed_comes_once_more_with_the_replay():
    subscription = subscribe()
    delivery = keep(subscription, "KB" + "0" * 32, 1)
    on_its_way = deliveries.get_delivery(subscription.sid, delivery.sid)
    deliveries.take_up_again(delivery, 1)
    deliveries.note_try(on_its_way, deliveries.DELIVERED, 200, None)
    assert deliveries.find_wanted(subscription.sid, delivery.sid, times=0) is None
    assert deliveries.find_wanted(subscription.sid, delivery.sid, times=1).status == "waiting"


def test_a_replay_whose_message_is_quicker_than_its_note_is_not_passed_over():
    subscription = subscribe()
    delivery = keep(subscription, "KB" + "0" * 32, 1)
    deliveries.note_try(delivery, deliveries.DELIVERED, 200, None)
    wanted = deliveries.find_wanted(subscription.sid, delivery.sid, times=1)
    assert (wanted.status, wanted.replays) == ("waiting", 1)
    deliveries.note_try(wanted, deliveries.DELIVERED, 200, None)
    deliveries.take_up_again(delivery, 1)
    assert deliveries.get_delivery(subscription.sid, delivery.sid).status == "delivered"


# ---- who is slow -----------------------------------------------------------------------------------------------------


def test_what_is_for_somebody_slow_is_passed_on_as_it_is_and_nothing_else_is(exchange, service):
    slow, quick = subscribe(DEAD), subscribe(DEAD)
    lanes.note_slow(slow.sid, time.time())
    exchange.tells()
    sent = {message.group: message.body for message in exchange.queue.messages if slow.sid in message.body}
    assert sorted(exchange.delivers()) == [False] * len(LINES) + [True] * len(LINES)
    assert {message.group: message.body for message in exchange.slow_queue.messages} == sent
    assert {json.loads(message.body)["subscription"] for message in exchange.queue.messages} == {quick.sid}
    assert exchange.delivers(exchange.slow_queue) == [False] * len(LINES)
    assert {round(message.visible_at - time.time()) for message in exchange.slow_queue.messages} == {5}


def test_nothing_overtakes_what_is_still_in_the_slow_lane_however_quick_its_receiver_is(clock, cloud):
    receiver, group, other = "KN" + "1" * 32, "g1", "g2"
    lanes.note_slow(receiver, time.time())
    assert lanes.needs_slow_lane(receiver, group, time.time())
    lanes.note_passed_on(receiver, group, "first", time.time())
    lanes.note_passed_on(receiver, group, "second", time.time())
    clock.shift(lanes.SLOW_LANE_SECONDS)
    lanes.note_done(receiver, group, "first")
    assert lanes.needs_slow_lane(receiver, group, time.time())
    assert not lanes.needs_slow_lane(receiver, other, time.time())
    lanes.note_done(receiver, group, "second")
    assert not lanes.needs_slow_lane(receiver, group, time.time())


def test_sids_of_events_stand_in_the_order_of_their_moments():
    sids = [events.timed_sid("KD", at, "same") for at in (1.0, 1.5, 1_800_000_000)]
    assert sids == sorted(sids)
    assert {len(sid) for sid in sids} == {34}
