"""What people wish of our texts: no more of them (stop), again (start), or to know what this is (help).

A wish is the whole of a text. Each language has words for it. Those that stand here are Twilio's own: it carries them
out and confirms them itself, and tells us as well, so we say nothing. https://help.twilio.com/articles/223134027
"""

from toritsugi import words
from toritsugi.foundation import matching

TWILIOS = {
    "stop": ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"),
    "start": ("START", "UNSTOP", "YES"),
    "help": ("HELP", "INFO"),
}
BY_TWILIO = {word for said in TWILIOS.values() for word in said}
ALSO_ORDINARY = ("yes",)  # what somebody says who has never wished for an end


def read_keyword(body: str, opted_out: bool) -> str | None:
    """`stop`, `start` or `help`, if that is all that a text says, of somebody who has opted out or has not."""
    said = matching.fold_text(body)
    return None if said in ALSO_ORDINARY and not opted_out else wishes().get(said)


def wishes() -> dict[str, str]:
    """Every text that is a wish, folded, and which one."""
    twilios = [(text, wish) for wish, texts in TWILIOS.items() for text in texts]
    return {matching.fold_text(text): wish for text, wish in (*twilios, *words.opt_out_words())}


def is_confirmed_by_twilio(body: str) -> bool:
    """Whether Twilio itself answers such a text."""
    return body.strip().upper() in BY_TWILIO


def sentence(wish: str, locale: str) -> str:
    """What we answer to a wish, where the reception says nothing else."""
    return words.sentence(f"answer to {wish}", locale)
