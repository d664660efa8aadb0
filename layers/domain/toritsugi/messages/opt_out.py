"""What people wish of our texts: no more of them (stop), again (start), or to know what this is (help).

A wish is the whole of a text. The words in English are Twilio's own: it carries them out and confirms them itself, and
tells us as well, so we say nothing. https://help.twilio.com/articles/223134027
"""

from toritsugi.foundation import matching

TWILIOS = {
    "stop": ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"),
    "start": ("START", "UNSTOP", "YES"),
    "help": ("HELP", "INFO"),
}
OURS = {
    "stop": ("停止", "配信停止", "配信解除", "解除", "受信拒否", "ストップ", "STOP ALL", "OPT OUT", "OPT-OUT"),
    "start": ("再開", "配信再開", "開始", "配信開始", "受信再開", "スタート", "OPT IN", "OPT-IN"),
    "help": ("ヘルプ", "使い方"),
}
WISHES = {matching.fold(word): wish for words in (TWILIOS, OURS) for wish, said in words.items() for word in said}
BY_TWILIO = {word for said in TWILIOS.values() for word in said}
ALSO_ORDINARY = ("yes",)  # what somebody says who has never wished for an end

SENTENCES = {
    "stop": {
        "ja": "配信を停止しました。今後メッセージはお送りしません。再開するには「再開」とご返信ください。",
        "en": "You will get no more messages from us. Reply START to get them again.",
    },
    "start": {
        "ja": "配信を再開しました。停止するには「停止」とご返信ください。",
        "en": "You will get messages from us again. Reply STOP to end them.",
    },
    "help": {
        "ja": "こちらは自動応答です。配信を停止するには「停止」、再開するには「再開」とご返信ください。",
        "en": "This number answers by itself. Reply STOP to get no more messages, START to get them again.",
    },
}


def read(body: str, opted_out: bool) -> str | None:
    """`stop`, `start` or `help`, if that is all that a text says, of somebody who has opted out or has not."""
    said = matching.fold(body)
    return None if said in ALSO_ORDINARY and not opted_out else WISHES.get(said)


def is_confirmed_by_twilio(body: str) -> bool:
    """Whether Twilio itself answers such a text."""
    return body.strip().upper() in BY_TWILIO


def sentence(wish: str, locale: str) -> str:
    """What we answer to a wish, where the reception says nothing else."""
    return SENTENCES[wish][locale[:2]]
