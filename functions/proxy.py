"""The REST API on which Twilio's SDKs' `client.proxy.v1` runs unchanged: services, numbers, sessions, who did what."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from toritsugi.adapters import schedules, twilio_api
from toritsugi.bridges import commands as bridges
from toritsugi.foundation import addresses, config, forms, pages, rest
from toritsugi.foundation.errors import RequestRefused, not_found
from toritsugi.foundation.forms import Form
from toritsugi.foundation.transactions import MAX_TRIES
from toritsugi.foundation.types import Json
from toritsugi.lines import lines
from toritsugi.masking import claims, interactions, lifecycle, pool, requests, routes, services, sessions
from toritsugi.receptions import publishing

app = APIGatewayHttpResolver()

JSON = {"content-type": "application/json"}
MAX_FORM_BYTES = 65_536


# ---- services --------------------------------------------------------------------------------------------------------


@app.post("/v1/Services")
def create_service() -> Response[str]:
    return created(services.show_service(services.new_service(form()), base()))


@app.get("/v1/Services")
def list_services() -> Response[str]:
    return page_of("services", services.list_services, lambda service: services.show_service(service, base()))


@app.get("/v1/Services/<sid>")
def fetch_service(sid: str) -> Response[str]:
    return ok(services.show_service(services.get_service(sid), base()))


@app.post("/v1/Services/<sid>")
def update_service(sid: str) -> Response[str]:
    return ok(services.show_service(services.change_service(services.get_service(sid), form()), base()))


# ---- the numbers of a pool -------------------------------------------------------------------------------------------


@app.post("/v1/Services/<service_sid>/PhoneNumbers")
def add_number(service_sid: str) -> Response[str]:
    service_sid = services.sid_of(service_sid)
    wanted = form()
    phone_number, sid = wanted.text("PhoneNumber", most=64), wanted.text("Sid", most=34)
    if not phone_number and not sid:
        raise RequestRefused(80701, "'PhoneNumber' is invalid: name the number, by PhoneNumber or by Sid")
    owned = twilio_api.get_owned_number(requests.read_line(phone_number), sid)
    routes.check_is_nobodys(owned["phone_number"], time.time())
    publishing.check_uncalled(owned["phone_number"])
    number = pool.add_to_pool(service_sid, owned, wanted.boolean("IsReserved") or False, int(time.time()))
    try:
        owned = twilio_api.get_owned_number(None, number.sid)  # a reception may have left in between
        twilio_api.point(owned, addresses.entrance("voice"))
    except Exception as failure:
        # where Twilio may have sent its calls here, or has before, only its line knows where they went
        # and where people were given it before, it was in the pool already
        forgettable = isinstance(failure, RequestRefused) and not comes_here(owned) and number.given_at is None
        (pool.remove_from_pool if forgettable else pool.leave_out)(number)
        raise
    pool.bring_in(number)
    return created(pool.show_pool_number(number, 0, base()))


@app.get("/v1/Services/<service_sid>/PhoneNumbers")
def list_numbers(service_sid: str) -> Response[str]:
    service_sid = services.sid_of(service_sid)
    _, numbers = pool.read_pool(service_sid)
    numbers.sort(key=lambda number: number.phone_number)
    return page_of("phone_numbers", pages.slices(numbers), show_number)


@app.get("/v1/Services/<service_sid>/PhoneNumbers/<sid>")
def fetch_number(service_sid: str, sid: str) -> Response[str]:
    service_sid = services.sid_of(service_sid)
    return ok(show_number(pool.get_pool_number(service_sid, sid)))


@app.post("/v1/Services/<service_sid>/PhoneNumbers/<sid>")
def update_number(service_sid: str, sid: str) -> Response[str]:
    service_sid = services.sid_of(service_sid)
    number = pool.get_pool_number(service_sid, sid)
    reserved = form().boolean("IsReserved")
    if reserved is not None:
        pool.reserve(number, reserved)
    return ok(show_number(number))


@app.delete("/v1/Services/<service_sid>/PhoneNumbers/<sid>")
def remove_number(service_sid: str, sid: str) -> Response[str]:
    service_sid = services.sid_of(service_sid)
    number = pool.get_pool_number(service_sid, sid)
    untouched = number.moved_at is None
    pool.begin_move(number, int(time.time()))
    try:
        if pool.is_in_use(number, time.time()):
            raise RequestRefused(
                80611, "The phone number is in use by active Sessions. Reserve it, and remove it when they have ended"
            )
        owned = twilio_api.get_owned_number(None, sid)
    except Exception:
        (pool.bring_in if untouched else pool.leave_out)(number)
        raise
    try:
        give_number_back(number, owned)
    except Exception:
        pool.leave_out(number)  # nobody knows where its calls go now
        raise
    return gone()


def give_number_back(number: pool.PoolNumber, owned: Json) -> None:
    """Takes a number out of its pool and gives its calls back to where they went before.

    They stay where they are if the number has a reception, or somebody has pointed it elsewhere. Raises RequestRefused
    80613, 20409.
    """
    turned = False
    for _ in range(MAX_TRIES):
        line = lines.find_line(number.phone_number)
        if line and not line.reception and comes_here(owned):
            twilio_api.point(owned, line.former)
            turned = True
        elif line and line.reception and turned:  # which has come meanwhile
            twilio_api.point(owned, addresses.entrance("voice"))
        if pool.remove_as_seen(number, line):
            return
        owned = twilio_api.get_owned_number(None, number.sid)
    raise pool.moving()


def comes_here(owned: Json) -> bool:
    """Whether a number's calls come to us."""
    return addresses.leads_here(owned["webhooks"]["voice_url"], "voice")


