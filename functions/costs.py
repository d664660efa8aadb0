"""A call or text has come to its end: Twilio is asked what it did cost, as often as it takes until that is known.

Nobody waits here. A message whose price is not there yet is hidden, each time for longer, at last for half a day. After
that its row says that nothing was told.
"""

import json
from typing import Any

from toritsugi.adapters import schedules, twilio_bills
from toritsugi.costs import inquiries, records
from toritsugi.costs.inquiries import CostOrigin
from toritsugi.costs.sold import Sold
from toritsugi.foundation.logs import follow, log, traced
from toritsugi.foundation.types import Json
from toritsugi.tariffs import pulled_cards

# For how many seconds a message is hidden after each look: together a day. SQS hides none for more than twelve hours.
PATIENCE = (600, 3_600, 14_400, 28_800, 39_600)


@traced
def handler(event: Json, _context: Any) -> Json:
    """Those messages come again whose price is not known yet, and those that failed."""
    again = [message["messageId"] for message in event["Records"] if not is_attended_to(message)]
    return {"batchItemFailures": [{"itemIdentifier": sid} for sid in again]}


def is_attended_to(message: Json) -> bool:
    """Whether nothing is left to be done for a message; one that fails holds up none of its batch."""
    inquiry = json.loads(message["body"])["cost"]
    follow(" ".join(inquiry.values()))
    looks = int(message["attributes"]["ApproximateReceiveCount"])
    try:
        found = [(origin, find_on_bill(origin)) for origin in inquiries.list_origins(inquiry)]
        if looks <= len(PATIENCE) and any(sold and not sold.is_settled for _, sold in found):
            schedules.hide_cost_to_ask(message["receiptHandle"], PATIENCE[looks - 1])
            return False
        keep_costs(found)
    except Exception:
        log.exception("a price was not asked for")
        return False
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
