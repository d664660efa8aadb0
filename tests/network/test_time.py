"""One long jump of the clock gives the same history as many short ones."""

import time

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.network.conftest import AIKO, BEN, CARLA, LINE, alone

EVENTS = "initiated ringing answered completed"
BEHAVIOURS = st.fixed_dictionaries(
    {
        "answers": st.sampled_from(["at once", "busy", "never", "machine"]),
        "after": st.integers(0, 12),
        "presses": st.sampled_from(["", "1", "ww1", "WW*", "w9w1"]),
        "greeting": st.sampled_from(["", "Please leave a message"]),
    }
)
MENU = f"""
<Gather numDigits="1" timeout="3" action="/menu"><Say>Press one</Say></Gather>
<Dial timeout="6" timeLimit="20" callerId="{LINE}" action="/after" hangupOnStar="true">
  <Number url="/whisper" statusCallback="/status" statusCallbackEvent="{EVENTS}">{BEN}</Number>
  <Number statusCallback="/status" statusCallbackEvent="{EVENTS}">{CARLA}</Number>
</Dial>
"""


def history(behaviours, jumps):
    """Everything that anybody heard, everything that was told to the application, and every call."""
    with alone() as network:
        network.app.on("/voice", MENU)
        network.app.on("/menu", "<Say>You have pressed a key</Say><Redirect>/voice</Redirect>", MENU, "<Hangup/>")
        network.app.on("/after", '<Say>Goodbye</Say><Pause length="2"/>')
        network.app.on(
            "/whisper", '<Gather numDigits="1" timeout="4"><Say>A call</Say></Gather><Hangup/>', "<Say>OK</Say>"
        )
        for number, behaviour in zip((AIKO, BEN, CARLA), behaviours, strict=True):
            network.phone(number).behaves(**behaviour)
        network.phone(AIKO).dials(network.line())
        for seconds in jumps:
            network.forward(seconds)
        asked = [(one["path"], one["params"]) for one in network.app.requests]
        return [network.phone(number).heard for number in (AIKO, BEN, CARLA)], asked, network.calls()


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.tuples(BEHAVIOURS, BEHAVIOURS, BEHAVIOURS), st.lists(st.integers(1, 40), min_size=1, max_size=12))
def test_one_long_jump_is_as_many_short_ones(behaviours, jumps):
    assert history(behaviours, [sum(jumps)]) == history(behaviours, jumps)


def until(happened, seconds=5):
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_at_pace_1_things_happen_by_themselves_and_a_jump_still_jumps():
    with alone(pace=1) as network:
        network.app.on("/voice", f'<Dial callerId="{LINE}" action="/after">{BEN}</Dial>')
        network.app.on("/after", "<Say>Goodbye</Say>")
        ben, aiko = network.phone(BEN).behaves(answers="at once", after=0.3), network.phone(AIKO)
        sid = aiko.dials(network.line())
        assert ben.state == "ringing"
        until(lambda: aiko.seen()["talking_with"] == [BEN])
        network.forward(600)
        ben.hangs_up()
        assert aiko.words == ["ring", "say Goodbye"]
        until(lambda: aiko.state == "idle")
        assert 601 <= network.leg(sid)["seconds"] < 605
