"""Facts of <Say>, <Play>, <Pause>, <Redirect>, <Hangup>, and of the documents that hold them.

https://www.twilio.com/docs/voice/twiml
"""

import io
import wave

import pytest
from starlette.responses import Response

from tests.network.town import BEN, SORRY


def wav(seconds, rate=8000):
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(b"\0\0" * int(seconds * rate))
    return Response(file.getvalue(), media_type="audio/wav")


def lasts(town, document):
    """Seconds from the answer to the end."""
    town.answers("/voice", document)
    sid = town.aiko.dials()
    town.forward(100_000)
    return town.call(sid)["seconds"]


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("<Say>Hi</Say>", 1),
        (f"<Say>{'a' * 45}</Say>", 3),
        (f'<Say language="ja-JP">{"あ" * 21}</Say>', 3),
        (f'<Say loop="4">{"a" * 30}</Say>', 8),
        ('<Say>Hi</Say><Pause length="7"/>', 8),
        ("<Say>Hi</Say><Pause/>", 2),
        ('<Say>Hi</Say><Say loop="2">Ho</Say>', 3),
    ],
)
def test_speech_lasts_as_long_as_it_takes_to_say(town, said, seconds):
    assert lasts(town, said) == pytest.approx(seconds, abs=0.01)


def test_a_say_in_an_endless_loop_ends_after_a_thousand_times(town):
    assert lasts(town, '<Say loop="0">Hi</Say>') == pytest.approx(1000)
    assert len(town.aiko.words) == 1000


def test_a_say_in_an_endless_loop_ends_when_the_caller_hangs_up(town):
    town.answers("/voice", '<Say loop="0">Hi</Say>')
    town.aiko.dials()
    town.forward(9.5)
    town.aiko.hangs_up()
    assert (len(town.aiko.words), town.aiko.heard[-1]["cut"]) == (10, True)


def test_a_file_is_fetched_by_get_signed_and_lasts_its_true_length(town):
    town.answers("/music.wav", wav(7.5))
    assert lasts(town, "<Play>music.wav</Play>") == pytest.approx(7.5)
    assert [asked.method for asked in town.asked("/music.wav")] == ["GET"]
    assert [(item["kind"], item["text"]) for item in town.aiko.heard] == [("play", town.at("/music.wav"))]


def test_a_looped_file_is_heard_again(town):
    town.answers("/music.wav", wav(2))
    assert lasts(town, '<Play loop="3">/music.wav</Play>') == pytest.approx(6)


def mp3(*kbits, index=b"", tag=b""):
    """Frames of MPEG 1 at 44.1 kHz, each with its own bit rate; an index before them, tags around them."""
    rates = {32: 1, 64: 5, 128: 9, 320: 14}
    frames = [bytes([0xFF, 0xFB, rates[one] << 4, 0]) + bytes(144 * one * 1000 // 44100 - 4) for one in kbits]
    first = bytes([0xFF, 0xFB, 0x90, 0]) + bytes(32) + index + bytes(377) if index else b""
    before = b"ID3\x04\x00\x00" + bytes([0, 0, len(tag) >> 7, len(tag) & 127]) + tag if tag else b""
    return before + first + b"".join(frames) + (b"TAG" + bytes(125) if tag else b"")


@pytest.mark.parametrize(
    ("content", "kind", "seconds"),
    [
        (mp3(*[128] * 300), "audio/mpeg", 300 * 1152 / 44100),
        (mp3(*[32, 128, 320] * 100), "audio/mpeg", 300 * 1152 / 44100),  # of changing bit rate
        (mp3(*[64] * 300, index=b"Xing", tag=bytes(500)), "audio/mpeg", 300 * 1152 / 44100),
        (bytes(24000), "audio/ulaw", 3),
        (bytes(3300), "audio/gsm", 2),
        (b"FORM" + bytes(999), "audio/aiff", 5),  # it cannot be known here
        (b"RIFF", "audio/wav", 5),
        (b"\xff\xfb\xff\xff", "audio/mpeg", 5),
        (b"", "audio/mpeg", 5),
    ],
)
def test_every_kind_of_file_lasts_its_true_length_or_five_seconds_if_that_cannot_be_known(town, content, kind, seconds):
    town.answers("/music", Response(content, media_type=kind))
    assert lasts(town, "<Play>/music</Play>") == pytest.approx(seconds, abs=0.001)


def test_a_file_may_lie_behind_a_long_signed_address_that_redirects_and_nothing_of_it_changes(town):
    signed = "/bucket/greeting%20one.wav?X-Amz-Credential=AKIA%2F20261121%2Fs3&X-Amz-Expires=300&X-Amz-Signature=0f"
    town.answers("/audio", Response(status_code=307, headers={"location": town.at(signed)}))
    town.answers("/bucket/greeting one.wav", wav(3))
    assert lasts(town, "<Play>/audio#rc=2</Play>") == pytest.approx(3)
    (asked,) = town.asked("/bucket/greeting one.wav")
    assert (asked.method, asked.url) == ("GET", town.at(signed))
    town.answers("/voice", f"<Play>{town.at(signed).replace('&', '&amp;')}</Play>")
    town.aiko.dials()
    assert town.asked("/bucket/greeting one.wav")[-1].url == town.at(signed)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Response(status_code=404), 11200),
        (Response(b"<Error/>", media_type="application/xml"), 12300),
        (Response(b"RIFF", media_type="application/octet-stream"), 12300),
        (Response(b"OggS", media_type="audio/ogg"), 12300),
    ],
)
def test_a_file_that_is_missing_or_none_is_an_error_in_the_log_and_the_call_goes_on(town, answer, code):
    town.answers("/music", answer)
    town.answers("/voice", "<Play>/music</Play><Say>And now</Say>")
    sid = town.aiko.dials()
    assert [(item["kind"], item["text"]) for item in town.aiko.heard] == [("say", "And now")]
    assert town.log("/music")[-1]["error"]["code"] == code
    assert [one["detail"][:5] for one in town.call(sid)["timeline"] if one["event"] == "error"] == [str(code)]


