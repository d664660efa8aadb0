"""The limits as the REST API shows them, and what a change may say. Only the REST API reads this: it is heavy."""

from dataclasses import asdict
from typing import Annotated, Any

from pydantic import Field, create_model
from typing_extensions import TypedDict  # typing's own says too little to pydantic before Python 3.12

from toritsugi.foundation.forms import date
from toritsugi.foundation.request_types import Moment, Strict
from toritsugi.limits import switch, usage
from toritsugi.limits.charges import Charges, find_charges, shipped_charges
from toritsugi.limits.limits import NAMES, deployed

MOST = 1_000_000_000

Most = Annotated[int | None, Field(ge=0, le=MOST, description="0: no limit; null: as the exchange was deployed")]
said: dict[str, Any] = dict.fromkeys(NAMES, (Most, None))
LimitsRequest = create_model("LimitsRequest", __base__=Strict, __doc__="Other limits; what is left out stays.", **said)


class StopRequest(Strict):
    """Why everything is stopped, for whoever looks later."""

    why: Annotated[str, Field(max_length=200)] = ""


class Stopped(TypedDict):
    """Since when nothing is dialed and written, and why."""

    stopped_at: Moment
    why: str


class ExchangeView(TypedDict):
    """How many yen one of a card's currency is, and of which day that is."""

    base: str
    rate: str
    as_of: str


class ChargesView(TypedDict):
    """By what yen are counted: the rate card, and what its currency is in yen; null if it is in yen."""

    card: str
    exchange: ExchangeView | None


class LimitsView(TypedDict):
    """How much is allowed, and what was used of it, over all lines; `deployed` counts where nothing was changed.

    Where limits are large a plain masked call is counted for many, so what was used is about right.
    """

    stopped: Stopped | None
    limits: dict[str, int]
    deployed: dict[str, int]
    used: dict[str, int]
    charges: ChargesView


def show_limits(now: float) -> LimitsView:
    """How much is allowed and was used, and by what yen are counted, in three round trips."""
    found = switch.find_switch()
    stopped_at = found.stopped_at if found else None
    stopped: Stopped | None = (
        {"stopped_at": date(stopped_at), "why": (found.why if found else "") or ""} if stopped_at else None
    )
    return {
        "stopped": stopped,
        "limits": asdict(switch.limits_of(found)),
        "deployed": asdict(deployed()),
        "used": usage.read_usage(now),
        "charges": show_charges(find_charges() or shipped_charges()),
    }


def show_charges(found: Charges) -> ChargesView:
    said = found.exchange
    exchange = ExchangeView(base=said["base"], rate=said["rate"], as_of=said["as_of"]) if said else None
    return {"card": found.card, "exchange": exchange}
