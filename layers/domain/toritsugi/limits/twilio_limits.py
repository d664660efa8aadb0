"""Twilio's own limits: what of ours they refuse, as its codes say, and that somebody is told of it.

How many calls at once an account may have: https://support.twilio.com/hc/en-us/articles/223180028
"""

from dataclasses import dataclass

from toritsugi.foundation.call_status import TOO_MANY_CALLS
from toritsugi.foundation.errors import LimitReached, RequestRefused, retry_after
from toritsugi.foundation.forms import date
from toritsugi.limits import usage

HOUR_SECONDS = 3_600


@dataclass(frozen=True)
class TwilioLimit:
    """A limit of the account by its `name`; after `pause_seconds` it may be of use to ask again."""

    name: str
    pause_seconds: int


CALLS_AT_ONCE = TwilioLimit("twilio_calls_at_once", usage.PAUSE_SECONDS)

# https://www.twilio.com/docs/api/errors
BY_CODE = {
    **dict.fromkeys(TOO_MANY_CALLS, CALLS_AT_ONCE),
    "20429": TwilioLimit("twilio_requests_at_once", usage.PAUSE_SECONDS),
    "63038": TwilioLimit("twilio_texts_a_day", HOUR_SECONDS),  # of any 24 hours
}


def note_code(code: object, now: float, tell: usage.Tell) -> LimitReached | None:
    """The error of the limit for which Twilio has refused something with this code; None for any other code.

    `tell` hears of it once in an hour.
    """
    limit = BY_CODE.get(str(code))
    if limit is None:
        return None
    until = now + limit.pause_seconds
    if usage.first_time(usage.EXCHANGE, f"told-{limit.name}-{usage.hour_of(now)}", now):
        tell("limit.reached", {"limit": limit.name, "code": int(str(code)), "until": date(until)})
    return LimitReached(limit.name, until)


def as_limit(refusal: RequestRefused, now: float, tell: usage.Tell) -> RequestRefused:
    """A refusal of Twilio's as a client is told it: of a limit, with status 429, which one, and when to ask again."""
    reached = note_code(refusal.code, now, tell)
    if reached is None:
        return refusal
    more = {"limit": reached.limit, "retry_at": date(reached.until)}
    return RequestRefused(refusal.code, refusal.message, 429, headers=retry_after(reached.until), **more)
