"""A call comes in, a leg that we called answers, a key is pressed, an announcement is fetched: TwiML says what next.

A masked call is one read, and no write.
"""

import base64
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from twilio.twiml.voice_response import VoiceResponse

from toritsugi import words
from toritsugi.adapters import schedules, webhooks
from toritsugi.adapters.webhooks import Webhook
from toritsugi.bridges import announcements, commands, legs, ring_tone
from toritsugi.bridges.bounds import UNBOUNDED, Bounds
from toritsugi.bridges.records import Bridge
from toritsugi.callers import caller
from toritsugi.callers.caller import Caller
from toritsugi.foundation import addresses, sealing
from toritsugi.foundation.errors import CallerBlocked, RequestRefused
from toritsugi.foundation.logs import follow, traced
from toritsugi.limits import switch
from toritsugi.lines import identity, numbers
from toritsugi.lines.lines import Line
from toritsugi.masking import masked_legs, routes
from toritsugi.masking.routes import KnownOfCall, Route
from toritsugi.receptions import records
from toritsugi.receptions.answering import steps, visits
from toritsugi.receptions.answering.visits import Permitted, Visit, VisitPlace
from toritsugi.receptions.records import DocumentDict
from toritsugi.recordings.reports import RecordingOrigin

LEG_ANSWERS = {
    "answered": legs.answered,
    "accepted": legs.accepted,
    "whispered": legs.whispered,
    "agreed": legs.agreed,
}


@traced
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    if event["rawPath"].startswith("/voice/ringing/"):
        return ring_tone_answer(event["rawPath"].rsplit("/", 1)[1])
    return answer_webhook(event, context)


@webhooks.answers_with_words
def answer_webhook(call: Webhook) -> VoiceResponse | str:
    if call.path == "/voice":
        return receive_call(call)
    if match := legs.WAITING_PATH.fullmatch(call.path):
        return waiting_answer(match[1])
    if match := announcements.ANNOUNCEMENT_PATH.fullmatch(call.path):
        return announcement_answer(call, match[1], int(match[2]), match[3])
    if match := routes.NOTICE_PATH.fullmatch(call.path):
        return routes.notify(match[1], match[2])
    if visits.VISIT_PATH.fullmatch(call.path):
        return go_on_at_reception(call, VisitPlace.read(call.path))
    seldom = next((answer for begins, answer in SELDOM.items() if call.path.startswith(begins)), None)
    return seldom(call) if seldom else go_on_with_leg(call, legs.LegUrl.read(call.path))


def receive_call(call: Webhook) -> VoiceResponse | str:
    """Somebody calls a line: they are put through to whom their session leads; or else its reception answers.

    Before that the owner's system may want to say what becomes of who is in no session. Who has several is asked for
    which, and who is in none for a PIN, where participants have one.
    """
    known, now = know_call(call), time.time()
    if known.line and known.line.has_choices:
        return offer_choice(call, known, now)
    return receive_by_route(call, known, now)


def know_call(call: Webhook) -> KnownOfCall:
    """What the directory knows of a call. Raises CallerBlocked."""
    known = routes.look_up_call(call["From"], call["To"], call["ForwardedFrom"], call["CallSid"])
    call.language = known.caller.language if known.caller else None
    if known.caller and known.caller.blocked:
        raise CallerBlocked
    return known


def receive_by_route(call: Webhook, known: KnownOfCall, now: float) -> VoiceResponse | str:
    """The caller goes where their route leads; if it does not connect, the reception answers, where there is one."""
    if known.line and known.asks_about_stranger(call["To"], now):
        if twiml := ask_about_stranger(call, known.line, known.route):
            return twiml
        known = know_call(call)
    if known.line and known.line.takes_calls and not known.connects(now):
        return receive_at_reception(call, known.line, known.caller)
    if known.asks_for_pin:
        return ask_for_pin(call, known, now)
    numbers.read_caller(call["From"])
    return go_on_in_session(call, known, now, call["StirVerstat"])


def offer_choice(call: Webhook, known: KnownOfCall, now: float) -> VoiceResponse | str:
    """Whoever has several sessions over the line is asked for which one they call."""
    from toritsugi.masking import choices  # here only: a plain call needs none

    found = choices.find_routes(call["From"], call["To"])
    offered = choices.list_callable(known.line, found, now)
    if len(offered) < 2:
        return receive_by_route(call, replace(known, route=choices.choose_only(offered, found, now)), now)
    for route in offered:
        identity.has_to_be_announced(call["StirVerstat"], route.unconfirmed_callers)
        known.check(str(route.shows), now)
    unconfirmed = call["StirVerstat"].startswith(identity.FAILED_VERSTAT)
    return choices.ask(choices.new_choice(offered, unconfirmed), offered, call.locale)


