"""A team: somebody in a session with several telephones, who ring together or in turn, and are one participant.

What a route knows of it is one attribute, absent in plain sessions: how the partner's numbers ring, and which they have
besides the first. It is there, too, where only the caller is of a team, for then more than two pairs slide.
"""

import copy
from collections.abc import Sequence
from dataclasses import replace

from twilio.twiml.voice_response import Dial, VoiceResponse

from toritsugi.foundation.addresses import public_url
from toritsugi.foundation.durations import MAX_CALL_SECONDS, MIN_RING_SECONDS
from toritsugi.masking.masked_legs import MaskedLeg
from toritsugi.masking.routes import Route, seconds_left

TOGETHER, IN_TURN = WAYS_TO_RING = ("together", "in-turn")


def write_team(is_of_team: bool, rings: str | None, more: Sequence[str]) -> str | None:
    """What a route says of its partner's team, whose further numbers are these; None where neither side is one."""
    return " ".join([rings or TOGETHER, *more]) if more or is_of_team else None


def ring_all(response: VoiceResponse, route: Route, leg: MaskedLeg, now: float) -> VoiceResponse:
    """The same TwiML, whose <Dial> calls the whole team; whoever picks up first has the call.

    Twilio calls up to ten numbers at once, or one after the other with `sequential`. Nobody else rings from then on,
    also where the one who has picked up is asked for a key. No call may last beyond its session for the time in which
    others were rung before. https://www.twilio.com/docs/voice/twiml/number
    """
    way, *more = str(route.team).split()
    [dial] = [verb for verb in response.verbs if isinstance(verb, Dial)]
    [first] = dial.verbs
    numbers, dial.verbs = [first.value, *more], []
    for place, number in enumerate(numbers, 1):
        noun = copy.copy(first)
        path = replace(leg, way=way, place=place, of=len(numbers)).path
        noun.value, noun.attrs = number, {**first.attrs, "statusCallback": public_url(path)}
        dial.append(noun)
    if way == IN_TURN and more:
        left = MAX_CALL_SECONDS if route.calls_outlive_expiry else seconds_left(route, now)
        ring = max(MIN_RING_SECONDS, min(int(dial.attrs["timeout"]), left // len(numbers)))
        limit = max(1, min(int(dial.attrs["timeLimit"]), left - ring * len(more)))
        dial.attrs |= {"sequential": True, "timeout": ring, "timeLimit": limit}
    return response
