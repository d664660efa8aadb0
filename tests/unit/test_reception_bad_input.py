"""Whatever is sent as a reception: a clear sentence for each mistake, or a document that works. Never anything else.

1000 documents at random in each run, besides those that are written here: 400 whose letters are mixed up, 400 made of
the right words in the wrong places, and 200 that are text of any kind.
"""

import json
import random
import xml.etree.ElementTree as ElementTree

import pytest
import yaml
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from toritsugi.callers.caller import Caller
from toritsugi.receptions import ready
from toritsugi.receptions.answering import steps, visits
from toritsugi.receptions.answering.visits import Permitted, Visit
from toritsugi.receptions.authoring import checks, picture
from toritsugi.receptions.authoring.grammar import KINDS
from toritsugi.receptions.authoring.reading import JSON, MAX_SOURCE_BYTES, YAML, NoReception

NASTY = "<Hangup/>]]>&amp;\"'{name}\u202e\U0001f4de"

pytestmark = pytest.mark.usefixtures("secrets")


def outcome(text, kind=YAML):
    """What becomes of a text: its mistakes; or nothing, and then it works."""
    try:
        document = checks.check_document(text, kind).document
    except NoReception as error:
        mistakes = error.more["errors"]
    else:
        works(document)
        return []
    for one in mistakes:
        assert one["detail"].strip()
        assert len(one["detail"]) < 1000
        assert one["line"] is None or 1 <= one["line"] <= text.count("\n") + 2
    json.dumps(mistakes, ensure_ascii=False).encode()
    return mistakes


def works(document):
    """A call comes in, from somebody with a strange name; and somebody looks at the picture."""
    json.dumps(document, ensure_ascii=False).encode()
    ElementTree.fromstring(picture.draw(document, "desk"))
    if document["start"]:
        caller = Caller("+819011110001", "caller", name=NASTY, company=NASTY)
        fields = {"From": "+819011110001", "To": "+815010000001", "CallSid": "CA" + "1" * 32}
        place = visits.first_place("desk", 1, document, caller)
        ElementTree.fromstring(
            str(
                steps.answer_call(
                    Visit(place, document, fields, lambda *_: {}, 1_795_000_000, lambda _: caller, Permitted)
                )
            )
        )


# ---- what somebody writes on purpose ---------------------------------------------------------------------------------

LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "\n".join(
    f"{one}: &{one} [{','.join([f'*{before}'] * 9)}]" for before, one in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        (LAUGHS, YAML, "have a meaning of their own in YAML"),
        ("steps: &s\n  a: {say: x}\n  <<: *s", YAML, "have a meaning of their own in YAML"),
        ("steps: {a: {say: x, <<: {next: a}}}", YAML, "`<<` means nothing here"),
        ("steps: !!python/object/apply:os.system [ls]", YAML, "have a meaning of their own in YAML"),
        ("steps: {a: {say: !!binary aGVsbG8=}}", YAML, "have a meaning of their own in YAML"),
        ("%TAG ! tag:example.com,2000:\n---\nsteps: {a: !x {say: x}}", YAML, "have a meaning of their own in YAML"),
        ("#" * 1_000_000, YAML, f"larger than {MAX_SOURCE_BYTES} bytes"),
        ("steps: {a: {say: " + "あ" * 40_000 + "}}", YAML, f"larger than {MAX_SOURCE_BYTES} bytes"),
        ("steps: {a: {say: " + "あ" * 20_000 + "}}", YAML, "longer than 1000 characters"),
        ("[" * 60_000, YAML, "nested more than"),
        ("{a: " * 15_000, YAML, "nested more than"),
        ("a:\n" + "".join(" " * n + "- \n" for n in range(300)), YAML, "nested more than"),
        ("? " * 30_000, YAML, "cannot be a name"),
        ("- " * 30_000, YAML, "nested more than"),
        ("[" * 60_000, JSON, "nested more than"),
        ('{"a":' * 10_000, JSON, "nested more than"),
        ('{"steps": ' + "9" * 60_000 + "}", JSON, "`steps` is a map"),
        ('{"steps": {"a": {"say": NaN}}}', JSON, "NaN"),
        ('{"steps": {"a": {"say": "\\ud800"}}}', JSON, "U+D800 is no character"),
        ('{"steps": {"a": {"say": "\\u0000"}}}', JSON, "U+0000 is no character"),
        ('{"steps": {"\\u0007": {"say": "x"}}}', JSON, "U+0007 is no character"),
        ('steps: {a: {say: "\\ud83d\\ude00"}}', YAML, "U+D83D is no character"),
        ("steps: {a: {say: a\x00b}}", YAML, "U+0000 is no character"),
        ("steps: {a: {say: a\x1bb}}", YAML, "U+001B is no character"),
        ("steps: {a: {say: a\ud800b}}", YAML, "U+D800 is no character"),
        ("steps: {" + "a" * 50_000 + ": {say: x}}", YAML, "this is no YAML"),
        ('{"steps": {"' + "a" * 50_000 + '": {"say": "x"}}}', JSON, "is no name of a step"),
        ("steps: {a: {menu: x, keys: {" + "1" * 1_000 + ": a}, otherwise: a}}", YAML, "is no key of a telephone"),
        ("steps: {a: {" + "x" * 1_000 + ": 1, say: x}}", YAML, "means nothing here"),
        ('{"steps": {"a": {"' + "x" * 50_000 + '": 1, "say": "x"}}}', JSON, "means nothing here"),
        ("steps: {a: {say: '{" + "x" * 900 + "}'}}", YAML, "is nothing that can be filled in"),
        ("steps: {" + "".join(f"s{n}: {{say: x}}, " for n in range(201)) + "}", YAML, "more than 200 things"),
        ("steps: {a: {transfer: [" + "+81312345678, " * 11 + "], otherwise: a}}", YAML, "more than 10 things"),
        ("steps: {a: {say: x}}\n" * 3_000, YAML, "is written twice"),
        ("steps:\n\ta: {say: x}", YAML, "this is no YAML"),
        ("'" + "a" * 60_000, YAML, "this is no YAML"),
        ("steps: {a: {ask: 'https://user:secret@example.com/', otherwise: a}}", YAML, "is no address"),
        ("steps: {a: {play: 'javascript:alert(1)'}}", YAML, "is no address"),
        ("steps: {a: {ask: 'https://[::1', otherwise: a}}", YAML, "is no address"),
        ("steps: {a: {ask: 'https://[x]/', otherwise: a}}", YAML, "is no address"),
        ("steps: {a: {ask: 'https://:443/', otherwise: a}}", YAML, "is no address"),
        ("steps: {a: {play: 'https://example.com:99999/'}}", YAML, "is no address"),
        ("steps: {a: {play: 'https://example.com:x/'}}", YAML, "is no address"),
        ("steps: {a: {play: 'https://example.com/\u3042.mp3'}}", YAML, "is no address"),
        ("steps: {a: {transfer: '+8190111100011112', otherwise: a}}", YAML, "cannot be a telephone number"),
        ("steps: {a: {transfer: '110', otherwise: a}}", YAML, "is no telephone number in JP"),
        ("steps: {a: {transfer: '+870773111632', otherwise: a}}", YAML, "satellite"),
        ("steps: {a: {gather: x, digits: 1-99, next: a, otherwise: a}}", YAML, "no number of digits"),
        ("steps: {a: {say: x, next: " + "b" * 41 + "}}", YAML, "is no name of a step"),
        ("steps: {a: {say: x, seconds: 1e999}}", YAML, "`seconds` means nothing here"),
        ("steps: {a: {voicemail: x, seconds: " + "9" * 5000 + "}}", YAML, "whole number"),
        ("steps: {a: {voicemail: x, seconds: ١٢٣}}", YAML, "`seconds`"),
    ],
)
def test_what_would_explode_or_mislead_is_told_in_a_sentence(text, kind, words):
    assert words in " ".join(one["detail"] for one in outcome(text, kind))


@pytest.mark.parametrize(
    "text", ["<Hangup/>", "]]> & <Say>", "</Say><Dial>+1900</Dial>", "&lt;&#0;", "\u202e\U0001f4de"]
)
def test_words_that_look_like_twiml_are_words(text):
    assert outcome(f"steps: {{a: {{say: {json.dumps(text, ensure_ascii=False)}}}}}") == []


def test_the_most_of_everything_still_fits(tmp_path):
    many = {f"s{n}": {"say": "あ" * 40, "next": f"s{n + 1}"} for n in range(199)} | {"s199": {"hangup": True}}
    assert outcome(json.dumps({"steps": many}, ensure_ascii=False), JSON) == []


def test_a_small_text_that_means_too_much_is_told():
    hours = "hours: {mon: closed}, holidays: JP, open: z, closed: "
    chain = "".join(f"  s{n}: {{{hours}s{n + 1}}}\n" for n in range(150)) + "  s150: {jump: z}\n  z: {hangup: true}\n"
    assert "too much" in outcome("steps:\n" + chain)[0]["detail"]