def show_number(number: pool.PoolNumber) -> Json:
    sessions = {route.session_sid for route in routes.live_routes(number.phone_number, time.time())}
    return pool.show_pool_number(number, len(sessions), base())


# ---- sessions --------------------------------------------------------------------------------------------------------


@app.post("/v1/Services/<service_sid>/Sessions")
def create_session(service_sid: str) -> Response[str]:
    service_sid = services.sid_of(service_sid)
    session, _ = claims.open_session(service_sid, form())
    arm_cleanup(session)
    return created(show_session(session))


@app.get("/v1/Services/<service_sid>/Sessions")
def list_sessions(service_sid: str) -> Response[str]:
    sid = services.get_service(service_sid).service_sid
    return page_of("sessions", lambda after, most: sessions.list_sessions(sid, after, most), show_session)


@app.get("/v1/Services/<service_sid>/Sessions/<sid>")
def fetch_session(service_sid: str, sid: str) -> Response[str]:
    service_sid = services.sid_of(service_sid)
    return ok(show_session(sessions.get_session(service_sid, sid)))


@app.post("/v1/Services/<service_sid>/Sessions/<sid>")
def update_session(service_sid: str, sid: str) -> Response[str]:
    service_sid = services.sid_of(service_sid)
    sid = sessions.session_sid_of(service_sid, sid)
    wanted = form()
    session = lifecycle.change_session(service_sid, sid, wanted)
    arm_cleanup(session)
    if wanted.text("Status") == "closed" and services.get_service(service_sid).close_ends_calls:
        end_calls(session, interactions.running(sid))
    wake_bridges(session)
    return ok(show_session(session))


@app.delete("/v1/Services/<service_sid>/Sessions/<sid>")
def delete_session(service_sid: str, sid: str) -> Response[str]:
    service_sid = services.sid_of(service_sid)
    sid = sessions.session_sid_of(service_sid, sid)
    ends_calls = services.get_service(service_sid).close_ends_calls
    running = interactions.running(sid) if ends_calls else []  # nobody knows them when the session is gone
    session = lifecycle.delete_whole_session(service_sid, sid)
    if ends_calls:
        end_calls(session, running)
    wake_bridges(session)
    return gone()


def arm_cleanup(session: sessions.Session) -> None:
    """Has the session cleaned up when it ends, if it does so by itself. Twice is once."""
    if session.expires_at is not None and not session.is_closed(time.time()):
        schedules.arm_expiry(session.session_sid, session.expires_at)


def end_calls(session: sessions.Session, running: list[str]) -> None:
    """Hangs up these calls, and those that the exchange has made for the session."""
    for call_sid in running:
        twilio_api.hang_up_call(call_sid)
    for bridge_sid in session.bridges or ():
        bridges.finish(bridge_sid, "session-ended", time.time())


