"""Somebody dials, somebody answers, they talk, somebody hangs up: and all concerned are told, once and in order."""

from tests.network.conftest import AIKO, BEN, LINE


def test_two_people_talk_through_a_line_and_neither_sees_the_others_number(network, app, aiko, ben):
    app.on("/voice", f'<Dial callerId="{LINE}"><Number>{BEN}</Number></Dial>')
    network.line()
    sid = aiko.dials(LINE)
    assert (aiko.state, ben.state) == ("talking", "ringing")
    assert ben.seen()["shows"] == LINE
    network.forward(3)
    ben.answers()
    assert (aiko.seen()["talking_with"], ben.seen()["talking_with"]) == ([BEN], [AIKO])
    aiko.says("hello ben")
    assert ben.words == ["speech hello ben"]
    network.forward(30)
    ben.hangs_up()
    assert (aiko.state, ben.state) == ("idle", "idle")
    assert network.leg(sid)["seconds"] == 33
    assert network.leg_to(BEN)["seconds"] == 30


def test_every_request_is_signed_and_carries_the_blank_parameters(network, app, aiko):
    app.on("/voice", "<Say>Hello</Say>")
    network.line()
    sid = aiko.dials(LINE)
    (request,) = app.requests
    assert request["signed"]
    assert request["params"] == {
        "AccountSid": network.world.account_sid,
        "ApiVersion": "2010-04-01",
        "CallSid": sid,
        "CallStatus": "ringing",
        "Direction": "inbound",
        **{"From": AIKO, "FromCity": "", "FromState": "", "FromZip": "", "FromCountry": "JP"},
        **{"Caller": AIKO, "CallerCity": "", "CallerState": "", "CallerZip": "", "CallerCountry": "JP"},
        **{"To": LINE, "ToCity": "", "ToState": "", "ToZip": "", "ToCountry": "JP"},
        **{"Called": LINE, "CalledCity": "", "CalledState": "", "CalledZip": "", "CalledCountry": "JP"},
    }
    assert request["headers"]["i-twilio-idempotency-token"]
