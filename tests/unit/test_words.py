"""What is said and written: sentences in every language, whose language counts, TwiML that is always well formed."""

import re
import xml.etree.ElementTree as ElementTree
from datetime import datetime
from string import Formatter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from twilio.twiml.voice_response import VoiceResponse

from tests.conftest import ROOT
from toritsugi import words
from toritsugi.adapters import webhooks
from toritsugi.bridges import agenda, announcements, legs, schemas
from toritsugi.callers.index import fold_kana
from toritsugi.foundation import config, errors, voices
from toritsugi.foundation.errors import CallRefused, ToritsugiError
from toritsugi.masking import relaying, routes
from toritsugi.masking import terms as masked_terms
from toritsugi.masking.pins import PinTurn
from toritsugi.messages import opt_out
from toritsugi.receptions.answering.visits import VisitPlace
from toritsugi.receptions.authoring import terms
from toritsugi.words.en import ENGLISH

ANY_TEXT = st.text(st.characters(exclude_categories=()))  # lone surrogates and control characters too


def everything(base):
    return [base, *(deeper for child in base.__subclasses__() for deeper in everything(child))]


ERRORS = [error for error in everything(ToritsugiError) if error is not errors.RequestRefused]

EACH_LANGUAGE = pytest.mark.parametrize("language", words.LANGUAGES, ids=lambda language: language.code)
NOON = datetime(2026, 11, 23, 12, 0)


# ---- every language has everything -----------------------------------------------------------------------------------


def placeholders(sentence):
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


@EACH_LANGUAGE
def test_every_language_has_every_sentence_with_the_same_placeholders(language):
    needed = {name: placeholders(sentence) for name, sentence in ENGLISH.sentences.items()}
    assert {name: placeholders(sentence) for name, sentence in language.sentences.items()} == needed


@EACH_LANGUAGE
def test_every_language_says_dates_times_durations_and_digits(language):
    for say in (language.say_date, language.say_time, language.say_weekday):
        assert say(NOON).strip()
    for seconds in (1, 45, 60, 61, 180, 5400):
        assert language.say_duration(seconds).strip()
    assert re.sub(r"\W", "", language.say_digits("1234")).strip()


@EACH_LANGUAGE
def test_every_language_has_words_to_opt_out_and_headings_for_sheets(language):
    assert language.opt_out_words.keys() == ENGLISH.opt_out_words.keys() == {"stop", "start", "help"}
    assert language.columns.keys() == ENGLISH.columns.keys()
    assert all(language.columns.values())
    for word in (*language.yes, *language.no):
        assert fold_kana(word) == word
    for pattern in language.automatic:
        re.compile(pattern)


@EACH_LANGUAGE
def test_every_language_can_be_named_in_requests_and_addresses(language):
    assert TypeAdapter(schemas.SpokenLanguage).validate_python(language.locale) == language.locale
    assert TypeAdapter(terms.Locale).validate_python(language.code) == language.locale
    assert routes.NOTICE_PATH.fullmatch(f"/voice/notices/{language.locale}")
    assert legs.WAITING_PATH.fullmatch(f"/voice/waiting/{language.code}")
    assert PinTurn.read(f"/voice/pins/1/{language.locale}").locale == language.locale
    place = VisitPlace("desk", 1, language.locale, "menu", "chosen")
    assert VisitPlace.read(place.path) == place


def test_no_two_languages_share_a_name_a_dial_code_or_a_word_with_two_meanings():
    names = [name for language in words.LANGUAGES for name in (language.code, language.locale)]
    dial_codes = [code for language in words.LANGUAGES for code in language.dial_codes]
    for one_by_one in (names, dial_codes):
        assert len(set(one_by_one)) == len(one_by_one)
    wishes = {text: {wish for said, wish in words.opt_out_words() if said == text} for text, _ in words.opt_out_words()}
    assert all(len(meanings) == 1 for meanings in wishes.values())


