"""The document of the Proxy API, `/v1`, which is answered by proxy.py: each operation, field, answer and code.

It is written by hand, for forms say less of themselves than models do. A test holds it equal to what the operations
take and answer.
"""

import re
from typing import Any, NamedTuple

from toritsugi.foundation.durations import MAX_RING_SECONDS, MIN_RING_SECONDS
from toritsugi.foundation.forms import FORM_TYPE
from toritsugi.foundation.once import MAX_KEY
from toritsugi.foundation.pages import MAX_PAGE_SIZE
from toritsugi.foundation.rest import scope_for
from toritsugi.foundation.types import Json
from toritsugi.lines.identity import UNCONFIRMED_CALLERS
from toritsugi.masking import requests, services
from toritsugi.masking.pins import MAX_PIN_DIGITS
from toritsugi.masking.sessions import MODES
from toritsugi.masking.teams import WAYS_TO_RING
from toritsugi.masking.terms import MAX_COUNTED_CALLS, MAX_SPOKEN, MIN_CALL_SECONDS, USUAL

OURS = "Not in Twilio's Proxy. "


def string(said: str, **more: Any) -> Json:
    return {"type": "string", "description": said, **more}


def number(said: str, **more: Any) -> Json:
    return {"type": "integer", "description": said, **more}


def truth(said: str) -> Json:
    return {"type": "boolean", "description": said}


# ---- what is sent ----------------------------------------------------------------------------------------------------

