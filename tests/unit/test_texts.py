"""How a reception answers a text: by its words, in a language that whoever wrote it reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toritsugi import words
from toritsugi.receptions.answering import texts

BOTH = {"ja-JP": "ご予約はこちらへ。", "en-US": "Book here."}
DOCUMENT = {
    "language": "ja-JP",
    "timezone": "Asia/Tokyo",
    "steps": {},
    "texts": [
        {"keywords": ["予約", "book", "よやく"], "answer": BOTH},
        {"keywords": ["キャンセル", "opening hours"], "answer": "{name}様、{date}"},
        {"otherwise": "ありがとうございます。"},
    ],
}


def asked(body, locale="ja-JP", document=DOCUMENT, **more):
    return texts.answer_text(document, body, locale, lambda name, locale: f"<{name}:{locale}>", **more)


@pytest.mark.parametrize(
    "body",
    [
        "予約",
        "明日の予約をしたいのですが",
        "ヨヤクしたい",
        "ﾖﾔｸ",
        "よやく!",
        "BOOK",
        "ｂｏｏｋ",
        "Can I book?",
        "bookしたい",
        "「book」",
    ],
)
def test_a_word_is_found_whatever_its_width_case_and_kana(body):
    assert asked(body) == BOTH["ja-JP"]


@pytest.mark.parametrize("body", ["facebook", "bookmark", "books", "予 約", "", "   ", "🐈"])
def test_what_only_looks_like_a_word_is_answered_as_any_other_text(body):
    assert asked(body) == "ありがとうございます。"


def test_a_keyword_may_be_several_words():
    assert asked("Your OPENING hours?") == "<name:ja-JP>様、<date:ja-JP>"


def test_the_first_rule_counts_and_otherwise_comes_last_wherever_it_stands():
    document = DOCUMENT | {"texts": [DOCUMENT["texts"][2], *DOCUMENT["texts"][:2]]}
    assert asked("予約のキャンセル", document=document) == BOTH["ja-JP"]


def test_without_a_rule_there_is_no_answer():
    assert asked("こんにちは", document=DOCUMENT | {"texts": DOCUMENT["texts"][:2]}) == ""
    assert asked("予約", document={"language": "ja-JP", "steps": {}}) == ""


def test_a_wish_is_answered_by_a_rule_with_that_word_alone():
    assert asked("停止", keywords_only=True) == ""
    assert asked("キャンセル", keywords_only=True) != ""


def test_words_that_are_not_translated_are_said_in_the_documents_language_with_its_dates():
    only = DOCUMENT | {"language": "en-US", "texts": [{"otherwise": {"en-US": "On {date}"}}]}
    assert asked("こんにちは", "ja-JP", only) == "On <date:en-US>"


@pytest.mark.parametrize(
    ("callers", "body", "language"),
    [
        ("en-US", "こんにちは", "en-US"),
        ("ja", "Hello", "ja-JP"),
        (None, "こんにちは", "ja-JP"),
        (None, "ﾖﾔｸ", "ja-JP"),
        (None, "電話 please", "ja-JP"),
        (None, "Hello", "en-US"),
        ("fr-FR", "Bonjour", "en-US"),
        (None, "123", "ja-JP"),
        (None, "", "ja-JP"),
        (None, "привет", "ja-JP"),
    ],
)
def test_the_language_is_the_callers_own_else_that_of_the_text_else_the_documents(callers, body, language):
    assert texts.choose_language(DOCUMENT, body, callers) == language


def test_an_answer_is_never_longer_than_a_message():
    assert len(asked("x", document=DOCUMENT | {"texts": [{"otherwise": "あ{name}" * 900}]})) == texts.MAX_ANSWER_LENGTH


WORDS = st.text(max_size=20)


@given(
    st.lists(
        st.one_of(
            st.fixed_dictionaries({"keywords": st.lists(WORDS, min_size=1, max_size=3), "answer": WORDS}),
            st.fixed_dictionaries({"otherwise": st.dictionaries(st.sampled_from(words.locales()), WORDS, min_size=1)}),
        ),
        max_size=5,
    ),
    st.text(max_size=100),
    st.sampled_from([None, "ja-JP", "en", "de-DE", "x"]),
)
def test_whatever_is_written_there_is_an_answer_or_none(rules, body, callers):
    document = DOCUMENT | {"texts": rules}
    locale = texts.choose_language(document, body, callers)
    assert isinstance(texts.answer_text(document, body, locale, lambda name, _: name), str)
