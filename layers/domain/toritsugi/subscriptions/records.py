"""A subscription: an address that is told of events, of which ones, and since when it does not answer.

One that fails three times in a row is given a rest, so that a receiver that is down takes no process which others could
use. One that has failed for three days, or answers 410, is switched off.
"""

import time
import uuid
from collections.abc import Iterable
from typing import Any

from pynamodb.attributes import (
    BooleanAttribute,
    DiscriminatorAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
)

from toritsugi.foundation import config
from toritsugi.foundation.errors import RequestRefused, not_found
from toritsugi.foundation.pages import place_at
from toritsugi.foundation.retention import DAY_SECONDS
from toritsugi.foundation.tables import Table
from toritsugi.foundation.transactions import delete_if, refusals, set_or_remove, update_if, write_transaction

LIST = "subscriptions"  # the partition in which all of them stand
EDITION = "edition"  # the partition, and the row, in which stands how many there ever were
MAX_SUBSCRIPTIONS = 20  # for each event all are looked through
REMEMBERED_SECONDS = 5.0  # by every process: so soon a change counts

FAILURES_BEFORE_REST, RECEIVER_REST_SECONDS = 3, 30
FAILING_SECONDS = 3 * DAY_SECONDS  # after which a subscription is switched off
# Or after so many failures, long before SQS would see no further than the 120,000 messages of a queue's beginning:
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-fifo.html
MAX_FAILURES = 50_000


class NotificationEntry(Table):
    """What lies in the table: all subscriptions in one partition, and in that of each its deliveries."""

    class Meta:
        table_name = config.NOTIFICATIONS_TABLE

    listed_in = UnicodeAttribute(hash_key=True)
    entry = UnicodeAttribute(range_key=True)
    kind = DiscriminatorAttribute()


class Subscription(NotificationEntry, discriminator="subscription"):
    """An address and what it is told: types of events, all of a noun as in `call.*`, or all, as `*`.

    Since `failing_since` nothing was taken, `failures` times in a row; nothing is sent before `rests_until`.
    """

    url = UnicodeAttribute()
    events = UnicodeSetAttribute()
    name = UnicodeAttribute(null=True)
    enabled = BooleanAttribute(default=True)
    disabled_reason = UnicodeAttribute(null=True)
    failing_since = NumberAttribute(null=True)
    failures = NumberAttribute(default=0)
    rests_until = NumberAttribute(null=True)
    date_created = NumberAttribute()
    date_updated = NumberAttribute()

    @property
    def sid(self) -> str:
        return self.entry

    def wants(self, type: str) -> bool:
        """Whether it is told of events of this type."""
        return bool(self.events & {"*", f"{type.partition('.')[0]}.*", type})


class Edition(NotificationEntry, discriminator="edition"):
    """How many subscriptions were ever made: one that is made while another is, sees that here."""

    made = NumberAttribute(default=0)


HEALTHY = [Subscription.failing_since.remove(), Subscription.rests_until.remove(), Subscription.failures.set(0)]

_remembered_list: tuple[float, list[Subscription]] | None = None


def list_subscriptions() -> list[Subscription]:
    """All of them, the oldest first."""
    return sorted(Subscription.query(LIST, consistent_read=True), key=place_of_subscription)


def place_of_subscription(one: Subscription) -> str:
    """Where a subscription is among all of them: by when it was made, to the microsecond."""
    return place_at(f"{one.date_created:017.6f}", one.sid)


def remembered_subscriptions() -> list[Subscription]:
    """All of them, as they were some seconds ago at most."""
    global _remembered_list
    if _remembered_list is None or not 0 <= time.time() - _remembered_list[0] < REMEMBERED_SECONDS:
        _remembered_list = time.time(), list_subscriptions()
    return _remembered_list[1]


def forget_subscriptions() -> None:
    """Has all of them read anew, as a cold start would."""
    global _remembered_list
    _remembered_list = None


def find_subscription(sid: str) -> Subscription | None:
    """The subscription of this SID. One that is on may be as it was some seconds ago; that it is off is certain."""
    found = find_remembered(sid)
    if not found or not found.enabled:
        forget_subscriptions()
        found = find_remembered(sid)
    return found


