"""Facts of an account that may have few calls at once, in and out together, and of what Twilio says of such an account.

https://support.twilio.com/hc/en-us/articles/223180028 https://www.twilio.com/docs/api/errors/10004
"""

import pytest
from twilio.base.exceptions import TwilioException

from tests.network.town import ALL_EVENTS, BEN, CARLA, LINE, refusal

PAUSE = '<Response><Pause length="60"/></Response>'


def codes(town):
    return [alert.error_code for alert in town.twilio.monitor.v1.alerts.list()]


@pytest.fixture
def narrow(town):
    """A town whose account may have two calls at once."""
    town.sets(calls_at_once=2)
    return town


def test_a_third_call_by_rest_is_refused_with_twilios_code(narrow):
    for number in (BEN, CARLA):
        narrow.twilio.calls.create(to=number, from_=LINE, twiml=PAUSE)
    assert refusal(narrow.twilio.calls.create, to=BEN, from_=LINE, twiml=PAUSE) == (400, 10004)
    assert codes(narrow) == ["10004"]


def test_when_a_call_is_over_there_is_room_for_another(narrow):
    narrow.twilio.calls.create(to=BEN, from_=LINE, twiml=PAUSE)
    second = narrow.twilio.calls.create(to=CARLA, from_=LINE, twiml=PAUSE)
    second.update(status="canceled")
    assert narrow.twilio.calls.create(to=CARLA, from_=LINE, twiml=PAUSE).status == "queued"


def test_who_calls_in_and_whom_they_are_put_through_to_are_two_calls(narrow):
    narrow.ben.behaves("at once")
    narrow.answers("/voice", f"<Dial>{BEN}</Dial>")
    narrow.aiko.dials()
    assert narrow.aiko.talks_with == [BEN]
    narrow.carla.dials()
    assert (narrow.carla.state, narrow.carla.sounds) == ("idle", ["tone busy"])
    assert len(narrow.asked("/voice")) == 1  # the application was not asked
    assert codes(narrow) == ["10004"]


def test_a_leg_for_which_there_is_no_room_fails_and_the_action_and_its_callback_say_why(town):
    town.sets(calls_at_once=1)
    watched = f'statusCallback="/leg" statusCallbackEvent="{ALL_EVENTS}"'
    town.answers("/voice", f'<Dial action="/after"><Number {watched}>{BEN}</Number></Dial>')
    town.answers("/after", "<Say>All lines are busy</Say>")
    town.aiko.dials()
    assert (town.ben.state, town.aiko.words) == ("idle", ["All lines are busy"])
    (told,), (after,) = town.asked("/leg"), town.asked("/after")
    assert (told["CallStatus"], told["ErrorCode"]) == ("failed", "10004")
    assert (after["DialCallStatus"], after["ErrorCode"]) == ("failed", "10004")


def test_of_several_that_are_dialed_together_as_many_ring_as_there_is_room_for(town):
    town.sets(calls_at_once=2)
    town.answers("/voice", f"<Dial><Number>{BEN}</Number><Number>{CARLA}</Number></Dial>")
    town.aiko.dials()
    assert (town.ben.state, town.carla.state) == ("ringing", "idle")


def test_two_telephones_that_call_each_other_are_none_of_the_accounts_calls(town):
    town.sets(calls_at_once=1)
    town.ben.behaves("at once")
    town.aiko.dials()
    town.carla.dials(BEN)
    assert town.carla.talks_with == [BEN]


@pytest.mark.parametrize(
    "wrong",
    [
        {"calls_at_once": 0},
        {"calls_at_once": "2"},
        {"calls_at_once": True},
        {"type": "Free"},
        {"customer_profiles": {"business": "yes"}},
        {"customer_profiles": {"family": "draft"}},
    ],
)
def test_an_account_that_cannot_be_is_refused_and_stays_as_it_is(town, wrong):
    before = town.get("/account")
    assert town.http.put("/account", json=wrong | {"protects_files": False}).status_code == 400
    assert town.get("/account") == before


# ---- what Twilio says of the account ---------------------------------------------------------------------------------


def test_a_profile_has_a_status_and_its_policy_says_of_which_kind_it_is(town):
    town.sets(type="Trial", customer_profiles={"individual": "twilio-approved", "business": "in-review"})
    trusthub = town.twilio.trusthub.v1
    found = {
        trusthub.policies(one.policy_sid).fetch().friendly_name: one.status for one in trusthub.customer_profiles.list()
    }
    assert found == {
        "Primary Customer Profile of type Individual": "twilio-approved",
        "Primary Customer Profile of type Business": "in-review",
    }
    approved = trusthub.customer_profiles.list(status="twilio-approved")
    assert [one.status for one in approved] == ["twilio-approved"]
    assert town.twilio.api.accounts(town.world.account_sid).fetch().type == "Trial"
    town.sets(type="Full", customer_profiles={"business": "twilio-approved"})


def test_the_debugger_keeps_what_went_wrong_until_the_world_is_forgotten(town):
    town.answers("/voice", "<Dial>nobody</Dial>")
    sid = town.aiko.dials()
    (alert,) = town.twilio.monitor.v1.alerts.list(log_level="error")
    assert (alert.error_code, alert.resource_sid, alert.log_level) == ("13223", sid, "error")
    assert town.twilio.monitor.v1.alerts.list(log_level="warning") == []
    town.ask("DELETE", "/world")
    assert codes(town) == []


def test_alerts_can_be_had_of_a_part_of_time(town):
    town.answers("/voice", "<Dial>nobody</Dial>")
    town.aiko.dials()
    alerts = town.twilio.monitor.v1.alerts
    assert (len(alerts.list(start_date="2001-01-01")), alerts.list(end_date="2001-01-01")) == (1, [])
    with pytest.raises(TwilioException):
        alerts.list(start_date="yesterday")


# ---- in which region a number is processed ---------------------------------------------------------------------------


def test_a_number_in_another_region_goes_by_the_record_of_that_region_in_which_nothing_stands(town):
    numbers = town.twilio.routes.v2.phone_numbers
    town.answers("/voice", "<Say>Hello</Say>")
    assert numbers(LINE).fetch().voice_region == "us1"
    assert numbers(LINE).update(voice_region="ie1").voice_region == "ie1"
    town.lines[LINE] = "unusual"
    town.aiko.dials()
    assert (town.asked("/voice"), "Hello" in town.aiko.words) == ([], False)
    assert refusal(numbers(LINE).update, voice_region="mars")[0] == 400
    assert refusal(numbers("+815099999999").fetch)[0] == 404
