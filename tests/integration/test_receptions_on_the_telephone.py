"""What a telephone hears of a reception: signed forms in, TwiML out, and how often the database is asked."""

import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import voice
from tests.integration.conftest import AIKO, LINES, incoming
from toritsugi.callers.caller import Caller, caller_key
from toritsugi.foundation import sealing
from toritsugi.lines.lines import Line, line_key
from toritsugi.receptions import records

LINE, CALL = LINES[0], "CA" + "1" * 32
PROMPT = {"seconds": 5, "retries": 2, "otherwise": "bye"}
DOCUMENT = {
    "language": "ja-JP",
    "timezone": "Asia/Tokyo",
    "start": "welcome",
    "steps": {
        "welcome": {
            "kind": "greet",
            "greet": "{name}様、{company}",
            "unknown": "こんにちは。{date}{weekday}{time}",
            "next": "menu",
        },
        "menu": {
            "kind": "menu",
            "menu": "番号を。",
            "keys": {"1": "parcel", "2": "person", "3": "message"},
            "spoken": {"伝言": "message"},
            **PROMPT,
        },
        "parcel": {
            "kind": "gather",
            "gather": "伝票番号を。",
            "digits": {"least": 4, "most": 12},
            "confirm": True,
            "next": "read",
            **PROMPT,
        },
        "read": {"kind": "say", "say": "{digits}ですね。{number}"},
        "person": {
            "kind": "transfer",
            "transfer": ["+81312345678", "+81312345679"],
            "together": False,
            "seconds": 20,
            "accept": True,
            "whisper": "{name}様 {number}",
            "record": {"notice": "録音します。", "refuse": "9"},
            "otherwise": "message",
        },
        "message": {"kind": "voicemail", "voicemail": "どうぞ。", "seconds": 60, "silence": 5, "next": "bye"},
        "note": {
            "kind": "voicemail",
            "voicemail": "メモを。",
            "seconds": 60,
            "silence": 5,
            "otherwise": "menu",
            "next": "bye",
        },
        "bye": {"kind": "hangup", "hangup": True},
    },
    "texts": [],
}

DEEDS = ["chosen", "keyed", "confirmed", "noticed", "dialed", "refused", "whispered", "told", "agreed", "agreed-told"]
DEEDS += ["recorded", "silent", "nothing"]


@pytest.fixture
def line(cloud):
    records._remembered_documents.clear()
    key = {"number_sid": "PN" + "1" * 32, "former": {}}
    Line(*line_key(LINE), **key, reception="desk", version=1, document=DOCUMENT).save()
    text = {"source": "", "content_type": "application/yaml", "date_created": 0}
    records.Version("desk", records.version_entry(1), version=1, document=DOCUMENT, **text).save()


def known(**about):
    with Caller.batch_write() as callers:  # whatever was there before
        callers.save(Caller(*caller_key(AIKO), date_created=0, date_updated=0, **about))


def does(twilio, place, **fields):
    """The TwiML after a deed at a step."""
    path = f"/voice/receptions/desk/1/ja-JP/{place}"
    answer = twilio.send(voice.handler, path, incoming(AIKO, LINE, CALL) | {"CallStatus": "in-progress"} | fields)
    assert answer["statusCode"] == 200
    return ElementTree.fromstring(answer["body"])


def words(twiml):
    return [said.text for said in twiml.iter("Say")]


# ---- round trips -----------------------------------------------------------------------------------------------------


def test_the_greeting_and_the_menu_after_it_cost_one_round_trip(line, twilio, wire):
    known(name="山田")
    with wire.counting() as operations:
        twiml = twilio.calls(LINE, AIKO)
    assert words(twiml) == ["山田様、", "番号を。"]
    assert operations == ["BatchGetItem"]


def test_a_menu_step_costs_none(line, twilio, wire):
    twilio.calls(LINE, AIKO)
    with wire.counting() as operations:
        assert words(does(twilio, "menu/chosen/0", Digits="3")) == ["どうぞ。"]
    assert operations == []


def test_a_process_that_has_not_seen_this_version_reads_it_once(line, twilio, wire):
    with wire.counting() as operations:
        for _ in range(3):
            does(twilio, "menu/chosen/0", Digits="3")
    assert operations == ["GetItem"]


