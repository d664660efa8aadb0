"""Facts of the control API: hands, ears, and a clear no. What is wrong is a 4xx that says so, and never a 500."""

import json
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from tests.network.town import AIKO, BEN, LINE, NOBODY, OTHER_LINE


def refused(town, method, path, body=None, raw=None):
    """The status; the body has to say what is wrong."""
    answer = town.http.request(method, path, content=json.dumps(body) if raw is None else raw)
    assert list(answer.json()) == ["error"]
    assert len(answer.json()["error"]) > 10
    return answer.status_code


def test_a_network_that_can_be_called_is_ready(town):
    assert town.get("/ready") == {"ready": True}


def test_the_account_is_known_with_its_token_and_numbers(town):
    town.has_line(OTHER_LINE)
    assert town.get("/account") == {
        "account_sid": town.world.account_sid,
        "auth_token": town.world.auth_token,
        "numbers": [LINE, OTHER_LINE],
        "protects_files": True,
        "texts_forbidden_to": [],
    }


def test_a_number_can_be_added_once(town):
    made = town.post("/numbers", {"phone_number": OTHER_LINE, "voice_url": town.at("/other")})
    town.lines[OTHER_LINE] = "unusual"
    assert (made["phone_number"], made["voice_url"], made["sid"][:2]) == (OTHER_LINE, town.at("/other"), "PN")
    assert refused(town, "POST", "/numbers", {"phone_number": OTHER_LINE}) == 409
    assert refused(town, "POST", "/numbers", {"phone_number": AIKO}) == 409


def test_a_telephone_is_made_on_first_use_and_is_idle(town):
    phone = town.get("/phones/+819055556666")
    assert {"number", "state", "call_sid", "shows", "talking_with", "heard", "messages"} <= set(phone)
    assert (phone["number"], phone["state"], phone["call_sid"]) == ("+819055556666", "idle", None)
    assert (phone["shows"], phone["talking_with"], phone["messages"]) == (None, [], [])
    assert "+819055556666" in [one["number"] for one in town.get("/phones")["phones"]]


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
        ("/press", {"digits": "abc"}),
        ("/press", {"digits": ""}),
        ("/press", {"digits": 1}),
        ("/press", {}),
        ("/speak", {"text": ""}),
        ("/speak", {"text": ["Hello"]}),
        ("/answer", {"by": "hand"}),
    ],
)
def test_a_wrong_body_is_400(town, path, body):
    town.answers("/voice", '<Say>Hello</Say><Pause length="100"/>')
    if path in ("/press", "/speak"):
        town.aiko.dials()
    assert refused(town, "POST", town.aiko.path + path, body) == 400


@pytest.mark.parametrize(
    "settings",
    [
        {"answers": "maybe"},
        {"answers": []},
        {"answers": "at once", "after": -1},
        {"answers": "at once", "after": "soon"},
        {"withheld": "yes"},
        {"presses": "abc"},
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


@pytest.mark.parametrize("advance", [-1, "1", None, True, 10**12, [], {}])
def test_time_moves_forward_by_a_number_of_seconds_only(town, advance):
    before = town.get("/clock")["now"]
    assert refused(town, "POST", "/clock", {"advance": advance}) == 400
    assert town.get("/clock")["now"] == before


@pytest.mark.parametrize("raw", [b'{"advance": NaN}', b'{"advance": Infinity}', b'{"advance": 1e999}'])
def test_time_is_a_finite_number(town, raw):
    assert refused(town, "POST", "/clock", raw=raw) == 400


@pytest.mark.parametrize("since", ["x", "-1", "1.5", "9" * 5000, "²"])
def test_since_is_a_sequence_number(town, since):
    answer = town.http.get("/webhooks", params={"since": since})
    assert answer.status_code in (200, 400)
    assert answer.json().get("webhooks", []) == []


def test_a_call_that_is_not_there_is_404(town):
    assert refused(town, "GET", "/calls/CA" + "0" * 32) == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nowhere"),
        ("DELETE", f"/phones/{AIKO}"),
        ("POST", "/world"),
        ("GET", f"/phones/{AIKO}/dial"),
        ("POST", f"/phones/{AIKO}/sing"),
    ],
)
def test_what_is_no_address_says_so_in_json(town, method, path):
    assert refused(town, method, path) in (404, 405)


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
    assert [item["second"] for item in town.aiko.heard] == [None]


def test_a_machine_answers_speaks_and_is_called_talking(town):
    town.ben.behaves("machine", greeting="I am out", after=3)
    town.answers("/voice", f"<Dial>{BEN}</Dial>")
    town.aiko.dials()
    town.forward(2.9)
    assert town.aiko.words == []
    town.forward(0.2)
    assert (town.aiko.words, town.aiko.talks_with, town.aiko.state) == (["I am out"], [BEN], "talking")


def test_somebody_who_rejects_is_busy_for_a_telephone_too(town):
    sid = town.aiko.dials(BEN)
    town.ben.rejects()
    assert (town.aiko.state, town.call(sid)["status"]) == ("idle", "busy")


# ---- the end of the world -------------------------------------------------------------------------------------------


def test_the_end_of_the_world_hangs_up_and_forgets_but_keeps_numbers_and_time(town):
    town.has_line(OTHER_LINE, voice_url=town.at("/other"))
    town.answers("/voice", f"<Dial>{BEN}</Dial>")
    sid = town.aiko.dials()
    town.ben.answers()
    town.aiko.says("Hello")
    town.forward(100)
    before, numbers = town.get("/clock")["now"], town.get("/account")["numbers"]
    answer = town.http.delete("/world")
    assert answer.is_success
    assert (town.get("/clock")["now"], town.get("/account")["numbers"]) == (before, numbers)
    assert town.twilio.incoming_phone_numbers.list(phone_number=OTHER_LINE)[0].voice_url == town.at("/other")
    assert {(phone["state"], len(phone["heard"])) for phone in town.get("/phones")["phones"]} == {("idle", 0)}
    assert (town.log(), town.twilio.calls.list(), refused(town, "GET", f"/calls/{sid}")) == ([], [], 404)


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
