"""What people wish of our texts: no more of them (stop), again (start), or to know what this is (help).

A wish is the whole of a text, apart from brackets, stops and politeness: our own sentences tell people to reply
「停止」. Whoever may be wishing for an end gets it. Each language has words for it. Those that stand here are Twilio's
own: it carries them out and confirms them itself, and tells us as well, so we say nothing.
https://help.twilio.com/articles/223134027
"""

import re
from functools import cache

from toritsugi import words
from toritsugi.foundation import matching

TWILIOS = {
    "stop": ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"),
    "start": ("START", "UNSTOP", "YES"),
    "help": ("HELP", "INFO"),
}
PROXYS = ("ARRET", "ARRETE", "ARRETT")
NEVER_ORDINARY = ("UNSTOP",)  # which Proxy does not pass on, unlike START and YES
BY_TWILIO = {word for said in TWILIOS.values() for word in said}
ALSO_ORDINARY = ("yes",)  # what somebody says who has never wished for an end
MAX_POLITE = 80  # characters of a text that may be a word and politeness, and parts of it before and after the word
MAX_POLITE_PARTS = 6


def read_keyword(body: str, opted_out: bool) -> str | None:
    """`stop`, `start` or `help`, if that is all that a text says, of somebody who has opted out or has not."""
    said = bare(body)
    if said in ALSO_ORDINARY and not opted_out:
        return None
    if wish := wishes().get(said):
        return wish
    if is_polite(bare(first_line(body)), "stop"):  # a signature may follow
        return "stop"
    return next((wish for wish in TWILIOS if is_polite(said, wish)), None)


def read_whole_keyword(body: str) -> str | None:
    """The same of a text from one person to another, who may well ask each other to stop: the word is all of it.

    Proxy does so, with a few words of French besides. https://www.twilio.com/docs/proxy/opt-out-keywords
    """
    said = bare(body)
    return "stop" if said in map(bare, PROXYS) else wishes().get(said)


def is_ordinary(body: str) -> bool:
    """Whether people may say to each other what means to an exchange that texts are wanted again."""
    return bare(body) not in map(bare, NEVER_ORDINARY)


def bare(text: str) -> str:
    """The words of a text without brackets, stops and signs, by which it is compared."""
    return matching.one_kana(matching.fold_words(text).replace("-", " "))


def first_line(text: str) -> str:
    return next((line for line in text.splitlines() if bare(line)), "")


def is_polite(said: str, wish: str) -> bool:
    """Whether a bare text is one of the words for a wish, or the same several times, and otherwise politeness alone."""
    return len(said) <= MAX_POLITE and any(form.fullmatch(said) for form in polite_forms(wish))


def polite_forms(wish: str) -> list[re.Pattern[str]]:
    """Of each language, how its words and Twilio's are said politely."""
    texts = tuple(text for text, meant in wishes().items() if meant == wish and text not in ALSO_ORDINARY)
    return [
        polite_form(one.before_wish, texts, one.after_wish, one.unwanted if wish == "stop" else "")
        for one in words.LANGUAGES
    ]


@cache
def polite_form(before: str, texts: tuple[str, ...], after: str, others: str) -> re.Pattern[str]:
    """The word, or one of the others, with some of what may stand before it, and after it."""
    word = "|".join([*sorted(map(re.escape, texts), key=len, reverse=True), *filter(None, [others])])
    some = f"{{0,{MAX_POLITE_PARTS}}}"
    form = f"(?:(?:{before}) ?){some}(?:(?:{word}) ?){{1,3}}(?:(?:{after}) ?){some}"
    return re.compile(matching.one_kana(form))


def wishes() -> dict[str, str]:
    """Every text that is a wish, bare, and which one."""
    twilios = [(text, wish) for wish, texts in TWILIOS.items() for text in texts]
    return {bare(text): wish for text, wish in (*twilios, *words.opt_out_words())}


def is_confirmed_by_twilio(body: str) -> bool:
    """Whether Twilio itself answers such a text."""
    return body.strip().upper() in BY_TWILIO


def sentence(wish: str, locale: str) -> str:
    """What we answer to a wish, where the reception says nothing else."""
    return words.sentence(f"answer to {wish}", locale)
