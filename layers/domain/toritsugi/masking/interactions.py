"""Interactions: who called whom in a session, how it went and how long it took; each exactly once.

Callbacks come twice, late, and in any order. What is stored is a function of the set of them: the one of the highest
rank counts, and everything else is known from the beginning, because it stands in the callback's own path.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.expressions.condition import Condition, size
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from toritsugi.foundation import config
from toritsugi.foundation.call_status import FINAL, RANKS
from toritsugi.foundation.durations import DEFAULT_RING_SECONDS, MAX_CALL_SECONDS
from toritsugi.foundation.errors import RequestRefused
from toritsugi.foundation.forms import date
from toritsugi.foundation.sealing import unseal
from toritsugi.foundation.transactions import (
    MAX_TRIES,
    carry_out,
    refusals,
    update_if,
    write_transaction,
)
from toritsugi.foundation.types import Fields
from toritsugi.limits.usage import Tell, session_reached
from toritsugi.lines.directory import DirectoryKey
from toritsugi.masking.masked_legs import MaskedLeg
from toritsugi.masking.routes import Route, is_connecting, route_key
from toritsugi.masking.sessions import (
    Session,
    SessionEntry,
    find_with_people,
    is_as_read,
    is_undeleted,
    pairs_of,
    present,
    session_is_open,
)


class Interaction(SessionEntry, discriminator="interaction"):
    """One call through the exchange: the leg that came in, the leg that went out.

    Without the latter the owner's system has not let it go on.
    """

    sid = UnicodeAttribute()
    inbound_participant_sid = UnicodeAttribute()
    inbound_call_sid = UnicodeAttribute()
    outbound_participant_sid = UnicodeAttribute()
    outbound_call_sid = UnicodeAttribute(null=True)
    status = UnicodeAttribute()
    rank = NumberAttribute()
    duration = NumberAttribute(null=True)
    recording_sid = UnicodeAttribute(null=True)
    refused = BooleanAttribute(null=True)  # the leg was more than is allowed, and counts nowhere
    deleted = BooleanAttribute(null=True)  # it is shown no more, and stays lest a late callback bring it back
    counted_for = NumberAttribute(null=True)  # so many like it are counted by this one; absent: it is not counted
    legs = UnicodeSetAttribute(null=True)  # what was said of each leg to a team, see team_legs
    date_created = NumberAttribute()
    date_updated = NumberAttribute()


@dataclass(frozen=True)
class LegNews:
    """What a callback has told that was not known: that the leg has begun, that it has ended, or both.

    It is `counted_for` so many; 0: for none.
    """

    begun: bool = False
    ended: bool = False
    counted_for: int = 0


def record_leg_status(leg: MaskedLeg, fields: Fields, tell: Tell, most: int = 0, counted_for: int = 0) -> LegNews:
    """Keeps what a callback says of a leg; what was new in it.

    One round trip: the first of a leg is one transaction with what it means for the session, a later one is a
    conditional update. It is more only when the first callback was lost or is overtaken, the session has changed, or it
    does not know yet which of its latest calls have ended. Raises LimitReached for a leg that is more than the `most`
    that a session may have at once (0: no limit); that is kept, too. A leg that begins is `counted_for` so many.
    """
    check_callback(fields)
    interaction, ended = read_interaction(leg, fields), fields["CallStatus"] in FINAL
    interaction.counted_for = counted_for or None
    for _ in range(MAX_TRIES):
        later = interaction.rank > RANKS["initiated"]
        if later and (changed := update_interaction(interaction)) is not None:
            over = changed and ended and not interaction.refused
            return LegNews(ended=over, counted_for=int(interaction.counted_for or 0))
        if begin_interaction(interaction, leg, slid_pairs(leg, fields), most, tell):
            return LegNews(begun=True, ended=ended, counted_for=counted_for)
        if not later:
            return LegNews()
    raise RuntimeError("the interaction was there and not there, in turns")


def check_callback(fields: Fields) -> None:
    """Raises RequestRefused 20001 where a callback does not say what it is of."""
    if fields.get("CallStatus") not in RANKS or not fields.get("CallSid") or not fields.get("ParentCallSid"):
        raise RequestRefused(20001, "the callback lacks CallSid, ParentCallSid or a known CallStatus")


def slid_pairs(leg: MaskedLeg, fields: Fields) -> list[DirectoryKey]:
    """Whose routes slide with this leg: the caller's, which is sealed, and the callee's, which the callback names.

    Its digit is not in it: of the others nothing slides by this, and the session is read.
    """
    if leg.until is None or not (sealed := unseal(leg.sealed, fields["ParentCallSid"])):
        return []
    _, caller, line = sealed.split("+")
    return [route_key(f"+{caller}", f"+{line}"), route_key(fields["To"], fields["From"])]


def read_interaction(leg: MaskedLeg, fields: Fields) -> Interaction:
    """What a callback says of an interaction, at its own time, if it names one; not stored yet."""
    sid = "KI" + fields["ParentCallSid"][2:]  # one call in, one interaction, however often we are told
    status, duration = fields["CallStatus"], fields.get("CallDuration", "")
    try:
        moment = int(parsedate_to_datetime(fields.get("Timestamp", "")).timestamp())
    except ValueError:
        moment = leg.started
    return Interaction(
        leg.session_sid,
        interaction_entry(sid),
        sid=sid,
        inbound_participant_sid=leg.inbound_participant_sid,
        inbound_call_sid=fields["ParentCallSid"],
        outbound_participant_sid=leg.outbound_participant_sid,
        outbound_call_sid=fields["CallSid"],
        status=status,
        rank=RANKS[status],
        duration=int(duration) if duration.isdecimal() else None,
        date_created=leg.started,
        date_updated=moment,
    )


def interaction_entry(sid: str) -> str:
    return f"interaction#{sid}"


def update_interaction(interaction: Interaction) -> bool | None:
    """Whether the interaction has changed, which it has not if it was further already; None where there is none."""
    actions: list[Action] = [
        Interaction.status.set(interaction.status),
        Interaction.rank.set(interaction.rank),
        Interaction.outbound_call_sid.set(interaction.outbound_call_sid),
        Interaction.date_updated.set(interaction.date_updated),
    ]
    if interaction.duration is not None:
        actions.append(Interaction.duration.set(interaction.duration))
    request = interaction.get_update_kwargs_from_instance(
        actions=actions,
        condition=Interaction.entry.exists() & (Interaction.rank < interaction.rank),
        return_values_on_condition_failure="ALL_OLD",
    )
    outcome = carry_out("update_item", request | {"ReturnValues": "ALL_NEW"})
    if outcome.row:
        interaction.refused = outcome.row.get("refused", {}).get("BOOL")
        interaction.counted_for = outcome.row.get("counted_for", {}).get("N")
    return outcome.held or (False if outcome.row else None)  # a late callback finds one, a first one none


def begin_interaction(
    interaction: Interaction, leg: MaskedLeg, pairs: list[DirectoryKey], most: int, tell: Tell
) -> bool:
    """Whether the interaction is new; then it is kept, its session in progress, and its expiry has slid if it slides.

    Of a session that has moved on meanwhile is done what is right for it as it is. Raises RequestRefused 20404 where
    it is deleted, LimitReached for a leg that is too many.
    """
    new = None if leg.way else keep_as_told(interaction, leg, pairs, most)  # who else is in a team, no route has told
    for _ in range(MAX_TRIES):
        if new is not None:
            return new
        new = keep_as_found(interaction, leg, most, tell)
    raise RuntimeError("other requests were at the same session, again and again")


def keep_as_told(interaction: Interaction, leg: MaskedLeg, pairs: list[DirectoryKey], most: int) -> bool | None:
    """Whether the interaction is new; None, where the session is not as it was when the call was put through.

    That is, it slides by the leg's own ttl, or not at all, was not opened again since, and has room for one more of its
    latest calls.
    """
    condition, more = is_as_told(leg.started, leg.ttl, leg.until if pairs else None), list[Action]()
    if most:
        condition &= Session.calls.does_not_exist() | (size(Session.calls) < most)  # type: ignore[no-untyped-call]
        more = [Session.calls.add({interaction.sid})]
    return keep_and_slide(interaction, leg, condition, leg.until if pairs else None, pairs, more)


def keep_as_found(interaction: Interaction, leg: MaskedLeg, most: int, tell: Tell) -> bool | None:
    """The same, for the session as it is now; None, where that has changed in this very moment."""
    session, people = find_with_people(leg.session_sid)
    if session is None or session.is_deleted:
        raise RequestRefused(20404, "the session of this callback does not exist", 404)
    now = int(time.time())
    if session.is_closed(now):
        return keep_alone(interaction, is_undeleted())
    others = still_running(session) - {interaction.sid} if most else set[str]()
    if most and len(others) >= most and interaction.status not in FINAL:
        return keep_as_too_many(interaction, most, tell)
    same_calls = Session.calls == session.calls if session.calls else Session.calls.does_not_exist()
    more: list[Action] = [Session.calls.set(others | {interaction.sid})] if most else []
    if leg.started < max(session.date_reopened or 0, session.date_last_interaction or 0):
        return keep_alone(interaction, is_undeleted() & same_calls, more)
    slid = session.slid_to(leg.started)
    later = slid if slid and slid > (session.expires_at or 0) else None
    pairs = pairs_of(present(people))
    condition = session_is_open(now) & is_as_read(session) & same_calls
    return keep_and_slide(interaction, leg, condition, later, pairs, more)


def still_running(session: Session) -> set[str]:
    """Which of a session's latest calls have not ended, as far as we have been told, in one round trip."""
    keys = [(session.session_sid, interaction_entry(sid)) for sid in session.calls or ()]
    found = Interaction.batch_get(keys, consistent_read=True) if keys else ()
    began_after = time.time() - MAX_CALL_SECONDS - DEFAULT_RING_SECONDS  # of what is older the end was lost
    return {one.sid for one in found if one.status not in FINAL and one.date_created > began_after}


