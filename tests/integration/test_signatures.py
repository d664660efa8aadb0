"""Whether a request is Twilio's: the bytes that were signed are those that came, and a forgery costs nothing."""

import base64
import hashlib
import json
from urllib.parse import urlencode

import pytest
from twilio.request_validator import RequestValidator

import sms
import status
import voice
from local.aws import Context
from tests.conftest import AUTH_TOKEN, BASE, NEXT_TOKEN
from tests.integration.conftest import AIKO, LINES, event_of, incoming, set_setting
from tests.integration.wire import broken
from toritsugi.adapters import webhooks
from toritsugi.foundation import config

FIELDS = incoming(AIKO, LINES[0], "CA" + "1" * 32)
FORM = "application/x-www-form-urlencoded"


class Fields(dict):
    """Fields of which some have several values, as Twilio's library wants to be handed them."""

    def getlist(self, name):
        return self[name] if isinstance(self[name], list) else [self[name]]


def sign(url, fields, token=AUTH_TOKEN):
    return RequestValidator(token).compute_signature(url, Fields(fields))


def request(path="/voice", fields=FIELDS, *, signed_url=None, signed=None, token=AUTH_TOKEN, body=None, kind=FORM):
    """A request as Twilio sends it; the keywords say where what was signed differs from what is sent."""
    signature = sign(BASE + path if signed_url is None else signed_url, fields if signed is None else signed, token)
    sent = urlencode(fields, doseq=True) if body is None else body
    return event_of("POST", BASE + path, sent, {"X-Twilio-Signature": signature, "Content-Type": kind})


def status_of(event):
    return voice.handler(event, Context("voice"))["statusCode"]


# ---- the truth table of a form behind an HTTP API --------------------------------------------------------------------


def test_a_form_with_blank_and_repeated_fields_and_a_query_is_twilios(cloud):
    fields = FIELDS | {"Tag": ["b", "a", "b"]}
    event = request("/voice?b=2&a=1&empty=", fields)
    assert "FromCity=&" in base64.b64decode(event["body"]).decode()
    webhook = webhooks.verify(event)
    assert (webhook.path, webhook["From"], webhook["FromCity"]) == ("/voice", AIKO, "")


