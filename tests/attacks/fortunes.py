"""What whoever would spend a company's money does again and again, and what was counted of it."""

import time
from itertools import count

from toritsugi.limits import usage

SIDS = (f"CA{number:032x}" for number in count(0, 1000))  # of calls that a limit does not count for many


def used(scope=usage.EXCHANGE):
    return usage.read_usage(time.time(), scope)


def dials(twilio, caller, line):
    """The TwiML with which a call is answered."""
    return twilio.calls(line, caller, next(SIDS))
