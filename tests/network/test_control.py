"""Facts of the control API: hands, ears, and a clear no. What is wrong is a 4xx that says so, and never a 500."""

import json
import subprocess
import sys
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from tests.network.running import listening
from tests.network.town import AIKO, BEN, LINE, NOBODY, OTHER_LINE, alone


def refused(town, method, path, body=None, raw=None):
    """The status; the body has to say what is wrong."""
    answer = town.http.request(method, path, content=json.dumps(body) if raw is None else raw)
    assert list(answer.json()) == ["error"]
    assert len(answer.json()["error"]) > 10
    return answer.status_code


def test_the_network_starts_alone():
    with listening() as bound:
        port = bound.getsockname()[1]
    command = [sys.executable, "-m", "local.network", "--port", str(port), "--number", LINE]
    with subprocess.Popen(
        command, env={"PYTHONPATH": "infra"}, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        address = process.stdout.readline().strip()
        try:
            assert httpx.get(address + "/account", trust_env=False, verify=False, timeout=300).json()["numbers"] == [
                LINE
            ]
        finally:
            process.terminate()


def test_a_network_is_ready_once_it_is_told_so():
    with alone() as town:
        assert town.get("/ready") == {"ready": True}
        town.world.ready = False
        answer = town.http.get("/ready")
        assert (answer.status_code, answer.json()) == (503, {"ready": False})


def test_whoever_watches_is_told_of_changes(town):
    with town.http.stream("GET", "/events") as events:
        lines = (line for line in events.iter_lines() if line)
        first = json.loads(next(lines).removeprefix("data: "))
        town.aiko.behaves()
        second = json.loads(next(lines).removeprefix("data: "))
    assert second["version"] > first["version"]


def test_the_account_is_known_with_its_token_and_numbers(town):
    town.has_line(OTHER_LINE)
    assert town.get("/account") == {
        "account_sid": town.world.account_sid,
        "auth_token": town.world.auth_token,
        "numbers": [LINE, OTHER_LINE],
        "protects_files": True,
        "texts_forbidden_to": [],
        "webhook_rules": [],
        "calls_at_once": None,
        "type": "Full",
        "customer_profiles": {"business": "twilio-approved"},
    }


def test_a_number_can_be_added_once(town):
    made = town.post("/numbers", {"phone_number": OTHER_LINE, "voice_url": town.at("/other")})
    town.lines[OTHER_LINE] = "unusual"
    assert (made["phone_number"], made["voice_url"], made["sid"][:2]) == (OTHER_LINE, town.at("/other"), "PN")
    assert refused(town, "POST", "/numbers", {"phone_number": OTHER_LINE}) == 409
    assert refused(town, "POST", "/numbers", {"phone_number": AIKO}) == 409


@pytest.mark.parametrize(
    "wishes",
    [
        {},
        {"phone_number": "x"},
        {"phone_number": OTHER_LINE, "colour": "red"},
        {"phone_number": OTHER_LINE, "voice_url": "x"},
        {"phone_number": OTHER_LINE, "capabilities": {"voice": "yes"}},
    ],
)
def test_a_number_that_cannot_be_is_400(town, wishes):
    assert refused(town, "POST", "/numbers", wishes) == 400
    assert town.get("/account")["numbers"] == [LINE]


def test_a_telephone_is_made_on_first_use_and_is_idle(town):
    phone = town.get("/phones/+819055556666")
    assert {"number", "state", "call_sid", "shows", "talking_with", "heard", "messages"} <= set(phone)
    assert (phone["number"], phone["state"], phone["call_sid"]) == ("+819055556666", "idle", None)
    assert (phone["shows"], phone["talking_with"], phone["messages"]) == (None, [], [])
    assert "+819055556666" in [one["number"] for one in town.get("/phones")["phones"]]


def test_a_telephone_shows_its_settings_and_keeps_those_not_named(town):
    path, suggests = "/phones/+819055557777", [{"number": LINE, "reaches": "Ben"}]
    town.put(path, {"name": "Emi", "suggests": suggests, "answers": "at once", "after": 2, "presses": "1ww2"})
    town.put(path, {"withheld": True})
    town.put(path, {"answers": "by hand"})
    assert town.get(path) == {
        "number": "+819055557777",
        "name": "Emi",
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


def test_a_plus_in_a_path_may_be_plain_or_encoded(town):
    assert town.get("/phones/" + quote(AIKO, safe=""))["number"] == town.get("/phones/" + AIKO)["number"] == AIKO


@pytest.mark.parametrize(
    "number", [LINE, "hello", "12345", "+0123456789", "+8190", "+８１９０１２３４０００１", "-", "+"]
)
def test_what_is_no_telephone_is_404(town, number):
    assert refused(town, "GET", "/phones/" + quote(number)) == 404
    assert refused(town, "POST", f"/phones/{quote(number)}/dial", {"to": LINE}) == 404


def test_the_states_of_the_caller_and_the_callee(town):
    town.answers("/voice", f'<Dial answerOnBridge="true">{BEN}</Dial>')
    town.aiko.dials()
    assert (town.aiko.state, town.ben.state) == ("dialing", "ringing")
    assert (town.aiko.seen["shows"], town.ben.seen["shows"]) == (LINE, AIKO)
    town.ben.answers()
    assert (town.aiko.state, town.ben.state) == ("talking", "talking")
    town.ben.hangs_up()
    assert (town.aiko.state, town.ben.state, town.aiko.seen["call_sid"]) == ("idle", "idle", None)


@pytest.mark.parametrize(
    ("state", "impossible"),
    [
        ("idle", ["answer", "reject", "hangup", "press", "speak"]),
        ("ringing", ["dial", "press", "speak"]),
        ("dialing", ["dial", "answer", "reject", "press", "speak"]),
        ("talking", ["dial", "answer", "reject"]),
    ],
)
def test_what_a_telephone_cannot_do_just_now_is_409(town, state, impossible):
    bodies = {"dial": {"to": NOBODY}, "press": {"digits": "1"}, "speak": {"text": "Hello"}}
    town.answers("/voice", '<Pause length="100"/>' if state == "dialing" else f"<Dial>{BEN}</Dial>")
    if state != "idle":
        town.aiko.dials()
    person = town.ben if state == "ringing" else town.aiko
    assert person.state == state
    for action in impossible:
        assert refused(town, "POST", f"{person.path}/{action}", bodies.get(action, {})) == 409
    assert person.state == state


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/dial", {}),
        ("/dial", {"to": 7}),
        ("/dial", {"to": ""}),
        ("/dial", {"to": LINE, "two": LINE}),
        ("/dial", []),
        ("/dial", [BEN]),
        ("/press", {"digits": "abc"}),
        ("/press", {"digits": ""}),
        ("/press", {"digits": 1}),
        ("/press", {}),
        ("/speak", {}),
        ("/speak", {"text": ""}),
        ("/speak", {"text": ["Hello"]}),
        ("/answer", {"by": "hand"}),
    ],
)
def test_a_wrong_body_is_400(town, path, body):
    town.answers("/voice", '<Say>Hello</Say><Pause length="100"/>')
    assert refused(town, "POST", town.aiko.path + path, body) == 400
    if path in ("/press", "/speak"):
        town.aiko.dials()
        assert refused(town, "POST", town.aiko.path + path, body) == 400


