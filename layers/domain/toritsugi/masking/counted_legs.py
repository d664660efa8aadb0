"""The legs of plain masked calls, counted toward the limits when Twilio tells that they begin and end.

voice.py writes nothing, so that a call is put through with one read. A leg that passes a limit is hung up while it
rings, and for a while no other is begun. Where the limits are large one leg is counted for many.
"""

import math
from contextlib import suppress

from toritsugi import words
from toritsugi.callers.caller import find_languages
from toritsugi.foundation.errors import Contended, LimitReached
from toritsugi.foundation.sids import is_sid
from toritsugi.foundation.types import Fields
from toritsugi.limits import charges, switch, usage
from toritsugi.limits.limits import Limits
from toritsugi.masking.interactions import LegNews
from toritsugi.masking.masked_legs import MaskedLeg
from toritsugi.masking.sessions import find_with_people


def counted_for(call_sid: str, limits: Limits) -> int:
    """For how many calls this one is counted; 0: another one is counted for it."""
    one_in = limits.counted_one_in
    return one_in if is_sid(call_sid, "CA") and int(call_sid[-6:], 16) % one_in == 0 else 0


def count_leg(news: LegNews, leg: MaskedLeg, fields: Fields, limits: Limits, tell: usage.Tell) -> None:
    """Counts a leg that has begun, or ended, in the hour in which it began. Raises LimitReached for one too many."""
    if not news.counted_for:
        return
    line, usual = fields["From"], charges.yen_of_call(fields["To"], charges.USUAL_MINUTES)
    if news.begun:
        began = usage.Use(line, running=1, calls=1, yen=usual, counted_for=news.counted_for)
        usage.reserve(began, limits, leg.started, tell)
    if news.ended:
        taken = charges.yen_of_call(fields["To"], math.ceil(int(fields.get("CallDuration") or 0) / 60))
        usage.release(usage.Use(line, running=1, yen=usual - taken, counted_for=news.counted_for), leg.started)


def language_of_caller(leg: MaskedLeg, line: str) -> str:
    """The language of whoever made the call whose leg shows this line; of the line, where the session has lost them."""
    _, people = find_with_people(leg.session_sid)
    caller = next((person for person in people if person.sid == leg.inbound_participant_sid), None)
    if caller is None:
        return words.choose_language(None, line)
    languages = find_languages([caller.identifier])
    return words.choose_language(languages.get(caller.identifier), caller.identifier, caller.proxy_identifier)


def hold_further(reached: LimitReached, line: str, now: float) -> None:
    """Has no other call begin before the limit that was reached lets one. Where others are at it, they do so."""
    with suppress(Contended):
        if reached.limit.endswith("_per_line"):
            switch.hold_line(line, reached.until, now)
        elif not reached.limit.endswith("_per_caller"):
            switch.hold_calls(reached.until)
