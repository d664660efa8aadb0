"""The CallbackUrl of a service: it is told each state of each call in its sessions, in the words of Proxy.

What is told is what was written, state after state; an address that is set late is told of all that follows.
https://www.twilio.com/docs/proxy/api/webhooks
"""

import re

from toritsugi.masking.interactions import Interaction, show_interaction
from toritsugi.masking.services import Service, find_any_service
from toritsugi.masking.sessions import Session

FAILURES_BEFORE_PAUSE, CALLBACK_REST_SECONDS = 3, 30

_failed: dict[str, tuple[int, float]] = {}  # by service: how often in a row in this process, and when last


def find_new_state(before: object, now: object) -> Interaction | None:
    """The masked call whose state the change of a row is, if it is one that anybody is shown."""
    if not isinstance(now, Interaction) or now.deleted:
        return None
    return now if not isinstance(before, Interaction) or before.status != now.status else None


def find_told_service(session_sid: str) -> Service | None:
    """The service of a session, where it wants to be told."""
    try:
        return find_told(Session.get(session_sid, "session").service_sid)
    except Session.DoesNotExist:
        return None


def find_told(service_sid: str) -> Service | None:
    """The service of this SID, where it is there and wants to be told."""
    service = find_any_service(service_sid)
    return service if service and service.callback_url and service.deleted_at is None else None


def parameters_of(interaction: Interaction, service_sid: str) -> dict[str, str]:
    """What is told of a call as it is now: ids, states and addresses, never a number."""
    shown = show_interaction(interaction, service_sid, "")
    kinds = {"inboundResourceType": "call", "outboundResourceType": "call"}  # in small letters, unlike by REST
    return (
        {
            "interactionSid": shown["sid"],
            "interactionSessionSid": shown["session_sid"],
            "interactionServiceSid": shown["service_sid"],
            "interactionAccountSid": shown["account_sid"],
            "interactionType": "Voice",
            "interactionData": shown["data"],
            "interactionDateCreated": shown["date_created"],
            "interactionDateUpdated": shown["date_updated"],
        }
        | {in_camel_case(name): text for name, text in shown.items() if name.startswith(("inbound_", "outbound_"))}
        | kinds
    )


def in_camel_case(name: str) -> str:
    """The name of a property in REST as callbacks write it."""
    return re.sub("_([a-z])", lambda found: found[1].upper(), name)


# ---- an address that does not take it --------------------------------------------------------------------------------


def pauses(service_sid: str, now: float) -> bool:
    """Whether a service's address has failed so often in this process that it is left alone, for others' sake."""
    times, last = _failed.get(service_sid, (0, 0.0))
    return times >= FAILURES_BEFORE_PAUSE and 0 <= now - last < CALLBACK_REST_SECONDS


def note_told(service_sid: str, taken: bool, now: float) -> None:
    """The address of a service has taken what it was told, or has not."""
    if taken:
        _failed.pop(service_sid, None)
    else:
        _failed[service_sid] = _failed.get(service_sid, (0, 0.0))[0] + 1, now
