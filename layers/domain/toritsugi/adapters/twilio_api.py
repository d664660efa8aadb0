"""Twilio's REST API. Only this module imports twilio.rest, so only functions with that layer import it."""

import re
import time
from collections.abc import Iterable
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from twilio.base import values
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client

from toritsugi.adapters.twilio_http import RedirectedHttpClient
from toritsugi.foundation import config
from toritsugi.foundation.errors import RequestRefused, Unanswered
from toritsugi.foundation.sids import in_path, is_sid

# What a number points at us, for its calls and for its texts; the rest of its settings is its owner's business.
OF_CALLS = (
    "voice_url",
    "voice_method",
    "voice_fallback_url",
    "voice_fallback_method",
    "voice_application_sid",
    "trunk_sid",
)
OF_TEXTS = ("sms_url", "sms_method", "sms_fallback_url", "sms_fallback_method", "sms_application_sid")
WEBHOOKS = OF_CALLS + OF_TEXTS

NOT_OWNED = 80606  # with which a number is refused that is not the account's
# What Twilio says of a call or conference that has ended: not found, invalid call state, not in progress. Any other 400
# is a mistake of ours. https://www.twilio.com/docs/api/errors
GONE_CODES = (20404, 21220, 16099)

# Twilio takes no limit of less than a minute: https://www.twilio.com/en-us/blog/introducing-configurable-call-limits-for-programmable-voice
MIN_LIMIT_SECONDS = 60


@cache
def twilio_client() -> Client:
    """The client of the account, one for the life of this process."""
    user, password = config.settings().twilio_logins[0]
    return Client(user, password, config.TWILIO_ACCOUNT_SID, http_client=RedirectedHttpClient())


def get_owned_number(phone_number: str | None, number_sid: str | None) -> dict[str, Any]:
    """A number of the account: sid, phone_number, friendly_name, capabilities and its webhooks as they are now.

    It is the one that was asked for, to the digit: Twilio itself takes a part of a number for all that have it.

    Raises RequestRefused 80606 when the account does not own that number, 80301 when it has none of that SID, and
    80613 when Twilio does not say.
    https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource
    """
    numbers = twilio_client().incoming_phone_numbers
    if number_sid and not is_sid(number_sid, "PN"):
        raise RequestRefused(80301, f"The account has no phone number with the SID {number_sid}")
    if not number_sid and not re.fullmatch(r"\+[1-9][0-9]{6,14}", phone_number or ""):
        raise RequestRefused(NOT_OWNED, "The phone number is not in E.164, as +815012345678 is")
    try:
        found = [numbers(number_sid).fetch()] if number_sid else numbers.list(phone_number=phone_number)
    except TwilioRestException as error:
        if error.status == 404:
            raise RequestRefused(80301, f"The account has no phone number with the SID {number_sid}") from None
        raise downstream(error) from None
    except TwilioException as error:  # of a list the SDK says only that there is no page
        raise downstream(error) from None
    owned = next((one for one in found if phone_number in (None, one.phone_number)), None)
    if not owned:
        raise RequestRefused(NOT_OWNED, "The phone number is not owned by the account")
    return describe(owned)


@cache
def get_abilities(line: str) -> dict[str, bool]:
    """What a number of the account can do: voice, sms, mms. Asked once in a process. Raises as above."""
    able: dict[str, bool] = get_owned_number(line, None)["capabilities"]
    return able


def list_owned_numbers(after: str | None, most: int) -> tuple[list[dict[str, Any]], str | None]:
    """A page of the account's numbers, as `describe` has them, and where the next one begins.

    Raises RequestRefused 80613.
    """
    place = dict(parse_qsl(after or ""))  # of the address of a page only this, for who asks for it may not go elsewhere
    try:
        page = twilio_client().incoming_phone_numbers.page(
            page_size=most, page_number=place.get("Page", values.unset), page_token=place.get("PageToken", values.unset)
        )
    except TwilioException as error:
        raise downstream(error) from None
    return [describe(owned) for owned in page], urlsplit(page.next_page_url or "").query or None


def describe(owned: Any) -> dict[str, Any]:
    """A number as `get_owned_number` returns it, from how the SDK has it."""
    able = owned.capabilities or {}
    return {
        "sid": owned.sid,
        "phone_number": owned.phone_number,
        "friendly_name": owned.friendly_name,
        "capabilities": {name: bool(able.get(name)) for name in ("voice", "sms", "mms")},
        "webhooks": {name: getattr(owned, name) or "" for name in WEBHOOKS},
    }


