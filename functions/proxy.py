"""The REST API on which Twilio's SDKs' `client.proxy.v1` runs unchanged: services, numbers, sessions, who did what."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

from aws_lambda_powertools.event_handler import Response

from toritsugi.adapters import event_bus, owner_webhook, schedules, twilio_api
from toritsugi.foundation import addresses, config, forms, pages, rest
from toritsugi.foundation.creations import Creations
from toritsugi.foundation.errors import OwnerSilent, RequestRefused
from toritsugi.foundation.forms import Form
from toritsugi.foundation.transactions import MAX_TRIES
from toritsugi.foundation.types import Json
from toritsugi.masking import (
    claims,
    demand,
    interactions,
    lifecycle,
    message_interactions,
    pool,
    removal,
    requests,
    routes,
    services,
    sessions,
    telephones,
)
from toritsugi.masking.message_interactions import MessageInteraction
from toritsugi.messages import outbound
from toritsugi.receptions import publishing

app = rest.Resolver()

MAX_FORM_BYTES = 65_536

creations = Creations(app)


# ---- services --------------------------------------------------------------------------------------------------------


@app.post("/v1/Services")
@creations.made_once("KS")
def create_service() -> Response[str]:
    wanted = form(*services.SERVICE_FIELDS)
    check_callbacks(wanted)
    return created(services.show_service(services.new_service(wanted, creations.sid), base()))


@app.get("/v1/Services")
def list_services() -> Response[str]:
    readers = services.list_services, services.list_services_back
    return page_of("services", readers, lambda service: services.show_service(service, base()))


@app.get("/v1/Services/<sid>")
def fetch_service(sid: str) -> Response[str]:
    return ok(services.show_service(services.get_service(sid), base()))


@app.post("/v1/Services/<sid>")
def update_service(sid: str) -> Response[str]:
    wanted = form(*services.SERVICE_FIELDS)
    check_callbacks(wanted)
    service = services.change_service(services.get_service(sid), wanted)
    if any(name in wanted for name in services.SAID_BY_LINES):
        pool.note_asked(service.service_sid)
    return ok(services.show_service(service, base()))


@app.delete("/v1/Services/<sid>")
def delete_service(sid: str) -> Response[str]:
    """It is gone at once, and nobody is put through; its sessions and numbers go, as soon as timer.py comes to them."""
    sid = services.sid_of(sid)
    services.begin_removal(sid)
    pool.cut_off(sid, time.time())
    schedules.send_service_to_remove(sid)
    return gone()


def check_callbacks(wanted: Form) -> None:
    """Raises RequestRefused 80701 where a callback would never be sent: for its address, or for want of a key."""
    for name in ("CallbackUrl", *services.ASKED_ADDRESSES):
        if url := wanted.url(name):
            try:
                owner_webhook.check_address(url)
            except OwnerSilent as silence:
                raise forms.invalid_parameter(name, str(silence)) from None
    if wanted.text("CallbacksSignedBy") == services.AUTH_TOKEN and not config.settings().auth_tokens:
        raise forms.invalid_parameter("CallbacksSignedBy", "this exchange has no auth token")


# ---- the numbers of a pool -------------------------------------------------------------------------------------------


@app.post("/v1/Services/<service_sid>/PhoneNumbers")
@creations.made_once("PN")
def add_number(service_sid: str) -> Response[str]:
    service_sid = services.sid_of(service_sid)
    wanted = form("PhoneNumber", "Sid", "IsReserved")
    owned = twilio_api.get_owned_number(*requests.read_pool_number(wanted))
    routes.check_is_nobodys(owned["phone_number"], time.time())
    publishing.check_uncalled(owned["phone_number"])
    number = pool.add_to_pool(service_sid, owned, wanted.boolean("IsReserved") or False, int(time.time()))
    try:
        owned = twilio_api.get_owned_number(None, number.sid)  # a reception may have left in between
        twilio_api.point(owned, addresses.entrances(owned["capabilities"]))
    except Exception as failure:
        # where Twilio may have sent its calls here, or has before, only its line knows where they went
        # and where people were given it before, it was in the pool already
        forgettable = isinstance(failure, RequestRefused) and not removal.comes_here(owned) and number.given_at is None
        (pool.remove_from_pool if forgettable else pool.leave_out)(number)
        raise
    pool.bring_in(number)
    return created(pool.show_pool_number(number, 0, base()))


@app.get("/v1/Services/<service_sid>/PhoneNumbers")
def list_numbers(service_sid: str) -> Response[str]:
    service_sid = services.sid_of(service_sid)
    _, numbers = pool.read_pool(service_sid)
    return page_of("phone_numbers", pages.by_place(numbers, pool.place_of_number), show_number)


@app.get("/v1/Services/<service_sid>/PhoneNumbers/<sid>")
def fetch_number(service_sid: str, sid: str) -> Response[str]:
    service_sid = services.sid_of(service_sid)
    return ok(show_number(pool.get_pool_number(service_sid, sid)))


@app.post("/v1/Services/<service_sid>/PhoneNumbers/<sid>")
def update_number(service_sid: str, sid: str) -> Response[str]:
    service_sid = services.sid_of(service_sid)
    number = pool.get_pool_number(service_sid, sid)
    reserved = form("IsReserved").boolean("IsReserved")
    if reserved is not None:
        pool.reserve(number, reserved)
    return ok(show_number(number))


@app.delete("/v1/Services/<service_sid>/PhoneNumbers/<sid>")
def remove_number(service_sid: str, sid: str) -> Response[str]:
    service_sid = services.sid_of(service_sid)
    removal.take_number_out(pool.get_pool_number(service_sid, sid), twilio_api)
    return gone()


@app.get("/v1/Services/<service_sid>/PoolForecast")
def fetch_pool_forecast(service_sid: str) -> Response[str]:
    service_sid = services.sid_of(service_sid)
    _, numbers = pool.read_pool(service_sid)
    return ok(demand.show_forecast(service_sid, numbers, base(), time.time()))


def show_number(number: pool.PoolNumber) -> Json:
    sessions = {route.session_sid for route in routes.live_routes(number.phone_number, time.time())}
    return pool.show_pool_number(number, len(sessions), base())


# ---- sessions --------------------------------------------------------------------------------------------------------


@app.post("/v1/Services/<service_sid>/Sessions")
@creations.made_once("KC")
def create_session(service_sid: str) -> Response[str]:
    service_sid = services.sid_of(service_sid)
    wanted = form(*requests.SESSION_FIELDS)
    if wanted.boolean("DryRun"):
        return ok(sessions.show_assignment(*claims.try_session(service_sid, wanted)))
    session, _ = claims.open_session(service_sid, wanted, event_bus.tell, sid=creations.sid)
    arm_cleanup(session)
    return created(show_session(session))


@app.get("/v1/Services/<service_sid>/Sessions")
def list_sessions(service_sid: str) -> Response[str]:
    sid = services.get_service(service_sid).service_sid
    readers = partial(sessions.list_sessions, sid), partial(sessions.list_sessions_back, sid)
    return page_of("sessions", readers, show_session)


@app.get("/v1/Services/<service_sid>/Sessions/<sid>")
def fetch_session(service_sid: str, sid: str) -> Response[str]:
    service_sid = services.sid_of(service_sid)
    return ok(show_session(sessions.get_session(service_sid, sid)))


@app.post("/v1/Services/<service_sid>/Sessions/<sid>")
def update_session(service_sid: str, sid: str) -> Response[str]:
    service_sid = services.sid_of(service_sid)
    sid = sessions.session_sid_of(service_sid, sid)
    wanted = form(*requests.SESSION_CHANGES)
    session = lifecycle.change_session(service_sid, sid, wanted, event_bus.tell)
    arm_cleanup(session)
    if wanted.text("Status") == "closed" and services.get_service(service_sid).close_ends_calls:
        removal.end_calls(session, interactions.running(sid), twilio_api.hang_up_call)
    wake_bridges(session)
    return ok(show_session(session))


@app.delete("/v1/Services/<service_sid>/Sessions/<sid>")
def delete_session(service_sid: str, sid: str) -> Response[str]:
    service_sid = services.sid_of(service_sid)
    sid = sessions.session_sid_of(service_sid, sid)
    wake_bridges(removal.delete_session_and_calls(services.get_service(service_sid), sid, twilio_api.hang_up_call))
    return gone()


def arm_cleanup(session: sessions.Session) -> None:
    """Has the session cleaned up when it ends, if it does so by itself, and warned of before. Twice is once."""
    if session.due_at is not None and not session.is_closed(time.time()):
        schedules.arm_expiry(session.session_sid, session.due_at)


def wake_bridges(session: sessions.Session) -> None:
    """Has the bridges of a session see that it has changed or ended."""
    for bridge_sid in session.bridges or ():
        schedules.wake(bridge_sid, time.time())


def show_session(session: sessions.Session) -> Json:
    return sessions.show_session(session, base(), time.time())


# ---- participants and interactions -----------------------------------------------------------------------------------


@app.post("/v1/Services/<service_sid>/Sessions/<session_sid>/Participants")
@creations.made_once("KP")
def add_participant(service_sid: str, session_sid: str) -> Response[str]:
    service_sid = services.sid_of(service_sid)
    session_sid = sessions.session_sid_of(service_sid, session_sid)
    wanted = form(*requests.PARTICIPANT_FIELDS)
    if wanted.boolean("DryRun"):
        return ok(sessions.show_assignment(*claims.try_joining(service_sid, session_sid, wanted)))
    person = claims.join_session(service_sid, session_sid, wanted, event_bus.tell, sid=creations.sid)
    return created(sessions.show_participant(person, service_sid, base()))


@app.get("/v1/Services/<service_sid>/Sessions/<session_sid>/Participants")
def list_participants(service_sid: str, session_sid: str) -> Response[str]:
    service_sid = services.sid_of(service_sid)
    session_sid = sessions.session_sid_of(service_sid, session_sid)
    _, people = sessions.read_session(service_sid, session_sid)
    readers = pages.by_place(people, sessions.place_of_participant)
    return page_of("participants", readers, lambda person: sessions.show_participant(person, service_sid, base()))


@app.get("/v1/Services/<service_sid>/Sessions/<session_sid>/Participants/<sid>")
def fetch_participant(service_sid: str, session_sid: str, sid: str) -> Response[str]:
    service_sid = services.sid_of(service_sid)
    session_sid = sessions.session_sid_of(service_sid, session_sid)
    person = sessions.get_participant(service_sid, session_sid, sid)
    return ok(sessions.show_participant(person, service_sid, base()))


@app.post("/v1/Services/<service_sid>/Sessions/<session_sid>/Participants/<sid>")
def update_participant(service_sid: str, session_sid: str, sid: str) -> Response[str]:
    """Proxy has no such operation: somebody gets another telephone, and keeps their line."""
    service_sid = services.sid_of(service_sid)
    session_sid = sessions.session_sid_of(service_sid, session_sid)
    person = telephones.change_numbers(service_sid, session_sid, sid, form(*requests.TELEPHONES), event_bus.tell)
    return ok(sessions.show_participant(person, service_sid, base()))


@app.delete("/v1/Services/<service_sid>/Sessions/<session_sid>/Participants/<sid>")
def delete_participant(service_sid: str, session_sid: str, sid: str) -> Response[str]:
    service_sid = services.sid_of(service_sid)
    session_sid = sessions.session_sid_of(service_sid, session_sid)
    wake_bridges(removal.remove_participant(service_sid, session_sid, sid))
    return gone()


@app.post("/v1/Services/<service_sid>/Sessions/<session_sid>/Participants/<participant_sid>/MessageInteractions")
@creations.made_once("KI", 200)
def create_message_interaction(service_sid: str, session_sid: str, participant_sid: str) -> Response[str]:
    service_sid = services.sid_of(service_sid)
    session_sid = sessions.session_sid_of(service_sid, session_sid)
    wanted, message = form("Body", "MediaUrl"), None
    for _ in range(MAX_TRIES):  # whatever is not as it was read is read again
        session, people = message_interactions.get_addressee(service_sid, session_sid, participant_sid)
        message = message or message_interactions.new_message_to(people[0], wanted, creations.sid)
        message.person = people[0].identifier
        outbound.check_message(message)
        able = pool.abilities(pool.get_pool_number(service_sid, people[0].proxy_identifier_sid))
        outbound.check_able(message.line, able, bool(message.media))
        along = partial(message_interactions.keep_in_session, message=message, session=session, people=people)
        if outbound.send_new(message, twilio_api.send_text, event_bus.tell, along):
            kept = message_interactions.get_message_interaction(
                session_sid, participant_sid, message_interactions.interaction_sid_of(message)
            )
            return ok(show_text(kept, service_sid))
    raise lifecycle.session_is_busy()


@app.get("/v1/Services/<service_sid>/Sessions/<session_sid>/Participants/<participant_sid>/MessageInteractions")
def list_message_interactions(service_sid: str, session_sid: str, participant_sid: str) -> Response[str]:
    service_sid = services.sid_of(service_sid)
    session_sid = sessions.session_sid_of(service_sid, session_sid)
    person = sessions.get_participant(service_sid, session_sid, participant_sid)
    return page_of(
        "interactions",
        message_interactions.readers_of(session_sid, person.sid),
        lambda found: message_interactions.show_message_interaction(found, service_sid, base()),
    )


@app.get("/v1/Services/<service_sid>/Sessions/<session_sid>/Participants/<participant_sid>/MessageInteractions/<sid>")
def fetch_message_interaction(service_sid: str, session_sid: str, participant_sid: str, sid: str) -> Response[str]:
    service_sid = services.sid_of(service_sid)
    session_sid = sessions.session_sid_of(service_sid, session_sid)
    person = sessions.get_participant(service_sid, session_sid, participant_sid)
    return ok(show_text(message_interactions.get_message_interaction(session_sid, person.sid, sid), service_sid))


@app.get("/v1/Services/<service_sid>/Sessions/<session_sid>/Interactions")
def list_interactions(service_sid: str, session_sid: str) -> Response[str]:
    service_sid = services.sid_of(service_sid)
    session = sessions.get_session(service_sid, session_sid)
    return page_of(
        "interactions",
        message_interactions.readers_of(session.session_sid),
        lambda found: message_interactions.show_any(found, service_sid, base()),
    )


@app.get("/v1/Services/<service_sid>/Sessions/<session_sid>/Interactions/<sid>")
def fetch_interaction(service_sid: str, session_sid: str, sid: str) -> Response[str]:
    service_sid = services.sid_of(service_sid)
    session = sessions.get_session(service_sid, session_sid)
    [found] = message_interactions.with_messages([message_interactions.get_shown(session.session_sid, sid)])
    return ok(message_interactions.show_any(found, service_sid, base()))


@app.delete("/v1/Services/<service_sid>/Sessions/<session_sid>/Interactions/<sid>")
def delete_interaction(service_sid: str, session_sid: str, sid: str) -> Response[str]:
    service_sid = services.sid_of(service_sid)
    session = sessions.get_session(service_sid, session_sid)
    message_interactions.hide_interaction(session.session_sid, sid)
    return gone()


def show_text(found: MessageInteraction, service_sid: str) -> Json:
    [known] = message_interactions.with_messages([found])
    return message_interactions.show_message_interaction(known, service_sid, base())


# ---- requests and answers --------------------------------------------------------------------------------------------


def check_key(event: Json) -> None:
    """The key is asked for before anything else, also for what does not exist."""
    route = rest.find_route(app, event)
    rest.authorize(event, noun_of(event["rawPath"]) if route else None)
    if not route:
        raise rest.not_served(app, event)
    pages.check_parameters(event["rawQueryString"], is_list=route.func.__name__.startswith("list_"))


def noun_of(path: str) -> str:
    """Which noun a path is about: sessions with all that is in them, or else services with their numbers."""
    return "sessions" if path.split("/")[4:5] == ["Sessions"] else "services"


def write_refusal(error: RequestRefused) -> Response[str]:
    """A refusal as Twilio writes it."""
    body = {
        "code": error.code,
        "message": error.message,
        "more_info": f"https://www.twilio.com/docs/errors/{error.code}",
        "status": error.status,
    }
    return Response(error.status, "application/json", rest.write_json(body))


PROXY_FAILURE = RequestRefused(80504, "An internal error has occurred. Please try again")
handler = rest.serve(app, write_refusal, check_key, PROXY_FAILURE)


def form(*known: str) -> Form:
    """The form that was sent, in UTF-8, which says nothing but what is known here. Raises RequestRefused 20001."""
    body = forms.read_body(app.current_event.raw_event)
    kind = forms.media_type(app.current_event.headers.get("content-type", forms.FORM_TYPE))
    if len(body) > MAX_FORM_BYTES:
        raise RequestRefused(20001, f"The request is larger than {MAX_FORM_BYTES} bytes", 413)
    if body and kind != forms.FORM_TYPE:
        raise RequestRefused(20001, f"The request is not {forms.FORM_TYPE}", 415)
    text = body.decode(errors="surrogateescape")
    forms.read_pairs(text)
    wanted = Form(text)
    wanted.check_known(*known)
    return wanted


def base() -> str:
    return config.settings().public_base_url


def page_of(key: str, readers: tuple[pages.Reader, pages.Reader], show: Callable[[Any], Json]) -> Response[str]:
    query: Mapping[str, str] = app.current_event.query_string_parameters
    read, read_back = readers
    return ok(pages.render(key, base() + quote(app.current_event.path), query, read, show, read_back))


def ok(body: Json) -> Response[str]:
    return Response(200, "application/json", rest.write_json(body))


def created(body: Json) -> Response[str]:
    return Response(201, "application/json", rest.write_json(body))


def gone() -> Response[str]:
    return Response(204, body="")