def wake_bridges(session: sessions.Session) -> None:
    """Has the bridges of a session see that it has changed or ended."""
    for bridge_sid in session.bridges or ():
        schedules.wake(bridge_sid, time.time())


def show_session(session: sessions.Session) -> Json:
    return sessions.show_session(session, base(), time.time())


# ---- participants and interactions -----------------------------------------------------------------------------------


@app.post("/v1/Services/<service_sid>/Sessions/<session_sid>/Participants")
def add_participant(service_sid: str, session_sid: str) -> Response[str]:
    service_sid = services.sid_of(service_sid)
    session_sid = sessions.session_sid_of(service_sid, session_sid)
    return created(
        sessions.show_participant(claims.join_session(service_sid, session_sid, form()), service_sid, base())
    )


@app.get("/v1/Services/<service_sid>/Sessions/<session_sid>/Participants")
def list_participants(service_sid: str, session_sid: str) -> Response[str]:
    service_sid = services.sid_of(service_sid)
    session_sid = sessions.session_sid_of(service_sid, session_sid)
    _, people = sessions.read_session(service_sid, session_sid)
    return page_of(
        "participants", pages.slices(people), lambda person: sessions.show_participant(person, service_sid, base())
    )


@app.get("/v1/Services/<service_sid>/Sessions/<session_sid>/Participants/<sid>")
def fetch_participant(service_sid: str, session_sid: str, sid: str) -> Response[str]:
    service_sid = services.sid_of(service_sid)
    session_sid = sessions.session_sid_of(service_sid, session_sid)
    _, people = sessions.read_session(service_sid, session_sid)
    for person in people:
        if person.sid == sid:
            return ok(sessions.show_participant(person, service_sid, base()))
    raise not_found(f"/Participants/{sid}")


@app.get("/v1/Services/<service_sid>/Sessions/<session_sid>/Interactions")
def list_interactions(service_sid: str, session_sid: str) -> Response[str]:
    service_sid = services.sid_of(service_sid)
    session = sessions.get_session(service_sid, session_sid)
    found = pages.slices(interactions.list_interactions(session.session_sid))
    return page_of(
        "interactions", found, lambda interaction: interactions.show_interaction(interaction, service_sid, base())
    )


@app.get("/v1/Services/<service_sid>/Sessions/<session_sid>/Interactions/<sid>")
def fetch_interaction(service_sid: str, session_sid: str, sid: str) -> Response[str]:
    service_sid = services.sid_of(service_sid)
    session = sessions.get_session(service_sid, session_sid)
    return ok(
        interactions.show_interaction(interactions.get_interaction(session.session_sid, sid), service_sid, base())
    )


# ---- requests and answers --------------------------------------------------------------------------------------------


def check_key(event: Json) -> None:
    """The key is asked for before anything else, also for what does not exist."""
    there = rest.find_route(app, event) is not None
    rest.authorize(event, noun_of(event["rawPath"]) if there else None)
    if not there:
        raise rest.not_served(app, event)


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


PROXY_FAILURE = RequestRefused(80504, "An internal error has occurred. Please try again", 500)
handler = rest.serve(app, write_refusal, check_key, PROXY_FAILURE)


def form() -> Form:
    body = forms.read_body(app.current_event.raw_event)
    if len(body) > MAX_FORM_BYTES:
        raise RequestRefused(20001, f"The request is larger than {MAX_FORM_BYTES} bytes", 413)
    return Form(body.decode(errors="replace"))


def base() -> str:
    return config.settings().public_base_url


def page_of(key: str, read: pages.Reader, show: Callable[[Any], Json]) -> Response[str]:
    query: Mapping[str, str] = app.current_event.query_string_parameters
    return ok(pages.render(key, base() + app.current_event.path, query, read, show))


def ok(body: Json) -> Response[str]:
    return Response(200, "application/json", rest.write_json(body))


def created(body: Json) -> Response[str]:
    return Response(201, "application/json", rest.write_json(body))


def gone() -> Response[str]:
    return Response(204, body="")
