"""The shape of a reception: each step by itself, as the grammar has it, with what is wrong in plain words.

pydantic finds it, but says it for programmers; whoever has written the reception may be none.
"""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from toritsugi.foundation.types import Json
from toritsugi.receptions.authoring.grammar import KINDS, ReceptionModel, Record, Rule

# What pydantic finds, by its own name of it.
MISTAKE_SENTENCES = {
    "missing": "`{word}` is missing",
    "greater_than_equal": "`{word}` must be {ge} or more",
    "less_than_equal": "`{word}` must be {le} or less",
    "literal_error": "`{word}` can only be {expected}",
    "bool_parsing": "`{word}` is true or false",
    "int_parsing": "`{word}` is a whole number, like 5",
    "int_parsing_size": "`{word}` is a whole number, like 5, and not so large",
    "string_type": "`{word}` is a text, and nothing with parts",
    "dict_type": "`{word}` is a map, like {{name: ...}}",
    "model_type": "`{word}` is a map, like {{name: ...}}",
    "list_type": "`{word}` is a list, like [...]",
    "too_long": "`{word}` has more than {max_length} things in it",
    "too_short": "`{word}` has nothing in it",
}

# A colon of full width, or one without a space, or with one of another width: YAML takes it all for a text.
COLON = re.compile("([a-z_]+)(?:：|:(?! ))")


class Finding(NamedTuple):
    """Something that is wrong with a document, or strange, and where in it: ("steps", "menu", "keys", "1")."""

    path: tuple[Any, ...]
    detail: str


def shape(said: Json, http: bool) -> tuple[Json, list[Finding]]:
    """The compiled document, as far as it can be, and what is wrong with the shape of it."""
    findings: list[Finding] = []
    steps: dict[str, Json] = {}
    written = said.get("steps", {})
    for name, step in written.items() if isinstance(written, dict) else ():
        if isinstance(step, dict):
            try:
                kind = kind_of(step)
                whole = KINDS[kind].model_validate(step, context={"http": http})
                steps[name] = {"kind": kind, **whole.model_dump(exclude_none=True)}
            except ValidationError as error:
                findings += [worded(one, KINDS[kind], ("steps", name)) for one in error.errors()]
            except ValueError as error:
                findings.append(Finding(("steps", name), str(error)))
    try:
        document = ReceptionModel.model_validate(said).model_dump(exclude_none=True)
    except ValidationError as error:
        return {"steps": steps, "texts": []}, findings + [worded(one, ReceptionModel) for one in error.errors()]
    if not steps and not document["texts"] and not findings:
        findings.append(Finding((), "this is no reception: it has no `steps:`, and no `texts:`"))
    start = document.get("start") or next(iter(document["steps"]), None)
    return {**document, "start": start, "steps": steps}, findings


def kind_of(step: Mapping[str, Any]) -> str:
    """What a step does. Raises ValueError unless it is one thing."""
    kinds = [kind for kind in KINDS if kind in step and not (kind == "ask" and "gather" in step)]
    if len(kinds) > 1:
        raise ValueError(f"one step does one thing, and this one would {' and '.join(kinds)}: make a step of each")
    if not kinds:
        close = [found for word in step for found in get_close_matches(word, KINDS, 1)]
        hint = f"did you mean {close[0]}?" if close else f"begin it with one of {', '.join(KINDS)}"
        raise ValueError(f"this step does nothing: {hint}")
    return kinds[0]


def worded(error: ErrorDetails, model: type[BaseModel], path: tuple[Any, ...] = ()) -> Finding:
    """What pydantic has found, in plain words."""
    loc = tuple(part for part in error["loc"] if part != "[key]")
    word, context = next((part for part in reversed(loc) if isinstance(part, str)), ""), error.get("ctx", {})
    model = Record if "record" in loc[:-1] else Rule if "texts" in loc[:-1] else model
    if error["type"] == "value_error":
        said = str(context["error"])
        of_word = loc and loc[-1] == word and not said.startswith(word)
        detail = f"`{word[:40]}`: {said}" if of_word else said
    elif error["type"] == "extra_forbidden":
        close = get_close_matches(word, model.model_fields, 1)
        hint = f"did you mean {close[0]}?" if close else f"what does are {', '.join(model.model_fields)}"
        detail = f"`{word[:40]}` means nothing here; {hint}"
    elif error["type"] in ("dict_type", "model_type") and (written := COLON.match(str(error["input"]))):
        detail = f"`{written[1]}`: write an ordinary colon and a space after it, like {written[1]}: ..."
    else:
        detail = MISTAKE_SENTENCES.get(error["type"], "`{word}`: " + error["msg"].lower()).format(
            word=word[:40], **context
        )
        if error["type"] == "missing" and (meaning := model.model_fields[word].description):
            detail += f": {meaning}"
    return Finding(path + loc, detail)
