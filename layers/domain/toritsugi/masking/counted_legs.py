"""The legs of plain masked calls, counted toward the limits when Twilio tells that they begin and end.

voice.py writes nothing, so that a call is put through with one read. A leg that passes a limit is hung up while it
rings, and for a while no other is begun. Where the limits are large one leg is counted for many.
"""

import math
from dataclasses import replace

from toritsugi.foundation.errors import LimitReached
from toritsugi.foundation.types import Fields
from toritsugi.limits import charges, switch, usage
from toritsugi.limits.limits import Limits
from toritsugi.lines import lines
from toritsugi.masking import interactions
from toritsugi.masking.interactions import LegNews
from toritsugi.masking.masked_legs import MaskedLeg


def count_leg(news: LegNews, leg: MaskedLeg, fields: Fields, limits: Limits, now: float, tell: usage.Tell) -> None:
    """Counts a leg that has begun, or ended. Raises LimitReached for one that is too many."""
    if not (news.begun or news.ended) or not is_counted(fields["ParentCallSid"], limits.counted_one_in):
        return
    rate, line = charges.yen_a_minute(fields["To"]), fields["From"]
    usual = rate * charges.USUAL_MINUTES
    use = usage.Use(line, running=1, calls=1, yen=usual, counted_for=limits.counted_one_in)
    if news.ended:
        taken = rate * math.ceil(int(fields.get("CallDuration") or 0) / 60)
        over = replace(use, calls=0, yen=usual - taken)
    try:
        if news.begun:
            usage.reserve(use, limits, now, tell)
    except LimitReached:
        interactions.note_refused(leg.session_sid, fields["ParentCallSid"])
        raise
    if news.ended:
        usage.release(over, now if news.begun else leg.started)


def is_counted(call_sid: str, one_in: int) -> bool:
    """Whether this call is the one that is counted for so many."""
    return int(call_sid[-6:], 16) % one_in == 0


def hold_further(reached: LimitReached, line: str) -> None:
    """Has no other call begin before the limit that was reached lets one."""
    if reached.limit.endswith("_per_line"):
        lines.hold_line(line, reached.until)
    elif not reached.limit.endswith("_per_caller"):
        switch.hold_calls(reached.until)
