"""The OutOfSessionCallbackUrl of a service: the owner's system says what becomes of those whom no session knows.

It answers with TwiML, which is executed as it is, or in JSON with whom they want to reach: then they have a session.
https://www.twilio.com/docs/proxy/out-session-callback-response-guide
"""

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import Message as Headers
from typing import Any, NoReturn, Protocol
from urllib.parse import urlencode
from xml.etree import ElementTree

from toritsugi.foundation.errors import CallerUnconfirmed, OwnerSilent, RequestRefused
from toritsugi.foundation.forms import Form, media_type
from toritsugi.foundation.logs import log
from toritsugi.limits.usage import Tell
from toritsugi.lines.identity import has_to_be_announced
from toritsugi.lines.numbers import is_shown
from toritsugi.masking.callbacks import in_camel_case
from toritsugi.masking.claims import SessionIsThere, open_session
from toritsugi.masking.routes import Route
from toritsugi.masking.services import AUTH_TOKEN, Service, find_any_service
from toritsugi.masking.sessions import Session, find_with_people, show_participant, show_session

TWIML_TYPES, JSON_TYPE = ("application/xml", "text/xml"), "application/json"
FIELDS_OF_SESSION = {"uniqueName": "UniqueName", "mode": "Mode", "ttl": "Ttl", "dateExpiry": "DateExpiry"}
FIELDS_OF_PARTICIPANT = {
    "participantIdentifier": "Identifier",
    "participantMoreIdentifiers": "MoreIdentifiers",
    "participantRings": "Rings",
    "participantProxyIdentifier": "ProxyIdentifier",
}
KNOWN_FIELDS = {*FIELDS_OF_PARTICIPANT, *FIELDS_OF_SESSION}

# What is told of a session that has ended, and of those who were in it, by the properties that REST shows.
TOLD_OF_SESSION = (
    *("sid", "unique_name", "account_sid", "service_sid", "status", "mode", "closed_reason", "date_created"),
    *("date_started", "date_updated", "date_ended", "date_last_interaction"),
)
TOLD_OF_PARTICIPANT = (
    *("sid", "identifier", "friendly_name", "proxy_identifier", "proxy_identifier_sid", "account_sid", "service_sid"),
    *("session_sid", "date_created", "date_updated"),
)


class OwnersAnswer(Protocol):
    """An answer of the owner's system."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Headers: ...
    @property
    def content(self) -> bytes: ...


AskWhatBecomes = Callable[[str, Mapping[str, str], str, bool], OwnersAnswer]  # or OwnerSilent


@dataclass(frozen=True)
class Stranger:
    """Somebody who calls or writes to a line of a service, by Twilio's webhook, and whom no session knows there.

    `route` is what is remembered of a session that they were in.
    """

    service_sid: str
    fields: Mapping[str, str]
    route: Route | None

    @property
    def sid(self) -> str:
        """The SID of the call or text."""
        return self.fields.get("CallSid") or self.fields["MessageSid"]

    @property
    def session_sid(self) -> str:
        """The SID of the session that this call or text leads to: one, however often Twilio asks."""
        return "KC" + hashlib.sha256(f"{self.service_sid} {self.sid}".encode()).hexdigest()[:32]


class Unusable(Exception):
    """An answer of which nothing can be made, with Twilio's code for that."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def find_twiml(stranger: Stranger, ask: AskWhatBecomes, arm: Callable[[str, float], None], tell: Tell) -> str | None:
    """The TwiML that the owner's system answers; None, where it answers otherwise: then there may be a session.

    That was opened for its answer, and `arm` has it looked at when it is due; or it was there, for Twilio asks twice.
    Whom to `tell` is told as of any session where it takes nearly all numbers.
    Where nothing came of the answer, the log says why, by Twilio's code.
    """
    service = find_any_service(stranger.service_sid)
    if service is None or service.deleted_at or not service.out_of_session_callback_url:
        return None
    code = None
    try:
        if is_forged(stranger, service):
            return None
        answer = read_answer(stranger, ask_about(stranger, service, ask), tell)
        if isinstance(answer, str):
            return answer
        if answer.due_at is not None:
            arm(answer.session_sid, answer.due_at)
        return None
    except SessionIsThere:
        return None
    except Unusable as why:
        code, reason = why.code, str(why)
    except RequestRefused as refusal:  # whose message may have a telephone number
        code, reason = refusal.code, "no session can be made of its answer"
    log.warning("an out-of-session callback failed", code=code, service_sid=service.service_sid, reason=reason)
    return None


def is_forged(stranger: Stranger, service: Service) -> bool:
    """Whether Twilio says that the caller is not who they seem, and the service wants such refused."""
    try:
        has_to_be_announced(stranger.fields.get("StirVerstat", ""), service.unconfirmed_callers)
    except CallerUnconfirmed:
        return True
    return False


