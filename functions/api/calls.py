"""The exchange's own calls: to two or more people, who are put through to each other, with a clock."""

import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from api.dry_runs import TRIED, DryRun, made, price_of_call, price_of_participant
from api.queries import (
    IdempotencyKey,
    Month,
    OfSession,
    Order,
    OurLine,
    PageSize,
    PageToken,
    Person,
    Since,
    Until,
    WholeNumber,
    client_of,
    page,
    stretch_of,
)
from toritsugi import words
from toritsugi.adapters import event_bus, schedules, twilio_api
from toritsugi.bridges import announcements, commands, lists, schemas, state, uses, views
from toritsugi.bridges.lists import CallFilter
from toritsugi.bridges.records import Announcement, Bridge, BridgeEntry, Party, party_key
from toritsugi.bridges.schemas import AnnouncementWords, CallRequest, ParticipantChange, PartyRequest
from toritsugi.bridges.views import (
    AnnouncementView,
    CallPage,
    CallStatus,
    Participants,
    PartyChanged,
    PartyView,
    WholeCallView,
)
from toritsugi.callers import caller
from toritsugi.foundation.errors import RequestRefused
from toritsugi.foundation.problems import answers
from toritsugi.foundation.types import Json
from toritsugi.limits import usage
from toritsugi.limits.switch import Switch, check_stop, limits_of, switch_key
from toritsugi.limits.usage import Use
from toritsugi.lines import destinations, directory
from toritsugi.lines.lines import Line, line_key
from toritsugi.masking import in_conference
from toritsugi.masking.services import get_service
from toritsugi.masking.sessions import get_with_people, present
from toritsugi.tariffs.views import EstimateView

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]


CallSid = Annotated[str, Path(pattern="^KB[0-9a-f]{32}$", description="The call's SID")]
ParticipantPlace = Annotated[
    WholeNumber, Path(alias="id", ge=1, le=999, description="The participant's id: 1 for the first of `parties`")
]


# ---- calls -----------------------------------------------------------------------------------------------------------


@router.post(
    "/api/calls",
    tags=["calls"],
    summary="Call two or more people, and put them through",
    status_code=201,
    responses=TRIED
    | answers(
        "The call, whose telephones ring next",
        *(201, 400, 404, 409, 413, 415, 429, 502, 503),
        content=made(WholeCallView),
    ),
)
def create_call(
    asked: Annotated[CallRequest, Body()],
    idempotency_key: IdempotencyKey = None,
    dry_run: DryRun = False,
) -> tuple[WholeCallView | EstimateView, int]:
    sid = commands.make_sid(f"{client_of(router)} {idempotency_key}" if idempotency_key else None)
    people, more = get_people(asked)
    known = look_up({str(person.shows or asked.from_) for person in people}, {one.number for one in people})
    bridge, entries = schemas.new_requested_bridge(asked, people, sid, known.languages, **more)
    parties = [entry for entry in entries if isinstance(entry, Party)]
    same = commands.find_same(bridge) if idempotency_key else None
    if not same:
        check_lines({party.shows for party in parties}, {party.number for party in parties}, known.ours)
    if dry_run:
        check_stop(known.switch)
        return price_of_call(bridge, entries), 200
    if not same:
        begin_call(bridge, entries, uses.use_of_bridge(bridge, parties, uses.longest_minutes(bridge)), known.switch)
    schedules.wake(sid, time.time())
    return views.show_whole_bridge(state.get_state(sid)), 201


@router.get(
    "/api/calls",
    tags=["calls"],
    summary="All calls, the newest first",
    responses=answers("A page of calls, which may be short where few are as asked for", 200, 503),
)
def list_calls(  # noqa: PLR0913  each is a parameter of the request
    number: Person = None,
    session: OfSession = None,
    line: OurLine = None,
    status: Annotated[CallStatus | None, Query(description="Only those that have come so far")] = None,
    since: Since = None,
    until: Until = None,
    month: Month = None,
    order: Order = "desc",
    page_size: PageSize = None,
    page_token: PageToken = None,
) -> CallPage:
    del page_size, page_token  # page reads them
    stretch = stretch_of(since, until, month, order)
    asked = CallFilter(number, session, line, status)

    def read(after: str | None, most: int) -> tuple[list[Bridge], str | None]:
        return lists.list_bridges(after, most, stretch, asked)

    return page(router, "calls", read, views.show_bridge)


@router.get(
    "/api/calls/<sid>",
    tags=["calls"],
    summary="One call: its people, what was spoken, and all that happened",
    responses=answers("The call", 200, 404),
)
def fetch_call(sid: CallSid) -> WholeCallView:
    return views.show_whole_bridge(state.get_state(sid))


