"""The account's rules for webhooks to the exchange: with what Twilio signs them, and how patiently it sends them.

A public beta, as Twilio's SDK has it: https://www.twilio.com/docs/usage/webhooks/webhook-rules
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from command.exchange import Exchange

ORDER = ("EXACT_MATCH", "PREFIX_MATCH", "DEFAULT")  # in which they count; of two of a kind, the longer one


@dataclass(frozen=True)
class AppliedRule:
    """A rule for webhooks to us: for which (`pattern`), whether for all that are left, and its settings."""

    pattern: str
    is_for_all: bool
    settings: list[Any]


def list_applied_rules(exchange: Exchange) -> list[AppliedRule]:
    """The rules that count for webhooks to the exchange. Raises TwilioException where Twilio does not say."""
    webhooks, ours = exchange.twilio().webhooks.v1, f"{exchange.address}/"
    found = [(rule.match_type, rule.value or rule.prefix or "", rule) for rule in webhooks.rules.list()]
    applied = []
    for kind, pattern, rule in sorted(found, key=lambda one: (ORDER.index(one[0]), -len(one[1]))):
        is_for_all = kind != "EXACT_MATCH" and ours.startswith(pattern)
        if is_for_all or (pattern and pattern.startswith(ours)):
            settings = [webhooks.settings(used["settingId"]).fetch() for used in rule.settings or []]
            applied.append(AppliedRule(pattern or "every address", is_for_all, settings))
        if is_for_all:
            break
    return applied


def find_signers(exchange: Exchange) -> set[str]:
    """The ids of the SharedKeys with which Twilio signs what comes to us; blank among them: with the auth token."""
    rules = list_applied_rules(exchange)
    signers = {signer_of(setting) for rule in rules for setting in rule.settings}
    return signers if any(rule.is_for_all for rule in rules) else signers | {""}


def signer_of(setting: Any) -> str:
    """The id of the SharedKey with which a setting has webhooks signed; blank: with the auth token."""
    return str((setting.signature or {}).get("sharedKeyId") or "")