# ---- what it is asked ------------------------------------------------------------------------------------------------


def ask_about(stranger: Stranger, service: Service, ask: AskWhatBecomes) -> OwnersAnswer:
    """Its answer, which is one. Raises Unusable 80913."""
    parameters = {**stranger.fields, **session_before(stranger.route)}
    by_auth_token = service.callbacks_signed_by == AUTH_TOKEN
    try:
        said = ask(str(service.out_of_session_callback_url), parameters, stranger.sid, by_auth_token)
    except OwnerSilent as silence:
        raise Unusable(80913, str(silence)) from None
    if not 200 <= said.status < 300:
        raise Unusable(80913, f"it answers {said.status}")
    return said


def session_before(route: Route | None) -> dict[str, str]:
    """What is told of the session in which somebody was at this line, and of its people; nothing if there is none."""
    session, people = find_with_people(route.session_sid) if route else (None, [])
    if route is None or session is None or session.is_deleted:
        return {}
    shown = show_session(session, "", time.time())
    told = {f"session_{name}": shown[name] for name in TOLD_OF_SESSION} | {"ttl": shown["ttl"]}
    for person in sorted(people, key=lambda one: one.date_deleted is None):  # who is there comes last, and stays
        side = "inbound" if person.sid == route.participant_sid else "outbound"
        facts = show_participant(person, session.service_sid, "")
        told |= {f"{side}_participant_{name}": facts[name] for name in TOLD_OF_PARTICIPANT}
    return {in_camel_case(name): "" if value is None else str(value) for name, value in told.items()}


# ---- what it answers -------------------------------------------------------------------------------------------------


def read_answer(stranger: Stranger, said: OwnersAnswer, tell: Tell) -> str | Session:
    """TwiML, or the session that was opened. Raises Unusable, RequestRefused, SessionIsThere."""
    kind, charset = media_type(said.headers.get("Content-Type", "")), said.headers.get_content_charset()
    try:
        content = said.content.decode(charset).lstrip("\ufeff") if charset else said.content
        if kind in TWIML_TYPES:
            return read_twiml(content)
        if kind == JSON_TYPE:
            wanted = read_wanted(content, stranger)
            return open_session(stranger.service_sid, wanted, tell, sid=stranger.session_sid)[0]
    except (ValueError, LookupError, RecursionError, ElementTree.ParseError):
        raise Unusable(12100, "its answer cannot be read") from None
    raise Unusable(12300, "its answer is neither TwiML nor JSON")


class Plain(ElementTree.TreeBuilder):
    """Takes no document with a DTD: what it declares could swell."""

    def doctype(self, *_: Any) -> NoReturn:
        raise ValueError("TwiML has no DTD")


def read_twiml(content: str | bytes) -> str:
    """The TwiML, well formed, as Twilio takes it. Raises ValueError, ElementTree.ParseError."""
    parser = ElementTree.XMLParser(target=Plain())  # noqa: S314  without a DTD, and of 64 KB at most
    parser.feed(content)
    response = parser.close()
    if response.tag != "Response":
        raise ValueError("TwiML is a Response")
    return ElementTree.tostring(response, encoding="unicode")


def read_wanted(content: str | bytes, stranger: Stranger) -> Form:
    """The session that an answer in JSON wants, as a client would ask for it. Raises ValueError, RequestRefused."""
    said = json.loads(content)
    if not isinstance(said, dict):
        raise ValueError("it is no object")  # such as JSON within a text of JSON
    if unknown := len(said.keys() - KNOWN_FIELDS):  # whatever they are called, a number perhaps
        log.warning("fields that nobody knows", service_sid=stranger.service_sid, fields=unknown)
    given = {name: read_value(name, said[name]) for name in KNOWN_FIELDS & said.keys() if said[name] not in (None, "")}
    if not is_shown(stranger.fields["From"]):
        raise RequestRefused(80404, "Who hides their number can be in no session")
    people = [
        {"Identifier": stranger.fields["From"], "ProxyIdentifier": stranger.fields["To"]},
        {field: given[name] for name, field in FIELDS_OF_PARTICIPANT.items() if name in given},
    ]
    fields = [(field, given[name]) for name, field in FIELDS_OF_SESSION.items() if name in given]
    return Form(urlencode([*(("Participants", json.dumps(person)) for person in people), *fields]))


def read_value(name: str, value: Any) -> str | list[str]:
    """A text, or a whole number as one; of a team its further numbers. Raises RequestRefused 80701."""
    if name == "participantMoreIdentifiers":
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise RequestRefused(80701, f"'{name}' is invalid: it must be a list of texts")
        return value
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise RequestRefused(80701, f"'{name}' is invalid: it must be a text or a whole number")
    return str(value)
