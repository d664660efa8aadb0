"""Facts of what crosses what: people and REST act while a request is on its way, and applications answer nonsense."""

import threading

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from starlette.responses import Response

from tests.network.running import listening
from tests.network.town import AIKO, BEN, LINE, OTHER_LINE, SORRY

HELLO = "<Say>Hello</Say>"


# ---- somebody acts while an answer is on its way --------------------------------------------------------------------


def test_an_answer_that_comes_after_the_caller_has_hung_up_is_not_executed(town):
    town.has_line(status_callback=town.at("/status"))
    town.goes_wrong(delay={"match": "/voice", "seconds": 8})
    town.answers("/voice", f"<Dial>{BEN}</Dial>")
    sid = town.aiko.dials()
    town.forward(3)
    town.aiko.hangs_up()
    assert (town.aiko.state, town.statuses()) == ("idle", ["no-answer"])
    town.forward(20)
    assert (town.ben.state, town.call(sid)["executed"]) == ("idle", [])


def test_a_caller_who_hangs_up_does_not_take_back_a_request_on_its_way(town):
    def hangs_up_before_the_answer(_):
        with pytest.raises(httpx.ReadTimeout):  # the network waits for this very answer
            town.http.post(town.aiko.path + "/hangup", timeout=0.2)
        return HELLO

    town.answers("/voice", hangs_up_before_the_answer)
    sid = town.aiko.dials()
    assert (town.call(sid)["status"], town.call(sid)["executed"]) == ("no-answer", [])
    assert [entry["status"] for entry in town.log()] == [200]


def test_an_answer_that_comes_after_a_redirect_by_rest_is_not_executed(town):
    town.answers("/voice", f"{HELLO}<Redirect>/slow</Redirect>")
    town.answers("/slow", "<Say>Too late</Say>")
    town.goes_wrong(delay={"match": "/slow", "seconds": 8})
    sid = town.aiko.dials()
    town.forward(3)
    town.twilio.calls(sid).update(twiml='<Response><Say>Redirected</Say><Pause length="60"/></Response>')
    town.forward(30)
    assert town.aiko.words == ["Hello", "Redirected"]


def test_a_whisper_that_comes_after_the_callee_has_hung_up_is_not_executed(town):
    town.answers("/voice", f'<Dial action="/after"><Number url="/whisper">{BEN}</Number></Dial>')
    town.answers("/whisper", HELLO)
    town.answers("/after", "<Say>Goodbye</Say>")
    town.goes_wrong(delay={"match": "/whisper", "seconds": 8})
    town.aiko.dials()
    town.ben.answers()
    town.forward(2)
    town.ben.hangs_up()
    assert (town.aiko.words, town.asked("/after")[0]["DialBridged"]) == (["Goodbye"], "false")
    town.forward(30)
    assert town.ben.words == []


def test_the_caller_may_leave_while_the_callee_hears_the_whisper(town):
    town.answers("/voice", f'<Dial action="/after"><Number url="/whisper">{BEN}</Number></Dial>')
    town.answers("/whisper", '<Gather timeout="30"/>')
    town.aiko.dials()
    town.ben.answers()
    town.aiko.hangs_up()
    assert (town.ben.state, town.asked("/after")[0]["DialBridged"]) == ("idle", "false")


def test_who_answers_at_the_moment_when_the_time_is_up_is_either_connected_or_not(town):
    town.ben.behaves("at once", after=35)
    town.answers("/voice", f'<Dial action="/after">{BEN}</Dial>')
    sid = town.aiko.dials()
    town.forward(35)
    connected = town.aiko.talks_with == [BEN]
    assert (town.ben.state == "talking") == connected == (town.asked("/after") == [])
    assert town.call(sid)["status"] == "in-progress"


def test_somebody_who_is_called_back_by_their_own_call_is_busy(town):
    town.answers("/voice", f'<Dial action="/after">{AIKO}</Dial>')
    town.aiko.dials()
    assert town.asked("/after")[0]["DialCallStatus"] == "busy"


def test_one_telephone_twice_in_a_dial_rings_once(town):
    town.answers("/voice", f"<Dial><Number>{BEN}</Number><Number>{BEN}</Number></Dial>")
    town.aiko.dials()
    town.ben.answers()
    assert (town.aiko.talks_with, town.ben.talks_with) == ([BEN], [AIKO])
    town.ben.hangs_up()
    assert (town.aiko.state, town.ben.state) == ("idle", "idle")


def test_two_calls_on_one_line_do_not_mix(town):
    town.answers("/voice", '<Gather numDigits="1" action="/keys"/>')
    one, two = town.aiko.dials(), town.carla.dials()
    town.aiko.presses("1")
    town.carla.presses("2")
    assert {(asked["CallSid"], asked["Digits"]) for asked in town.asked("/keys")} == {(one, "1"), (two, "2")}


