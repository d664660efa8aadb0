"""What the tables know of a call, a text, a recording, a bridge or a session. No words of anybody's, and no names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from command.exchange import Exchange
from command.story.moments import Findings, Moment, Sid
from toritsugi.bridges import commands
from toritsugi.bridges.records import Bridge, BridgeEntry, BridgeEvent, Party, Spoken
from toritsugi.masking.interactions import Interaction, interaction_entry, list_interactions
from toritsugi.masking.sessions import PersonEntry, Session, find_with_people
from toritsugi.messages.records import Message
from toritsugi.recordings.records import Recording

SESSIONS, BRIDGES, RECORDINGS, MESSAGES = "sessions", "bridges", "recordings", "messages"  # as people call the tables


def facts(**known: Any) -> dict[str, Any]:
    """Those that are known, without the fractions that DynamoDB gives to whole numbers."""
    plain = {name: int(one) if isinstance(one, float) and one.is_integer() else one for name, one in known.items()}
    return {name: one for name, one in plain.items() if one is not None}


# ---- sessions --------------------------------------------------------------------------------------------------------


def read_session(_: Exchange, sid: str, is_asked: bool) -> Findings:
    """A session and who is in it; where it is what was asked for, also what happened in it."""
    session, people = find_with_people(sid)
    if session is None:
        return
    yield from moments_of_session(session)
    for person in people:
        called, line = person.identifier, person.proxy_identifier
        yield Moment(
            person.date_created, SESSIONS, "participant joined", facts(number=called, line=line, sid=person.sid)
        )
        if person.date_deleted is not None:
            yield Moment(person.date_deleted, SESSIONS, "participant taken out", facts(sid=person.sid))
    for bridge_sid in session.bridges or ():
        yield Sid(bridge_sid, is_asked)
    for interaction in list_interactions(sid) if is_asked else ():
        yield from moments_of_interaction(interaction)
        yield Sid(commands.bridge_sid_of(interaction.inbound_call_sid))


def moments_of_session(session: Session) -> Iterator[Moment]:
    known = facts(mode=session.mode, through=session.through, ttl=session.ttl or None, recorded=session.recorded)
    yield Moment(session.date_created, SESSIONS, "session created", facts(sid=session.session_sid) | known)
    if session.date_reopened is not None:
        yield Moment(session.date_reopened, SESSIONS, "session opened again")
    if session.date_ended is not None:
        yield Moment(session.date_ended, SESSIONS, "session closed", facts(reason=session.closed_reason))
    elif session.expires_at is not None:
        yield Moment(session.expires_at, SESSIONS, "session expires", facts(reason=session.expiry_reason))


def read_interaction(session_sid: str, call_sid: str) -> Findings:
    """What a session has kept of a call."""
    for interaction in Interaction.batch_get([(session_sid, interaction_entry(f"KI{call_sid[2:]}"))]):
        yield from moments_of_interaction(interaction)
        yield Sid(session_sid)


def moments_of_interaction(interaction: Interaction) -> Findings:
    """When a call was put through and when it was heard of last, its two legs, and its recording."""
    legs = interaction.inbound_call_sid, interaction.outbound_call_sid
    people = interaction.inbound_participant_sid, interaction.outbound_participant_sid
    known = facts(call=legs[0], caller=people[0], called=people[1], session=interaction.session_sid)
    yield Moment(interaction.date_created, SESSIONS, "put through", known)
    ended = facts(leg=legs[1], seconds=interaction.duration, refused=interaction.refused or None)
    yield Moment(interaction.date_updated, SESSIONS, f"the leg is {interaction.status}", ended)
    for leg in filter(None, legs):
        yield Sid(leg, False)
    if interaction.recording_sid:
        yield Sid(interaction.recording_sid)


# ---- bridges ---------------------------------------------------------------------------------------------------------


def read_bridge(_: Exchange, sid: str, __: bool) -> Findings:
    """A call that the exchange has made, or a masked one through a conference: its people, and what was told of it."""
    for entry in BridgeEntry.query(sid, consistent_read=True):
        match entry:
            case Bridge():
                yield from moments_of_bridge(entry)
            case Party():
                yield from moments_of_party(entry)
            case BridgeEvent():
                told = facts(place=entry.place or None, attempt=entry.attempt, call=entry.call_sid, reason=entry.reason)
                yield Moment(entry.at, BRIDGES, entry.name, told | facts(seconds=entry.seconds))
            case Spoken():
                yield Moment(entry.at, BRIDGES, "announcement", facts(id=entry.id, dropped=entry.dropped))
        if call_sid := getattr(entry, "call_sid", None):
            yield Sid(call_sid, False)


def moments_of_bridge(bridge: Bridge) -> Findings:
    known = facts(sid=bridge.bridge_sid, through=bridge.through, line=bridge.line, minutes=bridge.minutes)
    yield Moment(bridge.date_created, BRIDGES, "bridge created", known)
    if bridge.ended_at is not None:
        yield Moment(bridge.ended_at, BRIDGES, "bridge ended", facts(reason=bridge.end_reason))
    if bridge.session_sid:
        yield Sid(bridge.session_sid)


def moments_of_party(party: Party) -> Iterator[Moment]:
    who = facts(place=party.place, number=party.number, shows=party.shows)
    if party.attempted_at is not None:
        last = facts(attempts=party.attempts, call=party.call_sid, refused=party.refused)
        yield Moment(party.attempted_at, BRIDGES, "called", who | last)
    if party.released_at is not None:
        yield Moment(party.released_at, BRIDGES, "hung up by us", facts(place=party.place))
    if party.removed_at is not None:
        yield Moment(party.removed_at, BRIDGES, "taken out", facts(place=party.place))


def read_bridge_of(call_sid: str) -> Findings:
    """The bridge that bears the name of a call, if there is one."""
    if commands.find_bridge(commands.bridge_sid_of(call_sid)):
        yield Sid(commands.bridge_sid_of(call_sid))


# ---- of a person -----------------------------------------------------------------------------------------------------


def read_call_of(number: str, call_sid: str) -> Findings:
    """What a person's sessions, bridges and recordings know of a call."""
    for key in PersonEntry.by_number.query(number):
        yield from read_interaction(key.session_sid, call_sid)
    places = [(key.bridge_sid, key.entry) for key in Party.by_number.query(number)]
    for party in Party.batch_get(places) if places else ():
        if party.call_sid == call_sid:
            yield Sid(party.bridge_sid)
    sids = [key.recording_sid for key in Recording.by_caller.query(number)]
    for recording in Recording.batch_get(sids) if sids else ():
        if recording.call_sid == call_sid:
            yield Sid(recording.recording_sid)


