"""How a bridge begins, is extended, spoken into, joined and ended. What has to follow at Twilio is steps' business."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pynamodb.transactions import TransactWrite

from toritsugi import words
from toritsugi.bridges import announcements
from toritsugi.bridges.bounds import Bounds
from toritsugi.bridges.records import (
    Announcement,
    Bridge,
    BridgeEntry,
    BridgeEvent,
    Party,
    announcement_key,
    bridge_key,
    look_up_bridge_entries,
    party_key,
    update_unread_if,
)
from toritsugi.foundation import config
from toritsugi.foundation.durations import DEFAULT_RING_SECONDS
from toritsugi.foundation.errors import RequestRefused
from toritsugi.foundation.retention import kept_until
from toritsugi.foundation.transactions import MAX_TRIES, refusals, set_or_remove, write_transaction

if TYPE_CHECKING:  # voice.py needs a bridge's life, and no state
    from toritsugi.bridges.state import State

MAX_PEOPLE_OF_CALL, MAX_ANNOUNCEMENTS = 10, 80  # with the bridge itself fewer than a transaction's hundred
SAME_MOMENT_SECONDS = 15  # a star so soon after an extension asked for that one

Wake = Callable[[str, float], None]


def make_sid(seed: str | None = None) -> str:
    """A bridge's SID; the same one for the same seed."""
    return "KB" + (uuid.uuid5(uuid.NAMESPACE_OID, seed) if seed else uuid.uuid4()).hex


def new_bridge(bridge_sid: str, **settings: Any) -> Bridge:
    """A bridge that is not kept yet."""
    now = time.time()
    month = f"{datetime.fromtimestamp(now, UTC):%Y-%m}"
    listed_as = f"{int(now * 1000):013}#{bridge_sid}"
    return Bridge(*bridge_key(bridge_sid), month=month, listed_as=listed_as, date_created=now, **settings)


def keep_bridge(bridge: Bridge, others: Iterable[BridgeEntry]) -> Bridge:
    """Keeps the bridge with its people and announcements; returns it.

    If the very same was asked for before, returns the one that is there. Raises RequestRefused 422 for a key that was
    used for another request.
    """
    entries = list(others)
    for _ in range(MAX_TRIES):
        if kept := keep_bridge_with(bridge, entries):
            return kept
    raise RequestRefused(20409, "The same request is being carried out. Please try again", 409)


def keep_bridge_with(
    bridge: Bridge, entries: Iterable[BridgeEntry], more: Callable[[TransactWrite], None] = lambda _: None
) -> Bridge | None:
    """Keeps the bridge in one try, with whatever `more` adds to the transaction; returns it.

    None where that, or another request, was in the way.
    """
    bridge.listed_under = bridge.session_sid
    with refusals() as places, write_transaction() as transaction:
        transaction.save(bridge, condition=Bridge.entry.does_not_exist())
        for entry in entries:
            if isinstance(entry, Party):
                list_under_number(entry, bridge)
            transaction.save(entry)
        more(transaction)
    return find_same(bridge) if places else bridge


def list_under_number(party: Party, bridge: Bridge) -> None:
    """Puts a party where the calls of this person are found, in their order."""
    party.listed_under, party.listed_as = party.number, bridge.listed_as


def find_same(bridge: Bridge) -> Bridge | None:
    """The bridge that is there, if the very same was asked for before. Raises RequestRefused 422 for another."""
    found = find_bridge(bridge.bridge_sid)
    if found and found.asked != bridge.asked:
        raise RequestRefused(20409, "This Idempotency-Key was used for another request", 422)
    return found


def find_bridge(bridge_sid: str) -> Bridge | None:
    """The bridge of this SID, in one round trip."""
    found = look_up_bridge_entries(bridge_key(bridge_sid)).get(bridge_key(bridge_sid))
    return found if isinstance(found, Bridge) else None


