"""What callers say at a menu: its words as words, and never as parts of others."""

from itertools import cycle

import pytest

from toritsugi.receptions.answering.prompts import find_spoken

# Words of a menu, and words in which they stand without being said.
ENGLISH = {
    "yes": "yesterday eyes bayes dyes keyesville",
    "no": "know nothing north notice now snow another piano knock november",
    "one": "someone phone money alone anyone stone honest loneliness none component twenty-one no-one",
    "art": "party start partner article department earth smart chart apartment heart",
    "book": "facebook bookmark bookkeeper notebook booking bookings guidebook cookbook",
    "call": "called recall calling basically locally callous scallop",
    "hour": "hours hourly hourglass",
    "order": "border orderly disorder reorder orders recorder",
    "pay": "payment repay payroll paying paypal taxpayer",
    "car": "card care carpet scarf career cardboard oscar carry vicar",
    "rent": "current parent different rental trent brentwood apparently torrent",
    "fee": "coffee feedback feeling toffee feet feel",
    "bill": "billing billion billboard bills handbill",
    "in": "inside window thing insurance being minute final",
    "tax": "taxi syntax taxonomy surtax",
    "end": "weekend send friend ended pending calendar render vendor",
}
FRAMES = ["My question is about {}.", "{}, please", "I want to ask if {} is possible", "It was {}, I believe.", "um {}"]

JAPANESE = {
    "はい": "配達はいつ 営業はいつまで 明日はいけますか 予約はいりますか 料金はいくら 場所はいい所 "
    "診察はいつから 荷物はいま 受付はいっぱい 電話はいらない 先生はいますか 駐車場はいくつ 次回はいつ "
    "支払はいつ 部屋はいくつ",
    "なし": "お話なし 昨日のはなし ひとりはなし むかしばなし",
    "ライン": "オンライン ガイドライン ラインナップ パイプライン アウトライン ホットライン",
    "パン": "パンダ ジャパン パンク シャンパン パンフレット パンツ スパン パンプス ジャンパン",
    "バス": "バスケット バスルーム バスタオル バスローブ キャンバス バスト",
    "ネット": "インターネット ネットワーク マグネット キャビネット ネットショップ ガーネット",
    "カー": "サッカー ステッカー カーテン カーペット スニーカー メーカー カーブ ロッカー",
    "ペン": "ペンキ ペンギン ペンダント ペンション スペンサー ペンチ",
    "パート": "アパート デパート パートナー エキスパート",
    "タイ": "タイヤ タイトル ネクタイ スタイル タイミング タイマー",
    "に": "にもつはいつ にちようび にほん",
    "ご": "ごようけん ごよやく ごかいやく",
    "一": "統一 一番 一緒 一般 一部 万一 唯一 同一 一応 一度 一旦 第一",
    "金": "料金 金曜日 現金 入金 金額 金沢 返金 送金 年金 金庫 預金 税金",
    "本": "日本 本日 本人 本社 山本 本当 見本 基本 資本 熊本 絵本 本気",
}
FRAMES_IN_JAPANESE = [
    "{}のことで伺いたいのですが",
    "えっと、{}について。",
    "{}です",
    "あの{}を確認したい。",
    "{}ですよね？",
]


def sentences(words, frames):
    return [
        (word, frame.format(other))
        for word, others in words.items()
        for other, frame in zip(others.split(), cycle(frames), strict=False)
    ]


SENTENCES = sentences(ENGLISH, FRAMES) + sentences(JAPANESE, FRAMES_IN_JAPANESE)


def test_there_are_more_than_two_hundred_sentences_with_words_inside_of_others():
    assert len(set(SENTENCES)) > 200
    assert all(word in sentence.lower() for word, sentence in SENTENCES)


@pytest.mark.parametrize(("word", "sentence"), SENTENCES)
def test_a_word_inside_of_another_one_is_not_said(word, sentence):
    assert find_spoken({word: "chosen"}, sentence) is None


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("yes", "Yes."),
        ("yes", "yes please"),
        ("yes", "ｙｅｓ"),
        ("no", "no, thank you"),
        ("call back", "Call-back, please!"),
        ("call-back", "a call back"),
        ("don't know", "I don\u2019t know"),
        ("はい", "はい"),
        ("はい", "はい、お願いします。"),
        ("はい", "はいお願いします"),
        ("はい", "えっと、はい"),
        ("いいえ", "いいえ違います"),
        ("予約", "明日の予約をしたいのですが"),
        ("予約", "よ 予約 を お願い します"),
        ("予約の変更", "予約 の 変更"),
        ("よやく", "ヨヤク"),
        ("ヨヤク", "よやくしたい"),
        ("よやく", "ﾖﾔｸｼﾀｲ"),
        ("ライン", "ラインでお願いします"),
        ("ﾗｲﾝ", "ライン"),
        ("一", "一をお願いします"),
    ],
)
def test_a_word_is_said_alone_or_among_others_in_any_width_case_and_kana(word, said):
    assert find_spoken({word: "chosen"}, said) == "chosen"


MENU = {"予約": "book", "予約の変更": "change", "book": "book", "book again": "again", "shop": "shop"}


@pytest.mark.parametrize(
    ("said", "step"),
    [
        ("予約の変更を", "change"),
        ("予約を", "book"),
        ("I want to book again", "again"),
        ("shop, no, book again", "again"),
        ("again", None),
        ("", None),
        ("...", None),
    ],
)
def test_the_longest_word_that_was_said_wins(said, step):
    assert find_spoken(MENU, said) == step
