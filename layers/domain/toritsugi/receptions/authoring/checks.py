"""What makes sense as a reception: a text goes in, and what steps.py and texts.py carry out comes out.

Or every mistake in it comes out, each with its line, its step, and a sentence for whoever wrote it.
"""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any

from toritsugi.foundation import matching
from toritsugi.foundation.types import Json
from toritsugi.receptions.authoring import graph
from toritsugi.receptions.authoring.reading import YAML, Mistake, Node, NoReception, read_document
from toritsugi.receptions.authoring.shape import Finding, shape
from toritsugi.receptions.authoring.terms import regions_by_country
from toritsugi.words import locales

YEARS_OF_HOLIDAYS = 10
MAX_COMPILED_BYTES = 200_000  # bytes, compiled: with its text it is one item of DynamoDB's, which may have 400 KB
TOO_MUCH = "this is too much for one reception: have fewer steps, or fewer of them with public holidays"
MAX_AUDIO, LISTENED_AT_ONCE = 30, 15
WORDS = {"say", "greet", "unknown", "wrong", "menu", "gather", "notice", "whisper", "voicemail", "answer"}
DEEPEST_STEP = 3  # names above words that are there by language: steps, its own, and that of the words
MAX_REGIONS = 20  # are named in a warning

Listen = Callable[[str], str | None]
FindLines = Callable[[set[str]], set[str]]


@dataclass(frozen=True)
class World:
    """What a document alone does not tell.

    `listen` is asked about each audio file: it raises ValueError if that cannot be played, or says what is strange.
    `find_lines` knows which of some numbers are lines of ours. With `http`, an address may begin so.
    """

    listen: Listen = lambda _: None
    find_lines: FindLines = lambda _: set()
    http: bool = False


@dataclass
class Checked:
    """A reception that can be carried out, and what its owner may want to think about all the same."""

    document: Json
    warnings: list[Mistake]


def compile(text: str, content_type: str = YAML) -> Json:
    """What a text says as a reception, in plain JSON: language, timezone, start, steps, texts. Raises NoReception."""
    return check_document(text, content_type).document


def check_document(text: str, content_type: str = YAML, world: World | None = None) -> Checked:
    """As `compile`, with what is only strange, and with what is known of the world. Raises NoReception."""
    world = world or World()
    node = read_document(text, content_type)
    document, wrong = shape(node.plain(), world.http)
    wrong += lost_ways(document, node.names("steps"))  # a step that is wrong itself is there all the same
    strange: list[Finding] = []
    if not wrong:
        wrong = senseless(document)
    if not wrong:
        wrong, strange = heard(document, world.listen)
        wrong += calling_itself(document, world.find_lines)
        strange += [*maybe_unreached(document), *endless_silence(document), *regional_holidays(document)]
        strange += comments_after_words(node)
    if wrong:
        raise NoReception(located(wrong, node))
    add_holidays(document)
    if len(json.dumps(document)) > MAX_COMPILED_BYTES:
        raise NoReception(located([Finding((), TOO_MUCH)], node))
    return Checked(document, located(strange, node))


def senseless(document: Json) -> list[Finding]:
    """Everything that makes no sense together, where every step by itself does."""
    found = [*unreached(document), *circles(document), *dead_ends(document), *untranslated(document)]
    return [*found, *said_twice(document)]


def located(findings: list[Finding], node: Node) -> list[Mistake]:
    """The findings in the order of the document, each with its line and step."""
    mistakes = []
    for path, detail in findings:
        line, step = node.line_of(*path), str(path[1]) if path[:1] == ("steps",) and len(path) > 1 else None
        where = "" if line or step or not path else f"{'/'.join(map(str, path))}: "  # JSON has no lines
        mistakes.append(Mistake(line=line, step=step, detail=where + detail))
    return sorted(mistakes, key=lambda one: one["line"] or 0)


# ---- where steps lead ------------------------------------------------------------------------------------------------


