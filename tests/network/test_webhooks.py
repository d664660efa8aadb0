"""Facts of every request to an application: signature, time limits, retries, fallback, cookies, redirects.

https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides and .../webhooks-security
"""

import base64
import hashlib
import hmac
import threading

import pytest
from starlette.responses import Response

from tests.network.running import listening
from tests.network.town import BEN, SORRY, STANDARD, alone

BROKEN = Response("Internal Server Error", status_code=500)
HELLO = "<Say>Hello</Say>"


@pytest.fixture
def closed():
    """An address where nobody listens."""
    with listening() as bound:  # bound, but never listening
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


def attempts(town, path="/voice"):
    return [(entry["attempt"], entry["status"]) for entry in town.log(path)]


def codes(town, path="/voice"):
    return [entry["error"] and entry["error"]["code"] for entry in town.log(path)]


# ---- signature ------------------------------------------------------------------------------------------------------


def test_the_signature_is_the_hmac_of_the_address_and_the_sorted_parameters(town):
    """Counted by hand, and not by the library that the network signs with."""
    town.has_line(voice_url=town.at("/voice?b=2&a=1#rc=2&ct=1000"))
    town.aiko.dials()
    (asked,) = town.asked("/voice")
    text = town.at("/voice?b=2&a=1") + "".join(name + asked[name] for name in sorted(asked.params))
    digest = hmac.new(town.world.auth_token.encode(), text.encode(), hashlib.sha1).digest()
    assert asked.headers["x-twilio-signature"] == base64.b64encode(digest).decode()


def test_of_a_get_the_whole_address_is_signed_and_nothing_else(town):
    town.has_line(voice_url=town.at("/voice?b=2"), voice_method="GET")
    town.aiko.dials()
    (asked,) = town.asked("/voice")
    digest = hmac.new(town.world.auth_token.encode(), asked.url.encode(), hashlib.sha1).digest()
    assert asked.headers["x-twilio-signature"] == base64.b64encode(digest).decode()


def test_the_fragment_is_neither_sent_nor_signed_nor_logged(town):
    town.has_line(voice_url=town.at("/voice#rc=2&rp=5xx"))
    town.aiko.dials()
    assert town.asked("/voice")[0].url == town.at("/voice")
    assert [entry["url"] for entry in town.log()] == [town.at("/voice")]


def test_a_post_is_a_form(town):
    town.aiko.dials()
    assert town.asked("/voice")[0].headers["content-type"].startswith("application/x-www-form-urlencoded")


def test_the_idempotency_token_is_no_form_field_and_differs_between_requests(town):
    town.answers("/voice", "<Redirect>/next</Redirect>")
    town.aiko.dials()
    tokens = [asked.headers["i-twilio-idempotency-token"] for asked in town.application.requests]
    assert len(set(tokens)) == len(tokens) == 2
    assert not any("idempotency" in name.lower() for name in town.asked("/voice")[0].params)


# ---- retries --------------------------------------------------------------------------------------------------------


def test_by_default_a_connection_that_fails_is_tried_once_more(town, closed):
    town.has_line(voice_url=closed + "/voice")
    town.aiko.dials()
    assert (attempts(town), codes(town)) == ([(1, None), (2, None)], [11205, 11205])
    assert town.aiko.words == [SORRY]


def test_by_default_no_answer_of_the_application_is_tried_again(town):
    for status in (400, 404, 500, 503):
        town.application.requests.clear()
        town.answers("/voice", Response(status_code=status))
        town.aiko.dials()
        town.aiko.hangs_up()
        assert len(town.asked("/voice")) == 1
    assert set(codes(town)) == {11200}


def test_retries_after_a_server_error_are_to_be_asked_for(town):
    town.has_line(voice_url=town.at("/voice?a=1#rc=3&rp=5xx,ct,rt"))
    town.answers("/voice", BROKEN, BROKEN, HELLO)
    town.aiko.dials()
    assert (attempts(town), town.aiko.words) == ([(1, 500), (2, 500), (3, 200)], ["Hello"])
    assert {entry["url"] for entry in town.log()} == {town.at("/voice?a=1")}


def test_all_retries_of_a_request_share_one_token_and_its_parameters(town):
    town.has_line(voice_url=town.at("/voice#rc=3&rp=all"))
    town.answers("/voice", BROKEN, Response(status_code=404), HELLO)
    town.aiko.dials()
    asked = town.asked("/voice")
    assert len(asked) == 3
    assert len({one.headers["i-twilio-idempotency-token"] for one in asked}) == 1
    assert asked[0].params == asked[1].params == asked[2].params


