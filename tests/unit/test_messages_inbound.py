"""What becomes of a text that comes in, and that whoever answers by themselves fall silent."""

import re
from itertools import cycle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toritsugi import words
from toritsugi.callers.caller import Caller, OptOut, caller_key, opt_out_key
from toritsugi.lines.lines import Line, line_key
from toritsugi.messages import inbound, opt_out, records, reply_limit
from toritsugi.messages.inbound import KnownOfSender, Text, TextContext, decide_answer

AIKO, LINE, OTHER = "+819011110001", "+12025550101", "+12025550102"
NOON = 1_795_230_000.0
DOCUMENT = {
    "language": "ja-JP",
    "timezone": "Asia/Tokyo",
    "steps": {},
    "texts": [
        {"keywords": ["予約"], "answer": "{name}様、{date}{time}に承りました。{number}"},
        {"keywords": ["ヘルプ", "help"], "answer": "03-1234-5678へお電話ください。"},
        {"otherwise": {"ja-JP": "ありがとうございます。", "en-US": "Thank you."}},
    ],
}


def line(number=LINE, document=DOCUMENT, **more):
    return Line(*line_key(number), number_sid="PN1", former={}, reception="desk", version=1, document=document, **more)


def caller(**known):
    return Caller(*caller_key(AIKO), date_created=1, date_updated=1, **known)


def text(body, number=AIKO, at=NOON, wish=None):
    return Text("SM" + "1" * 32, number, LINE, body, [], wish, at)


def turn(body, number=AIKO, at=NOON, wish=None, **known):
    return decide_answer(text(body, number, at, wish), KnownOfSender(known.pop("line", line()), **known))


GONE = OptOut(*opt_out_key(AIKO), at=1)


# ---- answers ---------------------------------------------------------------------------------------------------------


def test_words_are_filled_in_as_in_a_letter():
    answer = turn("予約", caller=caller(name="佐藤愛子", reading="サトウアイコ")).answer
    assert answer == "佐藤愛子様、11月21日12時に承りました。09011110001"


def test_whoever_is_not_known_by_name_is_greeted_all_the_same():
    assert turn("予約").answer.startswith("お客様")


def test_of_digits_nobody_has_pressed_any():
    said = DOCUMENT | {"texts": [{"otherwise": "[{digits}{company}]"}]}
    assert turn("予約", line=line(document=said)).answer == "[]"


def test_each_is_answered_in_their_language():
    assert turn("Hello").answer == "Thank you."
    assert turn("Hello", caller=caller(language="ja-JP")).answer == "ありがとうございます。"
    assert turn("こんにちは").answer == "ありがとうございます。"


@pytest.mark.parametrize(
    ("known", "number", "body", "why"),
    [
        ({"line": None}, AIKO, "予約", "no reception"),
        ({"line": line(document=None)}, AIKO, "予約", "no reception"),  # it only serves a masked service
        ({"caller": caller(blocked=True)}, AIKO, "予約", "blocked"),
        ({"opt_out": GONE}, AIKO, "予約", "opted out"),
        ({"opt_out": GONE}, AIKO, "ヘルプ", "opted out"),
        ({"opt_out": GONE}, AIKO, "停止", "opted out"),
        ({"is_ours": True}, OTHER, "予約", "no person"),
        ({}, "22222", "予約", "no person"),
        ({}, "AMAZON", "予約", "no person"),
        ({}, "", "予約", "no person"),
        ({}, "whatsapp:+819011110001", "予約", "no person"),
        ({}, AIKO, "このメールは送信専用です。", "automatic"),
        ({}, AIKO, "【自動返信】予約を承りました", "automatic"),
        ({}, AIKO, "This is an automated message. Do not reply.", "automatic"),
        ({}, AIKO, "Your verification code is 123456", "automatic"),
        ({"line": line(document=DOCUMENT | {"texts": []})}, AIKO, "予約", "no rule"),
    ],
)
def test_some_get_no_answer_and_it_is_kept_why(known, number, body, why):
    made = turn(body, number, **known)
    assert (made.answer, made.unanswered) == ("", why)


