"""What has to be done for a bridge now, and when to look again: facts in, steps out.

It follows from the state alone. So whoever looks, at whatever occasion and however often, sees the same things due.
"""

import math
from collections.abc import Iterator

from toritsugi.bridges import announcements
from toritsugi.bridges.announcements import DOUBT_SECONDS, LATE_ANNOUNCEMENT_SECONDS
from toritsugi.bridges.bounds import DELETED_SESSION
from toritsugi.bridges.events import MACHINES
from toritsugi.bridges.records import Party
from toritsugi.bridges.state import FAR_SECONDS, LOST_SECONDS, BridgeLeg, State
from toritsugi.bridges.steps import (
    GRACE_SECONDS,
    Arm,
    Begin,
    BridgeStep,
    Close,
    Drop,
    End,
    Follow,
    Leave,
    Limit,
    Miss,
    Prolong,
    Release,
    Ring,
    Settle,
    Speak,
    SpeakAgain,
)
from toritsugi.foundation.durations import RETRY_SECONDS

ALONE_SECONDS = 15
FAREWELLS = {"left-alone": "left alone", "session-ended": "call ended"}
DOUBTED_CALL_SECONDS = 5  # after which a call of which Twilio has not said whether it makes it is looked for
FORGOTTEN_SECONDS = 4 * 3600  # after the time that it was to last, a bridge that never began is over


def due(state: State, now: float) -> list[BridgeStep]:
    """What has to be done at this moment, the most urgent first."""
    bridge = state.bridge
    if bridge.is_over:
        return [*conference_to_close(state), *legs_to_release(state, now), *session_to_leave(state)]
    if reason := why_over(state, now):
        return [End(bridge, reason)]
    if bridge.deadline is None and state.started_at is not None:
        full_time = int(state.started_at + bridge.minutes * 60)
        return [Begin(bridge, state.bounds.limit(full_time), full_time)]
    if steps := [*session_to_follow(state)]:
        return steps
    return [
        *announcements_due(state, now),
        *announcements_in_doubt(state, now),
        *telephones_to_ring(state, now),
        *calls_in_doubt(state, now),
        *limits_due(state),
        *session_to_prolong(state),
        *timers_due(state, now),
        *legs_to_release(state, now),
    ]


def next_look(state: State, now: float) -> int | None:
    """When to look again, in whole seconds, apart from what is armed with the deadline; None: there is no need.

    It is one moment, however much is pending. What is due after it is found when that moment has come.
    """
    return min(later(state, now), default=None)


def later(state: State, now: float) -> set[int]:
    """The moments after now at which something may be due, apart from what is armed with the deadline."""
    hung_up = [state.again_at(party, leg) for party, leg in state.living()]
    moments: set[float] = {again for again in hung_up if again is not None}
    if state.bridge.is_over:
        return {math.ceil(moment) for moment in moments if moment > now}
    if state.bridge.deadline is not None and state.bridge.armed < state.bridge.version:
        moments.add(state.bridge.deadline)
    if state.started_at is None and state.bounds.connects_until is not None:
        moments.add(state.bounds.connects_until)
    if (since := state.alone_since(now)) is not None:
        moments.add(since + ALONE_SECONDS)
    moments |= {due + LATE_ANNOUNCEMENT_SECONDS for announcement, due in announcements.unspoken(state) if due <= now}
    for _, spoken in announcements.in_doubt(state):
        moments |= {(spoken.doubted_at or 0) + DOUBT_SECONDS, spoken.due + LATE_ANNOUNCEMENT_SECONDS}
    moments |= {(party.doubted_at or 0) + DOUBTED_CALL_SECONDS for party in doubted(state)}
    for party in state.parties:
        leg = state.leg_of(party)
        if leg and leg.ended_at is not None and state.may_be_called_again(party, leg):
            moments.add(leg.ended_at + RETRY_SECONDS)
        if leg and leg.is_alive and (away := state.away_since(leg)) is not None:
            moments.add(away + FAR_SECONDS)
        if leg and leg.is_alive and leg.call_sid is None:
            moments.add(leg.called_at + LOST_SECONDS)
    return {math.ceil(moment) for moment in moments if moment > now}


