"""The legs of a call that the exchange makes, as Twilio asks for them: signed forms in, TwiML out."""

import base64
import io
import time
import wave
import xml.etree.ElementTree as ElementTree

import pytest

import status
import voice
from tests.integration.calls import Call
from tests.integration.conftest import Twilio
from toritsugi.bridges import commands, legs
from toritsugi.bridges.bounds import Bounds

WARNED = {"announcements": [{"before_end": 180, "say": "Three \x00minutes <left> & no more.", "language": "en-US"}]}
PRESSED = {"DialCallStatus": "answered", "CallStatus": "in-progress"}


@pytest.fixture
def call(desk, clock) -> Call:
    """A conference of half an hour, with a warning and one extension."""
    return desk.calls(extension={"minutes": 10}, **WARNED)


def asks(twilio, call, path, **fields):
    """The TwiML for a leg, or for the room."""
    answer = twilio.send(voice.handler, f"/voice/bridges/{call.sid}/{path}", {"CallSid": call.leg(1), **fields})
    assert answer["statusCode"] == 200
    return ElementTree.fromstring(answer["body"])


def words(twiml):
    return [said.text for said in twiml.iter("Say")]


def test_whoever_answers_enters_the_room_and_both_find_it_the_same(twilio, call):
    first, second = (asks(twilio, call, f"{place}/1/answered", CallStatus="in-progress") for place in (1, 2))
    rooms = [twiml.find("Dial/Conference") for twiml in (first, second)]
    assert rooms[0].text == rooms[1].text == call.sid
    assert rooms[0].attrib == rooms[1].attrib
    assert rooms[0].get("beep") == "false"
    assert first.find("Dial").get("hangupOnStar") == "true"


def test_a_star_after_the_warning_extends_and_the_same_request_again_gets_the_same_words(twilio, call, clock):
    call.begins(twilio)
    clock.shift(28 * 60)
    first, again = (asks(twilio, call, "1/1/left", **PRESSED) for _ in range(2))
    assert words(first) == words(again) == ["通話を10分延長しました。"]
    assert first.find("Dial/Conference").text == again.find("Dial/Conference").text == call.sid
    assert call.seen["extensions"] == 1


def test_a_star_before_the_warning_leads_back(twilio, call, clock):
    call.begins(twilio)
    clock.shift(60)
    assert words(asks(twilio, call, "1/1/left", **PRESSED)) == ["通話に戻ります。"]
    assert call.seen["extensions"] == 0


def test_whoever_answers_too_late_is_told(twilio, call):
    call.asks("DELETE", "")
    twiml = asks(twilio, call, "1/1/answered", CallStatus="in-progress")
    assert words(twiml) == ["この通話は終了しました。"]
    assert twiml[-1].tag == "Hangup"


def test_a_machine_is_hung_up_on_and_a_leg_that_has_ended_needs_no_words(twilio, call):
    assert [one.tag for one in asks(twilio, call, "1/1/answered", AnsweredBy="machine_start")] == ["Hangup"]
    assert len(asks(twilio, call, "1/1/left", CallStatus="completed")) == 0


def test_somebody_whose_language_only_their_own_voice_speaks_hears_our_sentences_in_english(desk, clock, twilio):
    french = {"language": "fr-FR", "voice": "Polly.Lea-Neural"}
    call = desk.calls(whisper="Bonjour.", accept=True, extension={"minutes": 1}, **french)
    said = asks(twilio, call, "1/1/answered", CallStatus="in-progress").iter("Say")
    assert [(one.text, one.get("language"), one.get("voice")) for one in said] == [
        ("Bonjour.", "fr-FR", "Polly.Lea-Neural"),
        ("You have a call. To be connected, press 1.", "en-US", "Polly.Joanna-Neural"),
    ]
    (warning,) = asks(twilio, call, "announcements/1").iter("Say")
    assert warning.text == "3 minutes left. To extend by 1 minute, press star."
    assert (warning.get("language"), warning.get("voice")) == ("en-US", "Polly.Joanna-Neural")


