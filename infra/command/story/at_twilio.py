"""What Twilio knows of a call or a text; it alone knows whose a call was, by which our tables find it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import datetime
from typing import Any

from twilio.base.exceptions import TwilioException, TwilioRestException

from command.exchange import Exchange
from command.refusals import Refused, explain
from command.story import rows
from command.story.moments import Findings, Moment, Sid, Untold

UNKNOWN = 404


def read_call(exchange: Exchange, sid: str, _: bool) -> Findings:
    """A call, its other legs, and what sessions, bridges and recordings know of it."""
    yield from rows.read_bridge_of(sid)
    call = yield from ask(lambda: exchange.twilio().calls(sid).fetch())
    if call is None:
        return
    yield from moments_of_call(call)
    legs = yield from ask(lambda: exchange.twilio().calls.list(parent_call_sid=sid))
    for belonging in (call.parent_call_sid, *(leg.sid for leg in legs or ())):
        if belonging:
            yield Sid(belonging)
    for number in dict.fromkeys((call._from, call.to)):
        if number:
            yield from rows.read_call_of(number, sid)


def moments_of_call(call: Any) -> Findings:
    """When a call was begun, answered and over, by Twilio's clock, which counts in seconds."""
    whose = {"number": call._from, "called": call.to, "direction": call.direction}
    ended = {"seconds": call.duration, "answered_by": call.answered_by}
    yield from moment(call.date_created, "call begun", call.sid, **whose)
    yield from moment(call.start_time, "call started", call.sid)
    yield from moment(call.end_time, f"call {call.status}", call.sid, **ended)


def read_message(exchange: Exchange, sid: str, _: bool) -> Findings:
    """A text, by our id of it or by Twilio's, which of one that was sent only the person's own list has."""
    message = rows.find_message(sid)
    if message is None and not sid.startswith("KM"):
        told = yield from ask(lambda: exchange.twilio().messages(sid).fetch())
        if told is None:
            return
        whose = {"number": told.from_, "called": told.to, "direction": told.direction}
        yield from moment(told.date_created, f"text {told.status}", sid, **whose, error=told.error_code)
        message = rows.find_sent(told.to, sid)
    if message:
        yield from rows.moments_of_message(message)


def moment(at: datetime | None, what: str, sid: str, **known: Any) -> Findings:
    if at is not None:
        yield Moment(at.timestamp(), "twilio", what, rows.facts(sid=sid, **known))


def ask(question: Callable[[], Any]) -> Generator[Untold, None, Any]:
    """What Twilio answers; None where it knows of nothing, or cannot be asked."""
    try:
        return question()
    except TwilioRestException as error:
        if error.status != UNKNOWN:
            yield Untold(f"Twilio: {explain(error) or error}")
    except (Refused, TwilioException, OSError) as error:
        yield Untold(f"Twilio: {explain(error) or error}")
    return None
