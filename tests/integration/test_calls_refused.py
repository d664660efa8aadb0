"""Whatever is sent to the exchange's own REST API: a clear sentence, and never a 500."""

import json

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.integration.calls import NOBODY, WANTED, Desk
from tests.integration.conftest import AIKO, BEN, EVE, LINES, open_session
from tests.integration.wire import refusing
from toritsugi.foundation import api_keys
from toritsugi.limits import switch

ELEVEN = [f"+8190111100{number:02}" for number in range(11)]
SAY = {"say": "Time is nearly over.", "language": "en-US"}


def refusal(desk, changes, without=()):
    wanted = {name: value for name, value in (WANTED | changes).items() if name not in without}
    status, said = desk.asks("POST", "/api/calls", wanted)
    return status, said["detail"]


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"parties": [AIKO, AIKO]}, 400, "The same number is called twice"),
        ({"parties": [AIKO]}, 422, "/parties: List should have at least 2 items"),
        ({"parties": ELEVEN}, 422, "/parties: List should have at most 10 items"),
        ({"parties": [AIKO, LINES[0]]}, 400, f"{LINES[0]} is a line of yours, which would call itself"),
        ({"parties": [AIKO, LINES[1]]}, 400, f"{LINES[1]} is a line of yours, which would call itself"),
        ({"from": AIKO}, 400, f"{AIKO} is to be called, so it cannot be `from`, which is a line of yours"),
        ({"parties": [AIKO, "+81123"]}, 422, "+81123 cannot be a telephone number: it is too short after +81"),
        ({"parties": [AIKO, "+8190111100011112"]}, 422, "it is too long after +81"),
        ({"parties": [AIKO, "+999123456789"]}, 400, "+999123456789 cannot be a telephone number"),
        ({"parties": [AIKO, "0902222000"]}, 422, "0902222000 is no telephone number in JP"),
        ({"parties": "everybody"}, 422, "/parties: Input should be a valid list"),
        ({"minutes": "30"}, 422, "/minutes: Input should be a valid integer"),
        ({"minutes": True}, 422, "/minutes: Input should be a valid integer"),
        ({"minutes": 0}, 422, "/minutes: Input should be greater than or equal to 1"),
        ({"minuets": 30}, 422, "/minuets: Extra inputs are not permitted"),
        ({"through": "dial", "announcements": [SAY | {"before_end": 60}]}, 422, 'need `"through": "conference"`'),
        ({"through": "dial", "detect": True}, 422, "Twilio tells too late"),
        ({"announcements": [SAY]}, 422, "give one of `before_end` and `after_start`"),
        ({"announcements": [SAY | {"before_end": 9, "after_start": 9}]}, 422, "give one of `before_end` and"),
        ({"announcements": [{"before_end": 60}]}, 422, "give one of `say` and `play`"),
        ({"announcements": [SAY | {"play": "https://example.com/a.mp3", "before_end": 9}]}, 422, "one of `say` and"),
        ({"announcements": [{"say": "Tere!", "language": "et-EE", "before_end": 9}]}, 422, "et-EE needs a `voice`"),
        ({"announcements": [{"say": " \u3000\n", "before_end": 9}]}, 422, "nothing is said: there are only blanks"),
        ({"announcements": [{"say": "\u200b", "before_end": 9}]}, 422, "nothing is said"),
        ({"whisper": "  "}, 422, "/whisper: nothing is said"),
        ({"announcements": [SAY | {"before_end": 9, "to": 3}]}, 400, "There is no participant 3: they are 1 to 2"),
        ({"extension": {"minutes": 1000, "times": 2}}, 422, "with all its extensions a call lasts at most"),
        ({"extension": {"minutes": 10, "by": [3]}}, 400, "There is no participant 3"),
        ({"session_sid": "KC" + "0" * 32}, 422, "leave out `parties` and `from`"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(desk, changes, status, words):
    answer = refusal(desk, changes)
    assert answer[0] == status
    assert words in answer[1]
    assert desk.asks("GET", "/api/calls")[1]["calls"] == []


def test_a_call_needs_people_and_a_line(desk):
    assert refusal(desk, {}, without=("from",)) == (422, "/: a call needs `parties` and `from`, or a `session_sid`")
    assert desk.asks("POST", "/api/calls", {"session_sid": "KC" + "0" * 32})[0] == 404


@pytest.mark.parametrize(
    ("body", "changes", "status"),
    [
        (b"{", {}, 400),
        (b"[]", {}, 400),
        (json.dumps([WANTED]).encode(), {}, 400),
        (b'"call"', {}, 400),
        (b"", {}, 422),
        ('{"voice": "é"}'.encode("latin-1"), {}, 400),
        (b"[" * 60_000, {}, 400),
        (b'{"minutes": ' + b"9" * 5000 + b"}", {}, 400),
        (b'{"parties": ["\\ud800"]}', {}, 422),
        (b'{"' + b"a" * 66_000 + b'": 1}', {}, 413),
        (b"{}", {"body": "no base64 at all!"}, 400),
        (b"parties=1", {"headers": {"Content-Type": "application/x-www-form-urlencoded"}}, 415),
        (b"{}", {"headers": {"Content-Type": "multipart/form-data"}}, 415),
    ],
)
def test_what_is_no_object_in_json_is_refused(desk, body, changes, status):
    answer = desk.send("POST", "/api/calls", body, **changes)
    said = json.loads(answer["body"])
    assert (answer["statusCode"], said["status"], bool(said["detail"])) == (status, status, True)


def test_a_body_may_come_as_text_or_in_base64(desk):
    text = json.dumps(WANTED)
    assert desk.send("POST", "/api/calls", b"", body=text, isBase64Encoded=False)["statusCode"] == 201
    assert desk.send("POST", "/api/calls", text.encode())["statusCode"] == 201


def test_nobody_gets_in_without_a_good_key(desk):
    api_keys.create_key("SK" + "c" * 32, "reader", ("calls:read",))
    reader, stranger = Desk("SK" + "c" * 32, "reader"), Desk("SK" + "d" * 32)
    assert reader.asks("GET", "/api/calls")[0] == 200
    assert reader.asks("POST", "/api/calls", WANTED)[0] == reader.asks("DELETE", NOBODY)[0] == 403
    for one in (stranger, Desk(secret="wrong")):
        for method, path in (("GET", "/api/calls"), ("POST", "/api/calls"), ("GET", "/api/nothing")):
            assert one.asks(method, path, WANTED)[0] == 401
    assert desk.asks("GET", "/api/calls", Authorization="Bearer x")[0] == 401


@pytest.mark.parametrize("sid", ["KB1", "KB" + "G" * 32, "CA" + "0" * 32, "%00", "KB" + "0" * 31 + "%0A"])
def test_what_is_no_sid_is_nobodys(desk, sid):
    assert desk.asks("GET", f"/api/calls/{sid}")[0] in (404, 422)


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/api/cals"), ("DELETE", "/api/calls/1/2/3"), ("GET", f"{NOBODY}/end")]
)
def test_what_the_exchange_does_not_do_is_not_found(desk, method, path):
    status, said = desk.asks(method, path)
    assert (status, said["detail"]) == (404, f"{method} {path} is nothing that this exchange does, or does not yet")