# ---- wishes ----------------------------------------------------------------------------------------------------------


STOP_WORDS = [text for text, wish in words.opt_out_words() if wish == "stop"]


@pytest.mark.parametrize("word", [*STOP_WORDS, " 停止\n", "ｽﾄｯﾌﾟ", "すとっぷ", "ＳＴＯＰ", "stop all"])
def test_a_word_that_twilio_does_not_know_is_confirmed_by_us(word):
    made = turn(word)
    assert (made.wish, made.answer) in [("stop", opt_out.sentence("stop", locale)) for locale in words.locales()]


@pytest.mark.parametrize("word", [*opt_out.TWILIOS["stop"], "Stop", " stop "])
def test_a_word_that_twilio_confirms_itself_is_not_confirmed_twice(word):
    made = turn(word)
    assert (made.wish, made.answer, made.unanswered) == ("stop", "", "answered by Twilio")


POLITE = {
    "stop": [
        *("「停止」", "『停止』", "【停止】", "停止。", "停止！", "停止🙏", "（配信停止）", "すとっぷ！", "*停止*"),
        *(
            "停止してください",
            "停止して下さい。",
            "配信停止希望",
            "配信停止を希望します",
            "停止をお願いいたします",
            "停止でお願いします",
        ),
        *(
            "もう停止してください",
            "すみません、配信停止していただけますか？",
            "メールの配信を停止してください",
            "もう送らないでください",
        ),
        *("メッセージを止めてください", "やめてほしいです", "停止　お願いします", "停止 停止", "停止\n山田太郎"),
        *(
            "Stop.",
            '"STOP"',
            "\u201cstop\u201d",
            "STOP!",
            "(stop)",
            "<STOP>",
            "opt-out.",
            "ＳＴＯＰ．",
            "Stop\nSent from my iPhone",
        ),
        *("Please stop", "stop please", "STOP, thank you", "stop it", "Stop texting me!", "stop sending me messages"),
        *("Please remove me from your list", "take me off this list please", "Don't text me again!", "no more texts"),
        *("opt me out", "S.T.O.P.", "I'd like to stop receiving these messages", "stop promotions", "leave me alone"),
        *(
            "もういりません",
            "連絡不要です",
            "連絡しないでください",
            "もう送ってこないで",
            "退会します",
            "ていし",
            "停止で",
        ),
        *("停止してもらってもいいですか", "停止していただけると助かります", "メールお断りします"),
        *("Could you stop texting me?", "unsubscribe me please", "I\u2019d like to unsubscribe", "stop stop stop"),
        *(
            "やめて",
            "送らないで",
            "止めて。",
            "もういりません\n山田太郎",
            "stop texting me\nSent from my iPhone",
        ),
    ],
    "start": [
        "「再開」",
        "再開。",
        "再開してください",
        "配信再開をお願いします",
        "Start.",
        "'START'",
        "please start",
        "opt-in",
    ],
    "help": ["「ヘルプ」", "ヘルプ。", "使い方？", "Help!", '"HELP"'],
}


@pytest.mark.parametrize(("wish", "body"), [(wish, body) for wish, bodies in POLITE.items() for body in bodies])
def test_brackets_stops_and_politeness_around_a_word_leave_it_the_word(wish, body):
    assert turn(body).wish == turn(body, opt_out=GONE).wish == wish


@pytest.mark.parametrize(
    "body",
    [
        *(
            "停止しないでください",
            "バス停止まり",
            "カードを停止してください",
            "配信停止を解除してください",
            "停止しました",
        ),
        *(
            "予約を解除してください",
            "停止ですか",
            "ストップウォッチ",
            "やめてよかった",
            "停止するには「停止」とご返信ください",
        ),
        *("stop by tomorrow", "the bus stop", "don't stop", "cancel my appointment", "end of the day", "quit smoking"),
        *(
            "いりません",
            "不要な駐車場はありますか",
            "見ないで",
            "remove me a table",
            "no more rooms?",
            "text me again",
            "退会の方法",
        ),
        *("yes", "Yes.", "yes please", "stop 5", "!", "「」", ""),
    ],
)
def test_a_text_that_says_more_than_a_wish_is_none(body):
    assert turn(body).wish is None