def go_on_with_choice(call: Webhook) -> VoiceResponse:
    """A key was pressed, or none: the call goes through, or it is asked again."""
    from toritsugi.masking import choices  # here only, as above

    choice, known, now = choices.Choice.read(call.path), know_call(call), time.time()
    found = choices.find_routes(call["From"], call["To"])
    if route := choice.find_chosen(call["Digits"], found):
        verstat = identity.FAILED_VERSTAT if choice.unconfirmed else ""
        return go_on_in_session(call, replace(known, route=route), now, verstat)
    offered = choices.list_callable(known.line, found, now)
    return choices.ask(choice.again(offered), offered, call.locale)


def go_on_in_session(call: Webhook, known: KnownOfCall, now: float, verstat: str) -> VoiceResponse:
    """A caller whose number this is, or whose PIN has led here, is put through to the other of their session.

    `verstat` is what Twilio says of the number that they show.
    """
    route = routes.choose_route(known.line, known.route, now)
    follow(session_sid=route.session_sid)
    unconfirmed = identity.has_to_be_announced(verstat, route.unconfirmed_callers)
    known.check(str(route.shows), now)
    before = say_before(call, route, now)
    if known.line and known.line.asks_before:
        ask_before(call, known.line, route, now)
    if route.through == "conference":
        return receive_into_room(call, route, now, unconfirmed, before)
    leg = masked_legs.leg_of(route, now, call["CallSid"])
    recorder = recorder_of(call, route) if route.recorded else None
    notice = routes.find_notice_path(route, unconfirmed)
    told_at = addresses.public_url(notice) if notice else None
    otherwise = dial_by_terms(call, route, now, unconfirmed) if route.terms else {}
    dialed = {"notice": told_at, "response": before} | otherwise
    answer = routes.put_through(route, now, addresses.public_url(leg.path), recorder, **dialed)
    return ring_team(answer, route, leg, now) if route.team else answer


def ring_team(answer: VoiceResponse, route: Route, leg: masked_legs.MaskedLeg, now: float) -> VoiceResponse:
    """The same answer, where one of the two has several telephones."""
    from toritsugi.masking import teams  # here only: plain calls would pay for it at every cold start

    return teams.ring_all(answer, route, leg, now)


def ask_about_stranger(call: Webhook, line: Line, route: Route | None) -> str | None:
    """The TwiML with which the owner's system answers a caller whom no session knows, if it is TwiML."""
    from toritsugi.adapters import event_bus, owner_webhook  # these here only: no call of a session is a stranger's
    from toritsugi.masking import strangers

    stranger = strangers.Stranger(str(line.service_sid), call.fields, route)
    return strangers.find_twiml(stranger, owner_webhook.ask_what_becomes, schedules.arm_expiry, event_bus.tell)


def ask_before(call: Webhook, line: Line, route: Route, now: float) -> None:
    """Raises CallIntercepted where the owner's system does not let a call of a session go on."""
    from toritsugi.adapters import owner_webhook  # these here only, as above
    from toritsugi.masking import asking

    asking.check_call(str(line.service_sid), route, call["CallSid"], now, owner_webhook.ask_whether)


def recorder_of(call: Webhook, route: Route) -> routes.Recorder:
    source = RecordingOrigin("session", route.session_sid, seal_pair(call, str(route.number)))
    return routes.Recorder(addresses.public_url(source.path), call.locale)


def seal_pair(call: Webhook, caller: str) -> str:
    """Whoever calls, and the line, sealed for this call."""
    return sealing.seal(caller + call["To"], call["CallSid"])


def say_before(call: Webhook, route: Route, now: float) -> VoiceResponse:
    """What a caller hears first, if anything. Raises CallRefused where the session's terms let them call no one."""
    response = routes.words_in_grace(call.locale) if route.is_in_grace(now) else VoiceResponse()
    if route.terms:
        from toritsugi.masking import special_calls, terms  # these here only: all other calls would pay for it as well

        terms.check_terms(route.terms)
        special_calls.greet_caller(response, route.terms, call.locale)
    return response


