"""Requests to the application: how patient they are, what happens when they fail, what the log says."""

import time

import pytest
from starlette.responses import RedirectResponse, Response

from tests.network.conftest import BEN, LINE

ERROR = "say An application error has occurred. Goodbye."


def test_an_application_that_fails_is_not_asked_twice_and_the_caller_hears_of_it(network, app, aiko):
    app.on("/voice", Response(status_code=500))
    aiko.dials(network.line())
    assert len(app.requests) == 1
    assert aiko.words == [ERROR]
    (entry,) = network.webhooks()
    assert (entry["status"], entry["error"]["code"]) == (500, 11200)


def test_retries_are_what_the_fragment_asks_for_and_share_one_token(network, app, aiko):
    app.on("/voice", Response(status_code=503), Response(status_code=503), "<Say>Hello</Say>")
    aiko.dials(network.line(voice_url=network.url("/voice") + "?a=1#rc=2&rp=5xx,ct,rt"))
    assert aiko.words == ["say Hello"]
    assert [entry["attempt"] for entry in network.webhooks()] == [1, 2, 3]
    assert len({request["headers"]["i-twilio-idempotency-token"] for request in app.requests}) == 1
    assert all(request["signed"] for request in app.requests)
    assert {entry["url"] for entry in network.webhooks()} == {network.url("/voice?a=1")}


def test_retries_end(network, app, aiko):
    app.on("/voice", Response(status_code=503))
    aiko.dials(network.line(voice_url=network.url("/voice") + "#rc=3&rp=all"))
    assert len(app.requests) == 4
    assert aiko.words == [ERROR]


def test_a_connection_that_cannot_be_made_is_tried_twice(network, aiko):
    aiko.dials(network.line(voice_url="http://127.0.0.1:9/voice"))
    assert [entry["status"] for entry in network.webhooks()] == [None, None]
    assert [entry["error"]["code"] for entry in network.webhooks()] == [11205, 11205]
    assert aiko.words == [ERROR]


def test_an_application_that_is_too_slow_is_given_up_in_real_time(network, app, aiko):
    app.on("/voice", lambda _: time.sleep(0.6) or "<Say>Late</Say>")
    aiko.dials(network.line(voice_url=network.url("/voice") + "#rt=200"))
    assert aiko.words == [ERROR]
    time.sleep(0.6)


def test_the_fallback_is_told_what_went_wrong_and_carries_on(network, app, aiko):
    app.on("/voice", "<Sya>Hello</Sya>")
    app.on("/fallback", "<Say>Sorry</Say>")
    aiko.dials(network.line(voice_fallback_url=network.url("/fallback")))
    assert aiko.words == ["say Sorry"]
    (params,) = app.asked("/fallback")
    assert (params["ErrorCode"], params["ErrorUrl"]) == ("12200", network.url("/voice"))
    assert params["CallStatus"] == "ringing"


def test_a_fallback_that_fails_too_has_no_fallback(network, app, aiko):
    app.on("/voice", Response(status_code=500))
    app.on("/fallback", Response(status_code=500))
    aiko.dials(network.line(voice_fallback_url=network.url("/fallback")))
    assert len(app.requests) == 2
    assert aiko.words == [ERROR]


def test_a_fallback_stands_in_as_often_as_something_fails(network, app, aiko):
    app.on("/voice", Response(status_code=500))
    app.on("/fallback", '<Gather numDigits="1" action="/broken"/>', "<Say>Sorry again</Say>")
    app.on("/broken", Response(status_code=500))
    aiko.dials(network.line(voice_fallback_url=network.url("/fallback")))
    aiko.presses("1")
    assert aiko.words == ["say Sorry again"]
    assert [params["ErrorUrl"] for params in app.asked("/fallback")] == [network.url("/voice"), network.url("/broken")]


def test_a_number_without_an_address_is_an_error(network, aiko):
    aiko.dials(network.line(voice_url=""))
    assert aiko.words == [ERROR]


@pytest.mark.parametrize("url", ["http://[oops/voice", "http://127.0.0.1:99999/voice", "ftp://x/", "http://x/#rc=9"])
def test_an_address_that_is_none_is_an_error_and_nothing_hangs(network, app, aiko, url):
    app.on("/voice", f"<Redirect>{url}</Redirect>")
    aiko.dials(network.line())
    assert aiko.words == [ERROR]
    assert any("11100" in event["detail"] for event in network.calls()[0]["timeline"])