def get_bridge(bridge_sid: str) -> Bridge:
    """The bridge of this SID. Raises RequestRefused 20404."""
    found = find_bridge(bridge_sid)
    if not found or not found.is_kept:
        raise RequestRefused(20404, "There is no such call", 404)
    return found


def get_leg(bridge_sid: str, place: int) -> tuple[Bridge, Party]:
    """A bridge and one of its people, in one round trip. Raises RequestRefused 20404."""
    keys = bridge_key(bridge_sid), party_key(bridge_sid, place)
    found = look_up_bridge_entries(*keys)
    bridge, party = (found.get(key) for key in keys)
    if not isinstance(bridge, Bridge) or not isinstance(party, Party):
        raise RequestRefused(20404, "There is no such call", 404)
    return bridge, party


def list_parties(bridge: Bridge, most: int = MAX_PEOPLE_OF_CALL) -> list[Party]:
    """All of its people, in one round trip."""
    found = look_up_bridge_entries(*(party_key(bridge.bridge_sid, place) for place in range(1, most + 1)))
    return sorted((entry for entry in found.values() if isinstance(entry, Party)), key=lambda party: party.place)


def get_announcement(bridge_sid: str, announcement: int) -> Announcement:
    """One of its announcements. Raises RequestRefused 20404."""
    found = look_up_bridge_entries(announcement_key(bridge_sid, announcement)).get(
        announcement_key(bridge_sid, announcement)
    )
    if not isinstance(found, Announcement):
        raise RequestRefused(20404, "There is no such announcement", 404)
    return found


# ---- more time -------------------------------------------------------------------------------------------------------


def extend_by_star(bridge: Bridge, party: Party, now: float) -> tuple[Bridge, str]:
    """The bridge as it is after a star, and what that has done: extended, full (no more extensions), or back (nothing).

    Both may press in the same second, or a press may be reported twice: the deadline's version lets one of them move
    it, and the other hears that it has moved.
    """
    for _ in range(MAX_TRIES):
        if bridge.is_over or bridge.deadline is None or now >= bridge.deadline:
            return bridge, "back"
        if bridge.extended_at is not None and now - bridge.extended_at < SAME_MOMENT_SECONDS:
            return bridge, "extended"
        allowed = bridge.extension_by is None or party.place in bridge.extension_by
        if not allowed or now < bridge.deadline - bridge.window:
            return bridge, "back"
        if bridge.extensions >= bridge.extension_times:
            return bridge, "full"
        if prolong_bridge(bridge, int(bridge.extension_minutes), now):
            return get_bridge(bridge.bridge_sid), "extended"
        bridge = get_bridge(bridge.bridge_sid)
    return bridge, "back"


def extend(bridge_sid: str, now: float) -> Bridge:
    """The bridge with one extension more. Raises RequestRefused 409 where there is none left, or nothing to extend."""
    for _ in range(MAX_TRIES):
        bridge = get_bridge(bridge_sid)
        if bridge.is_over:
            raise RequestRefused(20409, "The call has ended", 409)
        if bridge.deadline is None:
            raise RequestRefused(20409, "The call has not begun: its time runs from when two people are in it", 409)
        if not bridge.extension_minutes:
            raise RequestRefused(20409, "The call was made without an extension", 409)
        if bridge.extensions >= bridge.extension_times:
            raise RequestRefused(
                20409, f"The call was extended {int(bridge.extensions)} times, as often as it may", 409
            )
        if prolong_bridge(bridge, int(bridge.extension_minutes), now):
            return get_bridge(bridge_sid)
    raise RequestRefused(20409, "The call was being changed by others. Please try again", 409)


