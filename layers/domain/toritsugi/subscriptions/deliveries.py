"""One event on its way to one subscriber. The row is there before the message that has it sent, and outlives it."""

import json
import time
from collections.abc import Iterator, Sequence
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from toritsugi.foundation.errors import not_found
from toritsugi.foundation.events import Event, as_envelope, first_sid, timed_sid
from toritsugi.foundation.retention import kept_until
from toritsugi.foundation.transactions import save_if, set_or_remove, update_if
from toritsugi.subscriptions.records import NotificationEntry, Subscription

DELIVERY_RETENTION = 30  # days
WAITING, RETRYING, DELIVERED, FAILED, CANCELED = "waiting", "retrying", "delivered", "failed", "canceled"

# Seconds until the next try, and then always the last: three days in all.
REDELIVERY_SECONDS = (5, 30, 120, 600, 1800, 3600)
MAX_DELIVERY_TRIES = 78


class Delivery(NotificationEntry, discriminator="delivery"):
    """What was sent, or is to be; `answered` is the status of the last answer, `error` why there was none of use.

    `replays` is how often somebody wanted it sent again.
    """

    type = UnicodeAttribute()
    subject = UnicodeAttribute()
    event = UnicodeAttribute()  # the envelope, as JSON
    status = UnicodeAttribute(default=WAITING)
    tries = NumberAttribute(default=0)
    answered = NumberAttribute(null=True)
    error = UnicodeAttribute(null=True)
    replays = NumberAttribute(default=0)
    date_created = NumberAttribute()
    date_updated = NumberAttribute()
    forget_at = NumberAttribute(null=True)

    @property
    def sid(self) -> str:
        return self.entry

    @property
    def envelope(self) -> dict[str, Any]:
        """The event, as it is sent."""
        said: dict[str, Any] = json.loads(self.event)
        return said


def keep_delivery(subscription: Subscription, event: Event) -> Delivery:
    """The delivery of an event to a subscriber, kept; one that is kept already stays as it is."""
    sid = timed_sid("KD", event.at, f"{subscription.sid} {event.sid}")
    now, envelope = time.time(), json.dumps(as_envelope(event), ensure_ascii=False)
    known: dict[str, Any] = {"type": event.type, "subject": event.subject, "event": envelope}
    known["status"] = WAITING if subscription.enabled else CANCELED
    times: dict[str, Any] = {"date_created": now, "date_updated": now, "forget_at": kept_until(now, DELIVERY_RETENTION)}
    delivery = Delivery(subscription.sid, sid, **known, **times)
    save_if(delivery, Delivery.entry.does_not_exist())
    return delivery


def find_delivery(subscription_sid: str, sid: str) -> Delivery | None:
    """The delivery of this SID to a subscriber."""
    try:
        return Delivery.get(subscription_sid, sid, consistent_read=True)
    except Delivery.DoesNotExist:
        return None


def find_wanted(subscription_sid: str, sid: str, times: int) -> Delivery | None:
    """The delivery that a message is about which was sent the `times`th time, if anything is left to be done for it.

    After a replay the message of before has nothing to do: the one of the replay stands behind it, in the order of all
    that is sent again. It may come before the row says that there is a replay.
    """
    delivery = find_delivery(subscription_sid, sid)
    if delivery and times > delivery.replays:
        take_up_again(delivery, times)
        delivery = find_delivery(subscription_sid, sid)
    done = not delivery or times < delivery.replays or delivery.status in (DELIVERED, CANCELED)
    return None if done else delivery


def get_delivery(subscription_sid: str, sid: str) -> Delivery:
    """The delivery of this SID to a subscriber. Raises RequestRefused 20404."""
    if not (delivery := find_delivery(subscription_sid, sid)):
        raise not_found(f"/subscriptions/{subscription_sid}/deliveries/{sid}")
    return delivery


def list_deliveries(
    subscription_sid: str, after: str | None, most: int, status: str | None
) -> tuple[list[Delivery], str | None]:
    """A page of a subscriber's deliveries, the newest first, and where the next page begins.

    It may be short where only those of one status are wanted.
    """
    before = Delivery.entry < after if after else Delivery.entry.startswith("KD")
    found = list(
        Delivery.query(subscription_sid, before, consistent_read=True, scan_index_forward=False, limit=most + 1)
    )
    following = found[most - 1].sid if len(found) > most else None
    return [one for one in found[:most] if status in (None, one.status)], following


def find_since(subscription_sid: str, moment: float, after: str | None) -> Iterator[Delivery]:
    """A subscriber's deliveries of events since a moment, the oldest first; or those behind one of them."""
    place = Delivery.entry > after if after else Delivery.entry.between(first_sid("KD", moment), "KE")
    return iter(Delivery.query(subscription_sid, place, consistent_read=True))


def with_later(subscription_sid: str, chosen: Sequence[Delivery], seen: Sequence[Delivery]) -> list[Delivery]:
    """What is to be sent again of those that were `seen`: the chosen, and what has happened to their subjects later.

    So the newest of each subject is told last, whatever is replayed. Of 100 subjects at most.
    """
    begun: dict[str, str] = {}
    for one in chosen:
        begun.setdefault(one.subject, one.sid)
    if not begun:
        return []
    among = [one for one in seen if one.subject in begun and one.sid >= begun[one.subject]]
    behind, of_these = Delivery.entry > seen[-1].sid, Delivery.subject.is_in(*begun)
    return [*among, *Delivery.query(subscription_sid, behind, of_these, consistent_read=True)]


# ---- what becomes of it ----------------------------------------------------------------------------------------------


def wait_after(received: int) -> int:
    """For how many seconds it is hidden that was received so often, and could not be delivered."""
    return REDELIVERY_SECONDS[min(received, len(REDELIVERY_SECONDS)) - 1]


def note_try(delivery: Delivery, status: str, answered: int | None, error: str | None) -> None:
    """It was sent once more, and that came of it."""
    change_delivery(
        delivery,
        [
            Delivery.status.set(status),
            Delivery.tries.set(Delivery.tries + 1),
            set_or_remove(Delivery.answered, answered),
            set_or_remove(Delivery.error, error),
        ],
    )


def note_status(delivery: Delivery, status: str) -> None:
    """It is not sent, for the subscription is switched off, or nobody tries any more."""
    change_delivery(delivery, [Delivery.status.set(status)])


def take_up_again(delivery: Delivery, times: int) -> None:
    """It is sent again for the `times`th time, whatever became of it; once."""
    again = [Delivery.status.set(WAITING), Delivery.replays.set(times)]
    change_delivery(delivery, again, Delivery.replays < times)


def change_delivery(delivery: Delivery, actions: Sequence[Action], condition: Condition | None = None) -> None:
    """Changes it on the condition; else unless it was replayed, or forgotten, since it was read."""
    if condition is None:
        condition = Delivery.replays == delivery.replays
    update_if(delivery, [*actions, Delivery.date_updated.set(time.time())], condition)