def test_a_whisper_that_names_the_caller_looks_them_up(line, twilio, wire):
    known(name="山田")
    twilio.calls(LINE, AIKO)
    sealed = sealing.seal(AIKO + LINE, CALL)
    leg = {"CallSid": "CA" + "2" * 32, "ParentCallSid": CALL, "From": LINE, "To": "+81312345678"}
    with wire.counting() as operations:
        twiml = does(twilio, f"person/told/0/{sealed}", **leg)
    assert words(twiml)[:2] == ["録音します。", "山田様 0 9 0 1 1 1 1 0 0 0 1"]
    assert operations == ["BatchGetItem"]


# ---- languages -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("locale", ["ja-JP", "en-US"])
def test_what_goes_wrong_in_the_middle_of_a_call_is_said_in_the_language_of_the_call(line, twilio, locale):
    path = f"/voice/receptions/desk/1/{locale}/nowhere/chosen/0"
    twiml = ElementTree.fromstring(twilio.send(voice.handler, path, incoming(AIKO, LINE, CALL))["body"])
    assert [said.get("language") for said in twiml.iter("Say")] == [locale]


def test_a_call_that_began_in_a_language_which_is_not_spoken_any_more_goes_on(line, twilio):
    path = "/voice/receptions/desk/1/xx-XX/menu/chosen/0"
    twiml = ElementTree.fromstring(
        twilio.send(voice.handler, path, incoming(AIKO, LINE, CALL) | {"Digits": "3"})["body"]
    )
    assert [(said.text, said.get("language")) for said in twiml.iter("Say")] == [("どうぞ。", "ja-JP")]


# ---- deeds -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("digits", ["123", "1234567890123", "12a4", "١٢٣٤", "", "1" * 5000])
def test_digits_that_are_too_few_too_many_or_none_are_asked_for_again(line, twilio, digits):
    assert words(does(twilio, "parcel/keyed/0", Digits=digits))[-1] == "伝票番号を。"
    assert does(twilio, "parcel/keyed/2", Digits=digits).find("Hangup") is not None


def test_digits_are_read_back_and_the_right_ones_come_out(line, twilio):
    asked = does(twilio, "parcel/keyed/0", Digits="1234").find("Gather")
    assert "1 2 3 4" in asked.find("Say").text
    path = asked.get("action").removeprefix("https://exchange.example.com").partition("#")[0]
    answer = twilio.send(voice.handler, path, incoming(AIKO, LINE, CALL) | {"Digits": "1"})
    assert "1 2 3 4ですね。" in answer["body"]


def test_the_digits_of_another_call_are_not_taken(line, twilio):
    sealed = sealing.seal("1234", "CA" + "9" * 32)
    assert words(does(twilio, f"parcel/confirmed/0/{sealed}", Digits="1")) == ["伝票番号を。"]


def test_the_same_request_again_gets_the_same_twiml(line, twilio):
    first, second = (does(twilio, "parcel/keyed/0", Digits="1234") for _ in range(2))
    assert ElementTree.tostring(first) == ElementTree.tostring(second)


def test_who_knows_the_menu_need_not_listen_to_the_greeting(line, twilio):
    [gather] = twilio.calls(LINE, AIKO)
    assert [said.text[:3] for said in gather] == ["こんに", "番号を"]


def test_no_key_cuts_short_that_it_is_recorded(line, twilio):
    sealed = sealing.seal(AIKO + LINE, CALL)
    leg = {"ParentCallSid": CALL, "From": LINE, "To": "+81312345678"}
    for twiml in (does(twilio, "menu/chosen/0", Digits="2"), does(twilio, f"person/told/0/{sealed}", **leg)):
        assert [one.tag for one in twiml][:2] == ["Say", "Gather"]
        assert twiml.find("Say").text == "録音します。"


def test_silence_is_not_called_wrong(line, twilio):
    assert words(does(twilio, "menu/chosen/0", Digits="")) == ["番号を。"]
    assert words(does(twilio, "menu/chosen/0", Digits="8")) == ["もう一度お願いいたします。", "番号を。"]


