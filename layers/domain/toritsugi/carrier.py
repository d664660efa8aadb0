"""Edge out: Twilio's REST API. Only this module imports twilio.rest, so only functions with that layer import it."""

from functools import cache
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from toritsugi import config
from toritsugi.errors import RequestRefused

# What a number in a pool points at us; the rest of its settings is its owner's business.
WEBHOOKS = (
    "voice_url",
    "voice_method",
    "voice_fallback_url",
    "voice_fallback_method",
    "voice_application_sid",
    "trunk_sid",
)


class Elsewhere(TwilioHttpClient):
    """Twilio's own HTTP client, sent to the configured address: the SDK can only change parts of the host name.

    Where Twilio takes a token no more, the next is tried: tokens change while this process lives.
    """

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        there = urlunsplit(urlsplit(config.CARRIER_URL)[:2] + urlsplit(url)[2:])
        for doubtful in (False, True):
            for token in config.settings(doubtful).auth_tokens:
                answer = super().request(method, there, *args, **kwargs | {"auth": (config.TWILIO_ACCOUNT_SID, token)})
                if answer.status_code != 401:
                    return answer
        return answer


@cache
def client() -> Client:
    http = Elsewhere(timeout=10, max_retries=2)
    return Client(config.TWILIO_ACCOUNT_SID, config.settings().auth_tokens[0], http_client=http)


def find_owned(phone_number: str | None, number_sid: str | None) -> dict[str, Any]:
    """A number of the account: sid, phone_number, friendly_name, capabilities and its webhooks as they are now.

    Raises RequestRefused 80606 when the account does not own that number, 80301 when it has none of that SID, and
    80613 when Twilio does not say.
    https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource
    """
    numbers = client().incoming_phone_numbers
    try:
        found = [numbers(number_sid).fetch()] if number_sid else numbers.list(phone_number=phone_number, limit=1)
    except TwilioRestException as error:
        if error.status == 404:
            raise RequestRefused(80301, f"The account has no phone number with the SID {number_sid}") from None
        raise downstream(error) from None
    except TwilioException as error:  # of a list the SDK says only that there is no page
        raise downstream(error) from None
    if not found:
        raise RequestRefused(80606, "The phone number is not owned by the account")
    owned = found[0]
    able = owned.capabilities or {}
    return {
        "sid": owned.sid,
        "phone_number": owned.phone_number,
        "friendly_name": owned.friendly_name,
        "capabilities": {name: bool(able.get(name)) for name in ("voice", "sms", "mms")},
        "webhooks": {name: getattr(owned, name) or "" for name in WEBHOOKS},
    }


def point(owned: dict[str, Any], webhooks: dict[str, str]) -> None:
    """Has an owned number's calls go where these webhooks say, and nowhere else. Raises RequestRefused 80613."""
    wanted = {name: webhooks.get(name, "") for name in WEBHOOKS}
    changes = {name: value for name, value in wanted.items() if value != owned["webhooks"][name]}
    try:
        client().incoming_phone_numbers(owned["sid"]).update(**changes)
    except TwilioRestException as error:
        raise downstream(error) from None


def end_call(call_sid: str) -> None:
    """Hangs up a call with whatever hangs on it; one that has ended already is none of our concern."""
    try:
        client().calls(call_sid).update(status="completed")
    except TwilioRestException as error:
        if error.status not in (400, 404):
            raise downstream(error) from None


def downstream(error: TwilioException) -> RequestRefused:
    said = f"{error.code} {error.msg}" if isinstance(error, TwilioRestException) else str(error)
    return RequestRefused(80613, f"Twilio rejected a request that was made on your behalf: {said}", 502)
