"""What the exchange asks of Twilio while somebody waits for the answer, and what it makes of that."""

import pytest

from tests.integration.calls import WANTED
from tests.integration.conftest import LINES
from tests.integration.switchboard import Switchboard, attended
from toritsugi.adapters import twilio_api

ROOM = "CF" + "1" * 32
OWNED, MUTE = "+815088888801", "+815088888802"  # a process remembers what Twilio has said of a line


class Exchange(Switchboard):
    """Twilio, with numbers that are able to do this or that."""

    able = {"voice": True, "sms": False, "mms": False}

    def answer(self, asked):
        status, said = super().answer(asked)
        if asked.path != "/IncomingPhoneNumbers" or status >= 400:
            return status, said
        numbers = [
            {"sid": f"PN{one:032}", "phone_number": number, "capabilities": self.able}
            for one, number in enumerate((OWNED, MUTE))
        ]
        return 200, {"incoming_phone_numbers": numbers, "page": 0, "page_size": 1}


@pytest.fixture
def twilios(cloud):
    with attended(Exchange()) as exchange:
        yield exchange


@pytest.mark.parametrize(
    ("wish", "form"),
    [
        ({"muted": True}, {"Muted": "true"}),
        ({"hold": False}, {"Hold": "false"}),
        ({"muted": False, "hold": True}, {"Muted": "false", "Hold": "true"}),
    ],
)
def test_somebody_in_the_room_is_muted_or_held(twilios, desk, twilio, clock, wish, form):
    call = desk.calls()
    call.begins(twilio)
    status, seen = call.asks("PATCH", "/participants/2", wish)
    assert (status, seen["id"], seen["muted"], seen["hold"]) == (200, 2, wish.get("muted"), wish.get("hold"))
    [asked] = twilios.asked
    assert (asked.path, asked.form) == (f"/Conferences/{ROOM}/Participants/{call.leg(2)}", form)


def test_who_wishes_for_nothing_gets_nothing(twilios, desk, twilio, clock):
    call = desk.calls()
    call.begins(twilio)
    status, seen = call.asks("PATCH", "/participants/1", {})
    assert (status, seen["muted"], seen["hold"], twilios.asked) == (200, None, None, [])


def test_somebody_who_has_left_is_neither_muted_nor_held(twilios, desk, twilio, clock):
    call = desk.calls()
    call.begins(twilio)
    call.happens(twilio, 4, "participant-leave", CallSid=call.leg(2))
    status, seen = call.asks("PATCH", "/participants/2", {"muted": True})
    assert (status, seen["detail"], twilios.asked) == (409, "This participant is not in the conference", [])


def test_a_line_in_no_pool_calls_where_the_account_owns_it_and_twilio_is_asked_once(twilios, desk):
    for _ in range(2):
        assert desk.asks("POST", "/api/calls", WANTED | {"from": OWNED})[0] == 201
    assert twilios.paths() == ["/IncomingPhoneNumbers"]


def test_a_line_without_a_voice_calls_nobody(twilios, desk):
    twilios.able = {"voice": False, "sms": True, "mms": True}
    status, seen = desk.asks("POST", "/api/calls", WANTED | {"from": MUTE})
    assert (status, seen["code"], seen["detail"]) == (400, 21210, f"{MUTE} cannot make calls")


def test_what_a_number_points_at_is_told_by_kind():
    webhooks = {"voice_url": "a", "sms_url": "b", "sms_method": "c", "trunk_sid": "d"}
    assert twilio_api.only(webhooks, ["voice"]) == {"voice_url": "a", "trunk_sid": "d"}
    assert twilio_api.only(webhooks, ["sms"]) == {"sms_url": "b", "sms_method": "c"}
    assert twilio_api.only(webhooks, ["voice", "sms"]) == webhooks
    assert twilio_api.only(webhooks, []) == {}


def test_an_announcement_may_be_a_file(desk, twilio, clock):
    from tests.integration.test_legs import asks

    said = {"play": "https://example.com/soon.mp3", "language": "en-US", "before_end": 60}
    call = desk.calls(announcements=[said])
    assert [(one.tag, one.text) for one in asks(twilio, call, "announcements/1")] == [("Play", said["play"])]
    assert LINES[0] == call.seen["from"]
