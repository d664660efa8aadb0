"""The InterceptCallbackUrl of a service: the owner's system is asked before a call or text goes on.

403 stops it. Whatever else it says, or if it says nothing in time, the way is open, unless the service wants it closed.
https://www.twilio.com/docs/proxy/api/webhooks
"""

from collections.abc import Callable, Mapping

from toritsugi.foundation.errors import CallIntercepted, OwnerSilent
from toritsugi.foundation.logs import log
from toritsugi.foundation.transactions import refusals, write_transaction
from toritsugi.masking.callbacks import Told, parameters_of
from toritsugi.masking.interactions import Interaction, interaction_entry, keep_alone
from toritsugi.masking.message_interactions import INTERCEPTED, MessageInteraction
from toritsugi.masking.relaying import RelayedText, new_interaction
from toritsugi.masking.routes import Route
from toritsugi.masking.services import AUTH_TOKEN, FAILS_OPEN, Service, find_any_service
from toritsugi.masking.sessions import Session, is_undeleted
from toritsugi.messages import inbound

FORBIDDEN = 403

AskWhether = Callable[[str, Mapping[str, str], str, bool], int]  # the status of the answer, or OwnerSilent


def check_call(service_sid: str, route: Route, call_sid: str, now: float, ask: AskWhether) -> None:
    """Raises CallIntercepted where the owner's system does not let a call go on, which is kept then."""
    call = call_before(route, call_sid, int(now))
    if is_let_on(service_sid, (call, None), ask):
        return
    call.status = INTERCEPTED
    keep_alone(call, is_undeleted())
    raise CallIntercepted


def is_text_let_on(wanted: RelayedText, ask: AskWhether) -> bool:
    """Whether the owner's system lets a text go on; one that it does not is kept among what happened in its session."""
    service_sid = str(wanted.known.line.service_sid) if wanted.known.line else ""
    text, message = new_interaction(wanted), inbound.new_inbound(wanted.text)
    if is_let_on(service_sid, (text, message), ask):
        return True
    text.intercepted = True
    keep_stopped(text)
    return False


def keep_stopped(text: MessageInteraction) -> None:
    """Keeps a text that goes no further; not if it is there, or its session gone."""
    with refusals(), write_transaction() as transaction:
        transaction.condition_check(Session, text.session_sid, "session", condition=is_undeleted())
        transaction.save(text, condition=MessageInteraction.entry.does_not_exist())


def call_before(route: Route, call_sid: str, now: int) -> Interaction:
    """A call before it is put through; not kept. Whatever a callback tells of it later has a higher rank."""
    sid = "KI" + call_sid[2:]
    return Interaction(
        route.session_sid,
        interaction_entry(sid),
        sid=sid,
        inbound_participant_sid=route.participant_sid,
        inbound_call_sid=call_sid,
        outbound_participant_sid=route.partner_sid,
        status="initiated",
        rank=0,
        date_created=now,
        date_updated=now,
    )


def is_let_on(service_sid: str, told: Told, ask: AskWhether) -> bool:
    """Whether a call or text may go on. It is told as to the CallbackUrl, without what there would be of the other."""
    service = find_any_service(service_sid)
    if service is None or not service.intercept_callback_url:
        return True
    status = find_status(service, told, ask)
    if status == FORBIDDEN:
        log.info("intercepted", code=80909, service_sid=service_sid, interaction_sid=told[0].sid)
    is_open = service.intercept_fails == FAILS_OPEN and status != FORBIDDEN
    return is_open or (status is not None and 200 <= status < 300)


def find_status(service: Service, told: Told, ask: AskWhether) -> int | None:
    """How the owner's system answers; None where it does not. The log says whether that was of no use."""
    said = parameters_of(told, service.service_sid)
    parameters = {name: text for name, text in said.items() if not name.startswith("outbound")}
    by_auth_token = service.callbacks_signed_by == AUTH_TOKEN
    status, reason = None, ""
    try:
        status = ask(str(service.intercept_callback_url), parameters, f"{told[0].sid}-intercept", by_auth_token)
    except OwnerSilent as silence:
        reason = str(silence)
    if status != FORBIDDEN and (status is None or not 200 <= status < 300):
        reason = reason or f"it answers {status}"
        log.warning("an intercept failed", code=80908, service_sid=service.service_sid, reason=reason)
    return status
