"""Japanese."""

import re
from datetime import datetime

from toritsugi.words.language import Language

WEEKDAYS = ("月曜日", "火曜日", "水曜日", "木曜日", "金曜日", "土曜日", "日曜日")

# Kana, kanji, and what belongs to them.
WRITING = (("\u3005", "\u3007"), ("\u3041", "\u30ff"), ("\u3400", "\u4dbf"), ("\u4e00", "\u9fff"))

HIRAGANA = re.compile("[\u3041-\u309f\u30fc]+")
KATAKANA = re.compile("[\u30a1-\u30fa\u30fc]+")
KANJI = re.compile("[\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff]+")


def is_part(text: str, at: int, end: int) -> bool:
    """Whether the kind of letters shows it, for no space does.

    A word in katakana goes as far as these do: オンライン is not ライン. Two hiragana are a word only where they begin
    something, as はい does not in 配達はいつ, and one kanji only where it stands alone, as 一 does not in 統一.
    """
    word, previous, following = text[at:end], text[at - 1 : at] if at else "", text[end : end + 1]
    if KATAKANA.fullmatch(word):
        in_katakana_alone = not HIRAGANA.search(text.replace("ー", "")) and not KANJI.search(text)
        return bool(KATAKANA.match(previous) or (KATAKANA.match(following) and not in_katakana_alone))
    if HIRAGANA.fullmatch(word) and len(word) <= 2:
        return previous.isalnum() or (len(word) == 1 and following.isalnum())
    return bool(KANJI.fullmatch(word)) and len(word) == 1 and bool(KANJI.match(previous) or KANJI.match(following))


def say_date(at: datetime) -> str:
    """11月23日."""
    return f"{at.month}月{at.day}日"


def say_time(at: datetime) -> str:
    """15時5分, and 15時 at the full hour."""
    return f"{at.hour}時{at.minute}分" if at.minute else f"{at.hour}時"


def say_weekday(at: datetime) -> str:
    """月曜日."""
    return WEEKDAYS[at.weekday()]


def say_duration(seconds: int) -> str:
    """1分30秒."""
    minutes, rest = divmod(seconds, 60)
    return (f"{minutes}分" if minutes else "") + (f"{rest}秒" if rest else "")


def say_digits(digits: str) -> str:
    """One by one, so that nobody hears a number of millions."""
    return " ".join(digits)