@pytest.mark.parametrize("body", ["leave me alone", "Don't text me", "もういりません", "やめて", "送らないで"])
def test_what_people_may_say_to_each_other_is_no_wish_between_them(body):
    assert opt_out.read_whole_keyword(body) is None


@pytest.mark.parametrize("locale", words.locales())
def test_what_our_sentences_tell_people_to_reply_is_understood_as_it_stands_there(locale):
    for quoted in re.findall("「.*?」", opt_out.sentence("help", locale)):
        assert opt_out.read_keyword(quoted, opted_out=False) in ("stop", "start")
    assert opt_out.read_keyword("停止とREPLY", opted_out=False) is None


@given(st.text(st.sampled_from("をのはしてください停止配信 \n。「」stopleam'"), max_size=200))
def test_whatever_is_written_is_read_at_once(body):
    assert opt_out.read_keyword(body, opted_out=False) in (None, "stop", "start", "help")


@pytest.mark.parametrize(
    ("word", "answer"), [("再開", opt_out.sentence("start", "ja-JP")), ("START", ""), ("yes", ""), ("開始", None)]
)
def test_whoever_has_left_can_come_back(word, answer):
    made = turn(word, opt_out=GONE)
    assert made.wish == "start"
    assert made.answer == (opt_out.sentence("start", "ja-JP") if answer is None else answer)


def test_yes_is_an_answer_like_any_other_of_somebody_who_is_there():
    assert turn("YES").answer == "Thank you."


def test_a_wish_is_fulfilled_even_of_somebody_who_gets_no_answer():
    made = turn("停止", caller=caller(blocked=True))
    assert (made.wish, made.answer) == ("stop", "")


def test_the_reception_may_say_it_in_its_own_words():
    own = DOCUMENT | {"texts": [{"keywords": ["停止"], "answer": "またいつでもどうぞ。"}]}
    assert turn("停止", line=line(document=own)).answer == "またいつでもどうぞ。"
    assert turn("再開", line=line(document=own)).answer == opt_out.sentence("start", "ja-JP")


def test_help_is_what_the_reception_says_of_itself():
    assert turn("ヘルプ").answer == turn("HELP").answer == "03-1234-5678へお電話ください。"
    silent = line(document=DOCUMENT | {"texts": []})
    assert turn("ヘルプ", line=silent).answer == opt_out.sentence("help", "ja-JP")
    assert turn("HELP", line=silent).unanswered == "answered by Twilio"


def test_what_a_messaging_service_of_twilios_has_understood_counts_and_is_not_said_twice():
    made = turn("もういいです", wish="stop")
    assert (made.wish, made.answer, made.unanswered) == ("stop", "", "answered by Twilio")


@pytest.mark.parametrize("locale", words.locales())
def test_what_we_confirm_would_set_off_no_wish_and_no_answer_of_another_exchange(locale):
    for wish in opt_out.TWILIOS:
        assert opt_out.read_keyword(opt_out.sentence(wish, locale), opted_out=True) is None


# ---- the brake -------------------------------------------------------------------------------------------------------


def answered(*moments, answer="x"):
    """What the directory keeps after answers at these moments."""
    texted = None
    for at in moments:
        texted = reply_limit.count_answer(texted, AIKO, LINE, answer, at)
    return texted


def test_the_same_is_not_said_twice_within_a_minute():
    assert turn("Hello", texted=answered(NOON - 59, answer="Thank you.")).unanswered == "too often"
    assert turn("Hello", texted=answered(NOON - 61, answer="Thank you.")).answer == "Thank you."
    assert turn("Hello", texted=answered(NOON - 1, answer="ありがとうございます。")).answer == "Thank you."