# ---- why it is over --------------------------------------------------------------------------------------------------


def why_over(state: State, now: float) -> str | None:
    """Why there is nothing left to be waited for; None while there is."""
    return why_too_late(state, now) or why_deserted(state, now)


def why_too_late(state: State, now: float) -> str | None:
    """Which of its times is up: time, forgotten, or session-ended; None while none is."""
    bridge = state.bridge
    if bridge.deadline is not None and now >= bridge.deadline:
        return "time"
    if bridge.deadline is None and now >= bridge.date_created + bridge.minutes * 60 + FORGOTTEN_SECONDS:
        return "forgotten"
    if state.started_at is None and not state.bounds.connects(now):
        return "session-ended"
    return None


def why_deserted(state: State, now: float) -> str | None:
    """Why too few people are there, or may still come, to go on for; None while there are enough."""
    bridge = state.bridge
    coming = [party for party in state.parties if state.may_come(party, now)]
    if bridge.through == "dial":
        first = next((party for party in coming if party.place == 1), None)
        return None if first else "hung-up" if state.started_at else why_unreached(state)
    if not coming:
        return "hung-up" if any(map(state.has_been_in, state.legs.values())) else why_unreached(state)
    if len(coming) > 1:
        return None
    leg = state.leg_of(coming[0])
    since = state.alone_since(now)
    if since is None:  # nobody else ever came
        return None if bridge.if_unanswered == "wait" else why_unreached(state)
    if leg is None or not leg.is_answered:
        return "hung-up"  # a telephone need not ring for somebody who has hung up
    return "left-alone" if now >= since + ALONE_SECONDS else None


def why_unreached(state: State) -> str:
    """Why the last of those who never came did not: busy, no-answer, failed, canceled, machine, or declined."""
    unreached = [leg for leg in state.legs.values() if not leg.is_alive and not state.has_been_in(leg)]
    if not unreached:
        return "failed"
    leg = max(unreached, key=lambda leg: (leg.ended_at or 0, leg.place))
    if leg.status != "completed":
        return leg.status
    return "machine" if leg.answered_by in MACHINES else "declined"


# ---- what is to be done ----------------------------------------------------------------------------------------------


def telephones_to_ring(state: State, now: float) -> Iterator[BridgeStep]:
    """Calls those who were not called yet, and those who are tried a second time."""
    for party in state.parties:
        leg = state.leg_of(party)
        called_by_us = state.bridge.through == "conference" or party.place == 1
        if party.removed_at is not None or not called_by_us or not state.bounds.connects(now):
            continue
        if leg is None or (state.may_be_called_again(party, leg) and now >= (leg.ended_at or 0) + RETRY_SECONDS):
            yield Ring(state.bridge, party, state.bounds)


def announcements_due(state: State, now: float) -> Iterator[BridgeStep]:
    """Speaks what is due to whoever can hear it, and drops what comes too late."""
    for announcement, moment in announcements.unspoken(state):
        if now >= moment + LATE_ANNOUNCEMENT_SECONDS:
            yield Drop(state.bridge, announcement, moment)
        elif now >= moment and state.room and announcements.is_heard(announcement, state):
            sid = announcements.listener(announcement, state)
            yield Speak(state.bridge, announcement, moment, state.room.conference_sid, sid)


def announcements_in_doubt(state: State, now: float) -> Iterator[BridgeStep]:
    """Speaks once more what Twilio may not have heard of, and gives up what would come too late."""
    for announcement, spoken in announcements.in_doubt(state):
        since = float(spoken.doubted_at or 0)
        if now >= spoken.due + LATE_ANNOUNCEMENT_SECONDS:
            yield Miss(state.bridge, announcement, since)
        elif now >= since + DOUBT_SECONDS and state.room and announcements.is_heard(announcement, state):
            listener = announcements.listener(announcement, state)
            yield SpeakAgain(state.bridge, announcement, since, state.room.conference_sid, listener)


