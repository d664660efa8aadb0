"""Costs as the REST API shows them: every amount is a decimal number in quotes. Only the REST API reads this."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict  # typing's own says too little to pydantic before Python 3.12

from toritsugi.costs.records import Cost
from toritsugi.costs.reports import MonthReport
from toritsugi.foundation.forms import date
from toritsugi.foundation.request_types import DateTime, PageMeta, one_of
from toritsugi.money.bills import Comparison, compare_billed
from toritsugi.money.rates import UNITS, What

CostAmount = Annotated[str, Field(examples=["0.3700"])]
CostWhat = Literal["incoming-call", "outgoing-call", "browser-call", "incoming-text", "outgoing-text", "number"]


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
        "quantity": plain_amount(cost.quantity),
        "unit": UNITS[What(cost.what)],
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


class BillLineView(TypedDict):
    """A line of the month's bill, as Twilio sums it up. `told` is what its single calls, texts and numbers say.

    It is null of what there are only sums. The `gap` is what they leave over; of `unknown`, all that has no other name.
    """

    name: str
    quantity: CostAmount
    estimate: CostAmount | None
    told: CostAmount | None
    amount: CostAmount
    gap: CostAmount


class SumView(TypedDict):
    """What was paid over a line, or in the sessions of a service: for so many legs, texts and months of a number.

    `without_amount`: of so many Twilio has not said what they cost. Those are not in the amount.
    """

    name: str
    count: int
    estimate: CostAmount
    amount: CostAmount
    difference: CostAmount | None
    without_estimate: int
    without_amount: int


class CostDayView(TypedDict):
    """A day of GMT: what it did cost at Twilio, null if that was not summed up; and whether that was unusual."""

    day: str
    amount: CostAmount | None
    unusual: bool


class MonthReportView(TypedDict):
    """What a month did cost at Twilio, line by line. All lines are the total; the `gap` is what nothing explains."""

    month: str
    currency: str
    total: CostAmount
    gap: CostAmount
    lines: list[BillLineView]
    over_lines: list[SumView]
    in_services: list[SumView]
    days: list[CostDayView]


def show_report(report: MonthReport) -> MonthReportView:
    """The report of a month as the REST API writes it."""
    return {
        "month": report.month,
        "currency": report.sums.currency,
        "total": plain_amount(report.bill.total),
        "gap": plain_amount(report.bill.gap),
        "lines": [
            {
                "name": str(line.name),
                "quantity": plain_amount(line.quantity),
                "estimate": amount_text(line.estimate),
                "told": amount_text(line.told),
                "amount": plain_amount(line.amount),
                "gap": plain_amount(line.gap),
            }
            for line in report.bill.lines
        ],
        "over_lines": show_sums(report.sums.by_line),
        "in_services": show_sums(report.sums.by_service),
        "days": [
            {"day": one.day.isoformat(), "amount": amount_text(one.total), "unusual": one.unusual}
            for one in report.days
        ],
    }


def show_sums(sums: Mapping[str, Comparison]) -> list[SumView]:
    """Sums, the dearest first."""
    return [
        {
            "name": name,
            "count": one.count,
            "estimate": plain_amount(one.estimate),
            "amount": plain_amount(one.amount),
            "difference": amount_text(one.difference),
            "without_estimate": one.without_estimate,
            "without_amount": one.without_amount,
        }
        for name, one in sorted(sums.items(), key=lambda named: (-named[1].amount, named[0]))
    ]


def amount_text(amount: Decimal | None) -> str | None:
    """An amount without exponent, and without zeros at its end."""
    return None if amount is None else plain_amount(amount)


def plain_amount(amount: Decimal) -> str:
    return f"{amount.normalize():f}" if amount else "0"
