"""The control API: telephones without an application, time, and every mistake a 4xx that says what to do."""

import json
import subprocess
import sys

import httpx
import pytest

from tests.network.conftest import AIKO, BEN, LINE
from tests.network.running import listening


def test_two_telephones_are_simply_connected(network, aiko, ben):
    ben.seen()
    aiko.dials(BEN)
    assert (aiko.state, ben.state) == ("dialing", "ringing")
    assert ben.seen()["shows"] == AIKO
    ben.answers()
    assert (aiko.seen()["talking_with"], ben.seen()["talking_with"]) == ([BEN], [AIKO])
    aiko.hangs_up()
    assert ben.state == "idle"
    assert network.webhooks() == []
    assert network.twilio.calls.list() == []
    assert [call["billed_minutes"] for call in network.calls()] == [0, 0]


def test_a_number_that_nobody_has_is_not_in_service(network, aiko):
    aiko.dials("+819099999999")
    assert aiko.words == ["say この番号は、現在使われていません。"]
    assert aiko.heard[0]["second"] is None
    network.forward(5)
    assert aiko.state == "idle"


def test_what_was_heard_is_forgotten_when_the_next_call_begins(network, app, aiko):
    app.on("/voice", "<Say>Hello</Say>")
    line = network.line()
    aiko.dials(line)
    network.forward(2)
    assert aiko.words == ["say Hello"]
    app.on("/voice", "<Pause/>")
    aiko.dials(line)
    assert aiko.words == ["ring"]


def test_a_telephone_shows_its_settings_and_keeps_those_not_named(aiko):
    suggests = [{"number": LINE, "reaches": "Ben"}]
    aiko.behaves(name="Aiko", suggests=suggests, answers="at once", after=2, presses="1ww2")
    aiko.behaves(withheld=True)
    seen = aiko.behaves(answers="by hand").seen()
    assert seen == {
        "number": AIKO,
        "name": "Aiko",
        "state": "idle",
        "call_sid": None,
        "shows": None,
        "talking_with": [],
        "heard": [],
        "messages": [],
        "answers": "by hand",
        "after": 0,
        "presses": "",
        "greeting": "",
        "withheld": True,
        "receives": "at once",
        "suggests": suggests,
    }


def test_numbers_in_paths_have_their_plus_encoded_or_plain(network):
    assert network.call("GET", "/phones/%2B819011110001") == network.call("GET", "/phones/+819011110001")


def test_the_clock_says_what_is_ahead(network, app, aiko, ben):
    app.on("/voice", f"<Dial timeout='10'>{BEN}</Dial>")
    ben.behaves(name="Ben")
    sid = aiko.dials(network.line())
    clock = network.call("GET", "/clock")
    assert (clock["now"], clock["pace"]) == ("2027-01-15T08:00:00.000+00:00", 0)
    assert clock["ahead"] == [
        {"at": "2027-01-15T08:00:15.000+00:00", "in": 15, "what": "Ben stops ringing"},
        {"at": "2027-01-15T12:00:00.000+00:00", "in": 14400, "what": f"time limit of {sid}"},
    ]


def test_the_time_line_of_a_call_is_complete(network, app, aiko, ben):
    app.on("/voice", f'<Say>Wait</Say><Dial callerId="{LINE}">{BEN}</Dial>')
    sid = aiko.dials(network.line())
    network.forward(3)
    ben.answers()
    aiko.presses("5")
    network.forward(10)
    ben.hangs_up()
    assert [(event["second"], event["event"], event["detail"]) for event in network.leg(sid)["timeline"]] == [
        (0, "ringing", ""),
        (0, "answered", "Twilio"),
        (0, "say", "Wait"),
        (1, "ring", ""),
        (3, "bridged", BEN),
        (3, "digits", "5"),
        (13, "unbridged", BEN),
        (13, "dialed", "completed"),
        (13, "hangup", "the end of the TwiML"),
        (13, "completed", ""),
    ]
    events = [(event["second"], event["event"], event["detail"]) for event in network.leg_to(BEN)["timeline"]]
    assert events == [
        (0, "initiated", ""),
        (0, "ringing", ""),
        (2, "answered", BEN),
        (2, "bridged", AIKO),
        (2, "tone", "5"),
        (12, "hangup", BEN),
        (12, "completed", ""),
    ]


def test_the_time_line_tells_who_spoke_and_whose_telephone_a_leg_is_even_of_a_withheld_number(network, app, aiko, ben):
    app.on("/voice", f'<Dial callerId="{LINE}"><Number>{BEN}</Number></Dial>')
    network.line()
    network.call("PUT", f"/phones/{AIKO}", {"withheld": True})
    inbound = network.leg(aiko.dials(LINE))
    ben.answers()
    aiko.says("hello ben")
    said = {
        leg["phone"]: [item["event"] for item in leg["timeline"] if item["detail"] == "hello ben"]
        for leg in (network.leg(inbound["sid"]), network.leg_to(BEN))
    }
    assert said == {AIKO: ["speaks"], BEN: ["speech"]}
    assert inbound["from"] == "anonymous"


