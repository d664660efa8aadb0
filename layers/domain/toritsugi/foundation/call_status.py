"""The status of a call, as Twilio writes it: how far it has come, and whether it is over.

A call ends only once, so no two callbacks of one rank say different things.
https://www.twilio.com/docs/voice/twiml/number
"""

from toritsugi.foundation.types import Fields

FINAL = ("completed", "busy", "no-answer", "failed", "canceled")
# With which Twilio fails a leg because the account has as many calls as it may have: alone, or in a conference.
# https://www.twilio.com/docs/api/errors/10004 https://www.twilio.com/docs/api/errors/16021
TOO_MANY_CALLS = ("10004", "16021")

RANKS = {"queued": 0, "initiated": 1, "ringing": 2, "in-progress": 3, "answered": 3, **dict.fromkeys(FINAL, 9)}


def is_too_many(fields: Fields) -> bool:
    """Whether what Twilio tells of a call says that it has failed for want of room in the account."""
    return fields.get("ErrorCode") in TOO_MANY_CALLS
