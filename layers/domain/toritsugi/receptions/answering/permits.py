"""Whom a transfer may ring: nobody from whom the call comes back to us, and no more people than is allowed."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from toritsugi.limits import charges, switch, usage
from toritsugi.lines.directory import look_up_entries
from toritsugi.lines.lines import line_key
from toritsugi.lines.numbers import is_shown
from toritsugi.receptions.answering.visits import Permitted


def permit_transfer(
    fields: Mapping[str, str], wanted: Sequence[str], now: float, tell: usage.Tell, request: str = ""
) -> Permitted:
    """Those of the wanted numbers that may be rung for the call of these fields; they are counted from now on.

    A call from one of our own lines was sent here by a transfer, or forwarded by somebody whom a transfer has rung: it
    rings nobody more, or it would go on for ever. Nor does a call ring whoever makes it, or has forwarded it. A
    `request` that comes again is counted once. Raises ExchangeStopped, LimitReached.
    """
    sources = [number for number in (fields.get("From", ""), fields.get("ForwardedFrom", "")) if is_shown(number)]
    key = switch.switch_key(fields.get("CallSid", ""))
    found = look_up_entries({key, *map(line_key, [*sources, *wanted])})
    if any(line_key(number) in found for number in sources):
        return Permitted([])
    numbers = [number for number in wanted if line_key(number) not in found and number not in sources]
    if numbers:
        known = found.get(key)
        now_set = known if isinstance(known, switch.Switch) else None
        switch.check_stop(now_set)
        if is_new(request, fields, now):
            usage.reserve(use_of_transfer(fields, numbers), switch.limits_of(now_set), now, tell)
    return Permitted(numbers, charges.rate_of_dearest(numbers) if numbers else 0)


def end_transfer(fields: Mapping[str, str], began: float, rate: int, request: str = "") -> None:
    """The transfer that `began` then is over: it runs no more, and has cost what its minutes cost at this `rate`.

    A `request` that comes again ends it once.
    """
    if is_new(request, fields, began):
        minutes = math.ceil(int(fields.get("DialCallDuration") or 0) / 60)
        reserved, taken = charges.yen_at(rate, charges.USUAL_MINUTES), charges.yen_at(rate, minutes)
        usage.release(replace(use_of_transfer(fields, []), yen=reserved - taken), began)


def is_new(request: str, fields: Mapping[str, str], now: float) -> bool:
    """Whether Twilio asks this for the first time; one that names no request always does."""
    return not request or usage.first_time(fields.get("CallSid", "") or usage.EXCHANGE, f"asked-{request}", now)


def use_of_transfer(fields: Mapping[str, str], numbers: Sequence[str]) -> usage.Use:
    """What a transfer to these numbers uses: one of them will answer, so the dearest is reckoned with."""
    caller = fields.get("From", "")
    yen = charges.yen_at(charges.rate_of_dearest(numbers), charges.USUAL_MINUTES)
    shown = caller if is_shown(caller) else None
    return usage.Use(fields.get("To", ""), shown, running=1, calls=len(numbers), yen=yen)