@pytest.mark.parametrize(
    ("fragment", "status", "tries"),
    [
        ("rc=0", 500, 1),
        ("rc=2", 500, 1),
        ("rc=2&rp=5xx", 500, 3),
        ("rc=2&rp=5xx", 404, 1),
        ("rc=2&rp=4xx", 404, 3),
        ("rc=5&rp=4xx,5xx", 503, 6),
        ("rc=1&rp=all", 404, 2),
        ("rp=5xx", 500, 2),
    ],
)
def test_the_fragment_says_how_often_and_after_what(town, fragment, status, tries):
    town.has_line(voice_url=town.at("/voice#" + fragment))
    town.answers("/voice", Response(status_code=status))
    town.aiko.dials()
    assert (len(town.asked("/voice")), town.aiko.words) == (tries, [SORRY])


@pytest.mark.parametrize(("fragment", "tries"), [("", 2), ("#rc=0", 1), ("#rc=4", 5), ("#rc=4&rp=5xx", 1)])
def test_a_failed_connection_is_retried_as_the_fragment_says(town, closed, fragment, tries):
    town.has_line(voice_url=closed + "/voice" + fragment)
    town.aiko.dials()
    assert len(town.log("/voice")) == tries


def test_a_fragment_inside_twiml_counts_too(town):
    town.answers("/voice", "<Redirect>/next#rc=1&amp;rp=5xx</Redirect>")
    town.answers("/next", BROKEN, HELLO)
    town.aiko.dials()
    assert (len(town.asked("/next")), town.aiko.words) == (2, ["Hello"])


def test_a_status_callback_is_retried_as_its_fragment_says_with_the_same_token(town):
    town.has_line(status_callback=town.at("/status#rc=2&rp=5xx"))
    town.answers("/voice", "<Hangup/>")
    town.answers("/status", BROKEN, Response(status_code=204))
    town.aiko.dials()
    first, second = town.asked("/status")
    assert first.headers["i-twilio-idempotency-token"] == second.headers["i-twilio-idempotency-token"]


@pytest.mark.parametrize("fragment", ["ct=1", "rc=9", "rt=60000", "tt=x", "rp=sometimes"])
def test_a_value_out_of_its_range_is_not_silently_ignored(town, fragment):
    town.has_line()
    answer = town.http.post("/numbers", json={"phone_number": "+815031230009", "voice_url": town.at(f"/x#{fragment}")})
    if answer.is_success:
        town.lines["+815031230009"] = "unusual"
        town.aiko.dials("+815031230009")
        assert (codes(town, "/x"), town.asked("/x")) in (([], []), ([11100], []))
        assert town.aiko.words == [SORRY]
    else:
        assert answer.status_code == 400


# ---- time limits ----------------------------------------------------------------------------------------------------


def test_an_answer_may_take_up_to_fifteen_seconds(town):
    town.answers("/voice", HELLO)
    town.goes_wrong(delay={"match": "/voice", "seconds": 14.9})
    town.aiko.dials()
    town.forward(14.8)
    assert town.aiko.words == []
    town.forward(0.1)
    assert town.aiko.words == ["Hello"]


def test_after_fifteen_seconds_twilio_gives_up_and_does_not_try_again(town):
    town.answers("/voice", HELLO)
    town.goes_wrong(delay={"match": "/voice", "seconds": 16})
    town.aiko.dials()
    town.forward(14.9)
    assert town.aiko.words == []
    town.forward(0.1)
    assert (town.aiko.words, codes(town)) == ([SORRY], [11200])


def test_the_read_timeout_of_the_fragment_is_kept(town):
    town.has_line(voice_url=town.at("/voice#rt=3000"))
    town.answers("/voice", HELLO)
    town.goes_wrong(delay={"match": "/voice", "seconds": 5})
    town.aiko.dials()
    town.forward(3.1)
    assert town.aiko.words == [SORRY]


def test_the_read_timeout_is_real_time_for_an_application_that_is_really_slow(town):
    is_given_up = threading.Event()
    town.has_line(voice_url=town.at("/voice#rt=200"))
    town.answers("/voice", lambda _: is_given_up.wait(10) and HELLO)
    town.aiko.dials()
    assert town.aiko.words == [SORRY]
    is_given_up.set()