@pytest.mark.parametrize(("fallback", "words"), [("", ERROR), ("/fallback", "say Sorry")])
def test_documents_that_lead_to_each_other_for_ever_do_not_stop_the_clock(network, app, aiko, fallback, words):
    app.on("/voice", "<Redirect/>")
    app.on("/fallback", "<Say>Sorry</Say>")
    aiko.dials(network.line(voice_fallback_url=fallback and network.url(fallback)))
    assert len(app.asked("/voice")) == 99
    assert aiko.words == [words]


def test_redirects_are_followed_as_a_browser_does(network, app, aiko):
    app.on("/voice", RedirectResponse("/kept", 307))
    app.on("/kept", RedirectResponse("/moved", 302))
    app.on("/moved", "<Say>Here</Say>")
    aiko.dials(network.line())
    assert aiko.words == ["say Here"]
    assert [(request["path"], request["method"], request["signed"]) for request in app.requests] == [
        ("/voice", "POST", True),
        ("/kept", "POST", True),
        ("/moved", "GET", True),
    ]


def test_ten_redirects_are_enough(network, app, aiko):
    app.on("/voice", RedirectResponse("/voice", 307))
    aiko.dials(network.line())
    assert len(app.requests) == 11
    assert network.webhooks()[-1]["error"]["code"] == 11215


@pytest.mark.parametrize("kind", ["text/xml", "application/xml; charset=utf-8", "text/html", "text/plain"])
def test_twiml_comes_as_several_types(network, app, aiko, kind):
    app.on("/voice", Response("<Response><Say>Hello</Say></Response>", headers={"content-type": kind}))
    aiko.dials(network.line())
    assert aiko.words == ["say Hello"]


def test_plain_text_is_spoken_and_audio_is_played(network, app, aiko, ben):
    line = network.line()
    app.on("/voice", Response("Just words", media_type="text/plain"))
    aiko.dials(line)
    app.on("/voice", Response(b"?", media_type="audio/mpeg"))
    ben.dials(line)
    assert aiko.words == ["say Just words"]
    assert ben.words == [f"play {network.url('/voice')}"]
    network.forward(5)
    assert (aiko.state, ben.state) == ("idle", "idle")
    assert len(app.requests) == 2


def test_another_type_is_an_error_that_names_it(network, app, aiko):
    app.on("/voice", Response('{"a": 1}', media_type="application/json"))
    aiko.dials(network.line())
    assert network.webhooks()[0]["error"] == {
        "code": 12300,
        "message": "Content-Type application/json: neither TwiML, audio nor plain text.",
    }


def test_cookies_come_back_within_a_call_and_not_in_another(network, app, aiko, ben):
    body = "<Response><Redirect>/next</Redirect></Response>"
    app.on("/voice", Response(body, media_type="text/xml", headers={"set-cookie": "basket=17"}))
    app.on("/next", "<Say>Hello</Say>")
    line = network.line()
    aiko.dials(line)
    ben.dials(line)
    assert [request["headers"].get("cookie") for request in app.requests] == [None, "basket=17", None, "basket=17"]


def test_the_log_has_everything_about_a_request(network, app, aiko):
    app.on("/voice", "<Say>Hello</Say>")
    sid = aiko.dials(network.line())
    (entry,) = network.webhooks()
    assert set(entry) == {
        *("sequence", "call_sid", "method", "url", "params", "headers", "attempt", "status", "answer", "at"),
        *("milliseconds", "error"),
    }
    assert (entry["sequence"], entry["call_sid"], entry["error"]) == (1, sid, None)
    assert entry["answer"] == "<Response><Say>Hello</Say></Response>"
    sent = ("X-Twilio-Signature", "I-Twilio-Idempotency-Token")
    assert [entry["headers"][name] for name in sent] == [app.requests[0]["headers"][name.lower()] for name in sent]
    assert network.call("GET", f"/webhooks?call={sid}&since=0")["webhooks"] == [entry]
    assert network.call("GET", f"/webhooks?since={entry['sequence']}")["webhooks"] == []


def test_a_caller_who_hangs_up_does_not_take_back_a_request_on_its_way(network, app, aiko):
    app.on("/voice", lambda _: network.phone(aiko.number).hangs_up_without_waiting() or "<Say>Hello</Say>")
    sid = aiko.dials(network.line())
    assert network.leg(sid)["status"] == "no-answer"
    assert network.webhooks()[0]["status"] == 200
    assert network.leg(sid)["executed"] == []


def test_inline_documents_of_the_api_have_absolute_addresses(network, app, ben):
    network.line()
    ben.behaves(answers="at once", presses="5")
    twiml = f'<Response><Gather numDigits="1" action="{network.url("/key")}"/></Response>'
    network.twilio.calls.create(to=BEN, from_=LINE, twiml=twiml)
    network.settle()
    assert app.asked("/key")[0]["Digits"] == "5"
