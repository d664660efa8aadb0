"""A kind of step is written, walked, drawn and explained: whoever adds one and forgets a list hears of it here."""

import xml.etree.ElementTree as ElementTree

import pytest

from tests.unit.test_visits import visit
from toritsugi.receptions.answering.steps import ACTIONS, STEPS
from toritsugi.receptions.authoring import checks, graph, picture
from toritsugi.receptions.authoring.grammar import KINDS

pytestmark = pytest.mark.usefixtures("secrets")

# A step of every kind: what it says, or whom it calls, stands on its card as well.
WRITTEN = {
    "say": '{say: "one moment", next: bye}',
    "play": '{play: "https://example.com/a.mp3", next: bye}',
    "greet": '{greet: "dear caller", next: bye}',
    "menu": '{menu: "press one", keys: {1: bye}, otherwise: bye}',
    "gather": '{gather: "your number", digits: 4, next: bye, otherwise: bye}',
    "ask": '{ask: "https://example.com/ask", next: bye, otherwise: bye}',
    "hours": "{hours: {mon-sun: 9:00-18:00}, open: bye, closed: bye}",
    "transfer": '{transfer: "+81312345678", otherwise: bye}',
    "voicemail": '{voicemail: "leave a message"}',
    "hangup": "{hangup: true}",
    "jump": "{jump: bye}",
}
CARDS = {"say": "one moment", "greet": "dear caller", "menu": "press one", "gather": "your number"}
CARDS |= {"transfer": "+81312345678", "voicemail": "leave a message"}
WAITS = {"menu": "Gather", "gather": "Gather", "transfer": "Dial", "voicemail": "Record", "hangup": "Hangup"}


def document(kind):
    bye = "  bye: {say: bye now}\n" if "bye" in WRITTEN[kind] else ""
    return f"language: en-US\nsteps:\n  it: {WRITTEN[kind]}\n{bye}"


def test_every_list_has_every_kind():
    assert set(WRITTEN) == set(KINDS) == set(STEPS) == set(picture.ICONS)
    assert set(WAITS) == set(KINDS) - graph.UNASKED
    assert {kind for done in ACTIONS.values() for kind in done} <= set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_call_is_answered_at_a_step_of_every_kind(kind):
    twiml = visit(document(kind), "it")
    if kind in WAITS:
        assert twiml.find(WAITS[kind]) is not None
    else:
        assert "bye now" in [said.text for said in twiml.iter("Say")]


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_of_every_kind_has_a_card_with_what_it_says(kind):
    drawn = ElementTree.fromstring(picture.draw(checks.compile(document(kind)), "desk"))
    texts = " ".join(part.text or "" for part in drawn.iter() if part.tag.endswith("text"))
    assert "it" in texts.split()
    assert CARDS.get(kind, "") in texts
