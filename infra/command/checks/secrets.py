"""Checks of what the exchange holds of secrets, and of the rules by which Twilio signs and sends webhooks to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

from twilio.base.exceptions import TwilioException

from command import tokens
from command.checks.findings import Finding, fail, ok, warn
from command.exchange import Exchange
from command.webhook_rules import AppliedRule, is_covered, list_applied_rules, signer_of

CAUSES = {
    "4xx": "HTTP_4XX",
    "5xx": "HTTP_5XX",
    "ct": "CONNECTION_TIMEOUT",
    "rt": "READ_TIMEOUT",
}  # of a retry: in a URL, in a rule


def own_secret(exchange: Exchange) -> Iterator[Finding]:
    """With which the exchange seals and signs."""
    found = exchange.secrets("own-secrets")
    if not found:
        yield fail(
            "there is none: receptions that put callers through, or ask your systems, answer with an apology",
            "toritsugi deploy makes it",
        )
    elif len(found) > 1:
        yield ok("there is one, and another beside it: toritsugi tokens promote own, or remove own")
    else:
        yield ok("there is one")


def api_keys(exchange: Exchange) -> Iterator[Finding]:
    """Twilio's, which the exchange uses instead of the auth token."""
    for sid, secret in exchange.keys("api-keys").items():
        if tokens.opens(exchange, secret, sid):
            yield ok(f"{sid} opens Twilio")
        else:
            yield fail(f"Twilio refuses {sid}", f"toritsugi tokens add, with another one; then tokens remove {sid}")


def webhook_rules(exchange: Exchange) -> Iterator[Finding]:
    """What a rule says counts for more than the fragments of our URLs:
    https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
    """
    try:
        known = list_applied_rules(exchange)
    except TwilioException as silence:
        yield warn(
            f"Twilio does not say which there are ({getattr(silence, 'msg', silence)})",
            f"look for those for {exchange.address}: https://www.twilio.com/docs/usage/webhooks/webhook-rules",
        )
        return
    rules = list({rule.pattern: rule for applied in known.values() for rule in applied}.values())
    found = [finding for rule in rules for setting in rule.settings for finding in judge(exchange, rule, setting)]
    unsigned = [address for address, applied in known.items() if not (is_covered(applied) or exchange.tokens)]
    found += [
        fail(
            "no rule has Twilio sign with a SharedKey, and the exchange has no auth token: every call is refused",
            f"make a rule at Twilio for {address}/ with a key of toritsugi tokens list",
        )
        for address in unsigned
    ]
    yield from found or [ok("those that count for webhooks to the exchange fit it" if rules else "none counts for it")]


def judge(exchange: Exchange, rule: AppliedRule, setting: Any) -> Iterator[Finding]:
    """What is wrong with a setting that a rule names."""
    key_id, which = signer_of(setting), f"the rule for {rule.pattern}"
    if key_id and key_id not in exchange.keys("shared-keys"):
        yield fail(
            f"{which} has Twilio sign with {key_id}, which the exchange does not have: it takes those calls for forged",
            f"toritsugi tokens add {key_id}",
        )
    if not key_id and not exchange.tokens:
        yield fail(
            f"{which} has Twilio sign with the auth token, which the exchange does not have: it takes calls for forged",
            "name a SharedKey in its setting at Twilio, or toritsugi tokens add",
        )
    if missing := unlike_ours(setting.connection or {}):
        yield warn(
            f"{which} counts for more than the retries of our URLs: one lost request is a lost call",
            f"in its setting at Twilio, let {', '.join(missing)}",
        )


def unlike_ours(connection: dict[str, Any]) -> list[str]:
    """What the connection of a setting lacks of what our URLs ask for."""
    from toritsugi.foundation.addresses import RETRIES

    wanted = {name: values[0] for name, values in parse_qs(RETRIES.lstrip("#")).items()}
    policy = connection.get("retryPolicy") or {}
    on, causes = policy.get("retryOn") or [], [CAUSES[cause] for cause in wanted["rp"].split(",")]
    lacks = []
    if (policy.get("retryCount") or 0) < int(wanted["rc"]):
        lacks.append(f"retryCount be {wanted['rc']}")
    if "ALL" not in on and set(causes) - set(on):
        lacks.append(f"retryOn name {', '.join(causes)}")
    for name, fragment in (("connectTimeoutMs", "ct"), ("readTimeoutMs", "rt"), ("totalTimeoutMs", "tt")):
        if connection.get(name) != int(wanted[fragment]):
            lacks.append(f"{name} be {wanted[fragment]}")
    return lacks