@pytest.mark.parametrize(
    "settings",
    [
        {"answers": "maybe"},
        {"answers": []},
        {"answers": ["at once"]},
        {"after": -1},
        {"after": "soon"},
        {"answers": "at once", "after": -1},
        {"answers": "at once", "after": "soon"},
        {"withheld": "yes"},
        {"presses": "abc"},
        {"suggests": [{"number": 5}]},
        {"greeting": 7},
        {"colour": "red"},
        [],
        "busy",
        None,
    ],
)
def test_a_behaviour_that_cannot_be_is_400_and_changes_nothing(town, settings):
    town.aiko.behaves("busy")
    assert refused(town, "PUT", town.aiko.path, settings) == 400
    assert town.ben.dials(AIKO)
    assert (town.aiko.state, town.ben.state) == ("idle", "idle"), "still busy"


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"nonsense",
        b"\xff\xfe",
        b'{"a": 1} x',
        b"[" * 100_000,
        b'{"to": "\\ud800"}',
        b'{"to": ' + b"9" * 5000 + b"}",
    ],
)
@pytest.mark.parametrize("path", ["dial", "press", "speak", "clock", "numbers", "faults"])
def test_malformed_json_is_400(town, path, raw):
    town.answers("/voice", '<Say>Hello</Say><Pause length="100"/>')
    town.aiko.dials()
    method, path = ("PUT" if path == "faults" else "POST"), (path if path in ("clock", "numbers", "faults") else "")
    assert refused(town, method, f"/{path}" if path else f"{town.ben.path}/dial", raw=raw) == 400
    assert town.get("/phones")


def test_what_is_not_json_is_named_so(town):
    assert "not JSON" in town.http.post("/clock", content=b"{").json()["error"]


@pytest.mark.parametrize("advance", [-1, "1", None, True, 10**12, 1e12, [], {}])
def test_time_moves_forward_by_a_number_of_seconds_only(town, advance):
    before = town.get("/clock")["now"]
    assert refused(town, "POST", "/clock", {"advance": advance}) == refused(town, "POST", "/clock", {}) == 400
    assert town.get("/clock")["now"] == before


