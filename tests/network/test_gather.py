"""<Gather>, <Say>, <Play>, <Pause>, <Redirect>, <Reject>, <Hangup>: what a caller hears, and when."""

import pytest
from starlette.responses import Response

from tests.network.conftest import AIKO, LINE


def test_a_key_breaks_off_the_prompt_and_goes_to_the_action(network, app, aiko):
    app.on("/voice", '<Gather numDigits="1" action="/key"><Say>Press a key, whichever you like</Say></Gather>')
    app.on("/key", "<Say>Thank you</Say>")
    aiko.dials(network.line())
    network.forward(1)
    aiko.presses("7")
    assert [item["cut"] for item in aiko.heard] == [True, False]
    (params,) = app.asked("/key")
    assert (params["Digits"], params["FinishedOnKey"], params["msg"]) == ("7", "", "Gather End")
    assert params["CallStatus"] == "in-progress"


def test_the_finish_key_ends_the_number_and_is_not_part_of_it(network, app, aiko):
    app.on("/voice", '<Gather action="/key"/>')
    aiko.dials(network.line())
    aiko.presses("12")
    network.forward(4)
    aiko.presses("34#")
    (params,) = app.asked("/key")
    assert (params["Digits"], params["FinishedOnKey"]) == ("1234", "#")


def test_the_time_out_begins_after_the_prompt_and_again_with_each_key(network, app, aiko):
    app.on(
        "/voice",
        '<Gather timeout="4" action="/key"><Say>Forty-five letters take about three seconds.</Say></Gather>',
    )
    aiko.dials(network.line())
    network.forward(6)
    aiko.presses("1")
    network.forward(3)
    aiko.presses("2")
    assert app.asked("/key") == []
    network.forward(4)
    assert app.asked("/key")[0]["Digits"] == "12"


def test_without_a_key_the_next_verb_follows_and_nobody_is_asked(network, app, aiko):
    app.on("/voice", '<Gather timeout="2" action="/key"><Say>Press</Say></Gather><Say>Too late</Say>')
    aiko.dials(network.line())
    network.forward(3)
    assert app.asked("/key") == []
    assert aiko.words == ["say Press", "say Too late"]


def test_the_finish_key_alone_is_no_input(network, app, aiko):
    app.on("/voice", '<Gather action="/key"/><Say>Nothing</Say>')
    aiko.dials(network.line())
    aiko.presses("#")
    assert app.asked("/key") == []
    assert aiko.words == ["say Nothing"]


def test_an_empty_result_is_sent_if_it_is_wanted(network, app, aiko):
    app.on("/voice", '<Gather timeout="2" action="/key" actionOnEmptyResult="true"/>')
    aiko.dials(network.line())
    network.forward(2)
    assert app.asked("/key")[0]["Digits"] == ""


def test_without_an_action_the_same_document_is_asked_again(network, app, aiko):
    app.on("/voice", '<Gather numDigits="1"/>', "<Say>Again</Say>")
    aiko.dials(network.line())
    aiko.presses("1")
    assert [params.get("Digits") for params in app.asked("/voice")] == [None, "1"]


def test_keys_that_nobody_asked_for_are_lost(network, app, aiko):
    app.on(
        "/voice",
        '<Say>Sixty letters in this sentence take about four seconds, yes</Say><Gather numDigits="1" timeout="3"/>',
    )
    aiko.dials(network.line())
    aiko.presses("1")
    network.forward(5)
    assert len(app.asked("/voice")) == 1


def test_keys_pressed_beforehand_come_at_their_time(network, app, aiko):
    app.on("/voice", '<Gather numDigits="1" action="/first"/>')
    app.on("/first", '<Gather numDigits="1" action="/second"/>')
    aiko.behaves(presses="1ww2").dials(network.line())
    assert [params["Digits"] for params in app.asked("/first")] == ["1"]
    network.forward(1)
    assert [params["Digits"] for params in app.asked("/second")] == ["2"]


def test_words_take_their_time_and_japanese_ones_more(network, app, aiko):
    app.on("/voice", "<Say>Thirty letters take two seconds</Say><Say>これは十四文字の日本語の文。</Say><Say>Bye</Say>")
    sid = aiko.dials(network.line())
    network.forward(10)
    assert [round(item["second"], 2) for item in aiko.heard] == [0, 2.07, 4.07]
    assert round(network.leg(sid)["seconds"], 2) == 5.07


def test_a_sentence_is_repeated_as_often_as_asked(network, app, aiko):
    app.on("/voice", '<Say loop="3">Hello</Say>')
    aiko.dials(network.line())
    network.forward(10)
    assert aiko.words == ["say Hello"] * 3