def prolong_bridge(bridge: Bridge, minutes: int, now: float) -> bool:
    """Whether the deadline is later now, by so many minutes; not if it has moved, or passed, since it was read."""
    actions = [
        Bridge.deadline.set(Bridge.deadline + minutes * 60),
        Bridge.full_time.set((Bridge.full_time | Bridge.deadline) + minutes * 60),
        Bridge.version.set(Bridge.version + 1),
        Bridge.extensions.set(Bridge.extensions + 1),
        Bridge.extended_at.set(now),
        Bridge.extended_from.set(Bridge.extended_from | Bridge.deadline),
    ]
    unmoved = (Bridge.version == bridge.version) & (Bridge.deadline > now)
    return update_unread_if(bridge, actions, unmoved & Bridge.ended_at.does_not_exist())


# ---- words, people, the end ------------------------------------------------------------------------------------------


def add_announcement(state: State, announcement: Announcement) -> Announcement:
    """One more announcement, under the next free number. Raises RequestRefused 409 when the bridge has ended."""
    if state.bridge.is_over:
        raise RequestRefused(20409, "The call has ended", 409)
    latest = max((int(known.id) for known in state.announcements), default=0)
    for number in range(latest + 1, latest + 1 + MAX_TRIES):  # somebody else may be at it
        announcement.id = number
        announcement.bridge_sid, announcement.entry = announcement_key(state.bridge.bridge_sid, number)
        with refusals() as places, write_transaction() as transaction:
            transaction.save(announcement, condition=Announcement.entry.does_not_exist())
        if not places:
            return announcement
    raise RequestRefused(20409, "Others were adding announcements. Please try again", 409)


def add_party(state: State, party: Party) -> Party:
    """One more person, who will be called. Raises RequestRefused 409 when the bridge has ended, or is full."""
    check_takes_more(state)
    list_under_number(party, state.bridge)
    with refusals() as places, write_transaction() as transaction:
        transaction.save(party, condition=Party.entry.does_not_exist())
    if places:
        raise RequestRefused(20409, "Others were adding participants. Please try again", 409)
    return party


def check_takes_more(state: State) -> None:
    """Raises RequestRefused 409 where nobody more can be called: it has ended, is full, or was dialed."""
    if state.bridge.is_over:
        raise RequestRefused(20409, "The call has ended", 409)
    if state.bridge.through != "conference":
        raise RequestRefused(20409, "Only a conference takes more people", 409)
    if len(state.parties) >= MAX_PEOPLE_OF_CALL:
        raise RequestRefused(20409, f"A call has at most {MAX_PEOPLE_OF_CALL} participants", 409)


def note_more_reserved(bridge: Bridge, yen: int) -> bool:
    """Whether a bridge knows now that more was reserved for it; not one of which all is settled."""
    more = [Bridge.reserved_yen.set((Bridge.reserved_yen | 0) + yen)]
    return update_unread_if(bridge, more, Bridge.reserved_at.exists())


def remove_party(party: Party, now: float) -> None:
    """Notes that a person is not wanted any more; twice is once."""
    update_unread_if(party, [Party.removed_at.set(now)], Party.entry.exists() & Party.removed_at.does_not_exist())


def note_call(party: Party, attempt: int, call_sid: str) -> None:
    """Keeps the CallSid of a call that was made; its callbacks may have told it already."""
    update_unread_if(party, [Party.call_sid.set(call_sid)], Party.attempts == attempt)


def note_refusal(party: Party, attempt: int, why: str, code: int | None = None) -> None:
    """Keeps why a call was not made, and with which code of Twilio's, if it is Twilio's refusal."""
    changes = [Party.refused.set(why[:500]), set_or_remove(Party.refused_code, code)]
    update_unread_if(party, changes, Party.attempts == attempt)


def note_call_doubt(party: Party, attempt: int, now: float) -> None:
    """Keeps that it is not known whether a call was made."""
    actions = [Party.doubted_at.set(now), Party.doubts.set((Party.doubts | 0) + 1)]
    update_unread_if(party, actions, Party.attempts == attempt)


def forget_call_doubt(party: Party, attempt: int) -> None:
    """Keeps that a call may well have been made: its callbacks tell the rest."""
    update_unread_if(party, [Party.doubted_at.remove()], Party.attempts == attempt)


