"""A name is a name: no text from outside becomes a part of a path at Twilio, but a SID."""

import pytest

from tests.integration.switchboard import Switchboard, attended
from toritsugi.adapters import twilio_api
from toritsugi.foundation.errors import RequestRefused

ROOM, LEG = "CF" + "0" * 32, "CA" + "0" * 32


@pytest.fixture
def twilios(cloud):
    """Twilio, which notes what it is asked for."""
    with attended(Switchboard()) as switchboard:
        yield switchboard


@pytest.mark.parametrize("sid", ["../Keys", "PN1", "Local", "PN" + "g" * 32, "PN" + "0" * 32 + "/..", "AC" + "0" * 32])
def test_what_is_no_sid_of_a_number_is_not_asked_for(twilios, sid):
    with pytest.raises(RequestRefused, match="no phone number with the SID"):
        twilio_api.get_owned_number(None, sid)
    assert twilios.asked == []


@pytest.mark.parametrize(
    "ask",
    [
        lambda: twilio_api.hang_up_call("../Keys"),
        lambda: twilio_api.limit_call(f"{LEG}/Recordings", 1),
        lambda: twilio_api.end_conference("Keys"),
        lambda: twilio_api.end_conference(ROOM.lower()),
        lambda: twilio_api.change_conference_participant(ROOM, "a label", muted=True),
        lambda: twilio_api.play_into_conference(f"{ROOM}/../..", None, "https://exchange.example.com"),
    ],
    ids=["a way up", "a way down", "another word", "small letters", "a label", "a way out"],
)
def test_nothing_but_a_sid_becomes_a_part_of_a_path(twilios, ask):
    with pytest.raises(RequestRefused, match="nothing at Twilio with such a SID"):
        ask()
    assert twilios.asked == []


def test_a_sid_does(twilios):
    twilio_api.change_conference_participant(ROOM, LEG, muted=True)
    twilio_api.hang_up_call(LEG)
    assert twilios.paths() == [f"/Conferences/{ROOM}/Participants/{LEG}", f"/Calls/{LEG}"]