JAPANESE = Language(
    code="ja",
    locale="ja-JP",
    voice="Polly.Kazuha-Neural",
    dial_codes={"81": "0"},
    ring_tones=(400, 16),
    ring_trembles=True,
    ring_seconds=1,
    ring_pause_seconds=2,
    sentences={
        # Why a call goes no further.
        "cannot be connected": "申し訳ございません。ただいまおつなぎできません。"
        "しばらくしてから、もう一度おかけ直しください。",
        "caller withheld": "番号が通知されていないため、おつなぎできません。"
        "電話番号の前に186をつけて、おかけ直しください。",
        "caller unreadable": "お客様の電話番号を確認できないため、おつなぎできません。別の電話からおかけ直しください。",
        "line unknown": "おかけになった電話番号は、現在使われておりません。番号をお確かめください。",
        "no session": "お客様の電話番号からは、この番号におつなぎできません。ご登録の電話からおかけください。",
        "session ended": "この番号のご利用期間は終了しました。お電話ありがとうございました。",
        "session ends soon": "ご利用期間が終了したため、この番号はまもなくご利用いただけなくなります。おつなぎします。",
        "partner missing": "おつなぎする相手の方が、まだ登録されていません。しばらくしてから、おかけ直しください。",
        "calls not allowed": "この番号では通話をご利用いただけません。メッセージをお送りください。",
        "one way": "この番号は発信専用のため、お電話をお受けできません。",
        "calls used up": "この番号でご利用いただける通話の回数に達しました。お電話ありがとうございました。",
        "caller blocked": "恐れ入りますが、お客様のお電話はお受けできません。ご了承ください。",
        "call in circle": "この電話は、発信元に戻ってきたため、ここで終了します。",
        "exchange stopped": "ただいま、お電話をおつなぎできません。しばらくしてから、おかけ直しください。",
        "limit reached": "ただいま、回線が混み合っております。しばらくしてから、おかけ直しください。",
        "caller unconfirmed": "表示されている番号からのお電話であることを確認できないため、おつなぎできません。"
        "恐れ入りますが、別の電話からおかけ直しください。",
        "pin wrong": "この暗証番号ではおつなぎできません。",
        "pin needed": "この電話からおかけになるには、暗証番号が必要です。",
        "enter pin": "暗証番号を入力し、最後にシャープを押してください。",
        "call intercepted": "申し訳ございませんが、この電話はおつなぎできません。お電話ありがとうございました。",
        # For which of several sessions somebody calls.
        "choose by name": "{about}については、{key}を押してください。",
        "choose by place": "{key}番目のお相手の方は、{key}を押してください。",
        "nothing chosen": "お選びいただけませんでした。もう一度おかけ直しください。",
        # A call between two people.
        "call recorded": "この通話は録音されます。",
        "number unconfirmed": "発信者の電話番号は、本人のものと確認できていません。",
        "call for you": "お電話です。おつなぎするには、1を押してください。",
        "somebody": "お相手の方",
        "some matter": "ご用件",
        "leave a message": "お相手の方が電話に出られません。発信音の後に、メッセージをお話しください。"
        "メッセージは録音されます。終わりましたら、シャープを押すか、電話をお切りください。",
        "message taken": "メッセージをお預かりしました。お電話ありがとうございました。",
        "call extended": "通話を{more}延長しました。",
        "no more extensions": "これ以上は延長できません。通話に戻ります。",
        "back to the call": "通話に戻ります。",
        "left alone": "お相手の方が退出されました。お電話ありがとうございました。",
        "unanswered": "お相手の方が電話に出られませんでした。お電話ありがとうございました。",
        "call ended": "この通話は終了しました。",
        "time left": "通話の残り時間は、あと{left}です。",
        "extension offer": "{more}延長するには、米印を押してください。",
        # A reception.
        "dear caller": "お客様",
        "number withheld": "番号非通知の方",
        "try again": "もう一度お願いいたします。",
        "digits read back": "{digits}、でよろしければ1を、入力し直すには2を押してください。",
        "accept the call": "おつなぎするには、1を押してください。",
        "refuse recording": "録音を希望されない場合は、{key}を押してください。",
        # Why a text to the other of a session goes no further.
        "not passed on: no session": "メッセージをお届けできませんでした。"
        "お使いの電話からは、この番号でどなたにもつながりません。",
        "not passed on: session ended": "メッセージをお届けできませんでした。この番号のご利用期間は終了しています。",
        "not passed on: partner missing": "メッセージをお届けできませんでした。お相手の方がまだ登録されていません。",
        "not passed on: calls only": "メッセージをお届けできませんでした。"
        "この番号は通話専用です。お電話をおかけください。",
        "not passed on: files": "メッセージをお届けできませんでした。"
        "写真などのファイルは送れません。文字だけでお送りください。",
        "not passed on: opted out": "メッセージをお届けできませんでした。お相手の方はメッセージを受け取っていません。",
        "not passed on: intercepted": "申し訳ございませんが、メッセージをお届けできませんでした。",
        # Answers to texts that wish to opt out or in.
        "answer to stop": "配信を停止しました。今後メッセージはお送りしません。再開するには「再開」とご返信ください。",
        "answer to start": "配信を再開しました。停止するには「停止」とご返信ください。",
        "answer to help": "こちらは自動応答です。配信を停止するには「停止」、再開するには「再開」とご返信ください。",
    },
    say_date=say_date,
    say_time=say_time,
    say_weekday=say_weekday,
    say_duration=say_duration,
    say_digits=say_digits,
    title="(?!)",
    honorific="[ \u3000]*(?:様|さま|サマ|さん|殿|どの|氏|先生|君|くん|ちゃん|の方(?![法向針面式言]))",
    honorific_of_name="様|さま|さん",
    uses_readings=True,
    letters=WRITING,
    sticks=WRITING,
    is_part=is_part,
    opt_out_words={
        "stop": (
            *("停止", "配信停止", "配信解除", "解除", "受信拒否", "ストップ"),
            *("受信停止", "配信拒否", "配信中止", "配信不要", "登録解除", "購読解除"),
        ),
        "start": ("再開", "配信再開", "開始", "配信開始", "受信再開", "スタート"),
        "help": ("ヘルプ", "使い方"),
    },
    before_wish=(
        "すみません(が|けど)?|申し訳(ありません|ございません)(が)?|お手数(です|をおかけします|おかけします)が|恐れ入りますが|至急|"
        "すぐ(に)?|今すぐ(に)?|もう|これ以上|今後|以後|以降|全て|すべて|この|"
        "(お知らせ|案内|広告|宣伝|通知|連絡|メール|メルマガ|メッセージ|ショートメール|sms|配信|送信|受信|登録)(は|を|の)?|の|は|を"
    ),
    after_wish=(
        "して|(を|の)?(希望|依頼|お願い|おねがい|手続き|手続)|(で|と)?(お願い|おねがい)|を|"
        "(して)?(下さい|ください|くれ|ほしい|欲しい|もらえますか|もらえませんか|いただけますか|いただけませんか|頂けますか|頂きたい|"
        "いただきたい|いただきたく|もらいたい)|したい|希望|願います|します|いたします|致します|申し上げます|致したく|"
        "で|です|でした|のですが|(もらって|頂いて|いただいて)も?(いい|よい|良い|よろしい)(です|でしょう)か|"
        "(もらえる|いただける|頂ける)(と|なら)|(助かり|嬉しい|うれしい|幸い)(ます|です)|んですが|と思います|ませ|ませんか|よろしく|宜しく|ありがとうございました|ね|よ"
    ),
    unwanted=(
        "退会|やめて|止めて|送らないで|(送って(こ|来)|送信し|(連絡|配信|送信|メール|メッセージ)(を|は)?し)ないで|とめて|ていし|てーし|"
        "(もう|これ以上|今後|(配信|連絡|お知らせ|案内|広告|通知|メール|メッセージ)(は|を)?)"
        "(いりません|要りません|いらない|要らない|不要|お断り)"
    ),
    automatic=(
        "自動(返信|応答|配信|送信|通知)",
        "送信専用",
        "(返信|返答)(は|を|には)?(でき|いただけ|お?受け|しない)",
        "認証(コード|番号)",
        "ワンタイムパスワード",
    ),
    columns={
        "number": ("電話番号", "電話"),
        "name": ("名前", "氏名"),
        "reading": ("よみがな", "ふりがな"),
        "language": ("言語",),
        "company": ("会社", "会社名"),
        "notes": ("メモ", "備考"),
        "tags": ("タグ",),
        "blocked": ("着信拒否",),
        "opted_out": ("配信停止",),
    },
    yes=("はい", "○", "〇"),
    no=("いいえ", "×"),
)
