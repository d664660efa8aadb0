"""What is said in a reception: words in the call's language, with caller and time filled in, and our own sentences."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime

# What may stand in {braces}; of the caller, only `name` and `company` have to be looked up.
PLACEHOLDERS = ("name", "company", "number", "date", "time", "weekday", "digits")
PLACEHOLDER = re.compile(r"\{(\w+)\}")

Words = str | Mapping[str, str]

WEEKDAYS = ("月曜日", "火曜日", "水曜日", "木曜日", "金曜日", "土曜日", "日曜日")

SENTENCES = {
    "somebody": {"ja": "お客様", "en": "dear caller"},
    "number unknown": {"ja": "番号非通知の方", "en": "a caller who hides their number"},
    "wrong": {"ja": "もう一度お願いいたします。", "en": "Please try again."},
    "read back": {
        "ja": "{digits}、でよろしければ1を、入力し直すには2を押してください。",
        "en": "You have entered {digits}. Press 1 if that is right, or 2 to enter it again.",
    },
    "accept": {
        "ja": "おつなぎするには、1を押してください。",
        "en": "To take the call, press 1.",
    },
    "refuse": {
        "ja": "録音を希望されない場合は、{key}を押してください。",
        "en": "If you do not want to be recorded, press {key}.",
    },
    "unavailable": {
        "ja": "申し訳ございません。ただいまおつなぎできません。",
        "en": "We are sorry. Your call cannot be connected at the moment.",
    },
}


def choose(words: Words, locale: str) -> str:
    """The words in this language; in the first that there is, where they are not translated into it."""
    if isinstance(words, str):
        return words
    return words.get(locale) or next(iter(words.values()))


def fill(words: Words, locale: str, known: Callable[[str], str]) -> str:
    """The words in this language with what is `known` in place of each placeholder."""
    return PLACEHOLDER.sub(lambda match: known(match[1]), choose(words, locale))


def sentence(name: str, locale: str, **known: str) -> str:
    """One of our own sentences."""
    return SENTENCES[name][locale[:2]].format(**known)


def say_date(now: datetime, locale: str) -> str:
    """11月23日, or November 23."""
    return f"{now.month}月{now.day}日" if locale.startswith("ja") else f"{now:%B} {now.day}"


def say_time(now: datetime, locale: str) -> str:
    """15時5分, or 3:05 PM."""
    if locale.startswith("ja"):
        return f"{now.hour}時{now.minute}分" if now.minute else f"{now.hour}時"
    return f"{now.hour % 12 or 12}:{now.minute:02} {'AM' if now.hour < 12 else 'PM'}"


def say_weekday(now: datetime, locale: str) -> str:
    """月曜日, or Monday."""
    return WEEKDAYS[now.weekday()] if locale.startswith("ja") else f"{now:%A}"


def say_digits(digits: str) -> str:
    """One by one, so that nobody hears a number of millions."""
    return " ".join(digits)


def say_number(number: str) -> str:
    """A telephone number, digit by digit; a Japanese one as in Japan, 0 9 0 1 1 1 1 0 0 0 1."""
    return say_digits("0" + number[3:] if number.startswith("+81") else number.removeprefix("+"))