STRICT = truth("Taken, and changes nothing: two sessions never have the same pair of participant and number")
FIELDS: dict[str, Json] = {
    "UniqueName": string("The name, which works wherever the SID does; without a slash or a question mark"),
    "DefaultTtl": number("The Ttl of sessions that say none; 0: none", minimum=0, maximum=services.MAX_TTL),
    "CallbackUrl": string("Is told of each state of each call and text. https, and on the web"),
    "InterceptCallbackUrl": string("Is asked before a call or text goes on; 403 stops it"),
    "OutOfSessionCallbackUrl": string("Is asked about calls and texts of those whom no session knows"),
    "GeoMatchLevel": string(
        "How near to a participant their number is; finer than a country in North America alone",
        enum=list(services.GEO_MATCH_LEVELS),
    ),
    "NumberSelectionBehavior": string(
        "Whether somebody gets the number that they had last, or one that they have not had",
        enum=list(services.NUMBER_SELECTION_BEHAVIORS),
    ),
    "ChatInstanceSid": string("Is kept and shown; there is no chat"),
    "CallsOutliveExpiry": truth(OURS + "A call that runs when its session expires may go on"),
    "CloseEndsCalls": truth(OURS + "To close or delete a session hangs up its calls"),
    "Quarantine": number(OURS + "Seconds for which a number is kept from its person's next session", minimum=0),
    "WarnBeforeExpiry": number(
        OURS + "Seconds before its end at which `session.expiring` is told; 0: never", minimum=0
    ),
    "GracePeriod": number(OURS + "Seconds for which a session goes on beyond its ttl or date", minimum=0),
    "EndedSentence": string(OURS + 'What whoever calls after the end hears, as JSON by language: {"en": "Goodbye."}'),
    "Through": string(OURS + "How two people are put through", enum=["dial", "conference"]),
    "WarnBeforeEnd": number(OURS + "Seconds before the end at which both hear of it, in a conference", minimum=0),
    "ExtensionMinutes": number(OURS + "By how much the star extends a conference; 0: not at all", minimum=0),
    "ExtensionTimes": number(OURS + "How often the star does", minimum=1),
    "Record": truth(OURS + "Calls are recorded, after both sides have been told so"),
    "UnconfirmedCallers": string(
        OURS + "What becomes of callers whose number Twilio says is not proven to be theirs",
        enum=list(UNCONFIRMED_CALLERS),
    ),
    "CallbacksSignedBy": string(
        OURS + "The key by which your system checks who asks and tells it", enum=list(services.CALLBACK_KEYS)
    ),
    "InterceptFails": string(
        OURS + "What becomes of a call or text of which your system says nothing of use",
        enum=list(services.INTERCEPT_FAILS),
    ),
    "PinEntry": truth(OURS + "Participants have a PIN, by which they are put through from any telephone"),
    "SeveralSessions": string(
        OURS + "What becomes of a session for whose people no number is left: `choose` has it share one",
        enum=list(services.SEVERAL_SESSIONS),
    ),
    "Greeting": string(
        OURS + "What the caller hears first; {label} is what the session is about", maxLength=MAX_SPOKEN
    ),
    "Whisper": string(
        OURS + "What the callee hears first; {name} is the caller, {label} as above", maxLength=MAX_SPOKEN
    ),
    "AcceptByKey": truth(OURS + "The callee presses 1 before they are put through, so that no mailbox takes the call"),
    "SayUnanswered": truth(OURS + "The caller hears that nobody answers"),
    "Voicemail": truth(OURS + "The caller can leave a message where nobody answers"),
    "RingSeconds": number(OURS + "Seconds for which it rings", minimum=MIN_RING_SECONDS, maximum=MAX_RING_SECONDS),
    "MaxCallSeconds": number(OURS + "Seconds after which a call ends", minimum=MIN_CALL_SECONDS),
    "MaxCalls": number(OURS + "How many calls the session is for; 0: any number", minimum=0, maximum=MAX_COUNTED_CALLS),
    "CloseAfterCall": truth(OURS + "The session is closed after the first call in which two have talked"),
    "OneWay": truth(OURS + "Only the first participant calls the other"),
    "PhoneNumber": string("A number of the Twilio account; this or Sid"),
    "Sid": string("The SID of a number of the Twilio account, PN...; this or PhoneNumber"),
    "IsReserved": truth("It is given to nobody who does not ask for it"),
    "DateExpiry": string("When the session ends, in ISO 8601; goes before Ttl", format="date-time"),
    "Ttl": number("Seconds after the last call or text at which the session ends; 0: never", minimum=0),
    "Mode": string("What the session is for. Left out: the widest that its numbers can", enum=list(MODES)),
    "Status": string("`closed`, or for a closed session `open` or `in-progress`"),
    "Participants": {
        "type": "array",
        "maxItems": requests.MAX_PARTICIPANTS,
        "items": {"type": "string"},
        "description": f"Each an object in JSON, of {', '.join(requests.PARTICIPANT_FACTS)}; the field is repeated",
    },
    "DryRun": truth(OURS + "Nothing is made: the answer says whether it would be, and with which numbers"),
    "Label": string(OURS + "What the session is about, in words that people may hear", maxLength=requests.MAX_LABEL),
    "FailOnParticipantConflict": STRICT,
    "ReturnErrorOnDuplicateRequest": STRICT,
    "Identifier": string("The person's telephone number"),
    "MoreIdentifiers": {
        "type": "array",
        "maxItems": requests.MAX_NUMBERS - 1,
        "items": {"type": "string"},
        "description": OURS + "Further telephones of the same participant; the field is repeated, blank is none",
    },
    "Rings": string(OURS + "How several telephones ring: at once, or one after the other", enum=list(WAYS_TO_RING)),
    "FriendlyName": string("What the person is called; shown, never spoken"),
    "ProxyIdentifier": string("The number of the pool that the person is to have"),
    "ProxyIdentifierSid": string("The same by its SID"),
    "Pin": string(OURS + "The PIN that the person brings; left out, and one is drawn", maxLength=MAX_PIN_DIGITS),
    "Body": string("What is written; this or MediaUrl, or both"),
    "MediaUrl": string("Where a picture is that is sent with it, as far as the number can"),
}

# ---- what is answered ------------------------------------------------------------------------------------------------