def test_five_answers_in_ten_minutes_are_all_there_are():
    assert turn("Hello", texted=answered(*(NOON - 599 + 100 * n for n in range(4)))).answer
    assert turn("Hello", texted=answered(*(NOON - 599 + 100 * n for n in range(5)))).unanswered == "too often"
    assert turn("Hello", texted=answered(*(NOON - 601 + 100 * n for n in range(5)))).answer


def test_twenty_answers_are_all_there_are_in_a_day():
    hours = [NOON - 86_000 + 4_000 * n for n in range(20)]
    assert turn("Hello", texted=answered(*hours)).unanswered == "too often"
    assert turn("Hello", texted=answered(*hours[1:])).answer
    assert len(answered(*hours, *hours).latest) == reply_limit.KEPT


def test_a_wish_is_fulfilled_when_nothing_is_answered_any_more():
    made = turn("停止", texted=answered(*(NOON - n for n in range(5))))
    assert (made.wish, made.unanswered) == ("stop", "too often")


class Exchange:
    """An exchange that answers by itself, with what it has kept of the other."""

    def __init__(self, own: str, other: str, document: dict) -> None:
        self.line, self.other = line(own, document), other
        self.texted, self.opt_out, self.answers = None, None, 0

    def reads(self, body: str, at: float) -> str:
        came = Text(records.make_id(), self.other, self.line.number, body, [], None, at)
        made: TextContext = inbound.decide_answer(came, KnownOfSender(self.line, None, self.opt_out, self.texted))
        if made.wish in ("stop", "start"):
            self.opt_out = GONE if made.wish == "stop" else None
        if made.answer:
            self.texted = reply_limit.count_answer(self.texted, self.other, self.line.number, made.answer, at)
            self.answers += 1
        return made.answer


SAID = st.sampled_from(
    ["予約", "再開", "停止", "ヘルプ", "こんにちは", "Thank you for writing.", "{time}", "{date}{time}", "{number}"]
)
RULES = st.lists(
    st.one_of(
        st.fixed_dictionaries({"keywords": st.lists(SAID, min_size=1, max_size=2), "answer": SAID}),
        st.fixed_dictionaries({"otherwise": SAID}),
    ),
    max_size=4,
)


@given(RULES, RULES, SAID, st.lists(st.floats(0.1, 7200), min_size=1, max_size=7))
def test_two_exchanges_that_write_to_each_other_fall_silent(ours, theirs, first, pauses):
    """However long they think, and whatever they say to each other."""
    documents = [DOCUMENT | {"texts": rules} for rules in (ours, theirs)]
    one, two = Exchange(LINE, OTHER, documents[0]), Exchange(OTHER, LINE, documents[1])
    at, body = NOON, first
    for reader, pause in zip(cycle([one, two]), cycle(pauses), strict=False):
        at, body = at + pause, reader.reads(body, at)
        if not body or at > NOON + 86_400:
            break
    most = max(most for _, most in reply_limit.MAX_ANSWERS) + 1
    assert not body or at > NOON + 86_400
    assert one.answers <= most
    assert two.answers <= most


@pytest.mark.parametrize(("pause", "answers"), [(30, 10), (61, 40)])
def test_two_that_answer_everything_with_something_new_are_stopped_by_the_brake_alone(pause, answers):
    """This is the worst of all pairs; slow ones are stopped as well, if later."""
    chatty = DOCUMENT | {"texts": [{"otherwise": "{date}{time}{number}"}]}
    one, two = Exchange(LINE, OTHER, chatty), Exchange(OTHER, LINE, chatty)
    body, at, said = "こんにちは", NOON, 0
    for reader in cycle([one, two]):
        at += pause
        body = reader.reads(body, at)
        if not body:
            break
        said += 1
    assert said == answers
