"""A masked call is recorded: both hear that it is before they hear each other, and both can be listened to."""

import io
import wave

import httpx

LINES = ("+815010000001", "+815010000002", "+815010000003")


def talk(desk, clock, aiko, ben) -> None:
    session = desk.brings_together(aiko, ben)
    aiko.dials(session.line_of(aiko))
    clock.forward(seconds=5)
    ben.rings(showing=session.line_of(ben))
    ben.answers()
    clock.forward(seconds=10)
    aiko.talks_with(ben)
    aiko.says("明日の三時でよろしいですか。")
    clock.forward(seconds=5)
    ben.says("はい、お願いします。")
    clock.forward(seconds=5)
    aiko.hangs_up()
    clock.forward(seconds=30)


def test_both_are_told_and_both_can_be_heard(desk, clock, aiko, ben):
    desk.opens(*LINES, Record="true")
    talk(desk, clock, aiko, ben)
    for person in (aiko, ben):
        person.hears("この通話は録音されます。")
    (kept,) = desk.asks("GET", "/api/recordings?kind=conversation")["recordings"]
    assert (kept["status"], kept["channels"], kept["caller"]) == ("stored", 2, aiko.number)
    link = desk.asks("GET", f"/api/recordings/{kept['sid']}/audio")["url"]
    with wave.open(io.BytesIO(httpx.get(link, trust_env=False, verify=False, timeout=300).content)) as heard:
        assert heard.getnchannels() == 2
        assert 15 <= heard.getnframes() / heard.getframerate() <= 25


def test_the_interaction_says_so(desk, clock, aiko, ben):
    desk.opens(*LINES, Record="true")
    session = desk.brings_together(aiko, ben)
    aiko.dials(session.line_of(aiko))
    clock.forward(seconds=5)
    ben.rings(showing=session.line_of(ben))
    ben.answers()
    clock.forward(seconds=20)
    ben.hangs_up()
    clock.forward(seconds=10)
    (kept,) = desk.asks("GET", "/api/recordings")["recordings"]
    (interaction,) = session.interactions
    assert kept["sid"] in interaction.data
    assert kept["session_sid"] == interaction.session_sid


def test_nobody_is_recorded_who_was_not_told(desk, clock, aiko, ben):
    desk.opens(*LINES)
    talk(desk, clock, aiko, ben)
    assert not desk.asks("GET", "/api/recordings")["recordings"]
    for person in (aiko, ben):
        assert not [item for item in person.telephone["heard"] if "録音" in item["text"]]


def test_a_recorded_call_that_nobody_answers_leaves_nothing(desk, clock, aiko, ben):
    desk.opens(*LINES, Record="true")
    session = desk.brings_together(aiko, ben)
    ben.will("never")
    aiko.dials(session.line_of(aiko))
    clock.forward(minutes=2)
    ben.was_called(showing=session.line_of(ben))
    aiko.hears("この通話は録音されます。")
    aiko.is_idle()
    assert not desk.asks("GET", "/api/recordings")["recordings"]
