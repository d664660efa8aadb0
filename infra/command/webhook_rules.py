"""The account's rules for webhooks to the exchange: with what Twilio signs them, and how patiently it sends them.

A public beta, as Twilio's SDK has it: https://www.twilio.com/docs/usage/webhooks/webhook-rules
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from command import domain as domains
from command.exchange import Exchange

ORDER = ("EXACT_MATCH", "PREFIX_MATCH", "DEFAULT")  # in which they count; of two of a kind, the longer one


@dataclass(frozen=True)
class AppliedRule:
    """A rule for webhooks to us: for which (`pattern`), whether for all that are left, and its settings."""

    pattern: str
    is_for_all: bool
    settings: list[Any]


def list_applied_rules(exchange: Exchange) -> dict[str, list[AppliedRule]]:
    """The rules that count for webhooks to the exchange, by each address of it to which Twilio may send them.

    That is the public one, and a former domain, which numbers and running calls may still carry. Raises TwilioException
    where Twilio does not say.
    """
    addresses = [exchange.address, *(f"https://{domain}" for domain in domains.formers(exchange.parameters))]
    webhooks = exchange.twilio().webhooks.v1
    found = [(rule.match_type, rule.value or rule.prefix or "", rule) for rule in webhooks.rules.list()]
    found.sort(key=lambda one: (ORDER.index(one[0]), -len(one[1])))
    return {address: list(applied(found, f"{address}/", webhooks)) for address in addresses}


def applied(found: list[tuple[str, str, Any]], ours: str, webhooks: Any) -> Iterator[AppliedRule]:
    """Those of the rules, in the order in which they count, that count for an address."""
    for kind, pattern, rule in found:
        is_for_all = kind != "EXACT_MATCH" and ours.startswith(pattern)
        if is_for_all or (pattern and pattern.startswith(ours)):
            settings = [webhooks.settings(used["settingId"]).fetch() for used in rule.settings or []]
            yield AppliedRule(pattern or "every address", is_for_all, settings)
        if is_for_all:
            return


def find_signers(exchange: Exchange) -> set[str]:
    """The ids of the SharedKeys with which Twilio signs what comes to us; blank among them: with the auth token."""
    signers: set[str] = set()
    for rules in list_applied_rules(exchange).values():
        signers |= {signer_of(setting) for rule in rules for setting in rule.settings}
        signers |= set() if is_covered(rules) else {""}
    return signers


def is_covered(rules: list[AppliedRule]) -> bool:
    """Whether one of the rules that count for an address counts for all that comes there."""
    return any(rule.is_for_all for rule in rules)


def signer_of(setting: Any) -> str:
    """The id of the SharedKey with which a setting has webhooks signed; blank: with the auth token."""
    return str((setting.signature or {}).get("sharedKeyId") or "")
