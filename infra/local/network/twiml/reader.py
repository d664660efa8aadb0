"""The one reader of TwiML: text in, checked verbs out. What Twilio refuses is refused here, by the table in grammar."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

from local.network.refusals import Failure, not_built
from local.network.twiml.grammar import LATER, MESSAGES, OFF, PLAYED, RULES, SSML, UNRECORDED, VERBS, WHISPER, Rule, url

MAX_ANSWER = 64 * 1024  # bytes
MAX_PARAMETER = 4000  # characters
MAX_NAME = 128  # characters
SITUATIONS: dict[tuple[str, ...], str] = {
    WHISPER: "before two people are put through",
    PLAYED: "to somebody who waits, is on hold or is told something",
    MESSAGES: "in answer to a text",
}
CODES: dict[tuple[str, ...], int] = {PLAYED: 13238, MESSAGES: 14110}  # of what else stands there

# ---- what is read -------------------------------------------------------------------------------------------------


@dataclass
class Element:
    """A verb or noun: as it was written (`attributes`), and what that means (`element["timeout"]`, with defaults)."""

    verb: str
    attributes: dict[str, str]
    values: dict[str, Any]
    text: str
    nested: list[Element]
    seconds: float | None = None  # how long it lasts, where that is known already

    def __getitem__(self, attribute: str) -> Any:
        return self.values[attribute]


@dataclass
class Document:
    """Verbs in their order, the address that they came from (None: given inline), and their entry in the log."""

    verbs: list[Element]
    url: str | None = None
    entry: dict[str, Any] | None = None


def read(text: str, allowed: tuple[str, ...] = VERBS) -> list[Element]:
    """The verbs of a document, or Failure with Twilio's code."""
    if len(text.encode()) > MAX_ANSWER:
        raise Failure(11750, f"The TwiML is {len(text.encode())} bytes long; Twilio takes {MAX_ANSWER}.")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise Failure(12100, "TwiML has no document type and no entities of its own.")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314  no DTD and no entities, see above
    except (ElementTree.ParseError, ValueError) as error:
        raise Failure(12100, f"This is not well-formed XML: {error}.") from error
    if root.tag != "Response":
        raise Failure(12100, f"TwiML begins with <Response>, not <{root.tag}>.")
    if root.attrib:
        raise Failure(12200, "<Response> has no attributes.")
    if stray(root):
        raise Failure(12200, f"There is text between the verbs: {stray(root)!r}.")
    verbs = [element(child, "Response", allowed) for child in root]
    if any(verb.verb == "Reject" for verb in verbs[1:]):
        raise Failure(12200, "<Reject> must be the first verb: a call that is answered cannot be rejected.")
    return verbs


def inline(text: str) -> list[Element]:
    """The verbs of a document given as a parameter, which has no address that anything could be relative to."""
    if len(text) > MAX_PARAMETER:
        raise Failure(32018, f"The Twiml parameter has {len(text)} characters; Twilio takes {MAX_PARAMETER}.")
    verbs = read(text)
    for one in every(verbs):
        for name in ("action", "url", "statusCallback", "waitUrl", "amdStatusCallback", "recordingStatusCallback"):
            if (address := one.attributes.get(name)) and not urlsplit(address).scheme:
                raise Failure(11100, f"In inline TwiML the {name} of <{one.verb}> must be absolute, not {address!r}.")
    return verbs


def made(verb: str, text: str, seconds: float | None = None) -> Element:
    """A verb that nobody wrote, with Twilio's defaults: what an audio file or plain text amounts to."""
    values = {name: attribute.default for name, attribute in RULES[verb].attributes.items()}
    return Element(verb, {}, values, text, [], seconds)


def every(elements: list[Element]) -> Iterator[Element]:
    for one in elements:
        yield one
        yield from every(one.nested)


