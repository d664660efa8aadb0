"""Which settings of a service at Proxy come with it, and what is said of the others. The environment is there."""

from __future__ import annotations

from typing import Any

ADDRESSES = {  # of the owner's system, and what follows where one is left out
    "CallbackUrl": "nobody is told",
    "InterceptCallbackUrl": "whoever it blocks at Proxy is put through here",
    "OutOfSessionCallbackUrl": "who calls without a session hears that there is none",
}
COPIED = {
    "DefaultTtl": "default_ttl",
    "CallbackUrl": "callback_url",
    "InterceptCallbackUrl": "intercept_callback_url",
    "OutOfSessionCallbackUrl": "out_of_session_callback_url",
    "GeoMatchLevel": "geo_match_level",
    "NumberSelectionBehavior": "number_selection_behavior",
    "ChatInstanceSid": "chat_instance_sid",
}


def settings_to_copy(service: Any) -> dict[str, str]:
    """The form with which the service is made here. The checks of the owner's system go on working where they can."""
    left_out = refused_addresses(service)
    given = {field: getattr(service, name) for field, name in COPIED.items() if field not in left_out}
    wanted = {field: str(value) for field, value in given.items() if value is not None}
    if wanted.keys() & ADDRESSES.keys() and has_auth_token():
        wanted["CallbacksSignedBy"] = "auth-token"
    return {"UniqueName": str(service.unique_name)} | wanted


def notes_on_settings(service: Any) -> list[str]:
    """What of a service's settings does not come, or does less here, in words."""
    left_out = refused_addresses(service)
    said = [f"{field} is left out, so {ADDRESSES[field]}: {why}" for field, why in left_out.items()]
    coming = [field for field in ADDRESSES if getattr(service, COPIED[field]) and field not in left_out]
    if coming and not has_auth_token():
        by = "signed by the exchange's own secret (`toritsugi tokens show`), for it has no token"
        said += [f"{field} comes, {by}" for field in coming]
    if service.chat_instance_sid:
        said.append("ChatInstanceSid is kept and shown, and there is no chat")
    return said


def refused_addresses(service: Any) -> dict[str, str]:
    """Which addresses the exchange would never ask or tell anything, and why."""
    given = {field: url for field in ADDRESSES if (url := getattr(service, COPIED[field]))}
    return {field: why for field, url in given.items() if (why := why_not_told(url))}


def differences(service: Any, made: Any) -> list[str]:
    """Where a service that is here already has other settings than at Proxy, in words."""
    expected = settings_to_copy(service)
    pairs = [
        (field, getattr(made, name), getattr(service, name)) for field, name in COPIED.items() if field in expected
    ]
    return [
        f"{field} is {here} here and {there} at Proxy: it stays as it is here"
        for field, here, there in pairs
        if here != there
    ]


def why_not_told(url: str) -> str:
    """Why the exchange tells nobody at this address; blank where it does."""
    from toritsugi.adapters import owner_webhook
    from toritsugi.foundation.errors import OwnerSilent

    try:
        owner_webhook.check_address(url)
    except OwnerSilent as silence:
        return str(silence)
    return ""


def has_auth_token() -> bool:
    """Whether the exchange can sign as Twilio does."""
    from toritsugi.foundation import config

    return bool(config.settings().auth_tokens)
