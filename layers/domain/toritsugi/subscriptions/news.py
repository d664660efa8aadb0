"""What is told of subscriptions themselves."""

from dataclasses import dataclass

from toritsugi.foundation.events import Event, new_event
from toritsugi.subscriptions.records import Subscription


@dataclass(frozen=True)
class SubscriptionNews:
    """A subscription, and why it was switched off, where it was."""

    sid: str
    reason: str | None
    path: str


EVENTS_OF_SUBSCRIPTIONS = {
    "subscription.tested": "Somebody wants to see whether events arrive; it goes to that subscription alone",
    "subscription.disabled": "A subscription was switched off, for it has taken nothing for three days, or answers 410",
}


def news_of_subscription(what: str, subscription: Subscription) -> Event:
    """An event about a subscription."""
    path = f"/api/subscriptions/{subscription.sid}"
    return new_event(what, subscription.sid, SubscriptionNews(subscription.sid, subscription.disabled_reason, path))
