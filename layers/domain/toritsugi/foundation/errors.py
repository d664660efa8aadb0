"""Everything that can be wrong, with the name of the sentence that a telephone hears about it; see words/.

    ToritsugiError
      CallRefused            a caller hears why the call goes no further
        CallerWithheld         the caller's number is hidden
        CallerUnreadable       the caller's number is none
        LineUnknown            the called number is not ours
        NoSession              this caller has nothing to do with this line
        SessionEnded           it had, but that is over
        PartnerMissing         nobody is on the other side yet
        CallsNotAllowed        the session is for messages only
        OneWaySession          only the other may call
        CallsUsedUp            as many calls were made as the session allows
        CallerBlocked          the owner takes no calls from this number
        CallInCircle           the call comes from a line of ours, or would ring whoever makes it
        ExchangeStopped        the owner has stopped all that dials and writes
        LimitReached           as much was called, or written, as is allowed
        CallerUnconfirmed      Twilio says that the number shown is not proven to be the caller's
        PinWrong               no PIN that was entered leads to a call
        CallIntercepted        the owner's system does not let it go on
        NothingChosen          the caller was asked for which session, and has pressed no key that leads to one
      Contended              others are at the same rows of a table, however often it is tried
      OwnerSilent            the owner's own system does not answer, or nothing of use
        OwnerSlow              it may, but takes too long
      RequestRefused         a REST client is told why: Twilio's code, HTTP status, message
        Unanswered             Twilio does not say whether it does what it was asked for

Codes: https://www.twilio.com/docs/api/errors
"""

import math
import time
from collections.abc import Mapping
from typing import Any


class ToritsugiError(Exception):
    """The base of every error of ours. `sentence` is the name of what a telephone hears.

    What is `said` by the owner, by language, is heard instead of it.
    """

    sentence = "cannot be connected"
    said: Mapping[str, str] | None = None


class CallRefused(ToritsugiError):
    """A call that goes no further, for a reason that the caller is told."""


class CallerWithheld(CallRefused):
    sentence = "caller withheld"


class CallerUnreadable(CallRefused):
    sentence = "caller unreadable"


class LineUnknown(CallRefused):
    sentence = "line unknown"


class NoSession(CallRefused):
    sentence = "no session"


class SessionEnded(CallRefused):
    """It may be `said` to callers in the owner's own words, by language."""

    sentence = "session ended"

    def __init__(self, said: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self.said = said


class PartnerMissing(CallRefused):
    sentence = "partner missing"


class CallsNotAllowed(CallRefused):
    sentence = "calls not allowed"


class OneWaySession(CallRefused):
    sentence = "one way"


class CallsUsedUp(CallRefused):
    sentence = "calls used up"


class CallerBlocked(CallRefused):
    sentence = "caller blocked"


class CallInCircle(CallRefused):
    sentence = "call in circle"


class ExchangeStopped(CallRefused):
    sentence = "exchange stopped"


class LimitReached(CallRefused):
    """As much was called, or written, as a `limit` allows; before `until` it is of no use to ask again."""

    sentence = "limit reached"

    def __init__(self, limit: str, until: float) -> None:
        super().__init__(limit)
        self.limit, self.until = limit, until


class CallerUnconfirmed(CallRefused):
    sentence = "caller unconfirmed"


class PinWrong(CallRefused):
    sentence = "pin wrong"


class CallIntercepted(CallRefused):
    sentence = "call intercepted"


class NothingChosen(CallRefused):
    sentence = "nothing chosen"


class Contended(ToritsugiError):
    """Others are at the same rows of a table, however often it is tried. Nothing was written; it may be tried later."""


class OwnerSilent(ToritsugiError):
    """The owner's own system does not answer, or nothing of use; the reception knows where to go then."""


class OwnerSlow(OwnerSilent):
    """It takes longer than a caller waits."""


class RequestRefused(ToritsugiError):
    """A REST request that is not carried out. Twilio's error pages explain each code.

    `more` is what a program can use besides: `errors`, the mistakes in what was sent, each with its place. `headers`
    are those of the answer, as Retry-After.
    """

    def __init__(
        self, code: int, message: str, status: int = 400, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.status, self.more = code, message, status, more
        self.headers = dict(headers or {})


class Unanswered(RequestRefused):
    """Twilio does not say whether it does what it was asked for; certainly not, unless it `may_be_done`."""

    def __init__(self, message: str, *, may_be_done: bool) -> None:
        super().__init__(80613, message, 502)
        self.may_be_done = may_be_done


def retry_after(until: float) -> dict[str, str]:
    """The header that says when it is of use to ask again, in seconds from now."""
    return {"Retry-After": str(max(1, math.ceil(until - time.time())))}


def wrong_field(name: str, why: str, status: int = 400) -> RequestRefused:
    """The refusal (20001) of what a client has said under this name, to which `errors` points."""
    return RequestRefused(20001, f"{name}: {why}", status, errors=[{"pointer": f"/{name}", "detail": why}])


def not_found(what: str) -> RequestRefused:
    """The refusal for something that does not exist, or belongs to somebody else."""
    return RequestRefused(20404, f"The requested resource {what} was not found", 404)
