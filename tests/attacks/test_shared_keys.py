"""Twilio may sign with a SharedKey instead of the auth token. Who has neither gets an empty 403, whatever they claim.

https://www.twilio.com/docs/usage/webhooks/webhook-shared-keys
"""

from urllib.parse import urlencode

import pytest
from twilio.request_validator import RequestValidator

import voice
from local.aws import Context
from tests.conftest import AUTH_TOKEN, BASE
from tests.integration.conftest import AIKO, LINES, event_of, incoming
from toritsugi.foundation import config

KEY_ID, SECRET = "webhooks_sharedkey_01j8z3x4y5", "c2hhcmVk/+c2VjcmV0:=="
OTHER_ID, OTHER = "webhooks_sharedkey_01j8z3x4y6", "another secret"
SHA1, SHA256 = "HMAC_SHA1", "HMAC_SHA256"


@pytest.fixture
def knows(cloud):
    """Has the exchange know these settings, and no other keys."""

    def settings(**values: str) -> None:
        path = cloud.template.environment["SETTINGS_PATH"]
        for name in ("auth-tokens", "shared-keys"):
            cloud.parameters.values.pop(f"{path}/{name}", None)
        for name, value in values.items():
            cloud.parameters.values[f"{path}/{name.replace('_', '-')}"] = value
        config.forget_settings()
        config.settings()

    yield settings
    config.forget_settings()


def status_of(secret, said="", algorithm=SHA1):
    """The status of a call that is signed with this secret, under this header."""
    fields = incoming(AIKO, LINES[0], "CA" + "1" * 32)
    signature = RequestValidator(secret).compute_signature(f"{BASE}/voice", fields, algorithm)
    headers = {"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded"}
    headers |= {"X-Twilio-Webhooks-Signature-Settings": said} if said else {}
    answer = voice.handler(event_of("POST", f"{BASE}/voice", urlencode(fields), headers), Context("voice"))
    assert answer["statusCode"] == 200 or answer == {"statusCode": 403}
    return answer["statusCode"]


@pytest.mark.parametrize("algorithm", [SHA1, SHA256])
@pytest.mark.parametrize("form", ["key={},algorithm={}", " algorithm = {1} , key = {0}"])
def test_what_a_shared_key_of_ours_has_signed_is_twilios(knows, algorithm, form):
    knows(shared_keys=f"{OTHER_ID}:{OTHER},{KEY_ID}:{SECRET}")
    assert status_of(SECRET, form.format(KEY_ID, algorithm), algorithm) == 200
    assert status_of(OTHER, form.format(OTHER_ID, algorithm), algorithm) == 200


def test_while_rules_change_the_auth_token_is_good_beside_the_key(knows):
    knows(auth_tokens=AUTH_TOKEN, shared_keys=f"{KEY_ID}:{SECRET}")
    assert status_of(AUTH_TOKEN) == 200
    assert status_of(SECRET, f"key={KEY_ID},algorithm={SHA256}", SHA256) == 200


def test_an_exchange_without_an_auth_token_takes_no_signature_of_one(knows):
    knows(shared_keys=f"{KEY_ID}:{SECRET}")
    assert status_of(AUTH_TOKEN) == 403
    assert status_of("") == 403


@pytest.mark.parametrize(
    ("secret", "said", "algorithm"),
    [
        (SECRET, "", SHA256),
        (SECRET, "", SHA1),
        (SECRET, f"key={KEY_ID}", SHA256),
        (SECRET, f"algorithm={SHA256}", SHA256),
        (SECRET, f"key=,algorithm={SHA256}", SHA256),
        (SECRET, f"key={KEY_ID},algorithm={SHA1}", SHA256),
        (SECRET, f"key={KEY_ID},algorithm={SHA256}", SHA1),
        (SECRET, f"key={KEY_ID},algorithm=NONE", SHA256),
        (SECRET, f"key={KEY_ID},algorithm=", SHA1),
        (SECRET, f"key={KEY_ID}0,algorithm={SHA256}", SHA256),
        (SECRET, f"key={OTHER_ID},algorithm={SHA256}", SHA256),
        (SECRET, "key=webhooks_sharedkey_of_nobody,algorithm=HMAC_SHA256", SHA256),
        (OTHER, f"key={KEY_ID},algorithm={SHA256}", SHA256),
        (AUTH_TOKEN, f"key={KEY_ID},algorithm={SHA256}", SHA256),
        (AUTH_TOKEN, f"key={KEY_ID},algorithm={SHA1}", SHA1),
        (AUTH_TOKEN, f"algorithm={SHA256}", SHA256),
        (KEY_ID, f"key={KEY_ID},algorithm={SHA256}", SHA256),
        ("", f"key={KEY_ID},algorithm={SHA256}", SHA256),
        (SECRET, "=,,=;key", SHA256),
        (SECRET, "\x00" * 5000, SHA256),
    ],
)
def test_what_is_signed_otherwise_than_it_says_is_a_plain_403_and_asks_aws_nothing(
    knows, wire, secret, said, algorithm
):
    knows(auth_tokens=AUTH_TOKEN, shared_keys=f"{OTHER_ID}:{OTHER},{KEY_ID}:{SECRET}")
    before = len(wire.calls)
    assert status_of(secret, said, algorithm) == 403
    assert wire.calls[before:] == []