def dial_by_terms(call: Webhook, route: Route, now: float, unconfirmed: bool) -> dict[str, Any]:
    """How a call is dialed that does not go as usual."""
    from toritsugi.masking import special_calls

    return special_calls.dial_otherwise(route, now, seal_pair(call, str(route.number)), unconfirmed)


def go_on_with_special_call(call: Webhook) -> VoiceResponse:
    """A masked call goes on that does not go as usual; one in which two have talked is counted, if that was wished."""
    from toritsugi.masking import special_calls

    place = special_calls.SpecialPlace.read(call.path)
    follow(session_sid=place.session_sid)
    if special_calls.have_talked(call.fields):
        if place.step == "counted":
            schedules.send_call_to_count(place.session_sid, call["CallSid"])
        return legs.hang_up_leg()
    known = special_calls.look_up_special_call(place, call.fields, time.time())
    message_to = RecordingOrigin("session-voicemail", place.session_sid, place.sealed)
    return special_calls.go_on(place, known, call.fields, addresses.public_url(message_to.path))


def receive_into_room(
    call: Webhook, route: Route, now: float, unconfirmed: bool, before: VoiceResponse
) -> VoiceResponse:
    """The caller waits in the room, after what is said `before`, and timer.py calls the other."""
    caller = {"call_sid": call["CallSid"], "session_sid": route.session_sid, "caller_sid": route.participant_sid}
    told = {"unconfirmed": True} if unconfirmed else {}
    schedules.send_bridge_to_begin(caller | {"began": int(now), "language": call.locale} | told)
    bridge = Bridge(commands.bridge_sid_of(call["CallSid"]), "bridge", extension_minutes=int(route.extends))
    url = legs.LegUrl(bridge.bridge_sid, 1, 1, "answered")
    return legs.enter_conference(before, bridge, call.locale, url)


def ask_for_pin(call: Webhook, known: routes.KnownOfCall, now: float) -> VoiceResponse:
    """A caller of whom the line knows nothing may have a PIN."""
    from toritsugi.masking import pins  # here only: few callers are asked, and every cold start would pay for it

    known.check("", now)
    return pins.request_pin(pins.PinTurn(1, call.locale))


def take_pin(call: Webhook) -> VoiceResponse:
    """A PIN was entered, or nothing: who has it is put through as from their own telephone."""
    from toritsugi.adapters import event_bus  # these here only, as above
    from toritsugi.masking import pins

    turn, line, caller, now = pins.PinTurn.read(call.path), call["To"], call["From"], time.time()
    call.language = turn.locale
    if not call["Digits"]:
        return pins.ask_once_more(turn, "", caller)
    may_try, person = pins.count_try(line, caller, now, event_bus.tell), pins.find_owner(line, call["Digits"])
    who, digit = (person.identifier, person.digit) if person else ("", None)
    known = routes.look_up_call(who, line, call["ForwardedFrom"], call["CallSid"], digit)
    if person is None or not (may_try and pins.is_led(person, known, now)):
        return pins.ask_once_more(turn, call["Digits"], caller)
    pins.take_back_try(line, caller, now)
    entry = known.caller.language if known.caller else None
    call.language = words.choose_language(entry, person.identifier, line)
    if known.caller and known.caller.blocked:
        raise CallerBlocked
    return go_on_in_session(call, known, now, call["StirVerstat"])


SELDOM = {
    "/voice/choices/": go_on_with_choice,
    "/voice/pins/": take_pin,
    "/voice/sessions/": go_on_with_special_call,
}


def receive_at_reception(call: Webhook, line: Line, caller: Caller | None) -> VoiceResponse:
    """A line with a reception is called: the line brings along what is said there."""
    name, version, document = str(line.reception), int(line.version), line.document
    records.remember_document(name, version, document)
    unconfirmed = identity.has_to_be_announced(call["StirVerstat"], line.unconfirmed_callers)
    place = visits.first_place(name, version, document, caller, unconfirmed)
    return steps.answer_call(visit(call, place, document, lambda _: caller))


def go_on_at_reception(call: Webhook, place: VisitPlace) -> VoiceResponse:
    """A call at a reception goes on, as the reception was when it began, and in the language in which it began."""
    call.language = place.locale
    if place.began:
        end_transfer(call, place)
    document = records.get_document(place.reception, place.version)
    locale = words.choose_language(place.locale, usual=document["language"])  # it may be spoken here no more
    place = replace(place, locale=locale)
    return steps.answer_call(visit(call, place, document, caller.find_caller))


