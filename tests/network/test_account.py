"""Facts of the account: what it is, how its auth tokens change, whom it may call. Through Twilio's own library.

https://www.twilio.com/docs/iam/api/authtoken https://www.twilio.com/docs/voice/api/dialing-permissions-resources
"""

import json

import pytest
from twilio.rest import Client

from tests.network.running import Local
from tests.network.town import AIKO, BEN, LINE, OTHER_LINE, alone, refusal


@pytest.fixture
def town():
    """A town of its own for each test, because an account does not get its old tokens and permissions back."""
    with alone() as town:
        town.has_line()
        yield town


def with_token(town, token):
    return Client(town.world.account_sid, token, http_client=Local(town.world.address))


def account(client):
    return client.api.accounts(client.account_sid).fetch()


def forbid(town, *countries):
    town.twilio.voice.v1.dialing_permissions.bulk_country_updates.create(
        update_request=json.dumps([{"iso_code": code, "low_risk_numbers_enabled": "false"} for code in countries])
    )


def test_the_account_says_that_it_is_active_and_paid_for(town):
    found = account(town.twilio)
    assert (found.sid, found.status, found.type) == (town.world.account_sid, "active", "Full")


def test_a_wrong_token_opens_nothing(town):
    for ask in (account, lambda client: client.voice.v1.dialing_permissions.countries("JP").fetch()):
        assert refusal(ask, with_token(town, "0" * 32)) == (401, 20003)


def test_both_tokens_open_the_account_until_the_second_is_promoted(town):
    old = town.world.auth_token
    second = town.twilio.accounts.v1.secondary_auth_token().create().secondary_auth_token
    assert account(town.twilio).sid == account(with_token(town, second)).sid
    promoted = with_token(town, second).accounts.v1.auth_token_promotion().update()
    assert (promoted.auth_token, account(with_token(town, second)).sid) == (second, town.world.account_sid)
    assert refusal(account, with_token(town, old))[0] == 401


def test_webhooks_are_signed_with_the_first_token_and_with_the_second_once_it_is_promoted(town):
    town.twilio.accounts.v1.secondary_auth_token().create()
    town.aiko.dials()
    town.twilio.accounts.v1.auth_token_promotion().update()
    town.ben.dials()
    assert [asked["From"] for asked in town.asked("/voice")] == [AIKO, BEN]
    assert town.application.unsigned == []  # by the token that was the first then


def test_there_are_two_tokens_at_most_and_the_second_can_be_deleted(town):
    second = town.twilio.accounts.v1.secondary_auth_token()
    second.create()
    assert refusal(second.create)[0] == 409
    assert second.delete()
    assert second.create().secondary_auth_token


def test_without_a_second_token_there_is_none_to_promote(town):
    assert refusal(town.twilio.accounts.v1.auth_token_promotion().update)[0] == 404


def test_a_number_is_paid_when_it_is_bought_and_every_month_until_it_is_given_back(town):
    round_price = [{"number_type": "national", "current_price": "4"}]
    town.costs(countries={"JP": {"phone_number_prices": round_price}})

    def paid():
        numbers = town.twilio.usage.records.list(category="phonenumbers")
        return [(one.count, one.usage_unit, one.price) for one in numbers]

    assert paid() == [("1", "numbers", 4)]
    other = town.twilio.incoming_phone_numbers.create(phone_number=OTHER_LINE)
    town.forward(32 * 86400)
    assert paid() == [("4", "numbers", 16)]
    other.delete()
    town.forward(32 * 86400)
    assert paid() == [("5", "numbers", 20)]


def test_calls_go_everywhere_until_a_country_is_forbidden(town):
    countries = town.twilio.voice.v1.dialing_permissions.countries
    assert countries("JP").fetch().low_risk_numbers_enabled
    forbid(town, "JP")
    assert (countries("JP").fetch().low_risk_numbers_enabled, countries("FR").fetch().low_risk_numbers_enabled) == (
        False,
        True,
    )
    assert [country.iso_code for country in countries.list(iso_code="JP")] == ["JP"]
    assert refusal(countries("XX").fetch)[0] == 404


def test_a_call_to_a_forbidden_country_is_refused(town):
    forbid(town, "JP")
    assert refusal(town.twilio.calls.create, to=BEN, from_=LINE, twiml="<Response/>") == (400, 21215)


def test_nobody_in_a_forbidden_country_is_dialed_and_the_log_says_why(town):
    town.answers("/voice", f"<Dial>{BEN}</Dial>")
    forbid(town, "JP")
    town.aiko.dials()
    assert (town.ben.state, [entry["error"]["code"] for entry in town.log("/voice")]) == ("idle", [13227])


@pytest.mark.parametrize(
    "wishes", ["no JSON", '{"iso_code": "JP"}', '[{"iso_code": "XX"}]', '[{"iso_code": "JP", "colour": "red"}]']
)
def test_a_request_that_makes_no_sense_changes_no_permission(town, wishes):
    permissions = town.twilio.voice.v1.dialing_permissions
    assert refusal(permissions.bulk_country_updates.create, update_request=wishes)[0] == 400
    assert permissions.countries("JP").fetch().low_risk_numbers_enabled
