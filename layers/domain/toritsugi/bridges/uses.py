"""What a bridge uses of what is allowed: reserved before anybody is called, and settled when it is over."""

import math
from collections import Counter
from collections.abc import Iterable

from toritsugi.bridges.commands import note_more_reserved
from toritsugi.bridges.records import Bridge, Party, update_unread_if
from toritsugi.bridges.state import State
from toritsugi.limits import charges, usage
from toritsugi.limits.usage import Use


def use_of_bridge(bridge: Bridge, people: Iterable[Party], minutes: float) -> Use:
    """What a bridge uses in which these people are called, and talk for so long.

    It runs on its own line; each call begins over the line that is shown.
    """
    called = list(people)
    tries = 2 if bridge.if_unanswered == "retry" else 1
    calls = Counter(party.shows or bridge.line for party in called for _ in range(tries))
    yen = sum(charges.yen_of_call(party.number, math.ceil(minutes)) for party in called)
    others = {line: over_it for line, over_it in calls.items() if line != bridge.line}
    return Use(bridge.line, running=1, calls=calls.total(), yen=yen, others=others)


def longest_minutes(bridge: Bridge) -> int:
    """How long a bridge may last, with all its extensions."""
    return int(bridge.minutes + bridge.extension_minutes * bridge.extension_times)


def note_reserved(bridge: Bridge, use: Use, now: float) -> None:
    """Has a bridge that is not kept yet know what was reserved for it, and when."""
    bridge.reserved_at, bridge.reserved_yen = now, use.yen


def reserve_more(bridge: Bridge, use: Use, now: float) -> None:
    """Has a bridge know what was reserved for one more person; where it is over, that is given back."""
    if not note_more_reserved(bridge, use.yen):
        usage.release(use, now)


def settle(known: State, now: float) -> None:
    """A bridge that is over runs no more; of the yen what its legs have taken stays counted. Twice is once."""
    bridge, reserved_at, reserved_yen = known.bridge, known.bridge.reserved_at, int(known.bridge.reserved_yen)
    if not bridge.is_over or reserved_at is None:
        return
    if not update_unread_if(bridge, [Bridge.reserved_at.remove()], Bridge.reserved_at == reserved_at):
        return
    numbers = {party.place: party.number for party in known.parties}
    taken = sum(
        charges.yen_of_call(numbers[leg.place], math.ceil(((leg.ended_at or now) - leg.answered_at) / 60))
        for leg in known.legs.values()
        if leg.answered_at is not None and leg.place in numbers
    )
    usage.release(Use(bridge.line, running=1, yen=reserved_yen - taken), reserved_at)