# ---- applications that answer nonsense ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "charset", ["utf-8", "shift_jis", "rot13", "hex", "nonsense", "undefined", "idna", "utf-7", "\x00"]
)
def test_whatever_charset_is_claimed_the_caller_hears_something(town, charset):
    text = b"<Response><Say>Hello</Say></Response>"
    town.answers("/voice", Response(text, headers={"content-type": f"text/xml; charset={charset}"}))
    town.aiko.dials()
    assert town.aiko.words in (["Hello"], [SORRY])


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "nonsense"])
def test_a_body_that_is_not_what_its_coding_says_is_an_application_error_or_read_as_it_is(town, coding):
    text = b"<Response><Say>Hello</Say></Response>"
    town.answers("/voice", Response(text, headers={"content-type": "text/xml", "content-encoding": coding}))
    town.aiko.dials()
    assert town.aiko.words in (["Hello"], [SORRY])


@pytest.mark.parametrize("location", ["http://[", "", "//", "ftp://example.com", "http://a b", "\xe3\x81\x82", "#x"])
def test_a_redirect_to_nowhere_is_an_application_error(town, location):
    answer = Response(status_code=302)
    answer.raw_headers.append((b"location", location.encode("latin-1")))
    town.answers("/voice", answer)
    town.aiko.dials()
    town.forward(20)
    assert (town.aiko.words, town.aiko.state) == ([SORRY], "idle")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\ncontent-length: 999\r\n\r\n<Response>",
        b"HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\ntransfer-encoding: chunked\r\n\r\nzzz",
        b"HTTP/1.1 99999 What\r\n\r\n",
    ],
)
def test_a_connection_that_breaks_is_an_application_error(town, answer):
    def answers_once():
        connection, _ = listener.accept()
        connection.recv(65536)
        connection.sendall(answer)
        connection.close()

    with listening() as listener:
        listener.listen()
        thread = threading.Thread(target=answers_once, daemon=True)
        thread.start()
        town.has_line(voice_url=f"http://127.0.0.1:{listener.getsockname()[1]}/voice#rc=0")
        town.aiko.dials()
        thread.join(5)
    assert town.aiko.words == [SORRY]
    assert town.log()[0]["error"]["code"] == 11200


@pytest.mark.parametrize(
    "path", ["/voice?x=%E6%97%A5", "/voice?x=a%20b", "/voice?x=%7E~", "/voice?x=a+b&x=c", "/voice/a-b_c.d"]
)
def test_what_is_signed_is_what_is_sent_for_every_writing_of_an_address(town, path):
    """That the signature is right is looked at after every test."""
    town.has_line(voice_url=town.at(path))
    town.aiko.dials()
    assert [asked.path.split("/")[1] for asked in town.application.requests] == ["voice"]


@pytest.mark.parametrize("query", ["日本", "a b", "it's", "a|b", '"'])
def test_an_address_that_has_to_be_escaped_is_signed_as_it_is_sent_or_refused(town, query):
    answer = town.http.post("/numbers", json={"phone_number": OTHER_LINE, "voice_url": town.at("/voice?x=" + query)})
    town.lines[OTHER_LINE] = "unusual"
    if answer.is_success:
        town.aiko.dials(OTHER_LINE)
        assert len(town.application.requests) == 1
        assert town.application.unsigned == []
    else:
        assert answer.status_code == 400


# ---- any document ---------------------------------------------------------------------------------------------------

VALUES = some.sampled_from(
    ["", "0", "1", "5", "-1", "99999999999", "true", "false", "#", "12", "w1", "GET", "POST", "/x", "http://[", "ja-JP",
     "man", "alice", "Polly.Mizuki", "dtmf", "busy", LINE, BEN, "answered completed", "\u3042", " "]
)  # fmt: skip
NAMES = """voice language loop digits length input timeout numDigits finishOnKey action method actionOnEmptyResult
    answerOnBridge callerId timeLimit hangupOnStar ringTone sequential sendDigits url statusCallback statusCallbackEvent
    reason"""
TEXTS = some.sampled_from(["", "Hello", "こんにちは", BEN, LINE, "/x", "http://[", "+1"])


@some.composite
def elements(draw, depth=2):
    verb = draw(some.sampled_from(["Say", "Play", "Pause", "Gather", "Dial", "Number", "Redirect", "Hangup", "Reject"]))
    attributes = draw(some.dictionaries(some.sampled_from(NAMES.split()), VALUES, max_size=2))
    inside = "".join(draw(some.lists(elements(depth=depth - 1), max_size=2))) if depth else ""
    written = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<{verb}{written}>{inside or draw(TEXTS)}</{verb}>"


@settings(
    max_examples=60, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(document=some.lists(elements(), max_size=3).map("".join), keys=some.sampled_from(["1", "#", "12*"]))
def test_whatever_document_is_answered_the_call_goes_on_or_ends(town, document, keys):
    """No document stops the network: after some hours every call is over, and nothing has failed inside."""
    town.ask("DELETE", "/world")
    town.ben.behaves("at once", after=3)
    town.answers("/voice", document, HELLO)
    town.answers("/x", HELLO)
    town.aiko.dials()
    for person in (town.aiko, town.ben):
        town.forward(0.5 if person is town.aiko else 4)
        if person.state == "talking":
            person.presses(keys)
    town.forward(9 * 3600)
    assert (town.aiko.state, town.ben.state, town.world.clock.failures) == ("idle", "idle", [])


# ---- the pace of the wall clock -------------------------------------------------------------------------------------