def said(answer):
    """The status of a refusal, and its sentence."""
    return answer[0], answer[1]["detail"]


def test_a_session_calls_its_two_people_as_long_as_it_is_open(desk, service, clock):
    session, lines = open_session(service)
    wanted = {"session_sid": session.fetch().sid}
    made = desk.asks("POST", "/api/calls", wanted)[1]
    assert made["session_sid"] == wanted["session_sid"]
    assert {(one["number"], one["shows"], one["name"]) for one in made["participants"]} == {
        (AIKO, lines[AIKO], "Aiko"),
        (BEN, lines[BEN], "Ben"),
    }
    session.update(status="closed")
    assert said(desk.asks("POST", "/api/calls", wanted)) == (409, "The session is closed")


def test_a_session_of_one_calls_nobody(desk, service):
    session, _ = open_session(service, AIKO)
    answer = desk.asks("POST", "/api/calls", {"session_sid": session.fetch().sid})
    assert said(answer) == (409, "The session has fewer than two participants")


@pytest.mark.parametrize(
    ("method", "path", "body", "why"),
    [
        ("POST", "/participants", {"number": EVE}, "Only a conference takes more people"),
        ("POST", "/announce", SAY, "Only a conference can do that; this call was dialed"),
        ("PATCH", "/participants/1", {"muted": True}, "Only a conference can do that; this call was dialed"),
    ],
)
def test_a_call_that_was_dialed_can_only_be_ended(desk, method, path, body, why):
    call = desk.calls(through="dial")
    assert said(call.asks(method, path, body)) == (409, why)
    assert call.asks("DELETE", "")[0] == 204
    assert said(call.asks(method, path, body)) == (409, "The call has ended")


def test_ten_people_are_called_at_most_whoever_was_removed(desk):
    call = desk.calls(parties=ELEVEN[:9])
    assert call.asks("POST", "/participants", {"number": ELEVEN[9]})[0] == 201
    call.asks("DELETE", "/participants/1")
    answer = call.asks("POST", "/participants", {"number": ELEVEN[10]})
    assert said(answer) == (409, "A call has at most 10 participants")


def test_whoever_waits_for_others_needs_a_conference(desk):
    assert refusal(desk, {"through": "dial", "if_unanswered": "wait"}) == (
        422,
        '/: to wait for others needs `"through": "conference"`',
    )


def test_what_the_exchange_can_do_is_for_any_key_to_read(desk):
    api_keys.create_key("SK" + "c" * 32, "reader", ("callers:write",))
    status, read = Desk("SK" + "c" * 32, "reader").asks("GET", "/api/openapi.json")
    assert (status, read["info"]["title"]) == (200, "Toritsugi")
    assert "/api/calls" in read["paths"]
    assert Desk(secret="wrong").asks("GET", "/api/openapi.json")[0] == 401