def only(webhooks: dict[str, str], kinds: Iterable[str]) -> dict[str, str]:
    """Those of a number's webhooks that say where its calls ("voice") go, or its texts ("sms")."""
    named = {name for kind in kinds for name in (OF_TEXTS if kind == "sms" else OF_CALLS)}
    return {name: value for name, value in webhooks.items() if name in named}


def point(owned: dict[str, Any], webhooks: dict[str, str]) -> None:
    """Has an owned number's calls, or its texts, or both, go where these webhooks say, and nowhere else.

    Those of which these webhooks say nothing stay as they are. Raises RequestRefused 80613.
    """
    said = [kind for kind in (OF_CALLS, OF_TEXTS) if webhooks.keys() & kind]
    wanted = {name: webhooks.get(name, "") for kind in said for name in kind}
    changes = {name: value for name, value in wanted.items() if value != owned["webhooks"][name]}
    try:
        twilio_client().incoming_phone_numbers(in_path(owned["sid"], "PN")).update(**changes)
    except TwilioRestException as error:
        raise downstream(error) from None


# ---- what may not be done twice --------------------------------------------------------------------------------------

CLOCKS_SECONDS = 2  # by which Twilio's clock may be behind ours; and its dates are whole seconds

# When a text is looked for that may have been sent: lists are not complete from the first moment on.
LOOKS_SECONDS = (0.5, 1.0, 2.0)


def was_made(resource: Any, since: float) -> bool:
    """Whether a call or message was made at that moment, in seconds since 1970, or later."""
    return bool(resource.date_created and resource.date_created.timestamp() >= since - CLOCKS_SECONDS)


def not_made(error: TwilioRestException, what: str) -> RequestRefused:
    """The refusal of what Twilio does not make, with its own code; Unanswered, where it only has failed."""
    if error.status >= 500:
        return in_doubt(error)
    return RequestRefused(error.code or 80613, f"{what}: {error.msg}")


def in_doubt(error: TwilioException) -> Unanswered:
    return Unanswered(downstream(error).message, may_be_done=True)


# ---- calls -----------------------------------------------------------------------------------------------------------


def make_call(to: str, shows: str, answered: str, report_to: str, ring_seconds: int, limit: int, detect: bool) -> str:
    """Calls somebody; the CallSid. `answered` says what the leg then hears, `report_to` hears how it goes.

    Raises RequestRefused with Twilio's own code where Twilio does not make the call, and Unanswered.
    https://www.twilio.com/docs/voice/api/call-resource#create-a-call-resource
    """
    wanted = {"machine_detection": "Enable"} if detect else {}
    try:
        made = twilio_client().calls.create(
            to=to,
            from_=shows,
            url=answered,
            status_callback=report_to,
            status_callback_event=["initiated", "ringing", "answered", "completed"],
            timeout=ring_seconds,
            time_limit=max(limit, MIN_LIMIT_SECONDS),
            **wanted,
        )
    except TwilioRestException as error:
        raise not_made(error, "Twilio does not call") from None
    return str(made.sid)


def was_called(to: str, shows: str, since: float) -> bool:
    """Whether any call was made to somebody since then, that shows this line. Raises RequestRefused 80613.

    Twilio does not tell which it is: a call that waits for its turn is listed without its addresses, and without a
    start, by which it could be asked for. https://www.twilio.com/docs/voice/api/call-resource#read-multiple-call-resources
    """
    try:
        found = twilio_client().calls.list(to=to, from_=shows, limit=20)
    except TwilioException as error:
        raise downstream(error) from None
    return any(was_made(call, since) for call in found)


def watch_call(call_sid: str, report_to: str) -> None:
    """Has us told how a call goes that somebody else has made."""
    update_call(call_sid, status_callback=report_to, status_callback_method="POST")


def limit_call(call_sid: str, seconds: int) -> None:
    """Has Twilio itself end a call so long after its answer, which it does even if all of AWS is down.

    That Twilio counts from the answer, and not from now, is not written anywhere: where it should count from now, the
    call ends later than by our own timer, never earlier. Nor does it end by this within its first minute.
    """
    update_call(call_sid, time_limit=max(seconds, MIN_LIMIT_SECONDS))


def hang_up_call(call_sid: str) -> None:
    """Hangs up a call with whatever hangs on it; one that has ended already is none of our concern."""
    update_call(call_sid, status="completed")