@router.delete(
    "/api/calls/<sid>",
    tags=["calls"],
    summary="End a call, of which all that happened stays to be read",
    status_code=204,
    responses=answers("It has ended, now or before", 204, 404, 409),
)
def end_call(sid: CallSid) -> Response[str]:
    commands.finish(sid, "api", time.time())
    schedules.wake(sid, time.time())
    return Response(204, body="")


@router.post(
    "/api/calls/<sid>/extend",
    tags=["calls"],
    summary="Extend a call, as a star would",
    responses=answers("The call with its new deadline", 200, 404, 409),
)
def extend_call(sid: CallSid) -> WholeCallView:
    check_session(commands.get_bridge(sid))
    commands.extend(sid, time.time())
    schedules.wake(sid, time.time())
    return views.show_whole_bridge(state.get_state(sid))


@router.post(
    "/api/calls/<sid>/announce",
    tags=["calls"],
    summary="Speak, or play, into a running conference now",
    responses=answers("The announcement, heard next", 200, 400, 404, 409, 413, 415),
)
def announce_now(sid: CallSid, said: Annotated[AnnouncementWords, Body()]) -> AnnouncementView:
    known = state.get_state(sid)
    require_conference(known.bridge)
    if said.to is not None:
        get_party(known, said.to)
    announcement = Announcement(at=time.time())
    schemas.set_words(announcement, said, known.parties[0].language, known.parties[0].voice)
    if not announcements.is_heard(announcement, known):
        raise RequestRefused(20409, "Nobody can hear it: the conference does not run, or that participant is away", 409)
    commands.add_announcement(known, announcement)
    schedules.wake(sid, time.time())
    return views.show_announcement(state.get_state(sid), announcement)


# ---- participants ----------------------------------------------------------------------------------------------------


@router.get(
    "/api/calls/<sid>/participants",
    tags=["participants"],
    summary="Who is in a call",
    responses=answers("Everybody", 200, 404),
)
def list_participants(sid: CallSid) -> Participants:
    known = state.get_state(sid)
    return {"participants": [views.show_party(known, party) for party in known.parties]}


@router.post(
    "/api/calls/<sid>/participants",
    tags=["participants"],
    summary="Call one more person",
    status_code=201,
    responses=TRIED
    | answers(
        "The person, whose telephone rings next",
        *(201, 400, 404, 409, 413, 415, 429, 502, 503),
        content=made(PartyView),
    ),
)
def add_participant(
    sid: CallSid, person: Annotated[PartyRequest, Body()], dry_run: DryRun = False
) -> tuple[PartyView | EstimateView, int]:
    known = state.get_state(sid)
    line = person.shows or known.bridge.line
    if any(party.number == person.number and party.removed_at is None for party in known.parties):
        raise RequestRefused(21211, "This number is in the call already", 409)
    check_session(known.bridge)
    destinations.check_destination(person.number)
    found = look_up({line}, {person.number})
    check_lines({line}, {person.number}, found.ours)
    party = new_party(known, person, line, found.languages.get(person.number))
    if dry_run:
        commands.check_takes_more(known)
        check_stop(found.switch)
        return price_of_participant(known.bridge, party), 200
    use = replace(uses.use_of_bridge(known.bridge, [party], int(known.bridge.minutes)), running=0)
    with reserved(use, found.switch, time.time()):
        commands.add_party(known, party)
    uses.reserve_more(known.bridge, use, time.time())
    schedules.wake(sid, time.time())
    return views.show_party(state.get_state(sid), party), 201


@router.get(
    "/api/calls/<sid>/participants/<id>",
    tags=["participants"],
    summary="One participant, and how they were called",
    responses=answers("The person", 200, 404),
)
def fetch_participant(sid: CallSid, place: ParticipantPlace) -> PartyView:
    known = state.get_state(sid)
    return views.show_party(known, get_party(known, place))


@router.patch(
    "/api/calls/<sid>/participants/<id>",
    tags=["participants"],
    summary="Mute somebody, or put on hold",
    responses=answers("The person, and what has changed", 200, 404, 409, 413, 415, 502),
)
def change_participant(
    sid: CallSid, place: ParticipantPlace, change: Annotated[ParticipantChange, Body()]
) -> PartyChanged:
    known = state.get_state(sid)
    require_conference(known.bridge)
    leg = known.leg_of(get_party(known, place))
    if not (leg and leg.call_sid in known.members and known.room):
        raise RequestRefused(20409, "This participant is not in the conference", 409)
    changes = change.model_dump(exclude_none=True)
    if changes:
        twilio_api.change_conference_participant(known.room.conference_sid, str(leg.call_sid), **changes)
    return {**views.show_party(known, get_party(known, place)), "muted": change.muted, "hold": change.hold}