def find_sent(number: str, message_sid: str) -> Message | None:
    """The text of this SID among those that a person got."""
    ids = [key.message_id for key in Message.with_person.query(number)]
    return next((one for one in (Message.batch_get(ids) if ids else ()) if one.sid == message_sid), None)


# ---- recordings and texts --------------------------------------------------------------------------------------------


def read_recording(_: Exchange, sid: str, __: bool) -> Findings:
    """A recording, and the call and session that it is of."""
    for recording in Recording.batch_get([sid], consistent_read=True):
        known = facts(sid=sid, kind=recording.kind, seconds=recording.seconds, reception=recording.reception)
        moments = {
            "recorded": recording.date_created,
            "copied": recording.stored_at,
            "the owner was told": recording.settled_at,
            "heard": recording.heard_at,
        }
        for what, at in moments.items():
            if at is not None:
                yield Moment(at, RECORDINGS, what, known | facts(status=recording.status))
        for belonging in (recording.call_sid, recording.session_sid):
            if belonging:
                yield Sid(belonging)


def find_message(sid: str) -> Message | None:
    """The text of this id of ours, which is also Twilio's of one that came in."""
    return next(iter(Message.batch_get([sid], consistent_read=True)), None)


def moments_of_message(message: Message) -> Findings:
    """When a text came or was to go, and when it was heard of last; the texts that it answers or is."""
    known = facts(id=message.message_id, line=message.line, person=message.person, unanswered=message.unanswered)
    yield Moment(message.date_created, MESSAGES, f"{message.direction} text", known)
    said = facts(sid=message.sid, error=message.error_code, refused=message.refused)
    yield Moment(message.date_updated, MESSAGES, f"the text is {message.status}", said)
    for belonging in (message.message_id, message.sid):
        if belonging:
            yield Sid(belonging, False)
    if message.in_reply_to:
        yield Sid(message.in_reply_to)
