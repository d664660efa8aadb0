"""What is remembered of what is over: as much as the network was told to keep, and all of what goes on."""

import subprocess
import sys

import pytest

from tests.network.town import AIKO, BEN, CARLA, LINE, refusal

KEPT = 3


@pytest.fixture
def forgetful(town):
    """The town, whose network remembers little."""
    town.world.keeps = KEPT
    yield town
    town.world.keeps = None


def call(town) -> str:
    """Aiko calls, hears something, and hangs up."""
    sid = town.aiko.dials()
    town.aiko.hangs_up()
    return sid


def test_the_latest_calls_are_remembered_with_their_part_of_the_log(forgetful):
    forgetful.answers("/voice", "<Say>Hello</Say>")
    sids = [call(forgetful) for _ in range(20)]
    kept = [one["sid"] for one in forgetful.get("/calls")["calls"]]
    assert kept == sids[-len(kept) :]
    assert KEPT <= len(kept) < 2 * KEPT
    assert [one["call_sid"] for one in forgetful.log()] == kept
    assert [one.sid for one in forgetful.twilio.calls.list()] == kept[::-1]
    assert refusal(forgetful.twilio.calls(sids[0]).fetch) == (404, 20404)


def test_who_still_talks_is_not_forgotten_whoever_else_has_called_since(forgetful):
    forgetful.answers("/voice", '<Say>Hello</Say><Pause length="600"/>')
    talking = forgetful.ben.dials()
    for _ in range(20):
        call(forgetful)
    assert forgetful.call(talking)["status"] == "in-progress"
    assert [one["call_sid"] for one in forgetful.log()].count(talking) == 1
    assert forgetful.ben.words == ["Hello"]
    forgetful.ben.hangs_up()
    assert forgetful.call(talking)["status"] == "completed"


def test_rooms_recordings_and_texts_are_forgotten_too(forgetful):
    forgetful.answers("/voice", '<Record finishOnKey="1" action="/room"/>')
    forgetful.answers("/room", "<Dial><Conference>room</Conference></Dial>")
    forgetful.answers("/sms", "<Message>Hello</Message>")
    forgetful.has_line(capabilities={"sms": True}, sms_url=forgetful.at("/sms"))
    for _ in range(8):
        forgetful.aiko.dials()
        forgetful.aiko.says("A message")
        forgetful.forward(2)
        forgetful.aiko.presses("1")
        forgetful.aiko.hangs_up()
        forgetful.post(f"{forgetful.ben.path}/send", {"to": LINE, "body": "Hi"})
        forgetful.forward(10)
    kinds = ("calls", "conferences", "recordings", "messages")
    seen = {kind: forgetful.get(f"/{kind}")[kind] for kind in kinds}
    assert all(KEPT <= len(some) < 2 * KEPT for some in seen.values()), seen
    assert len(forgetful.ben.seen["messages"]) == KEPT
    assert forgetful.ben.seen["messages"][-1]["body"] == "Hello"


def test_a_text_waits_for_its_turn_behind_texts_that_are_forgotten(forgetful):
    forgetful.has_line(capabilities={"sms": True})
    for number in (AIKO, BEN, CARLA) * 3:
        forgetful.twilio.messages.create(to=number, from_=LINE, body="Hello")
    forgetful.forward(8)
    last = forgetful.twilio.messages.create(to=AIKO, from_=LINE, body="The last")
    assert last.fetch().status == "queued"
    forgetful.forward(2)
    assert last.fetch().status == "sent"


def test_nothing_is_forgotten_by_a_network_that_was_not_told_to(town):
    town.answers("/voice", "<Say>Hello</Say>")
    sids = [call(town) for _ in range(12)]
    assert [one["sid"] for one in town.get("/calls")["calls"]] == sids
    assert len(town.log()) == len(sids)


def test_a_network_that_is_told_to_remember_less_than_nothing_says_so():
    command = [sys.executable, "-m", "local.network", "--port", "0", "--keeps", "-1"]
    ended = subprocess.run(command, env={"PYTHONPATH": "infra"}, capture_output=True, text=True, timeout=300)
    assert (ended.returncode, ended.stderr) == (1, "Of what is over at least 1 is kept, not -1.\n")
