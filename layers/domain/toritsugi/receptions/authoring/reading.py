"""Reading a reception as it was written, in YAML or JSON: plain text and its places, and nothing else.

Every scalar stays the text that it is, so `no` is a word, 12:30 a time and +8131... a number. What YAML can do besides,
anchors, tags and several documents in one, is refused: no reception needs it, and some of it explodes.
"""

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import yaml
from typing_extensions import TypedDict  # typing's own says too little to pydantic before Python 3.12

from toritsugi.foundation.errors import RequestRefused

JSON, YAML = "application/json", "application/yaml"

MAX_SOURCE_BYTES = 65_536  # bytes
DEEPEST = 12
MAX_TOLD, MAX_MISTAKES = 5, 100  # in the sentence, and in the list
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")  # XML may hold none of them
BARE_HASH = re.compile(r"(^|[{,])[ \t]*#[ \t]*:", re.MULTILINE)  # YAML takes the key for the beginning of a comment
HASH = 'YAML takes # for the beginning of a comment: write that key in quotes, "#"'
COMMA = "in {braces} a comma separates: put what has a comma in it in quotes"
WIDE = re.compile("^[ \t]*([\u00a0\u2000-\u200b\u202f\u205f\u3000\ufeff])", re.MULTILINE)  # where spaces indent
STAR = '* has a meaning of its own in YAML: write that key in quotes, "*"'
# What is of full width and looks like a sign of YAML; and what to do about what the parser says of ordinary signs.
LOOKALIKES = re.compile("[：，｛｝［］＃－]")
HINTS = {
    "'\\t'": "indent with spaces, not with tabs",
    "cannot start any token": "put what begins with that in quotes",
    "mapping values are not allowed": "put words with a colon in them in quotes",
    "sequence entries are not allowed": "put what begins with - in quotes",
    "but found '<scalar>'": "put words that begin with a bracket or a quote in quotes",
    "found ':'": STAR,
    "alias": "put what begins with * in quotes",
}
COMMENT = re.compile("[ \t]+#")


class MistakePlace(TypedDict):
    """Where something stands in a reception: its line, and its step if it is in one."""

    line: int | None
    step: str | None


class Mistake(MistakePlace):
    """One thing that is wrong with a reception, in a sentence."""

    detail: str