def keep_as_too_many(interaction: Interaction, most: int, tell: Tell) -> bool | None:
    """Keeps the interaction of a leg that its session has no room for. Raises LimitReached if it is new."""
    interaction.refused = True
    new = keep_alone(interaction, is_undeleted())
    if new:
        raise session_reached(interaction.session_sid, most, time.time(), tell)
    return new


def keep_and_slide(
    interaction: Interaction,
    leg: MaskedLeg,
    condition: Condition,
    until: int | None,
    pairs: list[DirectoryKey],
    more: list[Action],
) -> bool | None:
    """Keeps the interaction, and the session goes on until then, where that is said; None, if the condition fails."""
    now, actions = int(time.time()), in_progress(leg.started) + more
    with refusals() as places, write_transaction() as transaction:
        transaction.save(interaction, condition=Interaction.entry.does_not_exist())
        if until:
            actions.append(Session.expires_at.set(until))
            slide_routes(transaction, leg.session_sid, pairs, until, now)
        transaction.update(Session(leg.session_sid, "session"), actions, condition=condition)
    return is_new(places, 0)


def slide_routes(
    transaction: TransactWrite, session_sid: str, pairs: Sequence[DirectoryKey], until: float, now: int
) -> None:
    """The routes of a session last until then, if they connect."""
    moved: list[Action] = [Route.expires_at.set(until), Route.free_from.set(Route.quarantine + until)]
    for pair in pairs:
        transaction.update(Route(*pair), moved, condition=is_connecting(session_sid, now))


