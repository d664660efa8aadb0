"""The owner's other systems are told what has happened: on the bus, and by requests to whoever has subscribed.

The tables' streams wake it with what was written, each row's changes in their order; what no table shows comes by the
queue. From there each event goes to each subscriber, and each state of a masked call or text to its service's
CallbackUrl; both signed. Retries, back-off, order and dead letters are the queue's. What a receiver is told that was
slow lately goes to a second queue, whose processes are not those of the first. Where costs are followed, it also says
what has come to its end, to whoever asks what that did cost.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from toritsugi.adapters import event_bus, notifications, owner_webhook, schedules
from toritsugi.costs import inquiries
from toritsugi.foundation import config
from toritsugi.foundation.errors import OwnerSilent
from toritsugi.foundation.events import Event
from toritsugi.foundation.logs import log, traced
from toritsugi.foundation.types import Json
from toritsugi.masking import callbacks
from toritsugi.masking.interactions import Interaction
from toritsugi.masking.services import AUTH_TOKEN
from toritsugi.messages.records import Message
from toritsugi.subscriptions import changes, deliveries, lanes, records
from toritsugi.subscriptions.deliveries import CANCELED, DELIVERED, FAILED, MAX_DELIVERY_TRIES, RETRYING, Delivery
from toritsugi.subscriptions.news import DISABLED
from toritsugi.subscriptions.records import Subscription

GONE = 410
RECEIVED = "ApproximateReceiveCount"


@traced
def handler(event: Json, _context: Any) -> Json | None:
    """What has changed is told, whole or once more; of messages there is one at a time."""
    first = event["Records"][0]
    if first["eventSource"] == "aws:dynamodb":
        publish_and_hand_on([told for record in event["Records"] for told in find_events(record)])
        hand_on_states(event["Records"])
        if config.FOLLOW_COSTS:
            have_costs_asked(event["Records"])
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
        if event.type == DISABLED:
            log.error("a subscription was switched off", subscription_sid=event.subject)
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
            parameters = callbacks.parameters_of(told, service.service_sid)
            notifications.send_callback(service.service_sid, callbacks.without_words(parameters))


def have_costs_asked(found: list[Json]) -> None:
    """Has Twilio asked what the calls and texts did cost that have come to their end."""
    for record in found:
        if inquiry := find_inquiry(record):
            schedules.send_cost_to_ask(inquiry)


def find_inquiry(record: Json) -> inquiries.Inquiry | None:
    """What is to be asked because of a change, which somebody may not be able to read, as above."""
    try:
        return inquiries.inquiry_of(*changes.read_rows(record))
    except Exception:
        log.exception("a change was not told")
        return None


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
    receiver, place = said.get("callback") or said["subscription"], message["attributes"]
    group, once, received = (place[name] for name in ("MessageGroupId", "MessageDeduplicationId", RECEIVED))
    in_slow_lane, now = notifications.is_in_slow_lane(message), time.time()
    if not in_slow_lane and lanes.needs_slow_lane(receiver, group, now):
        lanes.note_passed_on(receiver, group, once, now)
        notifications.pass_on(message)
        return True
    done = tell_receiver(said, int(received))
    if not done:
        notifications.hide(message, deliveries.wait_after(int(received)))
    elif in_slow_lane:
        lanes.note_done(receiver, group, once)
    return done


def tell_receiver(said: dict[str, Any], received: int) -> bool:
    """Whether nothing is left to be done for what a message says."""
    if "callback" in said:
        return tell_service(said["callback"], said["parameters"], received)
    return deliver_to(said["subscription"], said["delivery"], said.get("times", 0), received)


@contextmanager
def watched(receiver: str) -> Iterator[None]:
    """Inside, a receiver is asked; one that takes long is slow from then on."""
    began = time.monotonic()
    try:
        yield
    finally:
        if time.monotonic() - began >= lanes.SLOW_ANSWER_SECONDS:
            lanes.note_slow(receiver, time.time())


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
        with watched(service_sid):
            said = callbacks.with_words(parameters)
            status = owner_webhook.call_back(service.callback_url, said, "-".join(told), by_auth_token)
        error = None if 200 <= status < 300 else f"it answers {status}"
    except OwnerSilent as silence:
        error = str(silence)
    callbacks.note_told(service_sid, error is None, now)
    if error:
        log.warning("a callback failed", code=80908, service_sid=service_sid, interaction_sid=told[0], reason=error)
    return error is None


def deliver_to(subscription_sid: str, delivery_sid: str, times: int, received: int) -> bool:
    """Whether nothing is left to be done for a delivery, which may be done, or forgotten, already."""
    subscription = records.find_subscription(subscription_sid)
    delivery = deliveries.find_wanted(subscription_sid, delivery_sid, times)
    return not subscription or not delivery or deliver(subscription, delivery, received)


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
        deliveries.note_status(delivery, CANCELED)
        return True
    return False


def post_to(subscription: Subscription, delivery: Delivery) -> tuple[int | None, str | None]:
    """What the subscriber has answered, and why that is of no use; None: it is."""
    try:
        with watched(subscription.sid):
            status = owner_webhook.tell_owner(subscription.url, delivery.envelope, delivery.sid)
    except OwnerSilent as silence:
        return None, str(silence)
    return status, None if 200 <= status < 300 else f"it answers {status}"
