"""The account's telephone numbers, Twilio's IncomingPhoneNumbers; and what any number tells, such as its country.

https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource
"""

from __future__ import annotations

import functools
import re
from typing import Any, Protocol

import phonenumbers

from local.clock import Clock
from local.network.addresses import is_absolute
from local.network.dates import rfc2822
from local.network.refusals import Refused, not_built

E164 = re.compile(r"\+[1-9]\d{6,14}")
URLS = ("voice_url", "voice_fallback_url", "status_callback", "sms_url", "sms_fallback_url")
METHODS = ("voice_method", "voice_fallback_method", "status_callback_method", "sms_method", "sms_fallback_method")
PLAIN = ("friendly_name", "address_sid", "bundle_sid", "identity_sid", "emergency_address_sid", "emergency_status")
LATER = ("voice_application_sid", "sms_application_sid", "trunk_sid")
TYPES = {
    phonenumbers.PhoneNumberType.MOBILE: "mobile",
    phonenumbers.PhoneNumberType.TOLL_FREE: "toll-free",
    phonenumbers.PhoneNumberType.VOIP: "national",
}


# What Twilio says of the number that an incoming call shows; of calls that no carrier has signed it says nothing.
# https://www.twilio.com/docs/voice/trusted-calling-with-shakenstir
VERSTATS = (
    *(
        f"TN-Validation-{verdict}-{level}{way}"
        for verdict in ("Passed", "Failed")
        for way in ("", "-Diverted", "-Passthrough")
        for level in "ABC"
    ),
    "TN-Validation-Failed",
    "No-TN-Validation",
    "NULL",
)


def parsed(number: str) -> phonenumbers.PhoneNumber | None:
    """The number taken apart; None if it is not E.164 or of an impossible length for its country."""
    if not isinstance(number, str) or not E164.fullmatch(number):
        return None
    try:
        parts = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return None
    return parts if phonenumbers.is_possible_number(parts) else None


def country(number: str) -> str:
    """`JP` for +8190...; empty for a withheld or strange number."""
    parts = parsed(number)
    if parts is None:
        return ""
    region = phonenumbers.region_code_for_number(parts) or phonenumbers.region_code_for_country_code(
        parts.country_code or 0
    )
    return region if region not in ("ZZ", "001") else ""


def is_country(code: Any) -> bool:
    """Whether this is the ISO code of a country that has telephone numbers: `JP`."""
    return isinstance(code, str) and code in phonenumbers.SUPPORTED_REGIONS


@functools.lru_cache(1000)
def type_of(number: str) -> str:
    """`local`, `national`, `mobile` or `toll-free`, as far as the plan of its country tells."""
    return TYPES.get(phonenumbers.number_type(phonenumbers.parse(number)), "local") if parsed(number) else "local"


def is_landline(number: str) -> bool:
    """Whether the plan of its country says that it is one: +813..., but no number of North America."""
    parts = parsed(number)
    return parts is not None and phonenumbers.number_type(parts) == phonenumbers.PhoneNumberType.FIXED_LINE


def as_dialed(keys: str, caller: str) -> str:
    """What somebody keyed, as E.164 where it is a number of the caller's own country; else as keyed."""
    try:
        parts = phonenumbers.parse(keys, country(caller) or None)
    except phonenumbers.NumberParseException:
        return keys
    return phonenumbers.format_number(parts, phonenumbers.PhoneNumberFormat.E164)


def formatted(number: str) -> str:
    """As Twilio formats it for reading: (415) 867-5309 in North America, E.164 elsewhere."""
    parts = parsed(number)
    if parts is None or parts.country_code != 1:
        return number
    return phonenumbers.format_number(parts, phonenumbers.PhoneNumberFormat.NATIONAL)


def geography(party: str, number: str) -> dict[str, str]:
    """The four fields that say where a party is: blank, not absent, when unknown."""
    return {f"{party}City": "", f"{party}State": "", f"{party}Zip": "", f"{party}Country": country(number)}


HOME_REGION = "us1"
REGIONS = (HOME_REGION, "ie1", "au1")  # https://www.twilio.com/docs/global-infrastructure/understanding-twilio-regions


class NumberAccount(Protocol):
    """What a number needs of the account that it belongs to."""

    account_sid: str
    clock: Clock

    def sid(self, prefix: str) -> str: ...


class IncomingPhoneNumber:
    """A number of the account, and what happens when somebody calls it."""

    def __init__(self, world: NumberAccount, phone_number: str, capabilities: dict[str, bool] | None = None) -> None:
        parts = parsed(phone_number)
        if parts is None:
            raise Refused(
                400, f"{phone_number!r} is not a telephone number in E.164 form, such as +815012345678.", 21421
            )
        self.world, self.phone_number = world, phone_number
        self.sid = world.sid("PN")
        self.capabilities = {
            "voice": True,
            "sms": parts.country_code != 81,
            "mms": parts.country_code == 1,
            "fax": False,
        }
        self.capabilities |= capabilities or {}
        self.voice_region, self.region_set_at = HOME_REGION, world.clock.now()
        self.type = type_of(phone_number)
        self.settings: dict[str, Any] = dict.fromkeys(URLS, "") | dict.fromkeys(METHODS, "POST") | dict.fromkeys(PLAIN)
        self.settings |= {"friendly_name": formatted(phone_number), "emergency_status": "Inactive"}
        self.created_at = self.updated_at = world.clock.now()

    def update(self, settings: dict[str, str]) -> None:
        """Takes over these settings; nothing changes if one of them is refused."""
        for name, value in settings.items():
            if name in LATER and value:
                raise Refused(501, not_built(name), 501)
            if name not in URLS + METHODS + PLAIN + LATER:
                raise Refused(400, f"{name} is not a setting of a telephone number.", 20001)
            if not isinstance(value, str):
                raise Refused(400, f"{name} is text.", 20001)
            if name in METHODS and value not in ("GET", "POST"):
                raise Refused(400, f"{name} is GET or POST, not {value!r}.", 20001)
            if name in URLS and value and not is_absolute(value):
                raise Refused(400, f"{name} is an absolute http or https URL, not {value!r}.", 21502)
        self.settings |= {name: value for name, value in settings.items() if name not in LATER}
        self.updated_at = self.world.clock.now()

    @property
    def voice_url(self) -> str:
        """Whom Twilio asks when somebody calls; nobody in another region, each of which has a record of its own."""
        return str(self.settings["voice_url"]) if self.voice_region == HOME_REGION else ""

    def resource(self) -> dict[str, Any]:
        """The IncomingPhoneNumber as in Twilio's REST API."""
        return {
            "account_sid": self.world.account_sid,
            "address_requirements": "none",
            "api_version": "2010-04-01",
            "beta": False,
            "capabilities": self.capabilities,
            "date_created": rfc2822(self.created_at),
            "date_updated": rfc2822(self.updated_at),
            "emergency_address_status": "unregistered",
            "origin": "twilio",
            "phone_number": self.phone_number,
            "sid": self.sid,
            "sms_application_sid": "",
            "status": "in-use",
            "trunk_sid": None,
            "type": self.type,
            "uri": f"/2010-04-01/Accounts/{self.world.account_sid}/IncomingPhoneNumbers/{self.sid}.json",
            "voice_application_sid": "",
            "voice_caller_id_lookup": False,
            "voice_receive_mode": "voice",
            **self.settings,
        }
