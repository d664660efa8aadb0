"""What of an account only Twilio's console can change, or Twilio itself: `PUT /account` takes it, each by its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.network.numbers import is_country
from local.network.refusals import Refused
from local.network.rules import read_rules

TYPES = ("Full", "Trial")
PROFILES = ("business", "individual")

# https://www.twilio.com/docs/trust-hub/trusthub-rest-api/customer-profiles#customerprofile-statuses
PROFILE_STATUSES = ("draft", "pending-review", "in-review", "twilio-rejected", "twilio-approved")


# As an account is that somebody has paid for, and whose owner Twilio has looked into.
USUAL: dict[str, Any] = {
    "protects_files": True,
    "texts_forbidden_to": [],
    "webhook_rules": [],
    "calls_at_once": None,
    "type": "Full",
    "customer_profiles": {"business": "twilio-approved"},
}


def read_protection(wish: Any) -> bool:
    if not isinstance(wish, bool):
        raise Refused(400, "protects_files is true or false.")
    return wish


def read_countries(wish: Any) -> set[str]:
    if not isinstance(wish, list) or not all(is_country(code) for code in wish):
        raise Refused(400, 'texts_forbidden_to is a list of countries such as "JP".')
    return set(wish)


def read_most(wish: Any) -> int | None:
    if wish is not None and (isinstance(wish, bool) or not isinstance(wish, int) or wish < 1):
        raise Refused(400, "calls_at_once is a whole number from 1, or null: as many as you like.")
    return wish


def read_type(wish: Any) -> str:
    if wish not in TYPES:
        raise Refused(400, f"type is {' or '.join(TYPES)}.")
    return str(wish)


def read_profiles(wish: Any) -> dict[str, str]:
    if not isinstance(wish, dict) or set(wish) - set(PROFILES) or set(wish.values()) - set(PROFILE_STATUSES):
        said = f"customer_profiles is an object with {' or '.join(PROFILES)}, each {', '.join(PROFILE_STATUSES)}."
        raise Refused(400, said)
    return dict(wish)


# By its name: the attribute of the account, and what reads it or raises Refused.
SETTINGS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "protects_files": ("protects_files", read_protection),
    "texts_forbidden_to": ("textless_countries", read_countries),
    "webhook_rules": ("rules", read_rules),
    "calls_at_once": ("calls_at_once", read_most),
    "type": ("type", read_type),
    "customer_profiles": ("customer_profiles", read_profiles),
}


def read_settings(wishes: Any) -> dict[str, Any]:
    """The attributes that `PUT /account` changes; nothing is changed where one of them is wrong. Raises Refused."""
    if not isinstance(wishes, dict) or set(wishes) - set(SETTINGS):
        raise Refused(400, f"The body is an object with {', '.join(SETTINGS)}.")
    return {SETTINGS[name][0]: SETTINGS[name][1](wish) for name, wish in wishes.items()}
