"""Several sessions over one number, as it is deployed: whoever has them chooses; strangers come to have them, too."""

import pytest

from tests.deployed.processes import eventually
from tests.stories.people import Person


@pytest.fixture
def shop(opens_system):
    """The owner's system, which says who is to be reached."""
    return opens_system()


def rings(person, line):
    """Somebody rings, and does not want to."""
    eventually(lambda: person.telephone["state"] == "ringing")
    person.rings(showing=line)
    person.rejects()
    eventually(lambda: person.telephone["state"] == "idle")


def test_who_has_two_sessions_over_one_number_presses_which(desk, scene, aiko, ben, eve):
    line = scene.line(1)
    desk.opens(line, name=f"desk-{scene.block}", SeveralSessions="choose")
    for partner in (ben, eve):
        desk.brings_together(aiko, partner)
    forecast = desk.asks("GET", f"/v1/Services/{desk.service.fetch().sid}/PoolForecast")
    assert forecast["complete"] is True
    aiko.dials(line)
    eventually(lambda: "2" in str([one["text"] for one in aiko.telephone["heard"]]))
    aiko.presses("2")
    rings(eve, line)


def test_a_stranger_reaches_somebody_who_has_a_session_already(desk, scene, shop, aiko, ben, eve):
    line, carol, dora = scene.line(1), *(Person(scene, name, scene.telephone(at)) for name, at in (("C", 4), ("D", 5)))
    desk.opens(
        line, name=f"desk-{scene.block}", sms=True, SeveralSessions="choose", OutOfSessionCallbackUrl=shop.address
    )
    desk.brings_together(aiko, ben, mode="voice-only")
    shop.says = lambda _: {"participantIdentifier": ben.number, "mode": "voice-only"}
    eve.dials(line)
    rings(ben, line)
    shop.says = lambda _: {"participantIdentifier": dora.number, "mode": "message-only"}
    carol.texts(line, "まだ開いていますか")
    eventually(lambda: "まだ開いていますか" in [one["body"] for one in dora.telephone["messages"]])
