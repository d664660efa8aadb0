"""A leg of a call, a conference, or a text message changes state: it is written down.

What has to follow at Twilio, timer.py does.
"""

import time

from toritsugi.adapters import event_bus, schedules, webhooks
from toritsugi.adapters.webhooks import Webhook
from toritsugi.bridges import events
from toritsugi.foundation.errors import LimitReached
from toritsugi.foundation.logs import traced
from toritsugi.limits import switch, twilio_limits
from toritsugi.masking import counted_legs, interactions, masked_legs, team_legs
from toritsugi.messages import records


@traced
@webhooks.answers_with_nothing
def handler(callback: Webhook) -> None:
    if callback.path.startswith("/status/bridges/"):
        record_status(events.BridgeEventSource.read(callback.path), callback)
    elif callback.path.startswith("/status/messages/"):
        records.record_message_status(callback.path, callback.fields)
    else:
        record_masked_leg(masked_legs.MaskedLeg.read(callback.path), callback)
    note_limit(callback)


def note_limit(callback: Webhook) -> None:
    """Twilio says that the account may have no more: of calls, no other is begun for a moment, so callers hear why."""
    reached = twilio_limits.note_code(callback["ErrorCode"], time.time(), event_bus.tell)
    if reached and reached.limit == twilio_limits.CALLS_AT_ONCE.name:
        counted_legs.hold_further(reached, callback["From"], time.time())


def record_masked_leg(leg: masked_legs.MaskedLeg, callback: Webhook) -> None:
    """What a leg of a plain masked call has to tell; one that is too many is hung up, and its caller hears why."""
    limits, fields = switch.remembered_limits(), callback.fields
    counted_for, most = counted_legs.counted_for(callback["ParentCallSid"], limits), limits.calls_at_once_per_caller
    record = team_legs.record_team_leg if leg.way else interactions.record_leg_status
    try:
        news = record(leg, fields, event_bus.tell, most, counted_for)
        count_leg(news, leg, callback)
    except LimitReached as reached:
        language = counted_legs.language_of_caller(leg, callback["From"])
        call, its_leg = callback["ParentCallSid"], callback["CallSid"]
        schedules.send_call_to_dismiss(call, its_leg, reached.sentence, language)
        counted_legs.hold_further(reached, callback["From"], time.time())


def count_leg(news: interactions.LegNews, leg: masked_legs.MaskedLeg, callback: Webhook) -> None:
    """Counts a leg, by limits that are read anew before one is refused. Raises LimitReached."""
    for again in (False, True):
        try:
            return counted_legs.count_leg(news, leg, callback.fields, switch.remembered_limits(), event_bus.tell)
        except LimitReached:
            if again:
                if leg.way:
                    team_legs.note_refused_leg(leg, callback["ParentCallSid"])
                else:
                    interactions.note_refused(leg.session_sid, callback["ParentCallSid"])
                raise
            switch.forget_limits()
    return None


def record_status(source: events.BridgeEventSource, callback: Webhook) -> None:
    """What a leg or the room of a bridge has to tell; of a masked call, its session keeps it as well."""
    event = events.record_bridge_event(source, callback.fields)
    if event.name in events.TELLING:
        schedules.wake(source.bridge_sid, time.time())
    if source.interaction:
        fields = callback.fields | {"ParentCallSid": "CA" + source.bridge_sid[2:]}
        interactions.record_leg_status(masked_legs.MaskedLeg.read(source.interaction), fields, event_bus.tell)