def element(xml: ElementTree.Element, parent: str, allowed: tuple[str, ...]) -> Element:
    name = xml.tag
    if name in LATER:
        raise Failure(12200, not_built(f"<{name}>"))
    if name not in RULES:
        raise Failure(12200, f"There is no <{name}> in TwiML" + meant(name, RULES) + ".")
    if name not in allowed:
        in_dial_segment = name == "Dial" and parent == "Response"
        code = CODES.get(allowed, 13201 if in_dial_segment else 12200)
        raise Failure(code, f"<{name}> is not allowed {where(parent, allowed)}.")
    rule = RULES[name]
    values = {attribute: known.default for attribute, known in rule.attributes.items()}
    for attribute, value in xml.attrib.items():
        values[attribute] = read_attribute(name, rule, attribute, value)
    words = spoken(xml) if name == "Say" else (xml.text or "").strip()
    children = [] if name == "Say" else [element(child, name, rule.nested) for child in xml]
    if (words and not rule.text) or (name != "Say" and any((child.tail or "").strip() for child in xml)):
        raise Failure(12200, f"<{name}> holds text that does not belong there.")
    check(name, values, words, children)
    return Element(name, dict(xml.attrib), values, words, children)


def read_attribute(verb: str, rule: Rule, attribute: str, value: str) -> Any:
    if (verb, attribute, value) in OFF:
        return value
    if attribute in rule.later:
        raise Failure(12200, not_built(f'{attribute}="{value}" of <{verb}>'))
    if attribute in rule.retired:
        instead = rule.retired[attribute]
        raise Failure(12200, f"{attribute} of <{verb}> is deprecated at Twilio; {instead} has taken its place.")
    if attribute not in rule.attributes:
        raise Failure(12200, f"<{verb}> has no attribute {attribute!r}" + meant(attribute, rule.attributes) + ".")
    known = rule.attributes[attribute]
    try:
        return known.read(value)
    except ValueError as error:
        raise Failure(known.code, f'{attribute}="{value}" of <{verb}> is not {error}.') from error


def check(name: str, values: dict[str, Any], words: str, children: list[Element]) -> None:
    """What no attribute can say alone."""
    if name == "Dial":
        check_dial(values["record"], words, [child.verb for child in children])
    if name == "Play" and bool(words) == bool(values["digits"]):
        raise Failure(12200, "<Play> takes the address of a file, or digits.")
    if name == "Number" and not words:
        raise Failure(13223, "<Number> holds a telephone number.")
    if name == "Conference" and not 0 < len(words) <= MAX_NAME:
        raise Failure(13237, f"<Conference> holds the name of a room, of at most {MAX_NAME} characters.")
    if name == "Message" and sum(bool(part) for part in (words, *(child.verb == "Body" for child in children))) > 1:
        raise Failure(14103, "<Message> says one thing: text of its own or one <Body>.")
    if name in ("Play", "Redirect", "Media"):
        try:
            url(words)
        except ValueError as error:
            raise Failure(11100, f"{words!r} in <{name}> is not {error}.") from error


def check_dial(recorded: str, words: str, nouns: list[str]) -> None:
    """Whether what a <Dial> holds goes together."""
    if bool(words) == bool(nouns):
        raise Failure(12200, "<Dial> holds either one telephone number or nouns, and something to dial.")
    meets = "Conference" in nouns
    if meets and len(nouns) > 1:
        raise Failure(12200, "<Dial> takes one <Conference>, and no other noun beside it.")
    if len(nouns) > 10:
        raise Failure(12200, f"<Dial> takes at most ten <Number>, not {len(nouns)}.")
    if "ringing" in recorded or (meets and recorded not in UNRECORDED):
        raise Failure(13217, not_built(f'record="{recorded}" of <Dial>' + " with <Conference>" * meets))


def spoken(xml: ElementTree.Element) -> str:
    """The words of a <Say>; the tags of speech synthesis inside are understood as far as they hold words."""
    if strange := next((one.tag for one in xml.iter() if one is not xml and one.tag not in SSML), None):
        raise Failure(12200, f"<{strange}> is not allowed in <Say>.")
    return " ".join("".join(xml.itertext()).split())


def stray(xml: ElementTree.Element) -> str:
    return " ".join(part.strip() for part in (xml.text, *(child.tail for child in xml)) if part and part.strip())


def meant(name: str, known: Any) -> str:
    """Verbs and attributes are case-sensitive, and this is how one usually finds out."""
    return next((f": it is written {right}" for right in known if right.lower() == name.lower()), "")


def where(parent: str, allowed: tuple[str, ...]) -> str:
    if parent != "Response":
        return f"in <{parent}>"
    if allowed == VERBS:
        return "at the top of a document"
    return f"here: {SITUATIONS[allowed]} only " + ", ".join(f"<{verb}>" for verb in allowed) + " are"