def keep_alone(interaction: Interaction, condition: Condition, more: Sequence[Action] = ()) -> bool | None:
    """Keeps the interaction of a session that has gone on without it; None, where the condition fails.

    There may be `more` that changes in the session.
    """
    session_sid = interaction.session_sid
    with refusals() as places, write_transaction() as transaction:
        transaction.save(interaction, condition=Interaction.entry.does_not_exist())
        if more:
            transaction.update(Session(session_sid, "session"), list(more), condition=condition)
        else:
            transaction.condition_check(Session, session_sid, "session", condition=condition)
    return is_new(places, 0 if more else 1)  # a transaction begins with its condition checks


def is_new(places: set[int], own: int) -> bool | None:
    """Whether the interaction is new, whose place in a transaction is its `own`; None, where that has not decided."""
    return False if own in places else None if places else True


def is_as_told(started: int, ttl: float | None, until: int | None, grace: float | None = None) -> Condition:
    """The session is open, and as a route has told: it slides by this ttl, and not beyond `until`; or not at all.

    It has had no later interaction than one that `started` then, and was not opened again since.
    """
    condition = session_is_open(int(time.time())) & is_latest(started)
    if until is None:
        return condition & ((Session.ttl == 0) | Session.date_expiry.exists())
    condition &= Session.grace.does_not_exist() if grace is None else Session.grace == grace
    return condition & (Session.ttl == ttl) & Session.date_expiry.does_not_exist() & (Session.expires_at <= until)


