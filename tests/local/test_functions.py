"""Handlers that sleep on the clock, and processes that end in the middle of what they do."""

import asyncio
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from twilio.http.http_client import TwilioHttpClient

from tests.local.lab import START, Lab, now, timer


def sleeping_until(second, then=None):
    """What waits out the rest of the time, as functions/timer.py does, and then does something."""

    def does(event):
        time.sleep(START + second - time.time())
        if then:
            then(event)

    return does


def test_a_handler_sleeps_on_the_clock_while_time_moves(lab):
    woke = []
    timer.does = sleeping_until(10.4, lambda _: woke.append(now()))
    lab.send("announce", delay=10)
    lab.forward(10.3)
    assert (timer.bodies, woke) == ([(10, "announce")], [])
    lab.forward(0.1)
    assert woke == [10.4]


def test_one_jump_passes_over_a_sleeping_handler_in_no_time(lab):
    woke = []
    timer.does = sleeping_until(18, lambda _: woke.append(now()))
    lab.send("announce", delay=10)
    began = time.monotonic()
    lab.forward(3600)
    assert woke == [18]
    assert time.monotonic() - began < 5


def test_a_sleeping_handler_keeps_no_other_event_of_its_function_waiting(lab):
    woke = []

    def does(event):
        body = event["Records"][0]["body"]
        time.sleep(float(body))
        woke.append((now(), body))

    timer.does = does
    for seconds in ("6", "0.5", "3"):
        lab.send(seconds, delay=10)
    lab.forward(100)
    assert timer.bodies == [(10, "6"), (10, "0.5"), (10, "3")]
    assert woke == [(10.5, "0.5"), (13, "3"), (16, "6")]


def test_more_handlers_sleep_than_this_machine_has_threads_for_other_things(lab):
    woke = []
    timer.does = sleeping_until(15, lambda _: woke.append(now()))
    for n in range(100):
        lab.send(f"{n}", delay=10)
    lab.forward(15)
    assert woke == [15] * 100


def test_awake_a_function_has_one_event_at_a_time(lab):
    inside, most = [], []

    def does(event):
        inside.append(event)
        most.append(len(inside))
        threading.Event().wait(0.005)
        inside.remove(event)

    async def together():
        function = lab.cloud.functions.named["lab-local-timer"]
        await asyncio.gather(*(lab.cloud.invoke(function, {"n": n}) for n in range(10)))

    timer.does = does
    lab.wait_for(together())
    assert most == [1] * 10


def test_who_sleeps_beyond_the_timeout_is_ended(lab):
    after = []
    timer.does = sleeping_until(30, after.append)
    lab.send("announce", delay=10)
    lab.forward(25)
    (failure,) = lab.failures()
    assert "timed out after 9 seconds" in failure
    assert after == []


def test_a_request_from_outside_sleeps_really(lab):
    slept = []

    def does(_):
        began = time.monotonic()
        time.sleep(0.05)
        slept.append(time.monotonic() - began)

    timer.does = does
    function = lab.cloud.functions.named["lab-local-timer"]
    lab.wait_for(lab.cloud.invoke(function, {}))
    assert slept[0] >= 0.05
    assert now() == 0


def test_the_world_ends_though_a_handler_sleeps(tmp_path):
    after, sleep = [], time.sleep
    with Lab(tmp_path) as lab:
        timer.does = sleeping_until(15, after.append)
        lab.send("announce", delay=10)
        lab.forward(12)
        assert timer.woken
        assert time.sleep is not sleep
    for thread in threading.enumerate():
        if thread.name.startswith("function"):
            thread.join(5)
            assert not thread.is_alive()
    assert time.sleep is sleep
    assert after == []


# ---- crashes ---------------------------------------------------------------------------------------------------------


def claiming(lab, name="announcement"):
    """Claims something with one write, and tells of it with another."""
    spoken = []

    def does(_):
        try:
            lab.put(name)
        except Exception as error:  # a crash is no error that a handler could treat
            spoken.append(error)
        lab.put(f"{name}-spoken")
        spoken.append(now())

    timer.does = does
    return spoken


def test_a_function_crashes_before_a_call_and_the_message_comes_again(lab):
    spoken = claiming(lab)
    lab.cloud.crash("timer", before="dynamodb.PutItem")
    lab.send("announce", delay=10)
    lab.forward(15)
    assert (lab.rows(), spoken) == ([], [])
    lab.forward(20)
    assert (lab.rows(), spoken) == (["announcement", "announcement-spoken"], [30])


def test_a_function_crashes_after_a_call_and_that_has_happened(lab):
    spoken = claiming(lab)
    lab.cloud.crash("timer", after="dynamodb.PutItem Rows", times=2)
    lab.send("announce", delay=10)
    lab.forward(600)
    assert (lab.rows(), spoken) == (["announcement"], [])
    assert [at for at, _ in timer.woken] == [10, 30]
    assert lab.dead() == ["announce"]


def test_whoever_has_crashed_calls_nothing_more(lab):
    def does(_):
        try:
            lab.put("claim")
        finally:
            lab.put("tidied up")

    timer.does = does
    lab.cloud.crash("timer", after="dynamodb.PutItem")
    lab.send("announce", delay=0)
    lab.forward(1)
    assert lab.rows() == ["claim"]


def test_other_functions_and_other_calls_go_on(lab):
    spoken = claiming(lab)
    lab.cloud.crash("listener", before="dynamodb.PutItem")
    lab.cloud.crash("timer", before="dynamodb.PutItem Others")
    lab.send("announce", delay=0)
    lab.forward(1)
    assert spoken == [0]
    assert len(lab.cloud.faults.missed()) == 2


@pytest.fixture
def carrier():
    """Something that takes requests as Twilio does, and keeps their paths."""
    asked = []

    class Carrier(BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            """Nobody needs to read it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Carrier) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        server.asked, server.address = asked, f"http://127.0.0.1:{server.server_port}"
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("moment", "heard"), [("before", 1), ("after", 2)])
def test_a_function_crashes_around_a_call_to_twilio(lab, carrier, moment, heard):
    account = f"/2010-04-01/Accounts/AC{'a' * 32}"
    http = TwilioHttpClient()
    http.session.trust_env = False

    def speak(_):
        http.request("POST", f"{carrier.address}{account}/Conferences/CF1.json", data={"AnnounceUrl": "..."})

    timer.does = speak
    lab.cloud.crash("timer", **{moment: "twilio POST /Conferences/CF1"})
    lab.send("announce", delay=0)
    lab.forward(60)
    assert [at for at, _ in timer.woken] == [0, 20]
    assert carrier.asked == [f"{account}/Conferences/CF1.json"] * heard
    assert lab.cloud.faults.missed() == []


def test_only_a_function_that_is_there_can_crash(lab):
    with pytest.raises(ValueError, match="no function 'tmier'; there are listener, timer"):
        lab.cloud.crash("tmier", before="dynamodb.PutItem")
    with pytest.raises(ValueError, match="either before a call or after"):
        lab.cloud.crash("timer")


def test_a_function_that_a_schedule_woke_is_tried_again_and_then_told_of(lab):
    spoken = claiming(lab)
    lab.cloud.crash("timer", before="dynamodb", times=2)
    lab.arm("expiry", 1)
    lab.forward(300)
    first, second = [at for at, _ in timer.woken]
    assert round(second - first, 3) == 60
    assert (spoken, len(lab.dead())) == ([], 1)