MOMENTS = ("date_created", "date_updated", "url")
OF_ACCOUNT = ("sid", "account_sid", *MOMENTS)
OF_SERVICE = ("service_sid", *OF_ACCOUNT)
WAYS = [
    f"{way}_{what}"
    for way in ("inbound", "outbound")
    for what in ("participant_sid", "resource_sid", "resource_status", "resource_type", "resource_url")
]
INTERACTION = (*OF_SERVICE, "session_sid", "data", "type", *WAYS)
ANSWERS: dict[str, tuple[str, ...]] = {
    "Service": (
        *OF_ACCOUNT,
        *("unique_name", "default_ttl", "callback_url", "intercept_callback_url", "out_of_session_callback_url"),
        *("geo_match_level", "number_selection_behavior", "chat_instance_sid", "calls_outlive_expiry"),
        *(
            "close_ends_calls",
            "quarantine",
            "warn_before_expiry",
            "grace_period",
            "ended_sentence",
            "through",
            "warn_before_end",
            "extension_minutes",
            "extension_times",
        ),
        *(
            "record",
            "unconfirmed_callers",
            "callbacks_signed_by",
            "pin_entry",
            "intercept_fails",
            "links",
            "several_sessions",
        ),
        *USUAL,
    ),
    "PhoneNumber": (
        *OF_SERVICE,
        *("phone_number", "friendly_name", "iso_country", "capabilities", "is_reserved", "in_use"),
    ),
    "PoolForecast": ("service_sid", "account_sid", "since", "complete", "forecasts", "url"),
    "Session": (
        *OF_SERVICE,
        *("status", "unique_name", "date_started", "date_ended", "date_last_interaction", "date_expiry"),
        *("ttl", "mode", "closed_reason", "links", "label", "calls_made"),
        *USUAL,
    ),
    "Participant": (
        *OF_SERVICE,
        *("session_sid", "friendly_name", "identifier", "proxy_identifier", "proxy_identifier_sid"),
        *("date_deleted", "links", "digit", "pin", "more_identifiers", "rings"),
    ),
    "Interaction": INTERACTION,
    "MessageInteraction": (*INTERACTION, "participant_sid"),
}
# Of what is sent, an answer says the same under another spelling; of the rest, this.
SHOWN_AS: dict[str, Json] = {
    "sid": string("Its SID"),
    "account_sid": string("The Twilio account"),
    "service_sid": string("The service that it belongs to"),
    "session_sid": string("The session that it belongs to"),
    "participant_sid": string("Who was written to"),
    "url": string("Where it is to be found", format="uri"),
    "links": {"type": "object", "description": "Where what is in it is to be found"},
    "since": string("From when on sessions are counted", format="date-time"),
    "complete": truth("Whether all who are in sessions at this moment could be looked at"),
    "forecasts": {"type": "array", "items": {"type": "object"}, "description": "The needs of each country and mode"},
    "iso_country": string("The number's country"),
    "capabilities": {"type": "object", "description": "What the number can: voice, sms, mms, fax"},
    "in_use": number("In how many sessions it is"),
    "more_identifiers": {
        "type": "array",
        "items": {"type": "string"},
        "description": OURS + "The further telephones of the participant",
    },
    "rings": string(OURS + "How several telephones ring", enum=list(WAYS_TO_RING)),
    "closed_reason": string("Why the session is closed: `api`, `ttl`, `date-expiry`, or a reason of ours"),
    "digit": number(OURS + "The key that the person presses for this session, where several share the number"),
    "calls_made": number(OURS + "In how many calls two have talked, where its terms count them"),
    "data": string("JSON as a text: what was written; of a call its duration, and its recording if there is one"),
    "type": string("What it is", enum=["voice", "message"]),
    "date_started": string("When the first call or text was", format="date-time"),
    "date_ended": string("When the session ended", format="date-time"),
    "date_last_interaction": string("When the last call or text was", format="date-time"),
    "date_created": string("When it was made", format="date-time"),
    "date_updated": string("When it changed last", format="date-time"),
    "date_deleted": string("When the person was taken out of the session", format="date-time"),
    **{
        f"{way}_{what}": string(f"{whose} {said}")
        for way, whose in (("inbound", "Of who began:"), ("outbound", "Of who was reached:"))
        for what, said in (
            ("participant_sid", "the participant"),
            ("resource_sid", "Twilio's call or message"),
            ("resource_status", "how far that has come"),
            ("resource_type", "Call or Message"),
            ("resource_url", "where that is at Twilio"),
        )
    },
}

# ---- what is refused -------------------------------------------------------------------------------------------------

