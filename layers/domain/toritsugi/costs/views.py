"""Costs as the REST API shows them: every amount is a decimal number in quotes. Only the REST API reads this."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict  # typing's own says too little to pydantic before Python 3.12

from toritsugi.costs.records import Cost
from toritsugi.foundation.forms import date
from toritsugi.foundation.request_types import DateTime, PageMeta, one_of
from toritsugi.money.bills import compare_billed

CostAmount = Annotated[str, Field(examples=["0.3700"])]
CostWhat = Literal["incoming-call", "outgoing-call", "browser-call", "incoming-text", "outgoing-text"]


class CostView(TypedDict):
    """What a leg of a call, or a text, did cost. `amount` is null if Twilio has not said it.

    A call's is that of its connection: of what else it costs Twilio tells sums alone. `of` is the call or text of ours.
    """

    sid: str
    what: Annotated[str, one_of(CostWhat)]
    quantity: CostAmount
    unit: str
    estimate: CostAmount | None
    amount: CostAmount | None
    difference: CostAmount | None
    currency: str
    card: str
    of: str | None
    session_sid: str | None
    service_sid: str | None
    number: str | None
    line: str | None
    began_at: DateTime


class CostPage(TypedDict):
    """A page of costs; `next_page_url` in `meta` leads to the next one."""

    costs: list[CostView]
    meta: PageMeta


def show_cost(cost: Cost) -> CostView:
    """A cost as the REST API writes it."""
    return {
        "sid": cost.sid,
        "what": cost.what,
        "quantity": amount_text(cost.quantity) or "0",
        "unit": "segment" if cost.what.endswith("text") else "minute",
        "estimate": amount_text(cost.estimate),
        "amount": amount_text(cost.amount),
        "difference": amount_text(compare_billed([cost.billed]).difference),
        "currency": cost.currency,
        "card": cost.card,
        "of": cost.of,
        "session_sid": cost.session_sid,
        "service_sid": cost.service_sid,
        "number": cost.person,
        "line": cost.line,
        "began_at": date(cost.began_at) or "",
    }


def amount_text(amount: Decimal | None) -> str | None:
    """An amount without exponent, and without zeros at its end."""
    return None if amount is None else f"{amount.normalize():f}"
