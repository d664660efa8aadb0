"""A timer of a bridge is due, or a callback has changed something: whatever has to be done at Twilio now, is done.

A message says only whose timer it is. What is to be done follows from the table, so messages may come twice, late, or
out of order; and of several that see the same thing due, one does it.
"""

import json
import time
from collections.abc import Iterator
from typing import Any

from twilio.twiml.voice_response import VoiceResponse

from toritsugi.adapters import event_bus, schedules, twilio_api
from toritsugi.bridges import agenda, announcements, commands, state, uses
from toritsugi.bridges.events import BridgeEventSource
from toritsugi.bridges.legs import LegUrl
from toritsugi.bridges.records import Bridge
from toritsugi.bridges.state import State
from toritsugi.bridges.steps import (
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
from toritsugi.foundation import addresses, voices
from toritsugi.foundation.errors import CallRefused, ExchangeStopped, RequestRefused, Unanswered
from toritsugi.foundation.logs import follow, log, traced
from toritsugi.limits import switch, twilio_limits
from toritsugi.masking import in_conference, made_calls, pool, removal, services
from toritsugi.masking import lifecycle as sessions

MAX_ROUNDS = 12
ENOUGH_MILLISECONDS = 15_000  # for whatever is begun
TRY_AGAIN_SECONDS = 60
SOON_SECONDS = 1  # after which a call that Twilio has not answered yet may have been
MAX_DOUBTS = 3  # of one call, after which it counts as refused

# Done first and noted after: twice does no harm, and not at all would.
HARMLESS = (Limit, Prolong, Arm, Close, Leave)


@traced
def handler(event: dict[str, Any], context: Any) -> None:
    for message in event["Records"]:
        timer = json.loads(message["body"])
        if "begin" in timer:
            begin_masked_bridge(message["messageId"], **timer["begin"])
        elif "dismiss" in timer:
            follow(call_sid=timer["dismiss"]["call_sid"])
            dismiss_caller(**timer["dismiss"])
        elif "count" in timer:
            count_in_session(**timer["count"])
        elif "remove_service" in timer:
            remove_service(timer["remove_service"], context)
        elif schedules.wait_until_due(timer):
            look(timer["bridge"], timer["due"], message["messageId"])


def begin_masked_bridge(
    message_id: str,
    call_sid: str,
    session_sid: str,
    caller_sid: str,
    began: float,
    language: str | None = None,
    unconfirmed: bool = False,
) -> None:
    """The bridge of a masked call, whose caller waits in the room already.

    Or its end, for the session may be over, or others may have used up what is allowed.
    """
    follow(call_sid=call_sid, session_sid=session_sid)
    try:
        bridge_sid = in_conference.begin_bridge(
            call_sid, session_sid, caller_sid, began, event_bus.tell, unconfirmed=unconfirmed
        )
    except CallRefused as refusal:
        return dismiss_caller(call_sid, refusal.sentence, language)
    twilio_api.watch_call(call_sid, addresses.public_url(BridgeEventSource(bridge_sid, 1, 1).path))
    return look(bridge_sid, began, message_id)


def look(bridge_sid: str, due: float, message_id: str) -> None:
    """Does what is due, and then what is due because of that, until nothing is; and says when to look again.

    Where something fails, all else is done nevertheless; then the message fails too, so that it comes again.
    """
    follow(bridge_sid=bridge_sid)
    for _ in range(MAX_ROUNDS):
        try:
            known = get_bounded_state(bridge_sid)
        except RequestRefused:  # a callback was faster than the message that begins the bridge, which looks as well
            return None
        todo = agenda.due(known, time.time())
        failures = [failure for step in todo if (failure := attempt(step))]
        if failures:
            raise failures[0]
        if not todo and plan(known, due, message_id):
            return uses.settle(known, time.time())
    raise RuntimeError("whatever is done for a bridge, something is due")


def get_bounded_state(bridge_sid: str) -> State:
    """Everything known of a bridge, and what its session allows it now. Raises RequestRefused 20404."""
    known = state.get_state(bridge_sid)
    follow(session_sid=known.bridge.session_sid)
    known.bounds = in_conference.bounds_of(known.bridge.session_sid)
    return known


def plan(known: State, due: float, message_id: str) -> bool:
    """Sends one timer for the next look, unless one is under way that comes no later: so timers never breed.

    False where somebody else has planned one meanwhile. A message that comes again sends what it has planned itself,
    for the process that had it may have ended between planning and sending.
    """
    bridge, moment = known.bridge, agenda.next_look(known, time.time())
    if moment is None:
        return True
    if is_planned(bridge, moment, due):
        if bridge.next_look_by == message_id:
            schedules.wake(bridge.bridge_sid, bridge.next_look)
        return True
    if not commands.plan_look(bridge, moment, message_id):
        return False
    schedules.wake(bridge.bridge_sid, moment)
    return True


def is_planned(bridge: Bridge, moment: int, due: float) -> bool:
    """Whether a timer is under way that comes no later than that. The timer that was `due` has come."""
    return bridge.next_look is not None and max(due, time.time()) < bridge.next_look <= moment


def attempt(step: BridgeStep) -> Exception | None:
    """Takes a step, if it is ours; why that has failed."""
    try:
        if isinstance(step, HARMLESS):
            take_step(step)
            step.claim(time.time())
        elif step.claim(time.time()):
            take_step(step)
    except Exception as failure:
        log.exception("a step of a call failed", step=type(step).__name__)
        return failure
    return None


def take_step(step: BridgeStep) -> None:  # noqa: C901, PLR0912  a case for each kind of step
    """Asks Twilio for it, or Scheduler."""
    match step:
        case Ring():
            call_party(step)
        case Settle():
            settle_call(step)
        case Speak() | SpeakAgain():
            speak_step(step)
        case Miss():
            log.error("announcement not spoken", reason="Twilio did not ask for its words")
        case Drop(_, announcement):
            log.warning("announcement dropped", announcement=int(announcement.id))
        case Limit(_, call_sid, seconds):
            twilio_api.limit_call(call_sid, seconds)
        case Prolong(bridge):
            sessions.prolong_session(bridge.session_sid, bridge.extended_from or 0, bridge.deadline)
        case Leave(bridge, talked):
            leave_session(bridge, talked)
        case Arm(bridge, moments):
            for moment, spare in moments:
                schedules.wake(bridge.bridge_sid, moment, spare=spare)
        case Close(_, conference_sid):
            twilio_api.end_conference(conference_sid)
        case Release(party, call_sid, _, sentence):
            dismiss_caller(call_sid, sentence, party.language) if sentence else twilio_api.hang_up_call(call_sid)
        case Begin() | Follow() | End():  # what follows from them is due next
            pass


def call_party(step: Ring) -> None:
    bridge, party, attempt = step.bridge, step.party, int(step.party.attempts) + 1
    url = LegUrl(bridge.bridge_sid, int(party.place), attempt, "answered")
    source = BridgeEventSource(bridge.bridge_sid, int(party.place), attempt, party.report_to or "")
    try:
        switch.check_stop(switch.find_switch())
        call_sid = twilio_api.make_call(
            party.number,
            party.shows,
            addresses.public_url(url.path),
            addresses.public_url(source.path),
            int(bridge.ring_seconds),
            step.longest(time.time()),
            bridge.detect,
        )
    except ExchangeStopped:
        commands.note_refusal(party, attempt, "the exchange was stopped")
    except Unanswered as silence:
        log.warning("a call is in doubt", reason=silence.message)
        commands.note_call_doubt(party, attempt, time.time())
    except RequestRefused as refusal:
        log.warning("a call was not made", code=refusal.code)
        commands.note_refusal(party, attempt, f"{refusal.code} {refusal.message}", refusal.code)
        twilio_limits.note_code(refusal.code, time.time(), event_bus.tell)
    else:
        commands.note_call(party, attempt, call_sid)


def settle_call(step: Settle) -> None:
    """Has a call made again that certainly was not made."""
    party, attempt = step.party, step.attempt
    if twilio_api.was_called(party.number, party.shows, party.attempted_at or 0):
        commands.forget_call_doubt(party, attempt)
    elif party.doubts >= MAX_DOUBTS:
        commands.note_refusal(party, attempt, "Twilio does not answer")
    else:
        commands.take_back_call(party, attempt)


def speak_step(step: Speak | SpeakAgain) -> None:
    bridge, announcement = step.bridge, step.announcement
    path = announcements.path_of(announcement, announcements.version_of(announcement, bridge))
    try:
        twilio_api.play_into_conference(step.conference_sid, step.call_sid, addresses.public_url(path))
    except Unanswered as silence:
        log.warning("an announcement is in doubt", reason=silence.message)
        announcements.note_doubt(announcement, bridge, time.time())
    except RequestRefused as refusal:  # it is claimed: better lost than heard twice
        log.error("announcement not spoken", reason=refusal.message)


def dismiss_caller(call_sid: str, sentence: str, language: str | None, leg_sid: str | None = None) -> None:
    """Ends a call with a sentence; where its caller only hears the ring as yet, its leg is what can be ended.

    One that has no leg is answered in a moment: what voice.py has said of it is still on its way to Twilio.
    """
    response = VoiceResponse()
    voices.say_sentence(response, sentence, language)
    response.hangup()
    if twilio_api.redirect_and_end(call_sid, str(response)):
        return
    if leg_sid:
        twilio_api.hang_up_call(leg_sid)
    elif twilio_api.is_waiting(call_sid):
        schedules.send_call_to_dismiss(call_sid, None, sentence, language, SOON_SECONDS)


def leave_session(bridge: Bridge, talked: bool) -> None:
    """The session of a bridge forgets it, and counts the call in which two have talked, if its terms ask for that."""
    session = in_conference.forget_bridge(bridge.session_sid, bridge.bridge_sid)
    call_sid = "CA" + bridge.bridge_sid[2:]
    if talked and session and made_calls.is_counted(session, call_sid):
        count_in_session(session.session_sid, call_sid)


def count_in_session(session_sid: str, call_sid: str) -> None:
    """A call in which two have talked counts in its session; the bridges of one that is closed by that look at it."""
    follow(call_sid=call_sid, session_sid=session_sid)
    session = made_calls.count_call(session_sid, call_sid)
    for bridge_sid in (session and session.bridges) or ():
        schedules.wake(bridge_sid, time.time())


# ---- a service is removed --------------------------------------------------------------------------------------------


def remove_service(service_sid: str, context: Any) -> None:
    """Takes away what is left of a deleted service, as much as there is time for; another message does the rest."""
    service = services.find_any_service(service_sid)
    if service is None or service.deleted_at is None:
        return None
    for _ in remove_parts(service):
        if context.get_remaining_time_in_millis() < ENOUGH_MILLISECONDS:
            return schedules.send_service_to_remove(service_sid)
    if wait := removal.seconds_until_settled(service, time.time()):
        return schedules.send_service_to_remove(service_sid, wait)
    if pool.list_all_numbers(service_sid):
        return schedules.send_service_to_remove(service_sid, TRY_AGAIN_SECONDS)
    return services.forget_service(service)


def remove_parts(service: services.Service) -> Iterator[None]:
    """Removes one session after the other, and then the numbers; each is one step."""
    for session_sid in removal.list_session_sids(service.service_sid):
        session = removal.delete_if_there(service, session_sid, twilio_api.hang_up_call)
        for bridge_sid in (session and session.bridges) or ():
            schedules.wake(bridge_sid, time.time())
        yield
    for number in pool.list_all_numbers(service.service_sid):
        if not removal.is_number_gone(number, twilio_api, service.deleted_at or 0):
            log.warning("a number of a deleted service stays for now", number_sid=number.sid)
        yield
