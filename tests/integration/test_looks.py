"""A bridge is looked at: of all that is pending for it, one timer at most is ahead, and none is lost."""

import json
import time
import uuid

import pytest

from local.aws import Context
from tests.integration.wire import Died
from toritsugi.bridges import commands
from toritsugi.bridges.records import Bridge, Party, bridge_key, party_key


class Timers:
    """The queue of timers, and timer.py behind it."""

    def __init__(self, cloud):
        self.queue = cloud.queues.named["Timers"]

    @property
    def ahead(self):
        """In how many seconds each is due that waits there."""
        return [json.loads(message.body)["due"] - time.time() for message in self.queue.messages]

    def look(self, call, message_id=None):
        """A message about this call comes; with the id of one that has come before, that one again."""
        import timer

        body = json.dumps({"bridge": call.sid, "due": time.time(), "spare": False})
        record = {"messageId": message_id or str(uuid.uuid4()), "body": body}
        timer.handler({"Records": [record]}, Context("timer"))


@pytest.fixture
def timers(cloud):
    return Timers(cloud)


@pytest.fixture
def over(desk, twilio, clock, timers):
    """A call that is over, of whose legs nobody tells that they have ended: they were hung up four seconds apart."""
    call = desk.calls()
    call.begins(twilio)
    commands.finish(call.sid, "api", time.time())
    Bridge(*bridge_key(call.sid)).update([Bridge.closed.set("CF" + "1" * 32)])
    hung_up(call, 1, 0)
    hung_up(call, 2, 4)
    timers.queue.messages.clear()
    return call


def hung_up(call, place, seconds):
    """We have hung up on this participant so many seconds ago, and do it again after ten."""
    done = [Party.released.set(1), Party.released_at.set(time.time() - seconds)]
    Party(*party_key(call.sid, place)).update(done)


def test_of_several_moments_ahead_the_first_gets_a_timer_however_often_one_looks(over, timers):
    for _ in range(5):
        timers.look(over)
    assert timers.ahead == [6]


def test_when_the_first_has_come_the_second_gets_its_timer(over, timers, clock):
    timers.look(over)
    timers.queue.messages.clear()
    clock.shift(6)
    hung_up(over, 2, 0)
    for _ in range(5):
        timers.look(over)
    assert timers.ahead == [4]


def test_an_earlier_moment_gets_a_timer_of_its_own(over, timers):
    timers.look(over)
    hung_up(over, 1, 7)
    for _ in range(5):
        timers.look(over)
    assert timers.ahead == [6, 3]


def test_a_message_that_comes_again_sends_what_a_dead_process_has_only_planned(over, timers, wire):
    def dies(operation, _request, carry):
        if operation == "SendMessage":
            raise Died
        return carry()

    with pytest.raises(Died), wire.has(dies):
        timers.look(over, "the first")
    timers.look(over, "another")
    assert timers.ahead == []
    timers.look(over, "the first")
    assert timers.ahead == [6]


def test_only_what_a_message_has_planned_itself_is_sent_when_it_comes_again(over, timers):
    for message_id in ("the first", "another", "another"):
        timers.look(over, message_id)
    assert timers.ahead == [6]


def test_two_who_look_at_the_same_time_send_one_timer(over, timers, wire):
    others = []

    def looks_meanwhile(operation, _request, carry):
        if operation == "UpdateItem" and not others:
            others.append(True)
            timers.look(over)
        return carry()

    with wire.has(looks_meanwhile):
        timers.look(over)
    assert (others, timers.ahead) == ([True], [6])