def test_whoever_is_called_and_does_not_press_a_1_hears_again_that_it_is_recorded(line, twilio):
    sealed = sealing.seal(AIKO + LINE, CALL)
    leg = {"CallSid": "CA" + "2" * 32, "ParentCallSid": CALL, "From": LINE, "To": "+81312345678"}
    asked = does(twilio, f"person/told/0/{sealed}", **leg).find("Gather").get("action")
    again = does(twilio, asked.partition("/ja-JP/")[2].partition("#")[0], **leg, Digits="5")
    assert "録音します。" in words(again)
    assert not list(does(twilio, f"person/agreed-told/0/{sealed}", **leg, Digits="1"))


def test_who_leaves_no_message_is_led_elsewhere(line, twilio):
    assert words(does(twilio, "note/silent/0")) == ["番号を。"]
    assert does(twilio, "note/recorded/0", Digits="#").find("Hangup") is not None


@pytest.mark.parametrize("status", ["completed", "canceled"])
def test_when_the_caller_is_gone_nothing_more_is_dialed(line, twilio, status):
    assert not list(does(twilio, "person/dialed/0", CallStatus=status, DialCallStatus="no-answer"))


def test_one_who_hangs_up_while_speaking_is_not_spoken_to(line, twilio):
    assert not list(does(twilio, "message/recorded/0", Digits="hangup", RecordingUrl="https://example.com/x"))


def test_a_recorded_conversation_tells_its_own_callback_and_no_number_stands_in_a_url(line, twilio):
    twiml = does(twilio, "person/noticed/0", Digits="")
    dial = twiml.find("Dial")
    assert dial.get("record") == "record-from-answer-dual"
    assert dial.get("callerId") == LINE
    urls = [value for one in twiml.iter() for value in one.attrib.values() if "://" in value]
    assert len(urls) == 3
    assert not [url for url in urls if AIKO[1:] in url or LINE[1:] in url or "81312345678" in url]


def test_who_refuses_is_dialed_without_a_recording_and_nobody_is_told_of_one(line, twilio):
    dial = does(twilio, "person/noticed/0", Digits="9").find("Dial")
    assert dial.get("record") is None
    assert "/whispered/" in dial.find("Number").get("url")
    again = does(twilio, "person/refused/0", DialCallStatus="busy").find("Dial")
    assert (again.get("record"), again.find("Number").text) == (None, "+81312345679")


@pytest.mark.parametrize("path", ["nowhere/chosen/0", "menu/keyed/0", "menu/chosen", "menu/chosen/100", "../x/y/0"])
def test_a_path_that_no_reception_has_is_answered_with_a_sentence(line, twilio, path):
    assert "おつなぎできません" in words(does(twilio, path))[0]


# ---- whatever comes --------------------------------------------------------------------------------------------------

ANYTHING = st.text(max_size=60) | st.sampled_from(["1", "2", "9", "hangup", "completed", "1234", "伝言", AIKO, ""])
FIELDS = st.dictionaries(
    st.sampled_from(
        ["Digits", "SpeechResult", "From", "CallStatus", "DialCallStatus", "ParentCallSid", "RecordingUrl"]
    ),
    ANYTHING,
)
STEPS = st.sampled_from([*DOCUMENT["steps"], "nowhere"])
ALLOWED = {"Response", "Say", "Play", "Gather", "Dial", "Number", "Record", "Redirect", "Hangup"}


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    STEPS,
    st.sampled_from(DEEDS),
    st.integers(0, 99),
    st.sampled_from(["", "/x", "/" + "A" * 40]) | st.just("sealed"),
    FIELDS,
    st.text(max_size=40),
)
def test_whatever_comes_a_telephone_gets_words(line, twilio, step, deed, turn, sealed, fields, name):
    """200 requests of every kind, from callers of every name."""
    known(name=name, company=name)
    sealed = "/" + sealing.seal("1234", CALL) if sealed == "sealed" else sealed
    twiml = does(twilio, f"{step}/{deed}/{turn}{sealed}", **fields)
    assert {one.tag for one in twiml.iter()} <= ALLOWED
    assert len(ElementTree.tostring(twiml)) < 65_536