def test_an_answer_that_is_audio_is_played_and_then_the_call_ends(town):
    assert lasts(town, wav(3)) == pytest.approx(3)
    assert (town.aiko.sounds, town.aiko.state) == ([f"play {town.at('/voice')}"], "idle")
    assert len(town.asked("/voice")) == 1, "it is not fetched again"


def test_played_digits_are_tones(town):
    town.answers("/voice", '<Play digits="w12"/>')
    town.aiko.dials()
    town.forward(1)
    assert town.aiko.sounds == ["tone 12"]


@pytest.mark.parametrize("kind", ["text/xml", "application/xml; charset=utf-8", "text/html", "text/plain"])
def test_three_content_types_are_twiml_and_so_is_plain_text_that_can_be_read_so(town, kind):
    town.answers("/voice", Response("<Response><Say>Hello</Say></Response>", headers={"content-type": kind}))
    town.aiko.dials()
    assert town.aiko.words == ["Hello"]


def test_other_plain_text_is_spoken_and_then_the_call_ends(town):
    assert lasts(town, Response("Just words & so on", media_type="text/plain")) == pytest.approx(18 / 15)
    assert (town.aiko.words, town.aiko.state) == (["Just words & so on"], "idle")


def test_xml_comments_and_declarations_are_allowed(town):
    text = '<?xml version="1.0" encoding="UTF-8"?>\n<!-- a --><Response><!-- b --><Say>Hel<!-- c -->lo</Say></Response>'
    town.answers("/voice", Response(text, media_type="text/xml"))
    town.aiko.dials()
    assert town.aiko.words == ["Hello"]


def test_an_empty_document_ends_the_call(town):
    assert lasts(town, "") == 0
    assert town.aiko.state == "idle"


def test_a_redirect_is_a_post_with_the_standard_parameters_and_relative(town):
    town.has_line(voice_url=town.at("/a/b/voice"))
    town.answers("/a/b/voice", "<Redirect>../next?x=1&amp;y=2</Redirect>")
    town.answers("/a/next", "<Say>Here</Say>")
    sid = town.aiko.dials()
    (asked,) = town.asked("/a/next")
    assert (asked.method, asked["CallSid"], asked.url) == ("POST", sid, town.at("/a/next?x=1&y=2"))
    assert town.aiko.words == ["Here"]


def test_a_redirect_may_be_a_get(town):
    town.answers("/voice", '<Redirect method="GET">next?step=2</Redirect>')
    town.answers("/next", "<Say>Here</Say>")
    sid = town.aiko.dials()
    (asked,) = town.asked("/next")
    assert (asked.method, asked["step"], asked["CallSid"], town.aiko.words) == ("GET", "2", sid, ["Here"])


def test_verbs_after_a_redirect_and_after_a_hangup_are_unreachable(town):
    town.answers("/voice", "<Redirect>/next</Redirect><Say>Never</Say>")
    town.answers("/next", "<Say>Here</Say><Hangup/><Say>Never</Say>")
    town.aiko.dials()
    town.forward(9)
    assert (town.aiko.words, town.aiko.state) == (["Here"], "idle")