@pytest.mark.parametrize(
    ("lie", "changes"),
    [
        ("a blank field was dropped", {"signed": {name: value for name, value in FIELDS.items() if value}}),
        (
            "the last of two values alone was signed",
            {"fields": FIELDS | {"Tag": ["1", "2"]}, "signed": FIELDS | {"Tag": "2"}},
        ),
        ("the stage is not in the signed path", {"path": "/production/voice", "signed_url": f"{BASE}/voice"}),
        ("the query was built anew", {"path": "/voice?a=1&a=2", "signed_url": f"{BASE}/voice?a=1%2C2"}),
        ("the query was decoded", {"path": "/voice?a=%2B81", "signed_url": f"{BASE}/voice?a=+81"}),
        ("the query was sorted", {"path": "/voice?b=2&a=1", "signed_url": f"{BASE}/voice?a=1&b=2"}),
        ("the query is not signed", {"path": "/voice?a=1", "signed_url": f"{BASE}/voice"}),
        ("it was signed for http", {"signed_url": f"{BASE}/voice".replace("https", "http")}),
        ("it was signed for another host", {"signed_url": "https://elsewhere.example.com/voice"}),
        ("it was signed for another path", {"signed_url": f"{BASE}/status"}),
        ("it was signed with another token", {"token": "0" * 32}),
        ("a field was changed", {"signed": FIELDS | {"From": "+819099999999"}}),
        ("a field was added", {"fields": FIELDS | {"Digits": "1"}, "signed": FIELDS}),
        (
            "a list was signed as a text",
            {"fields": FIELDS | {"Tag": ["1", "2"]}, "signed": FIELDS | {"Tag": "['1', '2']"}},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_request_is_refused_of_which_other_bytes_were_signed(cloud, wire, lie, changes):
    with wire.counting() as operations:
        answer = voice.handler(request(**changes), Context("voice"))
    assert answer == {"statusCode": 403}
    assert operations == []


def test_twilio_may_sign_with_the_port_or_without(cloud):
    assert status_of(request(signed_url="https://exchange.example.com:443/voice")) == 200


def test_a_percent_encoded_query_is_checked_as_it_came(cloud):
    assert status_of(request("/voice?to=%2B8190&x=a%20b&y=a+b&z=%e3%81%82")) == 200


def test_the_hosts_that_a_request_claims_to_be_for_mean_nothing(cloud):
    event = request(signed_url="https://evil.example.com/voice")
    event["headers"] |= {
        "host": "evil.example.com",
        "x-forwarded-host": "evil.example.com",
        "x-forwarded-proto": "https",
    }
    event["requestContext"]["domainName"] = "evil.example.com"
    assert status_of(event) == 403


def test_calls_that_began_at_a_former_address_are_answered_there_as_before(cloud):
    set_setting(cloud, "all-base-urls", f"https://abc.execute-api.ap-northeast-1.amazonaws.com,{BASE}")
    former = "https://abc.execute-api.ap-northeast-1.amazonaws.com/voice"
    assert status_of(request(signed_url=former)) == 200
    assert status_of(request()) == 200
    assert status_of(request(signed_url="https://abd.execute-api.ap-northeast-1.amazonaws.com/voice")) == 403


# ---- bodies that are no form -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/voice", "/voice?bodySHA256=", f"/voice?bodySHA256={'0' * 64}"])
@pytest.mark.parametrize("handler", [voice.handler, sms.handler, status.handler], ids=["voice", "sms", "status"])
def test_json_is_refused_whatever_its_address_says_and_does_not_crash(cloud, handler, path):
    event = request(path, signed={}, body=json.dumps(FIELDS), kind="application/json")
    assert handler(event, Context("any")) == {"statusCode": 403}


def test_json_is_refused_even_if_twilio_has_signed_its_hash_for_no_webhook_of_ours_is_json(cloud):
    body = '{"property": "value"}'
    path = f"/voice?bodySHA256={hashlib.sha256(body.encode()).hexdigest()}"
    assert status_of(request(path, signed={}, body=body, kind="application/json")) == 403


@pytest.mark.parametrize("as_base64", [True, False])
def test_a_body_may_come_in_base64_or_plain(cloud, as_base64):
    event = request()
    if not as_base64:
        event |= {"body": base64.b64decode(event["body"]).decode(), "isBase64Encoded": False}
    assert status_of(event) == 200


@pytest.mark.parametrize(
    "change", [{"body": "!"}, {"body": base64.b64encode(b"\xff\xfe").decode()}, {"body": None}, {"headers": {}}]
)
def test_what_cannot_be_read_is_refused_and_does_not_crash(cloud, change):
    assert voice.handler(request() | change, Context("voice")) == {"statusCode": 403}


def test_a_body_that_is_too_large_is_refused_however_well_signed(cloud):
    assert status_of(request(fields=FIELDS | {"Much": "x" * 31_000})) == 200
    assert status_of(request(fields=FIELDS | {"Much": "x" * 33_000})) == 403


@pytest.mark.parametrize("name", ["CallSid", "From", "To"])
def test_who_calls_whom_must_be_said_once(cloud, name):
    assert status_of(request(fields=FIELDS | {name: [FIELDS[name], "+819099999999"]})) == 403


# ---- Twilio's own examples -------------------------------------------------------------------------------------------

EXAMPLE = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+12349013030",
    "Digits": "1234",
    "From": "+12349013030",
    "To": "+18005551212",
}


@pytest.mark.parametrize(
    ("url", "signature", "body", "kind"),
    [
        ("https://mycompany.com/myapp.php?foo=1&bar=2", "0/KCTR6DLpKmkAf8muzZqo1nDgQ=", urlencode(EXAMPLE), FORM),
        ("https://mycompany.com:443/myapp.php?foo=1&bar=2", "EpDEmp1PyjDYp77YxYU3GILBWzE=", urlencode(EXAMPLE), FORM),
        ("https://example.com/myapp.php?foo=1&bar=2", "vNe7KK2kJwCsxc9K3OLkkKB3qqI=", urlencode(EXAMPLE), FORM),
    ],
)
def test_what_twilio_signs_in_its_documentation_is_twilios(cloud, url, signature, body, kind):
    base, _, rest = url.partition("/myapp.php")
    set_setting(cloud, "public-base-url", base)
    set_setting(cloud, "auth-tokens", "12345")
    event = event_of("POST", f"{base}/myapp.php{rest}", body, {"X-Twilio-Signature": signature, "Content-Type": kind})
    assert webhooks.verify(event).path == "/myapp.php"
    event["headers"]["x-twilio-signature"] = signature[:-2] + "A="
    with pytest.raises(webhooks.Forged):
        webhooks.verify(event)


# ---- tokens that change ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [AUTH_TOKEN, NEXT_TOKEN])
def test_while_tokens_change_either_is_good(cloud, token):
    assert status_of(request(token=token)) == 200


def test_a_new_token_is_found_by_the_first_request_that_is_signed_with_it(cloud, clock):
    config.forget_settings()
    assert status_of(request()) == 200
    set_token_elsewhere(cloud, "1" * 32)
    clock.shift(30)
    assert status_of(request(token="1" * 32)) == 200
    assert status_of(request(token=AUTH_TOKEN)) == 403


def test_a_token_that_was_removed_opens_nothing_after_a_quarter_of_an_hour(cloud, clock, wire):
    config.forget_settings()
    assert status_of(request()) == 200
    set_token_elsewhere(cloud, "1" * 32)
    clock.shift(14 * 60)
    with wire.counting("ssm") as operations:
        assert status_of(request(token=AUTH_TOKEN)) == 200
    assert not operations
    clock.shift(60)
    assert status_of(request(token=AUTH_TOKEN)) == 403


def test_a_flood_of_forgeries_reads_the_settings_once_in_thirty_seconds(cloud, clock, wire):
    config.forget_settings()
    reads = []
    for second in range(95):
        with wire.counting("ssm") as operations:
            assert status_of(request(token="0" * 32)) == 403
        reads += [second] * len(operations)
        clock.shift(1)
    assert reads == [0, 30, 60, 90]
    assert {service for service, _ in wire.calls} == {"ssm"}


def test_when_the_settings_cannot_be_read_again_the_known_ones_go_on_counting(cloud, clock, wire):
    config.forget_settings()
    assert status_of(request()) == 200
    clock.shift(31)
    with wire.has(broken):
        assert voice.handler(request(token="0" * 32), Context("voice")) == {"statusCode": 403}
        assert status_of(request() | {"headers": {}}) == 403
    assert status_of(request()) == 200


def test_a_caller_hears_an_apology_when_the_settings_cannot_be_read_at_all(cloud, wire):
    config.forget_settings()
    with wire.has(broken):
        answer = voice.handler(request(), Context("voice"))
    assert answer["statusCode"] == 200
    assert "<Say" in answer["body"]
    assert "<Dial" not in answer["body"]


@pytest.mark.parametrize("name", ["public-base-url", "auth-tokens"])
def test_a_setting_that_is_not_there_is_named(cloud, clock, wire, name):
    config.forget_settings()

    def lose(operation, _request, carry):
        answer = carry()
        if operation == "GetParameters":
            gone = [one["Name"] for one in answer["Parameters"] if one["Name"].endswith(name)]
            answer["Parameters"] = [one for one in answer["Parameters"] if one["Name"] not in gone]
            answer["InvalidParameters"] = gone
        return answer

    with wire.has(lose), pytest.raises(RuntimeError, match=f"SSM lacks .*/{name}: "):
        config.settings()
    assert config.settings().public_base_url == BASE


def test_settings_are_read_without_blanks_and_what_is_blank_is_no_token(cloud):
    set_setting(cloud, "auth-tokens", " one, ,two ,")
    set_setting(cloud, "own-secrets", "current, next")
    set_setting(cloud, "public-base-url", BASE + "/")
    read = config.settings()
    assert (read.public_base_url, read.own_secrets, read.auth_tokens) == (BASE, ("current", "next"), ("one", "two"))


def set_token_elsewhere(cloud, token):
    """Changes the token behind the back of the process that runs."""
    before = config._settings, config._read_at
    set_setting(cloud, "auth-tokens", token)
    config._settings, config._read_at = before
