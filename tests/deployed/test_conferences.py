"""The exchange calls people and brings them together, as it is deployed: a real queue, a real Scheduler, real time."""

import json
import time

import httpx
import pytest

from tests.deployed.processes import eventually
from tests.deployed.schedules import schedule, schedules_of, target_of

EXTENDED = "通話を1分延長しました"
WARNED = "1分延長するには、米印を押してください"


@pytest.fixture
def line(desk, scene):
    desk.owns(scene.line(1))
    return scene.line(1)


@pytest.fixture
def bridge_of(deployment):
    """What the table has of a bridge itself, and how to change it by hand."""
    dynamodb, table = deployment.client("dynamodb"), deployment.resource("BridgesTable")

    def change(bridge, **numbers):
        dynamodb.update_item(
            TableName=table,
            Key={"bridge_sid": {"S": bridge.sid}, "entry": {"S": "bridge"}},
            AttributeUpdates={name: {"Value": {"N": str(number)}} for name, number in numbers.items()},
        )

    return change


def picks_up(person, line):
    """Answers as soon as it rings."""
    eventually(lambda: person.telephone["state"] == "ringing")
    person.rings(showing=line)
    person.answers()


def meet(desk, line, aiko, ben, **wanted):
    """A conference in which both are by now."""
    bridge = desk.calls(aiko, ben, line=line, **wanted)
    for person in (aiko, ben):
        picks_up(person, line)
    eventually(lambda: aiko.telephone["talking_with"] == [ben.number])
    return bridge


def ends(bridge, *people):
    """The owner ends it, and everybody is released."""
    bridge.end()
    eventually(lambda: all(person.telephone["state"] == "idle" for person in people))


def test_a_short_conference_is_spoken_into_and_extended_by_a_star(desk, line, aiko, ben):
    said = [{"after_start": 3, "say": "three seconds"}, {"before_end": 53, "say": "fifty-three left"}]
    bridge = meet(desk, line, aiko, ben, minutes=1, announcements=said, extension={"minutes": 1})
    eventually(lambda: len(bridge.spoken()) == 2)
    for person in (aiko, ben):
        eventually(lambda person=person: "fifty-three left" in str(person.telephone["heard"]))
        person.hears("three seconds")
    aiko.presses("*")
    eventually(lambda: EXTENDED in str(aiko.telephone["heard"]))
    eventually(lambda: aiko.telephone["talking_with"] == [ben.number])
    ben.says("one minute more")
    aiko.hears("one minute more")
    assert bridge.seen["extensions"] == 1
    ends(bridge, aiko, ben)
    seen = bridge.seen
    assert seen["end_reason"] == "api"
    assert [leg["was_in_conference"] for person in seen["participants"] for leg in person["legs"]] == [True, True]
    assert not [one for one in seen["announcements"] if one["dropped"]]


def test_a_call_is_listed_changed_and_spoken_into_by_the_api(desk, line, deployment, scene, aiko, ben, eve):
    began = time.time()
    bridge = meet(desk, line, aiko, ben, extension={"minutes": 5})
    assert bridge.sid in [call["sid"] for call in desk.asks("GET", "/api/calls")["calls"]]
    bridge.announce(say="for you alone", to=2)
    eventually(lambda: "for you alone" in str(ben.telephone["heard"]))
    assert "for you alone" not in str(aiko.telephone["heard"])
    assert bridge.extend()["extensions"] == 1
    desk.asks("POST", f"{bridge.path}/participants", {"number": eve.number})
    picks_up(eve, line)
    eventually(lambda: len(eve.telephone["talking_with"]) == 2)
    desk.asks("PATCH", f"{bridge.path}/participants/2", {"muted": True})
    ben.says("can you hear me")
    assert "can you hear me" not in str(eve.telephone["heard"])
    desk.asks("DELETE", f"{bridge.path}/participants/3")
    eventually(lambda: eve.telephone["state"] == "idle")
    assert len(desk.asks("GET", f"{bridge.path}/participants")["participants"]) == 3
    ends(bridge, aiko, ben)
    for function in ("Voice", "Status", "Timer", "Api"):
        eventually(lambda name=function: deployment.log(name, began))
        assert not [text for text in deployment.log(function, began) if scene.block in text]


def test_two_are_dialed_one_after_the_other(desk, line, aiko, ben):
    bridge = desk.calls(aiko, ben, line=line, through="dial")
    picks_up(aiko, line)
    picks_up(ben, line)
    aiko.talks_with(ben)
    ben.hangs_up()
    eventually(lambda: bridge.seen["end_reason"] == "hung-up")
    aiko.is_idle()


def test_who_does_not_come_is_told_of_and_the_other_is_released(desk, line, aiko, ben):
    ben.will("busy")
    bridge = desk.calls(aiko, ben, line=line)
    picks_up(aiko, line)
    eventually(lambda: "電話に出られませんでした" in str(aiko.telephone["heard"]))
    ben.was_called(showing=line)
    assert bridge.seen["end_reason"] == "busy"
    aiko.hangs_up()


