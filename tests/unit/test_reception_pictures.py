"""The picture of a reception: every step and every way is in it, and it is well formed whatever is written."""

from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toritsugi.receptions import ready
from toritsugi.receptions.authoring import checks, layout, picture

SVG = "{http://www.w3.org/2000/svg}"
NASTY = '</text><script>alert(1)</script><image href="https://example.com/x.png"/> & "quoted" 日本語'


def drawn(text, name="desk"):
    """The picture of a document in YAML, parsed."""
    return ElementTree.fromstring(picture.draw(checks.compile(text), name))


def words(tree):
    return [one.text for one in tree.iter(f"{SVG}text")]


def cards(tree):
    """Of each card left, top, right and bottom."""
    boxes = [one for one in tree.iter(f"{SVG}rect") if one.get("class") == "card"]
    sides = [[float(one.get(name)) for name in ("x", "y", "width", "height")] for one in boxes]
    return [(x, y, x + width, y + height) for x, y, width, height in sides]


@pytest.mark.parametrize("name", ready.NAMES)
def test_every_step_and_every_key_is_in_the_picture(name):
    document = checks.compile(ready.text(name))
    said = words(drawn(ready.text(name), name))
    for step, one in document["steps"].items():
        assert step in said
        for key in one.get("keys", {}):
            assert any(word.split(" ")[0] == key for word in said), (step, key)


@pytest.mark.parametrize("name", ready.NAMES)
def test_cards_lie_beside_and_below_each_other_within_the_picture(name):
    tree = drawn(ready.text(name))
    _, _, width, height = map(float, tree.get("viewBox").split())
    boxes = cards(tree)
    assert len(boxes) == len(checks.compile(ready.text(name))["steps"])
    for at, (left, top, right, bottom) in enumerate(boxes):
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
        for other in boxes[at + 1 :]:
            assert right < other[0] or other[2] < left or bottom < other[1] or other[3] < top


def test_the_start_is_on_top_and_ways_lead_down():
    tree = drawn("start: b\nsteps: {a: {say: last}, b: {say: first, next: a}}")
    (_, second_top, *_), (_, first_top, *_) = cards(tree)
    assert first_top < second_top


def test_a_way_back_names_where_it_leads_and_is_no_line():
    tree = drawn("steps: {a: {menu: '1?', keys: {1: b, 2: c}, otherwise: c}, b: {say: hm, next: a}, c: {hangup: true}}")
    assert "↑ a" in words(tree)
    assert len([one for one in tree.iter(f"{SVG}path") if (one.get("class") or "").startswith("way")]) == 1 + 3


def test_a_key_that_leads_back_still_shows():
    tree = drawn("steps: {a: {menu: '1?', keys: {1: a, 2: c}, otherwise: c}, c: {hangup: true}}")
    assert "1 ↑ a" in words(tree)


def test_a_card_says_what_is_played_and_that_it_is_recorded():
    said = words(
        drawn(
            "steps: {a: {play: 'https://example.com/sounds/tune.mp3', next: b}, "
            "b: {transfer: '+81312345678', record: {notice: hm}, otherwise: c}, c: {hangup: true}}"
        )
    )
    assert "tune.mp3" in said
    assert "recorded, and both are told" in said


def test_what_only_the_owners_system_leads_to_is_in_it():
    assert "c" in words(drawn("steps: {a: {ask: 'https://example.com', otherwise: b}, b: {say: x}, c: {say: y}}"))


def test_whatever_is_written_is_text_and_no_program():
    text = f"steps: {{a: {{menu: {NASTY!r}, spoken: {{{NASTY[:90]!r}: b}}, otherwise: b}}, b: {{say: x}}}}"
    tree = drawn(text, "<b>")
    assert not [one.tag for one in tree.iter() if one.tag not in {SVG + tag for tag in DRAWN}]
    assert any("<script>" in (word or "") for word in words(tree))
    assert tree.find(f"{SVG}title").text == "The reception <b>: its steps, and where each leads"


DRAWN = ("svg", "title", "style", "defs", "marker", "path", "rect", "circle", "text")


def test_a_reception_that_only_answers_texts_has_a_picture_that_says_so():
    assert "It answers texts, and takes no calls." in words(drawn("texts: [{otherwise: hello}]"))


def test_words_are_in_lines_that_fit():
    lines = picture.wrap("お電話ありがとうございます。Good morning, everybody", 100)
    assert all(picture.measure_width(line, 13) <= 100 for line in lines)
    assert "".join(lines).replace(" ", "") == "お電話ありがとうございます。Goodmorning,everybody"
    assert picture.wrap("x" * 500, 100)[-1].endswith("…")
    assert picture.wrap("", 100) == []


NAMES = [f"s{number}" for number in range(9)]
WAYS = st.lists(st.sampled_from(NAMES), min_size=2, max_size=6)


@pytest.mark.thorough
@settings(max_examples=200, deadline=None)
@given(st.lists(WAYS, min_size=9, max_size=9))
def test_any_graph_is_laid_out_in_layers(ways):
    steps = {
        name: {"kind": "menu", "menu": "?", "keys": dict(zip("123456", to, strict=False)), "otherwise": to[0]}
        for name, to in zip(NAMES, ways, strict=True)
    }
    back = layout.find_back(steps, "s0")
    found = layout.lay_out(steps, "s0", back, dict.fromkeys(NAMES, 200.0), 30)
    depth = {node: at for at, layer in enumerate(found.layers) for node in layer}
    assert set(NAMES) <= depth.keys()
    for name, to in zip(NAMES, ways, strict=True):
        assert all(depth[one] > depth[name] for one in to if one not in back[name])
    for layer in found.layers:
        for one, other in pairwise(layer):
            assert found.middle[one] + 29.9 <= found.middle[other]


def test_the_largest_reception_has_a_picture():
    names = [f"s{number}" for number in range(200)]
    steps = {
        name: {
            "kind": "menu",
            "menu": "?",
            "spoken": {},
            "keys": {key: names[(at * 7 + int(key) * 31) % 200] for key in "0123456789"},
            "otherwise": names[(at + 1) % 200],
        }
        for at, name in enumerate(names)
    }
    whole = picture.draw({"language": "ja-JP", "start": "s0", "steps": steps}, "large")
    assert len(cards(ElementTree.fromstring(whole))) == 200
    assert len(whole) < 6_000_000, "Lambda answers with 6 MB at most"
