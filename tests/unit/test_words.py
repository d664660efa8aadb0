"""What is said and written: sentences in two languages, TwiML that is always well formed, codes in Twilio's shape."""

import re
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twilio.twiml.voice_response import VoiceResponse

from toritsugi.adapters import webhooks
from toritsugi.bridges import words as bridges
from toritsugi.foundation import config, errors
from toritsugi.foundation.errors import CallRefused, ToritsugiError

ANY_TEXT = st.text(st.characters(exclude_categories=()))  # lone surrogates and control characters too


def everything(base):
    return [base, *(deeper for child in base.__subclasses__() for deeper in everything(child))]


SPOKEN = [error for error in everything(ToritsugiError) if error is not errors.RequestRefused]


@pytest.mark.parametrize("error", SPOKEN, ids=lambda error: error.__name__)
def test_every_reason_is_said_in_japanese_and_in_english(error):
    assert re.search("[ぁ-ん]", error.spoken["ja"])
    assert error.spoken["en"].isascii()
    assert error.spoken["en"].endswith(".")
    assert error.spoken["ja"].endswith("。")


def test_every_reason_why_a_call_is_refused_has_its_own_sentence():
    reasons = everything(CallRefused)[1:]
    assert len(reasons) >= 7
    assert (
        len({error.spoken["ja"] for error in reasons}) == len({error.spoken["en"] for error in reasons}) == len(reasons)
    )


@pytest.mark.parametrize(
    ("called", "language"), [("+815010000001", "ja-JP"), ("+16175550100", "en-US"), ("", "en-US"), ("+8", "en-US")]
)
def test_the_language_is_that_of_the_called_numbers_country(called, language):
    assert ToritsugiError().said_to(called) == (language, ToritsugiError.spoken[language[:2]])


def test_no_sentence_gives_a_number_away():
    assert not any(re.search(r"\d{5}", sentence) for error in SPOKEN for sentence in error.spoken.values())


@given(ANY_TEXT)
@settings(deadline=None)
def test_twiml_is_well_formed_whatever_is_said(text):
    response = VoiceResponse()
    response.say(text)
    response.hangup()
    tree = ElementTree.fromstring(webhooks.twiml(response)["body"].encode())
    assert [verb.tag for verb in tree] == ["Say", "Hangup"]
    assert len(tree.find("Say")) == 0


@given(ANY_TEXT)
@settings(deadline=None)
def test_twiml_is_well_formed_whatever_stands_in_an_attribute(text):
    response = VoiceResponse()
    response.redirect("/voice", method=text)
    tree = ElementTree.fromstring(webhooks.twiml(response)["body"].encode())
    assert [verb.tag for verb in tree] == ["Redirect"]


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Co"))))
@settings(deadline=None)
def test_what_can_be_said_is_said_as_it_is(text):
    response = VoiceResponse()
    response.say(text)
    assert (ElementTree.fromstring(webhooks.twiml(response)["body"]).find("Say").text or "") == text


@pytest.mark.parametrize(
    ("seconds", "japanese", "english"),
    [
        (180, "3分", "3 minutes"),
        (60, "1分", "1 minute"),
        (90, "1分30秒", "1 minute 30 seconds"),
        (61, "1分1秒", "1 minute 1 second"),
        (45, "45秒", "45 seconds"),
        (120, "2分", "2 minutes"),
    ],
)
def test_a_time_is_said_as_people_say_it(seconds, japanese, english):
    assert bridges.duration(seconds, "ja-JP") == japanese
    assert bridges.duration(seconds, "en-GB") == english


def test_a_warning_offers_more_time_where_there_is_some():
    assert bridges.warning(180, "en-US", 0) == "3 minutes left."
    assert bridges.warning(180, "en-US", 10) == "3 minutes left. To extend by 10 minutes, press star."
    assert bridges.warning(60, "ja-JP", 0) == "通話の残り時間は、あと1分です。"


def test_a_name_that_the_environment_lacks_is_told():
    assert config.read("SERVICES_TABLE") == config.SERVICES_TABLE
    with pytest.raises(RuntimeError, match="The environment lacks NOTHING_OF_OURS"):
        config.read("NOTHING_OF_OURS")