PROXY_CODES = {
    80101: "the number is in another service",
    80103: "the participant is in the session already",
    80104: "the number is in this service already",
    80201: "no number has voice",
    80202: "no number has messaging",
    80203: "no number of the participant's country",
    80205: "the service has no numbers",
    80206: "no number in the participant's area, or none there is free",
    80207: "all numbers that would do are reserved",
    80208: "all numbers that would do are in use by this participant; with `SeveralSessions=choose` nine share one",
    80301: "the account has no number of this SID",
    80304: "the ProxyIdentifier is no telephone number",
    80308: "no session has this unique name",
    80402: "a number of a service cannot be a participant: its calls would go in circles",
    80403: "not the SID of an interaction",
    80404: "the participant cannot be reached by telephone, or the exchange may not call there",
    80405: "not the SID of a participant",
    80406: "not a telephone number",
    80407: "not the SID of a phone number",
    80408: "not the SID of a service",
    80409: "not the SID of a session",
    80503: "others were changing the same, again and again",
    80504: "an error of ours; the log has it",
    80601: "the ProxyIdentifierSid is not in the pool",
    80602: "the service's name is taken",
    80603: "the session's name is taken",
    80604: "the pair of participant and number is another session's",
    80605: "the ProxyIdentifier is not in the pool",
    80606: "the account does not own the number",
    80607: "the session is closed",
    80608: "the session cannot be set to this status",
    80609: "a session has two participants at most",
    80611: "the number is in use",
    80612: "the participant was removed from this session before",
    80613: "Twilio rejects what was asked of it",
    80616: "a landline in a session for texts",
    80622: "the pool is full: 500 numbers, and 5000 reserved ones",
    80623: "others were faster for the same participant, again and again",
    80701: "a field is wrong; the message names it",
    80910: "a message in a session for calls alone",
}
STATUS = {80613: 502, 80623: 409}  # all others are 400
ALWAYS = (80408, 80504)

# ---- the operations --------------------------------------------------------------------------------------------------


class Operation(NamedTuple):
    """What one request does. `answer` is a status and what comes back, or a list and what is on its pages."""

    method: str
    path: str
    name: str
    summary: str
    answer: str
    fields: tuple[str, ...] = ()
    codes: tuple[int, ...] = ()


