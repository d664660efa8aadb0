"""Every secret is changed without missing a call: Twilio's auth token, keys in its place, the exchange's own."""

import secrets

import httpx
import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator

from tests.command.conftest import on_this_machine
from tests.conftest import ACCOUNT_SID

KEY_ID, SECRET = "webhooks_sharedkey_01j8z3x4y5", "a-secret-of-Twilio/+="


def rings(exchange, secret, key_id=""):
    """The status with which a call is answered that is signed with this token, or with this SharedKey."""
    url, fields = (
        f"{exchange.base}/voice",
        {"CallSid": f"CA{secrets.token_hex(16)}", "From": "+12025550100", "To": "+12025550199"},
    )
    algorithm = "HMAC_SHA256" if key_id else "HMAC_SHA1"
    headers = {"X-Twilio-Signature": RequestValidator(secret).compute_signature(url, fields, algorithm)}
    if key_id:
        headers["X-Twilio-Webhooks-Signature-Settings"] = f"key={key_id},algorithm={algorithm}"
    return httpx.post(url, data=fields, headers=headers, trust_env=False, verify=False, timeout=300).status_code


def test_a_token_is_added_promoted_and_the_old_one_removed(exchange):
    (old,) = exchange.tokens
    assert rings(exchange, "0" * 32) == 403  # so the function has just looked for another token, and found none
    added = exchange.succeeds("tokens", "add", "--yes", TWILIO_AUTH_TOKEN="")
    current, new = exchange.tokens
    assert (current, added) == (old, {"added": f"...{new[-4:]}"})
    assert exchange.succeeds("tokens", "promote", "--yes") == {"promoted": f"...{new[-4:]}"}
    assert rings(exchange, new) == 200, "a call would be missed: promote did not wait"
    assert (rings(exchange, old), rings(exchange, "0" * 32)) == (200, 403)
    assert exchange.tokens == [new, old]
    assert exchange.twilio(new).api.accounts(ACCOUNT_SID).fetch().auth_token == new
    with pytest.raises(TwilioRestException):
        exchange.twilio(old).api.accounts(ACCOUNT_SID).fetch()
    assert [one["opens_twilio"] for one in exchange.succeeds("tokens", "list")] == [True, False, None]

    assert exchange.succeeds("tokens", "remove", "--yes") == {"removed": f"...{old[-4:]}"}
    assert (exchange.tokens, rings(exchange, new)) == ([new], 200)


def test_a_token_that_was_made_at_twilio_is_typed_unseen_and_can_be_given_up_again(exchange):
    (current,) = exchange.tokens
    secondary = exchange.twilio(current).accounts.v1.secondary_auth_token()
    made = secondary.create().secondary_auth_token
    refused = exchange.types("tokens", "add", "--yes", TWILIO_AUTH_TOKEN="")
    assert "Twilio has a secondary token already" in refused.err
    said = exchange.shell.talks("tokens", "add", answers=[("secondary auth token", made)])
    assert (said.code, exchange.tokens, made in said.out) == (0, [current, made], False), said.out
    assert "Twilio still knows the token that goes" in exchange.types("tokens", "remove").err
    exchange.succeeds("tokens", "remove", "--yes")
    secondary.delete()
    assert exchange.tokens == [current]


@pytest.mark.parametrize("verb", ["promote", "remove"])
def test_with_one_token_there_is_nothing_to_promote_or_remove(exchange, verb):
    said = exchange.types("tokens", verb, "--yes")
    assert (said.code, "There is only one token" in said.err) == (1, True)


def test_a_token_that_twilio_refuses_is_not_added(exchange):
    before = exchange.tokens
    said = exchange.types("tokens", "add", "--yes", TWILIO_AUTH_TOKEN="0" * 32)
    assert (said.code, "Twilio does not accept this auth token or key" in said.err) == (1, True)
    assert exchange.tokens == before


# ---- the exchange's own ----------------------------------------------------------------------------------------------


def own_secrets(exchange):
    kept = exchange.client("ssm").get_parameter(Name="/toritsugi/command/own-secrets", WithDecryption=True)
    assert kept["Parameter"]["Type"] == "SecureString"
    return kept["Parameter"]["Value"].split(",")


def test_the_own_secret_is_shown_when_asked_for_and_changed_in_three_steps(exchange):
    (old,) = own_secrets(exchange)
    assert exchange.succeeds("tokens", "show") == {"current": old}
    assert "There is only one secret" in exchange.types("tokens", "promote", "own", "--yes").err
    assert exchange.succeeds("tokens", "add", "own") == {"added": f"...{own_secrets(exchange)[1][-4:]}"}
    assert "There is a next secret already" in exchange.types("tokens", "add", "own").err
    shown = exchange.succeeds("tokens", "show")
    assert (shown["current"], [shown["next"]]) == (old, own_secrets(exchange)[1:])
    exchange.succeeds("tokens", "promote", "own", "--yes")
    assert own_secrets(exchange) == [shown["next"], old]
    refused = exchange.types("tokens", "remove", "own")
    assert (refused.code, "there may be calls that began with it" in refused.err) == (1, True), refused.err
    exchange.succeeds("tokens", "remove", "own", "--yes")
    assert own_secrets(exchange) == [shown["next"]]


def test_deploying_again_changes_no_secret_and_makes_the_one_that_an_older_exchange_lacks(exchange):
    (before,) = own_secrets(exchange)
    chosen = ["deploy", "--yes", "--no-build", *on_this_machine()]
    exchange.succeeds(*chosen, TWILIO_AUTH_TOKEN="")
    assert own_secrets(exchange) == [before]
    exchange.client("ssm").delete_parameter(Name="/toritsugi/command/own-secrets")
    said = exchange.types("doctor", "--json")
    missing = [one for one in said.json["findings"] if one["check"] == "own secret"]
    assert [(one["state"], one["mend"]) for one in missing] == [("fail", "toritsugi deploy makes it")]
    exchange.succeeds(*chosen, TWILIO_AUTH_TOKEN="")
    exchange.opens()
    (made,) = own_secrets(exchange)
    assert (len(made), made == before) == (64, False)


