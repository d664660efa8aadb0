"""What is told of subscriptions themselves."""

from collections.abc import Iterator
from dataclasses import dataclass

from toritsugi.foundation.events import Event, News, new_event
from toritsugi.subscriptions.records import Subscription


@dataclass(frozen=True)
class SubscriptionNews:
    """A subscription, and why it was switched off, where it was."""

    sid: str
    reason: str | None
    path: str


DISABLED = "subscription.disabled"
EVENTS_OF_SUBSCRIPTIONS = {
    "subscription.tested": "Somebody wants to see whether events arrive; it goes to that subscription alone",
    DISABLED: "A subscription was switched off, for it has taken nothing for three days, or answers 410",
}


def news_of_subscription(before: Subscription | None, now: Subscription | None) -> Iterator[News]:
    """What is told of the change of a subscription: that the exchange has switched it off."""
    if before and now and before.enabled and not now.enabled and now.disabled_reason:
        yield News(DISABLED, now.sid, facts_of(now))


def new_test_event(subscription: Subscription) -> Event:
    """An event that says nothing but that there is the subscription."""
    return new_event("subscription.tested", subscription.sid, facts_of(subscription))


def facts_of(subscription: Subscription) -> SubscriptionNews:
    path = f"/api/subscriptions/{subscription.sid}"
    return SubscriptionNews(subscription.sid, subscription.disabled_reason, path)
