"""The CallbackUrl of a service: it is told each state of each call and text in its sessions, in the words of Proxy.

What is told is what was written, state after state; an address that is set late is told of all that follows.
https://www.twilio.com/docs/proxy/api/webhooks
"""

import re

from toritsugi.masking.interactions import Interaction, interaction_entry
from toritsugi.masking.message_interactions import (
    AnyInteraction,
    MessageInteraction,
    data_of,
    interaction_sid_of,
    message_id_of,
    show_any,
    status_of_proxy,
)
from toritsugi.masking.services import Service, find_any_service
from toritsugi.masking.sessions import Session
from toritsugi.messages.records import Message, find_messages

Told = tuple[AnyInteraction, Message | None]  # a call, or a text with what was written

FAILURES_BEFORE_PAUSE, CALLBACK_REST_SECONDS = 3, 30

_failed: dict[str, tuple[int, float]] = {}  # by service: how often in a row in this process, and when last


def find_new_state(before: object, now: object) -> Interaction | Message | None:
    """The call or text of a session whose state the change of a row is, if it is one that may be shown."""
    if isinstance(now, Interaction) and not now.deleted:
        return now if not isinstance(before, Interaction) or before.status != now.status else None
    if isinstance(now, Message) and now.session_sid:
        same = isinstance(before, Message) and status_of_proxy(before) == status_of_proxy(now)
        return None if same else now
    return None


def find_told_state(changed: Interaction | Message) -> Told | None:
    """What is told of a call or text; None of a text that nobody is shown any more."""
    if isinstance(changed, Interaction):
        return changed, None
    entry = interaction_entry(interaction_sid_of(changed))
    try:
        written = MessageInteraction.get(str(changed.session_sid), entry, consistent_read=True)
    except MessageInteraction.DoesNotExist:
        return None
    return None if written.deleted else (written, changed)


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


def parameters_of(told: Told, service_sid: str) -> dict[str, str]:
    """What is told of a call or text as it is now: ids, states, addresses, what was written; never who somebody is.

    What is not there is an empty field, such as all that would have come in of a text that a program has sent.
    """
    shown = {name: text or "" for name, text in show_any(told, service_sid, "").items()}
    # in small letters, unlike by REST
    kinds = {f"{side}ResourceType": shown[f"{side}_resource_type"].lower() for side in ("inbound", "outbound")}
    return (
        {
            "interactionSid": shown["sid"],
            "interactionSessionSid": shown["session_sid"],
            "interactionServiceSid": shown["service_sid"],
            "interactionAccountSid": shown["account_sid"],
            "interactionType": shown["type"].capitalize(),
            "interactionData": shown["data"],
            "interactionDateCreated": shown["date_created"],
            "interactionDateUpdated": shown["date_updated"],
        }
        | {in_camel_case(name): text for name, text in shown.items() if name.startswith(("inbound_", "outbound_"))}
        | kinds
    )


def without_words(parameters: dict[str, str]) -> dict[str, str]:
    """The same, of a text without what was written in it: that waits in no queue, where nobody could erase it."""
    return parameters | {"interactionData": ""} if parameters["interactionType"] == "Message" else parameters


def with_words(parameters: dict[str, str]) -> dict[str, str]:
    """The same, of a text with what was written in it, as long as that is kept."""
    if parameters["interactionType"] != "Message":
        return parameters
    ids = [message_id_of(parameters["interactionSid"]), parameters["inboundResourceSid"]]  # as it went, as it came
    known = find_messages([one for one in ids if one])
    return parameters | {"interactionData": data_of(next((known[one] for one in ids if one in known), None))}


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