def test_an_empty_redirect_asks_for_the_current_document_again(town):
    town.answers("/voice", "<Say>First</Say><Redirect/>", "<Say>Second</Say>")
    town.aiko.dials()
    town.forward(1)
    assert town.aiko.words == ["First", "Second"]


def test_what_was_executed_is_kept_with_its_second(town):
    town.answers(
        "/voice", f'<Say language="en-GB">Hello</Say><Pause length="2"/><Dial timeout="5">{BEN}</Dial><Hangup/>'
    )
    sid = town.aiko.dials()
    town.forward(30)
    assert town.call(sid)["executed"] == [
        {"verb": "Say", "attributes": {"language": "en-GB"}, "text": "Hello", "second": 0},
        {"verb": "Pause", "attributes": {"length": "2"}, "text": "", "second": 1},
        {"verb": "Dial", "attributes": {"timeout": "5"}, "text": BEN, "second": 3},
        {"verb": "Hangup", "attributes": {}, "text": "", "second": 13},
    ]


def test_each_item_is_heard_from_its_second_on(town):
    town.answers("/voice", '<Say>One</Say><Pause length="4"/><Say>Two</Say>')
    town.aiko.dials()
    town.forward(5)
    assert [(item["text"], item["second"]) for item in town.aiko.heard] == [("One", 0), ("Two", 5)]


# ---- what is wrong --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "code", "words"),
    [
        ("<say>Hello</say>", 12200, "written Say"),
        ("<Say>Hello", 12100, "well-formed"),
        ("<Enqueue>support</Enqueue>", 12200, "does not build it yet"),
    ],
)
def test_a_document_that_is_refused_is_in_the_log_and_the_caller_hears_of_it(town, document, code, words):
    """What is refused, and in which words: test_twiml."""
    town.answers("/voice", document)
    town.aiko.dials()
    error = town.log("/voice")[0]["error"]
    assert (error["code"], words in error["message"], town.aiko.words) == (code, True, [SORRY])


NO_ADDRESSES = [
    "http://[", "ftp://example.com/x", "http://example.com:99999/", "http://exa_mple:port/", "javascript:1",
    "http://\u3042:0x/", "https://[::1", "http://x/#rc=9",
]  # fmt: skip
NOBODY_THERE = ["http://a b/", "http://127.0.0.1:0/"]


@pytest.mark.parametrize("url", NO_ADDRESSES + NOBODY_THERE)
@pytest.mark.parametrize(
    "document",
    [
        "<Redirect>{}</Redirect>",
        '<Gather numDigits="1" action="{}"/>',
        '<Dial action="{}">+819012340002</Dial>',
        '<Dial><Number url="{}">+819012340002</Number></Dial>',
        '<Dial><Number statusCallback="{}">+819012340002</Number></Dial>',
        "<Play>{}</Play>",
    ],
)
def test_an_address_that_is_none_ends_in_an_error_and_not_in_silence(town, document, url):
    town.ben.behaves("at once", after=1)
    town.answers("/voice", document.format(url))
    sid = town.aiko.dials()
    if "Gather" in document:
        town.aiko.presses("1")
    town.forward(3)
    if town.ben.state != "idle":
        town.ben.hangs_up()
    town.forward(100)
    assert (town.aiko.state, town.ben.state) == ("idle", "idle")
    family = [sid] + [one.sid for one in town.twilio.calls.list(to=BEN)]
    seen = [event["detail"] for one in family for event in town.call(one)["timeline"] if event["event"] == "error"]
    assert seen or any(entry["error"] for entry in town.log()) or "statusCallback" in document
    if "Redirect" in document:
        assert (town.aiko.words, seen[0][:5]) == ([SORRY], "11100" if url in NO_ADDRESSES else "11205")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("<Say/>", 13520),
        ('<Say voice="Polly.Mizuki" language="en-GB">Hello</Say>', 13512),
        ('<Say voice="Google.ja-JP-Neural2-B" language="en-US">Hello</Say>', 13512),
    ],
)
def test_a_say_that_cannot_be_said_is_passed_over_and_the_log_says_why(town, said, code):
    town.answers("/voice", f'{said}<Say voice="Polly.Mizuki">はい</Say>')
    sid = town.aiko.dials()
    assert (town.aiko.words, town.log()[0]["error"]["code"]) == (["はい"], code)
    assert any(str(code) in event["detail"] for event in town.call(sid)["timeline"])
