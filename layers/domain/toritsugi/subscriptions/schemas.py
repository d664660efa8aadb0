"""What requests about subscriptions may ask for. Only the REST API reads this: it is heavy."""

from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool

from toritsugi.foundation.request_types import OwnUrl, Strict, VisibleText
from toritsugi.subscriptions.catalog import SELECTORS


def known_event(text: str) -> str:
    """What a subscription may name. Raises ValueError."""
    if text not in SELECTORS:
        raise ValueError(f"there are no such events; there are {', '.join(SELECTORS)}")
    return text


Selector = Annotated[str, AfterValidator(known_event), Field(examples=["call.ended"])]
Selectors = Annotated[
    list[Selector],
    Field(min_length=1, max_length=50, description="Types of events; `call.*` is all of a noun, and `*` is all"),
]
SubscriptionName = Annotated[VisibleText, Field(max_length=100, description="What it is for")]
Enabled = Annotated[StrictBool, Field(description="false: nothing is sent; what happens meanwhile can be replayed")]


class SubscriptionRequest(Strict):
    """Who is to be told of what."""

    url: Annotated[OwnUrl, Field(description="Where events are sent: https, and not inside a private network")]
    events: Selectors
    name: SubscriptionName | None = None
    enabled: Enabled = True


class SubscriptionChange(Strict):
    """What is to be different; what is left out stays."""

    url: OwnUrl | None = None
    events: Selectors | None = None
    name: SubscriptionName | None = None
    enabled: Enabled | None = None


def read_words(moment: object) -> object:
    """A moment as it was written. Raises ValueError for a number, which says no time zone."""
    if isinstance(moment, str) and not moment.replace(".", "").lstrip("-").isdigit():
        return moment
    raise ValueError("a moment is written with its time zone, as 2026-11-28T09:00:00Z")


class ReplayRequest(BaseModel):
    """Since when deliveries are to be sent again: those that were not taken, or all."""

    model_config = ConfigDict(extra="forbid")

    since: Annotated[AwareDatetime, BeforeValidator(read_words), Field(examples=["2026-11-28T09:00:00Z"])]
    which: Literal["undelivered", "all"] = "undelivered"
    after: Annotated[
        str | None, Field(pattern="^KD[0-9a-f]{32}$", description="The `go_on_after` of the answer before")
    ] = None
