"""Destinations: which numbers the exchange may call and write to, for that costs money, and some cost a fortune.

Asked when a number is stored or used by the REST API, and never on the path of a call. What passes here must pass
Twilio's own geographic permissions as well. https://www.twilio.com/docs/voice/api/dialingpermissions-resources
"""

import phonenumbers
from phonenumbers import PhoneNumberType

from toritsugi.foundation import config
from toritsugi.foundation.errors import RequestRefused
from toritsugi.lines.numbers import country_of, is_e164

COSTLY_KINDS = {
    PhoneNumberType.PREMIUM_RATE: "a premium-rate number",
    PhoneNumberType.SHARED_COST: "a shared-cost number",
    PhoneNumberType.UAN: "a company's number that the caller pays for, such as 0570 in Japan",
    PhoneNumberType.PERSONAL_NUMBER: "a personal number, which costs far more than a telephone",
    PhoneNumberType.PAGER: "a pager's or a machine's number",
}
EVERYWHERE = "*"
MIN_DIGITS = 4  # of a number within its country, so short that it costs anything
MASS_SERVICES = ("170", "180")  # Japan's messages and mass announcements, which libphonenumber does not know


def check_destination(number: str, *, message: bool = False) -> None:
    """Raises RequestRefused unless the owner lets the exchange call this number, or with `message` write to it.

    21211: it is no telephone number in E.164, as those of the police and short ones are not. 21215, or 21408 for a
    message: its kind or its country is not allowed. https://www.twilio.com/docs/api/errors/21215
    """
    if not is_number(number):
        raise RequestRefused(21211, f"{number} cannot be a telephone number")
    if reason := why_not(number, allowed()):
        raise RequestRefused(21408 if message else 21215, f"{number} is not allowed: {reason}")


def is_number(number: str) -> bool:
    """Whether this is written in E.164, in the one way in which a number is, and can be a telephone's."""
    if not is_e164(number) or country_of(number) is None:
        return False
    e164: str = phonenumbers.format_number(phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.E164)
    return e164 == number


def why_not(number: str, countries: frozenset[str]) -> str | None:
    """Why a telephone number may not be called, as a clause; None if it may. No countries: all are allowed."""
    parsed = phonenumbers.parse(number)
    country = phonenumbers.region_code_for_number(parsed)
    if country == phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY:  # +870, 878, 881, 882, 883, 979 and their like
        return "it is of no country, but a satellite's or an international service's"
    if country == "JP" and str(parsed.national_number).startswith(MASS_SERVICES):
        return "it is a mass-announcement or message service"
    if kind := costly_kind(parsed):
        return f"it is {kind}"
    if countries and country not in countries:
        return f"it is in {country}, and only {', '.join(sorted(countries))} may be called"
    return None


def costly_kind(number: phonenumbers.PhoneNumber) -> str | None:
    """What makes a number cost a fortune, in words; None of what does not.

    A network takes the digits that it needs, and drops the rest: what is no number counts as what it begins with.
    """
    if phonenumbers.is_valid_number(number):
        return COSTLY_KINDS.get(phonenumbers.number_type(number))
    digits = phonenumbers.national_significant_number(number)
    for length in range(len(digits), MIN_DIGITS - 1, -1):
        beginning = phonenumbers.parse(f"+{number.country_code}{digits[:length]}")
        if kind := COSTLY_KINDS.get(phonenumbers.number_type(beginning)):
            return kind
    return None


def is_landline(number: str) -> bool:
    """Whether this is a telephone number at which no text arrives."""
    return phonenumbers.number_type(phonenumbers.parse(number)) == PhoneNumberType.FIXED_LINE


def allowed() -> frozenset[str]:
    """The ISO countries that the deployment allows; none: all."""
    if config.DESTINATIONS == EVERYWHERE:
        return frozenset()
    return frozenset(config.DESTINATIONS.split(",") if config.DESTINATIONS else [config.COUNTRY])