def test_the_two_of_a_session_are_called_from_the_lines_that_they_know(desk, scene, aiko, ben):
    desk.opens(scene.line(1), scene.line(2), name=f"desk-{scene.block}")
    session = desk.brings_together(aiko, ben)
    wanted = {"session_sid": session.sdk.fetch().sid, "extension": {"minutes": 5}}
    made = desk.asks("POST", "/api/calls", wanted)
    for person in (aiko, ben):
        picks_up(person, session.line_of(person))
    eventually(lambda: aiko.telephone["talking_with"] == [ben.number])
    listed = desk.asks("GET", f"/api/calls?session={wanted['session_sid']}")["calls"]
    assert [one["sid"] for one in listed] == [made["sid"]]
    assert desk.asks("POST", f"/api/calls/{made['sid']}/extend")["extensions"] == 1
    desk.asks("DELETE", f"/api/calls/{made['sid']}")
    eventually(lambda: aiko.telephone["state"] == ben.telephone["state"] == "idle")


def test_closing_a_session_ends_the_call_that_the_exchange_has_made_for_it(desk, scene, aiko, ben):
    desk.opens(scene.line(1), scene.line(2), name=f"desk-{scene.block}", CloseEndsCalls="true")
    session = desk.brings_together(aiko, ben)
    made = desk.asks("POST", "/api/calls", {"session_sid": session.sdk.fetch().sid})
    for person in (aiko, ben):
        picks_up(person, session.line_of(person))
    eventually(lambda: aiko.telephone["talking_with"] == [ben.number])
    session.sdk.update(status="closed")
    eventually(lambda: aiko.telephone["state"] == ben.telephone["state"] == "idle")
    assert desk.asks("GET", f"/api/calls/{made['sid']}")["end_reason"] == "session-ended"


def test_a_star_puts_off_the_end_of_a_masked_session(desk, scene, deployment, aiko, ben):
    way = {"Through": "conference", "WarnBeforeEnd": 110, "ExtensionMinutes": 1}
    desk.opens(scene.line(1), scene.line(2), name=f"desk-{scene.block}", **way)
    session = desk.brings_together(aiko, ben, ttl=120)
    aiko.dials(session.line_of(aiko))
    picks_up(ben, session.line_of(ben))
    eventually(lambda: aiko.telephone["talking_with"] == [ben.number])
    eventually(lambda: WARNED in str(ben.telephone["heard"]))
    key = {"session_sid": {"S": session.sdk.fetch().sid}, "entry": {"S": "session"}}

    def expires():
        items = deployment.client("dynamodb").get_item(TableName=deployment.resource("SessionsTable"), Key=key)
        return int(items["Item"]["expires_at"]["N"])

    before = expires()
    ben.presses("*")
    eventually(lambda: expires() == before + 60)
    eventually(lambda: ben.telephone["talking_with"] == [aiko.number])
    aiko.hangs_up()
    ben.hangs_up()
    eventually(lambda: [one.outbound_resource_status for one in session.interactions] == ["completed"])


def test_a_masked_call_that_is_reported_twice_to_the_timer_is_one_call(desk, scene, deployment, aiko, ben):
    desk.opens(scene.line(1), scene.line(2), name=f"desk-{scene.block}", Through="conference")
    session = desk.brings_together(aiko, ben)
    called = aiko.dials(session.line_of(aiko))
    picks_up(ben, session.line_of(ben))
    eventually(lambda: aiko.telephone["talking_with"] == [ben.number])
    again = time.time()
    (me,) = [person.sid for person in session.sdk.participants.list() if person.identifier == aiko.number]
    begin = {"call_sid": called, "session_sid": session.sdk.fetch().sid, "caller_sid": me, "began": int(again)}
    timers = deployment.client("sqs"), deployment.resource("Timers")
    timers[0].send_message(QueueUrl=timers[1], MessageBody=json.dumps({"begin": begin}))
    ben.hangs_up()
    aiko.hangs_up()
    eventually(lambda: desk.asks("GET", f"/api/calls/KB{called[2:]}")["end_reason"] == "hung-up")
    assert len(scene.calls()) == 2
    assert not [text for text in deployment.log("Timer", again) if "Traceback" in text]


def test_the_end_of_a_longer_call_is_left_to_the_scheduler(desk, line, deployment, letters, bridge_of, aiko, ben):
    bridge = meet(desk, line, aiko, ben, minutes=10)
    eventually(lambda: schedules_of(deployment, f"{bridge.sid}-timer-"))
    (name,) = schedules_of(deployment, f"{bridge.sid}-timer-")
    now = int(time.time())
    bridge_of(bridge, deadline=now)  # it is the end, and nobody knows it yet
    target = target_of(deployment, name)
    due = json.dumps(json.loads(target["Input"]) | {"due": now})
    schedule(deployment, f"{bridge.sid}-timer-{now}", target | {"Input": due})
    eventually(lambda: aiko.telephone["state"] == ben.telephone["state"] == "idle")
    assert bridge.seen["end_reason"] == "time"
    assert not letters(bridge.sid)


def test_a_stranger_to_the_api_is_refused(deployment):
    answer = httpx.get(
        f"{deployment.base}/api/calls", auth=("AC" + "0" * 32, "guessed"), trust_env=False, verify=False, timeout=300
    )
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
