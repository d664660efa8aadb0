"""The reader of TwiML: what Twilio refuses is refused, with its code and a sentence that says what is wrong."""

import pytest

from local.network.calls import verbs
from local.network.refusals import Failure
from local.network.twiml import grammar
from local.network.twiml.reader import inline, read


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("<Response><Say>Hello</Response>", 12100, "well-formed"),
        ("", 12100, "well-formed"),
        ("Hello", 12100, "well-formed"),
        ("<Say>Hello</Say>", 12100, "not <Say>"),
        ("<response/>", 12100, "<Response>"),
        (" \n<?xml version='1.0'?><Response/>", 12100, "not at start"),
        ("<!DOCTYPE Response [<!ENTITY a 'b'>]><Response/>", 12100, "document type"),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]><Response><Say>&a;</Say></Response>", 12100, "document type"),
        ("<Response><Sya>Hello</Sya></Response>", 12200, "no <Sya>"),
        ("<Response><say>Hello</say></Response>", 12200, "written Say"),
        ("<Response><SAY>Hello</SAY></Response>", 12200, "written Say"),
        ("<Response><Say Voice='man'>Hello</Say></Response>", 12200, "written voice"),
        ("<Response><Gather numdigits='1'/></Response>", 12200, "written numDigits"),
        ("<Response><Dial CallerId='+815031230001'>+819022220002</Dial></Response>", 12200, "written callerId"),
        ("<Response><Say volume='9'>Hello</Say></Response>", 12200, "no attribute 'volume'"),
        ("<Response>Hello</Response>", 12200, "text between"),
        ("<Response><Say>Hello</Say>and more</Response>", 12200, "and more"),
        ("<Response><Dial><Say>Hello</Say></Dial></Response>", 12200, "not allowed in <Dial>"),
        ("<Response><Gather><Dial>+819022220002</Dial></Gather></Response>", 12200, "not allowed in <Gather>"),
        ("<Response><Gather><Conference>room</Conference></Gather></Response>", 12200, "not allowed in <Gather>"),
        ("<Response><Gather><Hangup/></Gather></Response>", 12200, "not allowed in <Gather>"),
        ("<Response><Gather><Redirect>/x</Redirect></Gather></Response>", 12200, "not allowed in <Gather>"),
        ("<Response><Gather><Gather/></Gather></Response>", 12200, "not allowed in <Gather>"),
        ("<Response><Number>+819022220002</Number></Response>", 12200, "not allowed at the top"),
        ("<Response><Say>Hello</Say><Reject/></Response>", 12200, "first verb"),
        (
            "<Response><Dial timeout='soon'>+819022220002</Dial></Response>",
            13212,
            'timeout="soon" of <Dial> is not a',
        ),
        ("<Response><Dial method='PUT'>+819022220002</Dial></Response>", 12200, "method"),
        ("<Response><Dial></Dial></Response>", 12200, "<Dial>"),
        ("<Response><Pause length='-1'/></Response>", 13410, "length"),
        ("<Response><Dial>+819022220002<Number>+819022220002</Number></Dial></Response>", 12200, "either"),
        (f"<Response><Dial>{'<Number>+819022220002</Number>' * 11}</Dial></Response>", 12200, "at most ten"),
        ("<Response><Gather numDigits='0'/></Response>", 13313, "from 1"),
        ("<Response><Gather numDigits='many'/></Response>", 13313, '"many" of <Gather> is not a whole number'),
        ("<Response><Reject reason='tired'/></Response>", 13710, "one of rejected, busy"),
        (f"<Response><Say>{'a' * 65536}</Say></Response>", 11750, "65536"),
    ],
)
def test_what_twilio_refuses_is_refused(text, code, words):
    with pytest.raises(Failure) as failure:
        read(text)
    assert failure.value.code == code
    assert words in failure.value.message


@pytest.mark.parametrize(
    "text",
    [
        "<Record transcribe='true'/>",
        "<Enqueue>support</Enqueue>",
        "<Pay/>",
        "<Sms>Hello</Sms>",
        "<Start><Stream url='wss://example.com'/></Start>",
        "<Dial><Conference record='record-from-start'>room</Conference></Dial>",
        "<Dial><Client>alice</Client></Dial>",
        "<Dial><Sip>sip:a@example.com</Sip></Dial>",
        "<Dial><Queue>support</Queue></Dial>",
        "<Dial recordingTrack='inbound'>+819022220002</Dial>",
        "<Dial><Number byoc='BY1'>+819022220002</Number></Dial>",
        "<Gather input='speech' partialResultCallback='/partial'/>",
        "<Gather input='dtmf speech' bargeIn='false'/>",
    ],
)
def test_what_is_not_built_fails_by_its_name(text):
    with pytest.raises(Failure, match="exists at Twilio, but this network does not build it yet"):
        read(f"<Response>{text}</Response>")


def test_defaults_are_twilios():
    (dial,) = read("<Response><Dial>+819022220002</Dial></Response>")
    assert dial.values == {
        "action": None,
        "method": "POST",
        "answerOnBridge": False,
        "callerId": None,
        "timeout": 30,
        "timeLimit": 14400,
        "hangupOnStar": False,
        "ringTone": "",
        "sequential": False,
        "record": "do-not-record",
        "trim": "do-not-trim",
        "recordingStatusCallback": None,
        "recordingStatusCallbackMethod": "POST",
        "recordingStatusCallbackEvent": ["completed"],
    }
    (gather,) = read("<Response><Gather/></Response>")
    assert (gather["timeout"], gather["numDigits"], gather["finishOnKey"]) == (5, None, "#")
    assert gather["actionOnEmptyResult"] is False


def test_the_tags_of_speech_synthesis_leave_the_words():
    (say,) = read("<Response><Say>One <emphasis>two</emphasis> <!-- no --> three</Say></Response>")
    assert say.text == "One two three"


def test_an_inline_document_has_no_relative_addresses():
    with pytest.raises(Failure) as failure:
        inline("<Response><Dial action='/after'>+819022220002</Dial></Response>")
    assert failure.value.code == 11100
    assert inline("<Response><Dial action='https://example.com/after'>+819022220002</Dial></Response>")


def test_whatever_verb_is_read_a_call_can_do():
    assert {*grammar.VERBS} == verbs.VERBS.keys() <= grammar.RULES.keys()