def test_every_sentence_that_is_spoken_is_in_the_register():
    """By name: whoever misspells one would be heard saying that the call cannot be connected."""
    named = {error.sentence for error in ERRORS} | {*legs.STAR_SENTENCES.values(), *agenda.FAREWELLS.values()}
    named |= {f"answer to {wish}" for wish in opt_out.TWILIOS}
    named |= {f"not passed on: {reason}" for reason in relaying.WHY_NOT} | {*masked_terms.UNKNOWN.values()}
    saying = r'(?:sentence|translate|say_sentence|say_goodbye|end_with|visit\.say)\((?:[^"()]*, )?"([^"]+)"'
    for path in [*(ROOT / "layers").rglob("*.py"), *(ROOT / "functions").rglob("*.py")]:
        named |= set(re.findall(saying, path.read_text()))
    assert named == ENGLISH.sentences.keys()


def test_japanese_is_written_in_japanese_and_english_in_english():
    assert all(re.search("[ぁ-んァ-ン一-龠]", sentence) for sentence in words.find("ja").sentences.values())
    assert all(sentence.isascii() for sentence in ENGLISH.sentences.values())


def test_every_reason_why_a_call_is_refused_has_its_own_sentence():
    reasons = everything(CallRefused)[1:]
    assert len(reasons) >= 7
    for language in words.codes():
        assert len({words.sentence(error.sentence, language) for error in reasons}) == len(reasons)


@EACH_LANGUAGE
def test_no_sentence_gives_a_number_away(language):
    assert not any(re.search(r"\d{5}", sentence) for sentence in language.sentences.values())


# ---- whose language counts -------------------------------------------------------------------------------------------

TOKYO, BOSTON, PARIS = "+815010000001", "+16175550100", "+33123456789"


@pytest.mark.parametrize(
    ("entry", "numbers", "locale"),
    [
        ("en-US", [TOKYO, TOKYO], "en-US"),
        ("ja", [BOSTON, BOSTON], "ja-JP"),
        (None, [BOSTON, TOKYO], "en-US"),
        (None, [TOKYO, BOSTON], "ja-JP"),
        ("en-GB", [TOKYO, TOKYO], "en-US"),
        ("fr-FR", [TOKYO, BOSTON], "ja-JP"),
        (None, [PARIS, TOKYO], "ja-JP"),
        (None, ["anonymous", TOKYO], "ja-JP"),
        (None, ["", TOKYO], "ja-JP"),
        (None, [None, TOKYO], "ja-JP"),
        (None, [PARIS, PARIS], "en-US"),
        (None, ["", ""], "en-US"),
        (None, ["+8", "+"], "en-US"),
        (None, [], "en-US"),
    ],
)
def test_the_callers_entry_counts_then_their_number_then_the_line_then_english(entry, numbers, locale):
    assert words.choose_language(entry, *numbers) == locale


@pytest.mark.parametrize(
    ("known", "locale"),
    [
        ({"entry": "en-US", "text": "予約", "usual": "ja-JP"}, "en-US"),
        ({"entry": None, "text": "Hello", "usual": "ja-JP"}, "en-US"),
        ({"entry": None, "text": "ＯＫ、予約で", "usual": "en-US"}, "ja-JP"),
        ({"entry": None, "text": "123 !", "usual": "ja-JP"}, "ja-JP"),
        ({"entry": "en-US", "usual": "ja-JP", "among": {"ja-JP"}}, "ja-JP"),
        ({"entry": "en-US", "usual": "ja-JP", "among": {"ja-JP", "en-US"}}, "en-US"),
        ({"entry": None, "usual": "fr-FR"}, "en-US"),
    ],
)
def test_at_a_reception_the_entry_counts_then_the_text_then_what_the_owner_has_said(known, locale):
    assert words.choose_language(known.pop("entry"), **known) == locale