def calls_in_doubt(state: State, now: float) -> Iterator[BridgeStep]:
    """Looks for each call of which Twilio has not said whether it makes it, and no callback has told since."""
    for party in doubted(state):
        if now >= (party.doubted_at or 0) + DOUBTED_CALL_SECONDS:
            yield Settle(party)


def doubted(state: State) -> list[Party]:
    """Whose call was perhaps not made."""
    waiting = [party for party, leg in state.living() if leg.call_sid is None and party.removed_at is None]
    return [party for party in waiting if party.doubted_at is not None]


def limits_due(state: State) -> Iterator[BridgeStep]:
    """Sets Twilio's time limit of each answered leg whose limit is older than the deadline."""
    deadline, version = state.bridge.deadline, int(state.bridge.version)
    for party, leg in state.living():
        if deadline is not None and leg.answered_at is not None and leg.call_sid and party.limited < version:
            seconds = int(deadline - leg.answered_at) + GRACE_SECONDS
            yield Limit(party, leg.call_sid, max(1, seconds), version)


def session_to_prolong(state: State) -> Iterator[BridgeStep]:
    """Prolongs the masked session, where it has not followed the latest extension yet."""
    bridge = state.bridge
    if bridge.session_sid and bridge.extensions and bridge.prolonged < bridge.version:
        yield Prolong(bridge)


def session_to_follow(state: State) -> Iterator[BridgeStep]:
    """Moves the deadline to the session's end where that comes before the full time.

    That waits until the session has followed an extension. A deleted session moves no deadline any more.
    """
    bridge = state.bridge
    if (
        bridge.deadline is None
        or bridge.full_time is None
        or state.bounds == DELETED_SESSION
        or [*session_to_prolong(state)]
    ):
        return
    deadline = state.bounds.limit(bridge.full_time)
    if deadline != bridge.deadline:
        yield Follow(bridge, deadline)


def session_to_leave(state: State) -> Iterator[BridgeStep]:
    """Has the session forget this bridge, if it still knows it."""
    if state.bridge.enrolled:
        yield Leave(state.bridge, state.started_at is not None)


def timers_due(state: State, now: float) -> Iterator[BridgeStep]:
    """Arms the newest deadline and the announcements before it, once for each deadline."""
    bridge = state.bridge
    if bridge.deadline is not None and state.started_at is not None and bridge.armed < bridge.version:
        ahead = [(due, True) for _, due in announcements.unspoken(state) if due > now]
        yield Arm(bridge, ((bridge.deadline, True), *ahead))


def conference_to_close(state: State) -> Iterator[BridgeStep]:
    """Ends the newest conference, once, while more than one call is still in it."""
    if state.room and state.room.runs and len(state.members) > 1 and state.bridge.closed != state.room.conference_sid:
        yield Close(state.bridge, state.room.conference_sid)


def legs_to_release(state: State, now: float) -> Iterator[BridgeStep]:
    """Hangs up each leg that has no business in the bridge any more, and once more where that did not help."""
    for party, leg in state.living():
        unwanted = state.bridge.is_over or party.removed_at is not None
        if not unwanted or not leg.call_sid:
            continue
        again = state.again_at(party, leg)
        if party.released < leg.attempt:
            yield Release(party, leg.call_sid, leg.attempt, farewell(state, leg))
        elif again is not None and now >= again:
            yield Release(party, leg.call_sid, leg.attempt, None)


def farewell(state: State, leg: BridgeLeg) -> str | None:
    """The name of the sentence for somebody who is left over; None, where there was a warning or nobody listens."""
    bridge = state.bridge
    if not leg.is_answered or bridge.end_reason in (None, "time", "api", "hung-up", "forgotten"):
        return None
    if bridge.end_reason == "failed" and state.met_full_account:
        return "limit reached"
    return FAREWELLS.get(bridge.end_reason, "unanswered")
