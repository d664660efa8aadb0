"""Twilio's auth token is changed, and no call is missed: the next one is added, Twilio switches, the old one goes.

https://www.twilio.com/docs/iam/api/authtoken
"""

import json

import pytest
from twilio.base.exceptions import TwilioRestException

from tests.conftest import ACCOUNT_SID, AUTH_TOKEN

LINES = ["+815010000011", "+815010000012"]
REREAD = 30  # seconds after which a process that knows only the old token looks for another


class Tokens:
    """Both sides of the change: the account at Twilio, and what the exchange takes."""

    def __init__(self, box):
        self.box, self.primary = box, AUTH_TOKEN
        self.secondary = self.at_twilio("Secondary")["secondary_auth_token"]

    def at_twilio(self, path):
        answer = self.box.http.post(f"/v1/AuthTokens/{path}", auth=(ACCOUNT_SID, self.primary))
        assert answer.is_success, answer.text
        return answer.json()

    def twilio_switches(self):
        self.at_twilio("Promote")
        self.primary = self.secondary

    def the_exchange_takes(self, *tokens):
        cloud = self.box.stack.cloud
        name = f"{cloud.template.environment['SETTINGS_PATH']}/auth-tokens"
        cloud.parameters.call("PutParameter", {"Name": name, "Value": ",".join(tokens)})


@pytest.fixture
def tokens(box):
    return Tokens(box)


@pytest.fixture
def session(desk, aiko, ben):
    desk.opens(*LINES)
    return desk.brings_together(aiko, ben, ttl=3600)


def talk(session, caller, callee, meanwhile=lambda: None):
    """A call from its first ring to its last callback."""
    caller.dials(session.line_of(caller))
    callee.rings(showing=session.line_of(callee))
    callee.answers()
    caller.talks_with(callee)
    meanwhile()
    callee.hangs_up()
    caller.is_idle()


def ways_of(session):
    return [interaction.outbound_resource_status for interaction in session.interactions]


def test_calls_ring_before_while_and_after_the_token_changes(session, tokens, aiko, ben, clock):
    talk(session, aiko, ben)
    tokens.the_exchange_takes(AUTH_TOKEN, tokens.secondary)
    clock.forward(seconds=REREAD)
    talk(session, ben, aiko, meanwhile=tokens.twilio_switches)
    talk(session, aiko, ben)
    tokens.the_exchange_takes(tokens.secondary)
    talk(session, ben, aiko)
    assert ways_of(session) == ["completed"] * 4


def test_a_call_that_began_before_the_change_is_written_down_after_it(session, tokens, aiko, ben, clock):
    tokens.the_exchange_takes(AUTH_TOKEN, tokens.secondary)
    clock.forward(seconds=REREAD)
    aiko.dials(session.line_of(aiko))
    ben.rings(showing=session.line_of(ben))
    ben.answers()
    tokens.twilio_switches()
    tokens.the_exchange_takes(tokens.secondary)
    clock.forward(minutes=2)
    ben.hangs_up()
    (interaction,) = session.interactions
    assert (interaction.outbound_resource_status, json.loads(interaction.data)) == ("completed", {"duration": "120"})


def test_the_exchange_goes_on_working_with_twilio_after_the_change(session, desk, tokens, box, clock):
    tokens.the_exchange_takes(AUTH_TOKEN, tokens.secondary)
    clock.forward(seconds=REREAD)
    tokens.twilio_switches()
    tokens.the_exchange_takes(tokens.secondary)
    number = {"phone_number": "+815010000013", "capabilities": {"voice": True, "sms": False, "mms": False}}
    box.call("POST", "/numbers", number)
    assert desk.service.phone_numbers.create(phone_number=number["phone_number"]).phone_number == "+815010000013"


def test_who_asks_for_a_number_hears_that_twilio_takes_no_token_of_ours(desk, tokens):
    desk.opens()
    tokens.twilio_switches()
    with pytest.raises(TwilioRestException) as refused:
        desk.service.phone_numbers.create(phone_number="+815010000014")
    assert (refused.value.status, refused.value.code) == (502, 80613)
