"""Participants in Twilio's REST API: called into a conference, found, muted, put on hold, spoken to, removed.

https://www.twilio.com/docs/voice/api/conference-participant-resource
"""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.network.callbacks import StatusCallback
from local.network.calls.call import Call
from local.network.conferences.conference import EVENTS, Conference, Invited
from local.network.conferences.invitation import Invitation
from local.network.conferences.participant import MUSIC, Participant, Terms
from local.network.dates import rfc2822
from local.network.refusals import Refused
from local.network.rest import endpoints
from local.network.rest.calls import callback_of, detection_of, limit_of, parties, ring_time
from local.network.rest.conferences import conference_of
from local.network.rest.endpoints import method_of, missing, only, page, some_of, truth_of, url_of
from local.network.twiml.grammar import RULES, whole, words
from local.network.twiml.reader import MAX_NAME
from local.network.world import World

ATTRIBUTES = {  # of <Conference>, which mean the same
    "Beep": "beep",
    "Label": "participantLabel",
    "MaxParticipants": "maxParticipants",
    "Region": "region",
    "JitterBufferSize": "jitterBufferSize",
}
CREATE = words(
    "From To Timeout EarlyMedia StartConferenceOnEnter EndConferenceOnExit Muted WaitUrl WaitMethod "
    "ConferenceStatusCallback ConferenceStatusCallbackMethod ConferenceStatusCallbackEvent StatusCallback "
    "StatusCallbackMethod StatusCallbackEvent CallerId TimeLimit Coaching CallSidToCoach MachineDetection "
    "MachineDetectionTimeout MachineDetectionSpeechThreshold MachineDetectionSpeechEndThreshold "
    "MachineDetectionSilenceTimeout AmdStatusCallback AmdStatusCallbackMethod"
).union(ATTRIBUTES)
UPDATE = words(
    "Muted Hold HoldUrl HoldMethod AnnounceUrl AnnounceMethod WaitUrl WaitMethod BeepOnExit EndConferenceOnExit "
    "Coaching CallSidToCoach"
)
WAITING = words("WaitUrl WaitMethod")  # what has a meaning only before the conference begins


def resource(one: Participant | Invited) -> dict[str, Any]:
    """A participant, or who is to become one, as Twilio's REST API shows it."""
    participant = one if isinstance(one, Participant) else one.participant
    conference, call = participant.conference, participant.call
    uri = f"/2010-04-01/Accounts/{call.world.account_sid}/Conferences/{conference.sid}/Participants/{call.sid}.json"
    return {
        "account_sid": call.world.account_sid,
        "call_sid": call.sid,
        "label": participant.label or None,
        "call_sid_to_coach": participant.coached or None,
        "coaching": participant.coaching,
        "conference_sid": conference.sid,
        "date_created": rfc2822(participant.joined_at),
        "date_updated": rfc2822(participant.updated_at),
        "end_conference_on_exit": participant.end_on_exit,
        "muted": participant.muted,
        "hold": participant.hold,
        "start_conference_on_enter": participant.start_on_enter,
        "status": one.status,
        "queue_time": None,
        "uri": uri,
    }


def everybody(conference: Conference) -> list[Participant | Invited]:
    """Who is in the conference, and who is being called into it."""
    return [*conference.present, *conference.invited]


# ---- calling somebody into a conference -----------------------------------------------------------------------------


async def create_participant(world: World, request: Request, form: dict[str, list[str]]) -> Response:
    """A call that waits for its turn and leads into the conference with this SID or name, if need be a new one.

    https://www.twilio.com/docs/voice/api/conference-participant-resource#create-a-participant
    """
    wishes = only(form, CREATE)
    to, from_ = parties(world, wishes)
    shown = wishes.get("CallerId") or from_
    if shown not in world.numbers:
        raise Refused(400, f"CallerId is {shown}, which is not one of this account's numbers.", 21210)
    timeout, limit, callback = ring_time(form), limit_of(form), callback_of(form, wishes)
    told = StatusCallback(url_of(wishes, "AmdStatusCallback"), method_of(wishes, "AmdStatusCallbackMethod"))
    detection, early_media = detection_of(wishes, told), truth_of(wishes, "EarlyMedia", True)
    terms = terms_of(form, wishes)
    conference = room_of(world, request, terms)
    if terms.label and terms.label in [resource(one)["label"] for one in everybody(conference)]:
        raise Refused(400, f"The label {terms.label!r} is in use by another participant.", 16026)
    terms.coach = coached(conference, wishes) or ""
    world.check_room()
    world.conferences[conference.sid] = conference
    call = Call(world, "outbound-api", shown, to, callback=callback)
    call.time_limit, call.detection = limit, detection
    invitation = Invitation(conference, call, terms, early_media)
    call.start(invitation.accept(world.queue(call), timeout))
    return JSONResponse(resource(invitation) | {"queue_time": str(call.queue_time)}, 201)


def terms_of(form: dict[str, list[str]], wishes: dict[str, str]) -> Terms:
    """On what terms the participant joins; whom it coaches is not known yet."""
    values = {attribute: value_of(wishes, name, attribute) for name, attribute in ATTRIBUTES.items()}
    events = some_of(form, "ConferenceStatusCallbackEvent", EVENTS, "start end")
    url, method = url_of(wishes, "ConferenceStatusCallback"), method_of(wishes, "ConferenceStatusCallbackMethod")
    return Terms(
        label=values["participantLabel"],
        muted=truth_of(wishes, "Muted"),
        beep=values["beep"],
        start_on_enter=truth_of(wishes, "StartConferenceOnEnter", True),
        end_on_exit=truth_of(wishes, "EndConferenceOnExit"),
        wait_url=url_of(wishes, "WaitUrl") if "WaitUrl" in wishes else MUSIC,
        wait_method=method_of(wishes, "WaitMethod"),
        max_participants=values["maxParticipants"],
        region=values["region"],
        callback=StatusCallback(url, method, events),
    )


