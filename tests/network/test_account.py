"""Facts of the account: what it is, how its auth tokens change, whom it may call. Through Twilio's own library.

https://www.twilio.com/docs/iam/api/authtoken https://www.twilio.com/docs/voice/api/dialing-permissions-resources
"""

import json

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from tests.network.conftest import AIKO, BEN, LINE
from tests.network.running import Local


def with_token(network, token):
    return Client(network.world.account_sid, token, http_client=Local(network.address))


def account(client):
    return client.api.accounts(client.account_sid).fetch()


def forbid(network, *countries):
    network.twilio.voice.v1.dialing_permissions.bulk_country_updates.create(
        update_request=json.dumps([{"iso_code": code, "low_risk_numbers_enabled": "false"} for code in countries])
    )


def test_the_account_says_that_it_is_active_and_paid_for(network):
    found = account(network.twilio)
    assert (found.sid, found.status, found.type) == (network.world.account_sid, "active", "Full")


def test_a_wrong_token_opens_nothing(network):
    for ask in (account, lambda client: client.voice.v1.dialing_permissions.countries("JP").fetch()):
        with pytest.raises(TwilioRestException) as caught:
            ask(with_token(network, "0" * 32))
        assert (caught.value.status, caught.value.code) == (401, 20003)


def test_both_tokens_open_the_account_until_the_second_is_promoted(network):
    old = network.world.auth_token
    second = network.twilio.accounts.v1.secondary_auth_token().create().secondary_auth_token
    assert account(network.twilio).sid == account(with_token(network, second)).sid
    promoted = with_token(network, second).accounts.v1.auth_token_promotion().update()
    assert (promoted.auth_token, account(with_token(network, second)).sid) == (second, network.world.account_sid)
    with pytest.raises(TwilioRestException) as caught:
        account(with_token(network, old))
    assert caught.value.status == 401


def test_webhooks_are_signed_with_the_first_token_and_with_the_second_once_it_is_promoted(network, app):
    network.line()
    network.twilio.accounts.v1.secondary_auth_token().create()
    network.phone(AIKO).dials(LINE)
    network.settle()
    network.twilio.accounts.v1.auth_token_promotion().update()
    network.phone(BEN).dials(LINE)
    network.settle()
    assert [request["signed"] for request in app.requests] == [True, True]  # by the token that was the first then


def test_there_are_two_tokens_at_most_and_the_second_can_be_deleted(network):
    second = network.twilio.accounts.v1.secondary_auth_token()
    second.create()
    with pytest.raises(TwilioRestException) as caught:
        second.create()
    assert caught.value.status == 409
    assert second.delete()
    assert second.create().secondary_auth_token


def test_without_a_second_token_there_is_none_to_promote(network):
    with pytest.raises(TwilioRestException) as caught:
        network.twilio.accounts.v1.auth_token_promotion().update()
    assert caught.value.status == 404


def test_calls_go_everywhere_until_a_country_is_forbidden(network):
    countries = network.twilio.voice.v1.dialing_permissions.countries
    assert countries("JP").fetch().low_risk_numbers_enabled
    forbid(network, "JP")
    assert (countries("JP").fetch().low_risk_numbers_enabled, countries("FR").fetch().low_risk_numbers_enabled) == (
        False,
        True,
    )
    assert [country.iso_code for country in countries.list(iso_code="JP")] == ["JP"]
    with pytest.raises(TwilioRestException) as caught:
        countries("XX").fetch()
    assert caught.value.status == 404


def test_a_call_to_a_forbidden_country_is_refused(network):
    network.line()
    forbid(network, "JP")
    with pytest.raises(TwilioRestException) as caught:
        network.twilio.calls.create(to=BEN, from_=LINE, twiml="<Response/>")
    assert (caught.value.status, caught.value.code) == (400, 21215)


def test_nobody_in_a_forbidden_country_is_dialed_and_the_log_says_why(network, app):
    network.line()
    app.on("/voice", f"<Dial>{BEN}</Dial>")
    forbid(network, "JP")
    network.phone(AIKO).dials(LINE)
    network.settle()
    assert network.phone(BEN).state == "idle"
    assert [hook["error"]["code"] for hook in network.webhooks("/voice")] == [13227]


@pytest.mark.parametrize(
    "wishes", ["no JSON", '{"iso_code": "JP"}', '[{"iso_code": "XX"}]', '[{"iso_code": "JP", "colour": "red"}]']
)
def test_a_request_that_makes_no_sense_changes_no_permission(network, wishes):
    with pytest.raises(TwilioRestException) as caught:
        network.twilio.voice.v1.dialing_permissions.bulk_country_updates.create(update_request=wishes)
    assert caught.value.status == 400
    assert network.twilio.voice.v1.dialing_permissions.countries("JP").fetch().low_risk_numbers_enabled
