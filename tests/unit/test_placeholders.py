"""What is filled in between braces: in the language of its sentence, with one honor to a person, however wide."""

import xml.etree.ElementTree as ElementTree

import pytest

from toritsugi.callers.caller import Caller, caller_key
from toritsugi.foundation.errors import RequestRefused
from toritsugi.receptions.answering import placeholders, steps, texts
from toritsugi.receptions.answering.visits import Permitted, Visit, VisitPlace
from toritsugi.receptions.authoring import checks

pytestmark = pytest.mark.usefixtures("secrets")

NOON = 1_795_057_200  # 2026-11-19T12:00 in Tokyo, a Thursday
AIKO, LINE = "+819011110001", "+815010000001"
JA, EN = "ja-JP", "en-US"
UNKNOWN = {JA: "お客様", EN: "dear caller"}
HIDDEN = {JA: "番号非通知の方", EN: "a caller who hides their number"}


def filled(said, locale, name="", number=""):
    known = {"name": name or UNKNOWN[locale], "number": number or HIDDEN[locale], "company": ""}
    return placeholders.fill(said, locale, lambda placeholder: known[placeholder])


# ---- one honor -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("honor", ["様", " 様", "　様", "さま", "さん", "殿", "先生", ""])
def test_somebody_unknown_is_honored_once(honor):
    assert filled("{name}" + honor + "、在庫はございます。", JA) == "お客様、在庫はございます。"


@pytest.mark.parametrize(
    ("said", "name", "heard"),
    [
        ("{name}様", "山田", "山田様"),
        ("{name}さん", "山田", "山田さん"),
        ("{name}様", "山田様", "山田様"),
        ("{name}様", "緒方", "緒方様"),
        ("{name}様", "源氏", "源氏様"),
        ("{name}様", "ハッサン", "ハッサン様"),
        ("{name}の方法", "", "お客様の方法"),
        ("{company}{name}様、{name}様", "", "お客様、お客様"),
    ],
)
def test_a_name_keeps_what_is_its_own(said, name, heard):
    assert filled(said, JA, name) == heard


@pytest.mark.parametrize(
    ("said", "name", "heard"),
    [
        ("Dear {name},", "", "Dear caller,"),
        ("dear {name},", "", "dear caller,"),
        ("Dear Mr. {name},", "", "Dear caller,"),
        ("Hello Ms {name}", "", "Hello dear caller"),
        ("Hello {name}-san", "", "Hello dear caller"),
        ("Good morning, {name}.", "", "Good morning, dear caller."),
        ("Dear {name},", "Aiko", "Dear Aiko,"),
        ("Dear Mr. {name},", "Smith", "Dear Mr. Smith,"),
        ("Dear Mr. {name},", "Mr. Smith", "Dear Mr. Smith,"),
        ("Hammer {name}", "", "Hammer dear caller"),
    ],
)
def test_nobody_is_dear_twice(said, name, heard):
    assert filled(said, EN, name) == heard


def test_whoever_hides_their_number_is_honored_once_too():
    assert filled("{number}の方からです", JA) == filled("{number}様からです", JA) == "番号非通知の方からです"
    assert filled("{number}様からです", JA, number="09011110001") == "09011110001様からです"


# ---- wide braces -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "braced", ["｛name｝", "｛ｎａｍｅ｝", "{ｎａｍｅ}", "｛name}", "{ name }", "﹛name﹜", "{na\u200bme}", "⦃name⦄"]
)
def test_a_placeholder_is_filled_in_however_wide_it_is(braced):
    document = checks.compile(f'steps: {{w: {{greet: "{braced}様、ようこそ。", unknown: "ようこそ。"}}}}')
    assert document["steps"]["w"]["greet"] == "{name}様、ようこそ。"


@pytest.mark.parametrize("braced", ["｛nmae｝", "｛名前｝", "｛", "name｝", "❴nmae❵", "{}", "｛｝", "{{name}}"])
def test_what_only_looks_like_a_placeholder_is_refused_like_a_misspelt_name(braced):
    with pytest.raises(RequestRefused, match="is nothing that can be filled in"):
        checks.compile(f'steps: {{w: {{say: "{braced}様、ようこそ。"}}}}')


