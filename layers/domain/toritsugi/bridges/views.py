"""A bridge as the REST API shows it: a function of what was wanted and of the set of its callbacks."""

import math
from typing import Annotated, Literal

from typing_extensions import TypedDict  # typing's own says too little to pydantic before Python 3.12

from toritsugi.bridges import announcements
from toritsugi.bridges.records import Announcement, Bridge, Party
from toritsugi.bridges.state import BridgeLeg, State
from toritsugi.foundation.forms import date
from toritsugi.foundation.request_types import Moment, PageMeta, Uri, one_of

CallStatus = Literal["ringing", "in-progress", "completed"]
LegStatus = Literal[
    "queued", "initiated", "ringing", "in-progress", "answered", "completed", "busy", "no-answer", "failed", "canceled"
]

TimelineEntryBase = TypedDict("TimelineEntryBase", {"from": str})  # no class can have a field of this name


class CallView(TimelineEntryBase):
    """A call as it stands in a list: ringing, in-progress or completed, which `end_reason` explains."""

    sid: str
    status: Annotated[str, one_of(CallStatus)]
    through: Annotated[str, one_of(Literal["conference", "dial"])]
    session_sid: str | None
    minutes: int
    created_at: Moment
    ends_at: Moment
    extensions: int
    ended_at: Moment
    end_reason: str | None


class LegView(TypedDict):
    """One time that somebody was called, with Twilio's words for how far it came."""

    sid: str | None
    status: Annotated[str, one_of(LegStatus)]
    answered_by: str | None
    answered_at: Moment
    ended_at: Moment
    seconds: int | None
    billed_minutes: int
    was_in_conference: bool


class PartyView(TypedDict):
    """One of the people: `shows` is the line that they see, `error` why Twilio did not call them."""

    id: int
    number: str
    name: str | None
    shows: str
    in_conference: bool
    removed: bool
    error: str | None
    legs: list[LegView]


class Dropped(TypedDict):
    """An announcement that was not spoken when it was due."""

    due_at: Moment
    reason: str | None


class AnnouncementView(TypedDict):
    """An announcement: when it is due next, and when it was spoken, once for each deadline."""

    id: int
    before_end: int | None
    after_start: int | None
    say: str | None
    play: Uri | None
    language: str
    to: int | None
    due_at: Moment
    spoken_at: list[Moment]
    dropped: list[Dropped]


class Happening(TypedDict):
    """Something that happened, and to which participant if to one."""

    happened_at: Moment
    event: str
    participant: int | None
    detail: str | None


class WholeCallView(CallView):
    """A call with its people, what was spoken, and everything that happened."""

    started_at: Moment
    billed_minutes: int
    participants: list[PartyView]
    announcements: list[AnnouncementView]
    timeline: list[Happening]


class CallPage(TypedDict):
    """A page of calls; `next_page_url` in `meta` leads to the next one."""

    calls: list[CallView]
    meta: PageMeta


class Participants(TypedDict):
    """Everybody who is, was, or will be in a call."""

    participants: list[PartyView]


class PartyChanged(PartyView):
    """One of the people, and what has just been changed; null: nothing."""

    muted: bool | None
    hold: bool | None


def show_bridge(bridge: Bridge) -> CallView:
    """The bridge as it stands in a list."""
    return {
        "sid": bridge.bridge_sid,
        "status": bridge.status,
        "through": bridge.through,
        "from": bridge.line,
        "session_sid": bridge.session_sid,
        "minutes": int(bridge.minutes),
        "created_at": date(bridge.date_created),
        "ends_at": date(bridge.deadline),
        "extensions": int(bridge.extensions),
        "ended_at": date(bridge.ended_at),
        "end_reason": bridge.end_reason,
    }


def show_whole_bridge(state: State) -> WholeCallView:
    """The bridge with its people, what was spoken, and everything that happened, in its order."""
    return {
        **show_bridge(state.bridge),
        "started_at": date(state.started_at),
        "billed_minutes": sum(billed_minutes(leg) for leg in state.legs.values()),
        "participants": [show_party(state, party) for party in state.parties],
        "announcements": [show_announcement(state, one) for one in state.announcements],
        "timeline": timeline(state),
    }


def show_party(state: State, party: Party) -> PartyView:
    """One of the people, and how they were called."""
    legs = [leg for leg in state.legs.values() if leg.place == party.place]
    return {
        "id": int(party.place),
        "number": party.number,
        "name": party.name,
        "shows": party.shows,
        "in_conference": any(leg.call_sid in state.members for leg in legs),
        "removed": party.removed_at is not None,
        "error": party.refused,
        "legs": [show_leg(state, leg) for leg in legs],
    }


def show_leg(state: State, leg: BridgeLeg) -> LegView:
    return {
        "sid": leg.call_sid,
        "status": leg.status,
        "answered_by": leg.answered_by,
        "answered_at": date(leg.answered_at),
        "ended_at": date(leg.ended_at),
        "seconds": whole_number_or_none(leg.seconds),
        "billed_minutes": billed_minutes(leg),
        "was_in_conference": state.has_been_in(leg),
    }


def billed_minutes(leg: BridgeLeg) -> int:
    """What Twilio bills: every leg that was answered, rounded up to the minute.

    https://help.twilio.com/articles/223132307
    """
    if leg.minutes is not None:
        return int(leg.minutes) if leg.status == "completed" else 0
    return max(1, math.ceil((leg.seconds or 0) / 60)) if leg.status == "completed" else 0


def show_announcement(state: State, announcement: Announcement) -> AnnouncementView:
    """An announcement, when it is due next, and when it was spoken."""
    spoken = sorted((one for one in state.spoken.values() if one.id == announcement.id), key=lambda one: one.version)
    waiting = {one.id: due for one, due in announcements.unspoken(state)}
    return {
        "id": int(announcement.id),
        "before_end": whole_number_or_none(announcement.before_end),
        "after_start": whole_number_or_none(announcement.after_start),
        "say": announcement.words,
        "play": announcement.audio,
        "language": announcement.language,
        "to": whole_number_or_none(announcement.to),
        "due_at": None if state.bridge.is_over else date(waiting.get(announcement.id)),
        "spoken_at": [date(one.at) for one in spoken if not one.dropped],
        "dropped": [{"due_at": date(one.due), "reason": one.dropped} for one in spoken if one.dropped],
    }


def whole_number_or_none(number: float | None) -> int | None:
    return None if number is None else int(number)


def timeline(state: State) -> list[Happening]:
    """Everything that happened, the earliest first."""
    places = {leg.call_sid: leg.place for leg in state.legs.values() if leg.call_sid}
    happened = [
        (event.at, event.name, places.get(event.call_sid or ""), event.reason or event.answered_by)
        for event in state.events
    ]
    happened += [
        (one.at, f"announcement-{'dropped' if one.dropped else 'spoken'}", None, f"announcement {int(one.id)}")
        for one in state.spoken.values()
    ]
    if state.bridge.extended_at is not None:
        happened.append((state.bridge.extended_at, "extended", None, f"{int(state.bridge.extensions)} times in all"))
    if state.bridge.ended_at is not None:
        happened.append((state.bridge.ended_at, "ended", None, state.bridge.end_reason))
    return [
        {"happened_at": date(at), "event": name, "participant": place, "detail": detail}
        for at, name, place, detail in sorted(happened, key=lambda one: (one[0], one[1], one[2] or 0, one[3] or ""))
    ]