@pytest.mark.parametrize("language", ["ja", "en"])
def test_who_waits_hears_the_ring_tone_of_their_language_and_else_the_english_one(twilio, call, language):
    def played(code):
        answer = twilio.send(voice.handler, f"/voice/waiting/{code}", {"CallSid": call.leg(1)})
        return ElementTree.fromstring(answer["body"]).find("Play").text.partition("#")[0]

    assert played(language).endswith(f"/voice/ringing/{language}")
    assert played("xx").endswith("/voice/ringing/en")


def test_an_announcement_is_well_formed_whatever_is_in_its_words(twilio, call):
    assert words(asks(twilio, call, "announcements/1")) == ["Three minutes <left> & no more."]


ACCEPT = {"through": "dial", "accept": True, "whisper": "A call for you."}


def test_who_was_dialed_and_presses_a_1_is_put_through_and_with_any_other_key_asked_again(twilio, desk, clock):
    call = desk.calls(**ACCEPT)
    assert len(asks(twilio, call, "2/1/agreed", Digits="1")) == 0
    twiml = asks(twilio, call, "2/1/agreed", Digits="2")
    assert [one.tag for one in twiml] == ["Gather", "Hangup"]
    assert words(twiml) == ["A call for you.", "お電話です。おつなぎするには、1を押してください。"]
    assert twiml.find("Gather").get("action").split("#")[0].endswith(f"/voice/bridges/{call.sid}/2/1/agreed")
    assert [one.tag for one in asks(twilio, call, "2/1/whispered")] == ["Gather", "Hangup"]


@pytest.mark.parametrize(("left", "rings"), [(100, "25"), (12, "12"), (2, "5")])
def test_a_dialed_telephone_rings_as_long_as_was_wanted_and_the_session_lasts(twilio, desk, clock, left, rings):
    call = desk.calls(through="dial", ring_seconds=25)
    bridge, (first, *others) = commands.get_bridge(call.sid), commands.list_parties(commands.get_bridge(call.sid))
    door = legs.LegUrl(call.sid, 1, 1, "answered")
    turn = legs.LegContext(bridge, first, others, door, {}, Bounds(ends_at=time.time() + left), time.time())
    dial = ElementTree.fromstring(str(legs.answered(turn))).find("Dial")
    assert dial.get("timeout") == rings


def test_who_presses_a_1_when_it_is_over_is_put_through_to_nobody(twilio, desk, clock):
    call = desk.calls(accept=True)
    assert asks(twilio, call, "1/1/accepted", Digits="1").find("Dial") is not None
    assert [one.tag for one in asks(twilio, call, "1/1/accepted", Digits="2")] == ["Gather", "Hangup"]
    call.asks("DELETE", "")
    twiml = asks(twilio, call, "1/1/accepted", Digits="1")
    assert (words(twiml), twiml[-1].tag) == (["この通話は終了しました。"], "Hangup")


def test_who_was_dialed_when_it_is_over_hears_nothing_more(twilio, desk, clock):
    call = desk.calls(**ACCEPT)
    call.asks("DELETE", "")
    assert [one.tag for one in asks(twilio, call, "2/1/whispered")] == ["Hangup"]


def test_who_left_the_room_because_it_is_over_is_hung_up_on(twilio, call):
    call.begins(twilio)
    call.asks("DELETE", "")
    assert [one.tag for one in asks(twilio, call, "1/1/left", **PRESSED)] == ["Hangup"]


@pytest.mark.parametrize("path", ["1/1/nothing", "9/1/answered", "announcements/9", "x", "1/1/answered/x"])
def test_a_path_of_nobodys_says_a_sentence_and_hangs_up(twilio, call, path):
    twiml = asks(twilio, call, path)
    assert [one.tag for one in twiml] == ["Say", "Hangup"]
    assert words(twiml)[0]


def test_only_twilio_is_answered(call, twilio):
    stranger = Twilio("somebody else's token")
    for handler, path in (
        (voice.handler, f"/voice/bridges/{call.sid}/1/1/answered"),
        (voice.handler, f"/voice/bridges/{call.sid}/announcements/1"),
        (voice.handler, "/voice/waiting/ja"),
        (status.handler, f"/status/bridges/{call.sid}/1/1"),
        (status.handler, f"/status/bridges/{call.sid}/room"),
    ):
        assert stranger.send(handler, path, {"CallSid": call.leg(1)})["statusCode"] == 403


