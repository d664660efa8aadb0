"""Subscriptions: who is told of events, what was sent to them, and what is to be sent again."""

import itertools
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api.queries import PageSize, PageToken, page
from toritsugi.adapters import notifications, owner_webhook
from toritsugi.foundation.errors import OwnerSilent, RequestRefused, wrong_field
from toritsugi.foundation.pages import by_place
from toritsugi.foundation.problems import answers
from toritsugi.subscriptions import deliveries, records, views
from toritsugi.subscriptions.deliveries import DELIVERED, Delivery
from toritsugi.subscriptions.news import new_test_event
from toritsugi.subscriptions.records import Subscription
from toritsugi.subscriptions.schemas import ReplayRequest, SubscriptionChange, SubscriptionRequest
from toritsugi.subscriptions.views import (
    DeliveryPage,
    DeliveryStatus,
    DeliveryView,
    ReplayView,
    SubscriptionPage,
    SubscriptionView,
)

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]

SubscriptionSid = Annotated[str, Path(pattern="^KN[0-9a-f]{32}$", description="The subscription's SID")]
DeliverySid = Annotated[str, Path(pattern="^KD[0-9a-f]{32}$", description="The delivery's SID")]

# By one request: each is a message, and a write. With it goes what has happened later to its subject, of which DynamoDB
# looks for 100: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
MAX_REPLAYED_AT_ONCE = 100


@router.get(
    "/api/subscriptions",
    tags=["subscriptions"],
    summary="Who is told of what",
    responses=answers("A page of subscriptions", 200),
)
def show_subscriptions(page_size: PageSize = None, page_token: PageToken = None) -> SubscriptionPage:
    del page_size, page_token  # page reads them
    read, _ = by_place(records.list_subscriptions(), records.place_of_subscription)
    return page(router, "subscriptions", read, views.show_subscription)


@router.post(
    "/api/subscriptions",
    tags=["subscriptions"],
    summary="Have an address of yours told of events",
    status_code=201,
    responses=answers("The subscription", 201, 400, 409, 413, 415),
)
def subscribe(wanted: Annotated[SubscriptionRequest, Body()]) -> SubscriptionView:
    require_address(wanted.url)
    return views.show_subscription(records.create_subscription(wanted.url, wanted.events, wanted.name, wanted.enabled))


@router.get(
    "/api/subscriptions/<sid>",
    tags=["subscriptions"],
    summary="One subscription, and how it fares",
    responses=answers("The subscription", 200, 404),
)
def fetch_subscription(sid: SubscriptionSid) -> SubscriptionView:
    return views.show_subscription(records.get_subscription(sid))


@router.patch(
    "/api/subscriptions/<sid>",
    tags=["subscriptions"],
    summary="Change a subscription, switch it off, or on again",
    responses=answers("The subscription", 200, 400, 404, 409, 413, 415),
)
def edit_subscription(sid: SubscriptionSid, wanted: Annotated[SubscriptionChange, Body()]) -> SubscriptionView:
    changes = wanted.model_dump(exclude_unset=True)
    if lacking := [name for name in ("url", "events", "enabled") if name in changes and changes[name] is None]:
        raise wrong_field(lacking[0], "a subscription has one; leave it out, and it stays")
    if "url" in changes:
        require_address(changes["url"])
    if "events" in changes:
        changes["events"] = set(changes["events"])
    return views.show_subscription(records.change_subscription(sid, changes))


@router.delete(
    "/api/subscriptions/<sid>",
    tags=["subscriptions"],
    summary="Enough: it is told of nothing any more, and of what waits neither",
    status_code=204,
    responses=answers("It is gone", 204, 404, 409),
)
def unsubscribe(sid: SubscriptionSid) -> Response[str]:
    records.delete_subscription(sid)
    return Response(204, body="")


@router.post(
    "/api/subscriptions/<sid>/test",
    tags=["subscriptions"],
    summary="Send an event that says nothing, to see whether it arrives",
    status_code=202,
    responses=answers("Its delivery, which is on its way", 202, 404, 409),
)
def check_subscription(sid: SubscriptionSid) -> DeliveryView:
    subscription = get_enabled(sid)
    delivery = deliveries.keep_delivery(subscription, new_test_event(subscription))
    notifications.send_delivery(sid, delivery.sid, delivery.subject)
    return views.show_delivery(delivery)