SERVICES, SERVICE = "/v1/Services", "/v1/Services/{service_sid}"
NUMBERS, SESSIONS = f"{SERVICE}/PhoneNumbers", f"{SERVICE}/Sessions"
SESSION = f"{SESSIONS}/{{session_sid}}"
PEOPLE, INTERACTIONS = f"{SESSION}/Participants", f"{SESSION}/Interactions"
TEXTS = f"{PEOPLE}/{{participant_sid}}/MessageInteractions"
PLACES = {
    "sid": "Its SID; of a service or session also its UniqueName, percent-encoded",
    "service_sid": "The service's SID, or its UniqueName, percent-encoded",
    "session_sid": "The session's SID, or its UniqueName, percent-encoded",
    "participant_sid": "The participant's SID",
}
IN_SESSION = (80308, 80409)
GIVEN_NUMBERS = (
    *(80103, 80201, 80202, 80203, 80205, 80206, 80207, 80208, 80304, 80402, 80404, 80406, 80503, 80601, 80604),
    *(80605, 80616, 80623, 80701),
)
NEW_TELEPHONE = (80103, 80402, 80404, 80405, 80406, 80503, 80604, 80607, 80612, 80616, 80701)
OPERATIONS = [
    Operation("GET", SERVICES, "list_services", "All services, by name", "services of Service"),
    Operation("GET", f"{SERVICES}/{{sid}}", "fetch_service", "A service", "200 Service"),
    Operation(
        "DELETE", f"{SERVICES}/{{sid}}", "delete_service", "Delete a service with all in it", "204", (), (80503,)
    ),
    Operation(
        "POST", SERVICES, "create_service", "Make a service", "201 Service", services.SERVICE_FIELDS, (80602, 80701)
    ),
    Operation(
        "POST",
        f"{SERVICES}/{{sid}}",
        "update_service",
        "Change a service",
        "200 Service",
        services.SERVICE_FIELDS,
        (80503, 80602, 80701),
    ),
    Operation("GET", NUMBERS, "list_numbers", "The pool", "phone_numbers of PhoneNumber"),
    Operation("GET", f"{NUMBERS}/{{sid}}", "fetch_number", "A number of the pool", "200 PhoneNumber", (), (80407,)),
    Operation(
        "POST",
        NUMBERS,
        "add_number",
        "Take a number into the pool",
        "201 PhoneNumber",
        ("PhoneNumber", "Sid", "IsReserved"),
        (80101, 80104, 80301, 80406, 80503, 80606, 80613, 80622, 80701),
    ),
    Operation(
        "POST",
        f"{NUMBERS}/{{sid}}",
        "update_number",
        "Reserve a number, or give it free",
        "200 PhoneNumber",
        ("IsReserved",),
        (80407, 80503, 80622, 80701),
    ),
    Operation(
        "DELETE",
        f"{NUMBERS}/{{sid}}",
        "remove_number",
        "Take a number out of the pool",
        "204",
        (),
        (80407, 80503, 80611, 80613),
    ),
    Operation(
        "GET",
        f"{SERVICE}/PoolForecast",
        "fetch_pool_forecast",
        OURS + "How many numbers the pool needs, by country and mode",
        "200 PoolForecast",
    ),
    Operation("GET", SESSIONS, "list_sessions", "The sessions, the newest first", "sessions of Session"),
    Operation("GET", f"{SESSIONS}/{{sid}}", "fetch_session", "A session", "200 Session", (), IN_SESSION),
    Operation(
        "POST",
        SESSIONS,
        "create_session",
        "Make a session, perhaps with its participants",
        "201 Session",
        requests.SESSION_FIELDS,
        (*GIVEN_NUMBERS, 80603, 80608, 80609),
    ),
    Operation(
        "POST",
        f"{SESSIONS}/{{sid}}",
        "update_session",
        "Change a session, close it, or open it again",
        "200 Session",
        requests.SESSION_CHANGES,
        (*IN_SESSION, 80503, 80604, 80607, 80608, 80701),
    ),
    Operation("DELETE", f"{SESSIONS}/{{sid}}", "delete_session", "Delete a session", "204", (), (*IN_SESSION, 80503)),
    Operation(
        "GET",
        PEOPLE,
        "list_participants",
        "Who is or was in a session, as they came",
        "participants of Participant",
        (),
        IN_SESSION,
    ),
    Operation(
        "GET",
        f"{PEOPLE}/{{sid}}",
        "fetch_participant",
        "A participant",
        "200 Participant",
        (),
        (*IN_SESSION, 80405),
    ),
    Operation(
        "POST",
        PEOPLE,
        "add_participant",
        "Somebody joins a session",
        "201 Participant",
        requests.PARTICIPANT_FIELDS,
        (*IN_SESSION, *GIVEN_NUMBERS, 80607, 80609, 80612),
    ),
    Operation(
        "POST",
        f"{PEOPLE}/{{sid}}",
        "update_participant",
        OURS + "Somebody gets another telephone, or several, and keeps their proxy number; what is not said stays",
        "200 Participant",
        requests.TELEPHONES,
        (*IN_SESSION, *NEW_TELEPHONE),
    ),
    Operation(
        "DELETE",
        f"{PEOPLE}/{{sid}}",
        "delete_participant",
        "Take somebody out of a session",
        "204",
        (),
        (*IN_SESSION, 80405, 80503),
    ),
    Operation(
        "GET",
        TEXTS,
        "list_message_interactions",
        "What was written to somebody",
        "interactions of MessageInteraction",
        (),
        (*IN_SESSION, 80405),
    ),
    Operation(
        "GET",
        f"{TEXTS}/{{sid}}",
        "fetch_message_interaction",
        "A text to somebody",
        "200 MessageInteraction",
        (),
        (*IN_SESSION, 80403, 80405),
    ),
    Operation(
        "POST",
        TEXTS,
        "create_message_interaction",
        "Write to a participant, over the number that they know",
        "200 MessageInteraction",
        ("Body", "MediaUrl"),
        (*IN_SESSION, 80405, 80503, 80607, 80613, 80701, 80910),
    ),
    Operation(
        "GET",
        INTERACTIONS,
        "list_interactions",
        "The calls and texts of a session, the newest first",
        "interactions of Interaction",
        (),
        IN_SESSION,
    ),
    Operation(
        "GET",
        f"{INTERACTIONS}/{{sid}}",
        "fetch_interaction",
        "A call or text",
        "200 Interaction",
        (),
        (*IN_SESSION, 80403),
    ),
    Operation(
        "DELETE",
        f"{INTERACTIONS}/{{sid}}",
        "delete_interaction",
        "Delete a call or text",
        "204",
        (),
        (*IN_SESSION, 80403),
    ),
]
REQUIRED = {"create_service": ["UniqueName"], "add_participant": ["Identifier"]}
PAGES = {
    "PageSize": number(f"So many on a page; {MAX_PAGE_SIZE} at most", minimum=1),
    "Page": number("Is shown again, and nothing else", minimum=0),
    "PageToken": string("Where the page begins: `next_page_url` and `previous_page_url` have it"),
}
ALSO_REFUSED = {
    400: "20001: a parameter or field that there is not",
    401: "20003: there is no such key, or it comes without its secret",
    403: "20003: the key lacks the scope",
    404: "20404: there is no such thing, or not any more",
    409: "20409: others are changing the same",
    415: "20001: what is sent is no form",
    422: "20409: the Idempotency-Key was used for another request",
    429: "20429: as much was asked, called or written as is allowed",
    503: "20503: the exchange is stopped: it neither calls nor writes",
}
ABOUT = (
    "On it Twilio's SDKs' `client.proxy.v1` runs unchanged. Fields that are not in Twilio's Proxy say so. What is sent "
    "is a form; a field or parameter that there is not is refused by its name (20001)."
)
MADE_ONCE = ("create_service", "add_number", "create_session", "add_participant", "create_message_interaction")
IDEMPOTENCY_KEY: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": OURS + "The same request with the same key makes nothing more, for a day",
    "schema": {"type": "string", "maxLength": MAX_KEY},
}
ASSIGNMENT: Json = {
    "type": "object",
    "description": "What a dry run answers",
    "required": ["assignable", "mode", "participants", "service_sid"],
    "properties": {
        "assignable": truth("Always true: what is not is refused, with the code with which it would be"),
        "service_sid": string("The service"),
        "mode": string("The mode that the session has, or would have", enum=list(MODES)),
        "participants": {
            "type": "array",
            "description": "Who would join, and which number each would be given",
            "items": {
                "type": "object",
                "properties": {
                    "identifier": string("The person's telephone number"),
                    "more_identifiers": {"type": "array", "items": {"type": "string"}},
                    "proxy_identifier": string("The number of the pool"),
                    "proxy_identifier_sid": string("The same by its SID"),
                    "digit": number("What is pressed for this session, where the person has several over the number"),
                },
            },
        },
    },
}
ERROR: Json = {
    "type": "object",
    "description": "Why a request was not carried out, as Twilio says it",
    "required": ["code", "message", "more_info", "status"],
    "properties": {
        "code": number("Twilio's code"),
        "message": string("What is wrong, in words"),
        "more_info": string("Where Twilio explains the code", format="uri"),
        "status": number("The status of the answer"),
    },
}