class NoReception(RequestRefused):
    """A document that is none, with every mistake in it that could be found."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        said = [describe_mistake(one) for one in mistakes[:MAX_TOLD]]
        more = [f"and {len(mistakes) - MAX_TOLD} more"] if len(mistakes) > MAX_TOLD else []
        super().__init__(20001, "; ".join(said + more), 422, errors=mistakes[:MAX_MISTAKES])


def describe_mistake(mistake: Mistake) -> str:
    """A mistake in words, like: line 12, step menu: what is wrong with it."""
    line = f"line {mistake['line']}" if mistake["line"] else ""
    step = f"step {mistake['step']}" if mistake["step"] else ""
    place = ", ".join(filter(None, (line, step)))
    return f"{place}: {mistake['detail']}" if place else mistake["detail"]


def single_mistake(detail: str, path: "Path" = (), line: int | None = None) -> NoReception:
    """The error of a single mistake, after which nothing more can be read."""
    return NoReception([{**mistake_place(path, line), "detail": detail}])


@dataclass(frozen=True)
class Node:
    """Something that was written, and the line in which it begins; None, where nobody counts lines."""

    value: "str | list[Node] | dict[str, Node]"
    line: int | None = None
    comment: bool = False  # whether one follows on the same line

    def plain(self) -> Any:
        """Texts, lists and dictionaries."""
        if isinstance(self.value, dict):
            return {name: node.plain() for name, node in self.value.items()}
        return [node.plain() for node in self.value] if isinstance(self.value, list) else self.value

    def names(self, name: str) -> set[str]:
        """The names of what is under a name, if anything is."""
        inside = self.value.get(name) if isinstance(self.value, dict) else None
        return set(inside.value) if inside and isinstance(inside.value, dict) else set()

    def line_of(self, *path: Any) -> int | None:
        """The line of what stands under this path, or of the nearest thing around it."""
        node = self
        for part in path:
            inside: Any = node.value if not isinstance(node.value, str) else {}
            try:
                node = inside[part]
            except (KeyError, IndexError, TypeError):
                break
        return node.line


def read_document(text: str, content_type: str) -> Node:
    """The document, an object of named things. Raises NoReception."""
    if len(text.encode(errors="replace")) > MAX_SOURCE_BYTES:
        raise single_mistake(f"the document is larger than {MAX_SOURCE_BYTES} bytes")
    mistakes: list[Mistake] = []
    node = from_json(text, mistakes) if content_type == JSON else from_yaml(text, mistakes)
    if mistakes:
        raise NoReception(mistakes)
    if not isinstance(node.value, dict):
        raise single_mistake("this is no reception: it has no `steps:`, and no `texts:`", (), node.line)
    return node


# ---- whatever it is written in ---------------------------------------------------------------------------------------

Path = tuple[str, ...]  # the names of everything around something


def mistake_place(path: Path, line: int | None) -> MistakePlace:
    """Where something stands in a document."""
    return {"line": line, "step": path[1] if len(path) > 1 and path[0] == "steps" else None}


def leaf(text: str, path: Path, line: int | None, mistakes: list[Mistake]) -> Node:
    """A text, all of which can be spoken and written."""
    if control := CONTROL.search(text):
        mistakes.append(
            {**mistake_place(path, line), "detail": f"U+{ord(control[0]):04X} is no character that can be said"}
        )
    return Node(text, line)


def named(pairs: list[tuple[Node, Node]], path: Path, mistakes: list[Mistake]) -> dict[str, Node]:
    """What has a name each, and stands where its name does; no name twice."""
    found: dict[str, Node] = {}
    for name, node in pairs:
        word = str(name.value)
        if word in found:
            lines = f", in lines {found[word].line} and {name.line}" if name.line else ""
            mistakes.append(
                {**mistake_place((*path, word), name.line), "detail": f"{word[:40]} is written twice{lines}"}
            )
        found[word] = replace(node, line=name.line)
    return found


# ---- YAML ------------------------------------------------------------------------------------------------------------


def from_yaml(text: str, mistakes: list[Mistake]) -> Node:
    """What the only document of a text in YAML says. It is read event by event, so nothing grows on the way."""
    if bare := BARE_HASH.search(text):
        raise single_mistake(HASH, (), line_at(text, bare.end()))
    text = text.removeprefix("\ufeff")  # the mark of an editor, at the beginning of all
    if (wide := WIDE.search(text)) and wide.start() == wide.start(1):  # within words of several lines it stands deeper
        raise wide_space(wide[1], (), line_at(text, wide.start(1)))
    try:
        events = yaml.parse(text, Loader=yaml.SafeLoader)
        next(events)  # the stream begins
        if isinstance(next(events), yaml.StreamEndEvent):
            raise single_mistake("there is nothing in it")
        node = build(next(events), events, (), mistakes)
        next(events)  # the document ends
        if not isinstance(more := next(events), yaml.StreamEndEvent):
            raise single_mistake("a second document begins here, but a reception is one", (), line_of(more))
    except yaml.MarkedYAMLError as error:
        if wide := WIDE.search(text):
            raise wide_space(wide[1], (), line_at(text, wide.start(1))) from None
        what = ", ".join(filter(None, (error.context, error.problem)))
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise single_mistake(f"this is no YAML: {what}{hint_for(what, text, line)}", (), line) from None
    except yaml.reader.ReaderError as error:
        line = line_at(text, error.position)
        raise single_mistake(f"U+{ord(text[error.position]):04X} is no character that can be said", (), line) from None
    return node


def hint_for(what: str, text: str, line: int | None) -> str:
    """What to do about it: signs that only look like those of YAML are named, on its line and the one before."""
    near = "".join(text.splitlines()[max(0, line - 2) : line]) if line else ""
    if near.lstrip().startswith("```"):
        return "; leave out the lines that begin with ```"
    if other := LOOKALIKES.search(near):
        meant = unicodedata.normalize("NFKC", other[0])
        return f"; if {other[0]} (U+{ord(other[0]):04X}) is meant as {meant}, write the ordinary one"
    return next((f"; {hint}" for sign, hint in HINTS.items() if sign in what), "")


def line_at(text: str, place: int) -> int:
    """The line of a place in a text; the first is 1."""
    return text.count("\n", 0, place) + 1


def wide_space(space: str, path: Path, line: int | None) -> NoReception:
    """The mistake of a line that is indented with something else than spaces."""
    name = f"U+{ord(space):04X}, {unicodedata.name(space, 'a space').lower()}"
    detail = f"this line is indented with a character that only looks like a space ({name}): use ordinary spaces"
    return single_mistake(detail, path, line)


def build(event: yaml.Event, events: Iterator[yaml.Event], path: Path, mistakes: list[Mistake]) -> Node:
    """The node that begins with this event; what is in it follows."""
    line = line_of(event)
    if isinstance(event, yaml.AliasEvent):
        raise single_mistake(STAR, path, line)
    if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and (event.anchor or event.tag):
        raise single_mistake(
            "& and ! have a meaning of their own in YAML: write what begins with them in quotes", path, line
        )
    if len(path) > DEEPEST:
        raise single_mistake(f"this is nested more than {DEEPEST} times", path, line)
    if isinstance(event, yaml.ScalarEvent):
        if is_nothing(event):
            mistakes.append({**mistake_place(path, line), "detail": "nothing is written here"})
        return replace(leaf(event.value, path, line, mistakes), comment=has_comment(event))
    if isinstance(event, yaml.SequenceStartEvent):
        items: list[Node] = []
        while not isinstance(one := next(events), yaml.SequenceEndEvent):
            items.append(build(one, events, (*path, str(len(items))), mistakes))
        return Node(items, line)
    return Node(named(list(build_pairs(events, path, mistakes)), path, mistakes), line)


def build_pairs(events: Iterator[yaml.Event], path: Path, mistakes: list[Mistake]) -> Iterator[tuple[Node, Node]]:
    """Each name of a map and what it names."""
    while not isinstance(one := next(events), yaml.MappingEndEvent):
        if not isinstance(one, yaml.ScalarEvent | yaml.AliasEvent):
            raise single_mistake("a list or a map cannot be a name", path, line_of(one))
        name = build(one, events, path, mistakes)
        if wide := WIDE.match(str(name.value)):
            raise wide_space(wide[1], path, name.line)
        inside, value = (*path, str(name.value)), next(events)
        if isinstance(value, yaml.ScalarEvent) and is_nothing(value) and not follows_colon(value):
            mistakes.append({**mistake_place(inside, name.line), "detail": f"{str(name.value)[:40]}: {COMMA}"})
        else:
            yield name, build(value, events, inside, mistakes)


def follows_colon(scalar: yaml.ScalarEvent) -> bool:
    """Whether what is empty was meant to be something; in {9:00-12:00, 13:00-18:00} there is a name without any."""
    mark = scalar.start_mark
    return not mark or not mark.buffer or mark.buffer[mark.pointer - 1] == ":"


def has_comment(scalar: yaml.ScalarEvent) -> bool:
    """Whether a comment follows what is written without quotes, which may have been meant as a part of it."""
    mark = scalar.end_mark
    return scalar.style is None and bool(mark and mark.buffer and COMMENT.match(mark.buffer, mark.pointer))


def is_nothing(scalar: yaml.ScalarEvent) -> bool:
    """Whether nothing is written where a value belongs."""
    return not scalar.value and scalar.style is None


def line_of(event: yaml.Event) -> int:
    """The line on which an event begins; the first is 1."""
    mark = event.start_mark
    return mark.line + 1 if mark else 0  # one that was parsed has a mark


# ---- JSON ------------------------------------------------------------------------------------------------------------


def from_json(text: str, mistakes: list[Mistake]) -> Node:
    """What a text in JSON says. Lines are known only of what is no JSON at all."""
    try:
        said = json.loads(text, object_pairs_hook=Pairs, parse_int=str, parse_float=str, parse_constant=refuse_document)
    except json.JSONDecodeError as error:
        raise single_mistake(f"this is no JSON: {error.msg}", (), error.lineno) from None
    except RecursionError:
        raise single_mistake(f"this is nested more than {DEEPEST} times") from None
    return plant(said, (), mistakes)


class Pairs(list[tuple[str, Any]]):
    """An object in JSON, as it was written."""


def plant(value: Any, path: Path, mistakes: list[Mistake]) -> Node:
    """The node of a value in JSON."""
    if len(path) > DEEPEST:
        raise single_mistake(f"this is nested more than {DEEPEST} times", path)
    if isinstance(value, Pairs):
        pairs = [(leaf(name, path, None, mistakes), plant(one, (*path, name), mistakes)) for name, one in value]
        return Node(named(pairs, path, mistakes))
    if isinstance(value, list):
        return Node([plant(one, (*path, str(at)), mistakes) for at, one in enumerate(value)])
    if value is None:
        mistakes.append({**mistake_place(path, None), "detail": "null is nothing: leave it out"})
    return leaf(value if isinstance(value, str) else json.dumps(value), path, None, mistakes)


def refuse_document(name: str) -> None:
    """Raises NoReception for NaN and Infinity, which Python reads and JSON does not know."""
    raise single_mistake(f"this is no JSON: {name} is no number there")
