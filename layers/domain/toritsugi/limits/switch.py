"""The switch: whether the exchange may dial and write at all. A call reads it together with all else.

It lies in the directory several times over, for every call reads one of its copies.
"""

import time
from collections.abc import Mapping
from typing import Any

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from toritsugi.foundation.errors import Contended, ExchangeStopped, LimitReached
from toritsugi.foundation.transactions import MAX_TRIES, refusals, write_transaction
from toritsugi.limits.limits import Limits, deployed
from toritsugi.lines.directory import DirectoryKey, Entry, look_up_entries

COPIES = 4  # each serves 3,000 calls a second
LIMITS_REMEMBERED_SECONDS = 60


class Switch(Entry, discriminator="switch"):
    """What the owner has decided since the deployment: a stop, since when and why, and other limits.

    `full_until` is when calls over sessions are tried again, after a limit of all lines was reached; `held` says
    the same of lines.
    """

    stopped_at = NumberAttribute(null=True)
    why = UnicodeAttribute(null=True)
    limits = JSONAttribute(null=True)
    full_until = NumberAttribute(null=True)
    held = JSONAttribute(null=True)


def switch_key(seed: str = "") -> DirectoryKey:
    """Where the directory keeps a copy of the switch: the one for this call, or text."""
    return f"exchange#{sum(seed.encode()) % COPIES}", "switch"


def find_switch() -> Switch | None:
    """The switch as it is now, in one round trip; None where nobody has touched it yet."""
    found = look_up_entries([switch_key()]).get(switch_key())
    return found if isinstance(found, Switch) else None


def limits_of(switch: Switch | None) -> Limits:
    """How much is allowed now."""
    return deployed().changed(switch.limits or {}) if switch else deployed()


_remembered: tuple[float, Limits] | None = None


def remembered_limits() -> Limits:
    """How much is allowed, as this process has read it within the last minute."""
    global _remembered
    now = time.time()
    if _remembered is None or not 0 <= now - _remembered[0] < LIMITS_REMEMBERED_SECONDS:
        _remembered = now, limits_of(find_switch())
    return _remembered[1]


def forget_limits() -> None:
    """Has the limits read anew, as a cold start would."""
    global _remembered
    _remembered = None


def check_stop(switch: Switch | None) -> None:
    """Raises ExchangeStopped where the owner has stopped everything."""
    if switch and switch.stopped_at is not None:
        raise ExchangeStopped


def check_switch(switch: Switch | None, line: str, now: float) -> None:
    """Raises ExchangeStopped, or LimitReached where a limit of the line, or of all, was reached a moment ago."""
    check_stop(switch)
    until = max(switch.full_until or 0, (switch.held or {}).get(line, 0)) if switch else 0
    if until > now:
        raise LimitReached("calls", until)


# ---- it is turned ----------------------------------------------------------------------------------------------------


def stop_exchange(why: str, now: float) -> None:
    """From now on nothing is dialed and nothing is written, whoever asks; what runs goes on. Twice is once."""
    turn_at_last(Switch.stopped_at.set(Switch.stopped_at | now), Switch.why.set(why))


def start_exchange() -> None:
    """The exchange dials and writes again; twice is once."""
    turn_at_last(Switch.stopped_at.remove(), Switch.why.remove(), Switch.full_until.remove(), Switch.held.remove())


def set_limits(changes: Mapping[str, int | None]) -> Limits:
    """The limits with these changes, which count at once for calls, and within a minute for all; None: as deployed.

    Of two changes in the same moment none is lost. Raises Contended where that goes on.
    """
    for _ in range(MAX_TRIES):
        switch = find_switch()
        seen = switch.limits if switch else None
        own = {name: most for name, most in {**(seen or {}), **changes}.items() if most is not None}
        as_seen = Switch.limits.does_not_exist() if seen is None else Switch.limits == seen
        if turn(Switch.limits.set(own), Switch.full_until.remove(), Switch.held.remove(), condition=as_seen):
            forget_limits()
            return deployed().changed(own)
    raise Contended


def hold_calls(until: float) -> None:
    """No call over a session is put through before that: a limit of the whole exchange was reached."""
    turn(Switch.full_until.set(until))


def hold_line(line: str, until: float, now: float) -> None:
    """The same for calls that show this line; the next that is refused does it, where another was held meanwhile."""
    found = find_switch()
    seen = found.held if found else None
    others = {one: held for one, held in (seen or {}).items() if held > now}
    as_seen = Switch.held.does_not_exist() if seen is None else Switch.held == seen
    turn(Switch.held.set({**others, line: until}), condition=as_seen)


def turn(*changes: Action, condition: Condition | None = None) -> bool:
    """Whether the condition held; then all copies have changed, else none."""
    kind: list[Any] = [Switch.kind.set(Switch)]
    with refusals() as places, write_transaction() as transaction:
        for copy in range(COPIES):
            transaction.update(Switch(f"exchange#{copy}", "switch"), kind + list(changes), condition=condition)
    return not places


def turn_at_last(*changes: Action) -> None:
    """The same for what the owner decides, whom calls that reach a limit may be in the way of for a while."""
    for tries_left in reversed(range(MAX_TRIES)):
        try:
            turn(*changes)
            return
        except Contended:
            if not tries_left:
                raise