def lost_ways(document: Json, names: set[str]) -> Iterator[Finding]:
    """Whatever leads to a step that is not there."""
    if (start := document.get("start")) and start not in names:
        yield Finding(("start",), no_step("`start`", start, names))
    for name, step in document["steps"].items():
        for way in graph.ways(step):
            if way.to not in names:
                path = ("steps", name, way.word, way.by) if way.by else ("steps", name, way.word)
                yield Finding(path, no_step(f"`{way.by or way.word}`", way.to, names))


def no_step(word: str, name: str, names: set[str]) -> str:
    """That no step has this name, and which one may be meant."""
    close = get_close_matches(name, names, 1)
    return f"{word} leads to {name}, and there is no such step" + (f"; did you mean {close[0]}?" if close else "")


def reached(document: Json) -> list[str]:
    """The steps to which the ways of the document lead, from its first on."""
    return graph.reach(document["steps"], document["start"]) if document["steps"] else []


def asks(document: Json) -> bool:
    """Whether the owner's own system chooses a step somewhere, which may be any."""
    return any(document["steps"][name].get("ask") for name in reached(document))


def unreached(document: Json) -> Iterator[Finding]:
    """Steps to which nothing leads."""
    if not asks(document):
        for name in document["steps"].keys() - set(reached(document)):
            yield Finding(("steps", name), "nothing leads to this step")


def maybe_unreached(document: Json) -> Iterator[Finding]:
    """Steps to which only an answer of the owner's system may lead."""
    if asks(document):
        for name in document["steps"].keys() - set(reached(document)):
            yield Finding(("steps", name), "nothing leads to this step, unless the answer of your system does")


def circles(document: Json) -> Iterator[Finding]:
    """Ways that lead round and round, on which nobody is asked anything."""
    steps = document["steps"]
    for circle in graph.loops(steps, [name for name in steps if steps[name]["kind"] in graph.UNASKED]):
        yield Finding(("steps", circle[0]), f"this goes round for ever and asks nobody anything: {', '.join(circle)}")


def dead_ends(document: Json) -> Iterator[Finding]:
    """The first of the steps from which no call ever ends."""
    for name in graph.endless(document["steps"], reached(document))[:1]:
        if not list(circles(document)):
            yield Finding(("steps", name), "there is no way out: whatever a caller does from here, no call ever ends")


def endless_silence(document: Json) -> Iterator[Finding]:
    """Ways on which somebody who says nothing goes round for ever."""
    for circle in graph.loops(document["steps"], reached(document), graph.ways_of_silence):
        detail = f"while nobody presses, says or answers anything, this goes round for ever: {', '.join(circle)}"
        yield Finding(("steps", circle[0]), detail)


# ---- what is said ----------------------------------------------------------------------------------------------------


def untranslated(document: Json) -> Iterator[Finding]:
    """Words that are not there in every language of the document: its own, those of its steps, those of others."""
    maps = list(translations(document, ()))
    spoken = {document["language"], *(step["language"] for step in document["steps"].values() if "language" in step)}
    for _, words in maps:
        spoken |= words.keys()
    for path, words in maps:
        for locale in sorted(spoken - words.keys()):
            yield Finding(path, f"`{path[-1]}` has no words in {locale}, which is spoken here too")


def translations(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Json]]:
    """All words that are there by language, and where."""
    if isinstance(value, dict) and value and value.keys() <= set(locales()):
        yield path, value
    elif isinstance(value, dict | list):
        for part, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from translations(one, (*path, part))


def comments_after_words(node: Node, path: tuple[Any, ...] = ()) -> Iterator[Finding]:
    """Words without quotes, after which a comment follows: in `say: Press # now` only Press is said."""
    if isinstance(node.value, str):
        if node.comment and (path[-1] in WORDS or (len(path) > DEEPEST_STEP and path[-2] in WORDS)):
            yield Finding(path, f"only {node.value!r} is said: what follows # is a comment, unless it all is in quotes")
    else:
        for part, inside in node.value.items() if isinstance(node.value, dict) else enumerate(node.value):
            yield from comments_after_words(inside, (*path, part))