@pytest.mark.parametrize("raw", [b'{"advance": NaN}', b'{"advance": Infinity}', b'{"advance": 1e999}'])
def test_time_is_a_finite_number(town, raw):
    assert refused(town, "POST", "/clock", raw=raw) == 400


@pytest.mark.parametrize("since", ["yesterday", "x", "-1", "1.5", "²"])
def test_since_is_a_sequence_number(town, since):
    assert refused(town, "GET", "/webhooks?since=" + quote(since)) == 400
    assert town.get("/webhooks?since=" + "9" * 5000) == {"webhooks": []}


def test_a_call_that_is_not_there_is_404(town):
    assert refused(town, "GET", "/calls/CA" + "0" * 32) == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("PATCH", "/clock", 405),
        ("DELETE", f"/phones/{AIKO}", 405),
        ("POST", "/world", 405),
        ("GET", f"/phones/{AIKO}/dial", 404),
        ("POST", f"/phones/{AIKO}/sing", 405),
    ],
)
def test_what_is_no_address_says_so_in_json(town, method, path, status):
    assert refused(town, method, path) == status


def test_a_call_shows_what_the_contract_says(town):
    town.answers("/voice", f"<Say>Hello</Say><Dial>{BEN}</Dial>")
    sid = town.aiko.dials()
    town.forward(1)
    town.ben.answers()
    town.forward(60)
    town.aiko.hangs_up()
    call, leg = town.call(sid), town.leg_to(BEN)
    fields = "sid parent_sid from to direction status timeline executed seconds billed_minutes"
    assert set(call) >= set(fields.split())
    assert (call["from"], call["to"], call["direction"], call["status"]) == (AIKO, LINE, "inbound", "completed")
    assert (call["parent_sid"], leg["parent_sid"]) == (None, sid)
    assert (call["seconds"], call["billed_minutes"], leg["seconds"], leg["billed_minutes"]) == (61, 2, 60, 1)
    assert all({"second", "event", "detail"} <= set(event) for event in call["timeline"])
    assert [event["second"] for event in call["timeline"]] == sorted(event["second"] for event in call["timeline"])
    assert [set(verb) for verb in call["executed"]] == [{"verb", "attributes", "text", "second"}] * 2


