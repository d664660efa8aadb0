"""Texts in a session: what its people write to each other, and what a client has the exchange write to one of them.

What was written, and how far it has come, stands with all other texts, under the same id but for its first letters.
"""

import json
import time
import uuid
from collections.abc import Sequence
from functools import partial
from typing import Any

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.transactions import TransactWrite

from toritsugi.foundation import config, pages
from toritsugi.foundation.errors import RequestRefused, not_found
from toritsugi.foundation.forms import URL, Form, date
from toritsugi.foundation.sids import check_sid
from toritsugi.foundation.transactions import update_if
from toritsugi.masking.interactions import (
    Interaction,
    in_progress,
    interaction_entry,
    show_interaction,
    slide_routes,
)
from toritsugi.masking.services import get_service
from toritsugi.masking.sessions import (
    Participant,
    Session,
    SessionEntry,
    get_present,
    is_as_read,
    pairs_of,
    session_is_open,
)
from toritsugi.messages import records
from toritsugi.messages.records import Message

# What the rest of the world knows and Proxy does not, by the nearest that it does.
# https://www.twilio.com/docs/messaging/api/message-resource#message-status-values
STATUSES_OF_PROXY = {"read": "delivered", "partially_delivered": "delivered"}

INTERCEPTED = "canceled"  # the status of a call or text that the owner's system has not let go on


class MessageInteraction(SessionEntry, discriminator="message-interaction"):
    """A text to a participant; from the other one, where an inbound message is named.

    With `intercepted` the owner's system has not let it go on, and there is only what came in.
    """

    sid = UnicodeAttribute()
    participant_sid = UnicodeAttribute()
    inbound_participant_sid = UnicodeAttribute(null=True)
    inbound_message_sid = UnicodeAttribute(null=True)
    intercepted = BooleanAttribute(null=True)
    deleted = BooleanAttribute(null=True)
    date_created = NumberAttribute()

    @property
    def message_id(self) -> str:
        """Under which it stands with all other texts, as it was sent."""
        return str(self.inbound_message_sid) if self.intercepted else message_id_of(self.sid)

    @property
    def message_ids(self) -> list[str]:
        """Under which ids it stands with all other texts: as it was sent, and as it came in if it did."""
        return sorted({self.message_id, *([str(self.inbound_message_sid)] if self.inbound_message_sid else [])})

    def is_to(self, participant_sid: str) -> bool:
        """Whether a client has sent it to this participant."""
        return self.participant_sid == participant_sid and self.inbound_message_sid is None


AnyInteraction = Interaction | MessageInteraction


# ---- one is made -----------------------------------------------------------------------------------------------------


def get_addressee(service_sid: str, session_sid: str, sid: str) -> tuple[Session, list[Participant]]:
    """The session, and its people, first of all the one to be written to.

    Raises RequestRefused 20404, 80607 where the session is over, 80910 where it is for calls alone.
    """
    get_service(service_sid)  # which may be deleted, and the session not yet
    session, people = get_present(service_sid, session_sid, sid)
    if session.is_closed(time.time()):
        raise RequestRefused(80607, "Session is closed and cannot be updated")
    if session.mode == "voice-only":
        raise RequestRefused(80910, "The Session is voice-only: nothing can be written in it")
    return session, people


def new_message_to(person: Participant, form: Form, sid: str | None = None) -> Message:
    """The message that a form asks for, in an interaction that perhaps has this SID; not kept yet.

    Raises RequestRefused 80701.
    """
    body, media = form.text("Body") or "", form.getlist("MediaUrl")
    if not body.strip() and not media:
        raise RequestRefused(80701, "'Body' is invalid: a message needs one, or a MediaUrl")
    if not all(URL.fullmatch(url) for url in media):
        raise RequestRefused(80701, "'MediaUrl' is invalid: it must be a URL that begins with http:// or https://")
    return records.new_message(
        message_id_of(sid) if sid else "KM" + uuid.uuid4().hex,
        time.time(),
        direction="outbound-api",
        status="accepted",
        line=person.proxy_identifier,
        person=person.identifier,
        body=body,
        media=[{"url": url, "kind": ""} for url in media] or None,
        session_sid=person.session_sid,
        participant_sid=person.sid,
    )


