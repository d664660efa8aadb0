"""Programs that were written for Twilio's Proxy, with Twilio's own SDKs: only the address is another."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from twilio.base.exceptions import TwilioRestException

from tests.conftest import ACCOUNT_SID, AUTH_TOKEN

LINE = "+815010000011"
PROGRAM = Path(__file__).with_name("proxy_by_node.js")
MANY = 250


def is_gone(ask):
    with pytest.raises(TwilioRestException) as refused:
        ask()
    return refused.value.status == 404


def test_the_whole_life_of_a_service_by_the_sdk_for_python(desk, aiko, ben, eve, clock):
    desk.opens(LINE, sms=True)
    service = desk.service
    session = service.sessions(service.sessions.create(unique_name="parcel", ttl=600).sid)
    for person in (aiko, ben):
        session.participants.create(identifier=person.number, friendly_name=person.name)
    aiko.dials(LINE)
    ben.rings(showing=LINE)
    ben.answers()
    aiko.talks_with(ben)
    clock.forward(minutes=1)
    aiko.hangs_up()
    [first, second] = session.participants.list()
    session.participants(first.sid).message_interactions.create(body="It is here.")
    clock.forward(seconds=10)
    aiko.reads("It is here.")
    assert [one.type for one in session.interactions.list()] == ["message", "voice"]
    session.interactions(session.interactions.list()[0].sid).delete()
    assert [one.type for one in session.interactions.list()] == ["voice"]
    session.participants(second.sid).delete()
    session.participants.create(identifier=eve.number)
    aiko.dials(LINE)
    eve.rings(showing=LINE)
    eve.answers()
    eve.hangs_up()
    assert session.update(status="closed").closed_reason == "api"
    assert session.update(status="in-progress").status == "in-progress"
    assert service.delete()
    assert is_gone(service.fetch)
    clock.forward(minutes=6)
    assert is_gone(session.fetch)
    desk.opens(name="order-desk")
    assert desk.service.phone_numbers.create(phone_number=LINE).phone_number == LINE


def test_a_long_list_is_read_page_by_page_and_misses_none(desk):
    desk.opens()
    made = {desk.service.sessions.create(unique_name=f"parcel-{number}").sid for number in range(MANY)}
    found = [one.sid for one in desk.service.sessions.list(page_size=60)]
    assert len(found) == MANY
    assert set(found) == made
    assert len(list(desk.service.sessions.stream(limit=120))) == 120


HOW_TO_GET_IT = (
    "Node finds no package twilio (npm install --prefix FOLDER twilio; export NODE_PATH=FOLDER/node_modules), "
    "or there is no Node"
)


def modules():
    """Where Node finds the SDK, if it does."""
    asked = ["node", "-e", "console.log(require.resolve('twilio'))"]
    return shutil.which("node") and subprocess.run(asked, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not modules(), reason=HOW_TO_GET_IT)
def test_the_whole_life_of_a_service_by_the_sdk_for_node(box, desk, aiko, ben):
    able = {"voice": True, "sms": True, "mms": False}
    box.call("POST", "/numbers", {"phone_number": LINE, "capabilities": able})
    asked = ["node", str(PROGRAM), box.exchange, ACCOUNT_SID, AUTH_TOKEN, LINE, aiko.number, ben.number]
    ran = subprocess.run(asked, capture_output=True, text=True, env={**os.environ, "NO_PROXY": "*"}, check=False)
    assert ran.returncode == 0, ran.stderr
    box.settle()
    assert json.loads(ran.stdout) == {
        "mode": "voice-and-message",
        "created": True,
        "people": [aiko.number, ben.number],
        "listed": 5,
        "happened": ["message"],
        "closed": "api",
        "opened": "in-progress",
        "refused": [400, 80603],
        "removed": True,
        "gone": [True, True],
        "missing": 404,
    }
