"""The owner's other systems are told what has happened: on the bus, and by requests to whoever has subscribed.

The tables' streams wake it with what was written, each row's changes in their order; what no table shows comes by the
queue. From there each event goes to each subscriber, and each state of a masked call or text to its service's
CallbackUrl; both signed. Retries, back-off, order and dead letters are the queue's.
"""

import json
import time
from typing import Any

from toritsugi.adapters import event_bus, notifications, owner_webhook
from toritsugi.foundation import config
from toritsugi.foundation.errors import OwnerSilent
from toritsugi.foundation.events import Event
from toritsugi.foundation.logs import log, traced
from toritsugi.foundation.types import Json
from toritsugi.masking import callbacks
from toritsugi.masking.interactions import Interaction
from toritsugi.masking.services import AUTH_TOKEN
from toritsugi.messages.records import Message
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
        hand_on_states(event["Records"])
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


def hand_on_states(found: list[Json]) -> None:
    """Has the CallbackUrl of each service told of the states of its calls and texts."""
    for record in found:
        if not (changed := find_state(record)):
            continue
        service = callbacks.find_told_service(str(changed.session_sid))
        if service and (told := callbacks.find_told_state(changed)):
            notifications.send_callback(service.service_sid, callbacks.parameters_of(told, service.service_sid))


def find_state(record: Json) -> Interaction | Message | None:
    """The call or text of a session whose state a change is.

    One that nobody can read must not hold up all those behind it.
    """
    if record["eventSourceARN"].split("/")[1] not in (config.SESSIONS_TABLE, config.MESSAGES_TABLE):
        return None
    try:
        return callbacks.find_new_state(*changes.read_rows(record))
    except Exception:
        log.exception("a change was not told")
        return None


def carry_on(said: dict[str, Any], message: Json) -> bool:
    """Whether a message is done; one that is not is hidden for a while."""
    if "event" in said:
        hand_on(Event(**said["event"]))
        return True
    received = int(message["attributes"]["ApproximateReceiveCount"])
    if "callback" in said:
        done = tell_service(said["callback"], said["parameters"], received)
    else:
        done = deliver_to(said["subscription"], said["delivery"], received)
    if not done:
        notifications.hide(message["receiptHandle"], deliveries.wait_after(received))
    return done


def tell_service(service_sid: str, parameters: dict[str, str], received: int) -> bool:
    """Whether nothing is left to be done for a callback: it was taken, or is wanted no more."""
    service, now = callbacks.find_told(service_sid), time.time()
    if not service:
        return True
    if callbacks.pauses(service_sid, now) and received < MAX_DELIVERY_TRIES:
        return False
    told = parameters["interactionSid"], parameters["outboundResourceStatus"]
    try:
        by_auth_token = service.callbacks_signed_by == AUTH_TOKEN
        status = owner_webhook.call_back(service.callback_url, parameters, "-".join(told), by_auth_token)
        error = None if 200 <= status < 300 else f"it answers {status}"
    except OwnerSilent as silence:
        error = str(silence)
    callbacks.note_told(service_sid, error is None, now)
    if error:
        log.warning("a callback failed", code=80908, service_sid=service_sid, interaction_sid=told[0], reason=error)
    return error is None


def deliver_to(subscription_sid: str, delivery_sid: str, received: int) -> bool:
    """Whether nothing is left to be done for a delivery, which may be done, or forgotten, already."""
    subscription = records.find_subscription(subscription_sid)
    delivery = deliveries.find_delivery(subscription_sid, delivery_sid)
    if not subscription or not delivery or delivery.status in (DELIVERED, CANCELED):
        return True
    return deliver(subscription, delivery, received)


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