def ask_owner(url: str, facts: Mapping[str, Any], key: str) -> dict[str, Any]:
    """What the owner's system says to facts. Raises OwnerSilent."""
    from toritsugi.adapters import owner_webhook  # here only: few receptions ask, and every cold start would pay for it

    return owner_webhook.ask_owner(url, facts, key)


def visit(
    call: Webhook, place: VisitPlace, document: DocumentDict, find_caller: Callable[[str], Caller | None]
) -> Visit:
    now = time.time()
    return Visit(
        place, document, call.fields, ask_owner, now, find_caller, partial(permit_transfer, call, now), call.token
    )


def permit_transfer(call: Webhook, now: float, wanted: Sequence[str]) -> Permitted:
    """Those of the wanted numbers that may be rung. Raises ExchangeStopped, LimitReached."""
    from toritsugi.adapters import event_bus  # these here only, as above: a masked call needs neither
    from toritsugi.receptions.answering import permits

    return permits.permit_transfer(call.fields, wanted, now, event_bus.tell, call.token)


def end_transfer(call: Webhook, place: VisitPlace) -> None:
    """A transfer of this call is over, or could not be made for want of room in the account."""
    from toritsugi.adapters import event_bus  # these here only, as above
    from toritsugi.limits import twilio_limits
    from toritsugi.receptions.answering import permits

    permits.end_transfer(call.fields, place.began, place.rate, call.token)
    twilio_limits.note_code(call["ErrorCode"], time.time(), event_bus.tell)


def go_on_with_leg(call: Webhook, url: legs.LegUrl) -> VoiceResponse:
    """A leg of a bridge goes on."""
    if legs.has_hung_up(call.fields):
        return VoiceResponse()
    try:
        bridge, party = commands.get_leg(url.bridge_sid, url.place)
    except RequestRefused:
        if url.step != "left":
            raise
        return legs.hang_up_leg()  # a caller whose session was over before the bridge could begin
    call.language = party.language
    follow(session_sid=bridge.session_sid)
    others = commands.list_parties(bridge)[1:] if bridge.through == "dial" and url.place == 1 else []
    context = legs.LegContext(bridge, party, others, url, call.fields, bounds_of(bridge), time.time())
    if others:
        switch.check_stop(switch.find_switch())  # from here others are dialed
    if step := LEG_ANSWERS.get(url.step):
        return step(context)
    return legs.try_again(context) if bridge.through == "dial" else leave_by_star(context)


def bounds_of(bridge: Bridge) -> Bounds:
    """What the session of a bridge allows it; without a session everything."""
    if not bridge.session_sid:
        return UNBOUNDED
    from toritsugi.masking import in_conference  # here only: all other calls would pay for it at every cold start

    return in_conference.bounds_of(bridge.session_sid)


def leave_by_star(context: legs.LegContext) -> VoiceResponse:
    """A leg has left the room: by its star, or because everything is over for it."""
    if legs.is_dismissed(context):
        return legs.hang_up_leg()
    if not context.connects:  # a session that has ended is not put off any more
        return legs.come_back(context, "back")
    bridge, done = commands.extend_by_star(context.bridge, context.party, context.now)
    if bridge.is_over:
        return legs.hang_up_leg()
    if done == "extended":
        schedules.wake(bridge.bridge_sid, time.time())
    return legs.come_back(replace(context, bridge=bridge), done)


def announcement_answer(call: Webhook, bridge_sid: str, number: int, version: str | None) -> VoiceResponse:
    """The words of an announcement; silence, if they were asked for before, of which timer.py could not know."""
    announcement = commands.get_announcement(bridge_sid, number)
    if version is not None and not announcements.note_heard(bridge_sid, number, int(version), call.token):
        return VoiceResponse()
    return announcements.speak_announcement(announcement)


def waiting_answer(language: str) -> VoiceResponse:
    """What is heard while nobody else is there."""
    response = VoiceResponse()
    response.play(addresses.public_url(f"/voice/ringing/{words.nearest(language).code}"), loop=0)
    return response


def ring_tone_answer(code: str) -> dict[str, Any]:
    """The ring tone itself, which Twilio may keep: it is no secret, and never changes."""
    if words.find(code) is None:
        return {"statusCode": 404}
    headers = {"content-type": "audio/wav", "cache-control": "public, max-age=86400"}
    body = base64.b64encode(ring_tone.ring_tone(code)).decode()
    return {"statusCode": 200, "headers": headers, "body": body, "isBase64Encoded": True}
