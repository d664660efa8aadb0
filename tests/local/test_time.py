"""One long jump of the clock gives the same history as many short ones, with everything that AWS has to do in it."""

import threading
import time
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.local.lab import Lab, listener, now, timer

WISHES = st.lists(
    st.one_of(
        st.tuples(st.just("message"), st.integers(0, 200)),
        st.tuples(st.just("schedule"), st.integers(1, 200)),
        st.tuples(st.just("queued"), st.integers(0, 200)),
    ),
    max_size=8,
)
FAULTS = st.lists(st.sampled_from(["late message", "double message", "late", "twice", "never", "crash"]), max_size=3)


def history(folder, wishes, faults, jumps):
    """Who was woken when, and what was done."""
    with Lab(folder) as lab:
        done = []

        def does(event):
            time.sleep(0.3)
            done.append((now(), len(event)))
            lab.put(f"row-{len(done)}")

        timer.does = does
        ask(lab.cloud, faults)
        for n, (kind, seconds) in enumerate(wishes):
            if kind == "message":
                lab.send(f"message-{n}", delay=seconds)
            else:
                target = lab.cloud.template.arn("Timers" if kind == "queued" else "Timer")
                lab.arm(f"schedule-{n}", seconds, arn=target)
        for seconds in jumps:
            lab.forward(seconds)
        assert lab.failures() == []
        heard = [(at, [record["dynamodb"]["Keys"] for record in event["Records"]]) for at, event in listener.woken]
        woken = [(at, event.get("name") or event["Records"][0]["body"]) for at, event in timer.woken]
        return woken, done, heard, lab.dead(), lab.schedules()


def ask(cloud, faults):
    asking = {
        "late message": lambda: cloud.faults.messages.late(seconds=7),
        "double message": lambda: cloud.faults.messages.twice(),
        "late": lambda: cloud.faults.schedules.late(seconds=33),
        "twice": lambda: cloud.faults.schedules.twice(),
        "never": lambda: cloud.faults.schedules.never(),
        "crash": lambda: cloud.crash("timer", after="dynamodb.PutItem"),
    }
    for fault in faults:
        asking[fault]()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(WISHES, FAULTS, st.lists(st.floats(0.1, 60), min_size=1, max_size=12))
def test_one_long_jump_is_as_many_short_ones(tmp_path: Path, wishes, faults, jumps):
    whole = sum(jumps)
    assert history(tmp_path, wishes, faults, [whole]) == history(tmp_path, wishes, faults, jumps)


def test_at_pace_1_all_of_it_happens_by_itself_and_a_jump_still_jumps(tmp_path):
    with Lab(tmp_path, pace=1) as lab:
        spoken = []
        done = threading.Event()

        def does(event):
            time.sleep(0.3)
            spoken.append((now(), event["Records"][0]["body"]))
            done.set()

        timer.does = does
        lab.send("soon", delay=0)
        assert done.wait(5)
        lab.send("later", delay=600)
        lab.forward(700)
        ((first, _), (second, _)) = spoken
        assert 0.3 <= first < 5
        assert first + 600 < second < first + 605
