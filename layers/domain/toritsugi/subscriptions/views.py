"""Subscriptions, deliveries and the schemas of events as the REST API shows them. It is heavy."""

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter
from typing_extensions import TypedDict  # typing's own says too little to pydantic before Python 3.12

from toritsugi.foundation import config
from toritsugi.foundation.events import SCHEMAS_PATH, VERSION
from toritsugi.foundation.forms import date
from toritsugi.foundation.request_types import Moment, PageMeta, Uri, one_of
from toritsugi.subscriptions.catalog import FACTS_OF_EVENT, MEANING_OF_EVENT
from toritsugi.subscriptions.deliveries import Delivery
from toritsugi.subscriptions.records import Subscription

DeliveryStatus = Literal["waiting", "retrying", "delivered", "failed", "canceled"]
# A CloudEvent; what is in its `data` depends on its type, and every type has a JSON Schema of its own.
ENVELOPE: dict[str, Any] = {
    name: {"type": "string"} for name in ("id", "source", "type", "subject", "time", "dataschema")
}
ENVELOPE |= {"data": {"type": "object"}}


class SubscriptionView(TypedDict):
    """Who is told of what, and since when it takes nothing, if that is so."""

    sid: str
    url: Uri
    events: list[str]
    name: str | None
    enabled: bool
    disabled_reason: str | None
    failures: int
    failing_since_at: Moment
    created_at: Moment
    updated_at: Moment


class SubscriptionPage(TypedDict):
    """A page of subscriptions, the oldest first."""

    subscriptions: list[SubscriptionView]
    meta: PageMeta


class DeliveryView(TypedDict):
    """An event on its way to a subscriber; `answered` is the status of the last answer, `error` why none was of use."""

    sid: str
    subscription_sid: str
    type: str
    subject: str
    status: Annotated[str, one_of(DeliveryStatus)]
    tries: int
    answered: int | None
    error: str | None
    replays: int
    event: Annotated[dict[str, Any], Field(json_schema_extra={"properties": ENVELOPE})]
    created_at: Moment
    updated_at: Moment
    expires_at: Moment


class DeliveryPage(TypedDict):
    """A page of deliveries, the newest first."""

    deliveries: list[DeliveryView]
    meta: PageMeta


class ReplayView(TypedDict):
    """How many are sent again; where there are more, ask again with `go_on_after` as `after`."""

    replayed: int
    go_on_after: str | None


class SchemaList(TypedDict):
    """The types of events, what each means, and where its JSON Schema is."""

    events: dict[str, dict[str, str]]


def show_subscription(one: Subscription) -> SubscriptionView:
    return {
        "sid": one.sid,
        "url": one.url,
        "events": sorted(one.events),
        "name": one.name,
        "enabled": one.enabled,
        "disabled_reason": one.disabled_reason,
        "failures": int(one.failures),
        "failing_since_at": date(one.failing_since),
        "created_at": date(one.date_created),
        "updated_at": date(one.date_updated),
    }


def show_delivery(one: Delivery) -> DeliveryView:
    return {
        "sid": one.sid,
        "subscription_sid": one.listed_in,
        "type": one.type,
        "subject": one.subject,
        "status": one.status,
        "tries": int(one.tries),
        "answered": None if one.answered is None else int(one.answered),
        "error": one.error,
        "replays": int(one.replays),
        "event": one.envelope,
        "created_at": date(one.date_created),
        "updated_at": date(one.date_updated),
        "expires_at": date(one.forget_at),
    }


def list_schemas() -> SchemaList:
    """Every type of event."""
    return {
        "events": {
            type: {"means": meaning, "schema": address_of_schema(type)} for type, meaning in MEANING_OF_EVENT.items()
        }
    }


def address_of_schema(type: str) -> str:
    return f"{config.settings().public_base_url}{SCHEMAS_PATH}/{type}.v{VERSION}"


def show_schema(type: str) -> dict[str, Any]:
    """The JSON Schema of an event, envelope and all."""
    facts = TypeAdapter(FACTS_OF_EVENT[type]).json_schema()
    text, uri = {"type": "string"}, {"type": "string", "format": "uri"}
    properties = {
        "specversion": {"const": "1.0"},
        "id": text | {"pattern": "^KE[0-9a-f]{32}$", "description": "The same when the event comes again"},
        "source": uri | {"description": "The exchange"},
        "type": {"const": type},
        "subject": text | {"description": "To what it has happened; of one subject events come in their order"},
        "time": text | {"format": "date-time"},
        "datacontenttype": {"const": "application/json"},
        "dataschema": uri,
        "data": facts,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": address_of_schema(type),
        "title": type,
        "description": MEANING_OF_EVENT[type],
        "type": "object",
        "properties": properties,
        "required": list(properties),
    }