@router.delete(
    "/api/calls/<sid>/participants/<id>",
    tags=["participants"],
    summary="Hang up on somebody",
    status_code=204,
    responses=answers("The person is hung up on next, or was before", 204, 404, 409),
)
def remove_participant(sid: CallSid, place: ParticipantPlace) -> Response[str]:
    commands.remove_party(get_party(state.get_state(sid), place), time.time())
    schedules.wake(sid, time.time())
    return Response(204, body="")


# ---- what the operations ask -----------------------------------------------------------------------------------------


def get_people(asked: CallRequest) -> tuple[list[PartyRequest], Json]:
    """Who is to be called: whoever is named, or the two of a session, who each see the line that they know."""
    if not asked.session_sid:
        named = [PartyRequest(number=one) if isinstance(one, str) else one for one in asked.parties or []]
        return named, {}
    session, everybody = get_with_people(asked.session_sid)
    get_service(session.service_sid)  # which may be deleted, and the session not yet
    people = present(everybody)
    if session.is_closed(time.time()):
        raise RequestRefused(80607, "The session is closed", 409)
    if len(people) < 2:
        raise RequestRefused(20409, "The session has fewer than two participants", 409)
    if any(person.more_identifiers for person in people):
        raise RequestRefused(20409, "A participant has several numbers, and a conference rings one for each", 409)
    named = [
        PartyRequest(number=person.identifier, shows=person.proxy_identifier, name=(person.friendly_name or "")[:64])
        for person in people
    ]
    return named, {"session_sid": session.session_sid, "service_sid": session.service_sid}


@dataclass(frozen=True)
class Known:
    """What the directory knows: which numbers are lines of `ours`, the `languages` of people, by number, the switch."""

    ours: set[str]
    languages: dict[str, str]
    switch: Switch | None


def look_up(lines: set[str], people: set[str]) -> Known:
    """What the directory knows of these lines and people, in one round trip."""
    line_keys, caller_keys = map(line_key, lines | people), map(caller.caller_key, people)
    found = directory.look_up_entries({*line_keys, *caller_keys, switch_key()}).values()
    ours = {entry.number for entry in found if isinstance(entry, Line)}
    return Known(ours, caller.languages_of(found), next((one for one in found if isinstance(one, Switch)), None))


def reserved(use: Use, switch: Switch | None, now: float) -> AbstractContextManager[None]:
    """What is used by what is done inside, counted. Raises ExchangeStopped, LimitReached."""
    check_stop(switch)
    return usage.reserved(use, limits_of(switch), now, event_bus.tell)


def begin_call(bridge: Bridge, entries: list[BridgeEntry], use: Use, switch: Switch | None) -> None:
    """Keeps a bridge that uses so much; one that another request has kept meanwhile uses it once."""
    now = time.time()
    uses.note_reserved(bridge, use, now)
    with reserved(use, switch, now):
        if bridge.session_sid:
            kept = in_conference.keep_enrolled(bridge, entries, now, event_bus.tell)
        else:
            kept = commands.keep_bridge(bridge, entries)
    if kept is not bridge:
        usage.release(use, now)


def check_lines(lines: set[str], people: set[str], ours: set[str]) -> None:
    """Raises RequestRefused unless the account owns these lines, they can call, and nobody to be called is one."""
    if itself := people & ours:
        raise RequestRefused(21211, f"{min(itself)} is a line of yours, which would call itself", 400)
    if itself := people & lines:
        raise RequestRefused(
            21211, f"{min(itself)} is to be called, so it cannot be `from`, which is a line of yours", 400
        )
    for line in lines - ours:
        if not twilio_api.get_abilities(line)["voice"]:
            raise RequestRefused(21210, f"{line} cannot make calls", 400)


def get_party(known: state.State, place: int) -> Party:
    for party in known.parties:
        if party.place == place:
            return party
    raise RequestRefused(20404, f"The call has no participant {place}", 404)


def check_session(bridge: Bridge) -> None:
    """Raises RequestRefused where the session of a bridge is over: nobody more is put through, and no time is added."""
    if not in_conference.bounds_of(bridge.session_sid).connects(time.time()):
        raise RequestRefused(80607, "The session is closed", 409)


def require_conference(bridge: Bridge) -> None:
    if bridge.is_over:
        raise RequestRefused(20409, "The call has ended", 409)
    if bridge.through != "conference":
        raise RequestRefused(20409, "Only a conference can do that; this call was dialed", 409)


def new_party(known: state.State, person: PartyRequest, line: str, entry: str | None) -> Party:
    place = int(max(party.place for party in known.parties)) + 1
    return Party(
        *party_key(known.bridge.bridge_sid, place),
        place=place,
        number=person.number,
        shows=line,
        name=person.name,
        whisper=person.whisper,
        language=person.language or words.choose_language(entry, person.number, line),
        voice=person.voice,
        date_created=time.time(),
    )
