"""Which settings of a service at Proxy come with it, and what is said of the others. The environment is there."""

from __future__ import annotations

from typing import Any

COPIED = {
    "DefaultTtl": "default_ttl",
    "CallbackUrl": "callback_url",
    "GeoMatchLevel": "geo_match_level",
    "NumberSelectionBehavior": "number_selection_behavior",
    "ChatInstanceSid": "chat_instance_sid",
}
LEFT_OUT = {  # the exchange refuses them by name (80701), for it asks nobody there
    "InterceptCallbackUrl": (
        "intercept_callback_url",
        "is left out, for the exchange asks nobody before a call: whoever it blocks at Proxy is put through here",
    ),
    "OutOfSessionCallbackUrl": (
        "out_of_session_callback_url",
        "is left out, for the exchange asks nobody about a call without a session: its caller hears that there is none",
    ),
}


def settings_to_copy(service: Any) -> dict[str, str]:
    """The form with which the service is made here. Its receiver's checks go on working where they can."""
    wanted = {field: str(value) for field, name in COPIED.items() if (value := getattr(service, name)) is not None}
    if service.callback_url and why_not_told(service.callback_url):
        del wanted["CallbackUrl"]
    elif service.callback_url and has_auth_token():
        wanted["CallbacksSignedBy"] = "auth-token"
    return {"UniqueName": str(service.unique_name)} | wanted


def notes_on_settings(service: Any) -> list[str]:
    """What of a service's settings does not come, or does less here, in words."""
    said = [f"{field} {why}" for field, (name, why) in LEFT_OUT.items() if getattr(service, name)]
    if url := service.callback_url:
        if why := why_not_told(url):
            said.append(f"CallbackUrl is left out, for the exchange would not call it: {why}")
        elif not has_auth_token():
            said.append(
                "CallbackUrl comes, signed by the exchange's own secret (`toritsugi tokens show`): it has no token"
            )
    if service.chat_instance_sid:
        said.append("ChatInstanceSid is kept and shown, and there is no chat")
    return said


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