@pytest.mark.parametrize("other", ["[name]", "［ｎａｍｅ］", "【name】", "<name>", "〔Name〕", "%name%", "《 name 》"])
def test_a_name_of_a_placeholder_in_other_brackets_is_refused_for_it_would_be_said(other):
    with pytest.raises(RequestRefused, match="would be said as it stands; what is filled in has braces: "):
        checks.compile(f'steps: {{w: {{say: "{other}様、ようこそ。"}}}}')


@pytest.mark.parametrize(
    "words", ["営業時間【平日】9時", "[press 1]", "割引は10%、20%です", "(number)", "[Name] {name}"]
)
def test_other_words_in_brackets_are_words(words):
    assert checks.compile(f'steps: {{w: {{say: "{words}"}}}}')["steps"]["w"]["say"] == words


def test_braces_as_other_programs_want_them_are_refused_whole():
    with pytest.raises(RequestRefused, match="a placeholder has one brace on each side"):
        checks.compile('steps: {w: {say: "{{ name }}様"}}')


# ---- the language of the sentence ------------------------------------------------------------------------------------


def answered(answer, body, language=JA):
    document = {"language": language, "timezone": "Asia/Tokyo", "steps": {}, "texts": [{"otherwise": answer}]}
    locale = texts.choose_language(document, body, None)
    return texts.answer_text(document, body, locale, lambda name, locale: f"<{locale}>")


@pytest.mark.parametrize(
    ("answer", "body", "language", "said"),
    [
        ("{name}様、{date}に。", "Hello", JA, "<ja-JP>様、<ja-JP>に。"),
        ("{name}様、{date}に。", "Hello", EN, "<ja-JP>様、<ja-JP>に。"),
        ("Thank you, see you on {date}.", "こんにちは", JA, "Thank you, see you on <en-US>."),
        ("VIPの方へ {date}", "Hello", JA, "VIPの方へ <ja-JP>"),
        ("{date} https://example.com", "こんにちは", JA, "<ja-JP> https://example.com"),
        ("{date}", "Hello", JA, "<en-US>"),
        ({JA: "{date}に", EN: "on {date}"}, "Hello", JA, "on <en-US>"),
    ],
)
def test_what_is_filled_into_a_text_speaks_the_language_of_its_sentence(answer, body, language, said):
    assert answered(answer, body, language) == said


def hears(text, locale=JA, caller=None):
    """What is said on the telephone at the step `a`, each with its language and voice."""
    document = checks.compile(text)
    here = VisitPlace("desk", 1, locale, "a")
    fields = {"CallSid": "CA1", "From": AIKO, "To": LINE, "CallStatus": "in-progress"}
    visit = Visit(here, document, fields, lambda *_: {}, NOON, lambda _: caller, Permitted, "token")
    said = ElementTree.fromstring(str(steps.answer_call(visit))).iter("Say")
    return [(one.text, one.get("language"), one.get("voice").partition("-")[0]) for one in said]


BOTH = "steps: {a: {say: '{name}様、{date}です。', next: b}, b: {say: {ja: はい, en: 'Yes, {name}.'}}}"


def test_what_is_said_on_the_telephone_has_the_language_and_the_voice_of_its_sentence():
    assert hears(BOTH, EN) == [
        ("お客様、11月19日です。", JA, "Polly.Kazuha"),
        ("Yes, dear caller.", EN, "Polly.Joanna"),
    ]


def test_a_name_is_read_in_the_language_of_its_sentence():
    aiko = Caller(*caller_key(AIKO), name="佐藤愛子", reading="サトウアイコ", date_created=1, date_updated=1)
    assert [text for text, *_ in hears(BOTH, EN, aiko)] == ["サトウアイコ様、11月19日です。", "Yes, 佐藤愛子."]