# ---- without an auth token -------------------------------------------------------------------------------------------


@pytest.fixture
def rules(exchange):
    """Makes the rules of the account at Twilio; none is left in the end, nor a key of the exchange."""

    def make(*wanted):
        made = httpx.put(
            f"{exchange.network.url}/account",
            json={"webhook_rules": wanted},
            trust_env=False,
            verify=False,
            timeout=300,
        )
        assert made.is_success, made.text

    (token,) = exchange.tokens
    yield make
    make()
    exchange.set("auth-tokens", token)
    ssm = exchange.client("ssm")
    for name in ("shared-keys", "api-keys"):
        ssm.delete_parameters(Names=[f"/toritsugi/command/{name}"])


def found_of(exchange, check):
    said = exchange.types("doctor", "--json").json["findings"]
    return [(one["state"], one["says"], one["mend"]) for one in said if one["check"] == check]


CONNECTION = {
    "connectTimeoutMs": 2000,
    "readTimeoutMs": 4500,
    "totalTimeoutMs": 14500,
    "retryPolicy": {"retryCount": 2, "retryOn": ["ALL"]},
}


def test_an_exchange_is_run_without_the_auth_token_by_a_shared_key_and_an_api_key(exchange, rules):
    (token,) = exchange.tokens
    made = exchange.twilio().new_keys.create(friendly_name="the exchange")
    refused = exchange.types("tokens", "remove", "auth", "--yes")
    assert "nothing would open Twilio" in refused.err
    assert exchange.succeeds("tokens", "add", made.sid, TWILIO_KEY_SECRET=made.secret) == {"added": made.sid}
    refused = exchange.types("tokens", "remove", "auth", "--yes")
    assert f"signs webhooks to {exchange.base} with the auth token" in refused.err
    assert rings(exchange, "0" * 32) == 403  # so the function has just looked, and knows no key yet
    assert exchange.succeeds("tokens", "add", KEY_ID, TWILIO_KEY_SECRET=SECRET) == {"added": KEY_ID}
    rules({"url": f"{exchange.base}/", "key_id": KEY_ID, "secret": SECRET, "connection": CONNECTION})
    assert exchange.succeeds("tokens", "remove", "auth", "--yes") == {"removed": "auth"}

    assert [one["name"] for one in exchange.succeeds("tokens", "list")] == [made.sid, KEY_ID, "own"]
    assert "only API key" in exchange.types("tokens", "remove", made.sid, "--yes").err
    assert "only SharedKey" in exchange.types("tokens", "remove", KEY_ID, "--yes").err
    said = exchange.types("doctor", "--json")
    wrong = [one for one in said.json["findings"] if one["state"] == "fail"]
    assert not wrong, wrong
    assert [secret for secret in (SECRET, made.secret) if secret in said.out] == []
    assert rings(exchange, SECRET, KEY_ID) == 200
    exchange.succeeds("deploy", "--yes", "--no-build", *on_this_machine(), TWILIO_AUTH_TOKEN="")  # asks for no token
    exchange.opens()
    assert not exchange.client("ssm").get_parameters(Names=["/toritsugi/command/auth-tokens"])["Parameters"]
    assert token not in said.out


def test_the_doctor_reads_the_rules_of_the_account(exchange, rules):
    assert found_of(exchange, "webhook rules") == [("ok", "none counts for it", "")]
    rules({"url": "https://example.com/", "key_id": KEY_ID, "secret": SECRET})
    assert found_of(exchange, "webhook rules") == [("ok", "none counts for it", "")]
    rules({"match_type": "DEFAULT", "key_id": KEY_ID, "secret": SECRET})
    signs, sends = found_of(exchange, "webhook rules")
    assert (signs[0], sends[0]) == ("fail", "warn")
    assert signs[1].startswith(f"the rule for every address has Twilio sign with {KEY_ID}")
    assert sends[1].startswith("the rule for every address counts for more than the retries of our URLs")
    assert "retryCount be 2, retryOn name HTTP_4XX, HTTP_5XX, CONNECTION_TIMEOUT, READ_TIMEOUT" in sends[2]
    exact = {"match_type": "EXACT_MATCH", "url": f"{exchange.base}/voice"}
    rules(exact, {"url": f"{exchange.base}/", "connection": CONNECTION})
    ((state, says, _),) = found_of(exchange, "webhook rules")
    assert (state, says.startswith(f"the rule for {exchange.base}/voice counts for more")) == ("warn", True)


@pytest.mark.parametrize(
    ("what", "secret", "says"),
    [
        ("SK1", "s", "'SK1' is neither `own`, nor an API key"),
        ("AC" + "0" * 32, "s", "is neither `own`, nor an API key"),
        (KEY_ID, "", f"Give the secret of {KEY_ID} as TWILIO_KEY_SECRET"),
        (KEY_ID, "two, of them", "without commas or blanks"),
        ("SK" + "0" * 32, "wrong", "Twilio does not accept"),
    ],
)
def test_what_is_no_key_is_not_added(exchange, what, secret, says):
    said = exchange.types("tokens", "add", what, TWILIO_KEY_SECRET=secret)
    assert (said.code, says in said.err) == (1, True), said.err
    assert [one["name"] for one in exchange.succeeds("tokens", "list")] == ["current", "own"]