def interaction_sid_of(message: Message) -> str:
    """The SID of the interaction in which this message was sent."""
    return "KI" + str(message.message_id)[2:]


def message_id_of(interaction_sid: str) -> str:
    """Under which id that stands with all other texts which was written in this interaction."""
    return "KM" + interaction_sid[2:]


def keep_in_session(
    transaction: TransactWrite, message: Message, session: Session, people: Sequence[Participant]
) -> None:
    """Has a transaction keep the interaction of a message to the first of these people; the session slides with it."""
    now, sid = int(time.time()), interaction_sid_of(message)
    made = MessageInteraction(session.session_sid, interaction_entry(sid), sid=sid, date_created=now)
    made.participant_sid = people[0].sid
    transaction.save(made)
    actions = in_progress(now)
    if (until := session.slid_to(now)) is not None:
        actions.append(Session.expires_at.set(until))
        slide_routes(transaction, session.session_sid, pairs_of(people), until, now)
    transaction.update(session, actions, condition=session_is_open(now) & is_as_read(session))


# ---- all that has happened in a session ------------------------------------------------------------------------------


def list_shown(session_sid: str, participant_sid: str | None = None) -> list[AnyInteraction]:
    """The calls and texts of a session that are shown, or the texts to one of its people."""
    found = [one for one in list_all(session_sid) if not one.deleted]
    if participant_sid:
        found = [one for one in found if isinstance(one, MessageInteraction) and one.is_to(participant_sid)]
    return found


def place_of_interaction(one: AnyInteraction) -> str:
    """Where a call or text is among those of its session."""
    return pages.place_at(f"{int(one.date_created):010}", one.sid)


def list_all(session_sid: str) -> list[AnyInteraction]:
    """All calls and texts of a session, also those that are shown no more."""
    entries = SessionEntry.query(session_sid, SessionEntry.entry.startswith("interaction#"), consistent_read=True)
    return [one for one in entries if isinstance(one, AnyInteraction)]


def get_shown(session_sid: str, sid: str) -> AnyInteraction:
    """The call or text of this SID. Raises RequestRefused 20404, 80403 for what is none."""
    try:
        check_sid(sid, "KI", 80403)
        found = SessionEntry.get(session_sid, interaction_entry(sid), consistent_read=True)
    except SessionEntry.DoesNotExist:
        raise not_found(f"/Interactions/{sid}") from None
    if not isinstance(found, AnyInteraction) or found.deleted:
        raise not_found(f"/Interactions/{sid}")
    return found


def get_message_interaction(session_sid: str, participant_sid: str, sid: str) -> MessageInteraction:
    """The text of this SID to this participant. Raises RequestRefused 20404."""
    found = get_shown(session_sid, sid)
    if not isinstance(found, MessageInteraction) or not found.is_to(participant_sid):
        raise not_found(f"/MessageInteractions/{sid}")
    return found


def hide_interaction(session_sid: str, sid: str) -> None:
    """Nobody is shown this call or text any more, and what was written is gone. Raises RequestRefused 20404.

    What Twilio may tell of once more leaves something that names no number, until its session is forgotten: a late
    callback finds it, and a text that is delivered twice.
    """
    found = get_shown(session_sid, sid)
    if isinstance(found, MessageInteraction):
        records.forget_messages(found.message_ids)
    if isinstance(found, MessageInteraction) and found.inbound_message_sid is None:
        found.delete()
    else:
        update_if(found, [type(found).deleted.set(True)], SessionEntry.entry.exists())


def forget_what_happened(session_sid: str) -> None:
    """Deletes all calls and texts of a session, and what was written."""
    found = list_all(session_sid)
    texts = [one for one in found if isinstance(one, MessageInteraction)]
    records.forget_messages([message_id for one in texts for message_id in one.message_ids])
    with SessionEntry.batch_write() as batch:
        for one in found:
            batch.delete(one)


