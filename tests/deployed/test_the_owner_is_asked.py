"""The owner's system is asked before somebody is put through, and about strangers, as it is deployed: permissions."""

import pytest

from tests.deployed.processes import eventually
from tests.stories.owners import opening
from tests.stories.people import Session


@pytest.fixture
def shop():
    """The owner's system, at an address of its own on this machine."""
    with opening() as opens:
        yield opens()


@pytest.fixture(autouse=True)
def nobody_is_refused(deployment):
    """What has no permission may pass for an owner who says nothing, so only this shows it."""
    roles, before = [deployment.resource(name) for name in ("VoiceRole", "SmsRole")], len(deployment.refusals())
    yield
    assert [line for line in deployment.refusals()[before:] if any(f"/{role}" in line for role in roles)] == []


def read_by(person):
    """What somebody has read, and from whom it came."""
    return [(one["body"], one["from"]) for one in person.telephone["messages"] if one["direction"] == "in"]


def test_a_call_and_a_text_that_the_owner_forbids_go_no_further_and_are_seen(desk, scene, shop, aiko, ben):
    name = f"desk-{scene.block}"
    desk.opens(scene.line(1), scene.line(2), name=name, sms=True, InterceptCallbackUrl=shop.address)
    session = desk.brings_together(aiko, ben)
    shop.says = lambda _: 403
    aiko.dials(session.line_of(aiko))
    eventually(lambda: any("おつなぎできません" in one["text"] for one in aiko.telephone["heard"]))
    aiko.texts(session.line_of(aiko), "玄関の前です")
    eventually(lambda: [one.outbound_resource_status for one in session.interactions] == ["canceled"] * 2)
    ben.is_idle()
    assert {one["interactionSessionSid"] for one in shop.asked} == {session.sdk.fetch().sid}


def test_strangers_reach_whom_the_owner_names_by_call_and_by_text(desk, scene, shop, aiko, ben, eve):
    lines, names = [scene.line(place) for place in range(1, 6)], iter(("first", "second", "third"))
    partners = iter(lines[1:])
    desk.opens(*lines, name=f"desk-{scene.block}", sms=True, OutOfSessionCallbackUrl=shop.address)
    shop.says = lambda _: {
        "participantIdentifier": ben.number,
        "participantProxyIdentifier": next(partners),
        "uniqueName": next(names),
        "ttl": 3600,
    }
    for caller, shown in ((eve, lines[1]), (aiko, lines[2])):  # the second finds the line given a moment ago
        caller.dials(lines[0])
        eventually(lambda: ben.telephone["state"] == "ringing")
        ben.rings(showing=shown)
        ben.rejects()
        eventually(lambda: ben.telephone["state"] == "idle")
    eve.texts(lines[1], "まだ開いていますか")
    eventually(lambda: ("まだ開いていますか", lines[3]) in read_by(ben))
    sessions = desk.service.sessions.list()
    assert sorted(one.unique_name for one in sessions) == ["first", "second", "third"]
    for one in sessions:
        Session(desk.service.sessions(one.sid)).sdk.update(status="closed")
    shop.says = lambda said: ("text/xml", f"<Response><Say>{said['sessionUniqueName']}</Say></Response>".encode())
    eve.dials(lines[0])
    eventually(lambda: any("first" in one["text"] for one in eve.telephone["heard"]))
