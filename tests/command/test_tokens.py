"""Twilio's auth token is changed, and the exchange takes webhooks signed with either until the old one is removed."""

import secrets

import httpx
import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator

from tests.conftest import ACCOUNT_SID


def rings(exchange, token):
    """The status with which a call is answered that is signed with this token."""
    url, fields = (
        f"{exchange.base}/voice",
        {"CallSid": f"CA{secrets.token_hex(16)}", "From": "+12025550100", "To": "+12025550199"},
    )
    signature = RequestValidator(token).compute_signature(url, fields)
    return httpx.post(url, data=fields, headers={"X-Twilio-Signature": signature}, trust_env=False).status_code


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
    assert [one["opens_twilio"] for one in exchange.succeeds("tokens", "list")] == [True, False]

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
    assert (said.code, "Twilio does not accept this auth token" in said.err) == (1, True)
    assert exchange.tokens == before