def test_a_read_timeout_is_retried_when_that_was_asked_for(town):
    town.has_line(voice_url=town.at("/voice#rt=3000&rp=rt&rc=2"))
    town.answers("/voice", HELLO)
    town.goes_wrong(delay={"match": "/voice", "seconds": 5, "times": 2})
    town.aiko.dials()
    town.forward(6.1)
    assert (len(town.asked("/voice")), town.aiko.words) == (3, ["Hello"])


@pytest.mark.parametrize(("fragment", "limit"), [("#rt=4000&rp=rt&rc=5", 15), ("#rt=4000&rp=rt&rc=5&tt=6000", 6)])
def test_all_retries_together_stay_within_the_total(town, fragment, limit):
    town.has_line(voice_url=town.at("/voice" + fragment))
    town.answers("/voice", HELLO)
    town.goes_wrong(delay={"match": "/voice", "seconds": 100})
    town.aiko.dials()
    town.forward(limit - 0.2)
    assert town.aiko.words == []
    town.forward(0.4)
    assert town.aiko.words == [SORRY]


# ---- fallback -------------------------------------------------------------------------------------------------------


def test_the_fallback_is_told_what_went_wrong_and_its_twiml_continues_the_call(town):
    town.has_line(voice_fallback_url=town.at("/fallback"))
    town.answers("/voice", BROKEN)
    town.answers("/fallback", "<Say>One moment</Say><Redirect>/next</Redirect>")
    town.answers("/next", HELLO)
    sid = town.aiko.dials()
    town.forward(1)
    (asked,) = town.asked("/fallback")
    assert set(asked.params) == STANDARD | {"ErrorCode", "ErrorUrl"}
    assert (asked["ErrorCode"], asked["ErrorUrl"], asked["CallSid"]) == ("11200", town.at("/voice"), sid)
    assert asked["CallStatus"] == "ringing"
    assert town.aiko.words == ["One moment", "Hello"]


def test_the_fallback_of_a_later_document_names_that_document(town):
    town.has_line(voice_fallback_url=town.at("/fallback"))
    town.answers("/voice", "<Say>Hi</Say><Redirect>/next</Redirect>")
    town.answers("/next", Response("<oops", media_type="text/xml"))
    town.answers("/fallback", HELLO)
    town.aiko.dials()
    town.forward(1)
    (asked,) = town.asked("/fallback")
    assert (asked["ErrorCode"], asked["ErrorUrl"], asked["CallStatus"]) == ("12100", town.at("/next"), "in-progress")
    assert town.aiko.words == ["Hi", "Hello"]


def test_a_connection_that_fails_leads_to_the_fallback_too(town, closed):
    town.has_line(voice_url=closed + "/voice", voice_fallback_url=town.at("/fallback"))
    town.answers("/fallback", HELLO)
    town.aiko.dials()
    assert (town.asked("/fallback")[0]["ErrorCode"], town.aiko.words) == ("11205", ["Hello"])


def test_the_fallback_has_its_own_method(town):
    town.has_line(voice_fallback_url=town.at("/fallback"), voice_fallback_method="GET")
    town.answers("/voice", BROKEN)
    town.aiko.dials()
    assert [asked.method for asked in town.asked("/fallback")] == ["GET"]


@pytest.mark.parametrize("fallback", ["", "/fallback"])
def test_when_nothing_can_be_executed_the_caller_hears_an_application_error_and_the_call_ends(town, fallback):
    town.has_line(voice_fallback_url=town.at(fallback) if fallback else "")
    town.answers("/voice", BROKEN)
    town.answers("/fallback", BROKEN)
    sid = town.aiko.dials()
    town.forward(10)
    assert (town.aiko.words, town.aiko.state, town.call(sid)["status"]) == ([SORRY], "idle", "completed")
    assert len(town.application.requests) == (2 if fallback else 1)


def test_a_fallback_stands_in_as_often_as_something_fails(town):
    town.has_line(voice_fallback_url=town.at("/fallback"))
    town.answers("/voice", BROKEN)
    town.answers("/fallback", '<Gather numDigits="1" action="/broken"/>', HELLO)
    town.answers("/broken", BROKEN)
    town.aiko.dials()
    town.aiko.presses("1")
    assert town.aiko.words == ["Hello"]
    assert [asked["ErrorUrl"] for asked in town.asked("/fallback")] == [town.at("/voice"), town.at("/broken")]


@pytest.mark.parametrize(("fallback", "words"), [("", SORRY), ("/fallback", "Hello")])
def test_documents_that_lead_to_each_other_for_ever_do_not_stop_the_clock(town, fallback, words):
    town.has_line(voice_fallback_url=fallback and town.at(fallback))
    town.answers("/voice", "<Redirect/>")
    town.answers("/fallback", HELLO)
    town.aiko.dials()
    assert (len(town.asked("/voice")), town.aiko.words) == (99, [words])