def test_the_world_is_forgotten_but_not_the_numbers(network, app, aiko, ben):
    app.on("/voice", f"<Dial>{BEN}</Dial>")
    line = network.line()
    aiko.behaves(name="Aiko").dials(line)
    ben.answers()
    network.faults(lose={})
    network.call("DELETE", "/world")
    assert (aiko.state, ben.state) == ("idle", "idle")
    assert network.calls() == network.webhooks() == []
    assert network.call("GET", "/faults") == {}
    assert network.call("GET", "/account")["numbers"] == [LINE]
    assert aiko.seen()["name"] == "Aiko"
    aiko.dials(line)
    assert ben.state == "ringing"


def test_whoever_watches_is_told_of_changes(network, aiko):
    with network.http.stream("GET", "/events") as events:
        lines = (line for line in events.iter_lines() if line)
        first = json.loads(next(lines).removeprefix("data: "))
        aiko.seen()
        second = json.loads(next(lines).removeprefix("data: "))
    assert second["version"] > first["version"]


PHONE = "/phones/%2B819011110001"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/phones/12345", None, 404),
        ("GET", f"/phones/{LINE}", None, 404),
        ("GET", "/calls/CA0", None, 404),
        ("GET", "/nothing", None, 404),
        ("PATCH", "/clock", None, 405),
        ("GET", "/webhooks?since=yesterday", None, 400),
        ("POST", PHONE + "/answer", {}, 409),
        ("POST", PHONE + "/reject", {}, 409),
        ("POST", PHONE + "/hangup", {}, 409),
        ("POST", PHONE + "/press", {"digits": "1"}, 409),
        ("POST", PHONE + "/press", {"digits": "x"}, 400),
        ("POST", PHONE + "/press", {"digits": 1}, 400),
        ("POST", PHONE + "/speak", {"text": "Hello"}, 409),
        ("POST", PHONE + "/speak", {}, 400),
        ("POST", PHONE + "/dial", {}, 400),
        ("POST", PHONE + "/dial", {"to": 7}, 400),
        ("POST", PHONE + "/dial", {"to": BEN, "video": True}, 400),
        ("POST", PHONE + "/dial", [BEN], 400),
        ("POST", PHONE + "/send", {"to": BEN}, 400),
        ("PUT", PHONE, {"answers": "sometimes"}, 400),
        ("PUT", PHONE, {"answers": ["at once"]}, 400),
        ("PUT", PHONE, {"after": -1}, 400),
        ("PUT", PHONE, {"after": "soon"}, 400),
        ("PUT", PHONE, {"presses": "hello"}, 400),
        ("PUT", PHONE, {"suggests": [{"number": 5}]}, 400),
        ("PUT", PHONE, {"colour": "red"}, 400),
        ("PUT", PHONE, [], 400),
        ("POST", "/numbers", {}, 400),
        ("POST", "/numbers", {"phone_number": "x"}, 400),
        ("POST", "/numbers", {"phone_number": LINE}, 409),
        ("POST", "/numbers", {"phone_number": "+815011112222", "colour": "red"}, 400),
        ("POST", "/numbers", {"phone_number": "+815011112222", "voice_url": "x"}, 400),
        ("POST", "/numbers", {"phone_number": "+815011112222", "capabilities": {"voice": "yes"}}, 400),
        ("POST", "/clock", {}, 400),
        ("POST", "/clock", {"advance": -1}, 400),
        ("POST", "/clock", {"advance": "1"}, 400),
        ("POST", "/clock", {"advance": True}, 400),
        ("POST", "/clock", {"advance": 1e12}, 400),
    ],
)
def test_a_mistake_is_refused_with_a_sentence(network, method, path, body, status):
    network.line()
    assert network.refusal(method, path, body)[0] == status


def test_what_is_not_json_is_refused(network):
    response = network.http.post("/clock", content=b"{")
    assert (response.status_code, "not JSON" in response.json()["error"]) == (400, True)


def test_a_telephone_that_is_not_idle_cannot_dial(network, aiko, ben):
    ben.seen()
    aiko.dials(BEN)
    assert network.refusal("POST", f"/phones/{AIKO}/dial", {"to": BEN})[0] == 409
    assert network.refusal("POST", f"/phones/{BEN}/dial", {"to": AIKO})[0] == 409


def test_nobody_is_ready_until_told_so(network):
    assert network.http.get("/ready").json() == {"ready": True}
    network.world.ready = False
    assert (network.http.get("/ready").status_code, network.http.get("/ready").json()) == (503, {"ready": False})


def test_a_network_that_is_told_to_remember_less_than_nothing_says_so():
    command = [sys.executable, "-m", "local.network", "--port", "0", "--keeps", "-1"]
    ended = subprocess.run(command, env={"PYTHONPATH": "infra"}, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (1, "Of what is over at least 1 is kept, not -1.\n")


def test_the_network_starts_alone():
    with listening() as bound:
        port = bound.getsockname()[1]
    command = [sys.executable, "-m", "local.network", "--port", str(port), "--number", LINE]
    with subprocess.Popen(
        command, env={"PYTHONPATH": "infra"}, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        address = process.stdout.readline().strip()
        try:
            assert httpx.get(address + "/account", trust_env=False).json()["numbers"] == [LINE]
        finally:
            process.terminate()