def write_proxy_document(version: str, address: str) -> Json:
    """The OpenAPI document of `/v1` of an exchange that is at this address."""
    paths: dict[str, Json] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation[1], {})[operation[0].lower()] = write_operation(operation)
    schemas = {name: write_schema(names) for name, names in ANSWERS.items()}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Toritsugi: masked calls", "version": version, "description": ABOUT},
        "servers": [{"url": address}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "schemas": {**schemas, "Meta": META, "Error": ERROR, "Assignment": ASSIGNMENT},
            "securitySchemes": {"key": {"type": "http", "scheme": "basic", "description": "A key of the exchange"}},
        },
    }


def write_operation(asked: Operation) -> Json:
    """An operation, with all that is sent and answered."""
    noun = "sessions" if "/Sessions" in asked.path else "services"
    key, is_list, listed = asked.answer.partition(" of ")
    status, _, one = ("200", "", listed) if is_list else asked.answer.partition(" ")
    ours = OURS if asked.summary.startswith(OURS) else ""
    written: Json = {
        "operationId": asked.name,
        "summary": asked.summary.removeprefix(OURS),
        "description": f"{ours}Needs a key with the scope `{scope_for(asked.method, noun)}`.",
        "tags": [noun],
        "parameters": [
            *write_places(asked.path),
            *(write_pages() if is_list else []),
            *([IDEMPOTENCY_KEY] if asked.name in MADE_ONCE else []),
        ],
        "responses": {status: write_success(one, key if is_list else ""), **write_refusals(asked)},
    }
    if "DryRun" in asked.fields:
        written["responses"] = {"200": write_success("Assignment"), **written["responses"]}
    return written | ({"requestBody": write_form(asked)} if asked.fields else {})