@pytest.mark.parametrize("country", ["ja", "en"])
def test_a_ring_tone_is_a_sound_that_any_telephone_plays(cloud, country):
    answer = voice.handler({"rawPath": f"/voice/ringing/{country}", "headers": {}}, None)
    with wave.open(io.BytesIO(base64.b64decode(answer["body"]))) as sound:
        assert (sound.getnchannels(), sound.getframerate()) == (1, 8000)
        assert 2 <= sound.getnframes() / sound.getframerate() <= 12
    assert answer["headers"]["content-type"] == "audio/wav"
    assert voice.handler({"rawPath": "/voice/ringing/xx", "headers": {}}, None)["statusCode"] == 404


# ---- round trips -----------------------------------------------------------------------------------------------------


def test_how_often_a_leg_goes_to_the_database(twilio, call, clock, wire):
    call.begins(twilio)
    clock.shift(28 * 60)
    taken = {}
    for name, ask in {
        "answered": lambda: asks(twilio, call, "1/1/answered", CallStatus="in-progress"),
        "announcement": lambda: asks(twilio, call, "announcements/1"),
        "star": lambda: asks(twilio, call, "1/1/left", **PRESSED),
        "hung up": lambda: asks(twilio, call, "1/1/left", CallStatus="completed"),
        "waiting": lambda: twilio.send(voice.handler, "/voice/waiting/ja", {"CallSid": call.leg(1)}),
        "ringing": lambda: voice.handler({"rawPath": "/voice/ringing/ja", "headers": {}}, None),
        "forged": lambda: Twilio("x").send(voice.handler, f"/voice/bridges/{call.sid}/1/1/answered", {}),
        "callback": lambda: call.tells(twilio, 1, "completed", CallDuration="60"),
        "room": lambda: call.happens(twilio, 5, "participant-leave", CallSid=call.leg(1)),
    }.items():
        with wire.counting() as trips, wire.counting("sqs") as sent:
            ask()
        taken[name] = (len(trips), len(sent))
    assert taken == {
        "answered": (1, 0),
        "announcement": (1, 0),
        "star": (3, 1),
        "hung up": (0, 0),
        "waiting": (0, 0),
        "ringing": (0, 0),
        "forged": (0, 0),
        "callback": (1, 1),
        "room": (1, 1),
    }


def test_a_callback_that_comes_twice_is_kept_once_and_one_without_sense_is_not(twilio, call):
    for _ in range(2):
        assert call.tells(twilio, 1, "ringing") == 204
    assert [one["event"] for one in call.seen["timeline"]] == ["ringing"]
    assert call.tells(twilio, 1, "exploded") == 204  # repeating it would make no more sense of it


@pytest.mark.parametrize(
    "missing", [{"ConferenceSid": ""}, {"StatusCallbackEvent": ""}, {"ConferenceSid": "", "StatusCallbackEvent": ""}]
)
def test_a_callback_that_does_not_say_of_which_conference_or_what_is_not_kept(twilio, call, missing):
    assert call.happens(twilio, 1, "participant-join", CallSid=call.leg(1), **missing) == 204
    assert call.seen["timeline"] == []


@pytest.mark.parametrize("path", ["x", "1", "1/1/x", "0/1/1/1"])
def test_a_callback_to_a_path_of_nobodys_is_not_repeated(twilio, call, path, logged):
    address = f"https://exchange.example.com/status/bridges/{call.sid}/{path}"
    assert twilio.reports(address, {"CallSid": call.leg(1), "CallStatus": "ringing"}) == 204
    assert "no bridge has this path" in logged()


@pytest.mark.parametrize("moment", ["", "yesterday", "Sat, 99 Nov 2026 02:59:40 +0000"])
def test_a_callback_without_a_good_time_counts_as_of_now(twilio, call, clock, moment):
    clock.shift(90)
    assert call.tells(twilio, 1, "ringing", Timestamp=moment) == 204
    assert [(one["event"], one["happened_at"]) for one in call.seen["timeline"]] == [
        ("ringing", "2026-11-21T03:01:30Z")
    ]