def take_back_call(party: Party, attempt: int) -> None:
    """Keeps that a call was never made, so that it is made again."""
    actions = [Party.attempts.set(attempt - 1), Party.attempted_at.remove(), Party.doubted_at.remove()]
    in_doubt = (Party.attempts == attempt) & Party.doubted_at.exists() & Party.call_sid.does_not_exist()
    update_unread_if(party, actions, in_doubt)


def end_bridge(bridge: Bridge, reason: str, now: float) -> bool:
    """Whether it is we who have ended the bridge; not if it has ended, or the deadline moved, since it was read."""
    forget_at = set_or_remove(Bridge.forget_at, kept_until(now, config.CALL_RETENTION))
    actions = [Bridge.ended_at.set(now), Bridge.end_reason.set(reason), forget_at]
    return update_unread_if(bridge, actions, Bridge.ended_at.does_not_exist() & (Bridge.version == bridge.version))


def plan_look(bridge: Bridge, moment: int, message_id: str) -> bool:
    """Whether it is this message that sends the timer for this look.

    False if another look has been planned since the bridge was read.
    """
    seen = bridge.next_look
    unplanned = Bridge.next_look.does_not_exist() if seen is None else Bridge.next_look == seen
    actions = [Bridge.next_look.set(moment), Bridge.next_look_by.set(message_id)]
    return update_unread_if(bridge, actions, Bridge.entry.exists() & unplanned)


def finish(bridge_sid: str, reason: str, now: float) -> Bridge:
    """The bridge, ended."""
    for _ in range(MAX_TRIES):
        bridge = get_bridge(bridge_sid)
        if bridge.is_over or end_bridge(bridge, reason, now):
            break
    return get_bridge(bridge_sid)


# ---- a masked call through a conference ------------------------------------------------------------------------------


def bridge_sid_of(call_sid: str) -> str:
    """The SID of the bridge that an incoming call begins: the same, however often Twilio asks."""
    return "KB" + call_sid[2:]


def for_session(
    call_sid: str,
    began: float,
    full_time: float,
    bounds: Bounds,
    caller: Party,
    callee: Party,
    warn: int,
    **settings: Any,
) -> tuple[Bridge, list[BridgeEntry]]:
    """The bridge of a masked call: the caller is there already, the other is to be called.

    It lasts until its full time, or the end of its session. `warn` is how many seconds before the end both are told; 0:
    never.
    """
    sid, deadline = bridge_sid_of(call_sid), bounds.limit(full_time)
    bridge = new_bridge(
        sid,
        through="conference",
        minutes=max(1, int((deadline - began) // 60)),
        ring_seconds=DEFAULT_RING_SECONDS,
        if_unanswered="end",
        deadline=deadline,
        full_time=int(full_time),
        version=1,
        window=warn,
        **settings,
    )
    caller.attempts, caller.attempted_at, caller.call_sid = 1, began, call_sid
    event = BridgeEvent(
        sid, f"event#{call_sid}#000000#in-progress", name="in-progress", at=int(began), sequence=0,
        place=1, attempt=1, call_sid=call_sid,
    )  # fmt: skip
    entries: list[BridgeEntry] = [caller, callee, event]
    if warn:
        entries.append(warn_before_end(bridge, 1, warn, caller.language))
    return bridge, entries


def warn_before_end(bridge: Bridge, number: int, seconds: int, language: str) -> Announcement:
    """Our own announcement: how much time is left, and how to have more where that is possible."""
    if not words.find(language):  # the voice of another language is not the one for our sentence
        language = words.nearest(language).locale
    minutes = int(bridge.extension_minutes) if bridge.extension_by is None else 0
    warning = announcements.warning(seconds, language, minutes)
    return Announcement(
        *announcement_key(bridge.bridge_sid, number), id=number, before_end=seconds, words=warning, language=language
    )