# ---- what chance writes ----------------------------------------------------------------------------------------------

SOME = {"deadline": None, "suppress_health_check": list(HealthCheck)}
BITS = [
    "\n",
    "  ",
    ": ",
    "{",
    "}",
    "[",
    "]",
    "'",
    '"',
    "#",
    "&a ",
    "*a ",
    "!x ",
    "- ",
    "? ",
    "|",
    ">",
    "%",
    "@",
    "`",
    "\t",
]
BITS += [
    "next: menu",
    "keys",
    "9" * 40,
    "\x07",
    "あ",
    "{name}",
    "{x}",
    "\u2028",
    "\ufeff",
    "---\n",
    "<<: ",
    "null",
    "~",
]


@pytest.mark.thorough
@settings(max_examples=400, **SOME)
@given(st.sampled_from(ready.NAMES), st.integers(0, 2**32), st.integers(1, 12))
def test_letters_that_are_mixed_up(name, seed, times):
    chance, text = random.Random(seed), ready.text(name)
    for _ in range(times):
        at, end = sorted(chance.choices(range(len(text)), k=2))
        cut = chance.choice([0, 0, 1, 1, 5, end - at])
        text = text[:at] + chance.choice(["", *BITS, text[at:end]]) + text[at + cut :]
    mistakes = outcome(text)
    event("mistakes" if mistakes else "fine")
    assert all(one["detail"] for one in mistakes)


WORDS = sorted({*KINDS, "next", "otherwise", "keys", "spoken", "unknown", "wrong", "seconds", "retries", "digits"})
WORDS += ["confirm", "open", "closed", "holidays", "special", "timezone", "record", "notice", "refuse", "language"]
VALUES = st.sampled_from(
    ["a", "b", "c", "x", "", "ja", "en-US", "5", "true", "12", "4-8", "JP", "https://example.com/a"]
)
VALUES |= st.sampled_from(["+81312345678", "9:00-18:00", "closed", "{name}", NASTY, "2026-12-31"]) | st.text(max_size=9)
VALUES |= st.none() | st.booleans() | st.integers(-1, 9) | st.floats()
THINGS = st.recursive(
    VALUES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*WORDS, "ja-JP", "en-US", "mon-fri", "1", "#", "2026-12-31"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)
STEP = st.dictionaries(st.sampled_from(WORDS), THINGS, min_size=1, max_size=5)
PLAUSIBLE = st.fixed_dictionaries(
    {}, optional={"next": st.sampled_from("abc"), "language": st.sampled_from(["ja", "en", "fr"])}
).flatmap(
    lambda more: st.sampled_from(
        [
            {"say": "x"},
            {"say": {"ja": "x", "en": NASTY}},
            {"greet": "{name}", "unknown": NASTY},
            {"menu": "x", "keys": {"1": "b", "*": "c"}, "otherwise": "b"},
            {"gather": "x", "digits": "4-8", "next": "c", "otherwise": "b"},
            {"hours": {"mon-sun": "22:00-26:00"}, "open": "b", "closed": "c"},
            {"transfer": "+81312345678", "otherwise": "c", "record": {"notice": "x", "refuse": "#"}},
            {"voicemail": NASTY.replace("{name}", "")},
            {"hangup": True},
            {"jump": "c"},
            {"ask": "https://example.com/x", "otherwise": "b"},
        ]
    ).map(lambda step: step | more)
)
DOCUMENTS = st.fixed_dictionaries(
    {"steps": st.fixed_dictionaries(dict.fromkeys("abc", PLAUSIBLE | STEP))},
    optional={"start": VALUES, "language": st.sampled_from(["ja", "en-US", "x"]), "texts": THINGS, "timezone": VALUES},
)


@pytest.mark.thorough
@settings(max_examples=400, **SOME)
@given(DOCUMENTS | THINGS, st.booleans())
def test_the_right_words_in_the_wrong_places(document, as_json):
    text = json.dumps(document) if as_json else yaml.safe_dump(document, allow_unicode=True)
    mistakes = outcome(text, JSON if as_json else YAML)
    event("mistakes" if mistakes else "fine")
    assert all(one["detail"] for one in mistakes)


@settings(max_examples=200, **SOME)
@given(st.text(max_size=300), st.sampled_from([JSON, YAML]))
def test_any_text(text, kind):
    assert all(one["detail"] for one in outcome(text, kind))
