"""How a reception answers a text message: by the first of its rules that has one of the words, else by `otherwise`."""

from collections.abc import Callable, Mapping
from typing import Any

from toritsugi import words
from toritsugi.foundation import matching
from toritsugi.receptions.answering import placeholders
from toritsugi.receptions.answering.placeholders import Words

MAX_ANSWER_LENGTH = 1_600  # characters that Twilio sends in one message: https://www.twilio.com/docs/api/errors/21617

ReceptionDocument = Mapping[str, Any]


def answer_text(
    document: ReceptionDocument, body: str, locale: str, tell: Callable[[str, str], str], keywords_only: bool = False
) -> str:
    """What is answered to this text, in this language if there is a choice; blank, if nothing is.

    `tell` knows what stands for a placeholder, in a language.
    """
    rules = document.get("texts", [])
    said = find_by_keyword(rules, matching.fold_width(body))
    if said is None and not keywords_only:
        said = next((rule["otherwise"] for rule in rules if "otherwise" in rule), None)
    if said is None:
        return ""
    locale = placeholders.language_of(said, locale, document["language"])
    return placeholders.fill(said, locale, lambda name: tell(name, locale)).strip()[:MAX_ANSWER_LENGTH]


def find_by_keyword(rules: list[Mapping[str, Any]], text: str) -> Words | None:
    """The answer of the first rule of which a keyword stands in a text, which has one width and case."""
    for rule in rules:
        if any(matching.has(text, matching.fold_width(keyword)) for keyword in rule.get("keywords", [])):
            return rule["answer"]
    return None


def choose_language(document: ReceptionDocument, body: str, callers: str | None) -> str:
    """The language for an answer: the caller's own, else that of the text, else the document's."""
    return words.choose_language(callers, text=body, usual=document["language"])