def test_where_no_key_can_be_read_nobody_is_told_why(desk, wire, logged):
    api_keys._remembered_keys.clear()
    with wire.has(refusing("InternalServerError")):
        status, told = desk.asks("GET", "/api/calls")
    assert (status, told["detail"]) == (500, "Something went wrong here. Please try again")
    assert "a key could not be read" in logged()


# ---- whatever is sent ------------------------------------------------------------------------------------------------

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=8), inner, max_size=2),
    max_leaves=4,
)
VALUES = ANYTHING | st.sampled_from(
    [
        AIKO,
        BEN,
        EVE,
        LINES[1],
        "+8112",
        "conference",
        "dial",
        "en-US",
        "et-EE",
        "wait",
        "https://example.com/a",
        1,
        60,
        1440,
    ]
)
PERSON = st.fixed_dictionaries(
    {"number": VALUES}, optional=dict.fromkeys(("name", "shows", "whisper", "language"), VALUES)
)
SPEECH = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("say", "play", "language", "voice", "to", "before_end", "after_start"), VALUES)
)
GOOD: dict[str, list] = {
    "parties": [[AIKO, {"number": BEN, "whisper": "From the shop."}], [AIKO, BEN, EVE]],
    "minutes": [1, 60, 1410],
    "through": ["conference", "dial"],
    "if_unanswered": ["end", "retry", "wait"],
    "announcements": [
        [],
        [{"say": "Soon over.", "after_start": 0}],
        [{"play": "https://example.com/a", "before_end": 9}],
    ],
    "extension": [{"minutes": 10}, {"minutes": 10, "times": 2, "by": [1]}],
    "language": ["ja-JP", "en-US", "en"],
    "accept": [True, False],
    "waiting": ["https://example.com/music.mp3"],
}
WORSE = {"parties": st.lists(PERSON | VALUES, max_size=3), "announcements": st.lists(SPEECH, max_size=3)}
FIELDS = {name: st.sampled_from(good) | WORSE.get(name, VALUES) | VALUES for name, good in GOOD.items()}
CALLS = st.sets(st.sampled_from(sorted(FIELDS)), max_size=3).flatmap(
    lambda names: st.fixed_dictionaries({name: FIELDS[name] for name in sorted(names)}).map(lambda said: WANTED | said)
)


@pytest.fixture(scope="module")
def document():
    """The OpenAPI document, as a client finds it."""
    import api

    return json.loads(api.app.get_openapi_json_schema(**api.DOCUMENT))


def departures(document, answer, method, path):
    """Where an answer is not what the document says of it."""
    told = document["paths"][path][method]["responses"][str(int(answer["statusCode"]))]["content"]
    kind = next(value for name, value in answer["headers"].items() if name.lower() == "content-type")
    validator = Draft202012Validator(told[kind.partition(";")[0]]["schema"] | {"components": document["components"]})
    return [error.message for error in validator.iter_errors(json.loads(answer["body"]))]


@pytest.mark.thorough
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(wanted=CALLS)
def test_whatever_is_asked_for_is_made_or_refused_as_the_document_says(desk, document, wanted):
    switch.set_limits({"calls_at_once": 0, "yen_a_day": 0})  # hundreds of calls are made here
    answer = desk.send("POST", "/api/calls", json.dumps(wanted).encode())
    event(f"answered {int(answer['statusCode'])}")
    assert answer["statusCode"] in (201, 400, 422), answer
    assert departures(document, answer, "post", "/api/calls") == []


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=st.binary(max_size=60) | ANYTHING.map(lambda said: json.dumps(said).encode()))
@pytest.mark.parametrize(
    ("method", "path"), [("post", ""), ("post", "/announce"), ("post", "/participants"), ("patch", "/participants/1")]
)
def test_no_bytes_break_anything(desk, method, path, body):
    where = "/api/calls" if not path else NOBODY + path
    assert desk.send(method.upper(), where, body)["statusCode"] < 500


def test_every_operation_is_described_and_says_what_comes_back(document):
    assert document["security"] == [{"key": []}]
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "basic"
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], (method, path)
            done = [one for code, one in operation["responses"].items() if code[0] == "2"]
            assert all(said["schema"] for one in done for said in one["content"].values()), (method, path)
            wrong = [one for code, one in operation["responses"].items() if code[0] != "2"]
            assert {kind for one in wrong for kind in one["content"]} == {"application/problem+json"}, (method, path)


def test_the_example_of_the_document_makes_a_call(desk, document):
    [example] = document["components"]["schemas"]["CallRequest"]["examples"]
    answer = desk.send("POST", "/api/calls", json.dumps(example).encode())
    assert answer["statusCode"] == 201
    assert departures(document, answer, "post", "/api/calls") == []
