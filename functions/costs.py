"""A call or text has come to its end, or a day has: Twilio is asked what it did cost, until that is known.

Nobody waits here. A message whose price is not there yet is hidden, each time for longer, at last for half a day. After
that its row says that nothing was told. A day is summed up on the next two, for what is told late.
"""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from toritsugi.adapters import event_bus, schedules, twilio_bills
from toritsugi.costs import days, inquiries, numbers, records
from toritsugi.costs.days import DaySums
from toritsugi.costs.inquiries import CostOrigin
from toritsugi.costs.numbers import LeasedNumber
from toritsugi.costs.sold import Sold
from toritsugi.foundation.logs import follow, log, traced
from toritsugi.foundation.types import Json
from toritsugi.money.bills import CategoryUse, expected_of_sums, use_of
from toritsugi.money.rates import RateCard, What
from toritsugi.tariffs import pulled_cards

# For how many seconds a message is hidden after each look: together a day. SQS hides none for more than twelve hours.
PATIENCE = (600, 3_600, 14_400, 28_800, 39_600)
DAYS_BACK = (2, 1)
LISTED_PARTS = ("calls", "texts")  # of which there are lists
SPARE_MILLISECONDS = 60_000  # for a page that was begun, and the sums


@traced
def handler(event: Json, context: Any) -> Json | None:
    """Those messages come again whose price is not known yet, and those that failed."""
    if "days" in event:
        have_days_summed_up(datetime.now(UTC).date())
        return None
    again = [message["messageId"] for message in event["Records"] if not is_attended_to(message, context)]
    return {"batchItemFailures": [{"itemIdentifier": sid} for sid in again]}


def is_attended_to(message: Json, context: Any) -> bool:
    """Whether nothing is left to be done for a message; one that fails holds up none of its batch."""
    said = json.loads(message["body"])
    try:
        if "day" in said:
            return is_summed_up(said["day"], context)
        return is_settled(said["cost"], message)
    except Exception:
        log.exception("a price was not asked for")
        return False


# ---- a call, or a text -----------------------------------------------------------------------------------------------


def is_settled(inquiry: inquiries.Inquiry, message: Json) -> bool:
    """Whether all is written down that is to be known of a call or text."""
    follow(" ".join(inquiry.values()))
    looks = int(message["attributes"]["ApproximateReceiveCount"])
    found = [(origin, find_on_bill(origin)) for origin in inquiries.list_origins(inquiry)]
    if looks <= len(PATIENCE) and any(sold and not sold.is_settled for _, sold in found):
        schedules.hide_cost_to_ask(message["receiptHandle"], PATIENCE[looks - 1])
        return False
    keep_costs(found)
    return True


def find_on_bill(origin: CostOrigin) -> Sold | None:
    """A call or text as it stands on the bill; None where Twilio knows it no more."""
    told = twilio_bills.find_sold(origin.sid)
    return Sold(**told) if told else None


def keep_costs(found: list[tuple[CostOrigin, Sold | None]]) -> None:
    """Writes down what was paid for; what was free has no row."""
    card = pulled_cards.get_card(None)
    for origin, sold in found:
        if sold and not sold.is_free:
            records.keep_cost(records.new_cost(sold, card, origin))
            if sold.amount is None:
                log.warning("a price was never told", twilio_sid=sold.sid)


# ---- a day -----------------------------------------------------------------------------------------------------------


def have_days_summed_up(today: date) -> None:
    for back in DAYS_BACK:
        schedules.send_day_to_sum_up({"day": (today - timedelta(back)).isoformat()})


def is_summed_up(said: Json, context: Any) -> bool:
    """Always: whether a day is written down, or another message goes on with it, for there was no time left."""
    day, card = date.fromisoformat(said["day"]), pulled_cards.get_card(None)
    part, after = said.get("part", LISTED_PARTS[0]), said.get("after")
    while part:
        after = keep_page(part, day, after, card)
        part = part if after else next(iter(LISTED_PARTS[LISTED_PARTS.index(part) + 1 :]), None)
        if part and context.get_remaining_time_in_millis() < SPARE_MILLISECONDS:
            schedules.send_day_to_sum_up({"day": said["day"], "part": part, "after": after})
            return True
    sum_up_day(day, card)
    return True


def keep_page(part: str, day: date, after: str | None, card: RateCard) -> str | None:
    """Keeps what of a page of Twilio's list is not known yet, such as calls to receptions; where the next begins."""
    page, following = {"calls": twilio_bills.list_sold_calls, "texts": twilio_bills.list_sold_texts}[part](day, after)
    sold = (Sold(**one) for one in page)
    records.keep_unlinked_costs(records.new_cost(one, card, None) for one in sold if one.amount is not None)
    return following


def sum_up_day(day: date, card: RateCard) -> None:
    """Writes down what a day did cost; the first time, somebody is told if that is out of its usual range."""
    usage = twilio_bills.list_usage(day)
    currency = next((one["currency"] for one in usage if one["currency"]), card.currency)
    card = (
        card if card.currency == currency else replace(card, currency=currency, rates=())
    )  # by which nothing is known
    used = {one["category"]: CategoryUse(one["count"], one["usage"], one["price"]) for one in usage}
    rented = [LeasedNumber(**one) for one in twilio_bills.list_rented_numbers()]
    records.keep_unlinked_costs(numbers.costs_of_numbers(rented, day, card, use_of(What.NUMBER, used).price))
    sums = DaySums(
        currency=currency,
        used={name: use for name, use in used.items() if use != CategoryUse()},
        expected=expected_of_sums(used, card),
        **days.sum_up_known(day),
    )
    before = days.find_days([day]).get(day)
    days.keep_day(day, sums, unusual=is_unusual(day, sums, told=bool(before and before.unusual)))


def is_unusual(day: date, sums: DaySums, told: bool) -> bool:
    """Whether a day is out of its usual range; who wants to know is told once."""
    usual = days.find_usual_range(day, sums.currency)
    if not usual or usual.has(sums.total):
        return False
    if not told:
        texts = {"amount": sums.total, "low": usual.low, "high": usual.high}
        shown = {name: f"{amount.normalize():f}" for name, amount in texts.items()}
        path = f"/api/costs/{day:%Y-%m}"
        event_bus.tell("costs.unusual", {"day": day.isoformat(), **shown, "currency": sums.currency, "path": path})
    return True
