"""The owner's other systems are told what has happened: on the bus, and by requests to whoever has subscribed.

The tables' streams wake it with what was written, each row's changes in their order; what no table shows comes by the
queue. From there each event goes to each subscriber, signed. Retries, back-off, order and dead letters are the queue's.
"""

import json
import time
from typing import Any

from toritsugi.adapters import event_bus, notifications, owner_webhook
from toritsugi.foundation.errors import OwnerSilent
from toritsugi.foundation.events import Event
from toritsugi.foundation.logs import log, traced
from toritsugi.foundation.types import Json
from toritsugi.subscriptions import changes, deliveries, records
from toritsugi.subscriptions.deliveries import CANCELED, DELIVERED, FAILED, MAX_DELIVERY_TRIES, RETRYING, Delivery
from toritsugi.subscriptions.news import news_of_subscription
from toritsugi.subscriptions.records import Subscription

GONE = 410


@traced
def handler(event: Json, _context: Any) -> Json | None:
    """What has changed is told, whole or once more; of messages there is one at a time."""
    first = event["Records"][0]
    if first["eventSource"] == "aws:dynamodb":
        publish_and_hand_on([told for record in event["Records"] for told in find_events(record)])
        return None
    done = carry_on(json.loads(first["body"]), first)
    # A failure that is reported takes no process from the others, as one that is raised would:
    # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    return {"batchItemFailures": [] if done else [{"itemIdentifier": first["messageId"]}]}


def find_events(record: Json) -> list[Event]:
    """The events that a change is. One that nobody can read must not hold up all those behind it."""
    try:
        return changes.read_change(record)
    except Exception:
        log.exception("a change was not told")
        return []


def publish_and_hand_on(events: list[Event]) -> None:
    event_bus.publish(events)
    for event in events:
        hand_on(event)


def hand_on(event: Event) -> None:
    """Has everybody told who wants to know."""
    for subscription in records.remembered_subscriptions():
        if subscription.wants(event.type):
            delivery = deliveries.keep_delivery(subscription, event)
            if subscription.enabled:
                notifications.send_delivery(subscription.sid, delivery.sid, event.subject)


def carry_on(said: dict[str, Any], message: Json) -> bool:
    """Whether a message is done; one that is not is hidden for a while."""
    if "event" in said:
        hand_on(Event(**said["event"]))
        return True
    subscription = records.find_subscription(said["subscription"])
    delivery = deliveries.find_delivery(said["subscription"], said["delivery"])
    if not subscription or not delivery or delivery.status in (DELIVERED, CANCELED):
        return True
    received = int(message["attributes"]["ApproximateReceiveCount"])
    done = deliver(subscription, delivery, received)
    if not done:
        notifications.hide(message["receiptHandle"], deliveries.wait_after(received))
    return done


def deliver(subscription: Subscription, delivery: Delivery, received: int) -> bool:
    """Whether nothing is left to be done for a delivery: it was taken, or is wanted no more."""
    now = time.time()
    if not subscription.enabled:
        deliveries.note_status(delivery, CANCELED)
        return True
    if (subscription.rests_until or 0) > now and received < MAX_DELIVERY_TRIES:
        return False
    status, error = post_to(subscription, delivery)
    if error is None:
        deliveries.note_try(delivery, DELIVERED, status, None)
        records.note_answered(subscription)
        return True
    last = received >= MAX_DELIVERY_TRIES
    deliveries.note_try(delivery, FAILED if last else RETRYING, status, error)
    log.warning("a delivery failed", subscription_sid=subscription.sid, delivery_sid=delivery.sid, reason=error)
    if records.note_unanswered(subscription, now, gone=status == GONE):
        log.error("a subscription was switched off", subscription_sid=subscription.sid)
        publish_and_hand_on([news_of_subscription("subscription.disabled", subscription)])
        deliveries.note_status(delivery, CANCELED)
        return True
    return False


def post_to(subscription: Subscription, delivery: Delivery) -> tuple[int | None, str | None]:
    """What the subscriber has answered, and why that is of no use; None: it is."""
    try:
        status = owner_webhook.tell_owner(subscription.url, delivery.envelope, delivery.sid)
    except OwnerSilent as silence:
        return None, str(silence)
    return status, None if 200 <= status < 300 else f"it answers {status}"
