"""What may be said of a caller, by a client or in a row of a sheet. Only the REST API reads this: it is heavy."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from toritsugi import words
from toritsugi.foundation.visible import plain_text

MAX_NAME, MAX_NOTES, MAX_TAG, MAX_TAGS = 100, 2000, 50, 20
SEPARATORS = ",;、；"  # of tags, in a cell of a sheet
LINES = "\n\t"
GAIJI = re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff]")


def known_to_all(text: str) -> str:
    """The text, if every character means the same everywhere. Raises ValueError."""
    if own := GAIJI.search(text):
        raise ValueError(f"U+{ord(own[0]):04X} is a character that one machine has made up (gaiji): write it otherwise")
    return text


def text_of_lines(text: str) -> str:
    """Text of several lines."""
    return plain_text(text.replace("\r\n", "\n").replace("\r", "\n"), LINES)


def spoken_language(language: str) -> str | None:
    """The locale of a language that our voices speak, from ja or ja-JP; blank: none. Raises ValueError."""
    return words.read_locale(language) if language else None


def tag(text: str) -> str:
    """A tag that can stand among others in one cell of a sheet. Raises ValueError."""
    if not text or any(one in SEPARATORS for one in text):
        raise ValueError(f"a tag is a word or a few, without any of {SEPARATORS}")
    return plain_text(text)


def each_once(tags: list[str]) -> list[str]:
    """The tags as they stand, without those that stand there already."""
    return list(dict.fromkeys(tags))


def empty(said: Any) -> Any:
    """An empty text in place of None; anything else as it is."""
    return "" if said is None else said


def unless_blank(text: str) -> str | None:
    """None in place of an empty text."""
    return text or None


ReadByAll = AfterValidator(known_to_all)
CallerName = Annotated[str, Field(max_length=MAX_NAME), AfterValidator(plain_text), ReadByAll]
Blank = AfterValidator(unless_blank)
Tag = Annotated[str, Field(max_length=MAX_TAG), AfterValidator(tag), ReadByAll]


class CallerRequest(BaseModel):
    """Who calls from a number. What is left out is nothing, except `opted_out`, which stays as it is."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        str_strip_whitespace=True,
        json_schema_extra={
            "examples": [{"name": "山田花子", "reading": "やまだはなこ", "language": "ja-JP", "tags": ["VIP"]}]
        },
    )

    name: Annotated[CallerName | None, AfterValidator(empty)] = ""
    reading: Annotated[
        Annotated[CallerName, Blank] | None,
        Field(description="How the name is spoken, and where it stands in the alphabet"),
    ] = None
    language: Annotated[
        Annotated[str, Field(max_length=35), AfterValidator(spoken_language)] | None,
        Field(examples=words.locales(), description="Left out: that of the reception"),
    ] = None
    company: Annotated[CallerName, Blank] | None = None
    notes: Annotated[str, Field(max_length=MAX_NOTES), AfterValidator(text_of_lines), ReadByAll, Blank] | None = None
    tags: Annotated[list[Tag], Field(max_length=MAX_TAGS), AfterValidator(each_once)] = []
    blocked: Annotated[bool, Field(description="Whether calls from this number end with a polite refusal")] = False
    opted_out: Annotated[
        bool | None,
        Field(description="Whether no messages are wanted at this number. Left out: as it was"),
    ] = None


class CallerChange(CallerRequest):
    """What changes of a caller: what is left out stays as it is, and null takes a text away."""