def test_the_time_line_of_a_call_is_complete(town):
    town.answers("/voice", f'<Say>Wait</Say><Dial callerId="{LINE}">{BEN}</Dial>')
    sid = town.aiko.dials()
    town.forward(3)
    town.ben.answers()
    town.aiko.presses("5")
    town.forward(10)
    town.ben.hangs_up()
    assert [(event["second"], event["event"], event["detail"]) for event in town.call(sid)["timeline"]] == [
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
    assert [(event["second"], event["event"], event["detail"]) for event in town.leg_to(BEN)["timeline"]] == [
        (0, "initiated", ""),
        (0, "ringing", ""),
        (2, "answered", BEN),
        (2, "bridged", AIKO),
        (2, "tone", "5"),
        (12, "hangup", BEN),
        (12, "completed", ""),
    ]


def test_the_time_line_tells_who_spoke_and_on_whose_telephone_even_a_withheld_one(town):
    town.answers("/voice", f'<Dial callerId="{LINE}">{BEN}</Dial>')
    sid = town.aiko.behaves(withheld=True).dials()
    town.ben.answers()
    town.aiko.says("Hello Ben")
    said = {
        leg["phone"]: [item["event"] for item in leg["timeline"] if item["detail"] == "Hello Ben"]
        for leg in (town.call(sid), town.leg_to(BEN))
    }
    assert (said, town.call(sid)["from"]) == ({AIKO: ["speaks"], BEN: ["speech"]}, "anonymous")


def test_what_is_heard_has_every_field_and_begins_again_with_the_next_call(town):
    town.answers("/voice", "<Say>Hello</Say>", "<Say>Again</Say>")
    town.aiko.dials()
    (item,) = town.aiko.heard
    assert {"at", "second", "kind", "text"} <= set(item)
    assert (item["kind"], item["text"], item["second"], item["cut"]) == ("say", "Hello", 0, False)
    town.forward(5)
    assert town.aiko.words == ["Hello"]
    town.aiko.dials()
    assert town.aiko.words == ["Again"]


def test_nothing_is_heard_at_a_second_before_the_answer(town):
    town.answers("/voice", f'<Dial answerOnBridge="true">{BEN}</Dial>')
    town.aiko.dials()
    assert [(item["kind"], item["second"]) for item in town.aiko.heard] == [("ring", None)]


def test_a_machine_answers_speaks_and_is_called_talking(town):
    town.ben.behaves("machine", greeting="I am out", after=3)
    town.answers("/voice", f"<Dial>{BEN}</Dial>")
    town.aiko.dials()
    town.forward(2.9)
    assert town.aiko.words == []
    town.forward(0.2)
    assert (town.aiko.words, town.aiko.talks_with, town.aiko.state) == (["I am out"], [BEN], "talking")
    assert town.aiko.heard[-1]["from"] == BEN


def test_somebody_who_rejects_is_busy_for_a_telephone_too(town):
    sid = town.aiko.dials(BEN)
    town.ben.rejects()
    assert (town.aiko.state, town.call(sid)["status"]) == ("idle", "busy")


# ---- the end of the world -------------------------------------------------------------------------------------------


def test_the_end_of_the_world_hangs_up_and_forgets_but_keeps_numbers_and_time(town):
    town.has_line(OTHER_LINE, voice_url=town.at("/other"))
    town.answers("/voice", f"<Dial>{BEN}</Dial>")
    town.put(town.aiko.path, {"name": "Aiko"})
    sid = town.aiko.dials()
    town.ben.answers()
    town.aiko.says("Hello")
    town.forward(100)
    town.goes_wrong(lose={})
    before, numbers = town.get("/clock")["now"], town.get("/account")["numbers"]
    answer = town.http.delete("/world")
    assert answer.is_success
    assert (town.get("/clock")["now"], town.get("/account")["numbers"]) == (before, numbers)
    assert town.twilio.incoming_phone_numbers.list(phone_number=OTHER_LINE)[0].voice_url == town.at("/other")
    assert {(phone["state"], len(phone["heard"])) for phone in town.get("/phones")["phones"]} == {("idle", 0)}
    assert (town.log(), town.get("/calls")["calls"], town.twilio.calls.list()) == ([], [], [])
    assert (refused(town, "GET", f"/calls/{sid}"), town.get("/faults"), town.aiko.seen["name"]) == (404, {}, "Aiko")
    town.aiko.dials()
    assert town.ben.state == "ringing"


def test_nothing_of_the_old_world_happens_in_the_new_one(town):
    town.goes_wrong(delay={"match": "/status", "seconds": 50})
    town.has_line(status_callback=town.at("/status"))
    town.answers("/voice", f'<Dial timeout="20">{BEN}</Dial>')
    town.aiko.dials()
    town.twilio.calls.create(to=BEN, from_=LINE, twiml="<Response/>")
    town.twilio.calls.create(to=BEN, from_=LINE, twiml="<Response/>")
    town.ask("DELETE", "/world")
    town.application.requests.clear()
    town.forward(1000)
    assert {phone["state"] for phone in town.get("/phones")["phones"]} == {"idle"}
    assert [asked.path for asked in town.application.requests if asked.path != "/status"] == []
    assert town.twilio.calls.list() == []


# ---- whatever comes -------------------------------------------------------------------------------------------------

ANYTHING = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=20),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
WORDS = some.sampled_from([LINE, AIKO, BEN, NOBODY, "1", "at once", "busy", "machine", "by hand", "w1", "Hello"])
KEYS = "to digits text advance answers after withheld presses greeting phone_number voice_url capabilities match times"
PATHS = ["numbers", "clock", "faults", *(f"phones/{AIKO}{end}" for end in ("", "/dial", "/press", "/speak", "/answer"))]


@settings(
    max_examples=100, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(
    path=some.sampled_from(PATHS),
    method=some.sampled_from(["POST", "PUT", "GET", "DELETE", "PATCH"]),
    body=ANYTHING | some.dictionaries(some.sampled_from(KEYS.split()), WORDS | ANYTHING, max_size=3),
)
def test_whatever_is_sent_the_answer_is_never_a_500(town, path, method, body):
    town.lines["whatever"] = "was made"
    if not town.unusual:
        town.aiko.behaves()
    if isinstance(body, dict) and path == "clock" and isinstance(body.get("advance"), int | float):
        body["advance"] = min(body["advance"], 1000)
    answer = town.http.request(method, f"/{path}", content=json.dumps(body))
    assert answer.status_code < 500
    assert answer.is_success or list(answer.json()) == ["error"]


@settings(
    max_examples=60, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(raw=some.binary(max_size=30), path=some.sampled_from(["numbers", "clock", f"phones/{AIKO}/dial"]))
def test_whatever_bytes_are_sent_the_answer_is_never_a_500(town, raw, path):
    assert town.http.post(f"/{path}", content=raw).status_code < 500