def redirect_and_end(call_sid: str, twiml: str) -> bool:
    """Whether a call leaves whatever it is in, hears this, and ends.

    It does not where it has ended, nor where it has not been answered: a caller who hears the ring until the other
    answers (`answerOnBridge`) is in no call yet. https://www.twilio.com/docs/api/errors/21220
    """
    return update_call(call_sid, twiml=twiml)


def is_waiting(call_sid: str) -> bool:
    """Whether a call has been neither answered nor ended. Raises RequestRefused 80613 where Twilio does not say."""
    try:
        call = twilio_client().calls(in_path(call_sid, "CA")).fetch()
    except TwilioRestException as error:
        if error.code in GONE_CODES:
            return False
        raise downstream(error) from None
    return call.status in ("queued", "ringing")


def update_call(call_sid: str, **changes: Any) -> bool:
    """Whether a running call is changed; one that has ended stays as it is. Raises RequestRefused 80613."""
    try:
        twilio_client().calls(in_path(call_sid, "CA")).update(**changes)
    except TwilioRestException as error:
        if error.code not in GONE_CODES:
            raise downstream(error) from None
        return False
    return True


# ---- messages --------------------------------------------------------------------------------------------------------


def send_text(to: str, line: str, body: str, media: list[str], report_to: str) -> tuple[str, str]:
    """Sends a text message; its SID, and the status that it begins with. `report_to` hears how it goes on.

    Where Twilio does not say whether it sends it, it is looked for, and sent again if it is not there. Raises
    RequestRefused with Twilio's own code where it is certain that nothing is sent, and Unanswered.
    """
    began = time.time()
    try:
        made = make_text(to, line, body, media, report_to)
    except Unanswered as silence:
        if not silence.may_be_done:
            raise
        made = find_text(to, line, body, began) or make_text(to, line, body, media, report_to)
    return str(made.sid), str(made.status)


def make_text(to: str, line: str, body: str, media: list[str], report_to: str) -> Any:
    """The message that Twilio makes of it, as the SDK has it. Raises RequestRefused, and Unanswered.

    https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource
    """
    wanted: dict[str, Any] = ({"body": body} if body else {}) | ({"media_url": media} if media else {})
    try:
        return twilio_client().messages.create(to=to, from_=line, status_callback=report_to, **wanted)
    except TwilioRestException as error:
        raise not_made(error, "Twilio does not send it") from None


def find_text(to: str, line: str, body: str, since: float) -> Any:
    """The message with these words that was made since then; None, where there is none after several looks.

    Twilio may have put something of its own before the words, as a trial account does. Raises Unanswered where it does
    not say what there is.
    """
    for seconds in LOOKS_SECONDS:
        time.sleep(seconds)
        try:
            found = twilio_client().messages.list(to=to, from_=line, limit=20)
        except TwilioException as error:
            raise in_doubt(error) from None
        for message in found:
            if was_made(message, since) and (message.body or "").endswith(body):
                return message
    return None


# ---- conferences -----------------------------------------------------------------------------------------------------


def play_into_conference(conference_sid: str, call_sid: str | None, url: str) -> None:
    """Has the TwiML at this address heard in a running conference: by all, or by one call.

    Raises RequestRefused, and Unanswered.
    """
    conference = twilio_client().conferences(in_path(conference_sid, "CF"))
    try:
        (conference.participants(in_path(call_sid, "CA")) if call_sid else conference).update(announce_url=url)
    except TwilioRestException as error:
        raise (in_doubt if error.status >= 500 else downstream)(error) from None


def end_conference(conference_sid: str) -> None:
    """Ends a conference with every call that is in it; one that has ended already is none of our concern."""
    try:
        twilio_client().conferences(in_path(conference_sid, "CF")).update(status="completed")
    except TwilioRestException as error:
        if error.code not in GONE_CODES:
            raise downstream(error) from None


def change_conference_participant(conference_sid: str, call_sid: str, **changes: Any) -> None:
    """Mutes or holds somebody in a conference, or the contrary. Raises RequestRefused."""
    try:
        twilio_client().conferences(in_path(conference_sid, "CF")).participants(in_path(call_sid, "CA")).update(
            **changes
        )
    except TwilioRestException as error:
        raise downstream(error) from None


def downstream(error: TwilioException) -> RequestRefused:
    """The refusal (80613, status 502) that tells a client what Twilio has said."""
    said = f"{error.code} {error.msg}" if isinstance(error, TwilioRestException) else str(error)
    return RequestRefused(80613, f"Twilio rejected a request that was made on your behalf: {said}", 502)