def write_form(asked: Operation) -> Json:
    """What an operation is sent. The examples have the page fill in nothing that nobody has to say."""
    required = REQUIRED.get(asked.name, [])
    fields = {name: FIELDS[name] | ({} if name in required else {"example": ""}) for name in asked.fields}
    form: Json = {"type": "object", "additionalProperties": False, "required": required, "properties": fields}
    return {"required": bool(required), "content": {FORM_TYPE: {"schema": form}}}


def write_places(path: str) -> list[Json]:
    """The parameters of a path."""
    return [
        {"name": name, "in": "path", "required": True, "description": said, "schema": {"type": "string"}}
        for name, said in PLACES.items()
        if f"{{{name}}}" in path
    ]


def write_pages() -> list[Json]:
    """The parameters of a list."""
    return [{"name": name, "in": "query", "required": False, "schema": schema} for name, schema in PAGES.items()]


def write_success(schema: str, key: str = "") -> Json:
    """What comes back: nothing, a thing, or a page of things under this key."""
    if not schema:
        return {"description": "Done"}
    shown: Json = {"$ref": f"#/components/schemas/{schema}"}
    if key:
        listed = {key: {"type": "array", "items": shown}, "meta": {"$ref": "#/components/schemas/Meta"}}
        shown = {"type": "object", "required": [key, "meta"], "properties": listed}
    return {"description": "A page" if key else schema, "content": {"application/json": {"schema": shown}}}


def write_refusals(asked: Operation) -> Json:
    """Each status with which an operation refuses, and the codes that it then has."""
    also = {status for status in ALSO_REFUSED if status != 415 or asked.fields}
    said = {status: [ALSO_REFUSED[status]] for status in also - (set() if asked.name in MADE_ONCE else {422})}
    for code in sorted({*ALWAYS, *asked.codes}):
        said.setdefault(STATUS.get(code, 400), []).append(f"{code}: {PROXY_CODES[code]}")
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {str(status): {"description": "; ".join(why), "content": content} for status, why in sorted(said.items())}


def write_schema(names: tuple[str, ...]) -> Json:
    """The schema of a thing that is answered. A pin is there only where the participant has one."""
    fields = {name: SHOWN_AS.get(name) or nullable(SENT_AS[name]) for name in names}
    return {"type": "object", "required": sorted(set(names) - {"pin"}), "properties": fields}


def nullable(schema: Json) -> Json:
    """What is sent, as it is shown: it may be null where nobody has said it."""
    return {**{name: said for name, said in schema.items() if name != "enum"}, "type": [schema["type"], "null"]}


SENT_AS = {re.sub("(?<!^)([A-Z])", r"_\1", name).lower(): said for name, said in FIELDS.items()}
META: Json = {
    "type": "object",
    "description": "Where the page is among the others",
    "required": ["key", "page", "page_size", "first_page_url", "previous_page_url", "url", "next_page_url"],
    "properties": {
        "key": string("Under which name the things stand"),
        "page": number("As it was asked for"),
        "page_size": number("How many a page has at most"),
        **{name: {"type": ["string", "null"], "format": "uri"} for name in ("previous_page_url", "next_page_url")},
        **{name: string("An address", format="uri") for name in ("first_page_url", "url")},
    },
}
