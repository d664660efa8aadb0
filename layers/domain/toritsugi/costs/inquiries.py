"""What is to be asked of Twilio when a call or text is over: found in the change of a row, looked up when it is asked.

A message on its way holds SIDs and no number. Whatever is erased meanwhile is found no more, and its cost has no name.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from toritsugi.bridges.records import Bridge, BridgeEntry, BridgeEvent, Party
from toritsugi.foundation.call_status import FINAL
from toritsugi.foundation.tables import Table
from toritsugi.masking.interactions import Interaction, interaction_entry
from toritsugi.masking.message_interactions import interaction_sid_of
from toritsugi.masking.sessions import Session, SessionEntry
from toritsugi.masking.team_legs import words_of
from toritsugi.messages.records import MESSAGE_RANKS, Message, find_message

Inquiry = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class CostOrigin:
    """Whose cost a call or text is, by the SID that Twilio has for it: `of` which call or text of ours.

    That is the SID of a call of the exchange's own (KB), of a masked one (KI), or of a text.
    """

    sid: str
    of: str
    session_sid: str | None = None
    service_sid: str | None = None


def inquiry_of(before: Table | None, now: Table | None) -> Inquiry | None:
    """What is to be asked because of the change of a row; None where nothing has come to its end by that."""
    if isinstance(now, Interaction) and has_ended(now) and not has_ended(before):
        return {"interaction": now.sid, "session": now.session_sid}
    if isinstance(now, Bridge) and now.is_over and not (isinstance(before, Bridge) and before.is_over):
        return {"bridge": now.bridge_sid}
    if isinstance(now, Message) and has_left(now) and not has_left(before):
        return {"text": now.message_id}
    return None


def has_ended(interaction: Table | None) -> bool:
    return isinstance(interaction, Interaction) and interaction.status in FINAL


def has_left(message: Table | None) -> bool:
    """Whether a text has come in, or is with a carrier, or will never be."""
    return isinstance(message, Message) and (message.direction == "inbound" or message.rank >= MESSAGE_RANKS["sent"])


def list_origins(inquiry: Inquiry) -> list[CostOrigin]:
    """All that is asked about: none of what the exchange keeps no more."""
    if "bridge" in inquiry:
        return list(origins_in_bridge(inquiry["bridge"]))
    if "interaction" in inquiry:
        return list(origins_in_session(inquiry["session"], inquiry["interaction"]))
    return list(origins_of_text(inquiry["text"]))


def origins_in_bridge(bridge_sid: str) -> Iterator[CostOrigin]:
    """Every call that was made for a bridge, also in vain."""
    rows = list(BridgeEntry.query(bridge_sid, consistent_read=True))
    bridge = next((one for one in rows if isinstance(one, Bridge)), None)
    if bridge:
        calls = {one.call_sid for one in rows if isinstance(one, Party | BridgeEvent) and one.call_sid}
        for sid in sorted(calls):
            yield CostOrigin(sid=sid, of=bridge_sid, session_sid=bridge.session_sid, service_sid=bridge.service_sid)


def origins_in_session(session_sid: str, interaction_sid: str) -> Iterator[CostOrigin]:
    """The legs of a masked call."""
    keys = [(session_sid, "session"), (session_sid, interaction_entry(interaction_sid))]
    rows = list(SessionEntry.batch_get(keys, consistent_read=True))
    service_sid = next((one.service_sid for one in rows if isinstance(one, Session)), None)
    for interaction in (one for one in rows if isinstance(one, Interaction) and service_sid):
        calls = {interaction.inbound_call_sid, interaction.outbound_call_sid}
        calls |= {word.call_sid for word in words_of(interaction)}
        for sid in sorted(filter(None, calls)):
            yield CostOrigin(sid=sid, of=interaction.sid, session_sid=session_sid, service_sid=service_sid)


def origins_of_text(message_id: str) -> Iterator[CostOrigin]:
    """A text itself; that which came in has Twilio's SID."""
    message = find_message(message_id)
    sid = message and (message.message_id if message.direction == "inbound" else message.sid)
    if message and sid:
        of = interaction_sid_of(message) if message.session_sid and message.participant_sid else message.message_id
        service_sid = find_service_sid(message.session_sid)
        yield CostOrigin(sid=sid, of=of, session_sid=message.session_sid, service_sid=service_sid)


def find_service_sid(session_sid: str | None) -> str | None:
    """The service of a session, where that is kept."""
    keys = [(session_sid, "session")] if session_sid else []
    found = Session.batch_get(keys, consistent_read=True) if keys else ()
    return next((one.service_sid for one in found), None)