def said_twice(document: Json) -> Iterator[Finding]:
    """What a caller may say in a menu, and keywords of texts, each as it is compared; and rules for any text."""
    for name, step in document["steps"].items():
        yield from doubles({("steps", name, "spoken", word): compared(word) for word in step.get("spoken", {})})
    rules = list(enumerate(document["texts"]))
    keywords = [
        (("texts", at, "keywords", n), word) for at, rule in rules for n, word in enumerate(rule.get("keywords", ()))
    ]
    yield from doubles({path: matching.fold_text(word) for path, word in keywords})
    for at in [at for at, rule in rules if "otherwise" in rule][1:]:
        yield Finding(("texts", at), "there is an `otherwise` already")
    for at, rule in rules:
        if "{digits}" in str(rule):
            yield Finding(("texts", at), "a text message has no {digits}")


def compared(word: str) -> str:
    """A word to be said, as it is looked for in what is heard."""
    return matching.one_kana(matching.fold_words(word))


def doubles(words: dict[tuple[Any, ...], str]) -> Iterator[Finding]:
    """Words that nobody could understand, and those that are there already."""
    seen = set[str]()
    for path, word in words.items():
        if not word:
            yield Finding(path, "there is no letter in it that could be understood")
        elif word in seen:
            yield Finding(path, f"{word} is there already: capitals, widths and kana make no difference")
        seen.add(word)


def heard(document: Json, listen: Listen) -> tuple[list[Finding], list[Finding]]:
    """What is wrong with the audio files, and what is strange."""
    files = {step["play"]: ("steps", name, "play") for name, step in document["steps"].items() if "play" in step}
    if len(files) > MAX_AUDIO:
        return [Finding(("steps",), f"there are more than {MAX_AUDIO} audio files")], []

    def ask(url: str) -> tuple[Finding | None, Finding | None]:
        try:
            strange = listen(url)
        except ValueError as error:
            return Finding(files[url], str(error)), None
        return None, Finding(files[url], strange) if strange else None

    with ThreadPoolExecutor(LISTENED_AT_ONCE) as pool:
        found = list(pool.map(ask, files))
    return [wrong for wrong, _ in found if wrong], [strange for _, strange in found if strange]


def calling_itself(document: Json, find_lines: FindLines) -> Iterator[Finding]:
    """Transfers to a line of ours: its reception may transfer back, and the two would call each other for ever."""
    called = {number for step in document["steps"].values() for number in step.get("transfer", ())}
    ours = find_lines(called) if called else set()
    for name, step in document["steps"].items():
        for number in ours.intersection(step.get("transfer", ())):
            yield Finding(("steps", name, "transfer"), f"{number} is a line of yours, which would call itself")


# ---- public holidays -------------------------------------------------------------------------------------------------


def add_holidays(document: Json) -> None:
    """Has each step that closes on public holidays know them, as ISO dates: those of this year and the nine after."""
    for step in document["steps"].values():
        if where := step.get("holidays"):
            step["closed_on"] = public_holidays(where)


def public_holidays(where: str) -> list[str]:
    """The public holidays of a country, JP, or of a region, GB-ENG: those of this year and the nine after."""
    from holidays import country_holidays  # here only: see terms.country

    country, _, region = where.partition("-")
    first = datetime.now(UTC).year
    found = country_holidays(country, subdiv=region or None, years=range(first, first + YEARS_OF_HOLIDAYS))
    return sorted(day.isoformat() for day in found)


def regional_holidays(document: Json) -> Iterator[Finding]:
    """Countries whose public holidays differ by region, which is not named."""
    for name, step in document["steps"].items():
        if regions := differing_regions(step.get("holidays", "")):
            known = ", ".join(regions[:MAX_REGIONS]) + (", ..." if len(regions) > MAX_REGIONS else "")
            detail = "public holidays differ by region there, and only the whole country's are closed; write one of"
            yield Finding(("steps", name, "holidays"), f"{step['holidays']}: {detail} {known}")


def differing_regions(country: str) -> list[str]:
    """The regions of a country, as ISO 3166-2 writes them, if the public holidays of any are not those of them all."""
    regions = [f"{country}-{region}" for region in regions_by_country().get(country, ())] if country else []
    usual = public_holidays(country) if regions else []
    return regions if any(public_holidays(region) != usual for region in regions) else []
