"""The words by which somebody ends, begins and asks about texts from a number; Twilio itself answers them.

https://help.twilio.com/articles/223134027. They count when they are the whole text. Words of other languages
belong to a Messaging Service, which is not built.
"""

from __future__ import annotations

STOP = {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}
START = {"START", "YES", "UNSTOP"}
HELP = {"HELP", "INFO"}
ANSWERS = {
    "stop": "You will get no more texts from this number. Reply START to get them again.",
    "start": "You will get texts from this number again. Reply HELP for help, STOP to end them.",
    "help": "Reply STOP to get no more texts from this number. Rates for texts may apply.",
}


def wish(body: str) -> str | None:
    """`stop`, `start` or `help`, if that is all that the text says."""
    word = body.strip().upper()
    found = {"stop": word in STOP, "start": word in START, "help": word in HELP}
    return next((name for name, is_said in found.items() if is_said), None)
