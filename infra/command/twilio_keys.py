"""Keys of Twilio's, as `toritsugi tokens` adds and removes them. With one of each kind no auth token is needed.

A SharedKey signs webhooks, where a rule says so: https://www.twilio.com/docs/usage/webhooks/webhook-shared-keys
An API key opens the REST API: https://www.twilio.com/docs/iam/api-keys
"""

from __future__ import annotations

import os
import re
from typing import Any

from command import account
from command.exchange import Exchange
from command.refusals import Refused
from command.screen import ask, confirm, somebody_is_there
from command.webhook_rules import find_signers

KINDS = {"api-keys": re.compile(r"SK[0-9a-f]{32}"), "shared-keys": re.compile(r"webhooks_sharedkey_[0-9a-z]{1,64}")}
OPENS, SIGNS = "api-keys", "shared-keys"
KIND_NAMES = {OPENS: "API key", SIGNS: "SharedKey"}


def add(exchange: Exchange, key_id: str) -> dict[str, Any]:
    """Keeps a key that was made at Twilio; of an API key Twilio is asked whether it is right."""
    name = kind_of(key_id)
    secret = os.environ.get("TWILIO_KEY_SECRET", "")
    if not secret and somebody_is_there():
        secret = ask(f"Its secret token [dim](Twilio has shown it once, when it made {key_id})[/]", secret=True)
    if not secret or re.search(r"[,\s]", secret):
        raise Refused(f"Give the secret of {key_id} as TWILIO_KEY_SECRET, without commas or blanks.")
    if name == OPENS and not account.opens(exchange.account_sid, secret, exchange.carrier_url, key_id):
        raise Refused(
            f"Twilio does not accept {key_id} with this secret, for {exchange.account_sid}. Nothing was added."
        )
    exchange.keep(name, written(exchange.keys(name) | {key_id: secret}))
    return {"added": key_id}


def remove(exchange: Exchange, key_id: str, yes: bool) -> dict[str, Any]:
    """Forgets a key, if the exchange can do without."""
    name = kind_of(key_id)
    kept = exchange.keys(name)
    if kept.pop(key_id, None) is None:
        raise Refused(f"The exchange has no {key_id}: `toritsugi tokens list` shows what it has.")
    if not kept and not exchange.tokens:
        raise Refused(f"It is the only {KIND_NAMES[name]}, and there is no auth token: add another one first.")
    confirm(
        f"Whatever Twilio signs with {key_id} is refused. Remove it?" if name == SIGNS else f"Remove {key_id}?", yes
    )
    exchange.keep(name, written(kept))
    return {"removed": key_id}


def remove_auth_tokens(exchange: Exchange, yes: bool) -> dict[str, Any]:
    """Forgets every auth token, where Twilio signs with a SharedKey that we have, and an API key opens it."""
    if not exchange.keys(OPENS):
        raise Refused("Then nothing would open Twilio: `toritsugi tokens add SK...` adds an API key first.")
    if unknown := find_signers(exchange) - set(exchange.keys(SIGNS)):
        what = " and ".join(sorted(key_id or "the auth token" for key_id in unknown))
        raise Refused(
            f"Twilio signs webhooks to {exchange.address} with {what}: make a rule for them there first, with a "
            "SharedKey that `toritsugi tokens add` has added here."
        )
    confirm("Whatever Twilio signs with the auth token is refused from now on. Remove it here?", yes)
    exchange.keep("auth-tokens", [])
    return {"removed": "auth"}


def kind_of(key_id: str) -> str:
    """The setting to which a key belongs. Raises Refused."""
    for name, form in KINDS.items():
        if form.fullmatch(key_id):
            return name
    raise Refused(f"{key_id!r} is neither `own`, nor an API key (SK...), nor a SharedKey (webhooks_sharedkey_...).")


def written(keys: dict[str, str]) -> list[str]:
    """Keys as they stand in SSM."""
    return [f"{key_id}:{secret}" for key_id, secret in keys.items()]
