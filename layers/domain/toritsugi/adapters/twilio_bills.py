"""What Twilio says that calls, texts and days cost, as plain figures: a price is negative there, and comes late.

https://www.twilio.com/docs/voice/api/call-resource https://www.twilio.com/docs/usage/api/usage-record
"""

from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from twilio.base import values
from twilio.base.exceptions import TwilioException, TwilioRestException

from toritsugi.adapters.twilio_api import downstream, twilio_client
from toritsugi.foundation.sids import in_path
from toritsugi.foundation.types import Json

AT_ONCE = 1000  # of a list, the most that Twilio gives: https://www.twilio.com/docs/usage/twilios-response#pagination
GONE_STATUS = 404


def find_sold(sid: str) -> Json | None:
    """A call (CA) or a text as it stands on the bill; None of one that is gone there. Raises RequestRefused 80613."""
    try:
        if sid.startswith("CA"):
            return call_as_sold(twilio_client().calls(in_path(sid, "CA")).fetch())
        return text_as_sold(twilio_client().messages(in_path(sid, sid[:2])).fetch())
    except TwilioRestException as error:
        if error.status == GONE_STATUS:
            return None
        raise downstream(error) from None


def list_sold_calls(day: date, after: str | None) -> tuple[list[Json], str | None]:
    """A page of the calls that began on a day of GMT, and where the next one begins. Raises RequestRefused 80613."""
    return page_of_list(twilio_client().calls, "start_time", day, after, call_as_sold)


def list_sold_texts(day: date, after: str | None) -> tuple[list[Json], str | None]:
    """A page of the texts that were sent, or came in, on a day of GMT, likewise. Raises RequestRefused 80613."""
    return page_of_list(twilio_client().messages, "date_sent", day, after, text_as_sold)


def page_of_list(listed: Any, of_day: str, day: date, after: str | None, show: Any) -> tuple[list[Json], str | None]:
    place = dict(parse_qsl(after or ""))
    try:
        page = listed.page(
            **{of_day: day.isoformat()},
            page_size=AT_ONCE,
            page_number=place.get("Page", values.unset),
            page_token=place.get("PageToken", values.unset),
        )
    except TwilioException as error:
        raise downstream(error) from None
    return [show(one) for one in page], urlsplit(page.next_page_url or "").query or None


def list_rented_numbers() -> list[Json]:
    """All numbers of the account: sid, number, and since when it has them. Raises RequestRefused 80613."""
    try:
        numbers = twilio_client().incoming_phone_numbers.list(page_size=AT_ONCE)
    except TwilioException as error:
        raise downstream(error) from None
    return [{"sid": one.sid, "number": one.phone_number, "since": one.date_created.date()} for one in numbers]


def list_usage(day: date) -> list[Json]:
    """What was used on a day of GMT, by Twilio's categories: category, count, usage, price, currency.

    Raises RequestRefused 80613.
    """
    try:
        records = twilio_client().usage.records.daily.list(start_date=day, end_date=day, page_size=AT_ONCE)
    except TwilioException as error:
        raise downstream(error) from None
    return [
        {
            "category": str(one.category),
            "count": int(one.count or 0),
            "usage": Decimal(one.usage or 0),
            "price": Decimal(str(one.price or 0)),
            "currency": (one.price_unit or "").upper(),
        }
        for one in records
    ]


def call_as_sold(call: Any) -> Json:
    """A call as `Sold` has it."""
    return {
        "sid": call.sid,
        "incoming": call.direction == "inbound",
        "from_": call._from or "",
        "to": call.to or "",
        "status": call.status,
        "began_at": (call.start_time or call.date_created).timestamp(),
        "size": int(call.duration or 0),
    } | price_of_resource(call)


def text_as_sold(text: Any) -> Json:
    """A text as `Sold` has it."""
    return {
        "sid": text.sid,
        "incoming": text.direction == "inbound",
        "from_": text.from_ or "",
        "to": text.to or "",
        "status": text.status,
        "began_at": (text.date_sent or text.date_created).timestamp(),
        "size": int(text.num_segments or 0),
        "has_files": bool(int(text.num_media or 0)),
    } | price_of_resource(text)


def price_of_resource(resource: Any) -> Json:
    """What it costs, where Twilio says so; outside of the United States there is no unit before that, either."""
    told = resource.price is not None and resource.price_unit
    return {
        "amount": abs(Decimal(resource.price)) if told else None,
        "currency": resource.price_unit.upper() if told else "",
    }
