"""The exchange's own bus at EventBridge, where the owner's other systems hear of what has happened.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events.html
"""

import json
from collections.abc import Sequence
from typing import Any

from toritsugi.adapters import notifications
from toritsugi.foundation import clients, config
from toritsugi.foundation.events import Event, as_envelope, new_event
from toritsugi.foundation.logs import log

MAX_ENTRIES = 10  # https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html


def publish(events: Sequence[Event]) -> None:
    """Puts events on the bus. Raises RuntimeError when the bus does not take one of them."""
    for some in (events[at : at + MAX_ENTRIES] for at in range(0, len(events), MAX_ENTRIES)):
        answer = clients.aws_client("events").put_events(Entries=[as_entry(event) for event in some])
        if answer["FailedEntryCount"]:
            codes = {entry["ErrorCode"] for entry in answer["Entries"] if "ErrorCode" in entry}
            raise RuntimeError(f"the bus did not take an event: {', '.join(sorted(codes))}")


def as_entry(event: Event) -> dict[str, Any]:
    detail = json.dumps(as_envelope(event), ensure_ascii=False)
    return {"EventBusName": config.EVENT_BUS, "Source": "toritsugi", "DetailType": event.type, "Detail": detail}


def tell(what: str, facts: dict[str, Any]) -> None:
    """Has the owner hear of something: in the log, where an alarm waits for it, and as an event if that is taken.

    `what` is the event's type; the log has a space where it has a full stop.
    """
    log.warning(what.replace(".", " "), **facts)
    try:
        subject = facts.get("limit") or facts.get("service_sid") or what
        event = new_event(what, str(subject), facts)
        publish([event])
        notifications.send_event(event)
    except Exception:
        log.exception("not everybody heard of it", what=what)
