"""What people hear from a bridge, in Japanese and English."""

WORDS = {
    "accept": {
        "ja": "お電話です。おつなぎするには、1を押してください。",
        "en": "You have a call. To be connected, press 1.",
    },
    "extended": {
        "ja": "通話を{minutes}分延長しました。",
        "en": "The call is extended by {minutes} minutes.",
    },
    "full": {
        "ja": "これ以上は延長できません。通話に戻ります。",
        "en": "The call cannot be extended any more. You are going back to it.",
    },
    "back": {
        "ja": "通話に戻ります。",
        "en": "You are going back to the call.",
    },
    "left alone": {
        "ja": "お相手の方が退出されました。お電話ありがとうございました。",
        "en": "The other person has left. Thank you for calling.",
    },
    "unanswered": {
        "ja": "お相手の方が電話に出られませんでした。お電話ありがとうございました。",
        "en": "The other person did not answer. Thank you for calling.",
    },
    "over": {
        "ja": "この通話は終了しました。",
        "en": "This call has ended.",
    },
    "warning": {
        "ja": "通話の残り時間は、あと{left}です。",
        "en": "{left} left.",
    },
    "offer": {
        "ja": "{minutes}分延長するには、米印を押してください。",
        "en": "To extend by {minutes} minutes, press star.",
    },
}


def sentence(name: str, language: str, **facts: object) -> str:
    """The sentence of this name, in Japanese for ja..., else in English, with the facts in their places."""
    return WORDS[name]["ja" if language.startswith("ja") else "en"].format(**facts)


def warning(before_end: int, language: str, minutes: int) -> str:
    """ "Three minutes left", in figures, which every voice can read; with the offer of so many minutes more, if any."""
    said = sentence("warning", language, left=duration(before_end, language))
    return f"{said} {sentence('offer', language, minutes=minutes)}" if minutes else said


def duration(seconds: int, language: str) -> str:
    minutes, rest = divmod(seconds, 60)
    if language.startswith("ja"):
        return (f"{minutes}分" if minutes else "") + (f"{rest}秒" if rest else "")
    parts = [(minutes, "minute"), (rest, "second")]
    return " ".join(f"{count} {unit}{'s' if count != 1 else ''}" for count, unit in parts if count)
