"""Numbers come into a pool from Twilio, point at the exchange while they are in it, and go back as they were."""

import pytest
from twilio.base.exceptions import TwilioRestException

from tests.conftest import ACCOUNT_SID, AUTH_TOKEN

LINE, OTHER = "+815010000011", "+815010000012"


@pytest.fixture
def owned(box):
    """Two numbers of the account, the first with webhooks of its own; by number, as Twilio's REST API shows them."""
    former = {"voice_url": "http://127.0.0.1:9/former", "voice_fallback_url": "http://127.0.0.1:9/fallback"}
    able = {"capabilities": {"voice": True, "sms": False, "mms": False}}
    box.call("POST", "/numbers", {"phone_number": LINE, **able, **former})
    box.call("POST", "/numbers", {"phone_number": OTHER, **able})

    def look(number):
        path = f"/2010-04-01/Accounts/{ACCOUNT_SID}/IncomingPhoneNumbers.json"
        answer = box.http.get(path, params={"PhoneNumber": number}, auth=(ACCOUNT_SID, AUTH_TOKEN))
        return answer.json()["incoming_phone_numbers"][0]

    return look


def refusal(ask):
    with pytest.raises(TwilioRestException) as refused:
        ask()
    return refused.value.code


def test_a_number_points_at_the_exchange_while_it_is_in_a_pool_and_back_afterwards(desk, owned, box):
    desk.opens()
    number = desk.service.phone_numbers.create(phone_number=LINE)
    assert (number.sid, number.phone_number, number.iso_country) == (owned(LINE)["sid"], LINE, "JP")
    assert number.capabilities == {"voice": True, "sms": False, "mms": False, "fax": False}
    assert owned(LINE)["voice_url"].startswith(f"{box.exchange}/voice#rc=2&")
    assert owned(LINE)["voice_url"].endswith("&e=tokyo,ashburn"), "Twilio's requests to Tokyo start in Virginia"
    assert not owned(LINE)["voice_fallback_url"]
    desk.service.phone_numbers(number.sid).delete()
    assert owned(LINE)["voice_url"] == "http://127.0.0.1:9/former"
    assert owned(LINE)["voice_fallback_url"] == "http://127.0.0.1:9/fallback"
    assert desk.service.phone_numbers.list() == []


@pytest.mark.parametrize(
    ("part", "code"), [(LINE[:-1], 80606), ("+8150100", 80606), ("*50100*", 80406), (LINE + "0", 80606)]
)
def test_a_part_of_a_number_is_no_number_and_moves_none(desk, owned, part, code):
    desk.opens()
    assert refusal(lambda: desk.service.phone_numbers.create(phone_number=part)) == code
    assert refusal(lambda: desk.service.phone_numbers.create(sid="../Keys")) == 80407
    assert owned(LINE)["voice_url"] == "http://127.0.0.1:9/former"


def test_a_number_that_somebody_has_pointed_elsewhere_meanwhile_is_left_alone(desk, owned, box):
    desk.opens()
    number = desk.service.phone_numbers.create(sid=owned(LINE)["sid"])
    path = f"/2010-04-01/Accounts/{ACCOUNT_SID}/IncomingPhoneNumbers/{number.sid}.json"
    box.http.post(path, data={"VoiceUrl": "http://127.0.0.1:9/mine"}, auth=(ACCOUNT_SID, AUTH_TOKEN)).raise_for_status()
    desk.service.phone_numbers(number.sid).delete()
    assert owned(LINE)["voice_url"] == "http://127.0.0.1:9/mine"


def test_a_number_is_in_one_pool_at_most(desk, owned):
    desk.opens()
    desk.service.phone_numbers.create(phone_number=LINE)
    assert refusal(lambda: desk.service.phone_numbers.create(phone_number=LINE)) == 80104
    another = desk.proxy.services(desk.proxy.services.create(unique_name="another").sid)
    assert refusal(lambda: another.phone_numbers.create(phone_number=LINE)) == 80101
    assert another.phone_numbers.list() == []


def test_a_number_that_the_account_does_not_own_is_refused(desk):
    desk.opens()
    assert refusal(lambda: desk.service.phone_numbers.create(phone_number="+815099999999")) == 80606
    assert refusal(lambda: desk.service.phone_numbers.create(sid="PN" + "0" * 32)) == 80301
    assert refusal(lambda: desk.service.phone_numbers.create()) == 80701


def test_a_number_in_use_stays_until_its_session_is_over(desk, owned, aiko, ben):
    desk.opens()
    number = desk.service.phone_numbers.create(phone_number=LINE)
    session = desk.brings_together(aiko, ben)
    assert desk.service.phone_numbers(number.sid).fetch().in_use == 1
    assert refusal(desk.service.phone_numbers(number.sid).delete) == 80611
    session.sdk.update(status="closed")
    assert desk.service.phone_numbers(number.sid).fetch().in_use == 0
    assert desk.service.phone_numbers(number.sid).delete()


def test_a_reserved_number_is_given_to_nobody_who_does_not_name_it(desk, owned, aiko, ben):
    desk.opens()
    number = desk.service.phone_numbers.create(phone_number=LINE, is_reserved=True)
    assert refusal(lambda: desk.brings_together(aiko, ben)) == 80207
    desk.service.phone_numbers.create(phone_number=OTHER)
    session = desk.brings_together(aiko, ben)
    assert {session.line_of(aiko), session.line_of(ben)} == {OTHER}
    named = desk.service.sessions.create(participants=[{"Identifier": aiko.number, "ProxyIdentifier": LINE}])
    assert [p.proxy_identifier for p in desk.service.sessions(named.sid).participants.list()] == [LINE]
    assert desk.service.phone_numbers(number.sid).update(is_reserved=False).is_reserved is False


def test_a_number_that_twilio_will_not_point_at_us_does_not_stay_in_the_pool(desk, owned, box):
    desk.opens()
    box.call("PUT", "/faults", {"rest_429": {"match": "IncomingPhoneNumbers/PN", "times": 9}})
    assert refusal(lambda: desk.service.phone_numbers.create(phone_number=LINE)) == 80613
    assert desk.service.phone_numbers.list() == []
    box.call("PUT", "/faults", {})
    assert desk.service.phone_numbers.create(phone_number=LINE).phone_number == LINE