def find_remembered(sid: str) -> Subscription | None:
    return next((one for one in remembered_subscriptions() if one.sid == sid), None)


def get_subscription(sid: str) -> Subscription:
    """The subscription of this SID. Raises RequestRefused 20404."""
    try:
        return Subscription.get(LIST, sid, consistent_read=True)
    except Subscription.DoesNotExist:
        raise not_found(f"/subscriptions/{sid}") from None


def create_subscription(url: str, events: Iterable[str], name: str | None, enabled: bool) -> Subscription:
    """A new one. Raises RequestRefused 20409 where there are as many as there may be."""
    now = time.time()
    known: dict[str, Any] = {"url": url, "events": set(events), "name": name, "enabled": enabled}
    new = Subscription(LIST, f"KN{uuid.uuid4().hex}", date_created=now, date_updated=now, **known)
    for _ in range(MAX_SUBSCRIPTIONS + 1):  # whoever loses has lost to one more that is there
        edition = find_edition()
        if len(list_subscriptions()) >= MAX_SUBSCRIPTIONS:
            break
        if save_first(new, edition):
            return new
    raise RequestRefused(20409, f"There are {MAX_SUBSCRIPTIONS} subscriptions, and may be no more", 409)


def find_edition() -> Edition | None:
    """The edition of the list, read before the list: what is made after that is of another."""
    try:
        return Edition.get(EDITION, EDITION, consistent_read=True)
    except Edition.DoesNotExist:
        return None


def save_first(new: Subscription, seen: Edition | None) -> bool:
    """Whether the subscription is kept: none was made since that edition of the list."""
    unchanged = Edition.made == seen.made if seen else Edition.entry.does_not_exist()
    with refusals() as refused, write_transaction() as transaction:
        transaction.save(new)
        transaction.update(Edition(EDITION, EDITION), [Edition.made.set(seen.made + 1 if seen else 1)], unchanged)
    return not refused


def change_subscription(sid: str, changes: dict[str, Any]) -> Subscription:
    """The subscription with these changes; one that is switched on begins anew. Raises RequestRefused 20404."""
    subscription, attributes = get_subscription(sid), Subscription.get_attributes()
    actions = [set_or_remove(attributes[name], value) for name, value in changes.items()]
    if changes.get("enabled"):
        actions += [*HEALTHY, Subscription.disabled_reason.remove()]
    actions.append(Subscription.date_updated.set(time.time()))
    if not update_if(subscription, actions, Subscription.entry.exists()):
        raise not_found(f"/subscriptions/{sid}")
    return subscription


def delete_subscription(sid: str) -> None:
    """From now on it is told of nothing; its deliveries are forgotten in time. Raises RequestRefused 20404."""
    if not delete_if(Subscription(LIST, sid), Subscription.entry.exists()):
        raise not_found(f"/subscriptions/{sid}")


# ---- how it fares ----------------------------------------------------------------------------------------------------


def note_answered(subscription: Subscription) -> None:
    """It has taken a delivery: whatever was wrong is not any more."""
    if subscription.failing_since is not None:
        update_if(subscription, list(HEALTHY), Subscription.entry.exists())


def note_unanswered(subscription: Subscription, now: float, gone: bool) -> bool:
    """It has not taken one, or says that it is `gone`; whether it is switched off for that, which happens once."""
    failed = [
        Subscription.failing_since.set(Subscription.failing_since | now),
        Subscription.failures.set(Subscription.failures + 1),
        Subscription.rests_until.set(
            now + RECEIVER_REST_SECONDS if subscription.failures + 1 >= FAILURES_BEFORE_REST else now
        ),
    ]
    if not update_if(subscription, failed, Subscription.entry.exists()):
        return False
    if not gone and now - subscription.failing_since < FAILING_SECONDS and subscription.failures < MAX_FAILURES:
        return False
    reason = "it answers 410" if gone else "it has taken nothing for too long"
    off = [Subscription.enabled.set(False), Subscription.disabled_reason.set(reason)]
    return update_if(subscription, [*off, Subscription.date_updated.set(now)], Subscription.enabled == True)  # noqa: E712
