"""Rules of the account: who signs a webhook to which address, and how patiently it is sent.

Twilio's API for them is a public beta: https://www.twilio.com/docs/usage/webhooks/webhook-rules
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from local.network.addresses import Overrides
from local.network.refusals import Refused

MATCHES = {"EXACT_MATCH": "value", "PREFIX_MATCH": "prefix", "DEFAULT": ""}  # in the order in which they count
ALGORITHMS = ("HMAC_SHA1", "HMAC_SHA256")
RETRIES = {"HTTP_4XX": "4xx", "HTTP_5XX": "5xx", "CONNECTION_TIMEOUT": "ct", "READ_TIMEOUT": "rt"}
KEYS = {"match_type", "url", "key_id", "secret", "algorithm", "connection"}


@dataclass(frozen=True)
class WebhookRule:
    """What holds for webhooks to some addresses. Without `key_id` they are signed with the auth token, as ever.

    `connection` is as in Twilio's Settings; it counts for more than any fragment of a URL, also where it is empty.
    """

    match_type: str
    url: str
    key_id: str
    secret: str
    algorithm: str
    connection: dict[str, Any]
    rule_id: str = field(default_factory=lambda: f"webhooks_rule_{secrets.token_hex(13)}")
    setting_id: str = field(default_factory=lambda: f"webhooks_setting_{secrets.token_hex(13)}")

    def fits(self, url: str) -> bool:
        if self.match_type == "EXACT_MATCH":
            return url == self.url
        return url.startswith(self.url)  # every address begins with nothing

    @property
    def overrides(self) -> Overrides:
        """How patient a request is."""
        usual, said = Overrides(), self.connection
        policy = said.get("retryPolicy", {})
        causes = set(RETRIES) if "ALL" in policy.get("retryOn", []) else set(policy.get("retryOn", []))
        return Overrides(
            ct=said.get("connectTimeoutMs", usual.ct * 1000) / 1000,
            rt=said.get("readTimeoutMs", usual.rt * 1000) / 1000,
            tt=said.get("totalTimeoutMs", usual.tt * 1000) / 1000,
            rc=policy.get("retryCount", 0),
            rp=frozenset(RETRIES[cause] for cause in causes),
        )

    def rule(self) -> dict[str, Any]:
        """As Twilio's REST API shows the rule."""
        named = {name: self.url for kind, name in MATCHES.items() if name and kind == self.match_type}
        uses = [{"settingId": self.setting_id, "percentage": 100}]
        return {"id": self.rule_id, "friendlyName": "", "matchType": self.match_type, "settings": uses} | named

    def setting(self) -> dict[str, Any]:
        """As Twilio's REST API shows the setting that the rule names."""
        signed = {"type": "SHARED_KEY", "sharedKeyId": self.key_id, "algorithm": self.algorithm}
        return {
            "id": self.setting_id,
            "type": "CUSTOMER",
            "friendlyName": "",
            "signature": signed if self.key_id else None,
            "connection": self.connection or None,
        }


def find_rule(rules: Sequence[WebhookRule], url: str) -> WebhookRule | None:
    """The rule that counts for an address: an exact one, then the longest prefix, then the default."""
    order = list(MATCHES)
    fitting = sorted(
        (one for one in rules if one.fits(url)), key=lambda one: (order.index(one.match_type), -len(one.url))
    )
    return fitting[0] if fitting else None


def read_rules(said: Any) -> list[WebhookRule]:
    """The rules of `PUT /account`. Raises Refused."""
    if not isinstance(said, list) or not all(isinstance(one, dict) and set(one) <= KEYS for one in said):
        raise Refused(400, f"webhook_rules is a list of objects with {', '.join(sorted(KEYS))}.")
    return [read_rule(one) for one in said]


def read_rule(said: dict[str, Any]) -> WebhookRule:
    texts = {name: said.get(name, "") for name in ("url", "key_id", "secret")}
    algorithm, kind = said.get("algorithm", "HMAC_SHA256"), said.get("match_type", "PREFIX_MATCH")
    connection = said.get("connection", {})
    if not all(isinstance(text, str) for text in texts.values()) or bool(texts["key_id"]) != bool(texts["secret"]):
        raise Refused(400, "url, key_id and secret of a rule are texts, and key_id and secret come together.")
    if kind not in MATCHES or bool(texts["url"]) != (kind != "DEFAULT"):
        raise Refused(400, "match_type is EXACT_MATCH or PREFIX_MATCH, with a url, or DEFAULT without one.")
    if algorithm not in ALGORITHMS or re.search(r"[,=\s]", texts["key_id"]):
        raise Refused(400, f"algorithm is {' or '.join(ALGORITHMS)}, and key_id has no comma, equals sign or blank.")
    return WebhookRule(kind, texts["url"], texts["key_id"], texts["secret"], algorithm, read_connection(connection))


def read_connection(said: Any) -> dict[str, Any]:
    """The connection of a setting. Raises Refused."""
    times = ("connectTimeoutMs", "readTimeoutMs", "totalTimeoutMs")
    policy = said.get("retryPolicy", {}) if isinstance(said, dict) else None
    if not isinstance(policy, dict) or set(said) - {*times, "retryPolicy"} or set(policy) - {"retryCount", "retryOn"}:
        raise Refused(400, f"connection is an object with {', '.join(times)}, retryPolicy: {{retryCount, retryOn}}.")
    numbers = [*(said[name] for name in times if name in said), policy.get("retryCount", 0)]
    if not all(type(number) is int and number >= 0 for number in numbers):
        raise Refused(400, "The numbers of a connection are whole.")
    if not isinstance(policy.get("retryOn", []), list) or set(policy.get("retryOn", [])) - {*RETRIES, "ALL"}:
        raise Refused(400, f"retryOn is a list of {', '.join(RETRIES)}, ALL.")
    return dict(said)
