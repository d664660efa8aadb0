"""The reply limit: two that answer by themselves, and write to each other, must fall silent. So must others.

Twilio has one of its own, at fifteen replies or more in half a minute. https://www.twilio.com/docs/api/errors/14107
"""

import hashlib
import re

from pynamodb.attributes import JSONAttribute, NumberAttribute
from pynamodb.expressions.condition import Condition

from toritsugi import words
from toritsugi.foundation import matching
from toritsugi.lines.directory import DirectoryKey, Entry

MAX_ANSWERS = ((600, 5), (86_400, 20))  # within so many seconds, so many of them
SAME_ANSWER_SECONDS = 60
KEPT = max(most for _, most in MAX_ANSWERS)


class Texted(Entry, discriminator="texted"):
    """How often a person's texts to one of our lines were answered automatically.

    The latest answers are kept with their moments, as digests.
    """

    answered = NumberAttribute()
    latest = JSONAttribute()  # [[moment, digest], ...]
    forget_at = NumberAttribute(null=True)  # when none of them counts any more, and DynamoDB may sweep it away


def texted_key(number: str, line: str) -> DirectoryKey:
    """Where the directory keeps how a line has answered to texts of a person."""
    return number, f"texted#{line}"


def is_automatic(body: str) -> bool:
    """Whether a text looks as if nobody had written it."""
    text = matching.fold_text(body)
    return any(re.search(matching.fold_text(said), text) for language in words.LANGUAGES for said in language.automatic)


def forget_answers(number: str) -> int:
    """How many entries of a person, about what they were answered, were forgotten."""
    entries = [one for one in Entry.query(number, consistent_read=True) if isinstance(one, Texted)]
    for entry in entries:
        entry.delete()
    return len(entries)


def lets(texted: Texted | None, answer: str, now: float) -> bool:
    """Whether this may be answered now."""
    latest = texted.latest if texted else []
    often = any(sum(at > now - seconds for at, _ in latest) >= most for seconds, most in MAX_ANSWERS)
    again = any(at > now - SAME_ANSWER_SECONDS and one == digest(answer) for at, one in latest)
    return not often and not again


def count_answer(texted: Texted | None, number: str, line: str, answer: str, now: float) -> Texted:
    """The entry after this answer."""
    latest = [*(texted.latest if texted else []), [int(now), digest(answer)]][-KEPT:]
    answered, forget_at = (texted.answered if texted else 0) + 1, int(now) + max(seconds for seconds, _ in MAX_ANSWERS)
    return Texted(*texted_key(number, line), answered=answered, latest=latest, forget_at=forget_at)


def nothing_answered_since(texted: Texted | None) -> Condition:
    """The condition that nothing has been answered since the entry was read."""
    return Texted.answered == texted.answered if texted else Texted.entry.does_not_exist()


def digest(answer: str) -> str:
    """What is remembered of an answer, to know it again."""
    return hashlib.sha256(answer.encode(errors="replace")).hexdigest()[:16]