@pytest.mark.parametrize(
    ("number", "written", "said"),
    [
        ("+819011110001", "09011110001", "0 9 0 1 1 1 1 0 0 0 1"),
        ("+16175550100", "+16175550100", "1 6 1 7 5 5 5 0 1 0 0"),
        ("+33123456789", "+33123456789", "3 3 1 2 3 4 5 6 7 8 9"),
    ],
)
def test_a_number_is_written_and_said_as_in_its_country_where_that_is_known(number, written, said):
    assert words.write_number(number) == written
    assert words.say_number(number, "en") == words.say_number(number, "ja") == said


# ---- nothing raises where somebody listens ---------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["fr-FR", "", None, "x" * 100, "-"])
def test_a_language_that_is_not_spoken_here_is_english(language):
    assert words.sentence("call ended", language) == "This call has ended."
    assert words.say_date(NOON, language) == "November 23"


def test_somebody_whose_english_is_british_hears_the_english_that_there_is():
    assert words.nearest("en-GB") is ENGLISH
    assert words.find("en-GB") is None


@given(st.text(), st.text() | st.none(), st.dictionaries(st.sampled_from(["left", "digits", "x"]), st.text()))
def test_a_sentence_is_said_whatever_is_asked_for(name, language, facts):
    assert words.sentence(name, language, **facts)


@pytest.mark.parametrize("name", ENGLISH.sentences)
def test_a_sentence_that_lacks_its_facts_is_an_apology(name):
    lacks = bool(placeholders(ENGLISH.sentences[name]))
    apology = ENGLISH.sentences["cannot be connected"]
    assert (words.sentence(name, "ja") == apology) == lacks


def test_a_sentence_that_a_language_lacks_is_said_in_english_by_an_english_voice(monkeypatch):
    japanese = words.find("ja")
    known = {name: said for name, said in japanese.sentences.items() if name != "call ended"}
    poorer = japanese._replace(sentences=known | {"time left": "あと{minutes}"})
    monkeypatch.setattr(words, "LANGUAGES", [poorer, ENGLISH])
    response = VoiceResponse()
    voices.say_sentence(response, "call ended", "ja-JP")
    voices.say_sentence(response, "time left", "ja-JP", left="3")
    voices.say_sentence(response, "unanswered", "ja-JP")
    said = [(one.text, one.get("language"), one.get("voice")) for one in ElementTree.fromstring(str(response))]
    assert said == [
        ("This call has ended.", "en-US", ENGLISH.voice),
        ("3 left.", "en-US", ENGLISH.voice),
        (words.sentence("unanswered", "ja"), "ja-JP", japanese.voice),
    ]


# ---- TwiML -----------------------------------------------------------------------------------------------------------


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
    assert words.say_duration(seconds, "ja-JP") == japanese
    assert words.say_duration(seconds, "en-GB") == english


def test_a_warning_offers_more_time_where_there_is_some():
    assert announcements.warning(180, "en-US", 0) == "3 minutes left."
    assert announcements.warning(180, "en-US", 10) == "3 minutes left. To extend by 10 minutes, press star."
    assert announcements.warning(180, "en-US", 1) == "3 minutes left. To extend by 1 minute, press star."
    assert announcements.warning(60, "ja-JP", 0) == "通話の残り時間は、あと1分です。"


def test_a_name_that_the_environment_lacks_is_told():
    assert config.read_env("SERVICES_TABLE") == config.SERVICES_TABLE
    with pytest.raises(RuntimeError, match="The environment lacks NOTHING_OF_OURS"):
        config.read_env("NOTHING_OF_OURS")


HOURS = [(0, "12:05 AM", "0時5分"), (9, "9:05 AM", "9時5分"), (12, "12:05 PM", "12時5分"), (15, "3:05 PM", "15時5分")]


@pytest.mark.parametrize(("hour", "english", "japanese"), HOURS)
def test_an_hour_is_said_as_people_say_it(hour, english, japanese):
    at = datetime(2026, 11, 27, hour, 5)
    assert (words.say_time(at, "en-US"), words.say_time(at, "ja-JP")) == (english, japanese)