def test_a_voice_that_does_not_have_the_language_says_nothing(network, app, aiko):
    app.on(
        "/voice", '<Say voice="Google.ja-JP-Neural2-B" language="en-US">No</Say><Say voice="Polly.Mizuki">はい</Say>'
    )
    sid = aiko.dials(network.line())
    assert aiko.words == ["say はい"]
    assert any("13512" in event["detail"] for event in network.leg(sid)["timeline"])


def test_whoever_hangs_up_in_the_middle_of_a_sentence_has_heard_it_broken_off(network, app, aiko):
    app.on("/voice", "<Say>A long sentence that will not be heard to its end by anybody</Say>")
    aiko.dials(network.line())
    network.forward(1)
    aiko.hangs_up()
    assert aiko.heard[0]["cut"]


def wav(seconds):
    rate = 8000
    data = b"\0" * int(rate * seconds)
    form = b"fmt " + (16).to_bytes(4, "little") + (1).to_bytes(2, "little") * 2 + rate.to_bytes(4, "little") * 2
    form += (1).to_bytes(2, "little") + (8).to_bytes(2, "little")
    body = b"WAVE" + form + b"data" + len(data).to_bytes(4, "little") + data
    return Response(b"RIFF" + len(body).to_bytes(4, "little") + body, media_type="audio/wav")


def test_a_file_plays_for_its_true_length(network, app, aiko):
    app.on("/voice", "<Play>/jingle.wav</Play><Say>Bye</Say>")
    app.on("/jingle.wav", wav(7.5))
    aiko.dials(network.line())
    network.forward(20)
    assert aiko.words == [f"play {network.url('/jingle.wav')}", "say Bye"]
    assert aiko.heard[1]["second"] == 7.5
    assert network.app.requests[1]["method"] == "GET"


def test_a_file_that_is_missing_is_passed_over_and_the_log_says_so(network, app, aiko):
    app.on("/voice", "<Play>/missing.wav</Play><Say>Bye</Say>")
    app.on("/missing.wav", Response(status_code=404))
    aiko.dials(network.line())
    assert aiko.words == ["say Bye"]
    assert network.webhooks("/missing")[0]["error"]["code"] == 11200


def test_played_digits_are_tones(network, app, aiko):
    app.on("/voice", '<Play digits="w12"/>')
    aiko.dials(network.line())
    network.forward(1)
    assert aiko.words == ["tone 12"]


def test_a_pause_at_the_beginning_does_not_answer(network, app, aiko):
    app.on("/voice", '<Pause length="6"/><Say>Now</Say>')
    sid = aiko.dials(network.line())
    assert aiko.state == "dialing"
    network.forward(6)
    assert aiko.state == "talking"
    network.forward(5)
    assert network.leg(sid)["seconds"] == 1


@pytest.mark.parametrize(("reason", "status"), [("busy", "busy"), ("rejected", "no-answer")])
def test_a_rejected_call_is_not_answered_and_not_billed(network, app, aiko, reason, status):
    app.on("/voice", f'<Reject reason="{reason}"/>')
    sid = aiko.dials(network.line())
    assert aiko.state == "idle"
    assert (network.leg(sid)["status"], network.leg(sid)["billed_minutes"]) == (status, 0)


def test_a_hangup_as_the_first_verb_answers_and_costs_a_minute(network, app, aiko):
    app.on("/voice", "<Hangup/>")
    sid = aiko.dials(network.line())
    assert (network.leg(sid)["status"], network.leg(sid)["billed_minutes"]) == ("completed", 1)


def test_a_redirect_is_relative_to_its_document_and_has_its_method(network, app, aiko):
    app.on("/deep/voice", '<Redirect method="GET">next?step=2</Redirect>')
    app.on("/deep/next", "<Say>Here</Say>")
    sid = aiko.dials(network.line(voice_url=network.url("/deep/voice")))
    assert aiko.words == ["say Here"]
    request = app.requests[1]
    assert (request["method"], request["params"]["step"], request["params"]["CallSid"]) == ("GET", "2", sid)
    assert request["signed"]


def test_what_was_executed_is_remembered_with_its_second(network, app, aiko):
    app.on("/voice", '<Say language="en-GB">Hi</Say><Pause length="2"/><Hangup/>')
    sid = aiko.dials(network.line())
    network.forward(3)
    assert network.leg(sid)["executed"] == [
        {"verb": "Say", "attributes": {"language": "en-GB"}, "text": "Hi", "second": 0},
        {"verb": "Pause", "attributes": {"length": "2"}, "text": "", "second": 1},
        {"verb": "Hangup", "attributes": {}, "text": "", "second": 3},
    ]


def test_a_number_of_ones_own_country_may_be_dialed_without_its_prefix(network, app, aiko):
    app.on("/voice", "<Say>Hello</Say>")
    network.line()
    aiko.dials("050-1234-5678")
    assert app.asked("/voice")[0]["To"] == LINE
    assert app.asked("/voice")[0]["From"] == AIKO