# ---- as Proxy shows them ---------------------------------------------------------------------------------------------


def readers_of(session_sid: str, participant_sid: str | None = None) -> tuple[pages.Reader, pages.Reader]:
    """Readers of what is shown of a session, or of the texts to one of its people, each with what was written.

    The newest are first.
    """
    read, back = pages.by_place(list_shown(session_sid, participant_sid), place_of_interaction, newest_first=True)
    return partial(read_with_messages, read), partial(read_with_messages, back)


def read_with_messages(read: pages.Reader, place: str | None, most: int) -> tuple[list[Any], str | None]:
    """A page of calls and texts, and where to go on."""
    found, following = read(place, most)
    return with_messages(found), following


def with_messages(found: list[AnyInteraction]) -> list[tuple[AnyInteraction, Message | None]]:
    """Each with what was written, if it is a text; in one round trip."""
    ids = [one.message_id for one in found if isinstance(one, MessageInteraction)]
    known = records.find_messages(ids)
    return [(one, known.get(one.message_id) if isinstance(one, MessageInteraction) else None) for one in found]


def status_of_proxy(message: Message) -> str:
    """How far a text has come, in a word that Proxy knows."""
    return STATUSES_OF_PROXY.get(message.status, message.status)


def data_of(message: Message | None) -> str:
    """What was written, as Proxy writes it; nothing, where it is not kept any more."""
    return json.dumps({"body": message.body} if message else {}, ensure_ascii=False)


def show_any(found: tuple[AnyInteraction, Message | None], service_sid: str, base: str) -> dict[str, Any]:
    """The call or text as Proxy's REST API writes it among the interactions of a session."""
    one, message = found
    if isinstance(one, Interaction):
        return show_interaction(one, service_sid, base)
    shown = show_message_interaction((one, message), service_sid, base)
    session = f"{base}/v1/Services/{service_sid}/Sessions/{one.session_sid}"
    return {name: value for name, value in shown.items() if name != "participant_sid"} | {
        "url": f"{session}/Interactions/{one.sid}"
    }


def show_message_interaction(
    found: tuple[AnyInteraction, Message | None], service_sid: str, base: str
) -> dict[str, Any]:
    """The text as Proxy's REST API writes it among those to one participant.

    What has come in is `delivered` from the beginning. https://www.twilio.com/docs/proxy/api/interaction
    """
    one, message = found
    assert isinstance(one, MessageInteraction)  # noqa: S101  for mypy
    sid = message.sid if message and not one.intercepted else None
    status = status_of_proxy(message) if message else "unknown"
    messages = f"{config.CARRIER_URL}/2010-04-01/Accounts/{config.TWILIO_ACCOUNT_SID}/Messages"
    person = f"{base}/v1/Services/{service_sid}/Sessions/{one.session_sid}/Participants/{one.participant_sid}"
    return {
        "sid": one.sid,
        "session_sid": one.session_sid,
        "service_sid": service_sid,
        "account_sid": config.TWILIO_ACCOUNT_SID,
        "data": data_of(message),
        "type": "message",
        "participant_sid": one.participant_sid,
        "inbound_participant_sid": one.inbound_participant_sid,
        "inbound_resource_sid": one.inbound_message_sid,
        "inbound_resource_status": "delivered" if one.inbound_message_sid else None,
        "inbound_resource_type": "Message" if one.inbound_message_sid else None,
        "inbound_resource_url": f"{messages}/{one.inbound_message_sid}.json" if one.inbound_message_sid else None,
        "outbound_participant_sid": one.participant_sid,
        "outbound_resource_sid": sid,
        "outbound_resource_status": INTERCEPTED if one.intercepted else status,
        "outbound_resource_type": None if one.intercepted else "Message",
        "outbound_resource_url": f"{messages}/{sid}.json" if sid else None,
        "date_created": date(one.date_created),
        "date_updated": date(message.date_updated if message else one.date_created),
        "url": f"{person}/MessageInteractions/{one.sid}",
    }
