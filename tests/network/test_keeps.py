"""What is remembered of what is over: as much as the network was told to keep, and all of what goes on."""

import pytest
from twilio.base.exceptions import TwilioRestException

from tests.network.conftest import AIKO, BEN, CARLA, LINE

KEPT = 3


@pytest.fixture
def short_memory(network):
    network.world.keeps = KEPT
    return network


def call(network, aiko) -> str:
    """Somebody calls, hears something, and hangs up."""
    sid = aiko.dials(LINE)
    aiko.hangs_up()
    network.settle()
    return sid


def test_the_latest_calls_are_remembered_with_their_part_of_the_log(short_memory, app, aiko):
    app.on("/voice", "<Say>Hello</Say>")
    short_memory.line()
    sids = [call(short_memory, aiko) for _ in range(20)]
    kept = [one["sid"] for one in short_memory.calls()]
    assert kept == sids[-len(kept) :]
    assert KEPT <= len(kept) < 2 * KEPT
    assert [one["call_sid"] for one in short_memory.webhooks()] == kept
    assert [one.sid for one in short_memory.twilio.calls.list()] == kept[::-1]
    with pytest.raises(TwilioRestException) as refused:
        short_memory.twilio.calls(sids[0]).fetch()
    assert refused.value.status == 404


def test_who_still_talks_is_not_forgotten_whoever_else_has_called_since(short_memory, app, aiko, ben):
    app.on("/voice", '<Say>Hello</Say><Pause length="600"/>')
    short_memory.line()
    talking = ben.dials(LINE)
    for _ in range(20):
        call(short_memory, aiko)
    assert short_memory.leg(talking)["status"] == "in-progress"
    assert [one["call_sid"] for one in short_memory.webhooks()].count(talking) == 1
    assert ben.words == ["say Hello"]
    ben.hangs_up()
    assert short_memory.leg(talking)["status"] == "completed"


def test_rooms_recordings_and_texts_are_forgotten_too(short_memory, app, aiko, ben):
    app.on("/voice", '<Record finishOnKey="1" action="/room"/>')
    app.on("/room", "<Dial><Conference>room</Conference></Dial>")
    app.on("/sms", "<Message>Hello</Message>")
    short_memory.line(capabilities={"voice": True, "sms": True}, sms_url=short_memory.url("/sms"))
    for _ in range(8):
        aiko.dials(LINE)
        aiko.says("A message")
        short_memory.forward(2)
        aiko.presses("1")
        aiko.hangs_up()
        ben.seen()
        short_memory.call("POST", f"{ben.path}/send", {"to": LINE, "body": "Hi"})
        short_memory.forward(10)
    kinds = ("calls", "conferences", "recordings", "messages")
    seen = {kind: short_memory.call("GET", f"/{kind}")[kind] for kind in kinds}
    assert all(KEPT <= len(some) < 2 * KEPT for some in seen.values()), seen
    assert len(ben.seen()["messages"]) == KEPT
    assert ben.seen()["messages"][-1]["body"] == "Hello"


def test_a_text_waits_for_its_turn_behind_texts_that_are_forgotten(short_memory):
    short_memory.line(capabilities={"voice": True, "sms": True})
    for number in (AIKO, BEN, CARLA) * 3:
        short_memory.twilio.messages.create(to=number, from_=LINE, body="Hello")
    short_memory.forward(8)
    last = short_memory.twilio.messages.create(to=AIKO, from_=LINE, body="The last")
    assert last.fetch().status == "queued"
    short_memory.forward(2)
    assert last.fetch().status == "sent"


def test_nothing_is_forgotten_by_a_network_that_was_not_told_to(network, app, aiko):
    app.on("/voice", "<Say>Hello</Say>")
    network.line()
    sids = [call(network, aiko) for _ in range(12)]
    assert [one["sid"] for one in network.calls()] == sids
    assert len(network.webhooks()) == len(sids)
