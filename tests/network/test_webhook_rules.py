"""Rules of the account: webhooks are signed with a SharedKey, and sent as the rule's setting says.

https://www.twilio.com/docs/usage/webhooks/webhook-rules and .../webhook-shared-keys
"""

import base64
import hashlib
import hmac

import pytest
from starlette.responses import Response
from twilio.rest import Client

from tests.network.running import Local

BROKEN = Response("Internal Server Error", status_code=500)
KEY = {"key_id": "webhooks_sharedkey_1", "secret": "a secret"}


@pytest.fixture(autouse=True)
def none_is_left(town):
    """The account is as it was afterwards."""
    yield
    rules(town)


def digest(secret, text, algorithm):
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), algorithm).digest()).decode()


def rules(town, *rules):
    town.put("/account", {"webhook_rules": list(rules)})


def asked_first(town, path="/voice"):
    town.has_line(voice_url=town.at(path))
    town.aiko.dials()
    asked = town.asked(path)[0]
    return asked.headers, asked.url + "".join(name + asked[name] for name in sorted(asked.params))


@pytest.mark.parametrize(("algorithm", "digestmod"), [("HMAC_SHA256", hashlib.sha256), ("HMAC_SHA1", hashlib.sha1)])
def test_a_rule_has_webhooks_signed_with_its_key_which_a_header_names(town, algorithm, digestmod):
    rules(town, KEY | {"url": town.at("/"), "algorithm": algorithm})
    headers, text = asked_first(town)
    assert headers["x-twilio-webhooks-signature-settings"] == f"key=webhooks_sharedkey_1,algorithm={algorithm}"
    assert headers["x-twilio-signature"] == digest("a secret", text, digestmod)


@pytest.mark.parametrize("rule", [{"url": "https://example.com/"}, {"match_type": "EXACT_MATCH", "url": "/other"}])
def test_a_rule_for_other_addresses_changes_nothing(town, rule):
    rules(town, KEY | rule)
    headers, text = asked_first(town)
    assert "x-twilio-webhooks-signature-settings" not in headers
    assert headers["x-twilio-signature"] == digest(town.world.auth_token, text, hashlib.sha1)


def test_of_several_rules_the_exact_one_counts_then_the_longest_prefix_then_the_default(town):
    default, short, long = {"match_type": "DEFAULT"}, {"url": town.at("/")}, {"url": town.at("/voice")}
    exact = {"match_type": "EXACT_MATCH", "url": town.at("/voice")}
    named = [rule | {"key_id": f"key{n}", "secret": "s"} for n, rule in enumerate((default, short, long, exact))]
    rules(town, *named)
    signers = [find(town, path) for path in ("/voice", "/voice/2", "/status")] + [find(town, None)]
    assert signers == ["key3", "key2", "key1", "key0"]


def find(town, path):
    from local.network.rules import find_rule

    rule = find_rule(town.world.rules, town.at(path) if path else "https://example.com/")
    return rule and rule.key_id


def test_the_connection_of_a_rule_counts_for_more_than_the_fragment_of_the_address(town):
    town.answers("/voice", BROKEN)
    town.has_line(voice_url=town.at("/voice#rc=2&rp=5xx"))
    rules(town, {"url": town.at("/"), "connection": {"retryPolicy": {"retryCount": 1, "retryOn": ["HTTP_5XX"]}}})
    town.aiko.dials()
    assert [entry["attempt"] for entry in town.log("/voice")] == [1, 2]
    town.aiko.hangs_up()
    rules(town, {"url": town.at("/")})
    town.aiko.dials()
    assert [entry["attempt"] for entry in town.log("/voice")] == [1, 2, 1]


@pytest.mark.parametrize(
    "wrong",
    [
        "all",
        ["all"],
        [{"url": "https://example.com/", "key": 1}],
        [{"url": 7}],
        [{}],
        [{"match_type": "DEFAULT", "url": "https://example.com/"}],
        [{"match_type": "ANY"}],
        [{"url": "https://example.com/", "key_id": "k"}],
        [{"url": "https://example.com/", "key_id": "k,", "secret": "s"}],
        [KEY | {"url": "https://example.com/", "algorithm": "MD5"}],
        [{"url": "https://example.com/", "connection": []}],
        [{"url": "https://example.com/", "connection": {"retries": 1}}],
        [{"url": "https://example.com/", "connection": {"readTimeoutMs": "1"}}],
        [{"url": "https://example.com/", "connection": {"retryPolicy": {"retryOn": ["NOTHING"]}}}],
    ],
)
def test_what_is_no_rule_is_refused(town, wrong):
    assert town.http.put("/account", json={"webhook_rules": wrong}).status_code == 400
    assert town.get("/account")["webhook_rules"] == []


def test_the_sdk_reads_the_rules_and_what_they_say(town):
    connection = {"readTimeoutMs": 1000}
    rules(town, KEY | {"url": "https://example.com/", "connection": connection}, {"match_type": "DEFAULT"})
    first, default = town.twilio.webhooks.v1.rules.list()
    assert (first.match_type, first.prefix, default.match_type) == ("PREFIX_MATCH", "https://example.com/", "DEFAULT")
    setting = town.twilio.webhooks.v1.settings(first.settings[0]["settingId"]).fetch()
    assert (setting.connection, setting.signature["sharedKeyId"]) == (connection, "webhooks_sharedkey_1")


def test_an_api_key_opens_all_but_the_account_itself(town):
    made = town.twilio.new_keys.create(friendly_name="the exchange")
    client = Client(made.sid, made.secret, town.world.account_sid, http_client=Local(town.world.address))
    assert [one.phone_number for one in client.incoming_phone_numbers.list()] == list(town.world.numbers)
    answers = [
        town.http.get(f"/2010-04-01/Accounts/{town.world.account_sid}.json", auth=(made.sid, made.secret)),
        town.http.post("/v1/AuthTokens/Secondary", auth=(made.sid, made.secret)),
        town.http.get("/v1/Webhooks/Rules", auth=(made.sid, "wrong")),
    ]
    assert [answer.status_code for answer in answers] == [401, 401, 401]
    assert town.twilio.keys(made.sid).delete()
    assert town.http.get("/v1/Webhooks/Rules", auth=(made.sid, made.secret)).status_code == 401