def value_of(wishes: dict[str, str], name: str, attribute: str) -> Any:
    known = RULES["Conference"].attributes[attribute]
    read = whole(2, 250) if name == "MaxParticipants" else known.read
    try:
        return read(wishes[name]) if wishes.get(name) else known.default
    except ValueError as error:
        raise Refused(400, f"{name} is {error}, not {wishes[name]!r}.", 16024 if name == "Label" else 20001) from error


def room_of(world: World, request: Request, terms: Terms) -> Conference:
    """The conference with the SID of the path or, if it is no SID, the living one of that name, or a new one."""
    name = request.path_params["conference"]
    if not re.fullmatch("CF[0-9a-f]{32}", name):
        if len(name) > MAX_NAME:
            raise Refused(400, f"The name of a conference has at most {MAX_NAME} characters.", 20001)
        return world.room(name) or Conference(world, name, terms)
    conference = conference_of(world, request)
    if conference.ended_at is not None:
        raise Refused(400, f"Conference {name} is completed: nobody can join it any more.", 16099)
    return conference


def coached(conference: Conference, wishes: dict[str, str]) -> str | None:
    """The SID of the call that is to be coached, "" for nobody, None if nothing was said of it."""
    sid = wishes.get("CallSidToCoach", "")
    if truth_of(wishes, "Coaching", bool(sid)):
        conference.check_coach(sid, lambda about: Refused(400, about, 13240))
        return sid
    return "" if "Coaching" in wishes else None


# ---- who is there ---------------------------------------------------------------------------------------------------


def participant_of(world: World, request: Request) -> Participant | Invited:
    """Who is in the conference, or called into it, by call SID or label."""
    name = request.path_params["participant"]
    for one in everybody(conference_of(world, request)):
        shown = resource(one)
        if name in (shown["call_sid"], shown["label"]):
            return one
    raise missing(request)


async def fetch_participant(world: World, request: Request, _: dict[str, list[str]]) -> Response:
    return JSONResponse(resource(participant_of(world, request)))


async def list_participants(world: World, request: Request, form: dict[str, list[str]]) -> Response:
    """Who is there now; whoever has left is not, and of a conference that has ended nobody is."""
    filters = {"Muted": "muted", "Hold": "hold", "Coaching": "coaching"}
    wishes = only(form, words("Page PageSize PageToken").union(filters))
    found = [resource(one) for one in everybody(conference_of(world, request))]
    for name, key in filters.items():
        if name in wishes:
            found = [one for one in found if one[key] == truth_of(wishes, name)]
    return page(request, form, "participants", found)


# ---- what is done to them -------------------------------------------------------------------------------------------


async def update_participant(world: World, request: Request, form: dict[str, list[str]]) -> Response:
    """Changes all of this or, if any of it cannot be, nothing.

    https://www.twilio.com/docs/voice/api/conference-participant-resource#update-a-participant
    """
    one, wishes = participant_of(world, request), only(form, UPDATE)
    announce_url, announce_method = url_of(wishes, "AnnounceUrl"), method_of(wishes, "AnnounceMethod")
    hold_url, hold_method = url_of(wishes, "HoldUrl") or MUSIC, method_of(wishes, "HoldMethod", "GET")
    wait_url = url_of(wishes, "WaitUrl") if "WaitUrl" in wishes else None
    wait_method = method_of(wishes, "WaitMethod")
    hold, end_on_exit, beeps = (said(wishes, name) for name in ("Hold", "EndConferenceOnExit", "BeepOnExit"))
    if not isinstance(one, Participant):
        raise Refused(400, f"{one.participant.call.sid} is {one.status}, and not in the conference yet.", 21220)
    conference = conference_of(world, request)
    if conference.status != "in-progress" and not WAITING.issuperset(wishes):
        raise Refused(400, f"Conference {conference.sid} is {conference.status}, not in-progress.", 16099)
    if "HoldUrl" in wishes and not (one.hold if hold is None else hold):
        raise Refused(400, "HoldUrl is for a participant on hold: it needs Hold=true.", 20001)
    coach = coached(conference, wishes)
    if hold is False:
        one.unhold()
    one.modify(end_on_exit, coach, beeps, wait_url, wait_method)
    if "Muted" in wishes:
        one.mute(wishes["Muted"].lower() == "true")  # anything else means false, as Twilio says
    if hold or "HoldUrl" in wishes:
        one.put_on_hold(hold_url, hold_method)
    if announce_url:
        conference.announce(announce_url, announce_method, one)
    return JSONResponse(resource(one))


def said(wishes: dict[str, str], name: str) -> bool | None:
    """What is said of this; None if nothing is."""
    return truth_of(wishes, name) if wishes.get(name) else None


async def delete_participant(world: World, request: Request, _: dict[str, list[str]]) -> Response:
    """Removes a participant. A leg with a <Dial> goes on behind it; a call that is still ringing is ended."""
    one = participant_of(world, request)
    if isinstance(one, Participant):
        one.kick()
    else:
        one.withdraw()
    return Response(status_code=204)


def routes() -> list[Route]:
    below, one = "/Conferences/{conference}/Participants", "/Conferences/{conference}/Participants/{participant}.json"
    return endpoints.routes(
        [
            ("POST", f"{below}.json", create_participant),
            ("GET", f"{below}.json", list_participants),
            ("GET", one, fetch_participant),
            ("POST", one, update_participant),
            ("DELETE", one, delete_participant),
        ]
    )