# ---- deliveries ------------------------------------------------------------------------------------------------------


@router.get(
    "/api/subscriptions/<sid>/deliveries",
    tags=["subscriptions"],
    summary="What was sent to a subscriber, or is to be, the newest first",
    responses=answers("A page of deliveries, which may be short where few are as asked for", 200, 404),
)
def show_deliveries(
    sid: SubscriptionSid,
    status: Annotated[
        DeliveryStatus | None,
        Query(description="Only those of this status"),
    ] = None,
    page_size: PageSize = None,
    page_token: PageToken = None,
) -> DeliveryPage:
    del page_size, page_token  # page reads them
    records.get_subscription(sid)

    def read(after: str | None, most: int) -> tuple[list[Delivery], str | None]:
        return deliveries.list_deliveries(sid, after, most, status)

    return page(router, "deliveries", read, views.show_delivery)


@router.get(
    "/api/subscriptions/<sid>/deliveries/<delivery_sid>",
    tags=["subscriptions"],
    summary="One delivery",
    responses=answers("The delivery", 200, 404),
)
def fetch_delivery(sid: SubscriptionSid, delivery_sid: DeliverySid) -> DeliveryView:
    records.get_subscription(sid)
    return views.show_delivery(deliveries.get_delivery(sid, delivery_sid))


@router.post(
    "/api/subscriptions/<sid>/deliveries/<delivery_sid>/replay",
    tags=["subscriptions"],
    summary="Send an event once more, and after it what has happened to its subject later",
    status_code=202,
    responses=answers("The delivery, which is on its way again", 202, 404, 409),
)
def replay_delivery(sid: SubscriptionSid, delivery_sid: DeliverySid) -> DeliveryView:
    get_enabled(sid)
    wanted = [deliveries.get_delivery(sid, delivery_sid)]
    send_again(deliveries.with_later(sid, wanted, wanted))
    return views.show_delivery(deliveries.get_delivery(sid, delivery_sid))


@router.post(
    "/api/subscriptions/<sid>/replay",
    tags=["subscriptions"],
    summary="Send what has happened since a moment once more, in its order",
    status_code=202,
    responses=answers("How many are on their way again", 202, 400, 404, 409, 413, 415),
)
def replay_deliveries(sid: SubscriptionSid, wanted: Annotated[ReplayRequest, Body()]) -> ReplayView:
    get_enabled(sid)
    found = deliveries.find_since(sid, wanted.since.timestamp(), wanted.after)
    some = list(itertools.islice(found, MAX_REPLAYED_AT_ONCE + 1))
    seen, more = some[:MAX_REPLAYED_AT_ONCE], len(some) > MAX_REPLAYED_AT_ONCE
    chosen = [one for one in seen if wanted.which == "all" or one.status != DELIVERED]
    again = deliveries.with_later(sid, chosen, seen)
    send_again(again)
    return {"replayed": len(again), "go_on_after": seen[-1].sid if more else None}


# ---- what the operations ask -----------------------------------------------------------------------------------------


def require_address(url: str) -> None:
    """Raises RequestRefused 20001 for an address to which nothing would be sent."""
    try:
        owner_webhook.check_address(url)
    except OwnerSilent as silence:
        raise wrong_field("url", str(silence)) from None


def get_enabled(sid: str) -> Subscription:
    """The subscription. Raises RequestRefused 20404, and 20409 for one that is told of nothing."""
    subscription = records.get_subscription(sid)
    if not subscription.enabled:
        raise RequestRefused(20409, "The subscription is switched off: switch it on first, by PATCH", 409)
    return subscription


def send_again(found: list[Delivery]) -> None:
    """Has deliveries sent once more, in this order.

    The message comes first: one that were taken up, and then not sent, would be waited for in vain.
    """
    for delivery in found:
        times = int(delivery.replays) + 1
        notifications.send_delivery(delivery.listed_in, delivery.sid, delivery.subject, times)
        deliveries.take_up_again(delivery, times)