def test_an_answer_of_another_type_is_an_error_that_names_it(town):
    town.answers("/voice", Response('{"a": 1}', media_type="application/json"))
    town.aiko.dials()
    assert town.log()[0]["error"] == {
        "code": 12300,
        "message": "Content-Type application/json: neither TwiML, audio nor plain text.",
    }


def test_an_action_that_fails_is_an_application_error_too(town):
    town.answers("/voice", f'<Dial action="/after">{BEN}</Dial>')
    town.answers("/after", BROKEN)
    town.aiko.dials()
    town.ben.rejects()
    assert (town.aiko.words, codes(town, "/after")) == ([SORRY], [11200])


# ---- redirects and cookies ------------------------------------------------------------------------------------------


def to(place, status=302, **headers):
    return Response(status_code=status, headers={"location": place, **headers})


@pytest.mark.parametrize(("status", "method"), [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")])
def test_redirects_are_followed_as_a_browser_does(town, status, method):
    town.answers("/voice", to("/moved", status))
    town.answers("/moved", HELLO)
    town.aiko.dials()
    assert ([asked.method for asked in town.asked("/moved")], town.aiko.words) == ([method], ["Hello"])


def test_ten_redirects_are_followed_and_eleven_are_too_many(town):
    for place in range(1, 12):
        town.answers(f"/hop{place}", to(f"/hop{place + 1}") if place < 11 else HELLO)
    town.answers("/voice", to("/hop2"))
    town.aiko.dials()
    assert (town.aiko.words, len(town.application.requests)) == (["Hello"], 11)
    town.aiko.hangs_up()
    town.answers("/voice", to("/hop1"))
    town.aiko.dials()
    assert (town.aiko.words, len(town.application.requests)) == ([SORRY], 22)
    assert codes(town, "")[-1] == 11215


def test_what_is_relative_is_so_to_the_document_at_the_end_of_the_redirects(town):
    town.answers("/voice", to("/deep/voice", 307))
    town.answers("/deep/voice", "<Redirect>next</Redirect>")
    town.aiko.dials()
    assert len(town.asked("/deep/next")) == 1


def test_cookies_come_back_within_a_call_and_not_in_the_next(town):
    page = Response("<Response><Redirect>/next</Redirect></Response>", media_type="text/xml")
    page.set_cookie("visit", "42")
    town.answers("/voice", page)
    town.aiko.dials()
    town.carla.dials()
    cookies = [asked.headers.get("cookie") for asked in town.application.requests]
    assert cookies == [None, "visit=42", None, "visit=42"]


# ---- the log --------------------------------------------------------------------------------------------------------


def test_the_log_has_every_field_of_the_contract(town):
    town.answers("/voice", HELLO)
    sid = town.aiko.dials()
    (entry,) = town.get(f"/webhooks?call={sid}")["webhooks"]
    fields = "sequence call_sid method url params headers attempt status answer at milliseconds error"
    assert set(entry) == set(fields.split())
    assert (entry["call_sid"], entry["method"], entry["attempt"]) == (sid, "POST", 1)
    assert (entry["status"], entry["error"]) == (200, None)
    assert entry["answer"] == f"<Response>{HELLO}</Response>"
    assert entry["params"] == town.asked("/voice")[0].params
    for name in ("X-Twilio-Signature", "I-Twilio-Idempotency-Token"):
        assert entry["headers"][name] == town.asked("/voice")[0].headers[name.lower()]


def test_the_log_can_be_read_from_a_sequence_number_on_and_for_one_call():
    with alone() as town:
        town.has_line()
        town.answers("/voice", "<Redirect>/next</Redirect>")
        town.answers("/next", HELLO)
        one, another = town.aiko.dials(), town.carla.dials()
        numbers = [entry["sequence"] for entry in town.log()]
        assert numbers == [1, 2, 3, 4]
        assert town.get("/webhooks?since=0")["webhooks"] == town.log()
        assert [entry["sequence"] for entry in town.get(f"/webhooks?since={numbers[1]}")["webhooks"]] == numbers[2:]
        assert {entry["call_sid"] for entry in town.get(f"/webhooks?call={one}")["webhooks"]} == {one}
        assert town.get(f"/webhooks?call={another}&since={numbers[-1]}")["webhooks"] == []