def is_latest(started: int) -> Condition:
    """The session has had no interaction later than this moment, and was not opened again since."""
    same = Session.date_last_interaction.does_not_exist() | (Session.date_last_interaction <= started)
    return same & (Session.date_reopened.does_not_exist() | (Session.date_reopened <= started))


def in_progress(moment: int) -> list[Action]:
    """What an interaction that begins at this moment changes in its session."""
    return [
        Session.status.set("in-progress"),
        Session.date_started.set(Session.date_started | moment),
        Session.date_last_interaction.set(moment),
        Session.date_updated.set(moment),
    ]


def note_refused(session_sid: str, call_sid: str) -> None:
    """The leg of this call was more than is allowed."""
    interaction = Interaction(session_sid, interaction_entry("KI" + call_sid[2:]))
    update_if(interaction, [Interaction.refused.set(True)], Interaction.entry.exists())


def note_recording(session_sid: str, call_sid: str, recording_sid: str) -> None:
    """The call was recorded, as its interaction says from now on; one that was deleted says nothing."""
    interaction = Interaction(session_sid, interaction_entry("KI" + call_sid[2:]))
    update_if(interaction, [Interaction.recording_sid.set(recording_sid)], Interaction.entry.exists())


def list_interactions(session_sid: str) -> list[Interaction]:
    """A session's calls, the newest first, also those that are shown no more."""
    found = Interaction.query(session_sid, Interaction.entry.startswith("interaction#"), consistent_read=True)
    return sorted(found, key=lambda interaction: (interaction.date_created, interaction.sid), reverse=True)


def running(session_sid: str) -> list[str]:
    """The SIDs of the calls of this session that have not ended yet, both legs, as far as we have been told."""
    return [
        call_sid
        for interaction in list_interactions(session_sid)
        if interaction.status not in FINAL
        for call_sid in (interaction.inbound_call_sid, interaction.outbound_call_sid)
        if call_sid
    ]


def show_interaction(interaction: Interaction, service_sid: str, base: str) -> dict[str, Any]:
    """The interaction as Proxy's REST API writes it.

    The incoming leg is in progress until the outgoing one has ended, and then has ended like it.
    """
    calls = f"{config.CARRIER_URL}/2010-04-01/Accounts/{config.TWILIO_ACCOUNT_SID}/Calls"
    session = f"{base}/v1/Services/{service_sid}/Sessions/{interaction.session_sid}"
    data, sid = (
        {"duration": interaction.duration, "recording_sid": interaction.recording_sid},
        interaction.outbound_call_sid,
    )
    return {
        "sid": interaction.sid,
        "session_sid": interaction.session_sid,
        "service_sid": service_sid,
        "account_sid": config.TWILIO_ACCOUNT_SID,
        "data": json.dumps({name: str(value) for name, value in data.items() if value is not None}),
        "type": "voice",
        "inbound_participant_sid": interaction.inbound_participant_sid,
        "inbound_resource_sid": interaction.inbound_call_sid,
        "inbound_resource_status": interaction.status if interaction.status in FINAL else "in-progress",
        "inbound_resource_type": "Call",
        "inbound_resource_url": f"{calls}/{interaction.inbound_call_sid}.json",
        "outbound_participant_sid": interaction.outbound_participant_sid,
        "outbound_resource_sid": sid,
        "outbound_resource_status": interaction.status,
        "outbound_resource_type": "Call" if sid else None,
        "outbound_resource_url": f"{calls}/{sid}.json" if sid else None,
        "date_created": date(interaction.date_created),
        "date_updated": date(interaction.date_updated),
        "url": f"{session}/Interactions/{interaction.sid}",
    }
